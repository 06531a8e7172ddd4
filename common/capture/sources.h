/* sources.h - which source is asked for what. */
#ifndef PROCTCP_SOURCES_H
#define PROCTCP_SOURCES_H

#include "capture/inquiry.h"

/* The processes and their owners, from the best source of them. Fails if it cannot be read at all. */
int sources_read_owners(struct inquiry *inquiry);
/* The sockets of every namespace, each from the best source that works. Fails if none can be read, or if the one source
 * that was asked for does not work. */
int sources_read_sockets(struct inquiry *inquiry);
/* Once more: namespaces that were found since, and those with look_again set, as far as that says. */
int sources_look_again(struct inquiry *inquiry);

#endif
