/* varbinds.h - values as net-snmp has them. */
#ifndef SNMP_VARBINDS_H
#define SNMP_VARBINDS_H

#include "notifications.h"

struct variable_list; /* net-snmp's */

void varbind_set(struct variable_list *varbind, const struct value *value);
/* Those of a notification by its number in the MIB, snmpTrapOID first. The caller frees them; NULL: memory is out. */
struct variable_list *varbinds_of(unsigned long number, const struct notification *notification);

#endif
