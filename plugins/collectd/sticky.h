/* sticky.h - which of many get one of few places. */
#ifndef PROCTCP_COLLECTD_STICKY_H
#define PROCTCP_COLLECTD_STICKY_H

#include <stddef.h>
#include <stdint.h>

/* Who had a place last time: never more keys than there are places. Zeroed, it is empty. */
struct sticky {
    uint64_t *keys; /* sorted */
    size_t count;
};

struct sticky_candidate {
    uint64_t key; /* a hash of what the candidate is known by from one time to the next */
    uint64_t weight;
    uint32_t index; /* the caller's */
};

void sticky_free(struct sticky *sticky);

/* Moves those who get a place, at most places of them, to the front: who had one keeps it, free places go to the
 * heaviest, of equal weight to the lowest key. Who is no candidate any more is forgotten. 0 or -ENOMEM. */
int sticky_choose(struct sticky *sticky, struct sticky_candidate *candidates, size_t count, size_t places);

#endif
