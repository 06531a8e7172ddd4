/* instance.h - one <Plugin proctcp> block at work: a thread that scans and publishes whenever collectd wants a read. It
 * is a thread of its own so that neither collectd's reads nor its end wait for a scan of many sockets. */
#ifndef PROCTCP_COLLECTD_INSTANCE_H
#define PROCTCP_COLLECTD_INSTANCE_H

#include "daemon.h"
#include "scans.h"
#include "settings.h"

struct instance;

/* Takes settings over. NULL: out of memory. */
struct instance *instance_new(struct settings *settings);
const char *instance_name(const struct instance *instance);
/* "" or "web-": what its identifiers begin with. */
const char *instance_prefix(const struct instance *instance);
bool instance_needs_listeners(const struct instance *instance);
/* Before it starts: the scan that it is to use. */
void instance_join(struct instance *instance, struct scans *scans);
/* Prefixes of all instances, up to NULL, which must stay. interval: of collectd, for a block that says none. Starts its
 * thread. 0 or -errno. */
int instance_start(struct instance *instance, const char *const *prefixes, cdtime_t interval);
cdtime_t instance_interval(const struct instance *instance);
/* A pass, which is waited for, but not for long: a longer one ends by itself, and its values are those of the time when
 * it read. 0, or -1: nothing could be read, in this pass or, if it is not over, in the one before. */
int instance_read(struct instance *instance);
/* No pass begins any more. */
void instance_stop(struct instance *instance);
/* Waits for its thread. Others may still use its settings, for a scan that they share: it is freed after the scans. */
void instance_wait(struct instance *instance);
void instance_free(struct instance *instance);

#endif
