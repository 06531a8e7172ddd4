/* fit.c - widths of columns on a line that has an end. Knows nothing of what is in them but how long it is. */
#include "fit.h"

static size_t least_of(const struct fit_column *column)
{
    return column->least && column->least < column->width ? column->least : column->width;
}

static size_t sum(const struct fit_column *columns, size_t count, size_t gap, size_t (*of)(const struct fit_column *))
{
    size_t total = gap * (count - 1);
    for (size_t c = 0; c < count; c++)
        total += of(&columns[c]);
    return total;
}

static size_t width_of(const struct fit_column *column)
{
    return column->width;
}

/* What is lost by the next blank that the column gives away: one for each cell that is cut by it, and one more for each
 * that it is cut by already, so that the short cells of most rows outweigh a long one or two. */
static void look_ahead(struct fit_column *column)
{
    column->cut += column->lengths ? column->lengths[column->width] : 1;
    column->lost += column->cut;
}

/* The column that loses least; of several the widest. There is one that may be cut. */
static struct fit_column *find_cheapest(struct fit_column *columns, size_t count)
{
    struct fit_column *best = NULL;

    for (size_t c = 0; c < count; c++) {
        struct fit_column *column = &columns[c];
        if (column->width <= least_of(column))
            continue;
        if (!best || column->lost < best->lost || (column->lost == best->lost && column->width > best->width))
            best = column;
    }
    return best;
}

static void narrow(struct fit_column *columns, size_t count, size_t excess)
{
    struct fit_column *column;

    for (size_t c = 0; c < count; c++)
        look_ahead(&columns[c]);
    for (; excess && (column = find_cheapest(columns, count)); excess--) {
        column->width--;
        look_ahead(column);
    }
}

size_t fit_columns(struct fit_column *columns, size_t count, size_t room, size_t *gap)
{
    size_t total;

    *gap = 2;
    if (sum(columns, count, *gap, width_of) <= room)
        return count;
    *gap = 1;
    while (count > 1 && sum(columns, count, *gap, least_of) > room)
        count--;
    if (count == 1 && least_of(columns) > room)
        columns[0].width = columns[0].least = room;
    total = sum(columns, count, *gap, width_of);
    if (total > room)
        narrow(columns, count, total - room);
    return count;
}
