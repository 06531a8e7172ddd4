/* top_key.c - identities: the name of a group, pid and start of a process, where a listener is, a descriptor with its
 * socket. */
#include "top_key.h"

#include <string.h>

static void set_row(const struct pass *pass, const struct proctcp_row *row, struct top_key *key)
{
    const struct proctcp_socket *socket = &pass->snapshot->sockets[row->socket];

    key->pid = row->pid;
    key->fd = row->fd;
    key->subflow = row->subflow;
    key->start_ticks = pass->snapshot->processes[row->process].start_ticks;
    key->cookie = socket->present & PROCTCP_HAS_COOKIE ? socket->cookie : 0;
}

struct top_key top_key_of(const struct top_view *top, const struct pass *pass, const void *item)
{
    struct top_key key = {.pid = 0};

    if (top == &top_views[TOP_GROUPS]) {
        snprintf(key.group, sizeof(key.group), "%s", ((const struct proctcp_group *)item)->name);
    } else if (top == &top_views[TOP_PROCESSES]) {
        key.pid = ((const struct proctcp_process *)item)->pid;
        key.start_ticks = ((const struct proctcp_process *)item)->start_ticks;
    } else if (top == &top_views[TOP_LISTENERS]) {
        key.netns = ((const struct proctcp_listener *)item)->netns;
        key.address = ((const struct proctcp_listener *)item)->local_address;
        key.port = ((const struct proctcp_listener *)item)->local_port;
        key.interface = ((const struct proctcp_listener *)item)->interface;
    } else {
        set_row(pass, item, &key);
    }
    return key;
}

bool top_key_equal(const struct top_key *a, const struct top_key *b)
{
    return a->pid == b->pid && a->fd == b->fd && a->subflow == b->subflow && a->netns == b->netns &&
           a->start_ticks == b->start_ticks && a->cookie == b->cookie && a->port == b->port &&
           a->interface == b->interface && memcmp(&a->address, &b->address, sizeof(a->address)) == 0 &&
           strcmp(a->group, b->group) == 0;
}

struct top_inside top_look_inside(const struct top_scope *scope, const struct pass *pass)
{
    struct top_inside inside = {.scope = scope, .pass = pass, .index = PROCTCP_NONE};
    const struct top_view *of = scope->of;

    for (uint32_t i = 0; of && i < top_count(of, pass); i++) {
        const void *item = top_item(of, pass, i);
        const struct top_key key = top_key_of(of, pass, item);
        if (!top_key_equal(&key, &scope->key))
            continue;
        inside.index =
            of == &top_views[TOP_GROUPS] ? (uint32_t)((const struct proctcp_group *)item - pass->snapshot->groups) : i;
        break;
    }
    return inside;
}

bool top_is_inside(const struct top_inside *inside, const struct proctcp_row *row)
{
    const struct proctcp_snapshot *snapshot = inside->pass->snapshot;
    const struct top_view *of = inside->scope->of;

    if (!of)
        return true;
    if (inside->index == PROCTCP_NONE)
        return false;
    if (of == &top_views[TOP_GROUPS])
        return snapshot->row_groups && snapshot->row_groups[row - snapshot->rows] == inside->index;
    if (of == &top_views[TOP_PROCESSES])
        return row->process == inside->index;
    return snapshot->socket_listeners && snapshot->socket_listeners[row->socket] == inside->index;
}
