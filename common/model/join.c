/* join.c - owners and sockets meet on the inode. Knows nothing of where either comes from. */
#include "scan.h"

#include <errno.h>

/* The first subflow has the lowest cookie. Without cookies, the lowest port; the rest only makes it the same in each
 * scan. */
static int compare_subflows(const struct proctcp_socket *a, const struct proctcp_socket *b)
{
    int order;
    if (a->cookie != b->cookie)
        return a->cookie < b->cookie ? -1 : 1;
    if (a->local_port != b->local_port)
        return a->local_port < b->local_port ? -1 : 1;
    if ((order = memcmp(&a->local_address, &b->local_address, sizeof(a->local_address))) != 0)
        return order;
    if ((order = memcmp(&a->remote_address, &b->remote_address, sizeof(a->remote_address))) != 0)
        return order;
    return (a->remote_port > b->remote_port) - (a->remote_port < b->remote_port);
}

static int compare_keys(const void *a, const void *b, void *sockets)
{
    const struct proctcp_socket *all = sockets;
    return compare_subflows(&all[(uint32_t) * (const uint64_t *)a], &all[(uint32_t) * (const uint64_t *)b]);
}

static void number_subflows(struct scan *scan, uint32_t first, uint32_t count)
{
    uint64_t *group = scan->by_inode.at + first;

    qsort_r(group, count, sizeof(group[0]), compare_keys, scan->sockets.at);
    for (uint32_t i = 0; i < count; i++)
        scan->sockets.at[(uint32_t)group[i]].subflow = (uint16_t)(i + 1);
}

static int order_by_inode(struct scan *scan)
{
    struct keys *keys = &scan->keys, ordered;

    keys->count = 0;
    if (!vector_reserve(keys, scan->sockets.count))
        return -ENOMEM;
    for (uint32_t i = 0; i < scan->sockets.count; i++) {
        if (scan->sockets.at[i].inode)
            keys->at[keys->count++] = (uint64_t)scan->sockets.at[i].inode << 32 | i;
    }
    if (sort_keys(scan) < 0)
        return -ENOMEM;
    ordered = *keys;
    *keys = scan->by_inode;
    scan->by_inode = ordered;
    scan->ordered_by_inode = ordered.count;
    return 0;
}

static uint32_t inode_at(const struct scan *scan, uint32_t position)
{
    return (uint32_t)(scan->by_inode.at[position] >> 32);
}

static uint32_t slot_of(const struct scan *scan, uint32_t inode)
{
    return inode * 2654435761u >> 7 & (scan->inode_map.count - 1);
}

static void map_inode(struct scan *scan, uint32_t position)
{
    struct indices *map = &scan->inode_map;
    uint32_t slot = slot_of(scan, inode_at(scan, position));
    while (map->at[slot] != PROCTCP_NONE)
        slot = (slot + 1) & (map->count - 1);
    map->at[slot] = position;
}

uint32_t join_find(const struct scan *scan, uint32_t inode)
{
    const struct indices *map = &scan->inode_map;
    uint32_t slot = slot_of(scan, inode);
    while (map->at[slot] != PROCTCP_NONE && inode_at(scan, map->at[slot]) != inode)
        slot = (slot + 1) & (map->count - 1);
    return map->at[slot];
}

/* The map holds the position of each inode's first socket. At most half of it is used. */
static int build_map(struct scan *scan)
{
    uint32_t size = 64;

    while (size < UINT32_MAX / 2 && size / 2 <= scan->by_inode.count)
        size *= 2;
    scan->inode_map.count = 0;
    if (!vector_reserve(&scan->inode_map, size))
        return -ENOMEM;
    scan->inode_map.count = size;
    memset(scan->inode_map.at, 0xff, size * sizeof(scan->inode_map.at[0]));
    for (uint32_t i = 0; i < scan->by_inode.count; i++) {
        if (i == 0 || inode_at(scan, i) != inode_at(scan, i - 1))
            map_inode(scan, i);
    }
    return 0;
}

