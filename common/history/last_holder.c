/* last_holder.c - who held a socket that nobody holds any more: the kernel keeps a socket's cookie when it is orphaned
 * and when it waits in TIME_WAIT, so that a scan which saw it held tells. */
#include "history/last_holder.h"

#include "history/find.h"
#include "history/places.h"

#include <errno.h>
#include <stdlib.h>

/* By socket of the previous snapshot: its row of rank 1, or PROCTCP_NONE. */
static bool find_rows(const struct proctcp_snapshot *previous, struct indices *rows)
{
    if (!indices_fill(rows, previous->socket_count, 0xff))
        return false;
    for (uint32_t i = 0; i < previous->row_count; i++) {
        if (previous->rows[i].owner_rank == 1)
            rows->at[previous->rows[i].socket] = i;
    }
    return true;
}

static int compare_sockets(const void *a, const void *b)
{
    uint32_t x = ((const struct proctcp_last_holder *)a)->socket, y = ((const struct proctcp_last_holder *)b)->socket;
    return (x > y) - (x < y);
}

const struct proctcp_last_holder *last_holder_known(const struct proctcp_snapshot *previous, uint32_t socket)
{
    const struct proctcp_last_holder wanted = {.socket = socket};

    if (!previous->last_holder_count)
        return NULL;
    return bsearch(&wanted, previous->last_holders, previous->last_holder_count, sizeof(wanted), compare_sockets);
}

/* Where the last holder of an earlier socket is known from. */
static bool find_holder(const struct match *match, struct model *model, const struct indices *rows, uint32_t earlier,
                        struct proctcp_last_holder *holder)
{
    const struct proctcp_snapshot *previous = match->before->previous;

    if (earlier >= previous->socket_count) {
        const struct carried_socket *carried = &match->before->carried.at[earlier - previous->socket_count];
        const struct proctcp_process *process = find_process(&model->processes, carried->pid);
        *holder = (struct proctcp_last_holder){
            .pid = carried->pid,
            .start_ticks = carried->start_ticks,
            .process = process && process->start_ticks == carried->start_ticks ? process->name : "",
            .group = carried->group};
        return carried->pid != 0;
    }
    if (rows->at[earlier] != PROCTCP_NONE) {
        const struct proctcp_process *process = &previous->processes[previous->rows[rows->at[earlier]].process];
        *holder = (struct proctcp_last_holder){.pid = process->pid,
                                               .start_ticks = process->start_ticks,
                                               .process = process->name,
                                               .group = previous->row_groups ? previous->row_groups[rows->at[earlier]]
                                                                             : PROCTCP_NO_GROUP};
        return true;
    }
    const struct proctcp_last_holder *known = last_holder_known(previous, earlier);
    if (known)
        *holder = *known;
    return known != NULL;
}

/* Many in a row have one holder: its name is copied once. */
struct last_copy {
    const char *of, *copy;
};

static int add(struct model *model, struct proctcp_last_holder holder, struct arena *strings, struct last_copy *last)
{
    struct proctcp_last_holder *slot = vector_push(&model->last_holders);

    if (slot && last->of != holder.process) {
        last->of = holder.process;
        last->copy = arena_copy(strings, holder.process, strlen(holder.process));
    }
    if (!slot || !last->copy)
        return -ENOMEM;
    holder.process = last->copy;
    *slot = holder;
    return 0;
}

/* What waits in TIME_WAIT, and orphans, are left behind; what has an inode is on its way to another process. */
static void count_left_behind(struct model *model, const struct proctcp_last_holder *holder)
{
    struct proctcp_process *process = find_process(&model->processes, holder->pid);

    if (model->sockets.at[holder->socket].inode != 0)
        return;
    if (process && process->start_ticks == holder->start_ticks)
        process->left_behind++;
    if (holder->group != PROCTCP_NO_GROUP) {
        model->groups.at[holder->group].left_behind++;
        model->all.left_behind++;
    }
}

int last_holders_find(const struct match *match, const struct places *places, struct model *model,
                      struct arena *strings)
{
    struct indices rows = {0};
    struct last_copy last = {NULL, NULL};
    int status = 0;

    if (!match->before->previous)
        return 0;
    if (!find_rows(match->before->previous, &rows))
        return -ENOMEM;
    for (uint32_t i = 0; i < model->sockets.count && status == 0; i++) {
        struct proctcp_last_holder holder;
        const uint32_t earlier = match->earlier.at[i];
        if (model->holders.at[i] != PROCTCP_NONE || earlier == PROCTCP_NONE || model->sockets.at[i].owners ||
            !find_holder(match, model, &rows, earlier, &holder))
            continue;
        holder.socket = i;
        if (holder.group != PROCTCP_NO_GROUP)
            holder.group = places_now(&match->before->places, places, holder.group);
        status = add(model, holder, strings, &last);
        if (status == 0)
            count_left_behind(model, &holder);
    }
    vector_free(&rows);
    return status;
}
