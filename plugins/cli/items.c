/* items.c - rows and processes, in the one way in which every form goes through them. */
#include "output.h"

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

const struct items row_items = {proctcp_row_fields, row_at, row_count, row_value};

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

const struct items process_items = {proctcp_process_fields, process_at, process_count, process_value};
