/* connections_new.c - what is new in what the kernel has counted of connections, since the scan before. Knows what both
 * were told; nothing of records or files. */
#include "capture/connections.h"

#include <stdlib.h>
#include <unistd.h>

#define FIRST_NAMESPACE "pid:[4026531836]" /* PROC_PID_INIT_INO: that of every process of the host */

/* What no scan can have seen may have been seen all the same, by one that had to use another source, or before the
 * programs that were loaded last. */
static bool is_stale(const struct inquiry *inquiry)
{
    return inquiry->before->connections.is_stale || inquiry->loaded_anew;
}

static int compare_counts(const void *a, const void *b)
{
    const struct recalled_counts *x = a, *y = b;
    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    if (x->start_ticks != y->start_ticks)
        return x->start_ticks < y->start_ticks ? -1 : 1;
    return (x->taken_ns > y->taken_ns) - (x->taken_ns < y->taken_ns);
}

static int compare_unseen(const void *a, const void *b)
{
    const struct unseen *x = a, *y = b;
    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    return (x->start_ticks > y->start_ticks) - (x->start_ticks < y->start_ticks);
}

#define FIELDS(structure) (sizeof(structure) / sizeof(uint64_t))

/* Structures of nothing but counters. */
static void add(void *to, const void *what, size_t count)
{
    uint64_t *sum = to;
    const uint64_t *more = what;

    for (size_t i = 0; i < count; i++)
        sum[i] += more[i];
}

static void subtract(void *from, const void *what, size_t count)
{
    uint64_t *rest = from;
    const uint64_t *less = what;

    for (size_t i = 0; i < count; i++)
        rest[i] = rest[i] > less[i] ? rest[i] - less[i] : 0;
}

/* It is called as it was in the place that it took last. What is told of in the other one, too, is so by then. */
static void merge_two(struct unseen *to, const struct unseen *more)
{
    add(&to->connections, &more->connections, FIELDS(to->connections));
    add(&to->totals, &more->totals, FIELDS(to->totals));
    if (more->read_ns < to->read_ns)
        to->read_ns = more->read_ns;
    if (more->taken_ns < to->taken_ns)
        return;
    to->taken_ns = more->taken_ns;
    to->name = more->name;
    to->uid = more->uid;
}

/* A process has two places where two processors began to count for it at the same moment, or it became another user. */
static void merge(struct all_unseen *all)
{
    uint32_t kept = 0;

    if (all->count)
        qsort(all->at, all->count, sizeof(all->at[0]), compare_unseen);
    for (uint32_t i = 0; i < all->count; i++) {
        struct unseen *last = kept ? &all->at[kept - 1] : NULL;
        if (last && compare_unseen(last, &all->at[i]) == 0) {
            merge_two(last, &all->at[i]);
        } else {
            all->at[kept++] = all->at[i];
        }
    }
    all->count = kept;
}

/* A place that another process has had meanwhile, and that was taken anew, counts from 0. */
static const struct recalled_counts *recall(const struct inquiry *inquiry, const struct recalled_counts *now)
{
    const struct all_recalled_counts *before = &inquiry->before->connections.counts;

    return before->count && !inquiry->loaded_anew
               ? bsearch(now, before->at, before->count, sizeof(*now), compare_counts)
               : NULL;
}

static bool is_anything(const void *counters, size_t count)
{
    const uint64_t *at = counters;

    for (size_t i = 0; i < count; i++) {
        if (at[i])
            return true;
    }
    return false;
}

static void finish(struct unseen *unseen)
{
    struct proctcp_connections *connections = &unseen->connections;

    connections->connect_failures = connections->connect_failures_refused + connections->connect_failures_timed_out +
                                    connections->connect_failures_unreachable + connections->connect_failures_other;
    connections->resets = connections->resets_sent + connections->resets_received;
    unseen->is_new =
        is_anything(connections, FIELDS(*connections)) || is_anything(&unseen->totals, FIELDS(unseen->totals));
}

static bool sees_all_processes(struct inquiry *inquiry)
{
    char link[32];
    const ssize_t length = readlinkat(inquiry->proc_fd, "self/ns/pid", link, sizeof(link) - 1);

    link[length < 0 ? 0 : length] = '\0';
    return strcmp(link, FIRST_NAMESPACE) == 0;
}

