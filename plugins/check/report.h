/* report.h - what a plugin prints: one line, and what follows it. */
#ifndef CHECK_REPORT_H
#define CHECK_REPORT_H

#include "state.h"
#include "text.h"

struct report {
    enum state state;
    struct text line; /* behind the state */
    struct text perfdata;
    struct text more; /* lines for people who look closer, each with its newline */
};

void report_print(const struct report *report);
/* The report of somebody who cannot say anything else. */
void report_unknown(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Whether all that was printed has got out; if not, that is said on stderr. */
bool report_is_out(void);
/* From now on: after so many seconds the program ends with UNKNOWN, wherever it is. */
void report_time_out(unsigned seconds);

#endif
