/* One scan against the one before it, made by hand: what counts, where, and what never goes back. */
#include "capture/run.h"
#include "history/history.h"
#include "snapshot.h"
#include "testing.h"

#include <stdlib.h>
#include <string.h>

static struct capture capture;
static struct model model;
static struct history history;
static const struct proctcp_snapshot *previous;

static int setup(void **state)
{
    (void)state;
    capture = (struct capture){.counters = 0};
    model = (struct model){.renumbered = false};
    history = (struct history){.previous = NULL};
    previous = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    proctcp_snapshot_unref(previous);
    capture_clear(&capture);
    model_clear(&model);
    history_clear(&history);
    return 0;
}

/* What sock_diag of a kernel of today leaves, before anything is in it. */
static void begin(uint64_t time)
{
    capture_recycle(&capture);
    model_recycle(&model);
    capture.counters = UINT64_MAX;
    capture.stats.time = time;
    *vector_push(&capture.impairments) = (struct proctcp_impairment){0};
    *vector_push(&capture.congestion_names) = "";
}

static struct proctcp_socket *add_socket(uint32_t inode, uint64_t cookie, uint64_t sent)
{
    struct proctcp_socket *socket = vector_push(&model.sockets);
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
        .first_seen = (uint32_t)capture.stats.time,
    };
    return socket;
}

static void add_seen(int pid, enum walk walk)
{
    *vector_push(&capture.processes) = (struct process){.pid = pid, .walk = (uint8_t)walk};
}

static struct proctcp_process *add_process(int pid, uint64_t start_ticks)
{
    struct proctcp_process *process = vector_push(&model.processes);
    add_seen(pid, WALKED);
    *process = (struct proctcp_process){.pid = pid,
                                        .present = PROCTCP_HAS_PROCESS,
                                        .start_ticks = start_ticks,
                                        .name = "",
                                        .executable = "",
                                        .cgroup = "",
                                        .unit = "",
                                        .container = "",
                                        .first_seen = (uint32_t)capture.stats.time,
                                        .first_row = model.rows.count};
    return process;
}

/* Of the process added last. */
static void add_row(int fd, uint32_t socket)
{
    uint32_t process = model.processes.count - 1;
    *vector_push(&model.rows) = (struct proctcp_row){.pid = model.processes.at[process].pid,
                                                     .fd = fd,
                                                     .socket = socket,
                                                     .process = process,
                                                     .owner_rank = ++model.sockets.at[socket].owners,
                                                     .peer = PROCTCP_NONE,
                                                     .first_seen = (uint32_t)capture.stats.time};
    model.processes.at[process].row_count++;
}

/* What the stages before leave: sockets by inode, and where each is held. */
static void join(void)
{
    assert_true(indices_fill(&model.holders, model.sockets.count, 0xff));
    assert_true(indices_fill(&model.first_rows, model.sockets.count, 0xff));
    assert_int_equal(model_reindex(&model), 0);
    for (uint32_t i = 0; i < model.rows.count; i++) {
        if (model.rows.at[i].owner_rank == 1)
            model.holders.at[model.rows.at[i].socket] = model.rows.at[i].process;
    }
}

static const struct proctcp_snapshot *end(void)
{
    const struct proctcp_snapshot *snapshot = NULL;
    struct history next = {.previous = NULL};
    uint32_t unattributed, unbound;

    join();
    assert_int_equal(sums_count(&model, &capture, &unbound), 0);
    assert_int_equal(history_apply(&history, &capture, NULL, &model, &capture.strings, &next), 0);
    assert_int_equal(sums_unattributed(&model, &unattributed), 0);
    assert_int_equal(snapshot_freeze(&model, &capture, &snapshot), 0);
    history_clear(&history);
    history = next;
    history.previous = snapshot;
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
    assert_true(previous->processes[0].present & PROCTCP_HAS_TOTAL_BYTES_SENT);
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
    capture.counters = 0;
    add_socket(1, 0, 0)->present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE;
    add_process(7, 70);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].totals.bytes_sent, 1000);
    assert_int_equal(previous->processes[0].sockets_opened, 1);
    assert_false(previous->processes[0].present & PROCTCP_HAS_TOTAL_BYTES_SENT);
    begin(120); /* and back: what it counted meanwhile is told of now */
    add_socket(1, 11, 1700);
    add_process(7, 70);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].totals.bytes_sent, 1700);
    begin(130);
    add_socket(1, 11, 1750);
    add_process(7, 70);
    add_row(3, 0);
    assert_int_equal(end()->processes[0].totals.bytes_sent, 1750);
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

