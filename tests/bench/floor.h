/* floor.h - what the floor programs' parts share: the place of /proc, a buffer as large as a scan's, and what was seen
 * on the way. A floor asks the kernel for all that a scan needs and throws the answers away. */
#ifndef PROCTCP_FLOOR_H
#define PROCTCP_FLOOR_H

#include <stdbool.h>
#include <stdint.h>

#define FLOOR_BUFFER_SIZE 65536
#define FLOOR_NAMESPACES  8192 /* a power of two; more than a load has */

/* The first process that was seen in a namespace; pid 0: nothing here. */
struct floor_namespace {
    uint64_t inode;
    int pid;
};

struct floor {
    int proc_fd;
    uint64_t own; /* inode of the namespace that it runs in */
    struct floor_namespace namespaces[FLOOR_NAMESPACES];
    unsigned long processes, descriptors, sockets, namespace_count, bytes;
    char *buffer;
};

/* floor_netlink.c: one dump for each namespace. */
bool floor_netlink(struct floor *floor);

/* floor_procfs.c: /proc/<pid>/net/tcp and tcp6 of one process in each. */
bool floor_procfs(struct floor *floor);

#endif
