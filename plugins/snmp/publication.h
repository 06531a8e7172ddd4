/* publication.h - what is served at one moment: a snapshot and the state of scanning. Plain data; a publication is not
 * changed once it is handed over. Knows nothing of threads or of SNMP. */
#ifndef SNMP_PUBLICATION_H
#define SNMP_PUBLICATION_H

#include "bitset.h"
#include "proctcp.h"
#include "thresholds.h"
#include "tops.h"

#define PUBLICATION_TEXT_SIZE 256

/* Numbered as proctcpScanStatus of the PROCTCP-MIB. */
enum publication_status {
    PUBLICATION_NONE = 1,       /* no scan has ended yet */
    PUBLICATION_UP_TO_DATE = 2, /* the last scan succeeded */
    PUBLICATION_STALE = 3,      /* the last scan failed; the snapshot is an older one */
    PUBLICATION_PARTIAL = 4,    /* the last scan succeeded, and had to leave something out */
    PUBLICATION_FAILED = 5,     /* each scan failed until now: there is no snapshot */
};

/* In the order of their OIDs. */
enum publication_table {
    PUBLICATION_SCAN,
    PUBLICATION_PROCESSES,
    PUBLICATION_SOCKETS,
    PUBLICATION_LISTENERS,
    PUBLICATION_CONNECTIONS,
    PUBLICATION_STATES,
    PUBLICATION_GROUPS,
    PUBLICATION_THRESHOLDS,
    PUBLICATION_TOPS,
    PUBLICATION_TABLES,
};

/* Sockets of a network namespace in one state. */
struct state_count {
    uint32_t netns; /* inode */
    uint32_t state; /* enum proctcp_state */
    uint32_t sockets;
    uint32_t unattributed; /* of these, held by no visible process */
};

/* Where the rows of a table do not stand in the order of their OIDs: their places in the snapshot, in that order, each
 * OID once. Of a connection: its row or, behind all of these, its socket. */
struct row_order {
    uint32_t *at;
    uint32_t count;
};

/* Numbered as proctcpThresholdState. */
enum { THRESHOLD_NORMAL = 1, THRESHOLD_RAISED };

/* A threshold, or one group, process or listener that is over it. */
struct threshold_row {
    struct threshold threshold;
    char instance[THRESHOLD_INSTANCE_MAX + 1]; /* "": the threshold as a whole */
    char worst[THRESHOLD_INSTANCE_MAX + 1];    /* of the whole: whose value is the highest */
    uint32_t raised;                           /* how many are over it; of one of these, 1 */
    bool has_value;
    uint32_t value;
    int32_t pid;
    uint64_t since; /* over it, Unix time, seconds; 0: of the whole, or not */
};

/* What became of notifications. */
struct notified {
    uint32_t sent;
    uint32_t lost;
};

struct publication {
    const struct proctcp_snapshot *snapshot; /* NULL: none yet */
    unsigned not_served;                     /* a bit for each table that the configuration leaves out */
    /* Per table an array with, for each column that some rows lack, the rows that have it. NULL: ask the rows. */
    struct bitset **present[PUBLICATION_TABLES];
    struct row_order order[PUBLICATION_TABLES];
    struct proctcp_listener *gone; /* that listened once; in order they stand behind the snapshot's */
    uint32_t gone_count;
    struct state_count *states; /* by namespace and state, as their OIDs are ordered */
    uint32_t state_count;
    struct threshold_row *thresholds; /* in the order of their OIDs */
    uint32_t threshold_count;
    struct top_row *tops; /* in the order of their OIDs */
    uint32_t top_count;
    uint32_t own_netns; /* inode of the agent's network namespace, which is 0 in an index */
    enum publication_status status;
    uint32_t interval_s;
    unsigned notify_max;      /* notifications in a minute */
    uint64_t start_time;      /* of the subagent: Unix time, seconds */
    uint64_t longest_us;      /* scan since start_time */
    uint64_t longest_hour_us; /* of the last hour */
    uint32_t failures;
    const struct notified *notified; /* as it is at the moment of a request; NULL: nothing was */
    uint64_t failure_time;           /* of the last failure; 0: none yet */
    char failure[PUBLICATION_TEXT_SIZE];
    char missing_capabilities[PUBLICATION_TEXT_SIZE];
    char left_out[PUBLICATION_TEXT_SIZE]; /* what, in words; "" */
};

static inline bool publication_serves(const struct publication *publication, enum publication_table table)
{
    return !(publication->not_served & 1u << table);
}

#endif
