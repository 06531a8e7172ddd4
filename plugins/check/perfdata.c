/* perfdata.c - see perfdata.h. Labels are safe text, which has neither quotes nor equals signs. */
#include "perfdata.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double perfdata_round(double value)
{
    return floor(value * 10) / 10;
}

void perfdata_add(struct text *perfdata, const struct perfdatum *datum)
{
    char one[TEXT_SAFE_SIZE + 256];
    const bool is_percentage = strcmp(datum->unit, "%") == 0;
    int length = snprintf(one, sizeof(one), "%s'%s'=%.15g%s;%s;%s;%s", perfdata->length ? " " : "", datum->label,
                          perfdata_round(datum->value), datum->unit, datum->warn ? datum->warn : "",
                          datum->crit ? datum->crit : "", is_percentage ? "" : "0");

    while (length > 0 && one[length - 1] == ';')
        one[--length] = '\0';
    if ((size_t)length < sizeof(one) && perfdata->length + (size_t)length < sizeof(perfdata->bytes))
        text_add(perfdata, "%s", one);
}
