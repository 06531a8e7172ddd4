/* publisher.c - scans in a thread of its own and hands over what is to be served. Knows when to scan and what to say of
 * a failed scan; knows nothing of who serves it. */
#include "publisher.h"

#include "alarms.h"
#include "capabilities.h"
#include "changes.h"
#include "clock.h"
#include "gone.h"
#include "order.h"
#include "shortfall.h"
#include "tables.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>

#define HOUR_MS 3600000
#define RECENT  64

struct duration {
    uint64_t us;
    int64_t ended_ms; /* of clock_ms() */
};

/* Settings, and whom to tell when they are not used any more; NULL: nobody. */
struct lent {
    struct settings *settings;
    void (*done)(struct settings *settings);
};

struct publisher {
    struct proctcp_scanner *scanner;
    int wake;
    uint64_t start_time;
    uint32_t own_netns; /* inode */
    pthread_t thread;
    bool started;

    /* The thread's own. */
    const struct settings *settings;
    struct lent lent; /* the same, unless they are those of the start */
    const struct proctcp_snapshot *last;
    struct alarms alarms;
    struct gone gone;
    struct top_row *tops; /* of last */
    uint32_t top_count;
    bool selects_anew; /* the scan before was made with other settings */
    bool is_failing;
    uint64_t longest_us;
    struct duration recent[RECENT]; /* of scans of the last hour: those that none after it exceeded */
    size_t recent_count;
    uint32_t failures;
    uint64_t failure_time;
    char failure[PUBLICATION_TEXT_SIZE];

    struct events events;

    pthread_mutex_t lock;
    pthread_cond_t stopped; /* or given settings; on CLOCK_MONOTONIC */
    bool stop;
    struct lent next;           /* settings that are to be used */
    bool next_is_new;           /* and no scan has tried to */
    struct publication *newest; /* not taken yet */
    int64_t scanning_since_ms;  /* -1: it rests */
};

void publication_free(struct publication *publication)
{
    if (!publication)
        return;
    tables_index_free(publication);
    order_free(publication);
    proctcp_snapshot_unref(publication->snapshot);
    free(publication);
}

/* Each longer than all that came after it, oldest first: the first one is the longest. */
static void note_duration(struct publisher *publisher, uint64_t duration_us)
{
    const int64_t now_ms = clock_ms();
    struct duration *recent = publisher->recent;
    size_t gone = 0;

    if (duration_us > publisher->longest_us)
        publisher->longest_us = duration_us;
    while (publisher->recent_count && recent[publisher->recent_count - 1].us <= duration_us)
        publisher->recent_count--;
    while (gone < publisher->recent_count && now_ms - recent[gone].ended_ms > HOUR_MS)
        gone++;
    if (publisher->recent_count - gone == RECENT) /* the shortest but this one goes */
        publisher->recent_count--;
    publisher->recent_count -= gone;
    memmove(recent, recent + gone, publisher->recent_count * sizeof(*recent));
    recent[publisher->recent_count++] = (struct duration){duration_us, now_ms};
}

static uint64_t longest_of_the_hour(const struct publisher *publisher)
{
    return publisher->recent_count ? publisher->recent[0].us : 0;
}

static enum publication_status status_of(const struct publisher *publisher, bool failed, bool left_out)
{
    if (!publisher->last)
        return failed ? PUBLICATION_FAILED : PUBLICATION_NONE;
    if (failed)
        return PUBLICATION_STALE;
    return left_out ? PUBLICATION_PARTIAL : PUBLICATION_UP_TO_DATE;
}

static struct top_row *copy_tops(const struct publisher *publisher, uint32_t *count)
{
    struct top_row *copy = publisher->top_count ? malloc(publisher->top_count * sizeof(*copy)) : NULL;

    *count = copy ? publisher->top_count : 0;
    if (copy)
        memcpy(copy, publisher->tops, publisher->top_count * sizeof(*copy));
    return copy;
}

static struct publication *new_publication(const struct publisher *publisher, bool failed)
{
    struct publication *publication = calloc(1, sizeof(*publication));

