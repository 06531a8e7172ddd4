/* What connections counted where no scan was looking, added to what scans saw: scans by hand, one after the other. Each
 * byte must count once, in the process that it was of, and in its group. */
#include "literal.h"
#include "select/grouping.h"
#include "testing.h"

#include <string.h>

#define LOCAL 0x7f000001

static struct literal literal;
static struct proctcp_grouping *grouping;
static uint64_t now;

static void begin(void)
{
    now += 10;
    literal_begin(&literal, now);
    literal.capture.stats.connections_counted = true;
}

static int setup(void **state)
{
    (void)state;
    literal = (struct literal){.snapshot = NULL};
    if (proctcp_grouping_new(&grouping) < 0)
        return -1;
    literal.grouping = grouping;
    now = 90;
    begin();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    literal_free(&literal);
    proctcp_grouping_free(grouping);
    return 0;
}

static const struct proctcp_snapshot *end(void)
{
    assert_int_equal(literal_end(&literal, NULL), 0);
    return literal.snapshot;
}

/* Where they are not counted, nothing is told of either. */
static void begin_without_counting(void)
{
    begin();
    literal.capture.stats.connections_counted = false;
}

static void process(int pid, const char *name)
{
    literal_process(&literal, pid);
    literal.capture.facts.at[literal.capture.facts.count - 1].name = name;
}

/* Of the process added last. */
static struct proctcp_socket *hold(uint32_t cookie, uint64_t sent)
{
    struct proctcp_socket *socket = literal_socket(&literal, cookie, cookie, LOCAL, 80, LOCAL, (uint16_t)cookie);

    socket->bytes_sent = socket->bytes_acked = sent;
    literal_owner(&literal, (int)cookie, cookie);
    return socket;
}

/* What the process added last is told to have counted since the scan before. */
static struct unseen *unseen(uint64_t sent)
{
    struct unseen *made = literal_unseen(&literal);

    made->totals.bytes_sent = sent;
    made->is_new = sent != 0;
    return made;
}

/* One that is gone, and has this name. */
static struct unseen *unseen_of_ended(int pid, const char *name, uint64_t sent)
{
    struct unseen *made = literal_unseen_ended(&literal, pid, name);

    made->totals.bytes_sent = sent;
    made->is_new = sent != 0;
    return made;
}

static struct ended *ended(int pid, uint64_t cookie, uint64_t sent)
{
    struct ended *made = literal_ended(&literal, pid, cookie);

    made->totals.bytes_sent = made->totals.bytes_acked = sent;
    return made;
}

static const struct proctcp_process *find(int pid)
{
    const struct proctcp_snapshot *snapshot = literal.snapshot;

    for (uint32_t i = 0; i < snapshot->process_count; i++) {
        if (snapshot->processes[i].pid == pid)
            return &snapshot->processes[i];
    }
    fail_msg("there is no process %d", pid);
    return NULL;
}

static uint64_t sent_by(int pid)
{
    return find(pid)->totals.bytes_sent;
}

static const struct proctcp_group *group(const char *name)
{
    const struct proctcp_snapshot *snapshot = literal.snapshot;

    for (uint32_t i = 0; i < snapshot->group_count; i++) {
        if (strcmp(snapshot->groups[i].name, name) == 0)
            return &snapshot->groups[i];
    }
    fail_msg("there is no group %s", name);
    return NULL;
}

/* Of the only process that there is, its group and all. */
static void assert_sent(uint64_t sent)
{
    assert_int_equal(sent_by(7), sent);
    assert_int_equal(group("web")->totals.bytes_sent, sent);
    assert_int_equal(literal.snapshot->all.totals.bytes_sent, sent);
}

static void assert_accepts(uint64_t accepts)
{
    assert_int_equal(find(7)->connections.accepts, accepts);
    assert_int_equal(group("web")->connections.accepts, accepts);
    assert_int_equal(literal.snapshot->all.connections.accepts, accepts);
}

/* A scan that shows nothing of the process but that it lives, and what it is told of. */
static void begin_idle(void)
{
    begin();
    process(7, "web");
    unseen(0);
}

/* A scan before anything: what follows is not in a first one. */
static void pass_first_scan(void)
{
    process(7, "web");
    unseen(0);
    end();
}

/* ---- what no scan can have seen ---- */

