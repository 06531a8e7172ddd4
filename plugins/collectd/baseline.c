/* baseline.c - what groups had counted when the plugin began: counters of sockets that are older than the plugin are no
 * traffic that it saw. Knows nothing of collectd. */
#include "baseline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *one, const void *other)
{
    return strcmp(((const struct baseline_group *)one)->name, ((const struct baseline_group *)other)->name);
}

int baseline_set(struct baseline *baseline, const struct proctcp_snapshot *snapshot)
{
    if (baseline->is_set)
        return 0;
    baseline->groups = calloc((size_t)snapshot->group_count + 1, sizeof(*baseline->groups));
    if (!baseline->groups)
        return -ENOMEM;
    for (uint32_t i = 0; i < snapshot->group_count; i++) {
        strcpy(baseline->groups[i].name, snapshot->groups[i].name);
        baseline->groups[i].counted = (struct counted){snapshot->groups[i].totals, snapshot->groups[i].connections};
    }
    baseline->count = snapshot->group_count;
    if (baseline->count)
        qsort(baseline->groups, baseline->count, sizeof(*baseline->groups), by_name);
    baseline->is_set = true;
    return 0;
}

const struct counted *baseline_of(const struct baseline *baseline, const struct proctcp_group *group)
{
    static const struct counted none = {.totals = {0}};
    const struct baseline_group *found = NULL;
    struct baseline_group wanted = {.name = ""};

    strcpy(wanted.name, group->name);
    if (baseline->count)
        found = bsearch(&wanted, baseline->groups, baseline->count, sizeof(wanted), by_name);
    return found ? &found->counted : &none;
}

void baseline_free(struct baseline *baseline)
{
    free(baseline->groups);
    *baseline = (struct baseline){0};
}
