/* Which values a snapshot has in collectd's terms. */
#include "../../plugins/collectd/identifier.h"
#include "../../plugins/collectd/publish.h"
#include "test_collectd_snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct value {
    char name[256]; /* plugin_instance/type-type_instance */
    double value;
};

struct taken {
    struct value values[100];
    unsigned count;
};

static void take(void *to, const char *plugin_instance, const char *type, const char *type_instance, double value)
{
    struct taken *taken = to;
    struct value *next = &taken->values[taken->count++];

    assert_true(taken->count < 100);
    assert_true(strlen(type_instance) < IDENTIFIER_SIZE);
    snprintf(next->name, sizeof(next->name), "%s/%s-%s", plugin_instance, type, type_instance);
    next->value = value;
}

static const struct value *find(const struct taken *taken, const char *name)
{
    for (unsigned i = 0; i < taken->count; i++) {
        if (strcmp(taken->values[i].name, name) == 0)
            return &taken->values[i];
    }
    return NULL;
}

static void assert_value(const struct taken *taken, const char *name, double expected)
{
    const struct value *value = find(taken, name);

    if (!value)
        fail_msg("%s was not published", name);
    else if (value->value != expected)
        fail_msg("%s is %g and should be %g", name, value->value, expected);
}

static void assert_unique(const struct taken *taken)
{
    for (unsigned i = 0; i < taken->count; i++)
        assert_ptr_equal(find(taken, taken->values[i].name), &taken->values[i]);
}

/* Under name/0, name/1 ... */
static void take_derives(void *to, const char *plugin_instance, const char *type, const char *type_instance,
                         const uint64_t *values, size_t count)
{
    char source[IDENTIFIER_SIZE + 8];

    assert_true(strlen(type_instance) < IDENTIFIER_SIZE);
    for (size_t i = 0; i < count; i++) {
        struct taken *taken = to;
        struct value *next = &taken->values[taken->count++];

        assert_true(taken->count < 100);
        snprintf(source, sizeof(source), "%s/%zu", type_instance, i);
        snprintf(next->name, sizeof(next->name), "%s/%s-%s", plugin_instance, type, source);
        next->value = (double)values[i];
    }
}

#define PUBLISHER(taken)                                                                                               \
    &(struct publisher)                                                                                                \
    {                                                                                                                  \
        .publish = take, .derive = take_derives, .to = taken                                                           \
    }

/* A group in two passes, of which the second is taken. */
static void publish_twice(struct taken *taken, const struct proctcp_group *first, const struct proctcp_group *second,
                          unsigned kinds, unsigned lean_kinds)
{
    struct taken before = {.count = 0};
    struct memory memory;
    struct profile profile;

    profile_of_groups(kinds, lean_kinds, &profile);
    memory_new(&memory, 10, 10, true);
    memory_begin(&memory, 1000);
    publish_group(PUBLISHER(&before), first->name, first, &profile, &memory, memory_of(&memory, first->name));
    memory_end(&memory, true);
    memory_begin(&memory, 1010);
    publish_group(PUBLISHER(taken), second->name, second, &profile, &memory, memory_of(&memory, second->name));
    memory_end(&memory, true);
    memory_free(&memory);
    assert_unique(taken);
}

static const struct proctcp_group server = {
    .name = "nginx",
    .processes = 2,
    .sockets = 7,
    .by_state = {[PROCTCP_ESTABLISHED] = 4, [PROCTCP_LISTEN] = 1, [PROCTCP_CLOSE_WAIT] = 2},
    .present = PROCTCP_HAS_GROUP_QUEUES | PROCTCP_HAS_GROUP_ACCEPT_QUEUE | PROCTCP_HAS_GROUP_ACCEPT_QUEUE_MAX |
               PROCTCP_HAS_GROUP_FDS | PROCTCP_HAS_GROUP_FD_LIMIT | PROCTCP_HAS_GROUP_RTT | PROCTCP_HAS_TOTALS |
               PROCTCP_HAS_TOTAL_ACCEPT_DROPS,
    .tx_queue_bytes = 5000000000,
    .rx_queue_bytes = 12,
    .accept_queue = 6,
    .accept_queue_max = 4096,
    .fds = 50,
    .fd_limit = 200,
    .rtt_average_us = 250000,
    .rtt_p95_us = 500000,
    .rtt_max_us = 1500000,
    .totals =
        {.payload_sent_bytes = 10, .payload_received_bytes = 10, .segs_out = 10, .segs_in = 10, .retransmissions = 10},
    .sockets_opened = 100,
    .sockets_closed = 93,
};

