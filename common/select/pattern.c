/* pattern.c - what a regular expression may cost in the hands of the C library: to match against what strangers write,
 * and to compile. Knows how expressions are written; nothing of what they are about. */
#include "select/pattern.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PATTERN_LENGTH     1000 /* see length_written_out() */
#define MAX_NESTED_PARENTHESES 100

/* Where the bracket expression that begins at c ends. A backslash is itself there, and it may begin with ] or ^]. */
static const char *end_of_bracket(const char *c)
{
    c += c[1] == '^' ? 2 : 1;
    c += *c == ']';
    while (*c && *c != ']') {
        if (*c == '[' && c[1] && strchr(":.=", c[1])) { /* [:digit:] and its like end where they say */
            const char end[] = {c[1], ']', '\0'};
            const char *found = strstr(c + 2, end);
            c = found ? found + 2 : c + 1;
        } else {
            c++;
        }
    }
    return c;
}

/* \1 to \9, which the C library takes in extended expressions, too, and whose time strangers can make endless. */
static bool has_back_reference(const char *pattern)
{
    const char *c = pattern;

    while (*c) {
        if (*c == '\\') {
            if (c[1] >= '1' && c[1] <= '9')
                return true;
            c += c[1] ? 2 : 1;
        } else if (*c == '[') {
            c = end_of_bracket(c);
        } else {
            c++;
        }
    }
    return false;
}

/* Reads {3}, {3,}, {,5} or {3,5} at c: how many copies the C library writes out for it, at most one more than a pattern
 * may have characters. Returns what follows, or NULL: it is no counted repetition. */
static const char *read_repetition(const char *c, uint64_t *copies)
{
    const bool counts = *c == '{' && ((c[1] >= '0' && c[1] <= '9') || c[1] == ',');
    uint64_t from, to;
    char *end;

    if (!counts)
        return NULL;
    from = strtoul(c + 1, &end, 10);
    to = from;
    if (*end == ',')
        to = end[1] >= '0' && end[1] <= '9' ? strtoul(end + 1, &end, 10) : from + 1;
    while (*end && *end != '}')
        end++;
    *copies = from > to ? from : to;
    if (*copies > MAX_PATTERN_LENGTH)
        *copies = MAX_PATTERN_LENGTH + 1;
    return *end ? end + 1 : end;
}

/* The C library writes a{3} out as aaa and a+ as aa*, also within what is repeated itself, and may need the square of
 * the length to compile that, or more: seconds at 4,000 characters. How long the pattern is then, as far as
 * MAX_PATTERN_LENGTH; UINT64_MAX: parentheses are nested too deep. */
static uint64_t length_written_out(const char *pattern)
{
    uint64_t begun[MAX_NESTED_PARENTHESES], length = 0, copies;
    uint64_t last = 0; /* of what a repetition would be about */
    unsigned depth = 0;
    const char *c = pattern, *after;

    while (*c && length <= MAX_PATTERN_LENGTH) {
        if ((after = read_repetition(c, &copies))) {
            length += copies > 1 ? last * (copies - 1) : 0;
            last *= copies > 1 ? copies : 1;
            c = after;
            continue;
        }
        if (*c == '(') {
            if (depth == MAX_NESTED_PARENTHESES)
                return UINT64_MAX;
            begun[depth++] = length++;
            last = 0;
        } else if (*c == ')' && depth) {
            last = ++length - begun[--depth];
        } else if (*c == '+') {
            length += last + 1;
            last = 2 * last + 1;
        } else if (*c == '*' || *c == '?') {
            length++;
            last++;
        } else {
            length += last = 1;
            c = *c == '[' ? end_of_bracket(c) : c + (*c == '\\' && c[1]);
        }
        c += *c != '\0';
    }
    return length;
}

const char *pattern_fault(const char *pattern)
{
    if (has_back_reference(pattern))
        return "has a back-reference, which might take any time: write what is to be repeated";
    if (length_written_out(pattern) > MAX_PATTERN_LENGTH)
        return "repeats so much that it comes to more than 1000 characters: repeat with *";
    return NULL;
}
