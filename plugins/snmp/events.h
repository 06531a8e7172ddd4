/* events.h - what happened and is to be told: in order, until somebody takes it. */
#ifndef SNMP_EVENTS_H
#define SNMP_EVENTS_H

#include "thresholds.h"

#include <pthread.h>

#define EVENTS_MAX     256 /* of each queue */
#define EVENT_TEXT_MAX 255

/* Numbered as the notifications of the PROCTCP-MIB. */
enum event_kind {
    EVENT_SCAN_FAILING = 1,
    EVENT_SCAN_SUCCEEDS,
    EVENT_LISTENER_WENT,
    EVENT_LISTENER_CAME,
    EVENT_THRESHOLD_RAISED,
    EVENT_THRESHOLD_CLEARED,
};

struct event {
    enum event_kind kind;
    uint64_t generation; /* of the scan that told */
    uint64_t time;       /* of the scan: Unix time, seconds */
    int32_t pid;         /* 0: none */
    uint32_t uid;        /* whose it is; 0: root's, or nobody's */
    /* of a threshold */
    struct threshold threshold;
    char instance[THRESHOLD_INSTANCE_MAX + 1];
    uint32_t value;
    /* of a listener; netns as its index has it */
    struct proctcp_address address;
    uint32_t netns, interface;
    uint16_t port;
    /* of a scan: why it fails; of a listener: the name of its process */
    uint32_t status;
    char text[EVENT_TEXT_MAX + 1];
};

/* What is told first: each with a queue of its own, so that none of the later ones holds up an earlier one. Users of
 * the system's own, below 1000 and systemd's dynamic ones, before the others. */
enum event_queue {
    EVENTS_OF_SCANS,
    EVENTS_OF_SYSTEM_THRESHOLDS,
    EVENTS_OF_SYSTEM_LISTENERS,
    EVENTS_OF_THRESHOLDS,
    EVENTS_OF_LISTENERS,
    EVENT_QUEUES,
};

struct event_queue_items {
    struct event *at; /* EVENTS_MAX; NULL: none were wanted yet */
    uint32_t count;   /* the oldest first */
    uint32_t last_uid;
};

/* Filled by one thread and emptied by another one. Of a full queue the user who has most in it loses his newest one;
 * users take turns. A listener that comes and goes, or the other way round, while that waits to be told is not told of.
 */
struct events {
    pthread_mutex_t lock;
    unsigned wanted; /* bits of enum event_kind; others are not taken */
    uint32_t lost;
    struct event_queue_items queues[EVENT_QUEUES];
};

/* -ENOMEM. */
int events_start(struct events *events, unsigned wanted);
void events_free(struct events *events);
/* Others are wanted from now on. What waits stays. Without memory, none are. */
void events_want(struct events *events, unsigned wanted);

void events_add(struct events *events, const struct event *event);
/* false: there is none. */
bool events_take(struct events *events, struct event *event);
uint32_t events_lost(struct events *events);

#endif
