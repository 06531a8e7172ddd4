/* main.c - the command line program: options, the loop, and what is said on stderr. */
#include "output.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STATUS_READ = 0, STATUS_NOTHING = 1, STATUS_USAGE = 2 };

enum content { ROWS, PROCESSES, UNATTRIBUTED, STATS };

enum form { TABLE, JSON, CSV };

struct settings {
    struct proctcp_options options;
    struct proctcp_selection *selection;
    const char *selected_by; /* the first selection option, or NULL */
    enum content content;
    const char *content_option; /* how it was asked for, or NULL */
    enum form form;
    double interval_s; /* 0: once */
    unsigned long count;
    bool counted;
};

static const char help[] =
    "Usage: proctcp [OPTION]...\n"
    "Shows which process holds which TCP socket, one row per descriptor.\n"
    "\n"
    "Instead of rows:\n"
    "  --processes            one row per process that holds TCP sockets\n"
    "  --unattributed         how many sockets no visible process holds\n"
    "  --stats                one JSON object about the scan\n"
    "Output:\n"
    "  -o, --output FORM      table (default), json (one object per line) or csv\n"
    "  --interval SECONDS     scan again and again\n"
    "  --count N              end after N scans; every second without --interval\n"
    "Selection (a value may be a list: 80,443; kinds are combined):\n"
    "  --pid PID              --process NAME         --user USER\n"
    "  --state STATE          established, listen, closeWait ... (as ss and the TCP-MIB name them)\n"
    "  --local-port PORT      --remote-port PORT     443, https, 8000-8099\n"
    "  --local ADDRESS        --remote ADDRESS       192.0.2.1, 10.0.0.0/8, 2001:db8::/32\n"
    "Reading:\n"
    "  --source SOURCE        auto (default) or procfs\n"
    "  --netns all|own        tables of all network namespaces (default), or of one's own\n"
    "  --proc-root DIRECTORY  another /proc, such as a recorded tree\n"
    "  -h, --help             -V, --version\n"
    "\n"
    "Exit status: 0 the tables were read (what is missing is said on stderr), 1 nothing could be read, 2 usage.\n";

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

bool output_shows_row(const struct output *output, const struct proctcp_row *row)
{
    return !output->selection || proctcp_selection_matches(output->selection, output->snapshot, row);
}

bool output_shows_process(const struct output *output, const struct proctcp_process *process)
{
    for (uint32_t i = 0; i < process->row_count; i++) {
        if (output_shows_row(output, &output->snapshot->rows[process->first_row + i]))
            return true;
    }
    return false;
}

/* ---- options ---- */

static bool usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

static bool usage(const char *format, ...)
{
    va_list arguments;
    fputs("proctcp: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("; proctcp --help lists the options\n", stderr);
    return false;
}

/* Every option beyond these two letters is a long one; its number is its place in the table plus LONG. */
enum { LONG = 256 };

enum option_name {
    OPTION_PROCESSES,
    OPTION_UNATTRIBUTED,
    OPTION_STATS,
    OPTION_INTERVAL,
    OPTION_COUNT,
    OPTION_SOURCE,
    OPTION_NETNS,
    OPTION_PROC_ROOT,
    OPTION_SELECTION, /* and all after it */
};

static const struct option options[] = {
    {"output", required_argument, NULL, 'o'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"processes", no_argument, NULL, LONG + OPTION_PROCESSES},
    {"unattributed", no_argument, NULL, LONG + OPTION_UNATTRIBUTED},
    {"stats", no_argument, NULL, LONG + OPTION_STATS},
    {"interval", required_argument, NULL, LONG + OPTION_INTERVAL},
    {"count", required_argument, NULL, LONG + OPTION_COUNT},
    {"source", required_argument, NULL, LONG + OPTION_SOURCE},
    {"netns", required_argument, NULL, LONG + OPTION_NETNS},
    {"proc-root", required_argument, NULL, LONG + OPTION_PROC_ROOT},
    {"pid", required_argument, NULL, LONG + OPTION_SELECTION},
    {"process", required_argument, NULL, LONG + OPTION_SELECTION + 1},
    {"user", required_argument, NULL, LONG + OPTION_SELECTION + 2},
    {"state", required_argument, NULL, LONG + OPTION_SELECTION + 3},
    {"local-port", required_argument, NULL, LONG + OPTION_SELECTION + 4},
    {"remote-port", required_argument, NULL, LONG + OPTION_SELECTION + 5},
    {"local", required_argument, NULL, LONG + OPTION_SELECTION + 6},
    {"remote", required_argument, NULL, LONG + OPTION_SELECTION + 7},
    {NULL, 0, NULL, 0},
};

static bool add_selection(struct settings *settings, const char *option, const char *value)
{
    char kind[32], error[512];

    snprintf(kind, sizeof(kind), "%s", option);
    for (char *c = kind; *c; c++) {
        if (*c == '-')
            *c = '_';
    }
    if (!settings->selection && proctcp_selection_new(&settings->selection) < 0)
        return usage("out of memory");
    if (proctcp_selection_add(settings->selection, kind, value, error, sizeof(error)) < 0) {
        const char *reason = strchr(error, ':'); /* behind the kind, which is the option's name but for a dash */
        return usage("--%s%s", option, reason ? reason : "");
    }
    if (!settings->selected_by)
        settings->selected_by = option;
    return true;
}

static bool set_form(struct settings *settings, const char *value)
{
    static const char *const forms[] = {[TABLE] = "table", [JSON] = "json", [CSV] = "csv"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(value, forms[i]) == 0) {
            settings->form = (enum form)i;
            return true;
        }
    }
    return usage("--output: \"%s\" is no form: give table, json or csv", value);
}

