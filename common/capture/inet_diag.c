/* inet_diag.c - reading sock_diag's answers. */
#include "capture/inet_diag.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <string.h>

/* As later headers than those of the build machine name them. */
#define ATTRIBUTE_SKV6ONLY 11
#define ATTRIBUTE_ULP_INFO 19
#define ULP_INFO_NAME      1

/* The upper layer protocol that sits on the socket, "mptcp" or "tls", is the first of nested attributes. */
static bool is_mptcp(const struct nlattr *attribute)
{
    static const char name[] = "mptcp";
    const struct nlattr *nested;

    mnl_attr_for_each_nested(nested, attribute)
    {
        if (mnl_attr_get_type(nested) == ULP_INFO_NAME && mnl_attr_get_payload_len(nested) >= sizeof(name) &&
            memcmp(mnl_attr_get_payload(nested), name, sizeof(name)) == 0)
            return true;
    }
    return false;
}

static void read_attribute(const struct nlattr *attribute, struct inet_diag_socket *out)
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
    case ATTRIBUTE_SKV6ONLY:
        out->has_v6only = length > 0;
        out->v6only = length > 0 && *(const uint8_t *)payload;
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
    const struct nlattr *attribute;

    if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
        return read_end(message, error);
    if (message->nlmsg_type != TCPDIAG_GETSOCK)
        return INET_DIAG_ANSWER_OTHER;
    if (mnl_nlmsg_get_payload_len(message) < sizeof(struct inet_diag_msg))
        return INET_DIAG_ANSWER_MALFORMED;
    *out = (struct inet_diag_socket){.message = mnl_nlmsg_get_payload(message)};
    mnl_attr_for_each(attribute, message, sizeof(struct inet_diag_msg))
    {
        read_attribute(attribute, out);
    }
    return INET_DIAG_ANSWER_SOCKET;
}
