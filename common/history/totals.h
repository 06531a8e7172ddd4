/* totals.h - what sockets counted, summed by who holds them. */
#ifndef PROCTCP_TOTALS_H
#define PROCTCP_TOTALS_H

#include "history/match.h"

/* Adds what sockets counted since. */
void totals_add(const struct match *match, const struct impairments *impairments,
                const struct proctcp_selection *selection, struct model *model, struct history *after);

#endif
