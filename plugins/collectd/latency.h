/* latency.h - round-trip times of a group's connections. */
#ifndef PROCTCP_COLLECTD_LATENCY_H
#define PROCTCP_COLLECTD_LATENCY_H

#include "groups.h"
#include "proctcp.h"

/* Sets the latency of groups that have an established socket with a round-trip time. A socket counts once on the host,
 * in the group that its sums count in. 0 or -ENOMEM. */
int latency_measure(const struct proctcp_snapshot *snapshot, struct groups *groups);

#endif
