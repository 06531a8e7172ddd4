/* Records of the BPF iterators: as the programs write them, and as none does. */
#include "capture/bpf.h"
#include "capture/bpf_records.h"
#include "capture/limits.h"
#include "capture/run.h"
#include "capture/shown.h"
#include "capture/sink.h"
#include "capture/tcp_info.h"
#include "testing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <string.h>

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static const struct config config = {.every_socket = true, .hz = 100};
static struct capture capture;
static struct inquiry *inquiry;
static size_t length;

static int setup(void **state)
{
    (void)state;
    capture = (struct capture){.counters = 0};
    inquiry = capture_new(&config, NULL);
    assert_non_null(inquiry);
    inquiry->capture = &capture;
    inquiry->shown.given = tcp_info_given(offsetof(struct bpf_tcp_info, zero));
    length = 0;
    assert_non_null(vector_push(&capture.congestion_names));
    capture.congestion_names.at[0] = "";
    assert_non_null(vector_push(&capture.impairments));
    capture.impairments.at[0] = (struct proctcp_impairment){0};
    assert_true(hash_begin(&inquiry->without_inode, 1));
    assert_true(hash_begin(&capture.by_inode, 1));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    capture_clear(&capture);
    capture_free(inquiry);
    return 0;
}

static void *append(unsigned kind, size_t size)
{
    struct bpf_record *record = (void *)(inquiry->buffer + length);
    assert_int_equal(size % 8, 0);
    *record = (struct bpf_record){.length = (uint16_t)size, .kind = (uint16_t)kind};
    length += size;
    return record;
}

static struct bpf_task_record *append_task(uint32_t pid, uint32_t tid, uint32_t flags)
{
    struct bpf_task_record *record = append(BPF_RECORD_TASK, sizeof(*record));
    record->pid = pid;
    record->tid = tid;
    record->netns = 1;
    record->flags = flags | BPF_TASK_FDS;
    return record;
}

static struct bpf_socket_record *append_socket(uint32_t pid, uint32_t fd, uint32_t inode, uint8_t state)
{
    struct bpf_socket_record *record = append(BPF_RECORD_SOCKET, sizeof(*record));
    record->pid = pid;
    record->fd = fd;
    record->inode = inode;
    record->netns = 1;
    record->state = state;
    record->family = AF_INET;
    record->cookie = 1000 + inode;
    record->source_port = htons(80);
    memcpy(record->source, "\x7f\0\0\1", 4);
    record->info.rto_us = 204000;
    return record;
}

static int take(enum bpf_file file)
{
    const int status = bpf_take(inquiry, file, inquiry->buffer, length);
    length = 0;
    memset(inquiry->buffer, 0, INQUIRY_BUFFER_SIZE);
    return status;
}

static void end(void)
{
    shown_tasks_end(inquiry);
    assert_int_equal(sink_sockets_end(inquiry), 0);
    assert_int_equal(shown_owners_end(inquiry), 0);
}

static const struct process *process(int32_t pid)
{
    const int64_t index = sink_process(inquiry, pid);
    assert_true(index >= 0);
    assert_int_equal(shown_take(inquiry, (uint32_t)index), SHOWN_WHOLE);
    return &capture.processes.at[index];
}

/* ---- */

static void the_layout_of_tcp_info_is_the_kernels(void **state)
{
    (void)state;
#define SAME(ours, kernels) assert_int_equal(offsetof(struct bpf_tcp_info, ours), offsetof(struct tcp_info, kernels))
    SAME(rto_us, tcpi_rto);
    SAME(last_data_recv_ms, tcpi_last_data_recv);
    SAME(rtt_us, tcpi_rtt);
    SAME(snd_cwnd, tcpi_snd_cwnd);
    SAME(total_retrans, tcpi_total_retrans);
    SAME(pacing_rate, tcpi_pacing_rate);
    SAME(bytes_acked, tcpi_bytes_acked);
    SAME(segs_in, tcpi_segs_in);
    SAME(min_rtt_us, tcpi_min_rtt);
    SAME(delivery_rate, tcpi_delivery_rate);
    SAME(sndbuf_limited_us, tcpi_sndbuf_limited);
    SAME(bytes_retrans, tcpi_bytes_retrans);
    SAME(rcv_ooo_packets, tcpi_rcv_ooopack);
    SAME(snd_wnd, tcpi_snd_wnd);
    assert_int_equal(offsetof(struct bpf_socket_record, info) % 8, 0);
}

