/* join.c - owners and sockets meet on the inode: a row for each owner and subflow. Knows the order of rows and
 * subflows; nothing of where either side comes from. */
#include "model/model.h"

#include <errno.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct vector_place model_vectors[] = {
    VECTOR_PLACE(struct model, sockets),      VECTOR_PLACE(struct model, rows),
    VECTOR_PLACE(struct model, processes),    VECTOR_PLACE(struct model, by_inode),
    VECTOR_PLACE(struct model, holders),      VECTOR_PLACE(struct model, first_rows),
    VECTOR_PLACE(struct model, last_holders), VECTOR_PLACE(struct model, unattributed),
    VECTOR_PLACE(struct model, group_keys),   VECTOR_PLACE(struct model, row_keys),
    VECTOR_PLACE(struct model, groups),       VECTOR_PLACE(struct model, row_groups),
    VECTOR_PLACE(struct model, listeners),    VECTOR_PLACE(struct model, came_through),
    VECTOR_PLACE(struct model, unseen_keys),
};

void model_recycle(struct model *model)
{
    vectors_recycle(model, model_vectors, COUNT(model_vectors));
    model->for_peers = (struct for_peers){0};
    model->renumbered = model->any_dead = model->any_split = false;
    model->all = (struct proctcp_group){.name = PROCTCP_GROUP_ALL};
    model->groups_left_out = 0;
}

void model_clear(struct model *model)
{
    vectors_free(model, model_vectors, COUNT(model_vectors));
}

int model_reindex(struct model *model)
{
    if (!hash_begin(&model->by_inode, (uint64_t)model->sockets.count + 1))
        return -ENOMEM;
    for (uint32_t i = 0; i < model->sockets.count; i++) {
        if (model->sockets.at[i].inode)
            hash_put(&model->by_inode, model->sockets.at[i].inode, i);
    }
    return 0;
}

/* ---- subflows ---- */

/* What the number of a subflow follows from. */
struct subflow {
    uint64_t cookie; /* 0: not known */
    const struct proctcp_address *local_address, *remote_address;
    uint16_t local_port, remote_port;
    uint32_t socket; /* PROCTCP_NONE: the selection left it out */
};

struct subflows VECTOR(struct subflow);

/* The first subflow has the lowest cookie. Without cookies, the lowest port; the rest only makes it the same in each
 * scan. */
static int compare_subflows(const void *x, const void *y)
{
    const struct subflow *a = x, *b = y;
    int order;

    if (a->cookie != b->cookie)
        return a->cookie < b->cookie ? -1 : 1;
    if (a->local_port != b->local_port)
        return a->local_port < b->local_port ? -1 : 1;
    if ((order = memcmp(a->local_address, b->local_address, sizeof(*a->local_address))) != 0)
        return order;
    if ((order = memcmp(a->remote_address, b->remote_address, sizeof(*a->remote_address))) != 0)
        return order;
    return (a->remote_port > b->remote_port) - (a->remote_port < b->remote_port);
}

static int gather_sockets(const struct model *model, uint32_t inode, struct subflows *subflows)
{
    struct hash_walk walk;

    for (uint32_t i = hash_first(&model->by_inode, inode, &walk); i != HASH_NONE;
         i = hash_next(&model->by_inode, &walk)) {
        const struct proctcp_socket *socket = &model->sockets.at[i];
        struct subflow *subflow = vector_push(subflows);
        if (!subflow)
            return -ENOMEM;
        *subflow = (struct subflow){.cookie = socket->cookie,
                                    .local_address = &socket->local_address,
                                    .remote_address = &socket->remote_address,
                                    .local_port = socket->local_port,
                                    .remote_port = socket->remote_port,
                                    .socket = i};
    }
    return 0;
}

static int gather_siblings(const struct capture *capture, const struct hash *siblings, uint32_t inode,
                           struct subflows *subflows)
{
    struct hash_walk walk;

    for (uint32_t i = hash_first(siblings, inode, &walk); i != HASH_NONE; i = hash_next(siblings, &walk)) {
        const struct sibling *sibling = &capture->siblings.at[i];
        struct subflow *subflow = vector_push(subflows);
        if (!subflow)
            return -ENOMEM;
        *subflow = (struct subflow){.cookie = sibling->cookie,
                                    .local_address = &sibling->local_address,
                                    .remote_address = &sibling->remote_address,
                                    .local_port = sibling->local_port,
                                    .remote_port = sibling->remote_port,
                                    .socket = PROCTCP_NONE};
    }
    return 0;
}

