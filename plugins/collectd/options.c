/* options.c - what may be written in a <Plugin proctcp> block. Knows every option, the values that it takes and what to
 * say when something else is written. Nothing in a block is fatal: an option that is wrong keeps its value, the rest is
 * taken. */
#include "options.h"

#include "foreign.h"
#include "group_block.h"
#include "metrics.h"
#include "rules.h"
#include "sockets.h"
#include "spelling.h"
#include "values.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#define MAX_GROUPS     10000
#define MAX_SOCKETS    100000
#define MAX_LISTENERS  10000
#define MAX_NEW_NAMES  100000
#define MAX_AGE_S      86400
#define MAX_INTERVAL_S 86400

enum option_kind {
    OPTION_BOOLEAN,
    OPTION_NUMBER,
    OPTION_SECONDS,
    OPTION_WORD,
    OPTION_SWITCH, /* a word, or true or false */
    OPTION_PATH,
    OPTION_KINDS,
    OPTION_INSTANCE,
    OPTION_MATCH,
    OPTION_GROUP,
};

struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;            /* of the member in the settings */
    int min, max;             /* of a number */
    const char *const *words; /* the member is first_word plus the position among them */
    int first_word;
    int if_true; /* of a switch */
};

static const char *const source_words[] = {"auto", "procfs", "netlink", "bpf", NULL};
static const char *const netns_words[] = {"all", "own", NULL};
static const char *const sort_words[] = {"queue", "bytes", "retrans", "rtt", NULL};
static const char *const socket_kind_names[] = {"traffic", "latency", "queues", "counts", NULL};
#define SOCKET_KINDS (REPORT_TRAFFIC | REPORT_LATENCY | REPORT_QUEUES | REPORT_COUNTS)

#define AT(member) .offset = offsetof(struct settings, member)

/* clang-format off */
static const struct option options[] = {
    {"Instance", .kind = OPTION_INSTANCE},
    {"Interval", OPTION_SECONDS, AT(interval_s)},
    {"Source", OPTION_WORD, AT(source), .words = source_words, .first_word = PROCTCP_SOURCE_AUTO},
    {"ProcPath", OPTION_PATH, AT(proc_path)},
    {"NetNamespaces", OPTION_WORD, AT(own_netns_only), .words = netns_words},
    {"GroupBy", OPTION_WORD, AT(group_by), .words = settings_group_by_words},
    {"Group", .kind = OPTION_GROUP},
    {"ProcessMatch", .kind = OPTION_MATCH},
    {"Report", OPTION_KINDS, AT(report)},
    {"NonZeroStates", OPTION_BOOLEAN, AT(non_zero_states)},
    {"ReportByState", OPTION_BOOLEAN, AT(report_by_state)},
    {"ReportAll", OPTION_BOOLEAN, AT(report_all)},
    {"AllPortsSummary", OPTION_BOOLEAN, AT(report_all)},
    {"ReportListeners", OPTION_SWITCH, AT(report_listeners), .words = report_listeners_words, .if_true = LISTENERS_EVERY},
    {"ListeningPorts", OPTION_SWITCH, AT(report_listeners), .words = report_listeners_words, .if_true = LISTENERS_EVERY},
    {"ReportSockets", OPTION_SWITCH, AT(report_sockets), .words = report_sockets_words, .if_true = SOCKETS_LISTENING},
    {"SocketMetrics", OPTION_KINDS, AT(socket_metrics)},
    {"SocketMinAge", OPTION_NUMBER, AT(socket_min_age_s), .min = 0, .max = MAX_AGE_S},
    {"SocketSort", OPTION_WORD, AT(socket_sort), .words = sort_words, .first_word = SOCKETS_BY_QUEUE},
    {"ReportUnattributed", OPTION_BOOLEAN, AT(report_unattributed)},
    {"CollectTcpInfo", OPTION_BOOLEAN, AT(collect_tcp_info)},
    {"MaxGroups", OPTION_NUMBER, AT(max_groups), .min = 1, .max = MAX_GROUPS},
    {"MaxListeners", OPTION_NUMBER, AT(max_listeners), .min = 1, .max = MAX_LISTENERS},
    {"MaxSockets", OPTION_NUMBER, AT(max_sockets), .min = 1, .max = MAX_SOCKETS},
    {"MaxNewNames", OPTION_NUMBER, AT(max_new_names), .min = 0, .max = MAX_NEW_NAMES},
};
/* clang-format on */

