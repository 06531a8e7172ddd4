/* Which values a snapshot has in collectd's terms. */
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

static void a_group_has_states_queues_counts_and_descriptors(void **state)
{
    struct taken taken = {0};
    const struct proctcp_group group = {
        .name = "nginx",
        .processes = 2,
        .sockets = 7,
        .by_state = {[PROCTCP_ESTABLISHED] = 4, [PROCTCP_SYN_RECEIVED] = 1, [PROCTCP_TIME_WAIT] = 2},
        .unbound = 3,
        .present = PROCTCP_HAS_GROUP_QUEUES | PROCTCP_HAS_GROUP_ACCEPT_QUEUE | PROCTCP_HAS_GROUP_FD_LIMIT,
        .tx_queue_bytes = 5000000000,
        .rx_queue_bytes = 12,
        .accept_queue = 6,
        .fds = 50,
        .fd_limit = 200,
    };

    (void)state;
    publish_group(PUBLISHER(&taken), "nginx", &group, true, NULL);
    assert_value(&taken, "nginx/tcp_connections-ESTABLISHED", 4);
    assert_value(&taken, "nginx/tcp_connections-SYN_RECV", 1);
    assert_value(&taken, "nginx/tcp_connections-TIME_WAIT", 2);
    assert_value(&taken, "nginx/tcp_connections-CLOSED", 0);
    assert_value(&taken, "nginx/bytes-tx_queue", 5e9);
    assert_value(&taken, "nginx/bytes-rx_queue", 12);
    assert_value(&taken, "nginx/queue_length-accept", 6);
    assert_value(&taken, "nginx/count-processes", 2);
    assert_value(&taken, "nginx/count-sockets", 7);
    assert_value(&taken, "nginx/count-unbound", 3);
    assert_value(&taken, "nginx/file_handles-used", 50);
    assert_value(&taken, "nginx/file_handles-max", 200);
    assert_value(&taken, "nginx/percent-file_handles", 25);
    assert_int_equal(taken.count, 11 + 9);
    assert_unique(&taken);
}

static void a_group_has_what_sock_diag_gives(void **state)
{
    struct taken taken = {0};
    const struct proctcp_group group = {
        .name = "nginx",
        .present = PROCTCP_HAS_GROUP_ACCEPT_QUEUE | PROCTCP_HAS_GROUP_ACCEPT_QUEUE_MAX | PROCTCP_HAS_GROUP_RTT |
                   PROCTCP_HAS_TOTAL_PAYLOAD_RECEIVED,
        .accept_queue_max = 4096,
        .rtt_average_us = 250000,
        .rtt_p95_us = 500000,
        .rtt_max_us = 1500000,
        .totals = {.payload_sent_bytes = 11,
                   .payload_received_bytes = 5000000010,
                   .segs_out = 13,
                   .segs_in = 14,
                   .retransmissions = 15},
    };
    const struct counted before = {.totals = {.payload_sent_bytes = 10,
                                              .payload_received_bytes = 10,
                                              .segs_out = 10,
                                              .segs_in = 10,
                                              .retransmissions = 10}};

    (void)state;
    publish_group(PUBLISHER(&taken), "nginx", &group, false, &before);
    assert_value(&taken, "nginx/queue_length-accept_max", 4096);
    assert_value(&taken, "nginx/latency-rtt-average", 0.25);
    assert_value(&taken, "nginx/latency-rtt-p95", 0.5);
    assert_value(&taken, "nginx/latency-rtt-max", 1.5);
    assert_value(&taken, "nginx/if_octets-/0", 5e9);
    assert_value(&taken, "nginx/if_octets-/1", 1);
    assert_value(&taken, "nginx/if_packets-/0", 4);
    assert_value(&taken, "nginx/if_packets-/1", 3);
    assert_value(&taken, "nginx/protocol_counter-RetransSegs/0", 5);
    assert_int_equal(taken.count, 4 + 1 + 1 + 3 + 5);
    assert_unique(&taken);
}

static void what_a_group_does_not_have_is_not_published(void **state)
{
    struct taken taken = {0};
    const struct proctcp_group group = {.name = "bare", .processes = 1, .fds = 4};
    const struct counted before = {.totals = {0}};

    (void)state;
    publish_group(PUBLISHER(&taken), "bare", &group, false, &before);
    assert_value(&taken, "bare/file_handles-used", 4);
    assert_int_equal(taken.count, 4);
}

