/* warden.h - asks the kernel from a process that can be given up. */
#ifndef PROCTCP_WARDEN_H
#define PROCTCP_WARDEN_H

#include "capture/inquiry.h"

/* Runs work() in a child process that shares our memory, and waits for it. What it returned; or -EDEADLK: one of its
 * calls did not come back, and the child was given up: inquiry->asked_pid or asked_netns says what it was about. In a
 * recorded tree, and where there can be no such child, work() is just called. */
int warden_run(struct inquiry *inquiry, int (*work)(struct inquiry *inquiry));

/* Every call that may wait on a stranger: call is made, and its value is that of the whole. Between two of them nothing
 * is waited for, and memory may be in the middle of a change. */
#define WARDEN_CALL(inquiry, call)                                                                                     \
    ({                                                                                                                 \
        (inquiry)->calls++;                                                                                            \
        __typeof__(call) returned_ = (call);                                                                           \
        (inquiry)->calls++;                                                                                            \
        returned_;                                                                                                     \
    })

#endif
