/* regroup.c - which groups there are when somebody configures others while the scanner goes on. Knows names of groups
 * and what they have counted; nothing of what runs under them: that is seen when names are given places. */
#include "history/places.h"

#include "history/group_memory.h"

#include "select/grouping.h"

#include <errno.h>

#define OTHER 0 /* index of PROCTCP_GROUP_OTHER */

/* HASH_NONE: there is none of that name. */
static uint32_t find(const struct group_memories *groups, const char *name)
{
    for (uint32_t g = 0; g < groups->count; g++) {
        if (strcmp(groups->at[g].name, name) == 0)
            return g;
    }
    return HASH_NONE;
}

/* Of those that are not configured, how many there are, and which has been gone for longest. */
static uint32_t count_others(const struct group_memories *groups, uint32_t *oldest)
{
    uint32_t count = 0;

    for (uint32_t g = OTHER + 1; g < groups->count; g++) {
        if (groups->at[g].is_configured)
            continue;
        if (count == 0 || groups->at[g].last_seen < groups->at[*oldest].last_seen)
            *oldest = g;
        count++;
    }
    return count;
}

/* A place of its own; where there are more of the others than there may be beside those that are configured, it is
 * one of theirs. */
static int configure(struct places *places, const struct hash *former, uint64_t seed, const struct group_rule *rule,
                     uint32_t others_max)
{
    const char *name = rule->name;
    struct group_memory memory = group_memory_begin(places, former, seed, name);
    uint32_t oldest = OTHER;

    memory.is_configured = true;
    memory.asks_sockets = select_asks_socket(rule->selection);
    if (count_others(&places->groups, &oldest) <= others_max)
        return group_memory_add(&places->groups, &places->strings, &memory) ? 0 : -ENOMEM;
    memory.name = arena_copy(&places->strings, name, strlen(name));
    if (!memory.name || group_memory_dismiss(places, &places->groups.at[oldest]) < 0)
        return -ENOMEM;
    places->groups.at[oldest] = memory;
    return 0;
}

static void mark_known(struct places *places, const struct proctcp_grouping *grouping)
{
    for (uint32_t g = 0; g < places->groups.count; g++)
        places->groups.at[g].is_configured = places->groups.at[g].asks_sockets = false;
    for (uint32_t g = 0; g < places->former.count; g++)
        places->former.at[g].asks_sockets = false;
    for (uint32_t i = 0; i < grouping->rules.count; i++) {
        const struct group_rule *rule = &grouping->rules.at[i];
        const uint32_t known = rule->captures ? HASH_NONE : find(&places->groups, rule->name);
        if (known == HASH_NONE)
            continue;
        places->groups.at[known].is_configured = true;
        places->groups.at[known].asks_sockets |= select_asks_socket(rule->selection);
    }
}

int places_regroup(struct places *places, const struct proctcp_grouping *grouping, uint64_t seed)
{
    const uint32_t most = grouping->max_groups, configured = grouping->rules.count;
    const uint32_t others_max = most > configured ? most - configured : 0;
    struct hash former = {0};
    int status = group_memory_index(places, seed, &former) ? 0 : -ENOMEM;

    if (status == 0)
        mark_known(places, grouping);
    for (uint32_t i = 0; i < configured && status == 0; i++) {
        const struct group_rule *rule = &grouping->rules.at[i];
        if (!rule->captures && find(&places->groups, rule->name) == HASH_NONE)
            status = configure(places, &former, seed, rule, others_max);
    }
    group_memory_forget(places, most);
    vector_free(&former);
    return status;
}
