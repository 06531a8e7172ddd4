/* large.c - where arrays of many megabytes lie. Knows nothing of what is in them. */
#include "base/large.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *large_resize(void *at, size_t size)
{
    void *resized = realloc(at, size);

    if (resized && size >= LARGE_SIZE) {
        /* The whole of it, from the page on that malloc() has something of its own in: the kernel moves only what is
         * alike. EINVAL: it has no huge pages. */
        const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
        const uintptr_t begin = (uintptr_t)resized & ~(page - 1);
        const uintptr_t end = ((uintptr_t)resized + malloc_usable_size(resized) + page - 1) & ~(page - 1);
        (void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
    }
    return resized;
}
