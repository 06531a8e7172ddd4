/* Records of what the kernel has counted of connections: as the programs write them, and as none does; and what of it
 * is new since the scan before. */
#include "capture/bpf_records.h"
#include "capture/connections.h"
#include "capture/run.h"
#include "fake_proc.h"
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#define TICK_NS 10000000u /* of 100 in a second */

static const struct config config = {.every_socket = true, .hz = 100};
static struct capture capture;
static struct recollection before, kept;
static struct inquiry *inquiry;
static size_t length;

static int setup(void **state)
{
    (void)state;
    capture = (struct capture){.counters = 0};
    before = kept = (struct recollection){.boot_time = 0};
    inquiry = capture_new(&config, NULL);
    assert_non_null(inquiry);
    inquiry->capture = &capture;
    inquiry->before = &before;
    inquiry->kept = &kept;
    length = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    recollection_clear(&before);
    recollection_clear(&kept);
    capture_clear(&capture);
    capture_free(inquiry);
    return 0;
}

/* What this scan kept is what the next one has of the scan before. */
static void next_scan(void)
{
    recollection_clear(&before);
    before = kept;
    before.connections.loaded_ns = 1;
    kept = (struct recollection){.boot_time = 0};
    capture_recycle(&capture);
}

static void *append(unsigned kind, size_t size)
{
    struct bpf_record *record = (void *)(inquiry->buffer + length);
    assert_int_equal(size % 8, 0);
    memset(record, 0, size);
    *record = (struct bpf_record){.length = (uint16_t)size, .kind = (uint16_t)kind};
    length += size;
    return record;
}

static struct bpf_ended_record *append_ended(uint32_t pid, uint64_t after_ns, uint64_t cookie)
{
    struct bpf_ended_record *record = append(BPF_RECORD_ENDED, sizeof(*record));
    record->pid = pid;
    record->start_ns = 10 * (uint64_t)pid * TICK_NS;
    record->cookie = cookie;
    record->ended_ns = 4000 + after_ns;
    record->told_ns = 5000 + after_ns;
    return record;
}

static struct bpf_closed_record *append_closed(uint32_t pid, uint64_t closed, uint64_t unseen_sent)
{
    struct bpf_closed_record *record = append(BPF_RECORD_CLOSED, sizeof(*record));
    record->pid = pid;
    record->start_ns = 10 * (uint64_t)pid * TICK_NS;
    record->now_ns = 7000;
    record->uid = 1000;
    memcpy(record->name, "worker", 6);
    record->events.closed = closed;
    record->unseen.bytes_sent = unseen_sent;
    return record;
}

static struct bpf_counted_record *append_counted(void)
{
    return append(BPF_RECORD_COUNTED, sizeof(struct bpf_counted_record));
}

static int take(enum connections_file file)
{
    const int status = connections_take(inquiry, file, inquiry->buffer, length);
    length = 0;
    return status;
}

static void take_closed(void)
{
    assert_int_equal(take(CONNECTIONS_CLOSED), 0);
}

/* A scan of one process that has closed and sent so much by now. */
static const struct unseen *scan(uint64_t closed, uint64_t unseen_sent)
{
    append_closed(7, closed, unseen_sent);
    take_closed();
    connections_end(inquiry, 0);
    assert_int_equal(capture.unseen.count, 1);
    return &capture.unseen.at[0];
}

/* ---- records ---- */

static void a_connection_that_ended_is_told_of_as_it_was(void **state)
{
    struct bpf_ended_record *record;

    (void)state;
    record = append_ended(7, 41, 1099);
    record->sums = (struct bpf_sums){.payload_sent = 1,
                                     .payload_received = 2,
                                     .bytes_sent = 3,
                                     .bytes_acked = 4,
                                     .bytes_received = 5,
                                     .segs_out = 6,
                                     .segs_in = 7,
                                     .retransmissions = 8,
                                     .accepts = 1};
    append_ended(0, 42, 1100); /* whose it was, our pid namespace does not say */
    append_counted()->next = 43;
    assert_int_equal(take(CONNECTIONS_ENDED), 0);
    assert_int_equal(capture.ended.count, 2);
    const struct ended *ended = &capture.ended.at[0];
    assert_int_equal(ended->pid, 7);
    assert_int_equal(ended->start_ticks, 70);
    assert_int_equal(ended->cookie, 1099);
    assert_int_equal(ended->ended_ns, 4041);
    assert_int_equal(ended->told_ns, 5041);
    assert_true(ended->was_accepted);
    const struct proctcp_totals totals = {.payload_sent_bytes = 1,
                                          .payload_received_bytes = 2,
                                          .bytes_sent = 3,
                                          .bytes_acked = 4,
                                          .bytes_received = 5,
                                          .segs_out = 6,
                                          .segs_in = 7,
                                          .retransmissions = 8};
    assert_memory_equal(&ended->totals, &totals, sizeof(totals));
    assert_int_equal(capture.ended.at[1].pid, 0);
    assert_false(capture.ended.at[1].was_accepted);
    assert_int_equal(inquiry->counted.next, 43);
}

