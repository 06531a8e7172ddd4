/* procfs_fd.c - /proc/<pid>/fd to owners: which process has which socket inode open at which descriptor. Threads that
 * have descriptors of their own, and those of a leader that has ended, count as their process. Knows nothing of what
 * the sockets are. */
#include "capture/procfs_fd.h"

#include "capture/facts.h"
#include "capture/guard.h"
#include "capture/left_alone.h"
#include "capture/limits.h"
#include "capture/prefilter.h"
#include "capture/shown.h"
#include "capture/sink.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of linux/kcmp.h: what kcmp() says of the first of two. */
#define KCMP_LESS       1
#define KCMP_GREATER    2
#define CHARGED_AT_ONCE 256

static int compare_int32(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* The numbers that a directory lists, in ascending order, as a procfs has them anyway. */
static int list_numbers(struct inquiry *inquiry, int directory, struct indices *numbers, uint32_t limit)
{
    struct listing listing = {.fd = directory, .buffer = inquiry->buffer, .size = INQUIRY_BUFFER_SIZE};
    const struct directory_entry *entry;
    bool ordered = true;

    numbers->count = 0;
    while (numbers->count < limit && (entry = listing_next(&listing))) {
        int32_t number;
        if (!inquiry_parse_number(entry->name, &number))
            continue;
        if (!indices_push(numbers, (uint32_t)number))
            return -ENOMEM;
        ordered &= numbers->count < 2 || numbers->at[numbers->count - 2] < (uint32_t)number;
    }
    if (!ordered)
        qsort(numbers->at, numbers->count, sizeof(numbers->at[0]), compare_int32);
    return listing.error;
}

/* ---- descriptors ---- */

/* Adds an owner if the descriptor is a socket. 0, or -errno where the rest of the process is not worth trying. */
static int read_descriptor(struct inquiry *inquiry, int directory, const char *name, int32_t fd)
{
    char link[32]; /* longer targets are cut; none of those is a socket */
    ssize_t length = GUARD_CALL(inquiry, readlinkat(directory, name, link, sizeof(link)));
    uint32_t inode;

    if (length < 0) {
        if (errno == ENOENT) {
            inquiry->capture->stats.closed++;
            return 0;
        }
        return inquiry_errno();
    }
    return inquiry_parse_socket_link(link, (size_t)length, &inode) ? sink_owner(inquiry, fd, inode) : 0;
}

/* Charges so many descriptors to the process' user. -EDQUOT: he has had all that he is allowed; root may go on. */
static int charge(struct inquiry *inquiry, const struct process *process, uint32_t fds)
{
    const bool within = inquiry_within_limit(&inquiry->descriptors_of, process->uid, fds, LIMIT_DESCRIPTORS_OF_USER);
    return within || process->uid == 0 ? 0 : -EDQUOT;
}

static int charge_batch(struct inquiry *inquiry, const struct process *process)
{
    return inquiry_is_cancelled(inquiry) ? -ECANCELED : charge(inquiry, process, CHARGED_AT_ONCE);
}

/* Each one that is read is charged, in batches, however many threads share it: that is what it costs. */
static int read_descriptors(struct inquiry *inquiry, uint32_t index, int directory, uint32_t *fds)
{
    struct listing listing = {.fd = directory, .buffer = inquiry->buffer, .size = INQUIRY_BUFFER_SIZE};
    const struct directory_entry *entry;
    int status = 0, charged;

    while (status == 0 && (entry = listing_next(&listing))) {
        int32_t fd;
        if (!inquiry_parse_number(entry->name, &fd))
            continue;
        status = read_descriptor(inquiry, directory, entry->name, fd);
        if (++*fds % CHARGED_AT_ONCE == 0 && status == 0)
            status = charge_batch(inquiry, &inquiry->capture->processes.at[index]);
    }
    charged = charge(inquiry, &inquiry->capture->processes.at[index], *fds % CHARGED_AT_ONCE);
    return status ? status : listing.error ? listing.error : charged;
}

/* ---- threads ---- */

/* Whether a thread's table of descriptors is one that was walked; where that cannot be told, it is. If not, place is
 * where it goes among those, which are in the order that the kernel gives; or PROCTCP_NONE. */
static bool was_walked(struct inquiry *inquiry, int32_t tid, uint32_t *place)
{
    const struct indices *tables = &inquiry->tables;
    uint32_t low = 0, high = tables->count;

    *place = PROCTCP_NONE;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const long order = GUARD_CALL(inquiry, syscall(SYS_kcmp, tables->at[middle], tid, KCMP_FILES, 0, 0));
        if (order == KCMP_LESS)
            low = middle + 1;
        else if (order == KCMP_GREATER)
            high = middle;
        else if (order > 0 || (order < 0 && errno == ESRCH)) /* one of the two has just ended */
            return false;
        else {
            if (order < 0) /* then all threads are looked through where it matters */
                inquiry->may_not_compare |= errno == ENOSYS || errno == EPERM;
            return true;
        }
    }
    *place = low;
    return false;
}

