/* namespaces.c - the distinct network namespaces, and how to read each. Knows processes only as places that live in a
 * namespace, and nothing of what a table holds. */
#include "cursor.h"
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Own directories, best first: the calling thread may have left the namespace of its process (3.17 and newer tell). */
static const char *const own_directories[] = {"thread-self", "self"};

static uint32_t own_netns(int proc_fd)
{
    for (size_t i = 0; i < sizeof(own_directories) / sizeof(own_directories[0]); i++) {
        char path[32], link[32];
        snprintf(path, sizeof(path), "%s/ns/net", own_directories[i]);
        ssize_t length = readlinkat(proc_fd, path, link, sizeof(link));
        struct cursor c = {link, link + (length > 0 ? length : 0)};
        uint32_t inode;
        if (cursor_text(&c, "net:[") && cursor_dec32(&c, &inode) && cursor_expect(&c, ']'))
            return inode;
    }
    return 0;
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int add(struct scan *scan, uint32_t inode, uint32_t visit, bool own)
{
    struct netns *netns = vector_push(&scan->namespaces);
    if (!netns)
        return -ENOMEM;
    *netns = (struct netns){.inode = inode, .visit = visit, .own = own};
    return 0;
}

/* Sorts (namespace, visit) pairs, so that the first of each run names a namespace and its lowest pid. */
static int add_visited(struct scan *scan, uint32_t own)
{
    struct keys *keys = &scan->inode_keys;

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

int namespaces_find(struct scan *scan)
{
    uint32_t own = own_netns(scan->proc_fd);
    int status = 0;

    if (own || scan->own_netns_only || scan->live)
        status = add(scan, own, PROCTCP_NONE, true);
    if (status == 0 && !scan->own_netns_only)
        status = add_visited(scan, scan->namespaces.count ? own : PROCTCP_NONE);
    if (status == 0 && scan->namespaces.count == 0)
        status = add(scan, 0, PROCTCP_NONE, true);
    return status;
}

static int open_in(struct scan *scan, const char *directory, const char *table)
{
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "%s%snet/%s", directory, *directory ? "/" : "", table);
    fd = openat(scan->proc_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return fd;
    int error = errno;
    if (error != ENOENT && error != ESRCH)
        scan_failed(scan, error, "%s", path);
    return -error;
}

/* The worse of two reasons why a table could not be opened: "not there" says least. */
static int worse(int a, int b)
{
    return a != 0 && a != -ENOENT && a != -ESRCH ? a : b;
}

int namespaces_open_table(struct scan *scan, const struct netns *netns, const char *table)
{
    int fd, status = -ENOENT;

    if (netns->own) {
        for (size_t i = 0; i < sizeof(own_directories) / sizeof(own_directories[0]); i++) {
            fd = open_in(scan, own_directories[i], table);
            if (fd >= 0)
                return fd;
            status = worse(status, fd);
        }
    }
    /* A process may have ended since it was visited; another of its namespace serves as well. */
    for (uint32_t i = netns->visit; i < scan->visits.count; i++) {
        const struct visit *visit = &scan->visits.at[i];
        char directory[16];
        if (visit->netns != netns->inode || visit->unreadable)
            continue;
        snprintf(directory, sizeof(directory), "%d", visit->pid);
        fd = open_in(scan, directory, table);
        if (fd >= 0)
            return fd;
        status = worse(status, fd);
        if (fd != -ESRCH && (fd != -ENOENT || scan->live))
            break;
    }
    /* Recorded trees may have one table for all. */
    if (scan->namespaces.count == 1) {
        fd = open_in(scan, "", table);
        if (fd >= 0)
            return fd;
        status = worse(status, fd);
    }
    return status == -ESRCH ? -ENOENT : status;
}
