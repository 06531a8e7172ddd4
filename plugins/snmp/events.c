/* events.c - queues between two threads. Knows whose turn it is; nothing of how it is told. */
#include "events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int events_start(struct events *events, unsigned wanted)
{
    *events = (struct events){.wanted = 0};
    pthread_mutex_init(&events->lock, NULL);
    events_want(events, wanted);
    return events->wanted == wanted ? 0 : -ENOMEM;
}

void events_free(struct events *events)
{
    pthread_mutex_destroy(&events->lock);
    for (size_t i = 0; i < EVENT_QUEUES; i++)
        free(events->queues[i].at);
}

void events_want(struct events *events, unsigned wanted)
{
    bool has_room = true;

    pthread_mutex_lock(&events->lock);
    for (size_t i = 0; i < EVENT_QUEUES && wanted; i++) {
        if (!events->queues[i].at)
            events->queues[i].at = calloc(EVENTS_MAX, sizeof(struct event));
        has_room &= events->queues[i].at != NULL;
    }
    events->wanted = has_room ? wanted : 0;
    pthread_mutex_unlock(&events->lock);
}

static struct event_queue_items *queue_of(struct events *events, const struct event *event)
{
    const bool is_ordinary = !proctcp_is_system_user(event->uid);

    switch (event->kind) {
    case EVENT_SCAN_FAILING:
    case EVENT_SCAN_SUCCEEDS:
        break;
    case EVENT_LISTENER_WENT:
    case EVENT_LISTENER_CAME:
        return &events->queues[is_ordinary ? EVENTS_OF_LISTENERS : EVENTS_OF_SYSTEM_LISTENERS];
    case EVENT_THRESHOLD_RAISED:
    case EVENT_THRESHOLD_CLEARED:
        return &events->queues[is_ordinary ? EVENTS_OF_THRESHOLDS : EVENTS_OF_SYSTEM_THRESHOLDS];
    }
    return &events->queues[EVENTS_OF_SCANS];
}

static void drop(struct event_queue_items *queue, uint32_t place)
{
    queue->count--;
    memmove(queue->at + place, queue->at + place + 1, (queue->count - place) * sizeof(*queue->at));
}

static bool is_opposite(const struct event *a, const struct event *b)
{
    const bool came = b->kind == EVENT_LISTENER_CAME && a->kind == EVENT_LISTENER_WENT;
    const bool went = b->kind == EVENT_LISTENER_WENT && a->kind == EVENT_LISTENER_CAME;

    return (came || went) && strcmp(a->instance, b->instance) == 0;
}

/* Where the opposite waits; the number of those that do if none does. */
static uint32_t find_opposite(const struct event_queue_items *queue, const struct event *event)
{
    uint32_t place = 0;

    while (place < queue->count && !is_opposite(&queue->at[place], event))
        place++;
    return place;
}

static uint32_t count_of(const struct event_queue_items *queue, uint32_t uid)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < queue->count; i++)
        count += queue->at[i].uid == uid;
    return count;
}

/* A place in a full queue, at the cost of who has most; false: that is the one who wants it. */
static bool make_place(struct event_queue_items *queue, uint32_t uid)
{
    uint32_t most = count_of(queue, uid) + 1, loser = queue->count;

    for (uint32_t i = queue->count; i-- > 0;) {
        const uint32_t count = queue->at[i].uid == uid ? 0 : count_of(queue, queue->at[i].uid);
        if (count > most) {
            most = count;
            loser = i;
        }
    }
    if (loser == queue->count)
        return false;
    drop(queue, loser);
    return true;
}

void events_add(struct events *events, const struct event *event)
{
    struct event_queue_items *queue = queue_of(events, event);
    uint32_t opposite;

    pthread_mutex_lock(&events->lock);
    opposite = find_opposite(queue, event);
    if (!(events->wanted & 1u << event->kind)) {
        ;
    } else if (opposite < queue->count) {
        drop(queue, opposite);
    } else {
        const bool is_full = queue->count == EVENTS_MAX;
        events->lost += is_full;
        if (!is_full || make_place(queue, event->uid))
            queue->at[queue->count++] = *event;
    }
    pthread_mutex_unlock(&events->lock);
}

/* The oldest of another user than the last one, if there is one. */
static void take(struct event_queue_items *queue, struct event *event)
{
    uint32_t place = 0;

    while (place < queue->count && queue->at[place].uid == queue->last_uid)
        place++;
    if (place == queue->count)
        place = 0;
    *event = queue->at[place];
    queue->last_uid = event->uid;
    drop(queue, place);
}

bool events_take(struct events *events, struct event *event)
{
    size_t queue = 0;

    pthread_mutex_lock(&events->lock);
    while (queue < EVENT_QUEUES && events->queues[queue].count == 0)
        queue++;
    if (queue < EVENT_QUEUES)
        take(&events->queues[queue], event);
    pthread_mutex_unlock(&events->lock);
    return queue < EVENT_QUEUES;
}

uint32_t events_lost(struct events *events)
{
    uint32_t lost;

    pthread_mutex_lock(&events->lock);
    lost = events->lost;
    pthread_mutex_unlock(&events->lock);
    return lost;
}
