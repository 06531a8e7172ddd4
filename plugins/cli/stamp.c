/* stamp.c - an instant as people write it, in their zone. */
#include "stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

char *stamp_text(uint64_t time, char text[STAMP_SIZE])
{
    const time_t instant = (time_t)time;
    struct tm local;
    size_t length = 0;

    if (localtime_r(&instant, &local))
        length = strftime(text, STAMP_SIZE - 8, "%Y-%m-%dT%H:%M:%S", &local);
    if (length) {
        const long minutes = local.tm_gmtoff / 60, absolute = labs(minutes);
        snprintf(text + length, STAMP_SIZE - length, "%c%02u:%02u", minutes < 0 ? '-' : '+',
                 (unsigned)(absolute / 60) % 100, (unsigned)(absolute % 60));
    } else {
        snprintf(text, STAMP_SIZE, "%llu", (unsigned long long)time);
    }
    return text;
}