static void what_no_scan_saw_is_added_to_the_process_and_its_group(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    unseen(500)->connections.closed_connections = 2;
    end();
    assert_sent(1500);
    assert_int_equal(find(7)->since.bytes_sent, 0); /* nothing is known of the time before */
    begin();
    process(7, "web");
    hold(3, 1100);
    struct unseen *made = unseen(30);
    made->connections.closed_connections = 3;
    made->connections.connect_failures_refused = 4;
    end();
    assert_sent(1630);
    assert_int_equal(find(7)->since.bytes_sent, 130);
    assert_int_equal(find(7)->connections.closed_connections, 5);
    assert_int_equal(find(7)->connections.connect_failures_refused, 4);
    assert_int_equal(group("web")->connections.closed_connections, 5);
    assert_int_equal(literal.snapshot->all.connections.closed_connections, 5);
    assert_true(find(7)->present & PROCTCP_HAS_CONNECTIONS);
    assert_true(group("web")->present & PROCTCP_HAS_CONNECTIONS);
}

static void a_process_that_holds_no_socket_has_what_it_counted(void **state)
{
    (void)state;
    pass_first_scan();
    for (uint64_t scan = 1; scan < 4; scan++) {
        begin();
        process(7, "web");
        unseen(scan < 3 ? 10 : 0)->connections.connects = scan < 3;
        end();
        assert_sent(scan < 3 ? 10 * scan : 20);
        assert_int_equal(find(7)->since.bytes_sent, scan < 3 ? 10 : 0);
        assert_int_equal(find(7)->connections.connects, scan < 3 ? scan : 2);
        assert_int_equal(find(7)->row_count, 0);
        assert_int_equal(find(7)->sockets, 0);
        assert_true(find(7)->present & PROCTCP_HAS_TOTAL_BYTES_SENT);
        assert_int_equal(group("web")->processes, 0); /* of those that hold one */
        assert_int_equal(literal.snapshot->all.processes, 0);
    }
}

static void a_process_with_rows_among_some_without_has_its_own(void **state)
{
    (void)state;
    process(5, "idle");
    unseen(1);
    process(7, "web");
    hold(3, 1000);
    unseen(2);
    process(9, "idle");
    unseen(3);
    end();
    assert_int_equal(literal.snapshot->process_count, 3);
    assert_int_equal(sent_by(5), 1);
    assert_int_equal(sent_by(7), 1002);
    assert_int_equal(sent_by(9), 3);
    assert_int_equal(literal.snapshot->rows[0].process, 1);
    assert_int_equal(group("web")->totals.bytes_sent, 1002);
    assert_int_equal(group("idle")->totals.bytes_sent, 4);
    assert_int_equal(literal.snapshot->all.processes, 1);
}

static void what_a_process_of_the_same_pid_counted_is_not_the_ones_that_has_it_now(void **state)
{
    (void)state;
    pass_first_scan();
    begin();
    struct unseen *made = unseen_of_ended(7, "old", 500);
    made->start_ticks = 69;
    process(7, "web");
    hold(3, 1000);
    made->connections.closed_connections = 1;
    ended(7, 99, 40)->start_ticks = 69;
    end();
    assert_int_equal(sent_by(7), 1000);
    assert_int_equal(find(7)->connections.closed_connections, 0);
    assert_int_equal(group("web")->totals.bytes_sent, 1000);
    assert_int_equal(group("old")->totals.bytes_sent, 540);
    assert_int_equal(literal.snapshot->all.totals.bytes_sent, 1540);
}

static void what_a_process_counted_that_has_ended_is_in_its_group(void **state)
{
    (void)state;
    pass_first_scan();
    for (unsigned scan = 1; scan < 4; scan++) {
        begin();
        if (scan < 3)
            unseen_of_ended(20 + (int)scan, "job", 100)->connections.closed_connections = 1;
        end();
        assert_int_equal(literal.snapshot->process_count, 0);
        assert_int_equal(group("job")->totals.bytes_sent, scan < 3 ? 100 * scan : 200);
        assert_int_equal(group("job")->connections.closed_connections, scan < 3 ? scan : 2);
        assert_int_equal(group("job")->last_seen, scan < 3 ? now : now - 10);
        assert_true(group("job")->present & PROCTCP_HAS_TOTAL_BYTES_SENT);
        assert_int_equal(literal.snapshot->all.totals.bytes_sent, scan < 3 ? 100 * scan : 200);
    }
}

static void what_was_not_selected_counts_nowhere(void **state)
{
    (void)state;
    pass_first_scan();
    begin();
    process(7, "web");
    hold(3, 1000);
    unseen(500)->facts = PROCTCP_NONE;
    ended(7, 99, 40);
    end();
    assert_sent(1000);
}

