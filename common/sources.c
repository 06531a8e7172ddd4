/* sources.c - which source reads which namespace. sock_diag is asked first: it says more, and faster. Knows when it may
 * be asked, and what serves where it may not; knows nothing of what a source reads. */
#include "scan.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

/* Notes how the read of a namespace ended, and how many sockets it gave. */
static void settle(struct scan *scan, struct netns *netns, enum proctcp_source source, uint32_t sockets_before,
                   int status)
{
    if (status) {
        if (status != -ESRCH)
            netns->shown.error = -status;
        return;
    }
    netns->read = true;
    netns->shown.source = source;
    netns->shown.sockets = scan->sockets.count - sockets_before;
}

static int read_netlink(struct scan *scan, struct netns *netns)
{
    uint32_t before = scan->sockets.count;
    const uint32_t malformed = scan->stats.malformed;
    int status = sockets_netlink_scan(scan, netns->shown.inode);
    netns->complete = status == 0 && scan->stats.malformed == malformed;
    status = status < 0 ? status : 0;
    settle(scan, netns, PROCTCP_SOURCE_NETLINK, before, status);
    return status;
}

static int read_procfs(struct scan *scan, struct netns *netns)
{
    uint32_t before = scan->sockets.count;
    int status = sockets_procfs_scan(scan, netns);
    settle(scan, netns, PROCTCP_SOURCE_PROCFS, before, status);
    return status;
}

/* ---- other namespaces ---- */

struct visitor {
    struct scan *scan;
    bool netlink;
    int status; /* 0 or -ENOMEM */
};

/* 0 or -ENOMEM. Rights differ from namespace to namespace: where one may not be entered, the next one may. */
static int visit_namespace(struct scan *scan, struct netns *netns, bool netlink)
{
    int status = namespaces_enter(scan, netns);

    if (status) {
        if (status != -ESRCH)
            netns->shown.error = -status;
        return 0;
    }
    if (netlink && read_netlink(scan, netns) == 0)
        return 0;
    if (netlink && netns->shown.error == ENOMEM)
        return -ENOMEM;
    netns->entered = true;
    status = read_procfs(scan, netns);
    netns->entered = false;
    return status == -ENOMEM ? status : 0;
}

/* One namespace after the other; a thread of its own needs not come back, and none of the host is moved. Nothing is
 * kept open: a socket would keep the namespace of a container alive after it ended. */
static void *visit_namespaces(void *argument)
{
    struct visitor *visitor = argument;
    struct namespaces *namespaces = &visitor->scan->namespaces;

    for (uint32_t i = 0; i < namespaces->count && visitor->status == 0; i++) {
        struct netns *netns = &namespaces->at[i];
        if (!netns->read && (visitor->netlink || netns->name))
            visitor->status = visit_namespace(visitor->scan, netns, visitor->netlink);
    }
    return NULL;
}

/* In a thread that no signal of the host daemon is delivered to. */
static int visit_others(struct scan *scan, bool netlink)
{
    struct visitor visitor = {.scan = scan, .netlink = netlink};
    pthread_t thread;
    sigset_t all, before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread, NULL, visit_namespaces, &visitor);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return 0; /* what is unread is tried through /proc */
    pthread_join(thread, NULL);
    return visitor.status;
}

static bool any_to_visit(const struct scan *scan, bool netlink)
{
    for (uint32_t i = 0; i < scan->namespaces.count; i++) {
        if (!scan->namespaces.at[i].read && (netlink || scan->namespaces.at[i].name))
            return true;
    }
    return false;
}

/* ---- all of them ---- */

static int give_reason(struct scan *scan, const char *text)
{
    const char *reason = arena_copy(&scan->strings, text, strlen(text));
    if (!reason)
        return -ENOMEM;
    scan->stats.source_reason = reason;
    return 0;
}

/* Whether sock_diag answers at all, found out by reading one's own namespace, which is the first if it is wanted. 1, 0,
 * or -errno. */
static int try_netlink(struct scan *scan)
{
    struct netns *own = scan->namespaces.count && scan->namespaces.at[0].own ? &scan->namespaces.at[0] : NULL;
    char text[128], reason[64];
    int status;

    if (scan->source == PROCTCP_SOURCE_PROCFS)
        return give_reason(scan, "procfs was asked for");
    if (!scan->live && scan->source == PROCTCP_SOURCE_AUTO)
        return give_reason(scan, "a recorded tree has no sock_diag");
    if (!scan->live)
        status = -EOPNOTSUPP;
    else
        status = own ? read_netlink(scan, own) : sockets_netlink_try(scan);
    if (status == 0 || status == -ENOMEM)
        return status ? status : 1;
    if (scan->source == PROCTCP_SOURCE_NETLINK) {
        scan_failed(scan, -status, "%s", scan->live ? "(sock_diag)" : "(sock_diag of a recorded tree)");
        return status;
    }
    snprintf(text, sizeof(text), "sock_diag: %s", strerror_r(-status, reason, sizeof(reason)));
    return give_reason(scan, text);
}

/* What could not be read better is read through /proc; then all is counted. */
static int read_rest(struct scan *scan)
{
    int failure = -ENOENT;

    for (uint32_t i = 0; i < scan->namespaces.count; i++) {
        struct netns *netns = &scan->namespaces.at[i];
        if (!netns->read && netns->name && netns->shown.error) { /* without a process there is no other way in */
            failure = -netns->shown.error;
            scan_failed(scan, netns->shown.error, "(network namespace %s)", netns->name);
            scan->stats.namespaces_failed++;
        } else if (!netns->read) {
            int entering = netns->shown.error;
            netns->shown.error = 0;
            int status = read_procfs(scan, netns);
            if (status == -ENOMEM)
                return status;
            if (status && status != -ESRCH)
                failure = status;
            scan->stats.namespaces_failed += netns->shown.error != 0;
            if (netns->read && !netns->shown.error)
                netns->shown.error = entering;
        }
        scan->stats.namespaces += netns->read;
        scan->stats.namespaces_procfs += netns->shown.source == PROCTCP_SOURCE_PROCFS;
    }
    return scan->stats.namespaces || !scan->namespaces.count ? 0 : failure;
}

int sources_scan(struct scan *scan)
{
    const char **word = vector_push(&scan->words);
    struct proctcp_trouble *none = vector_push(&scan->troubles);
    int netlink, status = 0;

    if (!word || !none)
        return -ENOMEM;
    *word = "";
    *none = (struct proctcp_trouble){0};
    netlink = try_netlink(scan);
    if (netlink < 0)
        return netlink;
    scan->stats.source = netlink ? PROCTCP_SOURCE_NETLINK : PROCTCP_SOURCE_PROCFS;
    if (any_to_visit(scan, netlink))
        status = visit_others(scan, netlink);
    return status ? status : read_rest(scan);
}