static void totals_are_kept_while_a_process_holds_no_tcp_socket(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 1000);
    add_process(7, 70);
    add_row(3, 0);
    end();
    for (uint64_t time = 110; time < 140; time += 10) {
        begin(time);
        add_seen(7, WALKED);
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
    for (uint64_t round = 0; round < 4; round++) {
        begin(100 + 20 * round);
        add_socket(1, 11, 1000 + round);
        add_process(7, 70);
        add_row(3, 0);
        assert_int_equal(end()->processes[0].totals.bytes_sent, 1000); /* from where it is back */
        assert_int_equal(previous->processes[0].since.bytes_sent, 0);
        begin(110 + 20 * round);
        add_seen(7, WALK_LEFT_OUT);
        end();
    }
    begin(200);
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
        add_socket(1, 11, 1000 + round)->netns = 5;
        add_socket(2, 12, 10)->netns = 6;
        add_process(7, 70);
        add_row(3, 0);
        add_row(4, 1);
        assert_int_equal(end()->processes[0].totals.bytes_sent, 1010);
        begin(110 + 20 * round);
        assert_true(indices_push(&capture.partial, 5));
        add_socket(2, 12, 10)->netns = 6;
        add_process(7, 70);
        add_row(4, 0);
        end();
    }
}

static void totals_of_a_process_that_ended_while_it_was_idle_are_gone(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 1000);
    add_process(7, 70);
    add_row(3, 0);
    end();
    begin(110);
    add_seen(7, WALKED);
    end();
    begin(120); /* the pid is another process's by now */
    add_socket(2, 12, 5);
    add_process(7, 99);
    add_row(3, 0);
    assert_int_equal(end()->processes[0].totals.bytes_sent, 5);
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
    begin(100);
    add_socket(1, 11, 1000);
    add_process(7, 70);
    add_row(3, 0);
    end();
    begin(110); /* its descriptor was in flight, or could not be read */
    add_socket(1, 11, 1100);
    add_seen(7, WALKED);
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

/* Descriptors are read first: a connection may be accepted before the tables are. */
static void a_socket_that_nobody_has_held_yet_counts_in_full_for_who_does(void **state)
{
    (void)state;
    begin(100);
    add_socket(9, 19, 0);
    add_process(7, 70);
    add_row(3, 0);
    add_socket(1, 11, 500);
    end();
    begin(110);
    add_socket(9, 19, 0);
    add_process(7, 70);
    add_row(3, 0);
    add_socket(1, 11, 600);
    add_row(4, 1);
    const struct proctcp_process *process = &end()->processes[0];
    assert_int_equal(process->totals.bytes_sent, 600);
    assert_int_equal(process->sockets_opened, 2);
    assert_int_equal(previous->rows[1].first_seen, 110);
    assert_int_equal(previous->sockets[1].first_seen, 100);
}

static void a_socket_that_was_not_bound_yet_is_the_same_when_it_is(void **state)
{
    (void)state;
    begin(100);
    *add_socket(1, 0, 0) =
        (struct proctcp_socket){.inode = 1, .subflow = 1, .state = PROCTCP_CLOSED, .first_seen = 100};
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

static void a_socket_that_one_dump_missed_goes_on_where_it_was(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 3000);
    add_process(7, 70);
    add_row(3, 0);
    end();
    for (uint64_t round = 0; round < 3; round++) { /* it is held, and alive, and no table showed it */
        begin(110 + round);
        add_socket(2, 12, 0);
        add_process(7, 70);
        add_row(4, 0);
        assert_true(indices_push(&capture.unread, 1));
        assert_int_equal(end()->processes[0].totals.bytes_sent, 3000);
        assert_int_equal(previous->processes[0].sockets_closed, 0);
    }
    begin(120);
    add_socket(2, 12, 0);
    add_socket(1, 11, 3500);
    add_process(7, 70);
    add_row(3, 1);
    add_row(4, 0);
    const struct proctcp_process *process = &end()->processes[0];
    assert_int_equal(process->totals.bytes_sent, 3500);
    assert_int_equal(process->since.bytes_sent, 500);
    assert_int_equal(process->sockets_opened, 2);
    assert_int_equal(process->sockets_closed, 0);
    assert_int_equal(previous->sockets[1].first_seen, 100);
    begin(130);
    add_socket(2, 12, 0);
    add_process(7, 70);
    add_row(4, 0);
    assert_int_equal(end()->processes[0].sockets_closed, 1);
}

