/* connections.c - which sockets are connections, and their order. Knows how their index is encoded; nothing of columns.
 *
 * There may be hundreds of thousands: they are ordered by packed keys that compare as their OIDs do, for to go to each
 * socket at each comparison takes longer than all else. Those of IPv4, mostly all of them, have keys a third as long:
 * the agent needs most memory just here. */
#include "connections.h"

#include "order.h"

#include <stdlib.h>
#include <string.h>

/* place: a row of the snapshot, or behind all of these a socket that none holds. */
struct packed {
    uint8_t key[45]; /* namespace, type, local address, zone, port, remote address, port */
    uint32_t place;
};

/* Of IPv4, which needs neither type nor zone. */
struct packed4 {
    uint32_t key[4]; /* namespace, local address; port, remote address and port go over two */
    uint32_t place;
};

static bool is_connection(const struct proctcp_socket *socket)
{
    return socket->present & PROCTCP_HAS_LOCAL && socket->present & PROCTCP_HAS_REMOTE;
}

enum inet_address_type connection_address_type(const struct proctcp_socket *socket)
{
    const enum inet_address_type local = value_address_type(&socket->local_address, socket->interface);
    const enum inet_address_type remote = value_address_type(&socket->remote_address, socket->interface);

    return local > remote ? local : remote; /* IPv4, IPv6, IPv6 with a zone */
}

struct connection connection_of(const struct publication *publication, uint32_t row)
{
    const struct proctcp_snapshot *snapshot = publication->snapshot;
    const uint32_t place = publication->order[PUBLICATION_CONNECTIONS].at[row];

    if (place >= snapshot->row_count)
        return (struct connection){place - snapshot->row_count, NULL};
    return (struct connection){snapshot->rows[place].socket, &snapshot->rows[place]};
}

size_t connection_key(const struct publication *publication, uint32_t row, unsigned long key[TABLE_INDEX_MAX])
{
    const struct proctcp_socket *socket = &publication->snapshot->sockets[connection_of(publication, row).socket];
    const enum inet_address_type type = connection_address_type(socket);
    struct value address;
    size_t length = 2;

    key[0] = order_netns(publication, socket->netns);
    key[1] = type;
    value_set_address(&address, &socket->local_address, type, socket->interface);
    length += order_put_octets(address.octets, address.length, key + length);
    key[length++] = socket->local_port;
    value_set_address(&address, &socket->remote_address, type, socket->interface);
    length += order_put_octets(address.octets, address.length, key + length);
    key[length++] = socket->remote_port;
    return length;
}

/* ---- their order ---- */

static uint8_t *put_number(uint8_t *to, unsigned long number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(number >> (8 * (size - 1 - i)));
    return to + size;
}

static uint8_t *put_address(uint8_t *to, const struct proctcp_address *address)
{
    memcpy(to, address->bytes, sizeof(address->bytes));
    return to + sizeof(address->bytes);
}

static void pack(const struct publication *publication, const struct proctcp_socket *socket, struct packed *packed)
{
    uint8_t *to = packed->key;

    to = put_number(to, order_netns(publication, socket->netns), 4);
    to = put_number(to, connection_address_type(socket), 1);
    to = put_address(to, &socket->local_address);
    to = put_number(to, connection_address_type(socket) == INET_ADDRESS_IPV6Z ? socket->interface : 0, 4);
    to = put_number(to, socket->local_port, 2);
    to = put_address(to, &socket->remote_address);
    put_number(to, socket->remote_port, 2);
}

static int compare_packed(const void *a, const void *b)
{
    const struct packed *x = a, *y = b;
    const int order = memcmp(x->key, y->key, sizeof(x->key));

    return order ? order : (x->place > y->place) - (x->place < y->place);
}

