/* listening.c - where sockets listen, and which of them the kernel gives a connection to. Knows nothing of who holds a
 * socket. */
#include "model/listening.h"

#include <errno.h>
#include <stdlib.h>

static const struct proctcp_address any = {{0}}, any_ipv4 = {.bytes = {[10] = 0xff, [11] = 0xff}};

static uint64_t port_of(uint32_t netns, uint16_t port)
{
    return (uint64_t)netns << 16 | port;
}

static uint32_t port_key(uint64_t port)
{
    return (uint32_t)(port ^ port >> 32);
}

/* Whatever interface they are bound to. */
static int compare_addresses(const struct place *a, const struct place *b)
{
    if (a->port != b->port)
        return a->port < b->port ? -1 : 1;
    return memcmp(&a->address, &b->address, sizeof(a->address));
}

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    const int order = compare_addresses(x, y);
    return order ? order : (x->interface > y->interface) - (x->interface < y->interface);
}

void listening_clear(struct listening *listening)
{
    vector_free(&listening->places);
    vector_free(&listening->by_port);
}

static int add_places(struct listening *listening, const struct sockets *sockets)
{
    for (uint32_t i = 0; i < sockets->count; i++) {
        const struct proctcp_socket *socket = &sockets->at[i];
        if (socket->state != PROCTCP_LISTEN)
            continue;
        struct place *place = vector_push(&listening->places);
        if (!place)
            return -ENOMEM;
        *place = (struct place){.port = port_of(socket->netns, socket->local_port),
                                .address = socket->local_address,
                                .interface = socket->interface,
                                .takes_ipv4 = !(socket->present & PROCTCP_HAS_V6ONLY) || !socket->v6only};
        listening->ports[socket->local_port / 64] |= 1ull << socket->local_port % 64;
    }
    return 0;
}

/* Many sockets may listen at one place; one of them says as much as all. */
static void merge_places(struct places *places)
{
    uint32_t kept = 0;

    if (places->count)
        qsort(places->at, places->count, sizeof(places->at[0]), compare_places);
    for (uint32_t i = 0; i < places->count; i++) {
        if (kept == 0 || compare_places(&places->at[kept - 1], &places->at[i]) != 0)
            places->at[kept++] = places->at[i];
        else
            places->at[kept - 1].takes_ipv4 |= places->at[i].takes_ipv4;
    }
    places->count = kept;
}

static void find_who_takes_ipv4(struct places *places)
{
    struct place *first = NULL; /* of the address */

    for (uint32_t i = 0; i < places->count; i++) {
        struct place *place = &places->at[i];
        if (!first || compare_addresses(first, place) != 0)
            first = place;
        first->one_takes_ipv4 |= place->takes_ipv4;
    }
}

static int index_ports(struct listening *listening)
{
    struct places *places = &listening->places;
    struct place *first = NULL; /* of the port */

    if (!hash_begin(&listening->by_port, places->count))
        return -ENOMEM;
    for (uint32_t i = 0; i < places->count; i++) {
        if (!first || first->port != places->at[i].port) {
            first = &places->at[i];
            hash_put(&listening->by_port, port_key(first->port), i);
        }
        first->of_port++;
    }
    return 0;
}

int listening_find(struct listening *listening, const struct sockets *sockets)
{
    if (add_places(listening, sockets) < 0)
        return -ENOMEM;
    merge_places(&listening->places);
    find_who_takes_ipv4(&listening->places);
    return index_ports(listening);
}

const struct place *listening_find_port(const struct listening *listening, uint32_t netns, uint16_t number)
{
    const struct place *places = listening->places.at;
    const uint64_t port = port_of(netns, number);
    struct hash_walk walk;
    uint32_t i = hash_first(&listening->by_port, port_key(port), &walk);

    while (i != HASH_NONE && places[i].port != port)
        i = hash_next(&listening->by_port, &walk);
    return i != HASH_NONE ? &places[i] : NULL;
}

/* Among the places of a port, the first one that is not before that of an address and interface, or NULL. */
static const struct place *first_from(const struct place *first, const struct proctcp_address *address,
                                      uint32_t interface)
{
    const struct place wanted = {.port = first->port, .address = *address, .interface = interface};
    uint32_t low = 0, high = first->of_port;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_places(&first[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < first->of_port ? &first[low] : NULL;
}

static bool has_listener(const struct place *first, const struct proctcp_address *address)
{
    const struct place *found = first_from(first, address, 0);
    return found && is_same_address(&found->address, address);
}

/* The wildcard of IPv6 stands first, and mostly takes IPv4 as well. */
bool listening_at(const struct place *first, const struct proctcp_address *address)
{
    if (!first)
        return false;
    if (is_same_address(&first->address, address))
        return true; /* as with most: a port has one listener */
    if (is_same_address(&first->address, &any) && (first->one_takes_ipv4 || !proctcp_address_is_ipv4(address)))
        return true;
    return has_listener(first, address) || (proctcp_address_is_ipv4(address) && has_listener(first, &any_ipv4));
}

/* ---- which of them ---- */

static const struct place *find_place(const struct place *first, const struct proctcp_address *address,
                                      uint32_t interface)
{
    const struct place *found = first_from(first, address, interface);
    return found && found->interface == interface && is_same_address(&found->address, address) ? found : NULL;
}

/* Of the two wildcards that may take IPv4, that of IPv4 is preferred. */
static const struct place *find_wildcard(const struct place *first, bool is_ipv4, uint32_t interface)
{
    const struct place *found = is_ipv4 ? find_place(first, &any_ipv4, interface) : NULL;

    if (found)
        return found;
    found = find_place(first, &any, interface);
    return found && (found->takes_ipv4 || !is_ipv4) ? found : NULL;
}

/* As the kernel looks listeners up: one at the address before one at all addresses; of these, one that is bound to the
 * interface before one that is bound to none, and then IPv4 before IPv6. An accepted socket is bound as its listener
 * is; that of an unbound listener may be bound, too: a link-local one, and one of a VRF.
 * Two cases are not told apart here. Of a bound socket at :: and an unbound one at 0.0.0.0, which SO_REUSEPORT allows
 * on one port, the kernel takes the younger one. And before 5.0 an interface counted as much as an address. */
static const struct place *find_taker(const struct place *first, const struct proctcp_socket *socket)
{
    const bool is_ipv4 = proctcp_address_is_ipv4(&socket->local_address);
    const struct place *found = NULL;

    if (socket->interface)
        found = find_place(first, &socket->local_address, socket->interface);
    if (!found)
        found = find_place(first, &socket->local_address, 0);
    if (!found && socket->interface)
        found = find_wildcard(first, is_ipv4, socket->interface);
    return found ? found : find_wildcard(first, is_ipv4, 0);
}

uint32_t listening_number(const struct listening *listening, const struct place *first,
                          const struct proctcp_socket *socket)
{
    const struct place *found;

    if (!first)
        return PROCTCP_NONE;
    if (first->interface == socket->interface && is_same_address(&first->address, &socket->local_address))
        return (uint32_t)(first - listening->places.at); /* as with most: a port has one listener */
    found = find_taker(first, socket);
    return found ? (uint32_t)(found - listening->places.at) : PROCTCP_NONE;
}
