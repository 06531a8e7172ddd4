/* plugin.c - what collectd calls: configure, start, read, stop. Knows the daemon's conventions and when to say what;
 * knows nothing of how sockets are found, summed or named. */
#include "daemon.h"

#include "baseline.h"
#include "details.h"
#include "identifier.h"
#include "proctcp.h"
#include "publish.h"
#include "settings.h"
#include "shortfall.h"
#include "sockets.h"
#include "sticky.h"

#include <errno.h>

#define NAME "proctcp"

/* The one mutable object of the plugin: the daemon hands no pointer to the callbacks that configure, start and stop. */
static struct plugin {
    struct settings settings;
    struct proctcp_scanner *scanner;
    struct proctcp_grouping *grouping;
    struct sticky socket_places;
    struct baseline baseline;
    c_complain_t unreadable;
    c_complain_t partial;
    unsigned complete_passes; /* in a row */
    c_complain_t poorer_source;
    c_complain_t many_groups;
    c_complain_t many_sockets;
} plugin;

static int configure(oconfig_item_t *block)
{
    if (!plugin.settings.selection) {
        P_ERROR("out of memory");
        return -1;
    }
    settings_take(&plugin.settings, block);
    /* Anything else would keep the whole daemon from starting. */
    return 0;
}

static int start(void)
{
    struct settings *settings = &plugin.settings;
    int error;

    settings_finish(settings);
    error = proctcp_grouping_new(&plugin.grouping);
    if (error == 0)
        error = proctcp_grouping_limit(plugin.grouping, (uint32_t)settings->max_groups);
    if (error == 0) {
        const struct proctcp_options options = {
            .source = (enum proctcp_source)settings->source,
            .proc_root = settings->proc_path,
            .selection = settings->selection,
            .grouping = plugin.grouping,
        };
        error = proctcp_scanner_new(&options, &plugin.scanner);
    }
    if (error) {
        P_ERROR("cannot prepare to scan: %s", strerror(-error));
        return -1;
    }
    return 0;
}

/* One pass, one time: writers group what belongs together by it. */
struct pass {
    cdtime_t time;
    meta_data_t *details; /* of the socket that is being published, or NULL; the daemon copies it */
};

static void dispatch(const struct pass *pass, const char *plugin_instance, const char *type, const char *type_instance,
                     value_t *values, size_t count)
{
    value_list_t list = VALUE_LIST_INIT;

    list.values = values;
    list.values_len = count;
    list.time = pass->time;
    list.meta = pass->details;
    sstrncpy(list.plugin, NAME, sizeof(list.plugin));
    sstrncpy(list.plugin_instance, plugin_instance, sizeof(list.plugin_instance));
    sstrncpy(list.type, type, sizeof(list.type));
    sstrncpy(list.type_instance, type_instance, sizeof(list.type_instance));
    /* It says itself what it refuses. */
    (void)plugin_dispatch_values(&list);
}

static void dispatch_gauge(void *to, const char *plugin_instance, const char *type, const char *type_instance,
                           double value)
{
    dispatch(to, plugin_instance, type, type_instance, &(value_t){.gauge = value}, 1);
}

#define MOST_DERIVES 2

static void dispatch_derives(void *to, const char *plugin_instance, const char *type, const char *type_instance,
                             const uint64_t *numbers, size_t count)
{
    value_t values[MOST_DERIVES];

    for (size_t i = 0; i < count && i < MOST_DERIVES; i++)
        values[i].derive = (derive_t)numbers[i];
    dispatch(to, plugin_instance, type, type_instance, values, count);
}

static int publish_sockets(const struct publisher *publisher, struct pass *pass,
                           const struct proctcp_snapshot *snapshot, uint32_t *left_out)
{
    struct socket_choices choices;
    int error = sockets_choose(snapshot, (enum sockets_sort)plugin.settings.socket_sort,
                               (uint32_t)plugin.settings.max_sockets, &plugin.socket_places, &choices);

    if (error)
        return error;
    for (uint32_t i = 0; i < choices.count; i++) {
        const struct socket_choice *choice = &choices.choices[i];
        const struct proctcp_socket *socket = &snapshot->sockets[choice->socket];
        char group[IDENTIFIER_SIZE];

        identifier_from_group(snapshot->groups[choice->group].name, group);
        pass->details = details_of_row(snapshot, &snapshot->rows[choice->row]);
        publish_socket(publisher, group, choice->name, socket);
        if (plugin.settings.collect_tcp_info)
            publish_socket_info(publisher, group, choice->name, socket, &snapshot->impairments[socket->impairment],
                                !choice->is_numbered);
        meta_data_destroy(pass->details);
        pass->details = NULL;
    }
    *left_out = choices.left_out;
    socket_choices_free(&choices);
    return 0;
}

