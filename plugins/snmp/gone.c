/* gone.c - keeps what listened until it listens again, or its network namespace ends: the number of that is used again
 * for another one. Knows nothing of rows. */
#include "gone.h"

#include <stdlib.h>
#include <string.h>

static const struct proctcp_listener *find(const struct proctcp_snapshot *snapshot,
                                           const struct proctcp_listener *listener)
{
    return proctcp_find_listener(snapshot, listener->netns, &listener->local_address, listener->local_port,
                                 listener->interface);
}

static bool has_netns(const struct proctcp_snapshot *snapshot, uint32_t inode)
{
    uint32_t i = 0;

    while (i < snapshot->namespace_count && snapshot->namespaces[i].inode != inode)
        i++;
    return i < snapshot->namespace_count;
}

static void forget(struct gone *gone, uint32_t place)
{
    gone->count--;
    memmove(gone->at + place, gone->at + place + 1, (gone->count - place) * sizeof(*gone->at));
}

/* Without memory for it, it is not remembered. */
static void add(struct gone *gone, const struct proctcp_listener *listener)
{
    const uint32_t numbers = PROCTCP_HAS_LISTENER_ACCEPT_QUEUE | PROCTCP_HAS_LISTENER_ACCEPT_QUEUE_MAX |
                             PROCTCP_HAS_LISTENER_DROPS | PROCTCP_HAS_LISTENER_CONNECTIONS |
                             PROCTCP_HAS_LISTENER_INTERFACE;

    if (!gone->at)
        gone->at = malloc(GONE_MAX * sizeof(*gone->at));
    if (!gone->at)
        return;
    if (gone->count == GONE_MAX)
        forget(gone, 0);
    gone->at[gone->count++] = (struct proctcp_listener){.local_address = listener->local_address,
                                                        .local_port = listener->local_port,
                                                        .netns = listener->netns,
                                                        .interface = listener->interface,
                                                        .row = PROCTCP_NONE,
                                                        .present = listener->present & numbers};
}

void gone_update(struct gone *gone, const struct scans *scans)
{
    for (uint32_t i = gone->count; i-- > 0;) {
        if (find(scans->now, &gone->at[i]) || !has_netns(scans->now, gone->at[i].netns))
            forget(gone, i);
    }
    for (uint32_t i = 0; scans->before && i < scans->before->listener_count; i++) {
        const struct proctcp_listener *listener = &scans->before->listeners[i];
        if (!find(scans->now, listener) && has_netns(scans->now, listener->netns))
            add(gone, listener);
    }
}

struct proctcp_listener *gone_copy(const struct gone *gone)
{
    struct proctcp_listener *copy = gone->count ? malloc(gone->count * sizeof(*copy)) : NULL;

    if (copy)
        memcpy(copy, gone->at, gone->count * sizeof(*copy));
    return copy;
}

void gone_free(struct gone *gone)
{
    free(gone->at);
    *gone = (struct gone){NULL, 0};
}
