/* nearest.c - which of many names somebody may have meant: those that have the word in them, and those that are spelled
 * nearly so. */
#include "proctcp.h"

#include <stdio.h>
#include <string.h>

#define LONGEST 63
#define FAR     3 /* letters that are wrong in a name that is not meant */

unsigned proctcp_word_distance(const char *one, const char *other)
{
    const size_t length = strlen(one), other_length = strlen(other);
    unsigned row[LONGEST + 1];

    if (length > LONGEST || other_length > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= other_length; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= length; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= other_length; j++) {
            const unsigned changed = diagonal + (one[i - 1] != other[j - 1]);
            const unsigned moved = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = changed < moved ? changed : moved;
        }
    }
    return row[other_length];
}

/* 0 is a name that begins with the word; FAR is none that is meant. */
static unsigned farness(const char *wanted, const char *name)
{
    const char *found = strstr(name, wanted);
    unsigned distance;

    if (found == name || (found && strlen(wanted) >= 2))
        return found != name;
    distance = proctcp_word_distance(wanted, name);
    return distance < FAR && 3 * distance <= strlen(wanted) + 1 ? distance
                                                                : FAR; /* of a short word little may be wrong */
}

/* false: there is no room for it. */
static bool append(const char *prefix, const char *name, char *text, size_t size)
{
    const size_t used = strlen(text), room = size - used;
    const int length = snprintf(text + used, room, "%s%s%s", used ? ", " : "", prefix, name);

    if (length >= 0 && (size_t)length + sizeof(", ..") <= room)
        return true;
    snprintf(text + used, room, "%s..", used ? ", " : "");
    return false;
}

bool proctcp_nearest_words(const char *wanted, const char *const *names, size_t count, const char *prefix, char *text,
                           size_t size)
{
    bool is_any = false;

    text[0] = '\0';
    for (unsigned distance = 0; distance < FAR; distance++) {
        for (size_t i = 0; i < count; i++) {
            if (farness(wanted, names[i]) != distance)
                continue;
            is_any = true;
            if (!append(prefix, names[i], text, size))
                return true;
        }
    }
    for (size_t i = 0; !is_any && i < count && append(prefix, names[i], text, size); i++)
        ;
    return is_any;
}
