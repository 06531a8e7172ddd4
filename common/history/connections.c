/* connections.c - what connections counted where no scan was looking: those that began and ended between two, and the
 * rest of those that ended. Adds each byte once: what a scan saw of a connection is taken from what it had counted at
 * its end. */
#include "history/connections.h"

#include "history/places.h"
#include "history/totals.h"

#include <errno.h>

/* A connection that nobody holds may take minutes to end, in a message that nobody takes as long as its owner wants. Of
 * these there are no more than the kernel has orphans (tcp_max_orphans), and files in messages (RLIMIT_NOFILE). Of
 * what ends while the kernel does not count, nothing will be told, most likely. */
#define ENDING_SCANS           100000
#define ENDING_SCANS_UNCOUNTED 1000
#define ENDING_MAX             262144
#define WAITS                  2

#define NO_KEY PROCTCP_NONE

/* ---- to whom ---- */

static void sum_connections(struct proctcp_connections *to, const struct proctcp_connections *what)
{
    uint64_t *sum = (uint64_t *)to;
    const uint64_t *more = (const uint64_t *)what;

    for (size_t i = 0; i < sizeof(*to) / sizeof(*sum); i++)
        sum[i] += more[i];
}

struct receiver {
    const struct match *match;
    const struct capture *capture;
    struct model *model;
    struct history *after;
    bool is_first_scan;
};

static void give_process(const struct receiver *to, struct proctcp_process *process,
                         const struct proctcp_connections *connections, const struct proctcp_totals *totals)
{
    if (!process)
        return;
    sum_connections(&process->connections, connections);
    totals_sum(&process->totals, totals);
    if (!to->is_first_scan)
        totals_sum(&process->since, totals);
}

/* All totals are of the group then, also where nothing of it runs. */
static void give_group(const struct receiver *to, uint16_t group, const struct proctcp_connections *connections,
                       const struct proctcp_totals *totals)
{
    struct proctcp_group *at[] = {&to->model->all, &to->model->groups.at[group]};

    for (size_t i = 0; i < 2; i++) {
        sum_connections(&at[i]->connections, connections);
        totals_sum(&at[i]->totals, totals);
        at[i]->last_seen = to->capture->stats.time;
        at[i]->present |= (PROCTCP_HAS_TOTALS & ~PROCTCP_HAS_TOTAL_ACCEPT_DROPS) | PROCTCP_HAS_GROUP_LAST_SEEN;
    }
}

static void give_unseen(const struct receiver *to, uint32_t index, const struct proctcp_connections *connections,
                        const struct proctcp_totals *totals)
{
    const struct unseen *unseen = &to->capture->unseen.at[index];
    const uint32_t key = to->model->groups.count ? to->model->unseen_keys.at[index] : NO_KEY;

    if (unseen->facts == PROCTCP_NONE)
        return;
    give_process(to, totals_find_process(to->model, to->after, unseen->pid, unseen->start_ticks), connections, totals);
    if (key != NO_KEY)
        give_group(to, to->model->group_keys.at[key].group, connections, totals);
}

/* ---- connections that ended ---- */

struct endings {
    struct receiver to;
    const struct ends *ends;
    struct bytes used;   /* by index of ends */
    struct bytes let_go; /* by earlier socket: it is there, and who held it is gone */
};

/* The first end of a socket that came at some time or later, each once; PROCTCP_NONE: it is not told of. */
static uint32_t take_end(struct endings *endings, uint64_t cookie, uint64_t since_ns)
{
    const uint32_t found = ends_find(endings->ends, cookie, since_ns, &endings->used);

    if (found != PROCTCP_NONE)
        endings->used.at[found] = true;
    return found;
}

static uint64_t rest(uint64_t all, uint64_t seen)
{
    return all > seen ? all - seen : 0;
}

/* The kernel counts segments in 32 bits. */
static uint64_t rest32(uint64_t all, uint64_t seen)
{
    const uint32_t difference = (uint32_t)all - (uint32_t)seen;
    return difference < UINT32_MAX / 2 ? difference : 0;
}

