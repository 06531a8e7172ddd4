/* stay.c - processes that stay in the group that they were in, for what that follows from could not be read in this
 * scan: a service does not end because somebody kept us from its command line. Knows who a process was. */
#include "history/stay.h"

#include "history/find.h"

#include <errno.h>

#define OTHER 0 /* index of PROCTCP_GROUP_OTHER */

/* Keys by name. */
struct keys {
    struct model *model;
    struct hash by_name;
    uint64_t seed;
};

static bool index_keys(struct keys *keys)
{
    const struct group_keys *all = &keys->model->group_keys;

    if (!hash_begin(&keys->by_name, (uint64_t)all->count + 1))
        return false;
    for (uint32_t k = 0; k < all->count; k++)
        hash_put(&keys->by_name, hash_text(keys->seed, all->at[k].name), k);
    return true;
}

static uint32_t key_of(struct keys *keys, const char *name)
{
    const uint32_t hash = hash_text(keys->seed, name);
    struct group_keys *all = &keys->model->group_keys;
    struct hash_walk walk;
    uint32_t k = hash_first(&keys->by_name, hash, &walk);

    while (k != HASH_NONE && strcmp(all->at[k].name, name) != 0)
        k = hash_next(&keys->by_name, &walk);
    if (k != HASH_NONE)
        return k;
    struct group_key *made = hash_reserve(&keys->by_name, (uint64_t)all->count + 1) ? vector_push(all) : NULL;
    if (!made)
        return PROCTCP_NONE;
    *made = (struct group_key){.name = name};
    hash_put(&keys->by_name, hash, all->count - 1);
    return all->count - 1;
}

/* The group that a row of this descriptor was in, or else its process' first one. Rows of both scans are ordered by
 * descriptor: at goes on from one call to the next. */
static uint16_t group_before(const struct proctcp_snapshot *previous, const struct proctcp_process *old, int32_t fd,
                             uint32_t *at)
{
    const uint32_t end = old->first_row + old->row_count;

    while (*at < end && previous->rows[*at].fd < fd)
        ++*at;
    return previous->row_groups[*at < end && previous->rows[*at].fd == fd ? *at : old->first_row];
}

/* A process of which something could not be read stays where it was: it is the same service as before. Where it was
 * among the others, what it is called is as good as can be had. */
static int keep_groups(const struct history *before, struct keys *keys, uint32_t index)
{
    struct model *model = keys->model;
    const struct proctcp_process *process = &model->processes.at[index],
                                 *old = find_previous(before->previous, process);
    uint16_t last = OTHER;
    uint32_t key = PROCTCP_NONE, at = old ? old->first_row : 0;

    for (uint32_t r = process->first_row; old && old->row_count && r < process->first_row + process->row_count; r++) {
        const uint16_t group = group_before(before->previous, old, model->rows.at[r].fd, &at);
        struct group_key *was = &model->group_keys.at[model->row_keys.at[r]];
        const bool is_system = was->is_system;
        if (group == OTHER)
            continue;
        was->rows--;
        if (key == PROCTCP_NONE || group != last)
            key = key_of(keys, before->places.groups.at[group].name);
        if (key == PROCTCP_NONE)
            return -ENOMEM;
        model->any_split |= r > process->first_row && model->row_keys.at[r - 1] != key;
        model->row_keys.at[r] = key;
        model->group_keys.at[key].rows++;
        model->group_keys.at[key].is_system |= is_system;
        last = group;
    }
    return 0;
}

int stay_where_uncertain(const struct history *before, struct model *model, uint64_t seed)
{
    struct keys keys = {.model = model, .seed = seed};
    int status = 0;

    if (!before->previous || !before->previous->row_groups || !model->uncertain.count)
        return 0;
    if (!index_keys(&keys))
        status = -ENOMEM;
    for (uint32_t i = 0; i < model->uncertain.count && status == 0; i++)
        status = keep_groups(before, &keys, model->uncertain.at[i]);
    vector_free(&keys.by_name);
    return status;
}
