/* perfdata.h - performance data, as monitoring plugins print it behind a |. */
#ifndef CHECK_PERFDATA_H
#define CHECK_PERFDATA_H

#include "text.h"

struct perfdatum {
    const char *label; /* safe text: see text_safe() */
    double value;
    const char *unit;        /* "", "%" or "s" */
    const char *warn, *crit; /* ranges as they were given; NULL: none */
};

/* 'label'=value[UOM];[warn];[crit];[min];[max], behind a blank if it is not the first. The minimum is 0; a percentage
 * needs none. Nothing is added that does not fit as a whole. */
void perfdata_add(struct text *perfdata, const struct perfdatum *datum);

#define PERFDATA_NUMBER_SIZE 32

/* 17, 88.8 or 0.05, never rounded up: 100 is reached when it is. Returns text. value is less than 10^24. */
char *perfdata_number(double value, char text[PERFDATA_NUMBER_SIZE]);

#endif
