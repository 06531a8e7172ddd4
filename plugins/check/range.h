/* range.h - thresholds as monitoring plugins write them. */
#ifndef CHECK_RANGE_H
#define CHECK_RANGE_H

#include <stdbool.h>

/* An alert is what lies outside; with an @ before it, what lies inside, the ends included. */
struct range {
    double start; /* -INFINITY: ~ */
    double end;   /* INFINITY: not given */
    bool is_inside;
};

/* "10" (0 to 10), "10:", "~:10", "10:20", "@10:20". false: it is no range. */
bool range_parse(const char *text, struct range *range);
bool range_alerts(const struct range *range, double value);
/* Whether too little is what alerts, and never too much. */
bool range_is_from_below(const struct range *range);
/* Whether value alerts, and all that is more would, too. */
bool range_alerts_from(const struct range *range, double value);

#endif
