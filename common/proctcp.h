/* proctcp.h - which process holds which TCP socket, and how that socket is doing.
 *
 * The one public header of libproctcp. A scanner walks /proc/<pid>/fd to socket inodes, joins them with the kernel's
 * TCP tables and freezes the result into an immutable, reference-counted snapshot. Adapters read snapshots, mostly by
 * looping over the field tables at the end of this file.
 *
 * Calls return 0 or -errno unless they say otherwise. The library keeps no mutable file-scope state, prints nothing and
 * never exits. A scanner belongs to one thread at a time, but for proctcp_scanner_cancel(); snapshots may be shared,
 * referenced and released by any. */
#ifndef PROCTCP_H
#define PROCTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PROCTCP_VERSION "0.2.0"

/* No row, no process: an index that points nowhere. */
#define PROCTCP_NONE UINT32_MAX

/* ---- words ---- */

/* Numbered as tcpConnectionState of the TCP-MIB. */
enum proctcp_state {
    PROCTCP_CLOSED = 1,
    PROCTCP_LISTEN = 2,
    PROCTCP_SYN_SENT = 3,
    PROCTCP_SYN_RECEIVED = 4,
    PROCTCP_ESTABLISHED = 5,
    PROCTCP_FIN_WAIT1 = 6,
    PROCTCP_FIN_WAIT2 = 7,
    PROCTCP_CLOSE_WAIT = 8,
    PROCTCP_LAST_ACK = 9,
    PROCTCP_CLOSING = 10,
    PROCTCP_TIME_WAIT = 11,
};
#define PROCTCP_STATES 12 /* size of an array indexed by state; element 0 is unused */

enum proctcp_direction {
    PROCTCP_DIRECTION_UNKNOWN = 1,
    PROCTCP_DIRECTION_LISTEN = 2,
    PROCTCP_INBOUND = 3,  /* the local address and port have a listener in the same namespace */
    PROCTCP_OUTBOUND = 4, /* they have none */
};

enum proctcp_family {
    PROCTCP_INET = 1,
    PROCTCP_INET6 = 2, /* also for a socket that carries IPv4 in IPv4-mapped addresses */
};

/* What the socket's timer waits for. */
enum proctcp_timer {
    PROCTCP_TIMER_NONE = 1,
    PROCTCP_TIMER_RETRANSMIT = 2,
    PROCTCP_TIMER_KEEPALIVE = 3,
    PROCTCP_TIMER_TIME_WAIT = 4,
    PROCTCP_TIMER_PROBE = 5, /* zero window probe */
};

/* State of the congestion control. */
enum proctcp_ca_state {
    PROCTCP_CA_OPEN = 1,
    PROCTCP_CA_DISORDER = 2,
    PROCTCP_CA_CWR = 3,
    PROCTCP_CA_RECOVERY = 4,
    PROCTCP_CA_LOSS = 5,
};

enum proctcp_source {
    PROCTCP_SOURCE_AUTO = 1,
    PROCTCP_SOURCE_PROCFS = 2,
    PROCTCP_SOURCE_NETLINK = 3,
    PROCTCP_SOURCE_BPF = 4, /* iterators that proctcp-bpf(8) loaded */
};

/* Network byte order. IPv4 addresses stand in it IPv4-mapped (::ffff:a.b.c.d), whatever the socket's family, so that
 * both ends of a connection compare equal. */
struct proctcp_address {
    uint8_t bytes[16];
};

/* Bits of proctcp_socket.present. A member whose bit is not set is absent: the source or the kernel does not give it,
 * or it has no meaning in the socket's state. A present 0 is a real 0. */
#define PROCTCP_HAS_NETNS         (1ull << 1)
#define PROCTCP_HAS_UID           (1ull << 2)
#define PROCTCP_HAS_LOCAL         (1ull << 4)
#define PROCTCP_HAS_REMOTE        (1ull << 5)
#define PROCTCP_HAS_QUEUES        (1ull << 6)
#define PROCTCP_HAS_ACCEPT_QUEUE  (1ull << 7)
#define PROCTCP_HAS_TIMER         (1ull << 9)
#define PROCTCP_HAS_TIMER_EXPIRES (1ull << 10)
#define PROCTCP_HAS_RETRANSMITS   (1ull << 11)
#define PROCTCP_HAS_PROBES        (1ull << 12)
#define PROCTCP_HAS_RTO           (1ull << 13)
#define PROCTCP_HAS_ATO           (1ull << 14)
#define PROCTCP_HAS_ACK_MODE      (1ull << 15) /* quick_ack and pingpong */
#define PROCTCP_HAS_CWND          (1ull << 16)
#define PROCTCP_HAS_SSTHRESH      (1ull << 17)
/* Of sock_diag alone; with the kernel that began to give them, where that is newer than 3.10. */
#define PROCTCP_HAS_COOKIE           (1ull << 18)
#define PROCTCP_HAS_INTERFACE        (1ull << 19)
#define PROCTCP_HAS_ACCEPT_QUEUE_MAX (1ull << 20)
#define PROCTCP_HAS_CONGESTION       (1ull << 21)
#define PROCTCP_HAS_INFO             (1ull << 22) /* what tcp_info had in 3.10 */
#define PROCTCP_HAS_RTT              (1ull << 23) /* rtt_us and rtt_var_us; there is a sample */
#define PROCTCP_HAS_RCV_RTT          (1ull << 24) /* there is a sample */
#define PROCTCP_HAS_PACING_RATE      (1ull << 25) /* 3.15; there is a limit */
#define PROCTCP_HAS_BYTES            (1ull << 26) /* 4.1: bytes_acked and bytes_received */
#define PROCTCP_HAS_SEGS             (1ull << 27) /* 4.2 */
#define PROCTCP_HAS_NOTSENT          (1ull << 28) /* 4.6 */
#define PROCTCP_HAS_MIN_RTT          (1ull << 29) /* 4.6; there is a sample */
#define PROCTCP_HAS_DATA_SEGS        (1ull << 30) /* 4.6 */
#define PROCTCP_HAS_DELIVERY_RATE    (1ull << 31) /* 4.9; there is a sample */
#define PROCTCP_HAS_BUSY_TIME        (1ull << 32) /* 4.10: and what limited it */
#define PROCTCP_HAS_DELIVERED        (1ull << 33) /* 4.18 */
#define PROCTCP_HAS_BYTES_SENT       (1ull << 34) /* 4.19: and bytes_retrans, dsack_dups, reord_seen */
#define PROCTCP_HAS_RCV_OOO          (1ull << 35) /* 5.4 */
#define PROCTCP_HAS_SND_WND          (1ull << 36) /* 5.4 */
#define PROCTCP_HAS_RCV_WND          (1ull << 37) /* 6.2 */
#define PROCTCP_HAS_MEMORY           (1ull << 38) /* 3.4 */
#define PROCTCP_HAS_DROPS            (1ull << 39) /* 4.7; of a listener too: overflows of its SYN and accept queues */
#define PROCTCP_HAS_V6ONLY           (1ull << 40) /* of a listener on ::, 4.4 */
/* Of BPF alone, without a member: the connection came in through a listener. */
#define PROCTCP_WAS_ACCEPTED (1ull << 41)

