/* top_worker.c - scans in a thread of its own. All that both threads touch is under one lock, which is never held
 * during a scan. */
#include "top_worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct worker {
    /* Of the thread alone. */
    struct proctcp_scanner *scanner;
    const struct proctcp_snapshot *before; /* a reference, or NULL */
    double begun_before;
    unsigned long count, scans;

    pthread_t thread;
    int event;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under the lock. */
    double interval_s;
    bool paused, ending;
    struct worker_news news;
};

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct timespec instant(double seconds)
{
    const time_t whole = (time_t)seconds;
    return (struct timespec){whole, (long)((seconds - (double)whole) * 1e9)};
}

static void tell(struct worker *worker)
{
    const uint64_t one = 1;

    /* It fails only if who reads has not done so for longer than there are scans. */
    if (write(worker->event, &one, sizeof(one)) < 0)
        return;
}

static void publish(struct worker *worker, struct pass *pass, int error)
{
    char failure[sizeof(worker->news.failure)] = "";

    if (error == -ENOMEM)
        snprintf(failure, sizeof(failure), "out of memory");
    else if (error)
        proctcp_escape(proctcp_failure(worker->scanner), failure, sizeof(failure), true);
    pthread_mutex_lock(&worker->lock);
    if (pass) {
        pass_free(worker->news.pass);
        worker->news.pass = pass;
    }
    worker->news.error = error;
    memcpy(worker->news.failure, failure, sizeof(failure));
    pthread_mutex_unlock(&worker->lock);
    tell(worker);
}

static void scan(struct worker *worker)
{
    const double begun = seconds_now();
    const struct proctcp_snapshot *snapshot;
    struct pass *pass = NULL;
    int error = proctcp_scan(worker->scanner, &snapshot);

    if (error == 0) {
        pass = pass_new(worker->before, proctcp_snapshot_ref(snapshot), begun - worker->begun_before);
        error = pass ? 0 : -ENOMEM;
        proctcp_snapshot_unref(worker->before);
        worker->before = snapshot;
        worker->begun_before = begun;
    }
    publish(worker, pass, error);
}

/* Until the next scan is due, in a pause for longer. The lock is held. */
static void wait_until_due(struct worker *worker, double begun)
{
    while (!worker->ending) {
        const double due = begun + worker->interval_s;
        const struct timespec then = instant(due);
        if (worker->paused)
            pthread_cond_wait(&worker->changed, &worker->lock);
        else if (seconds_now() < due)
            pthread_cond_timedwait(&worker->changed, &worker->lock, &then);
        else
            return;
    }
}

static void *work(void *context)
{
    struct worker *worker = context;

    pthread_mutex_lock(&worker->lock);
    while (!worker->ending && (!worker->count || worker->scans < worker->count)) {
        const double begun = seconds_now();
        pthread_mutex_unlock(&worker->lock);
        worker->scans++;
        scan(worker);
        pthread_mutex_lock(&worker->lock);
        wait_until_due(worker, begun);
    }
    worker->news.finished = true;
    pthread_mutex_unlock(&worker->lock);
    tell(worker);
    return NULL;
}

static void close_all(struct worker *worker)
{
    pass_free(worker->news.pass);
    proctcp_snapshot_unref(worker->before);
    proctcp_scanner_free(worker->scanner);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    if (worker->event >= 0)
        close(worker->event);
    free(worker);
}

/* Waits are for an interval, which no change of the clock may make longer. */
static void init_lock(struct worker *worker)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&worker->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

int worker_start(const struct proctcp_options *options, double interval_s, unsigned long count, struct worker **worker)
{
    struct worker *own = calloc(1, sizeof(*own));
    int error;

    if (!own)
        return -ENOMEM;
    own->interval_s = interval_s;
    own->count = count;
    init_lock(own);
    own->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    error = own->event < 0 ? -errno : proctcp_scanner_new(options, &own->scanner);
    if (error == 0)
        error = -pthread_create(&own->thread, NULL, work, own);
    if (error) {
        close_all(own);
        return error;
    }
    *worker = own;
    return 0;
}

void worker_end(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->ending = true;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    close_all(worker);
}

int worker_descriptor(const struct worker *worker)
{
    return worker->event;
}

void worker_set(struct worker *worker, double interval_s, bool paused)
{
    pthread_mutex_lock(&worker->lock);
    worker->interval_s = interval_s;
    worker->paused = paused;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

void worker_take(struct worker *worker, struct worker_news *news)
{
    uint64_t told;

    /* Nothing to read is fine: what there is was taken already. */
    if (read(worker->event, &told, sizeof(told)) < 0 && errno != EAGAIN)
        told = 0;
    pthread_mutex_lock(&worker->lock);
    *news = worker->news;
    worker->news.pass = NULL;
    pthread_mutex_unlock(&worker->lock);
}
