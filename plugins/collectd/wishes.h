/* wishes.h - what is to be published one by one. */
#ifndef PROCTCP_COLLECTD_WISHES_H
#define PROCTCP_COLLECTD_WISHES_H

#include <stdbool.h>
#include <stdint.h>

enum report_sockets {
    SOCKETS_NONE,
    SOCKETS_LISTENING,
    SOCKETS_EVERY,
};

enum report_listeners {
    LISTENERS_NONE,
    LISTENERS_CONFIGURED, /* of groups that are configured */
    LISTENERS_EVERY,
};

/* What is asked of a group. */
struct group_wish {
    uint8_t sockets; /* enum report_sockets */
    bool listeners;
    bool is_system; /* a process of root, or of a user of the system, is in it */
};

#endif
