/* places.c - which groups there are. A choice made anew in each scan would end one series and begin another whenever
 * two names change ranks; here who has a place keeps it, also at 0, until it is needed for a name that something runs
 * under. Whoever may run processes can make as many names as he likes: those of root and of the system's users go
 * before those that nobody else runs anything under, and take their places. Knows nothing of what is summed. */
#include "history/places.h"

#include "history/group_memory.h"
#include "history/history.h"

#include "select/grouping.h"

#include <errno.h>
#include <stdlib.h>

#define OTHER 0 /* index of PROCTCP_GROUP_OTHER */

void places_recycle(struct places *places)
{
    vector_recycle(&places->groups);
    vector_recycle(&places->former);
    arena_free(&places->strings);
    places->all = (struct group_memory){.name = NULL};
}

void places_clear(struct places *places)
{
    vector_free(&places->groups);
    vector_free(&places->former);
    arena_free(&places->strings);
}

uint16_t places_now(const struct places *before, const struct places *after, uint16_t group)
{
    return strcmp(before->groups.at[group].name, after->groups.at[group].name) == 0 ? group : OTHER;
}

/* ---- places ---- */

static int make_first(const struct proctcp_grouping *grouping, struct places *places)
{
    const struct group_memory other = {.name = PROCTCP_GROUP_OTHER};

    if (!group_memory_add(&places->groups, &places->strings, &other))
        return -ENOMEM;
    for (uint32_t i = 0; i < grouping->rules.count; i++) {
        const struct group_memory configured = {.name = grouping->rules.at[i].name,
                                                .is_configured = true,
                                                .asks_sockets = select_asks_socket(grouping->rules.at[i].selection)};
        bool known = grouping->rules.at[i].captures != 0; /* its names are found when something runs */
        for (uint32_t g = 0; g < places->groups.count && !known; g++) {
            known = strcmp(places->groups.at[g].name, configured.name) == 0;
            places->groups.at[g].asks_sockets |= known && configured.asks_sockets;
        }
        if (!known && !group_memory_add(&places->groups, &places->strings, &configured))
            return -ENOMEM;
    }
    return 0;
}

/* A group that may have to give its place. */
struct giver {
    uint64_t weight; /* when something of it ran last; where something runs, how many rows it has */
    uint32_t group;
    bool is_active; /* something runs: it gives its place to the system's alone */
};

struct givers VECTOR(struct giver);

struct choice {
    struct places *places;
    struct model *model;
    struct indices keys;      /* by group: the key that it has now, or PROCTCP_NONE: nothing of it runs */
    struct indices newcomers; /* keys without a group, the most important first */
    struct givers givers;     /* who gives first stands first */
    uint32_t next_giver;
    struct hash former; /* by name */
    uint64_t seed;
    uint32_t most; /* groups that are not configured, and not OTHER */
    uint32_t made; /* there are so many of them */
};

static int find_known(struct choice *choice)
{
    struct hash by_name = {0};
    const struct group_memories *groups = &choice->places->groups;
    int status = hash_begin(&by_name, groups->count) && indices_fill(&choice->keys, groups->count, 0xff) ? 0 : -ENOMEM;

    for (uint32_t g = 0; g < groups->count && status == 0; g++)
        hash_put(&by_name, hash_text(choice->seed, groups->at[g].name), g);
    for (uint32_t k = 0; k < choice->model->group_keys.count && status == 0; k++) {
        struct group_key *key = &choice->model->group_keys.at[k];
        struct hash_walk walk;
        uint32_t g = hash_first(&by_name, hash_text(choice->seed, key->name), &walk);
        while (g != HASH_NONE && strcmp(groups->at[g].name, key->name) != 0)
            g = hash_next(&by_name, &walk);
        key->group = g == HASH_NONE ? PROCTCP_NO_GROUP : (uint16_t)g;
        if (g != HASH_NONE)
            choice->keys.at[g] = k;
        else if (!indices_push(&choice->newcomers, k))
            status = -ENOMEM;
    }
    vector_free(&by_name);
    return status;
}

/* Of those that nothing runs of, the one that has been gone for longest; then the smallest of the others. */
static int compare_givers(const void *a, const void *b)
{
    const struct giver *x = a, *y = b;
    if (x->is_active != y->is_active)
        return x->is_active ? 1 : -1;
    if (x->weight != y->weight)
        return x->weight < y->weight ? -1 : 1;
    return (x->group > y->group) - (x->group < y->group);
}

