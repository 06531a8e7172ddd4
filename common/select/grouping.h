/* grouping.h - a compiled grouping: what grouping.c makes of the words of its rules. Private to common/. */
#ifndef PROCTCP_GROUPING_H
#define PROCTCP_GROUPING_H

#include "select/select.h"

enum group_by {
    GROUP_BY_PROCESS,
    GROUP_BY_UNIT,
    GROUP_BY_CGROUP,
    GROUP_BY_USER,
    GROUP_BY_EXECUTABLE,
    GROUP_BY_CONTAINER,
    GROUP_BY_NONE,
};

/* A configured group. */
struct group_rule {
    char *name;        /* as it was given: \1 to \9 are captures of a command pattern */
    unsigned captures; /* the highest of them; 0: the name is the group's */
    bool has_rules;
    struct proctcp_selection *selection;
};

struct group_rules VECTOR(struct group_rule);

struct proctcp_grouping {
    enum group_by by;
    uint32_t max_groups;
    struct group_rules rules; /* the first that matches wins */
};

#define GROUPING_MAX_DEFAULT 100
#define GROUPING_MAX_LIMIT   65000 /* a group's index has 16 bits */

/* What of the process a rule asks for: kinds of rules, a bit each. */
bool grouping_asks(const struct proctcp_grouping *grouping, enum rule_kind kind);

/* Whether two make the same groups of the same processes. Either may be NULL. */
bool grouping_is_same(const struct proctcp_grouping *a, const struct proctcp_grouping *b);

/* ---- group_name.c ---- */

/* Whether something that is always there has it. */
bool group_name_is_reserved(const char *name);

/* The name that a command line gives a group, of the rule whose pattern it matches. 1, 0: it does not match; -ENOMEM.
 */
int group_name_captured(const struct proctcp_grouping *grouping, const struct group_rule *rule, const char *command,
                        char name[PROCTCP_GROUP_NAME_SIZE]);

/* A name that nobody configured, as it may stand beside those that somebody did: a process that calls itself like one
 * of these, or like what is summed (_other, all), gets an underscore more. Longer ones are cut, and stay different. */
void group_name_default(const struct proctcp_grouping *grouping, const char *text, char name[PROCTCP_GROUP_NAME_SIZE]);

#endif
