/* inet_diag.c - reading sock_diag's answers. */
#include "capture/inet_diag.h"

#include "base/attribute.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>

/* As later headers than those of the build machine name them. */
#define ATTRIBUTE_SKV6ONLY 11
#define ATTRIBUTE_ULP_INFO 19
#define ULP_INFO_NAME      1

/* The upper layer protocol that sits on the socket, "mptcp" or "tls", is the first of nested attributes. */
static bool is_mptcp(const struct attribute *attribute)
{
    static const char name[] = "mptcp";
    struct attributes nested = {attribute->payload, attribute->length};
    struct attribute one;

    while (attributes_next(&nested, &one)) {
        if (one.type == ULP_INFO_NAME && one.length >= sizeof(name) && memcmp(one.payload, name, sizeof(name)) == 0)
            return true;
    }
    return false;
}

static void read_attribute(const struct attribute *attribute, struct inet_diag_socket *out)
{
    switch (attribute->type) {
    case INET_DIAG_INFO:
        out->info = attribute->payload;
        out->info_length = attribute->length;
        break;
    case INET_DIAG_SKMEMINFO:
        out->memory = attribute->payload;
        out->memory_count = attribute->length / sizeof(uint32_t);
        break;
    case INET_DIAG_CONG:
        out->congestion = attribute->payload;
        out->congestion_length = strnlen(attribute->payload, attribute->length);
        break;
    case ATTRIBUTE_SKV6ONLY:
        out->has_v6only = attribute->length > 0;
        out->v6only = attribute->length > 0 && *(const uint8_t *)attribute->payload;
        break;
    case ATTRIBUTE_ULP_INFO:
        out->is_subflow = is_mptcp(attribute);
        break;
    default:
        break; /* more than was asked for is no harm */
    }
}

/* An error hides in the payload of NLMSG_DONE, too, where libmnl's own callback runner does not look. */
static enum inet_diag_kind read_end(const struct nlmsghdr *message, int *error)
{
    int status = 0;

    if (mnl_nlmsg_get_payload_len(message) >= sizeof(status))
        memcpy(&status, mnl_nlmsg_get_payload(message), sizeof(status));
    else if (message->nlmsg_type == NLMSG_ERROR)
        return INET_DIAG_ANSWER_MALFORMED;
    if (status == 0)
        return INET_DIAG_ANSWER_DONE;
    *error = status < 0 && status != INT32_MIN ? -status : EPROTO;
    return INET_DIAG_ANSWER_ERROR;
}

/* mnl_nlmsg_ok() compares as int: a length beyond INT_MAX passes it. */
bool inet_diag_is_whole(const struct nlmsghdr *message, int left)
{
    return left >= (int)sizeof(*message) && message->nlmsg_len <= (uint32_t)left && mnl_nlmsg_ok(message, left);
}

enum inet_diag_kind inet_diag_read(const struct nlmsghdr *message, struct inet_diag_socket *out, int *error)
{
    const size_t fixed = NLMSG_ALIGN(sizeof(struct inet_diag_msg));
    struct attributes attributes;
    struct attribute attribute;
    size_t length;

    if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
        return read_end(message, error);
    if (message->nlmsg_type != TCPDIAG_GETSOCK && message->nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return INET_DIAG_ANSWER_OTHER;
    length = mnl_nlmsg_get_payload_len(message);
    if (length < sizeof(struct inet_diag_msg))
        return INET_DIAG_ANSWER_MALFORMED;
    *out = (struct inet_diag_socket){.message = mnl_nlmsg_get_payload(message)};
    attributes = (struct attributes){(const uint8_t *)out->message + fixed, length > fixed ? length - fixed : 0};
    while (attributes_next(&attributes, &attribute))
        read_attribute(&attribute, out);
    return INET_DIAG_ANSWER_SOCKET;
}
