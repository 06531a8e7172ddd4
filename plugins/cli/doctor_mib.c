/* doctor_mib.c - names instead of numbers: whether net-snmp's tools find PROCTCP-MIB and what it imports, and whether
 * it is the one that this program was built with. Asks snmptranslate, which knows its own search path. */
#include "doctor_mib.h"

#include "doctor.h"
#include "doctor_file.h"
#include "doctor_program.h"
#include "doctor_remedies.h"
#include "doctor_snmpget.h"
#include "proctcp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* LAST-UPDATED of mibs/PROCTCP-MIB.txt; the Makefile says it. */
#ifndef PROCTCP_MIB_UPDATED
#define PROCTCP_MIB_UPDATED "unknown"
#endif

#define MODULE     "PROCTCP-MIB"
#define GENERATION "." PROCTCP_OID ".1.1.1"
#define MIB_SIZE   (64 << 10) /* the date stands at the begin */

static const char generation_name[] = MODULE "::proctcpScanGeneration";
static const char *const tables[] = {"scan",  "process", "socket",    "listener", "connection",
                                     "state", "group",   "threshold", "top"};

bool mib_last_updated(const char *text, char date[16])
{
    const char *at = strstr(text, "LAST-UPDATED");
    const size_t blanks = at ? strspn(at + 12, " \t\r\n") : 0;
    const char *value = at ? at + 12 + blanks : NULL;
    const size_t length = value && *value == '"' ? strspn(value + 1, "0123456789") : 0;

    if ((length != 10 && length != 12) || strncmp(value + 1 + length, "Z\"", 2) != 0)
        return false;
    snprintf(date, 16, "%.*sZ", (int)length, value + 1);
    return true;
}

static bool has_word(const char *words, const char *word, size_t length)
{
    for (const char *at = words; *at; at += strcspn(at, " "), at += *at == ' ') {
        if (strcspn(at, " ") == length && strncmp(at, word, length) == 0)
            return true;
    }
    return false;
}

/* Cannot find module (SNMPv2-TC): At line 10 in /usr/share/snmp/mibs/PROCTCP-MIB.txt */
unsigned mib_missing_modules(const char *error, char *names, size_t size)
{
    static const char begin[] = "Cannot find module (";
    unsigned count = 0;

    names[0] = '\0';
    for (const char *at = error; (at = strstr(at, begin));) {
        at += sizeof(begin) - 1;
        const size_t length = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");
        const size_t used = strlen(names);
        if (!length || at[length] != ')' || has_word(names, at, length) || used + length + 2 > size)
            continue;
        snprintf(names + used, size - used, "%s%.*s", used ? " " : "", (int)length, at);
        count++;
    }
    return count;
}

bool mib_search_path(const char *error, char *path, size_t size)
{
    static const struct {
        const char *begin, *end;
    } forms[] = {{"MIB search path: ", "\n"}, {"Seen MIBDIRS: Looking in '", "'"}};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const char *at = strstr(error, forms[i].begin);
        if (!at)
            continue;
        at += strlen(forms[i].begin);
        snprintf(path, size, "%.*s", (int)strcspn(at, forms[i].end), at);
        return true;
    }
    return false;
}

/* The file of the module in one of the directories, by its usual names. NULL: there is none. */
static const char *find_module(const char *directories, char *file, size_t size)
{
    static const char *const ends[] = {".txt", "", ".mib"};

    for (const char *at = directories; *at; at += strcspn(at, ":"), at += *at == ':') {
        for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
            const int length = snprintf(file, size, "%.*s/" MODULE "%s", (int)strcspn(at, ":"), at, ends[i]);
            if ((size_t)length < size && access(file, F_OK) == 0)
                return file;
        }
    }
    return NULL;
}

/* Where make install puts it, with one PREFIX or the other. */
static const char installed_in[] = "/usr/local/share/snmp/mibs:/usr/share/snmp/mibs:/opt/proctcp/share/snmp/mibs";

static void suggest_numbers(struct finding *finding)
{
    finding_remedy(finding, "or numbers instead of names:");
    finding_remedy(finding, "." PROCTCP_OID "   root");
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        finding_remedy(finding, "." PROCTCP_OID ".1.%zu   %s%s", i + 1, tables[i], i ? " table" : "");
}

static void check_module(const struct doctor *doctor, const struct doctor_output *output, const char *path,
                         bool is_found)
{
    struct finding finding = finding_begin("mib");
    char escaped[FINDING_TEXT_SIZE], directories[FINDING_TEXT_SIZE], file[1024];

    finding_escape(path, directories);
    if (is_found) {
        finding_say(&finding, FINDING_OK, MODULE " is found by net-snmp's tools");
    } else if (find_module(path, file, sizeof(file))) {
        finding_say(&finding, FINDING_WARNING, "%s is on the search path, and is not understood%s",
                    finding_escape(file, escaped),
                    strstr(output->error, "Cannot find module") ? ": see base-mibs" : "");
        suggest_numbers(&finding);
    } else {
        const char *slash = find_module(installed_in, file, sizeof(file)) ? strrchr(file, '/') : NULL;
        finding_say(&finding, FINDING_MISSING, "no " MODULE " on the search path of net-snmp's tools: %s", directories);
        if (slash) {
            finding_say(&finding, FINDING_MISSING, "it stands in %.*s; in /etc/snmp/snmp.conf:", (int)(slash - file),
                        file);
            finding_remedy(&finding, "mibdirs +%.*s", (int)(slash - file), file);
            finding_remedy(&finding, "mibs +" MODULE);
        } else {
            finding_say(&finding, FINDING_MISSING, "where proctcp was built:");
            finding_remedy(&finding, "sudo cp mibs/PROCTCP-MIB.txt /usr/share/snmp/mibs/");
        }
        suggest_numbers(&finding);
    }
    doctor_tell(doctor, &finding);
}