static void percents_end_at_100(void **state)
{
    struct taken taken = {0};
    const struct proctcp_group group = {
        .name = "over", .present = PROCTCP_HAS_GROUP_FD_LIMIT, .processes = 1, .fds = 50, .fd_limit = 10};

    (void)state;
    publish_group(PUBLISHER(&taken), "over", &group, false, NULL);
    assert_value(&taken, "over/percent-file_handles", 100);
}

static void a_socket_has_what_is_present(void **state)
{
    struct taken taken = {0};
    struct proctcp_socket socket = {
        .present = PROCTCP_HAS_QUEUES | PROCTCP_HAS_RETRANSMITS | PROCTCP_HAS_CWND | PROCTCP_HAS_SSTHRESH,
        .state = PROCTCP_ESTABLISHED,
        .tx_queue_bytes = 1,
        .rx_queue_bytes = 2,
        .retransmits = 3,
        .cwnd_segments = 70000,
        .ssthresh_segments = 5,
    };

    (void)state;
    publish_socket(PUBLISHER(&taken), "nginx", "443-192.0.2.7-50001", &socket);
    assert_value(&taken, "nginx/bytes-tx_queue-443-192.0.2.7-50001", 1);
    assert_value(&taken, "nginx/bytes-rx_queue-443-192.0.2.7-50001", 2);
    assert_value(&taken, "nginx/count-retransmits-443-192.0.2.7-50001", 3);
    assert_value(&taken, "nginx/count-cwnd-443-192.0.2.7-50001", 70000);
    assert_value(&taken, "nginx/count-ssthresh-443-192.0.2.7-50001", 5);
    assert_int_equal(taken.count, 5);
}

static void a_socket_in_initial_slow_start_has_no_ssthresh(void **state)
{
    struct taken taken = {0};
    struct proctcp_socket socket = {.present = PROCTCP_HAS_SSTHRESH, .ssthresh_segments = -1};

    (void)state;
    publish_socket(PUBLISHER(&taken), "nginx", "x", &socket);
    assert_int_equal(taken.count, 0);
    socket.ssthresh_segments = 0;
    publish_socket(PUBLISHER(&taken), "nginx", "x", &socket);
    assert_value(&taken, "nginx/count-ssthresh-x", 0);
}

static void a_listener_has_its_accept_queue_only(void **state)
{
    struct taken taken = {0};
    struct proctcp_socket socket = {
        .present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_ACCEPT_QUEUE,
        .state = PROCTCP_LISTEN,
        .accept_queue = 8,
    };

    (void)state;
    publish_socket(PUBLISHER(&taken), "nginx", "443-listen", &socket);
    assert_value(&taken, "nginx/queue_length-accept-443-listen", 8);
    assert_int_equal(taken.count, 1);
    socket.present |= PROCTCP_HAS_ACCEPT_QUEUE_MAX;
    socket.accept_queue_max = 128;
    publish_socket(PUBLISHER(&taken), "nginx", "443-listen", &socket);
    assert_value(&taken, "nginx/queue_length-accept_max-443-listen", 128);
}

static void a_socket_has_what_of_tcp_info_is_present(void **state)
{
    struct taken taken = {0}, without_counters = {0}, nothing = {0};
    const struct proctcp_impairment impairment = {.total_retrans = 6};
    const struct proctcp_socket bare = {.state = PROCTCP_ESTABLISHED},
                                socket = {
                                    .present =
                                        PROCTCP_HAS_RTT | PROCTCP_HAS_BYTES | PROCTCP_HAS_SEGS | PROCTCP_HAS_INFO,
                                    .rtt_us = 250000,
                                    .bytes_acked = 1,
                                    .bytes_received = 5000000000,
                                    .segs_out = 3,
                                    .segs_in = 4,
                                };

    (void)state;
    publish_socket_info(PUBLISHER(&taken), "nginx", "443-192.0.2.7-50001", &socket, &impairment, true);
    assert_value(&taken, "nginx/latency-rtt-443-192.0.2.7-50001", 0.25);
    assert_value(&taken, "nginx/if_octets-443-192.0.2.7-50001/0", 5e9);
    assert_value(&taken, "nginx/if_octets-443-192.0.2.7-50001/1", 1);
    assert_value(&taken, "nginx/if_packets-443-192.0.2.7-50001/0", 4);
    assert_value(&taken, "nginx/if_packets-443-192.0.2.7-50001/1", 3);
    assert_value(&taken, "nginx/protocol_counter-RetransSegs-443-192.0.2.7-50001/0", 6);
    assert_int_equal(taken.count, 6);

    publish_socket_info(PUBLISHER(&without_counters), "nginx", "x", &socket, &impairment, false);
    assert_value(&without_counters, "nginx/latency-rtt-x", 0.25);
    assert_int_equal(without_counters.count, 1);

    publish_socket_info(PUBLISHER(&nothing), "nginx", "x", &bare, &impairment, true);
    assert_int_equal(nothing.count, 0);
}

