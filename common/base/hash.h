/* hash.h - an index: from a key of 32 bits to the values that were added under it. Open addressing, at most half full.
 * Keys may be added twice; nothing is ever taken out but everything. A table is a vector of slots, so that it is
 * recycled and freed like one. Knows nothing of what keys and values stand for. */
#ifndef PROCTCP_HASH_H
#define PROCTCP_HASH_H

#include "base/vector.h"

/* No value. */
#define HASH_NONE UINT32_MAX

/* A slot is the key in the upper half and the value in the lower one; all ones: it is empty. */
struct hash VECTOR(uint64_t);

/* Where a search is; the caller's, not to be looked into. */
struct hash_walk {
    uint32_t slot;
    uint32_t key;
};

static inline uint32_t hash_slot(const struct hash *hash, uint32_t key)
{
    return (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32) & (hash->count - 1);
}

/* Without a look at how full it is: for who has reserved. Returns whether the key was there before. */
static inline bool hash_put(struct hash *hash, uint32_t key, uint32_t value)
{
    uint32_t slot = hash_slot(hash, key);
    bool was_there = false;
    while (hash->at[slot] != UINT64_MAX) {
        was_there |= hash->at[slot] >> 32 == key;
        slot = (slot + 1) & (hash->count - 1);
    }
    hash->at[slot] = (uint64_t)key << 32 | value;
    return was_there;
}

/* For who is about to look a key up. */
static inline void hash_prefetch(const struct hash *hash, uint32_t key)
{
    __builtin_prefetch(&hash->at[hash_slot(hash, key)]);
}

/* Empties it and makes room for so many items. false: memory is out, and it has no slots. */
static inline bool hash_begin(struct hash *hash, uint64_t items)
{
    uint64_t slots = 64;

    while (slots < items * 2)
        slots *= 2;
    hash->count = 0;
    if (slots > UINT32_MAX / 2 || !vector_reserve(hash, slots))
        return false;
    hash->count = (uint32_t)slots;
    memset(hash->at, 0xff, slots * sizeof(hash->at[0]));
    return true;
}

/* Makes room for so many items in all, and keeps those that are there. */
static inline bool hash_reserve(struct hash *hash, uint64_t items)
{
    struct hash larger = {0};

    if (items * 2 <= hash->count)
        return true;
    if (!hash_begin(&larger, items + items / 2))
        return false;
    for (uint32_t i = 0; i < hash->count; i++) {
        if (hash->at[i] != UINT64_MAX)
            hash_put(&larger, (uint32_t)(hash->at[i] >> 32), (uint32_t)hash->at[i]);
    }
    vector_free(hash);
    *hash = larger;
    return true;
}

static inline uint32_t hash_next(const struct hash *hash, struct hash_walk *walk)
{
    while (hash->at[walk->slot] != UINT64_MAX) {
        const uint64_t found = hash->at[walk->slot];
        walk->slot = (walk->slot + 1) & (hash->count - 1);
        if (found >> 32 == walk->key)
            return (uint32_t)found;
    }
    return HASH_NONE;
}

/* The first value under a key; hash_next() gives the others, in the order in which they were added. */
static inline uint32_t hash_first(const struct hash *hash, uint32_t key, struct hash_walk *walk)
{
    *walk = (struct hash_walk){hash_slot(hash, key), key};
    return hash->count ? hash_next(hash, walk) : HASH_NONE;
}

/* The slot of a key, or the empty one where it would be: for who keeps counts in a table, once for each key. */
static inline uint64_t *hash_place(struct hash *hash, uint32_t key)
{
    uint32_t slot = hash_slot(hash, key);
    while (hash->at[slot] != UINT64_MAX && hash->at[slot] >> 32 != key)
        slot = (slot + 1) & (hash->count - 1);
    return &hash->at[slot];
}

static inline uint32_t hash_find(const struct hash *hash, uint32_t key)
{
    struct hash_walk walk;
    return hash_first(hash, key, &walk);
}

/* A key for text. Whoever chooses texts does not know the seed, and cannot have their keys meet. */
static inline uint32_t hash_text(uint64_t seed, const char *text)
{
    size_t left = strlen(text);
    uint64_t hash = seed ^ left;

    for (; left; text += left < 8 ? left : 8, left -= left < 8 ? left : 8) {
        uint64_t word = 0;
        memcpy(&word, text, left < 8 ? left : 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    return (uint32_t)(hash * 0xbf58476d1ce4e5b9u >> 32);
}

#endif