    if (!publication)
        return NULL;
    publication->snapshot = publisher->last ? proctcp_snapshot_ref(publisher->last) : NULL;
    if (publisher->last)
        shortfall_text(&publisher->last->stats, publication->left_out, sizeof(publication->left_out));
    publication->status = status_of(publisher, failed, *publication->left_out);
    publication->longest_us = publisher->longest_us;
    publication->longest_hour_us = longest_of_the_hour(publisher);
    publication->interval_s = publisher->settings->interval_s;
    publication->start_time = publisher->start_time;
    publication->own_netns = publisher->own_netns;
    publication->not_served = publisher->settings->not_served;
    publication->notify_max = publisher->settings->notify_max;
    publication->failures = publisher->failures;
    publication->failure_time = publisher->failure_time;
    memcpy(publication->failure, publisher->failure, sizeof(publication->failure));
    if (publisher->last)
        capabilities_missing(&publisher->last->stats, publication->missing_capabilities,
                             sizeof(publication->missing_capabilities));
    alarms_publish(&publisher->alarms, &publisher->settings->thresholds, publication);
    publication->tops = copy_tops(publisher, &publication->top_count);
    publication->gone = gone_copy(&publisher->gone);
    publication->gone_count = publisher->gone.count;
    order_rows(publication);
    tables_index(publication);
    return publication;
}

static void hand_over(struct publisher *publisher, struct publication *publication)
{
    struct publication *unused;

    pthread_mutex_lock(&publisher->lock);
    unused = publisher->newest;
    publisher->newest = publication;
    pthread_mutex_unlock(&publisher->lock);
    publication_free(unused);
    eventfd_write(publisher->wake, 1);
}

/* With the scan before. */
static void compare(struct publisher *publisher, const struct proctcp_snapshot *snapshot)
{
    const struct scans scans = {.now = snapshot, .before = publisher->last, .own_netns = publisher->own_netns};
    /* What another selection brings in is nobody's increase, and what it leaves out has not gone. */
    const struct scans like = {
        .now = snapshot, .before = publisher->selects_anew ? NULL : publisher->last, .own_netns = publisher->own_netns};

    free(publisher->tops);
    publisher->tops = NULL;
    publisher->top_count = 0;
    if (!(publisher->settings->not_served & 1u << PUBLICATION_TOPS))
        publisher->tops = tops_find(&publisher->settings->tops, &like, &publisher->top_count);
    publisher->selects_anew = false;
    alarms_evaluate(&publisher->alarms, &publisher->settings->thresholds, &scans, clock_ms(), &publisher->events);
    changes_of_listeners(&like, &publisher->events);
    gone_update(&publisher->gone, &like);
}

static void give_back(const struct lent *lent)
{
    if (lent->settings)
        lent->done(lent->settings);
}

/* Where memory is out, the next scan tries again. */
static void take_settings(struct publisher *publisher)
{
    struct lent next, former = publisher->lent;

    pthread_mutex_lock(&publisher->lock);
    next = publisher->next;
    publisher->next_is_new = false;
    if (next.settings && proctcp_scanner_set_options(publisher->scanner, &next.settings->scan) == 0)
        publisher->next = (struct lent){NULL, NULL};
    else
        next.settings = NULL;
    pthread_mutex_unlock(&publisher->lock);
    if (!next.settings)
        return;
    alarms_move(&publisher->alarms, &publisher->settings->thresholds, &next.settings->thresholds, publisher->last,
                &publisher->events);
    events_want(&publisher->events, next.settings->notify);
    publisher->lent = next;
    publisher->settings = next.settings;
    publisher->selects_anew = true;
    give_back(&former);
}

static void scan(struct publisher *publisher)
{
    const struct proctcp_snapshot *snapshot;
    const int error = proctcp_scan(publisher->scanner, &snapshot);

    if (error) {
        const char *what = proctcp_failure(publisher->scanner);

        publisher->failures++;
        publisher->failure_time = (uint64_t)time(NULL);
        publisher->failure[0] = '\0';
        strncat(publisher->failure, what && what[0] ? what : strerror(-error), sizeof(publisher->failure) - 1);
    } else {
        compare(publisher, snapshot);
        proctcp_snapshot_unref(publisher->last);
        publisher->last = snapshot;
        note_duration(publisher, snapshot->stats.duration_us);
    }

    struct publication *publication = new_publication(publisher, error);

    if (!publication)
        return;
    changes_of_scanning(publication, publisher->is_failing, &publisher->events);
    publisher->is_failing = error;
    hand_over(publisher, publication);
}

/* Sleeps until clock_ms() is due_ms. false: to stop. */
static bool sleep_until(struct publisher *publisher, int64_t due_ms)
{
    const struct timespec due = {.tv_sec = due_ms / 1000, .tv_nsec = due_ms % 1000 * 1000000};
    bool stop;

    pthread_mutex_lock(&publisher->lock);
    while (!publisher->stop && !publisher->next_is_new &&
           pthread_cond_timedwait(&publisher->stopped, &publisher->lock, &due) != ETIMEDOUT)
        ;
    stop = publisher->stop;
    pthread_mutex_unlock(&publisher->lock);
    return !stop;
}

