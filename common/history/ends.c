/* ends.c - finds how a socket's connection ended. Knows cookies and times; nothing of what was counted. */
#include "history/ends.h"

#include <errno.h>

int ends_begin(struct ends *ends, const struct capture *capture, const struct history *before)
{
    *ends = (struct ends){.now = &capture->ended, .kept = &before->ended_here};
    if (!hash_begin(&ends->by_cookie, (uint64_t)ends_count(ends) + 1))
        return -ENOMEM;
    for (uint32_t i = 0; i < ends_count(ends); i++)
        hash_put(&ends->by_cookie, (uint32_t)ends_at(ends, i)->cookie, i);
    return 0;
}

void ends_free(struct ends *ends)
{
    vector_free(&ends->by_cookie);
}

uint32_t ends_find(const struct ends *ends, uint64_t cookie, uint64_t since_ns, const struct bytes *used)
{
    uint32_t found = PROCTCP_NONE;
    struct hash_walk walk;

    for (uint32_t i = hash_first(&ends->by_cookie, (uint32_t)cookie, &walk); i != HASH_NONE;
         i = hash_next(&ends->by_cookie, &walk)) {
        const struct ended *ended = ends_at(ends, i);
        if (ended->cookie != cookie || ended->ended_ns < since_ns || (used && used->at[i]))
            continue;
        if (found == PROCTCP_NONE || ended->ended_ns < ends_at(ends, found)->ended_ns)
            found = i;
    }
    return found;
}
