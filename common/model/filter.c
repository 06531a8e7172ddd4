/* narrow.c - leaves out what the selection does not ask for: rows first, then the sockets and processes that were there
 * for them. The other ends of what is left stay, behind the rest. Knows nothing of what a rule says. */
#include "scan.h"

enum place {
    LEFT_OUT,
    SELECTED,
    OTHER_END,
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

static void select_rows(struct scan *scan, struct places *places)
{
    for (uint32_t v = 0; v < scan->visits.count; v++) {
        const struct visit *visit = &scan->visits.at[v];
        if (visit->process == PROCTCP_NONE || visit->skipped)
            continue;
        const struct proctcp_process *process = &scan->processes.at[visit->process];
        for (uint32_t i = process->first_row; i < process->first_row + process->row_count; i++) {
            if (select_socket(scan->selection, &scan->sockets.at[scan->rows.at[i].socket]))
                places->rows[i] = SELECTED;
        }
    }
    for (uint32_t i = 0; i < scan->rows.count; i++) {
        uint32_t peer = scan->rows.at[i].peer;
        if (places->rows[i] == SELECTED && peer != PROCTCP_NONE)
            raise(&places->rows[peer], OTHER_END);
    }
}

static void follow_rows(struct scan *scan, struct places *places)
{
    for (uint32_t i = 0; i < scan->rows.count; i++) {
        if (places->rows[i] == LEFT_OUT)
            continue;
        raise(&places->sockets[scan->rows.at[i].socket], places->rows[i]);
        raise(&places->processes[scan->rows.at[i].process], places->rows[i]);
    }
}

/* Where only some processes were walked, a socket that might be held by another one cannot be said to be nobody's. */
static void select_unattributed(struct scan *scan, struct places *places)
{
    bool choosy = select_asks_process(scan->selection);

    for (uint32_t i = 0; i < scan->sockets.count; i++) {
        const struct proctcp_socket *socket = &scan->sockets.at[i];
        if (socket->owners == 0 && (!choosy || socket->inode == 0) && select_socket(scan->selection, socket))
            places->sockets[i] = SELECTED;
    }
}

/* Moves what is selected to the front and the other ends behind it. Puts new indices in the place of places. */
static int rearrange(void *items, size_t size, uint32_t *count, uint32_t *places, uint32_t *tail)
{
    char *at = items, *others;
    uint32_t selected = 0, kept = 0;

    for (uint32_t i = 0; i < *count; i++) {
        selected += places[i] == SELECTED;
        *tail += places[i] == OTHER_END;
    }
    others = malloc((*tail + 1) * size);
    if (!others)
        return -ENOMEM;
    *tail = 0;
    for (uint32_t i = 0; i < *count; i++) {
        const char *item = at + i * size;
        if (places[i] == SELECTED) {
            memmove(at + kept * size, item, size);
            places[i] = kept++;
        } else if (places[i] == OTHER_END) {
            memcpy(others + *tail * size, item, size);
            places[i] = selected + (*tail)++;
        } else {
            places[i] = PROCTCP_NONE;
        }
    }
    if (*tail)
        memcpy(at + selected * size, others, *tail * size);
    free(others);
    *count = selected;
    return 0;
}

#define REARRANGE(scan, member, places)                                                                                \
    rearrange((scan)->member.at, sizeof((scan)->member.at[0]), &(scan)->member.count, (places)->member,                \
              &(scan)->tail.member)

static void find_homes(struct scan *scan)
{
    scan->rank_one.count = scan->homes.count = scan->sockets.count;
    for (uint32_t i = 0; i < scan->sockets.count; i++)
        scan->rank_one.at[i] = scan->homes.at[i] = PROCTCP_NONE;
    for (uint32_t i = 0; i < scan->rows.count; i++) {
        const struct proctcp_row *row = &scan->rows.at[i];
        if (row->owner_rank != 1)
            continue;
        scan->rank_one.at[row->socket] = i;
        scan->homes.at[row->socket] = row->process;
    }
}

static void renumber(struct scan *scan, const struct places *places)
{
    uint32_t next = 0;

    for (uint32_t i = 0; i < scan->rows.count + scan->tail.rows; i++) {
        struct proctcp_row *row = &scan->rows.at[i];
        row->socket = places->sockets[row->socket];
        row->process = places->processes[row->process];
        row->peer = row->peer == PROCTCP_NONE ? PROCTCP_NONE : places->rows[row->peer];
    }
    for (uint32_t i = 0; i < scan->processes.count + scan->tail.processes; i++) {
        struct proctcp_process *process = &scan->processes.at[i];
        process->first_row = next;
        while (i < scan->processes.count && next < scan->rows.count && scan->rows.at[next].process == i)
            next++;
        process->row_count = next - process->first_row;
    }
}

static bool make_places(struct scan *scan, struct places *places)
{
    uint64_t needed = (uint64_t)scan->rows.count + scan->sockets.count + scan->processes.count;

    scan->scratch.count = 0;
    if (!vector_reserve(&scan->scratch, needed + 1))
        return false;
    scan->scratch.count = (uint32_t)needed;
    memset(scan->scratch.at, 0, needed * sizeof(scan->scratch.at[0]));
    places->rows = scan->scratch.at;
    places->sockets = places->rows + scan->rows.count;
    places->processes = places->sockets + scan->sockets.count;
    return true;
}

int narrow_scan(struct scan *scan)
{
    struct places places;

    if (!scan->selection)
        return 0;
    if (!make_places(scan, &places))
        return -ENOMEM;
    select_rows(scan, &places);
    follow_rows(scan, &places);
    select_unattributed(scan, &places);
    if (REARRANGE(scan, rows, &places) < 0 || REARRANGE(scan, sockets, &places) < 0 ||
        REARRANGE(scan, processes, &places) < 0)
        return -ENOMEM;
    renumber(scan, &places);
    find_homes(scan);
    return 0;
}