/* Which sockets they were is not known. */
static void what_no_scan_saw_is_in_no_group_that_asks_for_sockets(void **state)
{
    char error[128];

    (void)state;
    assert_int_equal(proctcp_grouping_add_text(grouping, "in=local_port=80", error, sizeof(error)), 0);
    process(7, "web");
    literal_group(&literal, 0, "in");
    literal_group(&literal, PROCTCP_NONE, "web");
    hold(3, 1000);
    unseen(50);
    end();
    assert_int_equal(group("in")->totals.bytes_sent, 1000);
    assert_int_equal(group("web")->totals.bytes_sent, 50);
    assert_int_equal(literal.snapshot->all.totals.bytes_sent, 1050);
}

static bool is_told_of_connections(const char *name)
{
    return group(name)->present & PROCTCP_HAS_CONNECTIONS;
}

/* Nothing of what connections count can be said of it: 0 would be wrong. */
static void a_group_that_asks_for_sockets_has_no_counts_of_connections(void **state)
{
    char error[128];

    (void)state;
    assert_int_equal(proctcp_grouping_add_text(grouping, "in=local_port=80", error, sizeof(error)), 0);
    assert_int_equal(proctcp_grouping_add_text(grouping, "own=netns=own", error, sizeof(error)), 0);
    assert_int_equal(proctcp_grouping_add_text(grouping, "web2=process=web2", error, sizeof(error)), 0);
    process(7, "web");
    literal_group(&literal, 0, "in");
    literal_group(&literal, PROCTCP_NONE, "web");
    hold(3, 1000);
    unseen(50)->connections.closed_connections = 2;
    end();
    for (unsigned scan = 0; scan < 2; scan++) {
        assert_false(is_told_of_connections("in"));
        assert_false(is_told_of_connections("own"));
        assert_true(is_told_of_connections("web2"));
        assert_true(is_told_of_connections("web"));
        assert_int_equal(group("web")->connections.closed_connections, 2);
        assert_int_equal(literal.snapshot->all.connections.closed_connections, 2);
        assert_true(literal.snapshot->all.present & PROCTCP_HAS_CONNECTIONS);
        begin(); /* nothing runs any more */
        end();
    }
}

/* Which groups it makes is known when something runs. */
static void nor_has_one_whose_name_is_captured(void **state)
{
    char error[128];

    (void)state;
    assert_int_equal(proctcp_grouping_add_text(grouping, "app-\\1=command=(x);local_port=80", error, sizeof(error)), 0);
    process(7, "web");
    literal_group(&literal, 0, "app-x");
    literal_group(&literal, PROCTCP_NONE, "web");
    hold(3, 1000);
    unseen(50);
    end();
    assert_false(is_told_of_connections("app-x"));
    begin();
    end();
    assert_false(is_told_of_connections("app-x"));
    assert_true(is_told_of_connections("web"));
}

/* What it counts is known from then on. */
static void a_group_that_asks_for_sockets_no_more_has_them(void **state)
{
    char error[128];
    struct proctcp_grouping *other;

    (void)state;
    assert_int_equal(proctcp_grouping_add_text(grouping, "in=local_port=80", error, sizeof(error)), 0);
    end();
    assert_false(is_told_of_connections("in"));
    assert_int_equal(proctcp_grouping_new(&other), 0);
    assert_int_equal(proctcp_grouping_add_text(other, "in=process=in", error, sizeof(error)), 0);
    assert_int_equal(proctcp_grouping_add_text(other, "out=remote_port=80", error, sizeof(error)), 0);
    begin();
    literal.grouping = other;
    literal.history.is_regrouped = true;
    end();
    assert_true(is_told_of_connections("in"));
    assert_false(is_told_of_connections("out"));
    begin();
    literal.grouping = grouping;
    literal.history.is_regrouped = true;
    end();
    proctcp_grouping_free(other);
    assert_false(is_told_of_connections("in"));
}

static void names_of_users_of_the_system_go_first_also_where_no_scan_saw_them(void **state)
{
    (void)state;
    assert_int_equal(proctcp_grouping_limit(grouping, 1), 0);
    unseen_of_ended(20, "a", 100)->uid = 1000;
    unseen_of_ended(21, "b", 10)->uid = 33;
    end();
    assert_int_equal(group("b")->totals.bytes_sent, 10);
    assert_int_equal(group(PROCTCP_GROUP_OTHER)->totals.bytes_sent, 100);
}

