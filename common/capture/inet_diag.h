/* netlink.h - reading sock_diag's answers: one message at a time, never past its end. Knows the layout of messages and
 * attributes; the socket that a message describes is known in sockets_netlink.c alone. */
#ifndef PROCTCP_NETLINK_H
#define PROCTCP_NETLINK_H

#include <linux/inet_diag.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What of a message is read: the fixed part, and where the attributes are that came with it. */
struct netlink_socket {
    const struct inet_diag_msg *message;
    const uint8_t *info; /* struct tcp_info of the kernel, as long as that made it; NULL: none came */
    size_t info_length;
    const uint32_t *memory; /* SK_MEMINFO_* */
    size_t memory_count;
    const char *congestion; /* not NUL-terminated */
    size_t congestion_length;
};

enum netlink_kind {
    NETLINK_SOCKET,    /* a socket: out is set */
    NETLINK_DONE,      /* the end of the dump */
    NETLINK_ERROR,     /* the dump ended with *error, a positive errno */
    NETLINK_MALFORMED, /* too short for what it says it is */
    NETLINK_OTHER,     /* of no interest */
};

struct nlmsghdr;

/* Whether the message that begins here ends within the bytes that are left. */
bool netlink_is_whole(const struct nlmsghdr *message, int left);

/* message must be whole. Nothing is copied: out points into it. */
enum netlink_kind netlink_read(const struct nlmsghdr *message, struct netlink_socket *out, int *error);

#endif
