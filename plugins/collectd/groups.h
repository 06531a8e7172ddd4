/* groups.h - the processes of one name, and the sockets that they hold, summed. */
#ifndef PROCTCP_COLLECTD_GROUPS_H
#define PROCTCP_COLLECTD_GROUPS_H

#include "identifier.h"
#include "proctcp.h"
#include "sticky.h"

#include <stdbool.h>
#include <stdint.h>

struct group_traffic {
    uint64_t payload_sent_bytes;
    uint64_t payload_received_bytes;
    uint64_t segs_out;
    uint64_t segs_in;
    uint64_t retransmissions;
};

/* Sockets count once in each group that holds them, sums (bytes, accept queue) once on the host: in the group of the
 * socket's rank 1. */
struct group {
    char name[IDENTIFIER_SIZE];
    uint32_t processes;
    uint32_t sockets;
    uint32_t by_state[PROCTCP_STATES];
    uint32_t unbound;
    bool has_queues; /* false: it has connections, and the source gives the queues of none */
    bool has_accept_queue;
    bool has_accept_queue_max; /* of all of them */
    uint64_t tx_queue_bytes;
    uint64_t rx_queue_bytes;
    uint64_t accept_queue;
    uint64_t accept_queue_max;
    uint32_t fds;      /* of the process that is nearest to its limit, */
    uint64_t fd_limit; /* which is this; 0: no process of the group has one, and fds is the most */

    /* Set by latency.h. */
    bool has_rtt;
    double rtt_average_s;
    double rtt_p95_s;
    double rtt_max_s;

    /* Set by traffic.h: of whole processes, since the plugin's first pass. */
    bool has_traffic;
    struct group_traffic traffic;
};

struct groups {
    struct group *groups; /* sorted by name, IDENTIFIER_OTHER last */
    uint32_t count;
    uint32_t summed_in_other; /* names that found no place */
    uint32_t *group_of;       /* by index of the process: its group */
    uint32_t *home;           /* by index of the socket: the group its sums count in, PROCTCP_NONE: unattributed */
    uint32_t *home_row;       /* by index of the socket: its rank 1, or PROCTCP_NONE */
};

/* At most max_groups of the names for themselves and the rest in IDENTIFIER_OTHER. places remembers which names those
 * are. 0 or -ENOMEM. */
int groups_build(const struct proctcp_snapshot *snapshot, uint32_t max_groups, struct sticky *places,
                 struct groups *groups);
void groups_free(struct groups *groups);

#endif
