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

/* As much as there is room for, and nothing by half. */
static char *escape(const char *bytes, bool (*is_plain)(const char *at, const char *first), char *safe, size_t size)
{
    const char *const first = bytes;
    size_t used = 0;

    for (; *bytes; bytes++) {
        const bool plain = is_harmless(*bytes) && is_plain(bytes, first);
        if (used + (plain ? 1 : 3) >= size)
            break;
        used += (size_t)snprintf(safe + used, size - used, plain ? "%c" : "%%%02x", (unsigned char)*bytes);
    }
    safe[used] = '\0';
    return safe;
}

static bool is_plain_in_text(const char *at, const char *first)
{
    (void)first;
    return *at != '%';
}

static bool is_plain_in_name(const char *at, const char *first)
{
    return *at != '%' && *at != ',' && (*at != ' ' || (at != first && at[1]));
}

static bool is_plain_in_place(const char *at, const char *first)
{
    return *at != ',' && (*at != ' ' || (at != first && at[1]));
}

char *text_safe(const char *bytes, char *safe, size_t size)
{
    return escape(bytes, is_plain_in_text, safe, size);
}

char *text_name(const char *bytes, char *safe, size_t size)
{
    return escape(bytes, is_plain_in_name, safe, size);
}

char *text_place(const char *bytes, char *safe, size_t size)
{
    return escape(bytes, is_plain_in_place, safe, size);
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
