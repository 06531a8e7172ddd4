/* cut.h - text that is too long for its column. */
#ifndef PROCTCP_CLI_CUT_H
#define PROCTCP_CLI_CUT_H

#include <stdbool.h>
#include <stddef.h>

/* The two ends of text (printable ASCII, length bytes) with ".." between them, or with a character of its own if the
 * terminal is known to show UTF-8: at most width columns, of which *columns are used. An escape (\xNN) is kept or left
 * out as a whole. cut has room for width + 3 bytes. Returns the bytes at cut, which get no NUL. length is above width,
 * and width is not 0. */
size_t cut_middle(const char *text, size_t length, size_t width, bool utf8, char *cut, size_t *columns);

#endif
