/* sink.c - what sources found, written down once. Knows what makes two findings the same; nothing of who found them. */
#include "capture/sink.h"

#include <stdlib.h>
#include <sys/mman.h>

/* ---- processes and owners ---- */

int64_t sink_process(struct inquiry *inquiry, int32_t pid)
{
    struct processes *processes = &inquiry->capture->processes;
    struct process *process;

    if (processes->count && processes->at[processes->count - 1].pid == pid)
        return processes->count - 1;
    process = vector_push(processes);
    if (!process)
        return -ENOMEM;
    *process = (struct process){.pid = pid,
                                .uid = UINT32_MAX,
                                .first_owner = inquiry->capture->owners.count,
                                .facts = PROCTCP_NONE,
                                .is_selected = true};
    return processes->count - 1;
}

int sink_owner(struct inquiry *inquiry, int32_t fd, uint32_t inode)
{
    struct owner *owner = vector_push(&inquiry->capture->owners);
    if (!owner)
        return -ENOMEM;
    *owner = (struct owner){.inode = inode, .fd = fd, .socket = PROCTCP_NONE};
    return 0;
}

static int compare_owners(const void *a, const void *b)
{
    const struct owner *x = a, *y = b;
    if (x->fd != y->fd)
        return x->fd < y->fd ? -1 : 1;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

void sink_owners_end(struct inquiry *inquiry, uint32_t index)
{
    struct owners *owners = &inquiry->capture->owners;
    struct process *process = &inquiry->capture->processes.at[index];
    const uint32_t count = owners->count - process->first_owner;
    struct owner *first = count ? owners->at + process->first_owner : NULL;
    uint32_t kept = 0;
    bool ordered = true;

    /* A procfs lists descriptors in ascending order; other file systems, on which recorded trees stand, do not. */
    for (uint32_t i = 1; i < count && ordered; i++)
        ordered = compare_owners(&first[i - 1], &first[i]) < 0;
    if (!ordered) {
        qsort(first, count, sizeof(*first), compare_owners);
        for (uint32_t i = 0; i < count; i++) {
            if (kept == 0 || compare_owners(&first[kept - 1], &first[i]) != 0)
                first[kept++] = first[i];
        }
        owners->count = process->first_owner + kept;
    }
    process->owner_count = owners->count - process->first_owner;
}

int sink_owners_again(struct inquiry *inquiry, uint32_t index)
{
    struct owners *owners = &inquiry->capture->owners;
    struct process *process = &inquiry->capture->processes.at[index];
    const uint32_t first = process->first_owner, moved = owners->count;

    if (!vector_reserve(owners, (uint64_t)owners->count + process->owner_count + 1))
        return -ENOMEM;
    if (process->owner_count)
        memcpy(owners->at + moved, owners->at + first, process->owner_count * sizeof(owners->at[0]));
    owners->count += process->owner_count;
    process->first_owner = moved;
    return 0;
}

/* ---- sockets ---- */

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static uint64_t mix_address(uint64_t h, const struct proctcp_address *address, uint16_t port)
{
    uint64_t words[2];
    memcpy(words, address->bytes, sizeof(words));
    return mix(mix(h, words[0] ^ port), words[1]);
}

/* A socket is the same as another by its cookie; without one, by its inode and endpoints. Without an inode, too, the
 * namespace must be the same: private addresses repeat. Those that have an inode are looked for under that; one whose
 * inode came or went while a table was read is left over beside itself, which the model finds by its four-tuple. */
static uint32_t identity_key(const struct inquiry *inquiry, const struct proctcp_socket *socket)
{
    uint64_t h = inquiry->config->seed;

    if (socket->present & PROCTCP_HAS_COOKIE)
        return (uint32_t)(mix(h, socket->cookie) >> 32);
    h = mix(h, socket->netns);
    h = mix_address(h, &socket->local_address, socket->local_port);
    return (uint32_t)(mix_address(h, &socket->remote_address, socket->remote_port) >> 32);
}

static bool is_same(const struct proctcp_socket *a, const struct proctcp_socket *b)
{
    if (a->present & b->present & PROCTCP_HAS_COOKIE)
        return a->cookie == b->cookie;
    return ((a->present ^ b->present) & PROCTCP_HAS_COOKIE) == 0 && a->inode == b->inode &&
           (a->inode || a->netns == b->netns) && is_same_tuple(a, b) &&
           (a->state == PROCTCP_LISTEN) == (b->state == PROCTCP_LISTEN);
}

struct proctcp_socket *sink_next_socket(struct inquiry *inquiry)
{
    return vector_push(&inquiry->capture->sockets);
}

static bool is_zero(const struct proctcp_impairment *impairment)
{
    static const struct proctcp_impairment none = {0};
    return memcmp(impairment, &none, sizeof(none)) == 0;
}

static int keep_sibling(struct inquiry *inquiry, const struct proctcp_socket *socket)
{
    struct sibling *sibling = vector_push(&inquiry->capture->siblings);
    if (!sibling)
        return -ENOMEM;
    *sibling = (struct sibling){.inode = socket->inode,
                                .cookie = socket->present & PROCTCP_HAS_COOKIE ? socket->cookie : 0,
                                .local_port = socket->local_port,
                                .remote_port = socket->remote_port,
                                .local_address = socket->local_address,
                                .remote_address = socket->remote_address};
    return 0;
}

static int keep_impairment(struct inquiry *inquiry, struct proctcp_socket *socket,
                           const struct proctcp_impairment *impairment)
{
    struct proctcp_impairment *kept;

    if (!impairment || is_zero(impairment))
        return 0;
    kept = vector_push(&inquiry->capture->impairments);
    if (!kept)
        return -ENOMEM;
    *kept = *impairment;
    socket->impairment = inquiry->capture->impairments.count - 1;
    return 0;
}

/* Touches memory that is about to be filled at once: page by page costs the kernel more. */
static void populate(const struct inquiry *inquiry, void *at, size_t size)
{
#ifdef MADV_POPULATE_WRITE
    const size_t page = 4096, at_once = 4096 * page;
    const uintptr_t begin = ((uintptr_t)at + page - 1) & ~(page - 1), end = ((uintptr_t)at + size) & ~(page - 1);
    size_t part;

    if (end <= begin + 64 * page)
        return;
    for (uintptr_t next = begin; next < end && !inquiry_is_cancelled(inquiry); next += part) {
        part = end - next < at_once ? end - next : at_once;
        if (madvise((void *)next, part, MADV_POPULATE_WRITE) < 0)
            return; /* before 5.14: it is as it was */
    }
#else
    (void)inquiry;
    (void)at;
    (void)size;
#endif
}

void sink_expect(struct inquiry *inquiry, uint64_t at_most)
{
    (void)(vector_reserve(&inquiry->capture->sockets, at_most) && vector_reserve(&inquiry->inodes, at_most));
}

int sink_reserve(struct inquiry *inquiry, uint64_t expected)
{
    const uint64_t sockets = expected + expected / 16 + 1;
    struct sockets *vector = &inquiry->capture->sockets;
    const uint32_t capacity = vector->capacity;

    if (!vector_reserve(vector, sockets) || !vector_reserve(&inquiry->inodes, sockets))
        return -ENOMEM;
    if (vector->capacity > capacity && vector->count == 0)
        populate(inquiry, vector->at, (size_t)expected * sizeof(vector->at[0]));
    return 0;
}

int sink_socket(struct inquiry *inquiry, struct proctcp_socket *socket, uint32_t netns,
                const struct proctcp_impairment *impairment, bool may_be_subflow)
{
    struct capture *capture = inquiry->capture;

    socket->netns = netns;
    if (netns)
        socket->present |= PROCTCP_HAS_NETNS;
    if (!inquiry->config->every_socket && !select_matters(inquiry->config->selection, socket)) {
        int status = may_be_subflow && socket->inode ? keep_sibling(inquiry, socket) : 0;
        capture->sockets.count--;
        return status;
    }
    socket->first_seen = (uint32_t)capture->stats.time;
    if (!indices_push(&inquiry->inodes, socket->inode))
        return -ENOMEM;
    return keep_impairment(inquiry, socket, impairment);
}

/* ---- each once ---- */

#define STEPS_AHEAD 8

/* Puts it under its inode, or if it has none under its identity. Finds out whether it is there already, in *known. */
static int index_socket(struct inquiry *inquiry, uint32_t index, uint32_t *known)
{
    struct capture *capture = inquiry->capture;
    const uint32_t inode = inquiry->inodes.at[index];
    struct hash *table = inode ? &capture->by_inode : &inquiry->without_inode;
    const uint32_t key = inode ? inode : identity_key(inquiry, &capture->sockets.at[index]);
    struct hash_walk walk;

    *known = hash_first(table, key, &walk);
    while (*known != HASH_NONE && !is_same(&capture->sockets.at[index], &capture->sockets.at[*known]))
        *known = hash_next(table, &walk);
    if (*known != HASH_NONE)
        return 0;
    const bool is_shared = hash_put(table, key, index) && inode;
    return is_shared && !indices_push(&capture->shared, key) ? -ENOMEM : 0;
}

static uint32_t count_without_inode(const struct indices *inodes)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < inodes->count; i++)
        count += inodes->at[i] == 0;
    return count;
}

