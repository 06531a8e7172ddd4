/* stay.h - processes that stay in the group that they were in. */
#ifndef PROCTCP_STAY_H
#define PROCTCP_STAY_H

#include "history/memory.h"

/* Gives the rows of the model's uncertain processes the names that they had, before names get their places. 0 or
 * -ENOMEM. */
int stay_where_uncertain(const struct history *before, struct model *model, uint64_t seed);

#endif
