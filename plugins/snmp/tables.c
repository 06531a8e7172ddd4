/* tables.c - the tables, and how the rows of each are counted, keyed and read. Knows where a field's value comes from;
 * knows nothing of OIDs beyond the number of a column. */
#include "tables.h"

#include "connections.h"
#include "order.h"
#include "own_columns.h"

#include <string.h>

static uint32_t one_row(const struct publication *publication)
{
    (void)publication;
    return 1;
}

static size_t scalar_key(const struct publication *publication, uint32_t row, unsigned long key[TABLE_INDEX_MAX])
{
    (void)publication;
    (void)row;
    key[0] = 0;
    return 1;
}

static bool scan_value(const struct publication *publication, uint32_t row, const struct proctcp_field *field,
                       struct proctcp_value *value)
{
    (void)row;
    return publication->snapshot && proctcp_stats_value(&publication->snapshot->stats, field, value);
}

static uint32_t process_count(const struct publication *publication)
{
    return publication->snapshot ? publication->snapshot->process_count : 0;
}

static size_t process_key(const struct publication *publication, uint32_t row, unsigned long key[TABLE_INDEX_MAX])
{
    key[0] = (unsigned long)publication->snapshot->processes[row].pid;
    return 1;
}

static bool process_value(const struct publication *publication, uint32_t row, const struct proctcp_field *field,
                          struct proctcp_value *value)
{
    return proctcp_process_value(&publication->snapshot->processes[row], field, value);
}

static uint32_t socket_count(const struct publication *publication)
{
    return publication->snapshot ? publication->snapshot->row_count : 0;
}

static size_t socket_key(const struct publication *publication, uint32_t row, unsigned long key[TABLE_INDEX_MAX])
{
    const struct proctcp_row *at = &publication->snapshot->rows[row];

    key[0] = (unsigned long)at->pid;
    key[1] = (unsigned long)at->fd;
    key[2] = at->subflow;
    return 3;
}

static bool socket_value(const struct publication *publication, uint32_t row, const struct proctcp_field *field,
                         struct proctcp_value *value)
{
    return proctcp_row_value(publication->snapshot, &publication->snapshot->rows[row], field, value);
}

static uint32_t listener_count(const struct publication *publication)
{
    return publication->order[PUBLICATION_LISTENERS].count;
}

static size_t listener_key(const struct publication *publication, uint32_t row, unsigned long key[TABLE_INDEX_MAX])
{
    return order_listener_key(publication, own_listener_of(publication, row), key);
}

static bool listener_value(const struct publication *publication, uint32_t row, const struct proctcp_field *field,
                           struct proctcp_value *value)
{
    return proctcp_listener_value(publication->snapshot, own_listener_of(publication, row), field, value);
}

static const struct proctcp_field *no_fields(size_t *count)
{
    static const struct proctcp_field none[1];

    *count = 0;
    return none;
}

static uint32_t connection_count(const struct publication *publication)
{
    return publication->order[PUBLICATION_CONNECTIONS].count;
}

static uint32_t state_count(const struct publication *publication)
{
    return publication->state_count;
}

static size_t state_key(const struct publication *publication, uint32_t row, unsigned long key[TABLE_INDEX_MAX])
{
    const struct state_count *at = &publication->states[row];

    key[0] = order_netns(publication, at->netns);
    key[1] = at->state;
    return 2;
}

static const struct proctcp_group *group_of(const struct publication *publication, uint32_t row)
{
    return &publication->snapshot->groups[publication->order[PUBLICATION_GROUPS].at[row]];
}

static uint32_t group_count(const struct publication *publication)
{
    return publication->order[PUBLICATION_GROUPS].count;
}

static size_t group_key(const struct publication *publication, uint32_t row, unsigned long key[TABLE_INDEX_MAX])
{
    return order_group_key(group_of(publication, row), key);
}

static bool group_value(const struct publication *publication, uint32_t row, const struct proctcp_field *field,
                        struct proctcp_value *value)
{
    return proctcp_group_value(group_of(publication, row), field, value);
}

static uint32_t threshold_count(const struct publication *publication)
{
    return publication->threshold_count;
}

static size_t threshold_key(const struct publication *publication, uint32_t row, unsigned long key[TABLE_INDEX_MAX])
{
    const struct threshold_row *at = &publication->thresholds[row];

    return order_threshold_key(at->threshold.name, at->instance, key);
}

static uint32_t top_count(const struct publication *publication)
{
    return publication->top_count;
}

static size_t top_key(const struct publication *publication, uint32_t row, unsigned long key[TABLE_INDEX_MAX])
{
    const struct top_row *at = &publication->tops[row];
    const size_t length = order_put_octets((const uint8_t *)at->top.name, strlen(at->top.name), key);

    key[length] = at->rank;
    return length + 1;
}

static const struct index_column listener_index[] = {
    {201, VALUE_UNSIGNED, "proctcpListenerIndexNetns"},
    {202, VALUE_INTEGER, "proctcpListenerIndexAddressType"},
    {203, VALUE_OCTETS, "proctcpListenerIndexAddress"},
    {204, VALUE_UNSIGNED, "proctcpListenerIndexPort"},
};

