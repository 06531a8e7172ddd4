/* grouping.c - the words of a grouping, compiled once; and the names of groups. Knows how a group is configured and
 * what to say of one that is wrong; nothing of where facts come from or of what is summed. */
#include "select/grouping.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int complain(char *error, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int complain(char *error, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, size, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

#define SHOWN_NAME_SIZE (4 * (PROCTCP_GROUP_NAME_SIZE - 1) + 1)

/* As it may stand in a message. */
static const char *shown_name(const struct group_rule *rule, char text[SHOWN_NAME_SIZE])
{
    proctcp_escape(rule->name, text, SHOWN_NAME_SIZE, true);
    return text;
}

int proctcp_grouping_new(struct proctcp_grouping **grouping)
{
    struct proctcp_grouping *made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    made->max_groups = GROUPING_MAX_DEFAULT;
    *grouping = made;
    return 0;
}

void proctcp_grouping_free(struct proctcp_grouping *grouping)
{
    if (!grouping)
        return;
    for (uint32_t i = 0; i < grouping->rules.count; i++) {
        free(grouping->rules.at[i].name);
        proctcp_selection_free(grouping->rules.at[i].selection);
    }
    vector_free(&grouping->rules);
    free(grouping);
}

int proctcp_grouping_by(struct proctcp_grouping *grouping, const char *key, char *error, size_t error_size)
{
    static const char *const keys[] = {
        [GROUP_BY_PROCESS] = "process",
        [GROUP_BY_UNIT] = "unit",
        [GROUP_BY_CGROUP] = "cgroup",
        [GROUP_BY_USER] = "user",
        [GROUP_BY_EXECUTABLE] = "executable",
        [GROUP_BY_CONTAINER] = "container",
        [GROUP_BY_NONE] = "none",
    };
    char shown[64];

    for (size_t i = 0; i < COUNT(keys); i++) {
        if (strcasecmp(key, keys[i]) == 0) {
            grouping->by = (enum group_by)i;
            return 0;
        }
    }
    proctcp_escape(key, shown, sizeof(shown), true);
    return complain(error, error_size,
                    "\"%s\" is nothing to group by: give process, unit, cgroup, user, executable, container or none",
                    shown);
}

int proctcp_grouping_limit(struct proctcp_grouping *grouping, uint32_t max_groups)
{
    if (max_groups == 0 || max_groups > GROUPING_MAX_LIMIT)
        return -EINVAL;
    grouping->max_groups = max_groups;
    return 0;
}

/* ---- configured groups ---- */

static int check_name(const char *name, char *error, size_t error_size)
{
    if (!*name)
        return complain(error, error_size, "the name is empty: give one of 1 to %d bytes", PROCTCP_GROUP_NAME_SIZE - 1);
    if (strlen(name) >= PROCTCP_GROUP_NAME_SIZE)
        return complain(error, error_size, "the name has %zu bytes: give one of 1 to %d", strlen(name),
                        PROCTCP_GROUP_NAME_SIZE - 1);
    for (const char *c = name; *c; c++) {
        if (*c != '\\')
            continue;
        if (c[1] && !strchr("123456789\\", c[1]))
            return complain(error, error_size,
                            "a backslash in a name is written \\\\, or stands before 1 to 9, for what is captured");
        c += c[1] != '\0';
    }
    if (group_name_is_reserved(name))
        return complain(error, error_size, "\"%s\" is the name of a sum that is always made: give another", name);
    return 0;
}

/* The highest of \1 to \9; a backslash is written \\. */
static unsigned count_captures(const char *name)
{
    unsigned captures = 0;

    for (const char *c = name; *c; c++) {
        if (c[0] != '\\' || !c[1])
            continue;
        c++;
        if (*c >= '1' && *c <= '9' && (unsigned)(*c - '0') > captures)
            captures = (unsigned)(*c - '0');
    }
    return captures;
}

/* A name without captures has its backslashes written out once and for all. */
static void unescape(char *name)
{
    char *to = name;

    for (const char *c = name; *c; c++) {
        c += c[0] == '\\' && c[1];
        *to++ = *c;
    }
    *to = '\0';
}

int proctcp_grouping_add(struct proctcp_grouping *grouping, const char *name, char *error, size_t error_size)
{
    int status = check_name(name, error, error_size);
    struct group_rule rule = {.captures = count_captures(name)}, *slot;

    if (status)
        return status;
    rule.name = strdup(name);
    if (!rule.name || proctcp_selection_new(&rule.selection) < 0 || !(slot = vector_push(&grouping->rules))) {
        free(rule.name);
        proctcp_selection_free(rule.selection);
        snprintf(error, error_size, "out of memory");
        return -ENOMEM;
    }
    if (!rule.captures)
        unescape(rule.name);
    *slot = rule;
    return 0;
}

/* Every pattern must have what the name takes from it. */
static int check_captures(const struct group_rule *rule, char *error, size_t error_size)
{
    const struct patterns *commands = &rule->selection->include.commands;

    if (!rule->captures)
        return 0;
    if (!commands->count)
        return complain(error, error_size,
                        "the name takes \\%u from a command line, and there is no rule about command", rule->captures);
    for (uint32_t i = 0; i < commands->count; i++) {
        if (commands->at[i].re_nsub < rule->captures)
            return complain(error, error_size,
                            "the name takes \\%u, and the pattern %u of command has %zu in parentheses", rule->captures,
                            i + 1, commands->at[i].re_nsub);
    }
    return 0;
}

