/* listeners.c - each listener: its sockets, who holds them, and the connections that came in through it. Knows rows,
 * and nothing of how a connection finds its listener. What sorts listeners finds one in a snapshot, too. */
#include "model/model.h"
#include "model/times.h"

#include "select/select.h"

#include <errno.h>
#include <stdlib.h>

/* ---- sockets ---- */

struct sample {
    uint32_t listener;
    uint32_t rtt_us;
};

struct samples VECTOR(struct sample);

/* What only some of the sockets give is no sum. */
static void add_socket(struct proctcp_listener *listener, const struct proctcp_socket *socket, uint32_t drops)
{
    uint32_t given = 0;

    if (socket->present & PROCTCP_HAS_INTERFACE)
        given |= PROCTCP_HAS_LISTENER_INTERFACE;
    if (socket->present & PROCTCP_HAS_UID && (!listener->sockets || listener->uid == socket->uid))
        given |= PROCTCP_HAS_LISTENER_UID;
    if (socket->present & PROCTCP_HAS_ACCEPT_QUEUE)
        given |= PROCTCP_HAS_LISTENER_ACCEPT_QUEUE;
    if (socket->present & PROCTCP_HAS_ACCEPT_QUEUE_MAX)
        given |= PROCTCP_HAS_LISTENER_ACCEPT_QUEUE_MAX;
    if (socket->present & PROCTCP_HAS_DROPS)
        given |= PROCTCP_HAS_LISTENER_DROPS;
    listener->present = listener->sockets ? listener->present & given : given;
    listener->local_address = socket->local_address;
    listener->local_port = socket->local_port;
    listener->netns = socket->netns;
    listener->interface = socket->interface;
    listener->uid = socket->uid;
    listener->accept_queue += socket->accept_queue;
    listener->accept_queue_max += socket->accept_queue_max;
    listener->drops += drops;
    listener->sockets++;
}

/* There is room for a sample of each socket. */
static void add_connection(struct proctcp_listener *listener, const struct proctcp_socket *socket, uint32_t number,
                           struct samples *samples)
{
    listener->connections++;
    listener->by_state[socket->state]++;
    if (socket->present & PROCTCP_HAS_QUEUES) {
        listener->tx_queue_bytes += socket->tx_queue_bytes;
        listener->rx_queue_bytes += socket->rx_queue_bytes;
    }
    if (socket->state == PROCTCP_ESTABLISHED && socket->present & PROCTCP_HAS_RTT)
        samples->at[samples->count++] = (struct sample){number, socket->rtt_us};
}

static bool add_all(struct model *model, const struct capture *capture, struct samples *samples)
{
    if (!vector_reserve(samples, model->sockets.count))
        return false;
    for (uint32_t i = 0; i < model->sockets.count; i++) {
        const struct proctcp_socket *socket = &model->sockets.at[i];
        const uint32_t number = model->came_through.at[i];
        if (number == PROCTCP_NONE)
            continue;
        if (number & MODEL_LISTENS)
            add_socket(&model->listeners.at[number & ~MODEL_LISTENS], socket,
                       capture->impairments.at[socket->impairment].drops);
        else
            add_connection(&model->listeners.at[number], socket, number, samples);
    }
    return true;
}

/* ---- who holds them ---- */

static bool is_system(const struct model *model, const struct proctcp_row *row)
{
    const struct proctcp_socket *socket = &model->sockets.at[row->socket];
    return socket->present & PROCTCP_HAS_UID && proctcp_is_system_user(socket->uid);
}

/* Whoever binds to another interface can listen at the same address and port. Where the source does not tell
 * interfaces it is one listener, and he does not become its holder for that. */
static bool goes_before(const struct model *model, const struct proctcp_row *row, const struct proctcp_row *first)
{
    return row->socket != first->socket && is_system(model, row) && !is_system(model, first);
}

/* Rows of a process stand together: it is another one where it is not that of the listener's row before. last is, by
 * listener, the process of that row. */
static void add_rows(struct model *model, uint32_t *last)
{
    for (uint32_t i = 0; i < model->rows.count; i++) {
        const struct proctcp_row *row = &model->rows.at[i];
        const uint32_t number = model->came_through.at[row->socket];
        if (number == PROCTCP_NONE || !(number & MODEL_LISTENS))
            continue;
        struct proctcp_listener *listener = &model->listeners.at[number & ~MODEL_LISTENS];
        if (listener->row == PROCTCP_NONE || goes_before(model, row, &model->rows.at[listener->row]))
            listener->row = i;
        listener->owners++;
        listener->processes += last[number & ~MODEL_LISTENS] != row->process;
        last[number & ~MODEL_LISTENS] = row->process;
    }
}

static int find_holders(struct model *model)
{
    struct indices last = {0};

    if (!indices_fill(&last, model->listeners.count, 0xff))
        return -ENOMEM;
    add_rows(model, last.at);
    vector_free(&last);
    return 0;
}

/* ---- round-trip times ---- */

static void summarise(struct proctcp_listener *listener, uint32_t *samples, uint32_t count)
{
    const struct times times = times_of(samples, count);

    listener->rtt_average_us = times.average_us;
    listener->rtt_p95_us = times.p95_us;
    listener->rtt_max_us = times.max_us;
    listener->present |= PROCTCP_HAS_LISTENER_RTT;
}

