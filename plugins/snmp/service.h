/* service.h - what a service manager is told of the subagent: that it has started, how it does, and that it is alive.
 * Calls no net-snmp. */
#ifndef SNMP_SERVICE_H
#define SNMP_SERVICE_H

#include "publication.h"

#include <stdbool.h>
#include <stdint.h>

#define SERVICE_STATUS_SIZE 256

struct service {
    bool is_ready;
    int64_t beat_ms;                  /* between two signs of life; 0: nobody wants them */
    int64_t due_ms;                   /* the next one */
    char status[SERVICE_STATUS_SIZE]; /* as it was told last */
};

/* In the process that will serve. */
void service_begin(struct service *service, int64_t now_ms);
/* Whenever something may have changed: with the first publication that is of a scan the start is done. master says how
 * the master does. scanning_since_ms is when the scan that is under way began, -1: none is. Returns in how many
 * milliseconds to call again at the latest; -1: when something changes. */
int service_tell(struct service *service, const struct publication *publication, const char *master,
                 int64_t scanning_since_ms, int64_t now_ms);
/* Around a reading of the configuration. */
void service_reloading(const struct service *service);
void service_reloaded(const struct service *service);
/* May be called by a handler of a signal. */
void service_stopping(void);

/* Whether a scan may still come to its end: one may take long, on a host with many sockets or with strangers that
 * make it wait. */
bool service_scans_go_on(int64_t scanning_since_ms, unsigned interval_s, int64_t now_ms);

#endif