static int find_givers(struct choice *choice)
{
    const struct group_memories *groups = &choice->places->groups;
    const struct group_key *keys = choice->model->group_keys.at;

    for (uint32_t g = OTHER + 1; g < groups->count; g++) {
        const uint32_t key = choice->keys.at[g];
        const bool is_active = key != PROCTCP_NONE;
        if (groups->at[g].is_configured || (is_active && keys[key].is_system))
            continue;
        struct giver *giver = vector_push(&choice->givers);
        if (!giver)
            return -ENOMEM;
        *giver = (struct giver){is_active ? keys[key].rows : groups->at[g].last_seen, g, is_active};
    }
    if (choice->givers.count)
        qsort(choice->givers.at, choice->givers.count, sizeof(choice->givers.at[0]), compare_givers);
    return 0;
}

/* A place that is free, or that somebody has to give; PROCTCP_NO_GROUP: there is none. Nobody is asked twice: what has
 * got a place in this scan keeps it, for the system's newcomers come first. */
static uint32_t find_place(struct choice *choice, const struct group_key *key)
{
    if (choice->made < choice->most)
        return choice->places->groups.count;
    if (choice->next_giver == choice->givers.count ||
        (choice->givers.at[choice->next_giver].is_active && !key->is_system))
        return PROCTCP_NO_GROUP;
    return choice->givers.at[choice->next_giver++].group;
}

static void leave_out(struct choice *choice, struct group_key *key)
{
    key->group = OTHER;
    choice->model->groups_left_out++;
}

static int give_place(struct choice *choice, uint32_t key, uint32_t place)
{
    struct places *places = choice->places;
    struct group_key *keys = choice->model->group_keys.at;
    struct group_memory memory = group_memory_begin(places, &choice->former, choice->seed, keys[key].name);

    keys[key].group = (uint16_t)place;
    choice->made += place == places->groups.count;
    if (place == places->groups.count)
        return indices_push(&choice->keys, key) && group_memory_add(&places->groups, &places->strings, &memory)
                   ? 0
                   : -ENOMEM;
    if (choice->keys.at[place] != PROCTCP_NONE)
        leave_out(choice, &keys[choice->keys.at[place]]);
    choice->keys.at[place] = key;
    memory.name = arena_copy(&places->strings, keys[key].name, strlen(keys[key].name));
    if (!memory.name || group_memory_dismiss(places, &places->groups.at[place]) < 0)
        return -ENOMEM;
    places->groups.at[place] = memory;
    return 0;
}

/* The system's, then by weight, then by name; heap sort, for qsort() cannot be told where the keys are. */
static bool goes_before(const struct group_key *keys, uint32_t a, uint32_t b)
{
    if (keys[a].is_system != keys[b].is_system)
        return keys[a].is_system;
    if (keys[a].rows != keys[b].rows)
        return keys[a].rows > keys[b].rows;
    return strcmp(keys[a].name, keys[b].name) < 0;
}

static void sift(const struct group_key *keys, uint32_t *heap, uint32_t at, uint32_t count)
{
    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        const uint32_t moved = heap[at];
        if (child + 1 < count && goes_before(keys, heap[child], heap[child + 1]))
            child++;
        if (!goes_before(keys, moved, heap[child]))
            return;
        heap[at] = heap[child];
        heap[child] = moved;
    }
}

static void sort_newcomers(struct choice *choice)
{
    const struct group_key *keys = choice->model->group_keys.at;
    uint32_t *heap = choice->newcomers.at;

    for (uint32_t at = choice->newcomers.count / 2; at > 0; at--)
        sift(keys, heap, at - 1, choice->newcomers.count);
    for (uint32_t count = choice->newcomers.count; count > 1; count--) {
        const uint32_t last = heap[count - 1];
        heap[count - 1] = heap[0];
        heap[0] = last;
        sift(keys, heap, 0, count - 1);
    }
}

