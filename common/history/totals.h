/* totals.h - what sockets counted, summed by who holds them. */
#ifndef PROCTCP_TOTALS_H
#define PROCTCP_TOTALS_H

#include "history/match.h"

/* Adds what sockets counted since. */
void totals_add(const struct match *match, const struct capture *capture, const struct proctcp_selection *selection,
                struct model *model, struct history *after);

/* What a socket has counted by now. */
struct proctcp_totals totals_of_socket(const struct proctcp_socket *socket,
                                       const struct proctcp_impairment *impairment);
void totals_sum(struct proctcp_totals *to, const struct proctcp_totals *what);
void totals_take(struct proctcp_totals *from, const struct proctcp_totals *what); /* of which it is a part */

/* A process, in this scan or idle; NULL: it is neither. */
struct proctcp_process *totals_find_process(struct model *model, struct history *after, int32_t pid,
                                            uint64_t start_ticks);

#endif
