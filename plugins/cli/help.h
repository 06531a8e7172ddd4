/* help.h - what proctcp --help says. */
#ifndef PROCTCP_CLI_HELP_H
#define PROCTCP_CLI_HELP_H

void help_print(void);

#endif
