/* named.h - what the configuration gives a name of its own: the word, and arrays of such things. */
#ifndef SNMP_NAMED_H
#define SNMP_NAMED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAMED_MAX 16 /* octets of a name: so that it and the name of a group fit into an OID */

/* false: word is no name, error says why. */
bool named_read(const char *word, char name[NAMED_MAX + 1], char *error, size_t size);
/* As OIDs of texts are ordered, whose lengths stand before them: shorter ones first. */
int named_compare(const char *a, const char *b);
/* An array in that order, of things of item_size bytes that begin with their name: its new address, with item in its
 * place. NULL: there is one of that name, or no place for more than max; the array is as it was, error says why. */
void *named_insert(void *array, uint32_t *count, uint32_t max, const void *item, size_t item_size, char *error,
                   size_t size);

#endif
