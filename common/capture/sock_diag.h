/* sock_diag.h - a dump of the kernel's TCP sockets over netlink. */
#ifndef PROCTCP_SOCK_DIAG_H
#define PROCTCP_SOCK_DIAG_H

#include "capture/inquiry.h"

/* Whether sock_diag answers, by a dump of no state: 0 or -errno. */
int sock_diag_probe(struct inquiry *inquiry);
/* The sockets of the namespace that the calling thread is in, to the sink: all of them, 0, or none, -errno. Sets
 * netns->complete. */
int sock_diag_read(struct inquiry *inquiry, struct netns *netns);
/* Those that are bound and neither connected nor listening; none from kernels before 6.8. */
int sock_diag_read_bound(struct inquiry *inquiry, const struct netns *netns);

/* Single sockets of the namespace that the calling thread is in, to the sink. What has ended meanwhile is none. 0 or
 * -errno; -ESTALE: a listener was not found, for the kernel may find another one that shares its port. */
int sock_diag_ask(struct inquiry *inquiry, uint32_t netns, const struct shown_socket *sockets, uint32_t count);

/* ---- a dump in pieces ---- */

struct sock_diag_dump {
    uint32_t sequence; /* of the request: what does not answer it does not count */
    uint32_t netns;
    bool interrupted;   /* the kernel says that its tables changed meanwhile. inet_diag never does, whatever happens. */
    bool any_subflow;   /* of an MPTCP connection */
    size_t info_length; /* of the struct tcp_info that came last, */
    uint64_t given;     /* and the presence bits that follow from it */
};

enum sock_diag_progress {
    SOCK_DIAG_MORE,
    SOCK_DIAG_DONE,
    SOCK_DIAG_FAILED, /* *error is a positive errno; ENOMEM is ours */
};

/* The messages of one read, length bytes in the inquiry's buffer. */
enum sock_diag_progress sock_diag_take(struct inquiry *inquiry, struct sock_diag_dump *dump, size_t length, int *error);
/* One message of a dump; given are the presence bits that follow from the length of its tcp_info. false: not
 * understood. Sets everything but netns, congestion and the place of impairment. */
struct inet_diag_socket;
bool sock_diag_parse(const struct inet_diag_socket *from, uint64_t given, struct proctcp_socket *socket,
                     struct proctcp_impairment *impairment);

#endif
