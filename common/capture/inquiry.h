/* inquiry.h - one scan's questions to the kernel: where they are asked, with what, and where the answers go. Private to
 * capture/. All calls return 0 or -errno unless they say otherwise; -ENOMEM and -ECANCELED end the scan. */
#ifndef PROCTCP_INQUIRY_H
#define PROCTCP_INQUIRY_H

#include "capture/capture.h"
#include "select/select.h"

#include <dirent.h>
#include <errno.h>
#include <sys/types.h>

#define INQUIRY_BUFFER_SIZE 65536

/* What each user made us read so far. */
struct usages {
    struct hash by_uid;
    uint32_t users;
};

/* A TCP socket that no table has shown. */
struct question {
    uint32_t process;
    int32_t fd;
    uint32_t recalled; /* index of its answer */
    bool is_alive;     /* it says so itself */
};

struct questions VECTOR(struct question);

/* A thread with descriptors, and a namespace, of its own. */
struct thread {
    uint32_t netns;
    uint32_t process;
    int32_t tid;
};

struct threads VECTOR(struct thread);

/* A process whose command line matches what a group asks for. */
struct command_match {
    int32_t pid;
    uint32_t rule;    /* of the grouping */
    const char *name; /* that it gives the group, in the capture's arena */
};

struct command_matches VECTOR(struct command_match);

/* A thread that a source showed: of those that lead their process or have descriptors of their own. */
struct shown_task {
    int32_t pid; /* of its process */
    int32_t tid;
    uint32_t uid;   /* effective */
    uint32_t netns; /* it lives in; 0: not known */
    uint32_t fds;   /* 0: none, or not known */
    bool is_leader;
    bool has_ended; /* and waits for its threads, or for its parent */
    bool has_fds;   /* how many is known */
    bool is_below;  /* see struct process */
    bool is_hashed; /* see struct netns */
    bool is_cut;    /* in the first one of a process: its user had too many, and not all were taken */
};

struct shown_owner {
    int32_t pid;
    struct owner owner;
};

/* A namespace that some shown socket is in. */
struct shown_netns {
    uint32_t inode;
    uint32_t uid;         /* of the holder */
    struct holder holder; /* of the first one */
    bool is_wanted;
};

/* A socket that some file is of and that no descriptor led to so far, or that has no cookie yet. */
struct shown_socket {
    uint32_t netns;
    uint64_t cookie;                            /* 0: none yet */
    struct proctcp_address source, destination; /* as on the wire: IPv4 in the first four bytes */
    uint32_t interface;
    uint16_t source_port, destination_port; /* as on the wire */
    uint8_t family;                         /* AF_INET, AF_INET6 */
    bool is_listener;
};

struct cookies VECTOR(uint64_t);
struct shown_sockets VECTOR(struct shown_socket);
struct shown_tasks VECTOR(struct shown_task);
struct shown_owners VECTOR(struct shown_owner);
struct shown_namespaces VECTOR(struct shown_netns);

/* What a source shows of all processes in one pass. See shown.h. */
struct shown {
    struct shown_tasks tasks;   /* ordered by pid, the leader first */
    struct shown_owners owners; /* ordered by pid */
    struct shown_namespaces namespaces;
    struct shown_sockets unknown; /* ordered by namespace, once all of them are there */
    struct cookies seen;          /* of all sockets that were shown, selected or not */
    struct cookies cookies;       /* the same in a table by themselves, once they are looked for: see bpf_unheld.c */
    struct hash netns_by_inode;
    uint32_t last_netns; /* index: mostly the next socket is in the same one */
    uint64_t ticks;      /* clock ticks since boot when it began */
    uint64_t given;      /* presence bits of what it tells of a connection */
    int32_t own_pid;     /* of the child that asks, of which nobody needs to know; 0: no child does */
    int32_t pid;         /* whose descriptors are being shown */
    uint32_t task;       /* index of its first task; PROCTCP_NONE: it has none */
    uint32_t uid;        /* its user */
    uint32_t uncharged;  /* descriptors of the process */
    bool is_beyond;      /* the user has had what he may have */
    bool is_begun;       /* the kernel was told that a scan begins */
    bool is_read;        /* it is being read */
    bool is_used;        /* and came to its end: processes that it shows are not walked */
    bool is_given_up;    /* it took too long: not in this scan */
    char failure[160];   /* why not, in words; "" */
};

/* What the last record of a page of the walk through the hash tables said. */
struct hashed {
    uint64_t from, next;
    bool is_end;
    bool is_told;
};

/* What the last record of a page of counted connections said. */
struct counted {
    uint64_t next;                              /* where the next page begins */
    uint64_t last[RINGS];                       /* sequence that has been told of, by ring */
    uint64_t from, loaded_ns, began_ns, closed; /* see bpf_records.h */
    bool is_end;
    bool is_told;
};

struct inquiry {
    const struct config *config;
    const bool *is_cancelled; /* see inquiry_is_cancelled() */
    const struct recollection *before;
    const struct proctcp_snapshot *previous; /* NULL: there was no scan before */
    struct recollection *kept;               /* for the next scan */
    struct capture *capture;

    struct guard_calls *calls;           /* of the child that asks; NULL: there is none. See guard.h */
    int32_t asked_pid;                   /* of the process that is being asked about; 0: none */
    uint32_t asked_netns;                /* inode of the namespace whose tables are being read; 0: none */
    bool guarded;                        /* questions are asked by a child that can be given up */
    bool in_child;                       /* this is it */
    uint32_t stalls;                     /* of children given up in this scan */
    const struct wanted_sockets *wanted; /* whose holders are looked for */

