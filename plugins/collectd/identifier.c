/* identifier.c - names that every collectd writer can take. Knows which bytes are safe in file names, Graphite paths
 * and Prometheus labels, and how to keep different names different; knows nothing of what is named. */
#include "identifier.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CUT_MARK   "+-"
#define TAIL_CHARS 18 /* the mark and 16 hexadecimal digits */

static bool is_letter_or_digit(unsigned char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

static bool is_hex_digit(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'F');
}

/* Whether a "+" here would read as the start of an escape or of the tail of a cut name. */
static bool is_misleading_plus(const unsigned char *at)
{
    return at[1] == '-' || (is_hex_digit(at[1]) && is_hex_digit(at[2]));
}

static bool is_kept(const unsigned char *at)
{
    if (*at == '+')
        return !is_misleading_plus(at);
    return is_letter_or_digit(*at) || strchr("_.:@-", *at) != NULL;
}

static bool is_reserved(const char *name)
{
    return strcmp(name, IDENTIFIER_SELF) == 0 || strcmp(name, IDENTIFIER_OTHER) == 0 ||
           strcmp(name, IDENTIFIER_UNNAMED) == 0;
}

/* FNV-1a: the same on every machine and in every release, as names in databases outlive the plugin. */
uint64_t identifier_hash(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT64_C(1099511628211);
    return hash;
}

static void append_tail(char *end, const char *whole)
{
    snprintf(end, TAIL_CHARS + 1, CUT_MARK "%016" PRIx64, identifier_hash(whole, strlen(whole)));
}

void identifier_from_name(const char *name, char identifier[IDENTIFIER_SIZE])
{
    const unsigned char *at = (const unsigned char *)name;
    bool escape_first = is_reserved(name);
    size_t length = 0, before_tail = 0;

    if (!*name) {
        strcpy(identifier, IDENTIFIER_UNNAMED);
        return;
    }
    for (; *at && length < IDENTIFIER_SIZE; at++) {
        char piece[4] = {(char)*at};

        if (escape_first || !is_kept(at))
            snprintf(piece, sizeof(piece), "+%02X", *at);
        escape_first = false;
        if (length + strlen(piece) < IDENTIFIER_SIZE)
            memcpy(identifier + length, piece, strlen(piece));
        length += strlen(piece);
        if (length + TAIL_CHARS < IDENTIFIER_SIZE)
            before_tail = length;
    }
    if (length < IDENTIFIER_SIZE)
        identifier[length] = '\0';
    else
        append_tail(identifier + before_tail, name);
}

void identifier_from_group(const char *group, char identifier[IDENTIFIER_SIZE])
{
    if (strcmp(group, IDENTIFIER_OTHER) == 0 || strcmp(group, IDENTIFIER_UNNAMED) == 0)
        strcpy(identifier, group);
    else if (strcmp(group, "_" IDENTIFIER_OTHER) == 0 || strcmp(group, "_" IDENTIFIER_UNNAMED) == 0)
        identifier_from_name(group + 1, identifier);
    else
        identifier_from_name(group, identifier);
}

void identifier_cut(const char *text, char *identifier, size_t size)
{
    size_t length = strlen(text);

    if (length < size) {
        memcpy(identifier, text, length + 1);
        return;
    }
    memcpy(identifier, text, size - 1 - TAIL_CHARS);
    append_tail(identifier + size - 1 - TAIL_CHARS, text);
}