/* What is 0 for a connection that does well; most sockets share the record that has nothing but zeros. */
struct proctcp_impairment {
    uint64_t bytes_retrans;
    uint64_t rwnd_limited_us;
    uint64_t sndbuf_limited_us;
    uint32_t sacked_segments;
    uint32_t lost_segments;
    uint32_t retrans_segments;
    uint32_t notsent_bytes;
    uint32_t total_retrans;
    uint32_t dsack_dups;
    uint32_t reord_seen;
    uint32_t rcv_ooo_packets;
    uint32_t delivered_ce;
    uint32_t drops;
};

/* One TCP endpoint of the kernel, whether a process holds it or not. A host may have a million: 256 bytes, and first
 * what every socket is looked up by. */
struct proctcp_socket {
    struct proctcp_address local_address;
    struct proctcp_address remote_address;
    uint16_t local_port;
    uint16_t remote_port;
    uint32_t netns;    /* inode of the namespace whose table showed the socket */
    uint8_t state;     /* enum proctcp_state */
    uint8_t direction; /* enum proctcp_direction */
    uint8_t family;    /* enum proctcp_family */
    uint8_t timer;     /* enum proctcp_timer */
    uint32_t inode;    /* 0: not (yet, or any more) reachable through a descriptor */
    uint64_t present;
    uint32_t owners;  /* rows that share this socket; 0: unattributed */
    uint16_t subflow; /* 1, or the position among all sockets of an MPTCP descriptor, selected or not */
    uint8_t retransmits;
    uint8_t probes;
    uint64_t cookie; /* identity of the socket as long as the kernel runs */
    uint64_t bytes_sent;
    uint64_t bytes_acked;
    uint64_t bytes_received;
    uint64_t busy_time_us;
    uint64_t delivery_rate_bytes_per_s;
    uint64_t pacing_rate_bytes_per_s;
    uint32_t uid;
    uint32_t interface;  /* index of the one it is bound to */
    uint32_t first_seen; /* Unix time, seconds */
    uint32_t impairment; /* index into the snapshot's impairments; 0: all zeros */
    union {
        uint32_t tx_queue_bytes;   /* PROCTCP_HAS_QUEUES */
        uint32_t accept_queue_max; /* PROCTCP_HAS_ACCEPT_QUEUE_MAX */
    };
    union {
        uint32_t rx_queue_bytes; /* PROCTCP_HAS_QUEUES */
        uint32_t accept_queue;   /* PROCTCP_HAS_ACCEPT_QUEUE */
    };
    uint32_t timer_expires_ms;
    uint32_t rto_ms;
    uint32_t cwnd_segments;
    int32_t ssthresh_segments; /* -1: still in initial slow start */
    uint32_t rtt_us;
    uint32_t rtt_var_us;
    uint32_t min_rtt_us;
    uint32_t rcv_rtt_us;
    uint32_t snd_wnd_bytes;
    uint32_t rcv_wnd_bytes;
    uint32_t rcv_space_bytes;
    uint32_t unacked_segments;
    uint32_t segs_out;
    uint32_t segs_in;
    uint32_t data_segs_out;
    uint32_t data_segs_in;
    uint32_t delivered;
    uint32_t last_data_sent_ms;
    uint32_t last_data_received_ms;
    uint32_t last_ack_received_ms;
    uint32_t rmem_alloc_bytes;
    uint32_t rcvbuf_bytes;
    uint32_t wmem_alloc_bytes;
    uint32_t sndbuf_bytes;
    uint32_t pmtu_bytes;
    uint16_t snd_mss_bytes; /* what would not fit from here on is 65535 */
    uint16_t rcv_mss_bytes;
    uint16_t advmss_bytes;
    uint16_t reordering;
    uint16_t ato_ms;
    union {
        uint8_t quick_ack;  /* PROCTCP_HAS_ACK_MODE, of /proc alone */
        uint8_t congestion; /* PROCTCP_HAS_CONGESTION, of sock_diag alone: index into congestion_names */
        uint8_t v6only;     /* PROCTCP_HAS_V6ONLY: whether the listener refuses IPv4 */
    };
    union {
        uint8_t pingpong; /* PROCTCP_HAS_ACK_MODE */
        uint8_t ca_state; /* PROCTCP_HAS_INFO: enum proctcp_ca_state */
    };
};

