/* spelling.h - which option may be meant by a name that no option has. */
#ifndef PROCTCP_COLLECTD_SPELLING_H
#define PROCTCP_COLLECTD_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

/* So many names are looked at, besides those of the options that select sockets. */
#define SPELLING_NAMES_MAX 48

#define SPELLING_SIZE 32

/* Among count names and the options that select sockets, with and without Exclude before them, the one that is nearest
 * to key, as the manual spells it. Letters in any case. false: none is near. */
bool spelling_nearest(const char *key, const char *const *names, size_t count, char nearest[SPELLING_SIZE]);

#endif
