/* options.c - the command line into settings; each wrong word is answered with the option's name and the remedy. */
#include "options.h"

#include "complain.h"
#include "habits.h"
#include "help.h"
#include "terminal.h"
#include "values.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* Every option beyond these two letters is a long one; its number is its place in the table plus LONG. */
enum { LONG = 256 };

enum option_name {
    OPTION_STATS,
    OPTION_TOP,
    OPTION_COLUMNS,
    OPTION_SORT,
    OPTION_INFO,
    OPTION_WIDE,
    OPTION_WIDTH,
    OPTION_NO_HEADER,
    OPTION_COLOR,
    OPTION_INTERVAL,
    OPTION_COUNT,
    OPTION_SOURCE,
    OPTION_PROC_ROOT,
    OPTION_GROUP,
    OPTION_GROUP_BY,
    OPTION_MAX_GROUPS,
    OPTION_VIEW,
    OPTION_SELECTION = OPTION_VIEW + VIEW_COUNT,
};

/* clang-format off */
/* Each has a number of its own, or getopt_long() would not see that an abbreviation is ambiguous. */
#define RULE(kind, number)                                                                                             \
    {kind, required_argument, NULL, LONG + OPTION_SELECTION + 2 * (number)},                                           \
    {"exclude-" kind, required_argument, NULL, LONG + OPTION_SELECTION + 2 * (number) + 1}
/* clang-format on */

static const struct option general_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"stats", no_argument, NULL, LONG + OPTION_STATS},
    {"top", no_argument, NULL, LONG + OPTION_TOP},
    {"columns", required_argument, NULL, LONG + OPTION_COLUMNS},
    {"sort", required_argument, NULL, LONG + OPTION_SORT},
    {"info", no_argument, NULL, LONG + OPTION_INFO},
    {"wide", no_argument, NULL, LONG + OPTION_WIDE},
    {"width", required_argument, NULL, LONG + OPTION_WIDTH},
    {"no-header", no_argument, NULL, LONG + OPTION_NO_HEADER},
    {"color", required_argument, NULL, LONG + OPTION_COLOR},
    {"colour", required_argument, NULL, LONG + OPTION_COLOR},
    {"interval", required_argument, NULL, LONG + OPTION_INTERVAL},
    {"count", required_argument, NULL, LONG + OPTION_COUNT},
    {"source", required_argument, NULL, LONG + OPTION_SOURCE},
    {"proc-root", required_argument, NULL, LONG + OPTION_PROC_ROOT},
    {"group", required_argument, NULL, LONG + OPTION_GROUP},
    {"group-by", required_argument, NULL, LONG + OPTION_GROUP_BY},
    {"max-groups", required_argument, NULL, LONG + OPTION_MAX_GROUPS},
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
};

#define GENERAL_COUNT (sizeof(general_options) / sizeof(general_options[0]))

/* And an option for each view that has one. */
struct all_options {
    struct option list[GENERAL_COUNT + VIEW_COUNT + 1];
    size_t count;
};

static struct all_options all_options(void)
{
    struct all_options all = {.count = GENERAL_COUNT};

    memcpy(all.list, general_options, sizeof(general_options));
    for (int v = 0; v < VIEW_COUNT; v++) {
        if (views[v]->option)
            all.list[all.count++] = (struct option){views[v]->option, no_argument, NULL, LONG + OPTION_VIEW + v};
    }
    return all;
}

/* What is looked at when all options are known, for it depends on the view. */
struct wishes {
    const char *columns, *sort; /* or NULL */
    bool wide, info;
    unsigned width; /* 0: that of the terminal */
    enum when color;
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
        return complain("out of memory");
    if (proctcp_selection_add(settings->selection, kind, value, error, sizeof(error)) < 0) {
        const char *reason = strchr(error, ':'); /* behind the kind, which is the option's name but for a dash */
        return complain("--%s%s", option, reason ? reason : "");
    }
    settings->options.selection = settings->selection;
    if (strcmp(option, "process") == 0)
        settings->processes = value;
    if (strcmp(option, "state") == 0)
        settings->states = value;
    return true;
}

