/* tcp_info.h - what the kernel says of a connection. */
#ifndef PROCTCP_TCP_INFO_H
#define PROCTCP_TCP_INFO_H

#include "proctcp.h"

/* info is the kernel's struct tcp_info, length bytes of it; sets presence bits. */
void tcp_info_read(const uint8_t *info, size_t length, struct proctcp_socket *socket,
                   struct proctcp_impairment *impairment);
/* The presence bits that a struct of this length can set: what the kernel that made it counts at all. */
uint64_t tcp_info_given(size_t length);

#endif
