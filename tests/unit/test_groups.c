/* What groups come to: literal captures of one scan and of several, and what is counted in which group. */
#include "literal.h"
#include "select/grouping.h"
#include "testing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOCAL 0x7f000001

static struct literal literal;
static struct proctcp_grouping *grouping;
static uint64_t now;

static int setup(void **state)
{
    (void)state;
    literal = (struct literal){.snapshot = NULL};
    now = 100;
    if (proctcp_grouping_new(&grouping) < 0)
        return -1;
    literal.grouping = grouping;
    literal_begin(&literal, now);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    literal_free(&literal);
    proctcp_grouping_free(grouping);
    return 0;
}

static void process(int pid, const char *name)
{
    struct facts *facts;
    literal_process(&literal, pid);
    facts = &literal.capture.facts.at[literal.capture.facts.count - 1];
    facts->name = name;
}

/* A connection with an inode and a cookie of its own. */
static struct proctcp_socket *connection(uint32_t inode)
{
    return literal_socket(&literal, inode, inode, LOCAL, 80, LOCAL, (uint16_t)(1000 + inode));
}

static const struct proctcp_snapshot *end(void)
{
    assert_int_equal(literal_end(&literal, NULL), 0);
    return literal.snapshot;
}

static void next_scan(void)
{
    now += 10;
    literal_begin(&literal, now);
}

static const struct proctcp_group *find(const char *name)
{
    const struct proctcp_snapshot *snapshot = literal.snapshot;
    for (uint32_t i = 0; i < snapshot->group_count; i++) {
        if (strcmp(snapshot->groups[i].name, name) == 0)
            return &snapshot->groups[i];
    }
    return NULL;
}

static const struct proctcp_group *group(const char *name)
{
    const struct proctcp_group *found = find(name);
    assert_non_null(found);
    return found;
}

static void processes_of_one_name_are_summed(void **state)
{
    (void)state;
    connection(1)->tx_queue_bytes = 5;
    connection(2)->tx_queue_bytes = 7;
    connection(3)->state = PROCTCP_CLOSE_WAIT;
    for (uint32_t i = 0; i < 3; i++)
        literal.capture.sockets.at[i].present |= PROCTCP_HAS_QUEUES;
    process(7, "web");
    literal_owner(&literal, 3, 1);
    process(8, "web");
    literal_owner(&literal, 3, 2);
    process(9, "db");
    literal_owner(&literal, 3, 3);
    end();
    assert_int_equal(group("web")->processes, 2);
    assert_int_equal(group("web")->sockets, 2);
    assert_int_equal(group("web")->by_state[PROCTCP_ESTABLISHED], 2);
    assert_int_equal(group("web")->tx_queue_bytes, 12);
    assert_int_equal(group("db")->by_state[PROCTCP_CLOSE_WAIT], 1);
    assert_int_equal(literal.snapshot->all.sockets, 3);
    assert_int_equal(literal.snapshot->all.processes, 3);
    assert_string_equal(literal.snapshot->all.name, "all");
    assert_int_equal(group("web")->last_seen, 100);
    for (uint32_t r = 0; r < 3; r++)
        assert_string_equal(literal.snapshot->groups[literal.snapshot->row_groups[r]].name, r < 2 ? "web" : "db");
}

static bool has_traffic(const char *name)
{
    return group(name)->present & PROCTCP_HAS_TOTAL_PAYLOAD_SENT;
}

/* 0 is known where traffic is told of. What runs then may be of what is not told. */
static void a_group_of_which_nothing_has_run_has_had_no_traffic(void **state)
{
    char error[128];

    (void)state;
    assert_int_equal(proctcp_grouping_add_text(grouping, "idle=process=idle", error, sizeof(error)), 0);
    connection(1);
    process(7, "web");
    literal_owner(&literal, 3, 1);
    end();
    assert_true(has_traffic("web"));
    assert_true(has_traffic("idle"));
    assert_int_equal(group("idle")->totals.payload_sent_bytes, 0);
    assert_false(group("idle")->present & PROCTCP_HAS_TOTAL_ACCEPT_DROPS); /* it has no listener */
    next_scan();
    connection(1)->present &= ~(PROCTCP_HAS_INFO | PROCTCP_HAS_BYTES | PROCTCP_HAS_BYTES_SENT | PROCTCP_HAS_SEGS);
    process(7, "idle");
    literal_group(&literal, PROCTCP_NONE, "idle");
    literal_owner(&literal, 3, 1);
    end();
    assert_false(has_traffic("idle"));
}

