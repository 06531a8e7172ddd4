/* ends.h - the connections that are told to have ended: in this scan, and those that the one before left to it. */
#ifndef PROCTCP_ENDS_H
#define PROCTCP_ENDS_H

#include "history/memory.h"

struct ends {
    const struct all_ended *now, *kept;
    struct hash by_cookie; /* by index: those of now, behind them those that were kept */
};

/* 0 or -ENOMEM. */
int ends_begin(struct ends *ends, const struct capture *capture, const struct history *before);
void ends_free(struct ends *ends);

static inline uint32_t ends_count(const struct ends *ends)
{
    return ends->now->count + ends->kept->count;
}

static inline const struct ended *ends_at(const struct ends *ends, uint32_t index)
{
    return index < ends->now->count ? &ends->now->at[index] : &ends->kept->at[index - ends->now->count];
}

/* Of a cookie, its first end that came at some time or later and is not among those that are used; NULL: all count.
 * PROCTCP_NONE: there is none. */
uint32_t ends_find(const struct ends *ends, uint64_t cookie, uint64_t since_ns, const struct bytes *used);

#endif