static void note_scanning(struct publisher *publisher, int64_t since_ms)
{
    pthread_mutex_lock(&publisher->lock);
    publisher->scanning_since_ms = since_ms;
    pthread_mutex_unlock(&publisher->lock);
}

static void *run(void *argument)
{
    struct publisher *publisher = argument;
    int64_t due_ms;

    do {
        const int64_t start_ms = clock_ms();

        note_scanning(publisher, start_ms);
        take_settings(publisher);
        scan(publisher);
        note_scanning(publisher, -1);
        const int64_t end_ms = clock_ms();
        const int64_t rest_ms = end_ms + (end_ms - start_ms); /* long scans shall not keep a processor busy */
        due_ms = start_ms + (int64_t)publisher->settings->interval_s * 1000;
        if (due_ms < rest_ms)
            due_ms = rest_ms;
    } while (sleep_until(publisher, due_ms));
    return NULL;
}

int publisher_new(const struct settings *settings, struct publisher **result)
{
    struct publisher *publisher = calloc(1, sizeof(*publisher));
    pthread_condattr_t monotonic;
    struct stat netns;
    int error;

    if (!publisher)
        return -ENOMEM;
    error = events_start(&publisher->events, settings->notify);
    if (error == 0)
        error = proctcp_scanner_new(&settings->scan, &publisher->scanner);
    if (error) {
        events_free(&publisher->events);
        free(publisher);
        return error;
    }
    publisher->settings = settings;
    publisher->scanning_since_ms = -1;
    publisher->own_netns = stat("/proc/self/ns/net", &netns) == 0 ? (uint32_t)netns.st_ino : 0;
    publisher->start_time = (uint64_t)time(NULL);
    pthread_mutex_init(&publisher->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&publisher->stopped, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *result = publisher;
    return 0;
}

/* Signals are the main thread's. */
int publisher_start(struct publisher *publisher, int wake)
{
    sigset_t all, before;

    publisher->wake = wake;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&publisher->thread, NULL, run, publisher);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    publisher->started = !error;
    return -error;
}

void publisher_free(struct publisher *publisher)
{
    if (!publisher)
        return;
    if (publisher->started) {
        pthread_mutex_lock(&publisher->lock);
        publisher->stop = true;
        pthread_cond_signal(&publisher->stopped);
        pthread_mutex_unlock(&publisher->lock);
        pthread_join(publisher->thread, NULL);
    }
    publication_free(publisher->newest);
    proctcp_snapshot_unref(publisher->last);
    proctcp_scanner_free(publisher->scanner);
    alarms_free(&publisher->alarms);
    gone_free(&publisher->gone);
    free(publisher->tops);
    events_free(&publisher->events);
    give_back(&publisher->lent);
    give_back(&publisher->next);
    pthread_cond_destroy(&publisher->stopped);
    pthread_mutex_destroy(&publisher->lock);
    free(publisher);
}

struct events *publisher_events(struct publisher *publisher)
{
    return &publisher->events;
}

void publisher_set_settings(struct publisher *publisher, struct settings *settings, void (*done)(struct settings *))
{
    struct lent unused;

    pthread_mutex_lock(&publisher->lock);
    unused = publisher->next;
    publisher->next = (struct lent){settings, done};
    publisher->next_is_new = true;
    pthread_cond_signal(&publisher->stopped);
    pthread_mutex_unlock(&publisher->lock);
    give_back(&unused);
}

int64_t publisher_scanning_since(struct publisher *publisher)
{
    int64_t since_ms;

    pthread_mutex_lock(&publisher->lock);
    since_ms = publisher->scanning_since_ms;
    pthread_mutex_unlock(&publisher->lock);
    return since_ms;
}

struct publication *publisher_take(struct publisher *publisher)
{
    struct publication *publication;

    pthread_mutex_lock(&publisher->lock);
    publication = publisher->newest;
    publisher->newest = NULL;
    pthread_mutex_unlock(&publisher->lock);
    return publication;
}

bool publisher_has(struct publisher *publisher, const struct proctcp_snapshot *served, bool *same_snapshot)
{
    bool has;

    pthread_mutex_lock(&publisher->lock);
    has = publisher->newest;
    *same_snapshot = has && publisher->newest->snapshot == served;
    pthread_mutex_unlock(&publisher->lock);
    return has;
}
