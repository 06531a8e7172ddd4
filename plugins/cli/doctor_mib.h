/* doctor_mib.h - what a MIB file and net-snmp's tools say. */
#ifndef PROCTCP_CLI_DOCTOR_MIB_H
#define PROCTCP_CLI_DOCTOR_MIB_H

#include <stdbool.h>
#include <stddef.h>

/* "202611262200Z" of: LAST-UPDATED "202611262200Z". false: there is none. */
bool mib_last_updated(const char *text, char date[16]);

/* The modules that snmptranslate says it cannot find, each once, separated by blanks. Returns how many. */
unsigned mib_missing_modules(const char *error, char *names, size_t size);

/* The directories of "MIB search path: A:B", or, with -Dinit_mib, "Looking in 'A:B' for mib dirs". false: it says none.
 */
bool mib_search_path(const char *error, char *path, size_t size);

#endif