static void where_they_are_not_counted_nothing_says_so(void **state)
{
    (void)state;
    begin_without_counting();
    process(7, "web");
    hold(3, 1000)->present |= PROCTCP_WAS_ACCEPTED;
    end();
    assert_sent(1000);
    assert_false(find(7)->present & PROCTCP_HAS_CONNECTIONS);
    assert_false(group("web")->present & PROCTCP_HAS_CONNECTIONS);
}

/* ---- connections that ended ---- */

static void what_was_counted_after_a_scan_saw_it_last_is_added_once(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    end();
    begin_idle();
    ended(7, 3, 1300);
    end();
    assert_sent(1300);
    assert_int_equal(find(7)->since.bytes_sent, 300);
    assert_int_equal(find(7)->sockets_closed, 1);
    for (unsigned scan = 0; scan < 2; scan++) {
        begin_idle();
        end();
        assert_sent(1300);
        assert_int_equal(find(7)->since.bytes_sent, 0);
    }
}

static void every_total_is_less_what_a_scan_saw(void **state)
{
    struct proctcp_impairment *impairment;
    struct proctcp_socket *socket;

    (void)state;
    impairment = vector_push(&literal.capture.impairments);
    *impairment = (struct proctcp_impairment){.total_retrans = 3, .bytes_retrans = 100};
    process(7, "web");
    socket = hold(3, 1000);
    socket->impairment = 1;
    socket->bytes_acked = 800;
    socket->bytes_received = 600;
    socket->segs_out = 40;
    socket->segs_in = 30;
    end();
    begin_idle();
    ended(7, 3, 0)->totals = (struct proctcp_totals){.payload_sent_bytes = 1900,
                                                     .payload_received_bytes = 700,
                                                     .bytes_sent = 2050,
                                                     .bytes_acked = 1901,
                                                     .bytes_received = 701,
                                                     .segs_out = 50,
                                                     .segs_in = 45,
                                                     .retransmissions = 6};
    end();
    const struct proctcp_totals all = {.payload_sent_bytes = 1900,
                                       .payload_received_bytes = 700,
                                       .bytes_sent = 2050,
                                       .bytes_acked = 1901,
                                       .bytes_received = 701,
                                       .segs_out = 50,
                                       .segs_in = 45,
                                       .retransmissions = 6};
    assert_memory_equal(&find(7)->totals, &all, sizeof(all));
    assert_memory_equal(&group("web")->totals, &all, sizeof(all));
    assert_memory_equal(&literal.snapshot->all.totals, &all, sizeof(all));
}

static void segments_go_on_over_the_end_of_32_bits(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 0)->segs_out = UINT32_MAX - 9;
    hold(4, 0)->segs_out = 500;
    end();
    begin_idle();
    ended(7, 3, 0)->totals.segs_out = 20;
    ended(7, 4, 0)->totals.segs_out = 490; /* which cannot be: it is nothing rather than 2^32 */
    end();
    assert_int_equal(find(7)->totals.segs_out, (uint64_t)UINT32_MAX - 9 + 30 + 500);
}

static void one_that_is_told_of_while_it_is_shown_is_settled_when_it_is_gone(void **state)
{
    (void)state;
    pass_first_scan();
    for (unsigned scan = 0; scan < 3; scan++) {
        begin();
        process(7, "web");
        hold(3, 1000 + scan);
        unseen(0);
        if (scan == 1)
            ended(7, 3, 1300);
        end();
        assert_sent(1000 + scan);
    }
    begin_idle();
    end();
    assert_sent(1300);
    begin_idle();
    end();
    assert_sent(1300);
}

static void in_a_first_scan_what_its_process_counted_counts_once(void **state)
{
    struct ended *made;

    (void)state;
    process(7, "web");
    hold(3, 1000)->present |= PROCTCP_WAS_ACCEPTED;
    hold(4, 50);
    unseen(1300)->connections.accepts = 1; /* with all that the connection had counted at its end */
    made = ended(7, 3, 1300);
    made->is_counted = made->was_accepted = true;
    made->is_new = false;
    end();
    assert_sent(1350);
    assert_accepts(1);
    begin();
    process(7, "web");
    hold(4, 50);
    unseen(0);
    end();
    assert_sent(1350);
    assert_accepts(1);
}

