/* sources.c - which source reads what. Knows what each gives, when it may be asked, and what serves where it may not;
 * knows nothing of what a source reads. A new one is a file, and a line of the table. */
#include "capture/sources.h"

#include "capture/bpf.h"
#include "capture/bpf_unheld.h"
#include "capture/limits.h"
#include "capture/netns.h"
#include "capture/procfs_fd.h"
#include "capture/procfs_tcp.h"
#include "capture/sink.h"
#include "capture/sock_diag.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum gives {
    GIVES_OWNERS = 1,      /* which process has which socket open at which descriptor */
    GIVES_HELD = 2,        /* sockets that somebody holds */
    GIVES_UNHELD = 4,      /* sockets that nobody holds */
    GIVES_EVERY_NETNS = 8, /* of all namespaces at once: read() gets no namespace */
    FROM_INSIDE = 16,      /* only from within the namespace that is read */
};

struct source {
    const char *name;
    enum proctcp_source id;
    unsigned gives;
    bool of_recorded_trees;                                    /* can read one */
    int (*probe)(struct inquiry *inquiry);                     /* whether it answers: 0 or -errno; NULL: it does */
    int (*read)(struct inquiry *inquiry, struct netns *netns); /* to the sink: 0 or -errno */
    int (*read_bound)(struct inquiry *inquiry, const struct netns *netns); /* what is bound and no more; NULL: no way */
};

/* The iterators number processes as our own pid namespace does: a /proc of another one is walked. */
static int read_shown(struct inquiry *inquiry, struct netns *netns)
{
    const char *fault = NULL;

    (void)netns;
    if (!inquiry->live)
        fault = "a recorded tree has none";
    else if (!inquiry->own_pids)
        fault = "/proc is of another pid namespace";
    else if (inquiry->shown.is_given_up)
        fault = "it took too long a while ago, and is left alone for some scans";
    if (fault) {
        snprintf(inquiry->shown.failure, sizeof(inquiry->shown.failure), "%s", fault);
        return -EOPNOTSUPP;
    }
    inquiry->shown.ticks = inquiry_ticks(inquiry);
    return bpf_read(inquiry);
}

static int read_hashed(struct inquiry *inquiry, struct netns *netns)
{
    (void)netns;
    return bpf_read_hashed(inquiry);
}

/* Those that no better source has shown. */
static int read_descriptors(struct inquiry *inquiry, struct netns *netns)
{
    (void)netns;
    return procfs_fd_read(inquiry);
}

/* Of those that give the same, the better one first. */
static const struct source sources[] = {
    {.name = "bpf",
     .id = PROCTCP_SOURCE_BPF,
     .gives = GIVES_OWNERS | GIVES_HELD | GIVES_EVERY_NETNS,
     .read = read_shown},
    {.name = "procfs descriptors",
     .id = PROCTCP_SOURCE_PROCFS,
     .gives = GIVES_OWNERS | GIVES_EVERY_NETNS,
     .of_recorded_trees = true,
     .read = read_descriptors},
    {.name = "bpf hash tables",
     .id = PROCTCP_SOURCE_BPF,
     .gives = GIVES_UNHELD | GIVES_EVERY_NETNS,
     .read = read_hashed},
    {.name = "bpf tables",
     .id = PROCTCP_SOURCE_BPF,
     .gives = GIVES_UNHELD | FROM_INSIDE,
     .probe = bpf_probe_unheld,
     .read = bpf_read_unheld},
    {.name = "sock_diag",
     .id = PROCTCP_SOURCE_NETLINK,
     .gives = GIVES_HELD | GIVES_UNHELD | FROM_INSIDE,
     .probe = sock_diag_probe,
     .read = sock_diag_read,
     .read_bound = sock_diag_read_bound},
    {.name = "procfs tables",
     .id = PROCTCP_SOURCE_PROCFS,
     .gives = GIVES_HELD | GIVES_UNHELD,
     .of_recorded_trees = true,
     .read = procfs_tcp_read},
};

#define SOURCE_COUNT (sizeof(sources) / sizeof(sources[0]))

/* The first from an index on that gives all of this; NULL: there is none. */
static const struct source *find_source(size_t from, unsigned gives)
{
    for (size_t i = from; i < SOURCE_COUNT; i++) {
        if ((sources[i].gives & gives) == gives)
            return &sources[i];
    }
    return NULL;
}

static const struct source *next_source(const struct source *source)
{
    return find_source((size_t)(source - sources) + 1, GIVES_HELD | GIVES_UNHELD);
}

