/* report.h - what the operator is told, once each: a master that does not answer, scans that fail, rights that lack. */
#ifndef SNMP_REPORT_H
#define SNMP_REPORT_H

#include "publication.h"

struct report {
    bool absent_said;
    int64_t absent_since_ms; /* -1: connected */
    bool failing_said;
    bool capabilities_said;
    uint64_t looked_at; /* the scan of which it is known whether capabilities lacked; 0: none yet */
    bool started;       /* whether the first try to reach the master has been reported */
};
#define REPORT_NEW ((struct report){.absent_since_ms = -1})

/* Both are called whenever something may have changed, and say only what is new. */
void report_connection(struct report *report, bool connected, const char *address, int64_t now_ms);
void report_scans(struct report *report, const struct publication *publication);

#endif
