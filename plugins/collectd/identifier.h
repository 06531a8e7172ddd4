/* identifier.h - names that every collectd writer can take. */
#ifndef PROCTCP_COLLECTD_IDENTIFIER_H
#define PROCTCP_COLLECTD_IDENTIFIER_H

#include "proctcp.h"

#include <stddef.h>
#include <stdint.h>

/* libcollectdclient keeps 63 bytes of an instance, the daemon itself 127. */
#define IDENTIFIER_SIZE 64

/* Plugin instances that are no groups. A group whose name begins as one of them does, or goes on so behind a "-", gets
 * another one: with or without an Instance before them, they can be told from groups by their names alone. */
#define IDENTIFIER_SELF     "proctcp-self"
#define IDENTIFIER_LISTENER "proctcp-listener-" /* its address and port follow */
#define IDENTIFIER_SOCKETS  "proctcp-sockets-"  /* the group that holds them follows */
#define IDENTIFIER_OTHER    PROCTCP_GROUP_OTHER /* the sum of the groups that found no place */
#define IDENTIFIER_ALL      PROCTCP_GROUP_ALL
#define IDENTIFIER_UNNAMED  PROCTCP_GROUP_UNNAMED /* processes without a name */

#define INSTANCE_SIZE 21 /* a name of a block, with its NUL */

/* The names of one block, told from those of others. */
struct identifiers {
    const char *prefix;        /* stands before all of them: "", or "web-" */
    const char *const *others; /* prefixes that other blocks have, up to NULL: nothing else begins so */
};

/* Any bytes as [A-Za-z0-9_.:@+-], different names as different identifiers: every other byte becomes +XX, as does a
 * "+" that would read so. Too long a name ends in "+-" and a hash of the whole. */
void identifier_from_name(const char *name, char identifier[IDENTIFIER_SIZE]);

/* The plugin instance of a group of the library's: sums stand as they are, and what the library put before a process's
 * name to tell it from them is written as an escape. */
void identifier_of_group(const struct identifiers *identifiers, const char *group, char identifier[IDENTIFIER_SIZE]);

/* A plugin instance that is no group: kind is one of the above, rest is of allowed bytes. */
void identifier_of_own(const struct identifiers *identifiers, const char *kind, const char *rest,
                       char identifier[IDENTIFIER_SIZE]);

/* text, of allowed bytes already, in at most size bytes with the NUL; cut like a name that is too long. */
void identifier_cut(const char *text, char *identifier, size_t size);

uint64_t identifier_hash(const void *bytes, size_t size);

#endif
