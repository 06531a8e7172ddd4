/* rests.c - what may come back: processes that hold no TCP socket any more, and sockets that were left out of a scan,
 * though they may live, by the selection or because a table could not be read whole. Their totals go on where they
 * were. Knows who is still there; nothing of what is counted. */
#include "scan.h"

#include <errno.h>

#define MOST_SOCKETS 16384 /* those that went first are forgotten */

/* Pids are reused; a process is the same only if it started at the same time. */
bool rests_same_process(const struct proctcp_process *a, const struct proctcp_process *b)
{
    return a->pid == b->pid && a->start_ticks == b->start_ticks;
}

/* By cookie where both have one. By endpoints else, unless one of them has none: it had not been bound yet. */
bool rests_same_socket(const struct proctcp_socket *a, const struct proctcp_socket *b)
{
    if (a->inode != b->inode)
        return false;
    if (a->present & b->present & PROCTCP_HAS_COOKIE)
        return a->cookie == b->cookie;
    if (!(a->present & b->present & PROCTCP_HAS_LOCAL))
        return true;
    return a->local_port == b->local_port && a->remote_port == b->remote_port &&
           memcmp(&a->local_address, &b->local_address, sizeof(a->local_address)) == 0 &&
           memcmp(&a->remote_address, &b->remote_address, sizeof(a->remote_address)) == 0;
}

static int compare_pids(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static bool is_in_use(const struct scan *scan, int32_t pid)
{
    return scan->pids.count && bsearch(&pid, scan->pids.at, scan->pids.count, sizeof(pid), compare_pids);
}

/* ---- processes ---- */

static int compare_processes(const void *a, const void *b)
{
    return compare_pids(&((const struct proctcp_process *)a)->pid, &((const struct proctcp_process *)b)->pid);
}

static const struct proctcp_process *find_process(const struct proctcp_process *processes, uint32_t count, int32_t pid)
{
    const struct proctcp_process wanted = {.pid = pid};
    return count ? bsearch(&wanted, processes, count, sizeof(wanted), compare_processes) : NULL;
}

const struct proctcp_process *rests_process(const struct scan *scan, const struct proctcp_process *process)
{
    const struct proctcp_process *rested = find_process(scan->rested.at, scan->rested.count, process->pid);
    return rested && rests_same_process(rested, process) ? rested : NULL;
}

/* The pid is in use, and by no process that holds a TCP socket now: by the same process as before, or by one that will
 * show itself as another by its start time. */
static bool may_rest(const struct scan *scan, int32_t pid)
{
    return is_in_use(scan, pid) && !find_process(scan->processes.at, scan->processes.count, pid);
}

static int rest(struct scan *scan, const struct proctcp_process *process)
{
    struct proctcp_process *resting = vector_push(&scan->resting);
    if (!resting)
        return -ENOMEM;
    *resting = *process;
    resting->name = resting->executable = resting->cgroup = ""; /* they end with their snapshot */
    return 0;
}

/* Merges those that rested before with those that begin to: both are sorted by pid. */
int rests_gather_processes(struct scan *scan, const struct proctcp_snapshot *previous, uint32_t *heir)
{
    uint32_t rested = 0, old = 0;
    int status = 0;

    scan->resting.count = 0;
    while (status == 0 && (rested < scan->rested.count || old < previous->process_count)) {
        const struct proctcp_process *a = rested < scan->rested.count ? &scan->rested.at[rested] : NULL;
        const struct proctcp_process *b = old < previous->process_count ? &previous->processes[old] : NULL;
        if (b && (!a || b->pid <= a->pid)) {
            rested += a && a->pid == b->pid;
            if (heir[old] == PROCTCP_NONE && may_rest(scan, b->pid)) {
                status = rest(scan, b);
                heir[old] = scan->processes.count + scan->resting.count - 1;
            }
            old++;
        } else if (a) {
            if (may_rest(scan, a->pid))
                status = rest(scan, a);
            rested++;
        }
    }
    return status;
}

/* ---- sockets ---- */

static int compare_inodes(const void *a, const void *b)
{
    uint32_t x = ((const struct rested_socket *)a)->socket.inode, y = ((const struct rested_socket *)b)->socket.inode;
    return (x > y) - (x < y);
}

struct rested_socket *rests_socket(struct scan *scan, const struct proctcp_socket *socket)
{
    const struct rested_socket *end = scan->rested_sockets.at + scan->rested_sockets.count;
    uint32_t low = 0, high = scan->rested_sockets.count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (scan->rested_sockets.at[middle].socket.inode < socket->inode)
            low = middle + 1;
        else
            high = middle;
    }
    for (struct rested_socket *at = scan->rested_sockets.at + low; at < end; at++) {
        if (at->socket.inode != socket->inode)
            break;
        if (!at->is_back && rests_same_socket(&at->socket, socket)) {
            at->is_back = true;
            return at;
        }
    }
    return NULL;
}

static void drop_gone(struct scan *scan)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < scan->rested_sockets.count; i++) {
        const struct rested_socket *rested = &scan->rested_sockets.at[i];
        if (!rested->is_back && is_in_use(scan, rested->pid))
            scan->rested_sockets.at[kept++] = *rested;
    }
    scan->rested_sockets.count = kept;
}

static void drop_first_gone(struct scan *scan)
{
    struct rested_socket *at = scan->rested_sockets.at;
    uint64_t oldest = UINT64_MAX;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < scan->rested_sockets.count; i++)
        oldest = at[i].generation < oldest ? at[i].generation : oldest;
    for (uint32_t i = 0; i < scan->rested_sockets.count; i++) {
        if (at[i].generation != oldest)
            at[kept++] = at[i];
    }
    scan->rested_sockets.count = kept;
}

/* In a scan of everything, what is not there was closed. */
int rests_gather_sockets(struct scan *scan, const struct proctcp_snapshot *previous, const uint32_t *heir,
                         const bool *lives_on)
{
    const bool may_live = scan->selection || !namespaces_complete(scan, 0);

    drop_gone(scan);
    for (uint32_t i = 0; i < previous->row_count && may_live; i++) {
        const struct proctcp_row *row = &previous->rows[i];
        if (row->owner_rank != 1 || heir[row->process] == PROCTCP_NONE || lives_on[row->socket])
            continue;
        struct rested_socket *rested = vector_push(&scan->rested_sockets);
        if (!rested)
            return -ENOMEM;
        *rested = (struct rested_socket){.socket = previous->sockets[row->socket], .pid = row->pid};
        rested->total_retrans = previous->troubles[rested->socket.trouble].total_retrans;
        rested->generation = scan->stats.generation;
    }
    while (scan->rested_sockets.count > MOST_SOCKETS)
        drop_first_gone(scan);
    if (scan->rested_sockets.count)
        qsort(scan->rested_sockets.at, scan->rested_sockets.count, sizeof(scan->rested_sockets.at[0]), compare_inodes);
    return 0;
}

void rests_keep(struct scan *scan)
{
    const struct processes rested = scan->rested;
    scan->rested = scan->resting;
    scan->resting = rested;
}
