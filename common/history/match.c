/* deltas.c - this scan against the previous snapshot: since when rows, sockets and processes are known, and what
 * counters went up by meanwhile. Both sides are sorted by the same orders, so that merges find what they share. Nothing
 * of the kernel is known here but what its counters do. */
#include "scan.h"

/* What the walk of both sides found. Arrays lie in the scan's scratch memory. */
struct match {
    uint32_t *earlier; /* by socket of this scan: the same one in the previous snapshot, or PROCTCP_NONE */
    bool *lives_on;    /* by socket of the previous snapshot: whether it is in this scan, too */
    uint32_t *heir;    /* by process of the previous snapshot: the same one in this scan, see heir_of() */
};

/* Behind the processes of this scan stand those that hold no TCP socket any more, but may again. */
static struct proctcp_process *heir_of(struct scan *scan, uint32_t heir)
{
    if (heir == PROCTCP_NONE)
        return NULL;
    return heir < scan->processes.count ? &scan->processes.at[heir] : &scan->resting.at[heir - scan->processes.count];
}

/* ---- sockets ---- */

/* Those that are in no table came last, and are few. */
static uint32_t count_bound(const struct scan *scan)
{
    uint32_t bound = scan->sockets.count;
    while (bound > 0 && !(scan->sockets.at[bound - 1].present & PROCTCP_HAS_LOCAL))
        bound--;
    return bound;
}

static uint64_t key_of(const struct scan *scan, uint32_t index)
{
    return (uint64_t)scan->sockets.at[index].inode << 32 | index;
}

/* The join has ordered all that tables showed; the others, in keys, go in between. */
static int merge_order(struct scan *scan)
{
    const uint64_t *ordered = scan->by_inode.at, *ordered_end = ordered + scan->ordered_by_inode;
    const uint64_t *added = scan->keys.at, *added_end = added + scan->keys.count;
    const uint32_t count = scan->ordered_by_inode + scan->keys.count;

    scan->spare.count = scan->with_inode.count = 0;
    if (!vector_reserve(&scan->spare, (uint64_t)count + 1) || !vector_reserve(&scan->with_inode, (uint64_t)count + 1))
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        bool next_is_added = ordered == ordered_end || (added < added_end && *added < *ordered);
        scan->spare.at[i] = next_is_added ? *added++ : *ordered++;
        scan->with_inode.at[i] = (uint32_t)scan->spare.at[i];
    }
    scan->spare.count = scan->with_inode.count = count;
    return 0;
}

/* Leaves in spare the keys of by_inode, of the finished sockets. */
static int order_those_with_inode(struct scan *scan)
{
    /* What the selection moved is ordered anew. */
    const uint32_t first = scan->selection ? 0 : count_bound(scan);
    struct keys *keys = &scan->keys;

    keys->count = 0;
    if (!vector_reserve(keys, (uint64_t)scan->sockets.count - first + 1))
        return -ENOMEM;
    for (uint32_t i = first; i < scan->sockets.count; i++) {
        if (scan->sockets.at[i].inode)
            keys->at[keys->count++] = key_of(scan, i);
    }
    if (sort_keys(scan) < 0)
        return -ENOMEM;
    if (scan->selection)
        scan->ordered_by_inode = 0;
    return merge_order(scan);
}

/* The sockets of the previous snapshot in the order of their inodes, which lie all over the memory: what is next is
 * fetched some steps ahead. */
struct earlier_sockets {
    const struct proctcp_snapshot *snapshot;
    const uint32_t *order;
    uint32_t count;
    uint32_t at;
};

#define STEPS_AHEAD 16

static bool earlier_reaches(const struct earlier_sockets *earlier, uint32_t at, uint32_t inode)
{
    return at < earlier->count && earlier->snapshot->sockets[earlier->order[at]].inode == inode;
}

static void earlier_skip_to(struct earlier_sockets *earlier, uint32_t inode)
{
    while (earlier->at < earlier->count && earlier->snapshot->sockets[earlier->order[earlier->at]].inode < inode) {
        if (earlier->at + STEPS_AHEAD < earlier->count)
            __builtin_prefetch(&earlier->snapshot->sockets[earlier->order[earlier->at + STEPS_AHEAD]].inode);
        earlier->at++;
    }
}

/* Sockets of one inode are mostly one; the subflows of an MPTCP descriptor are a few. */
static void match_group(struct scan *scan, const struct earlier_sockets *earlier, struct match *match, uint64_t key)
{
    const uint32_t index = (uint32_t)key;

    for (uint32_t at = earlier->at; earlier_reaches(earlier, at, (uint32_t)(key >> 32)); at++) {
        const uint32_t same = earlier->order[at];
        if (match->lives_on[same] || !rests_same_socket(&scan->sockets.at[index], &earlier->snapshot->sockets[same]))
            continue;
        match->earlier[index] = same;
        match->lives_on[same] = true;
        return;
    }
}

