/* match.c - which sockets, rows and processes of this scan were there in the one before. A socket is the same by its
 * cookie, a process by its start time: inodes, descriptors and pids are used again. */
#include "history/match.h"

#include "history/find.h"

#include "select/select.h"

#include <errno.h>
#include <stdlib.h>

/* ---- sockets ---- */

/* By cookie where both have one. By endpoints else, unless one of them has none: it had not been bound yet. */
static bool same_socket(const struct proctcp_socket *a, const struct proctcp_socket *b)
{
    if (a->present & b->present & PROCTCP_HAS_COOKIE)
        return a->cookie == b->cookie;
    if (a->inode != b->inode)
        return false;
    if (!(a->present & b->present & PROCTCP_HAS_LOCAL))
        return true;
    return is_same_tuple(a, b);
}

static uint32_t previous_count(const struct match *match)
{
    return match->before->previous ? match->before->previous->socket_count : 0;
}

static uint32_t earlier_count(const struct match *match)
{
    return previous_count(match) + match->before->carried.count;
}

const struct proctcp_socket *match_earlier(const struct match *match, uint32_t index,
                                           const struct proctcp_impairment **impairment)
{
    const struct proctcp_snapshot *previous = match->before->previous;
    const uint32_t count = previous_count(match);

    if (index < count) {
        *impairment = &previous->impairments[previous->sockets[index].impairment];
        return &previous->sockets[index];
    }
    *impairment = &match->before->carried.at[index - count].impairment;
    return &match->before->carried.at[index - count].socket;
}

static bool is_refused(const struct capture *capture, int32_t pid)
{
    const struct process *seen = find_seen(capture, pid);
    return seen && seen->walk == WALK_REFUSED;
}

/* Sockets of processes whose descriptors could be read before, and not this time: they wait until they can again. */
static void note_refused(struct match *match, const struct capture *capture)
{
    const struct proctcp_snapshot *previous = match->before->previous;
    const uint32_t count = previous_count(match);

    for (uint32_t p = 0; previous && p < previous->process_count; p++) {
        const struct proctcp_process *process = &previous->processes[p];
        if (!is_refused(capture, process->pid))
            continue;
        for (uint32_t i = process->first_row; i < process->first_row + process->row_count; i++) {
            if (previous->rows[i].owner_rank == 1)
                match->fate.at[previous->rows[i].socket] |= FATE_REFUSED;
        }
    }
    for (uint32_t i = 0; i < match->before->carried.count; i++) {
        const struct carried_socket *carried = &match->before->carried.at[i];
        if (carried->pid && is_refused(capture, carried->pid))
            match->fate.at[count + i] |= FATE_REFUSED;
    }
}

static void note(struct match *match, struct model *model, uint32_t socket, uint32_t index,
                 const struct proctcp_socket *earlier, enum fate fate)
{
    match->earlier.at[socket] = index;
    match->fate.at[index] = (uint8_t)(fate | (match->fate.at[index] & FATE_REFUSED));
    model->sockets.at[socket].first_seen = earlier->first_seen;
}

static const uint64_t counters = PROCTCP_HAS_INFO | PROCTCP_HAS_BYTES | PROCTCP_HAS_BYTES_SENT;

/* What is held by somebody whose descriptors could be read waits for nobody. What was counted before, and is not told
 * of this time, waits beside itself. */
static void note_what_waits(struct match *match, const struct model *model, uint32_t socket, uint32_t index,
                            const struct proctcp_socket *earlier)
{
    if (model->holders.at[socket] != PROCTCP_NONE)
        match->fate.at[index] &= (uint8_t)~FATE_REFUSED;
    if (earlier->present & ~model->sockets.at[socket].present & counters)
        match->fate.at[index] |= FATE_REFUSED;
}

/* Two that are the same are matched once; one that was carried has been matched before. */
static void match_one(struct match *match, struct model *model, uint32_t socket, uint32_t index,
                      const struct proctcp_socket *earlier)
{
    if (match->earlier.at[socket] != PROCTCP_NONE) {
        match->fate.at[index] = FATE_LIVES;
        return;
    }
    note(match, model, socket, index, earlier, FATE_LIVES);
    note_what_waits(match, model, socket, index, earlier);
}

/* Sockets of one inode are mostly one; the subflows of an MPTCP descriptor are a few. The socket that it is now, or
 * PROCTCP_NONE. */
static uint32_t find_by_inode(const struct model *model, const struct proctcp_socket *earlier)
{
    struct hash_walk walk;
    uint32_t i = hash_first(&model->by_inode, earlier->inode, &walk);

    while (i != HASH_NONE && !same_socket(&model->sockets.at[i], earlier))
        i = hash_next(&model->by_inode, &walk);
    return i;
}

