/* scans.h - scanners that blocks of the configuration share: two that ask for the same sockets in the same groups need
 * no scan each. */
#ifndef PROCTCP_COLLECTD_SCANS_H
#define PROCTCP_COLLECTD_SCANS_H

#include "proctcp.h"
#include "settings.h"

struct scan;

struct scans {
    struct scan *first;
};

/* The scan that such settings need. listeners: whether it finds them. -ENOMEM. */
int scans_join(struct scans *scans, const struct settings *settings, bool listeners, struct scan **scan);
/* What is under way ends soon, and nothing begins any more. */
void scans_cancel(struct scans *scans);
/* Nobody scans any more. */
void scans_free(struct scans *scans);

/* A snapshot with a generation beyond the last one that the caller has had: one that is no older than max_age_s, where
 * another block has just taken it, else a new one. *age_s: since it was begun. The caller owns a reference. As
 * proctcp_scan(); failure says why. */
int scan_take(struct scan *scan, double max_age_s, uint64_t last, const struct proctcp_snapshot **snapshot,
              double *age_s, char *failure, size_t failure_size);

#endif
