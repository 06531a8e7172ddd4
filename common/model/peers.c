/* peers.c - the other end of each row on this host, and the direction of each socket. Knows four-tuples and listeners.
 */
#include "scan.h"

#include <errno.h>

static uint64_t place_of(uint32_t netns, uint16_t port)
{
    return (uint64_t)netns << 16 | port;
}

static int compare_listeners(const void *a, const void *b)
{
    const struct listener *x = a, *y = b;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return memcmp(&x->address, &y->address, sizeof(x->address));
}

/* Many sockets may listen at one address and port; one of them says as much as all. */
static int find_listeners(struct scan *scan)
{
    struct listeners *listeners = &scan->listeners;
    uint32_t kept = 0;

    listeners->count = 0;
    memset(scan->listening_ports, 0, sizeof(scan->listening_ports));
    for (uint32_t i = 0; i < scan->sockets.count; i++) {
        const struct proctcp_socket *socket = &scan->sockets.at[i];
        if (socket->state != PROCTCP_LISTEN)
            continue;
        struct listener *slot = vector_push(listeners);
        if (!slot)
            return -ENOMEM;
        *slot = (struct listener){place_of(socket->netns, socket->local_port), socket->local_address};
        scan->listening_ports[socket->local_port / 64] |= 1ull << socket->local_port % 64;
    }
    if (listeners->count)
        qsort(listeners->at, listeners->count, sizeof(listeners->at[0]), compare_listeners);
    for (uint32_t i = 0; i < listeners->count; i++) {
        if (kept == 0 || compare_listeners(&listeners->at[kept - 1], &listeners->at[i]) != 0)
            listeners->at[kept++] = listeners->at[i];
    }
    listeners->count = kept;
    return 0;
}

/* The first listener that is not before one. */
static uint32_t first_from(const struct scan *scan, const struct listener *wanted)
{
    uint32_t low = 0, high = scan->listeners.count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_listeners(&scan->listeners.at[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool listens(const struct scan *scan, const struct listener *wanted)
{
    uint32_t at = first_from(scan, wanted);
    return at < scan->listeners.count && compare_listeners(&scan->listeners.at[at], wanted) == 0;
}

/* At the address itself, at 0.0.0.0, or at ::, which takes IPv4 as well and stands first. */
static bool has_listener(const struct scan *scan, uint32_t netns, const struct proctcp_address *address, uint16_t port)
{
    static const struct proctcp_address any = {{0}}, any_ipv4 = {.bytes = {[10] = 0xff, [11] = 0xff}};
    struct listener wanted = {place_of(netns, port), any};

    if (!(scan->listening_ports[port / 64] >> port % 64 & 1))
        return false;
    const uint32_t first = first_from(scan, &wanted);
    if (first == scan->listeners.count || scan->listeners.at[first].place != wanted.place)
        return false;
    const struct proctcp_address *found = &scan->listeners.at[first].address;
    if (memcmp(found, address, sizeof(any)) == 0 || memcmp(found, &any, sizeof(any)) == 0)
        return true; /* as with most: a port has one listener */
    wanted.address = *address;
    if (listens(scan, &wanted))
        return true;
    wanted.address = any_ipv4;
    return proctcp_address_is_ipv4(address) && listens(scan, &wanted);
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
