/* columns.c - the columns of a table: one for each field, and the adapter's own, in the order of their numbers; and
 * which rows have a value in one. Knows how a value is made of a field; nothing of what the tables are about. */
#include "tables.h"

#include <pthread.h>
#include <stdlib.h>

/* ---- columns ---- */

#define COLUMNS_MAX 128
#define IDS         256 /* above all of them */

/* Of a table, in the order of their numbers: made once, for each varbind needs one. */
struct columns {
    size_t count;
    struct table_column at[COLUMNS_MAX];
    uint8_t from[IDS]; /* the first whose number is not below it */
};

static struct columns columns[PUBLICATION_TABLES];
static pthread_once_t columns_made = PTHREAD_ONCE_INIT;

static unsigned long id_of(const struct table_column *column)
{
    return column->is_own ? column->own->id : column->field->id;
}

/* Fields and own columns, each sorted by their numbers, in one order. */
static void make_columns_of(const struct table *table, struct columns *made)
{
    size_t count, field = table->index_fields, own = 0;
    const struct proctcp_field *fields = table->fields(&count);

    while ((field < count || own < table->own_count) && made->count < COLUMNS_MAX) {
        const bool is_own = own < table->own_count && (field == count || table->own[own].id < fields[field].id);
        struct table_column *column = &made->at[made->count++];
        column->is_own = is_own;
        if (is_own)
            column->own = &table->own[own++];
        else
            column->field = &fields[field++];
    }
    for (unsigned id = 0, first = 0; id < IDS; id++) {
        while (first < made->count && id_of(&made->at[first]) < id)
            first++;
        made->from[id] = (uint8_t)first;
    }
}

static void make_columns(void)
{
    for (size_t i = 0; i < PUBLICATION_TABLES; i++)
        make_columns_of(&tables[i], &columns[i]);
}

static const struct columns *columns_of(const struct table *table)
{
    pthread_once(&columns_made, make_columns);
    return &columns[table - tables];
}

size_t table_column_count(const struct table *table)
{
    return columns_of(table)->count;
}

struct table_column table_column(const struct table *table, size_t column)
{
    return columns_of(table)->at[column];
}

unsigned long table_column_id(const struct table *table, size_t column)
{
    return id_of(&columns_of(table)->at[column]);
}

size_t table_column_from(const struct table *table, unsigned long id)
{
    const struct columns *made = columns_of(table);

    return id < IDS ? made->from[id] : made->count;
}

/* ---- values ---- */

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
