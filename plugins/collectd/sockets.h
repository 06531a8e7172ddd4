/* sockets.h - which sockets are published one by one, and under what name. */
#ifndef PROCTCP_COLLECTD_SOCKETS_H
#define PROCTCP_COLLECTD_SOCKETS_H

#include "identifier.h"
#include "proctcp.h"
#include "sticky.h"
#include "wishes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Leaves room for the longest, "retransmits-" and "RetransSegs-", before it. */
#define SOCKET_NAME_SIZE (IDENTIFIER_SIZE - 12)

/* What a free place is given for. */
enum sockets_sort {
    SOCKETS_BY_QUEUE = 1, /* the longest queues */
    SOCKETS_BY_BYTES,     /* most bytes acknowledged and received */
    SOCKETS_BY_RETRANS,   /* most segments sent again */
    SOCKETS_BY_RTT,       /* the longest round-trip time */
};

struct socket_wishes {
    const struct group_wish *groups;
    enum sockets_sort sort;
    uint32_t max;
    uint32_t min_age_s; /* since the first scan that saw it */
};

struct socket_choice {
    uint32_t socket;             /* index into the snapshot's sockets */
    uint32_t row;                /* its rank 1 */
    uint32_t group;              /* of that row */
    uint64_t order;              /* among sockets of one name */
    bool is_numbered;            /* the name may move to another socket */
    char name[SOCKET_NAME_SIZE]; /* unique in the group, and the same after a restart of collectd */
};

struct socket_choices {
    struct socket_choice *choices; /* sorted by group and name */
    uint32_t count;
    uint32_t left_out;
    uint32_t young; /* wished for, and not old enough */
};

/* At most wishes->max of the selected sockets that have an address, and are wished for and old enough. A free place
 * goes to the first by sort. 0 or -ENOMEM. */
int sockets_choose(const struct proctcp_snapshot *snapshot, const struct socket_wishes *wishes, struct sticky *places,
                   struct socket_choices *choices);
void socket_choices_free(struct socket_choices *choices);

#endif
