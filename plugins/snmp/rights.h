/* rights.h - whose rights the subagent has, and how few of them. */
#ifndef SNMP_RIGHTS_H
#define SNMP_RIGHTS_H

#include "settings.h"

/* Becomes the user (a name or a number; NULL: stays who it is), and keeps the capabilities that the settings need, as
 * far as it has them, and no others: in no thread, no child, and for good. where says in messages who named the user.
 * false: it has been logged what could not be done, and what to do. */
bool rights_reduce(const char *where, const char *user, const struct settings *settings);
/* Logs what other settings need that was given up, if anything. */
void rights_say_given_up(const struct settings *settings);

#endif
