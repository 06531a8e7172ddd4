/* group_memory.c - what groups have counted, from scan to scan, also of some that lost their place. Knows nothing of
 * who has one. */
#include "history/group_memory.h"

#include <errno.h>

/* Of the groups that lost their place, so many are remembered for each place that there is. */
#define FORMER_MAX(places) ((places)*16 + 16)

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

/* What one that comes back begins with. One that is forgotten begins anew: a counter that begins at 0 is understood by
 * whoever reads it; one that begins with what others had counted is not. */
struct group_memory group_memory_begin(struct places *places, const char *name)
{
    struct group_memory found = {.name = name};

    for (uint32_t i = 0; i < places->former.count; i++) {
        struct group_memory *former = &places->former.at[i];
        if (strcmp(former->name, name) != 0)
            continue;
        found = *former;
        memmove(former, former + 1, (places->former.count - i - 1) * sizeof(*former));
        places->former.count--;
        break;
    }
    found.name = name;
    found.is_configured = false;
    return found;
}

/* Names come without end. */
int group_memory_dismiss(struct places *places, const struct group_memory *memory, uint32_t places_in_all)
{
    if (places->former.count >= FORMER_MAX(places_in_all)) {
        memmove(places->former.at, places->former.at + 1, (places->former.count - 1) * sizeof(places->former.at[0]));
        places->former.count--;
    }
    return group_memory_add(&places->former, &places->strings, memory) ? 0 : -ENOMEM;
}
