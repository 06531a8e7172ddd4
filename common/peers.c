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

/* At the address itself, at 0.0.0.0, or at ::, which takes IPv4 as well. */
static bool has_listener(const struct scan *scan, uint32_t netns, const struct proctcp_address *address, uint16_t port)
{
    struct proctcp_socket place = {.netns = netns, .local_port = port};

    if (!(scan->listening_ports[port / 64] >> port % 64 & 1))
        return false;
    if (listens_at(scan, &place))
        return true;
    if (proctcp_address_is_ipv4(address)) {
        place.local_address = (struct proctcp_address){.bytes = {[10] = 0xff, [11] = 0xff}};
        if (listens_at(scan, &place))
            return true;
    }
    place.local_address = *address;
    return listens_at(scan, &place);
}

/* Without a listener on either side of a connection that stays on this host, nothing tells who began it. other_netns is
 * where the other end is, or NULL. */
static enum proctcp_direction find_direction(const struct scan *scan, const struct proctcp_socket *socket,
                                             const uint32_t *other_netns)
{
    if (socket->state == PROCTCP_LISTEN)
        return PROCTCP_DIRECTION_LISTEN;
    if (!(socket->present & PROCTCP_HAS_REMOTE))
        return PROCTCP_DIRECTION_UNKNOWN;
    if (socket->state == PROCTCP_SYN_SENT)
        return PROCTCP_OUTBOUND;
    if (socket->state == PROCTCP_SYN_RECEIVED ||
        has_listener(scan, socket->netns, &socket->local_address, socket->local_port))
        return PROCTCP_INBOUND;
    if (other_netns && !has_listener(scan, *other_netns, &socket->remote_address, socket->remote_port))
        return PROCTCP_DIRECTION_UNKNOWN;
    return PROCTCP_OUTBOUND;
}

/* The other end is not looked at where it is plain: it lies far away in memory. */
static void find_other_end(struct scan *scan, uint32_t index)
{
    struct proctcp_socket *socket = &scan->sockets.at[index];
    uint32_t other = scan->other_ends.at[index], netns = socket->netns;

    if (other == TUPLES_ASK) {
        other = scan->other_ends.at[index] = tuples_mirror(scan, index);
        if (other != PROCTCP_NONE)
            netns = scan->sockets.at[other].netns;
    }
    socket->direction = (uint8_t)find_direction(scan, socket, other == PROCTCP_NONE ? NULL : &netns);
}

int peers_find(struct scan *scan)
{
    int status = find_listeners(scan);

    if (status)
        return status;
    for (uint32_t i = 0; i < scan->sockets.count; i++)
        find_other_end(scan, i);
    for (uint32_t i = 0; i < scan->rows.count; i++) {
        uint32_t other = scan->other_ends.at[scan->rows.at[i].socket];
        if (other != PROCTCP_NONE)
            scan->rows.at[i].peer = scan->rank_one.at[other];
    }
    return 0;
}
