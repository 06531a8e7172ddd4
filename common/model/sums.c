/* holdings.c - what each process holds: its counts of sockets, by state, and its sums. Knows rows and how sockets are
 * shared. Goes through the sockets in their own order, for that of rows would be all over the memory. */
#include "scan.h"

#include <errno.h>

#define SINGLE (PROCTCP_NONE - 1) /* no process: of a socket that has one owner */

static void add_sums(struct proctcp_process *process, const struct proctcp_socket *socket)
{
    if (!(socket->present & PROCTCP_HAS_QUEUES))
        return;
    process->tx_queue_bytes += socket->tx_queue_bytes;
    process->rx_queue_bytes += socket->rx_queue_bytes;
}

static void add_count(struct proctcp_process *process, const struct proctcp_socket *socket)
{
    process->sockets++;
    process->by_state[socket->state]++;
    process->unbound += !(socket->present & PROCTCP_HAS_LOCAL);
}

/* Once in each process, however many descriptors of the socket it has; its rows stand together. last is, by socket, the
 * process that counted it last. */
static void count_shared(struct scan *scan, uint32_t *last)
{
    for (uint32_t i = 0; i < scan->rows.count; i++) {
        const struct proctcp_row *row = &scan->rows.at[i];
        if (last[row->socket] == SINGLE || last[row->socket] == row->process)
            continue;
        last[row->socket] = row->process;
        add_count(&scan->processes.at[row->process], &scan->sockets.at[row->socket]);
    }
}

int holdings_count(struct scan *scan)
{
    bool any_shared = false;

    scan->scratch.count = 0;
    if (!vector_reserve(&scan->scratch, (uint64_t)scan->sockets.count + 1))
        return -ENOMEM;
    scan->scratch.count = scan->sockets.count;
    for (uint32_t i = 0; i < scan->sockets.count; i++) {
        const struct proctcp_socket *socket = &scan->sockets.at[i];
        bool shared = socket->owners > 1;
        scan->scratch.at[i] = shared ? PROCTCP_NONE : SINGLE;
        any_shared |= shared;
        if (scan->homes.at[i] == PROCTCP_NONE)
            continue;
        add_sums(&scan->processes.at[scan->homes.at[i]], socket);
        if (!shared)
            add_count(&scan->processes.at[scan->homes.at[i]], socket);
    }
    if (any_shared)
        count_shared(scan, scan->scratch.at);
    return 0;
}
