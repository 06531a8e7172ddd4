/* report.h - what the operator is told of a master that does not answer or refuses, once each. */
#ifndef SNMP_REPORT_H
#define SNMP_REPORT_H

#include "agentx.h"

struct report {
    bool absent_said;
    int64_t absent_since_ms; /* -1: connected */
    bool refusal_said;
    bool started; /* whether the first try to reach the master has been reported */
};
#define REPORT_NEW ((struct report){.absent_since_ms = -1})

/* Before the master is tried: says so where nobody can answer. */
void report_unreachable(struct report *report, const char *address);
/* Called whenever something may have changed; says only what is new. */
void report_connection(struct report *report, const struct agentx_status *status, const char *address, int64_t now_ms);

#endif
