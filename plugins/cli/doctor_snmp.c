/* doctor_snmp.c - what a manager is answered: by snmpd at all, of our subtree, of the last scan, by which version. Asks
 * as a manager would, with snmpget. What was given for that may be a secret: neither it nor what snmpget says is
 * printed. */
#include "doctor.h"

#include "doctor_daemons.h"
#include "doctor_file.h"
#include "doctor_program.h"
#include "doctor_snmpget.h"
#include "doctor_words.h"
#include "proctcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYS_DESCR  ".1.3.6.1.2.1.1.1.0"
#define SYS_OR_ID  ".1.3.6.1.2.1.1.9.1.2" /* the modules that snmpd serves */
#define SCAN       "." PROCTCP_OID ".1.1."
#define GENERATION SCAN "1.0"
#define STATUS     SCAN "102.0"
#define AGE        SCAN "103.0"
#define FAILURE    SCAN "105.0"
#define CAPS       SCAN "108.0"
#define VERSION    SCAN "109.0"
#define LEFT_OUT   SCAN "110.0"

#define PATIENCE_MS 10000

static const char view_line[] = "view systemonly included ." PROCTCP_OID;

/* The arguments that were given; the agent is the last word. */
struct manager {
    struct words words;
    struct doctor_output output;
    enum program_end end;
    enum snmp_fault fault;
};

/* snmpget -t 1 -r 2 ARGUMENTS -m  -One AGENT OID ... */
static void ask(struct manager *manager, const char *program, const char *const *oids, size_t count)
{
    const char *words[WORDS_MAX + 24] = {program, "-t", "1", "-r", "2"};
    size_t at = 5;

    for (size_t i = 0; i + 1 < manager->words.count; i++)
        words[at++] = manager->words.at[i];
    words[at++] = "-m";
    words[at++] = "";
    words[at++] = "-One";
    words[at++] = manager->words.at[manager->words.count - 1];
    for (size_t i = 0; i < count && i < 10; i++)
        words[at++] = oids[i];
    manager->end = program_run(words, PATIENCE_MS, &manager->output);
    manager->fault = manager->end == PROGRAM_TOO_LONG ? SNMP_NO_ANSWER
                                                      : snmpget_fault(manager->output.error, manager->output.status);
}

static bool value_of(const struct manager *manager, const char *oid, char value[FINDING_TEXT_SIZE])
{
    char text[2048];
    return snmpget_value(manager->output.out, oid, text, sizeof(text)) && finding_escape(text, value);
}

/* Every snmpd answers that it knows no such user of SNMPv3, whatever its communities are. */
static bool is_somebody_there(const struct manager *asked)
{
    static struct doctor_output output;
    const char *const words[] = {"snmpget",
                                 "-v3",
                                 "-l",
                                 "noAuthNoPriv",
                                 "-u",
                                 "proctcp-doctor",
                                 "-t",
                                 "1",
                                 "-r",
                                 "1",
                                 "-m",
                                 "",
                                 asked->words.at[asked->words.count - 1],
                                 SYS_DESCR,
                                 NULL};

    return program_run(words, PATIENCE_MS / 2, &output) == PROGRAM_ENDED &&
           snmpget_fault(output.error, output.status) == SNMP_WRONG_USER;
}

static void say_no_answer(struct finding *finding, const struct manager *manager)
{
    if (manager->end == PROGRAM_TOO_LONG) {
        finding_say(finding, FINDING_MISSING, "snmpget did not come to its end within %d s", PATIENCE_MS / 1000);
    } else if (is_somebody_there(manager)) {
        finding_say(
            finding, FINDING_MISSING,
            "an SNMP agent is there, and does not answer: the community is wrong, or not for this address; either the "
            "one of snmpd.conf is to be given, or in /etc/snmp/snmpd.conf:");
        finding_remedy(finding, "proctcp doctor --snmp '-v2c -c COMMUNITY localhost'");
        finding_remedy(finding, "rocommunity public localhost -V systemonly");
    } else {
        finding_say(finding, FINDING_MISSING,
                    "no answer: no SNMP agent listens at that address; in /etc/snmp/snmpd.conf:");
        finding_remedy(finding, "agentaddress 127.0.0.1,[::1]");
        finding_remedy(finding, "sudo systemctl restart snmpd");
    }
}

