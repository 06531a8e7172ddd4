/* bitset.h - a set of row numbers that answers "which is the next one" without looking at the rows between. Knows
 * nothing of what the rows are. */
#ifndef SNMP_BITSET_H
#define SNMP_BITSET_H

#include <stdbool.h>
#include <stdint.h>

#define BITSET_NONE UINT32_MAX

struct bitset;

/* An empty set of numbers below size. NULL: no memory. */
struct bitset *bitset_new(uint32_t size);
void bitset_free(struct bitset *set);
void bitset_add(struct bitset *set, uint32_t number);
/* The least member that is not below from, or BITSET_NONE. */
uint32_t bitset_next(const struct bitset *set, uint32_t from);

#endif