static struct proctcp_totals rest_of(const struct proctcp_totals *all, const struct proctcp_totals *seen)
{
    return (struct proctcp_totals){
        .payload_sent_bytes = rest(all->payload_sent_bytes, seen->payload_sent_bytes),
        .payload_received_bytes = rest(all->payload_received_bytes, seen->payload_received_bytes),
        .bytes_sent = rest(all->bytes_sent, seen->bytes_sent),
        .bytes_acked = rest(all->bytes_acked, seen->bytes_acked),
        .bytes_received = rest(all->bytes_received, seen->bytes_received),
        .segs_out = rest32(all->segs_out, seen->segs_out),
        .segs_in = rest32(all->segs_in, seen->segs_in),
        .retransmissions = rest32(all->retransmissions, seen->retransmissions),
    };
}

/* Its end is told of, or it waits for it. */
static int settle(struct endings *endings, const struct ending *ending)
{
    const struct receiver *to = &endings->to;
    const uint32_t index = take_end(endings, ending->cookie, ending->began_ns);
    struct proctcp_connections connections = {0};
    struct proctcp_totals totals;
    struct ending *kept;

    if (index == PROCTCP_NONE) {
        if (ending->scans >= (ending->is_counted ? ENDING_SCANS : ENDING_SCANS_UNCOUNTED) ||
            to->after->ending.count >= ENDING_MAX)
            return 0;
        kept = vector_push(&to->after->ending);
        if (!kept)
            return -ENOMEM;
        *kept = *ending;
        kept->scans++;
        return 0;
    }
    connections.accepts = ends_at(endings->ends, index)->was_accepted && !ending->was_accepted;
    if (ends_at(endings->ends, index)->is_counted)
        return 0;
    totals = rest_of(&ends_at(endings->ends, index)->totals, &ending->totals);
    give_process(to, totals_find_process(to->model, to->after, ending->pid, ending->start_ticks), &connections,
                 &totals);
    if (ending->group != PROCTCP_NO_GROUP)
        give_group(to, ending->group, &connections, &totals);
    return 0;
}

static bool is_over(const struct endings *endings, uint32_t earlier)
{
    const struct match *match = endings->to.match;
    const enum fate fate = fate_of(match, earlier);

    return !fate_is_refused(match, earlier) && (fate == FATE_GONE || fate == FATE_LEFT || endings->let_go.at[earlier]);
}

static bool find_let_go(struct endings *endings)
{
    const struct match *match = endings->to.match;
    const struct model *model = endings->to.model;

    if (!bytes_fill(&endings->let_go, match->fate.count, 0))
        return false;
    for (uint32_t s = 0; s < model->sockets.count; s++) {
        if (model->holders.at[s] == PROCTCP_NONE && match->earlier.at[s] != PROCTCP_NONE)
            endings->let_go.at[match->earlier.at[s]] = true;
    }
    return true;
}

static struct ending begin_ending(const struct endings *endings, const struct proctcp_socket *socket,
                                  const struct proctcp_impairment *impairment, int32_t pid, uint64_t start_ticks,
                                  uint16_t group)
{
    return (struct ending){.cookie = socket->cookie,
                           .is_counted = endings->to.capture->stats.connections_counted,
                           .start_ticks = start_ticks,
                           .pid = pid,
                           .group = group,
                           .was_accepted = socket->present & PROCTCP_WAS_ACCEPTED,
                           .totals = totals_of_socket(socket, impairment)};
}

/* Of what has no connection yet, no end is told. */
static bool has_counted(const struct proctcp_socket *socket)
{
    return socket->state >= PROCTCP_ESTABLISHED && socket->state != PROCTCP_TIME_WAIT &&
           socket->present & PROCTCP_HAS_COOKIE && socket->present & PROCTCP_HAS_INFO;
}

static uint16_t group_now(const struct receiver *to, uint16_t group)
{
    if (group == PROCTCP_NO_GROUP || !to->model->groups.count)
        return PROCTCP_NO_GROUP;
    return places_now(&to->match->before->places, &to->after->places, group);
}

/* What was carried goes first: it has more than what was seen beside it. */
static int settle_carried(struct endings *endings)
{
    const struct match *match = endings->to.match;
    int status = 0;

    for (uint32_t i = 0; i < match->before->carried.count && status == 0; i++) {
        const struct carried_socket *carried = &match->before->carried.at[i];
        if (!carried->pid || !has_counted(&carried->socket) ||
            !is_over(endings, match->before->previous->socket_count + i))
            continue;
        const struct ending ending = begin_ending(endings, &carried->socket, &carried->impairment, carried->pid,
                                                  carried->start_ticks, group_now(&endings->to, carried->group));
        status = settle(endings, &ending);
    }
    return status;
}

