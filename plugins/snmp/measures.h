/* measures.h - what a threshold is about, measured in a snapshot. */
#ifndef SNMP_MEASURES_H
#define SNMP_MEASURES_H

#include "thresholds.h"

/* Two scans, one after the other. */
struct scans {
    const struct proctcp_snapshot *now;
    const struct proctcp_snapshot *before; /* NULL: none; then nothing is known of what counts between two */
    uint32_t own_netns;
};

/* A group, a process or a listener. */
struct instance {
    char name[THRESHOLD_INSTANCE_MAX + 1]; /* of a process with its pid: nginx[123]; of a listener 0.0.0.0:80,
                                              behind a % the interface, behind an @ the namespace if it is not the
                                              agent's */
    int32_t pid;                           /* 0: none */
    uint32_t uid;                          /* of that; 0: not known */
    uint32_t value;
};

/* Calls take for each one that has such a value, until it returns false. */
void measure(const struct threshold *threshold, const struct scans *scans,
             bool (*take)(void *context, const struct instance *instance), void *context);

/* The user whose a listener is; 0: root, or not known. */
uint32_t measure_listener_uid(const struct proctcp_snapshot *snapshot, const struct proctcp_listener *listener);
/* The name of a listener. */
void measure_name_listener(const struct proctcp_listener *listener, uint32_t own_netns,
                           char name[THRESHOLD_INSTANCE_MAX + 1]);

#endif
