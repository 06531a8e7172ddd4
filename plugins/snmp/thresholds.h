/* thresholds.h - what the configuration says is too much of something. */
#ifndef SNMP_THRESHOLDS_H
#define SNMP_THRESHOLDS_H

#include "named.h"
#include "proctcp.h"

#define THRESHOLD_INSTANCE_MAX (PROCTCP_GROUP_NAME_SIZE - 1)
#define THRESHOLDS_MAX         64

/* Numbered as proctcpThresholdOf of the PROCTCP-MIB. */
enum threshold_of {
    THRESHOLD_OF_GROUP = 1,
    THRESHOLD_OF_PROCESS,
    THRESHOLD_OF_LISTENER,
};

/* Numbered as proctcpThresholdMeasure. */
enum threshold_measure {
    MEASURE_SOCKETS = 1,
    MEASURE_CLOSE_WAIT,
    MEASURE_UNBOUND,
    MEASURE_FDS_PERCENT,            /* of the limit */
    MEASURE_ACCEPT_QUEUE_PERCENT,   /* of its maximum */
    MEASURE_DROPS_PER_MINUTE,       /* of full SYN and accept queues */
    MEASURE_RETRANSMISSION_PERCENT, /* of segments sent since the scan before */
};

struct threshold {
    char name[NAMED_MAX + 1];
    enum threshold_of of;
    enum threshold_measure measure;
    char only[THRESHOLD_INSTANCE_MAX + 1]; /* the group, process or port that it is about; "": each */
    uint32_t high;                         /* it is raised where the value is not below this */
    uint32_t low;                          /* and cleared where it is not above this */
    uint32_t hold_s;                       /* and has been for so long */
};

/* In the order of their OIDs: shorter names first. */
struct thresholds {
    struct threshold *at;
    uint32_t count;
};

/* text: NAME group|process|listener[=WHICH] MEASURE HIGH [LOW [HOLD]]. false: it makes no sense, error says why. */
bool thresholds_add(struct thresholds *thresholds, const char *text, char *error, size_t size);
void thresholds_free(struct thresholds *thresholds);

#endif
