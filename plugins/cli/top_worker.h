/* top_worker.h - a thread that owns the scanner, and hands over each scan with its rates, so that who draws never waits
 * for one. */
#ifndef PROCTCP_CLI_TOP_WORKER_H
#define PROCTCP_CLI_TOP_WORKER_H

#include "top_rates.h"

struct worker;

/* A scan at once, then one each interval; count: after so many it has finished, 0 is never. -errno. */
int worker_start(const struct proctcp_options *options, double interval_s, unsigned long count, struct worker **worker);
/* Waits for the scan that is under way, if there is one. */
void worker_end(struct worker *worker);

/* Becomes readable when worker_take() has something to tell. */
int worker_descriptor(const struct worker *worker);
void worker_set(struct worker *worker, double interval_s, bool paused);

struct worker_news {
    struct pass *pass; /* the newest scan, which belongs to the caller; NULL: there is none that was not taken yet */
    int error;         /* of the last scan, -errno; 0 */
    char failure[256]; /* in words, printable ASCII */
    bool finished;
};

void worker_take(struct worker *worker, struct worker_news *news);

#endif
