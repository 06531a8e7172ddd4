/* capture.h - what one scan's questions to the kernel brought, written down as the kernel said it: plain data, which
 * the floors above read and do not write. Also what lives longer than a scan: how scans are made, and what is recalled.
 *
 * Nothing here waits on a stranger for long. These calls, and no others, are about what a user controls:
 * - sock_diag. Our socket is connected to the kernel, so that nobody else's messages reach it. A dump with tcp_info
 *   takes the lock of each socket, which its owner can hold for ever.
 * - readlink, open and read below /proc/<pid> (fd, task, ns, exe, net, stat). No file system is asked: a link is
 *   printed from the name that the kernel has. Since 6.17 or so the lock of a process in execve() is waited for;
 *   not for status, limits (nor for prlimit), cgroup and listings of fd and task. Sizes are bounded by the kernel, and
 *   by our buffer.
 * - kcmp() of two threads: the same lock.
 * - read of the pinned iterators (bpf.c). Each file is held while it is looked at: if its owner closes it just then,
 * the last close is ours, which may linger, or wait for a file system. That over a namespace's sockets takes the lock
 * of each. A child that was given up in here may be written to later: that is memory of its own. These are made by a
 * child process that is given up when a call does not come back (guard.h); what is done after that reads status and
 * nothing else of a stranger's.
 * - A descriptor that may be a socket (unhashed.c): opened with O_PATH, which opens nothing of it; what is pinned is
 *   seen to be a socket by its link; only then is it asked, through our own pinned descriptor, for its protocol.
 * - A borrowed socket (helper.c): duplicated and asked in a process of its own, which never closes it but ends. A close
 *   that is the last one lingers as long as its owner wants it to, and what was taken for a socket may be a file by
 *   then, whose close waits for its file system. It is asked for nothing that takes its lock.
 * - /proc/<pid>/cmdline (helper.c): memory of the process, which it may have mapped from a file that never comes; read
 *   in such a process, too.
 * - setns and /run/netns, which is root's: a name is opened with O_PATH first, and opened only if it is a namespace.
 * What a user can make large is bounded for each user (limits.h). */
#ifndef PROCTCP_CAPTURE_H
#define PROCTCP_CAPTURE_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/indices.h"
#include "proctcp.h"

/* ---- for the scanner's life ---- */

struct config {
    const char *root;
    enum proctcp_source source;                /* that was asked for */
    const struct proctcp_selection *selection; /* NULL: everything */
    const struct proctcp_grouping *grouping;   /* NULL: no groups are made */
    uint32_t states;                           /* a bit for each state that sockets are read in */
    bool every_socket;                         /* of these states: whether any can be left out is not known early */
    bool bound;    /* sockets that are bound and no more are looked for at once, not when a descriptor is of one */
    uint32_t hz;   /* USER_HZ */
    uint64_t seed; /* of hashes over what strangers choose */
};

/* ---- one scan ---- */

/* How the walk of a process's descriptors ended. */
enum walk {
    WALKED,
    WALK_REFUSED,  /* not all of it could be read; counted */
    WALK_LEFT_OUT, /* by the selection; walked only if it may hold a peer */
    WALK_GONE,     /* the process ended, or its pid is in use by another one */
};

/* A process that /proc listed. Ordered by pid. */
struct process {
    int32_t pid;
    uint32_t uid;   /* who owns its directory: the effective user */
    uint32_t netns; /* it lives in; 0: not known */
    uint32_t fds;
    uint32_t first_owner; /* its owners stand together, ordered by (fd, inode) */
    uint32_t owner_count;
    uint32_t facts;        /* index, or PROCTCP_NONE: it holds no TCP socket */
    uint8_t walk;          /* enum walk */
    int32_t living_thread; /* not 0: the leader has ended, and this thread tells what it cannot any more */
    bool is_selected;      /* false: it is here for the peers that it holds alone */
    bool is_below;         /* in a pid namespace below ours: what is counted of connections is not told of it */
    uint64_t seen_ticks;   /* clock ticks since boot when it was first looked at */
};