static const char imports[] = "SNMPv2-TC:SNMPv2-CONF:SNMP-FRAMEWORK-MIB:HCNUM-TC:INET-ADDRESS-MIB:NET-SNMP-MIB";

/* Debian has the modules of the IETF in its section non-free, and turns all off in snmp.conf. */
static void suggest_base(struct finding *finding, const char *names)
{
    char text[4096];

    if (!host_has_dpkg()) {
        finding_say(finding, FINDING_MISSING, "they come with the MIBs of net-snmp, or of libsmi");
        return;
    }
    if (strstr(names, "NET-SNMP-MIB"))
        finding_remedy(finding, "sudo apt-get install libsnmp-base");
    if (doctor_file_read("/etc/os-release", text, sizeof(text)) > 0 && host_is_debian(text))
        finding_remedy(finding,
                       "sudo find /etc/apt/sources.list* -type f -exec sed -i 's/^Components: main/& non-free/; "
                       "s/^deb .* main/& non-free/' {} +");
    finding_remedy(finding, "sudo apt update && sudo apt install snmp-mibs-downloader");
    finding_remedy(finding, "sudo sed -i 's/^mibs :/#mibs :/' /etc/snmp/snmp.conf");
}

/* Modules that another one imports are looked for with it: SNMPv2-SMI stands in most. has_numbers: they were told
 * already. */
static void check_base(const struct doctor *doctor, bool has_numbers)
{
    static const char *const words[] = {"snmptranslate", "-m", imports, "-On", ".1.3", NULL};
    static struct doctor_output output;
    struct finding finding = finding_begin("base-mibs");
    char names[512];

    if (program_run(words, 10000, &output) != PROGRAM_ENDED) {
        finding_say(&finding, FINDING_NONE, "snmptranslate did not come to its end");
    } else if (mib_missing_modules(output.error, names, sizeof(names))) {
        finding_say(&finding, FINDING_MISSING, "modules that PROCTCP-MIB imports are not found: %s", names);
        suggest_base(&finding, names);
        if (!has_numbers)
            suggest_numbers(&finding);
    } else {
        finding_say(&finding, FINDING_OK, "what PROCTCP-MIB imports is found");
    }
    doctor_tell(doctor, &finding);
}

static void check_date(const struct doctor *doctor, const char *path)
{
    static char text[MIB_SIZE];
    struct finding finding = finding_begin("mib-version");
    char file[1024], escaped[FINDING_TEXT_SIZE], date[16];
    const char *found = find_module(path, file, sizeof(file));

    if (!found)
        found = find_module(installed_in, file, sizeof(file));
    const ssize_t length = found ? doctor_file_read(file, text, sizeof(text)) : -ENOENT;
    if (found)
        finding_escape(file, escaped);
    if (!*PROCTCP_MIB_UPDATED || !found) {
        finding_say(&finding, FINDING_NONE,
                    found ? "this program was built without its MIB" : "no " MODULE " is installed");
    } else if (length < 0) {
        finding_say(&finding, FINDING_WARNING, "%s: %s", escaped, strerror((int)-length));
        finding_remedy_text(&finding, "sudo chmod a+r ", file, "");
    } else if (!mib_last_updated(text, date) || strcmp(date, PROCTCP_MIB_UPDATED) != 0) {
        finding_say(&finding, FINDING_WARNING, "%s is of %s, this program of " PROCTCP_MIB_UPDATED, escaped,
                    mib_last_updated(text, date) ? date : "an unknown date");
        finding_say(&finding, FINDING_WARNING, "where proctcp was built:");
        finding_remedy_text(&finding, "sudo cp mibs/PROCTCP-MIB.txt ", file, "");
    } else {
        finding_say(&finding, FINDING_OK, "%s is of this version", escaped);
    }
    doctor_tell(doctor, &finding);
}

static void tell_none(const struct doctor *doctor, const char *check, const char *why)
{
    struct finding finding = finding_begin(check);
    finding_say(&finding, FINDING_NONE, "%s", why);
    doctor_tell(doctor, &finding);
}

void doctor_check_mib(const struct doctor *doctor)
{
    static const char *const words[] = {"snmptranslate", "-Dinit_mib", "-On", generation_name, NULL};
    static struct doctor_output output;
    char path[2048] = "";
    const enum program_end end = program_run(words, 10000, &output);

    if (end != PROGRAM_ENDED) {
        const char *why = end == PROGRAM_ABSENT ? "no snmptranslate here (Debian package snmp)"
                                                : "snmptranslate did not come to its end";
        tell_none(doctor, "mib", why);
        tell_none(doctor, "base-mibs", why);
    } else {
        mib_search_path(output.error, path, sizeof(path));
        const bool is_found = strstr(output.out, GENERATION) != NULL;
        check_module(doctor, &output, path, is_found);
        check_base(doctor, !is_found);
    }
    check_date(doctor, path);
}
