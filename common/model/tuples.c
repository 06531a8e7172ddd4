/* tuples.c - sockets by four-tuple: finds what is left of a connection beside its successor, and the peer of a
 * connection on this host. Knows addresses and ports, and nothing of who holds a socket. */
#include "model/model.h"

#include <errno.h>

static const struct vector_place tuples_vectors[] = {
    VECTOR_PLACE(struct tuples, near),
    VECTOR_PLACE(struct tuples, far),
    VECTOR_PLACE(struct tuples, peers),
    VECTOR_PLACE(struct tuples, keys),
};

#define TUPLES_VECTORS (sizeof(tuples_vectors) / sizeof(tuples_vectors[0]))

/* Private addresses repeat in other namespaces, and whoever makes namespaces can have them repeat as he likes: more of
 * one four-tuple are not looked at. Two are enough for none of them to be the peer. */
#define FAR_MAX 8

void tuples_recycle(struct tuples *tuples)
{
    vectors_recycle(tuples, tuples_vectors, TUPLES_VECTORS);
}

void tuples_clear(struct tuples *tuples)
{
    vectors_free(tuples, tuples_vectors, TUPLES_VECTORS);
}

/* The same for both ends of a connection, so that they meet in one place of the table. */
static uint64_t hash_endpoint(uint64_t seed, const struct proctcp_address *address, uint16_t port)
{
    uint64_t high, low;
    memcpy(&high, address->bytes, sizeof(high));
    memcpy(&low, address->bytes + 8, sizeof(low));
    uint64_t h = (high ^ port ^ seed) * 0x9e3779b97f4a7c15u;
    h = (h ^ h >> 32 ^ low ^ (uint64_t)port << 16) * 0xbf58476d1ce4e5b9u;
    return h ^ h >> 29;
}

static uint64_t hash_tuple(uint64_t seed, const struct proctcp_socket *socket)
{
    return hash_endpoint(seed, &socket->local_address, socket->local_port) +
           hash_endpoint(seed, &socket->remote_address, socket->remote_port);
}

static uint32_t near_key(uint64_t seed, const struct proctcp_socket *socket)
{
    return (uint32_t)((hash_tuple(seed, socket) + socket->netns * 0x94d049bb133111ebu) >> 32);
}

static uint32_t far_key(uint64_t seed, const struct proctcp_socket *socket)
{
    return (uint32_t)(hash_tuple(seed, socket) >> 32);
}

/* 127.0.0.0/8 and ::1 do not leave their namespace. */
static bool is_loopback(const struct proctcp_address *address)
{
    static const struct proctcp_address ipv6_loopback = {.bytes = {[15] = 1}};
    if (proctcp_address_is_ipv4(address))
        return address->bytes[12] == 127;
    return is_same_address(address, &ipv6_loopback);
}

/* Two sockets of one four-tuple at one place, one of which cannot be held: as it is while a connection is being made or
 * torn down, a table showed both in passing. Two inodes are two sockets, and so are two interfaces. */
static bool is_leftover(const struct proctcp_socket *a, const struct proctcp_socket *b)
{
    return (a->inode == 0 || b->inode == 0) && a->netns == b->netns && a->interface == b->interface &&
           is_same_tuple(a, b);
}

static bool is_peer(const struct proctcp_socket *a, const struct proctcp_socket *b)
{
    return a->local_port == b->remote_port && a->remote_port == b->local_port &&
           is_same_address(&a->local_address, &b->remote_address) &&
           is_same_address(&a->remote_address, &b->local_address);
}

static void note_peer(struct tuples *tuples, uint32_t index, uint32_t other)
{
    uint32_t *noted = &tuples->peers.at[index];
    *noted = *noted == PROCTCP_NONE ? other : TUPLES_ASK;
}

#define STEPS_AHEAD 16

/* By socket; of one without a remote end, too, for whom it means nothing. */
static bool find_keys(const struct model *model, struct tuples *tuples)
{
    if (!indices_fill(&tuples->keys, model->sockets.count, 0))
        return false;
    for (uint32_t i = 0; i < model->sockets.count; i++) {
        __builtin_prefetch(&model->sockets.at[i] + STEPS_AHEAD);
        tuples->keys.at[i] = near_key(tuples->seed, &model->sockets.at[i]);
    }
    return true;
}

/* Sockets lie far from each other: what will be looked at is fetched some steps ahead, first its slot, then what is
 * there.
 */
static void fetch_ahead(const struct model *model, const struct tuples *tuples, uint32_t index)
{
    uint32_t other;

    if (index + STEPS_AHEAD >= model->sockets.count)
        return;
    hash_prefetch(&tuples->near, tuples->keys.at[index + STEPS_AHEAD]);
    other = hash_find(&tuples->near, tuples->keys.at[index + STEPS_AHEAD / 2]);
    if (other != HASH_NONE)
        __builtin_prefetch(&model->sockets.at[other]);
}

/* Notes which sockets of a namespace face each other. A leftover gets state 0. Returns how many did. */
static uint32_t fill_near(struct model *model, struct tuples *tuples)
{
    struct sockets *sockets = &model->sockets;
    uint32_t leftovers = 0;

    for (uint32_t i = 0; i < sockets->count; i++) {
        struct proctcp_socket *socket = &sockets->at[i];
        struct hash_walk walk;
        fetch_ahead(model, tuples, i);
        if (!(socket->present & PROCTCP_HAS_REMOTE))
            continue;
        const uint32_t key = tuples->keys.at[i];
        for (uint32_t at = hash_first(&tuples->near, key, &walk); at != HASH_NONE;
             at = hash_next(&tuples->near, &walk)) {
            struct proctcp_socket *other = &sockets->at[at];
            if (is_leftover(socket, other)) {
                /* The later one is nearer to the truth, unless only the earlier one can be attributed. */
                struct proctcp_socket *loser = socket->inode == 0 && other->inode != 0 ? socket : other;
                leftovers += loser->state != 0;
                loser->state = 0;
            } else if (socket->netns == other->netns && is_peer(socket, other)) {
                note_peer(tuples, i, at);
                note_peer(tuples, at, i);
            }
        }
        if (is_peer(socket, socket)) /* connected to itself */
            note_peer(tuples, i, i);
        hash_put(&tuples->near, key, i);
    }
    return leftovers;
}

