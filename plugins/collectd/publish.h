/* publish.h - which values a snapshot has in collectd's terms. */
#ifndef PROCTCP_COLLECTD_PUBLISH_H
#define PROCTCP_COLLECTD_PUBLISH_H

#include "memory.h"
#include "metrics.h"
#include "proctcp.h"

/* Takes one value; to is the taker's own. type is one of collectd's types.db, with one data source, a gauge. */
typedef void publish_fn(void *to, const char *plugin_instance, const char *type, const char *type_instance,
                        double value);

/* The same for counters that only go up, count of them: the values of one type, all of them derive. */
typedef void derive_fn(void *to, const char *plugin_instance, const char *type, const char *type_instance,
                       const uint64_t *values, size_t count);

struct publisher {
    publish_fn *publish;
    derive_fn *derive;
    void *to;
    bool with_zeros; /* also what was always 0 */
};

/* name is its identifier. What is absent, and what was always 0 and is rare, is left out; counters, too, where the name
 * may move from one to another. */
void publish_group(const struct publisher *publisher, const char *name, const struct proctcp_group *group,
                   const struct profile *profile, const struct memory *memory, struct remembered *remembered);
void publish_listener(const struct publisher *publisher, const char *name, const struct proctcp_snapshot *snapshot,
                      const struct proctcp_listener *listener, const struct profile *profile,
                      const struct memory *memory, struct remembered *remembered, bool counters);
/* In the plugin instance of its group's sockets, under its name. Its counters are those of the kernel; they may be left
 * out: under a name that moves from one socket to another they would jump. */
void publish_socket(const struct publisher *publisher, const char *plugin_instance, const char *name,
                    const struct proctcp_snapshot *snapshot, const struct proctcp_row *row,
                    const struct profile *profile, bool counters);
/* What no process holds, by state, over all namespaces. */
void publish_unattributed(const struct publisher *publisher, const char *self, const struct proctcp_snapshot *snapshot,
                          struct remembered *remembered);

/* What the plugin adds to the statistics of a scan. */
struct pass_report {
    double longest_s; /* of the passes since the one before, this one too: from collectd's wish to the last value */
    uint32_t groups;  /* published */
    uint32_t groups_left_out, listeners_left_out, sockets_left_out;
};

/* remembered may be NULL: then counters are left out. */
void publish_scan(const struct publisher *publisher, const char *self, const struct proctcp_stats *stats,
                  const struct pass_report *report, const struct memory *memory, struct remembered *remembered);

#endif