static void drop_duplicates(struct inquiry *inquiry)
{
    struct sockets *sockets = &inquiry->capture->sockets;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < sockets->count; i++) {
        if (!sockets->at[i].state)
            continue;
        inquiry->inodes.at[kept] = inquiry->inodes.at[i];
        sockets->at[kept++] = sockets->at[i];
    }
    sockets->count = inquiry->inodes.count = kept;
}

/* All at once: between the kernel's answers every look at a table would find the processor's caches full of other
 * things. */
int sink_sockets_end(struct inquiry *inquiry)
{
    struct capture *capture = inquiry->capture;
    const uint32_t count = capture->sockets.count;
    uint32_t duplicates = 0;

    if (!hash_reserve(&capture->by_inode, count) ||
        !hash_reserve(&inquiry->without_inode, count_without_inode(&inquiry->inodes)))
        return -ENOMEM;
    for (uint32_t i = inquiry->indexed; i < count; i++) {
        uint32_t known;
        if (i + STEPS_AHEAD < count)
            hash_prefetch(&capture->by_inode, inquiry->inodes.at[i + STEPS_AHEAD]);
        if (index_socket(inquiry, i, &known) < 0)
            return -ENOMEM;
        if (known == HASH_NONE)
            continue;
        capture->sockets.at[known] = capture->sockets.at[i];
        capture->sockets.at[i].state = 0;
        duplicates++;
    }
    inquiry->indexed = count;
    if (!duplicates)
        return 0;
    capture->stats.duplicates += duplicates;
    drop_duplicates(inquiry);
    return sink_take_back(inquiry, sink_mark(inquiry)); /* indices behind the first have moved */
}

