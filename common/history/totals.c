/* totals.c - the totals of processes: what their sockets counted, added up from scan to scan, so that they only go up
 * whatever becomes of the sockets. Knows what the kernel's counters do. */
#include "history/totals.h"

#include "history/find.h"
#include "history/last_holder.h"
#include "history/places.h"

#include "select/select.h"

#include <stdlib.h>

/* ---- one socket ---- */

/* A counter that went back began anew: the socket was disconnected and connected again. */
static uint64_t delta64(uint64_t now, uint64_t before)
{
    return now >= before ? now - before : now;
}

/* One of 32 bits that went back by more than half of them went over its end instead. */
static uint64_t delta32(uint32_t now, uint32_t before)
{
    uint32_t up = now - before;
    return now >= before || up < UINT32_MAX / 2 ? up : now;
}

static uint64_t less(uint64_t number, uint64_t part)
{
    return number > part ? number - part : 0;
}

/* What was received in order, without the FIN, which the kernel counts as a byte. */
static uint64_t payload_received(const struct proctcp_socket *socket)
{
    const bool fin_received =
        socket->state == PROCTCP_CLOSE_WAIT || socket->state == PROCTCP_LAST_ACK || socket->state == PROCTCP_CLOSING;
    return less(socket->bytes_received, fin_received);
}

/* What was sent, each byte once. Kernels before 4.19 tell only what was acknowledged, and count the SYN of whoever
 * began the connection, and a FIN, as a byte each. */
static uint64_t payload_sent(const struct proctcp_socket *socket, const struct proctcp_impairment *impairment)
{
    if (socket->present & PROCTCP_HAS_BYTES_SENT)
        return less(socket->bytes_sent, impairment->bytes_retrans);
    return less(socket->bytes_acked,
                (socket->direction == PROCTCP_OUTBOUND) + (uint64_t)(socket->state == PROCTCP_FIN_WAIT2));
}

/* Counters and the state, which tells whether a FIN is in them, may be of different moments. */
static uint64_t payload_delta(uint64_t now, uint64_t before, bool began_anew)
{
    return began_anew ? now : less(now, before);
}

/* Adds what a socket counted since earlier; NULL: since it began. What the earlier scan had no value of begins now. */
static void add_counters(struct proctcp_totals *totals, const struct proctcp_socket *socket,
                         const struct proctcp_impairment *impairment, const struct proctcp_socket *earlier,
                         const struct proctcp_impairment *earlier_impairment)
{
    static const struct proctcp_socket no_socket = {.present = UINT64_MAX};
    static const struct proctcp_impairment no_impairment = {0};
    uint64_t both;

    if (!earlier) {
        earlier = &no_socket;
        earlier_impairment = &no_impairment;
    }
    both = socket->present & earlier->present;
    if (both & PROCTCP_HAS_BYTES_SENT) {
        totals->bytes_sent += delta64(socket->bytes_sent, earlier->bytes_sent);
        totals->payload_sent_bytes +=
            payload_delta(payload_sent(socket, impairment), payload_sent(earlier, earlier_impairment),
                          socket->bytes_sent < earlier->bytes_sent);
    }
    if (both & PROCTCP_HAS_BYTES) {
        totals->bytes_acked += delta64(socket->bytes_acked, earlier->bytes_acked);
        totals->bytes_received += delta64(socket->bytes_received, earlier->bytes_received);
        totals->payload_received_bytes += payload_delta(payload_received(socket), payload_received(earlier),
                                                        socket->bytes_received < earlier->bytes_received);
        if (!(socket->present & PROCTCP_HAS_BYTES_SENT))
            totals->payload_sent_bytes += payload_delta(
                payload_sent(socket, impairment), earlier == &no_socket ? 0 : payload_sent(earlier, earlier_impairment),
                socket->bytes_acked < earlier->bytes_acked);
    }
    if (both & PROCTCP_HAS_SEGS) {
        totals->segs_out += delta32(socket->segs_out, earlier->segs_out);
        totals->segs_in += delta32(socket->segs_in, earlier->segs_in);
    }
    if (both & PROCTCP_HAS_INFO)
        totals->retransmissions += delta32(impairment->total_retrans, earlier_impairment->total_retrans);
    if (both & PROCTCP_HAS_DROPS && socket->state == PROCTCP_LISTEN)
        totals->accept_drops +=
            delta32(impairment->drops, earlier->state == PROCTCP_LISTEN ? earlier_impairment->drops : 0);
}

