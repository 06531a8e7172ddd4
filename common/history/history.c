/* history.c - what a scan learns from the one before it, in its order; and what it leaves to the next. */
#include "history/history.h"

#include "history/connections.h"
#include "history/ends.h"
#include "history/idle.h"
#include "history/last_holder.h"
#include "history/match.h"
#include "history/places.h"
#include "history/totals.h"

#include <errno.h>

static const struct vector_place history_vectors[] = {
    VECTOR_PLACE(struct history, idle),       VECTOR_PLACE(struct history, carried),
    VECTOR_PLACE(struct history, partial),    VECTOR_PLACE(struct history, ending),
    VECTOR_PLACE(struct history, ended_here),
};

#define HISTORY_VECTORS (sizeof(history_vectors) / sizeof(history_vectors[0]))

void history_recycle(struct history *history)
{
    vectors_recycle(history, history_vectors, HISTORY_VECTORS);
    places_recycle(&history->places);
    history->counts_connections = history->is_reselected = history->is_regrouped = false;
    history->began_ns = 0;
}

void history_clear(struct history *history)
{
    vectors_free(history, history_vectors, HISTORY_VECTORS);
    places_clear(&history->places);
}

/* Who held what is carried, and where: by socket of the previous snapshot, its place among the carried. */
static void name_holders(const struct history *before, const struct indices *places, struct history *after)
{
    const struct proctcp_snapshot *previous = before->previous;

    for (uint32_t i = 0; i < previous->row_count; i++) {
        const struct proctcp_row *row = &previous->rows[i];
        struct carried_socket *carried;
        if (row->owner_rank != 1 || places->at[row->socket] == PROCTCP_NONE)
            continue;
        carried = &after->carried.at[places->at[row->socket]];
        carried->pid = row->pid;
        carried->fd = row->fd;
        carried->row_first_seen = row->first_seen;
        carried->group = PROCTCP_NO_GROUP;
        if (previous->row_groups)
            carried->group = places_now(&before->places, &after->places, previous->row_groups[i]);
        carried->start_ticks = previous->processes[row->process].start_ticks;
    }
}

/* Sockets that were not seen whole this time, as they were when they were. */
static int carry(const struct match *match, struct history *after)
{
    const struct proctcp_snapshot *previous = match->before->previous;
    struct indices places = {0};
    int status = indices_fill(&places, previous->socket_count, 0xff) ? 0 : -ENOMEM;

    for (uint32_t e = 0; e < match->fate.count && status == 0; e++) {
        const struct proctcp_impairment *impairment;
        struct carried_socket *carried;
        if (fate_of(match, e) != FATE_UNREAD && !fate_is_refused(match, e))
            continue;
        carried = vector_push(&after->carried);
        if (!carried) {
            status = -ENOMEM;
        } else if (e >= previous->socket_count) {
            *carried = match->before->carried.at[e - previous->socket_count];
            if (carried->group != PROCTCP_NO_GROUP)
                carried->group = places_now(&match->before->places, &after->places, carried->group);
        } else {
            *carried =
                (struct carried_socket){.socket = *match_earlier(match, e, &impairment), .group = PROCTCP_NO_GROUP};
            carried->impairment = *impairment;
            carried->is_beside = fate_of(match, e) == FATE_LIVES;
            places.at[e] = after->carried.count - 1;
        }
    }
    if (status == 0 && after->carried.count)
        name_holders(match->before, &places, after);
    vector_free(&places);
    return status;
}

static int keep_partial(const struct capture *capture, struct history *after)
{
    for (uint32_t i = 0; i < capture->partial.count; i++) {
        if (!indices_push(&after->partial, capture->partial.at[i]))
            return -ENOMEM;
    }
    return 0;
}

int history_apply(const struct history *before, const struct capture *capture,
                  const struct proctcp_selection *selection, struct model *model, struct arena *strings,
                  struct history *after)
{
    struct ends ends;
    struct match match = {.before = before, .ends = &ends, .selection = selection};
    int status = ends_begin(&ends, capture, before);

    if (status == 0)
        status = keep_partial(capture, after);
    if (status == 0)
        status = match_sockets(&match, capture, model);
    if (status == 0 && before->previous)
        status = match_processes(&match, model, strings);
    if (status == 0 && before->previous)
        status = idle_gather(&match, capture, model, after);
    if (status == 0 && before->previous)
        status = carry(&match, after);
    if (status == 0)
        totals_add(&match, capture, selection, model, after);
    if (status == 0)
        status = connections_add(&match, capture, model, after);
    if (status == 0)
        status = last_holders_find(&match, &after->places, model, strings);
    vector_free(&match.earlier);
    vector_free(&match.fate);
    vector_free(&match.parted);
    ends_free(&ends);
    vector_free(&match.successors);
    return status;
}
