/* order.h - the order of rows that a snapshot has in another one, and the indexes by which they are ordered. */
#ifndef SNMP_ORDER_H
#define SNMP_ORDER_H

#include "tables.h"

/* 0 for the agent's own namespace, so that the rows of the host are called the same after every boot. */
unsigned long order_netns(const struct publication *publication, uint32_t inode);

/* Lexicographic, as OIDs are ordered: what is longer stands behind its beginning. */
int order_compare(const unsigned long *a, size_t a_length, const unsigned long *b, size_t b_length);

/* Octets as they stand in an index, their number before them. Returns how many sub-identifiers these are. */
size_t order_put_octets(const uint8_t *octets, size_t length, unsigned long *key);

/* Indexes, and their lengths. */
size_t order_listener_key(const struct publication *publication, const struct proctcp_listener *listener,
                          unsigned long key[TABLE_INDEX_MAX]);
size_t order_threshold_key(const char *name, const char *instance, unsigned long key[TABLE_INDEX_MAX]);
size_t order_group_key(const struct proctcp_group *group, unsigned long key[TABLE_INDEX_MAX]);

/* A listener by its place: of the snapshot, and behind those the ones that have gone. */
const struct proctcp_listener *order_listener(const struct publication *publication, uint32_t place);

/* Fills publication->order and publication->states. Where memory is out, such a table has no rows. */
void order_rows(struct publication *publication);
void order_free(struct publication *publication);

#endif
