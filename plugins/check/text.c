/* text.c - see text.h. Knows which bytes mean something to others. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_add(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text->bytes + text->length, sizeof(text->bytes) - text->length, format, arguments);
    va_end(arguments);
    text->length += strlen(text->bytes + text->length);
}

static bool is_harmless(char byte)
{
    return byte >= ' ' && byte <= '~' && !strchr("|'\"=\\`~$&<>%", byte);
}

static size_t add_byte(char *safe, size_t used, size_t size, char byte, bool harmless)
{
    if (used + (harmless ? 1 : 3) >= size)
        return 0;
    return (size_t)snprintf(safe + used, size - used, harmless ? "%c" : "%%%02x", (unsigned char)byte);
}

char *text_safe(const char *bytes, char *safe, size_t size)
{
    size_t used = 0, added = 1;

    for (; *bytes && added; bytes++) {
        added = add_byte(safe, used, size, *bytes, is_harmless(*bytes));
        used += added;
    }
    safe[used] = '\0';
    return safe;
}

char *text_name(const char *bytes, char *safe, size_t size)
{
    const char *const first = bytes;
    size_t used = 0, added = 1;

    for (; *bytes && added; bytes++) {
        const bool at_an_end = bytes == first || !bytes[1];
        const bool parts = *bytes == ',' || (*bytes == ' ' && at_an_end);
        added = add_byte(safe, used, size, *bytes, is_harmless(*bytes) && !parts);
        used += added;
    }
    safe[used] = '\0';
    return safe;
}

/* -1: it is none. */
static int hexadecimal(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit ? strchr(digits, digit >= 'A' && digit <= 'F' ? digit - 'A' + 'a' : digit) : NULL;

    return found ? (int)(found - digits) : -1;
}

bool text_unsafe(const char *word, char bytes[TEXT_NAME_SIZE])
{
    size_t used = 0;

    for (; *word; word++) {
        char byte = *word;
        const size_t before = byte == '%' ? 1 : byte == '\\' && word[1] == 'x' ? 2 : 0;
        if (before) {
            const int high = hexadecimal(word[before]), low = high < 0 ? -1 : hexadecimal(word[before + 1]);
            if (low < 0 || high + low == 0)
                return false;
            byte = (char)(high * 16 + low);
            word += before + 1;
        }
        if (used == TEXT_NAME_SIZE - 1)
            return false;
        bytes[used++] = byte;
    }
    bytes[used] = '\0';
    return used > 0;
}
