/* connections_records.c - records of connections that were counted, to what they say. Knows their layout; nothing of
 * files, nor of what was known before, but for whether anything was. */
#include "capture/bpf_files.h"
#include "capture/connections.h"

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

static int take_ended(struct inquiry *inquiry, const struct bpf_ended_record *record)
{
    struct ended *ended;

    if (record->pid > INT32_MAX)
        return -EPROTO;
    ended = vector_push(&inquiry->capture->ended);
    if (!ended)
        return -ENOMEM;
    *ended = (struct ended){.cookie = record->cookie,
                            .ended_ns = record->ended_ns,
                            .told_ns = record->told_ns,
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
                              .taken_ns = record->taken_ns,
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
                                        .began_ns = record->began_ns,
                                        .closed = record->closed,
                                        .is_end = record->is_end,
                                        .is_told = true};
    inquiry->kept->connections.overwritten += record->skipped;
    memcpy(inquiry->counted.last, record->last, sizeof(inquiry->counted.last));
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