    int proc_fd;
    bool live;     /* the root is a procfs, not a recorded tree */
    bool own_pids; /* and its pids are those of the calling process, so that calls that take a pid may be made */
    char *buffer;  /* INQUIRY_BUFFER_SIZE bytes, for whoever is asking at the moment */
    uint32_t own_netns;
    const struct source *source;     /* of sockets, that is asked first; see sources.c */
    uint32_t namespaces_read;        /* so many have been counted */
    struct select_netns named_netns; /* inodes of the namespaces that rules give by their names */
    struct hash without_inode;       /* sockets that have none, by cookie or else by endpoints */
    struct indices inodes;           /* of the sockets written so far, apart: those lie far from each other */
    uint32_t indexed;                /* so many of them have been looked through for duplicates */
    struct hash netns_by_inode;
    struct hash table_ids; /* inodes of tables in procfs, and the namespace that has it */
    struct usages descriptors_of, questions_of, namespaces_of, borrowings_of, matching_of;
    uint32_t matched_us;         /* spent on the command lines of all users but root */
    struct hash previous_inodes; /* of the sockets of the previous snapshot that were alive; filled when it is needed */
    bool knows_previous_inodes;
    struct indices pids;        /* that /proc lists */
    struct questions questions; /* TCP sockets that no table has shown */
    int home_fd;                /* of our own namespace, to come back to; -1: there is no way back */
    bool without_info; /* no socket of another namespace is asked for its tcp_info: too many calls have not come back */

    struct shown shown;
    struct hashed hashed;
    struct counted counted;
    bool loaded_anew;             /* the programs that count them, since the scan before */
    struct threads threads;       /* that live in another namespace than their leader */
    struct indices tids;          /* of the process whose threads are looked at */
    struct indices tables;        /* of it: a thread of each table of descriptors that was walked, in kcmp()'s order */
    uint64_t chosen_ticks;        /* when command lines were read, to choose processes by; 0: they were not */
    struct hash command_answers;  /* by pid: 1 if the rules about command lines want it, else 0 */
    struct indices commands_read; /* pids whose command lines were matched, ascending */
    struct command_matches command_matches; /* ordered by pid and rule */
    struct hash users;                      /* by uid: index of its name, where groups are made by user */
    struct congestion_names user_names;
    uint32_t requests;    /* made of sock_diag */
    uint32_t waited_ms;   /* for children that did not answer, in this scan */
    bool may_not_compare; /* the kernel cannot tell which threads have descriptors of their own */
};

/* ---- inquiry.c: errors, and small questions of everybody ---- */

/* Keeps the first failure of a scan, in words: "<root>/<path>: <reason>". path may be empty, or what is no file, in
 * parentheses: "<what>: <reason>". */
void inquiry_failed(struct inquiry *inquiry, int error, const char *path_format, ...)
    __attribute__((format(printf, 3, 4)));

/* Counts what could not be read, by what the kernel said; names it, too, unless it is just gone. error is positive. */
void inquiry_count_error(struct inquiry *inquiry, int error, const char *path_format, ...)
    __attribute__((format(printf, 3, 4)));

/* errno as it is handed on: -ENOMEM is said of our own memory alone. */
static inline int inquiry_errno(void)
{
    return errno == ENOMEM ? -ENOBUFS : -errno;
}

/* Whether the scan is to end. Another thread says so, and does not take it back: whatever else is tried after a step
 * that was left out ends as well. Looked at between two steps that take some milliseconds each, or less. */
static inline bool inquiry_is_cancelled(const struct inquiry *inquiry)
{
    return inquiry->is_cancelled && __atomic_load_n(inquiry->is_cancelled, __ATOMIC_RELAXED);
}

/* Whether a failure is ours, and nothing else is tried: not what a process or a table refused. */
static inline bool inquiry_ends_with(int status)
{
    return status == -ENOMEM || status == -ECANCELED;
}

/* One more of a user's; false: that is beyond the limit. Without memory to count, nothing is limited. */
bool inquiry_within_limit(struct usages *usages, uint32_t uid, uint32_t more, uint32_t limit);

/* Of a clock that only goes on, for differences. */
uint64_t inquiry_microseconds(void);
uint32_t inquiry_milliseconds(void);
/* Whether a child of ours is in need of a processor and no more: it will come back; one that sleeps in a call may not.
 */
bool inquiry_is_runnable(int child);

/* Clock ticks since boot, as start times of processes are told in. */
uint64_t inquiry_ticks(const struct inquiry *inquiry);

/* "net:[4026531840]", a link below a directory: its number; 0: not to be had. */
uint32_t inquiry_netns_link(struct inquiry *inquiry, int directory, const char *path);
/* Whether text is a descriptor's link to a socket ("socket:[1234]"). */
bool inquiry_parse_socket_link(const char *link, size_t length, uint32_t *inode);
/* A number as the kernel writes it: no sign, no leading zeros. */
bool inquiry_parse_number(const char *name, int32_t *number);

/* ---- directory listings ---- */

/* As the kernel lays it out for getdents64. */
struct directory_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

/* A directory read in one buffer after the other. */
struct listing {
    int fd;
    char *buffer;
    size_t size;
    long filled;
    long position;
    int error; /* why it ended: 0 or -errno */
};

/* NULL: there is no more, or listing->error says why. */
const struct directory_entry *listing_next(struct listing *listing);

#endif
