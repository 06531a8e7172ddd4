/* find.c - which process is the same as another, and where it stands among those that are ordered by pid. */
#include "history/find.h"

#include <stdlib.h>

static int compare_pids(int32_t x, int32_t y)
{
    return (x > y) - (x < y);
}

/* Pids are used again; a process is the same only if it started at the same time. What could not be read of it this
 * time or that says nothing. */
bool find_is_same_process(const struct proctcp_process *a, const struct proctcp_process *b)
{
    return a->pid == b->pid && (a->start_ticks == b->start_ticks || !(a->present & b->present & PROCTCP_HAS_PROCESS));
}

static int compare_processes(const void *a, const void *b)
{
    return compare_pids(((const struct proctcp_process *)a)->pid, ((const struct proctcp_process *)b)->pid);
}

struct proctcp_process *find_process(struct model_processes *processes, int32_t pid)
{
    const struct proctcp_process wanted = {.pid = pid};
    return processes->count ? bsearch(&wanted, processes->at, processes->count, sizeof(wanted), compare_processes)
                            : NULL;
}

static int compare_seen(const void *a, const void *b)
{
    return compare_pids(((const struct process *)a)->pid, ((const struct process *)b)->pid);
}

const struct process *find_seen(const struct capture *capture, int32_t pid)
{
    const struct process wanted = {.pid = pid};

    if (!capture->processes.count)
        return NULL;
    return bsearch(&wanted, capture->processes.at, capture->processes.count, sizeof(wanted), compare_seen);
}

static int compare_idle(const void *a, const void *b)
{
    return compare_pids(((const struct idle_process *)a)->process.pid, ((const struct idle_process *)b)->process.pid);
}

const struct idle_process *find_idle(const struct history *before, const struct proctcp_process *process)
{
    const struct idle_process wanted = {.process = {.pid = process->pid}}, *found = NULL;

    if (before->idle.count)
        found = bsearch(&wanted, before->idle.at, before->idle.count, sizeof(wanted), compare_idle);
    return found && find_is_same_process(&found->process, process) ? found : NULL;
}
