/* listeners.h - which listeners are published, and under what name. */
#ifndef PROCTCP_COLLECTD_LISTENERS_H
#define PROCTCP_COLLECTD_LISTENERS_H

#include "identifier.h"
#include "memory.h"
#include "proctcp.h"
#include "wishes.h"

struct listener_choice {
    uint32_t listener;          /* index into the snapshot's */
    uint32_t group;             /* that holds it; UINT32_MAX: no visible process does */
    bool is_system;             /* root, or a user of the system, listens */
    bool is_named;              /* it has had its name in a pass before */
    bool is_numbered;           /* the name may move to another listener */
    char name[IDENTIFIER_SIZE]; /* its plugin instance: the same after a restart of collectd, and of what listens */
};

struct listener_choices {
    struct listener_choice *choices;
    uint32_t count;
    uint32_t left_out;
};

struct listener_wishes {
    const struct identifiers *identifiers;
    const struct group_wish *groups; /* by index */
    bool of_nobody;                  /* also those that no visible process holds */
    uint32_t max;
};

/* At most wishes->max: those of root and the system's users first, and among them those that had a name. 0 or -ENOMEM.
 */
int listeners_choose(const struct proctcp_snapshot *snapshot, const struct listener_wishes *wishes,
                     struct memory *memory, struct listener_choices *choices);
void listener_choices_free(struct listener_choices *choices);

#endif
