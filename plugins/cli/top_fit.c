/* top_fit.c - columns by what they are worth, as many as there is room for; what is left over widens texts. */
#include "top_fit.h"

/* The column that comes after that rank; column_count: there is none. */
static size_t next_by_rank(const struct top_view *top, int rank)
{
    size_t best = top->column_count;

    for (size_t c = 0; c < top->column_count; c++) {
        if ((int)top->columns[c].rank > rank &&
            (best == top->column_count || top->columns[c].rank < top->columns[best].rank))
            best = c;
    }
    return best;
}

/* Sets widths of those that have room, 0 of the others. Returns the columns of the screen that they take. */
static unsigned choose(const struct top_view *top, unsigned room, unsigned gap, unsigned widths[TOP_COLUMNS_MAX],
                       size_t *chosen)
{
    unsigned used = 0;
    size_t c = next_by_rank(top, -1);

    *chosen = 0;
    for (size_t w = 0; w < TOP_COLUMNS_MAX; w++)
        widths[w] = 0;
    for (; c < top->column_count; c = next_by_rank(top, (int)top->columns[c].rank)) {
        unsigned least = top->columns[c].least;
        if (*chosen == 0 && least > room)
            least = room;
        if (used + least + (*chosen ? gap : 0) > room)
            continue;
        used += least + (*chosen ? gap : 0);
        widths[c] = least;
        ++*chosen;
    }
    return used;
}

static void widen(const struct top_view *top, unsigned room, unsigned used, unsigned widths[TOP_COLUMNS_MAX])
{
    bool any = true;

    while (used < room && any) {
        any = false;
        for (size_t c = 0; c < top->column_count && used < room; c++) {
            if (widths[c] && widths[c] < top->columns[c].most) {
                widths[c]++;
                used++;
                any = true;
            }
        }
    }
}

struct top_layout top_fit(const struct top_view *top, unsigned width)
{
    struct top_layout layout = {.gap = 2};
    unsigned widths[TOP_COLUMNS_MAX];
    size_t chosen;
    unsigned used = choose(top, width, (unsigned)layout.gap, widths, &chosen);

    if (chosen < top->column_count)
        used = choose(top, width, (unsigned)(layout.gap = 1), widths, &chosen);
    widen(top, width, used, widths);
    for (size_t c = 0; c < top->column_count; c++) {
        if (widths[c])
            layout.placed[layout.count++] = (struct top_placed){c, widths[c]};
    }
    return layout;
}