#define OPTIONS (sizeof(options) / sizeof(options[0]))

_Static_assert(OPTIONS <= SPELLING_NAMES_MAX, "more options than are looked at for the nearest");

static void take_switch(const struct option *option, const char *key, const oconfig_value_t *value, int *member)
{
    const int truth = value_truth(value);

    if (truth >= 0)
        *member = truth ? option->if_true : 0;
    else
        value_take_word(key, value, option->words, 0, member);
}

/* Words add up. The first one of a block takes the place of the default. */
static void take_kind(struct settings *settings, const struct option *option, const oconfig_value_t *value)
{
    const bool is_report = option->offset == offsetof(struct settings, report);
    unsigned *kinds = is_report ? &settings->report : &settings->socket_metrics;
    bool *is_given = is_report ? &settings->is_report_given : &settings->is_socket_metrics_given;
    struct text text, choices;
    const char *word = value_bare(value, &text);
    int position = value_position(word, report_names);

    if (!is_report && position >= 0 && !(1u << position & SOCKET_KINDS))
        position = -1;
    if (position < 0 && strcasecmp(word, "full") != 0 && !(is_report && strcasecmp(word, "lean") == 0)) {
        value_join(is_report ? report_names : socket_kind_names, &choices);
        P_ERROR("%s \"%s\": there is no such kind, write full, %s%s; it is left out", option->name, word,
                is_report ? "lean, " : "", choices.chars);
        return;
    }
    if (!*is_given)
        *kinds = 0;
    if (!*is_given && is_report)
        settings->lean_report = 0;
    *is_given = true;
    if (position >= 0)
        *kinds |= 1u << position;
    else if (strcasecmp(word, "full") == 0)
        *kinds |= REPORT_ALL;
    else
        settings->lean_report = REPORT_ALL;
}

static void take_instance(struct settings *settings, const oconfig_value_t *value)
{
    struct text text;
    const char *name = value_bare(value, &text);
    bool fits = *name && strlen(name) < INSTANCE_SIZE;

    for (const char *c = name; *c; c++)
        fits &= isalnum((unsigned char)*c) || strchr("_.", *c);
    if (strcmp(name, "proctcp") == 0)
        P_ERROR("Instance \"proctcp\": names of the plugin's own begin so; write another one; it is left out");
    else if (!fits)
        P_ERROR("Instance %s: write 1 to %d letters, digits, _ and .; it is left out", value_quoted(value, &text),
                INSTANCE_SIZE - 1);
    else
        snprintf(settings->name, sizeof(settings->name), "%s", name);
}

static void take_value(struct settings *settings, const struct option *option, const char *key,
                       const oconfig_value_t *value)
{
    void *member = (char *)settings + option->offset;

    switch (option->kind) {
    case OPTION_BOOLEAN:
        value_take_boolean(key, value, member);
        break;
    case OPTION_NUMBER:
        value_take_number(key, value, option->min, option->max, member);
        break;
    case OPTION_SECONDS:
        value_take_seconds(key, value, 0.01, MAX_INTERVAL_S, member);
        break;
    case OPTION_WORD:
        value_take_word(key, value, option->words, option->first_word, member);
        break;
    case OPTION_SWITCH:
        take_switch(option, key, value, member);
        break;
    case OPTION_PATH:
        value_take_path(key, value, member);
        break;
    case OPTION_KINDS:
        take_kind(settings, option, value);
        break;
    case OPTION_INSTANCE:
        take_instance(settings, value);
        break;
    case OPTION_MATCH:
    case OPTION_GROUP:
        break; /* these are lines and blocks */
    }
}

