/* netns.h - the network namespaces of a scan: who tells of one, and the ways into it. */
#ifndef PROCTCP_NETNS_H
#define PROCTCP_NETNS_H

#include "capture/inquiry.h"

/* ---- netns.c: which there are ---- */

/* Before all else: which is our own, and what the names are that the rules give. 0 or -ENOMEM. */
int netns_begin(struct inquiry *inquiry);
/* The distinct namespaces of the processes seen, one's own, those that have a name, and those recalled that only their
 * sockets keep: as far as they are selected. None is no failure: a container may not be running. */
int netns_find(struct inquiry *inquiry);
/* One that a borrowed socket told of: fd is a descriptor of it, which is the namespace's to close from here on, or -1.
 * 1: it is there now; 0: it is not selected. */
int netns_add_kept(struct inquiry *inquiry, uint32_t inode, const struct holder *holder, int fd);
/* Recalls for the next scan those that only their sockets keep. */
int netns_recall(struct inquiry *inquiry);
/* Counts and names those that the rules ask for and that are not there. */
void netns_say_missing(struct inquiry *inquiry);
/* Whether sockets of a namespace are wanted. */
bool netns_is_wanted(const struct inquiry *inquiry, uint32_t inode);
/* Whether a process that lives in a namespace is looked to for sockets of wanted ones that no table shows. It may hold
 * some wherever it lives, but to ask the kernel about every socket that it has costs more than all else. */
bool netns_may_be_held_from(const struct inquiry *inquiry, uint32_t home);
/* Whether the tables of a namespace were read to their end. 0 is all of them. */
bool netns_is_complete(const struct inquiry *inquiry, uint32_t inode);
void netns_close(struct inquiry *inquiry);

/* ---- netns_enter.c: the ways in ---- */

/* The inode of the calling thread's namespace; 0: not to be had. */
uint32_t netns_own(struct inquiry *inquiry);
/* A descriptor of the namespace of a name in /run/netns, and its inode; -errno. */
int netns_open_named(const char *name, uint32_t *inode);
/* Opens a table ("tcp", "tcp6", "sockstat") of a namespace through any process that lives there, or through the calling
 * thread if that is in it. Returns a descriptor or -errno; -ENOENT if the namespace has no such table. */
int netns_open_table(struct inquiry *inquiry, struct netns *netns, const char *table);
/* A descriptor of our own namespace, or -1. */
int netns_open_home(struct inquiry *inquiry);
/* The user of the host who made a namespace, or rather the user namespace that it is in, however deep; 0: root, or not
 * known. */
uint32_t netns_user(const struct inquiry *inquiry, uint32_t inode);
/* Puts the calling thread into a namespace, for good. 0 or -errno; -ESRCH: it ended. */
int netns_enter(struct inquiry *inquiry, struct netns *netns);
/* Whether a process lives in it, through which its tables can be opened without entering it. */
static inline bool netns_has_process(const struct netns *netns)
{
    return netns->own || netns->process != PROCTCP_NONE;
}

#endif
