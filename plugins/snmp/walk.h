/* walk.h - from an OID to a value, exactly (GET) or to what stands behind it (GETNEXT). OIDs are those below the
 * objects' root. Calls no net-snmp: an OID is an array of unsigned long, as net-snmp's oid is. */
#ifndef SNMP_WALK_H
#define SNMP_WALK_H

#include "tables.h"

#define WALK_OID_MAX (3 + TABLE_INDEX_MAX) /* table, entry, column */

enum walk_result {
    WALK_FOUND = 1,
    WALK_NO_INSTANCE, /* there is such a column, but this row does not have it, or there is no such row */
    WALK_NO_OBJECT,
};

/* Where the last answer stood, per table: a walk goes on from there, so that it need not search. All 0 is a good start;
 * a wrong hint costs a search, never a wrong answer. */
struct walk_hint {
    uint32_t row[PUBLICATION_TABLES];
};

enum walk_result walk_get(const struct publication *publication, struct walk_hint *hint, const unsigned long *oid,
                          size_t length, struct value *value);

/* false: there is nothing behind oid. */
bool walk_next(const struct publication *publication, struct walk_hint *hint, const unsigned long *oid, size_t length,
               unsigned long next[WALK_OID_MAX], size_t *next_length, struct value *value);

#endif
