/* traffic.c - what groups have sent and received. A group's sum over the processes of the moment would fall when one of
 * them ends, which collectd takes for a counter that began anew; so what each process's totals went up by since the
 * pass before is added to a sum that stays. Knows nothing of sockets and nothing of collectd. */
#include "traffic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct traffic_series {
    char name[IDENTIFIER_SIZE];
    uint64_t last_pass; /* in which there was the group */
    struct group_traffic sum;
};

static const size_t counters = sizeof(struct group_traffic) / sizeof(uint64_t);

static uint64_t *counter(struct group_traffic *of, size_t number)
{
    return (uint64_t *)of + number;
}

static void add(struct group_traffic *to, struct group_traffic *what)
{
    for (size_t i = 0; i < counters; i++)
        *counter(to, i) += *counter(what, i);
}

static void raise_to(struct group_traffic *to, struct group_traffic *what)
{
    for (size_t i = 0; i < counters; i++) {
        if (*counter(to, i) < *counter(what, i))
            *counter(to, i) = *counter(what, i);
    }
}

static struct group_traffic growth_of(const struct proctcp_process *process)
{
    return (struct group_traffic){
        .payload_sent_bytes = process->since.payload_sent_bytes,
        .payload_received_bytes = process->since.payload_received_bytes,
        .segs_out = process->since.segs_out,
        .segs_in = process->since.segs_in,
        .retransmissions = process->since.retransmissions,
    };
}

/* Sets the groups' traffic to that since the last pass. */
static void count_since_last_pass(const struct proctcp_snapshot *snapshot, struct groups *groups)
{
    for (uint32_t p = 0; p < snapshot->process_count; p++) {
        const struct proctcp_process *process = &snapshot->processes[p];
        struct group *group = &groups->groups[groups->group_of[p]];
        struct group_traffic since = growth_of(process);

        if (!(process->present & PROCTCP_HAS_TOTAL_PAYLOAD_RECEIVED))
            continue;
        group->has_traffic = true;
        add(&group->traffic, &since);
    }
}

static int by_name(const void *one, const void *other)
{
    const struct traffic_series *a = one, *b = other;

    return strcmp(a->name, b->name);
}

static int latest_first(const void *one, const void *other)
{
    const struct traffic_series *a = one, *b = other;

    if (a->last_pass != b->last_pass)
        return a->last_pass > b->last_pass ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* New ones stand behind the sorted ones. One of a name that was forgotten must not begin below where that ended. */
static struct traffic_series *find_series(struct traffic *traffic, uint32_t sorted, const char *name)
{
    struct traffic_series key = {.last_pass = 0};
    struct traffic_series *found;

    memcpy(key.name, name, sizeof(key.name));
    found = sorted ? bsearch(&key, traffic->series, sorted, sizeof(key), by_name) : NULL;
    if (found)
        return found;
    key.sum = traffic->forgotten;
    traffic->series[traffic->series_count] = key;
    return &traffic->series[traffic->series_count++];
}

static void add_to_series(struct traffic *traffic, struct groups *groups)
{
    const uint32_t sorted = traffic->series_count;

    for (uint32_t i = 0; i < groups->count; i++) {
        struct group *group = &groups->groups[i];
        struct traffic_series *series;

        if (!group->has_traffic)
            continue;
        series = find_series(traffic, sorted, group->name);
        add(&series->sum, &group->traffic);
        series->last_pass = traffic->passes;
        group->traffic = series->sum;
    }
}

/* Names of processes that end come without end: those whose group has been gone for longest are forgotten. */
static void forget(struct traffic *traffic, uint32_t max_groups)
{
    const uint32_t most = 2 * (max_groups + 1); /* one group more is that of the rest */

    if (traffic->series_count > most) {
        qsort(traffic->series, traffic->series_count, sizeof(*traffic->series), latest_first);
        for (uint32_t i = most; i < traffic->series_count; i++)
            raise_to(&traffic->forgotten, &traffic->series[i].sum);
        traffic->series_count = most;
    }
    if (traffic->series_count)
        qsort(traffic->series, traffic->series_count, sizeof(*traffic->series), by_name);
}

int traffic_count(struct traffic *traffic, const struct proctcp_snapshot *snapshot, uint32_t max_groups,
                  struct groups *groups)
{
    const size_t room = (size_t)traffic->series_count + groups->count + 1;
    struct traffic_series *series = realloc(traffic->series, room * sizeof(*series));

    if (!series)
        return -ENOMEM;
    traffic->series = series;
    count_since_last_pass(snapshot, groups);
    traffic->passes++;
    add_to_series(traffic, groups);
    forget(traffic, max_groups);
    return 0;
}

void traffic_free(struct traffic *traffic)
{
    free(traffic->series);
    *traffic = (struct traffic){0};
}
