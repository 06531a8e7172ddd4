/* memory.h - what one scan leaves to the next, but for what was asked (struct recollection). */
#ifndef PROCTCP_MEMORY_H
#define PROCTCP_MEMORY_H

#include "base/arena.h"
#include "model/model.h"

/* A process that held TCP sockets once and holds none now. Its totals go on when it does again. */
struct idle_process {
    struct proctcp_process process; /* without its strings */
    bool was_unseen; /* in some scan meanwhile it was not walked: what it holds then may be what it held before */
};

/* A socket that was alive, and in no table that was read, or whose holder's descriptors could not be read: as it was
 * when it was seen whole last. */
struct carried_socket {
    struct proctcp_socket socket;
    struct proctcp_impairment impairment;
    int32_t pid; /* of its rank 1, as are the next three; 0: nobody held it */
    int32_t fd;
    uint32_t row_first_seen;
    uint16_t group; /* of that row */
    bool is_beside; /* it is in a table, too, with less than was known of it: there its end is counted */
    uint64_t start_ticks;
};

/* A group, and what it has counted. */
struct group_memory {
    const char *name; /* in the strings of the history */
    struct proctcp_totals totals;
    struct proctcp_connections connections;
    uint64_t sockets_opened;
    uint64_t sockets_closed;
    uint64_t last_seen; /* Unix time, seconds; 0: never */
    uint32_t present;   /* bits of totals */
    bool is_configured;
    bool asks_sockets; /* it takes some sockets of a process only: of connections that no scan sees it is not known
                          whether they are its */
};

struct group_memories VECTOR(struct group_memory);

/* The groups that there are, and some that there were. */
struct places {
    struct group_memories groups; /* by index; the first is PROCTCP_GROUP_OTHER, then those that are configured */
    struct group_memories former; /* that lost their place, oldest first */
    struct group_memory all;
    struct arena strings;
};

/* A connection that came to its end, and what was counted of it before: how it ended is not known yet. */
struct ending {
    uint64_t cookie;
    uint64_t began_ns;    /* of the scan that saw it, or 0 */
    uint64_t start_ticks; /* of the process that held it */
    int32_t pid;
    uint32_t scans;    /* that have waited for it */
    uint16_t group;    /* it was held in */
    bool was_accepted; /* and counted as such */
    bool is_counted;   /* its end is sure to be told of */
    struct proctcp_totals totals;
};

struct all_ending VECTOR(struct ending);
struct idle_processes VECTOR(struct idle_process);
struct carried_sockets VECTOR(struct carried_socket);

/* What one scan leaves to the next. */
struct history {
    const struct proctcp_snapshot *previous; /* NULL: there was no scan */
    struct idle_processes idle;              /* ordered by pid */
    struct carried_sockets carried;
    struct all_ending ending; /* where connections are counted */
    struct all_ended
        ended_here;          /* connections that ended while the scan showed them, or whose process was not told of */
    bool counts_connections; /* this or an earlier scan did */
    uint64_t began_ns;       /* when the scan did, as connections are told to have ended; 0: not known */
    struct places places;
    struct indices partial; /* inodes of namespaces whose tables were not read whole, ascending */
    bool
        is_reselected; /* the selection is another one since: what comes into it, or leaves it, may live on as before */
    bool is_regrouped; /* so is the grouping */
};

#endif
