/* prefilter.h - which processes the selection wants to have walked. */
#ifndef PROCTCP_PREFILTER_H
#define PROCTCP_PREFILTER_H

#include "capture/inquiry.h"

enum prefilter {
    PREFILTER_ALL,      /* there are no rules about processes */
    PREFILTER_WANTED,   /* *directory is held open, so that the process that was asked is the one that is walked */
    PREFILTER_LEFT_OUT, /* by a rule */
    PREFILTER_FAILED,   /* *status is -errno; -ENOENT or -ESRCH: it is gone */
};

/* Before any is asked: reads the command lines of those processes that the other rules want, if rules ask for them. */
int prefilter_begin(struct inquiry *inquiry, const int32_t *pids, uint32_t count);
enum prefilter prefilter_ask(struct inquiry *inquiry, int32_t pid, int *directory, int *status);

#endif
