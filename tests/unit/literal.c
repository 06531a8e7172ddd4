/* literal.c - a capture written by hand, and the model and history that follow from it. */
#include "literal.h"

#include "select/grouping.h"

#include <errno.h>
#include <string.h>

void literal_free(struct literal *literal)
{
    proctcp_snapshot_unref(literal->snapshot);
    capture_clear(&literal->capture);
    model_clear(&literal->model);
    tuples_clear(&literal->tuples);
    history_clear(&literal->history);
}

void literal_begin(struct literal *literal, uint64_t time)
{
    struct capture *capture = &literal->capture;
    const char **name;
    struct proctcp_impairment *none;

    capture_recycle(capture);
    model_recycle(&literal->model);
    tuples_recycle(&literal->tuples);
    capture->stats.time = time;
    capture->counters = UINT64_MAX;
    name = vector_push(&capture->congestion_names);
    none = vector_push(&capture->impairments);
    if (name)
        *name = "";
    if (none)
        *none = (struct proctcp_impairment){0};
}

static struct proctcp_address ipv4(uint32_t address)
{
    struct proctcp_address out = {.bytes = {[10] = 0xff, [11] = 0xff}};
    for (unsigned i = 0; i < 4; i++)
        out.bytes[12 + i] = (uint8_t)(address >> (24 - 8 * i));
    return out;
}

struct proctcp_socket *literal_socket(struct literal *literal, uint32_t inode, uint64_t cookie, uint32_t local,
                                      uint16_t local_port, uint32_t remote, uint16_t remote_port)
{
    struct proctcp_socket *socket = vector_push(&literal->capture.sockets);

    if (!socket)
        return NULL;
    *socket = (struct proctcp_socket){.present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE | PROCTCP_HAS_NETNS |
                                                 PROCTCP_HAS_INFO | PROCTCP_HAS_BYTES | PROCTCP_HAS_BYTES_SENT |
                                                 PROCTCP_HAS_SEGS | (cookie ? PROCTCP_HAS_COOKIE : 0),
                                      .inode = inode,
                                      .cookie = cookie,
                                      .netns = 1,
                                      .subflow = 1,
                                      .state = PROCTCP_ESTABLISHED,
                                      .direction = PROCTCP_DIRECTION_UNKNOWN,
                                      .family = PROCTCP_INET,
                                      .local_address = ipv4(local),
                                      .local_port = local_port,
                                      .remote_address = ipv4(remote),
                                      .remote_port = remote_port,
                                      .first_seen = (uint32_t)literal->capture.stats.time};
    return socket;
}

struct process *literal_process(struct literal *literal, int pid)
{
    struct process *process = vector_push(&literal->capture.processes);
    struct facts *facts = vector_push(&literal->capture.facts);

    if (!process || !facts)
        return NULL;
    *facts = (struct facts){.present = PROCTCP_HAS_PROCESS,
                            .name = "",
                            .executable = "",
                            .cgroup = "",
                            .unit = "",
                            .container = "",
                            .start_ticks = (uint64_t)pid * 10};
    *process = (struct process){.pid = pid,
                                .netns = 1,
                                .first_owner = literal->capture.owners.count,
                                .facts = literal->capture.facts.count - 1,
                                .walk = WALKED,
                                .is_selected = true};
    return process;
}

bool literal_group(struct literal *literal, uint32_t rule, const char *name)
{
    struct facts *facts = &literal->capture.facts.at[literal->capture.facts.count - 1];
    struct group_name *slot = vector_push(&literal->capture.group_names);

    if (!slot)
        return false;
    *slot = (struct group_name){rule, arena_copy(&literal->capture.strings, name, strlen(name))};
    if (facts->group_name_count++ == 0)
        facts->first_group_name = literal->capture.group_names.count - 1;
    return slot->name != NULL;
}

struct owner *literal_owner(struct literal *literal, int fd, uint32_t inode)
{
    struct capture *capture = &literal->capture;
    struct owner *owner = vector_push(&capture->owners);

    if (!owner || !capture->processes.count)
        return NULL;
    *owner = (struct owner){.inode = inode, .fd = fd, .socket = PROCTCP_NONE};
    capture->processes.at[capture->processes.count - 1].owner_count++;
    return owner;
}

static struct unseen *add_unseen(struct literal *literal, int pid, uint32_t facts)
{
    const struct facts *of = &literal->capture.facts.at[facts];
    struct unseen *unseen = vector_push(&literal->capture.unseen);

    if (unseen)
        *unseen = (struct unseen){
            .pid = pid, .uid = of->uid, .start_ticks = of->start_ticks, .name = of->name, .facts = facts};
    return unseen;
}

struct unseen *literal_unseen(struct literal *literal)
{
    const struct processes *processes = &literal->capture.processes;
    const struct process *last = processes->count ? &processes->at[processes->count - 1] : NULL;

    return last ? add_unseen(literal, last->pid, last->facts) : NULL;
}

