/* group_block.c - groups that the configuration makes. Knows how they are written; who is in one is the library's
 * business. */
#include "group_block.h"

#include "rules.h"
#include "spelling.h"
#include "values.h"

#include <errno.h>
#include <stdio.h>

/* Of a group, beside the options that select sockets. */
#define SOCKETS_OPTION   "ReportSockets"
#define LISTENERS_OPTION "ReportListeners"

/* Both also take true and false, as the last two. */
const char *const report_sockets_words[] = {"none", "listeners", "all", NULL};
const char *const report_listeners_words[] = {"none", "configured", "all", NULL};

struct rule {
    char *kind, *value;
};

/* A group as it is being read. */
struct group_block {
    struct group_settings settings;
    const char *written;            /* its name as the configuration has it */
    struct proctcp_grouping *alone; /* it and no other, to see whether its rules do */
    struct rule *rules;
    size_t rule_count;
};

static int keep_rule(struct group_block *group, const char *kind, const char *value)
{
    struct rule *more = realloc(group->rules, (group->rule_count + 1) * sizeof(*more));
    struct rule rule = {strdup(kind), strdup(value)};

    if (more)
        group->rules = more;
    if (!more || !rule.kind || !rule.value) {
        free(rule.kind);
        free(rule.value);
        return -ENOMEM;
    }
    more[group->rule_count++] = rule;
    return 0;
}

/* The library names the group first, which the log does anyway. */
static int take_rule(void *to, const char *kind, const char *value, char *error, size_t error_size)
{
    struct group_block *group = to;
    const int result = proctcp_grouping_rule(group->alone, kind, value, error, error_size);
    const char *reason = result ? strstr(error, kind) : NULL;

    if (reason)
        memmove(error, reason, strlen(reason) + 1);
    return result ? result : keep_rule(group, kind, value);
}

static void free_block(struct group_block *group)
{
    for (size_t i = 0; i < group->rule_count; i++) {
        free(group->rules[i].kind);
        free(group->rules[i].value);
    }
    free(group->rules);
    free(group->settings.name);
    proctcp_grouping_free(group->alone);
}

static bool has_captures(const char *name)
{
    for (; *name; name++) {
        if (name[0] == '\\' && name[1] >= '1' && name[1] <= '9')
            return true;
        name += name[0] == '\\' && name[1];
    }
    return false;
}

/* A name without captures is known by what it says. */
static void unescape(char *name)
{
    char *to = name;

    for (const char *from = name; *from; from++) {
        from += from[0] == '\\' && from[1] == '\\';
        *to++ = *from;
    }
    *to = '\0';
}

/* false: it has been said why not. */
static bool begin(struct group_block *group, const char *name)
{
    char error[512];

    group->settings.name = strdup(name);
    if (!group->settings.name || proctcp_grouping_new(&group->alone) < 0) {
        P_ERROR("Group \"%.100s\": out of memory; the group is left out", name);
        return false;
    }
    group->written = name;
    if (proctcp_grouping_add(group->alone, name, error, sizeof(error)) == 0) {
        if (!has_captures(name))
            unescape(group->settings.name);
        return true;
    }
    P_ERROR("Group: %s; the group is left out", error);
    return false;
}

/* Its values would come twice. */
static bool is_there(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->group_count; i++) {
        if (strcmp(settings->groups[i].name, name) == 0)
            return true;
    }
    return false;
}

static int add(struct settings *settings, struct group_block *group)
{
    struct group_settings *more = realloc(settings->groups, (settings->group_count + 1) * sizeof(*settings->groups));
    char error[512];

    if (!more)
        return -ENOMEM;
    settings->groups = more;
    if (proctcp_grouping_add(settings->grouping, group->written, error, sizeof(error)) < 0 ||
        settings_need(settings, "group", group->written) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < group->rule_count; i++) {
        const struct rule *rule = &group->rules[i];

        if (proctcp_grouping_rule(settings->grouping, rule->kind, rule->value, error, sizeof(error)) < 0 ||
            settings_need(settings, rule->kind, rule->value) < 0)
            return -ENOMEM;
    }
    more[settings->group_count++] = group->settings;
    group->settings.name = NULL;
    return settings_need(settings, "end of", "group");
}

