/* procfs_tcp.h - /proc/<pid>/net/tcp and tcp6 to sockets. */
#ifndef PROCTCP_PROCFS_TCP_H
#define PROCTCP_PROCFS_TCP_H

#include "capture/inquiry.h"

/* The sockets of a namespace, to the sink. -ESRCH: it ended. Fails if none of its tables can be read; shown.error is
 * set where one cannot. */
int procfs_tcp_read(struct inquiry *inquiry, struct netns *netns);
/* Whether a namespace that a process lives in has no TCP socket, by its sockstat: a fraction of what a dump costs.
 * false where that cannot be had. */
bool procfs_tcp_is_empty(struct inquiry *inquiry, struct netns *netns);

/* How many sockets it has, about; 0 where that cannot be had. */
uint64_t procfs_tcp_count(struct inquiry *inquiry, struct netns *netns);

/* The parsers. One line without its newline; hz is USER_HZ; sets everything but netns. false: not understood. */
bool procfs_tcp_parse(const char *line, size_t length, enum proctcp_family family, uint32_t hz,
                      struct proctcp_socket *socket);
bool procfs_tcp_parse_sockstat(const char *text, size_t length, const char *label, const char *word, uint64_t *number);

#endif
