/* served.c - lists of names in the configuration: which tables are served, and what is told of. Knows the names;
 * nothing of what they stand for. */
#include "served.h"

#include "events.h"
#include "publication.h"

#include <stdio.h>
#include <string.h>

struct name {
    const char *name;
    unsigned bits;
};

#define BIT(number)  (1u << (number))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The scan's objects are always there: a manager sees by them what it can believe of the others. */
static const struct name tables[] = {
    {"all", ~0u},
    {"processes", BIT(PUBLICATION_PROCESSES)},
    {"sockets", BIT(PUBLICATION_SOCKETS)},
    {"listeners", BIT(PUBLICATION_LISTENERS)},
    {"connections", BIT(PUBLICATION_CONNECTIONS)},
    {"states", BIT(PUBLICATION_STATES)},
    {"groups", BIT(PUBLICATION_GROUPS)},
    {"thresholds", BIT(PUBLICATION_THRESHOLDS)},
    {"tops", BIT(PUBLICATION_TOPS)},
};

static const struct name events[] = {
    {"all", ~0u},
    {"none", 0},
    {"scan", BIT(EVENT_SCAN_FAILING) | BIT(EVENT_SCAN_SUCCEEDS)},
    {"listeners", BIT(EVENT_LISTENER_WENT) | BIT(EVENT_LISTENER_CAME)},
    {"thresholds", BIT(EVENT_THRESHOLD_RAISED) | BIT(EVENT_THRESHOLD_CLEARED)},
};

static bool complain(const struct name *names, size_t count, const char *word, size_t length, char *error, size_t size)
{
    size_t used = (size_t)snprintf(error, size, "\"%.*s\" is none of", (int)length, word);

    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(error + used, size - used, "%s %s", i ? "," : "", names[i].name);
    return false;
}

static bool parse_list(const char *text, const struct name *names, size_t count, unsigned *bits, char *error,
                       size_t size)
{
    static const char between[] = ", \t";
    unsigned found = 0;
    const char *word = text + strspn(text, between);

    if (!*word)
        return complain(names, count, text, strlen(text), error, size);
    for (size_t length; *word; word += length + strspn(word + length, between)) {
        size_t i = 0;
        length = strcspn(word, between);
        while (i < count && (strlen(names[i].name) != length || strncmp(names[i].name, word, length) != 0))
            i++;
        if (i == count)
            return complain(names, count, word, length, error, size);
        found |= names[i].bits;
    }
    *bits = found;
    return true;
}

bool served_parse(const char *text, unsigned *not_served, char *error, size_t size)
{
    unsigned served;

    if (!parse_list(text, tables, COUNT(tables), &served, error, size))
        return false;
    *not_served = ~(served | BIT(PUBLICATION_SCAN));
    return true;
}

bool served_parse_events(const char *text, unsigned *kinds, char *error, size_t size)
{
    return parse_list(text, events, COUNT(events), kinds, error, size);
}