static int settle_rows(struct endings *endings)
{
    const struct match *match = endings->to.match;
    const struct proctcp_snapshot *previous = match->before->previous;
    int status = 0;

    for (uint32_t i = 0; i < previous->row_count && status == 0; i++) {
        const struct proctcp_row *row = &previous->rows[i];
        const struct proctcp_impairment *impairment;
        if (row->owner_rank != 1 || !is_over(endings, row->socket))
            continue;
        const struct proctcp_socket *socket = match_earlier(match, row->socket, &impairment);
        if (!has_counted(socket))
            continue;
        struct ending ending =
            begin_ending(endings, socket, impairment, row->pid, previous->processes[row->process].start_ticks,
                         group_now(&endings->to, previous->row_groups ? previous->row_groups[i] : PROCTCP_NO_GROUP));
        ending.began_ns = match->before->began_ns;
        status = settle(endings, &ending);
    }
    return status;
}

static int settle_ending(struct endings *endings)
{
    const struct all_ending *waiting = &endings->to.match->before->ending;
    int status = 0;

    for (uint32_t i = 0; i < waiting->count && status == 0; i++) {
        struct ending ending = waiting->at[i];
        ending.group = group_now(&endings->to, ending.group);
        status = settle(endings, &ending);
    }
    return status;
}

/* In the first scan, what ended by then is in what its process counted: what was seen of it is in it, too. */
static void take_back(struct endings *endings, uint32_t index, uint32_t socket)
{
    const struct receiver *to = &endings->to;
    struct proctcp_process *process = &to->model->processes.at[to->model->holders.at[socket]];
    const struct proctcp_socket *seen = &to->model->sockets.at[socket];
    const struct proctcp_totals totals = totals_of_socket(seen, &to->capture->impairments.at[seen->impairment]);
    const bool was_accepted = seen->present & PROCTCP_WAS_ACCEPTED;
    struct proctcp_group *groups[] = {&to->model->all, NULL};

    if (!to->is_first_scan || !ends_at(endings->ends, index)->is_counted)
        return;
    totals_take(&process->totals, &totals);
    process->connections.accepts -= was_accepted;
    if (!to->model->groups.count)
        return;
    groups[1] = &to->model->groups.at[model_home_group(to->model, socket)];
    for (size_t i = 0; i < 2; i++) {
        totals_take(&groups[i]->totals, &totals);
        groups[i]->connections.accepts -= was_accepted;
    }
}

static int keep_told(struct endings *endings, uint32_t index)
{
    struct ended *kept = vector_push(&endings->to.after->ended_here);

    if (!kept)
        return -ENOMEM;
    *kept = *ends_at(endings->ends, index);
    kept->is_new = false;
    return 0;
}

static bool is_told(const struct endings *endings, const struct proctcp_socket *socket)
{
    return has_counted(socket) && ends_find(endings->ends, socket->cookie, 0, NULL) != PROCTCP_NONE;
}

/* Some ended while this scan showed them, and have been counted, or wait until it is sure that they are gone: what came
 * since is for the next. What had ended before the scan began is not what it showed, but an earlier connection of the
 * same socket. */
static int keep_shown(struct endings *endings)
{
    const struct capture *capture = endings->to.capture;
    const struct model *model = endings->to.model;
    const struct carried_sockets *carried = &endings->to.after->carried;
    int status = 0;

    for (uint32_t s = 0; s < model->sockets.count && status == 0; s++) {
        const struct proctcp_socket *socket = &model->sockets.at[s];
        if (model->holders.at[s] == PROCTCP_NONE || parted_of(endings->to.match, s) || !is_told(endings, socket))
            continue;
        const uint32_t index = take_end(endings, socket->cookie, capture->began_ns);
        if (index == PROCTCP_NONE)
            continue;
        take_back(endings, index, s);
        status = keep_told(endings, index);
    }
    for (uint32_t i = 0; i < carried->count && status == 0; i++) {
        const struct proctcp_socket *socket = &carried->at[i].socket;
        const uint32_t index = is_told(endings, socket) ? take_end(endings, socket->cookie, 0) : PROCTCP_NONE;
        if (index != PROCTCP_NONE)
            status = keep_told(endings, index);
    }
    return status;
}

