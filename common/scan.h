/* scan.h - what the stages of one scan hand to each other. Private to common/. Each stage reads what the stages before
 * it left here and adds its own; the scanner (proctcp.c) calls them in this order. */
#ifndef PROCTCP_SCAN_H
#define PROCTCP_SCAN_H

#include "base/arena.h"
#include "base/vector.h"
#include "proctcp.h"
#include "select/select.h"

#include <errno.h>

/* A descriptor that is a socket, of any protocol until the join. */
struct owner {
    uint32_t inode;
    int32_t fd;
    uint32_t visit; /* index into visits */
    uint32_t group; /* after the join: where the sockets of the inode begin in by_inode */
};

/* A process whose descriptors were listed, or could not be. */
struct visit {
    int32_t pid;
    uint32_t netns; /* 0: not known */
    uint32_t fds;
    uint32_t first_owner;
    uint32_t owner_count;
    uint32_t process; /* index into processes, or PROCTCP_NONE: holds no TCP socket */
    bool unreadable;
    bool skipped;        /* the selection leaves it out; it is walked only if it may hold a peer */
    uint64_t seen_ticks; /* clock ticks since boot when it was visited */
};

/* A socket, by a descriptor that it is open at. */
struct holder {
    int32_t pid;
    int32_t fd;
    uint32_t inode; /* of the socket; 0: none */
};

/* A namespace without a process and without a name: its sockets alone keep it. */
struct lost_netns {
    uint32_t inode;
    struct holder holder;
};

struct netns {
    struct proctcp_netns shown;
    uint32_t visit;       /* the first process that lives in it, or PROCTCP_NONE */
    const char *name;     /* in /run/netns, or NULL */
    struct holder holder; /* of a socket that keeps it, where nothing else does */
    bool own;
    bool entered; /* the calling thread is in it now */
    bool read;
    bool complete;     /* every table was read, and understood, to its end */
    uint64_t table_id; /* inode of its table in procfs, of which every namespace has one of its own; 0: not opened */
};

/* What is known of a socket inode that is in no TCP table. */
struct stray {
    uint32_t inode;
    uint32_t netns; /* of a TCP socket; 0: not known */
    uint8_t family; /* enum proctcp_family of a TCP socket, or 0: not TCP */
    bool seen;      /* in this scan */
};

/* Where some socket listens. */
struct listener {
    uint64_t place; /* namespace and port */
    struct proctcp_address address;
};

struct owners VECTOR(struct owner);
struct visits VECTOR(struct visit);
struct namespaces VECTOR(struct netns);
struct sockets VECTOR(struct proctcp_socket);
struct rows VECTOR(struct proctcp_row);
struct processes VECTOR(struct proctcp_process);
struct troubles VECTOR(struct proctcp_trouble);
struct words VECTOR(const char *);
struct strays VECTOR(struct stray);
struct listeners VECTOR(struct listener);
struct lost_namespaces VECTOR(struct lost_netns);
struct indices VECTOR(uint32_t);
struct keys VECTOR(uint64_t);

/* Where ip-netns(8) mounts namespaces that have a name. */
#define NETNS_DIRECTORY "/run/netns"

#define SCAN_BUFFER_SIZE 65536

struct scan {
    /* Where and how. */
    const char *root;
    int proc_fd;
    bool live;                                 /* the root is a procfs, not a recorded tree */
    const struct proctcp_selection *selection; /* NULL: everything */
    enum proctcp_source source;
    uint32_t states;    /* a bit for each state that sockets are read in */
    bool all_sockets;   /* of these states: whether any can be left out is not known before the join */
    uint32_t hz;        /* USER_HZ */
    uint64_t boot_time; /* Unix time, seconds; 0: not known */

