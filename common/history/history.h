/* history.h - this scan against the one before it: since when things are known, what counters went up by, who held what
 * nobody holds any more. Makes no system call, reads no clock, looks at no errno. */
#ifndef PROCTCP_HISTORY_H
#define PROCTCP_HISTORY_H

#include "history/memory.h"

/* Finishes the model: since when its rows, sockets and processes are known, the totals of processes, last holders and
 * what processes left behind. Names of processes that are gone are copied into strings. after is empty, and gets what
 * is left to the next scan, but for the snapshot. 0 or -ENOMEM. */
int history_apply(const struct history *before, const struct capture *capture,
                  const struct proctcp_selection *selection, struct model *model, struct arena *strings,
                  struct history *after);

/* Before that: gives the names of the model a group each, as far as there is room, and its groups what they have
 * counted so far. Without a grouping (NULL) there are none. */
int history_place_groups(const struct history *before, const struct config *config, struct model *model,
                         struct arena *strings, struct history *after);
/* After that, and after groups_sum(): keeps what they have counted by now. */
void history_keep_groups(const struct model *model, struct history *after);

void history_recycle(struct history *history);
void history_clear(struct history *history);

#endif
