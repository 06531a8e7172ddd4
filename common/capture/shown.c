/* shown.c - what was shown of processes, by pid. Knows how threads count as their process; nothing of who showed them.
 */
#include "capture/shown.h"

#include "capture/limits.h"
#include "capture/netns.h"
#include "capture/sink.h"

#include <stdlib.h>

#define CHARGED_AT_ONCE 256

/* The leader first. */
static int compare_tasks(const void *a, const void *b)
{
    const struct shown_task *x = a, *y = b;
    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    if (x->is_leader != y->is_leader)
        return x->is_leader ? -1 : 1;
    return (x->tid > y->tid) - (x->tid < y->tid);
}

static int compare_owners(const void *a, const void *b)
{
    const struct shown_owner *x = a, *y = b;
    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    return (x->owner.fd > y->owner.fd) - (x->owner.fd < y->owner.fd);
}

int shown_add_task(struct inquiry *inquiry, const struct shown_task *task)
{
    struct shown_task *slot = vector_push(&inquiry->shown.tasks);
    if (!slot)
        return -ENOMEM;
    *slot = *task;
    return 0;
}

/* Among items that begin with a pid and are ordered by it, the index of the first one of a process, or where it would
 * stand. */
static uint32_t first_of(const void *items, uint32_t count, size_t size, int32_t pid)
{
    uint32_t low = 0, high = count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (*(const int32_t *)(const void *)((const char *)items + middle * size) < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* PROCTCP_NONE: the process was not shown. */
static uint32_t first_task(const struct shown *shown, int32_t pid)
{
    const uint32_t task = first_of(shown->tasks.at, shown->tasks.count, sizeof(shown->tasks.at[0]), pid);
    return task < shown->tasks.count && shown->tasks.at[task].pid == pid ? task : PROCTCP_NONE;
}

void shown_tasks_end(struct inquiry *inquiry)
{
    struct shown *shown = &inquiry->shown;
    bool ordered = true;

    for (uint32_t i = 1; i < shown->tasks.count && ordered; i++)
        ordered = compare_tasks(&shown->tasks.at[i - 1], &shown->tasks.at[i]) <= 0;
    if (!ordered)
        qsort(shown->tasks.at, shown->tasks.count, sizeof(shown->tasks.at[0]), compare_tasks);
}

/* Each table is gone through, however many threads share one that is not their leader's: the kernel cannot be told to
 * leave a user out. */
bool shown_is_affordable(const struct inquiry *inquiry, uint32_t *uid)
{
    struct usages tables = {.users = 0};
    bool affordable = true;

    for (uint32_t i = 0; i < inquiry->shown.tasks.count && affordable; i++) {
        const struct shown_task *task = &inquiry->shown.tasks.at[i];
        *uid = task->uid;
        affordable = task->uid == 0 || inquiry_within_limit(&tables, task->uid, task->fds, LIMIT_DESCRIPTORS_OF_USER);
    }
    vector_free(&tables.by_uid);
    return affordable;
}

void shown_expect(struct inquiry *inquiry)
{
    uint64_t descriptors = 0;

    for (uint32_t i = 0; i < inquiry->shown.tasks.count; i++)
        descriptors += inquiry->shown.tasks.at[i].fds;
    if (descriptors > EXPECTED_MAX)
        return;
    (void)vector_reserve(&inquiry->shown.owners, descriptors);
    sink_expect(inquiry, descriptors);
}

/* ---- descriptors ---- */

/* What is left over of the batches of whose descriptors were shown last. */
static void charge_rest(struct inquiry *inquiry)
{
    struct shown *shown = &inquiry->shown;

    inquiry_within_limit(&inquiry->descriptors_of, shown->uid, shown->uncharged % CHARGED_AT_ONCE,
                         LIMIT_DESCRIPTORS_OF_USER);
    shown->uncharged = 0;
}

/* Whose descriptors are being shown: they come one process after the other. */
static void turn_to(struct inquiry *inquiry, int32_t pid)
{
    struct shown *shown = &inquiry->shown;

    if (shown->uncharged)
        charge_rest(inquiry);
    shown->pid = pid;
    shown->task = first_task(shown, pid);
    shown->uid = shown->task == PROCTCP_NONE ? UINT32_MAX : shown->tasks.at[shown->task].uid;
    shown->is_beyond = !inquiry_within_limit(&inquiry->descriptors_of, shown->uid, 0, LIMIT_DESCRIPTORS_OF_USER);
}

static bool may_have_more(struct inquiry *inquiry, int32_t pid)
{
    struct shown *shown = &inquiry->shown;

    if (shown->pid != pid)
        turn_to(inquiry, pid);
    if (shown->uid != 0 && shown->is_beyond) {
        if (shown->task != PROCTCP_NONE)
            shown->tasks.at[shown->task].is_cut = true;
        return false;
    }
    if (++shown->uncharged % CHARGED_AT_ONCE == 0)
        shown->is_beyond =
            !inquiry_within_limit(&inquiry->descriptors_of, shown->uid, CHARGED_AT_ONCE, LIMIT_DESCRIPTORS_OF_USER);
    return true;
}

/* NULL: memory is out. */
static struct shown_netns *find_netns(struct inquiry *inquiry, uint32_t inode, const struct holder *holder)
{
    struct shown *shown = &inquiry->shown;
    uint32_t found;

    if (shown->last_netns < shown->namespaces.count && shown->namespaces.at[shown->last_netns].inode == inode)
        return &shown->namespaces.at[shown->last_netns];
    if (!shown->netns_by_inode.at && !hash_begin(&shown->netns_by_inode, 64))
        return NULL;
    found = hash_find(&shown->netns_by_inode, inode);
    if (found == HASH_NONE) {
        struct shown_netns *made = hash_reserve(&shown->netns_by_inode, (uint64_t)shown->namespaces.count + 1)
                                       ? vector_push(&shown->namespaces)
                                       : NULL;
        if (!made)
            return NULL;
        found = shown->namespaces.count - 1;
        *made = (struct shown_netns){
            .inode = inode, .uid = shown->uid, .holder = *holder, .is_wanted = netns_is_wanted(inquiry, inode)};
        hash_put(&shown->netns_by_inode, inode, found);
    }
    shown->last_netns = found;
    return &shown->namespaces.at[found];
}

int shown_add_owner(struct inquiry *inquiry, int32_t pid, int32_t fd, uint32_t inode, uint32_t netns)
{
    const struct holder holder = {pid, fd, inode};
    struct shown_netns *home;
    struct shown_owner *slot;

    if (!may_have_more(inquiry, pid))
        return 0;
    home = find_netns(inquiry, netns, &holder);
    if (!home)
        return -ENOMEM;
    if (!home->is_wanted)
        return 0;
    slot = vector_push(&inquiry->shown.owners);
    if (!slot)
        return -ENOMEM;
    *slot = (struct shown_owner){.pid = pid, .owner = {.inode = inode, .fd = fd, .socket = PROCTCP_NONE}};
    return 1;
}

void shown_drop_owner(struct inquiry *inquiry)
{
    inquiry->shown.owners.count--;
}

static bool add_pid(struct inquiry *inquiry, uint32_t listed, uint32_t *at, int32_t pid)
{
    while (*at < listed && (int32_t)inquiry->pids.at[*at] < pid)
        ++*at;
    return (*at < listed && (int32_t)inquiry->pids.at[*at] == pid) || indices_push(&inquiry->pids, (uint32_t)pid);
}

/* All three are ordered. Who has descriptors and was not shown himself, for he came later, is walked. */
static int merge_pids(struct inquiry *inquiry)
{
    const struct shown *shown = &inquiry->shown;
    const uint32_t listed = inquiry->pids.count;
    uint32_t at = 0;

    for (uint32_t i = 0; i < shown->tasks.count; i++) {
        if ((i == 0 || shown->tasks.at[i - 1].pid != shown->tasks.at[i].pid) &&
            !add_pid(inquiry, listed, &at, shown->tasks.at[i].pid))
            return -ENOMEM;
    }
    at = 0;
    for (uint32_t i = 0; i < shown->owners.count; i++) {
        const int32_t pid = shown->owners.at[i].pid;
        if ((i == 0 || shown->owners.at[i - 1].pid != pid) && first_task(shown, pid) == PROCTCP_NONE &&
            !add_pid(inquiry, listed, &at, pid))
            return -ENOMEM;
    }
    if (inquiry->pids.count > listed)
        indices_sort(&inquiry->pids);
    return 0;
}

int shown_owners_end(struct inquiry *inquiry)
{
    struct shown *shown = &inquiry->shown;
    bool ordered = true;

    charge_rest(inquiry);
    for (uint32_t i = 1; i < shown->owners.count && ordered; i++)
        ordered = compare_owners(&shown->owners.at[i - 1], &shown->owners.at[i]) <= 0;
    if (!ordered)
        qsort(shown->owners.at, shown->owners.count, sizeof(shown->owners.at[0]), compare_owners);
    shown->is_used = true;
    return merge_pids(inquiry);
}

void shown_forget(struct inquiry *inquiry)
{
    struct shown *shown = &inquiry->shown;

    shown->tasks.count = shown->owners.count = shown->namespaces.count = shown->seen.count = 0;
    vector_free(&shown->netns_by_inode);
    shown->last_netns = 0;
    shown->ticks = 0;
}

/* ---- taken ---- */

/* The largest of its tables counts against RLIMIT_NOFILE. Where the leader has ended, its first thread that lives tells
 * what it cannot. */
static enum shown_how take_tasks(struct inquiry *inquiry, uint32_t index, uint32_t first)
{
    const struct shown_tasks *tasks = &inquiry->shown.tasks;
    struct process *process = &inquiry->capture->processes.at[index];
    enum shown_how how = SHOWN_WHOLE;
    bool has_ended = false;

    for (uint32_t i = first; i < tasks->count && tasks->at[i].pid == process->pid; i++) {
        const struct shown_task *task = &tasks->at[i];
        if (task->fds > process->fds)
            process->fds = task->fds;
        if (!task->has_fds && !task->has_ended)
            how = SHOWN_UNCOUNTED;
        if (task->is_leader) {
            process->uid = task->uid;
            process->netns = task->netns;
            process->is_below = task->is_below;
            has_ended = task->has_ended;
        } else if (has_ended && !process->living_thread) {
            process->living_thread = task->tid;
            process->netns = task->netns;
        } else if (task->netns && task->netns != process->netns) {
            struct thread *thread = vector_push(&inquiry->threads);
            if (!thread)
                return SHOWN_FAILED;
            *thread = (struct thread){task->netns, index, task->tid};
        }
    }
    return how;
}

enum shown_how shown_take(struct inquiry *inquiry, uint32_t index)
{
    const struct shown *shown = &inquiry->shown;
    const struct shown_owners *owners = &shown->owners;
    struct process *process = &inquiry->capture->processes.at[index];
    const uint32_t task = shown->is_used ? first_task(shown, process->pid) : PROCTCP_NONE;
    enum shown_how how;

    if (task == PROCTCP_NONE)
        return SHOWN_NOT;
    process->walk = WALKED;
    process->first_owner = inquiry->capture->owners.count;
    if (shown->tasks.at[task].is_cut) {
        process->walk = WALK_REFUSED;
        inquiry_count_error(inquiry, EDQUOT, "%d/fd", process->pid);
    }
    how = take_tasks(inquiry, index, task);
    for (uint32_t i = first_of(owners->at, owners->count, sizeof(owners->at[0]), process->pid);
         i < owners->count && owners->at[i].pid == process->pid && how != SHOWN_FAILED; i++) {
        if (sink_owner(inquiry, owners->at[i].owner.fd, owners->at[i].owner.inode) < 0)
            how = SHOWN_FAILED;
    }
    sink_owners_end(inquiry, index);
    return how;
}
