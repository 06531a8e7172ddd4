/* source_local.c - observations by scans of this host, in this process. Knows the library; nothing of states. */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define REMEDY                                                                                                         \
    "run it as root, by sudo, or load proctcp-bpf and have its user in the group proctcp; proctcp doctor says more"
#define REMEDY_OF_ROOT "it is root, so that a container or a security module keeps them; proctcp doctor says more"

#define FIRST_PID_NAMESPACE "pid:[4026531836]" /* PROC_PID_INIT_INO: that of every process of the host */

static struct proctcp_scanner *scanner;
static struct proctcp_selection *selection;

static bool is_in_own_pid_namespace(void)
{
    char link[32];
    const ssize_t length = readlink("/proc/self/ns/pid", link, sizeof(link) - 1);

    link[length < 0 ? 0 : length] = '\0';
    return length > 0 && strcmp(link, FIRST_PID_NAMESPACE) != 0;
}

/* A name of a process that a rule takes as it is. */
static bool is_plain(const char *name)
{
    return *name != '_' && strlen(name) < 16 &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+@")] == '\0';
}

/* Where groups go by the names of processes, and names are given, no other process needs to be read: who may not be
 * read has another name then, and hides nothing. NULL: everything is to be read. */
static struct proctcp_selection *select_processes(const struct options *options)
{
    struct proctcp_selection *made;
    char error[256];
    bool done = options->is_by_name && options->group_count && !options_are_of_listeners(options) &&
                !is_in_own_pid_namespace(); /* it must be seen whether sockets are held from outside */

    for (unsigned i = 0; i < options->group_count; i++)
        done = done && is_plain(options->groups[i]);
    if (!done || proctcp_selection_new(&made) < 0)
        return NULL;
    for (unsigned i = 0; i < options->group_count; i++)
        done = done && proctcp_selection_add(made, "process", options->groups[i], error, sizeof(error)) == 0;
    if (!done)
        proctcp_selection_free(made);
    return done ? made : NULL;
}

static bool local_open(const struct options *options, struct observation *observation)
{
    struct proctcp_options how = {.source = options->source,
                                  .proc_root = options->proc_root,
                                  .grouping = options->grouping,
                                  .listeners = options_are_of_listeners(options)};
    int error;

    selection = select_processes(options);
    how.selection = selection;
    error = proctcp_scanner_new(&how, &scanner);
    return error == 0 || observation_blind(observation, "no scan can begin: %s", strerror(-error));
}

static void local_close(void)
{
    proctcp_scanner_free(scanner);
    proctcp_selection_free(selection);
    scanner = NULL;
    selection = NULL;
}

/* Whether a /proc hides processes of others (hidepid): the first one is always there. A tree that was recorded need not
 * have it. */
static bool hides_processes(const char *proc_root)
{
    const int directory = open(proc_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct statfs about;
    int fd;
    bool hides = false;

    if (directory < 0)
        return false;
    if (fstatfs(directory, &about) == 0 && about.f_type == PROC_SUPER_MAGIC) {
        fd = openat(directory, "1/stat", O_RDONLY | O_CLOEXEC);
        hides = fd < 0 && (errno == EPERM || errno == EACCES || errno == ENOENT);
        if (fd >= 0)
            close(fd);
    }
    close(directory);
    return hides;
}

/* Whether a file leads to a socket that no process holds which can be seen. (One in a message does, too, which is why
 * this is asked only where others are known to be out of sight.) */
static bool is_held_out_of_sight(const struct proctcp_snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->socket_count; i++) {
        if (snapshot->sockets[i].owners == 0 && snapshot->sockets[i].inode != 0)
            return true;
    }
    return false;
}

/* NULL: none are. */
static const char *find_hidden(const struct options *options, const struct proctcp_snapshot *snapshot)
{
    if (snapshot->stats.source != PROCTCP_SOURCE_BPF &&
        hides_processes(options->proc_root ? options->proc_root : "/proc"))
        return "processes of other users hidden (hidepid)";
    if (!options->proc_root && is_in_own_pid_namespace() && is_held_out_of_sight(snapshot))
        return "processes outside of this pid namespace, which hold sockets, hidden";
    return NULL;
}

