/* top_rates.h - what happened per second between two scans, for everything that --top shows. */
#ifndef PROCTCP_CLI_TOP_RATES_H
#define PROCTCP_CLI_TOP_RATES_H

#include "proctcp.h"

enum rate { RATE_IN, RATE_OUT, RATE_OPENED, RATE_RETRANSMITTED, RATE_DROPPED, RATES };

/* No two scans tell it: the first one, a source that does not count it, or a counter that began anew. */
#define RATE_ABSENT (-1.0F)

/* Bytes, sockets, segments and packets per second. */
struct rates {
    float of[RATES];
};

/* A scan, and what went by since the one before. */
struct pass {
    const struct proctcp_snapshot *snapshot;                /* one reference */
    struct rates *groups, *processes, *listeners, *sockets; /* by index in the snapshot */
    struct rates all;
};

/* before may be NULL, which makes all rates absent; both lie seconds apart. Takes over the reference to now, also if
 * memory is out, which is NULL. */
struct pass *pass_new(const struct proctcp_snapshot *before, const struct proctcp_snapshot *now, double seconds);
void pass_free(struct pass *pass);

#endif
