/* range.c - see range.h. Knows how ranges are written, and when one alerts. */
#include "range.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 32

/* -12.5, and nothing else that strtod() would take. */
static bool parse_number(const char *text, size_t length, double *number)
{
    char copy[NUMBER_MAX + 1], *end;

    if (length == 0 || length > NUMBER_MAX || strspn(text, "+-.0123456789") < length)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    *number = strtod(copy, &end);
    return !*end;
}

static bool parse_start(const char *text, size_t length, double *start)
{
    if (length == 1 && *text == '~') {
        *start = -INFINITY;
        return true;
    }
    *start = 0;
    return length == 0 || parse_number(text, length, start);
}

bool range_parse(const char *text, struct range *range)
{
    struct range read = {.start = 0, .end = INFINITY, .is_inside = *text == '@'};
    const char *start = text + read.is_inside, *colon = strchr(start, ':'), *end = colon ? colon + 1 : start;

    if (!*start || (colon && colon == start && !*end))
        return false;
    if (colon && !parse_start(start, (size_t)(colon - start), &read.start))
        return false;
    if ((!colon || *end) && !parse_number(end, strlen(end), &read.end))
        return false;
    if (read.start > read.end)
        return false;
    *range = read;
    return true;
}

bool range_alerts(const struct range *range, double value)
{
    return (value >= range->start && value <= range->end) == range->is_inside;
}

bool range_is_from_below(const struct range *range)
{
    return !range->is_inside && isinf(range->end);
}

bool range_alerts_from(const struct range *range, double value)
{
    return range->is_inside ? value >= range->start && isinf(range->end) : value > range->end;
}
