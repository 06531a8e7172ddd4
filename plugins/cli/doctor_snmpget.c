/* doctor_snmpget.c - understands what snmpget prints. Knows its messages; nothing of what is asked. */
#include "doctor_snmpget.h"

#include <stdio.h>
#include <string.h>

/* Past the name of a type, as in "INTEGER: 2", "STRING: "0.1.0"", "Counter64: 17", "Timeticks: (5) 0:00". */
static const char *skip_type(const char *value, const char *end)
{
    const char *at = value;

    while (at < end &&
           ((*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '-'))
        at++;
    return at > value && end - at >= 2 && at[0] == ':' && at[1] == ' ' ? at + 2 : value;
}

static bool says_absent(const char *value)
{
    return strncmp(value, "No Such ", 8) == 0 || strncmp(value, "No more ", 8) == 0;
}

/* .1.3.6.1.4.1.8072.9999.9999.793.1.1.102.0 = INTEGER: 2 */
bool snmpget_value(const char *out, const char *oid, char *value, size_t size)
{
    const size_t length = strlen(oid);

    for (const char *line = out; *line;) {
        const char *end = line + strcspn(line, "\n");
        if (strncmp(line, oid, length) == 0 && strncmp(line + length, " = ", 3) == 0) {
            const char *at = line + length + 3;
            if (says_absent(at))
                return false;
            at = skip_type(at, end);
            if (end - at >= 2 && *at == '"' && end[-1] == '"') {
                at++;
                end--;
            }
            snprintf(value, size, "%.*s", (int)(end - at), at);
            return true;
        }
        line = end + (*end == '\n');
    }
    return false;
}

enum snmp_fault snmpget_fault(const char *error, int status)
{
    static const struct {
        const char *words;
        enum snmp_fault fault;
    } known[] = {
        {"Unknown host", SNMP_WRONG_ADDRESS},
        {"Unknown user name", SNMP_WRONG_USER},
        {"Authentication failure", SNMP_WRONG_PASSWORD},
        {"Decryption error", SNMP_WRONG_PASSWORD},
        {"wrongDigest", SNMP_WRONG_PASSWORD},
        {"Unsupported security level", SNMP_WRONG_LEVEL},
        {"authorizationError", SNMP_REFUSED},
        {"noAccess", SNMP_REFUSED},
        {"No securityName specified", SNMP_WRONG_ARGUMENTS},
        {"passphrase", SNMP_WRONG_ARGUMENTS},
        {"Invalid ", SNMP_WRONG_ARGUMENTS},
        {"USAGE:", SNMP_WRONG_ARGUMENTS},
        {"No hostname specified", SNMP_WRONG_ARGUMENTS},
        {"No community name specified", SNMP_WRONG_ARGUMENTS},
        {"Timeout", SNMP_NO_ANSWER},
    };

    if (status == 0)
        return SNMP_ANSWERED;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strstr(error, known[i].words))
            return known[i].fault;
    }
    return SNMP_OTHER;
}
