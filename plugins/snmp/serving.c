/* serving.c - when to change to a new snapshot. Knows transactions and walks; knows nothing of how they arrive. */
#include "serving.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int serving_start(struct serving *serving)
{
    struct publication *empty = calloc(1, sizeof(*empty));

    if (!empty)
        return -ENOMEM;
    empty->status = PUBLICATION_NONE;
    empty->start_time = (uint64_t)time(NULL);
    *serving = (struct serving){
        .publication = empty,
        .last_walk_ms = -SERVING_QUIET_MS,
        .waiting_since_ms = -1,
    };
    return 0;
}

void serving_attach(struct serving *serving, struct publisher *publisher, unsigned interval_s)
{
    serving->publisher = publisher;
    serving->publication->interval_s = interval_s;
}

void serving_stop(struct serving *serving)
{
    publication_free(serving->publication);
    serving->publication = NULL;
}

static void take(struct serving *serving)
{
    struct publication *newest = publisher_take(serving->publisher);

    serving->waiting_since_ms = -1;
    if (!newest)
        return;
    publication_free(serving->publication);
    newest->notified = &serving->notified;
    serving->publication = newest;
}

static int64_t put_off_max_ms(const struct publication *publication)
{
    const int64_t interval_ms = (int64_t)publication->interval_s * 1000;

    if (interval_ms < SERVING_PUT_OFF_MIN_MS)
        return SERVING_PUT_OFF_MIN_MS;
    return interval_ms < SERVING_PUT_OFF_MAX_MS ? interval_ms : SERVING_PUT_OFF_MAX_MS;
}

void serving_request(struct serving *serving, long transaction, bool is_walk, int64_t now_ms)
{
    const bool overdue =
        serving->waiting_since_ms >= 0 && now_ms - serving->waiting_since_ms >= put_off_max_ms(serving->publication);

    if (overdue && transaction != serving->transaction)
        take(serving);
    serving->transaction = transaction;
    if (is_walk)
        serving->last_walk_ms = now_ms;
}

int serving_refresh(struct serving *serving, int64_t now_ms)
{
    const struct proctcp_snapshot *served = serving->publication->snapshot;
    const int64_t quiet_at_ms = serving->last_walk_ms + SERVING_QUIET_MS;
    bool same_snapshot;

    if (!publisher_has(serving->publisher, served, &same_snapshot))
        return -1;
    if (!served || same_snapshot || now_ms >= quiet_at_ms) {
        take(serving);
        return -1;
    }
    if (serving->waiting_since_ms < 0)
        serving->waiting_since_ms = now_ms;
    return (int)(quiet_at_ms - now_ms);
}
