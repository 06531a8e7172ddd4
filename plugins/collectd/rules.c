/* rules.c - options that select sockets. Knows their names, and what collectd makes of what people write there; what a
 * value means is the library's business. */
#include "rules.h"

#include "values.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#define COMM_CHARS 15 /* the kernel cuts process names there */

const struct rule_option rule_options[] = {
    {"Process", "process", false},     {"Command", "command", false},       {"Pid", "pid", false},
    {"User", "user", false},           {"Cgroup", "cgroup", false},         {"State", "state", true},
    {"LocalPort", "local_port", true}, {"RemotePort", "remote_port", true}, {"LocalAddress", "local", true},
    {"RemoteAddress", "remote", true}, {"NetNamespace", "netns", true},     {NULL, NULL, false}};

const struct rule_option *rule_find(const char *key)
{
    const size_t prefix = sizeof(RULE_EXCLUDE) - 1;

    for (const struct rule_option *option = rule_options; option->name; option++) {
        if (strcasecmp(key, option->name) == 0 ||
            (strncasecmp(key, RULE_EXCLUDE, prefix) == 0 && strcasecmp(key + prefix, option->name) == 0))
            return option;
    }
    return NULL;
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

/* What the library says begins with its own name of the kind. */
static const char *behind_kind(const char *error, int result)
{
    const char *colon = strchr(error, ':');
    return colon ? colon : result == -ENOMEM ? ": out of memory" : ": not understood";
}

/* collectd reads a name without quotes only up to a character that is no letter, digit or '_', and goes on behind it:
 * php-fpm8.2 is "php", "fpm8" and 0.2, and nginx.service is "nginx" and "service". What can be seen of that is a
 * number, or the end of a unit's name, where a name is expected. */
static bool is_torn(const struct rule_option *option, const oconfig_item_t *item, int i)
{
    static const char *const ends[] = {"service", "scope", "slice", "mount", "socket", NULL};
    const oconfig_value_t *value = &item->values[i];
    const bool is_cgroup = strcmp(option->kind, "cgroup") == 0;

    if (value->type == OCONFIG_TYPE_NUMBER)
        return is_cgroup || strcmp(option->kind, "process") == 0 || strcmp(option->kind, "command") == 0;
    return i > 0 && is_cgroup && value->type == OCONFIG_TYPE_STRING && value_position(value->value.string, ends) >= 0;
}

static void warn_of_torn_names(const struct rule_option *option, const oconfig_item_t *item)
{
    struct text text;

    for (int i = 0; i < item->values_num; i++) {
        if (!is_torn(option, item, i))
            continue;
        P_WARNING(
            "%s has the value %s, which looks like a part of a name: collectd tears a name without quotes apart at "
            "each character that is no letter, digit or _, such as - and .; write names in quotes, as in %s \"%s\"",
            item->key, value_quoted(&item->values[i], &text), item->key,
            strcmp(option->kind, "cgroup") == 0 ? "nginx.service" : "php-fpm8.2");
        return;
    }
}

/* Several values on a line, and this one is no more than a word: it may be what was left of a name. */
static const char *quotes_hint(const struct rule_option *option, const oconfig_item_t *item, const char *value)
{
    static const char *const kinds[] = {"user", "state", "local", "remote", NULL};

    if (item->values_num < 2 || value_position(option->kind, kinds) < 0)
        return "";
    for (; *value; value++) {
        if (!isalnum((unsigned char)*value) && *value != '_')
            return "";
    }
    return "; if it is a part of a name, write the whole name in quotes: collectd tears it apart at - and . without "
           "them";
}

static void kind_of(const struct rule_option *option, const char *key, char kind[32])
{
    /* The option as it was written tells whether the rule excludes. */
    snprintf(kind, 32, "%s%s", strlen(key) > strlen(option->name) ? "exclude_" : "", option->kind);
}

static bool read_one(const struct rule_option *option, const oconfig_item_t *item, int i, rule_take_fn *take, void *to)
{
    const oconfig_value_t *value = &item->values[i];
    const char *key = item->key;
    struct text text;
    /* A list may be longer than what messages show. */
    const char *rule = value->type == OCONFIG_TYPE_STRING ? value->value.string : value_bare(value, &text);
    char kind[32], error[1024] = "";
    int result;

    if (strcmp(option->kind, "process") == 0)
        warn_of_long_names(key, rule);
    kind_of(option, key, kind);
    result = take(to, kind, rule, error, sizeof(error));
    if (result)
        P_ERROR("%s%s; the rule is left out%s", key, behind_kind(error, result), quotes_hint(option, item, rule));
    return result == 0;
}

/* collectd reads 8000-8099 without quotes as two numbers, 8000 and -8099. Taking what can be taken of such a line would
 * select a port that nobody asked for. */
static bool has_torn_range(const struct rule_option *option, const oconfig_item_t *item, rule_take_fn *take, void *to)
{
    const oconfig_value_t *values = item->values;

    for (int i = 0; i < item->values_num && strstr(option->kind, "_port"); i++) {
        struct text number, before;
        char kind[32], error[1024];

        if (values[i].type != OCONFIG_TYPE_NUMBER || !(values[i].value.number < 0))
            continue;
        value_bare(&values[i], &number);
        kind_of(option, item->key, kind);
        (void)take(to, kind, number.chars, error, sizeof(error)); /* refused: the kind was given */
        if (i > 0 && values[i - 1].type == OCONFIG_TYPE_NUMBER)
            P_ERROR(
                "%s %s%s: collectd reads this as two numbers, for a range needs quotes; write %s \"%s%s\"; the whole "
                "line is left out",
                item->key, value_bare(&values[i - 1], &before), number.chars, item->key, before.chars, number.chars);
        else
            P_ERROR(
                "%s %s: no port is negative, and a range needs quotes, as in %s \"8000-8099\"; the whole line is left "
                "out",
                item->key, number.chars, item->key);
        return true;
    }
    return false;
}

unsigned rules_read(const struct rule_option *option, const oconfig_item_t *item, rule_take_fn *take, void *to)
{
    unsigned wrong = 0;

    if (has_torn_range(option, item, take, to))
        return 1;
    warn_of_torn_names(option, item);
    for (int i = 0; i < item->values_num; i++)
        wrong += !read_one(option, item, i, take, to);
    return wrong;
}