/* One (process, descriptor, subflow). Rows are sorted by (pid, fd, subflow), and no two are equal in it. */
struct proctcp_row {
    int32_t pid;
    int32_t fd;
    uint32_t subflow;    /* of the socket; counted on where threads have another socket at the same number */
    uint32_t socket;     /* index into the snapshot's sockets */
    uint32_t process;    /* index into the snapshot's processes */
    uint32_t owner_rank; /* 1 .. owners of the socket, in row order; sums count rank 1 only */
    uint32_t peer;       /* row of the peer on this host (its rank 1), perhaps behind the others, or PROCTCP_NONE */
    uint32_t first_seen; /* Unix time, seconds */
};

/* Who held a socket that nobody holds any more: known by the cookie, if a scan before saw it held. */
struct proctcp_last_holder {
    uint32_t socket; /* index into the snapshot's sockets */
    int32_t pid;
    uint64_t start_ticks; /* as of struct proctcp_process */
    const char *process;  /* its name, as a scan saw it last; lives as long as the snapshot */
    uint16_t group;       /* it held the socket in; index, PROCTCP_NO_GROUP without a grouping */
};

/* A network namespace of the scan. Sorted by inode. */
struct proctcp_netns {
    uint32_t inode;   /* 0: not known */
    uint32_t source;  /* enum proctcp_source that its sockets came from; 0: it could not be read */
    uint32_t sockets; /* that its tables showed */
    int error;        /* errno why a better source, or any, did not do; 0 */
};

/* Bits of proctcp_process.present. */
#define PROCTCP_HAS_EXECUTABLE    (1u << 0)
#define PROCTCP_HAS_PROCESS_UID   (1u << 1)
#define PROCTCP_HAS_CGROUP        (1u << 2)
#define PROCTCP_HAS_PROCESS_NETNS (1u << 3)
#define PROCTCP_HAS_START_TIME    (1u << 4)
#define PROCTCP_HAS_FD_LIMIT      (1u << 5) /* absent also where there is no limit */
#define PROCTCP_HAS_PROCESS       (1u << 6)
/* One for each total. It is there if the source and the kernel give it of every socket that the process holds. */
#define PROCTCP_HAS_TOTAL_PAYLOAD_SENT     (1u << 7)
#define PROCTCP_HAS_TOTAL_PAYLOAD_RECEIVED (1u << 8)
#define PROCTCP_HAS_TOTAL_BYTES_SENT       (1u << 9)
#define PROCTCP_HAS_TOTAL_BYTES_ACKED      (1u << 10)
#define PROCTCP_HAS_TOTAL_BYTES_RECEIVED   (1u << 11)
#define PROCTCP_HAS_TOTAL_SEGS_OUT         (1u << 12)
#define PROCTCP_HAS_TOTAL_SEGS_IN          (1u << 13)
#define PROCTCP_HAS_TOTAL_RETRANSMISSIONS  (1u << 14)

#define PROCTCP_HAS_TOTAL_ACCEPT_DROPS   (1u << 15)
#define PROCTCP_HAS_TOTALS               (0x1ffu << 7) /* any of these */
#define PROCTCP_HAS_PROCESS_ACCEPT_QUEUE (1u << 16)    /* it has a listener, in owner_rank 1 */
#define PROCTCP_HAS_UNIT                 (1u << 17)
#define PROCTCP_HAS_CONTAINER            (1u << 18)
#define PROCTCP_HAS_CONNECTIONS          (1u << 19) /* they are counted: see proctcp_stats.connections_counted */

/* What sockets count, summed. Payload is what the application wrote and read, to the byte: without what was sent again,
 * and without the SYN and FIN that the kernel's own counters of acknowledged and received bytes have in them. */
struct proctcp_totals {
    uint64_t payload_sent_bytes;
    uint64_t payload_received_bytes;
    uint64_t bytes_sent;
    uint64_t bytes_acked;
    uint64_t bytes_received;
    uint64_t segs_out;
    uint64_t segs_in;
    uint64_t retransmissions;
    uint64_t accept_drops; /* packets that full SYN and accept queues of listeners dropped, each attempt of a client */
};

/* What became of connections, each counted when it happened, whether a scan saw it or not. Since the BPF programs were
 * loaded. */
struct proctcp_connections {
    uint64_t connects;        /* that came to be */
    uint64_t connect_time_us; /* of these, from the SYN to the ESTABLISHED, summed */
    uint64_t connect_failures;
    uint64_t connect_failures_refused; /* these four are all of them */
    uint64_t connect_failures_timed_out;
    uint64_t connect_failures_unreachable;
    uint64_t connect_failures_other; /* given up by the process, mostly */
    uint64_t accepts;                /* connections that came in and were accepted */
    uint64_t closed_connections;     /* that came to their end */
    uint64_t lifetime_us;            /* of these, from ESTABLISHED to CLOSED, summed; of one that is older than the
                                        programs, since they were loaded */
    uint64_t resets;                 /* the sum of the two below */
    uint64_t resets_sent;
    uint64_t resets_received;
};

/* One process that holds at least one TCP socket or, where connections are counted, has had one. Sorted by pid. Strings
 * are whatever bytes the kernel gave, without NUL: newlines, quotes and invalid UTF-8 included. They live as long as
 * the snapshot. Counts say what the process holds: a socket counts once in each of its holders, however many
 * descriptors it has there. Sums (bytes) count a socket once on the host, in the process of its rank 1. */
