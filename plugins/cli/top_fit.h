/* top_fit.h - which columns of a view have room on a screen, and how wide they are there. */
#ifndef PROCTCP_CLI_TOP_FIT_H
#define PROCTCP_CLI_TOP_FIT_H

#include "top_view.h"

struct top_layout {
    size_t count, gap;
    struct top_placed {
        size_t column; /* index */
        unsigned width;
    } placed[TOP_COLUMNS_MAX]; /* from left to right */
};

/* Depends on nothing but the width, so that columns stay where they are from pass to pass. The column of rank 0 is
 * always there. width is not 0. */
struct top_layout top_fit(const struct top_view *top, unsigned width);

#endif
