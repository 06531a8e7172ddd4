/* filter.c - leaves out what the selection does not ask for: rows first, then the sockets and processes that were there
 * for them. The peers of what is left stay, behind the rest. Knows nothing of what a rule says. */
#include "model/model.h"

#include "select/select.h"

#include <errno.h>

enum place {
    LEFT_OUT,
    SELECTED,
    PEER,
};

/* By item, the enum place of it; later its new index. */
struct places {
    uint32_t *rows, *sockets, *processes;
};

static void raise(uint32_t *place, uint32_t to)
{
    if (*place != SELECTED)
        *place = to;
}

static void select_rows(const struct model *model, const struct capture *capture,
                        const struct proctcp_selection *selection, struct places *places)
{
    uint32_t p = 0; /* processes of the model are those of the capture that have facts */

    for (uint32_t c = 0; c < capture->processes.count; c++) {
        if (capture->processes.at[c].facts == PROCTCP_NONE)
            continue;
        const struct proctcp_process *process = &model->processes.at[p++];
        if (!capture->processes.at[c].is_selected)
            continue;
        if (process->row_count == 0) /* it is here for what it counted */
            places->processes[p - 1] = SELECTED;
        for (uint32_t i = process->first_row; i < process->first_row + process->row_count; i++) {
            if (select_socket(selection, &model->sockets.at[model->rows.at[i].socket]))
                places->rows[i] = SELECTED;
        }
    }
    for (uint32_t i = 0; i < model->rows.count; i++) {
        uint32_t peer = model->rows.at[i].peer;
        if (places->rows[i] == SELECTED && peer != PROCTCP_NONE)
            raise(&places->rows[peer], PEER);
    }
}

static void follow_rows(const struct model *model, struct places *places)
{
    for (uint32_t i = 0; i < model->rows.count; i++) {
        if (places->rows[i] == LEFT_OUT)
            continue;
        raise(&places->sockets[model->rows.at[i].socket], places->rows[i]);
        raise(&places->processes[model->rows.at[i].process], places->rows[i]);
    }
}

/* Where only some processes were walked, a socket that might be held by another one cannot be said to be nobody's. */
static void select_unattributed(const struct model *model, const struct proctcp_selection *selection,
                                struct places *places)
{
    bool choosy = select_asks_process(selection);

    for (uint32_t i = 0; i < model->sockets.count; i++) {
        const struct proctcp_socket *socket = &model->sockets.at[i];
        if (socket->owners == 0 && (!choosy || socket->inode == 0) && select_socket(selection, socket))
            places->sockets[i] = SELECTED;
    }
}

/* Moves what is selected to the front and the peers behind them. Puts new indices in the place of places. */
static int rearrange(void *items, size_t size, uint32_t *count, uint32_t *places, uint32_t *peer_count)
{
    char *at = items, *peers;
    uint32_t selected = 0, kept = 0;

    for (uint32_t i = 0; i < *count; i++) {
        selected += places[i] == SELECTED;
        *peer_count += places[i] == PEER;
    }
    peers = malloc((*peer_count + 1) * size);
    if (!peers)
        return -ENOMEM;
    *peer_count = 0;
    for (uint32_t i = 0; i < *count; i++) {
        const char *item = at + i * size;
        if (places[i] == SELECTED) {
            memmove(at + (size_t)kept * size, item, size);
            places[i] = kept++;
        } else if (places[i] == PEER) {
            memcpy(peers + *peer_count * size, item, size);
            places[i] = selected + (*peer_count)++;
        } else {
            places[i] = PROCTCP_NONE;
        }
    }
    if (*peer_count)
        memcpy(at + selected * size, peers, *peer_count * size);
    free(peers);
    *count = selected;
    return 0;
}

#define REARRANGE(model, member, places)                                                                               \
    rearrange((model)->member.at, sizeof((model)->member.at[0]), &(model)->member.count, (places)->member,             \
              &(model)->for_peers.member)

/* What is by socket goes where the socket went. */
static bool follow_sockets(struct model *model, const struct places *places)
{
    struct indices moved = {0};

    if (!model->came_through.count)
        return true;
    if (!indices_fill(&moved, (uint64_t)model->sockets.count + model->for_peers.sockets, 0xff))
        return false;
    for (uint32_t i = 0; i < model->came_through.count; i++) {
        if (places->sockets[i] != PROCTCP_NONE)
            moved.at[places->sockets[i]] = model->came_through.at[i];
    }
    vector_free(&model->came_through);
    model->came_through = moved;
    return true;
}

static void find_holders(struct model *model)
{
    model->first_rows.count = model->holders.count = model->sockets.count;
    for (uint32_t i = 0; i < model->sockets.count; i++)
        model->first_rows.at[i] = model->holders.at[i] = PROCTCP_NONE;
    for (uint32_t i = 0; i < model->rows.count; i++) {
        const struct proctcp_row *row = &model->rows.at[i];
        if (row->owner_rank != 1)
            continue;
        model->first_rows.at[row->socket] = i;
        model->holders.at[row->socket] = row->process;
    }
}

static void renumber(struct model *model, const struct places *places)
{
    uint32_t next = 0;

    for (uint32_t i = 0; i < model->rows.count + model->for_peers.rows; i++) {
        struct proctcp_row *row = &model->rows.at[i];
        row->socket = places->sockets[row->socket];
        row->process = places->processes[row->process];
        row->peer = row->peer == PROCTCP_NONE ? PROCTCP_NONE : places->rows[row->peer];
    }
    for (uint32_t i = 0; i < model->processes.count + model->for_peers.processes; i++) {
        struct proctcp_process *process = &model->processes.at[i];
        process->first_row = next;
        while (i < model->processes.count && next < model->rows.count && model->rows.at[next].process == i)
            next++;
        process->row_count = next - process->first_row;
    }
}

int filter_model(struct model *model, const struct capture *capture, const struct proctcp_selection *selection)
{
    const uint64_t needed = (uint64_t)model->rows.count + model->sockets.count + model->processes.count;
    struct indices memory = {0};
    struct places places;
    int status = -ENOMEM;

    if (!selection)
        return 0;
    if (!indices_fill(&memory, needed, 0))
        return -ENOMEM;
    places.rows = memory.at;
    places.sockets = places.rows + model->rows.count;
    places.processes = places.sockets + model->sockets.count;
    select_rows(model, capture, selection, &places);
    follow_rows(model, &places);
    select_unattributed(model, selection, &places);
    if (REARRANGE(model, rows, &places) == 0 && REARRANGE(model, sockets, &places) == 0 &&
        REARRANGE(model, processes, &places) == 0 && follow_sockets(model, &places)) {
        renumber(model, &places);
        find_holders(model);
        status = model_reindex(model);
    }
    vector_free(&memory);
    return status;
}
