/* scans.c - scanners that blocks of the configuration share. Knows who may share one; knows nothing of what is
 * published. */
#include "scans.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct scan {
    struct scan *next;
    char *needs;
    struct proctcp_scanner *scanner;
    const struct proctcp_snapshot *last;
    double begun_s; /* when it was, of the monotonic clock */
    bool listeners;
    pthread_mutex_t lock; /* of all above but needs and next */
};

static double monotonic_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int new_scan(const struct settings *settings, bool listeners, struct scan **scan)
{
    const struct proctcp_options options = {
        .source = (enum proctcp_source)settings->source,
        .proc_root = settings->proc_path,
        .selection = settings->selection,
        .grouping = settings->grouping,
        .listeners = listeners,
    };
    struct scan *made = calloc(1, sizeof(*made));
    int error;

    if (!made)
        return -ENOMEM;
    made->needs = strdup(settings->needs);
    error = made->needs ? proctcp_scanner_new(&options, &made->scanner) : -ENOMEM;
    if (error) {
        free(made->needs);
        free(made);
        return error;
    }
    made->listeners = listeners;
    pthread_mutex_init(&made->lock, NULL);
    *scan = made;
    return 0;
}

int scans_join(struct scans *scans, const struct settings *settings, bool listeners, struct scan **scan)
{
    int error;

    for (struct scan *other = scans->first; other; other = other->next) {
        if (strcmp(other->needs, settings->needs) == 0 && (other->listeners || !listeners)) {
            *scan = other;
            return 0;
        }
    }
    error = new_scan(settings, listeners, scan);
    if (error == 0) {
        (*scan)->next = scans->first;
        scans->first = *scan;
    }
    return error;
}

void scans_cancel(struct scans *scans)
{
    for (struct scan *scan = scans->first; scan; scan = scan->next)
        proctcp_scanner_cancel(scan->scanner);
}

void scans_free(struct scans *scans)
{
    while (scans->first) {
        struct scan *scan = scans->first;

        scans->first = scan->next;
        proctcp_snapshot_unref(scan->last);
        proctcp_scanner_free(scan->scanner);
        pthread_mutex_destroy(&scan->lock);
        free(scan->needs);
        free(scan);
    }
}

int scan_take(struct scan *scan, double max_age_s, uint64_t last, const struct proctcp_snapshot **snapshot,
              double *age_s, char *failure, size_t failure_size)
{
    int error = 0;

    pthread_mutex_lock(&scan->lock);
    if (!scan->last || scan->last->stats.generation <= last || monotonic_s() - scan->begun_s > max_age_s) {
        const struct proctcp_snapshot *made;
        const double now_s = monotonic_s();

        error = proctcp_scan(scan->scanner, &made);
        if (error) {
            snprintf(failure, failure_size, "%s", proctcp_failure(scan->scanner));
        } else {
            proctcp_snapshot_unref(scan->last);
            scan->last = made;
            scan->begun_s = now_s;
        }
    }
    if (error == 0) {
        *snapshot = proctcp_snapshot_ref(scan->last);
        *age_s = monotonic_s() - scan->begun_s;
    }
    pthread_mutex_unlock(&scan->lock);
    return error;
}
