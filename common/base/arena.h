/* arena.h - strings that live together and never move. */
#ifndef PROCTCP_ARENA_H
#define PROCTCP_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *newest;
    size_t left; /* bytes free in it */
};

/* A NUL-terminated copy that lives as long as the strings; NULL if memory is out. */
const char *arena_copy(struct arena *arena, const char *bytes, size_t length);
void arena_free(struct arena *arena);

#endif