static void take_scan(const struct options *options, const struct proctcp_snapshot *snapshot, struct scan *scan)
{
    const struct proctcp_stats *stats = &snapshot->stats;
    const uint64_t now = (uint64_t)time(NULL);

    *scan = (struct scan){.generation = stats->generation,
                          .age_s = now > stats->time ? (double)(now - stats->time) : 0,
                          .fresh_s = (double)options->timeout_s,
                          .duration_s = (double)stats->duration_us / 1e6,
                          .denied = stats->denied,
                          .namespaces_failed = stats->namespaces_failed,
                          .unread = stats->unread,
                          .exhausted = stats->exhausted,
                          .failed = stats->failed,
                          .malformed = stats->malformed,
                          .groups_left_out = snapshot->groups_left_out,
                          .hidden = find_hidden(options, snapshot)};
    if (snapshot->own_netns == 0 && !options->proc_root && scan->namespaces_failed == 0)
        scan->namespaces_failed = 1;
    if (scan_hides(scan, true))
        snprintf(scan->remedy, sizeof(scan->remedy), "%s", geteuid() == 0 ? REMEDY_OF_ROOT : REMEDY);
}

static bool number_of(const struct proctcp_value *value, bool is_there, uint64_t *number)
{
    *number = is_there ? value->number : 0;
    return is_there;
}

/* ---- groups ---- */

static bool group_number(const struct proctcp_group *group, const char *name, uint64_t *number)
{
    size_t count;
    const struct proctcp_field *fields = proctcp_group_fields(&count);
    const struct proctcp_field *field = name ? proctcp_field_by_name(fields, count, name) : NULL;
    struct proctcp_value value;

    return number_of(&value, field && proctcp_group_value(group, field, &value), number);
}

static void add_group(struct observation *observation, const struct measure *measure, const char *name,
                      const struct proctcp_group *group)
{
    struct item *item = observation_add(observation, name);

    if (!item || !group)
        return;
    item->is_known = item->is_there = true;
    item->numbers.has_part = group_number(group, measure->part, &item->numbers.part);
    item->numbers.has_whole = group_number(group, measure->whole, &item->numbers.whole);
}

static const struct proctcp_group *find_group(const struct proctcp_snapshot *snapshot, const char *name)
{
    for (uint32_t i = 0; i < snapshot->group_count; i++) {
        if (strcmp(snapshot->groups[i].name, name) == 0)
            return &snapshot->groups[i];
    }
    return NULL;
}

static void take_groups(const struct options *options, const struct proctcp_snapshot *snapshot,
                        struct observation *observation)
{
    for (unsigned i = 0; i < options->group_count; i++)
        add_group(observation, options->measure, options->groups[i], find_group(snapshot, options->groups[i]));
    for (uint32_t i = 0; !options->group_count && i < snapshot->group_count; i++)
        add_group(observation, options->measure, snapshot->groups[i].name, &snapshot->groups[i]);
}

/* ---- listeners ---- */

static bool listener_number(const struct proctcp_snapshot *snapshot, const struct proctcp_listener *listener,
                            const char *name, uint64_t *number)
{
    size_t count;
    const struct proctcp_field *fields = proctcp_listener_fields(&count);
    const struct proctcp_field *field = name ? proctcp_field_by_name(fields, count, name) : NULL;
    struct proctcp_value value;

    return number_of(&value, field && proctcp_listener_value(snapshot, listener, field, &value), number);
}

static const char *group_of_row(const struct proctcp_snapshot *snapshot, uint32_t row)
{
    const uint16_t group = row == PROCTCP_NONE ? PROCTCP_NO_GROUP : snapshot->row_groups[row];

    return group == PROCTCP_NO_GROUP ? "" : snapshot->groups[group].name;
}

/* By listener a row of it: of several that hold its sockets one of a group that is wanted, or else its first. In one
 * pass over all rows, for users may have many of both. NULL: memory is out. */
static uint32_t *find_holders(const struct options *options, const struct proctcp_snapshot *snapshot)
{
    uint32_t *holders = malloc((snapshot->listener_count + (size_t)1) * sizeof(*holders));

    for (uint32_t i = 0; holders && i < snapshot->listener_count; i++)
        holders[i] = snapshot->listeners[i].row;
    for (uint32_t r = 0; holders && options->group_count && r < snapshot->row_count; r++) {
        const uint32_t socket = snapshot->rows[r].socket;
        if (snapshot->sockets[socket].state == PROCTCP_LISTEN && snapshot->socket_listeners[socket] != PROCTCP_NONE &&
            options_name_group(options, group_of_row(snapshot, r)))
            holders[snapshot->socket_listeners[socket]] = r;
    }
    return holders;
}

