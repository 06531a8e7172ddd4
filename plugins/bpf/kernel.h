/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* kernel.h - the members of the kernel's structs that the BPF programs read, in the kernel's names. Where each lies,
 * the loader finds in the BTF of the kernel that runs (CO-RE): members that are not read are left out, those that are
 * stand in structs nested as the kernel's are. */
#ifndef PROCTCP_BPF_KERNEL_H
#define PROCTCP_BPF_KERNEL_H

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;

/* Of the kernel's API; bpf_helpers.h wants to know. */
enum bpf_map_type {
    BPF_MAP_TYPE_ARRAY = 2,
    BPF_MAP_TYPE_LRU_HASH = 9,
    BPF_MAP_TYPE_SK_STORAGE = 24,
};
#define BPF_F_NO_PREALLOC         (1 << 0)
#define BPF_F_CLONE               (1 << 9)
#define BPF_SK_STORAGE_GET_CREATE 1

#define true 1
#define false 0
#define NULL ((void *)0)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* ---- processes ---- */

struct ns_common {
    unsigned int inum;
};

struct pid_namespace {
    struct ns_common ns;
};

struct inet_hashinfo;

struct inet_timewait_death_row {
    struct inet_hashinfo *hashinfo;
};

struct netns_ipv4 {
    struct inet_timewait_death_row tcp_death_row;
};

struct net {
    struct ns_common ns;
    struct netns_ipv4 ipv4;
};

struct nsproxy {
    struct net *net_ns;
};

typedef struct {
    unsigned int val;
} kuid_t;

struct cred {
    kuid_t euid;
};

struct upid {
    int nr;
    struct pid_namespace *ns;
};

struct pid {
    unsigned int level;
    struct upid numbers[1];
};

struct fdtable {
    unsigned int max_fds;
    unsigned long *open_fds;
};

struct files_struct {
    struct fdtable *fdt;
};

struct list_head {
    struct list_head *next, *prev;
};

struct task_struct {
    unsigned int flags;
    int pid;
    int tgid;
    __u64 start_boottime;
    char comm[16];
    __u64 timer_slack_ns;
    struct task_struct *group_leader;
    struct pid *thread_pid;
    const struct cred *real_cred;
    struct files_struct *files;
    struct nsproxy *nsproxy;
    struct list_head thread_node;
};

/* ---- files and sockets ---- */

struct inode {
    unsigned long i_ino;
};

struct file {
    struct inode *f_inode;
};

typedef struct {
    int counter;
} atomic_t;

typedef struct {
    __s64 counter;
} atomic64_t;

typedef struct refcount_struct {
    atomic_t refs;
} refcount_t;

struct in6_addr {
    union {
        __be32 u6_addr32[4];
    } in6_u;
};

typedef struct {
    struct net *net;
} possible_net_t;

struct hlist_node {
    struct hlist_node *next, **pprev;
};

/* The last one of a list has no address in next: 1 and, in the bits above, which list it is. */
struct hlist_nulls_node {
    struct hlist_nulls_node *next;
};

struct hlist_nulls_head {
    struct hlist_nulls_node *first;
};

struct timer_list {
    struct hlist_node entry;
    unsigned long expires;
};

struct sock_common {
    union {
        struct {
            __be32 skc_daddr;
            __be32 skc_rcv_saddr;
        };
    };
    union {
        struct {
            __be16 skc_dport;
            __u16 skc_num;
        };
    };
    unsigned short skc_family;
    volatile unsigned char skc_state;
    unsigned char skc_ipv6only : 1;
    unsigned long skc_flags;
    int skc_bound_dev_if;
    possible_net_t skc_net;
    struct in6_addr skc_v6_daddr;
    struct in6_addr skc_v6_rcv_saddr;
    atomic64_t skc_cookie;
    struct hlist_nulls_node skc_nulls_node;
    refcount_t skc_refcnt;
};

struct sock {
    struct sock_common __sk_common;
    atomic_t sk_drops;
    struct {
        atomic_t rmem_alloc;
        int len;
    } sk_backlog;
    int sk_forward_alloc;
    int sk_rcvbuf;
    int sk_sndbuf;
    int sk_wmem_queued;
    refcount_t sk_wmem_alloc;
    atomic_t sk_omem_alloc;
    unsigned long sk_pacing_rate;
    unsigned long sk_max_pacing_rate;
    struct timer_list sk_timer;
    __u16 sk_type;
    __u16 sk_protocol;
    struct socket *sk_socket;
    int sk_err;
    __u32 sk_ack_backlog;
    __u32 sk_max_ack_backlog;
    kuid_t sk_uid;
};

