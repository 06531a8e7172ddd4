/* group_keys.c - the name that each row is grouped under: the first of its process' that takes its socket. Knows
 * nothing of which names have a place. */
#include "model/model.h"

#include "select/grouping.h"

#include <errno.h>

struct naming {
    const struct capture *capture;
    const struct proctcp_grouping *grouping;
    struct hash by_name; /* of group keys */
    uint64_t seed;
    uint32_t own_netns;
};

static uint32_t find_key(struct model *model, struct naming *naming, const char *name)
{
    struct hash *by_name = &naming->by_name;
    const uint32_t hash = hash_text(naming->seed, name);
    struct hash_walk walk;
    uint32_t key = hash_first(by_name, hash, &walk);

    while (key != HASH_NONE && strcmp(model->group_keys.at[key].name, name) != 0)
        key = hash_next(by_name, &walk);
    if (key != HASH_NONE)
        return key;
    if (!hash_reserve(by_name, (uint64_t)model->group_keys.count + 1))
        return HASH_NONE;
    struct group_key *made = vector_push(&model->group_keys);
    if (!made)
        return HASH_NONE;
    *made = (struct group_key){.name = name};
    hash_put(by_name, hash, model->group_keys.count - 1);
    return model->group_keys.count - 1;
}

static bool takes(const struct proctcp_grouping *grouping, const struct group_name *name,
                  const struct proctcp_socket *socket, uint32_t own)
{
    static const struct select_netns no_names = {.include = {0}};
    const struct group_rule *rule;

    if (name->rule == PROCTCP_NONE)
        return true;
    rule = &grouping->rules.at[name->rule];
    return select_socket(rule->selection, socket) &&
           select_netns(rule->selection, &no_names, socket->netns, socket->netns && socket->netns == own);
}

/* Anybody may start a program that is root's then, under any name, with a socket of his own. */
static bool is_of_system(const struct proctcp_socket *socket)
{
    return !(socket->present & PROCTCP_HAS_UID) || proctcp_is_system_user(socket->uid);
}

/* The rows of a process. Its names stand best first, and the last one takes any socket. */
static int name_rows(struct model *model, struct naming *naming, const struct proctcp_process *process,
                     const struct facts *facts)
{
    const struct group_name *names = naming->capture->group_names.at + facts->first_group_name;
    const bool is_system = process->present & PROCTCP_HAS_PROCESS_UID && proctcp_is_system_user(process->uid);
    uint32_t last = PROCTCP_NONE, key = PROCTCP_NONE;

    for (uint32_t r = process->first_row; r < process->first_row + process->row_count; r++) {
        const struct proctcp_socket *socket = &model->sockets.at[model->rows.at[r].socket];
        uint32_t n = 0;
        while (n + 1 < facts->group_name_count && !takes(naming->grouping, &names[n], socket, naming->own_netns))
            n++;
        if (n != last) {
            key = find_key(model, naming, names[n].name);
            if (key == HASH_NONE)
                return -ENOMEM;
            model->any_split |= last != PROCTCP_NONE;
            last = n;
        }
        model->row_keys.at[r] = key;
        model->group_keys.at[key].asks_sockets |= names[n].rule != PROCTCP_NONE;
        model->group_keys.at[key].rows++;
        if (is_system && !model->group_keys.at[key].is_system)
            model->group_keys.at[key].is_system = is_of_system(socket);
    }
    return 0;
}

/* The first name that asks nothing of a socket: which sockets they were is not known. */
static int name_unseen(struct model *model, struct naming *naming, uint32_t index)
{
    const struct unseen *unseen = &naming->capture->unseen.at[index];
    const struct facts *facts;
    const struct group_name *name;
    uint32_t key;

    if (!unseen->is_new || unseen->facts == PROCTCP_NONE)
        return 0;
    facts = &naming->capture->facts.at[unseen->facts];
    name = naming->capture->group_names.at + facts->first_group_name;
    while (name->rule != PROCTCP_NONE)
        name++;
    key = find_key(model, naming, name->name);
    if (key == HASH_NONE)
        return -ENOMEM;
    model->group_keys.at[key].is_system |= proctcp_is_system_user(unseen->uid);
    model->unseen_keys.at[index] = key;
    return 0;
}

/* Selected processes stand first, ordered by pid as those of the capture are. */
int groups_name(struct model *model, const struct capture *capture, const struct proctcp_grouping *grouping,
                uint64_t seed)
{
    struct naming naming = {
        .capture = capture, .grouping = grouping, .seed = seed, .own_netns = capture_own_netns(capture)};
    uint32_t c = 0;
    int status = 0;

    if (!grouping)
        return 0;
    if (!indices_fill(&model->row_keys, model->rows.count, 0) ||
        !indices_fill(&model->unseen_keys, capture->unseen.count, 0xff) || !hash_begin(&naming.by_name, 64))
        status = -ENOMEM;
    for (uint32_t p = 0; p < model->processes.count && status == 0; p++) {
        const struct proctcp_process *process = &model->processes.at[p];
        while (capture->processes.at[c].pid != process->pid)
            c++;
        status = name_rows(model, &naming, process, &capture->facts.at[capture->processes.at[c].facts]);
    }
    for (uint32_t i = 0; i < capture->unseen.count && status == 0; i++)
        status = name_unseen(model, &naming, i);
    vector_free(&naming.by_name);
    return status;
}