static void in_a_first_scan_what_ended_after_its_process_was_told_of_is_settled_when_it_is_gone(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    unseen(50);
    ended(7, 3, 1300);
    end();
    assert_sent(1050);
    begin_idle();
    end();
    assert_sent(1350);
}

static void in_a_first_scan_it_is_taken_back_where_sockets_of_a_process_are_in_several_groups(void **state)
{
    char error[128];
    struct ended *made;

    (void)state;
    assert_int_equal(proctcp_grouping_add_text(grouping, "in=local_port=80", error, sizeof(error)), 0);
    process(7, "web");
    literal_group(&literal, 0, "in");
    literal_group(&literal, PROCTCP_NONE, "web");
    hold(3, 1000);
    hold(4, 70)->local_port = 81;
    unseen(1300);
    made = ended(7, 3, 1300);
    made->is_counted = true;
    made->is_new = false;
    end();
    assert_int_equal(sent_by(7), 1370);
    assert_int_equal(group("in")->totals.bytes_sent, 0);
    assert_int_equal(group("web")->totals.bytes_sent, 1370);
    assert_int_equal(literal.snapshot->all.totals.bytes_sent, 1370);
}

/* It began after the scan before did, and was not in it. */
static void one_that_no_scan_saw_counts_in_full(void **state)
{
    (void)state;
    pass_first_scan();
    begin();
    process(7, "web");
    hold(3, 5);
    unseen(20);
    ended(7, 99, 300)->was_accepted = true;
    end();
    assert_sent(325);
    assert_accepts(1);
    assert_int_equal(find(7)->since.bytes_sent, 325);
    begin();
    process(7, "web");
    hold(3, 5);
    unseen(0);
    end();
    assert_sent(325);
}

static void one_that_no_scan_saw_counts_in_the_group_of_a_process_that_has_ended(void **state)
{
    (void)state;
    pass_first_scan();
    begin();
    unseen_of_ended(20, "job", 7);
    ended(20, 99, 300);
    end();
    assert_int_equal(group("job")->totals.bytes_sent, 307);
    assert_int_equal(literal.snapshot->all.totals.bytes_sent, 307);
}

/* It ended between the two files. */
static void one_that_ended_before_its_process_was_told_of_counts_in_the_next_scan(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 5);
    end();
    begin();
    process(7, "web");
    hold(3, 5);
    ended(7, 99, 300)->was_accepted = true;
    end();
    assert_sent(5);
    for (unsigned scan = 0; scan < 2; scan++) {
        begin();
        process(7, "web");
        hold(3, 5);
        unseen(scan ? 0 : 1);
        end();
        assert_sent(306);
        assert_accepts(1);
    }
}

static void one_whose_holder_ends_while_the_scan_shows_it_counts_once(void **state)
{
    (void)state;
    process(7, "web");
    unseen(0);
    hold(3, 100);
    end();
    begin(); /* its descriptor was shown, and then the process was gone */
    literal_socket(&literal, 3, 3, LOCAL, 80, LOCAL, 3);
    unseen_of_ended(7, "web", 0)->is_new = true;
    ended(7, 3, 130)->is_new = true;
    end();
    assert_int_equal(group("web")->totals.bytes_sent, 130);
    begin();
    end();
    assert_int_equal(group("web")->totals.bytes_sent, 130);
    assert_int_equal(literal.snapshot->all.totals.bytes_sent, 130);
}

static void it_waits_for_its_process_over_a_scan_that_does_not_count(void **state)
{
    (void)state;
    pass_first_scan();
    begin();
    process(7, "web");
    ended(7, 99, 300)->is_new = true;
    end();
    begin_without_counting();
    process(7, "web");
    hold(3, 0);
    end();
    begin();
    process(7, "web");
    hold(3, 0);
    unseen(1);
    end();
    assert_sent(301);
}

static void what_is_accepted_in_a_scan_that_does_not_count_is_accepted_all_the_same(void **state)
{
    (void)state;
    pass_first_scan();
    begin_without_counting();
    process(7, "web");
    hold(3, 10)->present |= PROCTCP_WAS_ACCEPTED;
    end();
    begin();
    process(7, "web");
    hold(3, 10)->present |= PROCTCP_WAS_ACCEPTED;
    end();
    assert_accepts(1);
}

static void one_that_is_not_new_counts_only_if_a_scan_saw_it(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    end();
    begin_idle();
    ended(7, 99, 300)->is_new = false;
    ended(7, 3, 1300)->is_new = false;
    end();
    assert_sent(1300);
}

