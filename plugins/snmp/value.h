/* value.h - values in the form in which SNMP carries them. */
#ifndef SNMP_VALUE_H
#define SNMP_VALUE_H

#include "proctcp.h"

enum value_syntax {
    VALUE_INTEGER = 1, /* Integer32, INTEGER {...}, TruthValue */
    VALUE_UNSIGNED,    /* Unsigned32, Gauge32 */
    VALUE_COUNTER32,
    VALUE_COUNTER64, /* also CounterBasedGauge64 */
    VALUE_OCTETS,
};

#define VALUE_ADMIN_STRING_MAX 255
/* A whole row as text. 100 of them, what snmpd puts into one reply unless told otherwise, still fit into a datagram. */
#define VALUE_ROW_TEXT_MAX 511

struct value {
    enum value_syntax syntax;
    union {
        int32_t integer;
        uint64_t number;
        size_t length; /* of octets */
    };
    uint8_t octets[VALUE_ROW_TEXT_MAX + 1];
};

/* ADDRESS becomes an InetAddress of 4 or 16 octets, a number of 8 bytes that has no unit 8 octets (ProctcpCookie). */
enum value_syntax value_syntax_of(const struct proctcp_field *field);
void value_from_field(const struct proctcp_field *field, const struct proctcp_value *from, struct value *value);

void value_set_integer(struct value *value, int32_t integer);
void value_set_unsigned(struct value *value, uint32_t number);
void value_set_counter32(struct value *value, uint32_t number);
void value_set_counter64(struct value *value, uint64_t number);
/* SnmpAdminString: valid UTF-8 of at most 255 octets. Bytes that are no UTF-8, and control codes, become '?'. */
void value_set_text(struct value *value, const char *text);
/* DateAndTime of 11 octets, in UTC. */
void value_set_time(struct value *value, uint64_t unix_time);
/* InetAddressType of RFC 4001. */
enum inet_address_type { INET_ADDRESS_IPV4 = 1, INET_ADDRESS_IPV6 = 2, INET_ADDRESS_IPV6Z = 4 };

/* IPv6 with a zone where it is link-local and an interface is known (not 0). */
enum inet_address_type value_address_type(const struct proctcp_address *address, uint32_t interface);
/* An InetAddress of 4, 16 or 20 octets. */
void value_set_address(struct value *value, const struct proctcp_address *address, enum inet_address_type type,
                       uint32_t interface);

#endif