static void find_subflows(struct scan *scan)
{
    for (uint32_t i = 0, next; i < scan->by_inode.count; i = next) {
        for (next = i + 1; next < scan->by_inode.count && inode_at(scan, next) == inode_at(scan, i); next++)
            ;
        if (next - i > 1)
            number_subflows(scan, i, next - i);
    }
}

/* A TCP socket that is in no table. */
static int add_unbound(struct scan *scan, const struct stray *stray, uint32_t *position)
{
    struct proctcp_socket *socket = vector_push(&scan->sockets);
    uint64_t *key = vector_push(&scan->by_inode);
    uint32_t *other_end = vector_push(&scan->other_ends);

    if (!socket || !key || !other_end)
        return -ENOMEM;
    *other_end = PROCTCP_NONE;
    *socket = (struct proctcp_socket){.present = stray->netns ? PROCTCP_HAS_NETNS : 0,
                                      .inode = stray->inode,
                                      .netns = stray->netns,
                                      .subflow = 1,
                                      .state = PROCTCP_CLOSED,
                                      .direction = PROCTCP_DIRECTION_UNKNOWN,
                                      .family = stray->family,
                                      .timer = PROCTCP_TIMER_NONE};
    *key = (uint64_t)stray->inode << 32 | (scan->sockets.count - 1);
    *position = scan->by_inode.count - 1;
    scan->stats.unbound++;
    if (scan->by_inode.count >= scan->inode_map.count / 2)
        return build_map(scan);
    map_inode(scan, *position);
    return 0;
}

/* Whether any of the owner's sockets matters to the selection. */
static bool matters(const struct scan *scan, const struct owner *owner)
{
    for (uint32_t at = owner->group; at < scan->by_inode.count && inode_at(scan, at) == owner->inode; at++) {
        if (!scan->selection || select_matters(scan->selection, &scan->sockets.at[(uint32_t)scan->by_inode.at[at]]))
            return true;
    }
    return false;
}

/* 1: the owner's socket is TCP, and owner->group is set, or will be by the next join. 0: it is not, or it does not
 * matter, or nothing can be said of it: only what is not in tables that were read whole is known to be closed. */
static int match(struct scan *scan, struct owner *owner)
{
    struct stray stray;
    int status;

    owner->group = join_find(scan, owner->inode);
    if (owner->group != PROCTCP_NONE)
        return matters(scan, owner);
    if (!select_unbound(scan->selection) || !namespaces_may_be_held_from(scan, scan->visits.at[owner->visit].netns))
        return 0;
    status = strays_ask(scan, owner, &stray);
    if (status != 1)
        return status < 0 ? status : status == 2; /* kept until its namespace has been read */
    if (!namespaces_complete(scan, stray.netns ? stray.netns : scan->visits.at[owner->visit].netns)) {
        scan->stats.unread++;
        return 0;
    }
    status = add_unbound(scan, &stray, &owner->group);
    return status ? status : 1;
}

void join_undo(struct scan *scan)
{
    scan->sockets.count -= scan->stats.unbound;
    scan->stats.unbound = 0;
}

int join_owners(struct scan *scan)
{
    uint32_t kept = 0;
    int status = order_by_inode(scan);

    if (status)
        return status;
    find_subflows(scan);
    status = build_map(scan);
    if (status)
        return status;
    for (uint32_t v = 0; v < scan->visits.count; v++) {
        struct visit *visit = &scan->visits.at[v];
        uint32_t first = visit->first_owner, last = first + visit->owner_count;
        visit->first_owner = kept;
        for (uint32_t i = first; i < last; i++) {
            int matched = match(scan, &scan->owners.at[i]);
            if (matched < 0)
                return matched;
            if (matched)
                scan->owners.at[kept++] = scan->owners.at[i];
        }
        visit->owner_count = kept - visit->first_owner;
    }
    scan->owners.count = kept;
    return 0;
}
