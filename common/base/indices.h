/* indices.h - vectors of plain numbers that every floor uses. */
#ifndef PROCTCP_INDICES_H
#define PROCTCP_INDICES_H

#include "base/vector.h"

struct indices VECTOR(uint32_t);

/* Makes it so many items long, each filled with the byte. false: memory is out. */
static inline bool indices_fill(struct indices *indices, uint64_t count, int byte)
{
    indices->count = 0;
    if (!vector_reserve(indices, count ? count : 1))
        return false;
    indices->count = (uint32_t)count;
    memset(indices->at, byte, count * sizeof(indices->at[0]));
    return true;
}

static inline bool indices_push(struct indices *indices, uint32_t number)
{
    uint32_t *slot = vector_push(indices);
    if (slot)
        *slot = number;
    return slot != NULL;
}

static inline int indices_compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static inline void indices_sort(struct indices *indices)
{
    if (indices->count > 1)
        qsort(indices->at, indices->count, sizeof(indices->at[0]), indices_compare);
}

/* Whether a number is among sorted ones. */
static inline bool indices_have(const struct indices *indices, uint32_t number)
{
    return indices->count && bsearch(&number, indices->at, indices->count, sizeof(indices->at[0]), indices_compare);
}

/* The same of small numbers. */
struct bytes VECTOR(uint8_t);

static inline bool bytes_fill(struct bytes *bytes, uint64_t count, int byte)
{
    bytes->count = 0;
    if (!vector_reserve(bytes, count ? count : 1))
        return false;
    bytes->count = (uint32_t)count;
    memset(bytes->at, byte, count);
    return true;
}

#endif
