/* tables.c - columns and rows of the tables: one column per field, then the adapter's own. Knows where a cell's
 * value comes from; knows nothing of OIDs beyond the number of a column. */
#include "tables.h"

#include "connections.h"
#include "order.h"
#include "own_columns.h"

#include <stdlib.h>

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
};

size_t table_column_count(const struct table *table)
{
    size_t fields;

    table->fields(&fields);
    return fields - table->index_fields + table->own_count;
}

/* Mostly all of them: few columns of the adapter's own have a low number. */
static size_t fields_before(const struct proctcp_field *fields, size_t count, unsigned id)
{
    size_t before = count;

    if (count && fields[count - 1].id < id)
        return count;
    while (before > 0 && fields[before - 1].id > id)
        before--;
    return before;
}

/* Fields and own columns, each sorted by their numbers, in one order. */
struct table_column table_column(const struct table *table, size_t column)
{
    size_t count;
    const struct proctcp_field *fields = table->fields(&count);

    column += table->index_fields;
    for (size_t own = 0; own < table->own_count; own++) {
        const size_t place = own + fields_before(fields, count, table->own[own].id);

        if (column < place)
            return (struct table_column){.field = &fields[column - own]};
        if (column == place)
            return (struct table_column){.is_own = true, .own = &table->own[own]};
    }
    return (struct table_column){.field = &fields[column - table->own_count]};
}

unsigned long table_column_id(const struct table *table, size_t column)
{
    const struct table_column at = table_column(table, column);

    return at.is_own ? at.own->id : at.field->id;
}

/* NULL: the table has none of that name. */
static const struct proctcp_field *time_of(const struct table *table, const struct own_column *own)
{
    size_t count;
    const struct proctcp_field *fields = table->fields(&count);

    return proctcp_field_by_name(fields, count, own->seconds_of);
}

static bool seconds_of(const struct table *table, const struct publication *publication, uint32_t row,
                       const struct own_column *own, struct value *value)
{
    const struct proctcp_field *field = time_of(table, own);
    struct proctcp_value from;

    if (!field || !table->field_value(publication, row, field, &from))
        return false;
    value_set_unsigned(value, (uint32_t)from.number);
    return true;
}

bool table_value(const struct table *table, const struct publication *publication, uint32_t row, size_t column,
                 struct value *value)
{
    const struct table_column at = table_column(table, column);
    struct proctcp_value from;

    if (at.is_own && at.own->seconds_of)
        return seconds_of(table, publication, row, at.own, value);
    if (at.is_own) {
        if (at.own->has && !at.own->has(publication, row))
            return false;
        at.own->value(publication, row, value);
        return true;
    }
    if (!table->field_value(publication, row, at.field, &from))
        return false;
    if (at.field->type == PROCTCP_ADDRESS)
        table->address(publication, row, from.address, value);
    else
        value_from_field(at.field, &from, value);
    return true;
}

static bool has_value(const struct table *table, const struct publication *publication, uint32_t row,
                      struct table_column at)
{
    struct proctcp_value value;
    struct value seconds;

    if (at.is_own && at.own->seconds_of)
        return seconds_of(table, publication, row, at.own, &seconds);
    if (at.is_own)
        return !at.own->has || at.own->has(publication, row);
    return table->field_value(publication, row, at.field, &value);
}

uint32_t table_next_present(const struct table *table, const struct publication *publication, uint32_t row,
                            size_t column)
{
    const uint32_t rows = table->row_count(publication);
    struct bitset *const *present = publication->present[table - tables];
    const struct table_column at = table_column(table, column);

    if (row < rows && present && present[column])
        return bitset_next(present[column], row);
    while (row < rows && !has_value(table, publication, row, at))
        row++;
    return row < rows ? row : BITSET_NONE;
}

static bool may_be_absent(const struct table *table, struct table_column at)
{
    if (at.is_own && at.own->seconds_of)
        at = (struct table_column){.field = time_of(table, at.own)};
    if (at.is_own)
        return at.own->has;
    return at.field->present || at.field->record == PROCTCP_IN_PEER || at.field->record == PROCTCP_IN_PEER_PROCESS;
}

/* Members of a socket, and of its impairment, are there or not by the same bits. */
static bool is_of_socket(struct table_column at)
{
    return !at.is_own && at.field->present &&
           (at.field->record == PROCTCP_IN_SOCKET || at.field->record == PROCTCP_IN_IMPAIRMENT);
}

static bool have_same_rows(struct table_column a, struct table_column b)
{
    if (a.is_own && b.is_own && a.own->has)
        return a.own->has == b.own->has;
    return is_of_socket(a) && is_of_socket(b) && a.field->present == b.field->present;
}

struct indexed {
    struct table_column column;
    struct bitset *rows;
};

/* Gives the columns that some rows lack their bitsets, empty; one for all that the same rows lack. Each stands in the
 * list once, to be filled. */
static size_t prepare_index(const struct table *table, uint32_t rows, struct bitset **present, struct indexed list[])
{
    const size_t count = table_column_count(table);
    size_t listed = 0;

    for (size_t number = 0; number < count; number++) {
        const struct table_column column = table_column(table, number);
        size_t same = 0;

        if (!may_be_absent(table, column))
            continue;
        while (same < listed && !have_same_rows(list[same].column, column))
            same++;
        present[number] = same < listed ? list[same].rows : bitset_new(rows);
        if (same == listed && present[number])
            list[listed++] = (struct indexed){.column = column, .rows = present[number]};
    }
    return listed;
}

/* Row by row: the sockets of a large host do not fit into a cache. */
static void fill_index(const struct table *table, const struct publication *publication, uint32_t rows,
                       const struct indexed list[], size_t listed)
{
    for (uint32_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < listed; i++) {
            if (has_value(table, publication, row, list[i].column))
                bitset_add(list[i].rows, row);
        }
    }
}

void tables_index(struct publication *publication)
{
    for (size_t i = 0; i < PUBLICATION_TABLES; i++) {
        const uint32_t rows = publication_serves(publication, i) ? tables[i].row_count(publication) : 0;
        const size_t count = table_column_count(&tables[i]);
        struct bitset **present = rows > 1 ? calloc(count, sizeof(struct bitset *)) : NULL;
        struct indexed *list = malloc(count * sizeof(*list));

        publication->present[i] = present;
        if (present && list)
            fill_index(&tables[i], publication, rows, list, prepare_index(&tables[i], rows, present, list));
        free(list);
    }
}

static bool is_shared_with_earlier(struct bitset *const *present, size_t column)
{
    for (size_t earlier = 0; earlier < column; earlier++) {
        if (present[earlier] == present[column])
            return true;
    }
    return false;
}

void tables_index_free(struct publication *publication)
{
    for (size_t i = 0; i < PUBLICATION_TABLES; i++) {
        struct bitset **present = publication->present[i];

        /* From behind, for those before are looked at. */
        for (size_t column = present ? table_column_count(&tables[i]) : 0; column-- > 0;) {
            if (!is_shared_with_earlier(present, column))
                bitset_free(present[column]);
        }
        free(present);
        publication->present[i] = NULL;
    }
}