static void say_fault(struct finding *finding, const struct manager *manager)
{
    switch (manager->fault) {
    case SNMP_ANSWERED:
        finding_say(finding, FINDING_OK, "an SNMP agent answers");
        return;
    case SNMP_NO_ANSWER:
        say_no_answer(finding, manager);
        return;
    case SNMP_WRONG_USER:
        finding_say(finding, FINDING_MISSING, "the agent knows no such SNMPv3 user");
        finding_remedy(finding, "sudo systemctl stop snmpd");
        finding_remedy(finding,
                       "sudo net-snmp-create-v3-user -ro -a SHA -A authpassword -x AES -X privpassword monitor");
        finding_remedy(finding, "sudo systemctl start snmpd");
        return;
    case SNMP_WRONG_PASSWORD:
        finding_say(finding, FINDING_MISSING,
                    "authentication failed: a passphrase of the SNMPv3 user is wrong, or its protocol (-a, -x)");
        break;
    case SNMP_WRONG_LEVEL:
        finding_say(finding, FINDING_MISSING, "the SNMPv3 user has not that security level: another -l");
        break;
    case SNMP_REFUSED:
        finding_say(finding, FINDING_MISSING, "the agent refuses: who asks has no access to what was asked for");
        finding_remedy(finding, "%s", view_line);
        return;
    case SNMP_WRONG_ADDRESS:
        finding_say(finding, FINDING_MISSING, "the name of the agent, the last word of --snmp, is not known");
        break;
    case SNMP_WRONG_ARGUMENTS:
    case SNMP_OTHER:
        finding_say(finding, FINDING_MISSING,
                    "snmpget ended with status %d, and does not take these arguments: try it by hand",
                    manager->output.status);
        break;
    }
    finding_remedy(finding,
                   "proctcp doctor --snmp '-v3 -l authPriv -u USER -a SHA -A PASSWORD -x AES -X PASSWORD localhost'");
}

/* Of the checks from this one on, which need what is missing. */
static void tell_none(const struct doctor *doctor, size_t first, const char *why)
{
    static const char *const checks[] = {"snmp-subtree", "snmp-scan", "snmp-version"};

    for (size_t i = first; i < sizeof(checks) / sizeof(checks[0]); i++) {
        struct finding finding = finding_begin(checks[i]);
        finding_say(&finding, FINDING_NONE, "%s", why);
        doctor_tell(doctor, &finding);
    }
}

enum registered { UNDECIDED, REGISTERED, NOT_REGISTERED };

/* The subagent enters itself in the list of modules, which Debian's view shows. */
static enum registered is_registered(const struct manager *asked)
{
    static struct manager walk;
    static const char *const oids[] = {SYS_OR_ID};

    walk.words = asked->words; /* which go on pointing into the text of the other one */
    ask(&walk, "snmpwalk", oids, 1);
    if (walk.end != PROGRAM_ENDED || walk.fault != SNMP_ANSWERED || !strstr(walk.output.out, SYS_OR_ID "."))
        return UNDECIDED;
    for (const char *at = walk.output.out; (at = strstr(at, "OID: ." PROCTCP_OID)); at++) {
        if (at[strlen("OID: ." PROCTCP_OID)] == '\n' || !at[strlen("OID: ." PROCTCP_OID)])
            return REGISTERED;
    }
    return NOT_REGISTERED;
}

static void say_hidden(struct finding *finding)
{
    finding_say(finding, FINDING_MISSING, "in /etc/snmp/snmpd.conf, with the name of the view behind -V of who asks:");
    finding_remedy(finding, "%s", view_line);
    finding_remedy(finding, "sudo systemctl restart snmpd");
}

static void say_not_registered(struct finding *finding)
{
    const struct daemons agents = daemons_find("proctcp-agentx");
    const bool is_running = agents.count || agents.unsure;

    finding_say(finding, FINDING_MISSING,
                is_running ? "proctcp-agentx runs, and has not joined this snmpd: see "
                             "agentx-socket, and what it logs"
                           : "proctcp-agentx does not run");
    finding_remedy(finding,
                   is_running ? "sudo systemctl restart proctcp-agentx" : "sudo systemctl enable --now proctcp-agentx");
}

/* Returns whether the subtree is seen. */
static bool check_subtree(const struct doctor *doctor, const struct manager *manager)
{
    struct finding finding = finding_begin("snmp-subtree");
    char value[FINDING_TEXT_SIZE];
    const bool has_status = value_of(manager, STATUS, value);

    if (has_status) {
        finding_say(&finding, FINDING_OK, "." PROCTCP_OID " is served, and may be seen");
        if (value_of(manager, GENERATION, value))
            finding_say(&finding, FINDING_OK, "proctcpScanGeneration is %s", value);
    } else {
        const bool has_system = value_of(manager, SYS_DESCR, value);
        const enum registered registered = is_registered(manager);
        finding_say(&finding, FINDING_MISSING, "no such object: ." PROCTCP_OID "%s",
                    has_system ? "; sysDescr.0 answers" : "; nor does sysDescr.0 answer");
        if (registered == REGISTERED)
            finding_say(&finding, FINDING_MISSING, "snmpd has the subtree, and the view of who asks hides it");
        else if (registered == NOT_REGISTERED)
            finding_say(&finding, FINDING_MISSING, "snmpd does not have the subtree");
        else
            finding_say(&finding, FINDING_MISSING, "the view of who asks hides it, or snmpd does not have it");
        if (registered != REGISTERED)
            say_not_registered(&finding);
        if (registered != NOT_REGISTERED)
            say_hidden(&finding);
    }
    doctor_tell(doctor, &finding);
    return has_status;
}

