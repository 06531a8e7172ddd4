/* groups.c - what groups come to. Knows how sockets count that several processes or groups share; nothing of what a
 * group is called, or which there are. */
#include "model/model.h"
#include "model/times.h"

#include <errno.h>
#include <stdlib.h>

/* ---- processes ---- */

/* A process without a limit is farther from it than any that has one. */
static bool is_nearer_to_limit(const struct proctcp_process *process, const struct proctcp_group *group)
{
    const bool has_limit = process->present & PROCTCP_HAS_FD_LIMIT && process->fd_limit;

    if (!has_limit || !(group->present & PROCTCP_HAS_GROUP_FD_LIMIT))
        return has_limit || (!(group->present & PROCTCP_HAS_GROUP_FD_LIMIT) && process->fds > group->fds);
    return (double)process->fds / (double)process->fd_limit > (double)group->fds / (double)group->fd_limit;
}

static void add_process(struct proctcp_group *group, const struct proctcp_process *process, uint64_t now)
{
    if (group->processes == 0 || is_nearer_to_limit(process, group)) {
        group->fds = process->fds;
        group->fds_pid = process->pid;
        group->fd_limit = process->present & PROCTCP_HAS_FD_LIMIT ? process->fd_limit : 0;
        group->present |= PROCTCP_HAS_GROUP_FDS | (group->fd_limit ? PROCTCP_HAS_GROUP_FD_LIMIT : 0);
    }
    group->processes++;
    if (process->present & PROCTCP_HAS_START_TIME &&
        (!(group->present & PROCTCP_HAS_GROUP_START_TIME) || process->start_time < group->start_time)) {
        group->start_time = process->start_time;
        group->present |= PROCTCP_HAS_GROUP_START_TIME;
    }
    group->last_seen = now;
    group->present |= PROCTCP_HAS_GROUP_LAST_SEEN | (process->present & PROCTCP_HAS_TOTALS);
}

/* Once in each group that has a row of it. last is, by group, the process that was counted there last. */
static void add_processes(struct model *model, uint64_t now, uint32_t *last)
{
    for (uint32_t p = 0; p < model->processes.count; p++) {
        const struct proctcp_process *process = &model->processes.at[p];
        if (process->row_count == 0)
            continue;
        const uint32_t rows = model->any_split ? process->row_count : 1;
        for (uint32_t r = process->first_row; r < process->first_row + rows; r++) {
            const uint16_t group = model->row_groups.at[r];
            if (last[group] != p)
                add_process(&model->groups.at[group], process, now);
            last[group] = p;
        }
        add_process(&model->all, process, now);
    }
}

/* ---- sockets ---- */

static void add_count(struct proctcp_group *group, const struct proctcp_socket *socket, bool retransmits)
{
    group->sockets++;
    group->by_state[socket->state]++;
    group->unbound += socket->state == PROCTCP_CLOSED;
    group->retransmitting += retransmits;
}

static void add_accept_queue(struct proctcp_group *group, const struct proctcp_socket *socket)
{
    const bool has_max = socket->present & PROCTCP_HAS_ACCEPT_QUEUE_MAX,
               first = !(group->present & PROCTCP_HAS_GROUP_ACCEPT_QUEUE);

    if (has_max && first)
        group->present |= PROCTCP_HAS_GROUP_ACCEPT_QUEUE_MAX;
    if (!has_max)
        group->present &= ~PROCTCP_HAS_GROUP_ACCEPT_QUEUE_MAX;
    group->present |= PROCTCP_HAS_GROUP_ACCEPT_QUEUE;
    group->accept_queue += socket->accept_queue;
    group->accept_queue_max += has_max ? socket->accept_queue_max : 0;
}

static void add_sums(struct proctcp_group *group, const struct proctcp_socket *socket)
{
    if (socket->present & PROCTCP_HAS_ACCEPT_QUEUE)
        add_accept_queue(group, socket);
    if (socket->state != PROCTCP_LISTEN && socket->present & PROCTCP_HAS_QUEUES) {
        group->present |= PROCTCP_HAS_GROUP_QUEUES;
        group->tx_queue_bytes += socket->tx_queue_bytes;
        group->rx_queue_bytes += socket->rx_queue_bytes;
    }
}

/* A group and a socket of several owners that it holds: sorted, each pair stands together. */
struct pairs VECTOR(uint64_t);

