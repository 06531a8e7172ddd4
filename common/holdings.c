/* holdings.c - what each process holds: its counts of sockets, by state, and its sums. Knows rows and how sockets are
 * shared. */
#include "scan.h"

#include <errno.h>

static int compare_indices(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void add_sums(struct proctcp_process *process, const struct proctcp_socket *socket)
{
    if (!(socket->present & PROCTCP_HAS_QUEUES))
        return;
    process->tx_queue_bytes += socket->tx_queue_bytes;
    process->rx_queue_bytes += socket->rx_queue_bytes;
}

/* Counts each socket once however many descriptors the process has of it. Only sockets with several owners can repeat.
 */
static int count_process(struct scan *scan, struct proctcp_process *process)
{
    struct indices *shared = &scan->scratch;

    shared->count = 0;
    for (uint32_t i = process->first_row; i < process->first_row + process->row_count; i++) {
        const struct proctcp_row *row = &scan->rows.at[i];
        const struct proctcp_socket *socket = &scan->sockets.at[row->socket];
        if (row->owner_rank == 1)
            add_sums(process, socket);
        if (socket->owners > 1) {
            uint32_t *index = vector_push(shared);
            if (!index)
                return -ENOMEM;
            *index = row->socket;
            continue;
        }
        process->sockets++;
        process->by_state[socket->state]++;
        process->unbound += !(socket->present & PROCTCP_HAS_LOCAL);
    }
    if (shared->count)
        qsort(shared->at, shared->count, sizeof(shared->at[0]), compare_indices);
    for (uint32_t i = 0; i < shared->count; i++) {
        const struct proctcp_socket *socket = &scan->sockets.at[shared->at[i]];
        if (i > 0 && shared->at[i] == shared->at[i - 1])
            continue;
        process->sockets++;
        process->by_state[socket->state]++;
        process->unbound += !(socket->present & PROCTCP_HAS_LOCAL);
    }
    return 0;
}

int holdings_count(struct scan *scan)
{
    int status = 0;

    for (uint32_t i = 0; i < scan->processes.count && status == 0; i++)
        status = count_process(scan, &scan->processes.at[i]);
    return status;
}
