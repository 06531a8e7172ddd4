/* sort.c - orders keys by their upper half, in time that grows with their number alone. Knows nothing of what they
 * mean. */
#include "scan.h"

/* Moves keys to out, ordered by eleven bits from shift on; keys that agree in them keep their order. */
static void radix_pass(const struct keys *keys, struct keys *out, unsigned shift)
{
    uint32_t starts[2048] = {0}, sum = 0;

    for (uint32_t i = 0; i < keys->count; i++)
        starts[keys->at[i] >> shift & 2047]++;
    for (size_t i = 0; i < 2048; i++) {
        uint32_t count = starts[i];
        starts[i] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < keys->count; i++)
        out->at[starts[keys->at[i] >> shift & 2047]++] = keys->at[i];
    out->count = keys->count;
}

int sort_keys(struct scan *scan)
{
    if (scan->keys.count == 0)
        return 0;
    if (!vector_reserve(&scan->spare, scan->keys.count))
        return -ENOMEM;
    radix_pass(&scan->keys, &scan->spare, 32);
    radix_pass(&scan->spare, &scan->keys, 43);
    radix_pass(&scan->keys, &scan->spare, 54);
    struct keys sorted = scan->spare;
    scan->spare = scan->keys;
    scan->keys = sorted;
    return 0;
}
