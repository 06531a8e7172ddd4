/* settings.c - what a <Plugin proctcp> block asks for. Knows every option, what may be written there and what to say
 * when something else is. Nothing in a block is fatal: an option that is wrong keeps its value, the rest is taken. */
#include "settings.h"

#include "sockets.h"

#include <errno.h>
#include <stdio.h>

#define MAX_GROUPS  10000
#define MAX_SOCKETS 100000
#define COMM_CHARS  15 /* the kernel cuts process names there */
#define EXCLUDE     "Exclude"

enum option_kind {
    OPTION_BOOLEAN,
    OPTION_NUMBER,
    OPTION_WORD,
    OPTION_PATH,
    OPTION_RULE,
};

struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;            /* of the member in the settings */
    int max;                  /* of a number; the least is 1 */
    const char *const *words; /* the member is first_word plus the position among them */
    int first_word;
    const char *rule; /* the library's name of the kind; such an option may have EXCLUDE before its name */
};

static const char *const source_words[] = {"auto", "procfs", "netlink", "bpf", NULL};
static const char *const netns_words[] = {"all", "own", NULL};
static const char *const sort_words[] = {"queue", "bytes", "retrans", "rtt", NULL};

#define AT(member) .offset = offsetof(struct settings, member)

/* clang-format off */
static const struct option options[] = {
    {"Source", OPTION_WORD, AT(source), .words = source_words, .first_word = PROCTCP_SOURCE_AUTO},
    {"ProcPath", OPTION_PATH, AT(proc_path)},
    {"NetNamespaces", OPTION_WORD, AT(own_netns_only), .words = netns_words},
    {"ReportByState", OPTION_BOOLEAN, AT(report_by_state)},
    {"ReportSockets", OPTION_BOOLEAN, AT(report_sockets)},
    {"ReportUnattributed", OPTION_BOOLEAN, AT(report_unattributed)},
    {"CollectTcpInfo", OPTION_BOOLEAN, AT(collect_tcp_info)},
    {"SocketSort", OPTION_WORD, AT(socket_sort), .words = sort_words, .first_word = SOCKETS_BY_QUEUE},
    {"MaxGroups", OPTION_NUMBER, AT(max_groups), .max = MAX_GROUPS},
    {"MaxSockets", OPTION_NUMBER, AT(max_sockets), .max = MAX_SOCKETS},
    {"Process", OPTION_RULE, .rule = "process"},
    {"Command", OPTION_RULE, .rule = "command"},
    {"Pid", OPTION_RULE, .rule = "pid"},
    {"User", OPTION_RULE, .rule = "user"},
    {"Cgroup", OPTION_RULE, .rule = "cgroup"},
    {"State", OPTION_RULE, .rule = "state"},
    {"LocalPort", OPTION_RULE, .rule = "local_port"},
    {"RemotePort", OPTION_RULE, .rule = "remote_port"},
    {"LocalAddress", OPTION_RULE, .rule = "local"},
    {"RemoteAddress", OPTION_RULE, .rule = "remote"},
    {"NetNamespace", OPTION_RULE, .rule = "netns"},
};
/* clang-format on */

#define OPTIONS (sizeof(options) / sizeof(options[0]))

/* Large enough for every sensible value; a longer one is cut in messages only. */
struct text {
    char chars[256];
};

/* Without quotes. */
static const char *bare_text(const oconfig_value_t *value, struct text *text)
{
    switch (value->type) {
    case OCONFIG_TYPE_STRING:
        snprintf(text->chars, sizeof(text->chars), "%s", value->value.string);
        break;
    case OCONFIG_TYPE_BOOLEAN:
        snprintf(text->chars, sizeof(text->chars), "%s", value->value.boolean ? "true" : "false");
        break;
    default:
        snprintf(text->chars, sizeof(text->chars), "%.15g", value->value.number);
    }
    return text->chars;
}

/* As it was written. */
static const char *value_text(const oconfig_value_t *value, struct text *text)
{
    struct text bare;

    bare_text(value, &bare);
    if (value->type == OCONFIG_TYPE_STRING)
        snprintf(text->chars, sizeof(text->chars), "\"%.*s\"", (int)sizeof(text->chars) - 3, bare.chars);
    else
        *text = bare;
    return text->chars;
}

static bool is_one_of(const char *text, const char *const *words, int *position)
{
    for (*position = 0; words[*position]; ++*position) {
        if (strcasecmp(text, words[*position]) == 0)
            return true;
    }
    return false;
}