/* Numbers run on in each namespace: where two claim the inode, these are different sockets. */
static void number(struct model *model, const struct subflows *subflows)
{
    for (uint32_t i = 0; i < subflows->count; i++) {
        struct proctcp_socket *socket = NULL;
        uint32_t rank = 1;
        if (subflows->at[i].socket == PROCTCP_NONE)
            continue;
        socket = &model->sockets.at[subflows->at[i].socket];
        for (uint32_t before = 0; before < i; before++) {
            const uint32_t other = subflows->at[before].socket;
            rank += other == PROCTCP_NONE || model->sockets.at[other].netns == socket->netns;
        }
        socket->subflow = rank > UINT16_MAX ? UINT16_MAX : (uint16_t)rank;
    }
}

static int number_subflows(struct model *model, const struct capture *capture, const struct hash *siblings,
                           uint32_t inode, struct subflows *subflows)
{
    subflows->count = 0;
    if (gather_sockets(model, inode, subflows) < 0 || gather_siblings(capture, siblings, inode, subflows) < 0)
        return -ENOMEM;
    if (subflows->count < 2)
        return 0;
    qsort(subflows->at, subflows->count, sizeof(subflows->at[0]), compare_subflows);
    number(model, subflows);
    return 0;
}

/* Inodes with a sibling that was left out may have one socket here, and are not among the shared ones. */
static int number_all(struct model *model, const struct capture *capture)
{
    struct subflows subflows = {0};
    struct hash siblings = {0};
    int status = 0;

    if (!capture->shared.count && !capture->siblings.count)
        return 0;
    if (!hash_begin(&siblings, (uint64_t)capture->siblings.count + 1))
        return -ENOMEM;
    for (uint32_t i = 0; i < capture->siblings.count; i++)
        hash_put(&siblings, capture->siblings.at[i].inode, i);
    for (uint32_t i = 0; i < capture->shared.count && status == 0; i++)
        status = number_subflows(model, capture, &siblings, capture->shared.at[i], &subflows);
    for (uint32_t i = 0; i < capture->siblings.count && status == 0; i++) {
        const uint32_t inode = capture->siblings.at[i].inode;
        if (hash_find(&model->by_inode, inode) != HASH_NONE)
            status = number_subflows(model, capture, &siblings, inode, &subflows);
    }
    vector_free(&subflows);
    vector_free(&siblings);
    return status;
}

int model_begin(struct model *model, struct capture *capture)
{
    const struct sockets sockets = model->sockets;
    const struct hash by_inode = model->by_inode;

    model->sockets = capture->sockets;
    capture->sockets = sockets;
    model->by_inode = capture->by_inode;
    capture->by_inode = by_inode;
    return number_all(model, capture);
}

/* ---- rows ---- */

/* Sockets lie in another order than rows, and far from each other: they are not looked at without need. */
static int add_row(struct model *model, const struct owner *owner, uint32_t process, uint32_t socket, uint32_t subflow,
                   uint32_t now, uint32_t *owners)
{
    struct proctcp_row *row = vector_push(&model->rows);

    if (!row)
        return -ENOMEM;
    *row = (struct proctcp_row){.pid = model->processes.at[process].pid,
                                .fd = owner->fd,
                                .subflow = subflow,
                                .socket = socket,
                                .process = process,
                                .owner_rank = ++owners[socket],
                                .peer = PROCTCP_NONE,
                                .first_seen = now};
    if (row->owner_rank == 1) {
        model->first_rows.at[socket] = model->rows.count - 1;
        model->holders.at[socket] = process;
    }
    return 0;
}

static int compare_rows(const void *a, const void *b)
{
    const struct proctcp_row *x = a, *y = b;
    return (x->subflow > y->subflow) - (x->subflow < y->subflow);
}

/* Rows of one descriptor: by subflow, each number once. Threads with tables of their own may have different sockets at
 * the same number; those of the second count on where those of the first end. */
static void order_descriptor(struct model *model, uint32_t first)
{
    struct proctcp_row *rows = model->rows.at + first;
    const uint32_t count = model->rows.count - first;

    if (count < 2)
        return;
    qsort(rows, count, sizeof(*rows), compare_rows);
    for (uint32_t i = 0; i < count; i++) {
        if (i && rows[i].subflow <= rows[i - 1].subflow)
            rows[i].subflow = rows[i - 1].subflow + 1;
        if (rows[i].owner_rank == 1)
            model->first_rows.at[rows[i].socket] = first + i;
    }
}

