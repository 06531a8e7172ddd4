/* memory.h - what the plugin remembers of each name from pass to pass, and how many new ones it gives out. A name costs
 * the daemon memory and databases a file, for as long as they live: whoever can choose his own must not have as many as
 * he likes. */
#ifndef PROCTCP_COLLECTD_MEMORY_H
#define PROCTCP_COLLECTD_MEMORY_H

#include "metrics.h"

#define MEMORY_NAME_SIZE PROCTCP_GROUP_NAME_SIZE

struct remembered {
    char name[MEMORY_NAME_SIZE];
    bool is_named;   /* it has been given out */
    bool is_used;    /* in this pass */
    bool is_new;     /* its counters have had no value yet */
    bool is_of_user; /* somebody who is no part of the system has the name */
    uint64_t used;   /* when it last was: Unix time, seconds */
    uint64_t shown;  /* bits by metric: was not 0 once */
    struct counted {
        uint64_t last, total;
    } counters[COUNTERS_MAX];
};

/* Whose choice a name is: each has a budget of its own, so that nobody can use up that of the system's users. */
enum chooser {
    CHOSEN_BY_SYSTEM, /* root and users of the system */
    CHOSEN_BY_USER,
    CHOOSERS,
};

struct memory {
    struct remembered *at; /* the first sorted ones by name, then those of this pass */
    uint32_t count, capacity, sorted;
    uint32_t max;      /* so many are remembered though they are not used */
    bool counts_anew;  /* a counter that falls begins anew; else it is a sum from which something went */
    bool has_begun;    /* there was a pass */
    uint64_t began;    /* when that was: Unix time, seconds */
    uint32_t at_begin; /* so many names are left for what was there then and is published later */
    uint32_t refused;  /* names that were not given out in this pass */
    uint32_t per_hour; /* new names, of each chooser */
    double left[CHOOSERS];
    uint64_t now, refilled; /* Unix time, seconds */
};

/* per_hour: how many new names each chooser gets in an hour, after those of the first pass. */
void memory_new(struct memory *memory, uint32_t max, uint32_t per_hour, bool counts_anew);
void memory_free(struct memory *memory);

/* A pass: begin, each name at most once, end. now is Unix time, seconds; may go back. */
void memory_begin(struct memory *memory, uint64_t now);
/* Good until the next call. NULL: out of memory. */
struct remembered *memory_of(struct memory *memory, const char *name);
/* Whether it was given out before. */
bool memory_has_named(const struct memory *memory, const char *name);
/* Whether it may be published. Counts what may not in memory->refused. */
bool memory_may_name(struct memory *memory, struct remembered *remembered, enum chooser chooser);
/* So much is there in this pass that will be published later. Of any but the first one that changes nothing. */
void memory_expect(struct memory *memory, uint32_t count);
/* The same for what has been there since a time: what was there, and expected, in the first pass needs nothing of the
 * hour's, but of these names there are no more in all than max. */
bool memory_may_name_since(struct memory *memory, struct remembered *remembered, enum chooser chooser, uint64_t since);
/* whole: it noted all that there is; else what comes next is as new as it was. */
void memory_end(struct memory *memory, bool whole);

/* What a counter comes to that says now: it goes on where it was when the number falls. What is there in the first pass
 * begins at 0; what comes later counts in full. */
uint64_t memory_count(const struct memory *memory, struct remembered *remembered, unsigned counter, uint64_t now);

#endif
