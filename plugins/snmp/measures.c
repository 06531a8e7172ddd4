/* measures.c - values of groups, processes and listeners. Knows which member of a snapshot says what; nothing of what
 * is too much. */
#include "measures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With fewer, one that was sent again would be a large part. */
#define SEGMENTS_THAT_TELL 100

#define SECONDS_OF_MINUTE 60

static uint32_t bounded(uint64_t number)
{
    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

static bool percent(uint64_t part, uint64_t whole, uint32_t *value)
{
    if (whole == 0)
        return false;
    *value = bounded(part > UINT64_MAX / 100 ? part / whole * 100 : part * 100 / whole);
    return true;
}

static uint64_t rise(uint64_t now, uint64_t before)
{
    return now > before ? now - before : 0;
}

static bool per_minute(const struct scans *scans, uint64_t more, uint32_t *value)
{
    const uint64_t seconds = scans->before ? rise(scans->now->stats.time, scans->before->stats.time) : 0;

    if (!scans->before)
        return false;
    *value = bounded(more * SECONDS_OF_MINUTE / (seconds ? seconds : 1));
    return true;
}

static bool retransmission_percent(uint64_t again, uint64_t sent, uint32_t *value)
{
    if (sent < SEGMENTS_THAT_TELL)
        again = 0;
    return percent(again, sent ? sent : 1, value);
}

/* Of a process, which are ordered by pid. */
static uint32_t uid_of(const struct proctcp_snapshot *snapshot, int32_t pid)
{
    uint32_t low = 0, high = snapshot->process_count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (snapshot->processes[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < snapshot->process_count && snapshot->processes[low].pid == pid ? snapshot->processes[low].uid : 0;
}

/* ---- groups ---- */

/* Mostly at the place where it was. NULL: it is new. */
static const struct proctcp_group *before_of(const struct scans *scans, uint32_t place)
{
    const struct proctcp_snapshot *before = scans->before;
    const char *name = scans->now->groups[place].name;

    if (before && place < before->group_count && strcmp(before->groups[place].name, name) == 0)
        return &before->groups[place];
    for (uint32_t i = 0; before && i < before->group_count; i++) {
        if (strcmp(before->groups[i].name, name) == 0)
            return &before->groups[i];
    }
    return NULL;
}

static bool measure_group(const struct scans *scans, uint32_t place, enum threshold_measure what, uint32_t *value)
{
    const struct proctcp_group *group = &scans->now->groups[place], *before;

    switch (what) {
    case MEASURE_SOCKETS:
        *value = group->sockets;
        return true;
    case MEASURE_CLOSE_WAIT:
        *value = group->by_state[PROCTCP_CLOSE_WAIT];
        return true;
    case MEASURE_UNBOUND:
        *value = group->unbound;
        return true;
    case MEASURE_FDS_PERCENT:
        return group->fds_pid && percent(group->fds, group->fd_limit, value);
    case MEASURE_ACCEPT_QUEUE_PERCENT:
        return percent(group->accept_queue, group->accept_queue_max, value);
    case MEASURE_DROPS_PER_MINUTE:
        before = before_of(scans, place);
        return before && per_minute(scans, rise(group->totals.accept_drops, before->totals.accept_drops), value);
    case MEASURE_RETRANSMISSION_PERCENT:
        before = before_of(scans, place);
        return before && retransmission_percent(rise(group->totals.retransmissions, before->totals.retransmissions),
                                                rise(group->totals.segs_out, before->totals.segs_out), value);
    }
    return false;
}

static bool take_group(const struct threshold *threshold, const struct scans *scans, uint32_t place,
                       struct instance *instance)
{
    const struct proctcp_group *group = &scans->now->groups[place];

    if (*threshold->only && strcmp(group->name, threshold->only) != 0)
        return false;
    instance->pid = group->fds_pid;
    instance->uid = group->is_configured ? 0 : uid_of(scans->now, group->fds_pid);
    snprintf(instance->name, sizeof(instance->name), "%s", group->name);
    return measure_group(scans, place, threshold->measure, &instance->value);
}

/* ---- processes ---- */

static bool measure_process(const struct scans *scans, const struct proctcp_process *process,
                            enum threshold_measure what, uint32_t *value)
{
    switch (what) {
    case MEASURE_SOCKETS:
        *value = process->sockets;
        return true;
    case MEASURE_CLOSE_WAIT:
        *value = process->by_state[PROCTCP_CLOSE_WAIT];
        return true;
    case MEASURE_UNBOUND:
        *value = process->unbound;
        return true;
    case MEASURE_FDS_PERCENT:
        return percent(process->fds, process->fd_limit, value);
    case MEASURE_ACCEPT_QUEUE_PERCENT:
        return false;
    case MEASURE_DROPS_PER_MINUTE:
        return per_minute(scans, process->since.accept_drops, value);
    case MEASURE_RETRANSMISSION_PERCENT:
        return scans->before && retransmission_percent(process->since.retransmissions, process->since.segs_out, value);
    }
    return false;
}

static bool take_process(const struct threshold *threshold, const struct scans *scans, uint32_t place,
                         struct instance *instance)
{
    const struct proctcp_process *process = &scans->now->processes[place];

    if (*threshold->only && strcmp(process->name, threshold->only) != 0)
        return false;
    instance->pid = process->pid;
    instance->uid = process->uid;
    snprintf(instance->name, sizeof(instance->name), "%.64s[%d]", process->name, (int)process->pid);
    return measure_process(scans, process, threshold->measure, &instance->value);
}

/* ---- listeners ---- */

static bool measure_listener(const struct scans *scans, const struct proctcp_listener *listener,
                             enum threshold_measure what, uint32_t *value)
{
    const struct proctcp_listener *before;

    switch (what) {
    case MEASURE_SOCKETS:
        *value = bounded((uint64_t)listener->sockets + listener->connections);
        return true;
    case MEASURE_CLOSE_WAIT:
        *value = listener->by_state[PROCTCP_CLOSE_WAIT];
        return true;
    case MEASURE_ACCEPT_QUEUE_PERCENT:
        return percent(listener->accept_queue, listener->accept_queue_max, value);
    case MEASURE_DROPS_PER_MINUTE:
        before = scans->before ? proctcp_find_listener(scans->before, listener->netns, &listener->local_address,
                                                       listener->local_port, listener->interface)
                               : NULL;
        return before && per_minute(scans, rise(listener->drops, before->drops), value);
    case MEASURE_UNBOUND:
    case MEASURE_FDS_PERCENT:
    case MEASURE_RETRANSMISSION_PERCENT:
        return false;
    }
    return false;
}

/* Of several the first, who holds it. */
uint32_t measure_listener_uid(const struct proctcp_snapshot *snapshot, const struct proctcp_listener *listener)
{
    if (listener->row != PROCTCP_NONE)
        return snapshot->processes[snapshot->rows[listener->row].process].uid;
    return listener->present & PROCTCP_HAS_LISTENER_UID ? listener->uid : 0;
}

void measure_name_listener(const struct proctcp_listener *listener, uint32_t own_netns,
                           char name[THRESHOLD_INSTANCE_MAX + 1])
{
    char text[PROCTCP_ENDPOINT_TEXT_SIZE];
    size_t used = (size_t)snprintf(name, THRESHOLD_INSTANCE_MAX + 1, "%s",
                                   proctcp_endpoint_text(&listener->local_address, listener->local_port, text));

    if (listener->interface)
        used += (size_t)snprintf(name + used, THRESHOLD_INSTANCE_MAX + 1 - used, "%%%u", listener->interface);
    if (listener->netns != own_netns)
        snprintf(name + used, THRESHOLD_INSTANCE_MAX + 1 - used, "@%u", listener->netns);
}

static bool take_listener(const struct threshold *threshold, const struct scans *scans, uint32_t place,
                          struct instance *instance)
{
    const struct proctcp_listener *listener = &scans->now->listeners[place];

    if (*threshold->only && strtoul(threshold->only, NULL, 10) != listener->local_port)
        return false;
    instance->pid = listener->row == PROCTCP_NONE ? 0 : scans->now->rows[listener->row].pid;
    instance->uid = measure_listener_uid(scans->now, listener);
    measure_name_listener(listener, scans->own_netns, instance->name);
    return measure_listener(scans, listener, threshold->measure, &instance->value);
}

/* ---- all of them ---- */

void measure(const struct threshold *threshold, const struct scans *scans,
             bool (*take)(void *context, const struct instance *instance), void *context)
{
    const struct proctcp_snapshot *now = scans->now;
    const uint32_t counts[] = {[THRESHOLD_OF_GROUP] = now->group_count,
                               [THRESHOLD_OF_PROCESS] = now->process_count,
                               [THRESHOLD_OF_LISTENER] = now->listener_count};
    struct instance instance;

    for (uint32_t i = 0; i < counts[threshold->of]; i++) {
        const bool has_value = threshold->of == THRESHOLD_OF_GROUP     ? take_group(threshold, scans, i, &instance)
                               : threshold->of == THRESHOLD_OF_PROCESS ? take_process(threshold, scans, i, &instance)
                                                                       : take_listener(threshold, scans, i, &instance);
        if (has_value && !take(context, &instance))
            return;
    }
}
