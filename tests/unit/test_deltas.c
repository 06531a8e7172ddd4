/* One scan against the one before it, made by hand: what counts, where, and what never goes back. */
#include "scan.h"
#include "testing.h"

#include <stdlib.h>
#include <string.h>

static struct scan scan;
static const struct proctcp_snapshot *previous;

static int setup(void **state)
{
    (void)state;
    scan = (struct scan){.stats.failure = "", .stats.source_reason = ""};
    previous = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    proctcp_snapshot_unref(previous);
    vector_free(&scan.sockets);
    vector_free(&scan.rows);
    vector_free(&scan.processes);
    vector_free(&scan.troubles);
    vector_free(&scan.words);
    vector_free(&scan.with_inode);
    vector_free(&scan.by_inode);
    vector_free(&scan.homes);
    vector_free(&scan.keys);
    vector_free(&scan.spare);
    vector_free(&scan.scratch);
    vector_free(&scan.pids);
    vector_free(&scan.rested);
    vector_free(&scan.resting);
    vector_free(&scan.blind);
    vector_free(&scan.next_blind);
    vector_free(&scan.visits);
    vector_free(&scan.namespaces);
    return 0;
}

static void begin(uint64_t time)
{
    scan.stats.time = time;
    scan.stats.source = PROCTCP_SOURCE_NETLINK;
    vector_recycle(&scan.sockets);
    vector_recycle(&scan.rows);
    vector_recycle(&scan.processes);
    *vector_push(&scan.troubles) = (struct proctcp_trouble){0};
    *vector_push(&scan.words) = "";
}

static struct proctcp_socket *add_socket(uint32_t inode, uint64_t cookie, uint64_t sent)
{
    struct proctcp_socket *socket = vector_push(&scan.sockets);
    *socket = (struct proctcp_socket){
        .present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE | PROCTCP_HAS_COOKIE | PROCTCP_HAS_BYTES_SENT |
                   PROCTCP_HAS_BYTES | PROCTCP_HAS_SEGS | PROCTCP_HAS_INFO,
        .inode = inode,
        .cookie = cookie,
        .local_port = 80,
        .subflow = 1,
        .state = PROCTCP_ESTABLISHED,
        .bytes_sent = sent,
        .bytes_acked = sent,
        .bytes_received = 2 * sent,
        .segs_out = (uint32_t)sent,
        .segs_in = 1,
    };
    return socket;
}

static void add_process(int pid, uint64_t start_ticks)
{
    *vector_push(&scan.processes) = (struct proctcp_process){.pid = pid,
                                                             .start_ticks = start_ticks,
                                                             .name = "",
                                                             .executable = "",
                                                             .cgroup = "",
                                                             .first_row = scan.rows.count};
}