static int give_reason(struct inquiry *inquiry, const char *text)
{
    const char *reason = arena_copy(&inquiry->capture->strings, text, strlen(text));
    if (!reason)
        return -ENOMEM;
    inquiry->capture->stats.source_reason = reason;
    return 0;
}

/* Of processes and their sockets at once, where that is to be had. 0, -ENOMEM, or another -errno if it was asked for
 * and does not work. */
static int read_at_once(struct inquiry *inquiry, const struct source *source)
{
    const enum proctcp_source asked_for = inquiry->config->source;
    char text[sizeof(inquiry->shown.failure) + 16];
    int status;

    if (asked_for != PROCTCP_SOURCE_AUTO && asked_for != source->id)
        return 0;
    status = source->read(inquiry, NULL);
    if (status == 0 || inquiry_ends_with(status))
        return status;
    snprintf(text, sizeof(text), "%s: %s", source->name, inquiry->shown.failure);
    if (asked_for != source->id)
        return give_reason(inquiry, text);
    snprintf(inquiry->capture->failure, sizeof(inquiry->capture->failure), "%s", text);
    return status;
}

/* First those that are shown at once; then /proc, of what was not shown. */
int sources_read_owners(struct inquiry *inquiry)
{
    const struct source *at_once = find_source(0, GIVES_OWNERS | GIVES_HELD);
    int status = procfs_fd_list(inquiry);

    if (status == 0)
        status = read_at_once(inquiry, at_once);
    return status ? status : find_source((size_t)(at_once - sources) + 1, GIVES_OWNERS)->read(inquiry, NULL);
}

/* ---- one namespace ---- */

/* Reads it, and notes how that ended and how many sockets it gave. */
static int read_netns(struct inquiry *inquiry, const struct source *source, struct netns *netns)
{
    const uint32_t duplicates = inquiry->capture->stats.duplicates, before = inquiry->capture->sockets.count;
    int status = source->read(inquiry, netns);

    if (status == 0)
        status = sink_sockets_end(inquiry);
    if (netns->is_hashed) /* some of it was told of before */
        inquiry->capture->stats.duplicates = duplicates;
    if (status) {
        if (status != -ESRCH)
            netns->shown.error = -status;
        return status;
    }
    netns->read = true;
    if (inquiry->shown.is_used && source->id == PROCTCP_SOURCE_NETLINK)
        netns->shown.error = 0; /* it gives as much as the source before it */
    netns->shown.source = source->id;
    netns->shown.sockets += inquiry->capture->sockets.count - before;
    return 0;
}

/* Of a namespace that is being looked at again: what is found twice is no fault of the tables. */
static int look_again(struct inquiry *inquiry, const struct source *source, struct netns *netns)
{
    const uint32_t duplicates = inquiry->capture->stats.duplicates, before = inquiry->capture->sockets.count;
    int status = 0;

    if (netns->look_again == LOOK_FOR_MISSED)
        status = source->read(inquiry, netns);
    else if (source->read_bound)
        status = source->read_bound(inquiry, netns);
    if (status == 0)
        status = sink_sockets_end(inquiry);
    inquiry->capture->stats.duplicates = duplicates;
    if (inquiry->capture->sockets.count > before)
        netns->shown.sockets += inquiry->capture->sockets.count - before;
    if (status && netns->look_again == LOOK_FOR_MISSED)
        netns->complete = false;
    return inquiry_ends_with(status) ? status : 0;
}

static bool is_pending(const struct netns *netns)
{
    return !netns->ended && (netns->read ? netns->look_again != LOOK_NO : netns->shown.error == 0);
}

static int compare_namespaces(const void *a, const void *b)
{
    uint32_t x = ((const struct proctcp_netns *)a)->inode, y = ((const struct proctcp_netns *)b)->inode;
    return (x > y) - (x < y);
}

static bool had_sockets(const struct inquiry *inquiry, uint32_t inode)
{
    const struct proctcp_snapshot *previous = inquiry->previous;
    const struct proctcp_netns wanted = {.inode = inode}, *found = NULL;

    if (previous && previous->namespace_count)
        found = bsearch(&wanted, previous->namespaces, previous->namespace_count, sizeof(wanted), compare_namespaces);
    return found && found->sockets;
}

/* What is known to be empty is not read. To ask costs less than to read, and is in vain where there were sockets. */
static bool skip_empty(struct inquiry *inquiry, const struct source *source, struct netns *netns)
{
    if (netns->own || !inquiry->live || !netns_has_process(netns) || had_sockets(inquiry, netns->shown.inode) ||
        !procfs_tcp_is_empty(inquiry, netns))
        return false;
    netns->read = netns->complete = true;
    netns->shown.source = source->id;
    return true;
}