static bool is_alone(const struct keys *keys, uint32_t at)
{
    return (at == 0 || keys->at[at - 1] >> 32 != keys->at[at] >> 32) &&
           (at + 1 == keys->count || keys->at[at + 1] >> 32 != keys->at[at] >> 32);
}

/* Merges the inodes of both sides. Where each has one socket of an inode, those are compared later, in their own order.
 */
static void match_inodes(struct scan *scan, const struct proctcp_snapshot *previous, struct match *match)
{
    struct earlier_sockets earlier = {.snapshot = previous};

    earlier.order = snapshot_with_inode(previous, &earlier.count);
    for (uint32_t i = 0; i < scan->spare.count; i++) {
        const uint64_t key = scan->spare.at[i];
        const uint32_t inode = (uint32_t)(key >> 32);
        earlier_skip_to(&earlier, inode);
        if (!earlier_reaches(&earlier, earlier.at, inode))
            continue;
        if (is_alone(&scan->spare, i) && !earlier_reaches(&earlier, earlier.at + 1, inode))
            match->earlier[(uint32_t)key] = earlier.order[earlier.at];
        else
            match_group(scan, &earlier, match, key);
    }
}

static void match_sockets(struct scan *scan, const struct proctcp_snapshot *previous, struct match *match)
{
    match_inodes(scan, previous, match);
    for (uint32_t i = 0; i < scan->sockets.count; i++) {
        struct proctcp_socket *socket = &scan->sockets.at[i];
        const uint32_t earlier = match->earlier[i];
        if (earlier == PROCTCP_NONE)
            continue;
        if (!match->lives_on[earlier] && !rests_same_socket(socket, &previous->sockets[earlier])) {
            match->earlier[i] = PROCTCP_NONE;
            continue;
        }
        match->lives_on[earlier] = true;
        socket->first_seen = previous->sockets[earlier].first_seen;
    }
}

/* ---- rows and processes ---- */

/* A row is the same one if the same socket is at the same descriptor. Subflows share a descriptor; else it has one row.
 */
static void match_rows(struct scan *scan, const struct proctcp_process *process,
                       const struct proctcp_snapshot *previous, const struct proctcp_process *old_process,
                       const struct match *match)
{
    struct proctcp_row *row = scan->rows.at + process->first_row;
    const struct proctcp_row *end = row + process->row_count;
    const struct proctcp_row *old = previous->rows + old_process->first_row;
    const struct proctcp_row *old_end = old + old_process->row_count;

    for (; row < end; row++) {
        while (old < old_end && old->fd < row->fd)
            old++;
        for (const struct proctcp_row *same = old; same < old_end && same->fd == row->fd; same++) {
            if (same->socket == match->earlier[row->socket])
                row->first_seen = same->first_seen;
        }
    }
}

static void keep_totals(struct proctcp_process *process, const struct proctcp_process *old)
{
    process->first_seen = old->first_seen;
    process->present |= old->present & PROCTCP_HAS_TOTALS;
    process->totals = process->since = old->totals;
    process->sockets_opened = old->sockets_opened;
    process->sockets_closed = old->sockets_closed;
}

static void match_processes(struct scan *scan, const struct proctcp_snapshot *previous, struct match *match)
{
    uint32_t old = 0;

    for (uint32_t i = 0; i < scan->processes.count; i++) {
        struct proctcp_process *process = &scan->processes.at[i];
        while (old < previous->process_count && previous->processes[old].pid < process->pid)
            old++;
        if (old == previous->process_count || !rests_same_process(process, &previous->processes[old])) {
            const struct proctcp_process *rested = rests_process(scan, process);
            if (rested)
                keep_totals(process, rested);
            continue;
        }
        match->heir[old] = i;
        keep_totals(process, &previous->processes[old]);
        match_rows(scan, process, previous, &previous->processes[old], match);
    }
}

/* ---- counters ---- */

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

/* Adds what a socket counted since earlier; NULL: since it began. */
static void add_counters(struct proctcp_process *process, const struct proctcp_socket *socket,
                         const struct proctcp_trouble *trouble, const struct proctcp_socket *earlier,
                         const struct proctcp_trouble *earlier_trouble)
{
    static const struct proctcp_socket no_socket = {.present = UINT64_MAX};
    static const struct proctcp_trouble no_trouble = {0};
    uint64_t both;

    if (!earlier) {
        earlier = &no_socket;
        earlier_trouble = &no_trouble;
    }
    /* What the earlier scan had no value of begins now. */
    both = socket->present & earlier->present;
    if (both & PROCTCP_HAS_BYTES_SENT)
        process->totals.bytes_sent += delta64(socket->bytes_sent, earlier->bytes_sent);
    if (both & PROCTCP_HAS_BYTES) {
        process->totals.bytes_acked += delta64(socket->bytes_acked, earlier->bytes_acked);
        process->totals.bytes_received += delta64(socket->bytes_received, earlier->bytes_received);
    }
    if (both & PROCTCP_HAS_SEGS) {
        process->totals.segs_out += delta32(socket->segs_out, earlier->segs_out);
        process->totals.segs_in += delta32(socket->segs_in, earlier->segs_in);
    }
    if (both & PROCTCP_HAS_INFO)
        process->totals.retransmissions += delta32(trouble->total_retrans, earlier_trouble->total_retrans);
}