static void nobody_is_told_of_the_end_of_a_strangers_connection(void **state)
{
    (void)state;
    pass_first_scan();
    begin();
    process(7, "web");
    hold(3, 5);
    unseen(0);
    ended(0, 98, 300);
    ended(8, 99, 300); /* of which nothing was counted */
    ended(7, 97, 300)->start_ticks = 69;
    end();
    assert_sent(5);
    begin_idle();
    end();
    assert_sent(5);
}

static void one_that_is_told_of_late_is_added_then(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    end();
    for (unsigned scan = 0; scan < 3; scan++) {
        begin_idle();
        end();
        assert_sent(1000);
    }
    begin_idle();
    ended(7, 3, 1300);
    end();
    assert_sent(1300);
    assert_int_equal(find(7)->since.bytes_sent, 300);
    begin_idle();
    end();
    assert_sent(1300);
}

static void one_that_nobody_holds_any_more_is_told_of_later(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    end();
    begin_idle();
    struct proctcp_socket *left = literal_socket(&literal, 0, 3, LOCAL, 80, LOCAL, 3);
    left->state = PROCTCP_FIN_WAIT2;
    left->bytes_sent = 1200;
    end();
    assert_sent(1000);
    begin_idle();
    left = literal_socket(&literal, 0, 3, LOCAL, 80, LOCAL, 3);
    left->state = PROCTCP_FIN_WAIT2;
    ended(7, 3, 1300);
    end();
    assert_sent(1300); /* though it is shown: nobody counts on with it */
    begin_idle();
    end();
    assert_sent(1300);
}

static void it_waits_also_over_a_scan_that_does_not_count(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    hold(4, 7);
    end();
    for (unsigned scan = 0; scan < 2; scan++) {
        begin_without_counting();
        process(7, "web");
        hold(4, 7);
        end();
        assert_sent(1007);
        assert_false(find(7)->present & PROCTCP_HAS_CONNECTIONS);
    }
    begin();
    process(7, "web");
    hold(4, 7);
    unseen(0);
    ended(7, 3, 1300);
    end();
    assert_sent(1307);
}

static void what_one_that_waited_counted_is_in_its_group_also_when_its_process_has_ended(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    end();
    begin();
    end();
    assert_int_equal(group("web")->totals.bytes_sent, 1000);
    begin();
    ended(7, 3, 1300);
    end();
    assert_int_equal(group("web")->totals.bytes_sent, 1300);
    assert_int_equal(literal.snapshot->all.totals.bytes_sent, 1300);
    assert_int_equal(group("web")->last_seen, now);
}

/* Before the scan began: what it shows is another connection. */
static void connect_again(uint64_t sent_by_now)
{
    process(7, "web");
    hold(3, 1000);
    end();
    begin();
    literal.capture.began_ns = 50;
    process(7, "web");
    hold(3, sent_by_now);
    unseen(0);
    ended(7, 3, 1300)->ended_ns = 49;
    end();
    assert_sent(1300 + sent_by_now);
    assert_int_equal(find(7)->sockets_opened, 2);
    assert_int_equal(find(7)->sockets_closed, 1);
    begin();
    literal.capture.began_ns = 60;
    process(7, "web");
    hold(3, sent_by_now + 7);
    end();
    assert_sent(1307 + sent_by_now);
}

static void a_socket_that_was_connected_again_is_another_one(void **state)
{
    (void)state;
    connect_again(20);
}

static void a_socket_that_was_connected_again_may_have_counted_more_by_now(void **state)
{
    (void)state;
    connect_again(5000);
}

/* It ended in the middle of the scan, and what was connected again shows in the counters. */
static void a_socket_that_was_connected_again_while_a_scan_ran_is_another_one(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    end();
    begin();
    literal.capture.began_ns = 50;
    process(7, "web");
    hold(3, 20);
    unseen(0);
    ended(7, 3, 1300)->ended_ns = 51;
    end();
    assert_sent(1320);
    begin();
    literal.capture.began_ns = 60;
    process(7, "web");
    hold(3, 1250);
    end();
    assert_sent(1300 + 1250);
}

