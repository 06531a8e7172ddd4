/* sink.c - what sources found, written down once. Knows what makes two findings the same; nothing of who found them. */
#include "capture/sink.h"

#include <stdlib.h>

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
    struct owner *first = owners->at + process->first_owner;
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
 * namespace must be the same: private addresses repeat. */
static uint32_t identity_key(const struct inquiry *inquiry, const struct proctcp_socket *socket)
{
    uint64_t h = inquiry->config->seed;

    if (socket->present & PROCTCP_HAS_COOKIE)
        return (uint32_t)(mix(h, socket->cookie) >> 32);
    h = mix(h, socket->inode ? socket->inode : (uint64_t)socket->netns << 32);
    h = mix_address(h, &socket->local_address, socket->local_port);
    return (uint32_t)(mix_address(h, &socket->remote_address, socket->remote_port) >> 32);
}

static bool same_address(const struct proctcp_address *a, const struct proctcp_address *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static bool is_same(const struct proctcp_socket *a, const struct proctcp_socket *b)
{
    if (a->present & b->present & PROCTCP_HAS_COOKIE)
        return a->cookie == b->cookie;
    return ((a->present ^ b->present) & PROCTCP_HAS_COOKIE) == 0 && a->inode == b->inode &&
           (a->inode || a->netns == b->netns) && a->local_port == b->local_port && a->remote_port == b->remote_port &&
           (a->state == PROCTCP_LISTEN) == (b->state == PROCTCP_LISTEN) &&
           same_address(&a->local_address, &b->local_address) && same_address(&a->remote_address, &b->remote_address);
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

int sink_socket(struct inquiry *inquiry, struct proctcp_socket *socket, uint32_t netns,
                const struct proctcp_impairment *impairment, bool may_be_subflow)
{
    struct sockets *sockets = &inquiry->capture->sockets;
    const uint32_t index = sockets->count - 1;
    struct hash_walk walk;
    uint32_t key;

    socket->netns = netns;
    if (netns)
        socket->present |= PROCTCP_HAS_NETNS;
    if (!inquiry->config->every_socket && !select_matters(inquiry->config->selection, socket)) {
        int status = may_be_subflow && socket->inode ? keep_sibling(inquiry, socket) : 0;
        sockets->count--;
        return status;
    }
    if (keep_impairment(inquiry, socket, impairment) < 0)
        return -ENOMEM;
    if ((uint64_t)sockets->count * 2 > inquiry->by_identity.count &&
        !hash_reserve(&inquiry->by_identity, sockets->count))
        return -ENOMEM;
    key = identity_key(inquiry, socket);
    for (uint32_t other = hash_first(&inquiry->by_identity, key, &walk); other != HASH_NONE;
         other = hash_next(&inquiry->by_identity, &walk)) {
        struct proctcp_socket *earlier = &sockets->at[other];
        if (!is_same(socket, earlier))
            continue;
        if (socket->inode || !earlier->inode)
            *earlier = *socket;
        inquiry->capture->stats.duplicates++;
        sockets->count--;
        return 0;
    }
    hash_put(&inquiry->by_identity, key, index);
    return 0;
}

int sink_congestion_name(struct inquiry *inquiry, const char *text, size_t length, uint8_t *index)
{
    struct congestion_names *names = &inquiry->capture->congestion_names;

    for (uint32_t i = 0; i < names->count; i++) {
        if (strncmp(names->at[i], text, length) == 0 && names->at[i][length] == '\0') {
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

    if (capture->sockets.count == mark.sockets && capture->siblings.count == mark.siblings)
        return 0;
    capture->sockets.count = mark.sockets;
    capture->impairments.count = mark.impairments;
    capture->siblings.count = mark.siblings;
    if (!hash_begin(&inquiry->by_identity, (uint64_t)mark.sockets + 1))
        return -ENOMEM;
    for (uint32_t i = 0; i < mark.sockets; i++) {
        struct proctcp_socket *socket = &capture->sockets.at[i];
        if (socket->impairment >= mark.impairments)
            socket->impairment = 0; /* of a record that took the place of an earlier one */
        hash_put(&inquiry->by_identity, identity_key(inquiry, socket), i);
    }
    return 0;
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
    netns = vector_push(namespaces);
    if (!netns || !hash_reserve(&inquiry->netns_by_inode, namespaces->count)) {
        *status = -ENOMEM;
        return NULL;
    }
    *netns = (struct netns){.shown.inode = inode, .process = process, .own = own, .fd = -1};
    hash_put(&inquiry->netns_by_inode, inode, namespaces->count - 1);
    return netns;
}
