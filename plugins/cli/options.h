/* options.h - what the command line asked for. */
#ifndef PROCTCP_CLI_OPTIONS_H
#define PROCTCP_CLI_OPTIONS_H

#include "choice.h"
#include "output.h"
#include "values.h"

enum { STATUS_READ = 0, STATUS_NOTHING = 1, STATUS_USAGE = 2 };

struct settings {
    struct proctcp_options options;
    struct proctcp_selection *selection;
    struct proctcp_grouping *grouping; /* NULL: not asked for */
    const char *processes, *states;    /* as --process and --state named them last, or NULL */
    const struct view *view;           /* NULL: --stats */
    const char *content_option;        /* how what is shown was asked for, or NULL */
    enum form form;
    struct choice choice;
    struct sort sort;
    struct style style;
    bool follows_terminal; /* whose width may change between scans */
    double interval_s;     /* 0: once */
    unsigned long count;
    bool counted;
    bool top; /* the watching form, which begins with the view */
};

/* false: *status is what to end with; why has been said. Strings point into argv. */
bool options_parse(int argc, char **argv, struct settings *settings, int *status);

#endif
