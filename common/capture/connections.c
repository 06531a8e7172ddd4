/* connections.c - pages of what the kernel has counted of connections, to what is new in them since the scan before.
 * Knows the files closed and ended; nothing of what a process holds now.
 *
 * The kernel counts apart what no scan can have seen, and tells of each connection that one may have seen when it
 * ended: see connections.bpf.c. */
#include "capture/connections.h"

#include "capture/bpf_files.h"
#include "capture/facts.h"
#include "capture/group_names.h"
#include "capture/guard.h"

#include "select/select.h"

#include <sys/prctl.h>
#include <unistd.h>

#define PAGES_MAX       1000               /* of one file; the kernel's tables have fewer */
#define FIRST_NAMESPACE "pid:[4026531836]" /* PROC_PID_INIT_INO: that of every process of the host */

/* ---- records ---- */

static struct proctcp_totals totals_of(const struct bpf_sums *sums)
{
    return (struct proctcp_totals){.payload_sent_bytes = sums->payload_sent,
                                   .payload_received_bytes = sums->payload_received,
                                   .bytes_sent = sums->bytes_sent,
                                   .bytes_acked = sums->bytes_acked,
                                   .bytes_received = sums->bytes_received,
                                   .segs_out = sums->segs_out,
                                   .segs_in = sums->segs_in,
                                   .retransmissions = sums->retransmissions};
}

static struct proctcp_connections connections_of(const struct bpf_events *events, uint64_t accepts)
{
    return (struct proctcp_connections){.connects = events->connects,
                                        .connect_time_us = events->connect_time_us,
                                        .connect_failures_refused = events->failures[BPF_FAILURE_REFUSED],
                                        .connect_failures_timed_out = events->failures[BPF_FAILURE_TIMED_OUT],
                                        .connect_failures_unreachable = events->failures[BPF_FAILURE_UNREACHABLE],
                                        .connect_failures_other = events->failures[BPF_FAILURE_OTHER],
                                        .accepts = accepts,
                                        .closed_connections = events->closed,
                                        .lifetime_us = events->lifetime_us,
                                        .resets_sent = events->resets_sent,
                                        .resets_received = events->resets_received};
}

/* As it is printed in /proc/<pid>/stat. */
static uint64_t ticks_of(const struct inquiry *inquiry, uint64_t ns)
{
    return ns / (1000000000 / inquiry->config->hz);
}

/* What no scan can have seen may have been seen all the same, by one that had to use another source, or before the
 * programs that were loaded last. */
static bool is_stale(const struct inquiry *inquiry)
{
    return inquiry->before->connections.is_stale || inquiry->loaded_anew;
}

static int take_ended(struct inquiry *inquiry, const struct bpf_ended_record *record)
{
    struct ended *ended;

    if (record->pid > INT32_MAX)
        return -EPROTO;
    ended = vector_push(&inquiry->capture->ended);
    if (!ended)
        return -ENOMEM;
    *ended = (struct ended){.cookie = record->cookie,
                            .sequence = record->sequence,
                            .ended_ns = record->ended_ns,
                            .start_ticks = ticks_of(inquiry, record->start_ns),
                            .pid = (int32_t)record->pid,
                            .was_accepted = record->sums.accepts,
                            .totals = totals_of(&record->sums)};
    return 0;
}

