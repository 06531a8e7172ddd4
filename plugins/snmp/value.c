/* value.c - a library value as SNMP carries it: the syntax follows from the field's type and size alone. Knows the
 * textual conventions; knows nothing of OIDs or of net-snmp. */
#include "value.h"

#include <string.h>
#include <time.h>

/* 64 bits that count nothing and measure nothing: a gauge of them would invite managers to draw it. */
static bool is_identity(const struct proctcp_field *field)
{
    return field->type == PROCTCP_UNSIGNED && field->size == 8 && !field->is_counter && !field->unit;
}

enum value_syntax value_syntax_of(const struct proctcp_field *field)
{
    switch (field->type) {
    case PROCTCP_SIGNED:
    case PROCTCP_BOOLEAN:
    case PROCTCP_ENUM:
        return VALUE_INTEGER;
    case PROCTCP_UNSIGNED:
        if (is_identity(field))
            return VALUE_OCTETS;
        if (field->size == 8)
            return VALUE_COUNTER64;
        return field->is_counter ? VALUE_COUNTER32 : VALUE_UNSIGNED;
    default:
        return VALUE_OCTETS;
    }
}

void value_set_integer(struct value *value, int32_t integer)
{
    value->syntax = VALUE_INTEGER;
    value->integer = integer;
}

void value_set_unsigned(struct value *value, uint32_t number)
{
    value->syntax = VALUE_UNSIGNED;
    value->number = number;
}

void value_set_counter32(struct value *value, uint32_t number)
{
    value->syntax = VALUE_COUNTER32;
    value->number = number;
}

/* U+0000 to U+001F and U+007F to U+009F. text begins with a valid character of this length. */
static bool is_control_code(const char *text, size_t length)
{
    const unsigned char first = (unsigned char)text[0], second = (unsigned char)text[1];

    return length == 1 ? first < 0x20 || first == 0x7f : first == 0xc2 && second < 0xa0;
}

void value_set_counter64(struct value *value, uint64_t number)
{
    value->syntax = VALUE_COUNTER64;
    value->number = number;
}

void value_set_text(struct value *value, const char *text)
{
    size_t used = 0;

    while (*text) {
        const size_t length = proctcp_utf8_length(text), step = length ? length : 1;

        if (used + step > VALUE_ADMIN_STRING_MAX)
            break;
        if (length && !is_control_code(text, length))
            memcpy(value->octets + used, text, step);
        else
            memset(value->octets + used, '?', step);
        used += step;
        text += step;
    }
    value->syntax = VALUE_OCTETS;
    value->length = used;
}

void value_set_time(struct value *value, uint64_t unix_time)
{
    const time_t seconds = (time_t)unix_time;
    struct tm utc;

    gmtime_r(&seconds, &utc);
    const unsigned year = (unsigned)utc.tm_year + 1900;
    const uint8_t octets[11] = {
        (uint8_t)(year >> 8),
        (uint8_t)year,
        (uint8_t)(utc.tm_mon + 1),
        (uint8_t)utc.tm_mday,
        (uint8_t)utc.tm_hour,
        (uint8_t)utc.tm_min,
        (uint8_t)utc.tm_sec,
        0, /* deciseconds */
        '+',
        0,
        0,
    };

    value->syntax = VALUE_OCTETS;
    value->length = sizeof(octets);
    memcpy(value->octets, octets, sizeof(octets));
}

enum inet_address_type value_address_type(const struct proctcp_address *address, uint32_t interface)
{
    const bool is_link_local = address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;

    if (proctcp_address_is_ipv4(address))
        return INET_ADDRESS_IPV4;
    return is_link_local && interface ? INET_ADDRESS_IPV6Z : INET_ADDRESS_IPV6;
}

void value_set_address(struct value *value, const struct proctcp_address *address, enum inet_address_type type,
                       uint32_t interface)
{
    const size_t skipped = type == INET_ADDRESS_IPV4 ? 12 : 0; /* the prefix of an IPv4-mapped address */

    value->syntax = VALUE_OCTETS;
    value->length = sizeof(address->bytes) - skipped;
    memcpy(value->octets, address->bytes + skipped, value->length);
    for (unsigned shift = 24; type == INET_ADDRESS_IPV6Z && shift <= 24; shift -= 8)
        value->octets[value->length++] = (uint8_t)(interface >> shift);
}

static void set_identity(struct value *value, uint64_t identity)
{
    value->syntax = VALUE_OCTETS;
    value->length = sizeof(identity);
    for (size_t i = 0; i < sizeof(identity); i++)
        value->octets[i] = (uint8_t)(identity >> (56 - 8 * i));
}

void value_from_field(const struct proctcp_field *field, const struct proctcp_value *from, struct value *value)
{
    switch (field->type) {
    case PROCTCP_SIGNED:
        value_set_integer(value, (int32_t)from->signed_number);
        break;
    case PROCTCP_BOOLEAN:
        value_set_integer(value, from->number ? 1 : 2); /* TruthValue */
        break;
    case PROCTCP_ENUM:
        value_set_integer(value, (int32_t)from->number);
        break;
    case PROCTCP_TEXT:
    case PROCTCP_NAME:
        value_set_text(value, from->text);
        break;
    case PROCTCP_ADDRESS:
        value_set_address(value, from->address, value_address_type(from->address, 0), 0);
        break;
    case PROCTCP_TIME:
        value_set_time(value, from->number);
        break;
    default:
        if (is_identity(field)) {
            set_identity(value, from->number);
            break;
        }
        value->syntax = value_syntax_of(field);
        value->number = from->number;
    }
}
