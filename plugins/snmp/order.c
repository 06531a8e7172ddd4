/* order.c - indexes of listeners, groups and states, and the rows in their order (of connections: connections.c). Knows
 * how an index is encoded (RFC 2578, section 7.7); knows nothing of columns. */
#include "order.h"

#include "connections.h"

#include <stdlib.h>
#include <string.h>

#define LAST_STATE PROCTCP_TIME_WAIT /* of the states of the TCP-MIB that a socket can be in: 1 to this */

/* ---- indexes ---- */

int order_compare(const unsigned long *a, size_t a_length, const unsigned long *b, size_t b_length)
{
    for (size_t i = 0; i < a_length && i < b_length; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return a_length == b_length ? 0 : a_length < b_length ? -1 : 1;
}

unsigned long order_netns(const struct publication *publication, uint32_t inode)
{
    return inode == publication->own_netns ? 0 : inode;
}

size_t order_put_octets(const uint8_t *octets, size_t length, unsigned long *key)
{
    key[0] = length;
    for (size_t i = 0; i < length; i++)
        key[1 + i] = octets[i];
    return 1 + length;
}

size_t order_listener_key(const struct publication *publication, const struct proctcp_listener *listener,
                          unsigned long key[TABLE_INDEX_MAX])
{
    const enum inet_address_type type = value_address_type(&listener->local_address, listener->interface);
    struct value address;
    size_t length = 2;

    value_set_address(&address, &listener->local_address, type, listener->interface);
    key[0] = order_netns(publication, listener->netns);
    key[1] = type;
    length += order_put_octets(address.octets, address.length, key + length);
    key[length] = listener->local_port;
    return length + 1;
}

size_t order_threshold_key(const char *name, const char *instance, unsigned long key[TABLE_INDEX_MAX])
{
    const size_t length = order_put_octets((const uint8_t *)name, strlen(name), key);

    return length + order_put_octets((const uint8_t *)instance, strlen(instance), key + length);
}

size_t order_group_key(const struct proctcp_group *group, unsigned long key[TABLE_INDEX_MAX])
{
    return order_put_octets((const uint8_t *)group->name, strnlen(group->name, PROCTCP_GROUP_NAME_SIZE - 1), key);
}

/* ---- rows in their order ---- */

const struct proctcp_listener *order_listener(const struct publication *publication, uint32_t place)
{
    const uint32_t listening = publication->snapshot->listener_count;

    return place < listening ? &publication->snapshot->listeners[place] : &publication->gone[place - listening];
}

static size_t key_of(const struct publication *publication, enum publication_table table, uint32_t place,
                     unsigned long key[TABLE_INDEX_MAX])
{
    return table == PUBLICATION_GROUPS ? order_group_key(&publication->snapshot->groups[place], key)
                                       : order_listener_key(publication, order_listener(publication, place), key);
}

struct comparison {
    const struct publication *publication;
    enum publication_table table;
};

static int compare_indexes(const struct comparison *how, uint32_t a, uint32_t b)
{
    unsigned long a_key[TABLE_INDEX_MAX], b_key[TABLE_INDEX_MAX];
    const size_t a_length = key_of(how->publication, how->table, a, a_key);
    const size_t b_length = key_of(how->publication, how->table, b, b_key);

    return order_compare(a_key, a_length, b_key, b_length);
}

static int compare_places(const void *a, const void *b, void *how)
{
    const uint32_t *x = a, *y = b;
    const int order = compare_indexes(how, *x, *y);

    return order ? order : (*x > *y) - (*x < *y);
}

/* Listeners of one address that are bound to different interfaces have one index, unless the address has a zone: the
 * first one is served. */
static void order_table(struct publication *publication, enum publication_table table, uint32_t count)
{
    struct comparison how = {publication, table};
    struct row_order *order = &publication->order[table];
    uint32_t kept = 0;

    order->at = count ? malloc(count * sizeof(*order->at)) : NULL;
    if (!order->at)
        return;
    for (uint32_t i = 0; i < count; i++)
        order->at[i] = i;
    qsort_r(order->at, count, sizeof(*order->at), compare_places, &how);
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || compare_indexes(&how, order->at[kept - 1], order->at[i]) != 0)
            order->at[kept++] = order->at[i];
    }
    order->count = kept;
}

