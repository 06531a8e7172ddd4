/* arena.c - strings that live together and never move. Knows nothing of what they say. */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE 16384

struct arena_chunk {
    struct arena_chunk *older;
    size_t size;
    char bytes[];
};

const char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
    size_t needed = length + 1;
    char *copy;

    if (needed > arena->left) {
        size_t size = needed > CHUNK_SIZE ? needed : CHUNK_SIZE;
        struct arena_chunk *chunk = malloc(sizeof(*chunk) + size);
        if (!chunk)
            return NULL;
        chunk->older = arena->newest;
        chunk->size = size;
        arena->newest = chunk;
        arena->left = size;
    }
    copy = arena->newest->bytes + arena->newest->size - arena->left;
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    arena->left -= needed;
    return copy;
}

void arena_free(struct arena *arena)
{
    while (arena->newest) {
        struct arena_chunk *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
    arena->left = 0;
}