static void a_process_is_told_of_with_what_it_counted(void **state)
{
    struct bpf_closed_record *record;

    (void)state;
    record = append_closed(7, 11, 3);
    record->start_ns = 123456789;
    record->events = (struct bpf_events){.connects = 1,
                                         .connect_time_us = 2,
                                         .failures = {3, 4, 5, 6},
                                         .closed = 11,
                                         .lifetime_us = 12,
                                         .resets_sent = 13,
                                         .resets_received = 14};
    record->unseen = (struct bpf_sums){.payload_sent = 1,
                                       .payload_received = 2,
                                       .bytes_sent = 3,
                                       .bytes_acked = 4,
                                       .bytes_received = 5,
                                       .segs_out = 6,
                                       .segs_in = 7,
                                       .retransmissions = 8,
                                       .accepts = 9};
    take_closed();
    connections_end(inquiry, 0);
    const struct unseen *unseen = &capture.unseen.at[0];
    const struct proctcp_connections connections = {.connects = 1,
                                                    .connect_time_us = 2,
                                                    .connect_failures = 18,
                                                    .connect_failures_refused = 3,
                                                    .connect_failures_timed_out = 4,
                                                    .connect_failures_unreachable = 5,
                                                    .connect_failures_other = 6,
                                                    .accepts = 9,
                                                    .closed_connections = 11,
                                                    .lifetime_us = 12,
                                                    .resets = 27,
                                                    .resets_sent = 13,
                                                    .resets_received = 14};
    const struct proctcp_totals totals = {.payload_sent_bytes = 1,
                                          .payload_received_bytes = 2,
                                          .bytes_sent = 3,
                                          .bytes_acked = 4,
                                          .bytes_received = 5,
                                          .segs_out = 6,
                                          .segs_in = 7,
                                          .retransmissions = 8};
    assert_int_equal(unseen->pid, 7);
    assert_int_equal(unseen->uid, 1000);
    assert_int_equal(unseen->start_ticks, 12); /* in full ticks, as /proc prints it */
    assert_int_equal(unseen->read_ns, 7000);
    assert_int_equal(unseen->facts, PROCTCP_NONE);
    assert_string_equal(unseen->name, "worker");
    assert_true(unseen->is_new);
    assert_memory_equal(&unseen->connections, &connections, sizeof(connections));
    assert_memory_equal(&unseen->totals, &totals, sizeof(totals));
}

static void a_name_that_fills_its_place_has_an_end(void **state)
{
    (void)state;
    memcpy(append_closed(7, 1, 0)->name, "0123456789abcdef", 16);
    take_closed();
    assert_string_equal(capture.unseen.at[0].name, "0123456789abcdef");
}

static void the_last_record_says_where_to_read_on(void **state)
{
    (void)state;
    for (unsigned file = 0; file < CONNECTIONS_FILES; file++) {
        inquiry->counted = (struct counted){.is_told = false};
        *append_counted() = (struct bpf_counted_record){
            .record = {sizeof(struct bpf_counted_record), BPF_RECORD_COUNTED},
            .is_end = 1,
            .next = 77,
            .loaded_ns = 78,
            .began_ns = 79,
            .closed = 80,
            .last = {81, 82, 83, 84},
        };
        assert_int_equal(take((enum connections_file)file), 0);
        assert_true(inquiry->counted.is_told);
        assert_true(inquiry->counted.is_end);
        assert_int_equal(inquiry->counted.next, 77);
        assert_int_equal(inquiry->counted.loaded_ns, 78);
        assert_int_equal(inquiry->counted.began_ns, 79);
        assert_int_equal(inquiry->counted.closed, 80);
        for (unsigned ring = 0; ring < RINGS; ring++)
            assert_int_equal(inquiry->counted.last[ring], 81 + ring);
    }
}