/* What is told of a process among what was counted for it; PROCTCP_NONE: nothing was. */
static uint32_t find_unseen(const struct capture *capture, const struct ended *ended)
{
    const struct all_unseen *all = &capture->unseen;
    uint32_t low = 0, high = all->count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (all->at[middle].pid < ended->pid ||
            (all->at[middle].pid == ended->pid && all->at[middle].start_ticks < ended->start_ticks))
            low = middle + 1;
        else
            high = middle;
    }
    return low < all->count && all->at[low].pid == ended->pid && all->at[low].start_ticks == ended->start_ticks
               ? low
               : PROCTCP_NONE;
}

/* One that ended between the two files may be told of before its process is, and waits. */
static int wait_for_process(const struct receiver *to, const struct ended *ended)
{
    const bool counted = to->capture->stats.connections_counted;
    struct ended *kept;

    if (counted && ended->waits >= WAITS)
        return 0;
    kept = vector_push(&to->after->ended_here);
    if (!kept)
        return -ENOMEM;
    *kept = *ended;
    kept->waits += counted;
    return 0;
}

/* A scan might have shown them, and this one's forerunners have not. */
static int give_rest(const struct endings *endings)
{
    const struct receiver *to = &endings->to;
    const uint32_t count = ends_count(endings->ends);
    int status = 0;

    for (uint32_t i = 0; i < count && status == 0; i++) {
        const struct ended *ended = ends_at(endings->ends, i);
        const struct proctcp_connections connections = {.accepts = ended->was_accepted};
        const uint32_t index = find_unseen(to->capture, ended);
        if (endings->used.at[i] || !ended->is_new)
            continue;
        if (index != PROCTCP_NONE)
            give_unseen(to, index, &connections, &ended->totals);
        else
            status = wait_for_process(to, ended);
    }
    return status;
}

static int add_ended(struct endings *endings)
{
    const uint32_t count = ends_count(endings->ends);
    int status = 0;

    if (!bytes_fill(&endings->used, count, 0) || !find_let_go(endings))
        return -ENOMEM;
    if (count)
        status = keep_shown(endings);
    if (status == 0 && endings->to.match->before->previous) {
        status = settle_carried(endings);
        if (status == 0)
            status = settle_rows(endings);
        if (status == 0)
            status = settle_ending(endings);
    }
    return status ? status : give_rest(endings);
}

/* ---- all of it ---- */

/* Groups have what connections counted, but for those that take some sockets only, and those with a process of which it
 * is not told. */
static void mark_groups(struct model *model, const struct group_memories *memories)
{
    for (uint32_t g = 0; g < model->groups.count; g++) {
        if (!memories->at[g].asks_sockets)
            model->groups.at[g].present |= PROCTCP_HAS_CONNECTIONS;
    }
    model->all.present |= PROCTCP_HAS_CONNECTIONS;
    for (uint32_t p = 0; p < model->processes.count; p++) {
        const struct proctcp_process *process = &model->processes.at[p];
        if (process->present & PROCTCP_HAS_CONNECTIONS)
            continue;
        model->all.present &= ~PROCTCP_HAS_CONNECTIONS;
        for (uint32_t i = 0; i < process->row_count && model->groups.count; i++)
            model->groups.at[model->row_groups.at[process->first_row + i]].present &= ~PROCTCP_HAS_CONNECTIONS;
    }
}

int connections_add(const struct match *match, const struct capture *capture, struct model *model,
                    struct history *after)
{
    struct endings endings = {.to = {match, capture, model, after, !match->before->previous}, .ends = match->ends};
    const bool counted = capture->stats.connections_counted;
    int status;

    after->began_ns = capture->began_ns;
    after->counts_connections = match->before->counts_connections || counted;
    if (!after->counts_connections)
        return 0;
    for (uint32_t i = 0; i < capture->unseen.count; i++) {
        if (capture->unseen.at[i].is_new)
            give_unseen(&endings.to, i, &capture->unseen.at[i].connections, &capture->unseen.at[i].totals);
    }
    if (counted)
        mark_groups(model, &after->places.groups);
    status = add_ended(&endings); /* where they are not counted this time, what ended waits until they are */
    vector_free(&endings.used);
    vector_free(&endings.let_go);
    return status;
}
