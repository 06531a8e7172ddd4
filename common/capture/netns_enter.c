/* netns_enter.c - the ways into a network namespace: to its tables in procfs, and to itself. Knows processes only as
 * places that live in a namespace, and nothing of what a table holds. */
#include "capture/netns.h"

#include "base/cursor.h"
#include "capture/guard.h"
#include "capture/sink.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define NETNS_DIRECTORY "/run/netns"
#define PATH_SIZE       48

/* Own directories, best first: the calling thread may have left the namespace of its process (3.17 and newer tell). */
static const char *const own_directories[] = {"thread-self", "self"};

/* The procfs of another pid namespace does not know us. That of our own does. */
uint32_t netns_own(struct inquiry *inquiry)
{
    uint32_t inode = 0;
    struct statfs filesystem;

    for (size_t i = 0; inode == 0 && i < sizeof(own_directories) / sizeof(own_directories[0]); i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof(path), "%s/ns/net", own_directories[i]);
        inode = inquiry_netns_link(inquiry, inquiry->proc_fd, path);
    }
    if (inode == 0 && fstatfs(inquiry->proc_fd, &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC)
        inode = inquiry_netns_link(inquiry, AT_FDCWD, "/proc/self/ns/net");
    return inode;
}

/* A file below a name is a namespace only while it is mounted; without that it is just a file, of another file system.
 * It is opened only once it is known to be one. */
