/* events.c - a queue between two threads. Knows nothing of what happened. */
#include "events.h"

#include <errno.h>
#include <stdlib.h>

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
    free(events->at);
}

void events_want(struct events *events, unsigned wanted)
{
    pthread_mutex_lock(&events->lock);
    if (wanted && !events->at)
        events->at = calloc(EVENTS_MAX, sizeof(*events->at));
    events->wanted = events->at ? wanted : 0;
    pthread_mutex_unlock(&events->lock);
}

void events_add(struct events *events, const struct event *event)
{
    pthread_mutex_lock(&events->lock);
    if (!(events->wanted & 1u << event->kind)) {
        pthread_mutex_unlock(&events->lock);
        return;
    }
    if (events->count < EVENTS_MAX) {
        events->at[(events->first + events->count) % EVENTS_MAX] = *event;
        events->count++;
    } else {
        events->lost++;
    }
    pthread_mutex_unlock(&events->lock);
}

bool events_take(struct events *events, struct event *event)
{
    bool is_one;

    pthread_mutex_lock(&events->lock);
    is_one = events->count;
    if (is_one) {
        *event = events->at[events->first];
        events->first = (events->first + 1) % EVENTS_MAX;
        events->count--;
    }
    pthread_mutex_unlock(&events->lock);
    return is_one;
}

uint32_t events_lost(struct events *events)
{
    uint32_t lost;

    pthread_mutex_lock(&events->lock);
    lost = events->lost;
    pthread_mutex_unlock(&events->lock);
    return lost;
}
