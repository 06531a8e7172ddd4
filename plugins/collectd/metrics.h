/* metrics.h - which values there are in collectd's terms: types of the stock types.db only, so that a collectd that
 * receives them needs no new one. */
#ifndef PROCTCP_COLLECTD_METRICS_H
#define PROCTCP_COLLECTD_METRICS_H

#include "proctcp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of metrics that are switched by one word of the configuration, as bits. */
enum report {
    REPORT_STATES = 1 << 0,
    REPORT_TRAFFIC = 1 << 1,
    REPORT_LATENCY = 1 << 2,
    REPORT_QUEUES = 1 << 3,
    REPORT_DESCRIPTORS = 1 << 4,
    REPORT_COUNTS = 1 << 5,
    REPORT_CONNECTIONS = 1 << 6,
};

#define REPORT_ALL   ((1u << 7) - 1)
#define REPORT_KINDS 7

/* "states", "traffic" ... by position of the bit; NULL behind the last. */
extern const char *const report_names[REPORT_KINDS + 1];

enum metric_shape {
    METRIC_GAUGE = 1,
    METRIC_RARE,    /* a gauge that is published once it was not 0, and from then on, where that is asked for */
    METRIC_COUNTER, /* derive: only goes up; of one or two values */
    METRIC_PERCENT, /* a gauge: the first field in percent of the second, at most 100 */
};

struct metric {
    uint8_t kind; /* enum report */
    uint8_t shape;
    bool is_lean; /* part of what is published without a word in the configuration */
    const char *type, *type_instance;
    const char *fields[2]; /* the library's names; the second only of types with two values, and of percents.
                              Microseconds are told in seconds, those of counters in milliseconds */
};

/* What may be said of a group, a listener and a socket. */
extern const struct metric group_metrics[], listener_metrics[], socket_metrics[];
extern const size_t group_metric_count, listener_metric_count, socket_metric_count;

#define METRICS_MAX  64 /* of any of the three: a mask of 64 bits has them all */
#define COUNTERS_MAX 24 /* values of counters, of any of the three */

/* Metrics that were chosen, each with its fields. */
struct profile {
    struct chosen_metric {
        const struct metric *metric;
        const struct proctcp_field *fields[2];
        uint8_t number;  /* among all of its table */
        uint8_t counter; /* of its first value, among the values of all counters of the table */
    } at[METRICS_MAX];
    size_t count;
};

/* Those of kinds (bits), and the lean ones of lean_kinds. */
void profile_of_groups(unsigned kinds, unsigned lean_kinds, struct profile *profile);
void profile_of_listeners(unsigned kinds, struct profile *profile);
void profile_of_sockets(unsigned kinds, struct profile *profile);

/* As the tcpconns plugin spells it, by number of the TCP-MIB. */
const char *metric_state(unsigned state);

#endif