/* As they are counted, until the end. */
static int take_closed(struct inquiry *inquiry, const struct bpf_closed_record *record)
{
    const struct recalled_connections *before = &inquiry->before->connections;
    struct recalled_counts *counts;
    struct unseen *unseen;
    struct bpf_sums sums = record->unseen;
    char name[sizeof(record->name) + 1] = "";

    if (!record->pid || record->pid > INT32_MAX)
        return -EPROTO;
    memcpy(name, record->name, sizeof(record->name));
    counts = vector_push(&inquiry->kept->connections.counts);
    unseen = vector_push(&inquiry->capture->unseen);
    if (!counts || !unseen)
        return -ENOMEM;
    *counts = (struct recalled_counts){.pid = (int32_t)record->pid,
                                       .start_ticks = ticks_of(inquiry, record->start_ns),
                                       .taken_ns = record->taken_ns,
                                       .connections = connections_of(&record->events, sums.accepts),
                                       .totals = totals_of(&sums)};
    if (!before->loaded_ns) { /* in the first scan, all that there has been */
        sums.payload_sent += record->seen.payload_sent;
        sums.payload_received += record->seen.payload_received;
        sums.bytes_sent += record->seen.bytes_sent;
        sums.bytes_acked += record->seen.bytes_acked;
        sums.bytes_received += record->seen.bytes_received;
        sums.segs_out += record->seen.segs_out;
        sums.segs_in += record->seen.segs_in;
        sums.retransmissions += record->seen.retransmissions;
        sums.accepts += record->seen.accepts;
    }
    *unseen = (struct unseen){.pid = (int32_t)record->pid,
                              .uid = record->uid,
                              .start_ticks = ticks_of(inquiry, record->start_ns),
                              .read_ns = record->now_ns,
                              .facts = PROCTCP_NONE,
                              .connections = connections_of(&record->events, sums.accepts),
                              .totals = totals_of(&sums)};
    unseen->name = arena_copy(&inquiry->capture->strings, name, strlen(name));
    return unseen->name ? 0 : -ENOMEM;
}

static int take_counted(struct inquiry *inquiry, const struct bpf_counted_record *record)
{
    inquiry->counted = (struct counted){.next = record->next,
                                        .from = record->from,
                                        .loaded_ns = record->loaded_ns,
                                        .now_ns = record->now_ns,
                                        .closed = record->closed,
                                        .is_end = record->is_end,
                                        .is_told = true};
    return 0;
}

int connections_take(struct inquiry *inquiry, enum connections_file file, const char *records, size_t length)
{
    size_t at = 0;
    int status = 0;

    while (status == 0 && at < length) {
        const struct bpf_record *record = bpf_next_record(records, length, &at);
        const void *whole = record;
        if (!record)
            return -EPROTO;
        if (record->kind == BPF_RECORD_COUNTED && record->length == sizeof(struct bpf_counted_record))
            status = take_counted(inquiry, whole);
        else if (file == CONNECTIONS_ENDED && record->kind == BPF_RECORD_ENDED &&
                 record->length == sizeof(struct bpf_ended_record))
            status = take_ended(inquiry, whole);
        else if (file == CONNECTIONS_CLOSED && record->kind == BPF_RECORD_CLOSED &&
                 record->length == sizeof(struct bpf_closed_record))
            status = take_closed(inquiry, whole);
        else
            status = -EPROTO;
    }
    return status;
}

/* ---- what is new ---- */

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

/* Two processors may have begun to count for a process at the same moment: it has two places then. */
static void merge(struct all_unseen *all)
{
    uint32_t kept = 0;

    if (all->count)
        qsort(all->at, all->count, sizeof(all->at[0]), compare_unseen);
    for (uint32_t i = 0; i < all->count; i++) {
        struct unseen *last = kept ? &all->at[kept - 1] : NULL;
        if (last && compare_unseen(last, &all->at[i]) == 0) {
            add(&last->connections, &all->at[i].connections, FIELDS(last->connections));
            add(&last->totals, &all->at[i].totals, FIELDS(last->totals));
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
        ended->is_counted = is_first && owner && ended->ended_ns <= owner->read_ns;
        ended->is_new = !ended->is_counted && !is_stale(inquiry);
        if (owner && ended->is_new)
            owner->is_new = true;
    }
}

/* Of those whose end was written over before it was read, what they counted after a scan saw them last is lost. */
static void find_overwritten(struct inquiry *inquiry)
{
    const struct recalled_connections *before = &inquiry->before->connections;
    const struct all_ended *ended = &inquiry->capture->ended;
    uint64_t *overwritten = &inquiry->kept->connections.overwritten;

    *overwritten = inquiry->loaded_anew ? 0 : before->overwritten;
    if (before->loaded_ns && !inquiry->loaded_anew && ended->count && ended->at[0].sequence > before->next_ended)
        *overwritten += ended->at[0].sequence - before->next_ended;
}

/* Items of both stand in the order in which they were read. */
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
    find_overwritten(inquiry);
    find_missed(inquiry, closed, counted);
    find_new(inquiry);
}

/* ---- pages ---- */

