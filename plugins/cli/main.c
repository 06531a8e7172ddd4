/* main.c - the command line program: scans, prints, and says on stderr what could not be read. */
#include "options.h"
#include "output.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
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

static void print(const struct settings *settings, const struct proctcp_snapshot *snapshot, bool first)
{
    static void (*const writers[4][3])(const struct output *output) = {
        [ROWS] = {[TABLE] = table_rows, [JSON] = json_rows, [CSV] = csv_rows},
        [PROCESSES] = {[TABLE] = table_processes, [JSON] = json_processes, [CSV] = csv_processes},
        [UNATTRIBUTED] = {[TABLE] = table_unattributed, [JSON] = json_unattributed, [CSV] = csv_unattributed},
        [STATS] = {[TABLE] = json_stats, [JSON] = json_stats, [CSV] = json_stats},
    };
    const struct output output = {stdout, snapshot, first, settings->interval_s > 0};

    if (!first && settings->form == TABLE && settings->content != STATS)
        putchar('\n');
    writers[settings->content][settings->form](&output);
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
        {stats->exhausted, "reads given up for want of descriptors or memory: %u (ulimit -n raises the limit)"},
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
static bool flush(int *status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    if (errno != EPIPE) {
        say("standard output: %s", strerror(errno));
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
    const struct proctcp_snapshot *snapshot;
    int status = STATUS_NOTHING;
    unsigned said = 0;
    bool printed = false;

    for (unsigned long scans = 1;; scans++) {
        struct timespec begun;
        clock_gettime(CLOCK_MONOTONIC, &begun);
        if (proctcp_scan(scanner, &snapshot) == 0) {
            status = STATUS_READ;
            print(settings, snapshot, !printed);
            printed = true;
            say_what_is_missing(&snapshot->stats, &said);
            proctcp_snapshot_unref(snapshot);
            if (!flush(&status))
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
    struct settings settings = {.options.source = PROCTCP_SOURCE_AUTO};
    struct proctcp_scanner *scanner = NULL;
    int status;

    signal(SIGPIPE, SIG_IGN);
    if (options_parse(argc, argv, &settings, &status)) {
        int error = proctcp_scanner_new(&settings.options, &scanner);
        status = STATUS_USAGE;
        if (error)
            say("%s", strerror(-error));
        else
            status = run(&settings, scanner);
    } else if (status == STATUS_READ) {
        flush(&status);
    }
    proctcp_scanner_free(scanner);
    proctcp_selection_free(settings.selection);
    return status;
}