int netns_open_named(const char *name, uint32_t *inode)
{
    char path[sizeof(NETNS_DIRECTORY) + NAME_MAX + 2], pinned[PATH_SIZE];
    struct stat status;
    struct statfs filesystem;
    int place, fd = -EINVAL;

    snprintf(path, sizeof(path), NETNS_DIRECTORY "/%s", name);
    place = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    if (place < 0)
        return inquiry_errno();
    if (fstatfs(place, &filesystem) == 0 && filesystem.f_type == NSFS_MAGIC && fstat(place, &status) == 0) {
        *inode = (uint32_t)status.st_ino;
        snprintf(pinned, sizeof(pinned), "/proc/self/fd/%d", place);
        fd = open(pinned, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
        fd = fd < 0 ? inquiry_errno() : fd;
    }
    close(place);
    return fd;
}

/* O_NONBLOCK: a recorded tree may hold anything, and a pipe would be waited for. */
static int open_table(int directory, const char *table)
{
    char path[PATH_SIZE];
    int fd;

    snprintf(path, sizeof(path), "net/%s", table);
    fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? inquiry_errno() : fd;
}

/* Through a directory below the root, "" for the root itself. */
static int open_below(struct inquiry *inquiry, const char *name, const char *table)
{
    int directory = openat(inquiry->proc_fd, *name ? name : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd;

    if (directory < 0)
        return inquiry_errno();
    fd = open_table(directory, table);
    close(directory);
    return fd;
}

/* A table that was opened through a process is its namespace's unless the process moved, or its pid went to another
 * one, in that very moment. Every namespace's table has an inode of its own in procfs: that of another is known by it.
 */
static bool is_table_of(struct inquiry *inquiry, struct netns *netns, int fd, const char *table)
{
    const uint32_t index = (uint32_t)(netns - inquiry->capture->namespaces.at);
    struct stat status;
    uint64_t *slot;

    if (!inquiry->live || strcmp(table, "tcp") != 0 || fstat(fd, &status) < 0)
        return true;
    if (!hash_reserve(&inquiry->table_ids, (uint64_t)inquiry->capture->namespaces.count + 1))
        return true;
    slot = hash_place(&inquiry->table_ids, (uint32_t)status.st_ino);
    if (*slot == UINT64_MAX)
        *slot = status.st_ino << 32 | index;
    return (uint32_t)*slot == index;
}

/* A pid may be in use by another process by now, which lives elsewhere. */
static bool leads_to(int fd, const struct netns *netns)
{
    struct stat found;
    return fstat(fd, &found) == 0 && (uint32_t)found.st_ino == netns->shown.inode;
}

/* -ESRCH: who lives at path is gone, or is not in the namespace any more. */
static int open_through(struct inquiry *inquiry, struct netns *netns, const char *path, const char *table)
{
    int directory = openat(inquiry->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

    if (directory < 0)
        return errno == ENOENT ? -ESRCH : inquiry_errno();
    fd = open_table(directory, table);
    if (netns->shown.inode && inquiry_netns_link(inquiry, directory, "ns/net") != netns->shown.inode) {
        if (fd >= 0)
            close(fd);
        fd = -ESRCH;
    }
    close(directory);
    if (fd < 0 || is_table_of(inquiry, netns, fd, table))
        return fd;
    close(fd);
    return -ESRCH;
}

/* Through the calling thread. Before 3.17 there is no thread-self; self is the process, which is not where a thread
 * went. */
static int open_own(struct inquiry *inquiry, struct netns *netns, const char *table)
{
    char thread[16];
    int fd = open_below(inquiry, own_directories[0], table);

    snprintf(thread, sizeof(thread), "%ld", (long)syscall(SYS_gettid));
    if (fd == -ENOENT)
        fd = open_below(inquiry, netns->entered ? thread : own_directories[1], table);
    if (fd < 0 || is_table_of(inquiry, netns, fd, table))
        return fd;
    close(fd);
    return -ESRCH;
}

/* Those who live in a namespace, one after the other, as paths below the root. */
struct inhabitants {
    uint32_t process;
    uint32_t thread;
};

static bool next_inhabitant(struct inquiry *inquiry, const struct netns *netns, struct inhabitants *next,
                            char path[PATH_SIZE])
{
    const struct processes *processes = &inquiry->capture->processes;

    while (next->process < processes->count) {
        const struct process *process = &processes->at[next->process++];
        if (process->netns != netns->shown.inode || process->walk == WALK_REFUSED || process->walk == WALK_GONE)
            continue;
        inquiry->asked_pid = process->pid;
        if (process->living_thread)
            snprintf(path, PATH_SIZE, "%d/task/%d", process->pid, process->living_thread);
        else
            snprintf(path, PATH_SIZE, "%d", process->pid);
        return true;
    }
    while (next->thread < inquiry->threads.count) {
        const struct thread *thread = &inquiry->threads.at[next->thread++];
        if (thread->netns != netns->shown.inode)
            continue;
        snprintf(path, PATH_SIZE, "%d/task/%d", processes->at[thread->process].pid, thread->tid);
        return true;
    }
    return false;
}

/* From the first one that is known of; one's own namespace, and one of threads, may have any. */
static struct inhabitants first_inhabitant(const struct netns *netns)
{
    return (struct inhabitants){.process = netns->process == PROCTCP_NONE ? 0 : netns->process};
}

/* A process may have ended since it was seen; another of its namespace serves as well. */
static int open_through_any(struct inquiry *inquiry, struct netns *netns, const char *table)
{
    struct inhabitants next = first_inhabitant(netns);
    char path[PATH_SIZE];
    int fd = -ENOENT;

    while (next_inhabitant(inquiry, netns, &next, path)) {
        fd = open_through(inquiry, netns, path, table);
        if (fd != -ESRCH && (fd != -ENOENT || inquiry->live))
            break;
    }
    return fd;
}

int netns_open_table(struct inquiry *inquiry, struct netns *netns, const char *table)
{
    int fd = netns->own || netns->entered ? open_own(inquiry, netns, table) : -ENOENT;

    if (fd == -ENOENT)
        fd = open_through_any(inquiry, netns, table);
    /* Recorded trees may have one table for all. */
    if (fd == -ENOENT && inquiry->capture->namespaces.count == 1 && !inquiry->live)
        fd = open_below(inquiry, "", table);
    return fd;
}

static int open_through_inhabitant(struct inquiry *inquiry, const struct netns *netns)
{
    struct inhabitants next = first_inhabitant(netns);
    char path[PATH_SIZE];

    while (next_inhabitant(inquiry, netns, &next, path)) {
        strcat(path, "/ns/net");
        int fd = GUARD_CALL(inquiry, openat(inquiry->proc_fd, path, O_RDONLY | O_CLOEXEC));
        if (fd < 0 && errno != ENOENT && errno != ESRCH)
            return inquiry_errno();
        if (fd >= 0 && leads_to(fd, netns))
            return fd;
        if (fd >= 0)
            close(fd);
    }
    return -ESRCH;
}

/* A descriptor of the namespace itself, to be closed. */
static int open_namespace(struct inquiry *inquiry, const struct netns *netns)
{
    uint32_t inode = 0;
    int fd = netns->name ? netns_open_named(netns->name, &inode) : -ENOENT;

    if (fd >= 0 && inode == netns->shown.inode)
        return fd;
    if (fd >= 0)
        close(fd);
    return open_through_inhabitant(inquiry, netns);
}

/* The outermost user namespace below ours is the one that somebody of ours made. */
static uint32_t find_user(int fd)
{
    int users = ioctl(fd, NS_GET_USERNS), outer;
    uid_t uid = 0;

    while (users >= 0 && (outer = ioctl(users, NS_GET_PARENT)) >= 0) {
        if (ioctl(users, NS_GET_OWNER_UID, &uid) < 0)
            uid = 0;
        close(users);
        users = outer;
    }
    if (users >= 0)
        close(users);
    return uid == (uid_t)-1 ? 0 : uid;
}

/* A user cannot have root live in what he made. */
static bool is_roots(const struct inquiry *inquiry, const struct netns *netns)
{
    return netns->process != PROCTCP_NONE && inquiry->capture->processes.at[netns->process].uid == 0;
}

int netns_enter(struct inquiry *inquiry, struct netns *netns)
{
    int fd = netns->fd >= 0 ? netns->fd : open_namespace(inquiry, netns);
    int status;

    if (fd < 0)
        return fd;
    status = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
    /* Now: once a call does not come back, nothing of a stranger's may be opened any more to find out. */
    if (status == 0 && !is_roots(inquiry, netns))
        netns->user = find_user(fd);
    if (fd != netns->fd)
        close(fd);
    return status;
}

int netns_open_home(struct inquiry *inquiry)
{
    static const char *const paths[] = {"/proc/thread-self/ns/net", "/proc/self/ns/net"};
    int fd = openat(inquiry->proc_fd, "self/ns/net", O_RDONLY | O_CLOEXEC);

    for (size_t i = 0; fd < 0 && inquiry->live && i < sizeof(paths) / sizeof(paths[0]); i++)
        fd = open(paths[i], O_RDONLY | O_CLOEXEC);
    return fd;
}

uint32_t netns_user(const struct inquiry *inquiry, uint32_t inode)
{
    const struct netns *netns = sink_find_netns(inquiry, inode);
    return netns ? netns->user : 0;
}
