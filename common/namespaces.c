/* namespaces.c - the distinct network namespaces, and how to read each. Knows processes only as places that live in a
 * namespace, and nothing of what a table holds. */
#include "cursor.h"
#include "scan.h"

#include <dirent.h>
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

/* Where ip-netns(8) mounts namespaces that have a name. */
#define NAMED_DIRECTORY "/run/netns"

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

static uint32_t own_netns(int proc_fd)
{
    uint32_t inode = 0;
    for (size_t i = 0; inode == 0 && i < sizeof(own_directories) / sizeof(own_directories[0]); i++) {
        char path[32];
        snprintf(path, sizeof(path), "%s/ns/net", own_directories[i]);
        inode = read_link(proc_fd, path);
    }
    return inode;
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* If it is selected. */
static int add(struct scan *scan, uint32_t inode, uint32_t visit, bool own)
{
    struct netns *netns;

    if (!select_netns(scan->selection, &scan->netns_named, inode, own))
        return 0;
    netns = vector_push(&scan->namespaces);
    if (!netns)
        return -ENOMEM;
    *netns = (struct netns){.shown.inode = inode, .visit = visit, .own = own};
    return 0;
}

/* Sorts (namespace, visit) pairs, so that the first of each run names a namespace and its lowest pid. */
static int add_visited(struct scan *scan, uint32_t own)
{
    struct keys *keys = &scan->keys;

    keys->count = 0;
    if (!vector_reserve(keys, scan->visits.count))
        return -ENOMEM;
    for (uint32_t i = 0; i < scan->visits.count; i++) {
        if (!scan->visits.at[i].unreadable)
            keys->at[keys->count++] = (uint64_t)scan->visits.at[i].netns << 32 | i;
    }
    if (keys->count)
        qsort(keys->at, keys->count, sizeof(keys->at[0]), compare_keys);
    for (uint32_t i = 0; i < keys->count; i++) {
        uint32_t inode = (uint32_t)(keys->at[i] >> 32);
        if (i > 0 && inode == (uint32_t)(keys->at[i - 1] >> 32))
            continue;
        /* Without a link to compare with, a process of a live system may well be in a namespace that is read already.
         */
        if (inode == own || (inode == 0 && scan->live))
            continue;
        if (add(scan, inode, (uint32_t)keys->at[i], false) < 0)
            return -ENOMEM;
    }
    return 0;
}

bool namespaces_known(const struct scan *scan, uint32_t inode)
{
    for (uint32_t i = 0; i < scan->namespaces.count; i++) {
        if (scan->namespaces.at[i].shown.inode == inode)
            return true;
    }
    return false;
}

/* A file below a name is a namespace only while it is mounted; without that it is just a file, of another file system.
 */
static int open_named(const char *name, uint32_t *inode)
{
    char path[sizeof(NAMED_DIRECTORY) + NAME_MAX + 2];
    struct stat status;
    struct statfs filesystem;
    int fd;

    snprintf(path, sizeof(path), NAMED_DIRECTORY "/%s", name);
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

/* Namespaces that have a name and no process. */
static int add_named(struct scan *scan, uint32_t own)
{
    DIR *directory = opendir(NAMED_DIRECTORY);
    const struct dirent *entry;
    int status = 0;

    while (status == 0 && directory && (entry = readdir(directory))) {
        uint32_t inode = 0;
        int fd = entry->d_name[0] == '.' ? -ENOENT : open_named(entry->d_name, &inode);
        if (fd < 0)
            continue;
        close(fd);
        if (inode == own || namespaces_known(scan, inode))
            continue;
        uint32_t before = scan->namespaces.count;
        status = add(scan, inode, PROCTCP_NONE, false);
        if (status == 0 && scan->namespaces.count > before) {
            const char *name = arena_copy(&scan->strings, entry->d_name, strlen(entry->d_name));
            scan->namespaces.at[before].name = name;
            status = name ? 0 : -ENOMEM;
        }
    }
    if (directory)
        closedir(directory);
    return status;
}

static const char *missing_name(const struct names *names)
{
    for (uint32_t i = 0; i < names->count; i++) {
        uint32_t inode = 0;
        int fd = open_named(names->at[i], &inode);
        if (fd < 0)
            return names->at[i];
        close(fd);
    }
    return NULL;
}

const char *proctcp_selection_missing_netns(const struct proctcp_selection *selection)
{
    return missing_name(&selection->include.netns_names);
}

/* What is asked for and is not there is said: a container may not be running, but a name may be wrong, too. */
static void say_missing(struct scan *scan, const char *name)
{
    scan->stats.namespaces_failed++;
    scan->failure[0] = '\0'; /* it was asked for: that goes before what else failed */
    scan_failed(scan, ENOENT, "(network namespace %s)", name);
}

static int find_inodes(struct scan *scan, const struct names *names, struct numbers *inodes, bool needed)
{
    inodes->count = 0;
    for (uint32_t i = 0; i < names->count; i++) {
        uint32_t inode = 0;
        int fd = scan->live ? open_named(names->at[i], &inode) : -ENOENT;
        if (fd < 0) {
            if (needed)
                say_missing(scan, names->at[i]);
            continue;
        }
        close(fd);
        uint32_t *slot = vector_push(inodes);
        if (!slot)
            return -ENOMEM;
        *slot = inode;
    }
    return 0;
}

/* Names of namespaces may come and go: they are looked up in each scan. */
static int look_up_names(struct scan *scan)
{
    int status = 0;

    if (select_asks(scan->selection, RULE_NETNS)) {
        status = find_inodes(scan, &scan->selection->include.netns_names, &scan->netns_named.include, true);
        if (status == 0)
            status = find_inodes(scan, &scan->selection->exclude.netns_names, &scan->netns_named.exclude, false);
    }
    return status;
}

int namespaces_find_lost(struct scan *scan)
{
    for (uint32_t i = 0; i < scan->lost.count; i++) {
        const struct lost_netns *lost = &scan->lost.at[i];
        const uint32_t before = scan->namespaces.count;
        if (namespaces_known(scan, lost->inode))
            continue;
        if (add(scan, lost->inode, PROCTCP_NONE, false) < 0)
            return -ENOMEM;
        if (scan->namespaces.count > before)
            scan->namespaces.at[before].holder = lost->holder;
    }
    return 0;
}

int namespaces_remember_lost(struct scan *scan)
{
    scan->lost.count = 0;
    for (uint32_t i = 0; i < scan->namespaces.count; i++) {
        const struct netns *netns = &scan->namespaces.at[i];
        if (!netns->holder.inode || !netns->read)
            continue;
        struct lost_netns *lost = vector_push(&scan->lost);
        if (!lost)
            return -ENOMEM;
        *lost = (struct lost_netns){netns->shown.inode, netns->holder};
    }
    return 0;
}

/* Of the inodes in the rules, from one on, the first that no namespace has; counted from 1, 0: there is none. */
static uint32_t missing_inode(const struct scan *scan, uint32_t from)
{
    const struct numbers *inodes = scan->selection ? &scan->selection->include.netns_inodes : NULL;

    for (uint32_t i = from; inodes && i < inodes->count; i++) {
        if (!namespaces_known(scan, inodes->at[i]))
            return i + 1;
    }
    return 0;
}

void namespaces_say_missing(struct scan *scan)
{
    for (uint32_t next = 0; (next = missing_inode(scan, next));) {
        char number[16];
        snprintf(number, sizeof(number), "%u", scan->selection->include.netns_inodes.at[next - 1]);
        say_missing(scan, number);
    }
}

static bool wants_own(const struct scan *scan)
{
    return scan->selection && scan->selection->include.own_netns;
}

int namespaces_find(struct scan *scan)
{
    const uint32_t own = own_netns(scan->proc_fd);
    const bool has_own = own || scan->live;
    int status = look_up_names(scan);

    scan->own_netns = own;
    if (status == 0 && has_own)
        status = add(scan, own, PROCTCP_NONE, true);
    if (status == 0)
        status = add_visited(scan, has_own ? own : PROCTCP_NONE);
    if (status == 0 && scan->live)
        status = add_named(scan, own);
    if (status == 0)
        status = namespaces_find_lost(scan);
    scan->lost.count = 0;
    /* A recorded tree may say nothing of namespaces, or not which is one's own. */
    if (status == 0 && !has_own && scan->namespaces.count == 0 && (scan->keys.count == 0 || wants_own(scan)))
        status = add(scan, 0, PROCTCP_NONE, true);
    return status;
}

bool namespaces_wanted(const struct scan *scan, uint32_t inode)
{
    return select_netns(scan->selection, &scan->netns_named, inode, inode && inode == scan->own_netns);
}

bool namespaces_may_be_held_from(const struct scan *scan, uint32_t home)
{
    return namespaces_wanted(scan, home) || missing_inode(scan, 0);
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

int namespaces_open_table(struct scan *scan, struct netns *netns, const char *table)
{
    int fd = netns->own || netns->entered ? open_own(scan, netns, table) : -ENOENT;

    if (fd == -ENOENT)
        fd = open_through_any(scan, netns, table);
    /* Recorded trees may have one table for all. */
    if (fd == -ENOENT && scan->namespaces.count == 1 && !scan->live)
        fd = open_below(scan, "", table);
    return fd;
}

bool namespaces_complete(const struct scan *scan, uint32_t inode)
{
    bool found = false;

    for (uint32_t i = 0; i < scan->namespaces.count; i++) {
        const struct netns *netns = &scan->namespaces.at[i];
        if (inode && netns->shown.inode != inode)
            continue;
        if (!netns->complete)
            return false;
        found = true;
    }
    return found;
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
    int fd = netns->name ? open_named(netns->name, &inode) : -ENOENT;

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

int namespaces_enter(struct scan *scan, const struct netns *netns)
{
    int fd = open_namespace(scan, netns);
    int status;

    if (fd < 0)
        return fd;
    status = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
    close(fd);
    return status;
}
