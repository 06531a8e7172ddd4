/* facts.c - facts about a process: name, executable, uid, cgroup, start time, descriptor limit. Reads only those that
 * own a TCP socket, each through one held directory, so that all facts are of one process even if its pid is reused. */
#include "capture/facts.h"

#include "base/cursor.h"
#include "capture/group_names.h"
#include "capture/guard.h"
#include "select/cgroup_names.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A procfs gives such a file whole, if there is room for it. O_NONBLOCK: a recorded tree may hold a pipe. */
ssize_t facts_read_file(struct inquiry *inquiry, int directory, int32_t pid, const char *name)
{
    size_t filled = 0;
    ssize_t got;
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        got = inquiry_errno();
    } else {
        do {
            got = GUARD_CALL(inquiry, read(fd, inquiry->buffer + filled, INQUIRY_BUFFER_SIZE - 1 - filled));
            if (got > 0)
                filled += (size_t)got;
        } while ((got > 0 && (!inquiry->live || filled == INQUIRY_BUFFER_SIZE - 1)) || (got < 0 && errno == EINTR));
        if (got < 0)
            got = inquiry_errno();
        close(fd);
    }
    if (got < 0 && got != -ENOENT && got != -ESRCH)
        inquiry_count_error(inquiry, (int)-got, "%d/%s", pid, name);
    return got < 0 ? got : (ssize_t)filled;
}

static bool skip_columns(struct cursor *c, unsigned from, unsigned to)
{
    for (; from < to; from++) {
        if (!cursor_gap(c) || !cursor_word(c))
            return false;
    }
    return true;
}

/* 14199 (nginx) S 1 ... with the start time in column 22, and where its code and its stack begin in 26 and 28. The name
 * may hold any byte, parentheses and newlines too: it ends at the last parenthesis. */
bool facts_parse_stat(const char *text, size_t length, struct stat_line *stat)
{
    const char *open = memchr(text, '(', length);
    const char *close = open ? memrchr(open, ')', (size_t)(text + length - open)) : NULL;
    struct cursor c;
    uint64_t code_start, stack_start;

    if (!close)
        return false;
    c = (struct cursor){close + 1, text + length};
    if (!skip_columns(&c, 3, 22) || !cursor_gap(&c) || !cursor_dec64(&c, &stat->start_ticks))
        return false;
    stat->name = open + 1;
    stat->name_length = (size_t)(close - open - 1);
    stat->image = 0;
    /* 1 or 0 where we may not know. */
    if (skip_columns(&c, 23, 26) && cursor_gap(&c) && cursor_dec64(&c, &code_start) && skip_columns(&c, 27, 28) &&
        cursor_gap(&c) && cursor_dec64(&c, &stack_start) && stack_start > 1)
        stat->image = code_start * 31 + stack_start;
    return true;
}

/* Max open files            1024                 524288               files */
bool facts_parse_limits(const char *text, size_t length, uint64_t *fd_limit)
{
    struct cursor c = {text, text + length};

    while (c.at != c.end) {
        if (cursor_text(&c, "Max open files")) {
            cursor_blanks(&c);
            return cursor_dec64(&c, fd_limit); /* "unlimited" is no number */
        }
        const char *newline = memchr(c.at, '\n', (size_t)(c.end - c.at));
        if (!newline)
            return false;
        c.at = newline + 1;
    }
    return false;
}

/* 0::/system.slice/nginx.service, or 4:name=systemd:/system.slice/nginx.service on hosts of the first version. */
bool facts_parse_cgroup(const char *text, size_t length, const char **path, size_t *path_length)
{
    struct cursor c = {text, text + length};
    bool found = false;

    while (c.at != c.end) {
        const char *newline = memchr(c.at, '\n', (size_t)(c.end - c.at));
        const char *end = newline ? newline : c.end;
        uint32_t hierarchy;
        bool unified = false, systemd = false;
        if (cursor_dec32(&c, &hierarchy) && cursor_expect(&c, ':')) {
            unified = hierarchy == 0 && cursor_expect(&c, ':');
            systemd = !unified && cursor_text(&c, "name=systemd:");
        }
        if (unified || systemd) {
            *path = c.at;
            *path_length = (size_t)(end - c.at);
            found = true;
        }
        if (unified)
            return true;
        c.at = newline ? newline + 1 : c.end;
    }
    return found;
}