struct proctcp_process {
    int32_t pid;
    uint32_t present;
    const char *name; /* comm; "" if not present, as are those that follow */
    const char *executable;
    const char *cgroup;    /* of the unified hierarchy where there is one, else systemd's */
    const char *unit;      /* systemd's, from the cgroup */
    const char *container; /* the first 12 digits of its id, or its name, from the cgroup */
    uint64_t start_ticks;  /* clock ticks between boot and the start of the process: with pid, its identity */
    uint64_t start_time;   /* Unix time, seconds */
    uint64_t tx_queue_bytes;
    uint64_t rx_queue_bytes;
    uint64_t fd_limit; /* soft limit */
    /* Totals only go up as long as the process lives, whatever becomes of its sockets. A socket counts in the process
     * of its rank 1: in full when it is first seen, then by what its counters went up. One that may have lived unseen
     * counts from where it is: its process was not walked, or its namespace not read, in the scan before, or it was not
     * selected then (see proctcp_scanner_set_options()), or it is in a state that is late in a connection, under a rule
     * about states. */
    struct proctcp_totals totals;
    struct proctcp_totals since; /* the totals went up by this since the scan before; 0 in a scanner's first */
    struct proctcp_connections
        connections;         /* PROCTCP_HAS_CONNECTIONS: then the totals have all of them, too, in full */
    uint64_t sockets_opened; /* first seen in its rank 1 */
    uint64_t sockets_closed; /* last seen in its rank 1 */
    uint32_t uid;            /* effective */
    uint32_t netns;          /* the one the process lives in; its sockets may be of others */
    uint32_t fds;
    uint32_t sockets;
    uint32_t by_state[PROCTCP_STATES];
    uint32_t unbound;        /* closed: neither connected nor listening, not yet or not any more */
    uint32_t left_behind;    /* sockets in TIME_WAIT and orphans whose last holder it was */
    uint32_t retransmitting; /* sockets with unrecovered timeouts, or segments sent again and not acknowledged */
    uint64_t accept_queue;   /* of listeners */
    uint32_t first_seen;     /* Unix time, seconds */
    uint32_t first_row;      /* its rows stand together in the snapshot */
    uint32_t row_count;
};

/* Sockets that no visible process holds, counted. Sorted by (netns, state, last_pid, last_process); counts are never 0.
 */
struct proctcp_unattributed {
    uint32_t netns;
    uint32_t state; /* enum proctcp_state */
    uint32_t sockets;
    int32_t last_pid;         /* their last holder; 0: not known */
    const char *last_process; /* "" if not known */
};

/* Processes under one name, and the sockets that they hold, summed: the name survives a restart. A group keeps its
 * index from snapshot to snapshot for as long as it is there, and one that nothing runs of any more stays, at 0. Counts
 * (sockets, by state) have a socket once in each group that holds it; sums (bytes, queues, round-trip times, totals)
 * once on the host, in the group of its rank 1. */
struct proctcp_group {
    const char *name; /* any bytes without NUL, at most PROCTCP_GROUP_NAME_SIZE - 1; PROCTCP_GROUP_OTHER: what found no
                         place. Lives as long as the snapshot */
    uint32_t present;
    bool is_configured; /* else it is there because a process was */
    uint32_t processes;
    uint32_t sockets;
    uint32_t by_state[PROCTCP_STATES];
    uint32_t unbound;
    uint32_t left_behind; /* sockets in TIME_WAIT and orphans whose last holder was of the group */
    uint32_t
        retransmitting; /* sockets with unrecovered timeouts, or segments that were sent again and not acknowledged */
    uint32_t fds;       /* of the process that is nearest to its limit; the most, where none has one */
    int32_t fds_pid;    /* which is this; 0: there is no process */
    uint64_t fd_limit;
    uint64_t tx_queue_bytes; /* of connections */
    uint64_t rx_queue_bytes;
    uint64_t accept_queue; /* of listeners */
    uint64_t accept_queue_max;
    uint32_t rtt_average_us; /* of established connections that have a sample */
    uint32_t rtt_p95_us;     /* the least time that 95 of 100 do not exceed */
    uint32_t rtt_max_us;
    /* Totals only go up, whatever becomes of processes and sockets, and whatever moves between groups: each counts what
     * went by while it was of this group. */
    struct proctcp_totals totals;
    struct proctcp_connections connections; /* of processes that have ended, too; absent (PROCTCP_HAS_CONNECTIONS) in a
                                               group whose rules ask about sockets, for which sockets they were is not
                                               known. The next group that takes the processes without asking has them */
    uint64_t sockets_opened;
    uint64_t sockets_closed;
    uint64_t start_time; /* of the process that has run for longest: Unix time, seconds */
    uint64_t last_seen;  /* when it last had a process: Unix time, seconds */
};

#define PROCTCP_GROUP_NAME_SIZE 97 /* with the NUL: an SNMP index must hold it */
#define PROCTCP_GROUP_OTHER     "_other"
#define PROCTCP_GROUP_ALL       "all"
#define PROCTCP_GROUP_UNNAMED   "_unnamed" /* processes whose name could not be read, or is empty */
#define PROCTCP_NO_GROUP        UINT16_MAX

/* Bits of proctcp_group.present, beside those of the totals of a process: there if they are of any of its processes. */
#define PROCTCP_HAS_GROUP_FDS              (1u << 20)
#define PROCTCP_HAS_GROUP_FD_LIMIT         (1u << 21)
#define PROCTCP_HAS_GROUP_QUEUES           (1u << 22) /* absent: it has connections, and none whose queues are told */
#define PROCTCP_HAS_GROUP_ACCEPT_QUEUE     (1u << 23) /* it has a listener */
#define PROCTCP_HAS_GROUP_ACCEPT_QUEUE_MAX (1u << 24) /* of all of its listeners */
#define PROCTCP_HAS_GROUP_RTT              (1u << 25)
#define PROCTCP_HAS_GROUP_START_TIME       (1u << 26)
#define PROCTCP_HAS_GROUP_LAST_SEEN        (1u << 27)

