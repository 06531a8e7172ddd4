/* main.c - the command line program: scans, prints, and says on stderr what could not be read. */
#include "doctor.h"
#include "hint.h"
#include "options.h"
#include "order.h"
#include "output.h"
#include "terminal.h"
#include "top.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    va_list arguments;
    fputs("proctcp: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    putc('\n', stderr);
}

/* By socket: its row of rank 1, or PROCTCP_NONE. NULL: memory is out. */
static uint32_t *find_first_rows(const struct proctcp_snapshot *snapshot)
{
    uint32_t *first_rows = malloc(((size_t)snapshot->socket_count + 1) * sizeof(*first_rows));

    if (!first_rows)
        return NULL;
    memset(first_rows, 0xff, snapshot->socket_count * sizeof(*first_rows));
    for (uint32_t i = 0; i < snapshot->row_count; i++) {
        const struct proctcp_row *row = &snapshot->rows[i];
        if (row->owner_rank == 1 || first_rows[row->socket] == PROCTCP_NONE)
            first_rows[row->socket] = i;
    }
    return first_rows;
}

static void print_items(const struct settings *settings, const struct output *output)
{
    if (settings->form == JSON)
        json_items(output);
    else if (settings->form == CSV)
        csv_items(output);
    else
        table_items(output);
}

/* false: memory is out. */
static bool print(const struct settings *settings, const struct proctcp_snapshot *snapshot, bool first,
                  struct writer *writer)
{
    const struct view *view = settings->view;
    uint32_t *first_rows = view && view->needs_first_rows ? find_first_rows(snapshot) : NULL;
    struct output output = {.writer = writer,
                            .snapshot = snapshot,
                            .view = view,
                            .choice = &settings->choice,
                            .first_rows = first_rows,
                            .style = settings->style,
                            .first = first,
                            .repeated = settings->interval_s > 0};
    uint32_t *order = NULL;
    bool done = !view || !view->needs_first_rows || first_rows;

    if (settings->follows_terminal && !first)
        output.style.width = terminal_width();
    if (done && view && settings->sort.count) {
        output.order = order = order_items(&output, &settings->sort);
        done = order != NULL;
    }
    if (!done)
        say("out of memory");
    else if (!view)
        json_stats(&output);
    else
        print_items(settings, &output);
    writer_flush(writer);
    free(order);
    free(first_rows);
    return done;
}

/* A listing of rows has no line for what nobody holds. */
static void say_what_is_left_out(const struct settings *settings, const struct proctcp_snapshot *snapshot)
{
    const uint32_t unattributed = snapshot->stats.unattributed;

    if ((settings->view == &row_view && snapshot->row_count == 0) ||
        (settings->view == &process_view && snapshot->process_count == 0) ||
        (settings->view == &listener_view && snapshot->listener_count == 0) ||
        (settings->view == &group_view && snapshot->all.sockets == 0))
        hint_empty(settings);
    if (settings->view == &row_view && settings->form == TABLE && unattributed)
        say("sockets without a holder: %u (--unattributed counts them, --sockets lists them)", unattributed);
    if (settings->view == &group_view && snapshot->groups_left_out)
        say("names that found no place: %u, summed as " PROCTCP_GROUP_OTHER " (--max-groups allows more)",
            snapshot->groups_left_out);
}

/* What the rows cannot show; each kind of it once, when it is first met. */
static void say_what_is_missing(const struct proctcp_stats *stats, unsigned *said)
{
    const struct {
        uint32_t count;
        const char *what;
    } kinds[] = {
        {stats->denied,
         "processes whose descriptors may not be read: %u (that takes CAP_SYS_PTRACE and "
         "CAP_DAC_READ_SEARCH, which root has unless a container or a security module takes them)"},
        {stats->exhausted,
         "reads given up for want of descriptors or memory (ulimit -n raises the limit), or for what one user may "
         "cost: %u"},
        {stats->namespaces_failed, "network namespaces whose tables could not be read: %u"},
        {stats->unread, "TCP descriptors left out, for the tables that should show them were not read: %u"},
        {stats->failed, "processes that could not be read: %u"},
        {stats->malformed, "lines that were not understood: %u"},
    };
    char failure[256];
    bool anything = false;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char line[256];
        if (!kinds[i].count || *said >> i & 1)
            continue;
        snprintf(line, sizeof(line), kinds[i].what, kinds[i].count);
        say("partial: %s", line);
        *said |= 1u << i;
        anything = true;
    }
    if (!anything || !*stats->failure)
        return;
    proctcp_escape(stats->failure, failure, sizeof(failure), true);
    say("the first failure: %s", failure);
}

