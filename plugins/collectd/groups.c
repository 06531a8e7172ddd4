/* groups.c - the processes of one name, and the sockets that they hold, summed. Knows how sockets that are shared are
 * counted and which names get a group of their own; knows nothing of collectd. */
#include "groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct member {
    char name[IDENTIFIER_SIZE];
    uint32_t process;
    uint32_t rows;
    bool is_rest; /* its name found no place */
};

struct build {
    const struct proctcp_snapshot *snapshot;
    struct member *members;
    uint32_t member_count;
    uint32_t *counted_in; /* by index of the socket: the last group that counted it */
};

static void *array(uint32_t count, size_t size)
{
    return calloc(count ? count : 1, size);
}

static void find_members(struct build *build)
{
    const struct proctcp_snapshot *snapshot = build->snapshot;

    for (uint32_t p = 0; p < snapshot->process_count; p++) {
        struct member *member = &build->members[build->member_count++];

        *member = (struct member){.process = p, .rows = snapshot->processes[p].row_count};
        identifier_from_name(snapshot->processes[p].name, member->name);
    }
}

static int by_name(const void *one, const void *other)
{
    const struct member *a = one, *b = other;
    int order = a->is_rest != b->is_rest ? a->is_rest - b->is_rest : strcmp(a->name, b->name);

    return order ? order : (a->process > b->process) - (a->process < b->process);
}

static bool is_new_name(const struct build *build, uint32_t m)
{
    return m == 0 || strcmp(build->members[m].name, build->members[m - 1].name) != 0;
}

static void mark_as_rest(struct build *build, uint32_t first)
{
    uint32_t m = first;

    do
        build->members[m++].is_rest = true;
    while (m < build->member_count && !is_new_name(build, m));
}

/* Sorted by name still, and the rest as one name at the end. */
static void rename_rest(struct build *build)
{
    qsort(build->members, build->member_count, sizeof(*build->members), by_name);
    for (uint32_t m = 0; m < build->member_count; m++) {
        if (build->members[m].is_rest)
            strcpy(build->members[m].name, IDENTIFIER_OTHER);
    }
}

/* Names beyond max_groups, those with the fewest rows, become IDENTIFIER_OTHER. */
static int limit_names(struct build *build, uint32_t max_groups, struct sticky *places, uint32_t *summed_in_other)
{
    struct sticky_candidate *names = array(build->member_count, sizeof(*names));
    uint32_t count = 0;
    int error;

    if (!names)
        return -ENOMEM;
    for (uint32_t m = 0; m < build->member_count; m++) {
        const struct member *member = &build->members[m];

        if (is_new_name(build, m))
            names[count++] = (struct sticky_candidate){
                .key = identifier_hash(member->name, strlen(member->name)),
                .index = m,
            };
        names[count - 1].weight += member->rows;
    }
    error = sticky_choose(places, names, count, max_groups);
    if (error)
        goto out;
    *summed_in_other = count > max_groups ? count - max_groups : 0;
    for (uint32_t i = max_groups; i < count; i++)
        mark_as_rest(build, names[i].index);
    rename_rest(build);
out:
    free(names);
    return error;
}

static uint32_t number_groups(const struct build *build, uint32_t *group_of)
{
    uint32_t count = 0;

    for (uint32_t p = 0; p < build->snapshot->process_count; p++)
        group_of[p] = PROCTCP_NONE;
    for (uint32_t m = 0; m < build->member_count; m++) {
        count += is_new_name(build, m);
        group_of[build->members[m].process] = count - 1;
    }
    return count;
}

static void find_homes(const struct build *build, const uint32_t *group_of, uint32_t *home, uint32_t *home_row)
{
    const struct proctcp_snapshot *snapshot = build->snapshot;

    for (uint32_t s = 0; s < snapshot->socket_count; s++)
        home[s] = home_row[s] = PROCTCP_NONE;
    for (uint32_t r = 0; r < snapshot->row_count; r++) {
        const struct proctcp_row *row = &snapshot->rows[r];

        if (row->owner_rank == 1) {
            home[row->socket] = group_of[row->process];
            home_row[row->socket] = r;
        }
    }
}

static void add_sums(struct group *group, const struct proctcp_socket *socket)
{
    if (socket->present & PROCTCP_HAS_ACCEPT_QUEUE) {
        const bool has_max = socket->present & PROCTCP_HAS_ACCEPT_QUEUE_MAX;

        group->has_accept_queue_max = has_max && (group->has_accept_queue_max || !group->has_accept_queue);
        group->has_accept_queue = true;
        group->accept_queue += socket->accept_queue;
        group->accept_queue_max += has_max ? socket->accept_queue_max : 0;
    }
    if (socket->state != PROCTCP_LISTEN && (socket->present & PROCTCP_HAS_QUEUES)) {
        group->has_queues = true;
        group->tx_queue_bytes += socket->tx_queue_bytes;
        group->rx_queue_bytes += socket->rx_queue_bytes;
    }
}

