/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* unheld.bpf.c - an iterator over the TCP sockets of the network namespace that its reader is in when it opens the
 * file: what no process can hold (TIME_WAIT, SYN_RECV, not yet accepted, orphans) with all that is known of it, and of
 * the rest who it is, so that the reader finds those that no descriptor led to (in flight, subflows of MPTCP). */
#include "socket.h"

#include <bpf/bpf_endian.h>

#define TCP_TIME_WAIT    6
#define TCP_NEW_SYN_RECV 12
#define TIMER_RETRANS    1
#define TIMER_TIME_WAIT  3

char LICENSE[] SEC("license") = "Dual MIT/GPL";

static __always_inline void read_common(const struct sock_common *common, struct bpf_socket_record *record)
{
    const struct net *net = common->skc_net.net;

    if (net)
        record->netns = net->ns.inum;
    record->family = common->skc_family;
    record->interface = common->skc_bound_dev_if;
    record->source_port = bpf_htons(common->skc_num);
    record->destination_port = common->skc_dport;
    read_addresses(common, record->family, record->source, record->destination);
}

static __always_inline void read_time_wait(const struct tcp_timewait_sock *tw, struct bpf_socket_record *record)
{
    record->state = tw->tw_sk.tw_substate; /* an orphan may be in FIN_WAIT2 */
    record->timer = TIMER_TIME_WAIT;
    record->expires_ms = until(tw->tw_sk.tw_timer.expires, bpf_jiffies64());
}

/* false: it is none. */
static __always_inline bool read_request(struct sock_common *common, struct bpf_socket_record *record)
{
    const struct tcp_request_sock *request = bpf_skc_to_tcp_request_sock(common);

    if (!request)
        return false;
    record->state = TCP_NEW_SYN_RECV;
    record->timer = TIMER_RETRANS;
    record->retrans = request->req.req.num_retrans;
    record->expires_ms = until(request->req.req.rsk_timer.expires, bpf_jiffies64());
    return true;
}

/* Of members that the walk through the table has just looked at, for there are many such sockets. */
static __always_inline int write_held(struct bpf_iter__tcp *context, struct sock_common *common)
{
    struct bpf_held_record record = {.record = {sizeof(record), BPF_RECORD_HELD}};

    record.cookie = bpf_get_socket_cookie(common);
    record.family = common->skc_family;
    record.state = common->skc_state;
    record.interface = common->skc_bound_dev_if;
    record.source_port = bpf_htons(common->skc_num);
    record.destination_port = common->skc_dport;
    read_addresses(common, record.family, record.source, record.destination);
    bpf_seq_write(context->meta->seq, &record, sizeof(record));
    return 0;
}

SEC("iter/tcp")
int unheld(struct bpf_iter__tcp *context)
{
    struct sock_common *common = context->sk_common;
    struct bpf_socket_record record = {.record = {sizeof(record), BPF_RECORD_SOCKET}};
    struct tcp_sock *tp;

    if (!common)
        return 0;
    tp = bpf_skc_to_tcp_sock(common);
    if (tp) {
        if (tp->inet_conn.icsk_inet.sk.sk_socket)
            return write_held(context, common);
        record.cookie = bpf_get_socket_cookie(common);
        read_socket(tp, &record);
    } else {
        const struct tcp_timewait_sock *tw = bpf_skc_to_tcp_timewait_sock(common);
        if (tw)
            read_time_wait(tw, &record);
        else if (!read_request(common, &record))
            return 0;
        record.cookie = bpf_get_socket_cookie(common);
        read_common(common, &record);
    }
    bpf_seq_write(context->meta->seq, &record, sizeof(record));
    return 0;
}
