/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* unheld.bpf.c - an iterator over the TCP sockets of the network namespace that its reader is in when it opens the
 * file: what no process can hold (TIME_WAIT, SYN_RECV, not yet accepted, orphans) with all that is known of it, and of
 * the rest who it is, so that the reader finds those that no descriptor led to (in flight, subflows of MPTCP). For
 * kernels that do not take hashed.bpf.c, for namespaces of which that does not tell all (tables of their own, long
 * lists, listeners without a cookie), for a single namespace, and for second looks. */
#include "minor.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

static __always_inline int write_held(struct bpf_iter__tcp *context, struct sock_common *common)
{
    struct bpf_held_record record = {.record = {sizeof(record), BPF_RECORD_HELD}};

    record.cookie = bpf_get_socket_cookie(common);
    read_held(common, &record);
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
        const struct tcp_request_sock *request = tw ? NULL : bpf_skc_to_tcp_request_sock(common);
        if (tw)
            read_time_wait(tw, &record);
        else if (request)
            read_request(request, &record);
        else
            return 0;
        record.cookie = bpf_get_socket_cookie(common);
        read_common(common, &record);
    }
    bpf_seq_write(context->meta->seq, &record, sizeof(record));
    return 0;
}
