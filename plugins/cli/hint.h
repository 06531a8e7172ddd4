/* hint.h - where to look when there is nothing to show. */
#ifndef PROCTCP_CLI_HINT_H
#define PROCTCP_CLI_HINT_H

#include "options.h"

/* On stderr, if the selection may be why there is no row. */
void hint_empty(const struct settings *settings);

#endif
