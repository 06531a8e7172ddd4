/* nearest.h - which of many names somebody may have meant. */
#ifndef PROCTCP_CLI_NEAREST_H
#define PROCTCP_CLI_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

/* Letters that must be added, taken out or changed to make one of the other; names beyond 63 letters are far. */
unsigned nearest_distance(const char *one, const char *other);

/* Puts the names near to wanted at text, the nearest first, separated by ", " and each behind prefix; if none is near,
 * puts all of them there and returns false. text ends with ".." if there is no room for more. */
bool nearest_names(const char *wanted, const char *const *names, size_t count, const char *prefix, char *text,
                   size_t size);

#endif
