/* run.h - one capture, from beginning to end. */
#ifndef PROCTCP_CAPTURE_RUN_H
#define PROCTCP_CAPTURE_RUN_H

#include "capture/capture.h"

struct inquiry;

/* Memory for the questions of scans, one after the other; NULL: there is none. Its arguments must outlive it.
 * is_cancelled is set when no more are to be asked, from any thread, and for good; NULL: it never is. */
struct inquiry *capture_new(const struct config *config, const bool *is_cancelled);
void capture_free(struct inquiry *inquiry);

/* Asks the kernel for processes, owners and sockets, and writes down what it says. before is what scans before this one
 * left, previous the snapshot of the last one, or NULL. kept is what the next one may want; capture and kept are empty.
 * Fails if nothing could be read, with the reason in capture->failure, with -ENOMEM, or with -ECANCELED. */
int capture_run(struct inquiry *inquiry, const struct recollection *before, const struct proctcp_snapshot *previous,
                struct recollection *kept, struct capture *capture);
/* Who holds these sockets, among the processes that the selection left out: walks them, in their order,
 * until each has been found. */
int capture_find_holders(struct inquiry *inquiry, const struct wanted_sockets *wanted);
/* What is told of the processes that hold a TCP socket. */
int capture_read_facts(struct inquiry *inquiry);
/* There are no more questions. */
int capture_end(struct inquiry *inquiry);

void capture_recycle(struct capture *capture);
void capture_clear(struct capture *capture);
void recollection_recycle(struct recollection *recollection);
void recollection_clear(struct recollection *recollection);
/* What depends on the selection and on the tree, or on the grouping, is asked anew. */
void recollection_forget_answers(struct recollection *recollection);
void recollection_forget_groups(struct recollection *recollection);
/* Of a scan that failed nothing is recalled but the children that it gave up. */
void recollection_keep_children(struct recollection *before, struct recollection *failed);

#endif
