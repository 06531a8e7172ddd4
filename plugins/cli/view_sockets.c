/* view_sockets.c - every socket, held or not. */
#include "cells.h"
#include "severity.h"

static uint32_t count(const struct output *output)
{
    return output->snapshot->socket_count;
}

static const void *item_at(const struct output *output, uint32_t index)
{
    return &output->snapshot->sockets[index];
}

static uint32_t index_of(const struct output *output, const void *item)
{
    return (uint32_t)((const struct proctcp_socket *)item - output->snapshot->sockets);
}

/* NULL: nobody holds it. */
static const struct proctcp_row *first_row(const struct output *output, const void *item)
{
    const uint32_t row = output->first_rows[index_of(output, item)];
    return row == PROCTCP_NONE ? NULL : &output->snapshot->rows[row];
}

static bool value_of(const struct output *output, const void *item, const struct proctcp_field *field,
                     struct proctcp_value *value)
{
    return proctcp_socket_value(output->snapshot, index_of(output, item), first_row(output, item), field, value);
}

static const struct proctcp_socket *socket_of(const struct output *output, const void *item)
{
    (void)output;
    return item;
}

static size_t put_state(const struct output *output, const void *item, char text[CELL_SIZE])
{
    return cell_socket_state(output, item, text);
}

static size_t put_local(const struct output *output, const void *item, char text[CELL_SIZE])
{
    (void)output;
    return cell_local(item, text);
}

static size_t put_remote(const struct output *output, const void *item, char text[CELL_SIZE])
{
    (void)output;
    return cell_remote(item, text);
}

static size_t put_holder(const struct output *output, const void *item, char text[CELL_SIZE])
{
    return cell_holder(output, output->first_rows[index_of(output, item)], text);
}

static size_t put_peer(const struct output *output, const void *item, char text[CELL_SIZE])
{
    const struct proctcp_row *row = first_row(output, item);
    return row ? cell_holder(output, row->peer, text) : 0;
}

/* server[1234] held it once. */
static size_t put_last_holder(const struct output *output, const void *item, char text[CELL_SIZE])
{
    const struct proctcp_last_holder *holder = proctcp_find_last_holder(output->snapshot, index_of(output, item));

    return holder ? cell_process(text, holder->process, holder->pid) : 0;
}

static enum severity state_severity(const struct output *output, const void *item)
{
    const struct proctcp_row *row = first_row(output, item);
    return severity_state(item, row ? &output->snapshot->processes[row->process] : NULL);
}

static enum severity accept_queue_severity(const struct output *output, const void *item)
{
    return severity_accept_queue(output, item);
}

static enum severity loss_severity(const struct output *output, const void *item)
{
    return severity_loss(output, item);
}

static enum severity retransmissions_severity(const struct output *output, const void *item)
{
    return severity_retransmissions(output, item);
}

static const struct column columns[] = {
    {.name = "state",
     .title = "STATE",
     .cell = put_state,
     .severity = state_severity,
     .to_the_left = true,
     .has_short_form = true},
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
    {.name = "holder",
     .title = "HOLDER",
     .cell = put_holder,
     .fields = "process,pid,fd",
     .to_the_left = true,
     .least = 10},
    {.name = "owners", .title = "OWNERS"},
    {.name = "tx_queue_bytes", .title = "TX-Q", .severity = loss_severity},
    {.name = "rx_queue_bytes", .title = "RX-Q"},
    {.name = "last_holder",
     .title = "LAST-HOLDER",
     .cell = put_last_holder,
     .fields = "last_process,last_pid",
     .to_the_left = true,
     .least = 11},
    {.name = "inode", .title = "INODE"},
    {.name = "netns", .title = "NETNS"},
    {.name = "peer",
     .title = "PEER",
     .cell = put_peer,
     .fields = "peer_process,peer_pid,peer_fd",
     .to_the_left = true,
     .least = 10,
     .on_demand = true},
    {.name = "process", .title = "PROCESS", .to_the_left = true, .least = 8, .on_demand = true},
    {.name = "accept_queue", .title = "ACC-Q", .severity = accept_queue_severity, .on_demand = true},
    {.name = "accept_queue_max", .severity = accept_queue_severity, .on_demand = true},
    {.name = "retransmits", .severity = loss_severity, .on_demand = true},
    {.name = "lost_segments", .severity = loss_severity, .on_demand = true},
    {.name = "retrans_segments", .severity = loss_severity, .on_demand = true},
    {.name = "total_retrans", .severity = retransmissions_severity, .on_demand = true},
};

const struct view socket_view = {.option = "sockets",
                                 .help = "every socket, held or not, with who held it last",
                                 .fields = proctcp_row_fields,
                                 .more_fields = proctcp_last_holder_fields,
                                 .count = count,
                                 .item = item_at,
                                 .value = value_of,
                                 .socket = socket_of,
                                 .columns = columns,
                                 .column_count = sizeof(columns) / sizeof(columns[0]),
                                 .needs_first_rows = true};
