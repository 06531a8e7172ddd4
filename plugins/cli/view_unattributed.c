/* view_unattributed.c - sockets that nobody holds, counted. */
#include "cells.h"

static uint32_t count(const struct output *output)
{
    return output->snapshot->unattributed_count;
}

static const void *item_at(const struct output *output, uint32_t index)
{
    return &output->snapshot->unattributed[index];
}

static bool value_of(const struct output *output, const void *item, const struct proctcp_field *field,
                     struct proctcp_value *value)
{
    (void)output;
    return proctcp_unattributed_value(item, field, value);
}

static size_t put_state(const struct output *output, const void *item, char text[CELL_SIZE])
{
    return cell_state(output, ((const struct proctcp_unattributed *)item)->state, text);
}

static const struct column columns[] = {
    {.name = "netns", .title = "NETNS"},
    {.name = "state", .title = "STATE", .cell = put_state, .to_the_left = true, .has_short_form = true},
    {.name = "sockets", .title = "SOCKETS", .short_title = "SOCKS"},
    {.name = "last_pid", .title = "LAST-PID"},
    {.name = "last_process", .title = "LAST-PROCESS", .short_title = "LAST", .to_the_left = true, .least = 8},
};

const struct view unattributed_view = {.option = "unattributed",
                                       .help = "how many sockets no visible process holds, by who held them last",
                                       .fields = proctcp_unattributed_fields,
                                       .count = count,
                                       .item = item_at,
                                       .value = value_of,
                                       .columns = columns,
                                       .column_count = sizeof(columns) / sizeof(columns[0])};
