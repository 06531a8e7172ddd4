/* top_list.c - items sorted by a column, and those among them that have a text. */
#include "top_list.h"

#include "order.h"

#include <stdlib.h>
#include <string.h>

struct rated {
    uint32_t index;
    float rate;
};

static int compare_rates(const void *a, const void *b, void *context)
{
    const struct rated *one = a, *other = b;
    const bool *descending = context;

    if (one->rate != other->rate) {
        if (one->rate < 0 || other->rate < 0)
            return one->rate < 0 ? 1 : -1;
        return (one->rate < other->rate) == *descending ? 1 : -1;
    }
    return (one->index > other->index) - (one->index < other->index);
}

static uint32_t *order_by_rate(const struct top_wish *wish, const struct pass *pass, enum rate rate)
{
    const uint32_t count = top_count(wish->top, pass);
    struct rated *rated = malloc(((size_t)count + 1) * sizeof(*rated));
    uint32_t *order = calloc((size_t)count + 1, sizeof(*order));
    bool descending = wish->descending;

    if (!rated || !order) {
        free(rated);
        free(order);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++)
        rated[i] = (struct rated){i, top_rates_of(wish->top, pass, top_item(wish->top, pass, i))->of[rate]};
    qsort_r(rated, count, sizeof(*rated), compare_rates, &descending);
    for (uint32_t i = 0; i < count; i++)
        order[i] = rated[i].index;
    free(rated);
    return order;
}

static uint32_t *order_by_fields(const struct top_wish *wish, const struct pass *pass, const char *name)
{
    const struct output output = {.snapshot = pass->snapshot, .view = wish->top->view};
    char list[64];
    struct sort sort;

    snprintf(list, sizeof(list), "%s%s", wish->descending ? "-" : "", name);
    return sort_parse(wish->top->view, list, &sort) ? order_items(&output, &sort) : NULL;
}

static bool has_text(const struct top_wish *wish, const struct pass *pass, const struct top_source *sources,
                     const void *item)
{
    char text[CELL_SIZE];

    for (size_t c = 0; c < wish->top->column_count; c++) {
        const struct top_column *column = sources[c].column;
        if (!column->to_the_left && (!column->name || strcmp(column->name, "pid") != 0))
            continue;
        top_cell(wish->top, pass, &sources[c], item, text);
        if (strstr(text, wish->filter))
            return true;
    }
    return false;
}

bool top_list_make(const struct top_wish *wish, const struct pass *pass, struct top_list *list)
{
    const struct top_column *column = &wish->top->columns[wish->sorted_by];
    uint32_t *order =
        column->name ? order_by_fields(wish, pass, column->name) : order_by_rate(wish, pass, column->rate);
    const bool scoped = wish->top == &top_views[TOP_SOCKETS] && wish->scope && wish->scope->of;
    const struct top_inside inside = scoped ? top_look_inside(wish->scope, pass) : (struct top_inside){.scope = NULL};
    const uint32_t count = top_count(wish->top, pass);
    struct top_source sources[TOP_COLUMNS_MAX];
    uint32_t kept = 0;

    if (!order)
        return false;
    top_find_sources(wish->top, sources);
    for (uint32_t i = 0; i < count; i++) {
        const void *item = top_item(wish->top, pass, order[i]);
        if (scoped && !top_is_inside(&inside, item))
            continue;
        if (!*wish->filter || has_text(wish, pass, sources, item))
            order[kept++] = order[i];
    }
    free(list->indices);
    *list = (struct top_list){order, kept};
    return true;
}

void top_list_free(struct top_list *list)
{
    free(list->indices);
    *list = (struct top_list){NULL, 0};
}

uint32_t top_list_find(const struct top_list *list, const struct top_view *top, const struct pass *pass,
                       const struct top_key *key)
{
    uint32_t at = 0;

    for (; at < list->count; at++) {
        const struct top_key other = top_key_of(top, pass, top_item(top, pass, list->indices[at]));
        if (top_key_equal(key, &other))
            break;
    }
    return at;
}
