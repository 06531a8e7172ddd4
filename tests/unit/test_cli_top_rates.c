/* What went by between two snapshots made by hand. */
#include "../../plugins/cli/top_rates.h"
#include "testing.h"

#include <math.h>

static unsigned released;

void __wrap_proctcp_snapshot_unref(const struct proctcp_snapshot *snapshot);

/* Snapshots of this file are not allocated. */
void __wrap_proctcp_snapshot_unref(const struct proctcp_snapshot *snapshot)
{
    released += snapshot != NULL;
}

static const struct proctcp_impairment impairments[] = {
    {.total_retrans = 0}, {.total_retrans = 3}, {.total_retrans = 9}};

static void assert_rate(const struct rates *rates, enum rate rate, double expected)
{
    assert_true(fabs((double)rates->of[rate] - expected) < 1e-3);
}

static void assert_nothing_known(const struct rates *rates)
{
    for (size_t r = 0; r < RATES; r++)
        assert_rate(rates, r, (double)RATE_ABSENT);
}

#define COUNTED                                                                                                        \
    (PROCTCP_HAS_TOTAL_PAYLOAD_RECEIVED | PROCTCP_HAS_TOTAL_PAYLOAD_SENT | PROCTCP_HAS_TOTAL_RETRANSMISSIONS)

static void a_first_scan_has_no_rates(void **state)
{
    const struct proctcp_process processes[] = {{.pid = 5, .present = COUNTED, .totals.payload_sent_bytes = 700}};
    const struct proctcp_snapshot now = {.processes = processes, .process_count = 1, .impairments = impairments};
    struct pass *pass = pass_new(NULL, &now, 1);
    (void)state;
    assert_nothing_known(&pass->processes[0]);
    assert_nothing_known(&pass->all);
    released = 0;
    pass_free(pass);
    assert_int_equal(released, 1);
    pass_free(NULL);
}

static void rates_are_what_was_counted_by_the_seconds_between(void **state)
{
    const struct proctcp_process
        old[] =
            {{.pid = 5, .start_ticks = 1, .present = COUNTED, .totals.payload_sent_bytes = 700, .sockets_opened = 2}},
        new[] = {{.pid = 4, .start_ticks = 8, .present = COUNTED, .totals.payload_sent_bytes = 10},
                 {.pid = 5,
                  .start_ticks = 1,
                  .present = COUNTED,
                  .totals = {.payload_sent_bytes = 1700, .payload_received_bytes = 50, .retransmissions = 1},
                  .sockets_opened = 7}};
    const struct proctcp_snapshot before = {.processes = old, .process_count = 1, .impairments = impairments},
                                  now = {.processes = new, .process_count = 2, .impairments = impairments};
    struct pass *pass = pass_new(&before, &now, 2);
    (void)state;
    assert_rate(&pass->processes[1], RATE_OUT, 500);
    assert_rate(&pass->processes[1], RATE_IN, 25);
    assert_rate(&pass->processes[1], RATE_OPENED, 2.5);
    assert_rate(&pass->processes[1], RATE_RETRANSMITTED, 0.5);
    assert_rate(&pass->processes[1], RATE_DROPPED, (double)RATE_ABSENT); /* it has no listener that counts */
    assert_rate(&pass->processes[0], RATE_OUT, 5);                       /* one that is new began at 0 */
    pass_free(pass);
}

static void what_went_backwards_has_no_rate(void **state)
{
    const struct proctcp_group old[] = {{.name = "_other"},
                                        {.name = "web", .present = COUNTED, .totals.payload_sent_bytes = 700}},
                               new[] = {{.name = "_other"},
                                        {.name = "web", .present = COUNTED, .totals.payload_sent_bytes = 20}};
    const struct proctcp_snapshot before = {.groups = old, .group_count = 2, .impairments = impairments},
                                  now = {.groups = new, .group_count = 2, .impairments = impairments};
    struct pass *pass = pass_new(&before, &now, 1);
    (void)state;
    assert_rate(&pass->groups[1], RATE_OUT, (double)RATE_ABSENT);
    assert_rate(&pass->groups[1], RATE_IN, 0);
    pass_free(pass);
    pass = pass_new(&before, &now, 0); /* the clock stood still */
    assert_nothing_known(&pass->groups[1]);
    pass_free(pass);
}

static void a_pid_or_a_group_that_is_another_one_does_not_go_on(void **state)
{
    const struct proctcp_process old[] = {{.pid = 5, .start_ticks = 1, .sockets_opened = 1000}},
                                 new[] = {{.pid = 5, .start_ticks = 2, .sockets_opened = 3}};
    const struct proctcp_group old_groups[] = {{.name = "a", .sockets_opened = 1000}},
                               new_groups[] = {{.name = "b", .sockets_opened = 4}};
    const struct proctcp_snapshot before = {.processes = old,
                                            .process_count = 1,
                                            .groups = old_groups,
                                            .group_count = 1,
                                            .impairments = impairments},
                                  now = {.processes = new,
                                         .process_count = 1,
                                         .groups = new_groups,
                                         .group_count = 1,
                                         .impairments = impairments};
    struct pass *pass = pass_new(&before, &now, 1);
    (void)state;
    assert_rate(&pass->processes[0], RATE_OPENED, 3);
    assert_rate(&pass->groups[0], RATE_OPENED, 4);
    pass_free(pass);
}

