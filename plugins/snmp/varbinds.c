/* varbinds.c - values, and what a notification holds, as net-snmp's varbinds. Knows nothing of where they go. */
#include "varbinds.h"

#include "oids.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <string.h>

void varbind_set(struct variable_list *varbind, const struct value *value)
{
    struct counter64 counter;
    long integer;
    unsigned long number;

    switch (value->syntax) {
    case VALUE_INTEGER:
        integer = value->integer;
        snmp_set_var_typed_value(varbind, ASN_INTEGER, &integer, sizeof(integer));
        break;
    case VALUE_UNSIGNED:
    case VALUE_COUNTER32:
        number = (unsigned long)value->number;
        snmp_set_var_typed_value(varbind, value->syntax == VALUE_UNSIGNED ? ASN_UNSIGNED : ASN_COUNTER, &number,
                                 sizeof(number));
        break;
    case VALUE_COUNTER64:
        counter.high = (u_long)(value->number >> 32);
        counter.low = (u_long)(value->number & UINT32_MAX);
        snmp_set_var_typed_value(varbind, ASN_COUNTER64, &counter, sizeof(counter));
        break;
    case VALUE_OCTETS:
        snmp_set_var_typed_value(varbind, ASN_OCTET_STR, value->octets, value->length);
        break;
    }
}

struct variable_list *varbinds_of(unsigned long number, const struct notification *notification)
{
    static const oid trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};
    const oid kind[] = {OID_PROCTCP_NOTIFICATIONS, number};
    oid name[OID_OBJECTS_LENGTH + WALK_OID_MAX] = {OID_PROCTCP_OBJECTS};
    netsnmp_variable_list *list = NULL;
    bool is_whole = snmp_varlist_add_variable(&list, trap_oid, OID_LENGTH(trap_oid), ASN_OBJECT_ID, kind, sizeof(kind));

    for (size_t i = 0; i < notification->count && is_whole; i++) {
        const size_t length = notification->objects[i].length;
        netsnmp_variable_list *varbind;

        memcpy(name + OID_OBJECTS_LENGTH, notification->objects[i].oid, length * sizeof(*name));
        varbind = snmp_varlist_add_variable(&list, name, OID_OBJECTS_LENGTH + length, ASN_NULL, NULL, 0);
        is_whole = varbind;
        if (varbind)
            varbind_set(varbind, &notification->objects[i].value);
    }
    if (is_whole)
        return list;
    snmp_free_varbind(list);
    return NULL;
}
