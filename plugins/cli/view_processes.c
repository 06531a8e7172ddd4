/* view_processes.c - one row for each process that holds TCP sockets. */
#include "cells.h"
#include "severity.h"

static uint32_t count(const struct output *output)
{
    return output->snapshot->process_count;
}

static const void *item_at(const struct output *output, uint32_t index)
{
    return &output->snapshot->processes[index];
}

static bool value_of(const struct output *output, const void *item, const struct proctcp_field *field,
                     struct proctcp_value *value)
{
    (void)output;
    return proctcp_process_value(item, field, value);
}

static enum severity descriptors_severity(const struct output *output, const void *item)
{
    (void)output;
    return severity_descriptors(item);
}

static enum severity close_wait_severity(const struct output *output, const void *item)
{
    (void)output;
    return severity_close_wait(item);
}

static const struct column columns[] = {
    {.name = "process", .title = "PROCESS", .to_the_left = true, .least = 8},
    {.name = "pid", .title = "PID"},
    {.name = "uid", .title = "UID"},
    {.name = "fds", .title = "FDS", .severity = descriptors_severity},
    {.name = "fd_limit", .title = "LIMIT", .severity = descriptors_severity},
    {.name = "sockets", .title = "SOCKETS", .short_title = "SOCKS"},
    {.name = "listen", .title = "LISTEN", .short_title = "LIS"},
    {.name = "established", .title = "ESTABLISHED", .short_title = "ESTAB"},
    {.name = "close_wait", .title = "CLOSE-WAIT", .short_title = "CLOSEW", .severity = close_wait_severity},
    {.name = "unbound", .title = "UNBOUND", .short_title = "UNB"},
    {.name = "left_behind", .title = "LEFT"},
    {.name = "tx_queue_bytes", .title = "TX-Q"},
    {.name = "rx_queue_bytes", .title = "RX-Q"},
    {.name = "executable", .title = "EXECUTABLE", .short_title = "EXE", .to_the_left = true, .least = 10},
    {.name = "cgroup", .to_the_left = true, .least = 10, .on_demand = true},
};

const struct view process_view = {
    .option = "processes",
    .help = "one row per process that holds TCP sockets or, where connections are counted, has had one",
    .fields = proctcp_process_fields,
    .count = count,
    .item = item_at,
    .value = value_of,
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0])};
