/* cut.c - text that is too long for its column, with its middle left out: both ends tell more than the middle of a
 * path, an IPv6 address or a name with a number. */
#include "cut.h"

#include <string.h>

#define ESCAPE_LENGTH 4 /* \xNN; text has no other backslash */

/* Whether an escape stands across that place; *begin is where it begins. */
static bool is_in_escape(const char *text, size_t place, size_t *begin)
{
    for (size_t back = 1; back < ESCAPE_LENGTH && back <= place; back++) {
        if (text[place - back] == '\\') {
            *begin = place - back;
            return true;
        }
    }
    return false;
}

size_t cut_middle(const char *text, size_t length, size_t width, bool utf8, char *cut, size_t *columns)
{
    const char *mark = utf8 ? "\xe2\x80\xa6" : "..";
    size_t mark_length = strlen(mark), mark_columns = utf8 ? 1 : 2, head, tail, escape;

    if (width < mark_columns)
        mark_length = mark_columns = width; /* one dot */
    head = (width - mark_columns + 1) / 2;
    tail = length - (width - mark_columns - head);
    if (is_in_escape(text, head, &escape))
        head = escape;
    if (is_in_escape(text, tail, &escape))
        tail = escape + ESCAPE_LENGTH;
    memcpy(cut, text, head);
    for (size_t i = 0; i < mark_length; i++)
        cut[head + i] = mark[i];
    memcpy(cut + head + mark_length, text + tail, length - tail);
    *columns = head + mark_columns + length - tail;
    return head + mark_length + length - tail;
}