static void records_of_another_kind_file_or_length_are_refused(void **state)
{
    (void)state;
    append_ended(7, 1, 1);
    assert_int_equal(take(CONNECTIONS_CLOSED), -EPROTO);
    append_closed(7, 1, 1);
    assert_int_equal(take(CONNECTIONS_ENDED), -EPROTO);
    append(BPF_RECORD_TASK, sizeof(struct bpf_task_record));
    assert_int_equal(take(CONNECTIONS_ENDED), -EPROTO);
    append(0x7001, 32);
    assert_int_equal(take(CONNECTIONS_CLOSED), -EPROTO);
    append_ended(7, 1, 1)->record.length += 8;
    length += 8;
    assert_int_equal(take(CONNECTIONS_ENDED), -EPROTO);
    append_closed(7, 1, 1)->record.length -= 8;
    length -= 8;
    assert_int_equal(take(CONNECTIONS_CLOSED), -EPROTO);
    append_counted()->record.length += 8;
    length += 8;
    assert_int_equal(take(CONNECTIONS_ENDED), -EPROTO);
    assert_int_equal(capture.ended.count, 0);
    assert_int_equal(capture.unseen.count, 0);
    assert_false(inquiry->counted.is_told);
}

static void records_that_are_cut_short_are_refused(void **state)
{
    (void)state;
    append_ended(7, 1, 1);
    append_ended(7, 2, 2);
    length -= 8;
    assert_int_equal(take(CONNECTIONS_ENDED), -EPROTO);
    append_closed(7, 1, 1);
    length -= 8;
    assert_int_equal(take(CONNECTIONS_CLOSED), -EPROTO);
    append_counted();
    length = 2;
    assert_int_equal(take(CONNECTIONS_CLOSED), -EPROTO);
    append_counted()->record.length = 0;
    assert_int_equal(take(CONNECTIONS_ENDED), -EPROTO);
    assert_int_equal(take(CONNECTIONS_ENDED), 0); /* nothing at all is no fault */
}

static void what_is_of_no_process_is_refused_where_processes_are_told_of(void **state)
{
    (void)state;
    append_closed(0, 1, 1);
    assert_int_equal(take(CONNECTIONS_CLOSED), -EPROTO);
    append_closed(0x80000000u, 1, 1);
    assert_int_equal(take(CONNECTIONS_CLOSED), -EPROTO);
    append_ended(0x80000000u, 1, 1);
    assert_int_equal(take(CONNECTIONS_ENDED), -EPROTO);
    append_closed(INT32_MAX, 1, 1);
    assert_int_equal(take(CONNECTIONS_CLOSED), 0);
}

/* ---- what is new ---- */

static void processes_are_ordered_by_pid_and_start(void **state)
{
    static const struct {
        int32_t pid;
        uint64_t start_ticks;
    } expected[] = {{3, 30}, {7, 70}, {7, 90}, {70000, 700000}};

    (void)state;
    append_closed(70000, 1, 1);
    append_closed(7, 2, 2)->start_ns = (uint64_t)90 * TICK_NS;
    append_closed(3, 3, 3);
    append_closed(7, 4, 4);
    take_closed();
    connections_end(inquiry, 0);
    assert_int_equal(capture.unseen.count, 4);
    assert_int_equal(kept.connections.counts.count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(capture.unseen.at[i].pid, expected[i].pid);
        assert_int_equal(capture.unseen.at[i].start_ticks, expected[i].start_ticks);
        assert_int_equal(kept.connections.counts.at[i].pid, expected[i].pid);
        assert_int_equal(kept.connections.counts.at[i].start_ticks, expected[i].start_ticks);
    }
    assert_int_equal(capture.unseen.at[1].connections.closed_connections, 4);
    assert_int_equal(capture.unseen.at[2].connections.closed_connections, 2);
}

