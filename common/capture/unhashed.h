/* unhashed.h - descriptors whose inode no TCP table shows: what they are. */
#ifndef PROCTCP_UNHASHED_H
#define PROCTCP_UNHASHED_H

#include "capture/inquiry.h"

/* Between the walk and the join: finds out what every inode is that a descriptor led to and no table showed. TCP
 * sockets that are known to be closed go to the sink; those that are alive, and were missed, to capture->unread;
 * namespaces that only their sockets keep are found and read. Then keeps the owners of TCP sockets alone, each with its
 * socket. */
int unhashed_resolve(struct inquiry *inquiry);

#endif