/* Users of the host itself, and of its services, have lower numbers; who logs in, and what he maps, has not. */
/* From here on, what a user may map for his own user namespaces (SUB_UID_MIN is 100000). */
#define FIRST_MAPPED_USER 65536

/* What is told of a process that holds a TCP socket. Strings are in the capture's arena, "" where absent. */
struct facts {
    uint32_t present; /* PROCTCP_HAS_EXECUTABLE and the like */
    uint32_t refused; /* of these, what there may be and could not be read */
    uint32_t uid;     /* effective */
    const char *name;
    const char *executable;
    const char *cgroup;
    const char *unit;
    const char *container;
    uint64_t start_ticks;
    uint64_t start_time;
    uint64_t fd_limit;
    uint64_t image; /* another one after an exec, within the same process */
    uint32_t
        first_group_name; /* of the capture's: what it may be grouped under, best first; the last takes any socket */
    uint32_t group_name_count;
};

/* A group that a process may be of: whether it is, its sockets tell. */
struct group_name {
    uint32_t rule;    /* of the grouping, whose rules about sockets are asked; PROCTCP_NONE: any socket will do */
    const char *name; /* in the capture's arena */
};

/* A descriptor that is a socket: of any protocol while descriptors are walked, of TCP in a finished capture. */
struct owner {
    uint32_t inode;
    int32_t fd;
    uint32_t socket; /* in a finished capture: the first one of the inode; others: see struct capture.by_inode */
    uint32_t netns;  /* of the socket, where two namespaces claim the inode; else 0 */
};

/* What a process has counted since the scan before that no scan saw, and may have ended since. Ordered by pid and
 * start.
 */
struct unseen {
    int32_t pid;
    uint32_t uid;         /* effective, when it did something last */
    uint64_t start_ticks; /* clock ticks between boot and its start */
    uint64_t read_ns;     /* when it was */
    uint64_t taken_ns;    /* when its place in the kernel's table was */
    const char *name;     /* comm, then */
    uint32_t facts;       /* index: of a process that lives its own, else what it may be grouped under; PROCTCP_NONE: it
                             was not selected */
    bool is_new;          /* something is not 0 of what follows, or a connection of it is among those that ended */
    struct proctcp_connections connections;
    struct proctcp_totals totals;
};

/* A connection that ended, and that a scan may have seen before. */
struct ended {
    uint64_t cookie;
    uint64_t ended_ns;    /* of the kernel's CLOCK_MONOTONIC, as the next one */
    uint64_t told_ns;     /* when it was counted */
    uint64_t start_ticks; /* of the process that it was of */
    int32_t pid;          /* and its number; 0: not known */
    uint8_t waits;        /* scans in which its process was not told of */
    bool was_accepted;
    bool is_new;                  /* no scan was told of it before, and it is not in what its process counted */
    bool is_counted;              /* it was there in the first scan, in what its process had counted by then */
    struct proctcp_totals totals; /* at its end */
};

/* A socket, by a descriptor that it is open at. */
struct holder {
    int32_t pid;
    int32_t fd;
    uint32_t inode; /* of the socket; 0: none */
};

/* Why a namespace is read once more: a descriptor is of it whose socket its tables did not show. */
enum look_again {
    LOOK_NO,
    LOOK_FOR_BOUND,  /* it is known to be closed, and may be bound */
    LOOK_FOR_MISSED, /* a dump may have missed it: all tables once more */
};

