/* group_names.h - which groups a process may be of. */
#ifndef PROCTCP_GROUP_NAMES_H
#define PROCTCP_GROUP_NAMES_H

#include "capture/inquiry.h"

/* Before facts are read: what the grouping needs to know beside them. A command line that is read now is that of the
 * process whose facts follow, for a pid is not used again in between if it is the same process before and after. */
int group_names_begin(struct inquiry *inquiry);

/* Adds the names of a process to the capture's, and says in its facts which they are. */
int group_names_find(struct inquiry *inquiry, const struct process *process, struct facts *facts);

#endif
