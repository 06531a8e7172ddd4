/* alarms.h - which thresholds are raised, from scan to scan, and what changed. */
#ifndef SNMP_ALARMS_H
#define SNMP_ALARMS_H

#include "events.h"
#include "measures.h"
#include "publication.h"

#define ALARMS_MAX          1000 /* of one threshold; what is beyond is counted, and nothing more */
#define ALARMS_ORDINARY_MAX 750  /* of these, of users that are no part of the system: see events.h */

/* Something that is over its threshold, or may be so soon, or no more. */
struct alarm {
    char instance[THRESHOLD_INSTANCE_MAX + 1];
    int32_t pid;
    uint32_t uid;
    uint32_t value;
    bool is_raised;
    bool is_seen;        /* in this scan */
    uint64_t since;      /* it was raised: Unix time, seconds */
    int64_t changing_ms; /* since when it is on the other side; -1: it is not */
};

/* Of one threshold, by instance. */
struct alarm_list {
    struct alarm *at;
    uint32_t count;
    uint32_t raised;
    uint32_t ordinary;  /* of users that are no part of the system */
    uint32_t beyond;    /* that found no place */
    struct alarm worst; /* of all, raised or not; "": there is none */
};

struct alarms {
    struct alarm_list of[THRESHOLDS_MAX]; /* by place of the threshold */
};

/* After a scan that succeeded. now_ms: of a clock that only goes on. What is raised and cleared is given to events. */
void alarms_evaluate(struct alarms *alarms, const struct thresholds *thresholds, const struct scans *scans,
                     int64_t now_ms, struct events *events);
/* Other thresholds from now on: what is raised of one that stays the same but for its values goes on, and what is
 * raised of another one is cleared. last: the last scan; NULL: there was none. */
void alarms_move(struct alarms *alarms, const struct thresholds *from, const struct thresholds *to,
                 const struct proctcp_snapshot *last, struct events *events);

/* The rows of the threshold table, in the publication. Where memory is out, there are none. */
void alarms_publish(const struct alarms *alarms, const struct thresholds *thresholds, struct publication *publication);
void alarms_free(struct alarms *alarms);

#endif
