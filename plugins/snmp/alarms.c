/* alarms.c - raises and clears: with hysteresis, for a value that goes up and down around a threshold shall not be told
 * of each time, and with a time that it must have been so. Knows values and times; nothing of what is measured or of
 * who is told. */
#include "alarms.h"

#include <stdlib.h>
#include <string.h>

struct evaluation {
    const struct threshold *threshold;
    struct alarm_list *list; /* as it was */
    struct alarm_list next;
    struct events *events;
    int64_t now_ms;
    uint64_t time;                  /* of the scan */
    uint64_t generation;            /* the same */
    uint32_t fresh, fresh_ordinary; /* that were not known before, and are now */
};

static int compare_alarms(const void *a, const void *b)
{
    const struct alarm *x = a, *y = b;
    return named_compare(x->instance, y->instance);
}

static void tell(struct evaluation *evaluation, enum event_kind kind, const struct alarm *alarm)
{
    struct event event = {.kind = kind,
                          .threshold = *evaluation->threshold,
                          .pid = alarm->pid,
                          .uid = alarm->uid,
                          .value = alarm->value,
                          .time = evaluation->time,
                          .generation = evaluation->generation};

    memcpy(event.instance, alarm->instance, sizeof(event.instance));
    events_add(evaluation->events, &event);
}

/* Whether it has been on the other side for long enough. */
static bool has_lasted(struct alarm *alarm, bool is_other_side, uint32_t hold_s, int64_t now_ms)
{
    if (!is_other_side) {
        alarm->changing_ms = -1;
        return false;
    }
    if (alarm->changing_ms < 0)
        alarm->changing_ms = now_ms;
    return now_ms - alarm->changing_ms >= (int64_t)hold_s * 1000;
}

/* false: nothing is to be remembered of it. */
static bool follow(struct evaluation *evaluation, struct alarm *alarm)
{
    const struct threshold *threshold = evaluation->threshold;

    if (alarm->is_raised) {
        if (!has_lasted(alarm, alarm->value <= threshold->low, threshold->hold_s, evaluation->now_ms))
            return true;
        tell(evaluation, EVENT_THRESHOLD_CLEARED, alarm);
        return false;
    }
    if (has_lasted(alarm, alarm->value >= threshold->high, threshold->hold_s, evaluation->now_ms)) {
        alarm->is_raised = true;
        alarm->since = evaluation->time;
        alarm->changing_ms = -1;
        tell(evaluation, EVENT_THRESHOLD_RAISED, alarm);
    }
    return alarm->is_raised || alarm->changing_ms >= 0;
}

/* NULL: there is no place. */
static struct alarm *add(struct alarm_list *list)
{
    struct alarm *more = list->at;

    if (list->count == ALARMS_MAX)
        return NULL;
    if ((list->count & (list->count - 1)) == 0) /* it is a power of 2, and full */
        more = realloc(list->at, (list->count ? 2 * (size_t)list->count : 1) * sizeof(*more));
    if (!more)
        return NULL;
    list->at = more;
    return &list->at[list->count++];
}

static struct alarm *find(const struct alarm_list *list, const char *instance)
{
    struct alarm wanted = {.pid = 0};

    memcpy(wanted.instance, instance, sizeof(wanted.instance));
    return list->count ? bsearch(&wanted, list->at, list->count, sizeof(wanted), compare_alarms) : NULL;
}

/* For one more that was not known. */
static bool has_place(struct evaluation *evaluation, bool is_ordinary)
{
    if (evaluation->list->count + evaluation->fresh >= ALARMS_MAX ||
        (is_ordinary && evaluation->list->ordinary + evaluation->fresh_ordinary >= ALARMS_ORDINARY_MAX))
        return false;
    evaluation->fresh++;
    evaluation->fresh_ordinary += is_ordinary;
    return true;
}

static bool take(void *context, const struct instance *instance)
{
    struct evaluation *evaluation = context;
    struct alarm *known = find(evaluation->list, instance->name), *kept;
    struct alarm alarm = {.changing_ms = -1};

    if (known) {
        alarm = *known;
        known->is_seen = true;
    }
    memcpy(alarm.instance, instance->name, sizeof(alarm.instance));
    alarm.pid = instance->pid;
    alarm.uid = instance->uid;
    alarm.value = instance->value;
    if (!*evaluation->next.worst.instance || alarm.value > evaluation->next.worst.value)
        evaluation->next.worst = alarm;
    if (!known && alarm.value < evaluation->threshold->high)
        return true;
    if (!known && !has_place(evaluation, !proctcp_is_system_user(alarm.uid))) {
        evaluation->next.beyond++;
        return true;
    }
    kept = follow(evaluation, &alarm) ? add(&evaluation->next) : NULL;
    if (kept)
        *kept = alarm;
    evaluation->next.ordinary += kept && !proctcp_is_system_user(alarm.uid);
    evaluation->next.raised += alarm.is_raised && kept;
    return true;
}