static void two_entries_of_a_process_are_one(void **state)
{
    (void)state;
    append_closed(7, 2, 100);
    append_closed(9, 50, 5000);
    struct bpf_closed_record *record = append_closed(7, 3, 20);
    record->events.failures[BPF_FAILURE_REFUSED] = 4;
    record->taken_ns = 2;
    take_closed();
    connections_end(inquiry, 0);
    assert_int_equal(capture.unseen.count, 2);
    assert_int_equal(capture.unseen.at[0].connections.closed_connections, 5);
    assert_int_equal(capture.unseen.at[0].connections.connect_failures, 4);
    assert_int_equal(capture.unseen.at[0].totals.bytes_sent, 120);
    assert_int_equal(capture.unseen.at[1].totals.bytes_sent, 5000);
    next_scan();
    record = append_closed(7, 4, 25);
    record->events.failures[BPF_FAILURE_REFUSED] = 4;
    record->taken_ns = 2;
    append_closed(7, 3, 110);
    take_closed();
    connections_end(inquiry, 0);
    assert_int_equal(capture.unseen.count, 1);
    assert_int_equal(capture.unseen.at[0].connections.closed_connections, 2);
    assert_int_equal(capture.unseen.at[0].totals.bytes_sent, 15);
    next_scan();
    append_closed(7, 5, 150); /* somebody else has the other place */
    take_closed();
    connections_end(inquiry, 0);
    assert_int_equal(capture.unseen.at[0].connections.closed_connections, 2);
    assert_int_equal(capture.unseen.at[0].totals.bytes_sent, 40);
}

static void what_is_new_is_what_was_counted_since_the_scan_before(void **state)
{
    (void)state;
    scan(5, 100);
    next_scan();
    const struct unseen *unseen = scan(7, 130);
    assert_int_equal(unseen->connections.closed_connections, 2);
    assert_int_equal(unseen->totals.bytes_sent, 30);
    assert_true(unseen->is_new);
    next_scan();
    unseen = scan(7, 130);
    assert_int_equal(unseen->connections.closed_connections, 0);
    assert_int_equal(unseen->totals.bytes_sent, 0);
    assert_false(unseen->is_new);
    next_scan();
    assert_int_equal(scan(8, 131)->totals.bytes_sent, 1); /* since that scan, not since the first */
}

static void each_count_is_less_what_it_was(void **state)
{
    (void)state;
    for (uint64_t times = 1; times < 3; times++) {
        struct bpf_closed_record *record;
        if (times > 1)
            next_scan();
        record = append_closed(7, 0, 0);
        record->events = (struct bpf_events){.connects = 1 * times,
                                             .connect_time_us = 2 * times,
                                             .failures = {3 * times, 4 * times, 5 * times, 6 * times},
                                             .closed = 7 * times,
                                             .lifetime_us = 8 * times,
                                             .resets_sent = 9 * times,
                                             .resets_received = 10 * times};
        record->unseen = (struct bpf_sums){.payload_sent = 11 * times,
                                           .payload_received = 12 * times,
                                           .bytes_sent = 13 * times,
                                           .bytes_acked = 14 * times,
                                           .bytes_received = 15 * times,
                                           .segs_out = 16 * times,
                                           .segs_in = 17 * times,
                                           .retransmissions = 18 * times,
                                           .accepts = 19 * times};
        take_closed();
        connections_end(inquiry, 0);
        const struct proctcp_connections connections = {.connects = 1,
                                                        .connect_time_us = 2,
                                                        .connect_failures = 18,
                                                        .connect_failures_refused = 3,
                                                        .connect_failures_timed_out = 4,
                                                        .connect_failures_unreachable = 5,
                                                        .connect_failures_other = 6,
                                                        .accepts = 19,
                                                        .closed_connections = 7,
                                                        .lifetime_us = 8,
                                                        .resets = 19,
                                                        .resets_sent = 9,
                                                        .resets_received = 10};
        const struct proctcp_totals totals = {.payload_sent_bytes = 11,
                                              .payload_received_bytes = 12,
                                              .bytes_sent = 13,
                                              .bytes_acked = 14,
                                              .bytes_received = 15,
                                              .segs_out = 16,
                                              .segs_in = 17,
                                              .retransmissions = 18};
        assert_memory_equal(&capture.unseen.at[0].connections, &connections, sizeof(connections));
        assert_memory_equal(&capture.unseen.at[0].totals, &totals, sizeof(totals));
    }
}

