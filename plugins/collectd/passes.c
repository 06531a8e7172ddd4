/* passes.c - what of each scan is published. Knows which groups, listeners and sockets the block asks for, and what
 * their names need to stay the same from pass to pass; knows nothing of when passes are, nor of the log. */
#include "passes.h"

#include "details.h"
#include "listeners.h"
#include "sockets.h"

#include <errno.h>
#include <inttypes.h>

/* One pass, one time: writers group what belongs together by it. */
struct pass {
    cdtime_t time, interval;
    meta_data_t *details; /* of the socket that is being published, or NULL; the daemon copies it */
};

static void dispatch(const struct pass *pass, const char *plugin_instance, const char *type, const char *type_instance,
                     value_t *values, size_t count)
{
    value_list_t list = VALUE_LIST_INIT;

    list.values = values;
    list.values_len = count;
    list.time = pass->time;
    list.interval = pass->interval;
    list.meta = pass->details;
    sstrncpy(list.plugin, "proctcp", sizeof(list.plugin));
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

static const struct group_settings *settings_of_group(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->group_count; i++) {
        if (strcmp(settings->groups[i].name, name) == 0)
            return &settings->groups[i];
    }
    return NULL;
}

/* By index of the group. NULL: out of memory. */
static struct group_wish *wishes_of_groups(const struct settings *settings, const struct proctcp_snapshot *snapshot)
{
    struct group_wish *wishes = calloc((size_t)snapshot->group_count + 1, sizeof(*wishes));

    if (!wishes)
        return NULL;
    for (uint32_t i = 0; i < snapshot->group_count; i++) {
        const struct proctcp_group *group = &snapshot->groups[i];
        const struct group_settings *own = group->is_configured ? settings_of_group(settings, group->name) : NULL;
        const int listeners = own && own->report_listeners >= 0 ? own->report_listeners : settings->report_listeners;

        wishes[i].sockets = (uint8_t)(own && own->report_sockets >= 0 ? own->report_sockets : settings->report_sockets);
        wishes[i].listeners =
            listeners == LISTENERS_EVERY || (listeners == LISTENERS_CONFIGURED && group->is_configured);
        wishes[i].is_system = group->is_configured;
    }
    for (uint32_t r = 0; r < snapshot->row_count; r++) {
        const struct proctcp_process *process = &snapshot->processes[snapshot->rows[r].process];
        const struct proctcp_socket *socket = &snapshot->sockets[snapshot->rows[r].socket];

        if (wishes[snapshot->row_groups[r]].is_system)
            continue;
        /* Anybody may start a program that is root's then, under any name, with a socket of his own. */
        if (process->present & PROCTCP_HAS_PROCESS_UID && proctcp_is_system_user(process->uid) &&
            (!(socket->present & PROCTCP_HAS_UID) || proctcp_is_system_user(socket->uid)))
            wishes[snapshot->row_groups[r]].is_system = true;
    }
    return wishes;
}

/* Values of many sockets take their time, and collectd's end waits for nobody. */
static bool is_cancelled(const struct passes *passes)
{
    return __atomic_load_n(&passes->is_cancelled, __ATOMIC_RELAXED);
}

static enum chooser chooser_of(const struct group_wish *wish)
{
    return wish->is_system ? CHOSEN_BY_SYSTEM : CHOSEN_BY_USER;
}

/* Nobody can choose their names. */
static bool is_sum(const struct proctcp_group *group)
{
    return strcmp(group->name, PROCTCP_GROUP_OTHER) == 0 || strcmp(group->name, PROCTCP_GROUP_UNNAMED) == 0;
}

/* A group that nothing runs of ends, unless it is configured. */
static int publish_groups(struct passes *passes, const struct publisher *publisher,
                          const struct proctcp_snapshot *snapshot, const struct group_wish *wishes,
                          struct pass_report *report)
{
    for (uint32_t i = 0; i < snapshot->group_count; i++) {
        const struct proctcp_group *group = &snapshot->groups[i];
        struct remembered *remembered = memory_of(&passes->groups, group->name);
        char name[IDENTIFIER_SIZE];

        if (!remembered)
            return -ENOMEM;
        if (!group->processes && !group->is_configured)
            continue;
        if (!is_sum(group) && !memory_may_name(&passes->groups, remembered, chooser_of(&wishes[i])))
            continue;
        identifier_of_group(&passes->identifiers, group->name, name);
        publish_group(publisher, name, group, &passes->group_profile, &passes->groups, remembered);
        report->groups++;
    }
    report->groups_left_out = snapshot->groups_left_out + passes->groups.refused;
    return 0;
}