/* Of the process added last. */
static void add_row(int fd, uint32_t socket)
{
    uint32_t process = scan.processes.count - 1;
    *vector_push(&scan.rows) = (struct proctcp_row){.pid = scan.processes.at[process].pid,
                                                    .fd = fd,
                                                    .socket = socket,
                                                    .process = process,
                                                    .owner_rank = ++scan.sockets.at[socket].owners,
                                                    .peer = PROCTCP_NONE};
    scan.processes.at[process].row_count++;
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* What the stages before leave: sockets of tables by inode, those in none behind them, and where each is held. */
static void join(void)
{
    scan.by_inode.count = scan.homes.count = 0;
    for (uint32_t i = 0; i < scan.sockets.count; i++) {
        *vector_push(&scan.homes) = PROCTCP_NONE;
        if (scan.sockets.at[i].inode && scan.sockets.at[i].present & PROCTCP_HAS_LOCAL)
            *vector_push(&scan.by_inode) = (uint64_t)scan.sockets.at[i].inode << 32 | i;
    }
    if (scan.by_inode.count)
        qsort(scan.by_inode.at, scan.by_inode.count, sizeof(scan.by_inode.at[0]), compare_keys);
    scan.ordered_by_inode = scan.by_inode.count;
    for (uint32_t i = 0; i < scan.rows.count; i++) {
        if (scan.rows.at[i].owner_rank == 1)
            scan.homes.at[scan.rows.at[i].socket] = scan.rows.at[i].process;
    }
}

static const struct proctcp_snapshot *end(void)
{
    const struct proctcp_snapshot *snapshot = NULL;
    join();
    assert_int_equal(deltas_find(&scan, previous), 0);
    assert_int_equal(snapshot_freeze(&scan, &snapshot), 0);
    rests_keep(&scan);
    proctcp_snapshot_unref(previous);
    previous = snapshot;
    return snapshot;
}

static void counters_of_a_socket_count_in_full_at_first_and_then_by_what_they_went_up(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 1000);
    add_process(7, 70);
    add_row(3, 0);
    assert_int_equal(end()->processes[0].totals.bytes_sent, 1000);
    assert_int_equal(previous->processes[0].since.bytes_sent, 0); /* nothing is known of the time before */
    assert_int_equal(previous->processes[0].sockets_opened, 1);
    assert_true(previous->processes[0].present & PROCTCP_HAS_TOTALS);
    begin(110);
    add_socket(1, 11, 1500);
    add_process(7, 70);
    add_row(3, 0);
    const struct proctcp_process *process = &end()->processes[0];
    assert_int_equal(process->totals.bytes_sent, 1500);
    assert_int_equal(process->since.bytes_sent, 500);
    assert_int_equal(process->totals.bytes_acked, 1500);
    assert_int_equal(process->totals.bytes_received, 3000);
    assert_int_equal(process->totals.segs_out, 1500);
    assert_int_equal(process->totals.segs_in, 1);
    assert_int_equal(process->sockets_opened, 1);
    assert_int_equal(process->first_seen, 100);
    assert_int_equal(previous->rows[0].first_seen, 100);
    assert_int_equal(previous->sockets[0].first_seen, 100);
}

static void totals_survive_the_closing_of_a_socket(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 1000);
    add_socket(2, 12, 5);
    add_process(7, 70);
    add_row(3, 0);
    add_row(4, 1);
    end();
    begin(110);
    add_socket(2, 12, 6);
    add_process(7, 70);
    add_row(4, 0);
    const struct proctcp_process *process = &end()->processes[0];
    assert_int_equal(process->totals.bytes_sent, 1006);
    assert_int_equal(process->sockets_opened, 2);
    assert_int_equal(process->sockets_closed, 1);
}

static void a_descriptor_or_inode_that_is_used_again_is_a_new_socket(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 1000);
    add_process(7, 70);
    add_row(3, 0);
    end();
    begin(110);
    add_socket(1, 99, 10); /* the same inode and descriptor, another cookie */
    add_process(7, 70);
    add_row(3, 0);
    const struct proctcp_process *process = &end()->processes[0];
    assert_int_equal(process->totals.bytes_sent, 1010);
    assert_int_equal(process->sockets_opened, 2);
    assert_int_equal(process->sockets_closed, 1);
    assert_int_equal(previous->rows[0].first_seen, 110);
}

static void a_pid_that_is_used_again_begins_anew(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 1000);
    add_process(7, 70);
    add_row(3, 0);
    end();
    begin(110);
    add_socket(2, 12, 10);
    add_process(7, 71);
    add_row(3, 0);
    const struct proctcp_process *process = &end()->processes[0];
    assert_int_equal(process->totals.bytes_sent, 10);
    assert_int_equal(process->sockets_closed, 0);
    assert_int_equal(process->first_seen, 110);
}

static void a_shared_socket_counts_once_in_its_rank_1_and_follows_it(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 1000);
    add_process(7, 70);
    add_row(3, 0);
    add_process(8, 80);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].totals.bytes_sent, 1000);
    assert_int_equal(previous->processes[1].totals.bytes_sent, 0);
    assert_int_equal(previous->processes[1].sockets_opened, 0);
    begin(110); /* the first process closed it: the second counts on, from where it was */
    add_socket(1, 11, 1200);
    add_socket(2, 12, 0);
    add_process(7, 70);
    add_row(5, 1);
    add_process(8, 80);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].totals.bytes_sent, 1000);
    assert_int_equal(previous->processes[1].totals.bytes_sent, 200);
    assert_int_equal(previous->processes[1].sockets_opened, 0);
    assert_int_equal(previous->processes[0].sockets_closed, 0);
}

