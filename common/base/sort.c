/* sort.c - orders keys by their upper half, in time that grows with their number alone. Knows nothing of what they
 * mean. */
#include "scan.h"

/* Orders keys by eleven bits from shift on; keys that agree in them keep their order. */
static void radix_pass(struct keys *keys, struct keys *out, unsigned shift)
{
    uint32_t starts[2048] = {0}, sum = 0;
    struct keys ordered;

    for (uint32_t i = 0; i < keys->count; i++)
        starts[keys->at[i] >> shift & 2047]++;
    if (starts[keys->at[0] >> shift & 2047] == keys->count)
        return;
    for (size_t i = 0; i < 2048; i++) {
        uint32_t count = starts[i];
        starts[i] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < keys->count; i++)
        out->at[starts[keys->at[i] >> shift & 2047]++] = keys->at[i];
    out->count = keys->count;
    ordered = *out;
    *out = *keys;
    *keys = ordered;
}

int sort_keys(struct scan *scan)
{
    if (scan->keys.count == 0)
        return 0;
    if (!vector_reserve(&scan->spare, scan->keys.count))
        return -ENOMEM;
    for (unsigned shift = 32; shift < 64; shift += 11)
        radix_pass(&scan->keys, &scan->spare, shift);
    return 0;
}