/* Seen without a connection in between, it was carried beside that: it is opened once, and closed once. */
static void a_socket_that_was_seen_without_a_connection_is_not_opened_again(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    end();
    begin();
    process(7, "web");
    hold(3, 0)->state = PROCTCP_CLOSED;
    literal.capture.sockets.at[0].present &= ~(PROCTCP_HAS_INFO | PROCTCP_HAS_BYTES | PROCTCP_HAS_BYTES_SENT);
    end();
    begin();
    literal.capture.began_ns = 60;
    process(7, "web");
    hold(3, 30);
    unseen(0);
    ended(7, 3, 1300)->ended_ns = 55;
    end();
    assert_sent(1330);
    assert_int_equal(find(7)->sockets_opened, find(7)->sockets_closed + 1);
}

static void a_socket_that_was_connected_again_is_new_also_where_not_all_was_read_before(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    indices_push(&literal.capture.partial, literal.capture.sockets.at[0].netns);
    end();
    begin();
    literal.capture.began_ns = 50;
    process(7, "web");
    hold(3, 20);
    unseen(0);
    ended(7, 3, 1300)->ended_ns = 49;
    end();
    assert_sent(1320);
}

/* Not known to be another connection: what ended while it was shown waits until the socket is gone, or connected. */
static void a_socket_whose_connection_ended_while_it_was_shown_waits(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    end();
    begin();
    literal.capture.began_ns = 50;
    process(7, "web");
    hold(3, 1200);
    unseen(0);
    ended(7, 3, 1300)->ended_ns = 51;
    end();
    assert_sent(1200);
    begin();
    literal.capture.began_ns = 60;
    process(7, "web");
    hold(3, 1250);
    end();
    assert_sent(1300 + 1250);
}

/* Scans of others came in between, so that of each end it is told. */
static void each_end_of_a_socket_that_connected_several_times_counts(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    end();
    begin_idle();
    literal.capture.unseen.at[0].is_new = true;
    ended(7, 3, 1300)->ended_ns = 8;
    ended(7, 3, 1400)->ended_ns = 9;
    ended(7, 3, 1200)->ended_ns = 7;
    end();
    assert_sent(1200 + 1300 + 1400);
    begin_idle();
    end();
    assert_sent(1200 + 1300 + 1400);
}

static void cookies_that_share_their_lower_half_are_different(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    end();
    begin_idle();
    ended(7, 3, 1300);
    ended(7, (1ull << 32) + 3, 5000)->is_new = false;
    end();
    assert_sent(1300);
}

/* The socket waits until its holder can be read again, and so does its end. */
static void one_that_ends_while_its_holder_cannot_be_read_is_settled_when_he_can(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    hold(4, 10);
    end();
    begin();
    process(7, "web");
    literal.capture.processes.at[0].walk = WALK_REFUSED;
    unseen(1);
    ended(7, 3, 1300);
    end();
    assert_sent(1011);
    begin();
    process(7, "web");
    hold(4, 10);
    unseen(0);
    end();
    assert_sent(1311);
}

static void one_that_ends_while_no_table_shows_it_is_settled_when_it_is_gone(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000);
    end();
    begin_idle();
    assert_true(indices_push(&literal.capture.unread, 3));
    ended(7, 3, 1300);
    end();
    assert_sent(1000);
    begin_idle();
    end();
    assert_sent(1300);
}

/* ---- accepts ---- */

static void a_connection_that_was_accepted_counts_once_as_such(void **state)
{
    (void)state;
    for (unsigned scan = 0; scan < 2; scan++) {
        process(7, "web");
        hold(3, 1000)->present |= PROCTCP_WAS_ACCEPTED;
        hold(4, 1000);
        unseen(0);
        end();
        assert_accepts(1);
        begin();
    }
    process(7, "web");
    unseen(0);
    ended(7, 3, 1300)->was_accepted = true;
    ended(7, 4, 1000);
    end();
    assert_accepts(1);
    assert_sent(2300);
}

static void one_that_was_accepted_after_a_scan_saw_it_counts_at_its_end(void **state)
{
    (void)state;
    process(7, "web");
    hold(3, 1000); /* and what shows it does not say so */
    end();
    assert_accepts(0);
    begin_idle();
    ended(7, 3, 1300)->was_accepted = true;
    end();
    assert_accepts(1);
}

/* ---- processes that are selected ---- */