/* wrong: so many of its rules are. */
static void end(struct settings *settings, struct group_block *group, unsigned wrong)
{
    const char *name = group->settings.name;
    char error[512];

    if (wrong)
        P_ERROR("Group \"%s\": %u of its rules cannot be understood, so the group is left out", name, wrong);
    else if (proctcp_grouping_check(group->alone, error, sizeof(error)) < 0)
        P_ERROR("Group: %s; the group is left out", error);
    else if (is_there(settings, name))
        P_ERROR("Group \"%s\": there is one of that name already; this one is left out", name);
    else if (has_captures(group->written) &&
             (group->settings.report_sockets >= 0 || group->settings.report_listeners >= 0))
        P_ERROR(
            "Group \"%s\": its name stands for many groups, and ReportSockets and ReportListeners are for one; write "
            "them outside of the block; the group is left out",
            name);
    else if (add(settings, group) < 0)
        P_ERROR("Group \"%s\": out of memory", name);
}

/* What is not understood leaves that of the block in force. */
static void take_report(const oconfig_item_t *item, const char *const *words, int if_true, int *member)
{
    const int truth = value_truth(&item->values[0]);
    struct text text, choices;
    const int position = value_position(value_bare(&item->values[0], &text), words);

    if (truth >= 0) {
        *member = truth ? if_true : 0;
    } else if (position >= 0) {
        *member = position;
    } else {
        value_join(words, &choices);
        P_ERROR("%s %s: there is no such value, write %s; that of the block stays in force", item->key,
                value_quoted(&item->values[0], &text), choices.chars);
    }
}

/* The nearest name; where none is near, which there are. */
static void say_unknown(const struct group_block *group, const char *key)
{
    static const char *const names[] = {LISTENERS_OPTION, SOCKETS_OPTION};
    char nearest[SPELLING_SIZE];

    if (spelling_nearest(key, names, STATIC_ARRAY_SIZE(names), nearest))
        P_ERROR("Group \"%s\": there is no option \"%s\"; did you mean %s?", group->settings.name, key, nearest);
    else
        P_ERROR("Group \"%s\": there is no option \"%s\"; there are the options that select sockets, " LISTENERS_OPTION
                " and " SOCKETS_OPTION,
                group->settings.name, key);
}

static unsigned take_item(struct group_block *group, const oconfig_item_t *item)
{
    const struct rule_option *rule = rule_find(item->key);
    const bool is_sockets = strcasecmp(item->key, SOCKETS_OPTION) == 0,
               is_listeners = strcasecmp(item->key, LISTENERS_OPTION) == 0;

    if (!rule && !is_sockets && !is_listeners) {
        say_unknown(group, item->key);
        return 1;
    }
    if (item->values_num < 1 || (!rule && item->values_num > 1)) {
        P_ERROR("%s has %d values and needs %s; it is ignored", item->key, item->values_num,
                rule ? "at least one" : "exactly one");
        return rule != NULL;
    }
    if (is_sockets)
        take_report(item, report_sockets_words, SOCKETS_LISTENING, &group->settings.report_sockets);
    if (is_listeners)
        take_report(item, report_listeners_words, LISTENERS_EVERY, &group->settings.report_listeners);
    return rule ? rules_read(rule, item, take_rule, group) : 0;
}

void group_block_take(struct settings *settings, const oconfig_item_t *block)
{
    struct group_block group = {.settings = {.report_sockets = -1, .report_listeners = -1}};
    struct text text;
    unsigned wrong = 0;

    if (block->values_num != 1) {
        P_ERROR("Group has %d names and needs one, as in <Group \"web\">; the group is left out", block->values_num);
        return;
    }
    if (begin(&group, value_bare(&block->values[0], &text))) {
        for (int i = 0; i < block->children_num; i++)
            wrong += take_item(&group, &block->children[i]);
        end(settings, &group, wrong);
    }
    free_block(&group);
}

void group_match_take(struct settings *settings, const oconfig_item_t *item)
{
    struct group_block group = {.settings = {.report_sockets = -1, .report_listeners = -1}};
    struct text text;

    if (item->values_num != 2) {
        P_ERROR(
            "ProcessMatch has %d values and needs a name and a regular expression, which is found in the command line; "
            "it is ignored",
            item->values_num);
        return;
    }
    if (begin(&group, value_bare(&item->values[0], &text))) {
        const oconfig_item_t pattern = {
            .key = (char *)(uintptr_t) "Command", .values = &item->values[1], .values_num = 1};

        end(settings, &group, rules_read(rule_find("Command"), &pattern, take_rule, &group));
    }
    free_block(&group);
}
