/* idle.h - who holds nothing any more. */
#ifndef PROCTCP_IDLE_H
#define PROCTCP_IDLE_H

#include "history/match.h"

/* Who is idle from now on. successors are set to processes->count and up for those. */
int idle_gather(struct match *match, const struct capture *capture, struct model *model, struct history *after);

#endif
