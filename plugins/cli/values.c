/* values.c - what stands behind an option: words of a list, and numbers. */
#include "values.h"

#include "complain.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Returns count if it is none of them. */
static size_t find_word(const char *text, const char *const *words, size_t count)
{
    size_t i = 0;
    while (i < count && strcmp(text, words[i]) != 0)
        i++;
    return i;
}

bool value_form(const char *text, enum form *form)
{
    static const char *const forms[] = {[TABLE] = "table", [JSON] = "json", [CSV] = "csv"};
    const size_t found = find_word(text, forms, 3);

    if (found == 3)
        return complain("--output: \"%s\" is no form: give table, json or csv", text);
    *form = (enum form)found;
    return true;
}

bool value_when(const char *text, enum when *when)
{
    static const char *const answers[] = {[AUTO] = "auto", [ALWAYS] = "always", [NEVER] = "never"};
    const size_t found = find_word(text, answers, 3);

    if (found == 3)
        return complain("--color: \"%s\" is no answer: give auto, always or never", text);
    *when = (enum when)found;
    return true;
}

bool value_source(const char *text, enum proctcp_source *source)
{
    for (unsigned known = PROCTCP_SOURCE_AUTO; known <= PROCTCP_SOURCE_BPF; known++) {
        if (strcmp(text, proctcp_source_name(known)) == 0) {
            *source = known;
            return true;
        }
    }
    return complain("--source: \"%s\" is no source: give auto, netlink or procfs", text);
}

bool value_interval(const char *text, double *seconds)
{
    char *end;
    *seconds = strtod(text, &end);
    if (end == text || *end || !isfinite(*seconds) || *seconds < 0.01 || *seconds > 86400)
        return complain("--interval: \"%s\" is no interval: give 0.01 to 86400 seconds", text);
    return true;
}

/* false: it is no number that begins with a digit, or too large. */
static bool read_number(const char *text, unsigned long *number)
{
    char *end;
    errno = 0;
    *number = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && errno == 0;
}

bool value_count(const char *text, unsigned long *count)
{
    return (read_number(text, count) && *count) ||
           complain("--count: \"%s\" is no count: give a number from 1 on", text);
}

bool value_groups(const char *text, uint32_t *most)
{
    unsigned long number;

    if (!read_number(text, &number) || number < 1 || number > 65000)
        return complain("--max-groups: \"%s\" is no number of groups: give 1 to 65000", text);
    *most = (uint32_t)number;
    return true;
}

bool value_width(const char *text, unsigned *columns)
{
    unsigned long number;

    if (!read_number(text, &number) || number < 1 || number > 10000)
        return complain("--width: \"%s\" is no width: give 1 to 10000", text);
    *columns = (unsigned)number;
    return true;
}