/* A socket counts in the process of its rank 1 alone, whoever that was before. */
static void add_sockets(struct scan *scan, const struct proctcp_snapshot *previous, const struct match *match)
{
    for (uint32_t i = 0; i < scan->sockets.count; i++) {
        const struct proctcp_socket *socket = &scan->sockets.at[i], *earlier = NULL;
        const struct proctcp_trouble *trouble = &scan->troubles.at[socket->trouble], *earlier_trouble = NULL;
        if (scan->homes.at[i] == PROCTCP_NONE)
            continue;
        struct proctcp_process *process = &scan->processes.at[scan->homes.at[i]];
        if (previous && match->earlier[i] != PROCTCP_NONE) {
            earlier = &previous->sockets[match->earlier[i]];
            earlier_trouble = &previous->troubles[earlier->trouble];
        }
        process->sockets_opened += !earlier;
        if (previous && !earlier && rests_may_be_old(scan, process, socket))
            continue; /* what it has counted by now may be counted already: it begins here */
        if (earlier && !(earlier->present & PROCTCP_HAS_LOCAL))
            earlier = NULL; /* it had nothing to count yet */
        add_counters(process, socket, trouble, earlier, earlier_trouble);
    }
}

static void add_closed(struct scan *scan, const struct proctcp_snapshot *previous, const struct match *match)
{
    for (uint32_t i = 0; i < previous->row_count; i++) {
        const struct proctcp_row *row = &previous->rows[i];
        struct proctcp_process *process = heir_of(scan, match->heir[row->process]);
        if (row->owner_rank == 1 && process && !match->lives_on[row->socket])
            process->sockets_closed++;
    }
}

/* ---- all of it ---- */

static int make_room(struct scan *scan, const struct proctcp_snapshot *previous, struct match *match)
{
    const uint64_t sockets = scan->sockets.count;
    const uint64_t old_sockets = previous ? previous->socket_count : 0;
    const uint64_t old_processes = previous ? previous->process_count : 0;

    scan->scratch.count = 0;
    if (!vector_reserve(&scan->scratch, sockets + old_processes + old_sockets / sizeof(uint32_t) + 1))
        return -ENOMEM;
    scan->scratch.count = (uint32_t)(sockets + old_processes + old_sockets / sizeof(uint32_t) + 1);
    match->earlier = scan->scratch.at;
    match->heir = match->earlier + sockets;
    match->lives_on = (bool *)(match->heir + old_processes);
    memset(match->earlier, 0xff, sockets * sizeof(match->earlier[0]));
    memset(match->heir, 0xff, old_processes * sizeof(match->heir[0]));
    memset(match->lives_on, 0, old_sockets * sizeof(match->lives_on[0]));
    return 0;
}

/* since held the totals of the scan before. */
static void find_growth(struct proctcp_process *process)
{
    const struct proctcp_totals before = process->since;

    process->since = process->totals;
    process->since.bytes_sent -= before.bytes_sent;
    process->since.bytes_acked -= before.bytes_acked;
    process->since.bytes_received -= before.bytes_received;
    process->since.segs_out -= before.segs_out;
    process->since.segs_in -= before.segs_in;
    process->since.retransmissions -= before.retransmissions;
}

static void begin_now(struct scan *scan)
{
    const uint32_t now = (uint32_t)scan->stats.time;

    for (uint32_t i = 0; i < scan->rows.count; i++)
        scan->rows.at[i].first_seen = now;
    for (uint32_t i = 0; i < scan->sockets.count; i++)
        scan->sockets.at[i].first_seen = now;
    for (uint32_t i = 0; i < scan->processes.count; i++) {
        scan->processes.at[i].first_seen = now;
        if (scan->stats.source == PROCTCP_SOURCE_NETLINK)
            scan->processes.at[i].present |= PROCTCP_HAS_TOTALS;
    }
}

int deltas_find(struct scan *scan, const struct proctcp_snapshot *previous)
{
    struct match match;

    if (order_those_with_inode(scan) < 0 || make_room(scan, previous, &match) < 0)
        return -ENOMEM;
    begin_now(scan);
    if (previous) {
        match_sockets(scan, previous, &match);
        match_processes(scan, previous, &match);
        if (rests_gather_processes(scan, previous, match.heir) < 0)
            return -ENOMEM;
    }
    add_sockets(scan, previous, &match);
    if (previous) {
        add_closed(scan, previous, &match);
        for (uint32_t i = 0; i < scan->processes.count; i++)
            find_growth(&scan->processes.at[i]);
    }
    return rests_gather_blind(scan);
}