/* Bits of proctcp_listener.present. A sum is there if each of the sockets gives it. */
#define PROCTCP_HAS_LISTENER_UID              (1u << 0) /* absent also where its sockets have different ones */
#define PROCTCP_HAS_LISTENER_ACCEPT_QUEUE     (1u << 1)
#define PROCTCP_HAS_LISTENER_ACCEPT_QUEUE_MAX (1u << 2)
#define PROCTCP_HAS_LISTENER_DROPS            (1u << 3)
#define PROCTCP_HAS_LISTENER_RTT              (1u << 4) /* there is a sample */
#define PROCTCP_HAS_LISTENER_CONNECTIONS      (1u << 5) /* the selection asks for no states and no remote ends */
#define PROCTCP_HAS_LISTENER_INTERFACE        (1u << 6) /* it is bound to one, and the source says so */

/* Where sockets listen, whoever holds them: a namespace, local address, port and the interface that they are bound to
 * (mostly none), by which listeners are sorted in this order. Any user may bind a port of a service's on another
 * interface, where the service names one: that is another listener. Several sockets are one with SO_REUSEPORT, or where
 * procfs, which does not tell interfaces, is the source.
 * Its connections are those that came in through it and still exist, whether a process holds them or not: each belongs
 * to the listener that the kernel would give it to now. That is one at its local address before one at all addresses,
 * for IPv4 one at 0.0.0.0 before one at ::. With a selection the listener is there if one of its sockets was selected,
 * and it counts what the snapshot holds. Under rules about states or remote ends its connections are absent. */
struct proctcp_listener {
    struct proctcp_address local_address;
    uint16_t local_port;
    uint32_t netns;
    uint32_t interface; /* 0: none, or PROCTCP_HAS_LISTENER_INTERFACE is not there */
    uint32_t row; /* index into the snapshot's rows: the first that holds one of its sockets; PROCTCP_NONE: no visible
                     process does */
    uint32_t present;
    uint32_t sockets;
    uint32_t owners;    /* rows of these sockets */
    uint32_t processes; /* of these rows, each once */
    uint32_t uid;
    uint32_t connections;
    uint32_t by_state[PROCTCP_STATES]; /* of the connections */
    uint64_t accept_queue;             /* this and the two below: sums over its sockets */
    uint64_t accept_queue_max;
    uint64_t drops;          /* packets that full SYN and accept queues dropped, each attempt of a client; what closed
                                sockets counted is not in it any more */
    uint64_t tx_queue_bytes; /* of the connections */
    uint64_t rx_queue_bytes;
    uint32_t rtt_average_us; /* of the connections in ESTABLISHED that have a sample */
    uint32_t rtt_p95_us;     /* the least time that 95 of 100 do not exceed */
    uint32_t rtt_max_us;
};

/* What a scan did, and what it had to leave out. */
struct proctcp_stats {
    uint64_t generation;       /* 1 for a scanner's first snapshot, then one more each */
    uint64_t time;             /* when the scan began: Unix time, seconds */
    uint64_t duration_us;      /* wall clock */
    uint32_t source;           /* enum proctcp_source that was used */
    const char *source_reason; /* why not the better one; "" if it was. As long-lived as the snapshot */
    uint32_t rows;
    uint32_t sockets;
    uint32_t processes;         /* that hold a TCP socket */
    uint32_t processes_seen;    /* in /proc */
    uint32_t skipped;           /* of these: the selection left them out, and their descriptors were not read */
    uint32_t descriptors;       /* of these processes, of any kind */
    uint32_t namespaces;        /* whose tables were read */
    uint32_t namespaces_failed; /* whose tables could not be read */
    uint32_t namespaces_procfs; /* of those read: through /proc */
    uint32_t unattributed;      /* sockets */
    uint32_t unbound;           /* sockets */
    uint32_t unread;            /* TCP descriptors left out, for the tables that should show them were not read */
    uint32_t denied;            /* processes whose descriptors may not be read (EACCES, EPERM) */
    uint32_t vanished;          /* processes that ended during the scan (ENOENT, ESRCH), or whose pid was reused */
    uint32_t closed;            /* descriptors that closed during the scan */
    uint32_t exhausted;    /* reads given up for want of descriptors or memory in the kernel (EMFILE, ENFILE, ENOMEM) */
    uint32_t failed;       /* processes that could not be read for any other reason */
    uint32_t malformed;    /* lines or messages that could not be understood */
    uint32_t duplicates;   /* sockets that a table showed more than once */
    uint32_t dump_retries; /* tables read again because the kernel interrupted the dump */
    bool connections_counted;       /* those that no scan sees are counted, too */
    const char *connections_reason; /* why not; "" if they are. As long-lived as the snapshot */
    uint64_t connections_missed;    /* that ended and were not counted in a process, or not to their end: the kernel's
                                       tables were full */
    const char *failure; /* the first thing that failed, in words; "" if nothing did. As long-lived as the snapshot */
};

/* Immutable. Everything in it lives until the last reference is released.
 * With a selection it holds what was selected: rows, their sockets, processes that have such a row, and unattributed
 * sockets. Counts, sums, owners and ranks are of what it holds. The peer of a selected row is named though it may not
 * be selected itself: peers may be rows from row_count on, whose processes and sockets stand behind the others,
 * too. Rules about processes say nothing of sockets that no process can hold (TIME_WAIT, not yet accepted); what else
 * no selected process holds is left out with them. */
