/* notifier.h - sends what happened to the AgentX master, who passes it on to where snmpd.conf says. */
#ifndef SNMP_NOTIFIER_H
#define SNMP_NOTIFIER_H

#include "events.h"
#include "publication.h"

struct notifier {
    struct events *events;
    struct notified *counts;
    unsigned per_minute;
    int64_t credit; /* 60,000 for each that may be sent now */
    int64_t last_ms;
    bool is_under_way; /* the master was sent one, and has not answered yet */
    uint32_t lost_said;
    bool refusal_said;
};

void notifier_start(struct notifier *notifier, struct events *events, struct notified *counts, unsigned per_minute,
                    int64_t now_ms);
/* per_minute: as it is now; 0: as it was. Sends the next one if the master takes any, one after the other. Returns in
 * how many milliseconds to look again; -1: not before something happens. */
int notifier_next(struct notifier *notifier, unsigned per_minute, int64_t now_ms);

#endif
