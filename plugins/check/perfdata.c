/* perfdata.c - see perfdata.h. Labels are safe text, which has neither quotes nor equals signs. */
#include "perfdata.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

char *perfdata_number(double value, char text[PERFDATA_NUMBER_SIZE])
{
    const double rounded = value < 1 ? floor(value * 100) / 100 : floor(value * 10) / 10;

    snprintf(text, PERFDATA_NUMBER_SIZE, rounded == floor(rounded) ? "%.0f" : rounded < 1 ? "%.2f" : "%.1f", rounded);
    return text;
}

void perfdata_add(struct text *perfdata, const struct perfdatum *datum)
{
    char one[TEXT_SAFE_SIZE + 256], number[PERFDATA_NUMBER_SIZE];
    const bool is_percentage = strcmp(datum->unit, "%") == 0;
    int length = snprintf(one, sizeof(one), "%s'%s'=%s%s;%s;%s;%s", perfdata->length ? " " : "", datum->label,
                          perfdata_number(datum->value, number), datum->unit, datum->warn ? datum->warn : "",
                          datum->crit ? datum->crit : "", is_percentage ? "" : "0");

    if (length < 0 || (size_t)length >= sizeof(one))
        return;
    while (length > 0 && one[length - 1] == ';')
        one[--length] = '\0';
    if (perfdata->length + (size_t)length < sizeof(perfdata->bytes))
        text_add(perfdata, "%s", one);
}
