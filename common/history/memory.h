/* memory.h - what one scan leaves to the next, but for what was asked (struct recollection). */
#ifndef PROCTCP_MEMORY_H
#define PROCTCP_MEMORY_H

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
    uint64_t start_ticks;
};

struct idle_processes VECTOR(struct idle_process);
struct carried_sockets VECTOR(struct carried_socket);

/* What one scan leaves to the next. */
struct history {
    const struct proctcp_snapshot *previous; /* NULL: there was no scan */
    struct idle_processes idle;              /* ordered by pid */
    struct carried_sockets carried;
    struct indices partial; /* inodes of namespaces whose tables were not read whole, ascending */
};

#endif
