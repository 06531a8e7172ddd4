/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* socket.h - what a record says of a socket: the same as sock_diag would, from the same members of the kernel's structs
 * (net/ipv4/tcp.c, tcp_get_info(); net/ipv4/inet_diag.c). No lock is taken: members may be of moments that are
 * microseconds apart. For the BPF programs, which are one file each. */
#ifndef PROCTCP_BPF_SOCKET_H
#define PROCTCP_BPF_SOCKET_H

#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "capture/bpf_records.h"

#define AF_INET6              10
#define TCP_ESTABLISHED       1
#define TCP_FIN_WAIT1         4
#define TCP_FIN_WAIT2         5
#define TCP_CLOSE             7
#define TCP_LISTEN            10
#define TCP_BOUND_INACTIVE    13
#define SOCK_IS_DONE          2ul /* a bit of skc_flags: a FIN was received, which counts as a byte */
#define ICSK_TIME_RETRANS     1
#define ICSK_TIME_PROBE0      3
#define ICSK_TIME_LOSS_PROBE  5
#define ICSK_TIME_REO_TIMEOUT 6

/* Ticks of the kernel's clock per second; 0: not known yet, and times are in ticks. The loader finds it out. */
__u32 hz = 0;

static __always_inline __u32 to_us(__u32 ticks)
{
    return hz ? (__u64)ticks * 1000000 / hz : ticks;
}

static __always_inline __u32 to_ms(__u32 ticks)
{
    return hz ? (__u64)ticks * 1000 / hz : ticks;
}

/* In a record's 16 bytes, of which IPv4 takes the first four. */
static __always_inline void read_addresses(const struct sock_common *common, __u16 family, __u8 *from, __u8 *to)
{
    __u32 *source = (__u32 *)from, *destination = (__u32 *)to;

    if (family != AF_INET6) {
        source[0] = common->skc_rcv_saddr;
        destination[0] = common->skc_daddr;
        return;
    }
    for (int i = 0; i < 4; i++) {
        source[i] = common->skc_v6_rcv_saddr.in6_u.u6_addr32[i];
        destination[i] = common->skc_v6_daddr.in6_u.u6_addr32[i];
    }
}

static __always_inline void read_endpoints(const struct tcp_sock *tp, struct bpf_socket_record *record)
{
    const struct sock_common *common = &tp->inet_conn.icsk_inet.sk.__sk_common;

    record->source_port = tp->inet_conn.icsk_inet.inet_sport;
    record->destination_port = common->skc_dport;
    record->interface = common->skc_bound_dev_if;
    read_addresses(common, record->family, record->source, record->destination);
    record->v6only = BPF_CORE_READ_BITFIELD(common, skc_ipv6only);
}

static __always_inline unsigned long retransmit_expires(const struct inet_connection_sock *icsk)
{
    const struct inet_connection_sock___timer *newer = (const void *)icsk;

    if (bpf_core_field_exists(newer->icsk_retransmit_timer))
        return newer->icsk_retransmit_timer.expires;
    return icsk->icsk_timeout;
}

static __always_inline __u32 until(unsigned long expires, unsigned long now)
{
    const long left = expires - now;
    return left > 0 ? to_ms(left) : 0;
}

static __always_inline void read_timer(const struct tcp_sock *tp, unsigned long now, struct bpf_socket_record *record)
{
    const struct inet_connection_sock *icsk = &tp->inet_conn;
    const struct sock *sk = &icsk->icsk_inet.sk;
    const __u8 pending = icsk->icsk_pending;

    if (pending == ICSK_TIME_RETRANS || pending == ICSK_TIME_REO_TIMEOUT || pending == ICSK_TIME_LOSS_PROBE) {
        record->timer = 1;
        record->expires_ms = until(retransmit_expires(icsk), now);
    } else if (pending == ICSK_TIME_PROBE0) {
        record->timer = 4;
        record->expires_ms = until(retransmit_expires(icsk), now);
    } else if (sk->sk_timer.entry.pprev) {
        record->timer = 2;
        record->expires_ms = until(sk->sk_timer.expires, now);
    }
}

