/* group_memory.h - what groups have counted, from scan to scan. */
#ifndef PROCTCP_GROUP_MEMORY_H
#define PROCTCP_GROUP_MEMORY_H

#include "history/memory.h"

/* A copy of one, its name in the strings, at the end of others; NULL: memory is out. */
struct group_memory *group_memory_add(struct group_memories *memories, struct arena *strings,
                                      const struct group_memory *memory);
/* 0 or -ENOMEM. */
int group_memory_copy(const struct group_memories *from, struct group_memories *to, struct arena *strings);
/* The former ones by their names, for the call below. False: memory is out. */
bool group_memory_index(const struct places *places, uint64_t seed, struct hash *by_name);
/* What a name begins with that gets a place: what it had counted when it lost it, or, if that is forgotten or it never
 * had one, nothing. Takes it from the former ones, where a member without a name is left behind. */
struct group_memory group_memory_begin(struct places *places, const struct hash *by_name, uint64_t seed,
                                       const char *name);
/* Puts what lost its place among the former ones. 0 or -ENOMEM. */
int group_memory_dismiss(struct places *places, const struct group_memory *memory);
/* Drops the members without a name, and the oldest that are too many for so many places. */
void group_memory_forget(struct places *places, uint32_t places_in_all);

#endif
