/* nth.h - the n-th least of some numbers, without sorting them all: for percentiles. */
#ifndef PROCTCP_NTH_H
#define PROCTCP_NTH_H

#include <stdint.h>

/* n counts from 0. Reorders the numbers; count is not 0. Divides them by one bit after the other, so that no choice of
 * numbers takes longer than 32 looks at each. limit is the greatest one, or more. */
static inline uint32_t nth_least(uint32_t *numbers, uint32_t count, uint32_t n, uint32_t limit)
{
    const unsigned bits = limit ? 32u - (unsigned)__builtin_clz(limit) : 0;

    for (uint32_t bit = bits ? 1u << (bits - 1) : 0; bit && count > 1; bit >>= 1) {
        uint32_t clear = 0;
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t number = numbers[i];
            if (number & bit)
                continue;
            numbers[i] = numbers[clear];
            numbers[clear++] = number;
        }
        if (n < clear) {
            count = clear;
        } else {
            numbers += clear;
            count -= clear;
            n -= clear;
        }
    }
    return numbers[0];
}

#endif
