/* unbound.c - which socket inodes that are in no TCP table are TCP sockets all the same: never bound, or torn down and
 * not closed. Asks the kernel once for each inode, and remembers the answer as long as somebody holds the inode. */
#include "scan.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Names of struct proto in the kernel. MPTCP shows its subflows in the TCP tables, but none before it is bound. */
static const struct {
    const char *name;
    enum proctcp_family family;
} protocols[] = {{"TCP", PROCTCP_INET}, {"TCPv6", PROCTCP_INET6}, {"MPTCP", PROCTCP_INET}, {"MPTCPv6", PROCTCP_INET6}};

static uint32_t slot_of(const struct scan *scan, uint32_t inode)
{
    return inode * 2654435761u >> 7 & (scan->stray_map.count - 1);
}

/* Where the inode's stray is in the map, or would be. */
static uint32_t find_slot(const struct scan *scan, uint32_t inode)
{
    const struct indices *map = &scan->stray_map;
    uint32_t slot = slot_of(scan, inode);
    while (map->at[slot] != PROCTCP_NONE && scan->strays.at[map->at[slot]].inode != inode)
        slot = (slot + 1) & (map->count - 1);
    return slot;
}

/* The link still leads to the inode, a look later: otherwise it was closed while we scanned. */
static bool still_open(const struct scan *scan, const char *path, uint32_t inode)
{
    char link[32];
    uint32_t now;
    ssize_t length = readlinkat(scan->proc_fd, path, link, sizeof(link));
    return length > 0 && owners_parse_link(link, (size_t)length, &now) && now == inode;
}

/* The family, 0 if it is not TCP, or -errno. */
static int ask_kernel(struct scan *scan, const struct owner *owner)
{
    char path[32], full[PATH_MAX], name[32];
    ssize_t length;

    snprintf(path, sizeof(path), "%d/fd/%d", scan->visits.at[owner->visit].pid, owner->fd);
    if ((size_t)snprintf(full, sizeof(full), "%s/%s", scan->root, path) >= sizeof(full))
        return -ENAMETOOLONG;
    length = getxattr(full, "system.sockprotoname", name, sizeof(name) - 1);
    if (length < 0)
        return -errno;
    name[length] = '\0';
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (strcmp(name, protocols[i].name) == 0)
            return still_open(scan, path, owner->inode) ? (int)protocols[i].family : -ENOENT;
    }
    return 0;
}

int strays_begin(struct scan *scan)
{
    uint64_t needed = (uint64_t)scan->strays.count + scan->owners.count;
    uint32_t size = 64;

    while (size < UINT32_MAX / 2 && size / 2 < needed)
        size *= 2;
    scan->stray_map.count = 0;
    if (!vector_reserve(&scan->stray_map, size))
        return -ENOMEM;
    scan->stray_map.count = size;
    memset(scan->stray_map.at, 0xff, size * sizeof(scan->stray_map.at[0]));
    for (uint32_t i = 0; i < scan->strays.count; i++) {
        scan->strays.at[i].seen = false;
        scan->stray_map.at[find_slot(scan, scan->strays.at[i].inode)] = i;
    }
    return 0;
}

int strays_ask(struct scan *scan, const struct owner *owner)
{
    uint32_t slot = find_slot(scan, owner->inode), index = scan->stray_map.at[slot];
    struct stray *stray = index == PROCTCP_NONE ? NULL : &scan->strays.at[index];
    int family;

    if (stray && !stray->family) {
        stray->seen = true;
        return 0;
    }
    family = ask_kernel(scan, owner);
    if (family < 0) {
        /* Closed meanwhile, or a recorded tree, or an older kernel: nothing to learn, and nothing to remember. */
        if (family == -ENOENT && scan->live)
            scan->stats.closed++;
        return 0;
    }
    if (!stray) {
        stray = vector_push(&scan->strays);
        if (!stray)
            return -ENOMEM;
        scan->stray_map.at[slot] = scan->strays.count - 1;
    }
    *stray = (struct stray){.inode = owner->inode, .family = (uint8_t)family, .seen = true};
    return family;
}

void strays_end(struct scan *scan)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < scan->strays.count; i++) {
        if (scan->strays.at[i].seen)
            scan->strays.at[kept++] = scan->strays.at[i];
    }
    scan->strays.count = kept;
}
