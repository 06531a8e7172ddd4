/* doctor_options.h - the command line of proctcp doctor. */
#ifndef PROCTCP_CLI_DOCTOR_OPTIONS_H
#define PROCTCP_CLI_DOCTOR_OPTIONS_H

#include "doctor.h"

#include <stdbool.h>

/* false: *status is what to end with; why has been said. */
bool doctor_options_parse(int argc, char **argv, struct doctor_settings *settings, int *status);

#endif