static void say_what_was_cut(uint32_t groups_left_out, uint32_t sockets_left_out)
{
    if (groups_left_out)
        c_complain_once(LOG_NOTICE, &plugin.many_groups,
                        NAME " plugin: more process names than MaxGroups (%d): %u are summed in " IDENTIFIER_OTHER,
                        plugin.settings.max_groups, groups_left_out);
    else
        c_release(LOG_INFO, &plugin.many_groups, NAME " plugin: every process name has its own group again");
    if (sockets_left_out)
        c_complain_once(LOG_NOTICE, &plugin.many_sockets,
                        NAME " plugin: more sockets than MaxSockets (%d): %u are not published one by one",
                        plugin.settings.max_sockets, sockets_left_out);
    else
        c_release(LOG_INFO, &plugin.many_sockets, NAME " plugin: every socket is published again");
}

/* A group that nothing runs of ends. Returns how many there are. */
static uint32_t publish_groups(const struct publisher *publisher, const struct proctcp_snapshot *snapshot)
{
    const struct settings *settings = &plugin.settings;
    uint32_t published = 0;

    for (uint32_t i = 0; i < snapshot->group_count; i++) {
        const struct proctcp_group *group = &snapshot->groups[i];
        char name[IDENTIFIER_SIZE];

        if (!group->processes)
            continue;
        identifier_from_group(group->name, name);
        publish_group(publisher, name, group, settings->report_by_state,
                      settings->collect_tcp_info ? baseline_of(&plugin.baseline, group) : NULL);
        published++;
    }
    return published;
}

static int publish(const struct proctcp_snapshot *snapshot)
{
    const struct settings *settings = &plugin.settings;
    struct pass pass = {.time = cdtime()};
    const struct publisher publisher = {.publish = dispatch_gauge, .derive = dispatch_derives, .to = &pass};
    uint32_t groups, sockets_left_out = 0;
    int error = baseline_set(&plugin.baseline, snapshot);

    if (error)
        return error;
    groups = publish_groups(&publisher, snapshot);
    if (settings->report_sockets)
        error = publish_sockets(&publisher, &pass, snapshot, &sockets_left_out);
    if (settings->report_unattributed)
        publish_unattributed(&publisher, snapshot);
    publish_scan(&publisher, &snapshot->stats, groups, snapshot->groups_left_out, sockets_left_out);
    say_what_was_cut(snapshot->groups_left_out, sockets_left_out);
    return error;
}

static bool has_capability(int capability)
{
    return check_capability(capability) == 0;
}

static void say_what_was_not_read(const struct proctcp_stats *stats)
{
    char text[SHORTFALL_TEXT_SIZE];

    if (shortfall_text(stats, has_capability, text)) {
        plugin.complete_passes = 0;
        c_complain_once(LOG_WARNING, &plugin.partial, NAME " plugin: %s", text);
    } else if (++plugin.complete_passes >= SHORTFALL_CALM_PASSES) {
        c_release(LOG_INFO, &plugin.partial, NAME " plugin: everything can be read again");
    }
}

/* With Source auto. What was asked for needs no word. */
static void say_what_source_was_not_to_be_had(const struct proctcp_stats *stats)
{
    if (plugin.settings.source != PROCTCP_SOURCE_AUTO || !plugin.settings.collect_tcp_info)
        return;
    if (stats->source == PROCTCP_SOURCE_PROCFS && *stats->source_reason)
        c_complain_once(LOG_NOTICE, &plugin.poorer_source,
                        NAME " plugin: sockets are read through /proc, so no traffic and no latency is published: %s",
                        stats->source_reason);
    else
        c_release(LOG_INFO, &plugin.poorer_source, NAME " plugin: sock_diag answers again");
}

static int read_once(user_data_t *user_data __attribute__((unused)))
{
    const struct proctcp_snapshot *snapshot;
    int error = proctcp_scan(plugin.scanner, &snapshot);

    if (error) {
        c_complain(LOG_ERR, &plugin.unreadable, NAME " plugin: nothing could be read: %s",
                   proctcp_failure(plugin.scanner));
        return -1;
    }
    c_release(LOG_INFO, &plugin.unreadable, NAME " plugin: reading succeeds again");
    say_what_was_not_read(&snapshot->stats);
    say_what_source_was_not_to_be_had(&snapshot->stats);
    error = publish(snapshot);
    if (error)
        P_ERROR("publishing failed: %s", strerror(-error));
    proctcp_snapshot_unref(snapshot);
    return error;
}

static int stop(void)
{
    proctcp_scanner_free(plugin.scanner);
    plugin.scanner = NULL;
    proctcp_grouping_free(plugin.grouping);
    plugin.grouping = NULL;
    sticky_free(&plugin.socket_places);
    baseline_free(&plugin.baseline);
    settings_free(&plugin.settings);
    return 0;
}

__attribute__((visibility("default"))) void module_register(void)
{
    (void)settings_new(&plugin.settings);
    plugin_register_complex_config(NAME, configure);
    plugin_register_init(NAME, start);
    plugin_register_complex_read(NULL, NAME, read_once, 0, NULL);
    plugin_register_shutdown(NAME, stop);
}
