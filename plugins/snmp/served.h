/* served.h - which tables are served, as the configuration names them. */
#ifndef SNMP_SERVED_H
#define SNMP_SERVED_H

#include <stdbool.h>
#include <stddef.h>

/* text: "all", or names of tables with commas or spaces between them. Sets *not_served, a bit for each table of enum
 * publication_table that is not named. false: a name is wrong, error says which, and *not_served stays as it was. */
bool served_parse(const char *text, unsigned *not_served, char *error, size_t size);

#endif