    /* Working memory, kept from scan to scan. */
    uint64_t seed; /* of hashes over what strangers choose */
    char *buffer;  /* SCAN_BUFFER_SIZE bytes, free for whatever stage runs */
    struct indices pids;
    struct visits visits;
    struct owners owners; /* in order of (pid, fd); after the join only those of TCP sockets */
    struct namespaces namespaces;
    uint32_t own_netns;
    struct keys by_inode;                 /* inode, and in the lower half its socket; ordered by (inode, subflow) */
    uint32_t ordered_by_inode;            /* so many of by_inode are; unbound ones, found later, stand behind them */
    struct keys keys, spare;              /* scratch of orderings */
    struct indices scratch;               /* free for whatever stage runs */
    struct indices other_ends;            /* by socket: the one at its other end, PROCTCP_NONE, or TUPLES_ASK */
    struct indices rank_one;              /* by socket: its row of rank 1, or PROCTCP_NONE */
    struct indices homes;                 /* by socket: the process of that row */
    struct indices inode_map;             /* hash: position in by_inode, or PROCTCP_NONE */
    struct indices tuple_map;             /* hash: socket by its namespace and four-tuple, or PROCTCP_NONE */
    struct listeners listeners;           /* each once, ordered by place and address */
    uint64_t listening_ports[65536 / 64]; /* a bit for each port that any of them has */
    struct processes rested;  /* sorted by pid; totals of processes that held TCP sockets once and hold none now */
    struct processes resting; /* the same in the making */
    struct select_netns netns_named; /* inodes of the namespaces that rules give by their names */
    struct indices blind;            /* inodes of namespaces whose tables were not read whole in the scan before */
    struct indices next_blind;       /* the same of this scan */
    struct lost_namespaces lost;     /* found by the join in this scan; kept for the next if they could be read */
    bool looked_for_lost;            /* in this scan */
    struct strays strays;            /* kept, because the kernel need be asked only once */
    struct indices stray_map;        /* hash: stray by inode, or PROCTCP_NONE */

    /* The snapshot in the making. Where the selection left something out, counts are of what it selected; behind that
     * stands what is there for its peers alone. */
    struct tail {
        uint32_t rows, sockets, processes;
    } tail;
    struct sockets sockets;
    struct rows rows;
    struct processes processes;
    struct troubles troubles;  /* the first is all zeros */
    struct words words;        /* the first is "" */
    struct indices with_inode; /* the sockets that have an inode, ordered by it; kept for the next scan */
    struct arena strings;
    struct proctcp_stats stats;
    char failure[256];
};

/* Keeps the first failure of a scan, in words: "<root>/<path>: <reason>". path may be empty, or what is no file, in
 * parentheses: "<what>: <reason>". */
void scan_failed(struct scan *scan, int error, const char *path_format, ...) __attribute__((format(printf, 3, 4)));

/* Counts what could not be read, by what the kernel said; names it, too, unless it is just gone. error is positive. */
void scan_count_error(struct scan *scan, int error, const char *path_format, ...) __attribute__((format(printf, 3, 4)));

/* errno as the stages hand it on: -ENOMEM is said of our own memory alone. */
static inline int scan_errno(void)
{
    return errno == ENOMEM ? -ENOBUFS : -errno;
}

/* Whether a socket that a table showed is to be kept; puts it into its namespace, 0 if that is not known. */
static inline bool scan_wants(const struct scan *scan, struct proctcp_socket *socket, uint32_t netns)
{
    socket->netns = netns;
    if (netns)
        socket->present |= PROCTCP_HAS_NETNS;
    return scan->all_sockets || select_matters(scan->selection, socket);
}

/* All return 0 or -errno; -ENOMEM ends the scan. */

/* candidates.c: whether the selection wants a process walked: 1, with a descriptor of its directory, or 0, or -errno;
 * -ENOENT or -ESRCH: it is gone. */
int candidates_ask(struct scan *scan, int32_t pid, int *directory);

/* owners_procfs.c: fills visits and owners. Fails if the root cannot be listed. */
int owners_scan(struct scan *scan);
/* Adds the owners of a visit, behind all others. */
int owners_walk(struct scan *scan, uint32_t visit);

/* namespaces.c: the distinct network namespaces of the visited processes, one's own, and those that have a name, as far
 * as they are selected, each with a way to read it. None is no failure: a container may not be running. */
int namespaces_find(struct scan *scan);
/* Adds those of scan->lost. */
int namespaces_find_lost(struct scan *scan);
/* Keeps for the next scan how the lost ones of this scan were read. */
int namespaces_remember_lost(struct scan *scan);
bool namespaces_known(const struct scan *scan, uint32_t inode);
/* Counts and names those that the rules ask for and that are not there. */
void namespaces_say_missing(struct scan *scan);
/* Whether a process that lives in a namespace is looked to for sockets of wanted ones that no table shows. It may hold
 * some wherever it lives, but to ask the kernel about every socket that it has costs more than all else. */