static int compare_pairs(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int add_shared(struct model *model, const struct impairments *impairments)
{
    struct pairs pairs = {0};

    for (uint32_t r = 0; r < model->rows.count; r++) {
        const uint32_t socket = model->rows.at[r].socket;
        if (model->sockets.at[socket].owners < 2)
            continue;
        uint64_t *pair = vector_push(&pairs);
        if (!pair) {
            vector_free(&pairs);
            return -ENOMEM;
        }
        *pair = (uint64_t)model->row_groups.at[r] << 32 | socket;
    }
    if (pairs.count)
        qsort(pairs.at, pairs.count, sizeof(pairs.at[0]), compare_pairs);
    for (uint32_t i = 0; i < pairs.count; i++) {
        const struct proctcp_socket *socket = &model->sockets.at[(uint32_t)pairs.at[i]];
        if (i == 0 || pairs.at[i] != pairs.at[i - 1])
            add_count(&model->groups.at[pairs.at[i] >> 32], socket, model_is_retransmitting(socket, impairments));
    }
    vector_free(&pairs);
    return 0;
}

static bool has_sample(const struct proctcp_socket *socket)
{
    return socket->state == PROCTCP_ESTABLISHED && socket->present & PROCTCP_HAS_RTT;
}

/* Returns how many sockets have several owners. samples counts by group the sockets that have a round-trip time. */
static uint32_t add_sockets(struct model *model, const struct impairments *impairments, uint32_t *samples)
{
    uint32_t shared = 0;

    for (uint32_t i = 0; i < model->sockets.count; i++) {
        const struct proctcp_socket *socket = &model->sockets.at[i];
        if (model->holders.at[i] == PROCTCP_NONE)
            continue;
        const uint16_t home = model_home_group(model, i);
        const bool retransmits = model_is_retransmitting(socket, impairments);
        if (socket->owners < 2)
            add_count(&model->groups.at[home], socket, retransmits);
        shared += socket->owners > 1;
        add_count(&model->all, socket, retransmits);
        add_sums(&model->groups.at[home], socket);
        add_sums(&model->all, socket);
        samples[home] += has_sample(socket);
    }
    return shared;
}

/* ---- round-trip times ---- */

static void summarise(struct proctcp_group *group, uint32_t *samples, uint32_t count)
{
    if (!count)
        return;
    const struct times times = times_of(samples, count);
    group->rtt_average_us = times.average_us;
    group->rtt_p95_us = times.p95_us;
    group->rtt_max_us = times.max_us;
    group->present |= PROCTCP_HAS_GROUP_RTT;
}

/* counts is, by group, how many samples there are; afterwards where those of each end. */
static int add_times(struct model *model, uint32_t *counts)
{
    struct indices samples = {0};
    uint32_t total = 0;

    for (uint32_t g = 0; g < model->groups.count; g++) {
        const uint32_t count = counts[g];
        counts[g] = total;
        total += count;
    }
    if (!indices_fill(&samples, total, 0))
        return -ENOMEM;
    for (uint32_t i = 0; i < model->sockets.count; i++) {
        if (model->holders.at[i] != PROCTCP_NONE && has_sample(&model->sockets.at[i]))
            samples.at[counts[model_home_group(model, i)]++] = model->sockets.at[i].rtt_us;
    }
    for (uint32_t g = 0; g < model->groups.count; g++) {
        const uint32_t first = g ? counts[g - 1] : 0;
        summarise(&model->groups.at[g], samples.at + first, counts[g] - first);
    }
    summarise(&model->all, samples.at, total);
    vector_free(&samples);
    return 0;
}

/* ---- all of it ---- */

/* Without connections there is nothing in their queues, and that is known. */
static void know_empty_queues(struct proctcp_group *group)
{
    uint32_t connections = group->sockets - group->by_state[PROCTCP_LISTEN] - group->by_state[PROCTCP_CLOSED];
    if (connections == 0)
        group->present |= PROCTCP_HAS_GROUP_QUEUES;
}

/* Where the source tells of traffic at all, a configured group of which nothing has run has had none. */
static void know_no_traffic(struct proctcp_group *group, const struct proctcp_group *all)
{
    if (group->is_configured && !(group->present & PROCTCP_HAS_GROUP_LAST_SEEN))
        group->present |= all->present & PROCTCP_HAS_TOTALS & ~PROCTCP_HAS_TOTAL_ACCEPT_DROPS;
}

int groups_sum(struct model *model, const struct capture *capture)
{
    struct indices by_group = {0};
    int status = 0;

    if (!model->groups.count)
        return 0;
    if (!indices_fill(&by_group, model->groups.count, 0xff))
        return -ENOMEM;
    add_processes(model, capture->stats.time, by_group.at);
    memset(by_group.at, 0, model->groups.count * sizeof(by_group.at[0]));
    if (add_sockets(model, &capture->impairments, by_group.at))
        status = add_shared(model, &capture->impairments);
    if (status == 0)
        status = add_times(model, by_group.at);
    for (uint32_t g = 0; g < model->groups.count; g++) {
        know_empty_queues(&model->groups.at[g]);
        know_no_traffic(&model->groups.at[g], &model->all);
    }
    know_empty_queues(&model->all);
    vector_free(&by_group);
    return status;
}