/* Tables show sockets in nearly the same order as before, so that it is mostly the next one. */
static bool is_plainly(const struct model *model, uint32_t next, const struct proctcp_socket *earlier)
{
    return next < model->sockets.count && model->sockets.at[next].inode == earlier->inode &&
           model->sockets.at[next].present & earlier->present & PROCTCP_HAS_COOKIE &&
           model->sockets.at[next].cookie == earlier->cookie;
}

/* A carried socket must wait on while its holder cannot be read, unless somebody else holds it by now. */
static bool must_wait(const struct match *match, const struct model *model, uint32_t index,
                      const struct proctcp_socket *carried)
{
    struct hash_walk walk;

    if (!fate_is_refused(match, index))
        return false;
    for (uint32_t i = hash_first(&model->by_inode, carried->inode, &walk); i != HASH_NONE;
         i = hash_next(&model->by_inode, &walk)) {
        if (same_socket(&model->sockets.at[i], carried) && model->holders.at[i] != PROCTCP_NONE)
            return false;
    }
    return true;
}

/* A socket that cannot be held any more has no inode, and keeps its cookie. */
static bool is_left(const struct model *model, uint32_t socket)
{
    return model->holders.at[socket] == PROCTCP_NONE && model->sockets.at[socket].inode == 0 &&
           model->sockets.at[socket].present & PROCTCP_HAS_COOKIE;
}

static int match_by_cookie(struct match *match, struct model *model)
{
    struct hash by_cookie = {0};
    uint32_t count = 0;

    for (uint32_t i = 0; i < model->sockets.count; i++)
        count += is_left(model, i);
    if (count == 0)
        return 0;
    if (!hash_begin(&by_cookie, count))
        return -ENOMEM;
    for (uint32_t i = 0; i < model->sockets.count; i++) {
        if (is_left(model, i))
            hash_put(&by_cookie, (uint32_t)model->sockets.at[i].cookie, i);
    }
    for (uint32_t e = 0; e < earlier_count(match); e++) {
        const struct proctcp_impairment *impairment;
        const struct proctcp_socket *earlier = match_earlier(match, e, &impairment);
        struct hash_walk walk;
        if (fate_of(match, e) != FATE_GONE || !(earlier->present & PROCTCP_HAS_COOKIE))
            continue;
        for (uint32_t i = hash_first(&by_cookie, (uint32_t)earlier->cookie, &walk); i != HASH_NONE;
             i = hash_next(&by_cookie, &walk)) {
            if (model->sockets.at[i].cookie == earlier->cookie)
                note(match, model, i, e, earlier, FATE_LEFT);
        }
    }
    vector_free(&by_cookie);
    return 0;
}

static int note_unread(struct match *match, const struct capture *capture)
{
    struct hash unread = {0};

    for (uint32_t e = 0; e < earlier_count(match); e++) {
        if (match->fate.at[e] == (FATE_GONE | FATE_REFUSED))
            match->fate.at[e] = FATE_UNREAD | FATE_REFUSED;
    }
    if (!capture->unread.count)
        return 0;
    if (!hash_begin(&unread, capture->unread.count))
        return -ENOMEM;
    for (uint32_t i = 0; i < capture->unread.count; i++)
        hash_put(&unread, capture->unread.at[i], i);
    for (uint32_t e = 0; e < earlier_count(match); e++) {
        const struct proctcp_impairment *impairment;
        const struct proctcp_socket *earlier = match_earlier(match, e, &impairment);
        if (fate_of(match, e) == FATE_GONE && earlier->inode && hash_find(&unread, earlier->inode) != HASH_NONE)
            match->fate.at[e] = FATE_UNREAD;
    }
    vector_free(&unread);
    return 0;
}

/* A counter of 32 bits that went back by more than half of them went over its end instead. */
static bool went_back(const struct proctcp_socket *now, const struct proctcp_socket *before)
{
    return now->bytes_sent < before->bytes_sent || now->bytes_acked < before->bytes_acked ||
           now->bytes_received < before->bytes_received || before->segs_out - now->segs_out - 1 < UINT32_MAX / 2 ||
           before->segs_in - now->segs_in - 1 < UINT32_MAX / 2;
}

/* The connection that it had is told to have ended: before this scan began, or else its counters show that this is
 * another one. */
