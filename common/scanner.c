/* scanner.c - one scan: capture, model, history, snapshot. Knows their order, who lives how long, and what ends a scan.
 * The only file that sees every floor. */
#include "capture/run.h"
#include "history/history.h"
#include "select/grouping.h"
#include "select/select.h"
#include "snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

struct proctcp_scanner {
    struct config config; /* for its life */
    char *root;
    bool listeners; /* are asked for */

    struct inquiry *inquiry; /* memory of one scan, kept for the next */
    struct capture capture;
    struct model model;
    struct tuples tuples;

    struct recollection recollection, next_recollection; /* from scan to scan */
    struct history history, next_history;
    uint64_t generation;
    bool is_cancelled; /* by any thread, for good: atomic */
    char failure[256];
};

static const struct proctcp_options default_options = {.listeners = false};

static bool are_valid(const struct proctcp_options *options)
{
    return (unsigned)options->source <= PROCTCP_SOURCE_BPF && (!options->proc_root || *options->proc_root);
}

/* 0 or -ENOMEM, and nothing is changed. */
static int take_options(struct proctcp_scanner *scanner, const struct proctcp_options *options)
{
    struct config *config = &scanner->config;
    char *root = strdup(options->proc_root ? options->proc_root : "/proc");

    if (!root)
        return -ENOMEM;
    free(scanner->root);
    config->root = scanner->root = root;
    scanner->listeners = options->listeners;
    config->source = options->source ? options->source : PROCTCP_SOURCE_AUTO;
    config->selection = select_asks_anything(options->selection) ? options->selection : NULL;
    config->grouping = options->grouping;
    config->every_socket = select_unbound(config->selection);
    config->states = config->every_socket ? UINT32_MAX : select_states(config->selection);
    config->bound = !config->every_socket && config->states >> PROCTCP_CLOSED & 1;
    return 0;
}

int proctcp_scanner_new(const struct proctcp_options *options, struct proctcp_scanner **scanner)
{
    struct proctcp_scanner *made;
    struct config *config;

    if (!options)
        options = &default_options;
    if (!are_valid(options))
        return -EINVAL;
    made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    config = &made->config;
    made->inquiry = capture_new(config, &made->is_cancelled);
    if (!made->inquiry || take_options(made, options) < 0) {
        proctcp_scanner_free(made);
        return -ENOMEM;
    }
    config->hz = (uint32_t)sysconf(_SC_CLK_TCK);
    if (getrandom(&config->seed, sizeof(config->seed), GRND_NONBLOCK) < 0)
        config->seed = (uintptr_t)made; /* early at boot; an address serves */
    *scanner = made;
    return 0;
}

/* What scans have found out is known on; what they have answered by rules or by another tree is asked anew. */
int proctcp_scanner_set_options(struct proctcp_scanner *scanner, const struct proctcp_options *options)
{
    const struct config before = scanner->config;
    bool is_elsewhere, is_reselected, is_regrouped;
    int status;

    if (!options)
        options = &default_options;
    if (!are_valid(options) || !options->grouping != !before.grouping)
        return -EINVAL;
    is_elsewhere = strcmp(scanner->root, options->proc_root ? options->proc_root : "/proc") != 0;
    is_reselected = !select_is_same(before.selection, options->selection);
    is_regrouped = !grouping_is_same(before.grouping, options->grouping);
    status = take_options(scanner, options);
    if (status)
        return status;
    if (is_elsewhere || is_reselected)
        recollection_forget_answers(&scanner->recollection);
    if (is_elsewhere)
        scanner->recollection.boot_time = 0;
    if (is_regrouped)
        recollection_forget_groups(&scanner->recollection);
    scanner->history.is_reselected |= is_elsewhere || is_reselected;
    scanner->history.is_regrouped |= is_regrouped;
    return 0;
}

void proctcp_scanner_free(struct proctcp_scanner *scanner)
{
    if (!scanner)
        return;
    proctcp_snapshot_unref(scanner->history.previous);
    capture_free(scanner->inquiry);
    capture_clear(&scanner->capture);
    model_clear(&scanner->model);
    tuples_clear(&scanner->tuples);
    recollection_clear(&scanner->recollection);
    recollection_clear(&scanner->next_recollection);
    history_clear(&scanner->history);
    history_clear(&scanner->next_history);
    free(scanner->root);
    free(scanner);
}

void proctcp_scanner_cancel(struct proctcp_scanner *scanner)
{
    __atomic_store_n(&scanner->is_cancelled, true, __ATOMIC_RELAXED);
}

/* What a stage returned, or -ECANCELED: nobody waits for the next one. */
static int unless_cancelled(const struct proctcp_scanner *scanner, int status)
{
    return __atomic_load_n(&scanner->is_cancelled, __ATOMIC_RELAXED) ? -ECANCELED : status;
}

/* The model may want to know more: who holds the peers of what is selected, among the processes that the selection left
 * out. That is one more round of questions, and no further one. */
static int find_holders_of_peers(struct proctcp_scanner *scanner)
{
    const struct config *config = &scanner->config;
    struct wanted_sockets wanted = {0};
    int status = 0;

    if (!scanner->capture.stats.skipped || !scanner->capture.owners.count)
        return 0;
    status = peers_wanted(&scanner->model, &scanner->capture, config->selection, &scanner->tuples, &wanted);
    if (status == 0 && wanted.count)
        status = capture_find_holders(scanner->inquiry, &wanted);
    vector_free(&wanted);
    return status;
}