static void where_no_traffic_is_told_of_none_is_known(void **state)
{
    char error[128];

    (void)state;
    assert_int_equal(proctcp_grouping_add_text(grouping, "idle=process=idle", error, sizeof(error)), 0);
    connection(1)->present &= ~(PROCTCP_HAS_INFO | PROCTCP_HAS_BYTES | PROCTCP_HAS_BYTES_SENT | PROCTCP_HAS_SEGS);
    process(7, "web");
    literal_owner(&literal, 3, 1);
    end();
    assert_false(has_traffic("web"));
    assert_false(has_traffic("idle"));
}

static void a_socket_counts_once_in_a_group_however_many_hold_it(void **state)
{
    struct proctcp_socket *listener = connection(1);

    (void)state;
    listener->state = PROCTCP_LISTEN;
    listener->present =
        PROCTCP_HAS_LOCAL | PROCTCP_HAS_ACCEPT_QUEUE | PROCTCP_HAS_ACCEPT_QUEUE_MAX | PROCTCP_HAS_COOKIE;
    listener->accept_queue = 3;
    listener->accept_queue_max = 128;
    for (int pid = 10; pid < 48; pid++) {
        process(pid, "worker");
        literal_owner(&literal, 3, 1);
        literal_owner(&literal, 4, 1);
    }
    process(50, "other");
    literal_owner(&literal, 3, 1);
    end();
    assert_int_equal(group("worker")->processes, 38);
    assert_int_equal(group("worker")->sockets, 1);
    assert_int_equal(group("worker")->by_state[PROCTCP_LISTEN], 1);
    assert_int_equal(group("worker")->accept_queue, 3);
    assert_int_equal(group("worker")->accept_queue_max, 128);
    assert_int_equal(group("other")->sockets, 1);
    assert_int_equal(group("other")->accept_queue, 0); /* sums are in the group of its rank 1 */
    assert_false(group("other")->present & PROCTCP_HAS_GROUP_ACCEPT_QUEUE);
    assert_int_equal(literal.snapshot->all.sockets, 1);
    assert_int_equal(literal.snapshot->all.accept_queue, 3);
}

static void the_process_nearest_to_its_limit_is_shown(void **state)
{
    (void)state;
    connection(1);
    connection(2);
    process(7, "web");
    literal_owner(&literal, 3, 1);
    process(8, "web");
    literal_owner(&literal, 3, 2);
    literal.capture.processes.at[0].fds = 500;
    literal.capture.processes.at[1].fds = 90;
    for (uint32_t i = 0; i < 2; i++)
        literal.capture.facts.at[i].present |= PROCTCP_HAS_FD_LIMIT;
    literal.capture.facts.at[0].fd_limit = 1000;
    literal.capture.facts.at[1].fd_limit = 100;
    end();
    assert_int_equal(group("web")->fds, 90);
    assert_int_equal(group("web")->fds_pid, 8);
    assert_int_equal(group("web")->fd_limit, 100);
}

static void round_trip_times_are_summed_up(void **state)
{
    (void)state;
    process(7, "web");
    for (uint32_t i = 1; i <= 100; i++) {
        struct proctcp_socket *socket = connection(i);
        socket->present |= PROCTCP_HAS_RTT;
        socket->rtt_us = (i * 37) % 101; /* 1 to 100, in no order */
        literal_owner(&literal, (int)i, i);
    }
    connection(101)->state = PROCTCP_CLOSE_WAIT; /* has a time, and is not established */
    literal.capture.sockets.at[100].present |= PROCTCP_HAS_RTT;
    literal.capture.sockets.at[100].rtt_us = 100000;
    literal_owner(&literal, 101, 101);
    end();
    assert_int_equal(group("web")->rtt_average_us, 51); /* of 50.5 */
    assert_int_equal(group("web")->rtt_p95_us, 95);
    assert_int_equal(group("web")->rtt_max_us, 100);
    assert_int_equal(literal.snapshot->all.rtt_p95_us, 95);
}

static void one_that_was_there_stays_and_goes_on(void **state)
{
    (void)state;
    connection(1)->bytes_sent = 100;
    process(7, "web");
    literal_owner(&literal, 3, 1);
    end();
    assert_int_equal(group("web")->totals.bytes_sent, 100);
    assert_int_equal(group("web")->sockets_opened, 1);
    next_scan();
    end();
    assert_int_equal(group("web")->processes, 0);
    assert_int_equal(group("web")->sockets, 0);
    assert_int_equal(group("web")->totals.bytes_sent, 100);
    assert_int_equal(group("web")->sockets_closed, 1);
    assert_int_equal(group("web")->last_seen, 100);
    assert_true(group("web")->present & PROCTCP_HAS_TOTAL_BYTES_SENT);
    next_scan();
    connection(2)->bytes_sent = 30;
    process(9, "web"); /* restarted */
    literal_owner(&literal, 3, 2);
    end();
    assert_int_equal(group("web")->totals.bytes_sent, 130);
    assert_int_equal(group("web")->sockets_opened, 2);
    assert_int_equal(group("web")->last_seen, 120);
    assert_int_equal(literal.snapshot->all.totals.bytes_sent, 130);
}