static void a_socket_at_a_descriptor_has_its_owner_and_what_the_kernel_knows(void **state)
{
    struct bpf_socket_record *record;

    (void)state;
    append_task(7, 7, BPF_TASK_LEADER | BPF_TASK_FDS)->fds = 12;
    assert_int_equal(take(BPF_FILE_TASKS), 0);
    record = append_socket(7, 3, 99, 1);
    record->destination_port = htons(40000);
    record->rqueue = 5;
    record->uid = 33;
    record->info.rtt_us = 1234;
    record->info.bytes_sent = 1 << 20;
    record->memory[8] = 2;
    memcpy(record->congestion, "cubic", 6);
    assert_int_equal(take(BPF_FILE_ROWS), 0);
    end();
    const struct process *found = process(7);
    const struct proctcp_socket *socket = &capture.sockets.at[0];
    assert_int_equal(found->fds, 12);
    assert_int_equal(found->netns, 1);
    assert_int_equal(found->owner_count, 1);
    assert_int_equal(capture.owners.at[found->first_owner].fd, 3);
    assert_int_equal(capture.owners.at[found->first_owner].inode, 99);
    assert_int_equal(capture.sockets.count, 1);
    assert_int_equal(socket->state, PROCTCP_ESTABLISHED);
    assert_int_equal(socket->cookie, 1099);
    assert_int_equal(socket->local_port, 80);
    assert_int_equal(socket->remote_port, 40000);
    assert_int_equal(socket->rx_queue_bytes, 5);
    assert_int_equal(socket->uid, 33);
    assert_int_equal(socket->rto_ms, 204);
    assert_int_equal(socket->rtt_us, 1234);
    assert_int_equal(socket->bytes_sent, 1 << 20);
    assert_int_equal(capture.impairments.at[socket->impairment].drops, 2);
    assert_string_equal(capture.congestion_names.at[socket->congestion], "cubic");
}

static void a_socket_of_many_workers_is_one(void **state)
{
    (void)state;
    for (uint32_t pid = 5; pid < 9; pid++)
        append_task(pid, pid, BPF_TASK_LEADER);
    assert_int_equal(take(BPF_FILE_TASKS), 0);
    for (uint32_t pid = 5; pid < 9; pid++)
        append_socket(pid, 3, 99, 10);
    assert_int_equal(take(BPF_FILE_ROWS), 0);
    end();
    assert_int_equal(capture.sockets.count, 1);
    for (int32_t pid = 5; pid < 9; pid++)
        assert_int_equal(process(pid)->owner_count, 1);
}

static void a_thread_with_its_own_table_counts_as_its_process(void **state)
{
    (void)state;
    append_task(7, 7, BPF_TASK_LEADER | BPF_TASK_FDS)->fds = 4;
    append_task(9, 9, BPF_TASK_LEADER);
    append_task(7, 12, BPF_TASK_OWN_TABLE | BPF_TASK_FDS)->fds = 6;
    assert_int_equal(take(BPF_FILE_TASKS), 0);
    append_socket(7, 3, 99, 10);
    append_socket(9, 3, 98, 10);
    append_socket(7, 3, 99, 10); /* the thread's copy of it */
    append_socket(7, 5, 97, 10); /* and what it opened */
    assert_int_equal(take(BPF_FILE_ROWS), 0);
    end();
    const struct process *found = process(7);
    assert_int_equal(found->owner_count, 2);
    assert_int_equal(capture.owners.at[found->first_owner + 1].inode, 97);
    assert_int_equal(found->fds, 6);
    assert_int_equal(capture.sockets.count, 3);
}

static void a_table_that_was_too_large_to_count_is_said_to_be_uncounted(void **state)
{
    (void)state;
    append_task(7, 7, BPF_TASK_LEADER)->flags = BPF_TASK_LEADER;
    append_task(8, 8, BPF_TASK_LEADER)->flags = BPF_TASK_LEADER | BPF_TASK_ENDED; /* it has none */
    assert_int_equal(take(BPF_FILE_TASKS), 0);
    end();
    assert_int_equal(shown_take(inquiry, (uint32_t)sink_process(inquiry, 7)), SHOWN_UNCOUNTED);
    assert_int_equal(shown_take(inquiry, (uint32_t)sink_process(inquiry, 8)), SHOWN_WHOLE);
}

