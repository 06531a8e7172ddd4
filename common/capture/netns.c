/* namespaces.c - the distinct network namespaces, as far as they are selected, and how each was read. Knows who tells
 * of one: processes, names, sockets. */
#include "scan.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

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

/* Namespaces that have a name and no process. */
static int add_named(struct scan *scan, uint32_t own)
{
    DIR *directory = opendir(NETNS_DIRECTORY);
    const struct dirent *entry;
    int status = 0;

    while (status == 0 && directory && (entry = readdir(directory))) {
        uint32_t inode = 0;
        int fd = entry->d_name[0] == '.' ? -ENOENT : entrances_open_named(entry->d_name, &inode);
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
        int fd = entrances_open_named(names->at[i], &inode);
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
        int fd = scan->live ? entrances_open_named(names->at[i], &inode) : -ENOENT;
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
    const uint32_t own = entrances_own_netns(scan->proc_fd);
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
