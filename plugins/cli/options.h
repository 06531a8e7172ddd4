/* options.h - what the command line asked for. */
#ifndef PROCTCP_CLI_OPTIONS_H
#define PROCTCP_CLI_OPTIONS_H

#include "proctcp.h"

enum { STATUS_READ = 0, STATUS_NOTHING = 1, STATUS_USAGE = 2 };

enum content { ROWS, PROCESSES, SOCKETS, UNATTRIBUTED, STATS };

enum form { TABLE, JSON, CSV };

struct settings {
    struct proctcp_options options;
    struct proctcp_selection *selection;
    const char *processes, *states; /* as --process and --state named them last, or NULL */
    enum content content;
    const char *content_option; /* how it was asked for, or NULL */
    enum form form;
    double interval_s; /* 0: once */
    unsigned long count;
    bool counted;
};

/* false: *status is what to end with; why has been said. Strings point into argv. */
bool options_parse(int argc, char **argv, struct settings *settings, int *status);

/* One line on stderr about the command line; returns false. */
bool options_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