static void where_the_leader_has_ended_a_thread_tells_of_the_process(void **state)
{
    (void)state;
    append_task(7, 7, BPF_TASK_LEADER | BPF_TASK_ENDED)->netns = 0;
    append_task(7, 12, BPF_TASK_OWN_TABLE)->netns = 5;
    append_task(7, 13, BPF_TASK_OWN_TABLE)->netns = 6;
    assert_int_equal(take(BPF_FILE_TASKS), 0);
    end();
    const struct process *found = process(7);
    assert_int_equal(found->living_thread, 12);
    assert_int_equal(found->netns, 5);
    assert_int_equal(inquiry->threads.count, 1); /* the other one lives elsewhere */
    assert_int_equal(inquiry->threads.at[0].netns, 6);
}

static void who_is_listed_late_is_put_among_the_pids(void **state)
{
    static const uint32_t expected[] = {3, 5, 7};
    (void)state;
    assert_true(indices_push(&inquiry->pids, 3) && indices_push(&inquiry->pids, 7));
    append_task(7, 7, BPF_TASK_LEADER);
    append_task(5, 5, BPF_TASK_LEADER);
    append_task(5, 6, BPF_TASK_OWN_TABLE);
    assert_int_equal(take(BPF_FILE_TASKS), 0);
    end();
    assert_int_equal(inquiry->pids.count, 3);
    assert_memory_equal(inquiry->pids.at, expected, sizeof(expected));
}

/* A process that started after the others were shown: it is walked. */
static void who_has_descriptors_and_was_not_shown_is_put_among_the_pids_too(void **state)
{
    static const uint32_t expected[] = {7, 9};
    (void)state;
    append_task(7, 7, BPF_TASK_LEADER);
    assert_int_equal(take(BPF_FILE_TASKS), 0);
    append_socket(9, 3, 99, 10);
    append_socket(9, 4, 98, 10);
    assert_int_equal(take(BPF_FILE_ROWS), 0);
    end();
    assert_int_equal(inquiry->pids.count, 2);
    assert_memory_equal(inquiry->pids.at, expected, sizeof(expected));
    const int64_t index = sink_process(inquiry, 9);
    assert_int_equal(shown_take(inquiry, (uint32_t)index), SHOWN_NOT);
}

static void what_a_user_has_beyond_the_limit_is_left_out_and_his_processes_are_not_whole(void **state)
{
    (void)state;
    append_task(7, 7, BPF_TASK_LEADER)->uid = 1000;
    append_task(8, 8, BPF_TASK_LEADER)->uid = 1000;
    append_task(9, 9, BPF_TASK_LEADER)->uid = 1001;
    assert_int_equal(take(BPF_FILE_TASKS), 0);
    shown_tasks_end(inquiry);
    inquiry_within_limit(&inquiry->descriptors_of, 1000, LIMIT_DESCRIPTORS_OF_USER - 10, LIMIT_DESCRIPTORS_OF_USER);
    for (uint32_t fd = 0; fd < 100; fd++)
        append_socket(7, fd, 100 + fd, 10);
    append_socket(8, 3, 98, 10); /* what the first one had is charged by then */
    append_socket(9, 3, 97, 10);
    assert_int_equal(take(BPF_FILE_ROWS), 0);
    end();
    assert_int_equal(process(8)->owner_count, 0);
    assert_int_equal(capture.processes.at[capture.processes.count - 1].walk, WALK_REFUSED);
    assert_int_equal(capture.stats.exhausted, 1);
    assert_int_equal(process(9)->owner_count, 1);
    assert_int_equal(capture.processes.at[capture.processes.count - 1].walk, WALKED);
}

