/* publisher.h - a thread that scans, and a slot with its newest result. The thread makes no net-snmp call. */
#ifndef SNMP_PUBLISHER_H
#define SNMP_PUBLISHER_H

#include "events.h"
#include "publication.h"
#include "settings.h"

struct publisher;

/* -EINVAL: the library has no such source. -ENOMEM. settings must live until others are used, or as long as
 * the publisher. */
int publisher_new(const struct settings *settings, struct publisher **publisher);
/* Starts the thread. It scans at once, then every settings->interval_s; each scan leaves a publication, whether it
 * succeeded or not, and writes to the eventfd wake. Once started, publisher_free() waits for a scan that is under way.
 */
int publisher_start(struct publisher *publisher, int wake);
void publisher_free(struct publisher *publisher);
/* Other settings from the next scan on, which begins now, or when the one that is under way is over. done() is called
 * when they are not used any more, by any thread. */
void publisher_set_settings(struct publisher *publisher, struct settings *settings, void (*done)(struct settings *));

/* When the scan that is under way began, by clock_ms(); -1: none is. */
int64_t publisher_scanning_since(struct publisher *publisher);
/* The newest publication, or NULL if there is none since the last one was taken. The caller frees it. */
struct publication *publisher_take(struct publisher *publisher);
/* Whether one waits to be taken; and whether it only says something new of the snapshot that is served. */
bool publisher_has(struct publisher *publisher, const struct proctcp_snapshot *served, bool *same_snapshot);

/* What is to be told. */
struct events *publisher_events(struct publisher *publisher);

void publication_free(struct publication *publication);

#endif
