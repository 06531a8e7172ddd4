/* netns.c - the distinct network namespaces, as far as they are selected, and how each was read. Knows who tells of
 * one: processes, threads, names, sockets. */
#include "capture/netns.h"

#include "capture/helper.h"
#include "capture/limits.h"
#include "capture/sink.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Where ip-netns(8) mounts namespaces that have a name. */
#define NETNS_DIRECTORY "/run/netns"

static int add(struct inquiry *inquiry, uint32_t inode, uint32_t process, bool own)
{
    int status;
    sink_netns(inquiry, inode, process, own || (inode && inode == inquiry->own_netns), &status);
    return status;
}

static int add_homes(struct inquiry *inquiry)
{
    const struct processes *processes = &inquiry->capture->processes;
    int status = 0;

    for (uint32_t i = 0; i < processes->count && status == 0; i++) {
        const struct process *process = &processes->at[i];
        if (process->walk == WALK_REFUSED || process->walk == WALK_GONE)
            continue;
        /* Without a link to compare with, a process of a live system may well be in a namespace that is read already.
         */
        if (process->netns || !inquiry->live)
            status = add(inquiry, process->netns, i, false);
    }
    for (uint32_t i = 0; i < inquiry->threads.count && status == 0; i++)
        status = add(inquiry, inquiry->threads.at[i].netns, inquiry->threads.at[i].process, false);
    return status;
}

/* ---- names ---- */

/* Namespaces that have a name and no process. */
static int add_named(struct inquiry *inquiry)
{
    DIR *directory = opendir(NETNS_DIRECTORY);
    const struct dirent *entry;
    int status = 0;

    while (status == 0 && directory && (entry = readdir(directory))) {
        uint32_t inode = 0;
        int fd = entry->d_name[0] == '.' ? -ENOENT : netns_open_named(entry->d_name, &inode);
        if (fd < 0)
            continue;
        close(fd);
        struct netns *netns = sink_netns(inquiry, inode, PROCTCP_NONE, false, &status);
        if (netns) {
            netns->name = arena_copy(&inquiry->capture->strings, entry->d_name, strlen(entry->d_name));
            status = netns->name ? 0 : -ENOMEM;
        }
        if (inquiry_is_cancelled(inquiry))
            status = -ECANCELED;
    }
    if (directory)
        closedir(directory);
    return status;
}