/* Namespaces are cheap to make. Each user's are read up to a number. */
static bool is_within_limit(struct inquiry *inquiry, struct netns *netns)
{
    const uint32_t uid =
        netns->process == PROCTCP_NONE ? netns->holder_uid : inquiry->capture->processes.at[netns->process].uid;

    if (netns->own || netns->look_again != LOOK_NO || uid == 0 || uid == UINT32_MAX ||
        inquiry_within_limit(&inquiry->namespaces_of, uid, 1, LIMIT_NAMESPACES_OF_USER))
        return true;
    netns->shown.error = EDQUOT;
    return false;
}

/* ---- other namespaces ---- */

struct visitor {
    struct inquiry *inquiry;
    const struct source *source;
    bool has_left; /* the namespace that it came from */
    int status;    /* 0, or what ends the scan */
};

/* Without a process there is no other way in. */
static bool must_enter(const struct source *source, const struct netns *netns)
{
    return !netns->own && (source->gives & FROM_INSIDE || !netns_has_process(netns));
}

/* 0, or what ends the scan. Rights differ from namespace to namespace: where one may not be entered, the next one may.
 */
static int visit(struct inquiry *inquiry, const struct source *source, struct netns *netns, bool *has_left)
{
    int status;

    if (inquiry_is_cancelled(inquiry))
        return -ECANCELED;
    if (!netns->read && (skip_empty(inquiry, source, netns) || !is_within_limit(inquiry, netns)))
        return 0;
    status = netns_enter(inquiry, netns);
    if (status) {
        /* Where all sockets were gone through, what is left to be asked came later, or is nobody's to see from here. */
        if (status != -ESRCH && !netns->read && !netns->is_hashed)
            netns->shown.error = -status;
        netns->complete &= netns->look_again != LOOK_FOR_MISSED;
        return 0;
    }
    *has_left = netns->entered = true;
    if (netns->read) {
        status = look_again(inquiry, source, netns);
    } else {
        status = -ESRCH;
        for (const struct source *next = source; next && status && !inquiry_ends_with(status); next = next_source(next))
            status = read_netns(inquiry, next, netns);
    }
    netns->entered = false;
    return inquiry_ends_with(status) ? status : 0;
}

/* One namespace after the other; a thread of its own needs not come back, and none of the host is moved. Nothing is
 * kept open: a socket would keep the namespace of a container alive after it ended. */
static void *visit_namespaces(void *argument)
{
    struct visitor *visitor = argument;
    struct namespaces *namespaces = &visitor->inquiry->capture->namespaces;

    for (uint32_t i = 0; i < namespaces->count && visitor->status == 0; i++) {
        if (is_pending(&namespaces->at[i]) && must_enter(visitor->source, &namespaces->at[i]))
            visitor->status = visit(visitor->inquiry, visitor->source, &namespaces->at[i], &visitor->has_left);
    }
    return NULL;
}

static bool any_to_visit(const struct inquiry *inquiry, const struct source *source)
{
    for (uint32_t i = 0; i < inquiry->capture->namespaces.count; i++) {
        const struct netns *netns = &inquiry->capture->namespaces.at[i];
        if (is_pending(netns) && must_enter(source, netns))
            return true;
    }
    return false;
}

static void say_not_entered(struct inquiry *inquiry, int error)
{
    for (uint32_t i = 0; i < inquiry->capture->namespaces.count; i++) {
        struct netns *netns = &inquiry->capture->namespaces.at[i];
        if (!netns->read && !netns_has_process(netns))
            netns->shown.error = error;
    }
}

/* A child of ours may go where it likes, but must come back: it has more to ask. Where there is no way back, it does
 * not go. */
static int visit_as_child(struct inquiry *inquiry, struct visitor *visitor)
{
    if (inquiry->home_fd < 0) {
        say_not_entered(inquiry, EACCES);
        return 0;
    }
    visit_namespaces(visitor);
    if (setns(inquiry->home_fd, CLONE_NEWNET) < 0 && visitor->has_left)
        return visitor->status ? visitor->status : -EIO;
    return visitor->status;
}

/* In a thread that no signal of the host daemon is delivered to. */
static int visit_others(struct inquiry *inquiry, const struct source *source)
{
    struct visitor visitor = {.inquiry = inquiry, .source = source};
    pthread_t thread;
    sigset_t all, before;
    int error;

    if (!any_to_visit(inquiry, source))
        return 0;
    if (inquiry->in_child)
        return visit_as_child(inquiry, &visitor);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread, NULL, visit_namespaces, &visitor);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        say_not_entered(inquiry, error);
        return 0; /* what else is unread is tried through /proc */
    }
    pthread_join(thread, NULL);
    return visitor.status;
}

