/* options.c - the command line into options; what is wrong with it is the plugin's one line, for nobody sees its errors
 * elsewhere. */
#include "options.h"

#include "help.h"
#include "options_check.h"
#include "report.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MAX_S 3600
#define OVER_S        10
#define GROUPS_MAX    65000

enum { MISSING = 256, OVER, PARTIAL_OK, GROUP_BY, DEFINE, SOURCE, PROC_ROOT };

static const struct option long_options[] = {{"hostname", required_argument, NULL, 'H'},
                                             {"port", required_argument, NULL, 'p'},
                                             {"protocol", required_argument, NULL, 'P'},
                                             {"community", required_argument, NULL, 'C'},
                                             {"seclevel", required_argument, NULL, 'L'},
                                             {"secname", required_argument, NULL, 'U'},
                                             {"authproto", required_argument, NULL, 'a'},
                                             {"authpasswd", required_argument, NULL, 'A'},
                                             {"privproto", required_argument, NULL, 'x'},
                                             {"privpasswd", required_argument, NULL, 'X'},
                                             {"context", required_argument, NULL, 'N'},
                                             {"check", required_argument, NULL, 'k'},
                                             {"group", required_argument, NULL, 'g'},
                                             {"listener", required_argument, NULL, 'l'},
                                             {"warning", required_argument, NULL, 'w'},
                                             {"critical", required_argument, NULL, 'c'},
                                             {"timeout", required_argument, NULL, 't'},
                                             {"verbose", no_argument, NULL, 'v'},
                                             {"version", no_argument, NULL, 'V'},
                                             {"help", no_argument, NULL, 'h'},
                                             {"missing", required_argument, NULL, MISSING},
                                             {"over", required_argument, NULL, OVER},
                                             {"partial-ok", no_argument, NULL, PARTIAL_OK},
                                             {"group-by", required_argument, NULL, GROUP_BY},
                                             {"define", required_argument, NULL, DEFINE},
                                             {"source", required_argument, NULL, SOURCE},
                                             {"proc-root", required_argument, NULL, PROC_ROOT},
                                             {0}};

static bool wrong(const char *option, const char *value, const char *what)
{
    char safe[128];

    report_unknown("usage: %s \"%s\" %s; check_proctcp --help lists the options", option,
                   text_safe(value, safe, sizeof(safe)), what);
    return false;
}

/* Of at most five digits; 0: it is none. */
static unsigned long small_number(const char *value)
{
    const size_t digits = strspn(value, "0123456789");

    return digits && digits < 6 && !value[digits] ? strtoul(value, NULL, 10) : 0;
}

static bool set_seconds(const char *option, const char *value, unsigned *seconds)
{
    const unsigned long number = small_number(value);

    *seconds = (unsigned)number;
    return (number >= 1 && number <= TIMEOUT_MAX_S) || wrong(option, value, "is no time: give 1 to 3600 seconds");
}

static bool set_measure(struct options *options, const char *value)
{
    const char *names[32];
    char near[256], what[320];

    options->measure = measure_by_name(value);
    if (options->measure)
        return true;
    for (size_t i = 0; i < measure_count; i++)
        names[i] = measures[i].name;
    proctcp_nearest_words(value, names, measure_count, "", near, sizeof(near));
    snprintf(what, sizeof(what), "is no check: give %s", near);
    return wrong("--check", value, what);
}

static bool set_limit(struct limit *limit, const char *option, const char *value)
{
    limit->text = value;
    return range_parse(value, &limit->range) ||
           wrong(option, value, "is no range: give 10, 10:, ~:10, 10:20 or @10:20, without a unit");
}

/* One that was given before is looked at once. */
static bool add_group(struct options *options, const char *value)
{
    char *name;

    if (options->group_count == OPTIONS_WANTED_MAX)
        return wrong("--group", value, "is one too many: 64 may be given");
    name = options->groups[options->group_count];
    if (!text_unsafe(value, name))
        return wrong("--group", value, "is no name of a group: give 1 to 96 bytes, others and % as %NN");
    for (unsigned i = 0; i < options->group_count; i++) {
        if (strcmp(options->groups[i], name) == 0)
            return true;
    }
    options->group_count++;
    return true;
}

static bool are_same(const struct endpoint *one, const struct endpoint *other)
{
    char text[PROCTCP_ENDPOINT_TEXT_SIZE + 16], text_of_other[sizeof(text)];

    return strcmp(endpoint_text(one, text), endpoint_text(other, text_of_other)) == 0;
}

static bool add_listener(struct options *options, const char *value)
{
    struct endpoint *listener;

    if (options->listener_count == OPTIONS_WANTED_MAX)
        return wrong("--listener", value, "is one too many: 64 may be given");
    listener = &options->listeners[options->listener_count];
    if (!endpoint_parse(value, listener))
        return wrong("--listener", value,
                     "is no address and port: give 0.0.0.0:80 or [::]:80, as proctcp --listeners prints them");
    for (unsigned i = 0; i < options->listener_count; i++) {
        if (are_same(&options->listeners[i], listener))
            return true;
    }
    options->listener_count++;
    return true;
}