#define KNOWN (PROCTCP_HAS_COOKIE | PROCTCP_HAS_BYTES | PROCTCP_HAS_INFO)

static void sockets_are_known_by_their_cookies(void **state)
{
    const struct proctcp_socket
        old[] = {{.present = KNOWN, .cookie = 8, .bytes_acked = 100, .impairment = 1},
                 {.present = KNOWN, .cookie = 9, .bytes_acked = 5},
                 {.present = PROCTCP_HAS_BYTES, .bytes_acked = 1}},
        new[] = {{.present = PROCTCP_HAS_BYTES, .bytes_acked = 2},
                 {.present = KNOWN, .cookie = 10, .bytes_acked = 1000},
                 {.present = KNOWN, .cookie = 8, .bytes_acked = 400, .bytes_received = 7, .impairment = 2}};
    const struct proctcp_snapshot before = {.sockets = old, .socket_count = 3, .impairments = impairments},
                                  now = {.sockets = new, .socket_count = 3, .impairments = impairments};
    struct pass *pass = pass_new(&before, &now, 1);
    (void)state;
    assert_rate(&pass->sockets[2], RATE_OUT, 300);
    assert_rate(&pass->sockets[2], RATE_IN, 7);
    assert_rate(&pass->sockets[2], RATE_RETRANSMITTED, 6);
    assert_nothing_known(&pass->sockets[0]); /* no cookie tells which it was */
    assert_nothing_known(&pass->sockets[1]); /* it is new, or was not seen before */
    pass_free(pass);
}

/* 192.0.2.1 port 80 of namespace 7 */
#define AT_80                                                                                                          \
    .netns = 7, .local_port = 80, .local_address = {{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1}}

static void a_listener_counts_the_connections_that_are_new(void **state)
{
    static const struct proctcp_listener old[] = {
        {.netns = 7, .local_port = 80, .present = PROCTCP_HAS_LISTENER_DROPS, .drops = 3}};
    static const struct proctcp_listener new[] = {
        {.netns = 7, .local_port = 80, .present = PROCTCP_HAS_LISTENER_DROPS, .drops = 9},
        {.netns = 7, .local_port = 81}};
    const struct proctcp_socket
        known[] = {{.present = KNOWN, .cookie = 8, .direction = PROCTCP_INBOUND, AT_80}},
        more[] = {{.present = KNOWN, .cookie = 8, .direction = PROCTCP_INBOUND, AT_80},
                  {.present = KNOWN, .cookie = 9, .direction = PROCTCP_INBOUND, AT_80},
                  {.present = KNOWN, .cookie = 10, .direction = PROCTCP_INBOUND, AT_80},
                  {.present = KNOWN, .cookie = 11, .direction = PROCTCP_OUTBOUND, AT_80},
                  {.present = KNOWN, .cookie = 12, .direction = PROCTCP_INBOUND, .netns = 8, .local_port = 80}};
    static const uint32_t through[] = {0, 0, 0, PROCTCP_NONE, PROCTCP_NONE};
    const struct proctcp_snapshot before = {.sockets = known,
                                            .socket_count = 1,
                                            .listeners = old,
                                            .listener_count = 1,
                                            .impairments = impairments},
                                  now = {.sockets = more,
                                         .socket_count = 5,
                                         .listeners = new,
                                         .socket_listeners = through,
                                         .listener_count = 2,
                                         .stats.source = PROCTCP_SOURCE_NETLINK,
                                         .impairments = impairments};
    struct pass *pass = pass_new(&before, &now, 4);
    (void)state;
    assert_rate(&pass->listeners[0], RATE_OPENED, 0.5);
    assert_rate(&pass->listeners[0], RATE_DROPPED, 1.5);
    assert_nothing_known(&pass->listeners[1]); /* who listens only now */
    pass_free(pass);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_scan_has_no_rates),
        cmocka_unit_test(rates_are_what_was_counted_by_the_seconds_between),
        cmocka_unit_test(what_went_backwards_has_no_rate),
        cmocka_unit_test(a_pid_or_a_group_that_is_another_one_does_not_go_on),
        cmocka_unit_test(sockets_are_known_by_their_cookies),
        cmocka_unit_test(a_listener_counts_the_connections_that_are_new),
    };
    return cmocka_run_group_tests_name("cli_top_rates", tests, NULL, NULL);
}
