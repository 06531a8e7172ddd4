/* times.h - what round-trip times come to: groups and listeners have the same. */
#ifndef PROCTCP_TIMES_H
#define PROCTCP_TIMES_H

#include "base/nth.h"

#include <stdint.h>

struct times {
    uint32_t average_us;
    uint32_t p95_us; /* the least that 95 of 100 do not exceed */
    uint32_t max_us;
};

/* Of at least one; reorders them. */
static inline struct times times_of(uint32_t *times_us, uint32_t count)
{
    struct times times = {.max_us = 0};
    uint64_t sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        sum += times_us[i];
        if (times_us[i] > times.max_us)
            times.max_us = times_us[i];
    }
    times.average_us = (uint32_t)((sum + count / 2) / count);
    times.p95_us = nth_greatest(times_us, count, count / 20 + 1); /* so few are not less than it */
    return times;
}

#endif
