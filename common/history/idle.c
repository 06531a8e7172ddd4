/* idle.c - processes that hold no TCP socket for a while, and whose totals go on where they were when they hold one
 * again. */
#include "history/idle.h"

#include "history/find.h"

#include <errno.h>
#include <stdlib.h>

/* The pid is in use, and by no process that holds a TCP socket now: by the same process as before, or by one that will
 * show itself as another by its start time. 1: it is idle now; 0: it is not; -ENOMEM. */
static int add_idle(const struct capture *capture, struct model *model, const struct proctcp_process *process,
                    bool was_unseen, struct history *after)
{
    const struct process *seen = find_seen(capture, process->pid);
    struct idle_process *idle;

    if (!seen || find_process(&model->processes, process->pid))
        return 0;
    idle = vector_push(&after->idle);
    if (!idle)
        return -ENOMEM;
    *idle = (struct idle_process){*process, was_unseen || seen->walk != WALKED};
    /* They end with their snapshot. */
    idle->process.name = idle->process.executable = idle->process.cgroup = "";
    idle->process.unit = idle->process.container = "";
    return 1;
}

/* Merges those that were idle before with those that begin to be: both are ordered by pid. */
int idle_gather(struct match *match, const struct capture *capture, struct model *model, struct history *after)
{
    const struct idle_processes *idle = &match->before->idle;
    const struct proctcp_snapshot *previous = match->before->previous;
    uint32_t i = 0, old = 0;
    int status = 0;

    while (status >= 0 && (i < idle->count || old < previous->process_count)) {
        const struct idle_process *a = i < idle->count ? &idle->at[i] : NULL;
        const struct proctcp_process *b = old < previous->process_count ? &previous->processes[old] : NULL;
        if (b && (!a || b->pid <= a->process.pid)) {
            i += a && a->process.pid == b->pid;
            status = match->successors.at[old] == PROCTCP_NONE ? add_idle(capture, model, b, false, after) : 0;
            if (status > 0)
                match->successors.at[old] = model->processes.count + after->idle.count - 1;
            old++;
        } else if (a) {
            status = add_idle(capture, model, &a->process, a->was_unseen, after);
            i++;
        }
    }
    return status < 0 ? status : 0;
}
