/* sums.c - what each process holds: its counts of sockets, by state, and its sums; and what nobody holds. Knows rows
 * and how sockets are shared. Goes through the sockets in their own order, for that of rows would be all over the
 * memory. */
#include "model/model.h"

#include <errno.h>
#include <stdlib.h>

#define SINGLE (PROCTCP_NONE - 1) /* no process: of a socket that has one owner */

/* ---- what is held ---- */

static void add_sums(struct proctcp_process *process, const struct proctcp_socket *socket)
{
    if (socket->present & PROCTCP_HAS_ACCEPT_QUEUE) {
        process->accept_queue += socket->accept_queue;
        process->present |= PROCTCP_HAS_PROCESS_ACCEPT_QUEUE;
    }
    if (!(socket->present & PROCTCP_HAS_QUEUES))
        return;
    process->tx_queue_bytes += socket->tx_queue_bytes;
    process->rx_queue_bytes += socket->rx_queue_bytes;
}

/* Each total, and what must be told of a socket for it. */
static const struct {
    uint32_t total;
    uint64_t counters; /* of this any bit */
} totals[] = {
    {PROCTCP_HAS_TOTAL_PAYLOAD_SENT, PROCTCP_HAS_BYTES_SENT | PROCTCP_HAS_BYTES},
    {PROCTCP_HAS_TOTAL_PAYLOAD_RECEIVED, PROCTCP_HAS_BYTES},
    {PROCTCP_HAS_TOTAL_BYTES_SENT, PROCTCP_HAS_BYTES_SENT},
    {PROCTCP_HAS_TOTAL_BYTES_ACKED, PROCTCP_HAS_BYTES},
    {PROCTCP_HAS_TOTAL_BYTES_RECEIVED, PROCTCP_HAS_BYTES},
    {PROCTCP_HAS_TOTAL_SEGS_OUT, PROCTCP_HAS_SEGS},
    {PROCTCP_HAS_TOTAL_SEGS_IN, PROCTCP_HAS_SEGS},
    {PROCTCP_HAS_TOTAL_RETRANSMISSIONS, PROCTCP_HAS_INFO},
};

static uint32_t totals_given(uint64_t counters)
{
    uint32_t given = 0;

    for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
        if (counters & totals[i].counters)
            given |= totals[i].total;
    }
    return given;
}

struct counting {
    uint32_t given; /* bits of the totals that this kernel gives */
    const struct impairments *impairments;
};

/* Of a process: it holds a socket of which this is not told. */
#define UNCOUNTED_TOTALS 1
#define UNCOUNTED_DROPS  2

/* What is in no table has nothing to count, and what listens has not, if its source counts at all (then it gives
 * cookies): they take nothing from a sum. */
static void add_count(struct proctcp_process *process, const struct proctcp_socket *socket, const struct counting *how,
                      uint8_t *uncounted)
{
    const uint32_t given = how->given;

    process->sockets++;
    process->by_state[socket->state]++;
    process->unbound += socket->state == PROCTCP_CLOSED;
    process->retransmitting += model_is_retransmitting(socket, how->impairments);
    if (socket->state == PROCTCP_LISTEN && socket->present & PROCTCP_HAS_DROPS)
        process->present |= PROCTCP_HAS_TOTAL_ACCEPT_DROPS;
    else if (socket->state == PROCTCP_LISTEN)
        *uncounted |= UNCOUNTED_DROPS;
    if (socket->state == PROCTCP_CLOSED || (socket->state == PROCTCP_LISTEN && socket->present & PROCTCP_HAS_COOKIE) ||
        socket->present & PROCTCP_HAS_INFO)
        process->present |= given;
    else
        *uncounted |= UNCOUNTED_TOTALS;
}

/* Once in each process, however many descriptors of the socket it has; its rows stand together. last is, by socket, the
 * process that counted it last. */
static void count_shared(struct model *model, uint32_t *last, const struct counting *how, uint8_t *uncounted)
{
    for (uint32_t i = 0; i < model->rows.count; i++) {
        const struct proctcp_row *row = &model->rows.at[i];
        if (last[row->socket] == SINGLE || last[row->socket] == row->process)
            continue;
        last[row->socket] = row->process;
        add_count(&model->processes.at[row->process], &model->sockets.at[row->socket], how, &uncounted[row->process]);
    }
}

