/* find.h - looking processes up. */
#ifndef PROCTCP_FIND_H
#define PROCTCP_FIND_H

#include "history/memory.h"

/* Whether two are one process. */
bool find_is_same_process(const struct proctcp_process *a, const struct proctcp_process *b);
/* A process that was seen in this scan, whether it holds a socket or not; NULL: none of this pid was. */
const struct process *find_seen(const struct capture *capture, int32_t pid);
/* Where processes ordered by pid have one; NULL: they do not. */
struct proctcp_process *find_process(struct model_processes *processes, int32_t pid);
/* The same process, as it was when it became idle; NULL: it did not. */
const struct idle_process *find_idle(const struct history *before, const struct proctcp_process *process);

#endif
