/* bitset.c - one bit per row, above it one bit per word that is not empty, and so on up to a single word: the next
 * member is at most one climb and one descent away. */
#include "bitset.h"

#include <stddef.h>
#include <stdlib.h>

#define LEVELS 6 /* 64^6 is above 2^32 */

struct bitset {
    uint32_t size;
    unsigned levels;
    uint64_t *level[LEVELS]; /* into words; level 0 has a bit per number */
    size_t length[LEVELS];   /* in words */
    uint64_t words[];
};

struct bitset *bitset_new(uint32_t size)
{
    size_t length[LEVELS], words = 0;
    unsigned levels = 0;

    for (size_t bits = size; levels == 0 || length[levels - 1] > 1; bits = length[levels - 1]) {
        length[levels] = bits / 64 + 1;
        words += length[levels++];
    }

    struct bitset *set = calloc(1, sizeof(*set) + words * sizeof(set->words[0]));

    if (!set)
        return NULL;
    set->size = size;
    set->levels = levels;
    words = 0;
    for (unsigned i = 0; i < levels; i++) {
        set->level[i] = set->words + words;
        set->length[i] = length[i];
        words += length[i];
    }
    return set;
}

void bitset_free(struct bitset *set)
{
    free(set);
}

void bitset_add(struct bitset *set, uint32_t number)
{
    size_t bit = number;

    for (unsigned i = 0; i < set->levels; i++, bit /= 64)
        set->level[i][bit / 64] |= 1ull << bit % 64;
}

uint32_t bitset_next(const struct bitset *set, uint32_t from)
{
    size_t bit = from;

    for (unsigned i = 0; i < set->levels; i++, bit = bit / 64 + 1) {
        if (bit / 64 >= set->length[i])
            return BITSET_NONE;

        const uint64_t rest = set->level[i][bit / 64] >> bit % 64;

        if (!rest)
            continue;
        bit += (size_t)__builtin_ctzll(rest);
        while (i-- > 0)
            bit = bit * 64 + (size_t)__builtin_ctzll(set->level[i][bit]);
        return (uint32_t)bit;
    }
    return BITSET_NONE;
}
