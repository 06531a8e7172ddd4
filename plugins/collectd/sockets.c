/* sockets.c - which sockets are published one by one, and under what name. Names say local port and remote end, for
 * that is what tells a process's connections apart; inodes and pids would be new after each restart. Knows nothing of
 * collectd and nothing of what is published of a socket. */
#include "sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "192.0.2.1-443-198.51.100.7-50112-2", addresses of either family */
#define LONG_NAME_SIZE (2 * PROCTCP_ADDRESS_TEXT_SIZE + 2 * sizeof("65535") + sizeof("4294967295"))

/* What a socket is known by from scan to scan. No padding: it is hashed as bytes. */
struct identity {
    struct proctcp_address local_address;
    struct proctcp_address remote_address;
    uint32_t ports;
    uint32_t inode;
    uint32_t netns;
};

static uint64_t key_of(const struct proctcp_socket *socket)
{
    const struct identity identity = {
        .local_address = socket->local_address,
        .remote_address = socket->remote_address,
        .ports = (uint32_t)socket->local_port << 16 | socket->remote_port,
        .inode = socket->inode,
        .netns = socket->netns,
    };

    return identifier_hash(&identity, sizeof(identity));
}

static uint64_t queues_of(const struct proctcp_socket *socket)
{
    if (socket->present & PROCTCP_HAS_ACCEPT_QUEUE)
        return socket->accept_queue;
    if (socket->present & PROCTCP_HAS_QUEUES)
        return (uint64_t)socket->tx_queue_bytes + socket->rx_queue_bytes;
    return 0;
}

/* What is absent weighs nothing. */
static uint64_t weight_of(const struct proctcp_snapshot *snapshot, const struct proctcp_socket *socket,
                          enum sockets_sort sort)
{
    switch (sort) {
    case SOCKETS_BY_BYTES:
        return socket->present & PROCTCP_HAS_BYTES ? socket->bytes_acked + socket->bytes_received : 0;
    case SOCKETS_BY_RETRANS:
        return socket->present & PROCTCP_HAS_INFO ? snapshot->impairments[socket->impairment].total_retrans : 0;
    case SOCKETS_BY_RTT:
        return socket->present & PROCTCP_HAS_RTT ? socket->rtt_us : 0;
    default:
        return queues_of(socket);
    }
}

static bool is_wished(const struct proctcp_snapshot *snapshot, const struct socket_wishes *wishes, uint32_t row)
{
    const struct proctcp_socket *socket = &snapshot->sockets[snapshot->rows[row].socket];
    const struct group_wish *group = &wishes->groups[snapshot->row_groups[row]];

    if (snapshot->rows[row].owner_rank != 1 || !(socket->present & PROCTCP_HAS_LOCAL))
        return false;
    return group->sockets == SOCKETS_EVERY || (group->sockets == SOCKETS_LISTENING && socket->state == PROCTCP_LISTEN);
}

/* Candidates are rows of rank 1: their index. *young: those that are wished for, and not old enough. */
static uint32_t find_candidates(const struct proctcp_snapshot *snapshot, const struct socket_wishes *wishes,
                                struct sticky_candidate *candidates, uint32_t *young)
{
    uint32_t count = 0;

    *young = 0;

    for (uint32_t r = 0; r < snapshot->row_count; r++) {
        const struct proctcp_socket *socket = &snapshot->sockets[snapshot->rows[r].socket];

        if (!is_wished(snapshot, wishes, r))
            continue;
        if (socket->first_seen + (uint64_t)wishes->min_age_s > snapshot->stats.time) {
            ++*young;
            continue;
        }
        candidates[count++] = (struct sticky_candidate){
            .key = key_of(socket),
            .weight = weight_of(snapshot, socket, wishes->sort),
            .index = r,
        };
    }
    return count;
}

static void short_name(const struct proctcp_socket *socket, char *name, size_t size)
{
    char remote[PROCTCP_ADDRESS_TEXT_SIZE];

    if (socket->state == PROCTCP_LISTEN)
        snprintf(name, size, "%u-listen", socket->local_port);
    else
        snprintf(name, size, "%u-%s-%u", socket->local_port, proctcp_address_text(&socket->remote_address, remote),
                 socket->remote_port);
}

