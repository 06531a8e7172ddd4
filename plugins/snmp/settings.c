/* settings.c - the tokens of proctcp.conf. Knows their values and how net-snmp reads such files; knows nothing of what
 * the settings do. */
#include "settings.h"

#include "served.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <ctype.h>
#include <errno.h>
#include <net-snmp/agent/ds_agent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define INTERVAL_S             10
#define INTERVAL_MAX_S         86400
#define PING_INTERVAL_MAX_S    3600
#define NOTIFICATIONS_A_MINUTE 60
#define NOTIFY_MAX             6000

/* Without .conf. */
#define SETTINGS_FILE          "proctcp"
#define SETTINGS_FILE_OF_SNMPD "snmpd"

#define PREFIX  "proctcp"
#define EXCLUDE PREFIX "Exclude"

/* Rules of the selection; each also with EXCLUDE before it. net-snmp does not tell upper case from lower. */
static const struct {
    const char *token; /* behind PREFIX or EXCLUDE */
    const char *kind;  /* the library's name */
    const char *help;
} rules[] = {
    {"Process", "process", "names of processes"},
    {"Command", "command", "extended regular expression, found in the command line"},
    {"Pid", "pid", "process ids"},
    {"User", "user", "effective users"},
    {"Cgroup", "cgroup", "control groups"},
    {"State", "state", "TCP states"},
    {"LocalPort", "local_port", "ports, ranges of ports, services"},
    {"RemotePort", "remote_port", "ports, ranges of ports, services"},
    {"LocalAddress", "local", "addresses and networks"},
    {"RemoteAddress", "remote", "addresses and networks"},
    {"NetNamespace", "netns", "own | names | inodes"},
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

/* net-snmp's parsers of tokens get no pointer of their own. */
static struct settings *settings;

/* Cuts what stands behind a "#" at the begin or behind a space, but within double quotes. */
static char *without_comment(char *line)
{
    bool quoted = false;
    char *end = line;

    for (char *at = line; *at; at++) {
        quoted ^= *at == '"';
        if (*at == '#' && !quoted && (at == line || isspace((unsigned char)at[-1])))
            break;
        if (!isspace((unsigned char)*at))
            end = at + 1;
    }
    *end = '\0';
    return line;
}

/* now, and an error in the log, if line is no number from 1 to max. */
static int seconds_in(const char *token, char *line, int max, int now)
{
    char *end;
    const long seconds = strtol(without_comment(line), &end, 10);

    if (end != line && !*end && seconds >= 1 && seconds <= max)
        return (int)seconds;
    netsnmp_config_error("%s: \"%s\" is not a number of seconds from 1 to %d; it stays at %d", token, line, max, now);
    return now;
}

static void parse_interval(const char *token, char *line)
{
    (void)token;
    settings->interval_s = (unsigned)seconds_in("proctcpInterval", line, INTERVAL_MAX_S, (int)settings->interval_s);
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
    without_comment(line);
    if (line[0] != '/') {
        netsnmp_config_error("proctcpProcPath: \"%s\" is not an absolute path; it stays at %s", line,
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
    without_comment(line);
    if (strcmp(line, "all") == 0 || strcmp(line, "own") == 0)
        settings->own_netns_only = line[0] == 'o';
    else
        netsnmp_config_error(
            "proctcpNetNamespaces: \"%s\" is neither \"all\" nor \"own\"; it stays at \"%s\" (proctcpNetNamespace "
            "takes names)",
            line, settings->own_netns_only ? "own" : "all");
}

/* Quotes around the whole value do no harm: elsewhere they are needed. */
static char *without_quotes(char *line)
{
    const size_t length = strlen(line);

    if (length < 2 || line[0] != '"' || line[length - 1] != '"')
        return line;
    line[length - 1] = '\0';
    return line + 1;
}

static void take_rule(const char *token, const char *rule, bool excludes, const char *value)
{
    char kind[32], error[512] = "";
    const char *colon;

    snprintf(kind, sizeof(kind), "%s%s", excludes ? "exclude_" : "", rule);
    if (proctcp_selection_add(settings->selection, kind, value, error, sizeof(error)) == 0)
        return;
    colon = strchr(error, ':'); /* behind the library's own name of the kind */
    netsnmp_config_error("%s%s; the rule is left out%s", token, colon ? colon : "",
                         proctcp_selection_is_void(settings->selection, rule)
                             ? ", and nothing is selected unless another one of its kind is right"
                             : "");
}

static void parse_rule(const char *token, char *line)
{
    const bool excludes = strncasecmp(token, EXCLUDE, sizeof(EXCLUDE) - 1) == 0;
    const char *name = token + (excludes ? sizeof(EXCLUDE) : sizeof(PREFIX)) - 1;
    const char *value = without_quotes(without_comment(line));

    for (size_t i = 0; i < RULES; i++) {
        if (strcasecmp(name, rules[i].token) != 0)
            continue;
        if (strchr(value, '"') && strcmp(rules[i].kind, "command") != 0) {
            netsnmp_config_error("%s: no quotes are needed: write the values of a list with commas between them",
                                 token);
            value = "";
        }
        take_rule(token, rules[i].kind, excludes, value);
    }
}

static void parse_user(const char *token, char *line)
{
    char *copy;

    (void)token;
    if (!*without_comment(line)) {
        netsnmp_config_error("agentUser: give the name or the number of a user");
        return;
    }
    copy = strdup(line);
    if (!copy)
        return;
    free(settings->user);
    settings->user = copy;
}

static void parse_source(const char *token, char *line)
{
    (void)token;
    without_comment(line);
    for (enum proctcp_source source = PROCTCP_SOURCE_AUTO; source <= PROCTCP_SOURCE_BPF; source++) {
        if (strcmp(line, proctcp_source_name(source)) != 0)
            continue;
        settings->scan.source = source;
        return;
    }
    netsnmp_config_error("proctcpSource: \"%s\" is none of auto, bpf, netlink, procfs; it stays at %s", line,
                         proctcp_source_name(settings->scan.source));
}

static void parse_group_by(const char *token, char *line)
{
    char error[512] = "";

    if (proctcp_grouping_by(settings->grouping, without_quotes(without_comment(line)), error, sizeof(error)) < 0)
        netsnmp_config_error("%s: %s", token, error);
}

static void parse_group(const char *token, char *line)
{
    char error[512] = "";

    if (proctcp_grouping_add_text(settings->grouping, without_quotes(without_comment(line)), error, sizeof(error)) < 0)
        netsnmp_config_error("%s: %s", token, error);
}

static void parse_max_groups(const char *token, char *line)
{
    char *end;
    const unsigned long most = strtoul(without_comment(line), &end, 10);

    if (end == line || *end || most > UINT32_MAX || proctcp_grouping_limit(settings->grouping, (uint32_t)most) < 0)
        netsnmp_config_error("%s: \"%s\" is not a number of groups from 1 to 65000", token, line);
}

static void parse_tables(const char *token, char *line)
{
    char error[256];

    if (!served_parse(without_quotes(without_comment(line)), &settings->not_served, error, sizeof(error)))
        netsnmp_config_error("%s: %s", token, error);
}

static void parse_threshold(const char *token, char *line)
{
    char error[512];

    if (!thresholds_add(&settings->thresholds, without_quotes(without_comment(line)), error, sizeof(error)))
        netsnmp_config_error("%s: %s", token, error);
}

static void parse_top(const char *token, char *line)
{
    char error[512];

    if (!tops_add(&settings->tops, without_quotes(without_comment(line)), error, sizeof(error)))
        netsnmp_config_error("%s: %s", token, error);
}

static void parse_notify(const char *token, char *line)
{
    char error[256];

    if (!served_parse_events(without_quotes(without_comment(line)), &settings->notify, error, sizeof(error)))
        netsnmp_config_error("%s: %s", token, error);
}

static void parse_notify_max(const char *token, char *line)
{
    char *end;
    const unsigned long most = strtoul(without_comment(line), &end, 10);

    if (end == line || *end || most < 1 || most > NOTIFY_MAX)
        netsnmp_config_error("%s: \"%s\" is not a number of notifications in a minute from 1 to %d; it stays at %u",
                             token, line, NOTIFY_MAX, settings->notify_max);
    else
        settings->notify_max = (unsigned)most;
}

int settings_begin(struct settings *to_fill)
{
    int error;

    *to_fill = (struct settings){.interval_s = INTERVAL_S,
                                 .scan = {.source = PROCTCP_SOURCE_AUTO, .listeners = true},
                                 .notify_max = NOTIFICATIONS_A_MINUTE};
    error = proctcp_selection_new(&to_fill->selection);
    if (error == 0)
        error = proctcp_grouping_new(&to_fill->grouping);
    if (error) {
        settings_free(to_fill);
        return error;
    }
    to_fill->scan.selection = to_fill->selection;
    to_fill->scan.grouping = to_fill->grouping;
    settings = to_fill;
    return 0;
}

static const struct {
    const char *token;
    void (*parse)(const char *token, char *line);
    const char *help;
} tokens[] = {
    {"proctcpInterval", parse_interval, "seconds between two scans"},
    {"proctcpProcPath", parse_proc_path, "where the proc file system stands"},
    {"proctcpSource", parse_source, "auto | bpf | netlink | procfs"},
    {"proctcpNetNamespaces", parse_namespaces, "all | own"},
    {"proctcpThreshold", parse_threshold, "NAME group|process|listener[=WHICH] MEASURE HIGH [LOW [HOLD]]"},
    {"proctcpTop", parse_top, "NAME group|process|socket FIELD [ROWS]"},
    {"proctcpNotify", parse_notify, "none | all | scan listeners thresholds"},
    {"proctcpNotifyMax", parse_notify_max, "notifications in a minute"},
    {"proctcpTables", parse_tables, "all | names of tables"},
    {"proctcpGroupBy", parse_group_by, "what processes are grouped by"},
    {"proctcpGroup", parse_group, "NAME=KIND=VALUE;KIND=VALUE..."},
    {"proctcpMaxGroups", parse_max_groups, "most groups"},
};

#define TOKENS (sizeof(tokens) / sizeof(tokens[0]))

/* Calls back with each token of the files that a subagent and snmpd have in common. */
static void each_token(void (*call)(const char *files, const char *token, void (*parse)(const char *, char *),
                                    const char *help),
                       const char *files)
{
    char token[64];

    for (size_t i = 0; i < TOKENS; i++)
        call(files, tokens[i].token, tokens[i].parse, tokens[i].help);
    for (size_t i = 0; i < RULES; i++) {
        snprintf(token, sizeof(token), PREFIX "%s", rules[i].token);
        call(files, token, parse_rule, rules[i].help);
        snprintf(token, sizeof(token), EXCLUDE "%s", rules[i].token);
        call(files, token, parse_rule, rules[i].help);
    }
}

static void add_token(const char *files, const char *token, void (*parse)(const char *, char *), const char *help)
{
    register_config_handler(files, token, parse, NULL, help);
}

static void remove_token(const char *files, const char *token, void (*parse)(const char *, char *), const char *help)
{
    (void)parse, (void)help;
    unregister_config_handler(files, token);
}

int settings_register(struct settings *to_fill)
{
    const int error = settings_begin(to_fill);

    if (error)
        return error;
    each_token(add_token, SETTINGS_FILE);
    /* In net-snmp's spelling, so that it takes the place of a parser that does not say what is wrong. */
    add_token(SETTINGS_FILE, "agentxPingInterval", parse_ping_interval, "seconds between two pings");
    add_token(SETTINGS_FILE, "agentuser", parse_user, "user to become");
    return 0;
}

/* What only a subagent has a use for. */
static const char *const of_subagent[] = {"agentXSocket", "agentXPingInterval", "agentUser", "agentXTimeout",
                                          "agentXRetries"};

static void parse_of_subagent(const char *token, char *line)
{
    (void)token, (void)line;
}

int settings_register_in_snmpd(struct settings *to_fill)
{
    const int error = settings_begin(to_fill);

    if (error)
        return error;
    each_token(add_token, SETTINGS_FILE ":" SETTINGS_FILE_OF_SNMPD);
    for (size_t i = 0; i < sizeof(of_subagent) / sizeof(of_subagent[0]); i++)
        add_token(SETTINGS_FILE, of_subagent[i], parse_of_subagent, "of the subagent");
    return 0;
}

void settings_unregister_in_snmpd(void)
{
    each_token(remove_token, SETTINGS_FILE ":" SETTINGS_FILE_OF_SNMPD);
    for (size_t i = 0; i < sizeof(of_subagent) / sizeof(of_subagent[0]); i++)
        unregister_config_handler(SETTINGS_FILE, of_subagent[i]);
}

const char *settings_file_fault(const char *file)
{
    struct stat status;

    if (access(file, R_OK) != 0 || stat(file, &status) != 0)
        return strerror(errno);
    return S_ISREG(status.st_mode) || S_ISCHR(status.st_mode) ? NULL : "it is no regular file";
}

void settings_finish(struct settings *read)
{
    char error[128];

    if (read->own_netns_only)
        (void)proctcp_selection_add(read->selection, "netns", "own", error, sizeof(error));
    if (proctcp_grouping_check(read->grouping, error, sizeof(error)) < 0)
        snmp_log(LOG_ERR, "proctcpGroup: %s\n", error);
}

void settings_free(struct settings *to_free)
{
    free((char *)to_free->scan.proc_root);
    free(to_free->user);
    proctcp_selection_free(to_free->selection);
    proctcp_grouping_free(to_free->grouping);
    thresholds_free(&to_free->thresholds);
    tops_free(&to_free->tops);
    *to_free = (struct settings){0};
}