struct proctcp_totals totals_of_socket(const struct proctcp_socket *socket, const struct proctcp_impairment *impairment)
{
    struct proctcp_totals totals = {0};

    add_counters(&totals, socket, impairment, NULL, NULL);
    return totals;
}

/* ---- all sockets ---- */

/* Whether a socket that was not in the scan before may have lived then, and been counted before: its process was not
 * walked, or its namespace not read whole, or it was not selected. */
static bool may_be_old(const struct history *before, const struct proctcp_selection *selection,
                       const struct proctcp_process *process, const struct proctcp_socket *socket)
{
    const struct idle_process *idle = find_idle(before, process);
    const struct indices *partial = &before->partial;

    if (before->is_reselected || (idle && idle->was_unseen))
        return true;
    if (indices_have(partial, socket->netns))
        return true;
    return select_asks(selection, RULE_STATE) && select_is_late(socket->state);
}

/* Whether the scan before saw the socket, and no scan saw anybody hold it: none of it has been counted. Descriptors are
 * read first, and a connection may be accepted before the tables are. */
static bool was_nobodys(const struct match *match, uint32_t earlier)
{
    const struct proctcp_snapshot *previous = match->before->previous;

    return previous && earlier < previous->socket_count && previous->sockets[earlier].owners == 0 &&
           !last_holder_known(previous, earlier);
}

/* A connection that came in is seen to be accepted. */
static void add_accept(struct model *model, struct proctcp_process *process, uint32_t socket)
{
    process->connections.accepts++;
    if (!model->groups.count)
        return;
    model->groups.at[model_home_group(model, socket)].connections.accepts++;
    model->all.connections.accepts++;
}

/* A socket counts in the process of its rank 1 alone, whoever that was before. */
static void add_sockets(const struct match *match, const struct proctcp_selection *selection, struct model *model,
                        const struct capture *capture)
{
    const struct impairments *impairments = &capture->impairments;
    const struct history *before = match->before;

    for (uint32_t i = 0; i < model->sockets.count; i++) {
        const struct proctcp_socket *socket = &model->sockets.at[i], *earlier = NULL;
        const struct proctcp_impairment *earlier_impairment = NULL;
        if (model->holders.at[i] == PROCTCP_NONE)
            continue;
        struct proctcp_process *process = &model->processes.at[model->holders.at[i]];
        if (match->earlier.at[i] != PROCTCP_NONE && !was_nobodys(match, match->earlier.at[i]))
            earlier = match_earlier(match, match->earlier.at[i], &earlier_impairment);
        const bool comes_in = before->is_reselected && before->previous && !parted_of(match, i);
        const bool is_opened = !earlier && !comes_in && parted_of(match, i) != PARTED_BESIDE;
        process->sockets_opened += is_opened;
        if (model->groups.count && is_opened) {
            model->groups.at[model_home_group(model, i)].sockets_opened++;
            model->all.sockets_opened++;
        }
        if (before->previous && !earlier && !parted_of(match, i) && may_be_old(before, selection, process, socket))
            continue; /* what it has counted by now may be counted already: it begins here */
        if (socket->present & PROCTCP_WAS_ACCEPTED && !(earlier && earlier->present & PROCTCP_WAS_ACCEPTED))
            add_accept(model, process, i);
        if (earlier && earlier->state == PROCTCP_CLOSED)
            earlier = NULL; /* it had nothing to count yet */
        add_counters(&process->totals, socket, &impairments->at[socket->impairment], earlier, earlier_impairment);
        if (model->any_split)
            add_counters(&model->groups.at[model_home_group(model, i)].totals, socket,
                         &impairments->at[socket->impairment], earlier, earlier_impairment);
    }
}

/* Behind the processes of this scan stand those that are idle. */
static struct proctcp_process *successor_of(struct model *model, struct history *after, uint32_t successor)
{
    if (successor == PROCTCP_NONE)
        return NULL;
    return successor < model->processes.count ? &model->processes.at[successor]
                                              : &after->idle.at[successor - model->processes.count].process;
}