static void a_socket_that_closes_while_it_is_missed_is_closed_once(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 3000);
    add_process(7, 70);
    add_row(3, 0);
    end();
    begin(110);
    add_seen(7, WALKED);
    assert_true(indices_push(&capture.unread, 1));
    end();
    for (uint64_t round = 0; round < 2; round++) {
        begin(120 + round);
        add_socket(2, 12, 5);
        add_process(7, 70);
        add_row(3, 0);
        const struct proctcp_process *process = &end()->processes[0];
        assert_int_equal(process->sockets_closed, 1);
        assert_int_equal(process->totals.bytes_sent, 3005);
    }
}

static void a_process_whose_stat_could_not_be_read_once_is_the_same(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 13107200);
    add_process(7, 70)->name = "server";
    add_row(3, 0);
    end();
    begin(110);
    add_socket(1, 11, 13107300);
    add_process(7, 0)->present = 0;
    add_row(3, 0);
    assert_int_equal(end()->processes[0].totals.bytes_sent, 13107300);
    assert_string_equal(previous->processes[0].name, "server");
    assert_int_equal(previous->processes[0].start_ticks, 70);
    begin(120);
    add_socket(1, 11, 13107400);
    add_process(7, 70);
    add_row(3, 0);
    assert_int_equal(end()->processes[0].totals.bytes_sent, 13107400);
}

/* The kernel's counters have the SYN of whoever began, and FINs, in them. */
static void payload_is_what_was_written_and_read_to_the_byte(void **state)
{
    (void)state;
    begin(100);
    struct proctcp_socket *socket = add_socket(1, 11, 1000);
    socket->direction = PROCTCP_OUTBOUND;
    socket->bytes_acked = 1001;
    socket->bytes_received = 50;
    add_process(7, 70);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].totals.payload_sent_bytes, 1000);
    assert_int_equal(previous->processes[0].totals.payload_received_bytes, 50);
    assert_int_equal(previous->processes[0].totals.bytes_acked, 1001);
    begin(110); /* the peer sent 5 bytes more, and a FIN; 100 bytes went out, 30 of them twice */
    socket = add_socket(1, 11, 1130);
    socket->state = PROCTCP_CLOSE_WAIT;
    socket->bytes_received = 56;
    *vector_push(&capture.impairments) = (struct proctcp_impairment){.bytes_retrans = 30};
    socket->impairment = 1;
    add_process(7, 70);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].totals.payload_sent_bytes, 1100);
    assert_int_equal(previous->processes[0].totals.payload_received_bytes, 55);
    assert_int_equal(previous->processes[0].totals.bytes_received, 56);
}

static void payload_of_a_kernel_that_tells_acknowledged_bytes_alone(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        begin(100 + round);
        struct proctcp_socket *socket = add_socket(1, 11, 0);
        socket->present &= ~PROCTCP_HAS_BYTES_SENT;
        socket->direction = PROCTCP_OUTBOUND;
        socket->state = round ? PROCTCP_FIN_WAIT2 : PROCTCP_ESTABLISHED;
        socket->bytes_acked = round ? 1502 : 1001;
        add_process(7, 70);
        add_row(3, 0);
        assert_int_equal(end()->processes[0].totals.payload_sent_bytes, round ? 1500 : 1000);
    }
}

static void what_is_left_in_time_wait_names_its_last_holder(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 10);
    add_socket(2, 12, 10);
    add_process(7, 70)->name = "server";
    add_row(3, 0);
    add_row(4, 1);
    end();
    assert_int_equal(previous->last_holder_count, 0);
    for (uint64_t round = 0; round < 3; round++) {
        begin(110 + round);
        add_socket(0, 11, 0)->state = PROCTCP_TIME_WAIT;
        add_socket(2, 12, 10);
        add_socket(0, 99, 0)->state = PROCTCP_TIME_WAIT; /* nobody was seen to hold that one */
        add_process(7, 70)->name = "server";
        add_row(4, 1);
        end();
        assert_int_equal(previous->last_holder_count, 1);
        const struct proctcp_last_holder *holder = proctcp_find_last_holder(previous, 0);
        assert_non_null(holder);
        assert_int_equal(holder->pid, 7);
        assert_string_equal(holder->process, "server");
        assert_null(proctcp_find_last_holder(previous, 1));
        assert_null(proctcp_find_last_holder(previous, 2));
        assert_int_equal(previous->processes[0].left_behind, 1);
        assert_int_equal(previous->processes[0].sockets_closed, 1);
        assert_int_equal(previous->unattributed_count, 2);
        assert_int_equal(previous->unattributed[0].last_pid, 0);
        assert_int_equal(previous->unattributed[1].last_pid, 7);
        assert_string_equal(previous->unattributed[1].last_process, "server");
    }
    begin(120); /* the process is gone, and its pid another one's: what it left behind is still its */
    add_socket(0, 11, 0)->state = PROCTCP_TIME_WAIT;
    add_socket(3, 13, 10);
    add_process(7, 99)->name = "other";
    add_row(3, 1);
    end();
    assert_string_equal(proctcp_find_last_holder(previous, 0)->process, "server");
    assert_int_equal(previous->processes[0].left_behind, 0);
}

