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
    return byte >= ' ' && byte <= '~' && !strchr("|'\"=\\`~$&<>", byte);
}

char *text_safe(const char *bytes, char *safe, size_t size)
{
    size_t used = 0;

    for (; *bytes; bytes++) {
        const bool harmless = is_harmless(*bytes);
        if (used + (harmless ? 1 : 4) >= size)
            break;
        used += (size_t)snprintf(safe + used, size - used, harmless ? "%c" : "\\x%02x", (unsigned char)*bytes);
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
        if (byte == '\\' && word[1] == 'x') {
            const int high = hexadecimal(word[2]), low = high < 0 ? -1 : hexadecimal(word[3]);
            if (low < 0 || high + low == 0)
                return false;
            byte = (char)(high * 16 + low);
            word += 3;
        }
        if (used == TEXT_NAME_SIZE - 1)
            return false;
        bytes[used++] = byte;
    }
    bytes[used] = '\0';
    return used > 0;
}
