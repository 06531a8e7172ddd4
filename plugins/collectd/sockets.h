/* sockets.h - which sockets are published one by one, and under what name. */
#ifndef PROCTCP_COLLECTD_SOCKETS_H
#define PROCTCP_COLLECTD_SOCKETS_H

#include "groups.h"
#include "identifier.h"
#include "proctcp.h"
#include "sticky.h"

#include <stddef.h>
#include <stdint.h>

/* Leaves room for the longest "retransmits-" before it. */
#define SOCKET_NAME_SIZE (IDENTIFIER_SIZE - 12)

struct socket_choice {
    uint32_t socket;             /* index into the snapshot's sockets */
    uint32_t group;              /* the one its sums count in */
    uint64_t order;              /* among sockets of one name */
    char name[SOCKET_NAME_SIZE]; /* unique in the group, and the same after a restart of collectd */
};

struct socket_choices {
    struct socket_choice *choices; /* sorted by group and name */
    uint32_t count;
    uint32_t left_out;
};

/* At most max of the selected sockets that have an address. A free place goes to the one with the longest queues. 0 or
 * -ENOMEM. */
int sockets_choose(const struct proctcp_snapshot *snapshot, const struct groups *groups, uint32_t max,
                   struct sticky *places, struct socket_choices *choices);
void socket_choices_free(struct socket_choices *choices);

#endif
