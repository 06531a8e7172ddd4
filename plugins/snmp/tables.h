/* tables.h - what is served, as tables of columns over the rows of a publication. Scalars are a table of one row.
 * Knows which values there are and how rows are keyed; knows nothing of how a request finds them. */
#ifndef SNMP_TABLES_H
#define SNMP_TABLES_H

#include "publication.h"
#include "value.h"

/* The name of a threshold and that of a group, each with its length before it. */
#define TABLE_INDEX_MAX (NAMED_MAX + 1 + PROCTCP_GROUP_NAME_SIZE)

/* A column of the adapter's own, beside those of the field table. No field has its id. */
struct own_column {
    uint16_t id;
    enum value_syntax syntax;
    const char *name; /* in the MIB */
    const char *unit;
    /* The name of a field that is a time: this is the same in seconds since 1970. Then the next two are not asked. */
    const char *seconds_of;
    /* NULL: in every row */
    bool (*has)(const struct publication *publication, uint32_t row);
    /* Called for rows that have it. */
    void (*value)(const struct publication *publication, uint32_t row, struct value *value);
};

/* An object of an index that is no field: the OID of every instance holds it. */
struct index_column {
    uint16_t id;
    enum value_syntax syntax;
    const char *name; /* in the MIB */
};

struct table {
    /* Sub-identifiers between the objects' root and the column. */
    unsigned long prefix[2];
    size_t prefix_length;
    const struct index_column *index;
    size_t index_count;
    /* Fields that are the index: the OID of every instance holds them, so they have no instances of their own. */
    size_t index_fields;
    const char *name_prefix; /* of the objects in the MIB */
    const struct proctcp_field *(*fields)(size_t *count);
    const struct own_column *own;
    size_t own_count;
    uint32_t (*row_count)(const struct publication *publication);
    /* The index, and its length. It rises with the row, as OIDs are ordered. */
    size_t (*key)(const struct publication *publication, uint32_t row, unsigned long key[TABLE_INDEX_MAX]);
    bool (*field_value)(const struct publication *publication, uint32_t row, const struct proctcp_field *field,
                        struct proctcp_value *value);
    /* For fields that are addresses: each as its InetAddressType, which stands in a column of its own, says. */
    void (*address)(const struct publication *publication, uint32_t row, const struct proctcp_address *address,
                    struct value *value);
};

/* In the order of their OIDs. */
extern const struct table tables[PUBLICATION_TABLES];

/* Columns are numbered from 0, in the order of their ids; index fields are not among them. */
size_t table_column_count(const struct table *table);
unsigned long table_column_id(const struct table *table, size_t column);
/* The first column whose id is not below id, or the number of columns. */
size_t table_column_from(const struct table *table, unsigned long id);
/* A field, or one of the adapter's own. */
struct table_column {
    bool is_own;
    union {
        const struct proctcp_field *field;
        const struct own_column *own;
    };
};
struct table_column table_column(const struct table *table, size_t column);
/* false: absent in this row. */
bool table_value(const struct table *table, const struct publication *publication, uint32_t row, size_t column,
                 struct value *value);
/* The first row from row on that has a value in the column, or BITSET_NONE. */
uint32_t table_next_present(const struct table *table, const struct publication *publication, uint32_t row,
                            size_t column);

/* Fills publication->present. Without memory for it, rows are asked one by one. */
void tables_index(struct publication *publication);
void tables_index_free(struct publication *publication);

#endif
