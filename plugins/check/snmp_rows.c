/* snmp_rows.c - see snmp_rows.h. Knows where the tables stand, what their indexes say, and that fields of the library
 * have the numbers of columns. */
#include "snmp_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECTS 1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 793, 1

enum table { TABLE_SCAN = 1, TABLE_LISTENERS = 4, TABLE_STATES = 6, TABLE_GROUPS = 7 };

/* Columns that are no fields. */
enum {
    GROUP_NAME = 2,
    STATE_SOCKETS = 3,
    LISTENER_GROUP = 7,
    LISTENER_SOCKETS = 9,
    LISTENER_INTERFACE = 29,
    LISTENER_ENDPOINT = 102
};
enum { ADDRESS_IPV4 = 1, ADDRESS_IPV6 = 2, ADDRESS_IPV6_ZONE = 4 };

static struct peer_oid object(const uint32_t *rest, size_t count)
{
    struct peer_oid made = {.ids = {OBJECTS}, .length = 11};

    memcpy(made.ids + made.length, rest, count * sizeof(*rest));
    made.length += count;
    return made;
}

struct peer_oid rows_scalar(uint32_t id)
{
    return object((uint32_t[]){TABLE_SCAN, id, 0}, 3);
}

static struct peer_oid column(enum table table, uint32_t number)
{
    return object((uint32_t[]){table, 1, number}, 3);
}

static struct peer_oid cell(enum table table, uint32_t number, const struct peer_oid *index)
{
    struct peer_oid made = column(table, number);

    memcpy(made.ids + made.length, index->ids, index->length * sizeof(index->ids[0]));
    made.length += index->length;
    return made;
}

/* 0: there is no such field. */
static uint32_t column_of(bool of_listeners, const char *name)
{
    size_t count;
    const struct proctcp_field *fields = of_listeners ? proctcp_listener_fields(&count) : proctcp_group_fields(&count);
    const struct proctcp_field *field = name ? proctcp_field_by_name(fields, count, name) : NULL;

    return field ? field->id : 0;
}

/* ---- the cells of one row ---- */

/* CELL_ALWAYS has an instance in each row that there is. */
enum cell { CELL_ALWAYS, CELL_PART, CELL_WHOLE, CELL_GROUP, CELL_INTERFACE, CELL_COUNT };

/* The columns that a row is asked for. Those that there are not stand for one that there is. */
struct cells {
    enum table table;
    uint32_t columns[CELL_COUNT];
    bool of_listeners, has_whole;
};

static struct cells cells_of(const struct options *options)
{
    const bool of_listeners = options_are_of_listeners(options);
    const uint32_t whole = column_of(of_listeners, options->measure->whole);
    const uint32_t always = of_listeners ? LISTENER_SOCKETS : GROUP_NAME;

    return (struct cells){.table = of_listeners ? TABLE_LISTENERS : TABLE_GROUPS,
                          .columns = {[CELL_ALWAYS] = always,
                                      [CELL_PART] = column_of(of_listeners, options->measure->part),
                                      [CELL_WHOLE] = whole ? whole : always,
                                      [CELL_GROUP] = of_listeners ? LISTENER_GROUP : always,
                                      [CELL_INTERFACE] = of_listeners ? LISTENER_INTERFACE : always},
                          .of_listeners = of_listeners,
                          .has_whole = whole != 0};
}

static void take_row(const struct cells *cells, const struct answer answers[CELL_COUNT], struct item *item)
{
    item->is_known = answers[CELL_ALWAYS].kind != ANSWER_ABSENT;
    item->is_there = item->is_known && (!cells->of_listeners || answers[CELL_ALWAYS].number > 0);
    item->numbers = (struct numbers){.has_part = answers[CELL_PART].kind == ANSWER_NUMBER,
                                     .part = answers[CELL_PART].number,
                                     .has_whole = cells->has_whole && answers[CELL_WHOLE].kind == ANSWER_NUMBER,
                                     .whole = answers[CELL_WHOLE].number};
    item->interface = cells->of_listeners ? (uint32_t)answers[CELL_INTERFACE].number : 0;
    if (cells->of_listeners)
        snprintf(item->group, sizeof(item->group), "%.96s", answers[CELL_GROUP].text);
}

#define ROWS_AT_ONCE (PEER_ASK_MAX / CELL_COUNT)

