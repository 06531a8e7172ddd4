/* group_name.c - what groups are called: nobody gets the name of a sum, or of a group that somebody configured, by
 * calling himself so. Knows texts alone. */
#include "select/grouping.h"

#include "base/hash.h"

#include <errno.h>
#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What is summed under a name that nobody can take. */
static const char *const reserved[] = {PROCTCP_GROUP_OTHER, PROCTCP_GROUP_ALL, PROCTCP_GROUP_UNNAMED};

bool group_name_is_reserved(const char *name)
{
    for (size_t i = 0; i < COUNT(reserved); i++) {
        if (strcmp(name, reserved[i]) == 0)
            return true;
    }
    return false;
}

/* What is too long ends with a number that its whole text has. */
static void shorten(const char *text, char name[PROCTCP_GROUP_NAME_SIZE])
{
    const size_t length = strlen(text), kept = PROCTCP_GROUP_NAME_SIZE - 10;

    if (length < PROCTCP_GROUP_NAME_SIZE) {
        memcpy(name, text, length + 1);
        return;
    }
    memcpy(name, text, kept);
    snprintf(name + kept, PROCTCP_GROUP_NAME_SIZE - kept, "~%08x", (unsigned)hash_text(0, text));
}

/* Whether text is a name, but for underscores before it. */
static bool is_like(const char *text, const char *name)
{
    const size_t length = strlen(text), name_length = strlen(name);

    return length >= name_length && strcmp(text + length - name_length, name) == 0 &&
           strspn(text, "_") >= length - name_length;
}

static bool is_taken(const struct proctcp_grouping *grouping, const char *text)
{
    for (size_t i = 0; i < COUNT(reserved); i++) {
        if (is_like(text, reserved[i]))
            return true;
    }
    for (uint32_t i = 0; i < grouping->rules.count; i++) {
        if (!grouping->rules.at[i].captures && is_like(text, grouping->rules.at[i].name))
            return true;
    }
    return false;
}

void group_name_default(const struct proctcp_grouping *grouping, const char *text, char name[PROCTCP_GROUP_NAME_SIZE])
{
    char shortened[PROCTCP_GROUP_NAME_SIZE], longer[PROCTCP_GROUP_NAME_SIZE + 1];

    if (!*text) {
        strcpy(name, PROCTCP_GROUP_UNNAMED);
        return;
    }
    shorten(text, shortened);
    if (!is_taken(grouping, shortened)) {
        memcpy(name, shortened, sizeof(shortened));
        return;
    }
    snprintf(longer, sizeof(longer), "_%s", shortened);
    shorten(longer, name);
}

/* The name with what the pattern captured in it. */
static void expand(const struct group_rule *rule, const char *command, const regmatch_t *found,
                   char name[PROCTCP_GROUP_NAME_SIZE])
{
    char text[SELECT_COMMAND_LENGTH + PROCTCP_GROUP_NAME_SIZE];
    size_t length = 0;

    for (const char *c = rule->name; *c && length + 1 < sizeof(text); c++) {
        const char *from = c;
        size_t part = 1;
        if (c[0] == '\\' && c[1]) {
            from = ++c;
            if (*c >= '1' && *c <= '9') {
                const regmatch_t *capture = &found[*c - '0'];
                from = command + (capture->rm_so < 0 ? 0 : capture->rm_so);
                part = capture->rm_so < 0 ? 0 : (size_t)(capture->rm_eo - capture->rm_so);
            }
        }
        if (part > sizeof(text) - 1 - length)
            part = sizeof(text) - 1 - length;
        memcpy(text + length, from, part);
        length += part;
    }
    text[length] = '\0';
    shorten(length ? text : PROCTCP_GROUP_UNNAMED, name);
}

/* Which of the patterns matches, and what it captures. 1, 0 or -ENOMEM. */
static int find_captures(const struct patterns *patterns, const char *command, regmatch_t found[10])
{
    for (uint32_t i = 0; i < patterns->count; i++) {
        int error = regexec(&patterns->at[i], command, 10, found, 0);
        if (error != REG_NOMATCH)
            return error ? -ENOMEM : 1;
    }
    return 0;
}

int group_name_captured(const struct proctcp_grouping *grouping, const struct group_rule *rule, const char *command,
                        char name[PROCTCP_GROUP_NAME_SIZE])
{
    regmatch_t found[10];
    int matches;

    if (!rule->captures) {
        shorten(rule->name, name);
        return select_command(rule->selection, command);
    }
    /* The pattern runs over what a stranger wrote: once. */
    matches = command ? find_captures(&rule->selection->include.commands, command, found) : 0;
    if (matches == 1)
        matches = select_is_excluded(rule->selection, command) ? 0 : 1;
    if (matches == 1) {
        char text[PROCTCP_GROUP_NAME_SIZE];
        expand(rule, command, found, text);
        if (strcmp(text, PROCTCP_GROUP_UNNAMED) == 0)
            memcpy(name, text, sizeof(text));
        else
            group_name_default(grouping, text, name);
    }
    return matches;
}