/* A network namespace, who tells of it, and how its tables were read. */
struct netns {
    struct proctcp_netns shown;
    uint32_t process;     /* the first one that lives in it, or PROCTCP_NONE */
    const char *name;     /* in /run/netns, or NULL */
    struct holder holder; /* of a socket that keeps it, where nothing else does */
    uint32_t holder_uid;  /* 0: root, or not known */
    int fd;               /* of the namespace, through that socket; -1: none. Closed before the capture is finished. */
    uint32_t user;        /* who made it, as is known once it was entered; 0: not known, or root */
    bool own;
    bool entered;  /* the calling thread is in it now */
    bool read;     /* with what success, see shown.error */
    bool complete; /* every table was read, and understood, to its end. The kernel does not promise more: entries may be
                      missed while a table changes, which is why what did not match is looked at again. */
    bool is_hashed;     /* its sockets are in the tables that were gone through for all namespaces */
    bool is_cut;        /* but not all of it was */
    bool ended;         /* before it could be read, or what it was to be entered through did */
    uint8_t look_again; /* enum look_again */
};

/* A subflow that was left out by the selection, and counts for the numbers of those that were not. */
struct sibling {
    uint32_t inode;
    uint16_t local_port, remote_port;
    uint64_t cookie; /* 0: not known */
    struct proctcp_address local_address, remote_address;
};

/* A socket whose holder the model asks for, by the first one of its inode. */
struct wanted_socket {
    uint32_t inode;
    uint32_t socket;
};

struct wanted_sockets VECTOR(struct wanted_socket);
struct processes VECTOR(struct process);
struct all_facts VECTOR(struct facts);
struct owners VECTOR(struct owner);
struct namespaces VECTOR(struct netns);
struct siblings VECTOR(struct sibling);
struct sockets VECTOR(struct proctcp_socket);
struct impairments VECTOR(struct proctcp_impairment);
struct congestion_names VECTOR(const char *);
struct group_names VECTOR(struct group_name);
struct all_unseen VECTOR(struct unseen);
struct all_ended VECTOR(struct ended);

struct capture {
    struct processes processes;
    struct all_facts facts;
    struct owners owners;
    struct sockets sockets;                   /* each once; those that are in no table (unbound) too */
    struct impairments impairments;           /* the first is all zeros */
    struct congestion_names congestion_names; /* the first is "" */
    struct siblings siblings;
    struct group_names group_names;
    struct namespaces namespaces;
    struct hash by_inode;   /* sockets by inode; several: subflows, or two namespaces that claim it. The model takes it
                               over with the sockets. */
    struct indices shared;  /* of these inodes there are several sockets */
    struct indices unread;  /* inodes of TCP sockets that are held, alive, and in no table that was read */
    struct indices partial; /* inodes of namespaces whose tables were not read whole, ascending */
    struct all_unseen unseen; /* with connections_counted in the statistics; ordered by pid and start */
    struct all_ended ended;   /* the same */
    uint64_t began_ns;        /* when the scan did, as ended_ns is; 0: not known */
    uint64_t counters;        /* presence bits of what this kernel counts of a connection; from its answers */
    struct arena strings;
    struct proctcp_stats stats;
    char failure[256]; /* the first thing that failed, in words; "" */
};

/* Inode of the namespace that the scanner is in; 0: not known, or not read. */
static inline uint32_t capture_own_netns(const struct capture *capture)
{
    for (uint32_t i = 0; i < capture->namespaces.count; i++) {
        if (capture->namespaces.at[i].own)
            return capture->namespaces.at[i].shown.inode;
    }
    return 0;
}

/* ---- from scan to scan ---- */

/* What an inode is that a descriptor led to and no table showed. */
enum answer {
    ANSWER_OTHER = 1,  /* another protocol, for as long as it lives */
    ANSWER_UNBOUND,    /* TCP, and known to be closed */
    ANSWER_MISSED,     /* TCP; dumps have not shown it, and nothing else tells whether it is closed */
    ANSWER_FOREIGN,    /* TCP, in a namespace that the selection leaves out */
    ANSWER_LOOKED_FOR, /* a socket that nobody holds; threads with descriptors of their own were looked through for it
                        */
};

