/* literal.h - a capture written by hand, or by a fuzzer, and the model and history that follow from it. */
#ifndef PROCTCP_LITERAL_H
#define PROCTCP_LITERAL_H

#include "capture/run.h"
#include "history/history.h"
#include "snapshot.h"

struct literal {
    struct capture capture;
    struct model model;
    struct tuples tuples;
    struct history history;
    const struct proctcp_grouping *grouping; /* NULL: no groups */
    const struct proctcp_snapshot *snapshot; /* of the last scan */
};

void literal_free(struct literal *literal);

/* Forgets what the scan before was made of. time is Unix time, seconds. */
void literal_begin(struct literal *literal, uint64_t time);
/* A connection of IPv4 in ESTABLISHED; what is different is for the caller to change before anything else is added. */
struct proctcp_socket *literal_socket(struct literal *literal, uint32_t inode, uint64_t cookie, uint32_t local,
                                      uint16_t local_port, uint32_t remote, uint16_t remote_port);
/* A process that was walked; pids ascend. */
struct process *literal_process(struct literal *literal, int pid);
/* A group that the process added last may be of, best first. Without one it is grouped by its name. */
bool literal_group(struct literal *literal, uint32_t rule, const char *name);
/* Of the process added last; descriptors ascend. */
struct owner *literal_owner(struct literal *literal, int fd, uint32_t inode);
/* What the process added last counted that no scan saw: nothing, until the caller says what. It is in the model then,
 * also without a socket. Pids ascend. */
struct unseen *literal_unseen(struct literal *literal);
/* The same of one that has ended. */
struct unseen *literal_unseen_ended(struct literal *literal, int pid, const char *name);
/* A connection of a process of literal_process() that ended, new to this scan. The last one stands last. */
struct ended *literal_ended(struct literal *literal, int pid, uint64_t cookie);
/* Runs what follows a capture. Returns 0 or -ENOMEM; the snapshot is in literal->snapshot. */
int literal_end(struct literal *literal, const struct proctcp_selection *selection);

#endif