bool namespaces_may_be_held_from(const struct scan *scan, uint32_t home);
/* Whether sockets of a namespace are wanted. */
bool namespaces_wanted(const struct scan *scan, uint32_t inode);
/* Whether the tables of a namespace were read to their end, so that what is not in them is nowhere. 0 is all of them.
 */
bool namespaces_complete(const struct scan *scan, uint32_t inode);

/* entrances.c: the inode of the calling thread's namespace; 0: not to be had. */
uint32_t entrances_own_netns(int proc_fd);
/* A descriptor of the namespace of a name, and its inode; -errno. */
int entrances_open_named(const char *name, uint32_t *inode);
/* Opens table ("tcp", "tcp6") of a namespace through any process that lives there. Returns a descriptor or -errno;
 * -ENOENT if the namespace has no such table. */
int entrances_open_table(struct scan *scan, struct netns *netns, const char *table);
/* Puts the calling thread into a namespace, for good. 0 or -errno; -ESRCH: it ended. */
int entrances_enter(struct scan *scan, const struct netns *netns);

/* sources.c: reads the sockets of every namespace, each from the best source that works. Fails if none can be read, or
 * if the one source that was asked for does not work. */
int sources_scan(struct scan *scan);
/* The same for what is in scan->lost. */
int sources_scan_lost(struct scan *scan);

/* sockets_procfs.c: appends the sockets of a namespace. -ESRCH: it ended. Fails if none of its tables can be read;
 * netns->shown.error is set where one cannot. */
int sockets_procfs_scan(struct scan *scan, struct netns *netns);
/* One line without its newline. false: not understood. hz is USER_HZ. Sets everything but netns. */
bool sockets_procfs_line(const char *line, size_t length, enum proctcp_family family, uint32_t hz,
                         struct proctcp_socket *socket);

/* sockets_netlink.c: appends the sockets of the namespace that the calling thread is in; netns is its inode. All of
 * them: 0; most of them, for the kernel interrupted every dump: 1; or, with -errno, none. */
int sockets_netlink_scan(struct scan *scan, uint32_t netns);
/* Whether sock_diag answers, by a dump of no state: 0 or -errno. */
int sockets_netlink_try(struct scan *scan);
/* The messages of one read, length bytes in the scan's buffer. 1: there are more to come; 0: the dump is done; or
 * -errno. Sets *interrupted where the kernel says that its tables changed meanwhile. */
int sockets_netlink_buffer(struct scan *scan, size_t length, uint32_t netns, bool *interrupted);
/* One message of a dump. false: not understood. Sets everything but netns, congestion and the place of trouble. */
struct netlink_socket;
bool sockets_netlink_message(const struct netlink_socket *from, struct proctcp_socket *socket,
                             struct proctcp_trouble *trouble);

/* tcp_info.c: what the kernel says of a connection, length bytes of it; sets presence bits. */
void tcp_info_read(const uint8_t *info, size_t length, struct proctcp_socket *socket, struct proctcp_trouble *trouble);

/* tuples.c: an index of sockets by four-tuple, and the other end of each. Drops what a table showed twice. */
int tuples_index(struct scan *scan);
/* In other_ends: there are several that might be it, or one in another namespace. tuples_mirror() decides, once it is
 * known who is held. */
#define TUPLES_ASK (PROCTCP_NONE - 1)
/* The socket at the other end on this host, or PROCTCP_NONE. */
uint32_t tuples_mirror(const struct scan *scan, uint32_t socket);

/* The next of the sockets that may be the other end of one, or PROCTCP_NONE; *slot is PROCTCP_NONE at first. */
uint32_t tuples_next_mirror(const struct scan *scan, uint32_t socket, uint32_t *slot);

/* join.c: finds the sockets of each owner; keeps only the owners of TCP sockets that matter to the selection. */
int join_owners(struct scan *scan);
/* Takes back what it added to the sockets, so that more can be read and joined. */
void join_undo(struct scan *scan);
/* The position in by_inode of an inode's first socket, or PROCTCP_NONE. */
uint32_t join_find(const struct scan *scan, uint32_t inode);