/* At most ROWS_AT_ONCE, in one question. */
static bool ask_rows(const struct cells *cells, const struct peer_oid *indexes, struct item *items, size_t count,
                     struct observation *observation)
{
    struct peer_oid names[PEER_ASK_MAX];
    struct answer answers[PEER_ASK_MAX];
    struct text why = {0};

    for (size_t i = 0; i < count * CELL_COUNT; i++)
        names[i] = cell(cells->table, cells->columns[i % CELL_COUNT], &indexes[i / CELL_COUNT]);
    if (!peer_get(names, answers, count * CELL_COUNT, &why))
        return observation_blind(observation, "%.1000s", why.bytes);
    for (size_t i = 0; i < count; i++)
        take_row(cells, &answers[i * CELL_COUNT], &items[i]);
    return true;
}

/* ---- which rows ---- */

struct rows {
    const struct options *options;
    struct observation *observation;
    struct peer_oid *indexes; /* by item */
    size_t room;
};

static bool keep(struct rows *rows, const char *name, const struct peer_oid *index)
{
    struct observation *observation = rows->observation;

    if (observation->count >= rows->room) {
        const size_t room = rows->room ? 2 * rows->room : 64;
        struct peer_oid *more = realloc(rows->indexes, room * sizeof(*more));
        if (!more)
            return observation_blind(observation, "out of memory");
        rows->indexes = more;
        rows->room = room;
    }
    rows->indexes[observation->count] = *index;
    return observation_add(observation, name) != NULL;
}

static bool walk(struct rows *rows, enum table table, uint32_t number,
                 bool (*take)(void *rows, const struct peer_oid *index, const struct answer *answer))
{
    const struct peer_oid base = column(table, number);
    struct text why = {0};

    if (!peer_walk(&base, take, rows, &why))
        return observation_blind(rows->observation, "%.1000s", why.bytes);
    return !rows->observation->is_blind;
}

/* Those that are not wanted go, and their places are taken. */
static bool fill(struct rows *rows, bool (*is_wanted)(const struct options *options, const struct item *item))
{
    const struct cells cells = cells_of(rows->options);
    struct observation *observation = rows->observation;
    size_t kept = 0;

    for (size_t i = 0; i < observation->count; i += ROWS_AT_ONCE) {
        const size_t rest = observation->count - i, count = rest < ROWS_AT_ONCE ? rest : ROWS_AT_ONCE;
        if (!ask_rows(&cells, &rows->indexes[i], &observation->items[i], count, observation))
            return false;
    }
    for (size_t i = 0; i < observation->count; i++) {
        if (!is_wanted || is_wanted(rows->options, &observation->items[i]))
            observation->items[kept++] = observation->items[i];
    }
    observation->count = kept;
    return true;
}

static bool finish(struct rows *rows, bool done)
{
    free(rows->indexes);
    return done;
}

/* ---- groups ---- */

static struct peer_oid group_index(const char *name)
{
    struct peer_oid index = {.length = 0};

    index.ids[index.length++] = (uint32_t)strlen(name);
    for (; *name; name++)
        index.ids[index.length++] = (unsigned char)*name;
    return index;
}

/* The index has the name as it is; the column has it as text. */
static bool take_group(void *context, const struct peer_oid *index, const struct answer *answer)
{
    char name[TEXT_NAME_SIZE] = "";

    (void)answer;
    for (size_t i = 1; i < index->length && i < sizeof(name); i++)
        name[i - 1] = (char)index->ids[i];
    return keep(context, name, index);
}

static bool has_known(const struct observation *observation)
{
    for (size_t i = 0; i < observation->count; i++) {
        if (observation->items[i].is_known)
            return true;
    }
    return false;
}

/* Where none is known, whether it is because no group is served: the row of what found no place is always there. */
static bool check_groups_served(struct observation *observation)
{
    const struct peer_oid index = group_index(PROCTCP_GROUP_OTHER), other = cell(TABLE_GROUPS, GROUP_NAME, &index);
    struct answer answer;
    struct text why = {0};

    if (has_known(observation))
        return true;
    if (!peer_get(&other, &answer, 1, &why))
        return observation_blind(observation, "%.1000s", why.bytes);
    return answer.kind != ANSWER_ABSENT ||
           observation_blind(observation,
                             "the agent serves no groups: see proctcpTables in its proctcp.conf, and the view");
}

