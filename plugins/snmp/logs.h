/* logs.h - where messages go, as net-snmp's programs are told with -L. */
#ifndef SNMP_LOGS_H
#define SNMP_LOGS_H

#include <stdbool.h>

/* Takes the argument of -L; what follows it may be in argv behind getopt's optind. false: it is wrong. */
bool logs_option(const char *program, char *argument, int argc, char **argv);
/* After the options, of which none may have said where. */
void logs_begin(void);
/* Goes into the background. 0 or -1. */
int logs_daemonize(const char *program);
/* Opens files anew, for who has moved them away. One that cannot be opened is written on. */
void logs_reopen(void);

#endif
