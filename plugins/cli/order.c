/* order.c - items sorted by fields. Values are read once each, not for each comparison. */
#include "order.h"

#include <stdlib.h>
#include <string.h>

struct key {
    bool present;
    struct proctcp_value value;
};

struct entry {
    uint32_t index;
    const struct key *keys;
};

static int compare_values(const struct proctcp_value *a, const struct proctcp_value *b)
{
    switch (a->type) {
    case PROCTCP_SIGNED:
        return (a->signed_number > b->signed_number) - (a->signed_number < b->signed_number);
    case PROCTCP_TEXT:
        return strcmp(a->text, b->text);
    case PROCTCP_ADDRESS:
        return memcmp(a->address->bytes, b->address->bytes, sizeof(a->address->bytes));
    default:
        return (a->number > b->number) - (a->number < b->number);
    }
}

static int compare_entries(const void *a, const void *b, void *context)
{
    const struct entry *one = a, *other = b;
    const struct sort *sort = context;

    for (size_t k = 0; k < sort->count; k++) {
        const struct key *x = &one->keys[k], *y = &other->keys[k];
        int order;
        if (x->present != y->present)
            return x->present ? -1 : 1;
        order = x->present ? compare_values(&x->value, &y->value) : 0;
        if (order)
            return sort->keys[k].descending ? -order : order;
    }
    return (one->index > other->index) - (one->index < other->index);
}

static void read_keys(const struct output *output, const struct sort *sort, const void *item, struct key *keys)
{
    for (size_t k = 0; k < sort->count; k++)
        keys[k].present = output->view->value(output, item, sort->keys[k].field, &keys[k].value);
}

uint32_t *order_items(const struct output *output, const struct sort *sort)
{
    const uint32_t count = output->view->count(output);
    struct entry *entries = calloc((size_t)count + 1, sizeof(*entries));
    struct key *keys = calloc((size_t)count * sort->count + 1, sizeof(*keys));
    uint32_t *order = calloc((size_t)count + 1, sizeof(*order));

    if (entries && keys && order) {
        for (uint32_t i = 0; i < count; i++) {
            struct key *own = keys + (size_t)i * sort->count;
            read_keys(output, sort, output->view->item(output, i), own);
            entries[i] = (struct entry){i, own};
        }
        qsort_r(entries, count - output->view->sums, sizeof(*entries), compare_entries, (void *)sort);
        for (uint32_t i = 0; i < count; i++)
            order[i] = entries[i].index;
    } else {
        free(order);
        order = NULL;
    }
    free(entries);
    free(keys);
    return order;
}