struct socket {
    struct file *file;
    struct sock *sk;
};

struct inet_sock {
    struct sock sk;
    __be16 inet_sport;
};

struct tcp_congestion_ops {
    char name[16];
};

struct inet_connection_sock {
    struct inet_sock icsk_inet;
    unsigned long icsk_timeout;
    __u32 icsk_rto;
    __u32 icsk_pmtu_cookie;
    const struct tcp_congestion_ops *icsk_ca_ops;
    __u8 icsk_ca_state : 5;
    __u8 icsk_retransmits;
    __u8 icsk_pending;
    __u8 icsk_backoff;
    __u8 icsk_probes_out;
    struct {
        __u32 ato : 8;
        __u32 lrcvtime;
        __u16 rcv_mss;
    } icsk_ack;
};

/* Since 6.18. */
struct inet_connection_sock___timer {
    struct timer_list icsk_retransmit_timer;
};

struct minmax_sample {
    __u32 v;
};

struct minmax {
    struct minmax_sample s[3];
};

struct tcp_sock {
    struct inet_connection_sock inet_conn;
    __u64 bytes_received;
    __u32 segs_in;
    __u32 data_segs_in;
    __u32 rcv_nxt;
    __u32 copied_seq;
    __u32 snd_nxt;
    __u32 segs_out;
    __u32 data_segs_out;
    __u64 bytes_sent;
    __u64 bytes_acked;
    __u32 dsack_dups;
    __u32 snd_una;
    __u32 rcv_tstamp;
    __u32 lsndtime;
    __u32 snd_wnd;
    __u32 mss_cache;
    __u32 rcv_ssthresh;
    __u32 reord_seen;
    __u16 advmss;
    __u8 chrono_type : 2;
    __u32 chrono_start;
    __u32 chrono_stat[3];
    __u32 rate_delivered;
    __u32 rate_interval_us;
    __u32 srtt_us;
    __u32 mdev_us;
    struct minmax rtt_min;
    __u32 packets_out;
    __u32 retrans_out;
    __u32 reordering;
    __u32 snd_ssthresh;
    __u32 snd_cwnd;
    __u32 delivered;
    __u32 delivered_ce;
    __u32 lost_out;
    __u32 sacked_out;
    __u32 rcv_wnd;
    __u32 write_seq;
    __u64 bytes_retrans;
    __u32 total_retrans;
    __u32 rcv_ooopack;
    struct {
        __u32 rtt_us;
    } rcv_rtt_est;
    struct {
        __u32 space;
    } rcvq_space;
};

/* ---- what is no socket any more, or not yet ---- */

struct inet_timewait_sock {
    volatile unsigned char tw_substate;
    struct timer_list tw_timer;
};

struct tcp_timewait_sock {
    struct inet_timewait_sock tw_sk;
};

struct request_sock {
    __u8 num_retrans;
    struct timer_list rsk_timer;
};

struct inet_request_sock {
    struct request_sock req;
};

struct tcp_request_sock {
    struct inet_request_sock req;
};

/* ---- the tables that all of these are in ---- */

struct inet_ehash_bucket {
    struct hlist_nulls_head chain;
};

struct inet_listen_hashbucket {
    struct hlist_nulls_head nulls_head;
};

struct inet_hashinfo {
    struct inet_ehash_bucket *ehash;
    unsigned int ehash_mask;
    struct inet_listen_hashbucket *lhash2;
    unsigned int lhash2_mask;
};

/* ---- iterators ---- */

struct seq_file;

struct bpf_iter_meta {
    struct seq_file *seq;
    __u64 session_id;
    __u64 seq_num;
};

struct bpf_iter__task {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
};

struct bpf_iter__task_file {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
    __u32 fd;
    struct file *file;
};

struct bpf_iter__tcp {
    struct bpf_iter_meta *meta;
    struct sock_common *sk_common;
};

#pragma clang attribute pop

#endif
