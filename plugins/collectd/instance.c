/* instance.c - one block of the configuration at work. Knows when to scan, and whom to hand the scan to; knows nothing
 * of what of it is published, nor how sockets are found or named. */
#include "instance.h"

#include "complaints.h"
#include "passes.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

/* collectd's end waits for its reads: one waits no longer than this for a pass. */
#define PATIENCE_MS 800

struct instance {
    struct settings settings;
    cdtime_t interval;
    struct scan *scan;
    uint64_t generation; /* of the last snapshot that was published */
    struct passes passes;
    struct complaints complaints;

    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool is_wanted, is_busy, is_ending;
    int result; /* of the last pass that ended */
    cdtime_t wanted_at;
};

/* 0, or -1: nothing could be read. */
static int pass_once(struct instance *instance, cdtime_t wanted_at)
{
    const struct proctcp_snapshot *snapshot;
    const double max_age_s = CDTIME_T_TO_DOUBLE(instance->interval) / 2;
    struct pass_report report;
    char failure[512];
    double age_s;
    int error = scan_take(instance->scan, max_age_s, instance->generation, &snapshot, &age_s, failure, sizeof(failure));

    if (error == -ECANCELED)
        return 0;
    if (error) {
        complaints_of_failure(&instance->complaints, failure);
        passes_failed(&instance->passes, wanted_at);
        return -1;
    }
    complaints_of_scan(&instance->complaints, &instance->settings, &snapshot->stats);
    error = passes_publish(&instance->passes, snapshot, cdtime() - DOUBLE_TO_CDTIME_T(age_s), wanted_at, &report);
    complaints_of_pass(&instance->complaints, &instance->settings, &report, error);
    instance->generation = snapshot->stats.generation;
    proctcp_snapshot_unref(snapshot);
    return 0;
}

static void *work(void *of)
{
    struct instance *instance = of;

    pthread_mutex_lock(&instance->lock);
    while (!instance->is_ending) {
        cdtime_t wanted_at;
        int result;

        if (!instance->is_wanted) {
            pthread_cond_wait(&instance->changed, &instance->lock);
            continue;
        }
        instance->is_wanted = false;
        instance->is_busy = true;
        wanted_at = instance->wanted_at;
        pthread_mutex_unlock(&instance->lock);
        result = pass_once(instance, wanted_at);
        pthread_mutex_lock(&instance->lock);
        instance->result = result;
        instance->is_busy = false;
        pthread_cond_broadcast(&instance->changed);
    }
    pthread_mutex_unlock(&instance->lock);
    return NULL;
}

/* No signal of the daemon's is delivered to it. */
static int start_thread(struct instance *instance)
{
    sigset_t all, before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = plugin_thread_create(&instance->thread, work, instance, "proctcp");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    instance->has_thread = error == 0;
    return -error;
}

static struct timespec patience(void)
{
    struct timespec end;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += PATIENCE_MS * 1000000L;
    end.tv_sec += end.tv_nsec / 1000000000L;
    end.tv_nsec %= 1000000000L;
    return end;
}

int instance_read(struct instance *instance)
{
    const struct timespec end = patience();
    bool was_busy;
    int result;

    pthread_mutex_lock(&instance->lock);
    was_busy = instance->is_busy || instance->is_wanted;
    if (!was_busy) {
        instance->is_wanted = true;
        instance->wanted_at = cdtime();
        pthread_cond_broadcast(&instance->changed);
    }
    while (instance->is_busy || instance->is_wanted) {
        if (pthread_cond_timedwait(&instance->changed, &instance->lock, &end) == ETIMEDOUT)
            break;
    }
    result = instance->result;
    pthread_mutex_unlock(&instance->lock);
    if (was_busy)
        complaints_of_slowness(&instance->complaints, instance->interval);
    return result;
}

struct instance *instance_new(struct settings *settings)
{
    struct instance *instance = calloc(1, sizeof(*instance));
    pthread_condattr_t monotonic;

    if (!instance)
        return NULL;
    instance->settings = *settings;
    *settings = (struct settings){.needs = NULL};
    pthread_mutex_init(&instance->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&instance->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return instance;
}

const char *instance_name(const struct instance *instance)
{
    return instance->settings.name;
}

const char *instance_prefix(const struct instance *instance)
{
    return instance->settings.prefix;
}

/* Listeners cost a scan a little: only where some may be published. */
bool instance_needs_listeners(const struct instance *instance)
{
    const struct settings *settings = &instance->settings;
    bool needs = settings->report_listeners == LISTENERS_EVERY || (settings->report_listeners == LISTENERS_CONFIGURED &&
                                                                   settings->group_count + settings->process_count);

    for (size_t i = 0; i < settings->group_count; i++)
        needs |= settings->groups[i].report_listeners > LISTENERS_NONE;
    return needs;
}

void instance_join(struct instance *instance, struct scans *scans)
{
    if (scans_join(scans, &instance->settings, instance_needs_listeners(instance), &instance->scan) < 0)
        instance->scan = NULL;
}

int instance_start(struct instance *instance, const char *const *prefixes, cdtime_t interval)
{
    const struct settings *settings = &instance->settings;

    if (!instance->scan)
        return -ENOMEM;
    instance->interval = settings->interval_s > 0 ? DOUBLE_TO_CDTIME_T(settings->interval_s) : interval;
    passes_begin(&instance->passes, settings, prefixes, instance->interval);
    return start_thread(instance);
}

cdtime_t instance_interval(const struct instance *instance)
{
    return instance->interval;
}

void instance_stop(struct instance *instance)
{
    pthread_mutex_lock(&instance->lock);
    instance->is_ending = true;
    passes_cancel(&instance->passes);
    pthread_cond_broadcast(&instance->changed);
    pthread_mutex_unlock(&instance->lock);
}

void instance_wait(struct instance *instance)
{
    if (instance->has_thread)
        pthread_join(instance->thread, NULL);
    instance->has_thread = false;
}

void instance_free(struct instance *instance)
{
    passes_free(&instance->passes);
    settings_free(&instance->settings);
    pthread_mutex_destroy(&instance->lock);
    pthread_cond_destroy(&instance->changed);
    free(instance);
}
