/* output.h - the forms in which the command line program prints a snapshot. */
#ifndef PROCTCP_CLI_OUTPUT_H
#define PROCTCP_CLI_OUTPUT_H

#include "proctcp.h"
#include "writer.h"

/* What is printed, and how. */
struct output {
    struct writer *writer;
    const struct proctcp_snapshot *snapshot;
    const uint32_t *first_rows; /* by socket: its row of rank 1, or PROCTCP_NONE; where sockets are printed */
    bool first;                 /* scan of those that are printed */
    bool repeated;              /* more are to come: JSON and CSV say of which scan each row is, as "generation" */
};

/* A kind of item that has fields: rows, processes, sockets, counts of sockets that nobody holds. */
struct items {
    const struct proctcp_field *(*fields)(size_t *count);
    const struct proctcp_field *(*more_fields)(size_t *count); /* NULL: there are no more */
    /* index is below count. */
    const void *(*item)(const struct output *output, uint32_t index);
    uint32_t (*count)(const struct output *output);
    bool (*value)(const struct output *output, const void *item, const struct proctcp_field *field,
                  struct proctcp_value *value);
};
extern const struct items row_items, process_items, socket_items, unattributed_items;

/* All fields of a kind, in order; at most ITEMS_FIELDS_MAX. Returns how many. */
#define ITEMS_FIELDS_MAX 128
size_t items_fields(const struct items *items, const struct proctcp_field *fields[ITEMS_FIELDS_MAX]);

/* table.c: aligned columns for people, without any byte that could move the cursor. */
void table_rows(const struct output *output);
void table_processes(const struct output *output);
void table_sockets(const struct output *output);
void table_unattributed(const struct output *output);

/* json.c: one object per line, always valid UTF-8: a byte that is none becomes U+FFFD. */
void json_items(const struct output *output, const struct items *items);
void json_stats(const struct output *output);

/* csv.c: a header and one record per line, quoted where needed; backslashes and what steers a terminal stand as \xNN.
 * The header comes with the first scan only. */
void csv_items(const struct output *output, const struct items *items);

/* utf8.c: length of the character that text begins with, 0 if it is not valid UTF-8. text is not empty. *steering is
 * its code point if showing it as it is would do more than that, else 0. */
size_t utf8_next(const char *text, unsigned *steering);

#endif
