/* changes.h - what is another thing than in the scan before: listeners that came or went, and whether scans succeed. */
#ifndef SNMP_CHANGES_H
#define SNMP_CHANGES_H

#include "events.h"
#include "measures.h"
#include "publication.h"

/* After a scan that succeeded. */
void changes_of_listeners(const struct scans *scans, struct events *events);
/* After each: failing, and whether it was after the one before. */
void changes_of_scanning(const struct publication *publication, bool was_failing, struct events *events);

#endif
