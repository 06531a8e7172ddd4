/* vector.h - arrays that grow. A vector is any structure with members at, count and capacity; counts are 32 bits wide,
 * like the indices that point into them. */
#ifndef PROCTCP_VECTOR_H
#define PROCTCP_VECTOR_H

#include "base/large.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define VECTOR(type)                                                                                                   \
    {                                                                                                                  \
        type *at;                                                                                                      \
        uint32_t count;                                                                                                \
        uint32_t capacity;                                                                                             \
    }

/* at_member is the address of the vector's pointer. */
static inline bool vector_grow(void *at_member, uint32_t *capacity, uint64_t needed, size_t item_size)
{
    void *at, *grown;
    uint64_t wanted = *capacity ? (uint64_t)*capacity + *capacity / 2 : 64;

    if (needed <= *capacity)
        return true;
    if (wanted < needed)
        wanted = needed;
    if (wanted > UINT32_MAX - 1 || wanted > SIZE_MAX / item_size)
        return false;
    memcpy(&at, at_member, sizeof(at));
    grown = large_resize(at, (size_t)wanted * item_size);
    if (!grown)
        return false;
    memcpy(at_member, &grown, sizeof(grown));
    *capacity = (uint32_t)wanted;
    /* cppcheck-suppress memleak ; at_member has it now */
    return true;
}

/* Room for so many items in all; false if memory is out. */
#define vector_reserve(v, needed) vector_grow(&(v)->at, &(v)->capacity, (needed), sizeof(*(v)->at))

/* Address of a new item, not initialised; NULL if memory is out. */
#define vector_push(v) (vector_reserve((v), (uint64_t)(v)->count + 1) ? &(v)->at[(v)->count++] : NULL)

/* Empties it. Working memory is kept for the next scan, but not more than four times what this one used. */
#define vector_recycle(v)                                                                                              \
    do {                                                                                                               \
        if ((v)->capacity > 4096 && (v)->count < (v)->capacity / 4)                                                    \
            vector_free(v);                                                                                            \
        (v)->count = 0;                                                                                                \
    } while (0)

#define vector_free(v)                                                                                                 \
    do {                                                                                                               \
        free((v)->at);                                                                                                 \
        (v)->at = NULL;                                                                                                \
        (v)->count = (v)->capacity = 0;                                                                                \
    } while (0)

/* Where a structure has its vectors: one table says which are recycled, reserved and freed, so that no list of them is
 * kept by hand twice. */
struct vector_place {
    size_t offset;
    size_t item_size;
};

#define VECTOR_PLACE(type, member)                                                                                     \
    {                                                                                                                  \
        offsetof(type, member), sizeof(((type *)0)->member.at[0])                                                      \
    }

/* Any vector, whatever its items are. */
struct vector_any VECTOR(void);

static inline struct vector_any *vector_at(void *structure, const struct vector_place *place)
{
    return (struct vector_any *)(void *)((char *)structure + place->offset);
}

static inline void vectors_free(void *structure, const struct vector_place *places, size_t count)
{
    for (size_t i = 0; i < count; i++)
        vector_free(vector_at(structure, &places[i]));
}

static inline void vectors_recycle(void *structure, const struct vector_place *places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct vector_any *vector = vector_at(structure, &places[i]);
        vector_recycle(vector);
    }
}

#endif