bool rows_groups(const struct options *options, struct observation *observation)
{
    struct rows rows = {.options = options, .observation = observation};
    bool done = true;

    for (unsigned i = 0; done && i < options->group_count; i++) {
        const struct peer_oid index = group_index(options->groups[i]);
        done = keep(&rows, options->groups[i], &index);
    }
    if (!options->group_count)
        done = walk(&rows, TABLE_GROUPS, GROUP_NAME, take_group);
    return finish(&rows, done && fill(&rows, NULL) && check_groups_served(observation));
}

/* ---- listeners ---- */

static struct peer_oid listener_index(const struct endpoint *endpoint)
{
    const bool is_ipv4 = proctcp_address_is_ipv4(&endpoint->address);
    const uint8_t *bytes = endpoint->address.bytes + (is_ipv4 ? 12 : 0);
    const uint32_t length = is_ipv4 ? 4 : 16, zone = is_ipv4 ? 0 : endpoint->interface;
    struct peer_oid index = {.length = 0};

    index.ids[index.length++] = 0; /* the agent's own namespace */
    index.ids[index.length++] = is_ipv4 ? ADDRESS_IPV4 : zone ? ADDRESS_IPV6_ZONE : ADDRESS_IPV6;
    index.ids[index.length++] = length + (zone ? 4 : 0);
    for (uint32_t i = 0; i < length; i++)
        index.ids[index.length++] = bytes[i];
    for (int shift = 24; zone && shift >= 0; shift -= 8)
        index.ids[index.length++] = zone >> shift & 0xff;
    index.ids[index.length++] = endpoint->port;
    return index;
}

/* Behind an @ the namespace, if it is not the agent's own. */
static bool take_listener(void *context, const struct peer_oid *index, const struct answer *answer)
{
    char name[TEXT_NAME_SIZE];

    if (index->ids[0])
        snprintf(name, sizeof(name), "%.80s@%u", answer->text, index->ids[0]);
    else
        snprintf(name, sizeof(name), "%.96s", answer->text);
    return keep(context, name, index);
}

static bool is_of_wanted_group(const struct options *options, const struct item *item)
{
    return options->group_count == 0 || options_name_group(options, item->group);
}

static bool take_any(void *context, const struct peer_oid *index, const struct answer *answer)
{
    (void)index;
    (void)answer;
    *(bool *)context = true;
    return false;
}

/* Of a table without rows: whether it is because nothing listens, or because it is not served. */
static bool check_listeners_served(struct observation *observation)
{
    static const struct peer_oid listening = {.ids = {0, PROCTCP_LISTEN}, .length = 2};
    const struct peer_oid endpoints = column(TABLE_LISTENERS, LISTENER_ENDPOINT);
    const struct peer_oid sockets = cell(TABLE_STATES, STATE_SOCKETS, &listening);
    struct answer answer;
    struct text why = {0};
    bool has_rows = false;

    if (has_known(observation))
        return true;
    if (!peer_walk(&endpoints, take_any, &has_rows, &why) || (!has_rows && !peer_get(&sockets, &answer, 1, &why)))
        return observation_blind(observation, "%.1000s", why.bytes);
    return has_rows || (answer.kind == ANSWER_NUMBER && answer.number == 0) ||
           observation_blind(observation,
                             "the agent serves no listeners: see proctcpTables in its proctcp.conf, and the view");
}

bool rows_listeners(const struct options *options, struct observation *observation)
{
    struct rows rows = {.options = options, .observation = observation};
    char name[PROCTCP_ENDPOINT_TEXT_SIZE + 16];
    bool done = true;

    for (unsigned i = 0; done && i < options->listener_count; i++) {
        const struct peer_oid index = listener_index(&options->listeners[i]);
        done = keep(&rows, endpoint_text(&options->listeners[i], name), &index);
    }
    if (!options->listener_count)
        done = walk(&rows, TABLE_LISTENERS, LISTENER_ENDPOINT, take_listener);
    done = done && fill(&rows, options->listener_count ? NULL : is_of_wanted_group);
    for (unsigned i = 0; done && i < options->listener_count; i++) {
        struct item *item = &observation->items[i];
        if (item->interface != options->listeners[i].interface) /* the row is another one's */
            item->is_known = item->is_there = false;
    }
    return finish(&rows, done && (rows.room == 0 || check_listeners_served(observation)));
}