struct proctcp_snapshot {
    const struct proctcp_row *rows;
    const struct proctcp_socket *sockets; /* in no particular order; those with owners == 0 are unattributed */
    const struct proctcp_process *processes;
    const struct proctcp_unattributed *unattributed;
    const struct proctcp_listener *listeners; /* see proctcp_options.listeners and proctcp_find_listener() */
    const struct proctcp_netns *namespaces;
    const struct proctcp_last_holder *last_holders; /* sorted by socket; see proctcp_find_last_holder() */
    const struct proctcp_impairment *impairments;   /* see proctcp_socket.impairment; never empty */
    const char *const *congestion_names;            /* see proctcp_socket.congestion */
    const struct proctcp_group *groups;             /* with a grouping, PROCTCP_GROUP_OTHER first; else none */
    const uint16_t *row_groups;                     /* by row: index of its group; NULL without a grouping */
    const uint32_t *socket_listeners; /* with listeners, by socket: index of the one that it came in through, or whose
                                         socket it is; PROCTCP_NONE: neither. NULL where there are none */
    struct proctcp_group all;         /* of every group, each socket once; its name is PROCTCP_GROUP_ALL */
    uint32_t group_count;
    uint32_t groups_left_out; /* names that found no place, and are summed in PROCTCP_GROUP_OTHER */
    uint32_t namespace_count;
    uint32_t own_netns; /* inode of the namespace that the scanner is in; 0: not known, or not read */
    uint32_t last_holder_count;
    uint32_t impairment_count;
    uint32_t row_count;
    uint32_t socket_count;
    uint32_t process_count;
    uint32_t unattributed_count;
    uint32_t listener_count;
    struct proctcp_stats stats;
};

/* ---- scanning ---- */

struct proctcp_options {
    enum proctcp_source source; /* 0 is auto */
    const char *proc_root;      /* NULL is "/proc"; a recorded tree is scanned like a live one. Copied. */
    /* Both must outlive the scanner, or proctcp_scanner_set_options(), unchanged. */
    const struct proctcp_selection *selection; /* NULL: everything */
    const struct proctcp_grouping *grouping;   /* NULL: no groups are made */
    bool listeners; /* whether snapshots have listeners: a few percent of a scan's time where there are many sockets */
};

struct proctcp_scanner;

/* -EINVAL: an option has no such value. -ENOMEM. options may be NULL. Nothing is opened yet. */
int proctcp_scanner_new(const struct proctcp_options *options, struct proctcp_scanner **scanner);
void proctcp_scanner_free(struct proctcp_scanner *scanner);

/* Other options from the next scan on; between two scans. What the scanner knows goes on: totals, since when something
 * is known, last holders, the generation. What another selection or another proc_root brings in counts from where it
 * is: it is not opened by that, nor does it add what it had counted before. What it leaves out is not closed by that;
 * the totals of a process that is left out are kept for as long as it lives, and go on when it comes back. A group that
 * is not configured any more stays, like one of a name; one that is from now on has what it counted under that name.
 * The former selection and grouping must live until this returns. -EINVAL: an option has no such value, or there is a
 * grouping where there was none, or none where there was one. -ENOMEM. After an error the former options hold. */
int proctcp_scanner_set_options(struct proctcp_scanner *scanner, const struct proctcp_options *options);

/* One walk. Fails only if nothing could be read (proctcp_failure() then names it), with -ENOMEM, or with -ECANCELED;
 * what could be read in part is a snapshot whose statistics tell. The caller owns one reference. A failed scan leaves
 * the scanner usable. */
int proctcp_scan(struct proctcp_scanner *scanner, const struct proctcp_snapshot **snapshot);

/* From any thread or a signal handler, and again if need be: a scan that is under way ends soon, between two of its
 * questions to the kernel, and returns -ECANCELED, as does each one after it; proctcp_failure() then says "cancelled".
 * For hosts that are about to end: there is no way back. At the same time nothing else may be called with the scanner
 * but proctcp_scan(); it is freed after both have returned. */
void proctcp_scanner_cancel(struct proctcp_scanner *scanner);

/* What the last failed proctcp_scan() failed at, with the reason: "/proc/net/tcp: Permission denied". Valid until the
 * next call with this scanner. */
const char *proctcp_failure(const struct proctcp_scanner *scanner);

/* The last holder of a socket (an index) that nobody holds; NULL: it is held, or no scan saw it held. */
const struct proctcp_last_holder *proctcp_find_last_holder(const struct proctcp_snapshot *snapshot, uint32_t socket);

/* interface: 0 for what is bound to none, as mostly. NULL: nobody listens there. IPv4 addresses are IPv4-mapped;
 * 0.0.0.0 and :: are listeners of their own, which are not looked at for another address. */
const struct proctcp_listener *proctcp_find_listener(const struct proctcp_snapshot *snapshot, uint32_t netns,
                                                     const struct proctcp_address *address, uint16_t port,
                                                     uint32_t interface);

const struct proctcp_snapshot *proctcp_snapshot_ref(const struct proctcp_snapshot *snapshot);
void proctcp_snapshot_unref(const struct proctcp_snapshot *snapshot); /* NULL is fine */

/* ---- selection ---- */

struct proctcp_selection;

int proctcp_selection_new(struct proctcp_selection **selection);
void proctcp_selection_free(struct proctcp_selection *selection);

