/* nth.h - the n-th greatest of some numbers, without sorting them all: for percentiles. */
#ifndef PROCTCP_NTH_H
#define PROCTCP_NTH_H

#include <stdint.h>

/* A heap has its least number first, and below each at most two greater ones. Moves the number at a place down to where
 * it belongs. */
static inline void nth_sink(uint32_t *heap, uint32_t count, uint32_t at)
{
    const uint32_t number = heap[at];

    for (uint64_t below; (below = 2 * (uint64_t)at + 1) < count; at = (uint32_t)below) {
        if (below + 1 < count && heap[below + 1] < heap[below])
            below++;
        if (number <= heap[below])
            break;
        heap[at] = heap[below];
    }
    heap[at] = number;
}

/* n is from 1 to count. Reorders the numbers: the n greatest come first, as a heap. No order of them makes it slow; it
 * is fast where n is small, as for the 95th percentile. */
static inline uint32_t nth_greatest(uint32_t *numbers, uint32_t count, uint32_t n)
{
    for (uint32_t at = n / 2; at-- > 0;)
        nth_sink(numbers, n, at);
    for (uint32_t i = n; i < count; i++) {
        const uint32_t least = numbers[0];
        if (numbers[i] <= least)
            continue;
        numbers[0] = numbers[i];
        numbers[i] = least;
        nth_sink(numbers, n, 0);
    }
    return numbers[0];
}

#endif
