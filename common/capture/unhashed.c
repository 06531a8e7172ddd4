/* unbound.c - which socket inodes that are in no TCP table are TCP sockets all the same: never bound, or torn down and
 * not closed. Asks the kernel once for each inode, and remembers the answer as long as somebody holds the inode. */
#include "scan.h"

#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

/* A duplicate of a socket's descriptor, to be closed at once: it would keep the socket alive. The kernel (before 5.6)
 * or our rights (CAP_SYS_PTRACE) may not allow it. -ESRCH: it is another one by now, or the root is the procfs of
 * another pid namespace, where the pid is somebody else's. */
static int borrow(const struct holder *holder)
{
#if defined(SYS_pidfd_open) && defined(SYS_pidfd_getfd)
    struct stat found;
    int pidfd = (int)syscall(SYS_pidfd_open, holder->pid, 0);
    int fd = pidfd < 0 ? scan_errno() : (int)syscall(SYS_pidfd_getfd, pidfd, holder->fd, 0);

    if (pidfd < 0)
        return fd;
    fd = fd < 0 ? scan_errno() : fd;
    close(pidfd);
    if (fd < 0 || (fstat(fd, &found) == 0 && found.st_ino == holder->inode))
        return fd;
    close(fd);
    return -ESRCH;
#else
    (void)holder;
    return -ENOSYS;
#endif
}

/* SIOCGSKNS takes CAP_NET_ADMIN in the user namespace that the network namespace belongs to. */
int strays_open_netns(const struct scan *scan, const struct holder *holder)
{
    int fd = scan->live ? borrow(holder) : -EOPNOTSUPP;
    int netns;

    if (fd < 0)
        return fd;
    netns = ioctl(fd, SIOCGSKNS);
    netns = netns < 0 ? scan_errno() : netns;
    close(fd);
    return netns;
}

/* What the socket itself says: its namespace, 0 if that cannot be had, and whether it is in a state that some table
 * should show. */
static uint32_t look_closer(const struct scan *scan, const struct holder *holder, bool *is_open)
{
    struct stat home = {.st_ino = 0};
    uint8_t tcp_state;
    socklen_t size = sizeof(tcp_state); /* the first of struct tcp_info */
    int fd = scan->live ? borrow(holder) : -EOPNOTSUPP, netns;

    *is_open = false;
    if (fd < 0)
        return 0;
    *is_open = getsockopt(fd, IPPROTO_TCP, TCP_INFO, &tcp_state, &size) == 0 && size && tcp_state != TCP_CLOSE;
    netns = ioctl(fd, SIOCGSKNS);
    close(fd);
    if (netns < 0)
        return 0;
    if (fstat(netns, &home) < 0)
        home.st_ino = 0;
    close(netns);
    return (uint32_t)home.st_ino;
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
        return scan_errno();
    name[length] = '\0';
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (strcmp(name, protocols[i].name) == 0)
            return still_open(scan, path, owner->inode) ? (int)protocols[i].family : -ENOENT;
    }
    return 0;
}

/* At most half of the map is used. */
static int build_map(struct scan *scan)
{
    uint32_t size = 64;

    while (size < UINT32_MAX / 2 && size / 2 <= scan->strays.count)
        size *= 2;
    scan->stray_map.count = 0;
    if (!vector_reserve(&scan->stray_map, size))
        return -ENOMEM;
    scan->stray_map.count = size;
    memset(scan->stray_map.at, 0xff, size * sizeof(scan->stray_map.at[0]));
    for (uint32_t i = 0; i < scan->strays.count; i++)
        scan->stray_map.at[find_slot(scan, scan->strays.at[i].inode)] = i;
    return 0;
}

int strays_begin(struct scan *scan)
{
    for (uint32_t i = 0; i < scan->strays.count; i++)
        scan->strays.at[i].seen = false;
    return build_map(scan);
}

static struct holder holder_of(const struct scan *scan, const struct owner *owner)
{
    return (struct holder){scan->visits.at[owner->visit].pid, owner->fd, owner->inode};
}

/* Whether a namespace is one that nothing but its sockets told of so far. 1: it is in scan->lost. */
static int note_lost(struct scan *scan, const struct owner *owner, uint32_t netns)
{
    struct lost_netns *lost;

    if (!netns || scan->looked_for_lost || namespaces_known(scan, netns) || !namespaces_wanted(scan, netns))
        return 0;
    for (uint32_t i = 0; i < scan->lost.count; i++) {
        if (scan->lost.at[i].inode == netns)
            return 1;
    }
    lost = vector_push(&scan->lost);
    if (!lost)
        return -ENOMEM;
    *lost = (struct lost_netns){netns, holder_of(scan, owner)};
    return 1;
}

/* In a namespace that is not wanted, for as long as it lives. */
static bool is_elsewhere(const struct scan *scan, const struct stray *stray)
{
    return stray->netns && !namespaces_wanted(scan, stray->netns);
}

/* 1: answer is set, and worth keeping. 0: closed meanwhile, or counted. 2: in a namespace that was not known. */
static int ask_anew(struct scan *scan, const struct owner *owner, struct stray *answer)
{
    int family = ask_kernel(scan, owner);
    const struct holder holder = holder_of(scan, owner);
    bool is_open = false;

    if (family >= 0) {
        *answer = (struct stray){.inode = owner->inode, .family = (uint8_t)family, .seen = true};
        if (family > 0)
            answer->netns = look_closer(scan, &holder, &is_open);
        int lost = note_lost(scan, owner, answer->netns);
        if (lost)
            return lost < 0 ? lost : 2;
        if (is_elsewhere(scan, answer))
            return 1;
        if (is_open)
            scan->stats.unread++; /* the dump passed it by, or it has only just come to life */
        return !is_open;
    }
    if (family == -EMFILE || family == -ENFILE || family == -ENOBUFS)
        scan_count_error(scan, -family, "%d/fd/%d", holder.pid, holder.fd);
    else if (family == -ENOENT && scan->live)
        scan->stats.closed++;
    return 0; /* a recorded tree, or an older kernel, has nothing to say either */
}

static int ask_first(struct scan *scan, const struct owner *owner, uint32_t slot, struct stray *answer)
{
    int status = ask_anew(scan, owner, answer);
    struct stray *stray;

    if (status != 1)
        return status;
    stray = vector_push(&scan->strays);
    if (!stray)
        return -ENOMEM;
    *stray = *answer;
    scan->stray_map.at[slot] = scan->strays.count - 1;
    if (scan->strays.count >= scan->stray_map.count / 2 && build_map(scan) < 0)
        return -ENOMEM;
    return answer->family != 0 && !is_elsewhere(scan, answer);
}

int strays_ask(struct scan *scan, const struct owner *owner, struct stray *answer)
{
    uint32_t slot = find_slot(scan, owner->inode), index = scan->stray_map.at[slot];
    char path[32];

    if (index == PROCTCP_NONE)
        return ask_first(scan, owner, slot, answer);
    struct stray *known = &scan->strays.at[index];
    known->seen = true;
    *answer = *known;
    if (!known->family || is_elsewhere(scan, known))
        return 0;
    snprintf(path, sizeof(path), "%d/fd/%d", scan->visits.at[owner->visit].pid, owner->fd);
    if (!still_open(scan, path, owner->inode)) {
        scan->stats.closed++;
        return 0;
    }
    int lost = note_lost(scan, owner, known->netns);
    return lost == 0 ? 1 : lost < 0 ? lost : 2;
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
