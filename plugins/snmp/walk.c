/* walk.c - the order of instances: table, column, index. Finds a place by comparing and by binary search; knows nothing
 * of what the columns hold. */
#include "walk.h"

#include "order.h"

#include <string.h>

static int compare_row(const struct table *table, const struct publication *publication, uint32_t row,
                       const unsigned long *index, size_t length)
{
    unsigned long key[TABLE_INDEX_MAX];
    const size_t key_length = table->key(publication, row, key);

    return order_compare(key, key_length, index, length);
}

/* The first row behind index, or the number of rows. */
static uint32_t row_behind(const struct table *table, const struct publication *publication, uint32_t hint,
                           const unsigned long *index, size_t length)
{
    const uint32_t rows = table->row_count(publication);
    uint32_t low = 0, high = rows;

    /* The varbinds of one reply ask for many columns behind one row, those of the next reply behind the next row. */
    for (uint32_t row = hint; row < rows && row + 1 >= hint; row--) {
        if (compare_row(table, publication, row, index, length) == 0)
            return row + 1;
    }
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (compare_row(table, publication, middle, index, length) > 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static bool starts_with(const unsigned long *oid, size_t length, const struct table *table)
{
    return length >= table->prefix_length &&
           memcmp(oid, table->prefix, table->prefix_length * sizeof(table->prefix[0])) == 0;
}

enum walk_result walk_get(const struct publication *publication, struct walk_hint *hint, const unsigned long *oid,
                          size_t length, struct value *value)
{
    for (size_t i = 0; i < PUBLICATION_TABLES; i++) {
        const struct table *table = &tables[i];

        if (!starts_with(oid, length, table) || !publication_serves(publication, i))
            continue;
        oid += table->prefix_length;
        length -= table->prefix_length;
        if (length == 0)
            return WALK_NO_OBJECT;

        const size_t column = table_column_from(table, oid[0]);

        if (column == table_column_count(table) || table_column_id(table, column) != oid[0])
            return WALK_NO_OBJECT;
        const uint32_t behind = row_behind(table, publication, hint->row[i], oid + 1, length - 1);

        if (behind == 0 || compare_row(table, publication, behind - 1, oid + 1, length - 1) != 0)
            return WALK_NO_INSTANCE;
        hint->row[i] = behind - 1;
        return table_value(table, publication, behind - 1, column, value) ? WALK_FOUND : WALK_NO_INSTANCE;
    }
    return WALK_NO_OBJECT;
}

bool walk_next(const struct publication *publication, struct walk_hint *hint, const unsigned long *oid, size_t length,
               unsigned long next[WALK_OID_MAX], size_t *next_length, struct value *value)
{
    for (size_t i = 0; i < PUBLICATION_TABLES; i++) {
        const struct table *table = &tables[i];
        const size_t columns = table_column_count(table);
        size_t column = 0;
        uint32_t row = 0;

        if (!publication_serves(publication, i))
            continue;
        if (starts_with(oid, length, table) && length > table->prefix_length) {
            const unsigned long *rest = oid + table->prefix_length;

            column = table_column_from(table, rest[0]);
            if (column < columns && table_column_id(table, column) == rest[0])
                row = row_behind(table, publication, hint->row[i], rest + 1, length - table->prefix_length - 1);
        } else if (order_compare(oid, length, table->prefix, table->prefix_length) > 0) {
            continue;
        }
        for (; column < columns; column++, row = 0) {
            row = table_next_present(table, publication, row, column);
            if (row == BITSET_NONE)
                continue;
            table_value(table, publication, row, column, value);
            hint->row[i] = row;
            memcpy(next, table->prefix, table->prefix_length * sizeof(*next));
            next[table->prefix_length] = table_column_id(table, column);
            *next_length = table->prefix_length + 1 + table->key(publication, row, next + table->prefix_length + 1);
            return true;
        }
    }
    return false;
}
