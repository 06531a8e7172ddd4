/* report_scans.h - what the operator is told of scans that fail or leave something out, once each. */
#ifndef SNMP_REPORT_SCANS_H
#define SNMP_REPORT_SCANS_H

#include "publication.h"

struct scan_report {
    const char *prefix; /* of each message, as "proctcp: " */
    const char *grant;  /* how capabilities are given */
    bool failing_said;
    bool shortfall_said;
    bool namespaces_said;
};

/* Called whenever something may have changed; says only what is new. */
void report_scans(struct scan_report *report, const struct publication *publication);

#endif