static void a_configured_one_is_there_at_0(void **state)
{
    char error[256];

    (void)state;
    assert_int_equal(proctcp_grouping_add_text(grouping, "shop=process=java", error, sizeof(error)), 0);
    end();
    assert_int_equal(group("shop")->processes, 0);
    assert_true(group("shop")->is_configured);
    assert_false(group("shop")->present & PROCTCP_HAS_GROUP_LAST_SEEN);
    assert_true(group("shop")->present & PROCTCP_HAS_GROUP_QUEUES);
}

static void sockets_of_one_process_may_be_in_several(void **state)
{
    char error[256];

    (void)state;
    assert_int_equal(proctcp_grouping_add_text(grouping, "tls=process=web;local_port=443", error, sizeof(error)), 0);
    connection(1)->bytes_sent = 10;
    connection(2)->bytes_sent = 20;
    literal.capture.sockets.at[1].local_port = 443;
    process(7, "web");
    literal_group(&literal, 0, "tls");
    literal_group(&literal, PROCTCP_NONE, "web");
    literal_owner(&literal, 3, 1);
    literal_owner(&literal, 4, 2);
    end();
    assert_int_equal(group("tls")->sockets, 1);
    assert_int_equal(group("tls")->processes, 1);
    assert_int_equal(group("tls")->totals.bytes_sent, 20);
    assert_int_equal(group("tls")->sockets_opened, 1);
    assert_int_equal(group("web")->sockets, 1);
    assert_int_equal(group("web")->totals.bytes_sent, 10);
    assert_int_equal(literal.snapshot->all.processes, 1);
    assert_int_equal(literal.snapshot->all.totals.bytes_sent, 30);
}

static void add_each(const char *const *names, int first_pid, uint32_t first_inode)
{
    for (uint32_t i = 0; names[i]; i++) {
        connection(first_inode + i)->bytes_sent = 10;
        process(first_pid + (int)i, names[i]);
        literal_owner(&literal, 3, first_inode + i);
    }
}

static void beyond_the_limit_names_are_summed(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", NULL};

    (void)state;
    assert_int_equal(proctcp_grouping_limit(grouping, 2), 0);
    add_each(names, 7, 1);
    end();
    assert_non_null(find("a"));
    assert_non_null(find("b"));
    assert_null(find("c"));
    assert_int_equal(group("_other")->sockets, 2);
    assert_int_equal(group("_other")->totals.bytes_sent, 20);
    assert_int_equal(literal.snapshot->groups_left_out, 2);
    assert_int_equal(literal.snapshot->all.sockets, 4);
}

static void a_place_is_kept_while_something_runs_and_given_up_after(void **state)
{
    static const char *const both[] = {"a", "b", NULL}, *const one[] = {"b", "c", NULL},
                             *const three[] = {"a", "b", "c", NULL};

    (void)state;
    assert_int_equal(proctcp_grouping_limit(grouping, 2), 0);
    add_each(both, 7, 1);
    end();
    const uint32_t place = (uint32_t)(group("b") - literal.snapshot->groups);
    next_scan();
    add_each(three, 7, 1); /* c is new, and finds no place */
    end();
    assert_null(find("c"));
    next_scan();
    add_each(one, 8, 2); /* a is gone */
    end();
    assert_null(find("a"));
    assert_int_equal(group("c")->sockets, 1);
    assert_int_equal(group("b") - literal.snapshot->groups, place);
    next_scan();
    add_each(both, 7, 11); /* a is back, in the place of c, and goes on with what it had */
    end();
    assert_null(find("c"));
    assert_int_equal(group("a")->totals.bytes_sent, 20);
}

static void as_user(uint32_t uid)
{
    struct facts *facts = &literal.capture.facts.at[literal.capture.facts.count - 1];
    facts->uid = uid;
    facts->present |= PROCTCP_HAS_PROCESS_UID;
}