static bool add_grouping(struct settings *settings, int option, const char *name, const char *value)
{
    char error[1024];
    uint32_t most;
    int status;

    if (!settings->grouping && proctcp_grouping_new(&settings->grouping) < 0)
        return complain("out of memory");
    if (option == LONG + OPTION_MAX_GROUPS)
        return value_groups(value, &most) && proctcp_grouping_limit(settings->grouping, most) == 0;
    if (option == LONG + OPTION_GROUP)
        status = proctcp_grouping_add_text(settings->grouping, value, error, sizeof(error));
    else
        status = proctcp_grouping_by(settings->grouping, value, error, sizeof(error));
    return status == 0 || complain("--%s: %s", name, error);
}

/* Groups are shown where something was said of them, or where they are asked for. */
static bool complete_grouping(struct settings *settings)
{
    char error[1024];

    if ((settings->grouping || settings->top) && !settings->content_option)
        settings->view = &group_view;
    const bool has_groups = settings->top || settings->view == &group_view || settings->view == &listener_view;
    if (settings->grouping && !has_groups)
        return complain("--%s: only --groups and --listeners have groups", settings->content_option);
    if (has_groups && !settings->grouping && proctcp_grouping_new(&settings->grouping) < 0)
        return complain("out of memory");
    if (settings->grouping && proctcp_grouping_check(settings->grouping, error, sizeof(error)) < 0)
        return complain("--group: %s", error);
    settings->options.grouping = settings->grouping;
    settings->options.listeners = settings->top || settings->view == &listener_view;
    return true;
}

/* view: NULL for --stats. */
static bool set_view(struct settings *settings, const char *option, const struct view *view)
{
    if (settings->content_option && settings->view != view)
        return complain("--%s and --%s: give one of them", settings->content_option, option);
    settings->content_option = option;
    settings->view = view;
    return true;
}

static bool set_option(struct settings *settings, struct wishes *wishes, int option, const char *name,
                       const char *value)
{
    if (option >= LONG + OPTION_SELECTION)
        return add_selection(settings, name, value);
    if (option >= LONG + OPTION_VIEW)
        return set_view(settings, name, views[option - LONG - OPTION_VIEW]);
    if (option >= LONG + OPTION_GROUP)
        return add_grouping(settings, option, name, value);
    switch (option) {
    case 'o':
        return value_form(value, &settings->form);
    case LONG + OPTION_STATS:
        return set_view(settings, name, NULL);
    case LONG + OPTION_TOP:
        settings->top = true;
        return true;
    case LONG + OPTION_COLUMNS:
        wishes->columns = value;
        return true;
    case LONG + OPTION_SORT:
        wishes->sort = value;
        return true;
    case LONG + OPTION_INFO:
        wishes->info = true;
        return true;
    case LONG + OPTION_WIDE:
        wishes->wide = true;
        return true;
    case LONG + OPTION_WIDTH:
        return value_width(value, &wishes->width);
    case LONG + OPTION_NO_HEADER:
        settings->style.header = false;
        return true;
    case LONG + OPTION_COLOR:
        return value_when(value, &wishes->color);
    case LONG + OPTION_INTERVAL:
        return value_interval(value, &settings->interval_s);
    case LONG + OPTION_COUNT:
        settings->counted = true;
        return value_count(value, &settings->count);
    case LONG + OPTION_SOURCE:
        return value_source(value, &settings->options.source);
    default: /* --proc-root */
        settings->options.proc_root = value;
        return *value || complain("--proc-root: give a directory");
    }
}

/* The screen has columns, an order and a layout of its own, which keys change. */
static bool check_top(const struct settings *settings, const struct wishes *wishes)
{
    if (settings->view != &group_view && settings->view != &process_view && settings->view != &listener_view &&
        settings->view != &socket_view)
        return complain("--top: shows --groups (the default), --processes, --listeners or --sockets first, not --%s",
                        settings->content_option);
    if (settings->form != TABLE)
        return complain("--top: is for a terminal: JSON and CSV come of --interval without it");
    if (wishes->columns || wishes->sort)
        return complain(
            "--top: has no --columns, for they follow the terminal's width, and no --sort: keys choose the "
            "order");
    if (wishes->info || wishes->wide || wishes->width || !settings->style.header)
        return complain("--top: takes the whole terminal, and no --info, --wide, --width or --no-header");
    return true;
}

