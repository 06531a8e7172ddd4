/* publish.c - which values a snapshot has in collectd's terms: types of the stock types.db only, so that a collectd
 * that receives them needs no new one. Knows types and names; does not know how a value reaches the daemon. */
#include "publish.h"

#include <stdio.h>
#include <string.h>

/* As the tcpconns plugin spells them. */
static const char *const state_names[PROCTCP_STATES] = {
    [PROCTCP_CLOSED] = "CLOSED",         [PROCTCP_LISTEN] = "LISTEN",           [PROCTCP_SYN_SENT] = "SYN_SENT",
    [PROCTCP_SYN_RECEIVED] = "SYN_RECV", [PROCTCP_ESTABLISHED] = "ESTABLISHED", [PROCTCP_FIN_WAIT1] = "FIN_WAIT1",
    [PROCTCP_FIN_WAIT2] = "FIN_WAIT2",   [PROCTCP_CLOSE_WAIT] = "CLOSE_WAIT",   [PROCTCP_LAST_ACK] = "LAST_ACK",
    [PROCTCP_CLOSING] = "CLOSING",       [PROCTCP_TIME_WAIT] = "TIME_WAIT",
};

static void publish_latency(const struct publisher *publisher, const char *name, const struct proctcp_group *group)
{
    publisher->publish(publisher->to, name, "latency", "rtt-average", group->rtt_average_us / 1e6);
    publisher->publish(publisher->to, name, "latency", "rtt-max", group->rtt_max_us / 1e6);
    publisher->publish(publisher->to, name, "latency", "rtt-p95", group->rtt_p95_us / 1e6);
}

/* receiver and sender, in the order of the data sources of if_octets and if_packets */
static void publish_pair(const struct publisher *publisher, const char *group, const char *type,
                         const char *type_instance, uint64_t rx, uint64_t tx)
{
    const uint64_t values[] = {rx, tx};

    publisher->derive(publisher->to, group, type, type_instance, values, 2);
}

static void publish_traffic(const struct publisher *publisher, const char *group, const struct proctcp_totals *now,
                            const struct proctcp_totals *before)
{
    const uint64_t retransmissions = now->retransmissions - before->retransmissions;

    publish_pair(publisher, group, "if_octets", "", now->payload_received_bytes - before->payload_received_bytes,
                 now->payload_sent_bytes - before->payload_sent_bytes);
    publish_pair(publisher, group, "if_packets", "", now->segs_in - before->segs_in, now->segs_out - before->segs_out);
    publisher->derive(publisher->to, group, "protocol_counter", "RetransSegs", &retransmissions, 1);
}

static void publish_counter(const struct publisher *publisher, const char *group, const char *type,
                            const char *type_instance, uint64_t now, uint64_t before)
{
    const uint64_t up = now - before;

    publisher->derive(publisher->to, group, type, type_instance, &up, 1);
}

static void publish_connections(const struct publisher *publisher, const char *group,
                                const struct proctcp_connections *now, const struct proctcp_connections *before)
{
    publish_counter(publisher, group, "connections", "connects", now->connects, before->connects);
    publish_counter(publisher, group, "connections", "connect_failures-refused", now->connect_failures_refused,
                    before->connect_failures_refused);
    publish_counter(publisher, group, "connections", "connect_failures-timed_out", now->connect_failures_timed_out,
                    before->connect_failures_timed_out);
    publish_counter(publisher, group, "connections", "connect_failures-unreachable", now->connect_failures_unreachable,
                    before->connect_failures_unreachable);
    publish_counter(publisher, group, "connections", "connect_failures-other", now->connect_failures_other,
                    before->connect_failures_other);
    publish_counter(publisher, group, "connections", "accepts", now->accepts, before->accepts);
    publish_counter(publisher, group, "connections", "closed", now->closed_connections, before->closed_connections);
    publish_counter(publisher, group, "connections", "resets_sent", now->resets_sent, before->resets_sent);
    publish_counter(publisher, group, "connections", "resets_received", now->resets_received, before->resets_received);
    /* whole milliseconds of each, so that the difference of two is right */
    publish_counter(publisher, group, "total_time_in_ms", "connect", now->connect_time_us / 1000,
                    before->connect_time_us / 1000);
    publish_counter(publisher, group, "total_time_in_ms", "lifetime", now->lifetime_us / 1000,
                    before->lifetime_us / 1000);
}

void publish_group(const struct publisher *publisher, const char *name, const struct proctcp_group *group,
                   bool by_state, const struct counted *before)
{
    publish_fn *publish = publisher->publish;
    void *to = publisher->to;

    for (unsigned state = PROCTCP_CLOSED; state < PROCTCP_STATES && by_state; state++)
        publish(to, name, "tcp_connections", state_names[state], group->by_state[state]);
    if (group->present & PROCTCP_HAS_GROUP_QUEUES) {
        publish(to, name, "bytes", "rx_queue", (double)group->rx_queue_bytes);
        publish(to, name, "bytes", "tx_queue", (double)group->tx_queue_bytes);
    }
    if (group->present & PROCTCP_HAS_GROUP_ACCEPT_QUEUE)
        publish(to, name, "queue_length", "accept", (double)group->accept_queue);
    if (group->present & PROCTCP_HAS_GROUP_ACCEPT_QUEUE_MAX)
        publish(to, name, "queue_length", "accept_max", (double)group->accept_queue_max);
    if (before && group->present & PROCTCP_HAS_GROUP_RTT)
        publish_latency(publisher, name, group);
    if (before && group->present & PROCTCP_HAS_TOTAL_PAYLOAD_RECEIVED)
        publish_traffic(publisher, name, &group->totals, &before->totals);
    if (before && group->present & PROCTCP_HAS_CONNECTIONS)
        publish_connections(publisher, name, &group->connections, &before->connections);
    publish(to, name, "count", "processes", group->processes);
    publish(to, name, "count", "sockets", group->sockets);
    publish(to, name, "count", "unbound", group->unbound);
    publish(to, name, "file_handles", "used", group->fds);
    if (group->present & PROCTCP_HAS_GROUP_FD_LIMIT) {
        double percent = 100.0 * (double)group->fds / (double)group->fd_limit;

        publish(to, name, "file_handles", "max", (double)group->fd_limit);
        /* A limit can be lowered below what is open; the type ends at 100.1. */
        publish(to, name, "percent", "file_handles", percent < 100.0 ? percent : 100.0);
    }
}

