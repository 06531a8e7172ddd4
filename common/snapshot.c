/* snapshot.c - freezes a finished model: gives its memory to an immutable snapshot, and counts its references. */
#include "snapshot.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

struct snapshot {
    struct proctcp_snapshot shown; /* first, so that one address serves for both */
    atomic_uint references;
    struct arena strings;
};

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

static struct proctcp_netns *copy_namespaces(const struct capture *capture, uint32_t *count)
{
    struct proctcp_netns *copy = malloc((capture->namespaces.count + 1) * sizeof(*copy));

    *count = 0;
    for (uint32_t i = 0; copy && i < capture->namespaces.count; i++) {
        if (!capture->namespaces.at[i].ended)
            copy[(*count)++] = capture->namespaces.at[i].shown;
    }
    if (copy)
        qsort(copy, *count, sizeof(*copy), compare_namespaces);
    return copy;
}

#define TAKE(v, behind) take(&(v).at, (v).count + (behind), sizeof((v).at[0]))

int snapshot_freeze(struct model *model, struct capture *capture, const struct proctcp_snapshot **snapshot)
{
    struct snapshot *frozen = malloc(sizeof(*frozen));
    uint32_t namespace_count;
    struct proctcp_netns *namespaces = copy_namespaces(capture, &namespace_count);
    const char *failure = "";

    if (capture->failure[0])
        failure = arena_copy(&capture->strings, capture->failure, strlen(capture->failure));
    if (!frozen || !namespaces || !failure) {
        free(namespaces);
        free(frozen);
        return -ENOMEM;
    }
    capture->stats.failure = failure;
    capture->stats.rows = model->rows.count;
    capture->stats.sockets = model->sockets.count;
    capture->stats.processes = 0; /* that hold a socket */
    for (uint32_t i = 0; i < model->processes.count; i++)
        capture->stats.processes += model->processes.at[i].row_count != 0;
    frozen->shown = (struct proctcp_snapshot){.row_count = model->rows.count,
                                              .socket_count = model->sockets.count,
                                              .process_count = model->processes.count,
                                              .unattributed_count = model->unattributed.count,
                                              .listener_count = model->listeners.count,
                                              .last_holder_count = model->last_holders.count,
                                              .impairment_count = capture->impairments.count,
                                              .group_count = model->groups.count,
                                              .groups_left_out = model->groups_left_out,
                                              .all = model->all,
                                              .own_netns = capture_own_netns(capture),
                                              .namespaces = namespaces,
                                              .namespace_count = namespace_count,
                                              .stats = capture->stats};
    frozen->shown.rows = TAKE(model->rows, model->for_peers.rows);
    frozen->shown.sockets = TAKE(model->sockets, model->for_peers.sockets);
    frozen->shown.processes = TAKE(model->processes, model->for_peers.processes);
    frozen->shown.unattributed = TAKE(model->unattributed, 0);
    frozen->shown.listeners = TAKE(model->listeners, 0);
    frozen->shown.last_holders = TAKE(model->last_holders, 0);
    frozen->shown.groups = TAKE(model->groups, 0);
    frozen->shown.row_groups = TAKE(model->row_groups, 0);
    frozen->shown.socket_listeners = model->listeners.count ? TAKE(model->came_through, 0) : NULL;
    frozen->shown.impairments = TAKE(capture->impairments, 0);
    frozen->shown.congestion_names = TAKE(capture->congestion_names, 0);
    frozen->strings = capture->strings;
    capture->strings = (struct arena){0};
    vector_free(&model->rows); /* their memory is the snapshot's: only counts are left to be forgotten */
    vector_free(&model->sockets);
    vector_free(&model->processes);
    vector_free(&model->unattributed);
    vector_free(&model->listeners);
    vector_free(&model->last_holders);
    vector_free(&model->groups);
    vector_free(&model->row_groups);
    vector_free(&model->came_through);
    vector_free(&capture->impairments);
    vector_free(&capture->congestion_names);
    atomic_init(&frozen->references, 1);
    *snapshot = &frozen->shown;
    return 0;
}

/* The count of references is the one thing in a snapshot that changes. */
static struct snapshot *thaw(const struct proctcp_snapshot *snapshot)
{
    return (struct snapshot *)(uintptr_t)snapshot;
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
    free((void *)(uintptr_t)frozen->shown.listeners);
    free((void *)(uintptr_t)frozen->shown.namespaces);
    free((void *)(uintptr_t)frozen->shown.last_holders);
    free((void *)(uintptr_t)frozen->shown.groups);
    free((void *)(uintptr_t)frozen->shown.row_groups);
    free((void *)(uintptr_t)frozen->shown.socket_listeners);
    free((void *)(uintptr_t)frozen->shown.impairments);
    free((void *)(uintptr_t)frozen->shown.congestion_names);
    arena_free(&frozen->strings);
    free(frozen);
}
