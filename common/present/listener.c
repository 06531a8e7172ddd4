/* listener.c - the fields of a listener. */
#include "present/field.h"

#define LISTENER(member) .record = PROCTCP_IN_LISTENER, MEMBER(struct proctcp_listener, member)
#define HOLDER(member)   .record = PROCTCP_IN_ROW, MEMBER(struct proctcp_row, member)

#define STATE_COUNT(number, word, state)                                                                               \
    {                                                                                                                  \
        .id = (number), .name = word, UNSIGNED, LISTENER(by_state[state]), .unit = "connections",                      \
        .present = PROCTCP_HAS_LISTENER_CONNECTIONS, .help = "connections in this state"                               \
    }

/* clang-format off */
static const struct proctcp_field listener_fields[] = {
    {.id = 1, .name = "netns", UNSIGNED, LISTENER(netns),
     .help = "inode of the network namespace"},
    {.id = 2, .name = "local_address", .type = PROCTCP_ADDRESS, LISTENER(local_address),
     .help = "local address; the IPv4 address where it is IPv4-mapped"},
    {.id = 3, .name = "local_port", UNSIGNED, LISTENER(local_port),
     .help = "local port"},
    {.id = 4, .name = "process", .type = PROCTCP_TEXT, .record = PROCTCP_IN_PROCESS, MEMBER(struct proctcp_process, name),
     .present = PROCTCP_HAS_PROCESS, .help = "name of the first process that holds it (comm)"},
    {.id = 5, .name = "pid", .type = PROCTCP_SIGNED, HOLDER(pid),
     .help = "process id of that process"},
    {.id = 6, .name = "fd", .type = PROCTCP_SIGNED, HOLDER(fd),
     .help = "first descriptor of that process"},
    {.id = 7, .name = "group", .type = PROCTCP_TEXT, .record = PROCTCP_IN_GROUP, MEMBER(struct proctcp_group, name),
     .help = "group that its sockets count in; absent without a grouping"},
    {.id = 8, .name = "owners", UNSIGNED, LISTENER(owners),
     .help = "rows that hold its sockets"},
    {.id = 9, .name = "sockets", UNSIGNED, LISTENER(sockets),
     .unit = "sockets", .help = "sockets that listen there: several with SO_REUSEPORT"},
    {.id = 10, .name = "processes", UNSIGNED, LISTENER(processes),
     .unit = "processes", .help = "processes that hold them"},
    {.id = 11, .name = "uid", UNSIGNED, LISTENER(uid),
     .present = PROCTCP_HAS_LISTENER_UID, .help = "user id of the sockets"},
    {.id = 12, .name = "accept_queue", UNSIGNED, LISTENER(accept_queue),
     .present = PROCTCP_HAS_LISTENER_ACCEPT_QUEUE, .unit = "connections", .help = "connections that wait to be accepted"},
    {.id = 13, .name = "accept_queue_max", UNSIGNED, LISTENER(accept_queue_max),
     .present = PROCTCP_HAS_LISTENER_ACCEPT_QUEUE_MAX, .unit = "connections", .help = "most connections that may wait to be accepted"},
    {.id = 14, .name = "drops", UNSIGNED, LISTENER(drops),
     .present = PROCTCP_HAS_LISTENER_DROPS, .unit = "packets", .help = "packets that the full SYN and accept queues of its sockets dropped"},
    {.id = 15, .name = "connections", UNSIGNED, LISTENER(connections),
     .present = PROCTCP_HAS_LISTENER_CONNECTIONS, .unit = "connections", .help = "connections that came in through it, in any state, held or not"},
    STATE_COUNT(16, "syn_received", PROCTCP_SYN_RECEIVED),
    STATE_COUNT(17, "established", PROCTCP_ESTABLISHED),
    STATE_COUNT(18, "fin_wait1", PROCTCP_FIN_WAIT1),
    STATE_COUNT(19, "fin_wait2", PROCTCP_FIN_WAIT2),
    STATE_COUNT(20, "close_wait", PROCTCP_CLOSE_WAIT),
    STATE_COUNT(21, "last_ack", PROCTCP_LAST_ACK),
    STATE_COUNT(22, "closing", PROCTCP_CLOSING),
    STATE_COUNT(23, "time_wait", PROCTCP_TIME_WAIT),
    {.id = 24, .name = "tx_queue_bytes", UNSIGNED, LISTENER(tx_queue_bytes),
     .present = PROCTCP_HAS_LISTENER_CONNECTIONS, .unit = "bytes", .help = "sum over the connections"},
    {.id = 25, .name = "rx_queue_bytes", UNSIGNED, LISTENER(rx_queue_bytes),
     .present = PROCTCP_HAS_LISTENER_CONNECTIONS, .unit = "bytes", .help = "sum over the connections"},
    {.id = 26, .name = "rtt_average_us", UNSIGNED, LISTENER(rtt_average_us),
     .present = PROCTCP_HAS_LISTENER_RTT, .unit = "microseconds", .help = "smoothed round-trip time of established connections, on average"},
    {.id = 27, .name = "rtt_p95_us", UNSIGNED, LISTENER(rtt_p95_us),
     .present = PROCTCP_HAS_LISTENER_RTT, .unit = "microseconds", .help = "the least round-trip time that 95 of 100 do not exceed"},
    {.id = 28, .name = "rtt_max_us", UNSIGNED, LISTENER(rtt_max_us),
     .present = PROCTCP_HAS_LISTENER_RTT, .unit = "microseconds", .help = "the longest round-trip time"},
    {.id = 29, .name = "interface", UNSIGNED, LISTENER(interface),
     .present = PROCTCP_HAS_LISTENER_INTERFACE, .help = "index of the interface that its sockets are bound to"},
};
/* clang-format on */

const struct proctcp_field *proctcp_listener_fields(size_t *count)
{
    *count = COUNT(listener_fields);
    return listener_fields;
}

bool proctcp_listener_value(const struct proctcp_snapshot *snapshot, const struct proctcp_listener *listener,
                            const struct proctcp_field *field, struct proctcp_value *value)
{
    if (field->record == PROCTCP_IN_GROUP)
        return listener->row != PROCTCP_NONE && snapshot->row_groups &&
               proctcp_group_value(&snapshot->groups[snapshot->row_groups[listener->row]], field, value);
    if (field->record != PROCTCP_IN_LISTENER)
        return listener->row != PROCTCP_NONE &&
               proctcp_row_value(snapshot, &snapshot->rows[listener->row], field, value);
    if (field->present && !(listener->present & field->present))
        return false;
    field_read(listener, field, value);
    return true;
}
