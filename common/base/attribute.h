/* attribute.h - netlink attributes, one after the other, never past their end. Knows how they are laid out (see
 * netlink(7)), not what they mean. Here and not in a library, for the dump of a busy host has a million of them. */
#ifndef PROCTCP_ATTRIBUTE_H
#define PROCTCP_ATTRIBUTE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Attributes that have not been read yet. */
struct attributes {
    const uint8_t *at;
    size_t left; /* bytes */
};

struct attribute {
    uint16_t type;
    const void *payload;
    size_t length;
};

/* The next one; false: there is no further one that is whole. */
static inline bool attributes_next(struct attributes *attributes, struct attribute *out)
{
    const struct nlattr *attribute = (const struct nlattr *)(const void *)attributes->at;

    if (attributes->left < sizeof(*attribute) || attribute->nla_len < sizeof(*attribute) ||
        attribute->nla_len > attributes->left)
        return false;
    const size_t aligned = NLA_ALIGN((size_t)attribute->nla_len);
    *out = (struct attribute){.type = attribute->nla_type & NLA_TYPE_MASK,
                              .payload = attribute + 1,
                              .length = attribute->nla_len - sizeof(*attribute)};
    attributes->at += aligned < attributes->left ? aligned : attributes->left;
    attributes->left -= aligned < attributes->left ? aligned : attributes->left;
    return true;
}

#endif