/* Not even the totals of a process: its sockets may be read where nothing is counted. */
static void totals_are_absent_where_a_socket_is_not_counted(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 1000);
    add_socket(2, 0, 0)->present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE; /* through /proc */
    add_process(7, 70);
    add_row(3, 0);
    add_row(4, 1);
    add_process(8, 80);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].present, PROCTCP_HAS_PROCESS);
    assert_true(previous->processes[1].present & PROCTCP_HAS_TOTAL_BYTES_SENT);
    begin(110);
    capture.counters = PROCTCP_HAS_INFO; /* kernel 3.10 */
    add_socket(1, 11, 0)->present &= ~(PROCTCP_HAS_BYTES_SENT | PROCTCP_HAS_BYTES | PROCTCP_HAS_SEGS);
    add_process(7, 70);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].present, PROCTCP_HAS_PROCESS | PROCTCP_HAS_TOTAL_RETRANSMISSIONS);
}

static void what_a_process_shares_that_could_not_be_read_counts_once(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 100);
    add_process(7, 70);
    add_row(3, 0);
    add_process(8, 80);
    add_row(3, 0);
    end();
    begin(110); /* the first holder is refused: the second counts on */
    add_socket(1, 11, 200);
    add_seen(7, WALK_REFUSED);
    add_process(8, 80);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].totals.bytes_sent, 100);
    begin(120);
    add_socket(1, 11, 300);
    add_process(7, 70);
    add_row(3, 0);
    add_process(8, 80);
    add_row(3, 0);
    end();
    assert_int_equal(previous->processes[0].totals.bytes_sent, 200);
    assert_int_equal(previous->processes[1].totals.bytes_sent, 100);
}

static void sockets_of_a_process_that_could_not_be_read_wait_for_it(void **state)
{
    (void)state;
    begin(100);
    add_socket(1, 11, 100);
    add_process(7, 70);
    add_row(3, 0);
    end();
    for (uint64_t round = 0; round < 2; round++) {
        begin(110 + round);
        add_socket(1, 11, 200);
        add_seen(7, WALK_REFUSED);
        end();
    }
    begin(120);
    add_socket(1, 11, 300);
    add_process(7, 70);
    add_row(3, 0);
    const struct proctcp_process *process = &end()->processes[0];
    assert_int_equal(process->totals.bytes_sent, 300);
    assert_int_equal(process->sockets_opened, 1);
    assert_int_equal(process->sockets_closed, 0);
    assert_int_equal(previous->rows[0].first_seen, 100);
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
        TEST(totals_are_kept_while_a_process_holds_no_tcp_socket),
        TEST(what_a_process_holds_that_was_not_walked_for_a_while_does_not_count_again),
        TEST(what_comes_to_light_in_a_namespace_that_could_not_be_read_does_not_count_again),
        TEST(totals_of_a_process_that_ended_while_it_was_idle_are_gone),
        TEST(a_socket_whose_holder_was_not_seen_for_a_scan_goes_on),
        TEST(a_socket_that_nobody_has_held_yet_counts_in_full_for_who_does),
        TEST(a_socket_that_was_not_bound_yet_is_the_same_when_it_is),
        TEST(a_socket_that_one_dump_missed_goes_on_where_it_was),
        TEST(a_socket_that_closes_while_it_is_missed_is_closed_once),
        TEST(a_process_whose_stat_could_not_be_read_once_is_the_same),
        TEST(payload_is_what_was_written_and_read_to_the_byte),
        TEST(payload_of_a_kernel_that_tells_acknowledged_bytes_alone),
        TEST(what_is_left_in_time_wait_names_its_last_holder),
        TEST(totals_are_absent_where_a_socket_is_not_counted),
        TEST(what_a_process_shares_that_could_not_be_read_counts_once),
        TEST(sockets_of_a_process_that_could_not_be_read_wait_for_it),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
