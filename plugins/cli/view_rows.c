/* view_rows.c - one row for each descriptor that is a TCP socket. */
#include "cells.h"
#include "severity.h"

static uint32_t count(const struct output *output)
{
    return output->snapshot->row_count;
}

static const void *item_at(const struct output *output, uint32_t index)
{
    return &output->snapshot->rows[index];
}

static bool value_of(const struct output *output, const void *item, const struct proctcp_field *field,
                     struct proctcp_value *value)
{
    return proctcp_row_value(output->snapshot, item, field, value);
}

static const struct proctcp_socket *socket_of(const struct output *output, const void *item)
{
    return &output->snapshot->sockets[((const struct proctcp_row *)item)->socket];
}

/* Further subflows of an MPTCP descriptor show as 5.2, 5.3 ... */
static size_t put_fd(const struct output *output, const void *item, char text[CELL_SIZE])
{
    const struct proctcp_row *row = item;
    size_t length = format_signed(text, row->fd);

    (void)output;
    if (row->subflow > 1) {
        text[length++] = '.';
        length += format_unsigned(text + length, row->subflow);
    }
    return length;
}

static size_t put_state(const struct output *output, const void *item, char text[CELL_SIZE])
{
    return cell_socket_state(output, socket_of(output, item), text);
}

static size_t put_direction(const struct output *output, const void *item, char text[CELL_SIZE])
{
    const uint8_t direction = socket_of(output, item)->direction;
    return direction == PROCTCP_INBOUND    ? cell_text(text, "in")
           : direction == PROCTCP_OUTBOUND ? cell_text(text, "out")
                                           : 0;
}

static size_t put_local(const struct output *output, const void *item, char text[CELL_SIZE])
{
    return cell_local(socket_of(output, item), text);
}

static size_t put_remote(const struct output *output, const void *item, char text[CELL_SIZE])
{
    return cell_remote(socket_of(output, item), text);
}

static size_t put_peer(const struct output *output, const void *item, char text[CELL_SIZE])
{
    return cell_holder(output, ((const struct proctcp_row *)item)->peer, text);
}

static enum severity state_severity(const struct output *output, const void *item)
{
    const struct proctcp_row *row = item;
    return severity_state(socket_of(output, item), &output->snapshot->processes[row->process]);
}

static enum severity accept_queue_severity(const struct output *output, const void *item)
{
    return severity_accept_queue(output, socket_of(output, item));
}

static enum severity loss_severity(const struct output *output, const void *item)
{
    return severity_loss(output, socket_of(output, item));
}

static enum severity retransmissions_severity(const struct output *output, const void *item)
{
    return severity_retransmissions(output, socket_of(output, item));
}

static const struct column columns[] = {
    {.name = "process", .title = "PROCESS", .to_the_left = true, .least = 8},
    {.name = "pid", .title = "PID"},
    {.name = "fd", .title = "FD", .cell = put_fd},
    {.name = "state",
     .title = "STATE",
     .cell = put_state,
     .severity = state_severity,
     .to_the_left = true,
     .has_short_form = true},
    {.name = "direction", .title = "DIR", .cell = put_direction, .to_the_left = true},
    {.name = "local",
     .title = "LOCAL",
     .cell = put_local,
     .fields = "local_address,local_port",
     .to_the_left = true,
     .least = 15},
    {.name = "remote",
     .title = "REMOTE",
     .cell = put_remote,
     .fields = "remote_address,remote_port",
     .to_the_left = true,
     .least = 15},
    {.name = "tx_queue_bytes", .title = "TX-Q", .severity = loss_severity},
    {.name = "rx_queue_bytes", .title = "RX-Q"},
    {.name = "accept_queue", .title = "ACC-Q", .severity = accept_queue_severity},
    {.name = "peer",
     .title = "PEER",
     .cell = put_peer,
     .fields = "peer_process,peer_pid,peer_fd",
     .to_the_left = true,
     .least = 10},
    {.name = "accept_queue_max", .severity = accept_queue_severity, .on_demand = true},
    {.name = "retransmits", .severity = loss_severity, .on_demand = true},
    {.name = "lost_segments", .severity = loss_severity, .on_demand = true},
    {.name = "retrans_segments", .severity = loss_severity, .on_demand = true},
    {.name = "total_retrans", .severity = retransmissions_severity, .on_demand = true},
};

const struct view row_view = {.help = "one row per descriptor that is a TCP socket",
                              .fields = proctcp_row_fields,
                              .count = count,
                              .item = item_at,
                              .value = value_of,
                              .socket = socket_of,
                              .columns = columns,
                              .column_count = sizeof(columns) / sizeof(columns[0])};
