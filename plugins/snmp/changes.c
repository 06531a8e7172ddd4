/* changes.c - compares a scan with the one before. Knows when something that is not there any more has gone, and when
 * it was only not read; nothing of who is told. */
#include "changes.h"

#include "order.h"

#include <stdio.h>
#include <stdlib.h>

static int compare_namespaces(const void *a, const void *b)
{
    const struct proctcp_netns *x = a, *y = b;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

/* Whether a scan read a namespace to its end. */
static bool has_read(const struct proctcp_snapshot *snapshot, uint32_t inode)
{
    const struct proctcp_netns wanted = {.inode = inode};
    const struct proctcp_netns *found = snapshot->namespace_count
                                            ? bsearch(&wanted, snapshot->namespaces, snapshot->namespace_count,
                                                      sizeof(*snapshot->namespaces), compare_namespaces)
                                            : NULL;

    return found && found->source && !found->error;
}

static bool is_in(const struct proctcp_snapshot *snapshot, const struct proctcp_listener *listener)
{
    return proctcp_find_listener(snapshot, listener->netns, &listener->local_address, listener->local_port,
                                 listener->interface);
}

static void tell(const struct scans *scans, const struct proctcp_snapshot *of, const struct proctcp_listener *listener,
                 enum event_kind kind, struct events *events)
{
    const struct proctcp_row *row = listener->row == PROCTCP_NONE ? NULL : &of->rows[listener->row];
    struct event event = {.kind = kind,
                          .generation = scans->now->stats.generation,
                          .time = scans->now->stats.time,
                          .pid = row ? row->pid : 0,
                          .uid = measure_listener_uid(of, listener),
                          .address = listener->local_address,
                          .netns = listener->netns == scans->own_netns ? 0 : listener->netns,
                          .interface = listener->interface,
                          .port = listener->local_port};

    measure_name_listener(listener, scans->own_netns, event.instance);
    if (row)
        snprintf(event.text, sizeof(event.text), "%s", of->processes[row->process].name);
    events_add(events, &event);
}

/* A namespace that ended took its listeners along; one that could not be read did not. */
void changes_of_listeners(const struct scans *scans, struct events *events)
{
    const struct proctcp_snapshot *now = scans->now, *before = scans->before;

    for (uint32_t i = 0; before && i < before->listener_count; i++) {
        const struct proctcp_listener *listener = &before->listeners[i];
        const bool is_read = has_read(now, listener->netns) || !now->stats.namespaces_failed;
        if (is_read && !is_in(now, listener))
            tell(scans, before, listener, EVENT_LISTENER_WENT, events);
    }
    for (uint32_t i = 0; before && i < now->listener_count; i++) {
        const struct proctcp_listener *listener = &now->listeners[i];
        const bool was_read = has_read(before, listener->netns) || !before->stats.namespaces_failed;
        if (was_read && !is_in(before, listener))
            tell(scans, now, listener, EVENT_LISTENER_CAME, events);
    }
}

void changes_of_scanning(const struct publication *publication, bool was_failing, struct events *events)
{
    const bool is_failing = publication->status == PUBLICATION_STALE || publication->status == PUBLICATION_FAILED;
    struct event event = {.kind = is_failing ? EVENT_SCAN_FAILING : EVENT_SCAN_SUCCEEDS,
                          .generation = publication->snapshot ? publication->snapshot->stats.generation : 0,
                          .status = publication->status};

    if (is_failing == was_failing)
        return;
    if (*publication->failure)
        snprintf(event.text, sizeof(event.text), "%s", publication->failure);
    events_add(events, &event);
}