/* How many connections ended that no process was told of: closed had, before processes were. */
static void find_missed(struct inquiry *inquiry, uint64_t closed, uint64_t counted)
{
    const struct recalled_connections *before = &inquiry->before->connections;
    struct recalled_connections *kept = &inquiry->kept->connections;

    kept->counted = inquiry->loaded_anew ? counted : before->counted + counted;
    kept->missed = inquiry->loaded_anew ? 0 : before->missed;
    if (closed > kept->counted && closed - kept->counted > kept->missed && sees_all_processes(inquiry))
        kept->missed = closed - kept->counted;
    if (!before->loaded_ns)
        kept->overwritten = 0; /* they are in what their processes had counted */
    else if (!inquiry->loaded_anew)
        kept->overwritten += before->overwritten;
    inquiry->capture->stats.connections_missed = kept->missed + kept->overwritten;
}

/* In a first scan, all that processes had counted is new, and most of what ended is in it. What is new makes its
 * process have something new. */
static void find_new(struct inquiry *inquiry)
{
    struct all_ended *all = &inquiry->capture->ended;
    const struct all_unseen *processes = &inquiry->capture->unseen;
    const bool is_first = !inquiry->before->connections.loaded_ns && !is_stale(inquiry);

    for (uint32_t i = 0; i < all->count; i++) {
        struct ended *ended = &all->at[i];
        const struct unseen wanted = {.pid = ended->pid, .start_ticks = ended->start_ticks};
        struct unseen *owner = NULL;
        if (processes->count)
            owner = bsearch(&wanted, processes->at, processes->count, sizeof(wanted), compare_unseen);
        ended->is_counted = is_first && owner && ended->told_ns <= owner->read_ns;
        ended->is_new = !ended->is_counted && !is_stale(inquiry);
        if (owner && ended->is_new)
            owner->is_new = true;
    }
}

/* It began after processes had been listed: what it counted is for the next scan, which will know it. */
static bool is_later(struct inquiry *inquiry, const struct unseen *unseen)
{
    const uint64_t listed = inquiry->chosen_ticks ? inquiry->chosen_ticks : inquiry->shown.ticks;

    return listed && unseen->start_ticks >= listed && !connections_find_listed(inquiry, unseen->pid);
}

/* Items of both stand in the order in which they were read, here and below. */
static void put_off(struct inquiry *inquiry)
{
    struct all_recalled_counts *counts = &inquiry->kept->connections.counts;
    struct all_unseen *all = &inquiry->capture->unseen;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < all->count; i++) {
        if (is_later(inquiry, &all->at[i]))
            continue;
        all->at[kept] = all->at[i];
        counts->at[kept++] = counts->at[i];
    }
    all->count = counts->count = kept;
}

static void take_known(struct inquiry *inquiry)
{
    const struct all_recalled_counts *counts = &inquiry->kept->connections.counts;

    for (uint32_t i = 0; i < counts->count; i++) {
        struct unseen *unseen = &inquiry->capture->unseen.at[i];
        const struct recalled_counts *earlier = recall(inquiry, &counts->at[i]);
        if (!earlier)
            continue;
        subtract(&unseen->connections, &earlier->connections, FIELDS(unseen->connections));
        subtract(&unseen->totals, &earlier->totals, FIELDS(unseen->totals));
    }
}

void connections_end(struct inquiry *inquiry, uint64_t closed)
{
    struct all_recalled_counts *counts = &inquiry->kept->connections.counts;
    struct all_unseen *all = &inquiry->capture->unseen;
    uint64_t counted = 0;

    put_off(inquiry);
    take_known(inquiry);
    if (counts->count)
        qsort(counts->at, counts->count, sizeof(counts->at[0]), compare_counts);
    merge(all);
    for (uint32_t i = 0; i < all->count; i++) {
        struct unseen *unseen = &all->at[i];
        counted += unseen->connections.closed_connections;
        if (is_stale(inquiry)) {
            unseen->totals = (struct proctcp_totals){0};
            unseen->connections.accepts = 0;
        }
        finish(unseen);
    }
    find_missed(inquiry, closed, counted);
    find_new(inquiry);
}
