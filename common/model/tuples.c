/* tuples.c - sockets by four-tuple: finds what a table showed twice, and the other end of a connection on this host.
 * Knows addresses and ports, and nothing of who holds a socket. */
#include "scan.h"

#include <errno.h>

/* The same for both ends of a connection, so that they meet in one place of the table. */
static uint64_t hash_endpoint(uint64_t seed, const struct proctcp_address *address, uint16_t port)
{
    uint64_t high, low;
    memcpy(&high, address->bytes, sizeof(high));
    memcpy(&low, address->bytes + 8, sizeof(low));
    uint64_t h = (high ^ port ^ seed) * 0x9e3779b97f4a7c15u;
    h = (h ^ h >> 32 ^ low ^ (uint64_t)port << 16) * 0xbf58476d1ce4e5b9u;
    return h ^ h >> 29;
}

static uint64_t hash_tuple(uint64_t seed, const struct proctcp_socket *socket)
{
    uint64_t h = hash_endpoint(seed, &socket->local_address, socket->local_port);

    /* Listeners may share address and port; their inodes keep them apart. */
    if (socket->state == PROCTCP_LISTEN)
        return h + socket->inode * 0x94d049bb133111ebu;
    return h + hash_endpoint(seed, &socket->remote_address, socket->remote_port);
}

static bool same_address(const struct proctcp_address *a, const struct proctcp_address *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static bool same_tuple(const struct proctcp_socket *a, const struct proctcp_socket *b)
{
    return a->local_port == b->local_port && a->remote_port == b->remote_port &&
           same_address(&a->local_address, &b->local_address) && same_address(&a->remote_address, &b->remote_address);
}

/* One socket seen twice: the same inode, be it in the tables of two namespaces (a process moved while they were read),
 * or one of the two without any, as it is while a connection is being made or torn down. Two inodes are two sockets:
 * bound to different interfaces, they may share a four-tuple. */
static bool same_socket(const struct proctcp_socket *a, const struct proctcp_socket *b)
{
    if ((a->state == PROCTCP_LISTEN) != (b->state == PROCTCP_LISTEN))
        return false;
    if (a->inode != b->inode && a->inode != 0 && b->inode != 0)
        return false;
    return (a->netns == b->netns || (a->inode && a->inode == b->inode)) && same_tuple(a, b);
}

static bool is_mirror(const struct proctcp_socket *a, const struct proctcp_socket *b)
{
    return a->local_port == b->remote_port && a->remote_port == b->local_port && b->state != PROCTCP_LISTEN &&
           same_address(&a->local_address, &b->remote_address) && same_address(&a->remote_address, &b->local_address);
}

static void note_other_end(struct scan *scan, uint32_t index, uint32_t other)
{
    uint32_t *noted = &scan->other_ends.at[index];
    bool is_near = scan->sockets.at[index].netns == scan->sockets.at[other].netns;
    *noted = *noted == PROCTCP_NONE && is_near ? other : TUPLES_ASK;
}

static uint32_t map_size(uint32_t count)
{
    uint32_t size = 64;
    while (size < UINT32_MAX / 2 && size / 2 < count)
        size *= 2;
    return size;
}

/* Puts sockets in the table. A socket found there before is marked with state 0, the one with less to say of the two.
 * Returns how many were marked. */
static uint32_t fill(struct scan *scan)
{
    struct indices *map = &scan->tuple_map;
    uint32_t mask = map->count - 1, duplicates = 0;

    memset(map->at, 0xff, map->count * sizeof(map->at[0]));
    memset(scan->other_ends.at, 0xff, scan->sockets.count * sizeof(scan->other_ends.at[0]));
    for (uint32_t i = 0; i < scan->sockets.count; i++) {
        struct proctcp_socket *socket = &scan->sockets.at[i];
        uint32_t slot = (uint32_t)hash_tuple(scan->seed, socket) & mask;
        for (; map->at[slot] != PROCTCP_NONE; slot = (slot + 1) & mask) {
            struct proctcp_socket *other = &scan->sockets.at[map->at[slot]];
            if (!same_socket(socket, other)) {
                if (socket->present & other->present & PROCTCP_HAS_REMOTE && is_mirror(socket, other)) {
                    note_other_end(scan, i, map->at[slot]);
                    note_other_end(scan, map->at[slot], i);
                }
                continue;
            }
            /* The later one is nearer to the truth, unless only the earlier one can be attributed. */
            struct proctcp_socket *loser = socket->inode == 0 && other->inode != 0 ? socket : other;
            loser->state = 0;
            duplicates++;
            if (loser == socket)
                break;
            map->at[slot] = PROCTCP_NONE;
            break;
        }
        if (!socket->state)
            continue;
        map->at[slot] = i;
        if (socket->present & PROCTCP_HAS_REMOTE && is_mirror(socket, socket)) /* connected to itself */
            note_other_end(scan, i, i);
    }
    return duplicates;
}

static void drop_marked(struct sockets *sockets)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sockets->count; i++) {
        if (sockets->at[i].state)
            sockets->at[kept++] = sockets->at[i];
    }
    sockets->count = kept;
}

