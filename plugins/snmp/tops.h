/* tops.h - lists of the groups, processes or sockets that have most of something: what the configuration asks for, and
 * what they are after a scan. */
#ifndef SNMP_TOPS_H
#define SNMP_TOPS_H

#include "measures.h"

#define TOPS_MAX     16
#define TOP_ROWS_MAX 100
#define TOP_ROWS     10 /* unless it is said */

/* Numbered as proctcpTopOf of the PROCTCP-MIB. */
enum top_of {
    TOP_OF_GROUP = 1,
    TOP_OF_PROCESS,
    TOP_OF_SOCKET,
};

struct top {
    char name[NAMED_MAX + 1];
    enum top_of of;
    const struct proctcp_field *field; /* a number */
    uint32_t rows;                     /* at most */
};

/* In the order of their OIDs: shorter names first. */
struct tops {
    struct top *at;
    uint32_t count;
};

struct top_row {
    struct top top;
    uint32_t rank;  /* from 1 on */
    uint32_t place; /* among the groups, processes or rows of the snapshot */
    uint64_t value; /* of a field that counts: its increase since the scan before */
};

/* text: NAME group|process|socket FIELD [ROWS]. false: it makes no sense, error says why. */
bool tops_add(struct tops *tops, const char *text, char *error, size_t size);
void tops_free(struct tops *tops);

/* The rows of all lists, in the order of their OIDs; whose value is 0 has none. The caller frees them. NULL: there are
 * none, or memory is out. */
struct top_row *tops_find(const struct tops *tops, const struct scans *scans, uint32_t *count);

#endif
