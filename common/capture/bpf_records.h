/* bpf_records.h - what the BPF programs of plugins/bpf write and capture/bpf.c reads: records behind one another, each
 * with its length and kind. Shared by both sides; all numbers are in host byte order but for ports, which are as on the
 * wire, and no record has padding that the compiler chose. A layout that changes gets another kind: a reader knows a
 * program of another version by that. */
#ifndef PROCTCP_BPF_RECORDS_H
#define PROCTCP_BPF_RECORDS_H

#define BPF_RECORDS_DIRECTORY "/sys/fs/bpf/proctcp"
#define BPF_RECORDS_TASKS     "tasks" /* names of the pinned iterators in it */
#define BPF_RECORDS_ROWS      "rows"
#define BPF_RECORDS_HASHED    "hashed"
#define BPF_RECORDS_UNHELD    "unheld"
#define BPF_RECORDS_ENDED     "ended"
#define BPF_RECORDS_CLOSED    "closed"
#define BPF_RECORDS_COUNTING  "counting-" /* names of the programs that count for these two begin so */

#ifdef __BPF__
typedef __u8 record_u8;
typedef __u16 record_u16;
typedef __u32 record_u32;
typedef __u64 record_u64;
#else
#include <stdint.h>
typedef uint8_t record_u8;
typedef uint16_t record_u16;
typedef uint32_t record_u32;
typedef uint64_t record_u64;
#endif

enum bpf_record_kind {
    BPF_RECORD_TASK = 0x7201,
    BPF_RECORD_SOCKET = 0x7202,
    BPF_RECORD_MPTCP = 0x7203,
    BPF_RECORD_CLOSED = 0x7207,
    BPF_RECORD_ENDED = 0x7208,
    BPF_RECORD_COUNTED = 0x7209,
    BPF_RECORD_HELD = 0x720a,
    BPF_RECORD_CUT = 0x720b,
    BPF_RECORD_PAGE = 0x720c,
};

struct bpf_record {
    record_u16 length; /* of the whole record, in bytes */
    record_u16 kind;
};

enum bpf_task_flags {
    BPF_TASK_LEADER = 1,
    BPF_TASK_ENDED = 2,     /* it has no descriptors any more: a zombie */
    BPF_TASK_FDS = 4,       /* fds is known */
    BPF_TASK_OWN_TABLE = 8, /* a thread whose descriptors are not those of its leader */
    BPF_TASK_BELOW = 16,    /* in a pid namespace below the reader's, where "closed" does not tell of it */
    BPF_TASK_HASHED = 32,   /* in a network namespace whose sockets are in the same tables as the reader's */
};

/* A thread that leads its process, or has descriptors of its own. */
struct bpf_task_record {
    struct bpf_record record;
    record_u32 pid; /* of its process, as the pid namespace of the reader numbers it */
    record_u32 tid;
    record_u32 uid; /* effective, in the first user namespace */
    record_u32 netns;
    record_u32 fds; /* open descriptors */
    record_u32 flags;
    record_u32 zero;
};

/* struct tcp_info of the kernel's API as far as 6.2 has it, by the same offsets. */
struct bpf_tcp_info {
    record_u8 state;
    record_u8 ca_state;
    record_u8 retransmits;
    record_u8 probes;
    record_u8 backoff;
    record_u8 options;
    record_u8 wscale;
    record_u8 limited;
    record_u32 rto_us;
    record_u32 ato_us;
    record_u32 snd_mss;
    record_u32 rcv_mss;
    record_u32 unacked;
    record_u32 sacked;
    record_u32 lost;
    record_u32 retrans;
    record_u32 fackets;
    record_u32 last_data_sent_ms;
    record_u32 last_ack_sent_ms;
    record_u32 last_data_recv_ms;
    record_u32 last_ack_recv_ms;
    record_u32 pmtu;
    record_u32 rcv_ssthresh;
    record_u32 rtt_us;
    record_u32 rttvar_us;
    record_u32 snd_ssthresh;
    record_u32 snd_cwnd;
    record_u32 advmss;
    record_u32 reordering;
    record_u32 rcv_rtt_us;
    record_u32 rcv_space;
    record_u32 total_retrans;
    record_u64 pacing_rate;
    record_u64 max_pacing_rate;
    record_u64 bytes_acked;
    record_u64 bytes_received;
    record_u32 segs_out;
    record_u32 segs_in;
    record_u32 notsent_bytes;
    record_u32 min_rtt_us;
    record_u32 data_segs_in;
    record_u32 data_segs_out;
    record_u64 delivery_rate;
    record_u64 busy_time_us;
    record_u64 rwnd_limited_us;
    record_u64 sndbuf_limited_us;
    record_u32 delivered;
    record_u32 delivered_ce;
    record_u64 bytes_sent;
    record_u64 bytes_retrans;
    record_u32 dsack_dups;
    record_u32 reord_seen;
    record_u32 rcv_ooo_packets;
    record_u32 snd_wnd;
    record_u32 rcv_wnd;
    record_u32 zero;
};

#define BPF_RECORD_MEMORY     9 /* SK_MEMINFO_* */
#define BPF_RECORD_CONGESTION 16