static void a_process_that_was_not_there_before_counts_in_full(void **state)
{
    static const uint64_t expected[] = {10, 20, 30, 40};

    (void)state;
    append_closed(5, 1, 1);
    append_closed(9, 1, 1);
    take_closed();
    connections_end(inquiry, 0);
    next_scan();
    append_closed(5, 2, 11)->start_ns += TICK_NS - 1;               /* the same tick: the same process */
    append_closed(8, 2, 20)->start_ns = (uint64_t)90 * TICK_NS;     /* another pid */
    append_closed(9, 2, 30)->start_ns = (uint64_t)90 * TICK_NS - 1; /* another process that has had the pid */
    append_closed(9, 2, 40)->start_ns = (uint64_t)91 * TICK_NS;
    take_closed();
    connections_end(inquiry, 0);
    assert_int_equal(capture.unseen.count, 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(capture.unseen.at[i].totals.bytes_sent, expected[i]);
    assert_int_equal(capture.unseen.at[0].connections.closed_connections, 1);
    assert_int_equal(capture.unseen.at[3].connections.closed_connections, 2);
}

/* The place of a process in the kernel's table was another one's meanwhile: it has a new one, which counts from 0. */
static void a_place_that_was_taken_anew_counts_in_full(void **state)
{
    (void)state;
    scan(5, 100);
    next_scan();
    append_closed(7, 6, 120)->taken_ns = 9; /* also where it is more than before */
    take_closed();
    connections_end(inquiry, 0);
    assert_int_equal(capture.unseen.at[0].connections.closed_connections, 6);
    assert_int_equal(capture.unseen.at[0].totals.bytes_sent, 120);
}

static void in_the_first_scan_what_could_have_been_seen_is_new_too(void **state)
{
    (void)state;
    for (unsigned scan_number = 0; scan_number < 2; scan_number++) {
        struct bpf_closed_record *record;
        if (scan_number)
            next_scan();
        record = append_closed(7, 5 + scan_number, 100 + scan_number);
        record->unseen.accepts = 1;
        record->seen = (struct bpf_sums){.payload_sent = 1,
                                         .payload_received = 2,
                                         .bytes_sent = 3,
                                         .bytes_acked = 4,
                                         .bytes_received = 5,
                                         .segs_out = 6,
                                         .segs_in = 7,
                                         .retransmissions = 8,
                                         .accepts = 9};
        if (scan_number)
            record->seen.bytes_sent = 50; /* which a scan saw, or was told of by itself */
        take_closed();
        connections_end(inquiry, 0);
        const struct proctcp_totals all = {.payload_sent_bytes = 1,
                                           .payload_received_bytes = 2,
                                           .bytes_sent = 103,
                                           .bytes_acked = 4,
                                           .bytes_received = 5,
                                           .segs_out = 6,
                                           .segs_in = 7,
                                           .retransmissions = 8};
        const struct proctcp_totals unseen = {.bytes_sent = 1};
        assert_memory_equal(&capture.unseen.at[0].totals, scan_number ? &unseen : &all, sizeof(all));
        assert_int_equal(capture.unseen.at[0].connections.accepts, scan_number ? 0 : 10);
    }
}

static void after_a_scan_that_did_not_read_them_only_events_are_new(void **state)
{
    (void)state;
    scan(5, 100);
    next_scan();
    before.connections.is_stale = true;
    struct bpf_closed_record *record = append_closed(7, 8, 900);
    record->events.connects = 4;
    record->unseen.accepts = 6;
    take_closed();
    connections_end(inquiry, 0);
    assert_int_equal(capture.unseen.at[0].connections.closed_connections, 3);
    assert_int_equal(capture.unseen.at[0].connections.connects, 4);
    assert_int_equal(capture.unseen.at[0].connections.accepts, 0);
    assert_int_equal(capture.unseen.at[0].totals.bytes_sent, 0);
    assert_true(capture.unseen.at[0].is_new);
    next_scan();
    record = append_closed(7, 9, 905);
    record->events.connects = 4;
    record->unseen.accepts = 6;
    take_closed();
    connections_end(inquiry, 0);
    assert_int_equal(capture.unseen.at[0].totals.bytes_sent, 5); /* from there on */
}

static void what_was_loaded_anew_has_nothing_to_do_with_what_was_before(void **state)
{
    (void)state;
    scan(5, 100);
    next_scan();
    inquiry->loaded_anew = true;
    const struct unseen *unseen = scan(6, 120);
    assert_int_equal(unseen->connections.closed_connections, 6);
    assert_int_equal(unseen->totals.bytes_sent, 0); /* some scan may have seen it, before they were */
}

/* ---- what no process was told of ---- */

/* The pid namespace that /proc is of. */
static void end_in(const char *pid_namespace, uint64_t closed)
{
    struct fake_proc *fake = fake_proc_new();

    fake_proc_link(fake, "self/ns/pid", pid_namespace);
    inquiry->proc_fd = open(fake->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(inquiry->proc_fd >= 0);
    connections_end(inquiry, closed);
    close(inquiry->proc_fd);
    inquiry->proc_fd = -1;
    fake_proc_free(fake);
}

#define FIRST_NAMESPACE "pid:[4026531836]"

static void scan_missed(const char *pid_namespace, uint64_t of_process, uint64_t closed, uint64_t missed)
{
    append_closed(7, of_process, 0);
    take_closed();
    end_in(pid_namespace, closed);
    assert_int_equal(capture.stats.connections_missed, missed);
    next_scan();
}

static void connections_that_ended_in_no_process_are_missed(void **state)
{
    (void)state;
    scan_missed(FIRST_NAMESPACE, 5, 5, 0);
    scan_missed(FIRST_NAMESPACE, 9, 7, 0); /* some ended after they were counted */
    scan_missed(FIRST_NAMESPACE, 9, 12, 3);
    scan_missed(FIRST_NAMESPACE, 10, 12, 3); /* they never come back */
    scan_missed(FIRST_NAMESPACE, 12, 20, 8);
    inquiry->loaded_anew = true;
    scan_missed(FIRST_NAMESPACE, 1, 2, 1);
}

static void scan_overwritten(uint64_t skipped, uint64_t missed)
{
    append_counted()->skipped = skipped;
    append_counted()->skipped = skipped;
    assert_int_equal(take(CONNECTIONS_ENDED), 0);
    end_in(FIRST_NAMESPACE, 0);
    assert_int_equal(capture.stats.connections_missed, missed);
    next_scan();
}

/* Their rests are lost, for they were written over before they were read. */
static void ends_that_are_not_told_of_are_missed(void **state)
{
    (void)state;
    scan_overwritten(4, 0); /* in the first scan they are in what processes counted */
    scan_overwritten(0, 0);
    scan_overwritten(5, 10);
    scan_overwritten(0, 10);
    inquiry->loaded_anew = true;
    scan_overwritten(1, 2);
}

/* In the tick of the scan or later: the next one lists it, and is told everything. */
static void a_process_that_began_after_processes_were_listed_is_put_off(void **state)
{
    (void)state;
    inquiry->shown.ticks = 70;
    append_closed(7, 3, 20);
    append_closed(6, 2, 10);
    take_closed();
    connections_end(inquiry, 0);
    assert_int_equal(capture.unseen.count, 1);
    assert_int_equal(capture.unseen.at[0].pid, 6);
    next_scan();
    inquiry->shown.ticks = 90;
    append_closed(7, 4, 25);
    append_closed(6, 2, 10);
    take_closed();
    connections_end(inquiry, 0);
    assert_int_equal(capture.unseen.count, 2);
    assert_false(capture.unseen.at[0].is_new);
    assert_int_equal(capture.unseen.at[1].connections.closed_connections, 4);
    assert_int_equal(capture.unseen.at[1].totals.bytes_sent, 25);
    inquiry->shown.ticks = 0;
}

static void where_not_all_processes_are_told_of_none_is_known_to_be_missed(void **state)
{
    (void)state;
    scan_missed("pid:[4026532001]", 5, 50, 0);
    scan_missed("pid:[4026532001]", 6, 60, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_that_ended_is_told_of_as_it_was),
        TEST(a_process_is_told_of_with_what_it_counted),
        TEST(a_name_that_fills_its_place_has_an_end),
        TEST(the_last_record_says_where_to_read_on),
        TEST(records_of_another_kind_file_or_length_are_refused),
        TEST(records_that_are_cut_short_are_refused),
        TEST(what_is_of_no_process_is_refused_where_processes_are_told_of),
        TEST(processes_are_ordered_by_pid_and_start),
        TEST(two_entries_of_a_process_are_one),
        TEST(what_is_new_is_what_was_counted_since_the_scan_before),
        TEST(each_count_is_less_what_it_was),
        TEST(a_process_that_was_not_there_before_counts_in_full),
        TEST(a_place_that_was_taken_anew_counts_in_full),
        TEST(in_the_first_scan_what_could_have_been_seen_is_new_too),
        TEST(after_a_scan_that_did_not_read_them_only_events_are_new),
        TEST(what_was_loaded_anew_has_nothing_to_do_with_what_was_before),
        TEST(connections_that_ended_in_no_process_are_missed),
        TEST(ends_that_are_not_told_of_are_missed),
        TEST(a_process_that_began_after_processes_were_listed_is_put_off),
        TEST(where_not_all_processes_are_told_of_none_is_known_to_be_missed),
    };
    return cmocka_run_group_tests_name("connections", tests, NULL, NULL);
}