static bool set_style(struct settings *settings, const struct wishes *wishes)
{
    struct style *style = &settings->style;

    if (wishes->info && (!settings->view->socket || settings->form != TABLE))
        return complain(
            "--info: only tables of descriptors and of --sockets have a second line; JSON, CSV and "
            "--columns have its fields");
    style->info = wishes->info;
    settings->follows_terminal = !wishes->wide && !wishes->width;
    style->width = settings->follows_terminal ? terminal_width() : wishes->wide ? 0 : wishes->width;
    style->utf8 = style->width && terminal_is_utf8();
    style->colour = wishes->color == ALWAYS || (wishes->color == AUTO && terminal_has_colours());
    return true;
}

/* What the wishes mean for the view. false: *status is what to end with. */
static bool fulfil(struct settings *settings, const struct wishes *wishes, int *status)
{
    const struct view *view = settings->view;

    if (settings->top && !check_top(settings, wishes))
        return false;
    if (!view)
        return (!wishes->columns && !wishes->sort && !wishes->info) ||
               complain("--stats: prints one object, which has no columns, no order and no second line");
    if (wishes->columns && strcmp(wishes->columns, "help") == 0) {
        choice_print_names(view);
        *status = STATUS_READ;
        return false;
    }
    if (!wishes->columns)
        choice_default(view, settings->form == TABLE, &settings->choice);
    else if (!choice_parse(view, wishes->columns, &settings->choice))
        return false;
    if ((wishes->sort || view->order) && !sort_parse(view, wishes->sort ? wishes->sort : view->order, &settings->sort))
        return false;
    return set_style(settings, wishes);
}

/* word is a long option that getopt_long() does not know, or knows several of. */
static bool refuse_long(const struct all_options *options, const char *word)
{
    const char *names[sizeof(options->list) / sizeof(options->list[0])];
    char wanted[64], near[512];

    snprintf(wanted, sizeof(wanted), "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (size_t i = 0; i < options->count; i++)
        names[i] = options->list[i].name;
    if (proctcp_nearest_words(wanted, names, options->count, "--", near, sizeof(near)))
        return complain("\"--%s\" is no option: is one of these meant: %s", wanted, near);
    return complain("\"--%s\" is no option", wanted);
}

/* word is what getopt_long() gave up at. */
static bool refuse(const struct all_options *options, const char *word, bool without_value)
{
    if (strncmp(word, "--", 2) != 0 && habits_explain(word))
        return false;
    if (without_value)
        return complain("\"%s\" needs a value", word);
    return strncmp(word, "--", 2) == 0 ? refuse_long(options, word) : complain("\"%s\" is no option", word);
}

bool options_parse(int argc, char **argv, struct settings *settings, int *status)
{
    const struct all_options options = all_options();
    struct wishes wishes = {.color = AUTO};
    const char *missing;
    int option, place, at;

    *status = STATUS_USAGE;
    settings->view = views[0];
    while (at = optind, (option = getopt_long(argc, argv, "+:o:hvV", options.list, &place)) != -1) {
        if (option == 'h' || option == 'V' || option == 'v') {
            *status = STATUS_READ;
            if (option == 'h')
                help_print();
            else
                puts("proctcp " PROCTCP_VERSION);
            return false;
        }
        if (option == '?' || option == ':')
            return refuse(&options, argv[at], option == ':');
        if (!set_option(settings, &wishes, option, option < LONG ? "output" : options.list[place].name, optarg))
            return false;
    }
    if (optind < argc)
        return complain("\"%s\" is not an option; selection is by options such as --process", argv[optind]);
    if (!complete_grouping(settings) || !fulfil(settings, &wishes, status))
        return false;
    if (settings->selection && (missing = proctcp_selection_missing_netns(settings->selection)))
        return complain(
            "--netns: \"%s\" is no network namespace of this host: give all, own, a name that ip "
            "netns lists, or an inode number (a recorded tree has inodes alone)",
            missing);
    if (settings->counted && settings->count > 1 && settings->interval_s == 0 && !settings->top)
        settings->interval_s = 1;
    return true;
}
