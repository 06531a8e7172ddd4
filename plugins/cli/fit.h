/* fit.h - widths of columns on a line that has an end. */
#ifndef PROCTCP_CLI_FIT_H
#define PROCTCP_CLI_FIT_H

#include <stddef.h>
#include <stdint.h>

struct fit_column {
    size_t width;            /* of its widest cell and its title; fit_columns() makes it less */
    size_t least;            /* that it may be made; 0: none but that one will do */
    const uint32_t *lengths; /* how many cells have each length up to width; NULL: not known */
    uint64_t cut, lost;      /* fit_columns() counts here; 0 before */
};

/* Makes the columns as wide as they can be for a line to have at most room, with *gap blanks between two of them: 2, or
 * 1 if that helps. Those whose cells lose least are cut first, so that a few long ones do not make the others go short.
 * Returns how many columns, from the left, there is room for; one at least. room and count are not 0. */
size_t fit_columns(struct fit_column *columns, size_t count, size_t room, size_t *gap);

#endif
