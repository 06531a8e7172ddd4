/* endpoint.c - see endpoint.h. */
#include "endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_number(const char *text, unsigned long most, unsigned long *number)
{
    const size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 10 || text[digits])
        return false;
    *number = strtoul(text, NULL, 10);
    return *number >= 1 && *number <= most;
}

static bool parse_address(char *text, bool is_bracketed, struct endpoint *endpoint)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char *zone = is_bracketed ? strchr(text, '%') : NULL;
    unsigned long interface = 0;

    if (zone) {
        *zone = '\0';
        if (!parse_number(zone + 1, UINT32_MAX, &interface))
            return false;
    }
    endpoint->interface = (uint32_t)interface;
    if (is_bracketed)
        return inet_pton(AF_INET6, text, endpoint->address.bytes) == 1;
    memcpy(endpoint->address.bytes, mapped, sizeof(mapped));
    return inet_pton(AF_INET, text, endpoint->address.bytes + sizeof(mapped)) == 1;
}

bool endpoint_parse(const char *text, struct endpoint *endpoint)
{
    char copy[PROCTCP_ENDPOINT_TEXT_SIZE + 16];
    struct endpoint read = {.interface = 0};
    unsigned long port;

    if (strlen(text) >= sizeof(copy))
        return false;
    memcpy(copy, text, strlen(text) + 1);
    char *colon = strrchr(copy, ':'), *address = copy;
    if (!colon || !parse_number(colon + 1, UINT16_MAX, &port))
        return false;
    *colon = '\0';
    const bool is_bracketed = *address == '[' && colon > address && colon[-1] == ']';
    if (is_bracketed) {
        address++;
        colon[-1] = '\0';
    }
    read.port = (uint16_t)port;
    if (!parse_address(address, is_bracketed, &read))
        return false;
    *endpoint = read;
    return true;
}

char *endpoint_text(const struct endpoint *endpoint, char text[PROCTCP_ENDPOINT_TEXT_SIZE + 16])
{
    proctcp_endpoint_text(&endpoint->address, endpoint->port, text);
    if (endpoint->interface)
        snprintf(text + strlen(text), 16, "%%%u", endpoint->interface);
    return text;
}
