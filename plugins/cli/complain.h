/* complain.h - what is wrong with the command line. */
#ifndef PROCTCP_CLI_COMPLAIN_H
#define PROCTCP_CLI_COMPLAIN_H

#include <stdbool.h>

/* One line on stderr, which ends with where help is; returns false. */
bool complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