static int read_page(struct inquiry *inquiry, enum connections_file file, const char *name, uint64_t from)
{
    _Alignas(8) char records[BPF_READ_SIZE];
    const int fd = bpf_open(inquiry, name);
    ssize_t got;
    int status;

    if (fd < 0)
        return fd;
    inquiry->counted.is_told = false;
    prctl(PR_SET_TIMERSLACK, (unsigned long)(BPF_PAGE_FROM | (from & BPF_PAGE_MASK)), 0, 0, 0);
    do {
        got = GUARD_CALL(inquiry, read(fd, records, sizeof(records)));
    } while (got < 0 && (errno == EAGAIN || errno == EINTR));
    status = got < 0 ? -errno : 0;
    prctl(PR_SET_TIMERSLACK, 0ul, 0, 0, 0); /* what it was when the thread began */
    close(fd);
    if (status == 0)
        status = connections_take(inquiry, file, records, (size_t)got);
    if (status == 0 && !inquiry->counted.is_told)
        status = -EPROTO;
    if (status == 0 && inquiry->counted.from != from)
        return bpf_fail(inquiry, name, ELOOP, "timer slack has no effect, as under a real-time policy");
    if (status && status != -ENOMEM)
        return bpf_fail(inquiry, name, -status, status == -EPROTO ? "records of another version of proctcp-bpf" : NULL);
    return status;
}

static int read_pages(struct inquiry *inquiry, enum connections_file file, uint64_t from)
{
    static const char *const names[CONNECTIONS_FILES] = {
        [CONNECTIONS_ENDED] = BPF_RECORDS_ENDED, [CONNECTIONS_CLOSED] = BPF_RECORDS_CLOSED};
    int status = 0;

    for (unsigned page = 0; page < PAGES_MAX && status == 0; page++) {
        status = read_page(inquiry, file, names[file], from);
        from = inquiry->counted.next;
        if (inquiry->counted.is_end)
            break;
    }
    return status;
}

/* How many had ended before any process was told of. */
static int read_count(struct inquiry *inquiry, uint64_t *closed)
{
    const int status = read_page(inquiry, CONNECTIONS_ENDED, BPF_RECORDS_ENDED, BPF_PAGE_MASK);

    *closed = inquiry->counted.closed;
    return status;
}

static int read_both(struct inquiry *inquiry)
{
    const struct recalled_connections *before = &inquiry->before->connections;
    struct recalled_connections *kept = &inquiry->kept->connections;
    uint64_t closed = 0, loaded_ns;
    bool is_first = !before->loaded_ns;
    int status = read_count(inquiry, &closed);

    loaded_ns = inquiry->counted.loaded_ns;
    inquiry->loaded_anew = !is_first && before->loaded_ns != loaded_ns;
    is_first |= inquiry->loaded_anew;
    if (status == 0)
        status = read_pages(inquiry, CONNECTIONS_CLOSED, 0);
    if (status == 0)
        status = read_pages(inquiry, CONNECTIONS_ENDED, is_first ? 1 : before->next_ended);
    if (status == 0 && inquiry->counted.loaded_ns != loaded_ns)
        return bpf_fail(inquiry, BPF_RECORDS_ENDED, EAGAIN, "being loaded anew");
    if (status)
        return status;
    kept->loaded_ns = loaded_ns;
    kept->next_ended = inquiry->counted.next;
    connections_end(inquiry, closed);
    return 0;
}

/* What was known is known once more, when it can be read again. */
static int keep_recalled(struct inquiry *inquiry)
{
    const struct recalled_connections *before = &inquiry->before->connections;
    struct recalled_connections *kept = &inquiry->kept->connections;
    const struct all_recalled_counts counts = kept->counts;

    *kept = *before;
    kept->counts = counts;
    kept->counts.count = 0;
    kept->is_stale = true;
    if (!vector_reserve(&kept->counts, (uint64_t)before->counts.count + 1))
        return -ENOMEM;
    for (uint32_t i = 0; i < before->counts.count; i++)
        kept->counts.at[i] = before->counts.at[i];
    kept->counts.count = before->counts.count;
    return 0;
}

static int give_reason(struct inquiry *inquiry, const char *text)
{
    struct proctcp_stats *stats = &inquiry->capture->stats;

    inquiry->capture->unseen.count = inquiry->capture->ended.count = 0;
    stats->connections_reason = arena_copy(&inquiry->capture->strings, text, strlen(text));
    return stats->connections_reason ? keep_recalled(inquiry) : -ENOMEM;
}

