/* places.h - which groups there are, and what they have counted. See also history_place_groups() in history.h. */
#ifndef PROCTCP_PLACES_H
#define PROCTCP_PLACES_H

#include "history/memory.h"

void places_recycle(struct places *places);
void places_clear(struct places *places);

/* The places under another grouping: a group that is configured from now on has what it counted before, one that is not
 * any more goes on like those of names, and no group that stays moves. 0 or -ENOMEM. */
int places_regroup(struct places *places, const struct proctcp_grouping *grouping, uint64_t seed);

/* The group now of one that the scan before had at an index: itself, or PROCTCP_GROUP_OTHER if another has its place.
 */
uint16_t places_now(const struct places *before, const struct places *after, uint16_t group);

#endif