/* -ENOMEM, or 0 with *copy set and bit in present. */
static int keep(struct inquiry *inquiry, struct facts *facts, uint32_t bit, const char **copy, const char *bytes,
                size_t length)
{
    *copy = arena_copy(&inquiry->capture->strings, bytes, length);
    if (!*copy)
        return -ENOMEM;
    facts->present |= bit;
    return 0;
}

/* 0, -ENOMEM, or -ESRCH where the process is gone. */
static int read_stat(struct inquiry *inquiry, int directory, int32_t pid, struct facts *facts)
{
    struct stat_line stat;
    ssize_t length = facts_read_file(inquiry, directory, pid, "stat");

    if (inquiry->live && (length == -ENOENT || length == -ESRCH))
        return -ESRCH;
    facts->refused |= PROCTCP_HAS_PROCESS;
    if (length < 0)
        return 0;
    if (!facts_parse_stat(inquiry->buffer, (size_t)length, &stat)) {
        inquiry->capture->stats.malformed++;
        inquiry_failed(inquiry, EBADMSG, "%d/stat", pid);
        return 0;
    }
    facts->refused &= ~PROCTCP_HAS_PROCESS;
    facts->start_ticks = stat.start_ticks;
    facts->image = stat.image;
    if (inquiry->kept->boot_time) {
        facts->start_time = inquiry->kept->boot_time + facts->start_ticks / inquiry->config->hz;
        facts->present |= PROCTCP_HAS_START_TIME;
    }
    return keep(inquiry, facts, PROCTCP_HAS_PROCESS, &facts->name, stat.name, stat.name_length);
}

