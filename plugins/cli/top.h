/* top.h - proctcp --top. */
#ifndef PROCTCP_CLI_TOP_H
#define PROCTCP_CLI_TOP_H

#include "options.h"

/* Until a key, a signal or the count ends it. Returns the exit status; why it is not 0 has been said. */
int top_run(const struct settings *settings);

#endif