static void the_lean_profile_is_about_a_dozen_values(void **state)
{
    struct taken taken = {.count = 0};
    struct proctcp_group later = server;

    (void)state;
    later.totals = (struct proctcp_totals){.payload_sent_bytes = 11,
                                           .payload_received_bytes = 5000000010,
                                           .segs_out = 13,
                                           .segs_in = 14,
                                           .retransmissions = 15};
    later.sockets_opened = 102;
    later.by_state[PROCTCP_CLOSE_WAIT] = 0; /* it was not, and stays */
    publish_twice(&taken, &server, &later, 0, REPORT_ALL);
    assert_value(&taken, "nginx/tcp_connections-ESTABLISHED", 4);
    assert_value(&taken, "nginx/tcp_connections-LISTEN", 1);
    assert_value(&taken, "nginx/tcp_connections-CLOSE_WAIT", 0);
    assert_value(&taken, "nginx/if_octets-/0", 5e9);
    assert_value(&taken, "nginx/if_octets-/1", 1);
    assert_value(&taken, "nginx/if_packets-/0", 4);
    assert_value(&taken, "nginx/if_packets-/1", 3);
    assert_value(&taken, "nginx/protocol_counter-RetransSegs/0", 5);
    assert_value(&taken, "nginx/latency-rtt-average", 0.25);
    assert_value(&taken, "nginx/bytes-tx_queue", 5e9);
    assert_value(&taken, "nginx/bytes-rx_queue", 12);
    assert_value(&taken, "nginx/queue_length-accept", 6);
    assert_value(&taken, "nginx/queue_length-accept_max", 4096);
    assert_value(&taken, "nginx/count-processes", 2);
    assert_value(&taken, "nginx/count-sockets", 7);
    assert_value(&taken, "nginx/connections-sockets_opened/0", 2);
    assert_value(&taken, "nginx/connections-sockets_closed/0", 0);
    assert_int_equal(taken.count, 17 + 0);
}

static void the_full_profile_has_the_rest(void **state)
{
    struct taken taken = {.count = 0};
    struct proctcp_group first = server;

    (void)state;
    first.present |= PROCTCP_HAS_CONNECTIONS;
    first.connections = (struct proctcp_connections){.connects = 7, .connect_time_us = 1999};
    struct proctcp_group later = first;
    later.connections.connects = 9;
    later.connections.connect_time_us = 4000;
    later.totals.accept_drops = 3;
    publish_twice(&taken, &first, &later, REPORT_ALL, 0);
    assert_value(&taken, "nginx/latency-rtt-p95", 0.5);
    assert_value(&taken, "nginx/latency-rtt-max", 1.5);
    assert_value(&taken, "nginx/file_handles-used", 50);
    assert_value(&taken, "nginx/file_handles-max", 200);
    assert_value(&taken, "nginx/percent-file_handles", 25);
    assert_value(&taken, "nginx/count-retransmitting", 0);
    assert_value(&taken, "nginx/packets-accept_drops/0", 3);
    assert_value(&taken, "nginx/connections-connects/0", 2);
    assert_value(&taken, "nginx/total_time_in_ms-connect/0", 3); /* whole milliseconds of each */
    assert_value(&taken, "nginx/connections-resets_received/0", 0);
}

static void a_kind_by_itself_has_all_of_it_and_nothing_else(void **state)
{
    struct taken taken = {.count = 0};

    (void)state;
    publish_twice(&taken, &server, &server, REPORT_LATENCY | REPORT_DESCRIPTORS, 0);
    assert_value(&taken, "nginx/latency-rtt-max", 1.5);
    assert_value(&taken, "nginx/percent-file_handles", 25);
    assert_int_equal(taken.count, 6);
}

