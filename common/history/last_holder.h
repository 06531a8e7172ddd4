/* last_holder.h - who held what nobody holds any more. */
#ifndef PROCTCP_LAST_HOLDER_H
#define PROCTCP_LAST_HOLDER_H

#include "history/match.h"

int last_holders_find(const struct match *match, const struct places *places, struct model *model,
                      struct arena *strings);
/* Of a socket of the scan before, which nobody held then; NULL: no scan saw anybody hold it. */
const struct proctcp_last_holder *last_holder_known(const struct proctcp_snapshot *previous, uint32_t socket);

#endif
