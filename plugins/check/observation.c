/* observation.c - see observation.h. Knows what a scan may leave out, and what that can hide. */
#include "observation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 20000

void observation_free(struct observation *observation)
{
    free(observation->items);
    *observation = (struct observation){.is_blind = true};
}

bool observation_blind(struct observation *observation, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(observation->why, sizeof(observation->why), format, arguments);
    va_end(arguments);
    observation->is_blind = true;
    return false;
}

struct item *observation_add(struct observation *observation, const char *name)
{
    const size_t count = observation->count;

    observation->is_cut |= count == ITEMS_MAX;
    if (count == ITEMS_MAX)
        return NULL;
    if ((count & (count - 1)) == 0) { /* it was full: there is room for a power of two */
        struct item *more = realloc(observation->items, (count ? 2 * count : 1) * sizeof(*more));
        if (!more) {
            observation_blind(observation, "out of memory");
            return NULL;
        }
        observation->items = more;
    }
    struct item *item = &observation->items[observation->count++];
    *item = (struct item){.is_known = false};
    snprintf(item->name, sizeof(item->name), "%s", name);
    return item;
}

const struct item *observation_find(const struct observation *observation, const char *name)
{
    for (size_t i = 0; i < observation->count; i++) {
        if (strcmp(observation->items[i].name, name) == 0)
            return &observation->items[i];
    }
    return NULL;
}

/* A listener is in a table of the kernel, whoever holds it. */
bool scan_hides(const struct scan *scan, bool from_groups)
{
    if (scan->namespaces_failed || scan->exhausted || scan->malformed || scan->is_untold)
        return true;
    return from_groups && (scan->denied || scan->unread || scan->failed || scan->hidden);
}

void scan_say_left_out(const struct scan *scan, struct text *text)
{
    const struct {
        uint32_t count;
        const char *what;
    } kinds[] = {
        {scan->denied, "processes denied"},     {scan->namespaces_failed, "namespaces not read"},
        {scan->unread, "descriptors not read"}, {scan->exhausted, "reads given up"},
        {scan->failed, "processes not read"},   {scan->malformed, "lines not understood"},
    };
    const char *between = "";

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!kinds[i].count)
            continue;
        text_add(text, "%s%s %u", between, kinds[i].what, kinds[i].count);
        between = ", ";
    }
    if (scan->hidden)
        text_add(text, "%s%s", between, scan->hidden);
    else if (scan->is_untold)
        text_add(text, "%swhat the agent does not say", between);
}
