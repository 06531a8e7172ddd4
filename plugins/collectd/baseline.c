/* baseline.c - what groups had counted when the plugin began: counters of sockets that are older than the plugin are no
 * traffic that it saw. Knows nothing of collectd. */
#include "baseline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int baseline_set(struct baseline *baseline, const struct proctcp_snapshot *snapshot)
{
    if (baseline->is_set)
        return 0;
    baseline->groups = calloc((size_t)snapshot->group_count + 1, sizeof(*baseline->groups));
    if (!baseline->groups)
        return -ENOMEM;
    for (uint32_t i = 0; i < snapshot->group_count; i++) {
        strcpy(baseline->groups[i].name, snapshot->groups[i].name);
        baseline->groups[i].totals = snapshot->groups[i].totals;
    }
    baseline->count = snapshot->group_count;
    baseline->is_set = true;
    return 0;
}

const struct proctcp_totals *baseline_of(const struct baseline *baseline, const struct proctcp_group *group,
                                         uint32_t index)
{
    static const struct proctcp_totals none = {0};

    if (index >= baseline->count || strcmp(baseline->groups[index].name, group->name) != 0)
        return &none;
    return &baseline->groups[index].totals;
}

void baseline_free(struct baseline *baseline)
{
    free(baseline->groups);
    *baseline = (struct baseline){0};
}
