/* tcp_info.h - what the kernel says of a connection. */
#ifndef PROCTCP_TCP_INFO_H
#define PROCTCP_TCP_INFO_H

#include "proctcp.h"

/* The presence bits that a struct of this length can set: what the kernel that made it counts at all. */
uint64_t tcp_info_given(size_t length);
/* info is the kernel's struct tcp_info, length bytes of it, given what tcp_info_given() says of that length; sets
 * presence bits. */
void tcp_info_read(const uint8_t *info, size_t length, uint64_t given, struct proctcp_socket *socket,
                   struct proctcp_impairment *impairment);

#endif
