/* tops.c - who has most of something. Knows how a row of one scan is found in the one before; nothing of OIDs. */
#include "tops.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- what the configuration says ---- */

static const char *const targets[] = {
    [TOP_OF_GROUP] = "group", [TOP_OF_PROCESS] = "process", [TOP_OF_SOCKET] = "socket"};

static const struct proctcp_field *fields_of(enum top_of of, size_t *count)
{
    return of == TOP_OF_GROUP     ? proctcp_group_fields(count)
           : of == TOP_OF_PROCESS ? proctcp_process_fields(count)
                                  : proctcp_row_fields(count);
}

static bool read_target(const char *word, struct top *top, char *error, size_t size)
{
    for (size_t of = 1; of < COUNT(targets); of++) {
        if (strcmp(word, targets[of]) == 0)
            top->of = (enum top_of)of;
    }
    if (!top->of)
        snprintf(error, size, "\"%s\" is none of group, process, socket", word);
    return top->of;
}

static bool read_field(const char *word, struct top *top, char *error, size_t size)
{
    size_t count;
    const struct proctcp_field *fields = fields_of(top->of, &count);

    top->field = proctcp_field_by_name(fields, count, word);
    /* Without a unit it is a name in the form of a number, as a port is. */
    if (top->field && top->field->type == PROCTCP_UNSIGNED && top->field->unit)
        return true;
    snprintf(error, size, "\"%s\" is no number that a %s has, such as sockets or bytes_received: see proctcp.conf(5)",
             word, targets[top->of]);
    return false;
}

static bool read_rows(const char *word, struct top *top, char *error, size_t size)
{
    char *end;
    const unsigned long rows = strtoul(word, &end, 10);

    if (isdigit((unsigned char)*word) && !*end && rows >= 1 && rows <= TOP_ROWS_MAX) {
        top->rows = (uint32_t)rows;
        return true;
    }
    snprintf(error, size, "\"%s\" is no number from 1 to %d", word, TOP_ROWS_MAX);
    return false;
}

static bool insert(struct tops *tops, const struct top *top, char *error, size_t size)
{
    struct top *at = named_insert(tops->at, &tops->count, TOPS_MAX, top, sizeof(*top), error, size);

    if (at)
        tops->at = at;
    return at != NULL;
}

bool tops_add(struct tops *tops, const char *text, char *error, size_t size)
{
    struct top top = {.rows = TOP_ROWS};
    char copy[256], *rest = copy, *words[5] = {NULL};
    size_t count = 0;

    snprintf(copy, sizeof(copy), "%s", text);
    while (count < COUNT(words) && (words[count] = strtok_r(rest, " \t", &rest)))
        count++;
    if (strlen(text) >= sizeof(copy) || count < 3 || count > 4) {
        snprintf(error, size, "\"%s\" is not NAME group|process|socket FIELD [ROWS]", text);
        return false;
    }
    return named_read(words[0], top.name, error, size) && read_target(words[1], &top, error, size) &&
           read_field(words[2], &top, error, size) && (count < 4 || read_rows(words[3], &top, error, size)) &&
           insert(tops, &top, error, size);
}

void tops_free(struct tops *tops)
{
    free(tops->at);
    *tops = (struct tops){NULL, 0};
}

/* ---- the scan before ---- */

#define NOWHERE UINT32_MAX
#define NEW     (UINT32_MAX - 1) /* it was not there: all that it has is since then */

/* Where the same group was. */
static uint32_t group_before(const struct scans *scans, uint32_t place)
{
    const struct proctcp_snapshot *before = scans->before;
    const char *name = scans->now->groups[place].name;

    if (place < before->group_count && strcmp(before->groups[place].name, name) == 0)
        return place;
    for (uint32_t i = 0; i < before->group_count; i++) {
        if (strcmp(before->groups[i].name, name) == 0)
            return i;
    }
    return NEW;
}

/* What was not found, and is older than the scan before, was not read then. */
static uint32_t new_or_nowhere(const struct scans *scans, uint64_t first_seen)
{
    return first_seen > scans->before->stats.time ? NEW : NOWHERE;
}

/* Processes are ordered by pid: hint is where the one before was found, or would have been. */
static uint32_t process_before(const struct scans *scans, uint32_t place, uint32_t *hint)
{
    const struct proctcp_snapshot *before = scans->before;
    const struct proctcp_process *process = &scans->now->processes[place];

    while (*hint < before->process_count && before->processes[*hint].pid < process->pid)
        (*hint)++;
    return *hint < before->process_count && before->processes[*hint].pid == process->pid &&
                   before->processes[*hint].start_ticks == process->start_ticks
               ? *hint
               : new_or_nowhere(scans, process->first_seen);
}

