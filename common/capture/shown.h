/* shown.h - what a source that shows all processes in one pass showed of each, until the walk over /proc takes it. */
#ifndef PROCTCP_SHOWN_H
#define PROCTCP_SHOWN_H

#include "capture/inquiry.h"

/* A thread that leads its process or has a table of descriptors of its own. */
int shown_add_task(struct inquiry *inquiry, const struct shown_task *task);
/* All of them are there. */
void shown_tasks_end(struct inquiry *inquiry);
/* Whether what was shown can be gone through: false: a user, *uid, has more descriptors in the tables of his processes
 * and threads than a scan reads. */
bool shown_is_affordable(const struct inquiry *inquiry, uint32_t *uid);
/* Has room made for as many sockets as these tasks have descriptors. */
void shown_expect(struct inquiry *inquiry);
/* A descriptor of a TCP socket, or of what has TCP sockets, in a network namespace. 1: it is there; 0: it is of no
 * interest, for the namespace is not selected or its user has too many. */
int shown_add_owner(struct inquiry *inquiry, int32_t pid, int32_t fd, uint32_t inode, uint32_t netns);
/* Takes the last one back: its socket is of no interest to the selection. */
void shown_drop_owner(struct inquiry *inquiry);
/* All of them are there. Pids that /proc did not list yet are put among those that it did. 0 or -ENOMEM. */
int shown_owners_end(struct inquiry *inquiry);

/* Nothing was shown after all. */
void shown_forget(struct inquiry *inquiry);

enum shown_how {
    SHOWN_NOT,
    SHOWN_WHOLE,
    SHOWN_UNCOUNTED, /* but for how many descriptors it has */
    SHOWN_FAILED,    /* memory is out */
};

/* Whether, and how, a process was shown. If it was, its owners and what is known of it are written down as if it had
 * been walked. */
enum shown_how shown_take(struct inquiry *inquiry, uint32_t process);

#endif
