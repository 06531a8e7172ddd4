/* group_memory.c - what groups have counted, from scan to scan, also of some that lost their place. Knows nothing of
 * who has one. */
#include "history/group_memory.h"

#include <errno.h>

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

/* What one that comes back begins with: what it had, or, if that is forgotten, no less than it can have had. */
struct group_memory group_memory_begin(struct places *places, const char *name)
{
    struct group_memory found = places->forgotten;

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

static void raise_to(uint64_t *number, uint64_t to)
{
    if (*number < to)
        *number = to;
}

static void forget(struct places *places, const struct group_memory *memory)
{
    struct proctcp_totals *most = &places->forgotten.totals;

    raise_to(&most->payload_sent_bytes, memory->totals.payload_sent_bytes);
    raise_to(&most->payload_received_bytes, memory->totals.payload_received_bytes);
    raise_to(&most->bytes_sent, memory->totals.bytes_sent);
    raise_to(&most->bytes_acked, memory->totals.bytes_acked);
    raise_to(&most->bytes_received, memory->totals.bytes_received);
    raise_to(&most->segs_out, memory->totals.segs_out);
    raise_to(&most->segs_in, memory->totals.segs_in);
    raise_to(&most->retransmissions, memory->totals.retransmissions);
    raise_to(&most->accept_drops, memory->totals.accept_drops);
    raise_to(&places->forgotten.sockets_opened, memory->sockets_opened);
    raise_to(&places->forgotten.sockets_closed, memory->sockets_closed);
}

/* Names come without end: of the former ones, so many are remembered as there are groups. */
int group_memory_dismiss(struct places *places, const struct group_memory *memory, uint32_t most)
{
    if (places->former.count >= most && places->former.count) {
        forget(places, &places->former.at[0]);
        memmove(places->former.at, places->former.at + 1, (places->former.count - 1) * sizeof(places->former.at[0]));
        places->former.count--;
    }
    return group_memory_add(&places->former, &places->strings, memory) ? 0 : -ENOMEM;
}