static __always_inline void read_memory(const struct sock *sk, struct bpf_socket_record *record)
{
    record->memory[0] = sk->sk_backlog.rmem_alloc.counter;
    record->memory[1] = sk->sk_rcvbuf;
    record->memory[2] = sk->sk_wmem_alloc.refs.counter - 1;
    record->memory[3] = sk->sk_sndbuf;
    record->memory[4] = sk->sk_forward_alloc;
    record->memory[5] = sk->sk_wmem_queued;
    record->memory[6] = sk->sk_omem_alloc.counter;
    record->memory[7] = sk->sk_backlog.len;
    record->memory[8] = sk->sk_drops.counter;
}

/* How long it was limited by what, as tcp_get_info_chrono_stats() counts it. */
static __always_inline void read_chrono(const struct tcp_sock *tp, __u32 now, struct bpf_tcp_info *info)
{
    const __u32 type = BPF_CORE_READ_BITFIELD(tp, chrono_type);
    const __u32 running = type ? now - tp->chrono_start : 0;
    const __u32 busy = tp->chrono_stat[0] + (type == 1 ? running : 0);
    const __u32 rwnd = tp->chrono_stat[1] + (type == 2 ? running : 0);
    const __u32 sndbuf = tp->chrono_stat[2] + (type == 3 ? running : 0);

    info->busy_time_us = (__u64)(busy + rwnd + sndbuf) * 1000000 / (hz ? hz : 1000000);
    info->rwnd_limited_us = (__u64)rwnd * 1000000 / (hz ? hz : 1000000);
    info->sndbuf_limited_us = (__u64)sndbuf * 1000000 / (hz ? hz : 1000000);
}

static __always_inline __u32 not_below_0(__u32 difference)
{
    return (__s32)difference > 0 ? difference : 0;
}

static __always_inline void read_info(const struct tcp_sock *tp, __u32 now, struct bpf_tcp_info *info)
{
    const struct inet_connection_sock *icsk = &tp->inet_conn;
    const unsigned long pacing = icsk->icsk_inet.sk.sk_pacing_rate;
    const __u32 interval = tp->rate_interval_us;

    info->ca_state = BPF_CORE_READ_BITFIELD(icsk, icsk_ca_state);
    info->retransmits = icsk->icsk_retransmits;
    info->probes = icsk->icsk_probes_out;
    info->backoff = icsk->icsk_backoff;
    info->rto_us = to_us(icsk->icsk_rto);
    info->ato_us = to_us(BPF_CORE_READ_BITFIELD(icsk, icsk_ack.ato));
    info->snd_mss = tp->mss_cache;
    info->rcv_mss = icsk->icsk_ack.rcv_mss;
    info->unacked = tp->packets_out;
    info->sacked = tp->sacked_out;
    info->lost = tp->lost_out;
    info->retrans = tp->retrans_out;
    info->last_data_sent_ms = to_ms(now - tp->lsndtime);
    info->last_data_recv_ms = to_ms(now - icsk->icsk_ack.lrcvtime);
    info->last_ack_recv_ms = to_ms(now - tp->rcv_tstamp);
    info->pmtu = icsk->icsk_pmtu_cookie;
    info->rcv_ssthresh = tp->rcv_ssthresh;
    info->rtt_us = tp->srtt_us >> 3;
    info->rttvar_us = tp->mdev_us >> 2;
    info->snd_ssthresh = tp->snd_ssthresh;
    info->snd_cwnd = tp->snd_cwnd;
    info->advmss = tp->advmss;
    info->reordering = tp->reordering;
    info->rcv_rtt_us = tp->rcv_rtt_est.rtt_us >> 3;
    info->rcv_space = tp->rcvq_space.space;
    info->total_retrans = tp->total_retrans;
    info->pacing_rate = pacing;
    info->bytes_acked = tp->bytes_acked;
    info->bytes_received = tp->bytes_received;
    info->segs_out = tp->segs_out;
    info->segs_in = tp->segs_in;
    info->notsent_bytes = not_below_0(tp->write_seq - tp->snd_nxt);
    info->min_rtt_us = tp->rtt_min.s[0].v;
    info->data_segs_in = tp->data_segs_in;
    info->data_segs_out = tp->data_segs_out;
    if (interval)
        info->delivery_rate = (__u64)tp->rate_delivered * tp->mss_cache * 1000000 / interval;
    read_chrono(tp, now, info);
    info->delivered = tp->delivered;
    info->delivered_ce = tp->delivered_ce;
    info->bytes_sent = tp->bytes_sent;
    info->bytes_retrans = tp->bytes_retrans;
    info->dsack_dups = tp->dsack_dups;
    info->reord_seen = tp->reord_seen;
    info->rcv_ooo_packets = tp->rcv_ooopack;
    info->snd_wnd = tp->snd_wnd;
    info->rcv_wnd = tp->rcv_wnd;
}