static void one_without_rows_stays_where_a_selection_asks_for_it(void **state)
{
    struct proctcp_selection *selection;
    char error[128];

    (void)state;
    assert_int_equal(proctcp_selection_new(&selection), 0);
    assert_int_equal(proctcp_selection_add(selection, "process", "web", error, sizeof(error)), 0);
    process(4, "db"); /* it was walked for its peer */
    hold(9, 10);
    literal.capture.processes.at[0].is_selected = false;
    process(5, "web");
    unseen(2);
    process(7, "web");
    hold(3, 1000);
    unseen(3);
    process(8, "web");
    unseen(4);
    assert_int_equal(literal_end(&literal, selection), 0);
    proctcp_selection_free(selection);
    assert_int_equal(literal.snapshot->process_count, 3);
    assert_int_equal(sent_by(5), 2);
    assert_int_equal(sent_by(7), 1003);
    assert_int_equal(sent_by(8), 4);
    assert_int_equal(find(7)->row_count, 1);
    assert_int_equal(find(8)->row_count, 0);
    assert_int_equal(literal.snapshot->rows[0].process, find(7) - literal.snapshot->processes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_no_scan_saw_is_added_to_the_process_and_its_group),
        TEST(a_process_that_holds_no_socket_has_what_it_counted),
        TEST(a_process_with_rows_among_some_without_has_its_own),
        TEST(what_a_process_of_the_same_pid_counted_is_not_the_ones_that_has_it_now),
        TEST(what_a_process_counted_that_has_ended_is_in_its_group),
        TEST(what_was_not_selected_counts_nowhere),
        TEST(what_no_scan_saw_is_in_no_group_that_asks_for_sockets),
        TEST(a_group_that_asks_for_sockets_has_no_counts_of_connections),
        TEST(nor_has_one_whose_name_is_captured),
        TEST(a_group_that_asks_for_sockets_no_more_has_them),
        TEST(names_of_users_of_the_system_go_first_also_where_no_scan_saw_them),
        TEST(where_they_are_not_counted_nothing_says_so),
        TEST(what_was_counted_after_a_scan_saw_it_last_is_added_once),
        TEST(every_total_is_less_what_a_scan_saw),
        TEST(segments_go_on_over_the_end_of_32_bits),
        TEST(one_that_is_told_of_while_it_is_shown_is_settled_when_it_is_gone),
        TEST(in_a_first_scan_what_its_process_counted_counts_once),
        TEST(in_a_first_scan_what_ended_after_its_process_was_told_of_is_settled_when_it_is_gone),
        TEST(in_a_first_scan_it_is_taken_back_where_sockets_of_a_process_are_in_several_groups),
        TEST(one_that_no_scan_saw_counts_in_full),
        TEST(one_that_no_scan_saw_counts_in_the_group_of_a_process_that_has_ended),
        TEST(one_that_ended_before_its_process_was_told_of_counts_in_the_next_scan),
        TEST(one_whose_holder_ends_while_the_scan_shows_it_counts_once),
        TEST(it_waits_for_its_process_over_a_scan_that_does_not_count),
        TEST(what_is_accepted_in_a_scan_that_does_not_count_is_accepted_all_the_same),
        TEST(one_that_is_not_new_counts_only_if_a_scan_saw_it),
        TEST(nobody_is_told_of_the_end_of_a_strangers_connection),
        TEST(one_that_is_told_of_late_is_added_then),
        TEST(one_that_nobody_holds_any_more_is_told_of_later),
        TEST(it_waits_also_over_a_scan_that_does_not_count),
        TEST(what_one_that_waited_counted_is_in_its_group_also_when_its_process_has_ended),
        TEST(each_end_of_a_socket_that_connected_several_times_counts),
        TEST(a_socket_that_was_connected_again_is_another_one),
        TEST(a_socket_that_was_connected_again_may_have_counted_more_by_now),
        TEST(a_socket_whose_connection_ended_while_it_was_shown_waits),
        TEST(a_socket_that_was_connected_again_while_a_scan_ran_is_another_one),
        TEST(a_socket_that_was_seen_without_a_connection_is_not_opened_again),
        TEST(a_socket_that_was_connected_again_is_new_also_where_not_all_was_read_before),
        TEST(cookies_that_share_their_lower_half_are_different),
        TEST(one_that_ends_while_its_holder_cannot_be_read_is_settled_when_he_can),
        TEST(one_that_ends_while_no_table_shows_it_is_settled_when_it_is_gone),
        TEST(a_connection_that_was_accepted_counts_once_as_such),
        TEST(one_that_was_accepted_after_a_scan_saw_it_counts_at_its_end),
        TEST(one_without_rows_stays_where_a_selection_asks_for_it),
    };
    return cmocka_run_group_tests_name("history_connections", tests, NULL, NULL);
}
