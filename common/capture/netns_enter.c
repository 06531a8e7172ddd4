/* entrances.c - the ways into a network namespace: to its tables in procfs, and to itself. Knows processes only as
 * places that live in a namespace, and nothing of what a table holds. */
#include "base/cursor.h"
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Own directories, best first: the calling thread may have left the namespace of its process (3.17 and newer tell).
 */
static const char *const own_directories[] = {"thread-self", "self"};

/* net:[4026531840]; 0: not to be had. */
static uint32_t read_link(int directory, const char *path)
{
    char link[32];
    ssize_t length = readlinkat(directory, path, link, sizeof(link));
    struct cursor c = {link, link + (length > 0 ? length : 0)};
    uint32_t inode;

    return cursor_text(&c, "net:[") && cursor_dec32(&c, &inode) && cursor_expect(&c, ']') ? inode : 0;
}

uint32_t entrances_own_netns(int proc_fd)
{
    uint32_t inode = 0;
    for (size_t i = 0; inode == 0 && i < sizeof(own_directories) / sizeof(own_directories[0]); i++) {
        char path[32];
        snprintf(path, sizeof(path), "%s/ns/net", own_directories[i]);
        inode = read_link(proc_fd, path);
    }
    return inode;
}

/* A file below a name is a namespace only while it is mounted; without that it is just a file, of another file system.
 */
int entrances_open_named(const char *name, uint32_t *inode)
{
    char path[sizeof(NETNS_DIRECTORY) + NAME_MAX + 2];
    struct stat status;
    struct statfs filesystem;
    int fd;

    snprintf(path, sizeof(path), NETNS_DIRECTORY "/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return scan_errno();
    if (fstatfs(fd, &filesystem) == 0 && filesystem.f_type == NSFS_MAGIC && fstat(fd, &status) == 0) {
        *inode = (uint32_t)status.st_ino;
        return fd;
    }
    close(fd);
    return -EINVAL;
}

/* O_NONBLOCK: a recorded tree may hold anything, and a pipe would be waited for. */
static int open_table(int directory, const char *table)
{
    char path[32];
    int fd;

    snprintf(path, sizeof(path), "net/%s", table);
    fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? scan_errno() : fd;
}

/* Through a directory below the root, "" for the root itself. */
static int open_below(struct scan *scan, const char *name, const char *table)
{
    int directory = openat(scan->proc_fd, *name ? name : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd;

    if (directory < 0)
        return scan_errno();
    fd = open_table(directory, table);
    close(directory);
    return fd;
}

/* A table that was opened through a process is its namespace's unless the process moved, or its pid went to another
 * one, in that very moment. Every namespace's table has an inode of its own in procfs: that of another is known by it.
 */
static bool is_table_of(struct scan *scan, struct netns *netns, int fd, const char *table)
{
    struct stat status;

    if (!scan->live || strcmp(table, "tcp") != 0 || fstat(fd, &status) < 0)
        return true;
    for (uint32_t i = 0; i < scan->namespaces.count; i++) {
        const struct netns *other = &scan->namespaces.at[i];
        if (other != netns && other->table_id == status.st_ino)
            return false;
    }
    netns->table_id = status.st_ino;
    return true;
}

/* -ESRCH: the process is gone, or is not in the namespace any more. */
static int open_through(struct scan *scan, struct netns *netns, const struct visit *visit, const char *table)
{
    char name[16];
    int directory, fd;

    snprintf(name, sizeof(name), "%d", visit->pid);
    directory = openat(scan->proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return errno == ENOENT ? -ESRCH : scan_errno();
    fd = open_table(directory, table);
    if (netns->shown.inode && read_link(directory, "ns/net") != netns->shown.inode) {
        if (fd >= 0)
            close(fd);
        fd = -ESRCH;
    }
    close(directory);
    if (fd < 0 || is_table_of(scan, netns, fd, table))
        return fd;
    close(fd);
    return -ESRCH;
}

/* Through the calling thread. Before 3.17 there is no thread-self; self is the process, which is not where a thread
 * went. */
static int open_own(struct scan *scan, struct netns *netns, const char *table)
{
    char thread[16];
    int fd = open_below(scan, own_directories[0], table);

    snprintf(thread, sizeof(thread), "%ld", (long)syscall(SYS_gettid));
    if (fd == -ENOENT)
        fd = open_below(scan, netns->entered ? thread : own_directories[1], table);
    if (fd < 0 || is_table_of(scan, netns, fd, table))
        return fd;
    close(fd);
    return -ESRCH;
}

/* A process may have ended since it was visited; another of its namespace serves as well. */
static int open_through_any(struct scan *scan, struct netns *netns, const char *table)
{
    int fd = -ENOENT;

    for (uint32_t i = netns->visit; i < scan->visits.count; i++) {
        const struct visit *visit = &scan->visits.at[i];
        if (visit->netns != netns->shown.inode || visit->unreadable)
            continue;
        fd = open_through(scan, netns, visit, table);
        if (fd != -ESRCH && (fd != -ENOENT || scan->live))
            break;
    }
    return fd;
}

int entrances_open_table(struct scan *scan, struct netns *netns, const char *table)
{
    int fd = netns->own || netns->entered ? open_own(scan, netns, table) : -ENOENT;

    if (fd == -ENOENT)
        fd = open_through_any(scan, netns, table);
    /* Recorded trees may have one table for all. */
    if (fd == -ENOENT && scan->namespaces.count == 1 && !scan->live)
        fd = open_below(scan, "", table);
    return fd;
}

static int open_lost(const struct scan *scan, const struct netns *netns)
{
    struct stat found;
    int fd = strays_open_netns(scan, &netns->holder);

    if (fd < 0 || (fstat(fd, &found) == 0 && (uint32_t)found.st_ino == netns->shown.inode))
        return fd == -ENOENT || fd == -EBADF ? -ESRCH : fd;
    close(fd);
    return -ESRCH;
}

/* A descriptor of the namespace itself. A pid may be in use by another process by now, which lives elsewhere. */
static int open_namespace(struct scan *scan, const struct netns *netns)
{
    uint32_t inode = 0;
    int fd = netns->name ? entrances_open_named(netns->name, &inode) : -ENOENT;

    if (fd >= 0 && inode == netns->shown.inode)
        return fd;
    if (fd >= 0)
        close(fd);
    if (netns->holder.inode)
        return open_lost(scan, netns);
    for (uint32_t i = netns->visit; i < scan->visits.count; i++) {
        const struct visit *visit = &scan->visits.at[i];
        struct stat found;
        char path[32];
        if (visit->netns != netns->shown.inode || visit->unreadable)
            continue;
        snprintf(path, sizeof(path), "%d/ns/net", visit->pid);
        fd = openat(scan->proc_fd, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 && errno != ENOENT && errno != ESRCH)
            return scan_errno();
        if (fd < 0)
            continue;
        if (fstat(fd, &found) == 0 && (uint32_t)found.st_ino == netns->shown.inode)
            return fd;
        close(fd);
    }
    return -ESRCH;
}

int entrances_enter(struct scan *scan, const struct netns *netns)
{
    int fd = open_namespace(scan, netns);
    int status;

    if (fd < 0)
        return fd;
    status = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
    close(fd);
    return status;
}
