/* units.h - numbers as people read them. */
#ifndef PROCTCP_CLI_UNITS_H
#define PROCTCP_CLI_UNITS_H

#include <stdint.h>

#define UNITS_SIZE 32

/* All return text, two to four digits and a unit. "50 us", "12.3 ms", "4.2 s", "3.5 min", "2.0 h", "12 d" */
char *units_time(uint64_t us, char text[UNITS_SIZE]);
/* "312 B", "1.2 GB" (of 1000 MB) */
char *units_bytes(uint64_t bytes, char text[UNITS_SIZE]);
/* "4.5 Mbit/s" */
char *units_rate(uint64_t bytes_per_s, char text[UNITS_SIZE]);

#endif