static int place_newcomers(struct choice *choice)
{
    int status = 0;

    if (!choice->newcomers.count)
        return 0;
    sort_newcomers(choice);
    if (!group_memory_index(choice->places, choice->seed, &choice->former))
        status = -ENOMEM;
    if (status == 0)
        status = find_givers(choice);
    for (uint32_t i = 0; i < choice->newcomers.count && status == 0; i++) {
        struct group_key *key = &choice->model->group_keys.at[choice->newcomers.at[i]];
        const uint32_t place = find_place(choice, key);
        if (place != PROCTCP_NO_GROUP)
            status = give_place(choice, choice->newcomers.at[i], place);
        else
            leave_out(choice, key);
    }
    group_memory_forget(choice->places, choice->most);
    return status;
}

/* A group whose name has captures in it is known by what runs under it. */
static void note_what_is_asked(const struct model *model, struct places *places)
{
    for (uint32_t k = 0; k < model->group_keys.count; k++) {
        const struct group_key *key = &model->group_keys.at[k];
        places->groups.at[key->group].asks_sockets |= key->asks_sockets;
    }
}

/* ---- the model's groups ---- */

static struct proctcp_group begin_group(const struct group_memory *memory, const char *name)
{
    return (struct proctcp_group){.name = name,
                                  .present = memory->present | (memory->last_seen ? PROCTCP_HAS_GROUP_LAST_SEEN : 0),
                                  .is_configured = memory->is_configured,
                                  .totals = memory->totals,
                                  .connections = memory->connections,
                                  .sockets_opened = memory->sockets_opened,
                                  .sockets_closed = memory->sockets_closed,
                                  .last_seen = memory->last_seen};
}

static int begin_groups(struct model *model, const struct places *places, struct arena *strings)
{
    for (uint32_t g = 0; g < places->groups.count; g++) {
        const struct group_memory *memory = &places->groups.at[g];
        struct proctcp_group *group = vector_push(&model->groups);
        const char *name = arena_copy(strings, memory->name, strlen(memory->name));
        if (!group || !name)
            return -ENOMEM;
        *group = begin_group(memory, name);
    }
    model->all = begin_group(&places->all, PROCTCP_GROUP_ALL);
    if (!vector_reserve(&model->row_groups, (uint64_t)model->rows.count + 1))
        return -ENOMEM;
    for (uint32_t r = 0; r < model->rows.count; r++)
        model->row_groups.at[r] = model->group_keys.at[model->row_keys.at[r]].group;
    model->row_groups.count = model->rows.count;
    return 0;
}

int history_place_groups(const struct history *before, const struct config *config, struct model *model,
                         struct arena *strings, struct history *after)
{
    struct places *places = &after->places;
    const struct proctcp_grouping *grouping = config->grouping;
    struct choice choice = {.places = places, .model = model, .seed = config->seed};
    uint32_t configured = 0;
    int status;

    if (!grouping)
        return 0;
    places->all = before->places.all;
    status = group_memory_copy(&before->places.groups, &places->groups, &places->strings);
    if (status == 0)
        status = group_memory_copy(&before->places.former, &places->former, &places->strings);
    if (status == 0 && !places->groups.count)
        status = make_first(grouping, places);
    else if (status == 0 && before->is_regrouped)
        status = places_regroup(places, grouping, config->seed);
    for (uint32_t g = OTHER + 1; g < places->groups.count; g++)
        *(places->groups.at[g].is_configured ? &configured : &choice.made) += 1;
    choice.most = grouping->max_groups > configured ? grouping->max_groups - configured : 0;
    if (status == 0)
        status = find_known(&choice);
    if (status == 0)
        status = place_newcomers(&choice);
    if (status == 0)
        note_what_is_asked(model, places);
    if (status == 0)
        status = begin_groups(model, places, strings);
    vector_free(&choice.keys);
    vector_free(&choice.newcomers);
    vector_free(&choice.givers);
    vector_free(&choice.former);
    return status;
}

static void keep(struct group_memory *memory, const struct proctcp_group *group)
{
    memory->totals = group->totals;
    memory->connections = group->connections;
    memory->sockets_opened = group->sockets_opened;
    memory->sockets_closed = group->sockets_closed;
    memory->last_seen = group->last_seen;
    memory->present = group->last_seen ? group->present & PROCTCP_HAS_TOTALS : 0; /* whoever comes may not be told of */
}

void history_keep_groups(const struct model *model, struct history *after)
{
    for (uint32_t g = 0; g < model->groups.count; g++)
        keep(&after->places.groups.at[g], &model->groups.at[g]);
    keep(&after->places.all, &model->all);
}
