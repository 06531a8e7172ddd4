/* doctor_snmpget.h - the words of net-snmp's snmpget. */
#ifndef PROCTCP_CLI_DOCTOR_SNMPGET_H
#define PROCTCP_CLI_DOCTOR_SNMPGET_H

#include <stdbool.h>
#include <stddef.h>

#define PROCTCP_OID "1.3.6.1.4.1.8072.9999.9999.793"

/* The value of an instance in what was printed with -One: text after "INTEGER: " and the like, without quotes. oid: as
 * ".1.3.6". false: it is not there, or the agent has no such object. */
bool snmpget_value(const char *out, const char *oid, char *value, size_t size);

enum snmp_fault {
    SNMP_ANSWERED,
    SNMP_NO_ANSWER,
    SNMP_WRONG_USER, /* the agent knows no such SNMPv3 user */
    SNMP_WRONG_PASSWORD,
    SNMP_WRONG_LEVEL,   /* of security: the user or what may be seen takes another one */
    SNMP_WRONG_ADDRESS, /* the name of the agent is not known */
    SNMP_WRONG_ARGUMENTS,
    SNMP_REFUSED, /* an error in the answer: authorizationError, noAccess */
    SNMP_OTHER,
};
/* From what it said on standard error, and its exit status. */
enum snmp_fault snmpget_fault(const char *error, int status);

#endif
