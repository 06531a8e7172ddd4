/* group_names.c - which groups a process may be of: the rules of the grouping that are about processes are answered
 * here, where command lines and the names of users can be had; those about sockets by the model. Knows what a process
 * is grouped by; nothing of what is summed. */
#include "capture/group_names.h"

#include "capture/helper.h"
#include "capture/limits.h"
#include "select/grouping.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- command lines ---- */

static int compare_processes(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

static uint32_t user_of(const struct inquiry *inquiry, int32_t pid)
{
    const struct processes *processes = &inquiry->capture->processes;
    const struct process wanted = {.pid = pid},
                         *found = bsearch(&wanted, processes->at, processes->count, sizeof(wanted), compare_processes);
    return found ? found->uid : UINT32_MAX;
}

static int match_rules(struct inquiry *inquiry, int32_t pid, const char *command)
{
    const struct proctcp_grouping *grouping = inquiry->config->grouping;

    for (uint32_t i = 0; i < grouping->rules.count; i++) {
        char name[PROCTCP_GROUP_NAME_SIZE];
        int matches;
        if (!select_asks(grouping->rules.at[i].selection, RULE_COMMAND))
            continue;
        matches = group_name_captured(grouping, &grouping->rules.at[i], command, name);
        if (matches < 0)
            return matches;
        if (!matches)
            continue;
        struct command_match *match = vector_push(&inquiry->command_matches);
        if (!match)
            return -ENOMEM;
        *match = (struct command_match){
            .pid = pid, .rule = i, .name = arena_copy(&inquiry->capture->strings, name, strlen(name))};
        if (!match->name)
            return -ENOMEM;
    }
    return 0;
}

/* Whose time matching takes. What one user may map for himself, by the thousand, counts as one. */
static uint32_t account_of(uint32_t uid)
{
    return uid < FIRST_MAPPED_USER ? uid : FIRST_MAPPED_USER;
}

/* Root's time is not limited; that of the host's own users is, but nobody else uses it up for them. */
static bool may_be_matched(struct inquiry *inquiry, uint32_t uid)
{
    if (uid == 0)
        return true;
    if (!proctcp_is_system_user(uid) && inquiry->matched_us > LIMIT_MATCHING)
        return false;
    return inquiry_within_limit(&inquiry->matching_of, account_of(uid), 0, LIMIT_MATCHING_OF_USER);
}

static int note_command(struct inquiry *inquiry, int32_t pid, const char *command)
{
    const uint32_t uid = user_of(inquiry, pid);
    const uint64_t begun = inquiry_microseconds();
    uint32_t taken;
    int status = 0;

    if (!command)
        return 0;
    if (*command && !may_be_matched(inquiry, uid)) {
        inquiry_count_error(inquiry, EDQUOT, "%d/cmdline", pid);
        return 0;
    }
    if (*command)
        status = match_rules(inquiry, pid, command);
    if (status == 0 && !indices_push(&inquiry->commands_read, (uint32_t)pid))
        status = -ENOMEM;
    taken = (uint32_t)(inquiry_microseconds() - begun);
    if (!proctcp_is_system_user(uid))
        inquiry->matched_us += taken;
    if (uid)
        inquiry_within_limit(&inquiry->matching_of, account_of(uid), taken, LIMIT_MATCHING_OF_USER);
    return status;
}

static int read_commands(struct inquiry *inquiry)
{
    const struct processes *processes = &inquiry->capture->processes;
    struct indices pids = {0};
    int status = 0;

    for (uint32_t i = 0; i < processes->count && status == 0; i++) {
        const struct process *process = &processes->at[i];
        if (process->owner_count && process->facts == PROCTCP_NONE)
            status = indices_push(&pids, (uint32_t)process->pid) ? 0 : -ENOMEM;
    }
    if (status == 0)
        status = helper_read_commands(inquiry, (const int32_t *)pids.at, pids.count, note_command);
    vector_free(&pids);
    return status;
}

static int compare_matches(const void *a, const void *b)
{
    const struct command_match *x = a, *y = b;
    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    return (x->rule > y->rule) - (x->rule < y->rule);
}

/* The name that the command line of a process gives it by a rule, or NULL. */
static const char *find_match(const struct inquiry *inquiry, int32_t pid, uint32_t rule)
{
    const struct command_matches *matches = &inquiry->command_matches;
    const struct command_match wanted = {.pid = pid, .rule = rule}, *found = NULL;

    if (matches->count)
        found = bsearch(&wanted, matches->at, matches->count, sizeof(wanted), compare_matches);
    return found ? found->name : NULL;
}

/* ---- users ---- */

/* The file alone: to ask the name service would be to wait on whoever serves it. */
static int read_users(struct inquiry *inquiry)
{
    FILE *file = fopen("/etc/passwd", "re");
    struct passwd entry, *found;
    char buffer[16384]; /* a longer line ends the reading: then users are numbers */
    int status = 0;

    while (file && status == 0 && fgetpwent_r(file, &entry, buffer, sizeof(buffer), &found) == 0) {
        const char **slot = vector_push(&inquiry->user_names);
        if (!slot || !hash_reserve(&inquiry->users, inquiry->user_names.count) ||
            !(*slot = arena_copy(&inquiry->capture->strings, found->pw_name, strlen(found->pw_name))))
            status = -ENOMEM;
        else
            hash_put(&inquiry->users, found->pw_uid, inquiry->user_names.count - 1);
    }
    if (file)
        fclose(file);
    return status;
}

int group_names_begin(struct inquiry *inquiry)
{
    const struct proctcp_grouping *grouping = inquiry->config->grouping;
    int status = 0;

    if (!grouping)
        return 0;
    if (grouping->by == GROUP_BY_USER && inquiry->live && !inquiry->user_names.count)
        status = read_users(inquiry);
    if (status == 0 && grouping_asks(grouping, RULE_COMMAND))
        status = read_commands(inquiry);
    indices_sort(&inquiry->commands_read); /* some may have been asked for in an earlier round */
    if (status == 0 && inquiry->command_matches.count)
        qsort(inquiry->command_matches.at, inquiry->command_matches.count, sizeof(inquiry->command_matches.at[0]),
              compare_matches);
    return status;
}

/* ---- names ---- */

/* By all rules about processes but those about command lines. */
static bool takes_process(const struct proctcp_selection *selection, const struct process *process,
                          const struct facts *facts)
{
    return select_pid(selection, process->pid) &&
           select_name(selection, facts->present & PROCTCP_HAS_PROCESS ? facts->name : NULL) &&
           select_user(selection, facts->present & PROCTCP_HAS_PROCESS_UID ? &facts->uid : NULL) &&
           select_cgroup(selection, facts->present & PROCTCP_HAS_CGROUP ? facts->cgroup : NULL);
}

static int add_name(struct inquiry *inquiry, struct facts *facts, uint32_t rule, const char *name)
{
    struct group_name *slot = vector_push(&inquiry->capture->group_names);

    if (!slot)
        return -ENOMEM;
    *slot = (struct group_name){rule, arena_copy(&inquiry->capture->strings, name, strlen(name))};
    facts->group_name_count++;
    return slot->name ? 0 : -ENOMEM;
}

/* The fact that the grouping groups by. */
static uint32_t key_fact(enum group_by by)
{
    switch (by) {
    case GROUP_BY_UNIT:
    case GROUP_BY_CGROUP:
    case GROUP_BY_CONTAINER:
        return PROCTCP_HAS_CGROUP;
    case GROUP_BY_USER:
        return PROCTCP_HAS_PROCESS_UID;
    case GROUP_BY_EXECUTABLE:
        return PROCTCP_HAS_EXECUTABLE;
    default:
        return PROCTCP_HAS_PROCESS;
    }
}

/* Whether something that the grouping asks for is there and could not be read. */
static bool is_uncertain(const struct inquiry *inquiry, const struct process *process, const struct facts *facts)
{
    const struct proctcp_grouping *grouping = inquiry->config->grouping;
    uint32_t asked = PROCTCP_HAS_PROCESS | key_fact(grouping->by);

    if (grouping_asks(grouping, RULE_USER))
        asked |= PROCTCP_HAS_PROCESS_UID;
    if (grouping_asks(grouping, RULE_CGROUP))
        asked |= PROCTCP_HAS_CGROUP;
    return facts->refused & asked ||
           (grouping_asks(grouping, RULE_COMMAND) && !indices_have(&inquiry->commands_read, (uint32_t)process->pid));
}

/* What the grouping groups by. text has room for a number. */
static const char *find_key(const struct inquiry *inquiry, const struct facts *facts, char text[16])
{
    uint32_t user;

    switch (inquiry->config->grouping->by) {
    case GROUP_BY_UNIT:
        return facts->present & PROCTCP_HAS_UNIT ? facts->unit : facts->name;
    case GROUP_BY_CONTAINER:
        return facts->present & PROCTCP_HAS_CONTAINER ? facts->container : facts->name;
    case GROUP_BY_CGROUP:
        return facts->present & PROCTCP_HAS_CGROUP ? facts->cgroup : facts->name;
    case GROUP_BY_EXECUTABLE:
        return facts->present & PROCTCP_HAS_EXECUTABLE ? facts->executable : facts->name;
    case GROUP_BY_USER:
        if (!(facts->present & PROCTCP_HAS_PROCESS_UID))
            return facts->name;
        user = hash_find(&inquiry->users, facts->uid);
        snprintf(text, 16, "%u", facts->uid);
        return user == HASH_NONE ? text : inquiry->user_names.at[user];
    default:
        return facts->name;
    }
}

static int find_names(struct inquiry *inquiry, const struct process *process, struct facts *facts)
{
    const struct proctcp_grouping *grouping = inquiry->config->grouping;
    char text[16], name[PROCTCP_GROUP_NAME_SIZE];
    int status = 0;

    for (uint32_t i = 0; i < grouping->rules.count && status == 0; i++) {
        const struct group_rule *rule = &grouping->rules.at[i];
        const bool has_command = select_asks(rule->selection, RULE_COMMAND);
        const char *found = has_command ? find_match(inquiry, process->pid, i) : rule->name;
        if (!found || !takes_process(rule->selection, process, facts))
            continue;
        if (!select_asks_socket(rule->selection))
            return add_name(inquiry, facts, PROCTCP_NONE, found);
        status = add_name(inquiry, facts, i, found);
    }
    if (status)
        return status;
    if (grouping->by == GROUP_BY_NONE)
        return add_name(inquiry, facts, PROCTCP_NONE, PROCTCP_GROUP_OTHER);
    group_name_default(grouping, find_key(inquiry, facts, text), name);
    return add_name(inquiry, facts, PROCTCP_NONE, name);
}

/* ---- from scan to scan ---- */

static int compare_groupings(const void *a, const void *b)
{
    const struct recalled_grouping *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Of the same process, as far as that can be told; NULL: there is none. */
static const struct recalled_grouping *recall(const struct inquiry *inquiry, int32_t pid, const struct facts *facts)
{
    const struct recalled_groupings *groupings = &inquiry->before->groupings;
    const struct recalled_grouping wanted = {.pid = pid}, *found = NULL;

    if (groupings->count)
        found = bsearch(&wanted, groupings->at, groupings->count, sizeof(wanted), compare_groupings);
    return found && (found->start_ticks == facts->start_ticks || !(facts->present & PROCTCP_HAS_PROCESS)) ? found
                                                                                                          : NULL;
}

static int take_recalled(struct inquiry *inquiry, const struct recalled_grouping *grouping, struct facts *facts)
{
    int status = 0;

    for (uint32_t i = 0; i < grouping->name_count && status == 0; i++) {
        const struct group_name *name = &inquiry->before->group_names.at[grouping->first_name + i];
        status = add_name(inquiry, facts, name->rule, name->name);
    }
    return status;
}

static int recall_for_next(struct inquiry *inquiry, int32_t pid, uint64_t start_ticks, const struct facts *facts)
{
    struct recollection *kept = inquiry->kept;
    struct recalled_grouping *grouping = vector_push(&kept->groupings);

    if (!grouping)
        return -ENOMEM;
    *grouping = (struct recalled_grouping){pid, start_ticks, kept->group_names.count, facts->group_name_count};
    for (uint32_t i = 0; i < facts->group_name_count; i++) {
        const struct group_name *name = &inquiry->capture->group_names.at[facts->first_group_name + i];
        struct group_name *slot = vector_push(&kept->group_names);
        const char *copy = arena_copy(&kept->strings, name->name, strlen(name->name));
        if (!slot || !copy)
            return -ENOMEM;
        *slot = (struct group_name){name->rule, copy};
    }
    return 0;
}

/* Where something could not be read, the process is what it was: a service does not end because somebody, or a limit,
 * keeps us from its command line. Rules about sockets are still asked of each of its sockets. */
int group_names_find(struct inquiry *inquiry, const struct process *process, struct facts *facts)
{
    const struct recalled_grouping *known;
    int status;

    if (!inquiry->config->grouping)
        return 0;
    facts->first_group_name = inquiry->capture->group_names.count;
    if (!is_uncertain(inquiry, process, facts)) {
        status = find_names(inquiry, process, facts);
        return status ? status : recall_for_next(inquiry, process->pid, facts->start_ticks, facts);
    }
    known = recall(inquiry, process->pid, facts);
    if (!known)
        return find_names(inquiry, process, facts);
    status = take_recalled(inquiry, known, facts);
    return status ? status : recall_for_next(inquiry, process->pid, known->start_ticks, facts);
}
