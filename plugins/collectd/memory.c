/* memory.c - what is remembered of each name from pass to pass. Knows nothing of collectd, and nothing of what is
 * named. */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_S 3600 /* for so long a name is remembered that is not used */

void memory_new(struct memory *memory, uint32_t max, uint32_t per_hour, bool counts_anew)
{
    *memory =
        (struct memory){.max = max, .counts_anew = counts_anew, .per_hour = per_hour, .left = {per_hour, per_hour}};
}

void memory_free(struct memory *memory)
{
    free(memory->at);
    *memory = (struct memory){.at = NULL};
}

void memory_begin(struct memory *memory, uint64_t now)
{
    const uint64_t passed = now > memory->refilled && memory->refilled ? now - memory->refilled : 0;

    for (unsigned i = 0; i < CHOOSERS; i++) {
        memory->left[i] += (double)passed * memory->per_hour / HOUR_S;
        if (memory->left[i] > memory->per_hour)
            memory->left[i] = memory->per_hour;
    }
    memory->now = memory->refilled = now;
    memory->refused = 0;
    for (uint32_t i = 0; i < memory->count; i++)
        memory->at[i].is_used = false;
}

static int by_name(const void *one, const void *other)
{
    return strcmp(((const struct remembered *)one)->name, ((const struct remembered *)other)->name);
}

static struct remembered *find(const struct memory *memory, const char *name)
{
    uint32_t from = 0, to = memory->sorted;

    while (from < to) {
        const uint32_t middle = from + (to - from) / 2;
        const int order = strcmp(name, memory->at[middle].name);

        if (order == 0)
            return &memory->at[middle];
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}

static struct remembered *add(struct memory *memory, const char *name)
{
    struct remembered *added;

    if (memory->count == memory->capacity) {
        const uint32_t capacity = memory->capacity ? 2 * memory->capacity : 64;
        struct remembered *more = realloc(memory->at, capacity * sizeof(*more));

        if (!more)
            return NULL;
        memory->at = more;
        memory->capacity = capacity;
    }
    added = &memory->at[memory->count++];
    *added = (struct remembered){.is_new = true};
    strncat(added->name, name, sizeof(added->name) - 1);
    return added;
}

struct remembered *memory_of(struct memory *memory, const char *name)
{
    struct remembered *found = find(memory, name);

    if (!found)
        found = add(memory, name);
    if (found) {
        found->is_used = true;
        found->used = memory->now;
    }
    return found;
}

bool memory_has_named(const struct memory *memory, const char *name)
{
    const struct remembered *found = find(memory, name);

    return found && found->is_named;
}

bool memory_may_name(struct memory *memory, struct remembered *remembered, enum chooser chooser)
{
    remembered->is_of_user = chooser == CHOSEN_BY_USER;
    if (!remembered->is_named && memory->has_begun && memory->left[chooser] < 1) {
        memory->refused++;
        return false;
    }
    if (!remembered->is_named && memory->has_begun)
        memory->left[chooser] -= 1;
    remembered->is_named = true;
    return true;
}

void memory_expect(struct memory *memory, uint32_t count)
{
    if (!memory->has_begun)
        memory->at_begin = count < memory->max ? count : memory->max;
}

/* Times are whole seconds, and clocks are set: the number of names is bounded by what was there in any case. */
bool memory_may_name_since(struct memory *memory, struct remembered *remembered, enum chooser chooser, uint64_t since)
{
    if (remembered->is_named || !memory->has_begun || since > memory->began || !memory->at_begin)
        return memory_may_name(memory, remembered, chooser);
    memory->at_begin--;
    remembered->is_of_user = chooser == CHOSEN_BY_USER;
    remembered->is_named = true;
    return true;
}

static bool is_old(const struct memory *memory, const struct remembered *remembered)
{
    return !remembered->is_used && (remembered->used > memory->now || memory->now - remembered->used >= HOUR_S);
}

/* What is forgotten first stands last: what is not used, of users before the system's, the longest ago first. */
static int by_worth(const void *one, const void *other)
{
    const struct remembered *a = one, *b = other;

    if (a->is_used != b->is_used)
        return a->is_used ? -1 : 1;
    if (a->is_of_user != b->is_of_user)
        return b->is_of_user ? -1 : 1;
    return (a->used < b->used) - (a->used > b->used);
}

/* Too much that is not used: all but so much of it. */
static void forget_least(struct memory *memory, uint32_t unused)
{
    if (unused <= memory->max)
        return;
    qsort(memory->at, memory->count, sizeof(*memory->at), by_worth);
    memory->count -= unused - memory->max;
}

void memory_end(struct memory *memory, bool whole)
{
    uint32_t unused = 0, kept = 0;

    for (uint32_t i = 0; i < memory->count; i++)
        unused += !memory->at[i].is_used && !is_old(memory, &memory->at[i]);
    for (uint32_t i = 0; i < memory->count; i++) {
        if (is_old(memory, &memory->at[i]))
            continue;
        memory->at[kept] = memory->at[i];
        memory->at[kept++].is_new &= !whole;
    }
    memory->count = kept;
    forget_least(memory, unused);
    if (memory->count)
        qsort(memory->at, memory->count, sizeof(*memory->at), by_name);
    memory->sorted = memory->count;
    if (whole && !memory->has_begun)
        memory->began = memory->now;
    memory->has_begun |= whole;
}

uint64_t memory_count(const struct memory *memory, struct remembered *remembered, unsigned counter, uint64_t now)
{
    struct counted *counted = &remembered->counters[counter];

    if (memory->has_begun && (remembered->is_new || (now < counted->last && memory->counts_anew)))
        counted->total += now;
    else if (memory->has_begun && now > counted->last)
        counted->total += now - counted->last;
    counted->last = now;
    return counted->total;
}
