/* connection_columns.c - the columns of proctcpConnectionTable: who holds a connection, or held it last. */
#include "own_columns.h"

#include "connections.h"

#include <string.h>

static const struct proctcp_socket *socket_of(const struct publication *publication, uint32_t row)
{
    return &publication->snapshot->sockets[connection_of(publication, row).socket];
}

static const struct proctcp_last_holder *last_holder_of(const struct publication *publication, uint32_t row)
{
    const struct connection connection = connection_of(publication, row);

    return connection.row ? NULL : proctcp_find_last_holder(publication->snapshot, connection.socket);
}

static bool is_held(const struct publication *publication, uint32_t row)
{
    return connection_of(publication, row).row;
}

static bool had_holder(const struct publication *publication, uint32_t row)
{
    return last_holder_of(publication, row);
}

static bool is_grouped(const struct publication *publication, uint32_t row)
{
    return publication->snapshot->row_groups && is_held(publication, row);
}

static void connection_state(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_integer(value, socket_of(publication, row)->state);
}

static void connection_pid(const struct publication *publication, uint32_t row, struct value *value)
{
    const struct proctcp_row *holder = connection_of(publication, row).row;

    value_set_integer(value, holder ? holder->pid : 0);
}

static void connection_fd(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_integer(value, connection_of(publication, row).row->fd);
}

static void connection_subflow(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_unsigned(value, connection_of(publication, row).row->subflow);
}

static void connection_process(const struct publication *publication, uint32_t row, struct value *value)
{
    const struct proctcp_snapshot *snapshot = publication->snapshot;

    value_set_text(value, snapshot->processes[connection_of(publication, row).row->process].name);
}

static void connection_group(const struct publication *publication, uint32_t row, struct value *value)
{
    const struct proctcp_snapshot *snapshot = publication->snapshot;
    const struct proctcp_row *holder = connection_of(publication, row).row;

    value_set_text(value, snapshot->groups[snapshot->row_groups[holder - snapshot->rows]].name);
}

static void connection_owners(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_unsigned(value, socket_of(publication, row)->owners);
}

static void connection_last_pid(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_integer(value, last_holder_of(publication, row)->pid);
}

static void connection_last_process(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_text(value, last_holder_of(publication, row)->process);
}

static bool has_netns(const struct publication *publication, uint32_t row)
{
    return socket_of(publication, row)->present & PROCTCP_HAS_NETNS;
}

static void connection_netns(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_unsigned(value, socket_of(publication, row)->netns);
}

static void local_endpoint(const struct publication *publication, uint32_t row, struct value *value)
{
    const struct proctcp_socket *socket = socket_of(publication, row);
    char text[PROCTCP_ENDPOINT_TEXT_SIZE];

    value_set_text(value, proctcp_endpoint_text(&socket->local_address, socket->local_port, text));
}

static void remote_endpoint(const struct publication *publication, uint32_t row, struct value *value)
{
    const struct proctcp_socket *socket = socket_of(publication, row);
    char text[PROCTCP_ENDPOINT_TEXT_SIZE];

    value_set_text(value, proctcp_endpoint_text(&socket->remote_address, socket->remote_port, text));
}

/* clang-format off */
const struct own_column own_connection_columns[OWN_CONNECTION_COLUMNS] = {
    {.id = 7, .name = "proctcpConnectionState", .syntax = VALUE_INTEGER, .value = connection_state},
    {.id = 8, .name = "proctcpConnectionPid", .syntax = VALUE_INTEGER, .value = connection_pid},
    {.id = 9, .name = "proctcpConnectionFd", .syntax = VALUE_INTEGER, .has = is_held, .value = connection_fd},
    {.id = 10, .name = "proctcpConnectionSubflow", .syntax = VALUE_UNSIGNED, .has = is_held, .value = connection_subflow},
    {.id = 11, .name = "proctcpConnectionProcess", .syntax = VALUE_OCTETS, .has = is_held, .value = connection_process},
    {.id = 12, .name = "proctcpConnectionGroup", .syntax = VALUE_OCTETS, .has = is_grouped, .value = connection_group},
    {.id = 13, .name = "proctcpConnectionOwners", .syntax = VALUE_UNSIGNED, .unit = "descriptors", .value = connection_owners},
    {.id = 14, .name = "proctcpConnectionLastPid", .syntax = VALUE_INTEGER, .has = had_holder, .value = connection_last_pid},
    {.id = 15, .name = "proctcpConnectionLastProcess", .syntax = VALUE_OCTETS, .has = had_holder, .value = connection_last_process},
    {.id = 16, .name = "proctcpConnectionNetns", .syntax = VALUE_UNSIGNED, .has = has_netns, .value = connection_netns},
    {.id = 101, .name = "proctcpConnectionLocalEndpoint", .syntax = VALUE_OCTETS, .value = local_endpoint},
    {.id = 102, .name = "proctcpConnectionRemoteEndpoint", .syntax = VALUE_OCTETS, .value = remote_endpoint},
};
/* clang-format on */
