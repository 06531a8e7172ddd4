/* view_listeners.c - one row for each place where sockets listen. */
#include "cells.h"
#include "severity.h"

#include <inttypes.h>
#include <string.h>

static uint32_t count(const struct output *output)
{
    return output->snapshot->listener_count;
}

static const void *item_at(const struct output *output, uint32_t index)
{
    return &output->snapshot->listeners[index];
}

static bool value_of(const struct output *output, const void *item, const struct proctcp_field *field,
                     struct proctcp_value *value)
{
    return proctcp_listener_value(output->snapshot, item, field, value);
}

static size_t put_local(const struct output *output, const void *item, char text[CELL_SIZE])
{
    const struct proctcp_listener *listener = item;
    char address[PROCTCP_ENDPOINT_TEXT_SIZE], *port;

    (void)output;
    proctcp_endpoint_text(&listener->local_address, listener->local_port, address);
    if (!(listener->present & PROCTCP_HAS_LISTENER_INTERFACE))
        return (size_t)snprintf(text, CELL_SIZE, "%s", address);
    port = strrchr(address, ':');
    return (size_t)snprintf(text, CELL_SIZE, "%.*s%%%" PRIu32 "%s", (int)(port - address), address, listener->interface,
                            port);
}

static size_t put_holder(const struct output *output, const void *item, char text[CELL_SIZE])
{
    return cell_holder(output, ((const struct proctcp_listener *)item)->row, text);
}

static enum severity accept_queue_severity(const struct output *output, const void *item)
{
    const struct proctcp_listener *listener = item;

    (void)output;
    return listener->present & PROCTCP_HAS_LISTENER_ACCEPT_QUEUE_MAX
               ? severity_of_queue(listener->accept_queue, listener->accept_queue_max)
               : FINE;
}

static enum severity drops_severity(const struct output *output, const void *item)
{
    const struct proctcp_listener *listener = item;

    (void)output;
    return listener->present & PROCTCP_HAS_LISTENER_DROPS && listener->drops ? DOUBTFUL : FINE;
}

static enum severity close_wait_severity(const struct output *output, const void *item)
{
    (void)output;
    return severity_of_close_wait(((const struct proctcp_listener *)item)->by_state[PROCTCP_CLOSE_WAIT]);
}

static const struct column columns[] = {
    {.name = "local",
     .title = "LOCAL",
     .cell = put_local,
     .fields = "local_address,local_port",
     .to_the_left = true,
     .least = 12},
    {.name = "holder",
     .title = "HOLDER",
     .cell = put_holder,
     .fields = "process,pid,fd",
     .to_the_left = true,
     .least = 8},
    {.name = "group", .title = "GROUP", .to_the_left = true, .least = 8},
    {.name = "processes", .title = "PROCESSES", .short_title = "PROCS"},
    {.name = "sockets", .title = "SOCKETS", .short_title = "SOCKS"},
    {.name = "accept_queue", .title = "ACC-Q", .severity = accept_queue_severity},
    {.name = "accept_queue_max", .title = "MAX"},
    {.name = "drops", .title = "DROPS", .severity = drops_severity},
    {.name = "connections", .title = "CONNECTIONS", .short_title = "CONNS"},
    {.name = "established", .title = "ESTABLISHED", .short_title = "ESTAB"},
    {.name = "close_wait", .title = "CLOSE-WAIT", .short_title = "CLOSEW", .severity = close_wait_severity},
    {.name = "time_wait", .title = "TIME-WAIT", .short_title = "TIMEW"},
    {.name = "rtt_p95_us", .title = "RTT-P95-US", .short_title = "RTT95"},
    {.name = "netns", .title = "NETNS"},
};

const struct view listener_view = {.option = "listeners",
                                   .help = "one row per address and port that is listened at",
                                   .fields = proctcp_listener_fields,
                                   .count = count,
                                   .item = item_at,
                                   .value = value_of,
                                   .columns = columns,
                                   .column_count = sizeof(columns) / sizeof(columns[0])};