/* other_ends.c: owners, in processes that the selection left out, of the other ends of what it selected. */
int other_ends_find(struct scan *scan);

/* unbound.c: what an inode that is in no table is. strays_begin() and strays_end() enclose the calls of a scan. */
int strays_begin(struct scan *scan);
/* 1: a TCP socket that no table should show; 0: none, closed meanwhile, or one that a table should (counted as unread);
 * 2: one of a namespace that was not known and is in scan->lost now. */
int strays_ask(struct scan *scan, const struct owner *owner, struct stray *answer);
void strays_end(struct scan *scan);
/* A descriptor of the namespace of a socket that somebody holds, or -errno. */
int strays_open_netns(const struct scan *scan, const struct holder *holder);

/* processes.c: facts about every visited process that owns a TCP socket, unless it is gone or another by now. */
int processes_read(struct scan *scan);
/* Reads a file of a process whole into the scan's buffer, as far as it fits and a NUL behind it. Its length or -errno;
 * what fails for another reason than that it is not there is counted. */
ssize_t processes_read_file(struct scan *scan, int directory, int32_t pid, const char *name);
/* The effective user. false: not to be had. */
bool processes_read_uid(struct scan *scan, int directory, int32_t pid, uint32_t *uid);
/* Its parsers. false: not understood. */
bool processes_parse_stat(const char *text, size_t length, const char **name, size_t *name_length,
                          uint64_t *start_ticks);
bool processes_parse_status(const char *text, size_t length, uint32_t *uid);
bool processes_parse_limits(const char *text, size_t length, uint64_t *fd_limit);
bool processes_parse_cgroup(const char *text, size_t length, const char **path, size_t *path_length);

/* rows.c: a row for each owner and subflow. */
int rows_make(struct scan *scan);

/* peers.c: the other end of each row, and the direction of each socket. */
int peers_find(struct scan *scan);

/* narrow.c: leaves out rows, sockets and processes that were not selected. */
int narrow_scan(struct scan *scan);

/* holdings.c: what each process holds: its counts and sums. */
int holdings_count(struct scan *scan);

/* rests.c: what a scan does not show and the next one may. */
bool rests_same_process(const struct proctcp_process *a, const struct proctcp_process *b);
bool rests_same_socket(const struct proctcp_socket *a, const struct proctcp_socket *b);
/* The same process, as it was when it came to rest; NULL: it did not. */
const struct proctcp_process *rests_process(const struct scan *scan, const struct proctcp_process *process);
/* Whether a socket that was not in the previous snapshot may have lived then, and been counted before: its process was
 * not walked, or its namespace not read whole, or it was in a state that is not selected. */
bool rests_may_be_old(const struct scan *scan, const struct proctcp_process *process,
                      const struct proctcp_socket *socket);
/* heir is, by process of the previous snapshot, the same one in this scan; set here for those that rest: behind the
 * processes of this scan. */
int rests_gather_processes(struct scan *scan, const struct proctcp_snapshot *previous, uint32_t *heir);
int rests_gather_blind(struct scan *scan);
/* What was gathered is what rests from now on: this scan is the previous one of the next. */
void rests_keep(struct scan *scan);

/* deltas.c: what this scan knows from the previous one; previous may be NULL. Orders the sockets that have an inode in
 * scan->with_inode. */
int deltas_find(struct scan *scan, const struct proctcp_snapshot *previous);

/* sort.c: orders scan->keys by their upper 32 bits; keys that agree in them keep their order. */
int sort_keys(struct scan *scan);

/* snapshot.c: freezes what the stages made. Takes over its memory, on success only. */
int snapshot_freeze(struct scan *scan, const struct proctcp_snapshot **snapshot);
/* The sockets of a snapshot that have an inode, ordered by it. */
const uint32_t *snapshot_with_inode(const struct proctcp_snapshot *snapshot, uint32_t *count);

/* Whether inode is the target of a descriptor's link ("socket:[1234]"). */
bool owners_parse_link(const char *link, size_t length, uint32_t *inode);

#endif