/* number tells apart what has the same endpoints: listeners with SO_REUSEPORT, or another namespace. */
static void long_name(const struct proctcp_socket *socket, unsigned number, char *name, size_t size)
{
    char local[PROCTCP_ADDRESS_TEXT_SIZE], whole[LONG_NAME_SIZE];
    size_t length;

    proctcp_address_text(&socket->local_address, local);
    length = (size_t)snprintf(whole, sizeof(whole), "%s-", local);
    short_name(socket, whole + length, sizeof(whole) - length);
    length = strlen(whole);
    if (number > 1)
        snprintf(whole + length, sizeof(whole) - length, "-%u", number);
    identifier_cut(whole, name, size);
}

static int by_name(const void *one, const void *other)
{
    const struct socket_choice *a = one, *b = other;
    int order;

    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    order = strcmp(a->name, b->name);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

static bool have_same_name(const struct socket_choice *a, const struct socket_choice *b)
{
    return a->group == b->group && strcmp(a->name, b->name) == 0;
}

static uint32_t end_of_run(const struct socket_choices *choices, uint32_t first)
{
    uint32_t end = first + 1;

    while (end < choices->count && have_same_name(&choices->choices[first], &choices->choices[end]))
        end++;
    return end;
}

/* Gives those that share a name long ones, numbered 1, 1 + step, ...; sorts by name again. */
static void tell_apart(const struct proctcp_snapshot *snapshot, struct socket_choices *choices, unsigned step)
{
    for (uint32_t first = 0, end; first < choices->count; first = end) {
        end = end_of_run(choices, first);
        for (uint32_t i = first; i < end && end - first > 1; i++) {
            struct socket_choice *choice = &choices->choices[i];

            long_name(&snapshot->sockets[choice->socket], 1 + (i - first) * step, choice->name, sizeof(choice->name));
            choice->is_numbered = step > 0;
        }
    }
    qsort(choices->choices, choices->count, sizeof(*choices->choices), by_name);
}

static void name_choices(const struct proctcp_snapshot *snapshot, struct socket_choices *choices)
{
    for (uint32_t i = 0; i < choices->count; i++) {
        struct socket_choice *choice = &choices->choices[i];

        short_name(&snapshot->sockets[choice->socket], choice->name, sizeof(choice->name));
    }
    qsort(choices->choices, choices->count, sizeof(*choices->choices), by_name);
    tell_apart(snapshot, choices, 0);
    tell_apart(snapshot, choices, 1);
}

int sockets_choose(const struct proctcp_snapshot *snapshot, const struct socket_wishes *wishes, struct sticky *places,
                   struct socket_choices *choices)
{
    struct sticky_candidate *candidates = malloc((snapshot->socket_count + 1) * sizeof(*candidates));
    struct socket_choices chosen = {0};
    uint32_t count;
    int error = -ENOMEM;

    if (!candidates)
        return -ENOMEM;
    count = find_candidates(snapshot, wishes, candidates, &chosen.young);
    chosen.count = count < wishes->max ? count : wishes->max;
    chosen.left_out = count - chosen.count;
    chosen.choices = malloc((chosen.count + 1) * sizeof(*chosen.choices));
    if (!chosen.choices)
        goto out;
    error = sticky_choose(places, candidates, count, wishes->max);
    if (error)
        goto out;
    for (uint32_t i = 0; i < chosen.count; i++) {
        const uint32_t row = candidates[i].index;
        const struct proctcp_socket *socket = &snapshot->sockets[snapshot->rows[row].socket];

        chosen.choices[i] = (struct socket_choice){
            .socket = snapshot->rows[row].socket,
            .row = row,
            .group = snapshot->row_groups[row],
            .order = (uint64_t)socket->inode << 32 | socket->netns,
        };
    }
    name_choices(snapshot, &chosen);
    *choices = chosen;
out:
    if (error)
        free(chosen.choices);
    free(candidates);
    return error;
}

void socket_choices_free(struct socket_choices *choices)
{
    free(choices->choices);
    *choices = (struct socket_choices){0};
}