static bool set_content(struct settings *settings, const char *option, enum content content)
{
    if (settings->content_option && settings->content != content)
        return usage("--%s and --%s: give one of them", settings->content_option, option);
    settings->content_option = option;
    settings->content = content;
    return true;
}

static bool set_source(struct settings *settings, const char *value)
{
    for (unsigned source = PROCTCP_SOURCE_AUTO; source <= PROCTCP_SOURCE_NETLINK; source++) {
        if (strcmp(value, proctcp_source_name(source)) == 0) {
            settings->options.source = source;
            return true;
        }
    }
    return usage("--source: \"%s\" is no source: give auto or procfs", value);
}

static bool set_netns(struct settings *settings, const char *value)
{
    settings->options.own_netns_only = strcmp(value, "own") == 0;
    return settings->options.own_netns_only || strcmp(value, "all") == 0 ||
           usage("--netns: \"%s\" is no choice of namespaces: give all or own", value);
}

static bool set_interval(struct settings *settings, const char *value)
{
    char *end;
    settings->interval_s = strtod(value, &end);
    if (end == value || *end || !isfinite(settings->interval_s) || settings->interval_s < 0.01 ||
        settings->interval_s > 86400)
        return usage("--interval: \"%s\" is no interval: give 0.01 to 86400 seconds", value);
    return true;
}

static bool set_count(struct settings *settings, const char *value)
{
    char *end;
    errno = 0;
    settings->count = strtoul(value, &end, 10);
    settings->counted = true;
    if (*value < '0' || *value > '9' || *end || errno || settings->count == 0)
        return usage("--count: \"%s\" is no count: give a number from 1 on", value);
    return true;
}

static bool set_option(struct settings *settings, int option, const char *name, const char *value)
{
    switch (option) {
    case LONG + OPTION_PROCESSES:
        return set_content(settings, name, PROCESSES);
    case LONG + OPTION_UNATTRIBUTED:
        return set_content(settings, name, UNATTRIBUTED);
    case LONG + OPTION_STATS:
        return set_content(settings, name, STATS);
    case LONG + OPTION_INTERVAL:
        return set_interval(settings, value);
    case LONG + OPTION_COUNT:
        return set_count(settings, value);
    case LONG + OPTION_SOURCE:
        return set_source(settings, value);
    case LONG + OPTION_NETNS:
        return set_netns(settings, value);
    case LONG + OPTION_PROC_ROOT:
        if (!*value)
            return usage("--proc-root: give a directory");
        settings->options.proc_root = value;
        return true;
    default:
        return add_selection(settings, name, value);
    }
}

