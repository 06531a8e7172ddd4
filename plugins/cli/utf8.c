/* utf8.c - what a process calls itself, as text that is safe to show: knows which characters do more than appear. */
#include "output.h"

/* Code point of a valid character. */
static unsigned code_point(const char *text, size_t length)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned code = (unsigned char)text[0] & masks[length];

    for (size_t i = 1; i < length; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

/* C0, DEL and C1 steer terminals; the rest turns the direction of what follows, or breaks lines. */
static bool steers(unsigned code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || (code >= 0x200e && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

size_t utf8_next(const char *text, unsigned *steering)
{
    size_t length = proctcp_utf8_length(text);
    unsigned code = length ? code_point(text, length) : 0;

    *steering = length && steers(code) ? code : 0;
    return length;
}
