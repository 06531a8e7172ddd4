/* metrics.c - which values there are in collectd's terms. Knows types, names and the library's fields; does not know
 * what is published of them, nor how a value reaches the daemon. */
#include "metrics.h"

const char *const report_names[REPORT_KINDS + 1] = {"states",      "traffic", "latency",     "queues",
                                                    "descriptors", "counts",  "connections", NULL};

#define STATES      REPORT_STATES
#define TRAFFIC     REPORT_TRAFFIC
#define LATENCY     REPORT_LATENCY
#define QUEUES      REPORT_QUEUES
#define DESCRIPTORS REPORT_DESCRIPTORS
#define COUNTS      REPORT_COUNTS
#define CONNECTIONS REPORT_CONNECTIONS
#define GAUGE       METRIC_GAUGE
#define RARE        METRIC_RARE
#define COUNTER     METRIC_COUNTER
#define METRIC(k, s, lean, t, instance, ...)                                                                           \
    {                                                                                                                  \
        .kind = (k), .shape = (s), .is_lean = (lean), .type = (t), .type_instance = (instance), .fields = {            \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* No process can hold a socket in TIME_WAIT, nor one in SYN_RECV: left_behind and proctcp-self have these.
 * Of types with two values the order is rx, tx: what was received comes first. */
/* clang-format off */
const struct metric group_metrics[] = {
    METRIC(STATES, GAUGE, true, "tcp_connections", "ESTABLISHED", "established"),
    METRIC(STATES, RARE, true, "tcp_connections", "LISTEN", "listen"),
    METRIC(STATES, RARE, true, "tcp_connections", "CLOSED", "closed"),
    METRIC(STATES, RARE, true, "tcp_connections", "SYN_SENT", "syn_sent"),
    METRIC(STATES, RARE, true, "tcp_connections", "FIN_WAIT1", "fin_wait1"),
    METRIC(STATES, RARE, true, "tcp_connections", "FIN_WAIT2", "fin_wait2"),
    METRIC(STATES, RARE, true, "tcp_connections", "CLOSE_WAIT", "close_wait"),
    METRIC(STATES, RARE, true, "tcp_connections", "LAST_ACK", "last_ack"),
    METRIC(STATES, RARE, true, "tcp_connections", "CLOSING", "closing"),
    METRIC(TRAFFIC, COUNTER, true, "if_octets", "", "payload_received_bytes", "payload_sent_bytes"),
    METRIC(TRAFFIC, COUNTER, true, "if_packets", "", "segs_in", "segs_out"),
    METRIC(TRAFFIC, COUNTER, true, "protocol_counter", "RetransSegs", "retransmissions"),
    METRIC(LATENCY, GAUGE, true, "latency", "rtt-average", "rtt_average_us"),
    METRIC(LATENCY, GAUGE, false, "latency", "rtt-p95", "rtt_p95_us"),
    METRIC(LATENCY, GAUGE, false, "latency", "rtt-max", "rtt_max_us"),
    METRIC(QUEUES, GAUGE, true, "bytes", "rx_queue", "rx_queue_bytes"),
    METRIC(QUEUES, GAUGE, true, "bytes", "tx_queue", "tx_queue_bytes"),
    METRIC(QUEUES, GAUGE, true, "queue_length", "accept", "accept_queue"),
    METRIC(QUEUES, GAUGE, true, "queue_length", "accept_max", "accept_queue_max"),
    METRIC(QUEUES, COUNTER, false, "packets", "accept_drops", "accept_drops"),
    METRIC(DESCRIPTORS, GAUGE, false, "file_handles", "used", "fds"),
    METRIC(DESCRIPTORS, GAUGE, false, "file_handles", "max", "fd_limit"),
    METRIC(DESCRIPTORS, METRIC_PERCENT, false, "percent", "file_handles", "fds", "fd_limit"),
    METRIC(COUNTS, GAUGE, true, "count", "processes", "processes"),
    METRIC(COUNTS, GAUGE, true, "count", "sockets", "sockets"),
    METRIC(COUNTS, RARE, true, "count", "unbound", "unbound"),
    METRIC(COUNTS, RARE, true, "count", "left_behind", "left_behind"),
    METRIC(COUNTS, GAUGE, false, "count", "retransmitting", "retransmitting"),
    METRIC(CONNECTIONS, COUNTER, true, "connections", "sockets_opened", "sockets_opened"),
    METRIC(CONNECTIONS, COUNTER, true, "connections", "sockets_closed", "sockets_closed"),
    METRIC(CONNECTIONS, COUNTER, false, "connections", "connects", "connects"),
    METRIC(CONNECTIONS, COUNTER, false, "connections", "connect_failures-refused", "connect_failures_refused"),
    METRIC(CONNECTIONS, COUNTER, false, "connections", "connect_failures-timed_out", "connect_failures_timed_out"),
    METRIC(CONNECTIONS, COUNTER, false, "connections", "connect_failures-unreachable", "connect_failures_unreachable"),
    METRIC(CONNECTIONS, COUNTER, false, "connections", "connect_failures-other", "connect_failures_other"),
    METRIC(CONNECTIONS, COUNTER, false, "connections", "accepts", "accepts"),
    METRIC(CONNECTIONS, COUNTER, false, "connections", "closed", "closed_connections"),
    METRIC(CONNECTIONS, COUNTER, false, "connections", "resets_sent", "resets_sent"),
    METRIC(CONNECTIONS, COUNTER, false, "connections", "resets_received", "resets_received"),
    METRIC(CONNECTIONS, COUNTER, false, "total_time_in_ms", "connect", "connect_time_us"),
    METRIC(CONNECTIONS, COUNTER, false, "total_time_in_ms", "lifetime", "lifetime_us"),
};

const struct metric listener_metrics[] = {
    METRIC(QUEUES, GAUGE, true, "queue_length", "accept", "accept_queue"),
    METRIC(QUEUES, GAUGE, true, "queue_length", "accept_max", "accept_queue_max"),
    METRIC(QUEUES, COUNTER, true, "packets", "accept_drops", "drops"),
    METRIC(STATES, GAUGE, true, "tcp_connections", "ESTABLISHED", "established"),
    METRIC(STATES, RARE, true, "tcp_connections", "SYN_RECV", "syn_received"),
    METRIC(STATES, RARE, true, "tcp_connections", "FIN_WAIT1", "fin_wait1"),
    METRIC(STATES, RARE, true, "tcp_connections", "FIN_WAIT2", "fin_wait2"),
    METRIC(STATES, RARE, true, "tcp_connections", "CLOSE_WAIT", "close_wait"),
    METRIC(STATES, RARE, true, "tcp_connections", "LAST_ACK", "last_ack"),
    METRIC(STATES, RARE, true, "tcp_connections", "CLOSING", "closing"),
    METRIC(STATES, RARE, true, "tcp_connections", "TIME_WAIT", "time_wait"),
    METRIC(COUNTS, GAUGE, true, "count", "processes", "processes"),
};

const struct metric socket_metrics[] = {
    METRIC(QUEUES, GAUGE, true, "bytes", "rx_queue", "rx_queue_bytes"),
    METRIC(QUEUES, GAUGE, true, "bytes", "tx_queue", "tx_queue_bytes"),
    METRIC(QUEUES, GAUGE, true, "queue_length", "accept", "accept_queue"),
    METRIC(QUEUES, GAUGE, true, "queue_length", "accept_max", "accept_queue_max"),
    METRIC(COUNTS, GAUGE, true, "count", "retransmits", "retransmits"),
    METRIC(COUNTS, GAUGE, true, "count", "cwnd", "cwnd_segments"),
    METRIC(COUNTS, GAUGE, true, "count", "ssthresh", "ssthresh_segments"),
    METRIC(LATENCY, GAUGE, true, "latency", "rtt", "rtt_us"),
    METRIC(TRAFFIC, COUNTER, true, "if_octets", "", "bytes_received", "bytes_acked"),
    METRIC(TRAFFIC, COUNTER, true, "if_packets", "", "segs_in", "segs_out"),
    METRIC(TRAFFIC, COUNTER, true, "protocol_counter", "RetransSegs", "total_retrans"),
};
/* clang-format on */

const size_t group_metric_count = COUNT(group_metrics), listener_metric_count = COUNT(listener_metrics),
             socket_metric_count = COUNT(socket_metrics);

_Static_assert(COUNT(group_metrics) <= METRICS_MAX, "more metrics than a mask has bits");

static void choose(const struct metric *metrics, size_t count, unsigned kinds, unsigned lean_kinds,
                   const struct proctcp_field *fields, size_t field_count, struct profile *profile)
{
    uint8_t counters = 0;

    profile->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct chosen_metric *chosen = &profile->at[profile->count];
        const uint8_t counter = counters;

        if (metrics[i].shape == METRIC_COUNTER)
            counters = (uint8_t)(counters + 1 + (metrics[i].fields[1] != NULL));
        if (counters > COUNTERS_MAX)
            return; /* there is no place to remember it; a unit test sees that there is */
        if (!(metrics[i].kind & kinds) && !(metrics[i].is_lean && metrics[i].kind & lean_kinds))
            continue;
        *chosen = (struct chosen_metric){.metric = &metrics[i], .number = (uint8_t)i, .counter = counter};
        for (unsigned f = 0; f < 2 && metrics[i].fields[f]; f++)
            chosen->fields[f] = proctcp_field_by_name(fields, field_count, metrics[i].fields[f]);
        profile->count++;
    }
}

void profile_of_groups(unsigned kinds, unsigned lean_kinds, struct profile *profile)
{
    size_t count;
    const struct proctcp_field *fields = proctcp_group_fields(&count);

    choose(group_metrics, group_metric_count, kinds, lean_kinds, fields, count, profile);
}

void profile_of_listeners(unsigned kinds, struct profile *profile)
{
    size_t count;
    const struct proctcp_field *fields = proctcp_listener_fields(&count);

    choose(listener_metrics, listener_metric_count, kinds, 0, fields, count, profile);
}

void profile_of_sockets(unsigned kinds, struct profile *profile)
{
    size_t count;
    const struct proctcp_field *fields = proctcp_row_fields(&count);

    choose(socket_metrics, socket_metric_count, kinds, 0, fields, count, profile);
}

const char *metric_state(unsigned state)
{
    static const char *const names[PROCTCP_STATES] = {
        [PROCTCP_CLOSED] = "CLOSED",         [PROCTCP_LISTEN] = "LISTEN",           [PROCTCP_SYN_SENT] = "SYN_SENT",
        [PROCTCP_SYN_RECEIVED] = "SYN_RECV", [PROCTCP_ESTABLISHED] = "ESTABLISHED", [PROCTCP_FIN_WAIT1] = "FIN_WAIT1",
        [PROCTCP_FIN_WAIT2] = "FIN_WAIT2",   [PROCTCP_CLOSE_WAIT] = "CLOSE_WAIT",   [PROCTCP_LAST_ACK] = "LAST_ACK",
        [PROCTCP_CLOSING] = "CLOSING",       [PROCTCP_TIME_WAIT] = "TIME_WAIT",
    };

    return state < PROCTCP_STATES ? names[state] : NULL;
}
