/* events.h - what happened and is to be told: in order, until somebody takes it. */
#ifndef SNMP_EVENTS_H
#define SNMP_EVENTS_H

#include "thresholds.h"

#include <pthread.h>

#define EVENTS_MAX     1024
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

/* Filled by one thread and emptied by another one. What is full takes no more: what is lost is counted. */
struct events {
    pthread_mutex_t lock;
    unsigned wanted; /* bits of enum event_kind; others are not taken */
    uint32_t lost;
    uint32_t first, count;
    struct event *at; /* EVENTS_MAX; NULL: none are wanted */
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
