/* settings.c - what a block asks for, as a whole: its defaults, and what comes of it for the scan. Knows nothing of how
 * options are written. */
#include "settings.h"

#include "daemon.h"
#include "metrics.h"
#include "rules.h"
#include "sockets.h"

#include <errno.h>
#include <stdio.h>

const char *const settings_group_by_words[] = {"process",    "unit",      "cgroup", "user",
                                               "executable", "container", "none",   NULL};

/* Positions among these. */
enum { BY_PROCESS, BY_NONE = 6 };

int settings_need(struct settings *settings, const char *what, const char *value)
{
    const size_t length = strlen(settings->needs), more = strlen(what) + strlen(value) + 24;
    char *longer = realloc(settings->needs, length + more);

    if (!longer)
        return -ENOMEM;
    settings->needs = longer;
    snprintf(longer + length, more, "%s %zu %s\n", what, strlen(value), value);
    return 0;
}

static int need_number(struct settings *settings, const char *what, int value)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", value);
    return settings_need(settings, what, text);
}

int settings_new(struct settings *settings)
{
    *settings = (struct settings){
        .source = PROCTCP_SOURCE_AUTO,
        .lean_report = REPORT_ALL,
        .non_zero_states = true,
        .report_by_state = true,
        .report_all = true,
        .report_unattributed = true,
        .collect_tcp_info = true,
        .report_listeners = LISTENERS_CONFIGURED,
        .socket_metrics = REPORT_ALL,
        .socket_sort = SOCKETS_BY_QUEUE,
        .socket_min_age_s = 300,
        .max_groups = 256,
        .max_listeners = 256,
        .max_sockets = 1000,
        .max_new_names = 100,
        .needs = strdup(""),
    };
    if (!settings->needs || proctcp_selection_new(&settings->selection) < 0 ||
        proctcp_grouping_new(&settings->grouping) < 0) {
        settings_free(settings);
        return -ENOMEM;
    }
    return 0;
}

void settings_free(struct settings *settings)
{
    for (size_t i = 0; i < settings->group_count; i++)
        free(settings->groups[i].name);
    for (size_t i = 0; i < settings->process_count; i++)
        free(settings->processes[i]);
    free(settings->groups);
    free(settings->processes);
    proctcp_selection_free(settings->selection);
    proctcp_grouping_free(settings->grouping);
    free(settings->proc_path);
    free(settings->needs);
    *settings = (struct settings){.needs = NULL};
}

/* A backslash in a name of a group begins something. */
static void escape_backslashes(const char *name, char escaped[2 * PROCTCP_GROUP_NAME_SIZE])
{
    size_t length = 0;

    for (; *name && length + 2 < (size_t)2 * PROCTCP_GROUP_NAME_SIZE; name++) {
        if (*name == '\\')
            escaped[length++] = '\\';
        escaped[length++] = *name;
    }
    escaped[length] = '\0';
}

static bool is_group(const struct settings *settings, const char *name, size_t processes)
{
    for (size_t i = 0; i < settings->group_count; i++) {
        if (strcmp(settings->groups[i].name, name) == 0)
            return true;
    }
    for (size_t i = 0; i < processes; i++) {
        if (strcmp(settings->processes[i], name) == 0)
            return true;
    }
    return false;
}

/* A process that was named is there, at 0, also while it does not run. */
static int group_processes(struct settings *settings)
{
    char escaped[2 * PROCTCP_GROUP_NAME_SIZE], error[256];

    for (size_t i = 0; i < settings->process_count; i++) {
        int status;

        if (is_group(settings, settings->processes[i], i))
            continue;
        escape_backslashes(settings->processes[i], escaped);
        status = proctcp_grouping_add(settings->grouping, escaped, error, sizeof(error));
        if (status == 0)
            status = proctcp_grouping_rule(settings->grouping, "process", settings->processes[i], error, sizeof(error));
        if (status == -ENOMEM)
            return status;
        if (status)
            P_WARNING("Process \"%s\" has values only while it runs: %s", settings->processes[i], error);
    }
    return 0;
}

static int finish_scan(struct settings *settings)
{
    char error[256];
    int status = proctcp_grouping_limit(settings->grouping, (uint32_t)settings->max_groups);

    if (status == 0)
        status =
            proctcp_grouping_by(settings->grouping, settings_group_by_words[settings->group_by], error, sizeof(error));
    if (status == 0 && (settings->group_by == BY_PROCESS || settings->group_by == BY_NONE))
        status = group_processes(settings);
    if (status == 0 && settings->own_netns_only)
        status = proctcp_selection_add(settings->selection, "netns", "own", error, sizeof(error));
    if (status == 0)
        status = need_number(settings, "own", settings->own_netns_only);
    if (status == 0)
        status = need_number(settings, "source", settings->source);
    if (status == 0)
        status = need_number(settings, "max_groups", settings->max_groups);
    if (status == 0)
        status = settings_need(settings, "by", settings_group_by_words[settings->group_by]);
    if (status == 0)
        status = settings_need(settings, "root", settings->proc_path ? settings->proc_path : "/proc");
    return status;
}

int settings_finish(struct settings *settings)
{
    const unsigned of_tcp_info = settings->collect_tcp_info ? 0 : REPORT_TRAFFIC | REPORT_LATENCY;
    const unsigned left_out = of_tcp_info | (settings->report_by_state ? 0 : REPORT_STATES);

    settings->report &= ~left_out;
    settings->lean_report &= ~left_out;
    settings->socket_metrics &= ~of_tcp_info;
    if (*settings->name)
        snprintf(settings->prefix, sizeof(settings->prefix), "%s-", settings->name);
    for (const struct rule_option *rule = rule_options; rule->name; rule++) {
        if (proctcp_selection_is_void(settings->selection, rule->kind))
            P_ERROR(
                "no %s of the configuration could be understood, so no socket is selected; correct it or take it out",
                rule->name);
    }
    if (settings->process_count && settings->has_process_match)
        P_NOTICE(
            "Process selects for the whole block: groups of ProcessMatch have only sockets of the processes that it "
            "names, too; in collectd's processes plugin the two add up, and here a <Group> or a ProcessMatch in place "
            "of Process does that");
    if (settings->own_netns_only && !*settings->socket_option)
        strcpy(settings->socket_option, "NetNamespaces own");
    return finish_scan(settings);
}