/* clang-format off */
/* Adds one rule. Rules of one kind are alternatives, rules of different kinds must all hold; without any rule everything
 * is selected. Kinds, and the form of a value, which may be a list separated by commas but for "command":
 *     "pid"                         1234
 *     "process"                     nginx: the whole name
 *     "command"                     ^java .*-Dapp=shop: an extended regular expression (regex(7)), found anywhere in the
 *                                   first 4096 bytes of the command line, its words separated by blanks
 *     "user"                        www-data or 33: the effective user of the process
 *     "cgroup"                      /system.slice: that group and all below it; nginx.service: a group of that name and
 *                                   all below it
 *     "state"                       established, ESTAB, CLOSE_WAIT: names of the TCP-MIB, ss and collectd
 *     "local_port", "remote_port"   443, https or 8000-8099
 *     "local", "remote"             10.0.0.0/8, 192.0.2.1, 2001:db8::/32
 *     "netns"                       blue, as ip-netns(8) names it; 4026531840, its inode; own: the caller's; all
 * A kind with "exclude_" before it leaves out what it names, whatever else selects it. An absent value satisfies no
 * rule of either sort.
 * -EINVAL: error holds one line that names kind, value and position, and what would be right; nothing is added, and
 * where no other rule of the kind to include stands, nothing is selected. -ENOMEM: the same. */
/* clang-format on */
int proctcp_selection_add(struct proctcp_selection *selection, const char *kind, const char *value, char *error,
                          size_t error_size);

/* Whether every rule of a kind (to include) that was given was refused, so that nothing is selected. */
bool proctcp_selection_is_void(const struct proctcp_selection *selection, const char *kind);

/* The first name of a network namespace in the rules to include that none has now; NULL: there is none. It may come
 * later: a scan looks names up anew. */
const char *proctcp_selection_missing_netns(const struct proctcp_selection *selection);

/* ---- grouping ---- */

struct proctcp_grouping;

/* By process name, and at most 100 groups, until something else is said. */
int proctcp_grouping_new(struct proctcp_grouping **grouping);
void proctcp_grouping_free(struct proctcp_grouping *grouping);

/* What a process is grouped by that no configured group takes: "process", its name; "unit", the systemd unit that it
 * runs in; "cgroup", its path; "user", the name that /etc/passwd gives, or the number; "executable"; "container", the
 * first 12 digits of its id. What is in no unit or container, or lacks what is asked for, goes by its name. "none": it
 * has no group of its own, and is summed in PROCTCP_GROUP_OTHER. -EINVAL: error says what there is. */
int proctcp_grouping_by(struct proctcp_grouping *grouping, const char *key, char *error, size_t error_size);

/* At most so many groups beside PROCTCP_GROUP_OTHER. A new name takes the place of the group that has been gone for
 * longest. While anything runs of it a group keeps its place, unless a name needs it that root, or a user below 1000,
 * runs something under: then the smallest of the others gives its place. Configured groups always have one. -EINVAL:
 * not 1 to 65000. */
int proctcp_grouping_limit(struct proctcp_grouping *grouping, uint32_t max_groups);

/* Configures a group: the first one wins whose rules match. Rules are those of a selection, all kinds of them; where
 * they are about sockets, the other sockets of a process go on to the next group. \1 to \9 in the name are what the
 * parentheses of a "command" pattern matched, so that one rule may make many groups; \\ is a backslash. -EINVAL: error
 * names the group, the rule and the position. */
int proctcp_grouping_add(struct proctcp_grouping *grouping, const char *name, char *error, size_t error_size);
/* Adds a rule to the group that was configured last, as proctcp_selection_add() does. */
int proctcp_grouping_rule(struct proctcp_grouping *grouping, const char *kind, const char *value, char *error,
                          size_t error_size);
/* Both from one text: "web=process=nginx,caddy;local_port=443". */
int proctcp_grouping_add_text(struct proctcp_grouping *grouping, const char *text, char *error, size_t error_size);
/* After the last one: whether every group has a rule, and the captures that its name takes. */
int proctcp_grouping_check(const struct proctcp_grouping *grouping, char *error, size_t error_size);

/* ---- words as text ---- */

#define PROCTCP_ADDRESS_TEXT_SIZE  46
#define PROCTCP_ENDPOINT_TEXT_SIZE 56

/* TCP-MIB name, "established"; "unknown" for a number that is none. */
const char *proctcp_state_name(unsigned state);
/* From the names of the TCP-MIB ("synSent"), ss ("SYN-SENT", "ESTAB") or collectd ("SYN_SENT"); 0 if it is none. */
unsigned proctcp_state_from_name(const char *name);
const char *proctcp_direction_name(unsigned direction);
const char *proctcp_family_name(unsigned family);
const char *proctcp_timer_name(unsigned timer);
const char *proctcp_ca_state_name(unsigned ca_state);
const char *proctcp_source_name(unsigned source);

bool proctcp_address_is_ipv4(const struct proctcp_address *address);
/* "192.0.2.1" or "2001:db8::1". Both return text. */
char *proctcp_address_text(const struct proctcp_address *address, char text[PROCTCP_ADDRESS_TEXT_SIZE]);
/* "192.0.2.1:443" or "[2001:db8::1]:443". */
char *proctcp_endpoint_text(const struct proctcp_address *address, uint16_t port,
                            char text[PROCTCP_ENDPOINT_TEXT_SIZE]);

/* bytes as printable ASCII: every other byte, the backslash and, unless kept, the blank as \xNN. Like snprintf: at most
 * size bytes with the NUL (never half an escape), returns the length of the whole. */
size_t proctcp_escape(const char *bytes, char *text, size_t size, bool keep_blanks);

/* Root, users of the system (below 1000) and those that systemd makes for services: not people who log in. */
static inline bool proctcp_is_system_user(uint32_t uid)
{
    return uid < 1000 || (uid >= 61184 && uid <= 65519);
}

