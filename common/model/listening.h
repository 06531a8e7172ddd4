/* listening.h - where sockets listen: whether an address and port have a listener, and through which listener a
 * connection came in. A listener is a namespace, address, port and interface, whatever number of sockets listens there.
 */
#ifndef PROCTCP_LISTENING_H
#define PROCTCP_LISTENING_H

#include "model/model.h"

/* Where some socket listens. */
struct place {
    uint64_t port; /* and namespace */
    struct proctcp_address address;
    uint32_t interface;  /* that it is bound to; 0: none */
    uint32_t of_port;    /* in the first place of a port: how many it has */
    bool takes_ipv4;     /* at ::, unless it is said not to */
    bool one_takes_ipv4; /* in the first place of an address: whether one of its places does */
};

struct places VECTOR(struct place);

struct listening {
    struct places places;       /* the listeners, each once, ordered by port, address and interface */
    struct hash by_port;        /* the first place of each port */
    uint64_t ports[65536 / 64]; /* a bit for each port that any of them has */
};

/* All zeros before. 0 or -ENOMEM; to be cleared either way. */
int listening_find(struct listening *listening, const struct sockets *sockets);
void listening_clear(struct listening *listening);

/* The first place of a port, behind which the others stand; NULL: nobody listens on it, as on most. */
const struct place *listening_find_port(const struct listening *listening, uint32_t netns, uint16_t port);
static inline const struct place *listening_on(const struct listening *listening, uint32_t netns, uint16_t port)
{
    return listening->ports[port / 64] >> port % 64 & 1 ? listening_find_port(listening, netns, port) : NULL;
}

/* Of the places of a port (or NULL): whether one is at the address itself or at all addresses; its interface does not
 * matter. */
bool listening_at(const struct place *first, const struct proctcp_address *address);

/* Of the places of its port (or NULL): the number (index of the place) of the listener that a socket is, if it listens,
 * else of the one that it came in through. PROCTCP_NONE: there is none. */
uint32_t listening_number(const struct listening *listening, const struct place *first,
                          const struct proctcp_socket *socket);

#endif
