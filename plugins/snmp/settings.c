/* settings.c - the tokens of proctcp.conf. Knows their values and how net-snmp reads such files; knows nothing of what
 * the settings do. */
#include "settings.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <stdlib.h>
#include <string.h>

#define INTERVAL_MAX_S 86400

/* net-snmp's parsers of tokens get no pointer of their own. */
static struct settings *settings;

static void parse_interval(const char *token, char *line)
{
    char *end;
    const long seconds = strtol(line, &end, 10);

    (void)token;
    if (end == line || *end || seconds < 1 || seconds > INTERVAL_MAX_S) {
        netsnmp_config_error("scanInterval: \"%s\" is not a number of seconds from 1 to %d; it stays at %u", line,
                             INTERVAL_MAX_S, settings->interval_s);
        return;
    }
    settings->interval_s = (unsigned)seconds;
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

/* Not every source that has a name is built into the library: a scanner tells. */
static bool is_available(enum proctcp_source source)
{
    const struct proctcp_options options = {.source = source};
    struct proctcp_scanner *scanner;

    if (proctcp_scanner_new(&options, &scanner) != 0)
        return false;
    proctcp_scanner_free(scanner);
    return true;
}

static void parse_source(const char *token, char *line)
{
    (void)token;
    for (enum proctcp_source source = PROCTCP_SOURCE_AUTO; source <= PROCTCP_SOURCE_NETLINK; source++) {
        if (strcmp(line, proctcp_source_name(source)) != 0)
            continue;
        if (is_available(source))
            settings->scan.source = source;
        else
            netsnmp_config_error("scanSource: this proctcp cannot read %s; it stays at %s", line,
                                 proctcp_source_name(settings->scan.source));
        return;
    }
    netsnmp_config_error("scanSource: \"%s\" is none of auto, procfs, netlink; it stays at %s", line,
                         proctcp_source_name(settings->scan.source));
}

void settings_register(struct settings *to_fill)
{
    settings = to_fill;
    register_app_config_handler("scanInterval", parse_interval, NULL, "seconds between two scans");
    register_app_config_handler("procPath", parse_proc_path, NULL, "where the proc file system stands");
    register_app_config_handler("netNamespaces", parse_namespaces, NULL, "all | own");
    register_app_config_handler("scanSource", parse_source, NULL, "auto | procfs | netlink");
}

void settings_free(struct settings *to_free)
{
    free((char *)to_free->scan.proc_root);
}
