/* group_field.c - the field table of groups. Knows where a field stands and what it means. */
#include "present/field.h"

#define GROUP(member) .record = PROCTCP_IN_GROUP, MEMBER(struct proctcp_group, member)

#define STATE_COUNT(number, word)                                                                                      \
    {                                                                                                                  \
        .id = 4 + (number), .name = word, UNSIGNED, GROUP(by_state[number]), .unit = "sockets",                        \
        .help = "sockets held in this state"                                                                           \
    }

/* Id 1 is the name as an index. A socket that waits in TIME_WAIT or is not accepted yet has no holder. */
/* clang-format off */
static const struct proctcp_field group_fields[] = {
    {.id = 2, .name = "group", .type = PROCTCP_TEXT, GROUP(name),
     .help = "what its processes are grouped under"},
    {.id = 3, .name = "processes", UNSIGNED, GROUP(processes),
     .unit = "processes", .help = "its processes that hold a TCP socket"},
    {.id = 4, .name = "sockets", UNSIGNED, GROUP(sockets),
     .unit = "sockets", .help = "TCP sockets held, each once"},
    STATE_COUNT(PROCTCP_CLOSED, "closed"),
    STATE_COUNT(PROCTCP_LISTEN, "listen"),
    STATE_COUNT(PROCTCP_SYN_SENT, "syn_sent"),
    {.id = 8, .name = "established", UNSIGNED, GROUP(by_state[PROCTCP_ESTABLISHED]),
     .unit = "sockets", .help = "sockets held in this state"},
    {.id = 9, .name = "fin_wait1", UNSIGNED, GROUP(by_state[PROCTCP_FIN_WAIT1]),
     .unit = "sockets", .help = "sockets held in this state"},
    {.id = 10, .name = "fin_wait2", UNSIGNED, GROUP(by_state[PROCTCP_FIN_WAIT2]),
     .unit = "sockets", .help = "sockets held in this state"},
    {.id = 11, .name = "close_wait", UNSIGNED, GROUP(by_state[PROCTCP_CLOSE_WAIT]),
     .unit = "sockets", .help = "sockets held in this state: the peer has closed, and the process has not"},
    {.id = 12, .name = "last_ack", UNSIGNED, GROUP(by_state[PROCTCP_LAST_ACK]),
     .unit = "sockets", .help = "sockets held in this state"},
    {.id = 13, .name = "closing", UNSIGNED, GROUP(by_state[PROCTCP_CLOSING]),
     .unit = "sockets", .help = "sockets held in this state"},
    {.id = 14, .name = "unbound", UNSIGNED, GROUP(unbound),
     .unit = "sockets", .help = "TCP sockets held that are neither connected nor listening: not yet, or torn down and not closed"},
    {.id = 15, .name = "left_behind", UNSIGNED, GROUP(left_behind),
     .unit = "sockets", .help = "sockets in TIME_WAIT and orphans whose last holder was of the group"},
    {.id = 16, .name = "retransmitting", UNSIGNED, GROUP(retransmitting),
     .unit = "sockets", .help = "sockets with unrecovered timeouts, or segments sent again and not acknowledged"},
    {.id = 17, .name = "tx_queue_bytes", UNSIGNED, GROUP(tx_queue_bytes),
     .present = PROCTCP_HAS_GROUP_QUEUES, .unit = "bytes", .help = "written and not yet acknowledged, of its connections"},
    {.id = 18, .name = "rx_queue_bytes", UNSIGNED, GROUP(rx_queue_bytes),
     .present = PROCTCP_HAS_GROUP_QUEUES, .unit = "bytes", .help = "received and not yet read, of its connections"},
    {.id = 19, .name = "accept_queue", UNSIGNED, GROUP(accept_queue),
     .present = PROCTCP_HAS_GROUP_ACCEPT_QUEUE, .unit = "connections", .help = "connections that wait to be accepted"},
    {.id = 20, .name = "accept_queue_max", UNSIGNED, GROUP(accept_queue_max),
     .present = PROCTCP_HAS_GROUP_ACCEPT_QUEUE_MAX, .unit = "connections", .help = "most connections that may wait to be accepted"},
    {.id = 21, .name = "accept_drops", COUNTER, GROUP(totals.accept_drops),
     .present = PROCTCP_HAS_TOTAL_ACCEPT_DROPS, .unit = "packets", .help = "packets that the full SYN and accept queues of its listeners dropped, in all"},
    {.id = 22, .name = "rtt_average_us", UNSIGNED, GROUP(rtt_average_us),
     .present = PROCTCP_HAS_GROUP_RTT, .unit = "microseconds", .help = "round-trip time of its established connections, on average"},
    {.id = 23, .name = "rtt_p95_us", UNSIGNED, GROUP(rtt_p95_us),
     .present = PROCTCP_HAS_GROUP_RTT, .unit = "microseconds", .help = "round-trip time that 95 of 100 of them do not exceed"},
    {.id = 24, .name = "rtt_max_us", UNSIGNED, GROUP(rtt_max_us),
     .present = PROCTCP_HAS_GROUP_RTT, .unit = "microseconds", .help = "the longest of their round-trip times"},
    {.id = 25, .name = "fds", UNSIGNED, GROUP(fds),
     .present = PROCTCP_HAS_GROUP_FDS, .unit = "descriptors", .help = "open descriptors of the process that is nearest to its limit"},
    {.id = 26, .name = "fd_limit", UNSIGNED, GROUP(fd_limit),
     .present = PROCTCP_HAS_GROUP_FD_LIMIT, .unit = "descriptors", .help = "the limit of that process"},
    {.id = 27, .name = "fds_pid", .type = PROCTCP_SIGNED, GROUP(fds_pid),
     .present = PROCTCP_HAS_GROUP_FDS, .help = "process id of that process"},
    {.id = 28, .name = "payload_sent_bytes", COUNTER, GROUP(totals.payload_sent_bytes),
     .present = PROCTCP_HAS_TOTAL_PAYLOAD_SENT, .unit = "bytes", .help = "payload that its sockets sent, each byte once, in all"},
    {.id = 29, .name = "payload_received_bytes", COUNTER, GROUP(totals.payload_received_bytes),
     .present = PROCTCP_HAS_TOTAL_PAYLOAD_RECEIVED, .unit = "bytes", .help = "payload that its sockets received, in all"},
    {.id = 30, .name = "bytes_sent", COUNTER, GROUP(totals.bytes_sent),
     .present = PROCTCP_HAS_TOTAL_BYTES_SENT, .unit = "bytes", .help = "bytes that its sockets sent, with what was sent again, in all"},
    {.id = 31, .name = "bytes_acked", COUNTER, GROUP(totals.bytes_acked),
     .present = PROCTCP_HAS_TOTAL_BYTES_ACKED, .unit = "bytes", .help = "bytes that were acknowledged to its sockets, as the kernel counts (SYN and FIN too), in all"},
    {.id = 32, .name = "bytes_received", COUNTER, GROUP(totals.bytes_received),
     .present = PROCTCP_HAS_TOTAL_BYTES_RECEIVED, .unit = "bytes", .help = "bytes that its sockets received, as the kernel counts (FIN too), in all"},
    {.id = 33, .name = "segs_out", COUNTER, GROUP(totals.segs_out),
     .present = PROCTCP_HAS_TOTAL_SEGS_OUT, .unit = "segments", .help = "segments that its sockets sent, in all"},
    {.id = 34, .name = "segs_in", COUNTER, GROUP(totals.segs_in),
     .present = PROCTCP_HAS_TOTAL_SEGS_IN, .unit = "segments", .help = "segments that its sockets received, in all"},
    {.id = 35, .name = "retransmissions", COUNTER, GROUP(totals.retransmissions),
     .present = PROCTCP_HAS_TOTAL_RETRANSMISSIONS, .unit = "segments", .help = "segments that its sockets sent again, in all"},
    {.id = 36, .name = "sockets_opened", COUNTER, GROUP(sockets_opened),
     .unit = "sockets", .help = "sockets first seen in it, in all"},
    {.id = 37, .name = "sockets_closed", COUNTER, GROUP(sockets_closed),
     .unit = "sockets", .help = "sockets last seen in it, in all"},
    {.id = 38, .name = "start_time", .type = PROCTCP_TIME, GROUP(start_time),
     .present = PROCTCP_HAS_GROUP_START_TIME, .help = "when the process started that has run for longest"},
    {.id = 39, .name = "last_seen", .type = PROCTCP_TIME, GROUP(last_seen),
     .present = PROCTCP_HAS_GROUP_LAST_SEEN, .help = "time of the last scan that saw a process of it"},
    {.id = 40, .name = "connects", COUNTER, GROUP(connections.connects),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "connections that it began and that came to be, in all"},
    {.id = 41, .name = "connect_failures", COUNTER, GROUP(connections.connect_failures),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "connections that it tried and that did not come to be, in all"},
    {.id = 42, .name = "connect_failures_refused", COUNTER, GROUP(connections.connect_failures_refused),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "of these, refused by the other end, in all"},
    {.id = 43, .name = "connect_failures_timed_out", COUNTER, GROUP(connections.connect_failures_timed_out),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "of these, without an answer, in all"},
    {.id = 44, .name = "connect_failures_unreachable", COUNTER, GROUP(connections.connect_failures_unreachable),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "of these, to a host or network that could not be reached, in all"},
    {.id = 45, .name = "connect_failures_other", COUNTER, GROUP(connections.connect_failures_other),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "of these, for another reason, mostly given up by the process, in all"},
    {.id = 46, .name = "accepts", COUNTER, GROUP(connections.accepts),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "connections that came in and that it accepted, in all"},
    {.id = 47, .name = "closed_connections", COUNTER, GROUP(connections.closed_connections),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "connections that came to their end, in all"},
    {.id = 48, .name = "resets", COUNTER, GROUP(connections.resets),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "connections that were reset, from either end, in all"},
    {.id = 49, .name = "resets_sent", COUNTER, GROUP(connections.resets_sent),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "of these, reset from this end, in all"},
    {.id = 50, .name = "resets_received", COUNTER, GROUP(connections.resets_received),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "of these, reset from the other end, in all"},
    {.id = 51, .name = "connect_time_us", COUNTER, GROUP(connections.connect_time_us),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "microseconds", .help = "how long its connects took, those that came to be, in all"},
    {.id = 52, .name = "lifetime_us", COUNTER, GROUP(connections.lifetime_us),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "microseconds", .help = "how long its closed connections had lasted, in all"},
};
/* clang-format on */

const struct proctcp_field *proctcp_group_fields(size_t *count)
{
    *count = COUNT(group_fields);
    return group_fields;
}

bool proctcp_group_value(const struct proctcp_group *group, const struct proctcp_field *field,
                         struct proctcp_value *value)
{
    if (field->present && !(group->present & field->present))
        return false;
    field_read(group, field, value);
    return true;
}