/* Puts the times of each listener together. ends is, by listener, where its times end, once they are all there. */
static int find_times(struct model *model, const struct samples *samples)
{
    struct indices ends = {0}, times = {0};
    uint32_t begin = 0;

    if (!indices_fill(&ends, (uint64_t)model->listeners.count + 1, 0) || !indices_fill(&times, samples->count, 0)) {
        vector_free(&ends);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < samples->count; i++)
        ends.at[samples->at[i].listener + 1]++;
    for (uint32_t l = 1; l < model->listeners.count; l++)
        ends.at[l] += ends.at[l - 1];
    for (uint32_t i = 0; i < samples->count; i++)
        times.at[ends.at[samples->at[i].listener]++] = samples->at[i].rtt_us;
    for (uint32_t l = 0; l < model->listeners.count; begin = ends.at[l++]) {
        if (ends.at[l] > begin)
            summarise(&model->listeners.at[l], times.at + begin, ends.at[l] - begin);
    }
    vector_free(&ends);
    vector_free(&times);
    return 0;
}

/* ---- in their order ---- */

static int compare_listeners(const void *a, const void *b)
{
    const struct proctcp_listener *x = a, *y = b;
    int order;

    if (x->netns != y->netns)
        return x->netns < y->netns ? -1 : 1;
    if ((order = memcmp(&x->local_address, &y->local_address, sizeof(x->local_address))) != 0)
        return order;
    if (x->local_port != y->local_port)
        return x->local_port < y->local_port ? -1 : 1;
    return (x->interface > y->interface) - (x->interface < y->interface);
}

/* The selection may have left out all of a listener's sockets. */
static void order_listeners(struct listeners *listeners)
{
    uint32_t kept = 0;

    for (uint32_t l = 0; l < listeners->count; l++) {
        if (listeners->at[l].sockets)
            listeners->at[kept++] = listeners->at[l];
    }
    listeners->count = kept;
    if (kept)
        qsort(listeners->at, kept, sizeof(listeners->at[0]), compare_listeners);
}

static bool make_all(struct model *model)
{
    struct listeners *listeners = &model->listeners;

    if (!vector_reserve(listeners, model->listener_numbers))
        return false;
    listeners->count = model->listener_numbers;
    for (uint32_t l = 0; l < listeners->count; l++)
        listeners->at[l] = (struct proctcp_listener){.row = PROCTCP_NONE};
    return true;
}

/* From here on a number is the index of the listener, for those that came in through it and for its own sockets. */
static int renumber(struct model *model)
{
    struct indices sorted = {0}; /* by number */

    if (!indices_fill(&sorted, model->listener_numbers, 0xff))
        return -ENOMEM;
    for (uint32_t i = 0; i < model->sockets.count; i++) {
        const struct proctcp_socket *socket = &model->sockets.at[i];
        const struct proctcp_listener wanted = {.netns = socket->netns,
                                                .local_address = socket->local_address,
                                                .local_port = socket->local_port,
                                                .interface = socket->interface};
        const uint32_t number = model->came_through.at[i];
        if (number == PROCTCP_NONE || !(number & MODEL_LISTENS))
            continue;
        const struct proctcp_listener *found =
            bsearch(&wanted, model->listeners.at, model->listeners.count, sizeof(wanted), compare_listeners);
        if (found)
            sorted.at[number & ~MODEL_LISTENS] = (uint32_t)(found - model->listeners.at);
    }
    for (uint32_t i = 0; i < model->came_through.count; i++) { /* of peers, too */
        uint32_t *number = &model->came_through.at[i];
        if (*number != PROCTCP_NONE)
            *number = sorted.at[*number & ~MODEL_LISTENS];
    }
    vector_free(&sorted);
    return 0;
}

/* Whether all connections are there that came in through a listener of theirs. */
static bool knows_connections(const struct proctcp_selection *selection)
{
    return !select_asks(selection, RULE_STATE) && !select_asks(selection, RULE_REMOTE_PORT) &&
           !select_asks(selection, RULE_REMOTE);
}

int listeners_count(struct model *model, const struct capture *capture, const struct proctcp_selection *selection)
{
    struct samples samples = {0};
    int status = 0;

    if (!model->came_through.count || !model->listener_numbers)
        return 0;
    if (!make_all(model) || !add_all(model, capture, &samples) || find_holders(model) < 0 ||
        find_times(model, &samples) < 0)
        status = -ENOMEM;
    vector_free(&samples);
    for (uint32_t l = 0; l < model->listeners.count && knows_connections(selection); l++)
        model->listeners.at[l].present |= PROCTCP_HAS_LISTENER_CONNECTIONS;
    if (status)
        return status;
    order_listeners(&model->listeners);
    return renumber(model);
}

const struct proctcp_listener *proctcp_find_listener(const struct proctcp_snapshot *snapshot, uint32_t netns,
                                                     const struct proctcp_address *address, uint16_t port,
                                                     uint32_t interface)
{
    const struct proctcp_listener wanted = {
        .netns = netns, .local_address = *address, .local_port = port, .interface = interface};

    if (!snapshot->listener_count)
        return NULL;
    return bsearch(&wanted, snapshot->listeners, snapshot->listener_count, sizeof(wanted), compare_listeners);
}
