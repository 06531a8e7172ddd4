/* named.c - see named.h. */
#include "named.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool named_read(const char *word, char name[NAMED_MAX + 1], char *error, size_t size)
{
    const size_t length = strlen(word);
    bool fits = length <= NAMED_MAX;

    for (size_t i = 0; i < length; i++)
        fits &= isalnum((unsigned char)word[i]) || strchr("-_.", word[i]);
    if (fits)
        memcpy(name, word, length + 1);
    else
        snprintf(error, size, "\"%s\" is no name: at most %d letters, digits, and - _ .", word, NAMED_MAX);
    return fits;
}

int named_compare(const char *a, const char *b)
{
    const size_t a_length = strlen(a), b_length = strlen(b);

    return a_length != b_length ? (a_length < b_length ? -1 : 1) : memcmp(a, b, a_length);
}

void *named_insert(void *array, uint32_t *count, uint32_t max, const void *item, size_t item_size, char *error,
                   size_t size)
{
    char *more = array;
    uint32_t place = 0;
    int order = 1;

    while (place < *count && (order = named_compare(more + place * item_size, item)) < 0)
        place++;
    if (place < *count && order == 0) {
        snprintf(error, size, "there is one of the name %s already", (const char *)item);
        return NULL;
    }
    more = *count < max ? realloc(array, (*count + (size_t)1) * item_size) : NULL;
    if (!more) {
        snprintf(error, size, "there is no place for more than %u", max);
        return NULL;
    }
    memmove(more + (place + 1) * item_size, more + place * item_size, (*count - place) * item_size);
    memcpy(more + place * item_size, item, item_size);
    ++*count;
    return more;
}
