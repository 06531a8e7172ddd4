/* gone.h - listeners that were there once: their rows stay, at 0, for as long as the agent runs. */
#ifndef SNMP_GONE_H
#define SNMP_GONE_H

#include "measures.h"

#define GONE_MAX 1000 /* the one that went first gives its place */

struct gone {
    struct proctcp_listener *at; /* in the order in which they went */
    uint32_t count;
};

/* After a scan that succeeded. */
void gone_update(struct gone *gone, const struct scans *scans);
/* A copy, or NULL. */
struct proctcp_listener *gone_copy(const struct gone *gone);
void gone_free(struct gone *gone);

#endif