static void the_longest_socket_name_keeps_its_end(void **state)
{
    static const char name[] = "60000-1111:2222:3333:4444:5555:6666:7777:8888-50001";
    struct taken taken = {0};
    struct proctcp_socket socket = {.present = PROCTCP_HAS_RETRANSMITS | PROCTCP_HAS_INFO};
    const struct proctcp_impairment impairment = {0};

    (void)state;
    assert_int_equal(sizeof(name), SOCKET_NAME_SIZE);
    publish_socket(PUBLISHER(&taken), "nginx", name, &socket);
    assert_value(&taken, "nginx/count-retransmits-60000-1111:2222:3333:4444:5555:6666:7777:8888-50001", 0);
    publish_socket_info(PUBLISHER(&taken), "nginx", name, &socket, &impairment, true);
    assert_value(&taken, "nginx/protocol_counter-RetransSegs-60000-1111:2222:3333:4444:5555:6666:7777:8888-50001/0", 0);
}

static void unattributed_sockets_are_summed_over_namespaces(void **state)
{
    static struct hand hand;
    struct taken taken = {0};

    (void)state;
    hand_begin(&hand);
    hand.snapshot.unattributed_count = 3;
    hand.unattributed[0] = (struct proctcp_unattributed){.netns = 1, .state = PROCTCP_TIME_WAIT, .sockets = 4};
    hand.unattributed[1] = (struct proctcp_unattributed){.netns = 2, .state = PROCTCP_TIME_WAIT, .sockets = 5};
    hand.unattributed[2] = (struct proctcp_unattributed){.netns = 2, .state = 77, .sockets = 5};
    publish_unattributed(PUBLISHER(&taken), &hand.snapshot);
    assert_value(&taken, "proctcp-self/tcp_connections-unattributed_TIME_WAIT", 9);
    assert_value(&taken, "proctcp-self/tcp_connections-unattributed_LISTEN", 0);
    assert_int_equal(taken.count, 11);
}

static void the_scan_tells_of_itself(void **state)
{
    struct taken taken = {0};
    const struct proctcp_stats stats = {.generation = 3,
                                        .time = 1,
                                        .duration_us = 1500000,
                                        .source = PROCTCP_SOURCE_NETLINK,
                                        .source_reason = "y",
                                        .namespaces_procfs = 2,
                                        .rows = 5,
                                        .denied = 6,
                                        .failure = "x"};

    (void)state;
    publish_scan(PUBLISHER(&taken), &stats, 7, 8, 9);
    assert_value(&taken, "proctcp-self/duration-scan", 1.5);
    assert_value(&taken, "proctcp-self/count-rows", 5);
    assert_value(&taken, "proctcp-self/count-denied", 6);
    assert_value(&taken, "proctcp-self/count-namespaces_procfs", 2);
    assert_value(&taken, "proctcp-self/count-groups", 7);
    assert_value(&taken, "proctcp-self/count-truncated_groups", 8);
    assert_value(&taken, "proctcp-self/count-truncated_sockets", 9);
    assert_null(find(&taken, "proctcp-self/count-generation"));
    assert_null(find(&taken, "proctcp-self/count-time"));
    assert_null(find(&taken, "proctcp-self/count-duration_us"));
    assert_null(find(&taken, "proctcp-self/count-source"));
    assert_null(find(&taken, "proctcp-self/count-source_reason"));
    assert_unique(&taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_has_states_queues_counts_and_descriptors),
        cmocka_unit_test(a_group_has_what_sock_diag_gives),
        cmocka_unit_test(what_a_group_does_not_have_is_not_published),
        cmocka_unit_test(percents_end_at_100),
        cmocka_unit_test(a_socket_has_what_is_present),
        cmocka_unit_test(a_socket_in_initial_slow_start_has_no_ssthresh),
        cmocka_unit_test(a_listener_has_its_accept_queue_only),
        cmocka_unit_test(a_socket_has_what_of_tcp_info_is_present),
        cmocka_unit_test(the_longest_socket_name_keeps_its_end),
        cmocka_unit_test(unattributed_sockets_are_summed_over_namespaces),
        cmocka_unit_test(the_scan_tells_of_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
