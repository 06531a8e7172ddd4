/* complaints.h - what is said of scans and passes in collectd's log: each thing once, or ever more seldom, and of most
 * also when they are over. */
#ifndef PROCTCP_COLLECTD_COMPLAINTS_H
#define PROCTCP_COLLECTD_COMPLAINTS_H

#include "daemon.h"
#include "proctcp.h"
#include "publish.h"
#include "settings.h"

/* What has been said of one block. Zeroed, nothing has been. */
struct complaints {
    c_complain_t unreadable, partial, poorer_source, many_groups, many_listeners, many_sockets, no_memory, slow,
        missing_netns, uncounted;
    unsigned calm_groups, calm_listeners, calm_sockets; /* passes in a row that left nothing out */
    unsigned complete_passes;                           /* in a row */
    char missing_name[64];                              /* of the namespace that was complained of */
};

/* Nothing could be read: failure says why. */
void complaints_of_failure(struct complaints *complaints, const char *failure);

/* A scan that read something: what it could not read, and what of settings it could not do. */
void complaints_of_scan(struct complaints *complaints, const struct settings *settings,
                        const struct proctcp_stats *stats);

/* What was published of it: what found no place by settings. error: -ENOMEM, memory was out for some of it; or 0. */
void complaints_of_pass(struct complaints *complaints, const struct settings *settings,
                        const struct pass_report *report, int error);

/* A pass was wanted while the one before was under way. Any thread may call it, also while another is in one of the
 * above. interval: of the block. */
void complaints_of_slowness(struct complaints *complaints, cdtime_t interval);

#endif