static void what_a_group_does_not_have_is_not_published(void **state)
{
    struct taken taken = {.count = 0};
    const struct proctcp_group bare = {.name = "bare", .processes = 1};

    (void)state;
    publish_twice(&taken, &bare, &bare, REPORT_ALL, 0);
    assert_value(&taken, "bare/count-processes", 1);
    assert_value(&taken, "bare/count-sockets", 0);
    assert_value(&taken, "bare/count-retransmitting", 0);
    assert_value(&taken, "bare/tcp_connections-ESTABLISHED", 0);
    assert_int_equal(taken.count, 4 + 2);
}

static void zeros_are_published_where_they_are_asked_for(void **state)
{
    struct taken taken = {.count = 0};
    const struct proctcp_group bare = {.name = "bare", .processes = 1};
    const struct publisher publisher = {.publish = take, .derive = take_derives, .to = &taken, .with_zeros = true};
    struct memory memory;
    struct profile profile;

    (void)state;
    profile_of_groups(REPORT_STATES, 0, &profile);
    memory_new(&memory, 10, 10, true);
    memory_begin(&memory, 1000);
    publish_group(&publisher, "bare", &bare, &profile, &memory, memory_of(&memory, "bare"));
    memory_end(&memory, true);
    memory_free(&memory);
    assert_value(&taken, "bare/tcp_connections-CLOSED", 0);
    assert_int_equal(taken.count, 9); /* no process can hold one in TIME_WAIT or SYN_RECV */
}

static void percents_end_at_100(void **state)
{
    struct taken taken = {.count = 0};
    const struct proctcp_group group = {.name = "over",
                                        .present = PROCTCP_HAS_GROUP_FDS | PROCTCP_HAS_GROUP_FD_LIMIT,
                                        .processes = 1,
                                        .fds = 50,
                                        .fd_limit = 10};

    (void)state;
    publish_twice(&taken, &group, &group, REPORT_DESCRIPTORS, 0);
    assert_value(&taken, "over/percent-file_handles", 100);
}

/* A socket of a process, by itself in a snapshot. */
static void publish_alone(struct taken *taken, const struct proctcp_socket *socket,
                          const struct proctcp_impairment *impairment, unsigned kinds, bool counters)
{
    static struct hand hand;
    struct profile profile;

    hand_begin(&hand);
    hand_process(&hand, "nginx", 1, 0);
    hand.sockets[0] = *socket;
    hand.sockets[0].impairment = impairment ? 1 : 0;
    if (impairment)
        hand.impairments[1] = *impairment;
    hand.snapshot.impairment_count = 2;
    hand.snapshot.socket_count = hand.snapshot.row_count = 1;
    hand.rows[0] = (struct proctcp_row){.pid = 100, .owner_rank = 1, .peer = PROCTCP_NONE};
    profile_of_sockets(kinds, &profile);
    publish_socket(PUBLISHER(taken), "proctcp-sockets-nginx", "443-192.0.2.7-50001", &hand.snapshot, &hand.rows[0],
                   &profile, counters);
    assert_unique(taken);
}

static void a_socket_has_what_is_present(void **state)
{
    struct taken taken = {.count = 0}, queues = {.count = 0};
    const struct proctcp_socket socket = {
        .present = PROCTCP_HAS_QUEUES | PROCTCP_HAS_RETRANSMITS | PROCTCP_HAS_CWND | PROCTCP_HAS_SSTHRESH,
        .state = PROCTCP_ESTABLISHED,
        .tx_queue_bytes = 1,
        .rx_queue_bytes = 2,
        .retransmits = 3,
        .cwnd_segments = 70000,
        .ssthresh_segments = 5,
    };

    (void)state;
    publish_alone(&taken, &socket, NULL, REPORT_ALL, true);
    assert_value(&taken, "proctcp-sockets-nginx/bytes-tx_queue-443-192.0.2.7-50001", 1);
    assert_value(&taken, "proctcp-sockets-nginx/bytes-rx_queue-443-192.0.2.7-50001", 2);
    assert_value(&taken, "proctcp-sockets-nginx/count-retransmits-443-192.0.2.7-50001", 3);
    assert_value(&taken, "proctcp-sockets-nginx/count-cwnd-443-192.0.2.7-50001", 70000);
    assert_value(&taken, "proctcp-sockets-nginx/count-ssthresh-443-192.0.2.7-50001", 5);
    assert_int_equal(taken.count, 5);
    publish_alone(&queues, &socket, NULL, REPORT_QUEUES, true);
    assert_int_equal(queues.count, 2);
}

