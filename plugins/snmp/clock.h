/* clock.h - time that only goes on. */
#ifndef SNMP_CLOCK_H
#define SNMP_CLOCK_H

#include <stdint.h>

int64_t clock_ms(void); /* CLOCK_MONOTONIC */

#endif
