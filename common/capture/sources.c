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

/* Without a process there is no other way in. */
static bool has_process(const struct netns *netns)
{
    return netns->own || !(netns->name || netns->holder.inode);
}

static bool must_enter(const struct netns *netns, bool netlink)
{
    return netlink || !has_process(netns);
}

/* 0 or -ENOMEM. Rights differ from namespace to namespace: where one may not be entered, the next one may. */
static int visit_namespace(struct scan *scan, struct netns *netns, bool netlink)
{
    int status = entrances_enter(scan, netns);

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
        if (!netns->read && must_enter(netns, visitor->netlink))
            visitor->status = visit_namespace(visitor->scan, netns, visitor->netlink);
    }
    return NULL;
}

static void say_not_entered(struct scan *scan, int error)
{
    for (uint32_t i = 0; i < scan->namespaces.count; i++) {
        struct netns *netns = &scan->namespaces.at[i];
        if (!netns->read && !has_process(netns))
            netns->shown.error = error;
    }
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
    if (error) {
        say_not_entered(scan, error);
        return 0; /* what else is unread is tried through /proc */
    }
    pthread_join(thread, NULL);
    return visitor.status;
}

static bool any_to_visit(const struct scan *scan, bool netlink)
{
    for (uint32_t i = 0; i < scan->namespaces.count; i++) {
        if (!scan->namespaces.at[i].read && must_enter(&scan->namespaces.at[i], netlink))
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

static int fail_without_process(struct scan *scan, const struct netns *netns)
{
    const int error = netns->shown.error ? netns->shown.error : ESRCH;

    if (!netns->shown.error)
        return -ESRCH; /* it ended */
    if (netns->name)
        scan_failed(scan, error, "(network namespace %s)", netns->name);
    else
        scan_failed(scan, error, "(network namespace %u)", netns->shown.inode);
    scan->stats.namespaces_failed++;
    return -error;
}

static int read_through_process(struct scan *scan, struct netns *netns)
{
    int entering = netns->shown.error, status;

    netns->shown.error = 0;
    status = read_procfs(scan, netns);
    scan->stats.namespaces_failed += netns->shown.error != 0;
    if (netns->read && !netns->shown.error)
        netns->shown.error = entering;
    return status;
}

/* What ended before it could be read, or what it was to be entered through did: if there is more of it, the join comes
 * upon it. */
static void drop_ended(struct scan *scan, uint32_t first)
{
    uint32_t kept = first;

    for (uint32_t i = first; i < scan->namespaces.count; i++) {
        const struct netns *netns = &scan->namespaces.at[i];
        if (netns->read || has_process(netns) || netns->shown.error)
            scan->namespaces.at[kept++] = *netns;
    }
    scan->namespaces.count = kept;
}

/* What could not be read better is read through /proc; then all, from one on, is counted. */
static int read_rest(struct scan *scan, uint32_t first)
{
    int failure = -ENOENT;

    for (uint32_t i = first; i < scan->namespaces.count; i++) {
        struct netns *netns = &scan->namespaces.at[i];
        int status = 0;
        if (!netns->read)
            status = has_process(netns) ? read_through_process(scan, netns) : fail_without_process(scan, netns);
        if (status == -ENOMEM)
            return status;
        if (status && status != -ESRCH)
            failure = status;
        scan->stats.namespaces += netns->read;
        scan->stats.namespaces_procfs += netns->shown.source == PROCTCP_SOURCE_PROCFS;
    }
    drop_ended(scan, first);
    return scan->stats.namespaces || !scan->namespaces.count ? 0 : failure;
}

/* Those that are not read yet, from one on. */
static int read_others(struct scan *scan, uint32_t first, bool netlink)
{
    int status = any_to_visit(scan, netlink) ? visit_others(scan, netlink) : 0;
    return status ? status : read_rest(scan, first);
}

int sources_scan(struct scan *scan)
{
    const char **word = vector_push(&scan->words);
    struct proctcp_trouble *none = vector_push(&scan->troubles);
    int netlink;

    if (!word || !none)
        return -ENOMEM;
    *word = "";
    *none = (struct proctcp_trouble){0};
    netlink = try_netlink(scan);
    if (netlink < 0)
        return netlink;
    scan->stats.source = netlink ? PROCTCP_SOURCE_NETLINK : PROCTCP_SOURCE_PROCFS;
    return read_others(scan, 0, netlink);
}

int sources_scan_lost(struct scan *scan)
{
    const uint32_t first = scan->namespaces.count;

    if (namespaces_find_lost(scan) < 0)
        return -ENOMEM;
    return read_others(scan, first, scan->stats.source == PROCTCP_SOURCE_NETLINK) == -ENOMEM ? -ENOMEM : 0;
}
