/* traffic.h - what groups have sent and received, as sums that only go up. */
#ifndef PROCTCP_COLLECTD_TRAFFIC_H
#define PROCTCP_COLLECTD_TRAFFIC_H

#include "groups.h"
#include "proctcp.h"

#include <stdbool.h>
#include <stdint.h>

/* What is kept from pass to pass. Zeroed, there was none yet. */
struct traffic {
    struct traffic_series *series; /* sorted by name; never more than two for each group that there may be */
    uint32_t series_count;
    struct group_traffic forgotten; /* the most that a series had that was forgotten */
    uint64_t passes;
};

/* Sets the traffic of groups that have processes with totals, once for each snapshot of a scanner. 0 or -ENOMEM, and
 * then nothing has changed. */
int traffic_count(struct traffic *traffic, const struct proctcp_snapshot *snapshot, uint32_t max_groups,
                  struct groups *groups);
void traffic_free(struct traffic *traffic);

#endif
