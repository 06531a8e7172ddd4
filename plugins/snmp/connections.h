/* connections.h - sockets with two ends, in the order of the index of proctcpConnectionTable. */
#ifndef SNMP_CONNECTIONS_H
#define SNMP_CONNECTIONS_H

#include "tables.h"

struct connection {
    uint32_t socket;               /* index into the snapshot's sockets */
    const struct proctcp_row *row; /* that holds it, of the lowest pid; NULL: no visible process does */
};

/* A row of the table. */
struct connection connection_of(const struct publication *publication, uint32_t row);
/* Of both addresses: one that is link-local has a zone, and then the other one has the same. */
enum inet_address_type connection_address_type(const struct proctcp_socket *socket);
/* The index, and its length. */
size_t connection_key(const struct publication *publication, uint32_t row, unsigned long key[TABLE_INDEX_MAX]);

/* Fills the table's order in the publication. Where memory is out, the table has no rows. */
void connections_order(struct publication *publication);

#endif
