/* top_key.h - what an item is known by from pass to pass, wherever it stands then. */
#ifndef PROCTCP_CLI_TOP_KEY_H
#define PROCTCP_CLI_TOP_KEY_H

#include "top_view.h"

/* Of the members those count that the kind of item has; the others are 0. */
struct top_key {
    char group[PROCTCP_GROUP_NAME_SIZE];
    int32_t pid, fd;
    uint32_t subflow, netns;
    uint64_t start_ticks; /* of the process: a pid comes again */
    uint64_t cookie;      /* of the socket, 0 where it is not known: a descriptor's number comes again */
    struct proctcp_address address;
    uint16_t port;
    uint32_t interface;
};

struct top_key top_key_of(const struct top_view *top, const struct pass *pass, const void *item);
bool top_key_equal(const struct top_key *a, const struct top_key *b);

/* What rows must have to be listed: all of them, or those of one group, process or listener. */
struct top_scope {
    const struct top_view *of; /* NULL: all */
    struct top_key key;
    char name[CELL_SIZE]; /* as its row had it, in the first column */
};

/* A scope as one pass has it, so that each row is looked at once. */
struct top_inside {
    const struct top_scope *scope;
    const struct pass *pass;
    uint32_t index; /* of the group, process or listener; PROCTCP_NONE: it is not there now */
};

struct top_inside top_look_inside(const struct top_scope *scope, const struct pass *pass);
bool top_is_inside(const struct top_inside *inside, const struct proctcp_row *row);

#endif