struct listeners {
    const struct measure *measure;
    const struct proctcp_snapshot *snapshot;
    const uint32_t *holders;
};

static const char *group_of(const struct listeners *all, const struct proctcp_listener *listener)
{
    return group_of_row(all->snapshot, all->holders[listener - all->snapshot->listeners]);
}

static void add_listener(struct observation *observation, const struct listeners *all, const char *name,
                         const struct proctcp_listener *listener)
{
    const struct proctcp_snapshot *snapshot = all->snapshot;
    const struct measure *measure = all->measure;
    struct item *item = observation_add(observation, name);

    if (!item || !listener)
        return;
    item->is_known = item->is_there = true;
    snprintf(item->group, sizeof(item->group), "%s", group_of(all, listener));
    item->numbers.has_part = listener_number(snapshot, listener, measure->part, &item->numbers.part);
    item->numbers.has_whole = listener_number(snapshot, listener, measure->whole, &item->numbers.whole);
}

static bool is_at(const struct proctcp_listener *listener, const struct endpoint *endpoint, uint32_t netns)
{
    return listener->netns == netns && listener->local_port == endpoint->port &&
           memcmp(&listener->local_address, &endpoint->address, sizeof(endpoint->address)) == 0 &&
           listener->interface == endpoint->interface; /* another one is another listener: any user may have it */
}

static const struct proctcp_listener *find_listener(const struct proctcp_snapshot *snapshot,
                                                    const struct endpoint *endpoint)
{
    for (uint32_t i = 0; i < snapshot->listener_count; i++) {
        if (is_at(&snapshot->listeners[i], endpoint, snapshot->own_netns))
            return &snapshot->listeners[i];
    }
    return NULL;
}

/* As the agent names them: behind a % the interface, behind an @ the namespace if it is not our own. */
static void name_listener(const struct proctcp_snapshot *snapshot, const struct proctcp_listener *listener, char *name,
                          size_t size)
{
    const struct endpoint at = {listener->local_address, listener->local_port, listener->interface};
    char text[PROCTCP_ENDPOINT_TEXT_SIZE + 16];

    endpoint_text(&at, text);
    if (listener->netns == snapshot->own_netns)
        snprintf(name, size, "%s", text);
    else
        snprintf(name, size, "%s@%u", text, listener->netns);
}

static void take_listeners(const struct options *options, const struct proctcp_snapshot *snapshot,
                           struct observation *observation)
{
    uint32_t *holders = find_holders(options, snapshot);
    const struct listeners all = {options->measure, snapshot, holders};
    char name[TEXT_NAME_SIZE];

    if (!holders) {
        observation_blind(observation, "out of memory");
        return;
    }
    for (unsigned i = 0; i < options->listener_count; i++)
        add_listener(observation, &all, endpoint_text(&options->listeners[i], name),
                     find_listener(snapshot, &options->listeners[i]));
    for (uint32_t i = 0; !options->listener_count && i < snapshot->listener_count; i++) {
        const struct proctcp_listener *listener = &snapshot->listeners[i];
        if (options->group_count && !options_name_group(options, group_of(&all, listener)))
            continue;
        name_listener(snapshot, listener, name, sizeof(name));
        add_listener(observation, &all, name, listener);
    }
    free(holders);
}

static bool local_look(const struct options *options, uint64_t after, struct observation *observation)
{
    const struct proctcp_snapshot *snapshot;
    char failure[512];

    (void)after; /* each scan is a new one */
    if (proctcp_scan(scanner, &snapshot) < 0)
        return observation_blind(observation, "nothing could be read: %s; proctcp doctor says more",
                                 text_safe(proctcp_failure(scanner), failure, sizeof(failure)));
    take_scan(options, snapshot, &observation->scan);
    if (options_are_of_listeners(options))
        take_listeners(options, snapshot, observation);
    else if (!measure_is_of_scan(options->measure))
        take_groups(options, snapshot, observation);
    proctcp_snapshot_unref(snapshot);
    return !observation->is_blind;
}

const struct source source_local = {local_open, local_look, local_close};
