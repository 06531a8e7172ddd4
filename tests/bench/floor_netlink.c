/* floor_netlink.c - the kernel's part of a scan by sock_diag: the same request and receive buffer, one namespace after
 * the other in a thread of its own. Looks only for the end of each dump. */
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static bool request(int netlink)
{
    const struct {
        struct nlmsghdr header;
        struct inet_diag_req body;
    } message = {
        .header = {.nlmsg_len = sizeof(message),
                   .nlmsg_type = TCPDIAG_GETSOCK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .body = {.idiag_family = AF_INET,
                 .idiag_ext = 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1) | 1 << (INET_DIAG_SKMEMINFO - 1),
                 .idiag_states = 0x1fff},
    };
    return send(netlink, &message, sizeof(message), 0) == (ssize_t)sizeof(message);
}

/* The kernel says that a dump is done at the end of its last datagram, or in one of its own. */
static bool is_last(const char *buffer, size_t length)
{
    const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)buffer;

    for (; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
        if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
            return true;
    }
    return false;
}

static bool dump(struct floor *floor)
{
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    bool done = netlink >= 0 && request(netlink), last = false;

    while (done && !last) {
        ssize_t length = recv(netlink, floor->buffer, FLOOR_BUFFER_SIZE, 0);
        done = length > 0;
        if (!done)
            break;
        floor->bytes += (unsigned long)length;
        last = is_last(floor->buffer, (size_t)length);
    }
    if (netlink >= 0)
        close(netlink);
    return done;
}

static bool enter(const struct floor *floor, int pid)
{
    char path[32];
    int fd;
    bool done;

    snprintf(path, sizeof(path), "%d/ns/net", pid);
    fd = openat(floor->proc_fd, path, O_RDONLY | O_CLOEXEC);
    done = fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

/* A namespace whose processes have ended meanwhile, or that may not be entered, is none of the floor's worries. */
static void *dump_others(void *argument)
{
    struct floor *floor = argument;

    for (unsigned i = 0; i < FLOOR_NAMESPACES; i++) {
        const struct floor_namespace *namespace = &floor->namespaces[i];
        if (namespace->pid && namespace->inode != floor->own && enter(floor, namespace->pid))
            dump(floor);
    }
    return NULL;
}

bool floor_netlink(struct floor *floor)
{
    pthread_t thread;

    if (!dump(floor))
        return false;
    if (floor->namespace_count < 2)
        return true;
    return pthread_create(&thread, NULL, dump_others, floor) == 0 && pthread_join(thread, NULL) == 0;
}
