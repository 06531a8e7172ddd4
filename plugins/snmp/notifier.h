/* notifier.h - sends what happened to the AgentX master or to snmpd itself, who passes it on to where snmpd.conf says.
 */
#ifndef SNMP_NOTIFIER_H
#define SNMP_NOTIFIER_H

#include "events.h"
#include "notifications.h"
#include "publication.h"

struct notifier_way {
    /* Whether one can be sent now. */
    bool (*is_open)(void);
    /* By its number in the MIB. answered is called once, within this call or later: 0: it was taken; else why not, as
     * res.error of RFC 2741 says, or -1: who was to take it went away. false: it was not sent, and nothing is called.
     */
    bool (*send)(unsigned long number, const struct notification *notification, void (*answered)(long error));
    const char *when_lost; /* what is logged then */
};

struct notifier {
    const struct notifier_way *way;
    struct events *events;
    struct notified *counts;
    unsigned per_minute;
    int64_t credit; /* 60,000 for each that may be sent now */
    int64_t last_ms;
    bool is_under_way; /* the master was sent one, and has not answered yet */
    uint32_t lost_said;
    bool refusal_said;
};

void notifier_start(struct notifier *notifier, const struct notifier_way *way, struct events *events,
                    struct notified *counts, unsigned per_minute, int64_t now_ms);
/* per_minute: as it is now; 0: as it was. Sends the next one if the way is open, one after the other. Returns in
 * how many milliseconds to look again, 0: one went, and the next one may; -1: not before something happens. */
int notifier_next(struct notifier *notifier, unsigned per_minute, int64_t now_ms);

#endif