static int keep_process(struct settings *settings, const char *name, size_t length)
{
    char **more = realloc(settings->processes, (settings->process_count + 1) * sizeof(*more));

    if (!more)
        return -ENOMEM;
    settings->processes = more;
    more[settings->process_count] = strndup(name, length);
    return more[settings->process_count++] ? 0 : -ENOMEM;
}

static int take_rule(void *to, const char *kind, const char *value, char *error, size_t error_size)
{
    struct settings *settings = to;
    int result = proctcp_selection_add(settings->selection, kind, value, error, error_size);

    /* One that is refused may be the reason why nothing is selected. */
    if (settings_need(settings, result ? "refused" : kind, result ? kind : value) < 0)
        return -ENOMEM;
    for (const char *name = value; result == 0 && *name && strcmp(kind, "process") == 0;) {
        const size_t length = strcspn(name, ",");
        const size_t blanks = strspn(name, " ") < length ? strspn(name, " ") : length;
        size_t end = length;

        while (end > blanks && name[end - 1] == ' ')
            end--;
        if (end > blanks)
            result = keep_process(settings, name + blanks, end - blanks);
        name += length + (name[length] == ',');
    }
    return result;
}

static const struct option *find_option(const char *key)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        if (strcasecmp(key, options[i].name) == 0)
            return &options[i];
    }
    return NULL;
}

/* The nearest name; where none is near, where they stand. */
static void say_unknown(const char *key)
{
    const char *names[OPTIONS];
    char nearest[SPELLING_SIZE];

    for (size_t i = 0; i < OPTIONS; i++)
        names[i] = options[i].name;
    if (spelling_nearest(key, names, OPTIONS, nearest))
        P_WARNING("unknown option \"%s\" is ignored; did you mean %s?", key, nearest);
    else
        P_WARNING("unknown option \"%s\" is ignored; proctcp-collectd(5) has them all", key);
}

static void take_option(struct settings *settings, const struct option *option, const oconfig_item_t *item)
{
    if (option->kind == OPTION_GROUP) {
        group_block_take(settings, item);
        return;
    }
    if (option->kind == OPTION_MATCH) {
        settings->has_process_match = true;
        group_match_take(settings, item);
        return;
    }
    if (item->values_num < 1 || (item->values_num > 1 && option->kind != OPTION_KINDS)) {
        P_ERROR("%s has %d values and needs %s; it is ignored", item->key, item->values_num,
                option->kind == OPTION_KINDS ? "at least one" : "exactly one");
        return;
    }
    for (int i = 0; i < item->values_num; i++)
        take_value(settings, option, option->name, &item->values[i]);
}

static void take_item(struct settings *settings, const oconfig_item_t *item)
{
    const struct option *option = find_option(item->key);
    const struct rule_option *rule = rule_find(item->key);
    const char *advice = foreign_advice(item->key);

    if (!option && !rule) {
        if (advice)
            P_WARNING("%s is no option of this plugin and is ignored: %s", item->key, advice);
        else
            say_unknown(item->key);
        return;
    }
    if (item->children_num && !(option && option->kind == OPTION_GROUP))
        P_WARNING("%s takes no block: what stands between <%s> and </%s> is ignored", item->key, item->key, item->key);
    if (option) {
        take_option(settings, option, item);
    } else if (item->values_num < 1) {
        P_ERROR("%s has no value and needs at least one; it is ignored", item->key);
    } else {
        if (rule->asks_sockets && !*settings->socket_option)
            snprintf(settings->socket_option, sizeof(settings->socket_option), "%s", item->key);
        (void)rules_read(rule, item, take_rule, settings);
    }
}

void options_take(struct settings *settings, const oconfig_item_t *block)
{
    for (int i = 0; i < block->children_num; i++)
        take_item(settings, &block->children[i]);
}
