/* rests.c - what a scan does not show and the next one may: processes that hold no TCP socket for a while, and whose
 * totals go on where they were; and what was not looked at, so that what comes to light there is not taken for new. */
#include "scan.h"

#include <errno.h>

/* In present of a process that rests: in some scan meanwhile it was not walked. What it holds when it is back may well
 * be what it held before. */
#define UNSEEN (1u << 31)

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

static int compare_visits(const void *a, const void *b)
{
    return compare_pids(&((const struct visit *)a)->pid, &((const struct visit *)b)->pid);
}

static bool was_walked(const struct scan *scan, int32_t pid)
{
    const struct visit wanted = {.pid = pid};
    const struct visit *visit = NULL;
    if (scan->visits.count)
        visit = bsearch(&wanted, scan->visits.at, scan->visits.count, sizeof(wanted), compare_visits);
    return !visit || !(visit->skipped || visit->unreadable);
}

static int rest(struct scan *scan, const struct proctcp_process *process)
{
    struct proctcp_process *resting = vector_push(&scan->resting);
    if (!resting)
        return -ENOMEM;
    *resting = *process;
    resting->name = resting->executable = resting->cgroup = ""; /* they end with their snapshot */
    if (!was_walked(scan, process->pid))
        resting->present |= UNSEEN;
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

bool rests_may_be_old(const struct scan *scan, const struct proctcp_process *process,
                      const struct proctcp_socket *socket)
{
    const struct proctcp_process *rested = rests_process(scan, process);

    if (rested && rested->present & UNSEEN)
        return true;
    for (uint32_t i = 0; i < scan->blind.count; i++) {
        if (scan->blind.at[i] == socket->netns)
            return true;
    }
    return select_asks(scan->selection, RULE_STATE) && select_is_late(socket->state);
}

int rests_gather_blind(struct scan *scan)
{
    scan->next_blind.count = 0;
    for (uint32_t i = 0; i < scan->namespaces.count; i++) {
        if (scan->namespaces.at[i].complete)
            continue;
        uint32_t *slot = vector_push(&scan->next_blind);
        if (!slot)
            return -ENOMEM;
        *slot = scan->namespaces.at[i].shown.inode;
    }
    return 0;
}

void rests_keep(struct scan *scan)
{
    const struct processes rested = scan->rested;
    const struct indices blind = scan->blind;

    scan->rested = scan->resting;
    scan->resting = rested;
    scan->blind = scan->next_blind;
    scan->next_blind = blind;
}