static void a_user_cannot_take_all_places(void **state)
{
    char names[10][8];

    (void)state;
    assert_int_equal(proctcp_grouping_limit(grouping, 4), 0);
    for (unsigned scan = 0; scan < 2; scan++) {
        if (scan)
            next_scan();
        for (uint32_t i = 0; i < 10; i++) { /* many, and each with more sockets than the service */
            snprintf(names[i], sizeof(names[i]), "x%u", i % 10);
            connection(10 + 2 * i);
            connection(11 + 2 * i);
            process((int)(10 + i), names[i]);
            literal_owner(&literal, 3, 10 + 2 * i);
            literal_owner(&literal, 4, 11 + 2 * i);
            as_user(1000);
        }
        if (scan) {
            connection(1);
            process(90, "sshd");
            literal_owner(&literal, 3, 1);
            as_user(0);
        }
        end();
    }
    assert_int_equal(group("sshd")->sockets, 1);
    assert_int_equal(literal.snapshot->groups_left_out, 7);
    assert_int_equal(group("_other")->sockets, 14);
    assert_int_equal(literal.snapshot->all.sockets, 21);
}

static void what_was_left_behind_counts_where_it_was_held(void **state)
{
    (void)state;
    connection(1);
    process(7, "web");
    literal_owner(&literal, 3, 1);
    end();
    next_scan();
    connection(1)->state = PROCTCP_TIME_WAIT;
    literal.capture.sockets.at[0].inode = 0;
    end();
    assert_int_equal(group("web")->left_behind, 1); /* its process has ended */
    assert_int_equal(literal.snapshot->all.left_behind, 1);
    next_scan();
    connection(1)->state = PROCTCP_TIME_WAIT;
    literal.capture.sockets.at[0].inode = 0;
    end();
    assert_int_equal(group("web")->left_behind, 1);
}

/* A reset takes what was counted: the socket is in no table any more, and its end is one. */
static void a_socket_that_loses_its_counters_is_closed_once(void **state)
{
    (void)state;
    for (unsigned scan = 0; scan < 4; scan++) {
        if (scan < 3) {
            struct proctcp_socket *socket = connection(1);
            if (scan > 0) { /* torn down, and not closed */
                socket->state = PROCTCP_CLOSED;
                socket->present = PROCTCP_HAS_COOKIE;
            }
            process(7, "web");
            literal_owner(&literal, 3, 1);
        }
        end();
        next_scan();
    }
    assert_int_equal(group("web")->sockets_opened, 1);
    assert_int_equal(group("web")->sockets_closed, 1);
}

static void drops_of_listeners_only_go_up(void **state)
{
    (void)state;
    for (unsigned scan = 0; scan < 3; scan++) {
        struct proctcp_impairment *impairment = vector_push(&literal.capture.impairments);
        const uint32_t inode = scan < 2 ? 1 : 2; /* closed, and another one opened */
        struct proctcp_socket *listener = connection(inode);
        listener->state = PROCTCP_LISTEN;
        listener->present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_DROPS | PROCTCP_HAS_COOKIE;
        listener->impairment = 1;
        *impairment = (struct proctcp_impairment){.drops = scan < 2 ? 5 + scan * 4 : 2};
        process(7, "web");
        literal_owner(&literal, 3, inode);
        end();
        assert_int_equal(group("web")->totals.accept_drops, scan == 0 ? 5 : scan == 1 ? 9 : 11);
        assert_true(group("web")->present & PROCTCP_HAS_TOTAL_ACCEPT_DROPS);
        next_scan();
    }
}

static void without_a_grouping_there_are_none(void **state)
{
    (void)state;
    literal.grouping = NULL;
    connection(1);
    process(7, "web");
    literal_owner(&literal, 3, 1);
    end();
    assert_int_equal(literal.snapshot->group_count, 0);
    assert_null(literal.snapshot->row_groups);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(processes_of_one_name_are_summed),
        TEST(a_group_of_which_nothing_has_run_has_had_no_traffic),
        TEST(where_no_traffic_is_told_of_none_is_known),
        TEST(a_socket_counts_once_in_a_group_however_many_hold_it),
        TEST(the_process_nearest_to_its_limit_is_shown),
        TEST(round_trip_times_are_summed_up),
        TEST(one_that_was_there_stays_and_goes_on),
        TEST(a_configured_one_is_there_at_0),
        TEST(sockets_of_one_process_may_be_in_several),
        TEST(beyond_the_limit_names_are_summed),
        TEST(a_place_is_kept_while_something_runs_and_given_up_after),
        TEST(a_user_cannot_take_all_places),
        TEST(what_was_left_behind_counts_where_it_was_held),
        TEST(a_socket_that_loses_its_counters_is_closed_once),
        TEST(drops_of_listeners_only_go_up),
        TEST(without_a_grouping_there_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
