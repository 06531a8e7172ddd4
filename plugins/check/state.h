/* state.h - the four states of a monitoring plugin. Their numbers are its exit statuses. */
#ifndef CHECK_STATE_H
#define CHECK_STATE_H

#include <stdbool.h>

enum state { STATE_OK = 0, STATE_WARNING = 1, STATE_CRITICAL = 2, STATE_UNKNOWN = 3 };

/* "OK", "WARNING" ... */
const char *state_name(enum state state);
/* From "ok", "warning", "critical" or "unknown". */
bool state_parse(const char *word, enum state *state);
/* Of two, what both come to. UNKNOWN takes the place of OK, but never of a fault that was found. */
enum state state_worse(enum state one, enum state other);

#endif
