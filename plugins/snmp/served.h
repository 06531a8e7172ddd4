/* served.h - which tables are served and what is told of, as the configuration names them. */
#ifndef SNMP_SERVED_H
#define SNMP_SERVED_H

#include <stdbool.h>
#include <stddef.h>

/* text: "all", or names of tables with commas or spaces between them. Sets *not_served, a bit for each table of enum
 * publication_table that is not named. false: a name is wrong, error says which, and *not_served stays as it was. */
bool served_parse(const char *text, unsigned *not_served, char *error, size_t size);

/* text: "all", "none", or scan, listeners, thresholds. Sets *kinds, a bit for each of enum event_kind. As above. */
bool served_parse_events(const char *text, unsigned *kinds, char *error, size_t size);

#endif