/* A process without a limit is farther from it than any that has one. */
static bool is_nearer_to_limit(uint64_t fds, uint64_t limit, const struct group *than)
{
    if (!limit || !than->fd_limit)
        return limit ? true : !than->fd_limit && fds > than->fds;
    return (double)fds / (double)limit > (double)than->fds / (double)than->fd_limit;
}

static void add_process(struct group *group, const struct proctcp_process *process)
{
    uint64_t limit = process->present & PROCTCP_HAS_FD_LIMIT ? process->fd_limit : 0;

    if (!group->processes++ || is_nearer_to_limit(process->fds, limit, group)) {
        group->fds = process->fds;
        group->fd_limit = limit;
    }
}

static bool is_connection(const struct proctcp_socket *socket)
{
    return socket->state != PROCTCP_LISTEN && socket->state != PROCTCP_CLOSED;
}

static uint32_t add_rows(const struct build *build, const struct proctcp_process *process, uint32_t number,
                         const uint32_t *home, struct group *group)
{
    const struct proctcp_snapshot *snapshot = build->snapshot;
    uint32_t connections = 0;

    for (uint32_t r = process->first_row; r < process->first_row + process->row_count; r++) {
        uint32_t s = snapshot->rows[r].socket;
        const struct proctcp_socket *socket = &snapshot->sockets[s];

        if (build->counted_in[s] == number)
            continue;
        build->counted_in[s] = number;
        group->sockets++;
        if (socket->state < PROCTCP_STATES)
            group->by_state[socket->state]++;
        group->unbound += socket->state == PROCTCP_CLOSED;
        connections += is_connection(socket);
        if (home[s] == number)
            add_sums(group, socket);
    }
    return connections;
}

/* Group by group, so that one number per socket tells whether the group has counted it. */
static void sum_groups(struct build *build, const uint32_t *home, struct group *groups)
{
    uint32_t number = PROCTCP_NONE, connections = 0;

    for (uint32_t s = 0; s < build->snapshot->socket_count; s++)
        build->counted_in[s] = PROCTCP_NONE;
    for (uint32_t m = 0; m < build->member_count; m++) {
        const struct proctcp_process *process = &build->snapshot->processes[build->members[m].process];

        if (is_new_name(build, m)) {
            number++;
            connections = 0;
            memcpy(groups[number].name, build->members[m].name, IDENTIFIER_SIZE);
        }
        add_process(&groups[number], process);
        connections += add_rows(build, process, number, home, &groups[number]);
        if (m + 1 == build->member_count || is_new_name(build, m + 1))
            groups[number].has_queues |= connections == 0;
    }
}

int groups_build(const struct proctcp_snapshot *snapshot, uint32_t max_groups, struct sticky *places,
                 struct groups *groups)
{
    struct build build = {
        .snapshot = snapshot,
        .members = array(snapshot->process_count + 1, sizeof(*build.members)),
        .counted_in = array(snapshot->socket_count, sizeof(*build.counted_in)),
    };
    struct groups built = {
        .group_of = array(snapshot->process_count, sizeof(*built.group_of)),
        .home = array(snapshot->socket_count, sizeof(*built.home)),
        .home_row = array(snapshot->socket_count, sizeof(*built.home_row)),
    };
    int error = -ENOMEM;

    if (!build.members || !build.counted_in || !built.group_of || !built.home || !built.home_row)
        goto out;
    find_members(&build);
    qsort(build.members, build.member_count, sizeof(*build.members), by_name);
    error = limit_names(&build, max_groups, places, &built.summed_in_other);
    if (error)
        goto out;
    built.count = number_groups(&build, built.group_of);
    built.groups = array(built.count, sizeof(*built.groups));
    if (!built.groups) {
        error = -ENOMEM;
        goto out;
    }
    find_homes(&build, built.group_of, built.home, built.home_row);
    sum_groups(&build, built.home, built.groups);
    *groups = built;
out:
    if (error)
        groups_free(&built);
    free(build.counted_in);
    free(build.members);
    return error;
}

void groups_free(struct groups *groups)
{
    free(groups->groups);
    free(groups->group_of);
    free(groups->home);
    free(groups->home_row);
    *groups = (struct groups){0};
}
