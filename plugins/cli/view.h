/* view.h - what can be shown: items of a kind, and the columns that they have. Another view is a file of its own and
 * one entry of views[]. */
#ifndef PROCTCP_CLI_VIEW_H
#define PROCTCP_CLI_VIEW_H

#include "proctcp.h"

#define CELL_SIZE 384

struct output;

/* How much a value is worth a second look. */
enum severity { FINE, DOUBTFUL, BAD };

/* A field as a table shows it, or several fields in one, as an address with its port. */
struct column {
    const char *name;        /* as --columns and --sort know it: the field's name, or one that no field has */
    const char *title;       /* NULL: the name in capitals */
    const char *short_title; /* where there is no room; NULL: the title */
    /* Printable ASCII without blanks, and its length; 0: absent. NULL: the value of the field. */
    size_t (*cell)(const struct output *output, const void *item, char text[CELL_SIZE]);
    enum severity (*severity)(const struct output *output, const void *item); /* NULL: nothing to say */
    const char *fields; /* of a column that is none itself: what it is made of, separated by commas */
    uint16_t least;     /* the width that it may be cut to where there is no room; 0: it is not cut */
    bool to_the_left;
    bool has_short_form; /* its cell is shorter in a narrow table */
    bool on_demand;      /* shown if --columns names it */
};

struct view {
    const char *option; /* that asks for it; NULL: none does */
    const char *help;   /* one line */
    const struct proctcp_field *(*fields)(size_t *count);
    const struct proctcp_field *(*more_fields)(size_t *count); /* NULL: there are no more */
    uint32_t (*count)(const struct output *output);
    const void *(*item)(const struct output *output, uint32_t index); /* index is below count */
    bool (*value)(const struct output *output, const void *item, const struct proctcp_field *field,
                  struct proctcp_value *value);
    const struct proctcp_socket *(*socket)(const struct output *output, const void *item); /* for --info; may be NULL */
    const struct column *columns;
    size_t column_count;
    const char *order;     /* the fields that it is sorted by, unless --sort says otherwise; NULL: as it comes */
    uint32_t sums;         /* so many of the last items are sums of the others, and stay last */
    bool needs_first_rows; /* output.first_rows */
};

extern const struct view row_view, process_view, group_view, listener_view, socket_view, unattributed_view;

/* Every view; the first is shown where none is asked for. */
#define VIEW_COUNT 6
extern const struct view *const views[VIEW_COUNT];

/* All fields of a view, in order; at most VIEW_FIELDS_MAX. Returns how many. */
#define VIEW_FIELDS_MAX 128
size_t view_fields(const struct view *view, const struct proctcp_field *fields[VIEW_FIELDS_MAX]);

/* The column that is known by that name; NULL: there is none. */
const struct column *view_column(const struct view *view, const char *name, size_t length);
/* By its title or the short form of that, in capitals or not. */
const struct column *view_column_by_title(const struct view *view, const char *name, size_t length);

#endif
