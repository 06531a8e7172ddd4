/* snmp_user.h - the user of SNMPv3, from words to keys. */
#ifndef CHECK_SNMP_USER_H
#define CHECK_SNMP_USER_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include "options.h"

/* What was not given comes from snmp.conf(5). false: why says what is wrong, in safe text. */
bool snmp_user_set(netsnmp_session *session, const struct peer *peer, struct text *why);

#endif
