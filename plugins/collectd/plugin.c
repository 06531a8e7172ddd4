/* plugin.c - what collectd calls: configure, start, read, stop. Knows the daemon's conventions and when to say what;
 * knows nothing of how sockets are found, summed or named. */
#include "daemon.h"

#include "details.h"
#include "groups.h"
#include "latency.h"
#include "proctcp.h"
#include "publish.h"
#include "settings.h"
#include "shortfall.h"
#include "sockets.h"
#include "sticky.h"
#include "traffic.h"

#include <errno.h>

#define NAME "proctcp"

/* The one mutable object of the plugin: the daemon hands no pointer to the callbacks that configure, start and stop. */
static struct plugin {
    struct settings settings;
    struct proctcp_scanner *scanner;
    struct sticky group_places;
    struct sticky socket_places;
    struct traffic traffic;
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
    const struct proctcp_options options = {
        .source = (enum proctcp_source)settings->source,
        .proc_root = settings->proc_path,
        .selection = settings->selection,
    };
    int error;

    settings_finish(settings);
    error = proctcp_scanner_new(&options, &plugin.scanner);
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
                           const struct proctcp_snapshot *snapshot, const struct groups *groups, uint32_t *left_out)
{
    struct socket_choices choices;
    int error = sockets_choose(snapshot, groups, (enum sockets_sort)plugin.settings.socket_sort,
                               (uint32_t)plugin.settings.max_sockets, &plugin.socket_places, &choices);

    if (error)
        return error;
    for (uint32_t i = 0; i < choices.count; i++) {
        const struct socket_choice *choice = &choices.choices[i];
        const struct proctcp_socket *socket = &snapshot->sockets[choice->socket];
        const char *group = groups->groups[choice->group].name;

        pass->details = details_of_row(snapshot, &snapshot->rows[groups->home_row[choice->socket]]);
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

static void say_what_was_cut(const struct groups *groups, uint32_t sockets_left_out)
{
    if (groups->summed_in_other)
        c_complain_once(LOG_NOTICE, &plugin.many_groups,
                        NAME " plugin: more process names than MaxGroups (%d): %u are summed in " IDENTIFIER_OTHER,
                        plugin.settings.max_groups, groups->summed_in_other);
    else
        c_release(LOG_INFO, &plugin.many_groups, NAME " plugin: every process name has its own group again");
    if (sockets_left_out)
        c_complain_once(LOG_NOTICE, &plugin.many_sockets,
                        NAME " plugin: more sockets than MaxSockets (%d): %u are not published one by one",
                        plugin.settings.max_sockets, sockets_left_out);
    else
        c_release(LOG_INFO, &plugin.many_sockets, NAME " plugin: every socket is published again");
}

/* What the groups have of sock_diag alone. */
static int add_tcp_info(const struct proctcp_snapshot *snapshot, struct groups *groups)
{
    int error = latency_measure(snapshot, groups);

    return error ? error : traffic_count(&plugin.traffic, snapshot, (uint32_t)plugin.settings.max_groups, groups);
}

static int publish(const struct proctcp_snapshot *snapshot)
{
    const struct settings *settings = &plugin.settings;
    struct pass pass = {.time = cdtime()};
    const struct publisher publisher = {.publish = dispatch_gauge, .derive = dispatch_derives, .to = &pass};
    struct groups groups;
    uint32_t sockets_left_out = 0;
    int error = groups_build(snapshot, (uint32_t)settings->max_groups, &plugin.group_places, &groups);

    if (error)
        return error;
    if (settings->collect_tcp_info && (error = add_tcp_info(snapshot, &groups)))
        goto out;
    for (uint32_t i = 0; i < groups.count; i++)
        publish_group(&publisher, &groups.groups[i], settings->report_by_state);
    if (settings->report_sockets)
        error = publish_sockets(&publisher, &pass, snapshot, &groups, &sockets_left_out);
    if (settings->report_unattributed)
        publish_unattributed(&publisher, snapshot);
    publish_scan(&publisher, &snapshot->stats, &groups, sockets_left_out);
    say_what_was_cut(&groups, sockets_left_out);
out:
    groups_free(&groups);
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
    if (*stats->source_reason)
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
    sticky_free(&plugin.group_places);
    sticky_free(&plugin.socket_places);
    traffic_free(&plugin.traffic);
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
