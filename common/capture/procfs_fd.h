/* procfs_fd.h - /proc/<pid>/fd to owners. */
#ifndef PROCTCP_PROCFS_FD_H
#define PROCTCP_PROCFS_FD_H

#include "capture/inquiry.h"

/* The pids that /proc lists, to inquiry->pids, in ascending order. Fails if the root cannot be listed. */
int procfs_fd_list(struct inquiry *inquiry);
/* Every process of that list, and the owners in those that the selection wants: as they were shown (shown.h), or else
 * by a walk. */
int procfs_fd_read(struct inquiry *inquiry);
/* The owners of one process that was left out. */
int procfs_fd_walk(struct inquiry *inquiry, uint32_t process);
/* Where the kernel cannot tell which threads have descriptors of their own: those of all threads. */
int procfs_fd_walk_threads(struct inquiry *inquiry);

#endif
