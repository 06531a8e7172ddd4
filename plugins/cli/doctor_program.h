/* doctor_program.h - runs a program without a shell, and no longer than it may take. */
#ifndef PROCTCP_CLI_DOCTOR_PROGRAM_H
#define PROCTCP_CLI_DOCTOR_PROGRAM_H

#include <stdbool.h>

struct doctor_output {
    char out[16384]; /* the begin of what it printed, NUL-ended, and of what it said on standard error */
    char error[16384];
    int status; /* exit status; -1: it was ended by a signal */
};

enum program_end { PROGRAM_ENDED, PROGRAM_ABSENT, PROGRAM_TOO_LONG };

/* words: as argv, the name first. It reads nothing, and is killed, by its pid, when its time is over. Of
 * the environment it has PATH, LC_ALL=C, HOME (root: if that is root's) and, if it is not run by root, SNMPCONFPATH,
 * MIBDIRS and MIBS; what net-snmp would keep of the run has no place to be written to. */
enum program_end program_run(const char *const *words, unsigned patience_ms, struct doctor_output *output);

#endif