static int make_model(struct proctcp_scanner *scanner)
{
    const struct config *config = &scanner->config;
    struct model *model = &scanner->model;
    struct capture *capture = &scanner->capture;
    uint32_t leftovers;
    int status = unless_cancelled(scanner, model_begin(model, capture));

    if (status == 0)
        status = unless_cancelled(scanner, tuples_index(model, capture, config->seed, &scanner->tuples, &leftovers));
    if (status == 0) {
        capture->stats.duplicates += leftovers;
        status = unless_cancelled(scanner, find_holders_of_peers(scanner));
    }
    if (status == 0)
        status = unless_cancelled(scanner, capture_read_facts(scanner->inquiry));
    if (status == 0)
        status = unless_cancelled(scanner, model_join(model, capture));
    if (status == 0)
        status = unless_cancelled(scanner, peers_find(model, &scanner->tuples, scanner->listeners));
    if (status == 0)
        status = unless_cancelled(scanner, model_drop_dead(model));
    if (status == 0)
        status = unless_cancelled(scanner, filter_model(model, capture, config->selection));
    if (status == 0)
        status = unless_cancelled(scanner, sums_count(model, capture, &capture->stats.unbound));
    if (status == 0)
        status = unless_cancelled(scanner, groups_name(model, capture, config->grouping, config->seed));
    if (status == 0)
        status = unless_cancelled(scanner, listeners_count(model, capture, config->selection));
    return status;
}

static int run_stages(struct proctcp_scanner *scanner)
{
    struct capture *capture = &scanner->capture;
    struct model *model = &scanner->model;
    int status = capture_run(scanner->inquiry, &scanner->recollection, scanner->history.previous,
                             &scanner->next_recollection, capture),
        ended;

    status = unless_cancelled(scanner, status);
    if (status == 0)
        status = make_model(scanner);
    ended = capture_end(scanner->inquiry);
    if (status == 0)
        status = ended;
    if (status == 0)
        status =
            history_place_groups(&scanner->history, &scanner->config, model, &capture->strings, &scanner->next_history);
    if (status == 0)
        status = unless_cancelled(scanner, history_apply(&scanner->history, capture, scanner->config.selection, model,
                                                         &capture->strings, &scanner->next_history));
    if (status == 0)
        status = unless_cancelled(scanner, sums_unattributed(model, &capture->stats.unattributed));
    if (status == 0)
        status = unless_cancelled(scanner, groups_sum(model, capture));
    if (status == 0)
        history_keep_groups(model, &scanner->next_history);
    return status;
}

/* This scan is the one before the next. */
static void pass_on(struct proctcp_scanner *scanner, const struct proctcp_snapshot *made)
{
    const struct recollection recollection = scanner->recollection;
    const struct history history = scanner->history;

    scanner->recollection = scanner->next_recollection;
    scanner->next_recollection = recollection;
    proctcp_snapshot_unref(history.previous);
    scanner->history = scanner->next_history;
    scanner->history.previous = proctcp_snapshot_ref(made);
    scanner->next_history = history;
    scanner->next_history.previous = NULL;
    scanner->generation++;
}

static uint64_t microseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* What the last model took over from its capture, and did not give to the snapshot, comes back. */
static void recycle(struct proctcp_scanner *scanner)
{
    if (!scanner->capture.by_inode.at) {
        scanner->capture.by_inode = scanner->model.by_inode;
        scanner->model.by_inode = (struct hash){0};
    }
    capture_recycle(&scanner->capture);
    model_recycle(&scanner->model);
    tuples_recycle(&scanner->tuples);
    recollection_recycle(&scanner->next_recollection);
    history_recycle(&scanner->next_history);
}

int proctcp_scan(struct proctcp_scanner *scanner, const struct proctcp_snapshot **snapshot)
{
    struct proctcp_stats *stats = &scanner->capture.stats;
    const uint64_t begun = microseconds(CLOCK_MONOTONIC), now = microseconds(CLOCK_REALTIME) / 1000000;
    const struct proctcp_snapshot *made;
    int status;

    recycle(scanner);
    scanner->failure[0] = '\0';
    stats->generation = scanner->generation + 1;
    stats->time = now;
    status = run_stages(scanner);
    if (status == 0) {
        stats->duration_us = microseconds(CLOCK_MONOTONIC) - begun;
        status = snapshot_freeze(&scanner->model, &scanner->capture, &made);
    }
    if (status) {
        if (status == -ECANCELED)
            snprintf(scanner->failure, sizeof(scanner->failure), "cancelled");
        else if (!scanner->capture.failure[0] || status == -ENOMEM)
            snprintf(scanner->failure, sizeof(scanner->failure), "%s: %s", scanner->root, strerror(-status));
        else
            memcpy(scanner->failure, scanner->capture.failure, sizeof(scanner->failure));
        recollection_keep_children(&scanner->recollection, &scanner->next_recollection);
        return status;
    }
    pass_on(scanner, made);
    *snapshot = made;
    return 0;
}

const char *proctcp_failure(const struct proctcp_scanner *scanner)
{
    return scanner->failure;
}
