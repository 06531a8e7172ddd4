/* options.c - the command line into settings; each wrong word is answered with the option's name and the remedy. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: proctcp [OPTION]...\n"
    "Shows which process holds which TCP socket, one row per descriptor.\n"
    "\n"
    "Instead of rows:\n"
    "  --processes            one row per process that holds TCP sockets\n"
    "  --sockets              every socket, held or not, with who held it last\n"
    "  --unattributed         how many sockets no visible process holds, by who held them last\n"
    "  --stats                one JSON object about the scan\n"
    "Output:\n"
    "  -o, --output FORM      table (default), json (one object per line) or csv\n"
    "  --interval SECONDS     scan again and again\n"
    "  --count N              end after N scans; every second without --interval\n"
    "Selection (a value may be a list: 80,443; kinds are combined; what is left out costs less):\n"
    "  --pid PID              --process NAME         --user USER\n"
    "  --command REGEX        found in the command line (extended; no list)\n"
    "  --cgroup GROUP         /system.slice and all below it, or the name of a group, nginx.service\n"
    "  --state STATE          established, listen, closeWait ... (as ss and the TCP-MIB name them)\n"
    "  --local-port PORT      --remote-port PORT     443, https, 8000-8099\n"
    "  --local ADDRESS        --remote ADDRESS       192.0.2.1, 10.0.0.0/8, 2001:db8::/32\n"
    "  --netns all|own|NETNS  tables of all network namespaces (default), of one's own, or of those\n"
    "                         with a name (ip netns) or an inode\n"
    "  --exclude-KIND VALUE   KIND is any of these: what it names is left out, whatever else selects it\n"
    "Reading:\n"
    "  --source SOURCE        auto (default), netlink (sock_diag) or procfs\n"
    "  --proc-root DIRECTORY  another /proc, such as a recorded tree\n"
    "  -h, --help             -V, --version\n"
    "\n"
    "Exit status: 0 the tables were read (what is missing is said on stderr), 1 nothing could be read, 2 usage.\n";

bool options_complain(const char *format, ...)
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
    OPTION_SOCKETS,
    OPTION_UNATTRIBUTED,
    OPTION_STATS,
    OPTION_INTERVAL,
    OPTION_COUNT,
    OPTION_SOURCE,
    OPTION_PROC_ROOT,
    OPTION_SELECTION,
};

/* clang-format off */
/* Each has a number of its own, or getopt_long() would not see that an abbreviation is ambiguous. */
#define RULE(kind, number)                                                                                             \
    {kind, required_argument, NULL, LONG + OPTION_SELECTION + 2 * (number)},                                           \
    {"exclude-" kind, required_argument, NULL, LONG + OPTION_SELECTION + 2 * (number) + 1}
/* clang-format on */

static const struct option options[] = {
    {"output", required_argument, NULL, 'o'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"processes", no_argument, NULL, LONG + OPTION_PROCESSES},
    {"sockets", no_argument, NULL, LONG + OPTION_SOCKETS},
    {"unattributed", no_argument, NULL, LONG + OPTION_UNATTRIBUTED},
    {"stats", no_argument, NULL, LONG + OPTION_STATS},
    {"interval", required_argument, NULL, LONG + OPTION_INTERVAL},
    {"count", required_argument, NULL, LONG + OPTION_COUNT},
    {"source", required_argument, NULL, LONG + OPTION_SOURCE},
    {"proc-root", required_argument, NULL, LONG + OPTION_PROC_ROOT},
    RULE("pid", 0),
    RULE("process", 1),
    RULE("user", 2),
    RULE("command", 3),
    RULE("cgroup", 4),
    RULE("state", 5),
    RULE("local-port", 6),
    RULE("remote-port", 7),
    RULE("local", 8),
    RULE("remote", 9),
    RULE("netns", 10),
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
        return options_complain("out of memory");
    if (proctcp_selection_add(settings->selection, kind, value, error, sizeof(error)) < 0) {
        const char *reason = strchr(error, ':'); /* behind the kind, which is the option's name but for a dash */
        return options_complain("--%s%s", option, reason ? reason : "");
    }
    settings->options.selection = settings->selection;
    if (strcmp(option, "process") == 0)
        settings->processes = value;
    if (strcmp(option, "state") == 0)
        settings->states = value;
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
    return options_complain("--output: \"%s\" is no form: give table, json or csv", value);
}

static bool set_content(struct settings *settings, const char *option, enum content content)
{
    if (settings->content_option && settings->content != content)
        return options_complain("--%s and --%s: give one of them", settings->content_option, option);
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
    return options_complain("--source: \"%s\" is no source: give auto, netlink or procfs", value);
}

static bool set_interval(struct settings *settings, const char *value)
{
    char *end;
    settings->interval_s = strtod(value, &end);
    if (end == value || *end || !isfinite(settings->interval_s) || settings->interval_s < 0.01 ||
        settings->interval_s > 86400)
        return options_complain("--interval: \"%s\" is no interval: give 0.01 to 86400 seconds", value);
    return true;
}

static bool set_count(struct settings *settings, const char *value)
{
    char *end;
    errno = 0;
    settings->count = strtoul(value, &end, 10);
    settings->counted = true;
    if (*value < '0' || *value > '9' || *end || errno || settings->count == 0)
        return options_complain("--count: \"%s\" is no count: give a number from 1 on", value);
    return true;
}

static bool set_option(struct settings *settings, int option, const char *name, const char *value)
{
    switch (option) {
    case LONG + OPTION_PROCESSES:
        return set_content(settings, name, PROCESSES);
    case LONG + OPTION_SOCKETS:
        return set_content(settings, name, SOCKETS);
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
    case LONG + OPTION_PROC_ROOT:
        if (!*value)
            return options_complain("--proc-root: give a directory");
        settings->options.proc_root = value;
        return true;
    default:
        return add_selection(settings, name, value);
    }
}

bool options_parse(int argc, char **argv, struct settings *settings, int *status)
{
    const char *missing;
    int option, place;

    *status = STATUS_USAGE;
    while ((option = getopt_long(argc, argv, "o:hV", options, &place)) != -1) {
        if (option == 'h' || option == 'V') {
            *status = STATUS_READ;
            fputs(option == 'h' ? help : "proctcp " PROCTCP_VERSION "\n", stdout);
            return false;
        }
        if (option == '?')
            return options_complain("the command line was not understood");
        if (option == 'o' ? !set_form(settings, optarg) : !set_option(settings, option, options[place].name, optarg))
            return false;
    }
    if (optind < argc)
        return options_complain("\"%s\" is not an option; selection is by options such as --process", argv[optind]);
    if (settings->selection && (missing = proctcp_selection_missing_netns(settings->selection)))
        return options_complain(
            "--netns: \"%s\" is no network namespace of this host: give all, own, a name that ip "
            "netns lists, or an inode number (a recorded tree has inodes alone)",
            missing);
    if (settings->counted && settings->count > 1 && settings->interval_s == 0)
        settings->interval_s = 1;
    return true;
}