static void a_socket_in_initial_slow_start_has_no_ssthresh(void **state)
{
    struct taken taken = {.count = 0};
    struct proctcp_socket socket = {.present = PROCTCP_HAS_SSTHRESH, .ssthresh_segments = -1};

    (void)state;
    publish_alone(&taken, &socket, NULL, REPORT_ALL, true);
    assert_int_equal(taken.count, 0);
    socket.ssthresh_segments = 0;
    publish_alone(&taken, &socket, NULL, REPORT_ALL, true);
    assert_int_equal(taken.count, 1);
}

static void a_socket_has_what_of_tcp_info_is_present(void **state)
{
    struct taken taken = {.count = 0}, without_counters = {.count = 0};
    const struct proctcp_impairment impairment = {.total_retrans = 6};
    const struct proctcp_socket socket = {
        .present = PROCTCP_HAS_RTT | PROCTCP_HAS_BYTES | PROCTCP_HAS_SEGS | PROCTCP_HAS_INFO,
        .state = PROCTCP_ESTABLISHED,
        .rtt_us = 250000,
        .bytes_acked = 1,
        .bytes_received = 5000000000,
        .segs_out = 3,
        .segs_in = 4,
    };

    (void)state;
    publish_alone(&taken, &socket, &impairment, REPORT_ALL, true);
    assert_value(&taken, "proctcp-sockets-nginx/latency-rtt-443-192.0.2.7-50001", 0.25);
    assert_value(&taken, "proctcp-sockets-nginx/if_octets-443-192.0.2.7-50001/0", 5e9);
    assert_value(&taken, "proctcp-sockets-nginx/if_octets-443-192.0.2.7-50001/1", 1);
    assert_value(&taken, "proctcp-sockets-nginx/if_packets-443-192.0.2.7-50001/0", 4);
    assert_value(&taken, "proctcp-sockets-nginx/if_packets-443-192.0.2.7-50001/1", 3);
    assert_value(&taken, "proctcp-sockets-nginx/protocol_counter-RetransSegs-443-192.0.2.7-50001/0", 6);
    publish_alone(&without_counters, &socket, &impairment, REPORT_ALL, false);
    assert_int_equal(without_counters.count, 1);
}

static void unattributed_sockets_are_summed_over_namespaces(void **state)
{
    static struct hand hand;
    struct taken taken = {.count = 0}, later = {.count = 0};
    struct remembered remembered = {.name = ""};

    (void)state;
    hand_begin(&hand);
    hand.unattributed[0] = (struct proctcp_unattributed){.netns = 1, .state = PROCTCP_TIME_WAIT, .sockets = 3};
    hand.unattributed[1] = (struct proctcp_unattributed){.netns = 2, .state = PROCTCP_TIME_WAIT, .sockets = 4};
    hand.unattributed[2] = (struct proctcp_unattributed){.netns = 2, .state = PROCTCP_SYN_RECEIVED, .sockets = 5};
    hand.snapshot.unattributed_count = 3;
    publish_unattributed(PUBLISHER(&taken), "proctcp-self", &hand.snapshot, &remembered);
    assert_value(&taken, "proctcp-self/tcp_connections-unattributed_TIME_WAIT", 7);
    assert_value(&taken, "proctcp-self/tcp_connections-unattributed_SYN_RECV", 5);
    assert_int_equal(taken.count, 2);
    hand.snapshot.unattributed_count = 0;
    publish_unattributed(PUBLISHER(&later), "proctcp-self", &hand.snapshot, &remembered);
    assert_value(&later, "proctcp-self/tcp_connections-unattributed_TIME_WAIT", 0);
    assert_int_equal(later.count, 2);
}