static int compare_rows(const struct proctcp_row *a, const struct proctcp_row *b)
{
    if (a->pid != b->pid)
        return a->pid < b->pid ? -1 : 1;
    if (a->fd != b->fd)
        return a->fd < b->fd ? -1 : 1;
    return (a->subflow > b->subflow) - (a->subflow < b->subflow);
}

static bool is_same_socket(const struct proctcp_socket *a, const struct proctcp_socket *b)
{
    return a->cookie == b->cookie && a->inode == b->inode;
}

/* So are rows, by pid, descriptor and subflow. A socket that went from one to another is not looked for: how it was is
 * known again with the next scan. */
static uint32_t row_before(const struct scans *scans, uint32_t place, uint32_t *hint)
{
    const struct proctcp_snapshot *now = scans->now, *before = scans->before;
    const struct proctcp_row *row = &now->rows[place];

    while (*hint < before->row_count && compare_rows(&before->rows[*hint], row) < 0)
        (*hint)++;
    return *hint < before->row_count && compare_rows(&before->rows[*hint], row) == 0 &&
                   is_same_socket(&before->sockets[before->rows[*hint].socket], &now->sockets[row->socket])
               ? *hint
               : new_or_nowhere(scans, now->sockets[row->socket].first_seen);
}

/* ---- values ---- */

static uint32_t place_count(const struct proctcp_snapshot *snapshot, enum top_of of)
{
    return of == TOP_OF_GROUP     ? snapshot->group_count
           : of == TOP_OF_PROCESS ? snapshot->process_count
                                  : snapshot->row_count;
}

static bool number_of(const struct proctcp_snapshot *snapshot, const struct top *top, uint32_t place, uint64_t *number)
{
    struct proctcp_value value;
    const bool has = top->of == TOP_OF_GROUP ? proctcp_group_value(&snapshot->groups[place], top->field, &value)
                     : top->of == TOP_OF_PROCESS
                         ? proctcp_process_value(&snapshot->processes[place], top->field, &value)
                         : proctcp_row_value(snapshot, &snapshot->rows[place], top->field, &value);

    *number = has ? value.number : 0;
    return has;
}

static uint32_t place_before(const struct scans *scans, enum top_of of, uint32_t place, uint32_t *hint)
{
    return of == TOP_OF_GROUP     ? group_before(scans, place)
           : of == TOP_OF_PROCESS ? process_before(scans, place, hint)
                                  : row_before(scans, place, hint);
}

/* 0: it has none, or as much as before. */
static uint64_t value_of(const struct top *top, const struct scans *scans, uint32_t place, uint32_t *hint)
{
    uint64_t now, before = 0;
    uint32_t where;

    if (!number_of(scans->now, top, place, &now) || !top->field->is_counter)
        return now;
    where = scans->before ? place_before(scans, top->of, place, hint) : NOWHERE;
    if (where == NOWHERE)
        return 0;
    if (where != NEW)
        number_of(scans->before, top, where, &before);
    return now > before ? now - before : 0;
}

/* Rows are kept in their order; of equal ones the earlier place stands first. */
static uint32_t keep(struct top_row *rows, uint32_t count, const struct top *top, uint32_t place, uint64_t value)
{
    uint32_t at = count;

    if (count == top->rows && rows[count - 1].value >= value)
        return count;
    if (count == top->rows)
        at--;
    else
        count++;
    for (; at > 0 && rows[at - 1].value < value; at--)
        rows[at] = rows[at - 1];
    rows[at] = (struct top_row){.top = *top, .place = place, .value = value};
    return count;
}

static uint32_t find(const struct top *top, const struct scans *scans, struct top_row *rows)
{
    const uint32_t places = place_count(scans->now, top->of);
    uint32_t count = 0, hint = 0;

    for (uint32_t place = 0; place < places; place++) {
        uint64_t value;
        if (top->of == TOP_OF_SOCKET && scans->now->rows[place].owner_rank != 1)
            continue; /* one place for each socket, however many hold it */
        value = value_of(top, scans, place, &hint);
        if (value)
            count = keep(rows, count, top, place, value);
    }
    for (uint32_t i = 0; i < count; i++)
        rows[i].rank = i + 1;
    return count;
}

struct top_row *tops_find(const struct tops *tops, const struct scans *scans, uint32_t *count)
{
    struct top_row *rows = tops->count ? calloc(tops->count * TOP_ROWS_MAX, sizeof(*rows)) : NULL;

    *count = 0;
    for (uint32_t i = 0; rows && i < tops->count; i++)
        *count += find(&tops->at[i], scans, rows + *count);
    return rows;
}
