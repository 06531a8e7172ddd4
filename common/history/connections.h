/* connections.h - connections between scans. */
#ifndef PROCTCP_HISTORY_CONNECTIONS_H
#define PROCTCP_HISTORY_CONNECTIONS_H

#include "history/match.h"

/* After what sockets counted: adds what no scan saw of connections, and what those that ended have counted since one
 * saw them last. 0 or -ENOMEM. */
int connections_add(const struct match *match, const struct capture *capture, struct model *model,
                    struct history *after);

#endif
