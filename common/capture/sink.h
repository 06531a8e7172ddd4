/* sink.h - how every source writes down what it found: processes, owners, sockets, namespaces, each once however often
 * and by whomever it is told. */
#ifndef PROCTCP_SINK_H
#define PROCTCP_SINK_H

#include "capture/inquiry.h"

/* A process; its index, or -ENOMEM. Pids come in ascending order; the one told last may be told again. */
int64_t sink_process(struct inquiry *inquiry, int32_t pid);

/* A descriptor of the process whose owners are being gathered (the one told last). */
int sink_owner(struct inquiry *inquiry, int32_t fd, uint32_t inode);
/* All of them are told: orders them by descriptor, each (descriptor, inode) once. */
void sink_owners_end(struct inquiry *inquiry, uint32_t process);
/* More owners of a process that was told before: those it had move behind all others, where more may be added. */
int sink_owners_again(struct inquiry *inquiry, uint32_t process);

/* Sockets in all that a scan may be told to make room for; a larger number is a mistake. */
#define EXPECTED_MAX 10000000

/* Room for so many sockets in all, where it can be had: memory that is not touched before there are so many. */
void sink_expect(struct inquiry *inquiry, uint64_t at_most);
/* Room for about so many sockets in all, which is touched at once: to grow by steps costs more. */
int sink_reserve(struct inquiry *inquiry, uint64_t expected);
/* Where the next socket is to be written, not initialised; NULL: memory is out. */
struct proctcp_socket *sink_next_socket(struct inquiry *inquiry);
/* It is written: kept, if the selection may want it. netns 0: not known. */
int sink_socket(struct inquiry *inquiry, struct proctcp_socket *socket, uint32_t netns,
                const struct proctcp_impairment *impairment, bool may_be_subflow);
/* All sockets of a table are written: orders them by inode. Of two that are the same the later one, which is nearer to
 * the truth, takes the place of the earlier one. */
int sink_sockets_end(struct inquiry *inquiry);
/* Whether a socket with an inode and this cookie was there before the last sink_sockets_end(). */
bool sink_knows(const struct inquiry *inquiry, uint32_t inode, uint64_t cookie);
/* The index of a congestion control's name. */
int sink_congestion_name(struct inquiry *inquiry, const char *text, size_t length, uint8_t *index);

/* What was written since a mark is taken back: it did not come to its end. */
struct sink_mark {
    uint32_t sockets, impairments, siblings;
};
struct sink_mark sink_mark(const struct inquiry *inquiry);
int sink_take_back(struct inquiry *inquiry, struct sink_mark mark);

/* A network namespace: NULL and *status 0: it is not selected, or there already. The pointer is good until the next. */
struct netns *sink_netns(struct inquiry *inquiry, uint32_t inode, uint32_t process, bool own, int *status);
struct netns *sink_find_netns(const struct inquiry *inquiry, uint32_t inode);

#endif
