/* shortfall.h - what a scan had to leave out, in words. */
#ifndef SNMP_SHORTFALL_H
#define SNMP_SHORTFALL_H

#include "proctcp.h"

/* "processes denied 3, descriptors not read 1", cut at size. false: nothing, and text is "". */
bool shortfall_text(const struct proctcp_stats *stats, char *text, size_t size);

#endif