static void join_words(const char *const *words, struct text *text)
{
    size_t length = 0;

    text->chars[0] = '\0';
    for (size_t i = 0; words[i] && length < sizeof(text->chars); i++) {
        const char *before = i == 0 ? "" : words[i + 1] ? ", " : " or ";

        length += (size_t)snprintf(text->chars + length, sizeof(text->chars) - length, "%s%s", before, words[i]);
    }
}

static void take_word(const struct option *option, const oconfig_value_t *value, int *member)
{
    struct text text, choices;
    int position;

    if (is_one_of(bare_text(value, &text), option->words, &position)) {
        *member = option->first_word + position;
        return;
    }
    join_words(option->words, &choices);
    P_ERROR("%s %s: there is no such value, write %s; \"%s\" stays in force", option->name, value_text(value, &text),
            choices.chars, option->words[*member - option->first_word]);
}

static void take_boolean(const struct option *option, const oconfig_value_t *value, bool *member)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", NULL};
    struct text text;
    int position;

    if (value->type != OCONFIG_TYPE_NUMBER && is_one_of(bare_text(value, &text), words, &position)) {
        *member = position % 2;
        return;
    }
    P_ERROR("%s %s: neither true nor false, write one of these; %s stays in force", option->name,
            value_text(value, &text), *member ? "true" : "false");
}

static void take_number(const struct option *option, const oconfig_value_t *value, int *member)
{
    struct text text;

    /* The first two also refuse what is no number at all. */
    if (value->type == OCONFIG_TYPE_NUMBER && value->value.number >= 1 && value->value.number <= option->max &&
        value->value.number == (int)value->value.number) {
        *member = (int)value->value.number;
        return;
    }
    P_ERROR("%s %s: write a whole number from 1 to %d, without quotes; %d stays in force", option->name,
            value_text(value, &text), option->max, *member);
}

static void take_path(const struct option *option, const oconfig_value_t *value, char **member)
{
    struct text text;
    char *copy;

    if (value->type != OCONFIG_TYPE_STRING || value->value.string[0] != '/') {
        P_ERROR("%s %s: write an absolute path, in quotes; \"%s\" stays in force", option->name,
                value_text(value, &text), *member ? *member : "/proc");
        return;
    }
    copy = strdup(value->value.string);
    if (!copy) {
        P_ERROR("%s \"%s\": out of memory", option->name, value->value.string);
        return;
    }
    free(*member);
    *member = copy;
}

/* The library takes lists: every name of one is looked at. */
static void warn_of_long_names(const char *key, const char *names)
{
    while (*names) {
        size_t length = strcspn(names, ",");

        if (length > COMM_CHARS)
            P_WARNING(
                "%s \"%.*s\": no process has so long a name, the kernel cuts names after %d characters; write "
                "\"%.*s\"",
                key, (int)length, names, COMM_CHARS, COMM_CHARS, names);
        names += length + (names[length] == ',');
    }
}

/* key is the option as it was written, which tells whether the rule excludes. */
static bool excludes(const struct option *option, const char *key)
{
    return strlen(key) > strlen(option->name);
}

static int add_rule(struct settings *settings, const struct option *option, const char *key, const char *value,
                    char *error, size_t error_size)
{
    char kind[32];

    snprintf(kind, sizeof(kind), "%s%s", excludes(option, key) ? "exclude_" : "", option->rule);
    return proctcp_selection_add(settings->selection, kind, value, error, error_size);
}

/* The library's message begins with its own name of the kind. */
static const char *behind_kind(const char *error, int result)
{
    const char *colon = strchr(error, ':');
    return colon ? colon : result == -ENOMEM ? ": out of memory" : ": not understood";
}

static void take_rule(const struct option *option, const char *key, const oconfig_value_t *value,
                      struct settings *settings)
{
    struct text text;
    /* A list may be longer than what messages show. */
    const char *rule = value->type == OCONFIG_TYPE_STRING ? value->value.string : bare_text(value, &text);
    char error[512] = "";
    int result;

    if (strcmp(option->rule, "process") == 0)
        warn_of_long_names(key, rule);
    result = add_rule(settings, option, key, rule, error, sizeof(error));
    if (result)
        P_ERROR("%s%s; the rule is left out", key, behind_kind(error, result));
}

/* collectd reads 8000-8099 without quotes as two numbers, 8000 and -8099. Taking what can be taken of such a line would
 * select a port that nobody asked for. */
