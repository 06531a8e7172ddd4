/* connections.c - which sockets are connections, and their order. Knows how their index is encoded; nothing of columns.
 *
 * There may be hundreds of thousands: they are ordered by packed keys that compare as their OIDs do, for to go to each
 * socket at each comparison takes longer than all else. */
#include "connections.h"

#include "order.h"

#include <stdlib.h>
#include <string.h>

struct packed {
    uint8_t key[45]; /* namespace, type, local address, zone, port, remote address, port */
    uint32_t place;  /* a row of the snapshot, or behind all of these a socket that none holds */
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

static uint32_t pack_all(const struct publication *publication, struct packed *all)
{
    const struct proctcp_snapshot *snapshot = publication->snapshot;
    uint32_t count = 0;

    for (uint32_t i = 0; i < snapshot->row_count; i++) {
        const struct proctcp_socket *socket = &snapshot->sockets[snapshot->rows[i].socket];
        if (snapshot->rows[i].owner_rank != 1 || !is_connection(socket))
            continue;
        pack(publication, socket, &all[count]);
        all[count++].place = i;
    }
    for (uint32_t i = 0; i < snapshot->socket_count; i++) {
        if (snapshot->sockets[i].owners || !is_connection(&snapshot->sockets[i]))
            continue;
        pack(publication, &snapshot->sockets[i], &all[count]);
        all[count++].place = snapshot->row_count + i;
    }
    return count;
}

/* Of two with one four-tuple, as when one has just taken the other one's place, the first is served: rather one that is
 * held. */
void connections_order(struct publication *publication)
{
    struct row_order *order = &publication->order[PUBLICATION_CONNECTIONS];
    struct packed *all = malloc(((size_t)publication->snapshot->socket_count + 1) * sizeof(*all));
    uint32_t count;

    if (!all)
        return;
    count = pack_all(publication, all);
    qsort(all, count, sizeof(*all), compare_packed);
    order->at = malloc(((size_t)count + 1) * sizeof(*order->at));
    for (uint32_t i = 0; i < count && order->at; i++) {
        if (i == 0 || memcmp(all[i - 1].key, all[i].key, sizeof(all[i].key)) != 0)
            order->at[order->count++] = all[i].place;
    }
    free(all);
}
