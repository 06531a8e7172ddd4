/* observation.h - what a source saw: a scan, and the groups or listeners that were asked for. */
#ifndef CHECK_OBSERVATION_H
#define CHECK_OBSERVATION_H

#include "measure.h"
#include "text.h"

struct scan {
    uint64_t generation, start; /* one more with each scan; begins again where start is another one */
    double age_s, duration_s;
    double fresh_s;    /* an age above that is wrong */
    double interval_s; /* of an agent; 0: it scans when it is asked */
    char stale[512];   /* why what was seen is old, safe text; "": it is the newest */
    /* What it had to leave out. */
    uint32_t denied, namespaces_failed, unread, exhausted, failed, malformed;
    bool is_untold;           /* something, and what it does not say */
    const char *hidden;       /* processes that are not even seen, in words; NULL: none */
    uint32_t skipped;         /* processes that a configuration leaves out, on purpose */
    uint32_t groups_left_out; /* names of groups that found no place, and are in PROCTCP_GROUP_OTHER */
    char remedy[256];         /* for what was left out, safe text */
};

/* A group or a listener. */
struct item {
    char name[TEXT_NAME_SIZE];  /* as it is, of a listener as text */
    char group[TEXT_NAME_SIZE]; /* of a listener: who holds it; "": not seen */
    uint32_t interface;         /* that it is bound to, over SNMP; 0: none */
    bool is_known;              /* it was there at least once */
    bool is_there;              /* of a listener: somebody listens; of a group: always */
    struct numbers numbers;
};

struct observation {
    bool is_blind;
    char why[1024]; /* if it is: safe text, with the remedy */
    struct scan scan;
    struct item *items;
    size_t count;
    bool is_cut; /* there were more items than can be looked at */
};

void observation_free(struct observation *observation);
/* NULL: memory is out, or there are too many; the observation is blind or cut then. */
struct item *observation_add(struct observation *observation, const char *name);
const struct item *observation_find(const struct observation *observation, const char *name);
/* Says why nothing is known; returns false. */
bool observation_blind(struct observation *observation, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether what the scan left out may be of a group (or of who holds a listener), or else of a listener. */
bool scan_hides(const struct scan *scan, bool from_groups);
/* "processes denied 3, descriptors not read 1"; "" for nothing. */
void scan_say_left_out(const struct scan *scan, struct text *text);

#endif
