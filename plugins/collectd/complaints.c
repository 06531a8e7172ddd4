/* complaints.c - what is said of scans and passes in collectd's log. Knows the words, and what has been said already;
 * knows nothing of what is read or published. */
#include "complaints.h"

#include "shortfall.h"

#define NAME "proctcp"

static bool has_capability(int capability)
{
    return check_capability(capability) == 0;
}

/* A namespace that the configuration names and that is not there is told of by its option. */
static bool is_no_more_than_missing(const struct settings *settings, const struct proctcp_stats *stats)
{
    const char *missing = proctcp_selection_missing_netns(settings->selection);

    return missing && strstr(stats->failure, missing) && stats->namespaces_failed <= 1 &&
           stats->denied + stats->exhausted + stats->failed + stats->malformed == 0;
}

static void say_what_was_not_read(struct complaints *complaints, const struct settings *settings,
                                  const struct proctcp_stats *stats)
{
    char text[SHORTFALL_TEXT_SIZE];

    if (!is_no_more_than_missing(settings, stats) && shortfall_text(stats, has_capability, text)) {
        complaints->complete_passes = 0;
        c_complain_once(LOG_WARNING, &complaints->partial, NAME " plugin: %s", text);
    } else if (++complaints->complete_passes >= SHORTFALL_CALM_PASSES) {
        c_release(LOG_INFO, &complaints->partial, NAME " plugin: everything can be read again");
    }
}

static void say_what_netns_is_missing(struct complaints *complaints, const struct settings *settings)
{
    const char *missing = proctcp_selection_missing_netns(settings->selection);

    if (missing && strncmp(missing, complaints->missing_name, sizeof(complaints->missing_name) - 1) != 0) {
        sstrncpy(complaints->missing_name, missing, sizeof(complaints->missing_name));
        complaints->missing_netns = (c_complain_t)C_COMPLAIN_INIT_STATIC; /* of another one: said, too */
    }
    if (missing)
        c_complain_once(LOG_WARNING, &complaints->missing_netns,
                        NAME
                        " plugin: NetNamespace \"%s\": there is no network namespace of that name (see ip netns); "
                        "it is read as soon as there is one",
                        missing);
    else
        c_release(LOG_INFO, &complaints->missing_netns, NAME " plugin: each NetNamespace is there");
}

/* With Source auto. What was asked for needs no word. */
static void say_what_source_was_not_to_be_had(struct complaints *complaints, const struct settings *settings,
                                              const struct proctcp_stats *stats)
{
    if (settings->source != PROCTCP_SOURCE_AUTO || !settings->collect_tcp_info)
        return;
    if (stats->source == PROCTCP_SOURCE_PROCFS && *stats->source_reason)
        c_complain_once(LOG_NOTICE, &complaints->poorer_source,
                        NAME " plugin: sockets are read through /proc, so no traffic and no latency is published: %s",
                        stats->source_reason);
    else
        c_release(LOG_INFO, &complaints->poorer_source, NAME " plugin: sock_diag answers again");
}

/* Whoever has the BPF programs loaded may expect it. */
static void say_why_connections_are_not_counted(struct complaints *complaints, const struct settings *settings,
                                                const struct proctcp_stats *stats)
{
    if (stats->source == PROCTCP_SOURCE_BPF && !stats->connections_counted && *settings->socket_option)
        c_complain_once(
            LOG_NOTICE, &complaints->uncounted,
            NAME
            " plugin: connections that begin and end between two passes are not counted: %s selects sockets, "
            "and which sockets they had is not known; options that select processes are no hindrance",
            settings->socket_option);
}

void complaints_of_failure(struct complaints *complaints, const char *failure)
{
    c_complain(LOG_ERR, &complaints->unreadable, NAME " plugin: nothing could be read: %s", failure);
}

void complaints_of_scan(struct complaints *complaints, const struct settings *settings,
                        const struct proctcp_stats *stats)
{
    c_release(LOG_INFO, &complaints->unreadable, NAME " plugin: reading succeeds again");
    say_what_was_not_read(complaints, settings, stats);
    say_what_netns_is_missing(complaints, settings);
    say_what_source_was_not_to_be_had(complaints, settings, stats);
    say_why_connections_are_not_counted(complaints, settings, stats);
}

/* Once, and again only after so many passes in a row that left nothing out: what people do is nobody's log. */
static void say_cut(c_complain_t *complaint, unsigned *calm, uint32_t left_out, const char *what, const char *option,
                    int most, int new_names)
{
    if (left_out) {
        *calm = 0;
        c_complain_once(LOG_NOTICE, complaint,
                        NAME
                        " plugin: more %s than %s (%d), or than MaxNewNames in an hour (%d): %u are not published "
                        "by themselves",
                        what, option, most, new_names, left_out);
    } else if (++*calm >= SHORTFALL_CALM_PASSES) {
        c_release(LOG_INFO, complaint, NAME " plugin: all %s are published again", what);
    }
}

void complaints_of_pass(struct complaints *complaints, const struct settings *settings,
                        const struct pass_report *report, int error)
{
    const int new_names = settings->max_new_names;

    if (error)
        c_complain_once(LOG_ERR, &complaints->no_memory, NAME " plugin: out of memory: not all is published");
    else
        c_release(LOG_INFO, &complaints->no_memory, NAME " plugin: there is memory again");
    say_cut(&complaints->many_groups, &complaints->calm_groups, report->groups_left_out, "groups", "MaxGroups",
            settings->max_groups, new_names);
    say_cut(&complaints->many_listeners, &complaints->calm_listeners, report->listeners_left_out, "listeners",
            "MaxListeners", settings->max_listeners, new_names);
    say_cut(&complaints->many_sockets, &complaints->calm_sockets, report->sockets_left_out, "sockets", "MaxSockets",
            settings->max_sockets, new_names);
}

void complaints_of_slowness(struct complaints *complaints, cdtime_t interval)
{
    c_complain_once(LOG_NOTICE, &complaints->slow,
                    NAME
                    " plugin: a scan takes longer than the interval of %.3f s: Interval of the block may be longer",
                    CDTIME_T_TO_DOUBLE(interval));
}