static int remember_table(struct inquiry *inquiry, int32_t tid, uint32_t place)
{
    struct indices *tables = &inquiry->tables;

    if (!indices_push(tables, 0))
        return -ENOMEM;
    memmove(&tables->at[place + 1], &tables->at[place], (tables->count - 1 - place) * sizeof(tables->at[0]));
    tables->at[place] = (uint32_t)tid;
    return 0;
}

static int walk_thread(struct inquiry *inquiry, uint32_t index, int directory, int32_t tid, bool stands_for_leader)
{
    struct process *process = &inquiry->capture->processes.at[index];
    char path[32];
    uint32_t fds = 0, netns;
    int status, fd;

    snprintf(path, sizeof(path), "../task/%d/fd", tid);
    fd = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOMEM ? -ENOBUFS : 0; /* it has just ended, or is none of ours to look at */
    status = read_descriptors(inquiry, index, fd, &fds);
    netns = inquiry_netns_link(inquiry, fd, "../ns/net");
    close(fd);
    if (fds > process->fds) /* against RLIMIT_NOFILE: of tables that differ the largest counts */
        process->fds = fds;
    if (stands_for_leader && (netns || fds)) {
        process->living_thread = tid;
        process->netns = netns;
    } else if (netns && netns != process->netns) {
        struct thread *thread = vector_push(&inquiry->threads);
        if (!thread)
            return -ENOMEM;
        *thread = (struct thread){netns, index, tid};
    }
    return status == -ENOENT || status == -ESRCH ? 0 : status;
}

