/* value.c - a library value as SNMP carries it: the syntax follows from the field's type and size alone. Knows the
 * textual conventions; knows nothing of OIDs or of net-snmp. */
#include "value.h"

#include <string.h>
#include <time.h>

enum value_syntax value_syntax_of(const struct proctcp_field *field)
{
    switch (field->type) {
    case PROCTCP_SIGNED:
    case PROCTCP_BOOLEAN:
    case PROCTCP_ENUM:
        return VALUE_INTEGER;
    case PROCTCP_UNSIGNED:
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

/* Length of the well-formed UTF-8 sequence at text (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF)
 * if it is no control code; else 0. The NUL that ends text is no continuation byte, so nothing behind it is read. */
static size_t utf8_length(const unsigned char *text)
{
    if (text[0] < 0x80)
        return text[0] >= 0x20 && text[0] != 0x7f;

    const size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    unsigned char low = 0x80, high = 0xbf;

    if (text[0] < 0xc2 || text[0] > 0xf4)
        return 0;
    if (text[0] == 0xc2 || text[0] == 0xe0) /* U+0080 to U+009F are control codes */
        low = 0xa0;
    if (text[0] == 0xf0)
        low = 0x90;
    if (text[0] == 0xed)
        high = 0x9f;
    if (text[0] == 0xf4)
        high = 0x8f;
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if (text[i] < 0x80 || text[i] > 0xbf)
            return 0;
    }
    return length;
}

void value_set_text(struct value *value, const char *text)
{
    const unsigned char *from = (const unsigned char *)text;
    size_t used = 0;

    while (*from) {
        const size_t length = utf8_length(from);

        if (used + (length ? length : 1) > VALUE_ADMIN_STRING_MAX)
            break;
        if (length)
            memcpy(value->octets + used, from, length);
        else
            value->octets[used] = '?';
        used += length ? length : 1;
        from += length ? length : 1;
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

void value_set_address(struct value *value, const struct proctcp_address *address, bool as_ipv4)
{
    const size_t skipped = as_ipv4 ? 12 : 0; /* the prefix of an IPv4-mapped address */

    value->syntax = VALUE_OCTETS;
    value->length = sizeof(address->bytes) - skipped;
    memcpy(value->octets, address->bytes + skipped, value->length);
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
        value_set_text(value, from->text);
        break;
    case PROCTCP_ADDRESS:
        value_set_address(value, from->address, proctcp_address_is_ipv4(from->address));
        break;
    case PROCTCP_TIME:
        value_set_time(value, from->number);
        break;
    default:
        value->syntax = value_syntax_of(field);
        value->number = from->number;
    }
}
