/* items.c - rows, processes, sockets and counts, in the one way in which every form goes through them. */
#include "output.h"

static size_t add_fields(const struct proctcp_field *(*table_of)(size_t *count), size_t listed,
                         const struct proctcp_field *fields[ITEMS_FIELDS_MAX])
{
    size_t count = 0;
    const struct proctcp_field *table = table_of(&count);

    for (size_t f = 0; f < count && listed < ITEMS_FIELDS_MAX; f++)
        fields[listed++] = &table[f];
    return listed;
}

size_t items_fields(const struct items *items, const struct proctcp_field *fields[ITEMS_FIELDS_MAX])
{
    const size_t listed = add_fields(items->fields, 0, fields);
    return items->more_fields ? add_fields(items->more_fields, listed, fields) : listed;
}

/* ---- rows ---- */

static const void *row_at(const struct output *output, uint32_t index)
{
    return &output->snapshot->rows[index];
}

static uint32_t row_count(const struct output *output)
{
    return output->snapshot->row_count;
}

static bool row_value(const struct output *output, const void *item, const struct proctcp_field *field,
                      struct proctcp_value *value)
{
    return proctcp_row_value(output->snapshot, item, field, value);
}

const struct items row_items = {.fields = proctcp_row_fields, .item = row_at, .count = row_count, .value = row_value};

/* ---- processes ---- */

static const void *process_at(const struct output *output, uint32_t index)
{
    return &output->snapshot->processes[index];
}

static uint32_t process_count(const struct output *output)
{
    return output->snapshot->process_count;
}

static bool process_value(const struct output *output, const void *item, const struct proctcp_field *field,
                          struct proctcp_value *value)
{
    (void)output;
    return proctcp_process_value(item, field, value);
}

const struct items process_items = {
    .fields = proctcp_process_fields, .item = process_at, .count = process_count, .value = process_value};

/* ---- sockets ---- */

static const void *socket_at(const struct output *output, uint32_t index)
{
    return &output->snapshot->sockets[index];
}

static uint32_t socket_count(const struct output *output)
{
    return output->snapshot->socket_count;
}

static bool socket_value(const struct output *output, const void *item, const struct proctcp_field *field,
                         struct proctcp_value *value)
{
    const uint32_t index = (uint32_t)((const struct proctcp_socket *)item - output->snapshot->sockets);
    const uint32_t row = output->first_rows[index];

    return proctcp_socket_value(output->snapshot, index, row == PROCTCP_NONE ? NULL : &output->snapshot->rows[row],
                                field, value);
}

const struct items socket_items = {.fields = proctcp_row_fields,
                                   .more_fields = proctcp_last_holder_fields,
                                   .item = socket_at,
                                   .count = socket_count,
                                   .value = socket_value};

/* ---- sockets that nobody holds ---- */

static const void *unattributed_at(const struct output *output, uint32_t index)
{
    return &output->snapshot->unattributed[index];
}

static uint32_t unattributed_count(const struct output *output)
{
    return output->snapshot->unattributed_count;
}

static bool unattributed_value(const struct output *output, const void *item, const struct proctcp_field *field,
                               struct proctcp_value *value)
{
    (void)output;
    return proctcp_unattributed_value(item, field, value);
}

const struct items unattributed_items = {.fields = proctcp_unattributed_fields,
                                         .item = unattributed_at,
                                         .count = unattributed_count,
                                         .value = unattributed_value};