static bool set_source(struct options *options, const char *value)
{
    for (unsigned known = PROCTCP_SOURCE_AUTO; known <= PROCTCP_SOURCE_BPF; known++) {
        if (strcmp(value, proctcp_source_name(known)) == 0) {
            options->source = known;
            return true;
        }
    }
    return wrong("--source", value, "is no source: give auto, bpf, netlink or procfs");
}

static bool set_grouping(struct options *options, bool is_definition, const char *value)
{
    char error[512], safe[512];
    const int status = is_definition ? proctcp_grouping_add_text(options->grouping, value, error, sizeof(error))
                                     : proctcp_grouping_by(options->grouping, value, error, sizeof(error));

    options->is_by_name = false;
    if (status == 0)
        return true;
    report_unknown("usage: %s: %s", is_definition ? "--define" : "--group-by", text_safe(error, safe, sizeof(safe)));
    return false;
}

/* A copy, and stars where everybody can read it. */
static bool take_secret(char *argument, char **secret)
{
    *secret = strdup(argument);
    memset(argument, '*', strlen(argument));
    if (!*secret)
        report_unknown("out of memory");
    return *secret;
}

static bool set_version(struct peer *peer, const char *value)
{
    peer->is_v3 = strcmp(value, "3") == 0;
    return peer->is_v3 || strcmp(value, "2c") == 0 ||
           wrong("-P", value, "is no version that can carry the values: give 2c or 3");
}

static bool is_port(const char *value)
{
    const unsigned long number = small_number(value);

    return number >= 1 && number <= 65535;
}

static bool set_peer(struct peer *peer, int option, char *value)
{
    switch (option) {
    case 'H':
        peer->host = value;
        return *value || wrong("-H", value, "is no host");
    case 'p':
        peer->port = value;
        return is_port(value) || wrong("-p", value, "is no port: give 1 to 65535");
    case 'P':
        return set_version(peer, value);
    case 'C':
        return take_secret(value, &peer->community);
    case 'L':
        peer->level = value;
        return true;
    case 'U':
        peer->user = value;
        return true;
    case 'a':
        peer->auth_protocol = value;
        return true;
    case 'A':
        return take_secret(value, &peer->auth_passphrase);
    case 'x':
        peer->priv_protocol = value;
        return true;
    case 'X':
        return take_secret(value, &peer->priv_passphrase);
    default: /* N */
        peer->context = value;
        return true;
    }
}

static bool set_option(struct options *options, struct said *said, int option, char *value)
{
    switch (option) {
    case 'k':
        return set_measure(options, value);
    case 'g':
        return add_group(options, value);
    case 'l':
        return add_listener(options, value);
    case 'w':
        return set_limit(&options->warn, "-w", value);
    case 'c':
        return set_limit(&options->crit, "-c", value);
    case 't':
        options->timeout_is_said = true;
        return set_seconds("-t", value, &options->timeout_s);
    case 'v':
        options->is_verbose = true;
        return true;
    case OVER:
        said->over = true;
        return set_seconds("--over", value, &options->over_s);
    case MISSING:
        options->missing_is_said = true;
        return state_parse(value, &options->missing) ||
               wrong("--missing", value, "is no state: give ok, warning, critical or unknown");
    case PARTIAL_OK:
        options->partial_is_ok = true;
        return true;
    case GROUP_BY:
        said->local = "--group-by";
        return set_grouping(options, false, value);
    case DEFINE:
        said->local = "--define";
        return set_grouping(options, true, value);
    case SOURCE:
        said->local = "--source";
        return set_source(options, value);
    case PROC_ROOT:
        said->local = "--proc-root";
        options->proc_root = value;
        return *value || wrong("--proc-root", value, "is no directory");
    default:
        if (option != 'H')
            said->remote = "-p, -P, -C, -L, -U, -a, -A, -x, -X or -N";
        return set_peer(&options->peer, option, value);
    }
}

/* A letter is known to getopt, and of a word which one it stands in. */
static bool wrong_option(const char *word, bool wants_value)
{
    const char letter[] = {'-', (char)optopt, '\0'};
    const bool is_letter = optopt > 0 && optopt < MISSING && strncmp(word, "--", 2) != 0;

    return wrong("option", is_letter ? letter : word, wants_value ? "needs a value" : "is not known");
}

bool options_parse(int argc, char **argv, struct options *options)
{
    struct said said = {0};
    int option;

    *options = (struct options){.over_s = OVER_S, .source = PROCTCP_SOURCE_AUTO, .is_by_name = true};
    if (proctcp_grouping_new(&options->grouping) < 0 || proctcp_grouping_limit(options->grouping, GROUPS_MAX) < 0) {
        report_unknown("out of memory");
        return false;
    }
    while ((option = getopt_long(argc, argv, ":H:p:P:C:L:U:a:A:x:X:N:k:g:l:w:c:t:vVh", long_options, NULL)) != -1) {
        if (option == 'h' || option == 'V') {
            if (option == 'h')
                help_print();
            else
                puts("check_proctcp " PROCTCP_VERSION);
            return false;
        }
        if (option == '?' || option == ':')
            return wrong_option(argv[optind - 1], option == ':');
        if (!set_option(options, &said, option, optarg))
            return false;
    }
    if (optind < argc) { /* it is not repeated: it may be a piece of a passphrase with a blank */
        report_unknown("usage: there is a word that is no option; check_proctcp --help lists the options");
        return false;
    }
    return options_complete(options, &said);
}
