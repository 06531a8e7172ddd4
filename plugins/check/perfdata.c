/* perfdata.c - see perfdata.h. Labels are safe text, which has neither quotes nor equals signs. */
#include "perfdata.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double perfdata_round(double value)
{
    return floor(value * 10) / 10;
}

char *perfdata_number(double value, char text[PERFDATA_NUMBER_SIZE])
{
    const double rounded = perfdata_round(value);

    snprintf(text, PERFDATA_NUMBER_SIZE, rounded == floor(rounded) ? "%.0f" : "%.1f", rounded);
    return text;
}

void perfdata_add(struct text *perfdata, const struct perfdatum *datum)
{
    char one[TEXT_SAFE_SIZE + 256], number[PERFDATA_NUMBER_SIZE];
    const bool is_percentage = strcmp(datum->unit, "%") == 0;
    int length = snprintf(one, sizeof(one), "%s'%s'=%s%s;%s;%s;%s", perfdata->length ? " " : "", datum->label,
                          perfdata_number(datum->value, number), datum->unit, datum->warn ? datum->warn : "",
                          datum->crit ? datum->crit : "", is_percentage ? "" : "0");

    while (length > 0 && one[length - 1] == ';')
        one[--length] = '\0';
    if ((size_t)length < sizeof(one) && perfdata->length + (size_t)length < sizeof(perfdata->bytes))
        text_add(perfdata, "%s", one);
}
