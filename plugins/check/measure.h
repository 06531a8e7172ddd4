/* measure.h - what can be checked, by the words that proctcp.conf has for it. */
#ifndef CHECK_MEASURE_H
#define CHECK_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct measure {
    const char *name;
    /* Fields of groups and listeners: the value, or with whole the percentage. NULL: it is about the scan. */
    const char *part, *whole;
    bool is_of_groups, is_of_listeners; /* both: of listeners where any was named */
    bool is_rate;                       /* of what the fields go up by between two scans */
    const char *unit;                   /* of the performance data */
    const char *help;
};

extern const struct measure measures[];
extern const size_t measure_count;

/* NULL: there is none. */
const struct measure *measure_by_name(const char *name);
bool measure_is_of_scan(const struct measure *measure);
bool measure_is_presence(const struct measure *measure);
/* Whether it is 0 of a group that is not there. */
bool measure_is_of_being(const struct measure *measure);

/* The two numbers of one that is measured. */
struct numbers {
    bool has_part, has_whole;
    uint64_t part, whole;
};

/* before: those of the scan before, for a rate. false: why says what is missing, in words that follow a name. */
bool measure_value(const struct measure *measure, const struct numbers *now, const struct numbers *before,
                   double *value, const char **why);

#endif