/* Without counts to read, the kernel is told all the same that the scan is over: until then it takes everything for
 * what this may have shown. */
static void end_scan(struct inquiry *inquiry)
{
    char failure[sizeof(inquiry->shown.failure)];

    memcpy(failure, inquiry->shown.failure, sizeof(failure));
    if (inquiry->shown.is_begun)
        read_page(inquiry, CONNECTIONS_CLOSED, BPF_RECORDS_CLOSED, BPF_PAGE_MASK);
    memcpy(inquiry->shown.failure, failure, sizeof(failure));
}

static int read_where_there_are_some(struct inquiry *inquiry)
{
    int status;

    if (!inquiry->shown.is_used)
        return give_reason(inquiry, "only the source bpf counts connections that no scan sees");
    if (select_asks_socket(inquiry->config->selection))
        return give_reason(inquiry, "rules about sockets cannot be asked of connections that no scan sees");
    status = read_both(inquiry);
    if (status == -ENOMEM)
        return status;
    if (status) {
        status = give_reason(inquiry, inquiry->shown.failure);
        inquiry->shown.failure[0] = '\0'; /* what shows sockets works */
        return status;
    }
    inquiry->capture->stats.connections_counted = true;
    return 0;
}

int connections_read(struct inquiry *inquiry)
{
    const int status = read_where_there_are_some(inquiry);

    if (!inquiry->capture->stats.connections_counted)
        end_scan(inquiry);
    return status;
}

/* ---- whose they are ---- */

/* Of processes of the scan that are ordered by pid; NULL: it was not listed, or may not be looked at. */
static struct process *find_listed(struct inquiry *inquiry, int32_t pid)
{
    struct processes *processes = &inquiry->capture->processes;
    uint32_t low = 0, high = processes->count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (processes->at[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < processes->count && processes->at[low].pid == pid ? &processes->at[low] : NULL;
}

/* By what is known of one that is gone. */
static bool is_selected(const struct proctcp_selection *selection, const struct unseen *unseen)
{
    return !select_asks_process(selection) ||
           (!select_asks(selection, RULE_COMMAND) && select_pid(selection, unseen->pid) &&
            select_name(selection, unseen->name) && select_user(selection, &unseen->uid) &&
            select_cgroup(selection, NULL));
}

/* One that has ended, but for its name: what it was grouped under, a scan before may know. */
static int name_ended(struct inquiry *inquiry, struct unseen *unseen)
{
    const struct process process = {.pid = unseen->pid};
    struct facts facts = {.present = PROCTCP_HAS_PROCESS | PROCTCP_HAS_PROCESS_UID,
                          .refused = UINT32_MAX,
                          .uid = unseen->uid,
                          .name = unseen->name,
                          .executable = "",
                          .cgroup = "",
                          .unit = "",
                          .container = "",
                          .start_ticks = unseen->start_ticks};
    struct facts *kept;
    int status = group_names_find(inquiry, &process, &facts);

    if (status)
        return status;
    kept = vector_push(&inquiry->capture->facts);
    if (!kept)
        return -ENOMEM;
    *kept = facts;
    unseen->facts = inquiry->capture->facts.count - 1;
    return 0;
}

int connections_find_facts(struct inquiry *inquiry)
{
    struct all_unseen *all = &inquiry->capture->unseen;
    int status = 0;

    for (uint32_t i = 0; i < all->count && status == 0; i++) {
        struct unseen *unseen = &all->at[i];
        struct process *process = find_listed(inquiry, unseen->pid);
        const bool is_known = process && process->facts != PROCTCP_NONE;
        if (process && !process->is_selected)
            continue;
        if (is_known && inquiry->capture->facts.at[process->facts].start_ticks == unseen->start_ticks)
            unseen->facts = process->facts;
        else if (process && !is_known && process->walk == WALKED)
            status = facts_read_of(inquiry, process, unseen->start_ticks);
        if (process && !is_known && process->facts != PROCTCP_NONE)
            unseen->facts = process->facts;
        if (status == 0 && unseen->facts == PROCTCP_NONE && unseen->is_new &&
            is_selected(inquiry->config->selection, unseen))
            status = name_ended(inquiry, unseen);
    }
    return status;
}
