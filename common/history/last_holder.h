/* last_holder.h - who held what nobody holds any more. */
#ifndef PROCTCP_LAST_HOLDER_H
#define PROCTCP_LAST_HOLDER_H

#include "history/match.h"

int last_holders_find(const struct match *match, const struct places *places, struct model *model,
                      struct arena *strings);

#endif
