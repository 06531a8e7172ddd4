/* sticky.c - which of many get one of few places. A choice made anew at each pass would end one series and start
 * another whenever two candidates change ranks; here a place is kept for as long as its holder lives. Knows nothing of
 * what is chosen. Two candidates of one key do no harm: both are taken for the one who had the place. */
#include "sticky.h"

#include <errno.h>
#include <stdlib.h>

void sticky_free(struct sticky *sticky)
{
    free(sticky->keys);
    *sticky = (struct sticky){0};
}

static int by_key(const void *one, const void *other)
{
    const uint64_t *a = one, *b = other;

    return (*a > *b) - (*a < *b);
}

static int by_weight(const void *one, const void *other)
{
    const struct sticky_candidate *a = one, *b = other;

    if (a->weight != b->weight)
        return a->weight > b->weight ? -1 : 1;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static size_t holders_first(const struct sticky *sticky, struct sticky_candidate *candidates, size_t count)
{
    size_t holders = 0;

    for (size_t i = 0; i < count && sticky->count; i++) {
        struct sticky_candidate candidate = candidates[i];

        if (!bsearch(&candidate.key, sticky->keys, sticky->count, sizeof(*sticky->keys), by_key))
            continue;
        candidates[i] = candidates[holders];
        candidates[holders++] = candidate;
    }
    return holders;
}

int sticky_choose(struct sticky *sticky, struct sticky_candidate *candidates, size_t count, size_t places)
{
    size_t chosen = count < places ? count : places;
    uint64_t *keys = NULL;

    if (chosen) {
        keys = malloc(chosen * sizeof(*keys));
        if (!keys)
            return -ENOMEM;
    }
    if (count > places) {
        size_t holders = holders_first(sticky, candidates, count);

        /* More holders than places: two of one key. */
        if (holders > places)
            holders = 0;
        qsort(candidates + holders, count - holders, sizeof(*candidates), by_weight);
    }
    for (size_t i = 0; i < chosen; i++)
        keys[i] = candidates[i].key;
    if (chosen)
        qsort(keys, chosen, sizeof(*keys), by_key);
    free(sticky->keys);
    *sticky = (struct sticky){.keys = keys, .count = chosen};
    return 0;
}