struct recalled_inode {
    uint32_t inode;
    uint32_t netns; /* 0: not known */
    uint8_t answer; /* enum answer */
    uint8_t family; /* enum proctcp_family, of TCP */
    uint8_t misses; /* scans that have not shown it, one after the other */
    bool was_alive; /* before they did not */
};

/* A namespace that only its sockets keep, and one of them. */
struct recalled_netns {
    uint32_t inode;
    struct holder holder;
};

/* The program that a process runs: read once for each. */
struct recalled_program {
    int32_t pid;
    uint64_t start_ticks;
    uint64_t image;
    const char *executable; /* in the arena of the recollection */
};

/* What a process may be grouped under, for a scan that cannot read what that follows from. */
struct recalled_grouping {
    int32_t pid;
    uint64_t start_ticks;
    uint32_t first_name; /* of the recollection's group names */
    uint32_t name_count;
};

/* What the kernel had counted of the connections of a process, in one place of its table. */
struct recalled_counts {
    int32_t pid;
    uint64_t start_ticks;
    uint64_t taken_ns;                      /* when the place was: by that it is known again */
    struct proctcp_connections connections; /* accepts: of those that no scan can have seen */
    struct proctcp_totals totals;           /* the same */
};

/* Who made a call wait for so long that it was given up. He, or it, is left alone for a while. */
struct left_alone {
    uint32_t uid;   /* whose processes are not looked at; 0: not known, or root */
    int32_t pid;    /* that is not looked at; 0: none */
    uint32_t netns; /* whose sockets are not asked for what takes their lock (tcp_info); 0: none */
    uint32_t scans; /* so many more */
};

struct all_left_alone VECTOR(struct left_alone);
struct recalled_inodes VECTOR(struct recalled_inode);
struct recalled_namespaces VECTOR(struct recalled_netns);
struct recalled_programs VECTOR(struct recalled_program);
struct recalled_groupings VECTOR(struct recalled_grouping);
struct all_recalled_counts VECTOR(struct recalled_counts);

#define RINGS 4 /* of connections that ended: BPF_RINGS */

/* What is known of the connections that the kernel counts, and where to read on. */
struct recalled_connections {
    struct all_recalled_counts counts; /* ordered by pid, start and place */
    uint64_t loaded_ns;                /* since when they are counted; 0: nothing is known */
    uint64_t next_ended[RINGS];        /* where to read on, by ring */
    uint64_t counted;                  /* connections that ended, in processes that are or were told of */
    uint64_t missed;
    uint64_t overwritten; /* ends that were not read in time */
    bool is_stale;        /* a scan has not read them since */
};

/* Answers worth keeping. Each scan reads that of the one before and makes one of its own. */
struct recollection {
    struct indices children; /* that were given up and have not ended yet: processes of ours that wait on a stranger */
    struct all_left_alone left_alone;
    struct recalled_inodes inodes;
    struct hash by_inode;
    struct recalled_namespaces namespaces;
    struct recalled_programs programs;   /* ordered by pid, as are those below */
    struct recalled_groupings groupings; /* of processes of which all could be read that the grouping asks for */
    struct group_names group_names;
    struct recalled_connections connections;
    struct arena strings;
    uint64_t boot_time;      /* Unix time, seconds; 0: not known */
    uint32_t without_shown;  /* for so many more scans, a source that shows everybody's sockets is left alone */
    uint32_t without_hashed; /* the same of the walk through the hash tables */
};

static inline bool is_same_address(const struct proctcp_address *a, const struct proctcp_address *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* Whether both ends of two sockets are called the same. */
static inline bool is_same_tuple(const struct proctcp_socket *a, const struct proctcp_socket *b)
{
    return a->local_port == b->local_port && a->remote_port == b->remote_port &&
           is_same_address(&a->local_address, &b->local_address) &&
           is_same_address(&a->remote_address, &b->remote_address);
}

#endif
