/* netlink.c - reading sock_diag's answers. */
#include "capture/inet_diag.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <string.h>

static void read_attribute(const struct nlattr *attribute, struct netlink_socket *out)
{
    const void *payload = mnl_attr_get_payload(attribute);
    size_t length = mnl_attr_get_payload_len(attribute);

    switch (mnl_attr_get_type(attribute)) {
    case INET_DIAG_INFO:
        out->info = payload;
        out->info_length = length;
        break;
    case INET_DIAG_SKMEMINFO:
        out->memory = payload;
        out->memory_count = length / sizeof(uint32_t);
        break;
    case INET_DIAG_CONG:
        out->congestion = payload;
        out->congestion_length = strnlen(payload, length);
        break;
    default:
        break; /* more than was asked for is no harm */
    }
}

/* An error hides in the payload of NLMSG_DONE, too, where libmnl's own callback runner does not look. */
static enum netlink_kind read_end(const struct nlmsghdr *message, int *error)
{
    int status = 0;

    if (mnl_nlmsg_get_payload_len(message) >= sizeof(status))
        memcpy(&status, mnl_nlmsg_get_payload(message), sizeof(status));
    else if (message->nlmsg_type == NLMSG_ERROR)
        return NETLINK_MALFORMED;
    if (status == 0)
        return NETLINK_DONE;
    *error = status < 0 && status != INT32_MIN ? -status : EPROTO;
    return NETLINK_ERROR;
}

/* mnl_nlmsg_ok() compares as int: a length beyond INT_MAX passes it. */
bool netlink_is_whole(const struct nlmsghdr *message, int left)
{
    return left >= (int)sizeof(*message) && message->nlmsg_len <= (uint32_t)left && mnl_nlmsg_ok(message, left);
}

enum netlink_kind netlink_read(const struct nlmsghdr *message, struct netlink_socket *out, int *error)
{
    const struct nlattr *attribute;

    if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
        return read_end(message, error);
    if (message->nlmsg_type != TCPDIAG_GETSOCK)
        return NETLINK_OTHER;
    if (mnl_nlmsg_get_payload_len(message) < sizeof(struct inet_diag_msg))
        return NETLINK_MALFORMED;
    *out = (struct netlink_socket){.message = mnl_nlmsg_get_payload(message)};
    mnl_attr_for_each(attribute, message, sizeof(struct inet_diag_msg))
    {
        read_attribute(attribute, out);
    }
    return NETLINK_SOCKET;
}