static void say_value(struct finding *finding, const struct manager *manager, const char *oid, const char *name)
{
    char value[FINDING_TEXT_SIZE];
    if (value_of(manager, oid, value) && *value)
        finding_say(finding, FINDING_OK, "%s: %s", name, value);
}

static void check_scan(const struct doctor *doctor, const struct manager *manager)
{
    enum { NONE = 1, UP_TO_DATE, STALE, PARTIAL, FAILED };
    struct finding finding = finding_begin("snmp-scan");
    char value[FINDING_TEXT_SIZE] = "", age[FINDING_TEXT_SIZE] = "an unknown number of";

    value_of(manager, AGE, age);
    value_of(manager, STATUS, value);
    switch (strtol(value, NULL, 10)) {
    case UP_TO_DATE:
        finding_say(&finding, FINDING_OK, "up to date");
        break;
    case NONE:
        finding_say(&finding, FINDING_WARNING, "the first scan of the agent has not come to its end yet");
        break;
    case PARTIAL:
        finding_say(&finding, FINDING_WARNING, "partial: the agent's last scan had to leave something out");
        say_value(&finding, manager, LEFT_OUT, "proctcpScanLeftOut");
        say_value(&finding, manager, CAPS, "proctcpScanMissingCapabilities");
        finding_remedy(&finding, "sudo systemctl enable --now proctcp-agentx   # its unit has the capabilities");
        break;
    case STALE:
        finding_say(&finding, FINDING_WARNING,
                    "stale: the agent's last scan failed, and the one that is served is older");
        say_value(&finding, manager, FAILURE, "proctcpScanLastFailureText");
        finding_remedy(&finding, "sudo systemctl restart proctcp-agentx");
        break;
    case FAILED:
        finding_say(&finding, FINDING_WARNING, "failed: no scan of the agent has succeeded");
        say_value(&finding, manager, FAILURE, "proctcpScanLastFailureText");
        finding_remedy(&finding, "sudo systemctl restart proctcp-agentx");
        break;
    default:
        finding_say(&finding, FINDING_WARNING, "proctcpScanStatus is %s, which this version does not know", value);
    }
    doctor_tell(doctor, &finding);
}

static void check_version(const struct doctor *doctor, const struct manager *manager)
{
    struct finding finding = finding_begin("snmp-version");
    char version[FINDING_TEXT_SIZE];

    if (!value_of(manager, VERSION, version)) {
        finding_say(&finding, FINDING_WARNING,
                    "the agent is older than " PROCTCP_VERSION ", and does not say its version");
    } else if (strcmp(version, PROCTCP_VERSION) != 0) {
        finding_say(&finding, FINDING_WARNING, "the agent is of version %s, this program of " PROCTCP_VERSION, version);
    } else {
        finding_say(&finding, FINDING_OK, "the agent is of version " PROCTCP_VERSION ", too");
    }
    if (finding.result == FINDING_WARNING)
        finding_remedy(&finding, "sudo systemctl restart proctcp-agentx");
    doctor_tell(doctor, &finding);
}

void doctor_check_snmp(const struct doctor *doctor)
{
    static const char *const oids[] = {SYS_DESCR, GENERATION, STATUS, AGE, FAILURE, CAPS, VERSION, LEFT_OUT};
    static struct manager manager;
    struct finding finding = finding_begin("snmp");
    const char *arguments = doctor->settings->snmp ? doctor->settings->snmp : "-v2c -c public localhost";
    char program[512];

    const struct daemons masters = daemons_find("snmpd");

    if (!doctor->settings->snmp && !masters.count && !masters.unsure) {
        finding_say(&finding, FINDING_NONE, "no snmpd runs here");
    } else if (!words_split(arguments, false, &manager.words) || !manager.words.count) {
        finding_say(&finding, FINDING_MISSING, "--snmp: a quote is not closed, or there are no or too many words");
        finding_remedy(&finding, "proctcp doctor --snmp '-v2c -c public localhost'");
    } else if (!doctor_file_find_program("snmpget", program, sizeof(program))) {
        finding_say(&finding, FINDING_MISSING, "snmpget is not here, so that nothing can be asked");
        finding_remedy(&finding, "sudo apt-get install snmp");
    } else {
        ask(&manager, "snmpget", oids, sizeof(oids) / sizeof(oids[0]));
        say_fault(&finding, &manager);
    }
    doctor_tell(doctor, &finding);
    if (finding.result != FINDING_OK) {
        tell_none(doctor, 0, finding.result == FINDING_NONE ? "no snmpd runs here" : "nothing was answered");
    } else if (!check_subtree(doctor, &manager)) {
        tell_none(doctor, 1, "the subtree is not seen");
    } else {
        check_scan(doctor, &manager);
        check_version(doctor, &manager);
    }
}
