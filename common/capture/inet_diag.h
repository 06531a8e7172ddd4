/* inet_diag.h - reading sock_diag's answers: one message at a time, never past its end. Knows the layout of messages
 * and attributes; what socket a message describes is known in sock_diag.c alone. */
#ifndef PROCTCP_INET_DIAG_H
#define PROCTCP_INET_DIAG_H

#include <linux/inet_diag.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What of a message is read: the fixed part, and where the attributes are that came with it. */
struct inet_diag_socket {
    const struct inet_diag_msg *message;
    const uint8_t *info; /* struct tcp_info of the kernel, as long as that made it; NULL: none came */
    size_t info_length;
    const uint32_t *memory; /* SK_MEMINFO_* */
    size_t memory_count;
    const char *congestion; /* not NUL-terminated */
    size_t congestion_length;
    bool is_subflow; /* of an MPTCP connection */
    bool has_v6only;
    bool v6only;
};

enum inet_diag_kind {
    INET_DIAG_ANSWER_SOCKET,    /* a socket: out is set */
    INET_DIAG_ANSWER_DONE,      /* the end of the dump */
    INET_DIAG_ANSWER_ERROR,     /* the dump ended with *error, a positive errno */
    INET_DIAG_ANSWER_MALFORMED, /* too short for what it says it is */
    INET_DIAG_ANSWER_OTHER,     /* of no interest */
};

struct nlmsghdr;

/* Whether the message that begins here ends within the bytes that are left. */
bool inet_diag_is_whole(const struct nlmsghdr *message, int left);

/* message must be whole. Nothing is copied: out points into it. */
enum inet_diag_kind inet_diag_read(const struct nlmsghdr *message, struct inet_diag_socket *out, int *error);

#endif