int sums_count(struct model *model, const struct capture *capture, uint32_t *unbound)
{
    const struct counting how = {totals_given(capture->counters), &capture->impairments};
    uint8_t *uncounted = calloc((size_t)model->processes.count + 1, sizeof(*uncounted));
    bool any_shared = false;
    struct indices last = {0};

    if (!uncounted || !indices_fill(&last, model->sockets.count, 0xff)) {
        free(uncounted);
        return -ENOMEM;
    }
    *unbound = 0;
    for (uint32_t i = 0; i < model->sockets.count; i++) {
        const struct proctcp_socket *socket = &model->sockets.at[i];
        const uint32_t holder = model->holders.at[i];
        const bool shared = socket->owners > 1;
        *unbound += socket->owners && socket->state == PROCTCP_CLOSED;
        any_shared |= shared;
        if (!shared)
            last.at[i] = SINGLE;
        if (holder == PROCTCP_NONE)
            continue;
        add_sums(&model->processes.at[holder], socket);
        if (!shared)
            add_count(&model->processes.at[holder], socket, &how, &uncounted[holder]);
    }
    if (any_shared)
        count_shared(model, last.at, &how, uncounted);
    for (uint32_t p = 0; p < model->processes.count; p++) {
        if (model->processes.at[p].present & PROCTCP_HAS_CONNECTIONS && !model->processes.at[p].row_count)
            model->processes.at[p].present |= how.given;
        if (uncounted[p] & UNCOUNTED_TOTALS)
            model->processes.at[p].present &= ~how.given;
        if (uncounted[p] & UNCOUNTED_DROPS)
            model->processes.at[p].present &= ~PROCTCP_HAS_TOTAL_ACCEPT_DROPS;
    }
    vector_free(&last);
    free(uncounted);
    return 0;
}

/* ---- what nobody holds ---- */

static int compare_unattributed(const void *a, const void *b)
{
    const struct proctcp_unattributed *x = a, *y = b;
    if (x->netns != y->netns)
        return x->netns < y->netns ? -1 : 1;
    if (x->state != y->state)
        return x->state < y->state ? -1 : 1;
    if (x->last_pid != y->last_pid)
        return x->last_pid < y->last_pid ? -1 : 1;
    return strcmp(x->last_process, y->last_process);
}

static bool is_same_count(const struct proctcp_unattributed *a, const struct proctcp_unattributed *b)
{
    return a->netns == b->netns && a->state == b->state && a->last_pid == b->last_pid &&
           (a->last_process == b->last_process || strcmp(a->last_process, b->last_process) == 0);
}

/* Sockets of a namespace stand together, as its tables were read: for each state the count added last is mostly the
 * next one wanted, too. */
static int count_one(struct model *model, const struct proctcp_unattributed *wanted, uint32_t last[PROCTCP_STATES])
{
    struct unattributed *counts = &model->unattributed;
    uint32_t *at = &last[wanted->state];

    if (*at == PROCTCP_NONE || !is_same_count(&counts->at[*at], wanted)) {
        struct proctcp_unattributed *count = vector_push(counts);
        if (!count)
            return -ENOMEM;
        *count = *wanted;
        *at = counts->count - 1;
    }
    counts->at[*at].sockets++;
    return 0;
}

static void merge_counts(struct unattributed *counts)
{
    uint32_t kept = 0;

    if (counts->count)
        qsort(counts->at, counts->count, sizeof(counts->at[0]), compare_unattributed);
    for (uint32_t i = 0; i < counts->count; i++) {
        if (kept && is_same_count(&counts->at[kept - 1], &counts->at[i]))
            counts->at[kept - 1].sockets += counts->at[i].sockets;
        else
            counts->at[kept++] = counts->at[i];
    }
    counts->count = kept;
}

int sums_unattributed(struct model *model, uint32_t *sockets)
{
    uint32_t last[PROCTCP_STATES], holder = 0;

    *sockets = 0;
    memset(last, 0xff, sizeof(last));
    for (uint32_t i = 0; i < model->sockets.count; i++) {
        const struct proctcp_socket *socket = &model->sockets.at[i];
        if (model->holders.at[i] != PROCTCP_NONE || socket->owners)
            continue;
        struct proctcp_unattributed wanted = {.netns = socket->netns, .state = socket->state, .last_process = ""};
        while (holder < model->last_holders.count && model->last_holders.at[holder].socket < i)
            holder++;
        if (holder < model->last_holders.count && model->last_holders.at[holder].socket == i) {
            wanted.last_pid = model->last_holders.at[holder].pid;
            wanted.last_process = model->last_holders.at[holder].process;
        }
        if (count_one(model, &wanted, last) < 0)
            return -ENOMEM;
        ++*sockets;
    }
    merge_counts(&model->unattributed);
    return 0;
}
