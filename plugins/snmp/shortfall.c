/* shortfall.c - what a scan had to leave out, from its statistics. */
#include "shortfall.h"

#include <stdio.h>

bool shortfall_text(const struct proctcp_stats *stats, char *text, size_t size)
{
    const struct {
        uint32_t count;
        const char *what;
    } kinds[] = {
        {stats->denied, "processes denied"},     {stats->namespaces_failed, "namespaces not read"},
        {stats->unread, "descriptors not read"}, {stats->exhausted, "reads given up"},
        {stats->failed, "processes not read"},   {stats->malformed, "lines not understood"},
    };
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && used < size; i++) {
        if (kinds[i].count)
            used +=
                (size_t)snprintf(text + used, size - used, "%s%s %u", used ? ", " : "", kinds[i].what, kinds[i].count);
    }
    return used > 0;
}