static bool has_connected_again(const struct ends *ends, uint64_t began_ns, const struct proctcp_socket *now,
                                const struct proctcp_socket *before)
{
    const uint32_t first = now->present & PROCTCP_HAS_COOKIE ? ends_find(ends, now->cookie, 0, NULL) : PROCTCP_NONE;

    if (first == PROCTCP_NONE || now->state == PROCTCP_CLOSED || before->state == PROCTCP_CLOSED)
        return false;
    return ends_at(ends, first)->ended_ns < began_ns || went_back(now, before);
}

/* A socket that was disconnected and has another connection by now goes for another one. */
static int part_connections(struct match *match, const struct capture *capture, struct model *model)
{
    if (!match->before->previous || !ends_count(match->ends) || !capture->began_ns)
        return 0;
    if (!bytes_fill(&match->parted, model->sockets.count, NOT_PARTED))
        return -ENOMEM;
    for (uint32_t i = 0; i < model->sockets.count; i++) {
        struct proctcp_socket *socket = &model->sockets.at[i];
        const uint32_t earlier = match->earlier.at[i], count = previous_count(match);
        const struct proctcp_impairment *impairment;
        if (earlier == PROCTCP_NONE || model->holders.at[i] == PROCTCP_NONE ||
            !has_connected_again(match->ends, capture->began_ns, socket, match_earlier(match, earlier, &impairment)))
            continue;
        match->parted.at[i] =
            earlier >= count && match->before->carried.at[earlier - count].is_beside ? PARTED_BESIDE : PARTED;
        match->earlier.at[i] = PROCTCP_NONE;
        match->fate.at[earlier] = FATE_GONE;
        socket->first_seen = (uint32_t)capture->stats.time;
    }
    return 0;
}

/* ---- sockets that another selection leaves out ---- */

static bool is_namespace_read(const struct capture *capture, uint32_t netns)
{
    for (uint32_t i = 0; i < capture->namespaces.count; i++) {
        if (capture->namespaces.at[i].shown.inode == netns)
            return true;
    }
    return false;
}

/* What was held by a process that is still there. */
static void note_if_left_out(struct match *match, const struct capture *capture, uint32_t earlier, int32_t pid)
{
    const struct process *holder = find_seen(capture, pid);
    const struct proctcp_impairment *impairment;
    const struct proctcp_socket *socket = match_earlier(match, earlier, &impairment);

    if (fate_of(match, earlier) != FATE_GONE || !holder)
        return;
    if (holder->walk == WALK_LEFT_OUT || !holder->is_selected || !select_socket(match->selection, socket) ||
        !is_namespace_read(capture, socket->netns))
        match->fate.at[earlier] = FATE_LEFT_OUT;
}

static void note_left_out(struct match *match, const struct capture *capture)
{
    const struct proctcp_snapshot *previous = match->before->previous;

    if (!match->before->is_reselected || !previous)
        return;
    for (uint32_t i = 0; i < previous->row_count; i++) {
        if (previous->rows[i].owner_rank == 1)
            note_if_left_out(match, capture, previous->rows[i].socket, previous->rows[i].pid);
    }
    for (uint32_t i = 0; i < match->before->carried.count; i++)
        note_if_left_out(match, capture, previous->socket_count + i, match->before->carried.at[i].pid);
}

int match_sockets(struct match *match, const struct capture *capture, struct model *model)
{
    if (!indices_fill(&match->earlier, model->sockets.count, 0xff) ||
        !bytes_fill(&match->fate, earlier_count(match), 0))
        return -ENOMEM;
    note_refused(match, capture);
    /* What was carried goes before what was seen of it meanwhile, held by nobody; but not while it must still wait. */
    for (uint32_t i = 0; i < match->before->carried.count; i++) {
        const uint32_t e = previous_count(match) + i;
        const struct proctcp_socket *carried = &match->before->carried.at[i].socket;
        const uint32_t socket = carried->inode ? find_by_inode(model, carried) : PROCTCP_NONE;
        if (socket != PROCTCP_NONE && !must_wait(match, model, e, carried))
            match_one(match, model, socket, e, carried);
    }
    for (uint32_t e = 0, next = 0; e < previous_count(match); e++) {
        const struct proctcp_socket *earlier = &match->before->previous->sockets[e];
        if (!earlier->inode)
            continue;
        const uint32_t socket = is_plainly(model, next, earlier) ? next : find_by_inode(model, earlier);
        if (socket == PROCTCP_NONE)
            continue;
        match_one(match, model, socket, e, earlier);
        next = socket + 1;
    }
    if (match_by_cookie(match, model) < 0 || part_connections(match, capture, model) < 0)
        return -ENOMEM;
    note_left_out(match, capture);
    return note_unread(match, capture);
}

