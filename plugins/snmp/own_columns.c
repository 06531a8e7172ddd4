/* own_columns.c - the columns beside those of the field tables: the state of scanning, addresses with their types, and
 * what managers can read better in another form. Knows what a cell says; nothing of the order of rows. */
#include "own_columns.h"

#include "order.h"

#include <string.h>
#include <time.h>

static void scan_interval(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_unsigned(value, publication->interval_s);
}

static void scan_status(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_integer(value, (int32_t)publication->status);
}

static bool has_snapshot(const struct publication *publication, uint32_t row)
{
    (void)row;
    return publication->snapshot;
}

/* Of the moment of the request. A clock that was set back gives 0. */
static void scan_age(const struct publication *publication, uint32_t row, struct value *value)
{
    const uint64_t now = (uint64_t)time(NULL), then = publication->snapshot->stats.time;

    (void)row;
    value_set_unsigned(value, now > then ? (uint32_t)(now - then) : 0);
}

static void scan_failures(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_counter32(value, publication->failures);
}

static void scan_last_failure(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_text(value, publication->failure);
}

static bool has_failed(const struct publication *publication, uint32_t row)
{
    (void)row;
    return publication->failure_time;
}

static void scan_last_failure_time(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_time(value, publication->failure_time);
}

static void scan_start_time(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_time(value, publication->start_time);
}

static void scan_missing_capabilities(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_text(value, publication->missing_capabilities);
}

static void scan_agent_version(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)publication;
    (void)row;
    value_set_text(value, PROCTCP_VERSION);
}

static void scan_left_out(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_text(value, publication->left_out);
}

static void scan_longest(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_counter64(value, publication->longest_us);
}

static void scan_longest_hour(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_counter64(value, publication->longest_hour_us);
}

static void scan_start_seconds(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_unsigned(value, (uint32_t)publication->start_time);
}

static void scan_last_failure_seconds(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_unsigned(value, (uint32_t)publication->failure_time);
}

static void notifications_sent(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_counter32(value, publication->notified ? publication->notified->sent : 0);
}

static void notifications_lost(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_counter32(value, publication->notified ? publication->notified->lost : 0);
}

static void scan_groups_left_out(const struct publication *publication, uint32_t row, struct value *value)
{
    (void)row;
    value_set_unsigned(value, publication->snapshot->groups_left_out);
}

/* clang-format off */
const struct own_column own_scan_columns[OWN_SCAN_COLUMNS] = {
    {.id = 101, .name = "proctcpScanInterval", .syntax = VALUE_UNSIGNED, .unit = "seconds", .value = scan_interval},
    {.id = 102, .name = "proctcpScanStatus", .syntax = VALUE_INTEGER, .value = scan_status},
    {.id = 103, .name = "proctcpScanAge", .syntax = VALUE_UNSIGNED, .unit = "seconds", .has = has_snapshot, .value = scan_age},
    {.id = 104, .name = "proctcpScanFailedScans", .syntax = VALUE_COUNTER32, .unit = "scans", .value = scan_failures},
    {.id = 105, .name = "proctcpScanLastFailureText", .syntax = VALUE_OCTETS, .value = scan_last_failure},
    {.id = 106, .name = "proctcpScanLastFailureTime", .syntax = VALUE_OCTETS, .has = has_failed, .value = scan_last_failure_time},
    {.id = 107, .name = "proctcpScanStartTime", .syntax = VALUE_OCTETS, .value = scan_start_time},
    {.id = 108, .name = "proctcpScanMissingCapabilities", .syntax = VALUE_OCTETS, .value = scan_missing_capabilities},
    {.id = 109, .name = "proctcpScanAgentVersion", .syntax = VALUE_OCTETS, .value = scan_agent_version},
    {.id = 110, .name = "proctcpScanLeftOut", .syntax = VALUE_OCTETS, .has = has_snapshot, .value = scan_left_out},
    {.id = 111, .name = "proctcpScanLongestUs", .syntax = VALUE_COUNTER64, .unit = "microseconds", .has = has_snapshot, .value = scan_longest},
    {.id = 112, .name = "proctcpScanLongestHourUs", .syntax = VALUE_COUNTER64, .unit = "microseconds", .has = has_snapshot, .value = scan_longest_hour},
    {.id = 113, .name = "proctcpScanTimeSeconds", .syntax = VALUE_UNSIGNED, .unit = "seconds", .seconds_of = "time"},
    {.id = 114, .name = "proctcpScanLastFailureSeconds", .syntax = VALUE_UNSIGNED, .unit = "seconds", .has = has_failed, .value = scan_last_failure_seconds},
    {.id = 115, .name = "proctcpScanStartSeconds", .syntax = VALUE_UNSIGNED, .unit = "seconds", .value = scan_start_seconds},
    {.id = 116, .name = "proctcpScanNotificationsSent", .syntax = VALUE_COUNTER32, .unit = "notifications", .value = notifications_sent},
    {.id = 117, .name = "proctcpScanNotificationsLost", .syntax = VALUE_COUNTER32, .unit = "notifications", .value = notifications_lost},
    {.id = 118, .name = "proctcpScanGroupsLeftOut", .syntax = VALUE_UNSIGNED, .unit = "groups", .has = has_snapshot, .value = scan_groups_left_out},
};

