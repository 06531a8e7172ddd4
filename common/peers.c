/* peers.c - the other end of each row on this host, and the direction of each socket. Knows four-tuples and listeners.
 */
#include "scan.h"

#include <errno.h>

/* Order of listeners: namespace, port, address; those that agree in all three say the same. */
static int compare_places(const struct proctcp_socket *a, const struct proctcp_socket *b)
{
    if (a->netns != b->netns)
        return a->netns < b->netns ? -1 : 1;
    if (a->local_port != b->local_port)
        return a->local_port < b->local_port ? -1 : 1;
    return memcmp(&a->local_address, &b->local_address, sizeof(a->local_address));
}

static int compare_listeners(const void *a, const void *b, void *sockets)
{
    const struct proctcp_socket *all = sockets;
    return compare_places(&all[*(const uint32_t *)a], &all[*(const uint32_t *)b]);
}

static int find_listeners(struct scan *scan)
{
    struct indices *listeners = &scan->listeners;
    uint32_t kept = 0;

    listeners->count = 0;
    for (uint32_t i = 0; i < scan->sockets.count; i++) {
        if (scan->sockets.at[i].state != PROCTCP_LISTEN)
            continue;
        uint32_t *slot = vector_push(listeners);
        if (!slot)
            return -ENOMEM;
        *slot = i;
    }
    if (listeners->count)
        qsort_r(listeners->at, listeners->count, sizeof(listeners->at[0]), compare_listeners, scan->sockets.at);
    for (uint32_t i = 0; i < listeners->count; i++) {
        if (kept == 0 || compare_listeners(&listeners->at[kept - 1], &listeners->at[i], scan->sockets.at) != 0)
            listeners->at[kept++] = listeners->at[i];
    }
    listeners->count = kept;
    memset(scan->listening_ports, 0, sizeof(scan->listening_ports));
    for (uint32_t i = 0; i < kept; i++) {
        uint16_t port = scan->sockets.at[listeners->at[i]].local_port;
        scan->listening_ports[port / 64] |= 1ull << port % 64;
    }
    return 0;
}

/* A place is the local end of a socket, with the address that a listener there may have. */
static bool listens_at(const struct scan *scan, const struct proctcp_socket *place)
{
    uint32_t low = 0, high = scan->listeners.count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_places(&scan->sockets.at[scan->listeners.at[middle]], place);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* At its own address, at 0.0.0.0, or at ::, which takes IPv4 as well. */
static bool has_listener(const struct scan *scan, const struct proctcp_socket *socket)
{
    struct proctcp_socket place = {.netns = socket->netns, .local_port = socket->local_port};

    if (!(scan->listening_ports[place.local_port / 64] >> place.local_port % 64 & 1))
        return false;
    if (listens_at(scan, &place))
        return true;
    if (proctcp_address_is_ipv4(&socket->local_address)) {
        place.local_address = (struct proctcp_address){.bytes = {[10] = 0xff, [11] = 0xff}};
        if (listens_at(scan, &place))
            return true;
    }
    place.local_address = socket->local_address;
    return listens_at(scan, &place);
}

/* Without a listener on either side of a connection that stays on this host, nothing tells who began it. */
static enum proctcp_direction find_direction(const struct scan *scan, const struct proctcp_socket *socket,
                                             const struct proctcp_socket *other)
{
    if (socket->state == PROCTCP_LISTEN)
        return PROCTCP_DIRECTION_LISTEN;
    if (!(socket->present & PROCTCP_HAS_REMOTE))
        return PROCTCP_DIRECTION_UNKNOWN;
    if (socket->state == PROCTCP_SYN_SENT)
        return PROCTCP_OUTBOUND;
    if (socket->state == PROCTCP_SYN_RECEIVED || has_listener(scan, socket))
        return PROCTCP_INBOUND;
    return other && !has_listener(scan, other) ? PROCTCP_DIRECTION_UNKNOWN : PROCTCP_OUTBOUND;
}

/* rank_one maps each socket to its row of rank 1. */
static void link_rows(struct scan *scan, const uint32_t *other_end, const uint32_t *rank_one)
{
    for (uint32_t i = 0; i < scan->rows.count; i++) {
        uint32_t other = other_end[scan->rows.at[i].socket];
        if (other != PROCTCP_NONE)
            scan->rows.at[i].peer = rank_one[other];
    }
}

int peers_find(struct scan *scan)
{
    uint32_t count = scan->sockets.count;
    uint32_t *other_end, *rank_one;
    int status = find_listeners(scan);

    if (status || count == 0)
        return status;
    scan->scratch.count = 0;
    if (!vector_reserve(&scan->scratch, 2 * (uint64_t)count))
        return -ENOMEM;
    scan->scratch.count = 2 * count;
    other_end = scan->scratch.at;
    rank_one = scan->scratch.at + count;
    for (uint32_t i = 0; i < count; i++) {
        struct proctcp_socket *socket = &scan->sockets.at[i];
        other_end[i] = tuples_mirror(scan, i);
        rank_one[i] = PROCTCP_NONE;
        socket->direction = (uint8_t)find_direction(
            scan, socket, other_end[i] == PROCTCP_NONE ? NULL : &scan->sockets.at[other_end[i]]);
    }
    for (uint32_t i = 0; i < scan->rows.count; i++) {
        if (scan->rows.at[i].owner_rank == 1)
            rank_one[scan->rows.at[i].socket] = i;
    }
    link_rows(scan, other_end, rank_one);
    return 0;
}
