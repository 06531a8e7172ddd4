/* columns.c - prints the columns that the subagent serves, one JSON object per line, for the test that compares them
 * with the MIB. */
#include "../../plugins/snmp/oids.h"
#include "../../plugins/snmp/tables.h"

#include <stdio.h>
#include <string.h>

static void print_oid(const struct table *table, unsigned long column)
{
    static const unsigned long objects[] = {OID_PROCTCP_OBJECTS};

    printf("{\"oid\": \"");
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
        printf("%lu.", objects[i]);
    for (size_t i = 0; i < table->prefix_length; i++)
        printf("%lu.", table->prefix[i]);
    printf("%lu\"", column);
}

static void print_unit(const char *unit)
{
    if (unit)
        printf(", \"unit\": \"%s\"", unit);
}

/* "unknown" is the name of every number that has none, and may be that of 1. */
static void print_names(const char *(*name)(unsigned value))
{
    unsigned last = 255;

    while (last > 1 && strcmp(name(last), "unknown") == 0)
        last--;
    printf(", \"names\": {");
    for (unsigned value = 1; value <= last; value++)
        printf("%s\"%s\": %u", value > 1 ? ", " : "", name(value), value);
    printf("}");
}

static void print_field(const struct table *table, const struct proctcp_field *field, bool is_index)
{
    static const char *const types[] = {
        [PROCTCP_UNSIGNED] = "unsigned", [PROCTCP_SIGNED] = "signed",   [PROCTCP_BOOLEAN] = "boolean",
        [PROCTCP_TEXT] = "text",         [PROCTCP_ADDRESS] = "address", [PROCTCP_TIME] = "time",
        [PROCTCP_ENUM] = "enum",         [PROCTCP_NAME] = "name"};

    print_oid(table, field->id);
    printf(", \"prefix\": \"%s\", \"field\": \"%s\", \"type\": \"%s\", \"size\": %u, \"counter\": %s, \"index\": %s",
           table->name_prefix, field->name, types[field->type], (unsigned)field->size,
           field->is_counter ? "true" : "false", is_index ? "true" : "false");
    print_unit(field->unit);
    if (field->type == PROCTCP_ENUM)
        print_names(field->enum_name);
    printf("}\n");
}

static const char *const syntaxes[] = {[VALUE_INTEGER] = "integer",
                                       [VALUE_UNSIGNED] = "unsigned",
                                       [VALUE_COUNTER32] = "counter32",
                                       [VALUE_COUNTER64] = "counter64",
                                       [VALUE_OCTETS] = "octets"};

static void print_own(const struct table *table, const struct own_column *own)
{
    print_oid(table, own->id);
    printf(", \"prefix\": \"%s\", \"own\": \"%s\", \"syntax\": \"%s\", \"index\": false", table->name_prefix, own->name,
           syntaxes[own->syntax]);
    print_unit(own->unit);
    printf("}\n");
}

static void print_index(const struct table *table, const struct index_column *index)
{
    print_oid(table, index->id);
    printf(", \"prefix\": \"%s\", \"own\": \"%s\", \"syntax\": \"%s\", \"index\": true}\n", table->name_prefix,
           index->name, syntaxes[index->syntax]);
}

int main(void)
{
    for (size_t i = 0; i < PUBLICATION_TABLES; i++) {
        size_t count;
        const struct proctcp_field *fields = tables[i].fields(&count);

        for (size_t index = 0; index < tables[i].index_count; index++)
            print_index(&tables[i], &tables[i].index[index]);
        for (size_t field = 0; field < tables[i].index_fields; field++)
            print_field(&tables[i], &fields[field], true);
        for (size_t column = 0; column < table_column_count(&tables[i]); column++) {
            const struct table_column at = table_column(&tables[i], column);

            if (at.is_own)
                print_own(&tables[i], at.own);
            else
                print_field(&tables[i], at.field, false);
        }
    }
    return 0;
}
