/* top_view.c - the columns of --top, and the text of their cells. */
#include "top_view.h"

#include "cells.h"
#include "units.h"

/* clang-format off */
#define TEXT(field, heading, from, to, order)                                                                          \
    {.name = field, .title = heading, .reading = READ_TEXT, .least = from, .most = to, .rank = order, .to_the_left = true}
#define NUMBER(field, heading, how, wide, order)                                                                       \
    {.name = field, .title = heading, .reading = how, .least = wide, .most = wide, .rank = order}
#define RATE(which, heading, how, wide, order)                                                                         \
    {.title = heading, .reading = how, .rate = which, .least = wide, .most = wide, .rank = order}

static const struct top_column group_columns[] = {
    TEXT("group", "GROUP", 12, 40, 0),
    NUMBER("processes", "PROCS", READ_COUNT, 5, 7),
    NUMBER("sockets", "SOCKS", READ_COUNT, 6, 3),
    NUMBER("listen", "LISTEN", READ_COUNT, 6, 11),
    NUMBER("established", "ESTAB", READ_COUNT, 6, 4),
    NUMBER("close_wait", "CLOSEW", READ_COUNT, 6, 8),
    NUMBER("accept_queue", "ACC-Q", READ_COUNT, 5, 9),
    NUMBER("rtt_p95_us", "RTT95", READ_TIME, 7, 10),
    NUMBER("fds", "FDS", READ_COUNT, 6, 13),
    NUMBER("fd_limit", "LIMIT", READ_COUNT, 7, 14),
    RATE(RATE_OPENED, "NEW/s", READ_RATE, 5, 5),
    RATE(RATE_IN, "IN/s", READ_BYTE_RATE, 7, 1),
    RATE(RATE_OUT, "OUT/s", READ_BYTE_RATE, 7, 2),
    RATE(RATE_RETRANSMITTED, "RETR/s", READ_RATE, 6, 6),
    RATE(RATE_DROPPED, "DROP/s", READ_RATE, 6, 12),
};

static const struct top_column process_columns[] = {
    TEXT("process", "PROCESS", 12, 24, 0),
    NUMBER("pid", "PID", READ_COUNT, 7, 1),
    NUMBER("sockets", "SOCKS", READ_COUNT, 6, 4),
    NUMBER("listen", "LISTEN", READ_COUNT, 6, 12),
    NUMBER("established", "ESTAB", READ_COUNT, 6, 5),
    NUMBER("close_wait", "CLOSEW", READ_COUNT, 6, 8),
    NUMBER("tx_queue_bytes", "TX-Q", READ_BYTES, 7, 9),
    NUMBER("rx_queue_bytes", "RX-Q", READ_BYTES, 7, 10),
    NUMBER("accept_queue", "ACC-Q", READ_COUNT, 5, 11),
    NUMBER("fds", "FDS", READ_COUNT, 6, 13),
    NUMBER("fd_limit", "LIMIT", READ_COUNT, 7, 14),
    RATE(RATE_OPENED, "NEW/s", READ_RATE, 5, 6),
    RATE(RATE_IN, "IN/s", READ_BYTE_RATE, 7, 2),
    RATE(RATE_OUT, "OUT/s", READ_BYTE_RATE, 7, 3),
    RATE(RATE_RETRANSMITTED, "RETR/s", READ_RATE, 6, 7),
    TEXT("unit", "UNIT", 8, 30, 15),
};

static const struct top_column listener_columns[] = {
    TEXT("local", "LISTENS AT", 15, 47, 0),
    TEXT("holder", "HOLDER", 12, 30, 2),
    TEXT("group", "GROUP", 8, 30, 13),
    NUMBER("processes", "PROCS", READ_COUNT, 5, 11),
    NUMBER("accept_queue", "ACC-Q", READ_COUNT, 5, 4),
    NUMBER("accept_queue_max", "MAX", READ_COUNT, 5, 6),
    NUMBER("drops", "DROPS", READ_COUNT, 6, 8),
    NUMBER("connections", "CONNS", READ_COUNT, 6, 1),
    NUMBER("established", "ESTAB", READ_COUNT, 6, 5),
    NUMBER("close_wait", "CLOSEW", READ_COUNT, 6, 9),
    NUMBER("time_wait", "TIMEW", READ_COUNT, 5, 12),
    NUMBER("rtt_p95_us", "RTT95", READ_TIME, 7, 10),
    RATE(RATE_OPENED, "NEW/s", READ_RATE, 5, 3),
    RATE(RATE_DROPPED, "DROP/s", READ_RATE, 6, 7),
    NUMBER("netns", "NETNS", READ_COUNT, 10, 14),
};

static const struct top_column socket_columns[] = {
    TEXT("process", "PROCESS", 12, 24, 0),
    NUMBER("pid", "PID", READ_COUNT, 7, 6),
    NUMBER("fd", "FD", READ_TEXT, 4, 9),
    TEXT("state", "STATE", 10, 11, 5),
    TEXT("local", "LOCAL", 15, 47, 3),
    TEXT("remote", "REMOTE", 15, 47, 1),
    NUMBER("tx_queue_bytes", "TX-Q", READ_BYTES, 7, 10),
    NUMBER("rx_queue_bytes", "RX-Q", READ_BYTES, 7, 11),
    NUMBER("rtt_us", "RTT", READ_TIME, 7, 8),
    RATE(RATE_IN, "IN/s", READ_BYTE_RATE, 7, 2),
    RATE(RATE_OUT, "OUT/s", READ_BYTE_RATE, 7, 4),
    RATE(RATE_RETRANSMITTED, "RETR/s", READ_RATE, 6, 7),
    TEXT("peer", "PEER", 10, 30, 12),
};
/* clang-format on */

