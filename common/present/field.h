/* field.h - what the field tables are written with. */
#ifndef PROCTCP_FIELD_H
#define PROCTCP_FIELD_H

#include "proctcp.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MEMBER(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

#define UNSIGNED .type = PROCTCP_UNSIGNED
#define COUNTER  .type = PROCTCP_UNSIGNED, .is_counter = true
#define ENUM(of) .type = PROCTCP_ENUM, .enum_name = proctcp_##of##_name

/* The member of a record that is there. */
void field_read(const void *record, const struct proctcp_field *field, struct proctcp_value *value);

#endif
