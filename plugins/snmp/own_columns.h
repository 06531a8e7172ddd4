/* own_columns.h - the columns that are the adapter's own: what only SNMP wants to know of a row or of scanning. */
#ifndef SNMP_OWN_COLUMNS_H
#define SNMP_OWN_COLUMNS_H

#include "tables.h"

#define OWN_SCAN_COLUMNS   9
#define OWN_SOCKET_COLUMNS 4

extern const struct own_column own_scan_columns[OWN_SCAN_COLUMNS];
extern const struct own_column own_socket_columns[OWN_SOCKET_COLUMNS];

/* One of the row's addresses, in the family that socketAddressType says for both. */
void own_socket_address(const struct publication *publication, uint32_t row, const struct proctcp_address *address,
                        struct value *value);

#endif