static bool has_torn_range(struct settings *settings, const struct option *option, const oconfig_item_t *item)
{
    const oconfig_value_t *values = item->values;
    const bool is_port = option->kind == OPTION_RULE && strstr(option->rule, "_port");

    for (int i = 0; i < item->values_num && is_port; i++) {
        struct text number, before;
        char error[512];

        if (values[i].type != OCONFIG_TYPE_NUMBER || !(values[i].value.number < 0))
            continue;
        bare_text(&values[i], &number);
        (void)add_rule(settings, option, item->key, number.chars, error,
                       sizeof(error)); /* refused: the kind was given */
        if (i > 0 && values[i - 1].type == OCONFIG_TYPE_NUMBER)
            P_ERROR(
                "%s %s%s: collectd reads this as two numbers, for a range needs quotes; write %s \"%s%s\"; the whole "
                "line is left out",
                item->key, bare_text(&values[i - 1], &before), number.chars, item->key, before.chars, number.chars);
        else
            P_ERROR(
                "%s %s: no port is negative, and a range needs quotes, as in %s \"8000-8099\"; the whole line is left "
                "out",
                item->key, number.chars, item->key);
        return true;
    }
    return false;
}

static void take_value(struct settings *settings, const struct option *option, const char *key,
                       const oconfig_value_t *value)
{
    void *member = (char *)settings + option->offset;

    switch (option->kind) {
    case OPTION_BOOLEAN:
        take_boolean(option, value, member);
        break;
    case OPTION_NUMBER:
        take_number(option, value, member);
        break;
    case OPTION_WORD:
        take_word(option, value, member);
        break;
    case OPTION_PATH:
        take_path(option, value, member);
        break;
    case OPTION_RULE:
        take_rule(option, key, value, settings);
        break;
    }
}

static void say_unknown(const char *name)
{
    char known[512] = "";
    size_t length = 0;

    for (size_t i = 0; i < OPTIONS && length < sizeof(known); i++)
        length += (size_t)snprintf(known + length, sizeof(known) - length, " %s", options[i].name);
    P_WARNING("unknown option \"%s\" is ignored; the options are:%s; from Process on also with " EXCLUDE " before them",
              name, known);
}

static const struct option *find_option(const char *key)
{
    const size_t prefix = sizeof(EXCLUDE) - 1;

    for (size_t i = 0; i < OPTIONS; i++) {
        if (strcasecmp(key, options[i].name) == 0)
            return &options[i];
        if (options[i].kind == OPTION_RULE && strncasecmp(key, EXCLUDE, prefix) == 0 &&
            strcasecmp(key + prefix, options[i].name) == 0)
            return &options[i];
    }
    return NULL;
}

static void take_item(struct settings *settings, const oconfig_item_t *item)
{
    const struct option *option = find_option(item->key);

    if (!option) {
        say_unknown(item->key);
        return;
    }
    if (item->children_num)
        P_WARNING("%s takes no block: what stands between <%s> and </%s> is ignored", item->key, item->key, item->key);
    if (item->values_num < 1 || (item->values_num > 1 && option->kind != OPTION_RULE)) {
        P_ERROR("%s has %d values and needs %s; it is ignored", item->key, item->values_num,
                option->kind == OPTION_RULE ? "at least one" : "exactly one");
        return;
    }
    if (has_torn_range(settings, option, item))
        return;
    for (int i = 0; i < item->values_num; i++)
        take_value(settings, option, item->key, &item->values[i]);
}

int settings_new(struct settings *settings)
{
    *settings = (struct settings){
        .source = PROCTCP_SOURCE_AUTO,
        .report_by_state = true,
        .report_unattributed = true,
        .collect_tcp_info = true,
        .socket_sort = SOCKETS_BY_QUEUE,
        .max_groups = 256,
        .max_sockets = 1000,
    };
    return proctcp_selection_new(&settings->selection);
}

void settings_free(struct settings *settings)
{
    proctcp_selection_free(settings->selection);
    free(settings->proc_path);
    *settings = (struct settings){0};
}

void settings_take(struct settings *settings, const oconfig_item_t *block)
{
    for (int i = 0; i < block->children_num; i++)
        take_item(settings, &block->children[i]);
}

void settings_finish(struct settings *settings)
{
    char error[128];

    if (settings->own_netns_only)
        (void)proctcp_selection_add(settings->selection, "netns", "own", error, sizeof(error));
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *option = &options[i];

        if (option->kind == OPTION_RULE && proctcp_selection_is_void(settings->selection, option->rule))
            P_ERROR(
                "no %s of the configuration could be understood, so no socket is selected; correct it or take it out",
                option->name);
    }
}
