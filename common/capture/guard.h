/* guard.h - asks the kernel from a process that can be given up. */
#ifndef PROCTCP_GUARD_H
#define PROCTCP_GUARD_H

#include "capture/inquiry.h"

/* Runs work() in a child process that shares our memory, and waits for it. What it returned; -EDEADLK: one of its calls
 * did not come back, and the child was given up: inquiry->asked_pid or asked_netns says what it was about; -EIO: the
 * child was killed by somebody else; -ECANCELED. In a recorded tree, and where there can be no such child, work() is
 * just called. */
int guard_run(struct inquiry *inquiry, int (*work)(struct inquiry *inquiry));

/* ---- calls that may wait on a stranger ---- */

/* The calls of one child: odd while one is being made. A given up child does not come back from its call. */
struct guard_calls {
    unsigned made;
};

#define GUARD_GIVEN_UP (1u << 31)

/* Ends the child at once. */
void guard_exit(void) __attribute__((noreturn));

/* Makes a call; its value is that of the whole. Between two of them memory may be in the middle of a change, and the
 * child is not given up. */
#define GUARD_CALL(inquiry, call)                                                                                      \
    ({                                                                                                                 \
        struct guard_calls *calls_ = (inquiry)->calls;                                                                 \
        if (calls_) /* between calls nobody else changes it */                                                         \
            __atomic_store_n(&calls_->made, calls_->made + 1, __ATOMIC_RELEASE);                                       \
        __typeof__(call) returned_ = (call);                                                                           \
        if (calls_ && __atomic_fetch_add(&calls_->made, 1, __ATOMIC_ACQ_REL) & GUARD_GIVEN_UP)                         \
            guard_exit();                                                                                              \
        returned_;                                                                                                     \
    })

#endif