int tuples_index(struct scan *scan)
{
    uint32_t duplicates;

    scan->other_ends.count = 0;
    if (!vector_reserve(&scan->other_ends, scan->sockets.count + 1))
        return -ENOMEM;
    do {
        scan->tuple_map.count = 0;
        if (!vector_reserve(&scan->tuple_map, map_size(scan->sockets.count)))
            return -ENOMEM;
        scan->tuple_map.count = map_size(scan->sockets.count);
        duplicates = fill(scan);
        if (duplicates) {
            scan->stats.duplicates += duplicates;
            drop_marked(&scan->sockets);
        }
    } while (duplicates);
    scan->other_ends.count = scan->sockets.count;
    return 0;
}

/* 127.0.0.0/8 and ::1 do not leave their namespace. */
static bool is_loopback(const struct proctcp_address *address)
{
    static const struct proctcp_address ipv6_loopback = {.bytes = {[15] = 1}};
    if (proctcp_address_is_ipv4(address))
        return address->bytes[12] == 127;
    return same_address(address, &ipv6_loopback);
}

static bool stays_in_its_namespace(const struct proctcp_socket *socket)
{
    return is_loopback(&socket->local_address) || is_loopback(&socket->remote_address);
}

static inline uint32_t next_mirror(const struct scan *scan, uint32_t index, uint32_t *slot)
{
    const struct indices *map = &scan->tuple_map;
    const struct proctcp_socket *socket = &scan->sockets.at[index];
    const uint32_t mask = map->count - 1;

    if (!(socket->present & PROCTCP_HAS_REMOTE))
        return PROCTCP_NONE;
    for (uint32_t at = *slot == PROCTCP_NONE ? (uint32_t)hash_tuple(scan->seed, socket) & mask : (*slot + 1) & mask;
         map->at[at] != PROCTCP_NONE; at = (at + 1) & mask) {
        const struct proctcp_socket *other = &scan->sockets.at[map->at[at]];
        if (is_mirror(socket, other) && (other->netns == socket->netns || !stays_in_its_namespace(socket))) {
            *slot = at;
            return map->at[at];
        }
    }
    return PROCTCP_NONE;
}

uint32_t tuples_next_mirror(const struct scan *scan, uint32_t socket, uint32_t *slot)
{
    return next_mirror(scan, socket, slot);
}

/* The same namespace first. In others, private addresses repeat: the other end must be the only one that fits. Of two
 * that fit in the same place, one is what is left of an earlier connection: it has no holder. */
uint32_t tuples_mirror(const struct scan *scan, uint32_t index)
{
    const struct proctcp_socket *socket = &scan->sockets.at[index];
    uint32_t far = PROCTCP_NONE, near = PROCTCP_NONE;
    bool ambiguous = false;

    for (uint32_t slot = PROCTCP_NONE, candidate; (candidate = next_mirror(scan, index, &slot)) != PROCTCP_NONE;) {
        const struct proctcp_socket *other = &scan->sockets.at[candidate];
        if (other->netns == socket->netns) {
            if (near == PROCTCP_NONE || other->owners)
                near = candidate;
        } else if (far == PROCTCP_NONE) {
            far = candidate;
        } else {
            ambiguous = true;
        }
    }
    if (near != PROCTCP_NONE)
        return near;
    return ambiguous ? PROCTCP_NONE : far;
}
