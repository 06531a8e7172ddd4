/* publish.h - which values a snapshot has in collectd's terms. */
#ifndef PROCTCP_COLLECTD_PUBLISH_H
#define PROCTCP_COLLECTD_PUBLISH_H

#include "baseline.h"
#include "proctcp.h"
#include "sockets.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
};

/* name is its identifier. Round-trip times, traffic and connections, less what was counted before, are left out if
 * before is NULL. */
void publish_group(const struct publisher *publisher, const char *name, const struct proctcp_group *group,
                   bool by_state, const struct counted *before);
void publish_socket(const struct publisher *publisher, const char *group, const char *name,
                    const struct proctcp_socket *socket);
/* What tcp_info has of the socket. Counters alone may be left out: under a name that moves from one socket to another
 * they would jump. */
void publish_socket_info(const struct publisher *publisher, const char *group, const char *name,
                         const struct proctcp_socket *socket, const struct proctcp_impairment *impairment,
                         bool counters);
/* What no process holds, by state, over all namespaces. */
void publish_unattributed(const struct publisher *publisher, const struct proctcp_snapshot *snapshot);
void publish_scan(const struct publisher *publisher, const struct proctcp_stats *stats, uint32_t groups,
                  uint32_t groups_left_out, uint32_t sockets_left_out);

#endif
