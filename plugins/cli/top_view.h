/* top_view.h - what --top can show: views of the program, with columns chosen for watching them. */
#ifndef PROCTCP_CLI_TOP_VIEW_H
#define PROCTCP_CLI_TOP_VIEW_H

#include "output.h"
#include "top_rates.h"

enum top_name { TOP_GROUPS, TOP_PROCESSES, TOP_LISTENERS, TOP_SOCKETS, TOP_VIEWS };

/* How the value of a column reads. */
enum reading { READ_TEXT, READ_COUNT, READ_BYTES, READ_TIME, READ_BYTE_RATE, READ_RATE };

struct top_column {
    const char *name; /* of a field or column of the view; NULL: it is a rate */
    const char *title;
    enum reading reading;
    enum rate rate;
    unsigned least, most; /* widths */
    unsigned rank;        /* the higher it is, the sooner the column has no room */
    bool to_the_left;
};

struct top_view {
    const char *name; /* as the screen says it */
    const struct view *view;
    const struct top_column *columns;
    size_t column_count;
    size_t sorted_by; /* at first, downwards */
};

#define TOP_COLUMNS_MAX 20
extern const struct top_view top_views[TOP_VIEWS];

/* How many items the view has; without sums of the others. */
uint32_t top_count(const struct top_view *top, const struct pass *pass);
const void *top_item(const struct top_view *top, const struct pass *pass, uint32_t index);
const struct rates *top_rates_of(const struct top_view *top, const struct pass *pass, const void *item);

/* Where the text of a column comes from, looked up once for many items. */
struct top_source {
    const struct top_column *column;
    const struct column *known;        /* of the view; NULL: it has none of that name */
    const struct proctcp_field *field; /* NULL: it has none */
};

/* One for each column. */
void top_find_sources(const struct top_view *top, struct top_source sources[TOP_COLUMNS_MAX]);

/* Printable ASCII; "-" if it is absent. Returns its length. */
size_t top_cell(const struct top_view *top, const struct pass *pass, const struct top_source *source, const void *item,
                char text[CELL_SIZE]);
enum severity top_severity(const struct top_view *top, const struct pass *pass, const struct top_source *source,
                           const void *item);
/* A rate, or "-". Returns text. */
char *top_rate_text(enum reading reading, float rate, char text[CELL_SIZE]);

#endif