bool sink_knows(const struct inquiry *inquiry, uint32_t inode, uint64_t cookie)
{
    const struct capture *capture = inquiry->capture;
    struct hash_walk walk;
    uint32_t i = hash_first(&capture->by_inode, inode, &walk);

    while (i != HASH_NONE && capture->sockets.at[i].cookie != cookie)
        i = hash_next(&capture->by_inode, &walk);
    return i != HASH_NONE;
}

int sink_congestion_name(struct inquiry *inquiry, const char *text, size_t length, uint8_t *index)
{
    struct congestion_names *names = &inquiry->capture->congestion_names;

    for (uint32_t i = 0; i < names->count; i++) {
        if (strlen(names->at[i]) == length && memcmp(names->at[i], text, length) == 0) {
            *index = (uint8_t)i;
            return 0;
        }
    }
    *index = 0;
    if (names->count > UINT8_MAX) /* there are a handful; more have no name here */
        return 0;
    const char *copy = arena_copy(&inquiry->capture->strings, text, length);
    const char **slot = copy ? vector_push(names) : NULL;
    if (!slot)
        return -ENOMEM;
    *slot = copy;
    *index = (uint8_t)(names->count - 1);
    return 0;
}

struct sink_mark sink_mark(const struct inquiry *inquiry)
{
    const struct capture *capture = inquiry->capture;
    return (struct sink_mark){capture->sockets.count, capture->impairments.count, capture->siblings.count};
}

int sink_take_back(struct inquiry *inquiry, struct sink_mark mark)
{
    struct capture *capture = inquiry->capture;
    const bool was_indexed = inquiry->indexed > mark.sockets || inquiry->indexed > capture->sockets.count;

    capture->sockets.count = inquiry->inodes.count = mark.sockets;
    capture->impairments.count = mark.impairments;
    capture->siblings.count = mark.siblings;
    if (!was_indexed)
        return 0;
    capture->shared.count = 0;
    inquiry->indexed = 0;
    if (!hash_begin(&inquiry->without_inode, 1) || !hash_begin(&capture->by_inode, (uint64_t)mark.sockets + 1))
        return -ENOMEM;
    return sink_sockets_end(inquiry);
}

/* ---- namespaces ---- */

struct netns *sink_find_netns(const struct inquiry *inquiry, uint32_t inode)
{
    uint32_t index = hash_find(&inquiry->netns_by_inode, inode);
    return index == HASH_NONE ? NULL : &inquiry->capture->namespaces.at[index];
}

struct netns *sink_netns(struct inquiry *inquiry, uint32_t inode, uint32_t process, bool own, int *status)
{
    struct namespaces *namespaces = &inquiry->capture->namespaces;
    struct netns *netns;

    *status = 0;
    if (sink_find_netns(inquiry, inode) || !select_netns(inquiry->config->selection, &inquiry->named_netns, inode, own))
        return NULL;
    netns = hash_reserve(&inquiry->netns_by_inode, (uint64_t)namespaces->count + 1) ? vector_push(namespaces) : NULL;
    if (!netns) {
        *status = -ENOMEM;
        return NULL;
    }
    *netns = (struct netns){.shown.inode = inode, .process = process, .own = own, .fd = -1};
    hash_put(&inquiry->netns_by_inode, inode, namespaces->count - 1);
    return netns;
}
