/* peers.c - the peer of each row on this host, the direction of each socket, and the listener that it came in through.
 * Knows four-tuples, and nothing of where the kernel looks for a listener. */
#include "model/model.h"

#include "model/listening.h"
#include "select/select.h"

#include <errno.h>

/* ---- directions and listeners ---- */

/* Through which listener a socket came in, or that it is one itself, as model.came_through has it. */
static uint32_t find_listener(const struct listening *listening, const struct place *places,
                              const struct proctcp_socket *socket)
{
    if (socket->state == PROCTCP_LISTEN)
        return listening_number(listening, places, socket) | MODEL_LISTENS;
    if (!(socket->present & PROCTCP_HAS_REMOTE) || socket->state == PROCTCP_SYN_SENT || socket->state == PROCTCP_CLOSED)
        return PROCTCP_NONE;
    return listening_number(listening, places, socket);
}

/* Without a listener on either side of a connection that stays on this host, nothing tells who began it. places are
 * those of its port; is_inbound: one of them is known to have taken it; peer_netns is where the peer is, or NULL. */
static enum proctcp_direction find_direction(const struct listening *listening, const struct place *places,
                                             const struct proctcp_socket *socket, bool is_inbound,
                                             const uint32_t *peer_netns)
{
    if (socket->state == PROCTCP_LISTEN)
        return PROCTCP_DIRECTION_LISTEN;
    if (!(socket->present & PROCTCP_HAS_REMOTE))
        return PROCTCP_DIRECTION_UNKNOWN;
    if (socket->state == PROCTCP_SYN_SENT)
        return PROCTCP_OUTBOUND;
    if (is_inbound || socket->state == PROCTCP_SYN_RECEIVED || listening_at(places, &socket->local_address))
        return PROCTCP_INBOUND;
    if (peer_netns && !listening_at(listening_on(listening, *peer_netns, socket->remote_port), &socket->remote_address))
        return PROCTCP_DIRECTION_UNKNOWN;
    return PROCTCP_OUTBOUND;
}

/* The peer is not looked at where it is plain: it lies far away in memory. */
static void find_peer(struct model *model, struct tuples *tuples, const struct listening *listening, uint32_t index)
{
    struct proctcp_socket *socket = &model->sockets.at[index];
    const struct place *places = listening_on(listening, socket->netns, socket->local_port);
    uint32_t peer = tuples->peers.at[index], netns = socket->netns, listener = PROCTCP_NONE;

    if (model->came_through.count && places)
        listener = model->came_through.at[index] = find_listener(listening, places, socket);
    if (peer == TUPLES_ASK) {
        peer = tuples->peers.at[index] = tuples_find_peer(model, tuples, index);
        if (peer != PROCTCP_NONE)
            netns = model->sockets.at[peer].netns;
    }
    socket->direction = (uint8_t)find_direction(listening, places, socket, listener != PROCTCP_NONE,
                                                peer == PROCTCP_NONE ? NULL : &netns);
}

int peers_find(struct model *model, struct tuples *tuples, bool listeners)
{
    struct listening listening = {.ports = {0}};
    int status = listening_find(&listening, &model->sockets);

    if (status == 0 && listeners && !indices_fill(&model->came_through, model->sockets.count, 0xff))
        status = -ENOMEM;
    model->listener_numbers = listening.places.count;
    for (uint32_t i = 0; i < model->sockets.count && status == 0; i++) {
        if (i < tuples->peers.count)
            find_peer(model, tuples, &listening, i);
    }
    for (uint32_t i = 0; i < model->rows.count && status == 0; i++) {
        uint32_t peer = tuples->peers.at[model->rows.at[i].socket];
        if (peer != PROCTCP_NONE)
            model->rows.at[i].peer = model->first_rows.at[peer];
    }
    listening_clear(&listening);
    return status;
}

/* ---- whose holders are not known yet ---- */

static int want_peers_of(const struct model *model, const struct tuples *tuples, uint32_t socket, struct indices *seen,
                         struct wanted_sockets *wanted)
{
    struct peer_walk walk = {.table = 0};
    uint32_t peer;

    while ((peer = tuples_next_peer(model, tuples, socket, &walk)) != PROCTCP_NONE) {
        const uint32_t inode = model->sockets.at[peer].inode;
        const uint32_t first = inode ? hash_find(&model->by_inode, inode) : HASH_NONE;
        if (first == HASH_NONE || seen->at[first])
            continue;
        seen->at[first] = 1;
        struct wanted_socket *slot = vector_push(wanted);
        if (!slot)
            return -ENOMEM;
        *slot = (struct wanted_socket){inode, first};
    }
    return 0;
}

int peers_wanted(const struct model *model, const struct capture *capture, const struct proctcp_selection *selection,
                 const struct tuples *tuples, struct wanted_sockets *wanted)
{
    struct indices seen = {0}; /* by socket, the first of its inode: held by somebody, or wanted already */
    int status = indices_fill(&seen, model->sockets.count, 0) ? 0 : -ENOMEM;

    for (uint32_t i = 0; i < capture->owners.count && status == 0; i++) {
        uint32_t first = hash_find(&model->by_inode, capture->owners.at[i].inode);
        if (first != HASH_NONE)
            seen.at[first] = 1;
    }
    for (uint32_t p = 0; p < capture->processes.count; p++) {
        const struct process *process = &capture->processes.at[p];
        for (uint32_t i = 0; i < process->owner_count && status == 0; i++) {
            const uint32_t inode = capture->owners.at[process->first_owner + i].inode;
            struct hash_walk walk;
            for (uint32_t s = hash_first(&model->by_inode, inode, &walk); s != HASH_NONE && status == 0;
                 s = hash_next(&model->by_inode, &walk)) {
                if (select_socket(selection, &model->sockets.at[s]))
                    status = want_peers_of(model, tuples, s, &seen, wanted);
            }
        }
    }
    vector_free(&seen);
    return status;
}