static bool stays_in_its_namespace(const struct proctcp_socket *socket)
{
    return is_loopback(&socket->local_address) || is_loopback(&socket->remote_address);
}

/* Of those that face nobody in their namespace, which face one of another: tuples_find_peer() decides. */
static int fill_far(const struct model *model, struct tuples *tuples)
{
    if (!hash_begin(&tuples->far, (uint64_t)model->sockets.count + 1))
        return -ENOMEM;
    for (uint32_t i = 0; i < model->sockets.count; i++) {
        const struct proctcp_socket *socket = &model->sockets.at[i];
        struct hash_walk walk;
        uint32_t same = 0;
        if (tuples->peers.at[i] != PROCTCP_NONE && tuples->peers.at[i] != TUPLES_ASK)
            continue;
        if (!(socket->present & PROCTCP_HAS_REMOTE) || stays_in_its_namespace(socket))
            continue;
        const uint32_t key = far_key(tuples->seed, socket);
        for (uint32_t at = hash_first(&tuples->far, key, &walk); at != HASH_NONE && same < FAR_MAX;
             at = hash_next(&tuples->far, &walk), same++) {
            if (is_peer(socket, &model->sockets.at[at]))
                tuples->peers.at[i] = tuples->peers.at[at] = TUPLES_ASK;
        }
        if (same < FAR_MAX)
            hash_put(&tuples->far, key, i);
    }
    return 0;
}

static int drop_leftovers(struct model *model)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < model->sockets.count; i++) {
        if (model->sockets.at[i].state)
            model->sockets.at[kept++] = model->sockets.at[i];
    }
    model->sockets.count = kept;
    model->renumbered = true;
    return model_reindex(model);
}

static bool has_several_namespaces(const struct capture *capture)
{
    uint32_t with_sockets = 0;

    for (uint32_t i = 0; i < capture->namespaces.count; i++)
        with_sockets += capture->namespaces.at[i].shown.sockets != 0;
    return with_sockets > 1;
}

int tuples_index(struct model *model, const struct capture *capture, uint64_t seed, struct tuples *tuples,
                 uint32_t *dropped)
{
    uint32_t leftovers;

    tuples->seed = seed;
    *dropped = 0;
    do {
        if (!find_keys(model, tuples) || !hash_begin(&tuples->near, (uint64_t)model->sockets.count + 1) ||
            !indices_fill(&tuples->peers, model->sockets.count, 0xff))
            return -ENOMEM;
        leftovers = fill_near(model, tuples);
        *dropped += leftovers;
        if (leftovers && drop_leftovers(model) < 0)
            return -ENOMEM;
    } while (leftovers);
    tuples->far.count = 0;
    return has_several_namespaces(capture) ? fill_far(model, tuples) : 0;
}

/* The near ones first, then those of other namespaces. */
uint32_t tuples_next_peer(const struct model *model, const struct tuples *tuples, uint32_t index,
                          struct peer_walk *walk)
{
    const struct proctcp_socket *socket = &model->sockets.at[index];

    if (!(socket->present & PROCTCP_HAS_REMOTE))
        return PROCTCP_NONE;
    while (walk->table < 2) {
        const struct hash *table = walk->table ? &tuples->far : &tuples->near;
        const uint32_t key = walk->table ? far_key(tuples->seed, socket) : near_key(tuples->seed, socket);
        uint32_t at = walk->begun ? hash_next(table, &walk->walk) : hash_first(table, key, &walk->walk);
        walk->begun = true;
        for (; at != HASH_NONE; at = hash_next(table, &walk->walk)) {
            const struct proctcp_socket *other = &model->sockets.at[at];
            if (is_peer(socket, other) && (other->netns == socket->netns) == (walk->table == 0) &&
                (walk->table == 0 || !stays_in_its_namespace(socket)))
                return at;
        }
        walk->table++;
        walk->begun = false;
    }
    return PROCTCP_NONE;
}

/* The same namespace first. In others, private addresses repeat: the peer must be the only one that fits. Of two that
 * fit in the same place, one is what is left of an earlier connection: it has no holder. */
uint32_t tuples_find_peer(const struct model *model, const struct tuples *tuples, uint32_t index)
{
    const struct proctcp_socket *socket = &model->sockets.at[index];
    uint32_t far = PROCTCP_NONE, near = PROCTCP_NONE, candidate;
    struct peer_walk walk = {.table = 0};
    bool ambiguous = false;

    while ((candidate = tuples_next_peer(model, tuples, index, &walk)) != PROCTCP_NONE) {
        const struct proctcp_socket *other = &model->sockets.at[candidate];
        if (other->netns == socket->netns) {
            if (near == PROCTCP_NONE || other->owners)
                near = candidate;
        } else if (far == PROCTCP_NONE) {
            far = candidate;
        } else {
            ambiguous = true;
        }
    }
    if (near != PROCTCP_NONE)
        return near;
    return ambiguous ? PROCTCP_NONE : far;
}
