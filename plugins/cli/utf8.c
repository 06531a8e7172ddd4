/* utf8.c - tells valid UTF-8 from other bytes. */
#include "output.h"

static bool continues(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The NUL at the end of text is no continuation, so that no byte behind it is looked at. */
size_t utf8_length(const char *text)
{
    const unsigned char *t = (const unsigned char *)text;

    if (t[0] < 0x80)
        return 1;
    if (t[0] >= 0xc2 && t[0] <= 0xdf)
        return continues(t[1]) ? 2 : 0;
    if ((t[0] & 0xf0) == 0xe0) {
        bool overlong = t[0] == 0xe0 && t[1] < 0xa0, surrogate = t[0] == 0xed && t[1] > 0x9f;
        return continues(t[1]) && !overlong && !surrogate && continues(t[2]) ? 3 : 0;
    }
    if (t[0] >= 0xf0 && t[0] <= 0xf4) {
        bool overlong = t[0] == 0xf0 && t[1] < 0x90, beyond = t[0] == 0xf4 && t[1] > 0x8f;
        return continues(t[1]) && !overlong && !beyond && continues(t[2]) && continues(t[3]) ? 4 : 0;
    }
    return 0;
}