/* Whatever was to be written has been; a reader that went away has seen what it wanted. */
static bool flush(const struct writer *writer, int *status)
{
    const int error = writer->error || fflush(stdout) == 0 ? writer->error : errno;

    if (error == 0)
        return true;
    if (error != EPIPE) {
        say("standard output: %s", strerror(error));
        *status = STATUS_NOTHING;
    }
    return false;
}

static void wait_for_next(const struct timespec *begun, double interval_s)
{
    struct timespec next = *begun;
    time_t whole = (time_t)interval_s;

    next.tv_sec += whole;
    next.tv_nsec += (long)((interval_s - (double)whole) * 1e9);
    if (next.tv_nsec >= 1000000000) {
        next.tv_sec++;
        next.tv_nsec -= 1000000000;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) == EINTR)
        ;
}

static int run(const struct settings *settings, struct proctcp_scanner *scanner)
{
    static struct writer writer;
    const struct proctcp_snapshot *snapshot;
    int status = STATUS_NOTHING;
    unsigned said = 0;
    bool printed = false;

    writer.file = stdout;
    for (unsigned long scans = 1;; scans++) {
        struct timespec begun;
        clock_gettime(CLOCK_MONOTONIC, &begun);
        if (proctcp_scan(scanner, &snapshot) == 0) {
            status = STATUS_READ;
            if (!print(settings, snapshot, !printed, &writer))
                status = STATUS_NOTHING;
            if (!printed)
                say_what_is_left_out(settings, snapshot);
            printed = true;
            say_what_is_missing(&snapshot->stats, &said);
            proctcp_snapshot_unref(snapshot);
            if (!flush(&writer, &status))
                return status;
        } else {
            const char *root = settings->options.proc_root;
            char failure[256];
            proctcp_escape(proctcp_failure(scanner), failure, sizeof(failure), true);
            say("%s%s", failure,
                root && strncmp(failure, root, strlen(root)) == 0
                    ? " (--proc-root must be the /proc of a Linux host, or a copy of one, that may be read)"
                    : "");
        }
        if (settings->interval_s == 0 || (settings->counted && scans == settings->count))
            return status;
        wait_for_next(&begun, settings->interval_s);
    }
}

int main(int argc, char **argv)
{
    static struct settings settings = {.options.source = PROCTCP_SOURCE_AUTO, .style.header = true};
    struct proctcp_scanner *scanner = NULL;
    int status;

    signal(SIGPIPE, SIG_IGN);
    if (argc > 1 && strcmp(argv[1], "doctor") == 0)
        return doctor_run(argc - 1, argv + 1);
    const bool parsed = options_parse(argc, argv, &settings, &status);
    if (parsed && settings.top) {
        status = top_run(&settings);
    } else if (parsed) {
        int error = proctcp_scanner_new(&settings.options, &scanner);
        status = STATUS_USAGE;
        if (error)
            say("%s", strerror(-error));
        else
            status = run(&settings, scanner);
    } else if (status == STATUS_READ && fflush(stdout) != 0 && errno != EPIPE) {
        say("standard output: %s", strerror(errno));
        status = STATUS_NOTHING;
    }
    proctcp_scanner_free(scanner);
    proctcp_selection_free(settings.selection);
    proctcp_grouping_free(settings.grouping);
    return status;
}
