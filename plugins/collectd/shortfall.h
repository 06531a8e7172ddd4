/* shortfall.h - what a scan could not read, in words. */
#ifndef PROCTCP_COLLECTD_SHORTFALL_H
#define PROCTCP_COLLECTD_SHORTFALL_H

#include "proctcp.h"

#include <stdbool.h>
#include <stddef.h>

#define SHORTFALL_TEXT_SIZE 1024

/* So many complete passes tell that everything can be read again: a process that lives for one pass ends nothing. */
#define SHORTFALL_CALM_PASSES 10

/* Whether this process has the capability of this number (CAP_SYS_PTRACE ...). */
typedef bool shortfall_has_fn(int capability);

/* One line: the first failure, the counts and, where processes were denied, what to do about it. false: nothing was
 * left out, and text is empty. */
bool shortfall_text(const struct proctcp_stats *stats, shortfall_has_fn *has, char text[SHORTFALL_TEXT_SIZE]);

#endif
