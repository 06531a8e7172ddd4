/* deltas.c - this scan against the previous snapshot: since when rows and processes are known. Both are sorted by the
 * same order, so that one merge finds what they share. Nothing of the kernel is known here. */
#include "scan.h"

/* Pids are reused; a process is the same only if it started at the same time. */
static bool same_process(const struct proctcp_process *a, const struct proctcp_process *b)
{
    return a->pid == b->pid && a->start_ticks == b->start_ticks;
}

static bool same_socket(const struct proctcp_socket *a, const struct proctcp_socket *b)
{
    return a->inode == b->inode && a->local_port == b->local_port && a->remote_port == b->remote_port &&
           memcmp(&a->local_address, &b->local_address, sizeof(a->local_address)) == 0 &&
           memcmp(&a->remote_address, &b->remote_address, sizeof(a->remote_address)) == 0;
}

/* Order of rows within a process. */
static int compare_rows(const struct scan *scan, const struct proctcp_row *row, const struct proctcp_snapshot *previous,
                        const struct proctcp_row *old)
{
    if (row->fd != old->fd)
        return row->fd < old->fd ? -1 : 1;
    uint32_t a = scan->sockets.at[row->socket].subflow, b = previous->sockets[old->socket].subflow;
    return (a > b) - (a < b);
}

static void merge_rows(struct scan *scan, const struct proctcp_process *process,
                       const struct proctcp_snapshot *previous, const struct proctcp_process *old_process)
{
    struct proctcp_row *row = scan->rows.at + process->first_row;
    const struct proctcp_row *end = row + process->row_count;
    const struct proctcp_row *old = previous->rows + old_process->first_row;
    const struct proctcp_row *old_end = old + old_process->row_count;

    while (row < end && old < old_end) {
        int order = compare_rows(scan, row, previous, old);
        if (order == 0 && same_socket(&scan->sockets.at[row->socket], &previous->sockets[old->socket]))
            row->first_seen = old->first_seen;
        if (order <= 0)
            row++;
        if (order >= 0)
            old++;
    }
}

void deltas_find(struct scan *scan, const struct proctcp_snapshot *previous)
{
    uint32_t now = (uint32_t)scan->stats.time;
    uint32_t old = 0;

    for (uint32_t i = 0; i < scan->rows.count; i++)
        scan->rows.at[i].first_seen = now;
    for (uint32_t i = 0; i < scan->processes.count; i++) {
        struct proctcp_process *process = &scan->processes.at[i];
        process->first_seen = now;
        if (!previous)
            continue;
        while (old < previous->process_count && previous->processes[old].pid < process->pid)
            old++;
        if (old == previous->process_count || !same_process(process, &previous->processes[old]))
            continue;
        process->first_seen = previous->processes[old].first_seen;
        merge_rows(scan, process, previous, &previous->processes[old]);
    }
}
