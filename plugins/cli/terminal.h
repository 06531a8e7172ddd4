/* terminal.h - what stands at the other end of standard output. */
#ifndef PROCTCP_CLI_TERMINAL_H
#define PROCTCP_CLI_TERMINAL_H

#include <stdbool.h>

/* Of standard output, if it is a terminal: COLUMNS, else what the terminal says, else 80. 0: it is none. */
unsigned terminal_width(void);
/* Whether it is a terminal whose user wants colours (NO_COLOR, TERM). */
bool terminal_has_colours(void);
/* Whether the locale says that text is UTF-8. */
bool terminal_is_utf8(void);

#endif
