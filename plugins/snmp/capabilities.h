/* capabilities.h - what this process may not do, and what it would need to see everything. */
#ifndef SNMP_CAPABILITIES_H
#define SNMP_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the names of the capabilities that seeing everything needs and that this process lacks, separated by spaces:
 * those for other users' descriptors, and with namespaces those for other network namespaces. false: none is missing.
 */
bool capabilities_missing(bool descriptors, bool namespaces, char *names, size_t size);

#endif