static void a_counter_that_went_back_began_anew(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 1000);
    add_process(7, 70);
    add_row(3, 0);
    end();
    begin(110);
    add_socket(1, 11, 30); /* disconnected, and connected again */
    add_process(7, 70);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].totals.bytes_sent, 1030);
    assert_int_equal(previous->processes[0].totals.segs_out, 1030);
}

static void a_counter_of_32_bits_goes_on_over_its_end(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 0)->segs_out = UINT32_MAX - 9;
    add_process(7, 70);
    add_row(3, 0);
    end();
    begin(110);
    add_socket(1, 11, 0)->segs_out = 20;
    add_process(7, 70);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].totals.segs_out, (uint64_t)UINT32_MAX - 9 + 30);
}

static void a_scan_without_counters_leaves_totals_as_they_were(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 1000);
    add_process(7, 70);
    add_row(3, 0);
    end();
    begin(110); /* /proc had to serve: no cookie, no counters */
    scan.stats.source = PROCTCP_SOURCE_PROCFS;
    add_socket(1, 0, 0)->present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE;
    add_process(7, 70);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].totals.bytes_sent, 1000);
    assert_int_equal(previous->processes[0].sockets_opened, 1);
    assert_true(previous->processes[0].present & PROCTCP_HAS_TOTALS);
    begin(120); /* and back: what it counted meanwhile is not known */
    add_socket(1, 11, 1700);
    add_process(7, 70);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].totals.bytes_sent, 1000);
    begin(130);
    add_socket(1, 11, 1750);
    add_process(7, 70);
    add_row(3, 0);
    assert_int_equal(end()->processes[0].totals.bytes_sent, 1050);
}

static void subflows_of_one_inode_are_told_apart(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 100);
    add_socket(1, 12, 200)->subflow = 2;
    add_process(7, 70);
    add_row(3, 0);
    add_row(3, 1);
    end();
    begin(110); /* the first is gone: the second is the first now */
    add_socket(1, 12, 250);
    add_process(7, 70);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].totals.bytes_sent, 350);
    assert_int_equal(previous->processes[0].sockets_closed, 1);
    assert_int_equal(previous->sockets[0].first_seen, 100);
}

static void add_pid(uint32_t pid)
{
    *vector_push(&scan.pids) = pid;
}

static void totals_rest_while_a_process_holds_no_tcp_socket(void **state)
{
    (void)state;
    add_pid(7);
    begin(100);
    add_socket(1, 11, 1000);
    add_process(7, 70);
    add_row(3, 0);
    end();
    for (uint64_t time = 110; time < 140; time += 10) {
        begin(time);
        end();
        assert_int_equal(previous->process_count, 0);
    }
    begin(140);
    add_socket(2, 12, 5);
    add_process(7, 70);
    add_row(3, 0);
    const struct proctcp_process *process = &end()->processes[0];
    assert_int_equal(process->totals.bytes_sent, 1005);
    assert_int_equal(process->since.bytes_sent, 5);
    assert_int_equal(process->sockets_opened, 2);
    assert_int_equal(process->sockets_closed, 1);
    assert_int_equal(process->first_seen, 100);
}

static void what_a_process_holds_that_was_not_walked_for_a_while_does_not_count_again(void **state)
{
    (void)state;
    add_pid(7);
    for (uint64_t round = 0; round < 4; round++) {
        begin(100 + 20 * round);
        scan.visits.count = 0;
        add_socket(1, 11, 1000 + round);
        add_process(7, 70);
        add_row(3, 0);
        assert_int_equal(end()->processes[0].totals.bytes_sent, 1000); /* from where it is back */
        assert_int_equal(previous->processes[0].since.bytes_sent, 0);
        begin(110 + 20 * round);
        *vector_push(&scan.visits) = (struct visit){.pid = 7, .skipped = true};
        end();
    }
    begin(200);
    scan.visits.count = 0;
    add_socket(1, 11, 2000);
    add_process(7, 70);
    add_row(3, 0);
    end();
    begin(210);
    add_socket(1, 11, 2005);
    add_socket(2, 12, 30);
    add_process(7, 70);
    add_row(3, 0);
    add_row(4, 1);
    assert_int_equal(end()->processes[0].totals.bytes_sent, 1035);
}

