/* value.h - a member of a record, by the field that describes it. Private to present/. */
#ifndef PROCTCP_VALUE_H
#define PROCTCP_VALUE_H

#include "proctcp.h"

/* For fields of a table. Place of a member: its offset and size. */
#define MEMBER(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

#define UNSIGNED .type = PROCTCP_UNSIGNED
#define COUNTER  .type = PROCTCP_UNSIGNED, .is_counter = true
#define ENUM(of) .type = PROCTCP_ENUM, .enum_name = proctcp_##of##_name

static inline uint64_t read_unsigned(const void *at, uint8_t size)
{
    switch (size) {
    case 1:
        return *(const uint8_t *)at;
    case 2:
        return *(const uint16_t *)at;
    case 4:
        return *(const uint32_t *)at;
    default:
        return *(const uint64_t *)at;
    }
}

/* Signed members are all 32 bits wide. */
static inline void read_value(const void *record, const struct proctcp_field *field, struct proctcp_value *value)
{
    const char *at = (const char *)record + field->offset;

    value->type = field->type;
    switch (value->type) {
    case PROCTCP_SIGNED:
        value->signed_number = *(const int32_t *)(const void *)at;
        break;
    case PROCTCP_TEXT:
        value->text = *(const char *const *)(const void *)at;
        break;
    case PROCTCP_ADDRESS:
        value->address = (const struct proctcp_address *)(const void *)at;
        break;
    default:
        value->number = read_unsigned(at, field->size);
    }
}

#endif
