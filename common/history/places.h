/* places.h - which groups there are, and what they have counted. See also history_place_groups() in history.h. */
#ifndef PROCTCP_PLACES_H
#define PROCTCP_PLACES_H

#include "history/memory.h"

void places_recycle(struct places *places);
void places_clear(struct places *places);

/* The group now of one that the scan before had at an index: itself, or PROCTCP_GROUP_OTHER if another has its place.
 */
uint16_t places_now(const struct places *before, const struct places *after, uint16_t group);

#endif
