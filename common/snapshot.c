/* snapshot.c - freezes what the stages made: counts what nobody holds, gives the memory to an immutable snapshot, and
 * counts its references. */
#include "scan.h"

#include <errno.h>
#include <stdatomic.h>

struct snapshot {
    struct proctcp_snapshot shown; /* first, so that one address serves for both */
    atomic_uint references;
    struct arena strings;
    uint32_t *with_inode;
    uint32_t with_inode_count;
};

struct counts VECTOR(struct proctcp_unattributed);

static int compare_counts(const void *a, const void *b)
{
    const struct proctcp_unattributed *x = a, *y = b;
    if (x->netns != y->netns)
        return x->netns < y->netns ? -1 : 1;
    return (x->state > y->state) - (x->state < y->state);
}

/* Sockets of a namespace stand together, as its tables were read, so that the last count found is mostly the next one
 * wanted too. */
static int count_unattributed(struct scan *scan, struct counts *counts)
{
    uint32_t last[PROCTCP_STATES];
    uint32_t netns = 0;
    bool any = false;

    for (uint32_t i = 0; i < scan->sockets.count; i++) {
        const struct proctcp_socket *socket = &scan->sockets.at[i];
        if (socket->owners)
            continue;
        if (!any || socket->netns != netns) {
            memset(last, 0xff, sizeof(last));
            netns = socket->netns;
            any = true;
        }
        if (last[socket->state] == PROCTCP_NONE) {
            struct proctcp_unattributed *count = vector_push(counts);
            if (!count)
                return -ENOMEM;
            *count = (struct proctcp_unattributed){.netns = netns, .state = socket->state};
            last[socket->state] = counts->count - 1;
        }
        counts->at[last[socket->state]].sockets++;
        scan->stats.unattributed++;
    }
    if (counts->count)
        qsort(counts->at, counts->count, sizeof(counts->at[0]), compare_counts);
    return 0;
}

/* Gives back what growing left over; a vector that cannot shrink serves as it is. */
static void *take(void *at_member, uint32_t count, size_t size)
{
    void *at, *smaller;

    memcpy(&at, at_member, sizeof(at));
    memset(at_member, 0, sizeof(at));
    if (!at || count == 0) {
        free(at);
        return NULL;
    }
    smaller = realloc(at, (size_t)count * size);
    if (!smaller)
        return at;
    return smaller;
}

static int compare_namespaces(const void *a, const void *b)
{
    uint32_t x = ((const struct proctcp_netns *)a)->inode, y = ((const struct proctcp_netns *)b)->inode;
    return (x > y) - (x < y);
}

static struct proctcp_netns *copy_namespaces(const struct scan *scan)
{
    struct proctcp_netns *copy = malloc((scan->namespaces.count + 1) * sizeof(*copy));
    if (!copy)
        return NULL;
    for (uint32_t i = 0; i < scan->namespaces.count; i++)
        copy[i] = scan->namespaces.at[i].shown;
    qsort(copy, scan->namespaces.count, sizeof(*copy), compare_namespaces);
    return copy;
}

int snapshot_freeze(struct scan *scan, const struct proctcp_snapshot **snapshot)
{
    struct counts counts = {0};
    struct snapshot *frozen = NULL;
    struct proctcp_netns *namespaces = NULL;
    const char *failure = "";
    int status = count_unattributed(scan, &counts);

    if (status)
        goto out;
    status = -ENOMEM;
    if (scan->failure[0])
        failure = arena_copy(&scan->strings, scan->failure, strlen(scan->failure));
    if (!failure)
        goto out;
    namespaces = copy_namespaces(scan);
    frozen = malloc(sizeof(*frozen));
    if (!frozen || !namespaces)
        goto out;
    scan->stats.failure = failure;
    scan->stats.rows = scan->rows.count;
    scan->stats.sockets = scan->sockets.count;
    scan->stats.processes = scan->processes.count;
    frozen->shown = (struct proctcp_snapshot){.row_count = scan->rows.count,
                                              .socket_count = scan->sockets.count,
                                              .process_count = scan->processes.count,
                                              .unattributed_count = counts.count,
                                              .stats = scan->stats};
    frozen->shown.rows = take(&scan->rows.at, scan->rows.count + scan->tail.rows, sizeof(scan->rows.at[0]));
    frozen->shown.sockets =
        take(&scan->sockets.at, scan->sockets.count + scan->tail.sockets, sizeof(scan->sockets.at[0]));
    frozen->shown.processes =
        take(&scan->processes.at, scan->processes.count + scan->tail.processes, sizeof(scan->processes.at[0]));
    frozen->shown.unattributed = take(&counts.at, counts.count, sizeof(counts.at[0]));
    frozen->shown.trouble_count = scan->troubles.count;
    frozen->shown.troubles = take(&scan->troubles.at, scan->troubles.count, sizeof(scan->troubles.at[0]));
    frozen->shown.words = take(&scan->words.at, scan->words.count, sizeof(scan->words.at[0]));
    frozen->shown.namespaces = namespaces;
    frozen->shown.namespace_count = scan->namespaces.count;
    frozen->with_inode_count = scan->with_inode.count;
    frozen->with_inode = take(&scan->with_inode.at, scan->with_inode.count, sizeof(scan->with_inode.at[0]));
    frozen->strings = scan->strings;
    scan->rows.count = scan->rows.capacity = 0;
    scan->sockets.count = scan->sockets.capacity = 0;
    scan->processes.count = scan->processes.capacity = 0;
    scan->troubles.count = scan->troubles.capacity = 0;
    scan->with_inode.count = scan->with_inode.capacity = 0;
    scan->words.count = scan->words.capacity = 0;
    scan->strings = (struct arena){0};
    atomic_init(&frozen->references, 1);
    *snapshot = &frozen->shown;
    return 0;
out:
    free(counts.at);
    free(namespaces);
    free(frozen);
    return status;
}

/* The count of references is the one thing in a snapshot that changes. */
static struct snapshot *thaw(const struct proctcp_snapshot *snapshot)
{
    return (struct snapshot *)(uintptr_t)snapshot;
}

const uint32_t *snapshot_with_inode(const struct proctcp_snapshot *snapshot, uint32_t *count)
{
    const struct snapshot *frozen = thaw(snapshot);
    *count = frozen->with_inode_count;
    return frozen->with_inode;
}

const struct proctcp_snapshot *proctcp_snapshot_ref(const struct proctcp_snapshot *snapshot)
{
    atomic_fetch_add_explicit(&thaw(snapshot)->references, 1, memory_order_relaxed);
    return snapshot;
}

void proctcp_snapshot_unref(const struct proctcp_snapshot *snapshot)
{
    struct snapshot *frozen = snapshot ? thaw(snapshot) : NULL;

    if (!frozen || atomic_fetch_sub_explicit(&frozen->references, 1, memory_order_acq_rel) != 1)
        return;
    free((void *)(uintptr_t)frozen->shown.rows);
    free((void *)(uintptr_t)frozen->shown.sockets);
    free((void *)(uintptr_t)frozen->shown.processes);
    free((void *)(uintptr_t)frozen->shown.unattributed);
    free((void *)(uintptr_t)frozen->shown.namespaces);
    free((void *)(uintptr_t)frozen->shown.troubles);
    free((void *)(uintptr_t)frozen->shown.words);
    free(frozen->with_inode);
    arena_free(&frozen->strings);
    free(frozen);
}