/* ---- sockets by namespace and state ---- */

struct namespaces {
    uint32_t *inodes; /* in the order of their indexes */
    uint32_t count;
};

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Those that were read. The agent's own is 0 while they are sorted, as it is in the index. */
static bool list_namespaces(const struct publication *publication, struct namespaces *list)
{
    const struct proctcp_snapshot *snapshot = publication->snapshot;
    uint32_t read = 0;

    list->inodes = malloc(((size_t)snapshot->namespace_count + 1) * sizeof(*list->inodes));
    if (!list->inodes)
        return false;
    for (uint32_t i = 0; i < snapshot->namespace_count; i++) {
        if (snapshot->namespaces[i].inode && snapshot->namespaces[i].source)
            list->inodes[read++] = (uint32_t)order_netns(publication, snapshot->namespaces[i].inode);
    }
    qsort(list->inodes, read, sizeof(*list->inodes), compare_numbers);
    for (uint32_t i = 0; i < read; i++) {
        if (list->count == 0 || list->inodes[list->count - 1] != list->inodes[i])
            list->inodes[list->count++] = list->inodes[i];
    }
    return true;
}

/* A socket that was never bound is in no state that the TCP-MIB has. */
static bool is_in_a_state(const struct proctcp_socket *socket)
{
    const bool is_unbound = socket->state == PROCTCP_CLOSED && !(socket->present & PROCTCP_HAS_LOCAL);

    return socket->present & PROCTCP_HAS_NETNS && !is_unbound && socket->state >= 1 && socket->state <= LAST_STATE;
}

static void count_states(struct publication *publication, const struct namespaces *list)
{
    const struct proctcp_snapshot *snapshot = publication->snapshot;
    const uint32_t *at = NULL;

    for (uint32_t i = 0; i < snapshot->socket_count; i++) {
        const struct proctcp_socket *socket = &snapshot->sockets[i];
        const uint32_t number = (uint32_t)order_netns(publication, socket->netns);
        struct state_count *count;
        if (!is_in_a_state(socket))
            continue;
        if (!at || *at != number) /* mostly the next socket is in the same one */
            at = bsearch(&number, list->inodes, list->count, sizeof(number), compare_numbers);
        if (!at)
            continue;
        count = &publication->states[(size_t)(at - list->inodes) * LAST_STATE + socket->state - 1];
        count->sockets++;
        count->unattributed += socket->owners == 0;
    }
}

/* Every state of every namespace, so that no row comes and goes with the sockets. */
static void order_states(struct publication *publication)
{
    struct namespaces list = {NULL, 0};

    if (!list_namespaces(publication, &list))
        return;
    publication->states = calloc((size_t)list.count * LAST_STATE + 1, sizeof(*publication->states));
    if (publication->states) {
        publication->state_count = list.count * LAST_STATE;
        for (uint32_t i = 0; i < publication->state_count; i++) {
            const uint32_t inode = list.inodes[i / LAST_STATE];
            publication->states[i].netns = inode ? inode : publication->own_netns;
            publication->states[i].state = i % LAST_STATE + 1;
        }
        count_states(publication, &list);
    }
    free(list.inodes);
}

/* ---- all of it ---- */

void order_rows(struct publication *publication)
{
    if (!publication->snapshot)
        return;
    if (publication_serves(publication, PUBLICATION_LISTENERS))
        order_table(publication, PUBLICATION_LISTENERS,
                    publication->snapshot->listener_count + (publication->gone ? publication->gone_count : 0));
    if (publication_serves(publication, PUBLICATION_CONNECTIONS))
        connections_order(publication);
    if (publication_serves(publication, PUBLICATION_STATES))
        order_states(publication);
    if (publication_serves(publication, PUBLICATION_GROUPS))
        order_table(publication, PUBLICATION_GROUPS, publication->snapshot->group_count);
}

void order_free(struct publication *publication)
{
    for (size_t i = 0; i < PUBLICATION_TABLES; i++)
        free(publication->order[i].at);
    free(publication->states);
    free(publication->thresholds);
    free(publication->tops);
    free(publication->gone);
}
