/* claims.h - inodes that sockets of several namespaces claim. */
#ifndef PROCTCP_CLAIMS_H
#define PROCTCP_CLAIMS_H

#include "capture/inquiry.h"

/* Finds out, for each owner of such an inode, in which namespace its socket is: sets its netns. */
int claims_resolve(struct inquiry *inquiry);

#endif