/* false: *status is what to end with. */
static bool parse_options(int argc, char **argv, struct settings *settings, int *status)
{
    int option, place;

    *status = STATUS_USAGE;
    while ((option = getopt_long(argc, argv, "o:hV", options, &place)) != -1) {
        if (option == 'h' || option == 'V') {
            *status = STATUS_READ;
            fputs(option == 'h' ? help : "proctcp " PROCTCP_VERSION "\n", stdout);
            return false;
        }
        if (option == '?')
            return usage("the command line was not understood");
        if (option == 'o' ? !set_form(settings, optarg) : !set_option(settings, option, options[place].name, optarg))
            return false;
    }
    if (optind < argc)
        return usage("\"%s\" is not an option; selection is by options such as --process", argv[optind]);
    if (settings->selected_by && (settings->content == UNATTRIBUTED || settings->content == STATS))
        return usage("--%s chooses rows and processes; it has no meaning with --%s", settings->selected_by,
                     settings->content_option);
    if (settings->counted && settings->count > 1 && settings->interval_s == 0)
        settings->interval_s = 1;
    return true;
}

/* ---- output ---- */

static void print(const struct settings *settings, const struct proctcp_snapshot *snapshot)
{
    static void (*const writers[4][3])(const struct output *output) = {
        [ROWS] = {[TABLE] = table_rows, [JSON] = json_rows, [CSV] = csv_rows},
        [PROCESSES] = {[TABLE] = table_processes, [JSON] = json_processes, [CSV] = csv_processes},
        [UNATTRIBUTED] = {[TABLE] = table_unattributed, [JSON] = json_unattributed, [CSV] = csv_unattributed},
        [STATS] = {[TABLE] = json_stats, [JSON] = json_stats, [CSV] = json_stats},
    };
    const struct output output = {stdout, snapshot, settings->selection};
    writers[settings->content][settings->form](&output);
}

/* Once for all scans: what the rows cannot show. */
static void say_what_is_missing(const struct proctcp_stats *stats)
{
    char failure[512];

    proctcp_escape(stats->failure, failure, sizeof(failure));
    for (char *space; (space = strstr(failure, "\\x20")); memmove(space + 1, space + 4, strlen(space + 4) + 1))
        *space = ' ';
    if (stats->denied)
        say("partial: processes whose descriptors may not be read: %u (that takes root, or CAP_SYS_PTRACE and "
            "CAP_DAC_READ_SEARCH)",
            stats->denied);
    if (stats->exhausted)
        say("partial: reads given up for want of descriptors or memory: %u (ulimit -n raises the limit)",
            stats->exhausted);
    if (stats->namespaces_failed)
        say("partial: network namespaces whose tables could not be read: %u", stats->namespaces_failed);
    if (stats->failed)
        say("partial: processes that could not be read: %u", stats->failed);
    if (stats->malformed)
        say("partial: lines that were not understood: %u", stats->malformed);
    if (*failure && (stats->denied || stats->exhausted || stats->namespaces_failed || stats->failed))
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
    double whole = floor(interval_s);

    next.tv_sec += (time_t)whole;
    next.tv_nsec += (long)((interval_s - whole) * 1e9);
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
    bool said = false;

    for (unsigned long scans = 1;; scans++) {
        struct timespec begun;
        clock_gettime(CLOCK_MONOTONIC, &begun);
        if (proctcp_scan(scanner, &snapshot) == 0) {
            status = STATUS_READ;
            if (scans > 1 && settings->form == TABLE && settings->content != STATS)
                putchar('\n');
            print(settings, snapshot);
            if (!said)
                say_what_is_missing(&snapshot->stats);
            said = true;
            proctcp_snapshot_unref(snapshot);
            if (!flush(&status))
                return status;
        } else {
            say("%s (is %s the /proc of a Linux host, and may it be read?)", proctcp_failure(scanner),
                settings->options.proc_root ? settings->options.proc_root : "/proc");
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
    if (parse_options(argc, argv, &settings, &status)) {
        int error = proctcp_scanner_new(&settings.options, &scanner);
        status = STATUS_USAGE;
        if (error == -EOPNOTSUPP)
            usage("--source: %s is not supported by this build", proctcp_source_name(settings.options.source));
        else if (error)
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