static uint32_t ipv4_of(const struct proctcp_address *address)
{
    const uint8_t *bytes = address->bytes + 12;

    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void pack4(const struct publication *publication, const struct proctcp_socket *socket, struct packed4 *packed)
{
    const uint32_t remote = ipv4_of(&socket->remote_address);

    packed->key[0] = (uint32_t)order_netns(publication, socket->netns);
    packed->key[1] = ipv4_of(&socket->local_address);
    packed->key[2] = (uint32_t)socket->local_port << 16 | remote >> 16;
    packed->key[3] = remote << 16 | socket->remote_port;
}

static int compare_keys4(const struct packed4 *x, const struct packed4 *y)
{
    for (int i = 0; i < 4; i++) {
        if (x->key[i] != y->key[i])
            return x->key[i] < y->key[i] ? -1 : 1;
    }
    return 0;
}

static int compare_packed4(const void *a, const void *b)
{
    const struct packed4 *x = a, *y = b;
    const int order = compare_keys4(x, y);

    return order ? order : (x->place > y->place) - (x->place < y->place);
}

/* NULL: there is no connection, or an earlier place has it. */
static const struct proctcp_socket *at_place(const struct proctcp_snapshot *snapshot, uint32_t place)
{
    const bool is_row = place < snapshot->row_count;
    const struct proctcp_socket *socket =
        &snapshot->sockets[is_row ? snapshot->rows[place].socket : place - snapshot->row_count];

    if (is_row ? snapshot->rows[place].owner_rank != 1 : socket->owners != 0)
        return NULL;
    return is_connection(socket) ? socket : NULL;
}

/* Both kinds, each in its order. */
struct packing {
    struct packed *at;
    struct packed4 *at4;
    uint32_t count;
    uint32_t count4;
};

static bool pack_all(const struct publication *publication, struct packing *all)
{
    const struct proctcp_snapshot *snapshot = publication->snapshot;
    const uint32_t places = snapshot->row_count + snapshot->socket_count;
    const struct proctcp_socket *socket;

    for (uint32_t place = 0; place < places; place++) {
        if (!(socket = at_place(snapshot, place)))
            continue;
        if (connection_address_type(socket) == INET_ADDRESS_IPV4)
            all->count4++;
        else
            all->count++;
    }
    all->at = calloc((size_t)all->count + 1, sizeof(*all->at));
    all->at4 = calloc((size_t)all->count4 + 1, sizeof(*all->at4));
    if (!all->at || !all->at4)
        return false;
    all->count = all->count4 = 0;
    for (uint32_t place = 0; place < places; place++) {
        if (!(socket = at_place(snapshot, place)))
            continue;
        if (connection_address_type(socket) == INET_ADDRESS_IPV4) {
            pack4(publication, socket, &all->at4[all->count4]);
            all->at4[all->count4++].place = place;
        } else {
            pack(publication, socket, &all->at[all->count]);
            all->at[all->count++].place = place;
        }
    }
    qsort(all->at, all->count, sizeof(*all->at), compare_packed);
    qsort(all->at4, all->count4, sizeof(*all->at4), compare_packed4);
    return true;
}

/* In a namespace IPv4 comes first. */
static bool is_ipv4_next(const struct packing *all, uint32_t next4, uint32_t next)
{
    uint8_t netns[4];

    if (next4 == all->count4 || next == all->count)
        return next4 < all->count4;
    put_number(netns, all->at4[next4].key[0], sizeof(netns));
    return memcmp(netns, all->at[next].key, sizeof(netns)) <= 0;
}

/* Of two with one four-tuple, as when one has just taken the other one's place, the first is served: rather one that is
 * held. */
static void merge(const struct packing *all, struct row_order *order)
{
    uint32_t next4 = 0, next = 0;

    while (next4 < all->count4 || next < all->count) {
        if (is_ipv4_next(all, next4, next)) {
            if (next4 == 0 || compare_keys4(&all->at4[next4 - 1], &all->at4[next4]) != 0)
                order->at[order->count++] = all->at4[next4].place;
            next4++;
        } else {
            if (next == 0 || memcmp(all->at[next - 1].key, all->at[next].key, sizeof(all->at[next].key)) != 0)
                order->at[order->count++] = all->at[next].place;
            next++;
        }
    }
}

void connections_order(struct publication *publication)
{
    struct row_order *order = &publication->order[PUBLICATION_CONNECTIONS];
    struct packing all = {.at = NULL};

    if (pack_all(publication, &all))
        order->at = malloc(((size_t)all.count + all.count4 + 1) * sizeof(*order->at));
    if (order->at)
        merge(&all, order);
    free(all.at);
    free(all.at4);
}