#define COLUMNS(list) .columns = (list), .column_count = sizeof(list) / sizeof((list)[0])

const struct top_view top_views[TOP_VIEWS] = {
    [TOP_GROUPS] = {.name = "groups", .view = &group_view, COLUMNS(group_columns), .sorted_by = 2},
    [TOP_PROCESSES] = {.name = "processes", .view = &process_view, COLUMNS(process_columns), .sorted_by = 2},
    [TOP_LISTENERS] = {.name = "listeners", .view = &listener_view, COLUMNS(listener_columns), .sorted_by = 7},
    [TOP_SOCKETS] = {.name = "sockets", .view = &row_view, COLUMNS(socket_columns), .sorted_by = 9},
};

static struct output output_of(const struct top_view *top, const struct pass *pass)
{
    return (struct output){.snapshot = pass->snapshot, .view = top->view, .narrow = true};
}

uint32_t top_count(const struct top_view *top, const struct pass *pass)
{
    const struct output output = output_of(top, pass);
    return top->view->count(&output) - top->view->sums;
}

const void *top_item(const struct top_view *top, const struct pass *pass, uint32_t index)
{
    const struct output output = output_of(top, pass);
    /* cppcheck-suppress returnDanglingLifetime ; it points into the snapshot */
    return top->view->item(&output, index);
}

const struct rates *top_rates_of(const struct top_view *top, const struct pass *pass, const void *item)
{
    const struct proctcp_snapshot *snapshot = pass->snapshot;

    if (top == &top_views[TOP_GROUPS])
        return &pass->groups[(const struct proctcp_group *)item - snapshot->groups];
    if (top == &top_views[TOP_PROCESSES])
        return &pass->processes[(const struct proctcp_process *)item - snapshot->processes];
    if (top == &top_views[TOP_LISTENERS])
        return &pass->listeners[(const struct proctcp_listener *)item - snapshot->listeners];
    return &pass->sockets[((const struct proctcp_row *)item)->socket];
}

/* What has more than five digits is in thousands or millions. */
static void put_count(double count, char text[CELL_SIZE])
{
    const char *unit = count >= 99999999.5 ? "M" : count >= 99999.5 ? "k" : "";

    snprintf(text, CELL_SIZE, "%.0f%s", count / (*unit == 'M' ? 1e6 : *unit == 'k' ? 1e3 : 1), unit);
}

char *top_rate_text(enum reading reading, float rate, char text[CELL_SIZE])
{
    if (rate < 0)
        cell_text(text, "-");
    else if (reading == READ_BYTE_RATE)
        units_bytes((uint64_t)((double)rate + 0.5), text);
    else if (rate == 0 || (double)rate >= 9.95)
        put_count((double)rate, text);
    else
        snprintf(text, CELL_SIZE, "%.1f", (double)rate < 0.05 ? 0.1 : (double)rate); /* none that is 0.0 */
    return text;
}

static const struct proctcp_field *find_field(const struct view *view, const char *name)
{
    const struct proctcp_field *fields[VIEW_FIELDS_MAX];
    const size_t count = view_fields(view, fields);

    for (size_t f = 0; f < count; f++) {
        if (strcmp(fields[f]->name, name) == 0)
            return fields[f];
    }
    return NULL;
}

void top_find_sources(const struct top_view *top, struct top_source sources[TOP_COLUMNS_MAX])
{
    for (size_t c = 0; c < top->column_count; c++) {
        const char *name = top->columns[c].name;
        sources[c] = (struct top_source){.column = &top->columns[c]};
        if (!name)
            continue;
        sources[c].known = view_column(top->view, name, strlen(name));
        sources[c].field = find_field(top->view, name);
    }
}

static void put_value(const struct top_column *column, const struct proctcp_value *value, char text[CELL_SIZE])
{
    if (value->type == PROCTCP_TEXT)
        cell_escaped(text, value->text);
    else if (value->type == PROCTCP_SIGNED || strcmp(column->name, "netns") == 0) /* these name something */
        format_signed(text, value->type == PROCTCP_SIGNED ? value->signed_number : (int64_t)value->number);
    else if (column->reading == READ_BYTES)
        units_bytes(value->number, text);
    else if (column->reading == READ_TIME)
        units_time(value->number, text);
    else
        put_count((double)value->number, text);
}

size_t top_cell(const struct top_view *top, const struct pass *pass, const struct top_source *source, const void *item,
                char text[CELL_SIZE])
{
    const struct output output = output_of(top, pass);
    const struct top_column *column = source->column;
    struct proctcp_value value;

    text[0] = '\0';
    if (!column->name)
        top_rate_text(column->reading, top_rates_of(top, pass, item)->of[column->rate], text);
    else if (source->known && source->known->cell)
        source->known->cell(&output, item, text);
    else if (source->field && top->view->value(&output, item, source->field, &value))
        put_value(column, &value, text);
    return *text ? strlen(text) : cell_text(text, "-");
}

enum severity top_severity(const struct top_view *top, const struct pass *pass, const struct top_source *source,
                           const void *item)
{
    const struct output output = output_of(top, pass);
    const enum rate rate = source->column->rate;

    if (source->column->name)
        return source->known && source->known->severity ? source->known->severity(&output, item) : FINE;
    return (rate == RATE_RETRANSMITTED || rate == RATE_DROPPED) && top_rates_of(top, pass, item)->of[rate] > 0
               ? DOUBTFUL
               : FINE;
}
