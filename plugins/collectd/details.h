/* details.h - what the values of one socket carry with them, as collectd's meta data. */
#ifndef PROCTCP_COLLECTD_DETAILS_H
#define PROCTCP_COLLECTD_DETAILS_H

#include "daemon.h"

#include "proctcp.h"

/* Identity and connection of a row, under keys such as "proctcp:pid", and both ends as "proctcp:local" and
 * "proctcp:remote". For writers that show meta data (write_log, write_http, write_kafka and other JSON): names of
 * values do without pids, which are new after each restart. NULL if memory is out. */
meta_data_t *details_of_row(const struct proctcp_snapshot *snapshot, const struct proctcp_row *row);

#endif
