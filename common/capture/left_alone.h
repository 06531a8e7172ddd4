/* left_alone.h - whom a scan does not ask, because he made an earlier one wait until it gave up. */
#ifndef PROCTCP_LEFT_ALONE_H
#define PROCTCP_LEFT_ALONE_H

#include "capture/inquiry.h"

/* From now on. 0 or -ENOMEM. */
int left_alone_add(struct inquiry *inquiry, struct left_alone who);
/* Whom earlier scans left alone, as long as it is to last. 0 or -ENOMEM. */
int left_alone_recall(struct inquiry *inquiry);

/* Whether it is not to be looked at: this process did so, or another one of its user. */
bool left_alone_has_process(struct inquiry *inquiry, int32_t pid);
/* Whether tcp_info, which is read under the lock of its socket, is not to be asked for there: somebody may hold such a
 * lock for ever. If a user did so in one of his namespaces, he is not trusted in any. */
bool left_alone_has_netns(struct inquiry *inquiry, uint32_t netns);

#endif