static const struct index_column connection_index[] = {
    {1, VALUE_UNSIGNED, "proctcpConnectionIndexNetns"},       {2, VALUE_INTEGER, "proctcpConnectionIndexAddressType"},
    {3, VALUE_OCTETS, "proctcpConnectionIndexLocalAddress"},  {4, VALUE_UNSIGNED, "proctcpConnectionIndexLocalPort"},
    {5, VALUE_OCTETS, "proctcpConnectionIndexRemoteAddress"}, {6, VALUE_UNSIGNED, "proctcpConnectionIndexRemotePort"},
};

static const struct index_column state_index[] = {
    {1, VALUE_UNSIGNED, "proctcpStateIndexNetns"},
    {2, VALUE_INTEGER, "proctcpStateIndexState"},
};

static const struct index_column group_index[] = {
    {1, VALUE_OCTETS, "proctcpGroupIndex"},
};

static const struct index_column threshold_index[] = {
    {1, VALUE_OCTETS, "proctcpThresholdIndexName"},
    {2, VALUE_OCTETS, "proctcpThresholdIndexInstance"},
};

static const struct index_column top_index[] = {
    {1, VALUE_OCTETS, "proctcpTopIndexName"},
    {2, VALUE_UNSIGNED, "proctcpTopIndexRank"},
};

const struct table tables[PUBLICATION_TABLES] = {
    [PUBLICATION_SCAN] =
        {
            .prefix = {1},
            .prefix_length = 1,
            .name_prefix = "proctcpScan",
            .fields = proctcp_stats_fields,
            .own = own_scan_columns,
            .own_count = OWN_SCAN_COLUMNS,
            .row_count = one_row,
            .key = scalar_key,
            .field_value = scan_value,
        },
    [PUBLICATION_PROCESSES] =
        {
            .prefix = {2, 1},
            .prefix_length = 2,
            .index_fields = 1,
            .name_prefix = "proctcpProcess",
            .fields = proctcp_process_fields,
            .own = own_process_columns,
            .own_count = OWN_PROCESS_COLUMNS,
            .row_count = process_count,
            .key = process_key,
            .field_value = process_value,
        },
    [PUBLICATION_SOCKETS] =
        {
            .prefix = {3, 1},
            .prefix_length = 2,
            .index_fields = 3,
            .name_prefix = "proctcpSocket",
            .fields = proctcp_row_fields,
            .own = own_socket_columns,
            .own_count = OWN_SOCKET_COLUMNS,
            .row_count = socket_count,
            .key = socket_key,
            .field_value = socket_value,
            .address = own_socket_address,
        },
    [PUBLICATION_LISTENERS] =
        {
            .prefix = {4, 1},
            .prefix_length = 2,
            .index = listener_index,
            .index_count = sizeof(listener_index) / sizeof(listener_index[0]),
            .name_prefix = "proctcpListener",
            .fields = proctcp_listener_fields,
            .own = own_listener_columns,
            .own_count = OWN_LISTENER_COLUMNS,
            .row_count = listener_count,
            .key = listener_key,
            .field_value = listener_value,
            .address = own_listener_address,
        },
    [PUBLICATION_CONNECTIONS] =
        {
            .prefix = {5, 1},
            .prefix_length = 2,
            .index = connection_index,
            .index_count = sizeof(connection_index) / sizeof(connection_index[0]),
            .name_prefix = "proctcpConnection",
            .fields = no_fields,
            .own = own_connection_columns,
            .own_count = OWN_CONNECTION_COLUMNS,
            .row_count = connection_count,
            .key = connection_key,
        },
    [PUBLICATION_STATES] =
        {
            .prefix = {6, 1},
            .prefix_length = 2,
            .index = state_index,
            .index_count = sizeof(state_index) / sizeof(state_index[0]),
            .name_prefix = "proctcpState",
            .fields = no_fields,
            .own = own_state_columns,
            .own_count = OWN_STATE_COLUMNS,
            .row_count = state_count,
            .key = state_key,
        },
    [PUBLICATION_GROUPS] =
        {
            .prefix = {7, 1},
            .prefix_length = 2,
            .index = group_index,
            .index_count = sizeof(group_index) / sizeof(group_index[0]),
            .name_prefix = "proctcpGroup",
            .fields = proctcp_group_fields,
            .own = own_group_columns,
            .own_count = OWN_GROUP_COLUMNS,
            .row_count = group_count,
            .key = group_key,
            .field_value = group_value,
        },
    [PUBLICATION_THRESHOLDS] =
        {
            .prefix = {8, 1},
            .prefix_length = 2,
            .index = threshold_index,
            .index_count = sizeof(threshold_index) / sizeof(threshold_index[0]),
            .name_prefix = "proctcpThreshold",
            .fields = no_fields,
            .own = own_threshold_columns,
            .own_count = OWN_THRESHOLD_COLUMNS,
            .row_count = threshold_count,
            .key = threshold_key,
        },
    [PUBLICATION_TOPS] =
        {
            .prefix = {9, 1},
            .prefix_length = 2,
            .index = top_index,
            .index_count = sizeof(top_index) / sizeof(top_index[0]),
            .name_prefix = "proctcpTop",
            .fields = no_fields,
            .own = own_top_columns,
            .own_count = OWN_TOP_COLUMNS,
            .row_count = top_count,
            .key = top_key,
        },
};