static void tables_that_take_too_long_to_go_through_are_seen_before(void **state)
{
    uint32_t uid = 0;

    (void)state;
    for (uint32_t tid = 0; tid < 500; tid++) {
        struct bpf_task_record *record = append_task(7, 7 + tid, tid ? BPF_TASK_OWN_TABLE : BPF_TASK_LEADER);
        record->uid = 1000;
        record->flags |= BPF_TASK_FDS;
        record->fds = LIMIT_DESCRIPTORS_OF_USER / 600;
    }
    assert_int_equal(take(BPF_FILE_TASKS), 0);
    shown_tasks_end(inquiry);
    assert_true(shown_is_affordable(inquiry, &uid));
    for (uint32_t tid = 500; tid < 700; tid++) {
        struct bpf_task_record *record = append_task(7, 7 + tid, BPF_TASK_OWN_TABLE | BPF_TASK_FDS);
        record->uid = 1000;
        record->fds = LIMIT_DESCRIPTORS_OF_USER / 600;
    }
    append_task(1, 1, BPF_TASK_LEADER | BPF_TASK_FDS)->fds = 2 * LIMIT_DESCRIPTORS_OF_USER; /* root may */
    assert_int_equal(take(BPF_FILE_TASKS), 0);
    shown_tasks_end(inquiry);
    assert_false(shown_is_affordable(inquiry, &uid));
    assert_int_equal(uid, 1000);
}

static void what_was_never_bound_is_closed_and_has_no_address(void **state)
{
    (void)state;
    append_socket(7, 3, 99, 7);
    append_socket(7, 4, 98, 13); /* bound */
    assert_int_equal(take(BPF_FILE_ROWS), 0);
    assert_int_equal(capture.sockets.at[0].state, PROCTCP_CLOSED);
    assert_false(capture.sockets.at[0].present & PROCTCP_HAS_LOCAL);
    assert_int_equal(capture.sockets.at[1].state, PROCTCP_CLOSED);
    assert_true(capture.sockets.at[1].present & PROCTCP_HAS_LOCAL);
}

static void what_nobody_holds_is_written_and_what_a_file_is_of_is_remembered_if_unknown(void **state)
{
    struct bpf_held_record *held;

    (void)state;
    append_socket(7, 3, 99, 1);
    assert_int_equal(take(BPF_FILE_ROWS), 0);
    end();
    append_socket(0, 0, 0, 6)->info.rto_us = 0;
    for (uint32_t inode = 99; inode < 101; inode++) {
        held = append(BPF_RECORD_HELD, sizeof(*held));
        held->cookie = 1000 + inode;
        held->source_port = htons(1234);
        held->family = AF_INET6;
    }
    assert_int_equal(take(BPF_FILE_UNHELD), 0);
    assert_int_equal(capture.sockets.count, 2);
    assert_int_equal(capture.sockets.at[1].state, PROCTCP_TIME_WAIT);
    assert_false(capture.sockets.at[1].present & PROCTCP_HAS_INFO);
    assert_int_equal(inquiry->shown.unknown.count, 1);
    assert_int_equal(inquiry->shown.unknown.at[0].cookie, 1100);
    assert_int_equal(inquiry->shown.unknown.at[0].source_port, htons(1234));
    assert_int_equal(inquiry->shown.unknown.at[0].family, AF_INET6);
}

static struct bpf_held_record *append_held(uint32_t netns, uint64_t cookie)
{
    struct bpf_held_record *record = append(BPF_RECORD_HELD, sizeof(*record));
    record->netns = netns;
    record->cookie = cookie;
    record->family = AF_INET;
    return record;
}