static void what_comes_to_light_in_a_namespace_that_could_not_be_read_does_not_count_again(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 3; round++) {
        begin(100 + 20 * round);
        scan.namespaces.count = 0;
        *vector_push(&scan.namespaces) = (struct netns){.shown.inode = 5, .complete = true};
        add_socket(1, 11, 1000 + round)->netns = 5;
        add_socket(2, 12, 10)->netns = 6;
        add_process(7, 70);
        add_row(3, 0);
        add_row(4, 1);
        assert_int_equal(end()->processes[0].totals.bytes_sent, 1010);
        begin(110 + 20 * round);
        scan.namespaces.at[0].complete = false;
        add_socket(2, 12, 10)->netns = 6;
        add_process(7, 70);
        add_row(4, 0);
        end();
    }
}

static void totals_of_a_process_that_ended_while_it_rested_are_gone(void **state)
{
    (void)state;
    add_pid(7);
    begin(100);
    add_socket(1, 11, 1000);
    add_process(7, 70);
    add_row(3, 0);
    end();
    begin(110);
    end();
    begin(120); /* the pid is another process's by now */
    add_socket(2, 12, 5);
    add_process(7, 99);
    add_row(3, 0);
    assert_int_equal(end()->processes[0].totals.bytes_sent, 5);
    scan.pids.count = 0;
    begin(130);
    end();
    begin(140);
    add_socket(3, 13, 6);
    add_process(7, 99);
    add_row(3, 0);
    assert_int_equal(end()->processes[0].totals.bytes_sent, 6);
}

static void a_socket_whose_holder_was_not_seen_for_a_scan_goes_on(void **state)
{
    (void)state;
    add_pid(7);
    begin(100);
    add_socket(1, 11, 1000);
    add_process(7, 70);
    add_row(3, 0);
    end();
    begin(110); /* its descriptor was in flight, or could not be read */
    add_socket(1, 11, 1100);
    end();
    begin(120);
    add_socket(1, 11, 1300);
    add_process(7, 70);
    add_row(3, 0);
    const struct proctcp_process *process = &end()->processes[0];
    assert_int_equal(process->totals.bytes_sent, 1200); /* what it counted while nobody held it is nobody's */
    assert_int_equal(process->sockets_opened, 1);
    assert_int_equal(process->sockets_closed, 0);
}

static void a_socket_that_was_not_bound_yet_is_the_same_when_it_is(void **state)
{
    (void)state;
    begin(100);
    *add_socket(1, 0, 0) = (struct proctcp_socket){.inode = 1, .subflow = 1, .state = PROCTCP_CLOSED};
    add_process(7, 70);
    add_row(3, 0);
    end();
    begin(110);
    add_socket(1, 11, 10);
    add_process(7, 70);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].sockets_opened, 1);
    assert_int_equal(previous->processes[0].sockets_closed, 0);
    assert_int_equal(previous->processes[0].totals.bytes_sent, 10);
    assert_int_equal(previous->sockets[0].first_seen, 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counters_of_a_socket_count_in_full_at_first_and_then_by_what_they_went_up),
        TEST(totals_survive_the_closing_of_a_socket),
        TEST(a_descriptor_or_inode_that_is_used_again_is_a_new_socket),
        TEST(a_pid_that_is_used_again_begins_anew),
        TEST(a_shared_socket_counts_once_in_its_rank_1_and_follows_it),
        TEST(a_counter_that_went_back_began_anew),
        TEST(a_counter_of_32_bits_goes_on_over_its_end),
        TEST(a_scan_without_counters_leaves_totals_as_they_were),
        TEST(subflows_of_one_inode_are_told_apart),
        TEST(totals_rest_while_a_process_holds_no_tcp_socket),
        TEST(what_a_process_holds_that_was_not_walked_for_a_while_does_not_count_again),
        TEST(what_comes_to_light_in_a_namespace_that_could_not_be_read_does_not_count_again),
        TEST(totals_of_a_process_that_ended_while_it_rested_are_gone),
        TEST(a_socket_whose_holder_was_not_seen_for_a_scan_goes_on),
        TEST(a_socket_that_was_not_bound_yet_is_the_same_when_it_is),
    };
    return cmocka_run_group_tests_name("deltas", tests, NULL, NULL);
}