/* Owners are ordered by descriptor, and so are the rows. Subflows share an inode; most inodes have one socket. */
static int add_rows(struct model *model, const struct capture *capture, const struct process *process, uint32_t index,
                    uint32_t *owners)
{
    const uint32_t now = (uint32_t)capture->stats.time;
    const bool is_plain = !capture->shared.count && !capture->siblings.count && !model->renumbered;
    uint32_t first = model->rows.count; /* of the descriptor */

    for (uint32_t i = 0; i < process->owner_count; i++) {
        const struct owner *owner = &capture->owners.at[process->first_owner + i];
        struct hash_walk walk;
        int status = 0;
        if (i && owner->fd != owner[-1].fd) {
            order_descriptor(model, first);
            first = model->rows.count;
        }
        if (is_plain) {
            status = add_row(model, owner, index, owner->socket, 1, now, owners);
        } else {
            for (uint32_t s = hash_first(&model->by_inode, owner->inode, &walk); s != HASH_NONE && status == 0;
                 s = hash_next(&model->by_inode, &walk)) {
                if (!owner->netns || model->sockets.at[s].netns == owner->netns)
                    status = add_row(model, owner, index, s, model->sockets.at[s].subflow, now, owners);
            }
        }
        if (status)
            return status;
    }
    order_descriptor(model, first);
    return 0;
}

static void take_facts(struct proctcp_process *out, const struct process *process, const struct facts *facts)
{
    *out = (struct proctcp_process){.pid = process->pid,
                                    .present = facts->present | (process->netns ? PROCTCP_HAS_PROCESS_NETNS : 0),
                                    .name = facts->name,
                                    .executable = facts->executable,
                                    .cgroup = facts->cgroup,
                                    .unit = facts->unit,
                                    .container = facts->container,
                                    .start_ticks = facts->start_ticks,
                                    .start_time = facts->start_time,
                                    .fd_limit = facts->fd_limit,
                                    .uid = facts->uid,
                                    .netns = process->netns,
                                    .fds = process->fds};
}

/* In no table, and whose holders are all gone by now: it does not exist any more. */
static bool is_dead(const struct proctcp_socket *socket)
{
    return socket->owners == 0 && model_is_unbound(socket);
}

int model_join(struct model *model, const struct capture *capture)
{
    const uint32_t count = model->sockets.count;
    struct indices owners = {
        0}; /* by socket: counted apart, for sockets lie in another order and far from each other */
    int status = 0;

    if (!indices_fill(&owners, count, 0) || !indices_fill(&model->first_rows, count, 0xff) ||
        !indices_fill(&model->holders, count, 0xff) ||
        !vector_reserve(&model->rows, (uint64_t)capture->owners.count + 1) ||
        !vector_reserve(&model->processes, (uint64_t)capture->facts.count + 1))
        status = -ENOMEM;
    for (uint32_t p = 0; p < capture->processes.count && status == 0; p++) {
        const struct process *process = &capture->processes.at[p];
        if (process->facts == PROCTCP_NONE)
            continue;
        struct proctcp_process *made = vector_push(&model->processes);
        if (!made) {
            status = -ENOMEM;
            break;
        }
        take_facts(made, process, &capture->facts.at[process->facts]);
        made->first_seen = (uint32_t)capture->stats.time;
        if (capture->stats.connections_counted && !process->is_below)
            made->present |= PROCTCP_HAS_CONNECTIONS;
        made->first_row = model->rows.count;
        status = add_rows(model, capture, process, model->processes.count - 1, owners.at);
        made->row_count = model->rows.count - made->first_row;
    }
    for (uint32_t i = 0; i < count && status == 0; i++) {
        model->sockets.at[i].owners = owners.at[i];
        model->any_dead |= is_dead(&model->sockets.at[i]);
    }
    vector_free(&owners);
    return status;
}

int model_drop_dead(struct model *model)
{
    struct indices moved = {0};
    uint32_t kept = 0;

    if (!model->any_dead)
        return 0;
    if (!indices_fill(&moved, model->sockets.count, 0xff))
        return -ENOMEM;
    for (uint32_t i = 0; i < model->sockets.count; i++) {
        if (is_dead(&model->sockets.at[i]))
            continue;
        model->sockets.at[kept] = model->sockets.at[i];
        model->first_rows.at[kept] = model->first_rows.at[i];
        model->holders.at[kept] = model->holders.at[i];
        if (model->came_through.count)
            model->came_through.at[kept] = model->came_through.at[i];
        moved.at[i] = kept++;
    }
    model->sockets.count = model->first_rows.count = model->holders.count = kept;
    if (model->came_through.count)
        model->came_through.count = kept;
    for (uint32_t i = 0; i < model->rows.count; i++)
        model->rows.at[i].socket = moved.at[model->rows.at[i].socket];
    vector_free(&moved);
    return model_reindex(model);
}
