/* Kept from scan to scan in the recollection. */
#include "capture/left_alone.h"

#include "capture/facts.h"
#include "capture/netns.h"

#include <errno.h>

int left_alone_add(struct inquiry *inquiry, struct left_alone who)
{
    struct left_alone *slot = vector_push(&inquiry->kept->left_alone);
    if (!slot)
        return -ENOMEM;
    *slot = who;
    return 0;
}

/* As long as a call has not come back, nobody is tried again: each try may leave one more child behind. */
int left_alone_recall(struct inquiry *inquiry)
{
    const struct all_left_alone *before = &inquiry->before->left_alone;

    for (uint32_t i = 0; i < before->count; i++) {
        struct left_alone who = before->at[i];
        who.scans -= !inquiry->kept->children.count;
        if (who.scans && left_alone_add(inquiry, who) < 0)
            return -ENOMEM;
    }
    return 0;
}

bool left_alone_has_process(struct inquiry *inquiry, int32_t pid)
{
    const struct all_left_alone *left = &inquiry->kept->left_alone;
    const uint32_t user = left->count ? facts_real_user(inquiry, pid) : 0;

    for (uint32_t i = 0; i < left->count; i++) {
        if (left->at[i].pid && (left->at[i].pid == pid || (user && left->at[i].uid == user)))
            return true;
    }
    return false;
}

bool left_alone_has_netns(struct inquiry *inquiry, uint32_t netns)
{
    const struct all_left_alone *left = &inquiry->kept->left_alone;
    uint32_t user = 0;
    bool knows_user = netns == inquiry->own_netns;

    for (uint32_t i = 0; i < left->count && netns; i++) {
        if (left->at[i].netns == 0)
            continue;
        if (left->at[i].netns == netns)
            return true;
        if (!knows_user)
            user = netns_user(inquiry, netns);
        knows_user = true;
        if (user && left->at[i].uid == user)
            return true;
    }
    return false;
}
