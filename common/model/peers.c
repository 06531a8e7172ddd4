/* peers.c - the peer of each row on this host, and the direction of each socket. Knows four-tuples and listeners. */
#include "model/model.h"

#include "select/select.h"

#include <errno.h>
#include <stdlib.h>

/* ---- who listens ---- */

/* Where some socket listens. */
struct place {
    uint64_t port; /* and namespace */
    struct proctcp_address address;
    bool takes_ipv4; /* at ::, unless it is said not to */
};

struct places VECTOR(struct place);

struct listening {
    struct places places;       /* each address once, ordered by port and address */
    struct hash by_port;        /* the first place of each port, by port_key() */
    uint64_t ports[65536 / 64]; /* a bit for each port that any of them has */
};

static uint64_t port_of(uint32_t netns, uint16_t port)
{
    return (uint64_t)netns << 16 | port;
}

static uint32_t port_key(uint64_t port)
{
    return (uint32_t)(port ^ port >> 32);
}

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->port != y->port)
        return x->port < y->port ? -1 : 1;
    return memcmp(&x->address, &y->address, sizeof(x->address));
}

static int index_ports(struct listening *listening)
{
    const struct places *places = &listening->places;

    if (!hash_begin(&listening->by_port, places->count))
        return -ENOMEM;
    for (uint32_t i = 0; i < places->count; i++) {
        if (i == 0 || places->at[i - 1].port != places->at[i].port)
            hash_put(&listening->by_port, port_key(places->at[i].port), i);
    }
    return 0;
}

/* The first place of a port, or NULL. */
static const struct place *first_of_port(const struct listening *listening, uint64_t port)
{
    const struct place *places = listening->places.at;
    struct hash_walk walk;
    uint32_t i = hash_first(&listening->by_port, port_key(port), &walk);

    while (places && i != HASH_NONE && places[i].port != port)
        i = hash_next(&listening->by_port, &walk);
    return places && i != HASH_NONE ? &places[i] : NULL;
}

/* Many sockets may listen at one address and port; one of them says as much as all. */
static int find_listeners(const struct model *model, struct listening *listening)
{
    struct places *places = &listening->places;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < model->sockets.count; i++) {
        const struct proctcp_socket *socket = &model->sockets.at[i];
        if (socket->state != PROCTCP_LISTEN)
            continue;
        struct place *slot = vector_push(places);
        if (!slot)
            return -ENOMEM;
        *slot = (struct place){port_of(socket->netns, socket->local_port), socket->local_address,
                               !(socket->present & PROCTCP_HAS_V6ONLY) || !socket->v6only};
        listening->ports[socket->local_port / 64] |= 1ull << socket->local_port % 64;
    }
    if (places->count)
        qsort(places->at, places->count, sizeof(places->at[0]), compare_places);
    for (uint32_t i = 0; i < places->count; i++) {
        if (kept == 0 || compare_places(&places->at[kept - 1], &places->at[i]) != 0)
            places->at[kept++] = places->at[i];
        else
            places->at[kept - 1].takes_ipv4 |= places->at[i].takes_ipv4;
    }
    places->count = kept;
    return index_ports(listening);
}

/* The first place that is not before one. */
static uint32_t first_from(const struct places *places, const struct place *wanted)
{
    uint32_t low = 0, high = places->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_places(&places->at[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool listens(const struct places *places, const struct place *wanted)
{
    uint32_t at = first_from(places, wanted);
    return at < places->count && compare_places(&places->at[at], wanted) == 0;
}

/* At the address itself, at 0.0.0.0, or at ::, which stands first, and mostly takes IPv4 as well. */
static bool has_listener(const struct listening *listening, uint32_t netns, const struct proctcp_address *address,
                         uint16_t port)
{
    static const struct proctcp_address any = {{0}}, any_ipv4 = {.bytes = {[10] = 0xff, [11] = 0xff}};
    const struct places *places = &listening->places;
    struct place wanted = {.port = port_of(netns, port), .address = any};

    if (!(listening->ports[port / 64] >> port % 64 & 1))
        return false;
    const struct place *found = first_of_port(listening, wanted.port);
    if (!found)
        return false;
    if (memcmp(&found->address, address, sizeof(any)) == 0)
        return true; /* as with most: a port has one listener */
    if (memcmp(&found->address, &any, sizeof(any)) == 0 && (found->takes_ipv4 || !proctcp_address_is_ipv4(address)))
        return true;
    wanted.address = *address;
    if (listens(places, &wanted))
        return true;
    wanted.address = any_ipv4;
    return proctcp_address_is_ipv4(address) && listens(places, &wanted);
}

/* ---- directions ---- */

/* Without a listener on either side of a connection that stays on this host, nothing tells who began it. peer_netns is
 * where the peer is, or NULL. */
static enum proctcp_direction find_direction(const struct listening *listening, const struct proctcp_socket *socket,
                                             const uint32_t *peer_netns)
{
    if (socket->state == PROCTCP_LISTEN)
        return PROCTCP_DIRECTION_LISTEN;
    if (!(socket->present & PROCTCP_HAS_REMOTE))
        return PROCTCP_DIRECTION_UNKNOWN;
    if (socket->state == PROCTCP_SYN_SENT)
        return PROCTCP_OUTBOUND;
    if (socket->state == PROCTCP_SYN_RECEIVED ||
        has_listener(listening, socket->netns, &socket->local_address, socket->local_port))
        return PROCTCP_INBOUND;
    if (peer_netns && !has_listener(listening, *peer_netns, &socket->remote_address, socket->remote_port))
        return PROCTCP_DIRECTION_UNKNOWN;
    return PROCTCP_OUTBOUND;
}

/* The peer is not looked at where it is plain: it lies far away in memory. */
static void find_peer(struct model *model, struct tuples *tuples, const struct listening *listening, uint32_t index)
{
    struct proctcp_socket *socket = &model->sockets.at[index];
    uint32_t peer = tuples->peers.at[index], netns = socket->netns;

    if (peer == TUPLES_ASK) {
        peer = tuples->peers.at[index] = tuples_find_peer(model, tuples, index);
        if (peer != PROCTCP_NONE)
            netns = model->sockets.at[peer].netns;
    }
    socket->direction = (uint8_t)find_direction(listening, socket, peer == PROCTCP_NONE ? NULL : &netns);
}

int peers_find(struct model *model, struct tuples *tuples)
{
    struct listening listening = {.places = {0}};
    int status = find_listeners(model, &listening);

    for (uint32_t i = 0; i < model->sockets.count && status == 0; i++) {
        if (i < tuples->peers.count)
            find_peer(model, tuples, &listening, i);
    }
    for (uint32_t i = 0; i < model->rows.count && status == 0; i++) {
        uint32_t peer = tuples->peers.at[model->rows.at[i].socket];
        if (peer != PROCTCP_NONE)
            model->rows.at[i].peer = model->first_rows.at[peer];
    }
    vector_free(&listening.places);
    vector_free(&listening.by_port);
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
