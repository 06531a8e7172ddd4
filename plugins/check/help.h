/* help.h - what check_proctcp --help says. */
#ifndef CHECK_HELP_H
#define CHECK_HELP_H

void help_print(void);

#endif
