/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* minor.h - what a record says of what is in the kernel's tables and no full socket, any more or yet: in TIME_WAIT, and
 * requests. And which one a socket is, in few words. */
#ifndef PROCTCP_BPF_MINOR_H
#define PROCTCP_BPF_MINOR_H

#include "socket.h"

#include <bpf/bpf_endian.h>

#define TCP_TIME_WAIT    6
#define TCP_NEW_SYN_RECV 12
#define TIMER_RETRANS    1
#define TIMER_TIME_WAIT  3

/* Into either kind of record. */
#define READ_COMMON(common, record)                                                                                    \
    do {                                                                                                               \
        const struct net *net = (common)->skc_net.net;                                                                 \
        if (net)                                                                                                       \
            (record)->netns = net->ns.inum;                                                                            \
        (record)->family = (common)->skc_family;                                                                       \
        (record)->interface = (common)->skc_bound_dev_if;                                                              \
        (record)->source_port = bpf_htons((common)->skc_num);                                                          \
        (record)->destination_port = (common)->skc_dport;                                                              \
        read_addresses(common, (record)->family, (record)->source, (record)->destination);                             \
    } while (0)

static __always_inline void read_common(const struct sock_common *common, struct bpf_socket_record *record)
{
    READ_COMMON(common, record);
}

static __always_inline void read_time_wait(const struct tcp_timewait_sock *tw, struct bpf_socket_record *record)
{
    record->state = tw->tw_sk.tw_substate; /* an orphan may be in FIN_WAIT2 */
    record->timer = TIMER_TIME_WAIT;
    record->expires_ms = until(tw->tw_sk.tw_timer.expires, bpf_jiffies64());
}

static __always_inline void read_request(const struct tcp_request_sock *request, struct bpf_socket_record *record)
{
    record->state = TCP_NEW_SYN_RECV;
    record->timer = TIMER_RETRANS;
    record->retrans = request->req.req.num_retrans;
    record->expires_ms = until(request->req.req.rsk_timer.expires, bpf_jiffies64());
}

/* Of members that the walk through a table has just looked at, for there are many such sockets. */
static __always_inline void read_held(const struct sock_common *common, struct bpf_held_record *record)
{
    READ_COMMON(common, record);
    record->state = common->skc_state;
}

#endif
