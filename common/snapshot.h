/* snapshot.h - freezing a finished model. */
#ifndef PROCTCP_SNAPSHOT_H
#define PROCTCP_SNAPSHOT_H

#include "model/model.h"

/* Takes over the memory of both, on success only. 0 or -ENOMEM. */
int snapshot_freeze(struct model *model, struct capture *capture, const struct proctcp_snapshot **snapshot);

#endif
