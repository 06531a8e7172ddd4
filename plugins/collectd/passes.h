/* passes.h - what of each scan is published, under names that stay from pass to pass. */
#ifndef PROCTCP_COLLECTD_PASSES_H
#define PROCTCP_COLLECTD_PASSES_H

#include "daemon.h"
#include "identifier.h"
#include "memory.h"
#include "metrics.h"
#include "proctcp.h"
#include "publish.h"
#include "settings.h"
#include "sticky.h"

/* What the passes of one block have in common. Zeroed, it has nothing that must be freed. */
struct passes {
    const struct settings *settings;
    struct identifiers identifiers;
    cdtime_t interval;
    struct profile group_profile, listener_profile, socket_profile;
    struct memory groups, listeners, sockets;
    struct memory self; /* of proctcp-self, under one name */
    struct sticky socket_places;
    double longest_s;  /* of the passes since the last one that published */
    bool is_cancelled; /* written by any thread */
};

/* Before the first pass, on passes that are zeroed. settings and prefixes must stay: prefixes of all instances, up to
 * NULL. interval: of the block. */
void passes_begin(struct passes *passes, const struct settings *settings, const char *const *prefixes,
                  cdtime_t interval);

/* One pass: hands what settings ask for to the daemon, with read_at as the time of all its values. wanted_at: when
 * collectd asked for it. *report says what was published, and what found no place. 0, or -ENOMEM: some was left out,
 * and *report holds all the same. */
int passes_publish(struct passes *passes, const struct proctcp_snapshot *snapshot, cdtime_t read_at, cdtime_t wanted_at,
                   struct pass_report *report);

/* Instead of passes_publish(), where nothing could be read: the next report has its time. */
void passes_failed(struct passes *passes, cdtime_t wanted_at);

/* The pass that is under way publishes no further socket by itself. Any thread may call it. */
void passes_cancel(struct passes *passes);

void passes_free(struct passes *passes);

#endif
