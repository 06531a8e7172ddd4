/* capabilities.h - what this process may not do, and what it would have seen if it might. */
#ifndef SNMP_CAPABILITIES_H
#define SNMP_CAPABILITIES_H

#include "proctcp.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes the names of the capabilities that this process lacks and that would have shown more in the scan, separated by
 * spaces. false: none; names is empty. */
bool capabilities_missing(const struct proctcp_stats *stats, char *names, size_t size);

/* What each of these names hides, in words, each with its name before it; cut at size. */
void capabilities_hidden(const char *names, char *text, size_t size);

#endif
