/* rows.c - a row for each owner and subflow. Knows the order of rows; nothing of sources. */
#include "scan.h"

#include <errno.h>

/* Rows stand in the order of owners, which is that of (pid, fd); subflows follow each other in by_inode. Owners are
 * counted apart from the sockets, which lie in another order and far from each other. */
static int add_rows(struct scan *scan, uint32_t *owners, const struct owner *owner, uint32_t process)
{
    for (uint32_t at = owner->group; at < scan->by_inode.count; at++) {
        uint32_t index = (uint32_t)scan->by_inode.at[at];
        if (scan->by_inode.at[at] >> 32 != owner->inode)
            break;
        struct proctcp_row *row = vector_push(&scan->rows);
        if (!row)
            return -ENOMEM;
        *row = (struct proctcp_row){.pid = scan->processes.at[process].pid,
                                    .fd = owner->fd,
                                    .socket = index,
                                    .process = process,
                                    .owner_rank = ++owners[index],
                                    .peer = PROCTCP_NONE};
        if (row->owner_rank == 1) {
            scan->rank_one.at[index] = scan->rows.count - 1;
            scan->homes.at[index] = process;
        }
    }
    return 0;
}

/* A socket that is in no table and whose holders are all gone by now does not exist any more. */
static int drop_dead(struct scan *scan)
{
    struct indices *moved = &scan->scratch;
    uint32_t kept = 0;

    moved->count = 0;
    if (!vector_reserve(moved, scan->sockets.count))
        return -ENOMEM;
    moved->count = scan->sockets.count;
    for (uint32_t i = 0; i < scan->sockets.count; i++) {
        const struct proctcp_socket *socket = &scan->sockets.at[i];
        moved->at[i] = kept;
        if (socket->owners == 0 && !(socket->present & PROCTCP_HAS_LOCAL))
            scan->stats.unbound--;
        else {
            scan->rank_one.at[kept] = scan->rank_one.at[i];
            scan->homes.at[kept] = scan->homes.at[i];
            scan->sockets.at[kept++] = *socket;
        }
    }
    scan->sockets.count = kept;
    for (uint32_t i = 0; i < scan->rows.count; i++)
        scan->rows.at[i].socket = moved->at[scan->rows.at[i].socket];
    return 0;
}

static bool any_dead(const struct scan *scan)
{
    /* They came last. */
    for (uint32_t i = scan->sockets.count; i > 0 && !(scan->sockets.at[i - 1].present & PROCTCP_HAS_LOCAL); i--) {
        if (scan->sockets.at[i - 1].owners == 0)
            return true;
    }
    return false;
}

/* By socket: how many owners it has so far, in scratch; and the places of its rank 1. */
static int make_room(struct scan *scan)
{
    const uint32_t count = scan->sockets.count;

    scan->scratch.count = scan->rank_one.count = scan->homes.count = 0;
    if (!vector_reserve(&scan->rows, scan->owners.count) || !vector_reserve(&scan->scratch, (uint64_t)count + 1) ||
        !vector_reserve(&scan->rank_one, (uint64_t)count + 1) || !vector_reserve(&scan->homes, (uint64_t)count + 1))
        return -ENOMEM;
    scan->scratch.count = scan->rank_one.count = scan->homes.count = count;
    memset(scan->scratch.at, 0, count * sizeof(scan->scratch.at[0]));
    memset(scan->rank_one.at, 0xff, count * sizeof(scan->rank_one.at[0]));
    memset(scan->homes.at, 0xff, count * sizeof(scan->homes.at[0]));
    return 0;
}

int rows_make(struct scan *scan)
{
    int status = make_room(scan);

    for (uint32_t v = 0; v < scan->visits.count && status == 0; v++) {
        const struct visit *visit = &scan->visits.at[v];
        if (visit->process == PROCTCP_NONE)
            continue;
        struct proctcp_process *process = &scan->processes.at[visit->process];
        process->first_row = scan->rows.count;
        for (uint32_t i = 0; i < visit->owner_count && status == 0; i++)
            status = add_rows(scan, scan->scratch.at, &scan->owners.at[visit->first_owner + i], visit->process);
        process->row_count = scan->rows.count - process->first_row;
    }
    for (uint32_t i = 0; i < scan->sockets.count && status == 0; i++)
        scan->sockets.at[i].owners = scan->scratch.at[i];
    if (status == 0 && any_dead(scan))
        status = drop_dead(scan);
    return status;
}
