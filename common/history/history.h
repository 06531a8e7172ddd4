/* history.h - this scan against the one before it: since when things are known, what counters went up by, who held what
 * nobody holds any more. Makes no system call, reads no clock, looks at no errno. */
#ifndef PROCTCP_HISTORY_H
#define PROCTCP_HISTORY_H

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

/* Finishes the model: since when its rows, sockets and processes are known, the totals of processes, last holders and
 * what processes left behind. Names of processes that are gone are copied into strings. after is empty, and gets what
 * is left to the next scan, but for the snapshot. 0 or -ENOMEM. */
int history_apply(const struct history *before, const struct capture *capture,
                  const struct proctcp_selection *selection, struct model *model, struct arena *strings,
                  struct history *after);

void history_recycle(struct history *history);
void history_clear(struct history *history);

/* ---- what its parts share ---- */

/* Which of this scan's sockets and processes were there before. */
struct match {
    const struct history *before;
    /* By socket: the same one in the previous snapshot, or behind those among the carried; or PROCTCP_NONE. */
    struct indices earlier;
    struct bytes fate; /* by earlier socket: enum fate, and FATE_REFUSED */
    /* By process of the previous snapshot: the same one now; behind those of this scan the idle ones; or PROCTCP_NONE.
     */
    struct indices successors;
};

enum fate {
    FATE_GONE,
    FATE_LIVES,  /* it is in this scan, too */
    FATE_LEFT,   /* it is, but nobody holds it any more */
    FATE_UNREAD, /* it is held, and alive as far as is known, but was not seen whole */

    FATE_REFUSED = 0x80, /* beside one of these: its holder could not be read, or its counters; it is carried on */
};

static inline enum fate fate_of(const struct match *match, uint32_t earlier)
{
    return (enum fate)(match->fate.at[earlier] & ~FATE_REFUSED);
}

static inline bool fate_is_refused(const struct match *match, uint32_t earlier)
{
    return match->fate.at[earlier] & FATE_REFUSED;
}

/* find.c: whether two are one process. */
bool find_is_same_process(const struct proctcp_process *a, const struct proctcp_process *b);
/* A process that was seen in this scan, whether it holds a socket or not; NULL: none of this pid was. */
const struct process *find_seen(const struct capture *capture, int32_t pid);
/* Where processes ordered by pid have one; NULL: they do not. */
struct proctcp_process *find_process(struct model_processes *processes, int32_t pid);
/* The same process, as it was when it became idle; NULL: it did not. */
const struct idle_process *find_idle(const struct history *before, const struct proctcp_process *process);

/* match.c */
int match_sockets(struct match *match, const struct capture *capture, struct model *model);
int match_processes(struct match *match, struct model *model, struct arena *strings);
/* The socket of an index of earlier, and its impairments. */
const struct proctcp_socket *match_earlier(const struct match *match, uint32_t index,
                                           const struct proctcp_impairment **impairment);

/* idle.c: who is idle from now on. successors are set to processes->count and up for those. */
int idle_gather(struct match *match, const struct capture *capture, struct model *model, struct history *after);

/* totals.c: adds what sockets counted since. */
void totals_add(const struct match *match, const struct impairments *impairments,
                const struct proctcp_selection *selection, struct model *model, struct history *after);

/* last_holder.c */
int last_holders_find(const struct match *match, struct model *model, struct arena *strings);

#endif