/* ---- rows and processes ---- */

/* A row is the same one if the same socket is at the same descriptor. Subflows share a descriptor; else it has one row.
 */
static void match_rows(const struct match *match, struct model *model, const struct proctcp_process *process,
                       const struct proctcp_process *old_process)
{
    const struct proctcp_snapshot *previous = match->before->previous;

    if (!process->row_count || !old_process->row_count)
        return;
    struct proctcp_row *row = model->rows.at + process->first_row;
    const struct proctcp_row *end = row + process->row_count;
    const struct proctcp_row *old = previous->rows + old_process->first_row;
    const struct proctcp_row *old_end = old + old_process->row_count;

    for (; row < end; row++) {
        while (old < old_end && old->fd < row->fd)
            old++;
        for (const struct proctcp_row *same = old; same < old_end && same->fd == row->fd; same++) {
            if (same->socket == match->earlier.at[row->socket])
                row->first_seen = same->first_seen;
        }
    }
}

/* Where what was carried is at the descriptor that it was at. */
static void match_carried_rows(const struct match *match, struct model *model)
{
    const uint32_t count = previous_count(match);

    for (uint32_t i = 0; match->before->carried.count && i < model->rows.count; i++) {
        struct proctcp_row *row = &model->rows.at[i];
        const uint32_t earlier = match->earlier.at[row->socket];
        if (earlier == PROCTCP_NONE || earlier < count)
            continue;
        const struct carried_socket *carried = &match->before->carried.at[earlier - count];
        if (carried->pid == row->pid && carried->fd == row->fd)
            row->first_seen = carried->row_first_seen;
    }
}

static void keep_totals(struct proctcp_process *process, const struct proctcp_process *old)
{
    process->first_seen = old->first_seen;
    process->totals = process->since = old->totals;
    process->connections = old->connections;
    process->sockets_opened = old->sockets_opened;
    process->sockets_closed = old->sockets_closed;
}

static const char *copy(struct arena *strings, const char *text)
{
    return *text ? arena_copy(strings, text, strlen(text)) : "";
}

/* The group of a process is read apart from the rest. */
static int adopt_cgroup(struct proctcp_process *process, const struct proctcp_process *old, struct arena *strings)
{
    const uint32_t bits = PROCTCP_HAS_CGROUP | PROCTCP_HAS_UNIT | PROCTCP_HAS_CONTAINER;

    if (process->present & PROCTCP_HAS_CGROUP || !(old->present & PROCTCP_HAS_CGROUP))
        return 0;
    process->cgroup = copy(strings, old->cgroup);
    process->unit = copy(strings, old->unit);
    process->container = copy(strings, old->container);
    process->present |= old->present & bits;
    return process->cgroup && process->unit && process->container ? 0 : -ENOMEM;
}

/* What could not be read of it this time is as it was. */
static int adopt_facts(struct proctcp_process *process, const struct proctcp_process *old, struct arena *strings)
{
    const uint32_t adopted = old->present & (PROCTCP_HAS_PROCESS | PROCTCP_HAS_EXECUTABLE | PROCTCP_HAS_START_TIME);

    if (adopt_cgroup(process, old, strings) < 0)
        return -ENOMEM;
    if (process->present & PROCTCP_HAS_PROCESS || !adopted)
        return 0;
    process->start_ticks = old->start_ticks;
    process->start_time = old->start_time;
    process->name = copy(strings, old->name);
    process->executable = copy(strings, old->executable);
    process->present |= adopted;
    return process->name && process->executable ? 0 : -ENOMEM;
}

int match_processes(struct match *match, struct model *model, struct arena *strings)
{
    const struct proctcp_snapshot *previous = match->before->previous;
    uint32_t old = 0;

    if (!indices_fill(&match->successors, previous->process_count, 0xff))
        return -ENOMEM;
    for (uint32_t i = 0; i < model->processes.count; i++) {
        struct proctcp_process *process = &model->processes.at[i];
        while (old < previous->process_count && previous->processes[old].pid < process->pid)
            old++;
        if (old == previous->process_count || !find_is_same_process(process, &previous->processes[old])) {
            const struct idle_process *idle = find_idle(match->before, process);
            if (idle)
                keep_totals(process, &idle->process);
            continue;
        }
        match->successors.at[old] = i;
        if (adopt_facts(process, &previous->processes[old], strings) < 0)
            return -ENOMEM;
        keep_totals(process, &previous->processes[old]);
        match_rows(match, model, process, &previous->processes[old]);
    }
    match_carried_rows(match, model);
    return 0;
}