static __always_inline void read_connection(const struct tcp_sock *tp, struct bpf_socket_record *record)
{
    const struct inet_connection_sock *icsk = &tp->inet_conn;
    const struct tcp_congestion_ops *congestion = icsk->icsk_ca_ops;
    const __u64 now = bpf_jiffies64();

    record->rqueue = not_below_0(tp->rcv_nxt - tp->copied_seq);
    record->wqueue = tp->write_seq - tp->snd_una;
    read_timer(tp, now, record);
    read_info(tp, now, &record->info);
    if (congestion) {
        ((__u64 *)record->congestion)[0] = *(const __u64 *)&congestion->name[0];
        ((__u64 *)record->congestion)[1] = *(const __u64 *)&congestion->name[8];
    }
}

/* Of a connection that is on its way from one state to the next: nobody sees by these states that a FIN was received.
 */
static __always_inline void leave_out_fin(const struct tcp_sock *tp, struct bpf_socket_record *record)
{
    const bool is_done = tp->inet_conn.icsk_inet.sk.__sk_common.skc_flags & SOCK_IS_DONE;

    if (is_done &&
        (record->state == TCP_ESTABLISHED || record->state == TCP_FIN_WAIT1 || record->state == TCP_FIN_WAIT2))
        record->info.bytes_received = tp->bytes_received - 1;
}

#define FETCH(member) asm volatile("" : : "r"((__u64)(member)))

/* A member of each of the cache lines that are read below, one straight after the other, so that the processor fetches
 * them at the same time: a socket's are cold, and waiting for each by itself takes most of a scan. */
static __always_inline void fetch(const struct tcp_sock *tp)
{
    const struct inet_connection_sock *icsk = &tp->inet_conn;
    const struct sock *sk = &icsk->icsk_inet.sk;

    FETCH(sk->__sk_common.skc_state);
    FETCH(sk->__sk_common.skc_flags);
    FETCH(sk->sk_drops.counter);
    FETCH(sk->sk_rcvbuf);
    FETCH(sk->sk_wmem_queued);
    FETCH(sk->sk_pacing_rate);
    FETCH(sk->sk_sndbuf);
    FETCH(sk->sk_max_ack_backlog);
    FETCH(icsk->icsk_inet.inet_sport);
    FETCH(retransmit_expires(icsk));
    FETCH(icsk->icsk_rto);
    FETCH(icsk->icsk_pending);
    FETCH(tp->rcv_ssthresh);
    FETCH(tp->snd_cwnd);
    FETCH(tp->advmss);
    FETCH(tp->bytes_sent);
    FETCH(tp->rcv_nxt);
    FETCH(tp->bytes_received);
    FETCH(tp->bytes_acked);
    FETCH(tp->dsack_dups);
    FETCH(tp->reord_seen);
    FETCH(tp->total_retrans);
}

/* Everything but whose it is. */
static __always_inline void read_socket(const struct tcp_sock *tp, struct bpf_socket_record *record)
{
    const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
    const struct net *net = sk->__sk_common.skc_net.net;

    fetch(tp);
    if (net)
        record->netns = net->ns.inum;
    record->state = sk->__sk_common.skc_state;
    record->family = sk->__sk_common.skc_family;
    record->uid = sk->sk_uid.val;
    read_endpoints(tp, record);
    read_memory(sk, record);
    if (record->state == TCP_CLOSE) {
        if (sk->__sk_common.skc_num)
            record->state = TCP_BOUND_INACTIVE;
        record->info.rto_us = to_us(tp->inet_conn.icsk_rto); /* a constant, by which the loader finds out hz */
    } else if (record->state == TCP_LISTEN) {
        record->rqueue = sk->sk_ack_backlog;
        record->wqueue = sk->sk_max_ack_backlog;
    } else {
        __u8 later;
        record->was_accepted = sk->sk_max_ack_backlog != 0; /* a copy of its listener's */
        read_connection(tp, record);
        /* A FIN counts as a byte in what was read, and shows in the state: of the two the state is read last. */
        later = sk->__sk_common.skc_state;
        if (later != TCP_CLOSE && later != TCP_LISTEN)
            record->state = later;
        leave_out_fin(tp, record);
    }
}

#endif
