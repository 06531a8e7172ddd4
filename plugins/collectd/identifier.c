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

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_reserved(const struct identifiers *identifiers, const char *name)
{
    static const char *const sums[] = {IDENTIFIER_SELF, IDENTIFIER_OTHER, IDENTIFIER_UNNAMED};

    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        if (strcmp(name, sums[i]) == 0)
            return true;
    }
    for (const char *const *other = identifiers->others; other && *other && !*identifiers->prefix; other++) {
        if (begins_with(name, *other))
            return true;
    }
    return begins_with(name, IDENTIFIER_LISTENER) || begins_with(name, IDENTIFIER_SOCKETS);
}

/* Whether what stands here, behind a "-", would read as a name of the plugin's own with an Instance before it. */
static bool is_own_behind(const char *at)
{
    return strcmp(at, IDENTIFIER_ALL) == 0 || strcmp(at, IDENTIFIER_SELF) == 0 ||
           begins_with(at, IDENTIFIER_LISTENER) || begins_with(at, IDENTIFIER_SOCKETS);
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

/* Into size bytes; escape_first: its first one is written as an escape, whatever it is. */
static void write_name(const char *name, bool escape_first, char *identifier, size_t size)
{
    const unsigned char *const begin = (const unsigned char *)name, *at = begin;
    size_t length = 0, before_tail = 0;

    for (; *at && length < size; at++) {
        char piece[4] = {(char)*at};

        if (escape_first || !is_kept(at) || (at != begin && at[-1] == '-' && is_own_behind((const char *)at)))
            snprintf(piece, sizeof(piece), "+%02X", *at);
        escape_first = false;
        if (length + strlen(piece) < size)
            memcpy(identifier + length, piece, strlen(piece));
        length += strlen(piece);
        if (length + TAIL_CHARS < size)
            before_tail = length;
    }
    if (length < size)
        identifier[length] = '\0';
    else
        append_tail(identifier + before_tail, name);
}

void identifier_from_name(const char *name, char identifier[IDENTIFIER_SIZE])
{
    write_name(name, false, identifier, IDENTIFIER_SIZE);
}

/* Sums as they are. What the library put before a process's name to tell it from them is taken away again. */
static void write_group(const struct identifiers *identifiers, const char *group, char *identifier, size_t size)
{
    static const char *const sums[] = {IDENTIFIER_OTHER, IDENTIFIER_UNNAMED};

    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        if (strcmp(group, sums[i]) == 0) {
            strcpy(identifier, group);
            return;
        }
        if (*group == '_' && strcmp(group + 1, sums[i]) == 0)
            group++;
    }
    write_name(group, is_reserved(identifiers, group), identifier, size);
}

void identifier_of_group(const struct identifiers *identifiers, const char *group, char identifier[IDENTIFIER_SIZE])
{
    const size_t length = (size_t)snprintf(identifier, IDENTIFIER_SIZE, "%s", identifiers->prefix);

    write_group(identifiers, group, identifier + length, IDENTIFIER_SIZE - length);
}

void identifier_of_own(const struct identifiers *identifiers, const char *kind, const char *rest,
                       char identifier[IDENTIFIER_SIZE])
{
    char whole[4 * IDENTIFIER_SIZE];

    snprintf(whole, sizeof(whole), "%s%s%s", identifiers->prefix, kind, rest);
    identifier_cut(whole, identifier, IDENTIFIER_SIZE);
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
