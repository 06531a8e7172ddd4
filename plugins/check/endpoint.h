/* endpoint.h - where a listener listens, as people write it. */
#ifndef CHECK_ENDPOINT_H
#define CHECK_ENDPOINT_H

#include "proctcp.h"

struct endpoint {
    struct proctcp_address address;
    uint16_t port;
    uint32_t interface; /* index of the one that it is bound to, behind a %; 0: it is bound to none */
};

/* "0.0.0.0:80", "[::]:80", "0.0.0.0%2:80" as proctcp --listeners prints them, or "[fe80::1]:80%2" as agents do. */
bool endpoint_parse(const char *text, struct endpoint *endpoint);
/* Returns text. */
char *endpoint_text(const struct endpoint *endpoint, char text[PROCTCP_ENDPOINT_TEXT_SIZE + 16]);

#endif
