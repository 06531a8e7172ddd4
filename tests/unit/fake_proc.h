/* fake_proc.h - a /proc made of files and dangling links, in a temporary directory. Everything that fails ends the
 * test. */
#ifndef PROCTCP_FAKE_PROC_H
#define PROCTCP_FAKE_PROC_H

#include "proctcp.h"

#define TCP_HEADER "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define TCP6_HEADER                                                                                                    \
    "  sl  local_address                         remote_address                        st tx_queue rx_queue tr "       \
    "tm->when "                                                                                                        \
    "retrnsmt   uid  timeout inode\n"

struct fake_proc {
    char root[64];
    struct proctcp_selection *selection;
    struct proctcp_grouping *grouping; /* the caller's; NULL: none */
    struct proctcp_scanner *scanner;
    const struct proctcp_snapshot *snapshot;
};

struct fake_proc *fake_proc_new(void);
void fake_proc_free(struct fake_proc *fake);

/* Paths are relative to the root; directories on the way are made. Text of a file that is there is replaced. */
void fake_proc_file(struct fake_proc *fake, const char *path, const char *text);
void fake_proc_link(struct fake_proc *fake, const char *path, const char *target);

/* A process with stat, limits, cgroup and ns/net as a kernel gives them. */
void fake_proc_process(struct fake_proc *fake, int pid, const char *name, unsigned netns);

/* Adds a rule to the selection of the scans to come; before the first one. */
void fake_proc_select(struct fake_proc *fake, const char *kind, const char *value);

/* Scans, with one scanner for all scans of the tree; the snapshot lives until the next. */
const struct proctcp_snapshot *fake_proc_scan(struct fake_proc *fake);

/* The row of a descriptor's only or first socket, or NULL. */
const struct proctcp_row *find_row(const struct proctcp_snapshot *snapshot, int pid, int fd);
const struct proctcp_socket *socket_of(const struct proctcp_snapshot *snapshot, const struct proctcp_row *row);
uint32_t unattributed_in(const struct proctcp_snapshot *snapshot, unsigned netns, unsigned state);

#endif
