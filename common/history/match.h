/* match.h - this scan beside the one before. */
#ifndef PROCTCP_MATCH_H
#define PROCTCP_MATCH_H

#include "history/ends.h"
#include "history/memory.h"

/* Which of this scan's sockets and processes were there before. */
struct match {
    const struct history *before;
    const struct ends *ends;
    const struct proctcp_selection *selection; /* of this scan */
    /* By socket: the same one in the previous snapshot, or behind those among the carried; or PROCTCP_NONE. */
    struct indices earlier;
    struct bytes fate;   /* by earlier socket: enum fate, and FATE_REFUSED */
    struct bytes parted; /* by socket: enum parted; empty: none is */
    /* By process of the previous snapshot: the same one now; behind those of this scan the idle ones; or PROCTCP_NONE.
     */
    struct indices successors;
};

enum fate {
    FATE_GONE,
    FATE_LIVES,    /* it is in this scan, too */
    FATE_LEFT,     /* it is, but nobody holds it any more */
    FATE_UNREAD,   /* it is held, and alive as far as is known, but was not seen whole */
    FATE_LEFT_OUT, /* the selection is another one, and does not have it any more */

    FATE_REFUSED = 0x80, /* beside one of these: its holder could not be read, or its counters; it is carried on */
};

/* Whether a socket has another connection than in the scan before. */
enum parted {
    NOT_PARTED,
    PARTED,
    PARTED_BESIDE, /* since then it was seen without any: that was a socket that has been counted */
};

static inline enum parted parted_of(const struct match *match, uint32_t socket)
{
    return match->parted.count ? (enum parted)match->parted.at[socket] : NOT_PARTED;
}

static inline enum fate fate_of(const struct match *match, uint32_t earlier)
{
    return (enum fate)(match->fate.at[earlier] & ~FATE_REFUSED);
}

static inline bool fate_is_refused(const struct match *match, uint32_t earlier)
{
    return match->fate.at[earlier] & FATE_REFUSED;
}

int match_sockets(struct match *match, const struct capture *capture, struct model *model);
int match_processes(struct match *match, struct model *model, struct arena *strings);
/* The socket of an index of earlier, and its impairments. */
const struct proctcp_socket *match_earlier(const struct match *match, uint32_t index,
                                           const struct proctcp_impairment **impairment);

#endif