struct unseen *literal_unseen_ended(struct literal *literal, int pid, const char *name)
{
    struct facts *facts = vector_push(&literal->capture.facts);

    if (!facts)
        return NULL;
    *facts = (struct facts){.present = PROCTCP_HAS_PROCESS | PROCTCP_HAS_PROCESS_UID,
                            .name = name,
                            .executable = "",
                            .cgroup = "",
                            .unit = "",
                            .container = "",
                            .start_ticks = (uint64_t)pid * 10};
    return add_unseen(literal, pid, literal->capture.facts.count - 1);
}

struct ended *literal_ended(struct literal *literal, int pid, uint64_t cookie)
{
    struct ended *ended = vector_push(&literal->capture.ended);

    if (ended)
        *ended = (struct ended){.cookie = cookie,
                                .ended_ns = literal->capture.ended.count,
                                .start_ticks = (uint64_t)pid * 10,
                                .pid = pid,
                                .is_new = true};
    return ended;
}

static int name_groups(struct literal *literal)
{
    for (uint32_t i = 0; literal->grouping && i < literal->capture.facts.count; i++) {
        struct facts *facts = &literal->capture.facts.at[i];
        char name[PROCTCP_GROUP_NAME_SIZE];
        struct group_name *slot;
        if (facts->group_name_count)
            continue;
        group_name_default(literal->grouping, facts->name, name);
        slot = vector_push(&literal->capture.group_names);
        if (!slot)
            return -ENOMEM;
        *slot = (struct group_name){PROCTCP_NONE, arena_copy(&literal->capture.strings, name, strlen(name))};
        if (!slot->name)
            return -ENOMEM;
        facts->first_group_name = literal->capture.group_names.count - 1;
        facts->group_name_count = 1;
    }
    return 0;
}

/* Who holds nothing is told of for what he counted. */
static bool is_told_of(const struct capture *capture, const struct process *process)
{
    for (uint32_t i = 0; i < capture->unseen.count; i++) {
        if (capture->unseen.at[i].facts == process->facts)
            return true;
    }
    return false;
}

/* What a capture ends with: sockets by inode, and the owners of TCP sockets alone, each with its socket. */
static int finish(struct capture *capture)
{
    if (!hash_begin(&capture->by_inode, (uint64_t)capture->sockets.count + 1))
        return -ENOMEM;
    for (uint32_t i = 0; i < capture->sockets.count; i++) {
        const uint32_t inode = capture->sockets.at[i].inode;
        if (inode && hash_put(&capture->by_inode, inode, i) && !indices_push(&capture->shared, inode))
            return -ENOMEM;
    }
    for (uint32_t p = 0; p < capture->processes.count; p++) {
        struct process *process = &capture->processes.at[p];
        uint32_t kept = process->first_owner;
        for (uint32_t i = 0; i < process->owner_count; i++) {
            struct owner owner = capture->owners.at[process->first_owner + i];
            owner.socket = hash_find(&capture->by_inode, owner.inode);
            if (owner.socket != HASH_NONE)
                capture->owners.at[kept++] = owner;
        }
        process->owner_count = kept - process->first_owner;
        if (!process->owner_count && !is_told_of(capture, process))
            process->facts = PROCTCP_NONE;
    }
    return 0;
}

int literal_end(struct literal *literal, const struct proctcp_selection *selection)
{
    struct capture *capture = &literal->capture;
    struct model *model = &literal->model;
    struct history next = {.previous = NULL};
    const struct proctcp_snapshot *snapshot;
    uint32_t number;
    int status = finish(capture);

    if (status == 0)
        status = name_groups(literal);
    if (status == 0)
        status = model_begin(model, capture);
    if (status == 0)
        status = tuples_index(model, capture, 1, &literal->tuples, &number);
    if (status == 0)
        status = model_join(model, capture);
    if (status == 0)
        status = peers_find(model, &literal->tuples, true);
    if (status == 0)
        status = model_drop_dead(model);
    if (status == 0)
        status = filter_model(model, capture, selection);
    if (status == 0)
        status = sums_count(model, capture, &number);
    if (status == 0)
        status = groups_name(model, capture, literal->grouping, 1);
    if (status == 0)
        status = history_place_groups(&literal->history, &(struct config){.grouping = literal->grouping, .seed = 1},
                                      model, &capture->strings, &next);
    if (status == 0)
        status = listeners_count(model, capture, selection);
    if (status == 0)
        status = history_apply(&literal->history, capture, selection, model, &capture->strings, &next);
    if (status == 0)
        status = sums_unattributed(model, &number);
    if (status == 0)
        status = groups_sum(model, capture);
    if (status == 0)
        history_keep_groups(model, &next);
    if (status == 0)
        status = snapshot_freeze(model, capture, &snapshot);
    if (status) {
        history_clear(&next);
        return status;
    }
    history_clear(&literal->history);
    literal->history = next;
    literal->history.previous = snapshot;
    proctcp_snapshot_unref(literal->snapshot);
    literal->snapshot = snapshot;
    return 0;
}
