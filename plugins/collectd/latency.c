/* latency.c - round-trip times of a group's connections: average, 95th percentile and longest. Knows nothing of
 * collectd. */
#include "latency.h"

#include <errno.h>
#include <stdlib.h>

/* A group and one of its times: sorted, they stand group by group with the times rising. */
static uint64_t sample(uint32_t group, uint32_t rtt_us)
{
    return (uint64_t)group << 32 | rtt_us;
}

static int compare(const void *one, const void *other)
{
    const uint64_t *a = one, *b = other;

    return (*a > *b) - (*a < *b);
}

static uint32_t collect(const struct proctcp_snapshot *snapshot, const struct groups *groups, uint64_t *samples)
{
    uint32_t count = 0;

    for (uint32_t s = 0; s < snapshot->socket_count; s++) {
        const struct proctcp_socket *socket = &snapshot->sockets[s];

        if (groups->home[s] != PROCTCP_NONE && socket->state == PROCTCP_ESTABLISHED &&
            (socket->present & PROCTCP_HAS_RTT))
            samples[count++] = sample(groups->home[s], socket->rtt_us);
    }
    return count;
}

/* The percentile is the least time that 95 of 100 do not exceed. */
static void summarise(struct group *group, const uint64_t *samples, uint32_t count)
{
    uint64_t sum_us = 0;

    for (uint32_t i = 0; i < count; i++)
        sum_us += (uint32_t)samples[i];
    group->has_rtt = true;
    group->rtt_average_s = (double)sum_us / count / 1e6;
    group->rtt_max_s = (uint32_t)samples[count - 1] / 1e6;
    group->rtt_p95_s = (uint32_t)samples[((uint64_t)count * 95 + 99) / 100 - 1] / 1e6;
}

int latency_measure(const struct proctcp_snapshot *snapshot, struct groups *groups)
{
    uint64_t *samples = malloc(((size_t)snapshot->socket_count + 1) * sizeof(*samples));
    uint32_t count;

    if (!samples)
        return -ENOMEM;
    count = collect(snapshot, groups, samples);
    qsort(samples, count, sizeof(*samples), compare);
    for (uint32_t first = 0, end; first < count; first = end) {
        const uint32_t group = (uint32_t)(samples[first] >> 32);

        for (end = first + 1; end < count && samples[end] >> 32 == group;)
            end++;
        summarise(&groups->groups[group], samples + first, end - first);
    }
    free(samples);
    return 0;
}