static void the_scan_tells_of_itself(void **state)
{
    struct taken taken = {.count = 0};
    struct memory memory;
    const struct proctcp_stats stats = {
        .duration_us = 2500000,
        .source = PROCTCP_SOURCE_NETLINK,
        .source_reason = "",
        .connections_reason = "",
        .failure = "",
        .rows = 7,
        .denied = 2,
        .unbound = 3,
        .connections_counted = true,
        .connections_missed = 12,
    };
    const struct pass_report report = {
        .longest_s = 12.5, .groups = 5, .groups_left_out = 6, .listeners_left_out = 8, .sockets_left_out = 9};

    (void)state;
    memory_new(&memory, 1, 1, true);
    memory_begin(&memory, 1000);
    memory_end(&memory, true);
    memory_begin(&memory, 1010);
    publish_scan(PUBLISHER(&taken), "proctcp-self", &stats, &report, &memory, memory_of(&memory, "self"));
    memory_end(&memory, true);
    memory_free(&memory);
    assert_value(&taken, "proctcp-self/duration-scan", 2.5);
    assert_value(&taken, "proctcp-self/duration-longest", 12.5);
    assert_value(&taken, "proctcp-self/gauge-source", PROCTCP_SOURCE_NETLINK);
    assert_value(&taken, "proctcp-self/bool-connections_counted", 1);
    assert_value(&taken, "proctcp-self/connections-missed/0", 12); /* the first one was before */
    assert_value(&taken, "proctcp-self/count-rows", 7);
    assert_value(&taken, "proctcp-self/count-denied", 2);
    assert_value(&taken, "proctcp-self/count-unbound", 3);
    assert_value(&taken, "proctcp-self/count-groups", 5);
    assert_value(&taken, "proctcp-self/count-truncated_groups", 6);
    assert_value(&taken, "proctcp-self/count-truncated_listeners", 8);
    assert_value(&taken, "proctcp-self/count-truncated_sockets", 9);
    assert_unique(&taken);
}

/* A field that the library does not have, or a counter without a place, would be left out in silence. */
static void every_metric_has_its_fields_and_its_place(void **state)
{
    struct profile profiles[3];

    (void)state;
    profile_of_groups(REPORT_ALL, 0, &profiles[0]);
    profile_of_listeners(REPORT_ALL, &profiles[1]);
    profile_of_sockets(REPORT_ALL, &profiles[2]);
    assert_int_equal(profiles[0].count, group_metric_count);
    assert_int_equal(profiles[1].count, listener_metric_count);
    assert_int_equal(profiles[2].count, socket_metric_count);
    for (size_t p = 0; p < 3; p++) {
        for (size_t i = 0; i < profiles[p].count; i++) {
            for (unsigned f = 0; f < 2 && profiles[p].at[i].metric->fields[f]; f++)
                assert_non_null(profiles[p].at[i].fields[f]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lean_profile_is_about_a_dozen_values),
        cmocka_unit_test(the_full_profile_has_the_rest),
        cmocka_unit_test(a_kind_by_itself_has_all_of_it_and_nothing_else),
        cmocka_unit_test(what_a_group_does_not_have_is_not_published),
        cmocka_unit_test(zeros_are_published_where_they_are_asked_for),
        cmocka_unit_test(percents_end_at_100),
        cmocka_unit_test(a_socket_has_what_is_present),
        cmocka_unit_test(a_socket_in_initial_slow_start_has_no_ssthresh),
        cmocka_unit_test(a_socket_has_what_of_tcp_info_is_present),
        cmocka_unit_test(unattributed_sockets_are_summed_over_namespaces),
        cmocka_unit_test(the_scan_tells_of_itself),
        cmocka_unit_test(every_metric_has_its_fields_and_its_place),
    };

    return cmocka_run_group_tests_name("collectd: publish", tests, NULL, NULL);
}
