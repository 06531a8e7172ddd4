/* claims.c - one inode, sockets of several namespaces: inodes are unique, but their numbers begin anew after 2^32. The
 * socket belongs to the holder that was seen: it is asked where it is. Where it may not be asked, the namespace that
 * its holder lives in goes before others, and the one that was read first before the rest. */
#include "capture/claims.h"

#include "capture/helper.h"
#include "capture/limits.h"

#include <stdlib.h>
#include <unistd.h>

/* The namespace of the first socket of the inode, and whether another is in a different one. */
static bool is_contested(const struct capture *capture, uint32_t inode, uint32_t *first_netns)
{
    struct hash_walk walk;
    uint32_t i = hash_first(&capture->by_inode, inode, &walk);

    *first_netns = capture->sockets.at[i].netns;
    while ((i = hash_next(&capture->by_inode, &walk)) != HASH_NONE) {
        if (capture->sockets.at[i].netns != *first_netns)
            return true;
    }
    return false;
}

static bool is_claimed_in(const struct capture *capture, uint32_t inode, uint32_t netns)
{
    struct hash_walk walk;

    for (uint32_t i = hash_first(&capture->by_inode, inode, &walk); i != HASH_NONE;
         i = hash_next(&capture->by_inode, &walk)) {
        if (capture->sockets.at[i].netns == netns)
            return true;
    }
    return false;
}

static int note_netns(struct inquiry *inquiry, void *context, uint32_t index, const struct borrowed *borrowed,
                      int netns_fd)
{
    (void)index;
    if (netns_fd >= 0)
        close(netns_fd);
    if (borrowed->status == 0 && borrowed->netns)
        *(uint32_t *)context = borrowed->netns;
    (void)inquiry;
    return 0;
}

static int resolve_owner(struct inquiry *inquiry, const struct process *process, struct owner *owner,
                         uint32_t first_netns)
{
    const struct holder holder = {process->living_thread ? process->living_thread : process->pid, owner->fd,
                                  owner->inode};
    uint32_t told = 0;
    const bool may_ask =
        inquiry->own_pids && inquiry_within_limit(&inquiry->borrowings_of, process->uid, 1, LIMIT_BORROWED_OF_USER);
    int status = may_ask ? helper_borrow(inquiry, &holder, 1, note_netns, &told) : 0;

    if (told && is_claimed_in(inquiry->capture, owner->inode, told))
        owner->netns = told;
    else if (is_claimed_in(inquiry->capture, owner->inode, process->netns))
        owner->netns = process->netns;
    else
        owner->netns = first_netns;
    return status;
}

int claims_resolve(struct inquiry *inquiry)
{
    struct capture *capture = inquiry->capture;
    int status = 0;

    for (uint32_t s = 0; s < capture->shared.count; s++) {
        const uint32_t inode = capture->shared.at[s];
        uint32_t first_netns;
        if (!is_contested(capture, inode, &first_netns))
            continue;
        for (uint32_t p = 0; p < capture->processes.count; p++) {
            const struct process *process = &capture->processes.at[p];
            if (inquiry_is_cancelled(inquiry))
                return -ECANCELED;
            for (uint32_t i = 0; i < process->owner_count && status == 0; i++) {
                struct owner *owner = &capture->owners.at[process->first_owner + i];
                if (owner->inode == inode && owner->netns == 0)
                    status = resolve_owner(inquiry, process, owner, first_netns);
            }
        }
    }
    return status;
}