int proctcp_grouping_rule(struct proctcp_grouping *grouping, const char *kind, const char *value, char *error,
                          size_t error_size)
{
    struct group_rule *rule = grouping->rules.count ? &grouping->rules.at[grouping->rules.count - 1] : NULL;
    char reason[512], shown[SHOWN_NAME_SIZE];
    int status;

    if (!rule)
        return complain(error, error_size, "a rule before any group: name one first");
    status = proctcp_selection_add(rule->selection, kind, value, reason, sizeof(reason));
    if (status == 0 && rule->selection->include.netns_names.count + rule->selection->exclude.netns_names.count)
        status = complain(reason, sizeof(reason), "%s: in a group a namespace is given by its inode, or as own or all",
                          kind);
    rule->has_rules |= status == 0;
    if (status)
        snprintf(error, error_size, "group \"%s\": %s", shown_name(rule, shown), reason);
    return status;
}

int proctcp_grouping_check(const struct proctcp_grouping *grouping, char *error, size_t error_size)
{
    for (uint32_t i = 0; i < grouping->rules.count; i++) {
        const struct group_rule *rule = &grouping->rules.at[i];
        char reason[256], shown[SHOWN_NAME_SIZE];
        if (!rule->has_rules)
            return complain(error, error_size,
                            "group %u, \"%s\": it has no rule, and would take everything: give one, such as process",
                            i + 1, shown_name(rule, shown));
        if (check_captures(rule, reason, sizeof(reason)) < 0)
            return complain(error, error_size, "group %u, \"%s\": %s", i + 1, shown_name(rule, shown), reason);
    }
    return 0;
}

/* Takes a rule, "local-port=80,443", off the front of a text; the next begins behind a semicolon. \; is one that
 * belongs to the value. */
static bool next_rule(const char **text, char *rule, size_t size)
{
    size_t length = 0;

    while (**text && **text != ';') {
        if (**text == '\\' && (*text)[1] == ';')
            ++*text;
        if (length + 1 >= size)
            return false;
        rule[length++] = *(*text)++;
    }
    rule[length] = '\0';
    *text += **text == ';';
    return true;
}

static int add_rule_text(struct proctcp_grouping *grouping, char *rule, unsigned position, char *error,
                         size_t error_size)
{
    char *kind = rule + strspn(rule, " \t"), *equals = strchr(kind, '=');
    char reason[1024], shown[128], name[SHOWN_NAME_SIZE];
    int status;

    if (!equals || equals == kind) {
        proctcp_escape(rule, shown, sizeof(shown), true);
        return complain(error, error_size,
                        "group \"%s\": rule %u, \"%s\", is none: write KIND=VALUE, such as process=%s",
                        shown_name(&grouping->rules.at[grouping->rules.count - 1], name), position, shown, shown);
    }
    *equals = '\0';
    kind += strncmp(kind, "--", 2) == 0 ? 2 : 0; /* as the option of the command line is written */
    for (char *c = kind; *c; c++) {
        if (*c == '-')
            *c = '_';
    }
    status = proctcp_grouping_rule(grouping, kind, equals + 1, reason, sizeof(reason));
    if (status)
        snprintf(error, error_size, "rule %u of %s", position, reason);
    return status;
}

int proctcp_grouping_add_text(struct proctcp_grouping *grouping, const char *text, char *error, size_t error_size)
{
    const char *equals = strchr(text, '=');
    char part[2048], shown[128], name[SHOWN_NAME_SIZE];
    unsigned position = 0;
    int status;

    if (!equals) {
        proctcp_escape(text, shown, sizeof(shown), true);
        return complain(error, error_size, "\"%s\" is no group: write NAME=KIND=VALUE, and further rules behind ;",
                        shown);
    }
    if ((size_t)(equals - text) >= sizeof(part))
        return complain(error, error_size, "the name is too long");
    memcpy(part, text, (size_t)(equals - text));
    part[equals - text] = '\0';
    status = proctcp_grouping_add(grouping, part, error, error_size);
    for (text = equals + 1; status == 0 && (*text || position == 0);) {
        position++;
        if (!next_rule(&text, part, sizeof(part)))
            return complain(error, error_size, "group \"%s\": rule %u is too long: give at most %zu bytes",
                            shown_name(&grouping->rules.at[grouping->rules.count - 1], name), position,
                            sizeof(part) - 1);
        status = add_rule_text(grouping, part, position, error, error_size);
    }
    return status;
}

bool grouping_is_same(const struct proctcp_grouping *a, const struct proctcp_grouping *b)
{
    if (!a || !b)
        return a == b;
    if (a->by != b->by || a->max_groups != b->max_groups || a->rules.count != b->rules.count)
        return false;
    for (uint32_t i = 0; i < a->rules.count; i++) {
        if (strcmp(a->rules.at[i].name, b->rules.at[i].name) != 0 ||
            !select_is_same(a->rules.at[i].selection, b->rules.at[i].selection))
            return false;
    }
    return true;
}

bool grouping_asks(const struct proctcp_grouping *grouping, enum rule_kind kind)
{
    for (uint32_t i = 0; grouping && i < grouping->rules.count; i++) {
        if (select_asks(grouping->rules.at[i].selection, kind))
            return true;
    }
    return false;
}