struct proctcp_process *totals_find_process(struct model *model, struct history *after, int32_t pid,
                                            uint64_t start_ticks)
{
    const struct proctcp_process wanted = {.pid = pid, .start_ticks = start_ticks, .present = PROCTCP_HAS_PROCESS};
    struct proctcp_process *found = find_process(&model->processes, pid);

    if (found && find_is_same_process(found, &wanted))
        return found;
    const struct idle_process *idle = find_idle(after, &wanted);
    return idle ? &after->idle.at[idle - after->idle.at].process : NULL;
}

/* In the group that held it, whatever became of its process. group is an index of the scan before. */
static void add_closed_in_group(const struct match *match, struct model *model, const struct history *after,
                                uint16_t group)
{
    if (group == PROCTCP_NO_GROUP)
        return;
    model->groups.at[places_now(&match->before->places, &after->places, group)].sockets_closed++;
    model->all.sockets_closed++;
}

/* A socket that somebody holds, and no table showed, is not closed. */
static void add_closed(const struct match *match, struct model *model, struct history *after)
{
    const struct proctcp_snapshot *previous = match->before->previous;

    for (uint32_t i = 0; i < previous->row_count; i++) {
        const struct proctcp_row *row = &previous->rows[i];
        const enum fate fate = fate_of(match, row->socket);
        struct proctcp_process *process = successor_of(model, after, match->successors.at[row->process]);
        if (row->owner_rank != 1 || (fate != FATE_GONE && fate != FATE_LEFT))
            continue;
        if (process)
            process->sockets_closed++;
        if (previous->row_groups)
            add_closed_in_group(match, model, after, previous->row_groups[i]);
    }
    for (uint32_t i = 0; i < match->before->carried.count; i++) {
        const struct carried_socket *carried = &match->before->carried.at[i];
        const enum fate fate = fate_of(match, previous->socket_count + i);
        struct proctcp_process *process = NULL;
        if (!carried->pid || carried->is_beside || (fate != FATE_GONE && fate != FATE_LEFT))
            continue;
        process = totals_find_process(model, after, carried->pid, carried->start_ticks);
        if (process)
            process->sockets_closed++;
        add_closed_in_group(match, model, after, carried->group);
    }
}

static struct proctcp_totals difference(const struct proctcp_totals *now, const struct proctcp_totals *before)
{
    return (struct proctcp_totals){
        .payload_sent_bytes = now->payload_sent_bytes - before->payload_sent_bytes,
        .payload_received_bytes = now->payload_received_bytes - before->payload_received_bytes,
        .bytes_sent = now->bytes_sent - before->bytes_sent,
        .bytes_acked = now->bytes_acked - before->bytes_acked,
        .bytes_received = now->bytes_received - before->bytes_received,
        .segs_out = now->segs_out - before->segs_out,
        .segs_in = now->segs_in - before->segs_in,
        .retransmissions = now->retransmissions - before->retransmissions,
        .accept_drops = now->accept_drops - before->accept_drops,
    };
}

void totals_sum(struct proctcp_totals *to, const struct proctcp_totals *what)
{
    to->payload_sent_bytes += what->payload_sent_bytes;
    to->payload_received_bytes += what->payload_received_bytes;
    to->bytes_sent += what->bytes_sent;
    to->bytes_acked += what->bytes_acked;
    to->bytes_received += what->bytes_received;
    to->segs_out += what->segs_out;
    to->segs_in += what->segs_in;
    to->retransmissions += what->retransmissions;
    to->accept_drops += what->accept_drops;
}

void totals_take(struct proctcp_totals *from, const struct proctcp_totals *what)
{
    *from = difference(from, what);
}

/* since held the totals of the scan before. */
static void find_growth(struct model *model, struct proctcp_process *process, bool is_first_scan)
{
    const struct proctcp_totals growth = difference(&process->totals, &process->since);

    process->since = is_first_scan ? process->since : growth;
    if (!model->groups.count || !process->row_count)
        return;
    totals_sum(&model->all.totals, &growth);
    if (!model->any_split)
        totals_sum(&model->groups.at[model->row_groups.at[process->first_row]].totals, &growth);
}

void totals_add(const struct match *match, const struct capture *capture, const struct proctcp_selection *selection,
                struct model *model, struct history *after)
{
    const bool is_first_scan = !match->before->previous;

    add_sockets(match, selection, model, capture);
    if (!is_first_scan)
        add_closed(match, model, after);
    for (uint32_t i = 0; i < model->processes.count; i++)
        find_growth(model, &model->processes.at[i], is_first_scan);
}