static int publish_sum(struct passes *passes, const struct publisher *publisher,
                       const struct proctcp_snapshot *snapshot)
{
    struct remembered *remembered = memory_of(&passes->groups, PROCTCP_GROUP_ALL);
    char name[IDENTIFIER_SIZE];

    if (!remembered)
        return -ENOMEM;
    identifier_of_group(&passes->identifiers, PROCTCP_GROUP_ALL, name);
    publish_group(publisher, name, &snapshot->all, &passes->group_profile, &passes->groups, remembered);
    return 0;
}

static int publish_listeners(struct passes *passes, const struct publisher *publisher,
                             const struct proctcp_snapshot *snapshot, const struct group_wish *wishes,
                             struct pass_report *report)
{
    const struct listener_wishes listener_wishes = {.identifiers = &passes->identifiers,
                                                    .groups = wishes,
                                                    .of_nobody = passes->settings->report_listeners == LISTENERS_EVERY,
                                                    .max = (uint32_t)passes->settings->max_listeners};
    struct listener_choices choices;
    int error = listeners_choose(snapshot, &listener_wishes, &passes->listeners, &choices);

    for (uint32_t i = 0; i < choices.count && error == 0; i++) {
        const struct listener_choice *choice = &choices.choices[i];
        const struct proctcp_listener *listener = &snapshot->listeners[choice->listener];
        struct remembered *remembered = memory_of(&passes->listeners, choice->name);

        if (!remembered)
            error = -ENOMEM;
        else if (memory_may_name(&passes->listeners, remembered, choice->is_system ? CHOSEN_BY_SYSTEM : CHOSEN_BY_USER))
            publish_listener(publisher, choice->name, snapshot, listener, &passes->listener_profile, &passes->listeners,
                             remembered, !choice->is_numbered);
    }
    report->listeners_left_out = choices.left_out + passes->listeners.refused;
    listener_choices_free(&choices);
    return error;
}

/* Of a socket only that it has its name is remembered. */
static struct remembered *remember_socket(struct memory *memory, const char *plugin_instance, const char *name)
{
    char whole[2 * IDENTIFIER_SIZE], key[24];
    const int length = snprintf(whole, sizeof(whole), "%s/%s", plugin_instance, name);

    snprintf(key, sizeof(key), "%016" PRIx64, identifier_hash(whole, (size_t)length));
    return memory_of(memory, key);
}

static int publish_one_socket(struct passes *passes, const struct publisher *publisher, struct pass *pass,
                              const struct proctcp_snapshot *snapshot, const struct group_wish *wishes,
                              const struct socket_choice *choice)
{
    const struct identifiers no_prefix = {.prefix = ""};
    char group[IDENTIFIER_SIZE], plugin_instance[IDENTIFIER_SIZE];
    struct remembered *remembered;

    identifier_of_group(&no_prefix, snapshot->groups[choice->group].name, group);
    identifier_of_own(&passes->identifiers, IDENTIFIER_SOCKETS, group, plugin_instance);
    remembered = remember_socket(&passes->sockets, plugin_instance, choice->name);
    if (!remembered)
        return -ENOMEM;
    if (!memory_may_name_since(&passes->sockets, remembered, chooser_of(&wishes[choice->group]),
                               snapshot->sockets[choice->socket].first_seen))
        return 0;
    pass->details = details_of_row(snapshot, &snapshot->rows[choice->row]);
    publish_socket(publisher, plugin_instance, choice->name, snapshot, &snapshot->rows[choice->row],
                   &passes->socket_profile, !choice->is_numbered);
    meta_data_destroy(pass->details);
    pass->details = NULL;
    return 0;
}

static int publish_sockets(struct passes *passes, const struct publisher *publisher, struct pass *pass,
                           const struct proctcp_snapshot *snapshot, const struct group_wish *wishes,
                           struct pass_report *report)
{
    const struct socket_wishes socket_wishes = {.groups = wishes,
                                                .sort = (enum sockets_sort)passes->settings->socket_sort,
                                                .max = (uint32_t)passes->settings->max_sockets,
                                                .min_age_s = (uint32_t)passes->settings->socket_min_age_s};
    struct socket_choices choices;
    int error = sockets_choose(snapshot, &socket_wishes, &passes->socket_places, &choices);

    if (error)
        return error;
    memory_expect(&passes->sockets, choices.young);
    for (uint32_t i = 0; i < choices.count && error == 0 && !is_cancelled(passes); i++)
        error = publish_one_socket(passes, publisher, pass, snapshot, wishes, &choices.choices[i]);
    report->sockets_left_out = choices.left_out + passes->sockets.refused;
    socket_choices_free(&choices);
    return error;
}