/* What is not there any more is not over anything. */
static void clear_gone(struct evaluation *evaluation)
{
    for (uint32_t i = 0; i < evaluation->list->count; i++) {
        struct alarm *alarm = &evaluation->list->at[i];
        if (alarm->is_seen || !alarm->is_raised)
            continue;
        alarm->value = 0;
        tell(evaluation, EVENT_THRESHOLD_CLEARED, alarm);
    }
}

static void evaluate(struct evaluation *evaluation, const struct scans *scans)
{
    for (uint32_t i = 0; i < evaluation->list->count; i++)
        evaluation->list->at[i].is_seen = false;
    measure(evaluation->threshold, scans, take, evaluation);
    clear_gone(evaluation);
    if (evaluation->next.count)
        qsort(evaluation->next.at, evaluation->next.count, sizeof(struct alarm), compare_alarms);
    free(evaluation->list->at);
    *evaluation->list = evaluation->next;
}

void alarms_evaluate(struct alarms *alarms, const struct thresholds *thresholds, const struct scans *scans,
                     int64_t now_ms, struct events *events)
{
    for (uint32_t i = 0; i < thresholds->count; i++) {
        struct evaluation evaluation = {.threshold = &thresholds->at[i],
                                        .list = &alarms->of[i],
                                        .events = events,
                                        .now_ms = now_ms,
                                        .time = scans->now->stats.time,
                                        .generation = scans->now->stats.generation};
        evaluate(&evaluation, scans);
    }
}

static bool is_same(const struct threshold *a, const struct threshold *b)
{
    return a->of == b->of && a->measure == b->measure && strcmp(a->name, b->name) == 0 && strcmp(a->only, b->only) == 0;
}

void alarms_move(struct alarms *alarms, const struct thresholds *from, const struct thresholds *to,
                 const struct proctcp_snapshot *last, struct events *events)
{
    struct alarms before = *alarms;

    memset(alarms, 0, sizeof(*alarms));
    for (uint32_t i = 0; i < from->count; i++) {
        struct evaluation evaluation = {.threshold = &from->at[i],
                                        .list = &before.of[i],
                                        .events = events,
                                        .time = last ? last->stats.time : 0,
                                        .generation = last ? last->stats.generation : 0};
        uint32_t place = 0;
        while (place < to->count && !is_same(&from->at[i], &to->at[place]))
            place++;
        if (place < to->count) {
            alarms->of[place] = before.of[i];
            before.of[i] = (struct alarm_list){.at = NULL};
        }
        for (uint32_t k = 0; k < before.of[i].count; k++) {
            if (before.of[i].at[k].is_raised)
                tell(&evaluation, EVENT_THRESHOLD_CLEARED, &before.of[i].at[k]);
        }
    }
    alarms_free(&before);
}

static void put_row(struct publication *publication, const struct threshold *threshold, const struct alarm *alarm)
{
    struct threshold_row *row = &publication->thresholds[publication->threshold_count++];

    *row = (struct threshold_row){.threshold = *threshold,
                                  .raised = 1,
                                  .has_value = true,
                                  .value = alarm->value,
                                  .pid = alarm->pid,
                                  .since = alarm->since};
    memcpy(row->instance, alarm->instance, sizeof(row->instance));
}

static void put_whole(struct publication *publication, const struct threshold *threshold, const struct alarm_list *list)
{
    struct threshold_row *row = &publication->thresholds[publication->threshold_count++];

    *row = (struct threshold_row){.threshold = *threshold,
                                  .raised = list->raised + list->beyond,
                                  .has_value = *list->worst.instance,
                                  .value = list->worst.value,
                                  .pid = list->worst.pid};
    memcpy(row->worst, list->worst.instance, sizeof(row->worst));
}

void alarms_publish(const struct alarms *alarms, const struct thresholds *thresholds, struct publication *publication)
{
    size_t rows = thresholds->count;

    for (uint32_t i = 0; i < thresholds->count; i++)
        rows += alarms->of[i].raised;
    publication->thresholds = rows ? malloc(rows * sizeof(*publication->thresholds)) : NULL;
    for (uint32_t i = 0; i < thresholds->count && publication->thresholds; i++) {
        put_whole(publication, &thresholds->at[i], &alarms->of[i]);
        for (uint32_t k = 0; k < alarms->of[i].count; k++) {
            if (alarms->of[i].at[k].is_raised)
                put_row(publication, &thresholds->at[i], &alarms->of[i].at[k]);
        }
    }
}

void alarms_free(struct alarms *alarms)
{
    for (uint32_t i = 0; i < THRESHOLDS_MAX; i++)
        free(alarms->of[i].at);
    memset(alarms, 0, sizeof(*alarms));
}