const struct own_column own_process_columns[OWN_PROCESS_COLUMNS] = {
    {.id = 101, .name = "proctcpProcessStartSeconds", .syntax = VALUE_UNSIGNED, .unit = "seconds", .seconds_of = "start_time"},
    {.id = 102, .name = "proctcpProcessFirstSeenSeconds", .syntax = VALUE_UNSIGNED, .unit = "seconds", .seconds_of = "first_seen"},
};

const struct own_column own_group_columns[OWN_GROUP_COLUMNS] = {
    {.id = 101, .name = "proctcpGroupStartSeconds", .syntax = VALUE_UNSIGNED, .unit = "seconds", .seconds_of = "start_time"},
    {.id = 102, .name = "proctcpGroupLastSeenSeconds", .syntax = VALUE_UNSIGNED, .unit = "seconds", .seconds_of = "last_seen"},
};
/* clang-format on */

static const struct proctcp_socket *socket_of(const struct publication *publication, uint32_t row)
{
    return &publication->snapshot->sockets[publication->snapshot->rows[row].socket];
}

static bool has_local(const struct publication *publication, uint32_t row)
{
    return socket_of(publication, row)->present & PROCTCP_HAS_LOCAL;
}

static bool has_remote(const struct publication *publication, uint32_t row)
{
    return socket_of(publication, row)->present & PROCTCP_HAS_REMOTE;
}

static bool has_address(const struct publication *publication, uint32_t row)
{
    return has_local(publication, row) || has_remote(publication, row);
}

/* One InetAddressType says the family of both addresses, so a pair that differs ("::" and an IPv4 address) is
 * published as IPv6. */
static bool is_ipv4(const struct proctcp_socket *socket)
{
    return (!(socket->present & PROCTCP_HAS_LOCAL) || proctcp_address_is_ipv4(&socket->local_address)) &&
           (!(socket->present & PROCTCP_HAS_REMOTE) || proctcp_address_is_ipv4(&socket->remote_address));
}

void own_socket_address(const struct publication *publication, uint32_t row, const struct proctcp_address *address,
                        struct value *value)
{
    const bool as_ipv4 = is_ipv4(socket_of(publication, row));

    value_set_address(value, address, as_ipv4 ? INET_ADDRESS_IPV4 : INET_ADDRESS_IPV6, 0);
}

static void socket_address_type(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_integer(value, is_ipv4(socket_of(publication, row)) ? INET_ADDRESS_IPV4 : INET_ADDRESS_IPV6);
}

static void socket_local_endpoint(const struct publication *publication, uint32_t row, struct value *value)
{
    const struct proctcp_socket *socket = socket_of(publication, row);
    char text[PROCTCP_ENDPOINT_TEXT_SIZE];

    value_set_text(value, proctcp_endpoint_text(&socket->local_address, socket->local_port, text));
}