static int list_threads(struct inquiry *inquiry, int directory)
{
    int tasks = openat(directory, "../task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status;

    inquiry->tids.count = 0;
    if (tasks < 0)
        return errno == ENOMEM ? -ENOBUFS : 0;
    status = list_numbers(inquiry, tasks, &inquiry->tids, LIMIT_THREADS_OF_PROCESS);
    close(tasks);
    return status == -ENOMEM ? status : 0;
}

/* Those of the threads whose table is not one that was walked before: the leader's, or the first living thread's. */
static int walk_other_tables(struct inquiry *inquiry, uint32_t index, int directory, bool leader_ended)
{
    const struct process *process = &inquiry->capture->processes.at[index];
    int status = list_threads(inquiry, directory);

    inquiry->tables.count = 0;
    if (status == 0 && !leader_ended)
        status = remember_table(inquiry, process->pid, 0);
    for (uint32_t i = 0; i < inquiry->tids.count && status == 0; i++) {
        const int32_t tid = (int32_t)inquiry->tids.at[i];
        const int32_t walked = leader_ended ? process->living_thread : process->pid;
        uint32_t place = PROCTCP_NONE;
        if (tid == process->pid)
            continue;
        if (inquiry_is_cancelled(inquiry))
            return -ECANCELED;
        if (walked && (!inquiry->own_pids || was_walked(inquiry, tid, &place)))
            continue;
        status = walk_thread(inquiry, index, directory, tid, walked == 0);
        if (walked == 0 && process->living_thread == tid)
            place = 0;
        if (status == 0 && place != PROCTCP_NONE)
            status = remember_table(inquiry, tid, place);
    }
    return status;
}

/* ---- processes ---- */

/* What a process refuses is counted; only what is our own ends the scan. */
static int count_refusal(struct inquiry *inquiry, uint32_t index, int status, const char *file)
{
    struct process *process = &inquiry->capture->processes.at[index];

    if (status == 0 || inquiry_ends_with(status))
        return status;
    process->walk = status == -ENOENT || status == -ESRCH ? WALK_GONE : WALK_REFUSED;
    inquiry_count_error(inquiry, -status, "%d%s%s", process->pid, *file ? "/" : "", file);
    return 0;
}

static int walk_tables(struct inquiry *inquiry, uint32_t index, int directory)
{
    struct process *process = &inquiry->capture->processes.at[index];
    struct stat tasks = {.st_nlink = 0};
    /* Two links, and one for each thread, in a procfs; in a recorded tree it may be anything. */
    const bool has_tasks = fstatat(directory, "../task", &tasks, 0) == 0;
    const bool has_threads = inquiry->live ? tasks.st_nlink > 3 : has_tasks;
    int status;

    process->uid = has_tasks ? tasks.st_uid : UINT32_MAX;
    if (charge(inquiry, process, 0) < 0)
        return -EDQUOT;
    status = read_descriptors(inquiry, index, directory, &process->fds);
    /* From the held descriptor, so that it is the same process even if the pid is in use again. */
    process->netns = inquiry_netns_link(inquiry, directory, "../ns/net");
    const bool leader_ended = status == 0 && process->fds == 0 && process->netns == 0;
    if (status == 0 && has_threads && (leader_ended || inquiry->own_pids))
        status = walk_other_tables(inquiry, index, directory, leader_ended);
    return status;
}

/* path is that of its descriptors from base on. */
static int walk(struct inquiry *inquiry, uint32_t index, int base, const char *path)
{
    struct process *process = &inquiry->capture->processes.at[index];
    int directory = -1, status = -EBUSY;

    inquiry->asked_pid = process->pid;
    if (!left_alone_has_process(inquiry, process->pid)) {
        directory = openat(base, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        status = directory < 0 ? inquiry_errno() : 0;
    }
    process->walk = WALKED;
    process->first_owner = inquiry->capture->owners.count;
    if (directory >= 0) {
        status = walk_tables(inquiry, index, directory);
        close(directory);
    }
    if (status == -ENOENT || status == -ESRCH)
        inquiry->capture->owners.count = process->first_owner;
    sink_owners_end(inquiry, index);
    inquiry->capture->stats.descriptors += process->fds;
    return count_refusal(inquiry, index, status, "fd");
}

/* How many descriptors a process has that was shown without. Since 6.2 the size of the directory tells. */
static void count_descriptors(struct inquiry *inquiry, struct process *process)
{
    struct listing listing = {.buffer = inquiry->buffer, .size = INQUIRY_BUFFER_SIZE};
    struct stat status;
    char path[32];
    uint32_t count = 0;

    snprintf(path, sizeof(path), "%d/fd", process->pid);
    if (GUARD_CALL(inquiry, fstatat(inquiry->proc_fd, path, &status, 0)) == 0 && status.st_size > 0) {
        process->fds = (uint32_t)status.st_size;
        return;
    }
    listing.fd = openat(inquiry->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (listing.fd < 0)
        return;
    while (!inquiry_is_cancelled(inquiry) && charge(inquiry, process, 0) == 0 && listing_next(&listing)) {
        if (++count % CHARGED_AT_ONCE == 0)
            charge(inquiry, process, CHARGED_AT_ONCE);
    }
    close(listing.fd);
    if (count > 2 && count - 2 > process->fds) /* but for . and .. */
        process->fds = count - 2;
}

/* As it was shown, or else by a walk. */
static int take_or_walk(struct inquiry *inquiry, uint32_t index, int base, const char *path)
{
    struct process *process = &inquiry->capture->processes.at[index];
    enum shown_how how;

    inquiry->asked_pid = process->pid;
    how = shown_take(inquiry, index);
    if (how == SHOWN_NOT)
        return walk(inquiry, index, base, path);
    if (how == SHOWN_UNCOUNTED)
        count_descriptors(inquiry, process);
    inquiry->capture->stats.descriptors += process->fds;
    return how == SHOWN_FAILED ? -ENOMEM : 0;
}

int procfs_fd_walk(struct inquiry *inquiry, uint32_t process)
{
    char path[32];
    snprintf(path, sizeof(path), "%d/fd", inquiry->capture->processes.at[process].pid);
    return take_or_walk(inquiry, process, inquiry->proc_fd, path);
}

/* Where a process lives is asked of one that is not walked, too: what it may share its namespace with is wanted. */
static void leave_out(struct inquiry *inquiry, uint32_t index)
{
    struct process *process = &inquiry->capture->processes.at[index];
    char path[32];

    process->walk = WALK_LEFT_OUT;
    process->is_selected = false;
    inquiry->capture->stats.skipped++;
    if (left_alone_has_process(inquiry, process->pid))
        return;
    snprintf(path, sizeof(path), "%d/ns/net", process->pid);
    process->netns = inquiry_netns_link(inquiry, inquiry->proc_fd, path);
}

static int visit(struct inquiry *inquiry, int32_t pid)
{
    int64_t index;
    inquiry->asked_pid = pid;
    index = sink_process(inquiry, pid);
    int directory = -1, status;

    if (index < 0)
        return -ENOMEM;
    inquiry->capture->processes.at[index].seen_ticks = inquiry->chosen_ticks  ? inquiry->chosen_ticks
                                                       : inquiry->shown.ticks ? inquiry->shown.ticks
                                                                              : inquiry_ticks(inquiry);
    switch (prefilter_ask(inquiry, pid, &directory, &status)) {
    case PREFILTER_ALL:
        return procfs_fd_walk(inquiry, (uint32_t)index);
    case PREFILTER_WANTED:
        status = take_or_walk(inquiry, (uint32_t)index, directory, "fd");
        close(directory);
        return status;
    case PREFILTER_LEFT_OUT:
        leave_out(inquiry, (uint32_t)index);
        return 0;
    default:
        return count_refusal(inquiry, (uint32_t)index, status, "");
    }
}

int procfs_fd_list(struct inquiry *inquiry)
{
    struct indices *pids = &inquiry->pids;
    /* A directory descriptor of its own: proc_fd has no position to share. */
    int directory = openat(inquiry->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = directory < 0 ? inquiry_errno() : list_numbers(inquiry, directory, pids, UINT32_MAX);

    if (directory >= 0)
        close(directory);
    if (status)
        inquiry_failed(inquiry, -status, "%s", "");
    return status;
}

int procfs_fd_read(struct inquiry *inquiry)
{
    const struct indices *pids = &inquiry->pids;
    int status = prefilter_begin(inquiry, (const int32_t *)pids->at, pids->count);

    for (uint32_t i = 0; i < pids->count && status == 0; i++) {
        if (inquiry_is_cancelled(inquiry))
            status = -ECANCELED;
        else if (!inquiry->in_child || (int32_t)pids->at[i] != getpid()) /* of which nobody needs to know */
            status = visit(inquiry, (int32_t)pids->at[i]);
    }
    inquiry->capture->stats.processes_seen = inquiry->capture->processes.count;
    return status;
}

/* Looks at all threads of a process, for the kernel cannot tell which have descriptors of their own. */
static int walk_all_threads(struct inquiry *inquiry, uint32_t index, int directory)
{
    const int32_t pid = inquiry->capture->processes.at[index].pid;
    int status = list_threads(inquiry, directory);

    if (status || inquiry->tids.count < 2)
        return status;
    status = sink_owners_again(inquiry, index);
    for (uint32_t i = 0; i < inquiry->tids.count && status == 0; i++) {
        if (inquiry_is_cancelled(inquiry))
            status = -ECANCELED;
        else if ((int32_t)inquiry->tids.at[i] != pid)
            status = walk_thread(inquiry, index, directory, (int32_t)inquiry->tids.at[i], false);
    }
    sink_owners_end(inquiry, index);
    if (status == -EDQUOT)
        inquiry_count_error(inquiry, EDQUOT, "%d/task", pid);
    return inquiry_ends_with(status) ? status : 0;
}

int procfs_fd_walk_threads(struct inquiry *inquiry)
{
    int status = 0;

    for (uint32_t p = 0; p < inquiry->capture->processes.count && status == 0; p++) {
        const struct process *process = &inquiry->capture->processes.at[p];
        char path[32];
        if (process->walk != WALKED || process->living_thread)
            continue;
        if (inquiry_is_cancelled(inquiry))
            return -ECANCELED;
        snprintf(path, sizeof(path), "%d/fd", process->pid);
        int directory = openat(inquiry->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
            continue;
        status = walk_all_threads(inquiry, p, directory);
        close(directory);
    }
    return status;
}
