/* connections.h - what the kernel has counted of connections that no scan sees. */
#ifndef PROCTCP_CONNECTIONS_H
#define PROCTCP_CONNECTIONS_H

#include "capture/inquiry.h"

/* After sockets: what processes counted since the scan before, and which connections ended. Where that is not to be
 * had, the statistics say why. 0 or -ENOMEM. */
int connections_read(struct inquiry *inquiry);

/* After the facts of processes that hold sockets: the facts of those that hold none, and the names of what has ended.
 * 0 or -ENOMEM. */
int connections_find_facts(struct inquiry *inquiry);

/* ---- among these files ---- */

enum connections_file { CONNECTIONS_ENDED, CONNECTIONS_CLOSED, CONNECTIONS_FILES };

/* Records of a page, aligned to 8 bytes. 0, -ENOMEM, or -EPROTO: they are of another version or file, or cut short. */
int connections_take(struct inquiry *inquiry, enum connections_file file, const char *records, size_t length);
/* A process of the scan; NULL: it was not listed, or may not be looked at. */
struct process *connections_find_listed(struct inquiry *inquiry, int32_t pid);
/* After the last page: less what was counted before. closed: how many connections had ended in all, before. */
void connections_end(struct inquiry *inquiry, uint64_t closed);

#endif