/* ---- all of them ---- */

/* Reads one's own namespace, which is the first if it is wanted, or else only asks: whether a source answers at all. */
static int try_source(struct inquiry *inquiry, const struct source *source)
{
    struct namespaces *namespaces = &inquiry->capture->namespaces;

    if (!inquiry->live && !source->of_recorded_trees)
        return -EOPNOTSUPP;
    if (namespaces->count && namespaces->at[0].own && !namespaces->at[0].read) {
        const uint64_t expected = inquiry->live && !inquiry->previous ? procfs_tcp_count(inquiry, namespaces->at) : 0;
        if (expected < EXPECTED_MAX && sink_reserve(inquiry, expected) < 0)
            return -ENOMEM;
        return read_netns(inquiry, source, &namespaces->at[0]);
    }
    return source->probe ? source->probe(inquiry) : 0;
}

/* The source of sockets that is asked first, in *chosen: the one that was asked for, or else the first that answers. */
static int choose_source(struct inquiry *inquiry, const struct source **chosen)
{
    /* Where another source showed what is held, all that are left may tell of the rest. */
    const enum proctcp_source asked_for = inquiry->shown.is_used ? PROCTCP_SOURCE_AUTO : inquiry->config->source;
    const struct source *source =
        find_source(0, inquiry->shown.is_used ? GIVES_UNHELD | FROM_INSIDE : GIVES_HELD | GIVES_UNHELD);
    char text[128], reason[64];
    int status;

    for (; next_source(source); source = next_source(source)) {
        if (asked_for != PROCTCP_SOURCE_AUTO && asked_for != source->id) {
            snprintf(text, sizeof(text), "%s was asked for", proctcp_source_name(asked_for));
            if (give_reason(inquiry, text) < 0)
                return -ENOMEM;
            continue;
        }
        status = try_source(inquiry, source);
        if (status == 0)
            break;
        if (inquiry_ends_with(status))
            return status;
        if (inquiry->shown.is_used)
            continue;
        if (asked_for == source->id) {
            inquiry_failed(inquiry, -status, inquiry->live ? "(%s)" : "(%s of a recorded tree)", source->name);
            return status;
        }
        if (!inquiry->live)
            snprintf(text, sizeof(text), "a recorded tree has no %s", source->name);
        else
            snprintf(text, sizeof(text), "%s: %s", source->name, strerror_r(-status, reason, sizeof(reason)));
        if (give_reason(inquiry, text) < 0)
            return -ENOMEM;
    }
    *chosen = source;
    return 0;
}

static int fail_without_process(struct inquiry *inquiry, struct netns *netns)
{
    const int error = netns->shown.error;

    netns->ended = error == 0;
    if (error == 0)
        return -ESRCH;
    if (netns->name)
        inquiry_failed(inquiry, error, "(network namespace %s)", netns->name);
    else
        inquiry_failed(inquiry, error, "(network namespace %u)", netns->shown.inode);
    inquiry->capture->stats.namespaces_failed++;
    return -error;
}

static const struct source *last_source(void)
{
    return &sources[SOURCE_COUNT - 1];
}

/* The last source needs nothing but a process that lives there. Why a better one did not do stays said. */
static int read_through_process(struct inquiry *inquiry, struct netns *netns)
{
    const int entering = netns->shown.error;
    int status;

    if (entering == EDQUOT || (entering == 0 && !is_within_limit(inquiry, netns))) {
        inquiry_failed(inquiry, EDQUOT, "(network namespace %u, of a user who has more than %u)", netns->shown.inode,
                       LIMIT_NAMESPACES_OF_USER);
        inquiry->capture->stats.namespaces_failed++;
        return -EDQUOT;
    }
    netns->shown.error = 0;
    status = skip_empty(inquiry, last_source(), netns) ? 0 : read_netns(inquiry, last_source(), netns);
    inquiry->capture->stats.namespaces_failed += netns->shown.error != 0;
    if (netns->read && !netns->shown.error)
        netns->shown.error = entering;
    return status;
}

/* Its held sockets were shown; who waits there without a holder is not known. Why, stays said. */
static void rest_on_shown(struct netns *netns)
{
    netns->read = netns->complete = true;
    netns->shown.source = PROCTCP_SOURCE_BPF;
}

