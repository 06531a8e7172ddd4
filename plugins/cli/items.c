/* items.c - rows and processes, in the one way in which every form goes through them. Knows what selection lets pass.
 */
#include "output.h"

bool output_shows_row(const struct output *output, const struct proctcp_row *row)
{
    return !output->selection || proctcp_selection_matches(output->selection, output->snapshot, row);
}

bool output_shows_process(const struct output *output, const struct proctcp_process *process)
{
    for (uint32_t i = 0; i < process->row_count; i++) {
        if (output_shows_row(output, &output->snapshot->rows[process->first_row + i]))
            return true;
    }
    return false;
}

static const void *shown_row(const struct output *output, uint32_t index)
{
    const struct proctcp_row *row = &output->snapshot->rows[index];
    return output_shows_row(output, row) ? row : NULL;
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

const struct items row_items = {proctcp_row_fields, shown_row, row_count, row_value};

static const void *shown_process(const struct output *output, uint32_t index)
{
    const struct proctcp_process *process = &output->snapshot->processes[index];
    return output_shows_process(output, process) ? process : NULL;
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

const struct items process_items = {proctcp_process_fields, shown_process, process_count, process_value};