/* A descriptor of a TCP socket. What sock_diag says of the socket has the same name and meaning here. */
struct bpf_socket_record {
    struct bpf_record record;
    record_u32 pid; /* as the reader's pid namespace numbers it */
    record_u32 fd;
    record_u32 inode;
    record_u32 netns;
    record_u8 state;  /* of the kernel; TCP_STATES_BOUND_INACTIVE: closed and bound */
    record_u8 family; /* AF_INET, AF_INET6 */
    record_u8 timer;
    record_u8 retrans;
    record_u64 cookie;
    record_u16 source_port; /* on the wire */
    record_u16 destination_port;
    record_u32 interface;
    record_u8 source[16]; /* IPv4: the first four */
    record_u8 destination[16];
    record_u32 uid;
    record_u32 expires_ms;
    record_u32 rqueue;
    record_u32 wqueue;
    record_u32 memory[BPF_RECORD_MEMORY];
    record_u16 v6only;
    record_u16 was_accepted; /* it came in through a listener */
    record_u8 congestion[BPF_RECORD_CONGESTION];
    struct bpf_tcp_info info;
};

/* A TCP socket of which no more is told than which one it is: some descriptor or message has it, or it has no cookie
 * yet. */
struct bpf_held_record {
    struct bpf_record record;
    record_u32 netns;
    record_u64 cookie; /* 0: none yet */
    record_u16 source_port;
    record_u16 destination_port;
    record_u32 interface;
    record_u8 source[16];
    record_u8 destination[16];
    record_u16 family;
    record_u16 state; /* of the kernel */
    record_u32 zero;
};

/* A network namespace that has sockets in a list of the kernel's tables which was not told of as a whole. */
struct bpf_cut_record {
    struct bpf_record record;
    record_u32 netns; /* 0: it may be any */
};

/* A descriptor of an MPTCP socket, whose subflows others tell of. */
struct bpf_mptcp_record {
    struct bpf_record record;
    record_u32 pid;
    record_u32 fd;
    record_u32 inode;
    record_u32 netns;
    record_u32 zero;
};

/* What connections counted by their end. Payload: without what was sent again, and without FINs. */
struct bpf_sums {
    record_u64 payload_sent;
    record_u64 payload_received;
    record_u64 bytes_sent;
    record_u64 bytes_acked;
    record_u64 bytes_received;
    record_u64 segs_out;
    record_u64 segs_in;
    record_u64 retransmissions;
    record_u64 accepts; /* so many of them had come in through a listener */
};

enum bpf_failure {
    BPF_FAILURE_REFUSED,
    BPF_FAILURE_TIMED_OUT,
    BPF_FAILURE_UNREACHABLE,
    BPF_FAILURE_OTHER,
    BPF_FAILURES,
};

/* What happened to connections, each counted when it did. */
struct bpf_events {
    record_u64 connects; /* that came to be */
    record_u64 connect_time_us;
    record_u64 failures[BPF_FAILURES]; /* of connects */
    record_u64 closed;                 /* connections that came to their end */
    record_u64 lifetime_us;            /* of these */
    record_u64 resets_sent;
    record_u64 resets_received;
};

/* What these files tell is read in pages: each time one is opened, its first read gives the page from a number on, and
 * the last record says which is the next. The reader says the number by the one that a thread may choose freely and a
 * program of the kernel can see, its timer slack: this, and the number in the bits below. */
#define BPF_PAGE_FROM 0x70c7000000000000ull
#define BPF_PAGE_MASK 0x0000ffffffffffffull

/* Pages of "ended" are by ring and sequence: users of the system's own have the first ring, others share the rest. */
#define BPF_RINGS         4
#define BPF_RING_SHIFT    40
#define BPF_SEQUENCE_MASK ((1ull << BPF_RING_SHIFT) - 1)

/* The last one of a page of "hashed". */
struct bpf_page_record {
    struct bpf_record record;
    record_u32 is_end; /* there is no further page */
    record_u64 from;   /* where this one begins, as it was asked for */
    record_u64 next;   /* where that begins */
};

/* A connection that ended, and that a scan may have shown before: it began before one did. */
struct bpf_ended_record {
    struct bpf_record record;
    record_u32 pid; /* whose it was, as the reader's pid namespace numbers it; 0: it does not */
    record_u64 start_ns;
    record_u64 cookie;
    record_u64 ended_ns; /* CLOCK_MONOTONIC, as all of these but start_ns */
    record_u64 told_ns;  /* when it was counted: after its end its socket may live on, unconnected */
    struct bpf_sums sums;
};

/* The last one of a page of "ended" and "closed". */
struct bpf_counted_record {
    struct bpf_record record;
    record_u32 is_end;          /* there is no further page; of "ended": of this ring */
    record_u64 from;            /* where this one begins, as it was asked for */
    record_u64 next;            /* where that begins */
    record_u64 skipped;         /* so many records between these have been written over */
    record_u64 loaded_ns;       /* when the programs were: counting began then */
    record_u64 began_ns;        /* when the reader's scan did; 0: that is not known */
    record_u64 closed;          /* connections that came to their end in any process */
    record_u64 last[BPF_RINGS]; /* sequence that has been told of */
};

/* A process and its closed connections, also after its end. Pages are by place in the kernel's table. */
struct bpf_closed_record {
    struct bpf_record record;
    record_u32 pid;
    record_u64 start_ns; /* after boot */
    record_u64 taken_ns; /* when its place in the table was: it may have several, each with counts of its own */
    record_u64 now_ns;   /* when this was read, CLOCK_MONOTONIC */
    record_u32 uid;      /* effective, in the first user namespace */
    record_u32 zero;
    record_u8 name[16]; /* comm */
    struct bpf_events events;
    struct bpf_sums unseen; /* of those that began after the last scan before their end */
    struct bpf_sums seen;   /* of the others */
};

#endif
