/* pattern.h - which regular expressions may be compiled and matched. */
#ifndef PROCTCP_PATTERN_H
#define PROCTCP_PATTERN_H

/* Why an extended regular expression would take too long, to compile or to match, with the remedy; NULL: it does not.
 */
const char *pattern_fault(const char *pattern);

#endif
