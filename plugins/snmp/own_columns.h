/* own_columns.h - the columns that are the adapter's own: what only SNMP wants to know of a row or of scanning. */
#ifndef SNMP_OWN_COLUMNS_H
#define SNMP_OWN_COLUMNS_H

#include "tables.h"

#define OWN_SCAN_COLUMNS       18
#define OWN_PROCESS_COLUMNS    2
#define OWN_SOCKET_COLUMNS     5
#define OWN_LISTENER_COLUMNS   2
#define OWN_CONNECTION_COLUMNS 12
#define OWN_STATE_COLUMNS      4
#define OWN_GROUP_COLUMNS      2
#define OWN_THRESHOLD_COLUMNS  13
#define OWN_TOP_COLUMNS        8

extern const struct own_column own_scan_columns[OWN_SCAN_COLUMNS];
extern const struct own_column own_process_columns[OWN_PROCESS_COLUMNS];
extern const struct own_column own_socket_columns[OWN_SOCKET_COLUMNS];
extern const struct own_column own_listener_columns[OWN_LISTENER_COLUMNS];
extern const struct own_column own_connection_columns[OWN_CONNECTION_COLUMNS];
extern const struct own_column own_state_columns[OWN_STATE_COLUMNS];
extern const struct own_column own_group_columns[OWN_GROUP_COLUMNS];
extern const struct own_column own_threshold_columns[OWN_THRESHOLD_COLUMNS];
extern const struct own_column own_top_columns[OWN_TOP_COLUMNS];

/* One of the row's addresses, in the family that proctcpSocketAddressType says for both. */
void own_socket_address(const struct publication *publication, uint32_t row, const struct proctcp_address *address,
                        struct value *value);
/* With its zone, where it has one. */
void own_listener_address(const struct publication *publication, uint32_t row, const struct proctcp_address *address,
                          struct value *value);
/* The listener of a row of the table. */
const struct proctcp_listener *own_listener_of(const struct publication *publication, uint32_t row);

#endif
