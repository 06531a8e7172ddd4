/* report.c - the messages of a running subagent about its master: each names the place and the remedy and is said once,
 * until the matter is mended and comes back. */
#include "report.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The reason that net-snmp does not give: tries a Unix socket. NULL: somebody accepts. */
static const char *why_unreachable(const char *address)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int error = 0, probe;

    if (strncmp(address, "unix:", 5) == 0)
        address += 5;
    else if (address[0] != '/')
        return NULL;
    if (strlen(address) >= sizeof(to.sun_path))
        return strerror(ENAMETOOLONG);
    memcpy(to.sun_path, address, strlen(address) + 1);
    probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return strerror(errno);
    if (connect(probe, (const struct sockaddr *)&to, sizeof(to)) != 0)
        error = errno;
    close(probe);
    return error ? strerror(error) : NULL;
}

static bool is_unix(const char *address)
{
    return address[0] == '/' || strncmp(address, "unix:", 5) == 0;
}

static void say_absent(struct report *report, const char *address, const char *why)
{
    report->absent_said = true;
    snmp_log(LOG_WARNING,
             "no AgentX master at %s (%s): is snmpd running, with \"master agentx\" and \"agentXSocket %s\" in "
             "snmpd.conf, and may this user open the socket (agentXPerms)? Trying again and again; -x or agentXSocket "
             "in proctcp.conf names another address\n",
             address, why, address);
}

void report_unreachable(struct report *report, const char *address)
{
    const char *why = why_unreachable(address);

    if (why)
        say_absent(report, address, why);
}

/* When a connected master goes, net-snmp says so, and that it tries again; more is to be said only when it has. */
#define GRACE_MS (AGENTX_PING_S * 1000 + 1000)

static void report_absence(struct report *report, bool absent, const char *address, int64_t now_ms)
{
    const int64_t grace_ms = report->started ? GRACE_MS : 0;
    const char *why;

    report->started = true;
    if (!absent) {
        if (report->absent_said)
            snmp_log(LOG_NOTICE, "the AgentX master at %s answers now\n", address);
        report->absent_said = false;
        report->absent_since_ms = -1;
        return;
    }
    if (report->absent_since_ms < 0)
        report->absent_since_ms = now_ms;
    if (report->absent_said || now_ms - report->absent_since_ms < grace_ms)
        return;
    why = why_unreachable(address);
    say_absent(report, address, why ? why : is_unix(address) ? "it accepts but does not answer" : "no answer");
}

void report_connection(struct report *report, const struct agentx_status *status, const char *address, int64_t now_ms)
{
    report_absence(report, status->state == AGENTX_AWAY, address, now_ms);
    if (status->state == AGENTX_REFUSED && !report->refusal_said) {
        if (status->is_taken)
            snmp_log(LOG_ERR,
                     "another subagent serves this tree already at the AgentX master %s: is a second proctcp-agentx "
                     "running, or the module of snmpd (dlmod proctcp) loaded? Trying again every %d s\n",
                     address, AGENTX_PING_S);
        else
            snmp_log(LOG_ERR, "the AgentX master at %s refuses this tree (AgentX error %ld). Trying again every %d s\n",
                     address, status->error, AGENTX_PING_S);
        report->refusal_said = true;
    }
    if (status->state == AGENTX_SERVING && report->refusal_said) {
        snmp_log(LOG_NOTICE, "the AgentX master at %s takes this tree now\n", address);
        report->refusal_said = false;
    }
}
