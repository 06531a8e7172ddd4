/* snmp_rows.h - rows of PROCTCP-MIB's tables of groups and listeners, by their numbers. */
#ifndef CHECK_SNMP_ROWS_H
#define CHECK_SNMP_ROWS_H

#include "observation.h"
#include "options.h"
#include "snmp_peer.h"

/* An object of proctcpScan. */
struct peer_oid rows_scalar(uint32_t id);

/* Add what was asked for. false: the observation is blind. */
bool rows_groups(const struct options *options, struct observation *observation);
bool rows_listeners(const struct options *options, struct observation *observation);

#endif
