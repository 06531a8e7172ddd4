/* top_columns.c - the columns of proctcpTopTable. */
#include "own_columns.h"

static const struct top_row *at(const struct publication *publication, uint32_t row)
{
    return &publication->tops[row];
}

static const struct proctcp_row *socket_row(const struct publication *publication, uint32_t row)
{
    return &publication->snapshot->rows[at(publication, row)->place];
}

static bool is_of_process(const struct publication *publication, uint32_t row)
{
    return at(publication, row)->top.of != TOP_OF_GROUP;
}

static bool is_of_socket(const struct publication *publication, uint32_t row)
{
    return at(publication, row)->top.of == TOP_OF_SOCKET;
}

static void top_name(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_text(value, at(publication, row)->top.name);
}

static void top_of(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_integer(value, (int32_t)at(publication, row)->top.of);
}

static void top_field(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_text(value, at(publication, row)->top.field->name);
}

static void top_value(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_counter64(value, at(publication, row)->value);
}

static void top_instance(const struct publication *publication, uint32_t row, struct value *value)
{
    const struct proctcp_snapshot *snapshot = publication->snapshot;
    const struct top_row *top = at(publication, row);
    char text[VALUE_ADMIN_STRING_MAX + 1];

    if (top->top.of == TOP_OF_GROUP) {
        value_set_text(value, snapshot->groups[top->place].name);
        return;
    }
    if (top->top.of == TOP_OF_PROCESS)
        proctcp_process_text(&snapshot->processes[top->place], text, sizeof(text));
    else
        proctcp_row_text(snapshot, socket_row(publication, row), text, sizeof(text));
    value_set_text(value, text);
}

static void top_pid(const struct publication *publication, uint32_t row, struct value *value)
{
    const struct top_row *top = at(publication, row);

    value_set_integer(value, top->top.of == TOP_OF_PROCESS ? publication->snapshot->processes[top->place].pid
                                                           : socket_row(publication, row)->pid);
}

static void top_fd(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_integer(value, socket_row(publication, row)->fd);
}

static void top_subflow(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_unsigned(value, socket_row(publication, row)->subflow);
}

/* clang-format off */
const struct own_column own_top_columns[OWN_TOP_COLUMNS] = {
    {.id = 3, .name = "proctcpTopName", .syntax = VALUE_OCTETS, .value = top_name},
    {.id = 4, .name = "proctcpTopOf", .syntax = VALUE_INTEGER, .value = top_of},
    {.id = 5, .name = "proctcpTopField", .syntax = VALUE_OCTETS, .value = top_field},
    {.id = 6, .name = "proctcpTopInstance", .syntax = VALUE_OCTETS, .value = top_instance},
    {.id = 7, .name = "proctcpTopValue", .syntax = VALUE_COUNTER64, .value = top_value},
    {.id = 8, .name = "proctcpTopPid", .syntax = VALUE_INTEGER, .has = is_of_process, .value = top_pid},
    {.id = 9, .name = "proctcpTopFd", .syntax = VALUE_INTEGER, .has = is_of_socket, .value = top_fd},
    {.id = 10, .name = "proctcpTopSubflow", .syntax = VALUE_UNSIGNED, .has = is_of_socket, .value = top_subflow},
};
/* clang-format on */