static void socket_remote_endpoint(const struct publication *publication, uint32_t row, struct value *value)
{
    const struct proctcp_socket *socket = socket_of(publication, row);
    char text[PROCTCP_ENDPOINT_TEXT_SIZE];

    value_set_text(value, proctcp_endpoint_text(&socket->remote_address, socket->remote_port, text));
}

static void socket_row(const struct publication *publication, uint32_t row, struct value *value)
{
    value->syntax = VALUE_OCTETS;
    proctcp_row_text(publication->snapshot, &publication->snapshot->rows[row], (char *)value->octets,
                     sizeof(value->octets));
    value->length = strlen((const char *)value->octets);
}

/* clang-format off */
const struct own_column own_socket_columns[OWN_SOCKET_COLUMNS] = {
    {.id = 10, .name = "proctcpSocketAddressType", .syntax = VALUE_INTEGER, .has = has_address, .value = socket_address_type},
    {.id = 102, .name = "proctcpSocketLocalEndpoint", .syntax = VALUE_OCTETS, .has = has_local, .value = socket_local_endpoint},
    {.id = 103, .name = "proctcpSocketRemoteEndpoint", .syntax = VALUE_OCTETS, .has = has_remote, .value = socket_remote_endpoint},
    {.id = 104, .name = "proctcpSocketRow", .syntax = VALUE_OCTETS, .value = socket_row},
    {.id = 105, .name = "proctcpSocketFirstSeenSeconds", .syntax = VALUE_UNSIGNED, .unit = "seconds", .seconds_of = "first_seen"},
};
/* clang-format on */

/* ---- listeners ---- */

const struct proctcp_listener *own_listener_of(const struct publication *publication, uint32_t row)
{
    return order_listener(publication, publication->order[PUBLICATION_LISTENERS].at[row]);
}

void own_listener_address(const struct publication *publication, uint32_t row, const struct proctcp_address *address,
                          struct value *value)
{
    const uint32_t interface = own_listener_of(publication, row)->interface;

    value_set_address(value, address, value_address_type(address, interface), interface);
}

static void listener_address_type(const struct publication *publication, uint32_t row, struct value *value)
{
    const struct proctcp_listener *listener = own_listener_of(publication, row);

    value_set_integer(value, (int32_t)value_address_type(&listener->local_address, listener->interface));
}

static void listener_local_endpoint(const struct publication *publication, uint32_t row, struct value *value)
{
    const struct proctcp_listener *listener = own_listener_of(publication, row);
    char text[PROCTCP_ENDPOINT_TEXT_SIZE];

    value_set_text(value, proctcp_endpoint_text(&listener->local_address, listener->local_port, text));
}

/* clang-format off */
const struct own_column own_listener_columns[OWN_LISTENER_COLUMNS] = {
    {.id = 101, .name = "proctcpListenerAddressType", .syntax = VALUE_INTEGER, .value = listener_address_type},
    {.id = 102, .name = "proctcpListenerLocalEndpoint", .syntax = VALUE_OCTETS, .value = listener_local_endpoint},
};
/* clang-format on */

/* ---- states ---- */

static const struct state_count *state_of(const struct publication *publication, uint32_t row)
{
    return &publication->states[row];
}

static void state_netns(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_unsigned(value, state_of(publication, row)->netns);
}

static void state_state(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_integer(value, (int32_t)state_of(publication, row)->state);
}

static void state_sockets(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_unsigned(value, state_of(publication, row)->sockets);
}

static void state_unattributed(const struct publication *publication, uint32_t row, struct value *value)
{
    value_set_unsigned(value, state_of(publication, row)->unattributed);
}

/* clang-format off */
const struct own_column own_state_columns[OWN_STATE_COLUMNS] = {
    {.id = 3, .name = "proctcpStateNetns", .syntax = VALUE_UNSIGNED, .value = state_netns},
    {.id = 4, .name = "proctcpStateState", .syntax = VALUE_INTEGER, .value = state_state},
    {.id = 5, .name = "proctcpStateSockets", .syntax = VALUE_UNSIGNED, .unit = "sockets", .value = state_sockets},
    {.id = 6, .name = "proctcpStateUnattributed", .syntax = VALUE_UNSIGNED, .unit = "sockets", .value = state_unattributed},
};
/* clang-format on */