static const char *missing_name(const struct names *names)
{
    for (uint32_t i = 0; i < names->count; i++) {
        uint32_t inode = 0;
        int fd = netns_open_named(names->at[i], &inode);
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
static void say_missing(struct inquiry *inquiry, const char *name)
{
    inquiry->capture->stats.namespaces_failed++;
    inquiry->capture->failure[0] = '\0'; /* it was asked for: that goes before what else failed */
    inquiry_failed(inquiry, ENOENT, "(network namespace %s)", name);
}

static int find_inodes(struct inquiry *inquiry, const struct names *names, struct numbers *inodes, bool needed)
{
    inodes->count = 0;
    for (uint32_t i = 0; i < names->count; i++) {
        uint32_t inode = 0;
        int fd = inquiry->live ? netns_open_named(names->at[i], &inode) : -ENOENT;
        if (fd < 0) {
            if (needed)
                say_missing(inquiry, names->at[i]);
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
static int look_up_names(struct inquiry *inquiry)
{
    const struct proctcp_selection *selection = inquiry->config->selection;
    int status = 0;

    if (select_asks(selection, RULE_NETNS)) {
        status = find_inodes(inquiry, &selection->include.netns_names, &inquiry->named_netns.include, true);
        if (status == 0)
            status = find_inodes(inquiry, &selection->exclude.netns_names, &inquiry->named_netns.exclude, false);
    }
    return status;
}

/* ---- kept by sockets ---- */

int netns_add_kept(struct inquiry *inquiry, uint32_t inode, const struct holder *holder, int fd)
{
    int status;
    struct netns *netns = sink_netns(inquiry, inode, PROCTCP_NONE, false, &status);

    if (!netns && status == 0)
        netns = sink_find_netns(inquiry, inode);
    if (netns && !netns_has_process(netns) && !netns->name && !netns->read && netns->fd < 0) {
        netns->holder = *holder;
        netns->fd = fd;
        netns->ended = false;
    } else if (fd >= 0) {
        close(fd);
    }
    return status ? status : netns != NULL;
}

static int note_recalled(struct inquiry *inquiry, void *context, uint32_t index, const struct borrowed *borrowed,
                         int netns_fd)
{
    const struct recalled_netns *recalled = &inquiry->before->namespaces.at[index];

    (void)context;
    if (borrowed->status == 0 && borrowed->netns == recalled->inode && netns_fd >= 0)
        return netns_add_kept(inquiry, recalled->inode, &recalled->holder, netns_fd) < 0 ? -ENOMEM : 0;
    if (netns_fd >= 0)
        close(netns_fd);
    return 0; /* its socket is gone, or went to another process; the namespace, too, or another socket tells of it */
}

static int add_recalled(struct inquiry *inquiry)
{
    const struct recalled_namespaces *recalled = &inquiry->before->namespaces;
    struct holder *holders;
    int status;

    if (!recalled->count || !inquiry->own_pids)
        return 0;
    holders = malloc(recalled->count * sizeof(*holders));
    if (!holders)
        return -ENOMEM;
    for (uint32_t i = 0; i < recalled->count; i++)
        holders[i] = recalled->at[i].holder;
    status = helper_borrow(inquiry, holders, recalled->count, note_recalled, NULL);
    free(holders);
    return status;
}

static int add_shown_one(struct inquiry *inquiry, const struct shown_netns *shown, int netns_fd)
{
    struct netns *netns;

    if (netns_add_kept(inquiry, shown->inode, &shown->holder, netns_fd) < 0)
        return -ENOMEM;
    netns = sink_find_netns(inquiry, shown->inode);
    if (netns)
        netns->holder_uid = shown->uid == UINT32_MAX ? 0 : shown->uid;
    return 0;
}

/* Where the way in may not be had, what was shown of it is all that is known. context is, by index, which one it is of
 * those that were shown. */
static int note_shown(struct inquiry *inquiry, void *context, uint32_t index, const struct borrowed *borrowed,
                      int netns_fd)
{
    const struct shown_netns *shown = &inquiry->shown.namespaces.at[((const uint32_t *)context)[index]];

    if (borrowed->status || borrowed->netns != shown->inode) {
        if (netns_fd >= 0)
            close(netns_fd);
        netns_fd = -1;
    }
    return add_shown_one(inquiry, shown, netns_fd);
}

/* Those of shown sockets that nobody lives in. */
static int add_shown(struct inquiry *inquiry)
{
    const struct shown_namespaces *shown = &inquiry->shown.namespaces;
    struct holder *holders = malloc((shown->count + 1) * sizeof(*holders));
    uint32_t *which = malloc((shown->count + 1) * sizeof(*which)), count = 0;
    int status = holders && which ? 0 : -ENOMEM;

    for (uint32_t i = 0; i < shown->count && status == 0; i++) {
        if (!shown->at[i].is_wanted || !shown->at[i].inode || sink_find_netns(inquiry, shown->at[i].inode))
            continue;
        if (!inquiry_within_limit(&inquiry->borrowings_of, shown->at[i].uid, 1, LIMIT_BORROWED_OF_USER)) {
            status = add_shown_one(inquiry, &shown->at[i], -1);
            continue;
        }
        which[count] = i;
        holders[count++] = shown->at[i].holder;
    }
    if (count && status == 0)
        status = helper_borrow(inquiry, holders, count, note_shown, which);
    free(holders);
    free(which);
    return status;
}

int netns_recall(struct inquiry *inquiry)
{
    for (uint32_t i = 0; i < inquiry->capture->namespaces.count; i++) {
        const struct netns *netns = &inquiry->capture->namespaces.at[i];
        if (!netns->holder.inode || !netns->read)
            continue;
        struct recalled_netns *recalled = vector_push(&inquiry->kept->namespaces);
        if (!recalled)
            return -ENOMEM;
        *recalled = (struct recalled_netns){netns->shown.inode, netns->holder};
    }
    return 0;
}

/* ---- all of them ---- */

/* Of the inodes in the rules, from one on, the first that no namespace has; counted from 1, 0: there is none. */
static uint32_t missing_inode(const struct inquiry *inquiry, uint32_t from)
{
    const struct proctcp_selection *selection = inquiry->config->selection;
    const struct numbers *inodes = selection ? &selection->include.netns_inodes : NULL;

    for (uint32_t i = from; inodes && i < inodes->count; i++) {
        if (!sink_find_netns(inquiry, inodes->at[i]))
            return i + 1;
    }
    return 0;
}

void netns_say_missing(struct inquiry *inquiry)
{
    for (uint32_t next = 0; (next = missing_inode(inquiry, next));) {
        char number[16];
        snprintf(number, sizeof(number), "%u", inquiry->config->selection->include.netns_inodes.at[next - 1]);
        say_missing(inquiry, number);
    }
}

static bool wants_own(const struct inquiry *inquiry)
{
    const struct proctcp_selection *selection = inquiry->config->selection;
    return selection && selection->include.own_netns;
}

static bool any_home_known(const struct inquiry *inquiry)
{
    for (uint32_t i = 0; i < inquiry->capture->processes.count; i++) {
        const struct process *process = &inquiry->capture->processes.at[i];
        if (process->walk != WALK_REFUSED && process->walk != WALK_GONE)
            return true;
    }
    return false;
}

int netns_begin(struct inquiry *inquiry)
{
    inquiry->own_netns = netns_own(inquiry);
    return look_up_names(inquiry);
}

int netns_find(struct inquiry *inquiry)
{
    const uint32_t own = inquiry->own_netns;
    const bool has_own = inquiry->live || own;
    int status = 0;

    if (has_own)
        status = add(inquiry, own, PROCTCP_NONE, true);
    if (status == 0)
        status = add_homes(inquiry);
    if (status == 0 && inquiry->live)
        status = add_named(inquiry);
    if (status == 0)
        status = add_recalled(inquiry);
    if (status == 0)
        status = add_shown(inquiry);
    /* A recorded tree may say nothing of namespaces, or not which is one's own. */
    if (status == 0 && !has_own && inquiry->capture->namespaces.count == 0 &&
        (!any_home_known(inquiry) || wants_own(inquiry)))
        status = add(inquiry, 0, PROCTCP_NONE, true);
    return status;
}

bool netns_is_wanted(const struct inquiry *inquiry, uint32_t inode)
{
    return select_netns(inquiry->config->selection, &inquiry->named_netns, inode, inode && inode == inquiry->own_netns);
}

bool netns_may_be_held_from(const struct inquiry *inquiry, uint32_t home)
{
    return netns_is_wanted(inquiry, home) || missing_inode(inquiry, 0);
}

bool netns_is_complete(const struct inquiry *inquiry, uint32_t inode)
{
    const struct namespaces *namespaces = &inquiry->capture->namespaces;

    if (inode) {
        const struct netns *netns = sink_find_netns(inquiry, inode);
        return netns && netns->complete;
    }
    for (uint32_t i = 0; i < namespaces->count; i++) {
        if (!namespaces->at[i].complete && !namespaces->at[i].ended)
            return false;
    }
    return namespaces->count != 0;
}

void netns_close(struct inquiry *inquiry)
{
    for (uint32_t i = 0; i < inquiry->capture->namespaces.count; i++) {
        struct netns *netns = &inquiry->capture->namespaces.at[i];
        if (netns->fd >= 0)
            close(netns->fd);
        netns->fd = -1;
    }
}
