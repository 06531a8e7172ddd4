/* output.h - the forms in which the command line program prints a snapshot. */
#ifndef PROCTCP_CLI_OUTPUT_H
#define PROCTCP_CLI_OUTPUT_H

#include "choice.h"
#include "view.h"
#include "writer.h"

/* How tables are laid out. */
struct style {
    unsigned width; /* of the terminal; 0: lines are as long as they get */
    bool header, info, colour;
    bool utf8; /* the reader's terminal shows more than ASCII */
};

/* What is printed, and how. */
struct output {
    struct writer *writer;
    const struct proctcp_snapshot *snapshot;
    const struct view *view;
    const struct choice *choice;
    const uint32_t *order;      /* indices of all items, sorted; NULL: as they come */
    const uint32_t *first_rows; /* by socket: its row of rank 1, or PROCTCP_NONE; where the view needs it */
    struct style style;
    bool first;    /* scan of those that are printed */
    bool repeated; /* more are to come: each row or table says of which scan it is, and of when */
    bool narrow;   /* cells that have a short form take it */
};

static inline const void *output_item(const struct output *output, uint32_t index)
{
    return output->view->item(output, output->order ? output->order[index] : index);
}

/* table.c: aligned columns for people, without any byte that could move the cursor. */
void table_items(const struct output *output);

/* info.c: the second line of an item, indented. */
void info_line(const struct output *output, const void *item);

/* json.c: one object per line, always valid UTF-8: a byte that is none becomes U+FFFD. */
void json_items(const struct output *output);
void json_stats(const struct output *output);

/* csv.c: a header and one record per line, quoted where needed; backslashes, what steers a terminal and what begins a
 * formula stand as \xNN. The header comes with the first scan only. */
void csv_items(const struct output *output);

/* utf8.c: length of the character that text begins with, 0 if it is not valid UTF-8. text is not empty. *steering is
 * its code point if showing it as it is would do more than that, else 0. */
size_t utf8_next(const char *text, unsigned *steering);

#endif
