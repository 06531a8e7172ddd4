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

static bool parse_address(const char *text, bool is_bracketed, struct proctcp_address *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (is_bracketed)
        return inet_pton(AF_INET6, text, address->bytes) == 1;
    memcpy(address->bytes, mapped, sizeof(mapped));
    return inet_pton(AF_INET, text, address->bytes + sizeof(mapped)) == 1;
}

/* "80" or "80%2" */
static bool parse_port(char *text, struct endpoint *endpoint)
{
    char *percent = strchr(text, '%');
    unsigned long port, interface = 0;

    if (percent) {
        *percent = '\0';
        if (!parse_number(percent + 1, UINT32_MAX, &interface))
            return false;
    }
    if (!parse_number(text, UINT16_MAX, &port))
        return false;
    endpoint->port = (uint16_t)port;
    endpoint->interface = (uint32_t)interface;
    return true;
}

/* "0.0.0.0%2", "[::]%2": it is cut off. */
static bool take_interface(char *address, struct endpoint *endpoint)
{
    char *percent = strchr(address, '%');
    unsigned long interface = 0;

    if (!percent)
        return true;
    *percent = '\0';
    endpoint->interface = parse_number(percent + 1, UINT32_MAX, &interface) ? (uint32_t)interface : 0;
    return endpoint->interface != 0;
}

bool endpoint_parse(const char *text, struct endpoint *endpoint)
{
    char copy[PROCTCP_ENDPOINT_TEXT_SIZE + 16];
    struct endpoint read;

    if (strlen(text) >= sizeof(copy))
        return false;
    memcpy(copy, text, strlen(text) + 1);
    char *colon = strrchr(copy, ':'), *address = copy;
    if (!colon || !parse_port(colon + 1, &read))
        return false;
    *colon = '\0';
    if (!read.interface && !take_interface(address, &read))
        return false;
    const size_t length = strlen(address);
    const bool is_bracketed = *address == '[' && length > 1 && address[length - 1] == ']';
    if (is_bracketed) {
        address[length - 1] = '\0';
        address++;
    }
    if (!parse_address(address, is_bracketed, &read.address))
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
