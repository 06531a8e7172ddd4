/* group_memory.c - what groups have counted, from scan to scan, also of some that lost their place. Knows nothing of
 * who has one. */
#include "history/group_memory.h"

#include <errno.h>

/* Of the groups that lost their place, so many are remembered for each place that there is, and no more than that in
 * all: each costs a copy of its name in every scan. */
#define FORMER_PER_PLACE 16
#define FORMER_MAX       4096

struct group_memory *group_memory_add(struct group_memories *memories, struct arena *strings,
                                      const struct group_memory *memory)
{
    struct group_memory *made = vector_push(memories);

    if (!made)
        return NULL;
    *made = *memory;
    made->name = arena_copy(strings, memory->name, strlen(memory->name));
    return made->name ? made : NULL;
}

int group_memory_copy(const struct group_memories *from, struct group_memories *to, struct arena *strings)
{
    for (uint32_t i = 0; i < from->count; i++) {
        if (!group_memory_add(to, strings, &from->at[i]))
            return -ENOMEM;
    }
    return 0;
}

bool group_memory_index(const struct places *places, uint64_t seed, struct hash *by_name)
{
    if (!hash_begin(by_name, (uint64_t)places->former.count + 1))
        return false;
    for (uint32_t i = 0; i < places->former.count; i++)
        hash_put(by_name, hash_text(seed, places->former.at[i].name), i);
    return true;
}

/* What one that comes back begins with. One that is forgotten begins anew: a counter that begins at 0 is understood by
 * whoever reads it; one that begins with what others had counted is not. */
struct group_memory group_memory_begin(struct places *places, const struct hash *by_name, uint64_t seed,
                                       const char *name)
{
    struct group_memory found = {.name = name};
    struct hash_walk walk;

    for (uint32_t i = hash_first(by_name, hash_text(seed, name), &walk); i != HASH_NONE;
         i = hash_next(by_name, &walk)) {
        struct group_memory *former = &places->former.at[i];
        if (!former->name || strcmp(former->name, name) != 0)
            continue;
        found = *former;
        former->name = NULL;
        break;
    }
    found.name = name;
    found.is_configured = false;
    return found;
}

int group_memory_dismiss(struct places *places, const struct group_memory *memory)
{
    return group_memory_add(&places->former, &places->strings, memory) ? 0 : -ENOMEM;
}

/* Names come without end. */
void group_memory_forget(struct places *places, uint32_t places_in_all)
{
    struct group_memories *former = &places->former;
    const uint32_t per_place = places_in_all < FORMER_MAX / FORMER_PER_PLACE ? places_in_all * FORMER_PER_PLACE
                                                                             : FORMER_MAX - FORMER_PER_PLACE;
    const uint32_t most = per_place + FORMER_PER_PLACE;
    uint32_t left = 0, kept = 0;

    for (uint32_t i = 0; i < former->count; i++)
        left += former->at[i].name != NULL;
    for (uint32_t i = 0; i < former->count; i++) {
        if (former->at[i].name && left-- <= most)
            former->at[kept++] = former->at[i];
    }
    former->count = kept;
}