static void publish_of_socket(const struct publisher *publisher, const char *group, const char *type, const char *what,
                              const char *name, double value)
{
    char type_instance[IDENTIFIER_SIZE];

    snprintf(type_instance, sizeof(type_instance), "%s-%s", what, name);
    publisher->publish(publisher->to, group, type, type_instance, value);
}

void publish_socket(const struct publisher *publisher, const char *group, const char *name,
                    const struct proctcp_socket *socket)
{
    if (socket->present & PROCTCP_HAS_QUEUES) {
        publish_of_socket(publisher, group, "bytes", "rx_queue", name, socket->rx_queue_bytes);
        publish_of_socket(publisher, group, "bytes", "tx_queue", name, socket->tx_queue_bytes);
    }
    if (socket->present & PROCTCP_HAS_ACCEPT_QUEUE)
        publish_of_socket(publisher, group, "queue_length", "accept", name, socket->accept_queue);
    if (socket->present & PROCTCP_HAS_ACCEPT_QUEUE_MAX)
        publish_of_socket(publisher, group, "queue_length", "accept_max", name, socket->accept_queue_max);
    if (socket->present & PROCTCP_HAS_RETRANSMITS)
        publish_of_socket(publisher, group, "count", "retransmits", name, socket->retransmits);
    if (socket->present & PROCTCP_HAS_CWND)
        publish_of_socket(publisher, group, "count", "cwnd", name, socket->cwnd_segments);
    if ((socket->present & PROCTCP_HAS_SSTHRESH) && socket->ssthresh_segments >= 0)
        publish_of_socket(publisher, group, "count", "ssthresh", name, socket->ssthresh_segments);
}

void publish_socket_info(const struct publisher *publisher, const char *group, const char *name,
                         const struct proctcp_socket *socket, const struct proctcp_impairment *impairment,
                         bool counters)
{
    if (socket->present & PROCTCP_HAS_RTT)
        publish_of_socket(publisher, group, "latency", "rtt", name, socket->rtt_us / 1e6);
    if (!counters)
        return;
    if (socket->present & PROCTCP_HAS_BYTES)
        publish_pair(publisher, group, "if_octets", name, socket->bytes_received, socket->bytes_acked);
    if (socket->present & PROCTCP_HAS_SEGS)
        publish_pair(publisher, group, "if_packets", name, socket->segs_in, socket->segs_out);
    if (socket->present & PROCTCP_HAS_INFO) {
        const uint64_t retransmissions = impairment->total_retrans;
        char type_instance[IDENTIFIER_SIZE];

        snprintf(type_instance, sizeof(type_instance), "RetransSegs-%s", name);
        publisher->derive(publisher->to, group, "protocol_counter", type_instance, &retransmissions, 1);
    }
}

void publish_unattributed(const struct publisher *publisher, const struct proctcp_snapshot *snapshot)
{
    uint32_t by_state[PROCTCP_STATES] = {0};
    char type_instance[IDENTIFIER_SIZE];

    for (uint32_t i = 0; i < snapshot->unattributed_count; i++) {
        const struct proctcp_unattributed *unattributed = &snapshot->unattributed[i];

        if (unattributed->state < PROCTCP_STATES)
            by_state[unattributed->state] += unattributed->sockets;
    }
    for (unsigned state = PROCTCP_CLOSED; state < PROCTCP_STATES; state++) {
        snprintf(type_instance, sizeof(type_instance), "unattributed_%s", state_names[state]);
        publisher->publish(publisher->to, IDENTIFIER_SELF, "tcp_connections", type_instance, by_state[state]);
    }
}

/* Counts of this scan. The number of the scan, its time and its source are no counts. */
static bool is_count(const struct proctcp_field *field)
{
    return field->type == PROCTCP_UNSIGNED && !field->is_counter && strcmp(field->name, "duration_us") != 0;
}

void publish_scan(const struct publisher *publisher, const struct proctcp_stats *stats, uint32_t groups,
                  uint32_t groups_left_out, uint32_t sockets_left_out)
{
    publish_fn *publish = publisher->publish;
    void *to = publisher->to;
    size_t count;
    const struct proctcp_field *fields = proctcp_stats_fields(&count);

    publish(to, IDENTIFIER_SELF, "duration", "scan", (double)stats->duration_us / 1e6);
    for (size_t i = 0; i < count; i++) {
        struct proctcp_value value;

        if (is_count(&fields[i]) && proctcp_stats_value(stats, &fields[i], &value))
            publish(to, IDENTIFIER_SELF, "count", fields[i].name, (double)value.number);
    }
    publish(to, IDENTIFIER_SELF, "count", "groups", groups);
    publish(to, IDENTIFIER_SELF, "count", "truncated_groups", groups_left_out);
    publish(to, IDENTIFIER_SELF, "count", "truncated_sockets", sockets_left_out);
}
