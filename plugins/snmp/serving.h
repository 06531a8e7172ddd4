/* serving.h - which publication answers a request. Calls no net-snmp. */
#ifndef SNMP_SERVING_H
#define SNMP_SERVING_H

#include "publisher.h"
#include "walk.h"

/* A new snapshot waits until no GETNEXT has come for so long, so that most walks see a single one ... */
#define SERVING_QUIET_MS 2000
/* ... but no longer than the interval between two scans, within these bounds. Then it comes with the next transaction.
 */
#define SERVING_PUT_OFF_MIN_MS 5000
#define SERVING_PUT_OFF_MAX_MS 30000

struct serving {
    struct publisher *publisher;
    struct publication *publication; /* never NULL between serving_start() and serving_stop() */
    struct walk_hint hint;
    struct notified notified;
    long transaction;
    int64_t last_walk_ms;     /* when the last GETNEXT came */
    int64_t waiting_since_ms; /* since when a new snapshot has been put off; -1: none is */
};

/* An empty publication is served until the first one comes. -ENOMEM. */
int serving_start(struct serving *serving);
/* From now on publications come from the publisher. */
void serving_attach(struct serving *serving, struct publisher *publisher, unsigned interval_s);
void serving_stop(struct serving *serving);

/* A request begins. A transaction sees one snapshot: the requests that the master makes of one GETBULK share it. */
void serving_request(struct serving *serving, long transaction, bool is_walk, int64_t now_ms);
/* Between requests: takes what the publisher has, unless a walk seems to be under way. Returns in how many milliseconds
 * to look again, -1: not before the publisher wakes us. */
int serving_refresh(struct serving *serving, int64_t now_ms);

#endif
