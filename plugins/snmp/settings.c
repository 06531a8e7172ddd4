/* settings.c - the tokens of proctcp.conf. Knows their values and how net-snmp reads such files; knows nothing of what
 * the settings do. */
#include "settings.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/ds_agent.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_MAX_S      86400
#define PING_INTERVAL_MAX_S 3600

/* net-snmp's parsers of tokens get no pointer of their own. */
static struct settings *settings;

/* now, and an error in the log, if line is no number from 1 to max. */
static int seconds_in(const char *token, const char *line, int max, int now)
{
    char *end;
    const long seconds = strtol(line, &end, 10);

    if (end != line && !*end && seconds >= 1 && seconds <= max)
        return (int)seconds;
    netsnmp_config_error("%s: \"%s\" is not a number of seconds from 1 to %d; it stays at %d", token, line, max, now);
    return now;
}

static void parse_interval(const char *token, char *line)
{
    (void)token;
    settings->interval_s = (unsigned)seconds_in("scanInterval", line, INTERVAL_MAX_S, (int)settings->interval_s);
}

static void parse_ping_interval(const char *token, char *line)
{
    const int now = netsnmp_ds_get_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL);

    (void)token;
    netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL,
                       seconds_in("agentXPingInterval", line, PING_INTERVAL_MAX_S, now));
}

static void parse_proc_path(const char *token, char *line)
{
    char *copy;

    (void)token;
    if (line[0] != '/') {
        netsnmp_config_error("procPath: \"%s\" is not an absolute path; it stays at %s", line,
                             settings->scan.proc_root ? settings->scan.proc_root : "/proc");
        return;
    }
    copy = strdup(line);
    if (!copy)
        return;
    free((char *)settings->scan.proc_root);
    settings->scan.proc_root = copy;
}

static void parse_namespaces(const char *token, char *line)
{
    (void)token;
    if (strcmp(line, "all") == 0)
        settings->scan.own_netns_only = false;
    else if (strcmp(line, "own") == 0)
        settings->scan.own_netns_only = true;
    else
        netsnmp_config_error("netNamespaces: \"%s\" is neither \"all\" nor \"own\"; it stays at \"%s\"", line,
                             settings->scan.own_netns_only ? "own" : "all");
}

static void parse_source(const char *token, char *line)
{
    (void)token;
    for (enum proctcp_source source = PROCTCP_SOURCE_AUTO; source <= PROCTCP_SOURCE_NETLINK; source++) {
        if (strcmp(line, proctcp_source_name(source)) != 0)
            continue;
        settings->scan.source = source;
        return;
    }
    netsnmp_config_error("scanSource: \"%s\" is none of auto, procfs, netlink; it stays at %s", line,
                         proctcp_source_name(settings->scan.source));
}

void settings_register(struct settings *to_fill)
{
    settings = to_fill;
    register_app_config_handler("scanInterval", parse_interval, NULL, "seconds between two scans");
    /* In net-snmp's spelling, so that it takes the place of a parser that does not say what is wrong. */
    register_app_config_handler("agentxPingInterval", parse_ping_interval, NULL, "seconds between two pings");
    register_app_config_handler("procPath", parse_proc_path, NULL, "where the proc file system stands");
    register_app_config_handler("netNamespaces", parse_namespaces, NULL, "all | own");
    register_app_config_handler("scanSource", parse_source, NULL, "auto | procfs | netlink");
}

void settings_free(struct settings *to_free)
{
    free((char *)to_free->scan.proc_root);
}
