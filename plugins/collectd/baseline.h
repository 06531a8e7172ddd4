/* baseline.h - what groups had counted when the plugin began. */
#ifndef PROCTCP_COLLECTD_BASELINE_H
#define PROCTCP_COLLECTD_BASELINE_H

#include "identifier.h"
#include "proctcp.h"

struct counted {
    struct proctcp_totals totals;
    struct proctcp_connections connections;
};

struct baseline {
    struct baseline_group {
        char name[PROCTCP_GROUP_NAME_SIZE];
        struct counted counted;
    } * groups; /* sorted by name */
    uint32_t count;
    bool is_set;
};

/* With the first snapshot; later ones change nothing. 0 or -ENOMEM. */
int baseline_set(struct baseline *baseline, const struct proctcp_snapshot *snapshot);
/* What a group had counted then, all zeros if it was not there: its place may be another one by now. */
const struct counted *baseline_of(const struct baseline *baseline, const struct proctcp_group *group);
void baseline_free(struct baseline *baseline);

#endif