/* What could not be read better is read through a process; then all, from one on, are counted. */
static int read_rest(struct inquiry *inquiry, uint32_t first)
{
    struct proctcp_stats *stats = &inquiry->capture->stats;
    int failure = -ENOENT;

    for (uint32_t i = first; i < inquiry->capture->namespaces.count; i++) {
        struct netns *netns = &inquiry->capture->namespaces.at[i];
        int status = 0;
        if (inquiry_is_cancelled(inquiry))
            return -ECANCELED;
        if (!netns->read && inquiry->shown.is_used)
            rest_on_shown(netns);
        if (!netns->read)
            status =
                netns_has_process(netns) ? read_through_process(inquiry, netns) : fail_without_process(inquiry, netns);
        if (inquiry_ends_with(status))
            return status;
        if (status && status != -ESRCH)
            failure = status;
        stats->namespaces += netns->read;
        stats->namespaces_procfs += netns->shown.source == PROCTCP_SOURCE_PROCFS;
    }
    return stats->namespaces || !inquiry->capture->namespaces.count ? 0 : failure;
}

/* How many sockets each namespace has so far. */
static void count_shown(struct inquiry *inquiry)
{
    struct netns *last = NULL;

    for (uint32_t i = 0; i < inquiry->capture->sockets.count; i++) {
        const uint32_t inode = inquiry->capture->sockets.at[i].netns;
        if (!last || last->shown.inode != inode)
            last = sink_find_netns(inquiry, inode);
        if (last)
            last->shown.sockets++;
    }
}

/* So many sockets of one namespace are told of by an iterator in less time than a walk through empty hash tables takes:
 * 2 ms for 262,144 lists. */
#define FEW_SOCKETS 10000

static bool is_read_sooner_alone(const struct capture *capture)
{
    const struct namespaces *namespaces = &capture->namespaces;
    const bool own_alone = namespaces->count == 0 || (namespaces->count == 1 && namespaces->at[0].own);
    return own_alone && capture->sockets.count < FEW_SOCKETS;
}

/* What nobody holds, of all namespaces at once. Where that is not to be had, other sources tell of it. 0, or what ends
 * the scan. */
static int read_every_netns(struct inquiry *inquiry)
{
    const struct source *source = find_source(0, GIVES_UNHELD | GIVES_EVERY_NETNS);
    int status;

    if (!inquiry->shown.is_used || is_read_sooner_alone(inquiry->capture) || inquiry->before->without_hashed)
        return 0;
    status = source->read(inquiry, NULL);
    if (status && !inquiry_ends_with(status) && status != -ENOENT) /* it should, and does not */
        status = give_reason(inquiry, inquiry->shown.failure);
    inquiry->shown.failure[0] = '\0';
    return inquiry_ends_with(status) ? status : 0;
}

int sources_read_sockets(struct inquiry *inquiry)
{
    char earlier[sizeof(inquiry->capture->failure)];
    int status;

    /* It fails for what failed here, not for what was left out before. */
    memcpy(earlier, inquiry->capture->failure, sizeof(earlier));
    inquiry->capture->failure[0] = '\0';
    status = read_every_netns(inquiry);
    if (status)
        return status;
    count_shown(inquiry);
    status = choose_source(inquiry, &inquiry->source);
    if (status)
        return status;
    inquiry->capture->stats.source = inquiry->shown.is_used ? PROCTCP_SOURCE_BPF : inquiry->source->id;
    status = visit_others(inquiry, inquiry->source);
    if (status == 0)
        status = read_rest(inquiry, 0);
    inquiry->namespaces_read = inquiry->capture->namespaces.count;
    if (status == 0 && earlier[0])
        memcpy(inquiry->capture->failure, earlier, sizeof(earlier));
    return status;
}

int sources_look_again(struct inquiry *inquiry)
{
    struct namespaces *namespaces = &inquiry->capture->namespaces;
    int status = visit_others(inquiry, inquiry->source);

    for (uint32_t i = 0; i < namespaces->count && status == 0; i++) {
        struct netns *netns = &namespaces->at[i];
        if (!netns->read || netns->look_again == LOOK_NO || must_enter(inquiry->source, netns))
            continue;
        const bool from_inside = inquiry->source->gives & FROM_INSIDE && netns->shown.source == inquiry->source->id;
        status = look_again(inquiry, from_inside ? inquiry->source : last_source(), netns);
    }
    if (status == 0 && inquiry->namespaces_read < namespaces->count) {
        status = read_rest(inquiry, inquiry->namespaces_read);
        status = inquiry_ends_with(status) ? status : 0;
    }
    for (uint32_t i = 0; i < namespaces->count; i++)
        namespaces->at[i].look_again = LOOK_NO;
    return status;
}