static void what_a_walk_through_all_namespaces_tells_is_of_those_that_are_known(void **state)
{
    int status;

    (void)state;
    assert_true(hash_begin(&inquiry->netns_by_inode, 1));
    for (uint32_t inode = 1; inode < 4; inode++)
        assert_non_null(sink_netns(inquiry, inode, PROCTCP_NONE, false, &status));
    append_socket(7, 3, 99, 1);
    assert_int_equal(take(BPF_FILE_ROWS), 0);
    end();
    append_held(1, 1099);
    append_held(2, 0);
    append_held(2, 1098);
    append_held(55, 1097); /* not selected */
    append_socket(0, 0, 0, 6)->netns = 55;
    append_socket(0, 0, 0, 6)->netns = 2;
    ((struct bpf_cut_record *)append(BPF_RECORD_CUT, sizeof(struct bpf_cut_record)))->netns = 3;
    ((struct bpf_page_record *)append(BPF_RECORD_PAGE, sizeof(struct bpf_page_record)))->next = 77;
    assert_int_equal(take(BPF_FILE_HASHED), 0);
    assert_int_equal(capture.sockets.count, 2);
    assert_int_equal(capture.sockets.at[1].netns, 2);
    assert_int_equal(inquiry->shown.unknown.count, 2); /* what has no cookie, too */
    assert_int_equal(inquiry->shown.unknown.at[0].netns, 2);
    assert_int_equal(inquiry->shown.unknown.at[1].cookie, 1098);
    assert_true(sink_find_netns(inquiry, 1)->is_hashed);
    assert_true(sink_find_netns(inquiry, 2)->is_hashed);
    assert_false(sink_find_netns(inquiry, 3)->is_hashed);
    assert_true(sink_find_netns(inquiry, 3)->is_cut);
    assert_true(inquiry->hashed.is_told);
    assert_false(inquiry->hashed.is_end);
    assert_int_equal(inquiry->hashed.next, 77);
    append_task(7, 7, BPF_TASK_LEADER);
    assert_int_equal(take(BPF_FILE_HASHED), -EPROTO);
}

static void records_of_another_kind_file_or_length_are_refused(void **state)
{
    (void)state;
    append_task(7, 7, BPF_TASK_LEADER);
    assert_int_equal(take(BPF_FILE_ROWS), -EPROTO);
    append_socket(7, 3, 99, 1);
    assert_int_equal(take(BPF_FILE_TASKS), -EPROTO);
    append_socket(0, 3, 99, 1); /* of nobody */
    assert_int_equal(take(BPF_FILE_ROWS), -EPROTO);
    append_task(0, 7, BPF_TASK_LEADER);
    assert_int_equal(take(BPF_FILE_TASKS), -EPROTO);
    append(0x7001, 32);
    assert_int_equal(take(BPF_FILE_TASKS), -EPROTO);
    append_task(7, 7, BPF_TASK_LEADER)->record.length = sizeof(struct bpf_task_record) + 8;
    length += 8;
    assert_int_equal(take(BPF_FILE_TASKS), -EPROTO);
    append_task(7, 7, BPF_TASK_LEADER);
    length -= 8; /* cut short */
    assert_int_equal(take(BPF_FILE_TASKS), -EPROTO);
    append_task(7, 7, BPF_TASK_LEADER)->record.length = 0;
    assert_int_equal(take(BPF_FILE_TASKS), -EPROTO);
    length = 2;
    assert_int_equal(take(BPF_FILE_TASKS), -EPROTO);
    assert_int_equal(take(BPF_FILE_TASKS), 0); /* nothing at all is no fault */
}

static void a_state_or_family_that_is_not_known_is_counted_and_left_out(void **state)
{
    (void)state;
    append_socket(7, 3, 99, 55);
    append_socket(7, 4, 98, 1)->family = 77;
    append_socket(7, 5, 97, 1);
    assert_int_equal(take(BPF_FILE_ROWS), 0);
    assert_int_equal(capture.sockets.count, 1);
    assert_int_equal(inquiry->shown.owners.count, 1);
    assert_int_equal(capture.stats.malformed, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_layout_of_tcp_info_is_the_kernels),
        TEST(a_socket_at_a_descriptor_has_its_owner_and_what_the_kernel_knows),
        TEST(a_socket_of_many_workers_is_one),
        TEST(a_thread_with_its_own_table_counts_as_its_process),
        TEST(a_table_that_was_too_large_to_count_is_said_to_be_uncounted),
        TEST(where_the_leader_has_ended_a_thread_tells_of_the_process),
        TEST(who_is_listed_late_is_put_among_the_pids),
        TEST(who_has_descriptors_and_was_not_shown_is_put_among_the_pids_too),
        TEST(what_a_user_has_beyond_the_limit_is_left_out_and_his_processes_are_not_whole),
        TEST(tables_that_take_too_long_to_go_through_are_seen_before),
        TEST(what_was_never_bound_is_closed_and_has_no_address),
        TEST(what_nobody_holds_is_written_and_what_a_file_is_of_is_remembered_if_unknown),
        TEST(what_a_walk_through_all_namespaces_tells_is_of_those_that_are_known),
        TEST(records_of_another_kind_file_or_length_are_refused),
        TEST(a_state_or_family_that_is_not_known_is_counted_and_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
