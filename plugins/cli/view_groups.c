/* view_groups.c - one row for each group of processes, and one for all of them. */
#include "cells.h"
#include "severity.h"

/* What found no place comes first, and is shown once there was anything in it. */
static uint32_t hidden(const struct proctcp_snapshot *snapshot)
{
    return snapshot->group_count && !(snapshot->groups[0].present & PROCTCP_HAS_GROUP_LAST_SEEN);
}

static uint32_t count(const struct output *output)
{
    return output->snapshot->group_count - hidden(output->snapshot) + 1;
}

static const void *item_at(const struct output *output, uint32_t index)
{
    const struct proctcp_snapshot *snapshot = output->snapshot;
    const uint32_t group = index + hidden(snapshot);

    return group < snapshot->group_count ? &snapshot->groups[group] : &snapshot->all;
}

static bool value_of(const struct output *output, const void *item, const struct proctcp_field *field,
                     struct proctcp_value *value)
{
    (void)output;
    return proctcp_group_value(item, field, value);
}

static enum severity descriptors_severity(const struct output *output, const void *item)
{
    const struct proctcp_group *group = item;

    (void)output;
    return group->present & PROCTCP_HAS_GROUP_FD_LIMIT ? severity_of_descriptors(group->fds, group->fd_limit) : FINE;
}

static enum severity accept_queue_severity(const struct output *output, const void *item)
{
    const struct proctcp_group *group = item;

    (void)output;
    return group->present & PROCTCP_HAS_GROUP_ACCEPT_QUEUE_MAX
               ? severity_of_queue(group->accept_queue, group->accept_queue_max)
               : FINE;
}

static enum severity drops_severity(const struct output *output, const void *item)
{
    (void)output;
    return ((const struct proctcp_group *)item)->totals.accept_drops ? DOUBTFUL : FINE;
}

static enum severity retransmissions_severity(const struct output *output, const void *item)
{
    const struct proctcp_group *group = item;

    (void)output;
    return group->present & PROCTCP_HAS_TOTAL_RETRANSMISSIONS && group->totals.retransmissions ? DOUBTFUL : FINE;
}

static enum severity close_wait_severity(const struct output *output, const void *item)
{
    const struct proctcp_group *group = item;

    (void)output;
    return severity_of_close_wait(group->by_state[PROCTCP_CLOSE_WAIT]);
}

static const struct column columns[] = {
    {.name = "group", .title = "GROUP", .to_the_left = true, .least = 8},
    {.name = "processes", .title = "PROCESSES", .short_title = "PROCS"},
    {.name = "sockets", .title = "SOCKETS", .short_title = "SOCKS"},
    {.name = "listen", .title = "LISTEN", .short_title = "LIS"},
    {.name = "established", .title = "ESTABLISHED", .short_title = "ESTAB"},
    {.name = "close_wait", .title = "CLOSE-WAIT", .short_title = "CLOSEW", .severity = close_wait_severity},
    {.name = "accept_queue", .title = "ACC-Q", .severity = accept_queue_severity},
    {.name = "accept_drops", .title = "DROPS", .severity = drops_severity},
    {.name = "payload_received_bytes", .title = "RECEIVED", .short_title = "RCVD"},
    {.name = "payload_sent_bytes", .title = "SENT"},
    {.name = "rtt_p95_us", .title = "RTT-P95-US", .short_title = "RTT95"},
    {.name = "retransmissions", .title = "RETRANS", .short_title = "RETR", .severity = retransmissions_severity},
    {.name = "unbound", .title = "UNBOUND", .short_title = "UNB"},
    {.name = "left_behind", .title = "LEFT"},
    {.name = "fds", .title = "FDS", .severity = descriptors_severity},
    {.name = "fd_limit", .title = "LIMIT", .severity = descriptors_severity},
};

const struct view group_view = {.option = "groups",
                                .help = "one row per group of processes: see --group-by and --group",
                                .fields = proctcp_group_fields,
                                .count = count,
                                .item = item_at,
                                .value = value_of,
                                .order = "group",
                                .sums = 1,
                                .columns = columns,
                                .column_count = sizeof(columns) / sizeof(columns[0])};