/* Letters that must be added, taken out or changed to make one word of the other; beyond 63 letters they are far. */
unsigned proctcp_word_distance(const char *one, const char *other);
/* Which of count words somebody may have meant: puts those near to wanted at text, the nearest first, separated by ", "
 * and each behind prefix; if none is near, puts all of them there and returns false. text ends with ".." if there is no
 * room for more. */
bool proctcp_nearest_words(const char *wanted, const char *const *words, size_t count, const char *prefix, char *text,
                           size_t size);

/* Length of the character that text begins with, 0 if it is not valid UTF-8 (RFC 3629). text is not empty. */
size_t proctcp_utf8_length(const char *text);

/* "nginx[1234]": printable ASCII, and what a process calls itself has neither blanks nor brackets in it. Like snprintf.
 */
size_t proctcp_process_text(const struct proctcp_process *process, char *text, size_t size);

/* The row as a line of text that reads like ss: "nginx[1234] fd 5 established 192.0.2.1:443 <- 198.51.100.7:50112 tx 0
 * rx 0 rtt 0.135 ms ...". Processes as in proctcp_process_text(). Printable ASCII. Like snprintf. */
size_t proctcp_row_text(const struct proctcp_snapshot *snapshot, const struct proctcp_row *row, char *text,
                        size_t size);

/* ---- field tables ---- */

enum proctcp_type {
    PROCTCP_UNSIGNED = 1,
    PROCTCP_SIGNED,
    PROCTCP_BOOLEAN,
    PROCTCP_TEXT,    /* bytes without NUL */
    PROCTCP_NAME,    /* an index into the snapshot's congestion_names; its value is PROCTCP_TEXT */
    PROCTCP_ADDRESS, /* struct proctcp_address */
    PROCTCP_TIME,    /* Unix time, seconds */
    PROCTCP_ENUM,    /* a number, and proctcp_field.enum_name() for its name */
};

/* The structure a field's offset counts in. */
enum proctcp_record {
    PROCTCP_IN_ROW = 1,
    PROCTCP_IN_SOCKET,       /* of the row */
    PROCTCP_IN_IMPAIRMENT,   /* of the socket, whose presence bits count */
    PROCTCP_IN_PROCESS,      /* of the row, or the process itself */
    PROCTCP_IN_PEER,         /* the peer's row; absent if there is none */
    PROCTCP_IN_PEER_PROCESS, /* the process of the peer's row */
    PROCTCP_IN_STATS,
    PROCTCP_IN_LAST_HOLDER, /* of a socket; absent if it is not known */
    PROCTCP_IN_UNATTRIBUTED,
    PROCTCP_IN_GROUP,
    PROCTCP_IN_LISTENER,
};

struct proctcp_field {
    uint16_t id;      /* SNMP column; never reused */
    uint8_t type;     /* enum proctcp_type */
    uint8_t record;   /* enum proctcp_record */
    uint8_t size;     /* bytes of the member, for numbers: 1, 2, 4 or 8 */
    bool is_counter;  /* only goes up as long as the socket, process or scanner lives */
    uint16_t offset;  /* of the member in the record */
    uint64_t present; /* bit in the record's present member, 0: always there */
    const char *name; /* the JSON name */
    const char *unit; /* "bytes", "milliseconds", "segments" ...; NULL if it has none */
    const char *(*enum_name)(unsigned value);
    const char *help; /* one line */
};

/* Sorted by id. */
const struct proctcp_field *proctcp_row_fields(size_t *count);
/* Of a socket that nobody holds, beside those of a row: see proctcp_socket_value(). */
const struct proctcp_field *proctcp_last_holder_fields(size_t *count);
const struct proctcp_field *proctcp_unattributed_fields(size_t *count);
/* Fields of the row and its process are those of the listener's row. */
const struct proctcp_field *proctcp_listener_fields(size_t *count);
const struct proctcp_field *proctcp_process_fields(size_t *count);
const struct proctcp_field *proctcp_group_fields(size_t *count);
const struct proctcp_field *proctcp_stats_fields(size_t *count);
/* NULL if there is none of that name. */
const struct proctcp_field *proctcp_field_by_name(const struct proctcp_field *fields, size_t count, const char *name);

/* type is the field's; the member of the union follows from it. */
struct proctcp_value {
    enum proctcp_type type;
    union {
        uint64_t number; /* UNSIGNED, BOOLEAN, TIME, ENUM */
        int64_t signed_number;
        const char *text;
        const struct proctcp_address *address;
    };
};

/* false: absent. The value points into the snapshot. */
bool proctcp_row_value(const struct proctcp_snapshot *snapshot, const struct proctcp_row *row,
                       const struct proctcp_field *field, struct proctcp_value *value);
/* row is the socket's (an index) of rank 1, or NULL if nobody holds it: what is of the row is absent then. */
bool proctcp_socket_value(const struct proctcp_snapshot *snapshot, uint32_t socket, const struct proctcp_row *row,
                          const struct proctcp_field *field, struct proctcp_value *value);
bool proctcp_unattributed_value(const struct proctcp_unattributed *unattributed, const struct proctcp_field *field,
                                struct proctcp_value *value);
bool proctcp_listener_value(const struct proctcp_snapshot *snapshot, const struct proctcp_listener *listener,
                            const struct proctcp_field *field, struct proctcp_value *value);
bool proctcp_process_value(const struct proctcp_process *process, const struct proctcp_field *field,
                           struct proctcp_value *value);
bool proctcp_group_value(const struct proctcp_group *group, const struct proctcp_field *field,
                         struct proctcp_value *value);
bool proctcp_stats_value(const struct proctcp_stats *stats, const struct proctcp_field *field,
                         struct proctcp_value *value);

#ifdef __cplusplus
}
#endif

#endif