static int compare_programs(const void *a, const void *b)
{
    const struct recalled_program *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

/* NULL: not known of this process and program. */
static const struct recalled_program *recall_program(const struct inquiry *inquiry, int32_t pid,
                                                     const struct facts *facts)
{
    const struct recalled_programs *programs = &inquiry->before->programs;
    const struct recalled_program wanted = {.pid = pid}, *found = NULL;

    if (programs->count && facts->image)
        found = bsearch(&wanted, programs->at, programs->count, sizeof(wanted), compare_programs);
    return found && found->start_ticks == facts->start_ticks && found->image == facts->image ? found : NULL;
}

static int recall_for_next(struct inquiry *inquiry, int32_t pid, const struct facts *facts)
{
    struct recalled_program *program;

    if (!facts->image || !(facts->present & PROCTCP_HAS_EXECUTABLE))
        return 0;
    program = vector_push(&inquiry->kept->programs);
    if (!program)
        return -ENOMEM;
    *program = (struct recalled_program){.pid = pid, .start_ticks = facts->start_ticks, .image = facts->image};
    program->executable = arena_copy(&inquiry->kept->strings, facts->executable, strlen(facts->executable));
    return program->executable ? 0 : -ENOMEM;
}

static int read_executable(struct inquiry *inquiry, int directory, const struct process *process, struct facts *facts)
{
    const struct recalled_program *known = recall_program(inquiry, process->pid, facts);
    char path[32] = "exe";
    ssize_t length;
    int status;

    if (known) {
        status = keep(inquiry, facts, PROCTCP_HAS_EXECUTABLE, &facts->executable, known->executable,
                      strlen(known->executable));
        return status ? status : recall_for_next(inquiry, process->pid, facts);
    }
    if (process->living_thread)
        snprintf(path, sizeof(path), "task/%d/exe", process->living_thread);
    length = GUARD_CALL(inquiry, readlinkat(directory, path, inquiry->buffer, PATH_MAX));
    if (length < 0 && errno != ENOENT && errno != ESRCH && errno != EINVAL) {
        /* Who has no rights is shown the rest, and knows that. */
        if (!inquiry->shown.is_used || (errno != EACCES && errno != EPERM))
            inquiry_count_error(inquiry, errno, "%d/exe", process->pid);
        facts->refused |= PROCTCP_HAS_EXECUTABLE;
    }
    if (length <= 0)
        return 0;
    status = keep(inquiry, facts, PROCTCP_HAS_EXECUTABLE, &facts->executable, inquiry->buffer, (size_t)length);
    return status ? status : recall_for_next(inquiry, process->pid, facts);
}

static int read_cgroup(struct inquiry *inquiry, int directory, int32_t pid, struct facts *facts)
{
    const char *path;
    char name[CGROUP_NAME_SIZE];
    size_t path_length;
    ssize_t length = facts_read_file(inquiry, directory, pid, "cgroup");
    int status;

    if (length < 0 && length != -ENOENT && length != -ESRCH)
        facts->refused |= PROCTCP_HAS_CGROUP;
    if (length < 0 || !facts_parse_cgroup(inquiry->buffer, (size_t)length, &path, &path_length))
        return 0;
    status = keep(inquiry, facts, PROCTCP_HAS_CGROUP, &facts->cgroup, path, path_length);
    if (status == 0 && cgroup_unit(facts->cgroup, name))
        status = keep(inquiry, facts, PROCTCP_HAS_UNIT, &facts->unit, name, strlen(name));
    if (status == 0 && cgroup_container(facts->cgroup, name))
        status = keep(inquiry, facts, PROCTCP_HAS_CONTAINER, &facts->container, name, strlen(name));
    return status;
}

/* The kernel has it at hand, where the file is a page of text; we may not ask that of everybody. */
static void ask_limit(struct inquiry *inquiry, int32_t pid, struct facts *facts)
{
    struct rlimit limit;

    if (!inquiry->own_pids || prlimit(pid, RLIMIT_NOFILE, NULL, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return;
    facts->fd_limit = limit.rlim_cur;
    facts->present |= PROCTCP_HAS_FD_LIMIT;
}

static void read_limit(struct inquiry *inquiry, int directory, int32_t pid, struct facts *facts)
{
    ssize_t length;

    if (facts->present & PROCTCP_HAS_FD_LIMIT)
        return;
    length = facts_read_file(inquiry, directory, pid, "limits");
    if (length >= 0 && facts_parse_limits(inquiry->buffer, (size_t)length, &facts->fd_limit))
        facts->present |= PROCTCP_HAS_FD_LIMIT;
}

/* Uid:    1000    1001    1000    1000 - real, effective, saved, file system. */
static bool parse_uids(const char *text, size_t length, uint32_t *real, uint32_t *effective)
{
    struct cursor c = {text, text + length};

    while (c.at != c.end) {
        if (cursor_text(&c, "Uid:"))
            return cursor_gap(&c) && cursor_dec32(&c, real) && cursor_gap(&c) && cursor_dec32(&c, effective);
        const char *newline = memchr(c.at, '\n', (size_t)(c.end - c.at));
        if (!newline)
            return false;
        c.at = newline + 1;
    }
    return false;
}

bool facts_parse_status(const char *text, size_t length, uint32_t *uid)
{
    uint32_t real;
    return parse_uids(text, length, &real, uid);
}

bool facts_parse_real_uid(const char *text, size_t length, uint32_t *uid)
{
    uint32_t effective;
    return parse_uids(text, length, uid, &effective);
}

/* The owner of the directory is the effective user, even of a process that may not be dumped, whose files are root's.
 * In a recorded tree it is whoever recorded it. */
bool facts_read_uid(struct inquiry *inquiry, int directory, int32_t pid, uint32_t *uid)
{
    struct stat status;
    ssize_t length;

    if (!inquiry->live) {
        length = facts_read_file(inquiry, directory, pid, "status");
        return length >= 0 && facts_parse_status(inquiry->buffer, (size_t)length, uid);
    }
    if (fstat(directory, &status) < 0)
        return false;
    *uid = status.st_uid;
    return true;
}

uint32_t facts_real_user(struct inquiry *inquiry, int32_t pid)
{
    char path[32];
    uint32_t uid;
    ssize_t length;
    int directory;

    snprintf(path, sizeof(path), "%d", pid);
    directory = openat(inquiry->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return 0;
    length = facts_read_file(inquiry, directory, pid, "status");
    close(directory);
    return length > 0 && facts_parse_real_uid(inquiry->buffer, (size_t)length, &uid) ? uid : 0;
}

/* Below a path within the directory of a process. */
static bool has_descriptor(struct inquiry *inquiry, int directory, const char *below, const struct owner *owner)
{
    char path[64], link[32];
    uint32_t inode;
    ssize_t length;

    snprintf(path, sizeof(path), "%s/%d", below, owner->fd);
    length = GUARD_CALL(inquiry, readlinkat(directory, path, link, sizeof(link)));
    return length > 0 && inquiry_parse_socket_link(link, (size_t)length, &inode) && inode == owner->inode;
}

/* It may be a thread's of its own. */
static bool any_thread_has(struct inquiry *inquiry, int directory, const struct owner *owner)
{
    struct listing listing = {.buffer = inquiry->buffer, .size = INQUIRY_BUFFER_SIZE};
    const struct directory_entry *entry;
    bool found = false;

    listing.fd = openat(directory, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (listing.fd < 0)
        return false;
    while (!found && (entry = listing_next(&listing))) {
        char below[32];
        int32_t tid;
        if (!inquiry_parse_number(entry->name, &tid))
            continue;
        snprintf(below, sizeof(below), "task/%d/fd", tid);
        found = has_descriptor(inquiry, directory, below, owner);
    }
    close(listing.fd);
    return found;
}

/* Whether the process behind directory is the one that was walked. A later one with the same pid started after the
 * walk; one that started in the very tick of the walk must still have what it had then. Where a rule about command
 * lines chose it, long before, none that started so late is it. */
static bool same_process(struct inquiry *inquiry, int directory, const struct process *process,
                         const struct facts *facts)
{
    const struct owner *owner;

    if (!(facts->present & PROCTCP_HAS_PROCESS) || facts->start_ticks < process->seen_ticks)
        return true;
    if (!process->owner_count)
        return false;
    owner = &inquiry->capture->owners.at[process->first_owner];
    if (select_asks(inquiry->config->selection, RULE_COMMAND) && process->is_selected)
        return false;
    return has_descriptor(inquiry, directory, "fd", owner) || any_thread_has(inquiry, directory, owner);
}

static int read_facts(struct inquiry *inquiry, int directory, const struct process *process, struct facts *facts)
{
    int status;

    ask_limit(inquiry, process->pid, facts); /* before it is seen that the process is still there */
    status = read_stat(inquiry, directory, process->pid, facts);
    if (status == 0 && !same_process(inquiry, directory, process, facts))
        status = -ESRCH;
    if (status == 0)
        status = read_executable(inquiry, directory, process, facts);
    if (status == 0)
        status = read_cgroup(inquiry, directory, process->pid, facts);
    if (status == 0) {
        read_limit(inquiry, directory, process->pid, facts);
        if (facts_read_uid(inquiry, directory, process->pid, &facts->uid))
            facts->present |= PROCTCP_HAS_PROCESS_UID;
        else
            facts->refused |= PROCTCP_HAS_PROCESS_UID;
    }
    return status;
}

/* A process without facts is still a holder; one that is gone, or another by now, is none. */
static int read_process(struct inquiry *inquiry, struct process *process)
{
    struct facts facts = {.name = "", .executable = "", .cgroup = "", .unit = "", .container = ""}, *kept;
    char path[16];
    int directory, status;

    inquiry->asked_pid = process->pid;
    snprintf(path, sizeof(path), "%d", process->pid);
    directory = openat(inquiry->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        status = inquiry_errno();
        if (status != -ENOENT && status != -ESRCH) {
            inquiry_count_error(inquiry, -status, "%s", path);
            facts.refused = UINT32_MAX;
            status = 0;
        }
    } else {
        status = read_facts(inquiry, directory, process, &facts);
        close(directory);
    }
    if (status == -ENOENT || status == -ESRCH) {
        process->walk = WALK_GONE;
        inquiry->capture->stats.vanished++;
        return 0;
    }
    if (status == 0)
        status = group_names_find(inquiry, process, &facts);
    if (status)
        return status;
    kept = vector_push(&inquiry->capture->facts);
    if (!kept)
        return -ENOMEM;
    *kept = facts;
    process->facts = inquiry->capture->facts.count - 1;
    return 0;
}

int facts_read(struct inquiry *inquiry)
{
    int status = group_names_begin(inquiry);

    for (uint32_t i = 0; i < inquiry->capture->processes.count && status == 0; i++) {
        struct process *process = &inquiry->capture->processes.at[i];
        if (process->owner_count && process->facts == PROCTCP_NONE)
            status = inquiry_is_cancelled(inquiry) ? -ECANCELED : read_process(inquiry, process);
    }
    return status;
}

int facts_read_of(struct inquiry *inquiry, struct process *process, uint64_t start_ticks)
{
    struct all_facts *all = &inquiry->capture->facts;
    const uint32_t vanished = inquiry->capture->stats.vanished;
    const uint64_t seen_ticks = process->seen_ticks;
    const bool was_gone = process->walk == WALK_GONE; /* or seemed to be, for it has not what it had a moment ago */
    int status;

    if (!select_asks(inquiry->config->selection, RULE_COMMAND) && start_ticks >= seen_ticks)
        process->seen_ticks = start_ticks + 1; /* it is known which one it is */
    status = read_process(inquiry, process);
    process->seen_ticks = seen_ticks;
    if (status || process->facts == PROCTCP_NONE) {
        process->walk = was_gone ? WALK_GONE : WALKED; /* nobody misses it */
        inquiry->capture->stats.vanished = vanished;
        return status;
    }
    if (!(all->at[process->facts].present & PROCTCP_HAS_PROCESS) ||
        all->at[process->facts].start_ticks != start_ticks) {
        process->facts = PROCTCP_NONE;
        all->count--;
    } else if (was_gone) {
        process->walk = WALKED;
        inquiry->capture->stats.vanished--;
    }
    return 0;
}

/* Asked for once: the kernel adds up every interrupt counter to answer. */
uint64_t facts_read_boot_time(struct inquiry *inquiry)
{
    static const char label[] = "\nbtime ";
    uint64_t boot_time = 0;
    size_t filled = 0;
    ssize_t got;
    int fd = openat(inquiry->proc_fd, "stat", O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return 0;
    while ((got = read(fd, inquiry->buffer + filled, INQUIRY_BUFFER_SIZE - filled)) > 0) {
        filled += (size_t)got;
        const char *at = memmem(inquiry->buffer, filled, label, sizeof(label) - 1);
        const char *end = at ? memchr(at + 1, '\n', filled - (size_t)(at + 1 - inquiry->buffer)) : NULL;
        if (end) {
            struct cursor c = {at + sizeof(label) - 1, end};
            cursor_dec64(&c, &boot_time);
            break;
        }
        if (filled == INQUIRY_BUFFER_SIZE) { /* the line is further on; it is shorter than what is kept */
            memmove(inquiry->buffer, inquiry->buffer + filled - 64, 64);
            filled = 64;
        }
    }
    close(fd);
    return boot_time;
}
