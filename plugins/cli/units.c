/* units.c - numbers as people read them: rounded, with the unit that keeps them short. */
#include "units.h"

#include <stddef.h>
#include <stdio.h>

/* A unit, and how many of it make the next; 0: there is none. */
struct unit {
    const char *name;
    double next;
};

/* What would be printed as 1000 is 1.0 of the next one. */
static char *scale(double value, const struct unit *unit, char text[UNITS_SIZE])
{
    const struct unit *first = unit;

    for (; unit->next != 0 && value >= unit->next - 0.5; unit++)
        value /= unit->next;
    snprintf(text, UNITS_SIZE, unit == first || value >= 99.95 ? "%.0f %s" : "%.1f %s", value, unit->name);
    return text;
}

char *units_time(uint64_t us, char text[UNITS_SIZE])
{
    static const struct unit units[] = {{"us", 1000}, {"ms", 1000}, {"s", 60}, {"min", 60}, {"h", 24}, {"d", 0}};
    return scale((double)us, units, text);
}

char *units_bytes(uint64_t bytes, char text[UNITS_SIZE])
{
    static const struct unit units[] = {{"B", 1000},  {"kB", 1000}, {"MB", 1000}, {"GB", 1000},
                                        {"TB", 1000}, {"PB", 1000}, {"EB", 0}};
    return scale((double)bytes, units, text);
}

char *units_rate(uint64_t bytes_per_s, char text[UNITS_SIZE])
{
    static const struct unit units[] = {{"bit/s", 1000},  {"kbit/s", 1000}, {"Mbit/s", 1000}, {"Gbit/s", 1000},
                                        {"Tbit/s", 1000}, {"Pbit/s", 1000}, {"Ebit/s", 0}};
    return scale((double)bytes_per_s * 8, units, text);
}