static int publish_parts(struct passes *passes, const struct publisher *publisher, struct pass *pass,
                         const struct proctcp_snapshot *snapshot, const struct group_wish *wishes,
                         struct pass_report *report)
{
    int error = publish_groups(passes, publisher, snapshot, wishes, report);

    if (error == 0 && passes->settings->report_all)
        error = publish_sum(passes, publisher, snapshot);
    if (error == 0 && snapshot->listener_count)
        error = publish_listeners(passes, publisher, snapshot, wishes, report);
    if (error == 0)
        error = publish_sockets(passes, publisher, pass, snapshot, wishes, report);
    return error;
}

static void publish_self(struct passes *passes, const struct publisher *publisher,
                         const struct proctcp_snapshot *snapshot, const struct pass_report *report)
{
    struct remembered *remembered = memory_of(&passes->self, IDENTIFIER_SELF);
    char self[IDENTIFIER_SIZE];

    identifier_of_own(&passes->identifiers, IDENTIFIER_SELF, "", self);
    if (remembered && passes->settings->report_unattributed)
        publish_unattributed(publisher, self, snapshot, remembered);
    publish_scan(publisher, self, &snapshot->stats, report, &passes->self, remembered);
}

/* The longest pass is that of all since the last one that published. */
static void note_time(struct passes *passes, cdtime_t wanted_at)
{
    const cdtime_t now = cdtime();
    const double took_s = now > wanted_at ? CDTIME_T_TO_DOUBLE(now - wanted_at) : 0;

    if (took_s > passes->longest_s)
        passes->longest_s = took_s;
}

/* What memory is out for is left out of this pass; the scan is told of all the same. */
int passes_publish(struct passes *passes, const struct proctcp_snapshot *snapshot, cdtime_t read_at, cdtime_t wanted_at,
                   struct pass_report *report)
{
    struct pass pass = {.time = read_at, .interval = passes->interval};
    const struct publisher publisher = {.publish = dispatch_gauge,
                                        .derive = dispatch_derives,
                                        .to = &pass,
                                        .with_zeros = !passes->settings->non_zero_states};
    struct group_wish *wishes = wishes_of_groups(passes->settings, snapshot);
    struct memory *memories[] = {&passes->groups, &passes->listeners, &passes->sockets, &passes->self};
    int error = -ENOMEM;

    *report = (struct pass_report){.groups = 0};
    for (size_t i = 0; i < STATIC_ARRAY_SIZE(memories); i++)
        memory_begin(memories[i], snapshot->stats.time);
    if (wishes)
        error = publish_parts(passes, &publisher, &pass, snapshot, wishes, report);
    free(wishes);
    note_time(passes, wanted_at);
    report->longest_s = passes->longest_s;
    passes->longest_s = 0;
    publish_self(passes, &publisher, snapshot, report);
    for (size_t i = 0; i < STATIC_ARRAY_SIZE(memories); i++)
        memory_end(memories[i], error == 0);
    return error;
}

void passes_failed(struct passes *passes, cdtime_t wanted_at)
{
    note_time(passes, wanted_at);
}

void passes_begin(struct passes *passes, const struct settings *settings, const char *const *prefixes,
                  cdtime_t interval)
{
    const uint32_t new_names = (uint32_t)settings->max_new_names;

    passes->settings = settings;
    passes->identifiers = (struct identifiers){.prefix = settings->prefix, .others = prefixes};
    passes->interval = interval;
    profile_of_groups(settings->report, settings->lean_report, &passes->group_profile);
    profile_of_listeners(REPORT_ALL, &passes->listener_profile);
    profile_of_sockets(settings->socket_metrics, &passes->socket_profile);
    memory_new(&passes->groups, (uint32_t)settings->max_groups, new_names, true);
    memory_new(&passes->listeners, (uint32_t)settings->max_listeners, new_names, false);
    memory_new(&passes->sockets, (uint32_t)settings->max_sockets, new_names, true);
    memory_new(&passes->self, 1, 1, true);
}

void passes_cancel(struct passes *passes)
{
    __atomic_store_n(&passes->is_cancelled, true, __ATOMIC_RELAXED);
}

void passes_free(struct passes *passes)
{
    sticky_free(&passes->socket_places);
    memory_free(&passes->groups);
    memory_free(&passes->listeners);
    memory_free(&passes->sockets);
    memory_free(&passes->self);
}
