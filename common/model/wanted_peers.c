/* other_ends.c - who holds the other ends of selected connections, looked for among the processes that the selection
 * left out. Walks them in their order, and only until each end has been found. */
#include "scan.h"

/* By position in by_inode of an inode's first socket. */
enum mark {
    HELD = 1,   /* by a process that was selected */
    WANTED = 2, /* the other end of a selected connection */
    FOUND = 4,
};

struct search {
    struct scan *scan;
    uint32_t *marks;
    uint32_t missing; /* inodes that are wanted and not found yet */
};

static void mark_held(struct search *search)
{
    for (uint32_t i = 0; i < search->scan->owners.count; i++)
        search->marks[search->scan->owners.at[i].group] |= HELD;
}

static void want_other_ends(struct search *search, uint32_t socket)
{
    const struct scan *scan = search->scan;

    for (uint32_t slot = PROCTCP_NONE, other; (other = tuples_next_mirror(scan, socket, &slot)) != PROCTCP_NONE;) {
        uint32_t inode = scan->sockets.at[other].inode;
        uint32_t position = inode ? join_find(scan, inode) : PROCTCP_NONE;
        if (position == PROCTCP_NONE || search->marks[position] & (HELD | WANTED))
            continue;
        search->marks[position] |= WANTED;
        search->missing++;
    }
}

static void mark_wanted(struct search *search)
{
    const struct scan *scan = search->scan;

    for (uint32_t i = 0; i < scan->owners.count; i++) {
        const struct owner *owner = &scan->owners.at[i];
        for (uint32_t at = owner->group; at < scan->by_inode.count; at++) {
            if (scan->by_inode.at[at] >> 32 != owner->inode)
                break;
            uint32_t socket = (uint32_t)scan->by_inode.at[at];
            if (select_socket(scan->selection, &scan->sockets.at[socket]))
                want_other_ends(search, socket);
        }
    }
}

/* Of what the process has open, only what is looked for. */
static void keep_wanted(struct search *search, struct visit *visit)
{
    struct scan *scan = search->scan;
    uint32_t kept = visit->first_owner;

    for (uint32_t i = visit->first_owner; i < scan->owners.count; i++) {
        struct owner owner = scan->owners.at[i];
        owner.group = join_find(scan, owner.inode);
        if (owner.group == PROCTCP_NONE || !(search->marks[owner.group] & WANTED))
            continue;
        search->missing -= !(search->marks[owner.group] & FOUND);
        search->marks[owner.group] |= FOUND;
        scan->owners.at[kept++] = owner;
    }
    scan->owners.count = kept;
    visit->owner_count = kept - visit->first_owner;
}

/* What others refused does not matter where they were not needed. */
static void forget_refusals(struct scan *scan, const struct proctcp_stats *before, bool failed_before)
{
    scan->stats.denied = before->denied;
    scan->stats.vanished = before->vanished;
    scan->stats.closed = before->closed;
    scan->stats.exhausted = before->exhausted;
    scan->stats.failed = before->failed;
    if (!failed_before)
        scan->failure[0] = '\0';
}

int other_ends_find(struct scan *scan)
{
    struct search search = {.scan = scan};
    const struct proctcp_stats before = scan->stats;
    const bool failed_before = scan->failure[0];

    if (!scan->stats.skipped || !scan->owners.count)
        return 0;
    scan->scratch.count = 0;
    if (!vector_reserve(&scan->scratch, scan->by_inode.count))
        return -ENOMEM;
    scan->scratch.count = scan->by_inode.count;
    search.marks = scan->scratch.at;
    memset(search.marks, 0, scan->by_inode.count * sizeof(search.marks[0]));
    mark_held(&search);
    mark_wanted(&search);
    for (uint32_t v = 0; v < scan->visits.count && search.missing; v++) {
        if (!scan->visits.at[v].skipped)
            continue;
        int status = owners_walk(scan, v);
        if (status)
            return status;
        scan->stats.skipped--;
        keep_wanted(&search, &scan->visits.at[v]);
    }
    if (!search.missing)
        forget_refusals(scan, &before, failed_before);
    return 0;
}
