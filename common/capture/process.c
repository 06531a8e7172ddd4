/* processes.c - facts about a process: name, executable, uid, cgroup, start time, descriptor limit. Reads only those
 * that own a TCP socket, each through one held directory, so that all facts are of one process even if its pid is
 * reused. */
#include "base/cursor.h"
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NONBLOCK: a recorded tree may hold a pipe. */
ssize_t processes_read_file(struct scan *scan, int directory, int32_t pid, const char *name)
{
    size_t filled = 0;
    ssize_t got;
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        got = scan_errno();
    } else {
        do {
            got = read(fd, scan->buffer + filled, SCAN_BUFFER_SIZE - 1 - filled);
            if (got > 0)
                filled += (size_t)got;
        } while (got > 0 || (got < 0 && errno == EINTR));
        if (got < 0)
            got = scan_errno();
        close(fd);
    }
    if (got < 0 && got != -ENOENT && got != -ESRCH)
        scan_count_error(scan, (int)-got, "%d/%s", pid, name);
    return got < 0 ? got : (ssize_t)filled;
}

/* 14199 (nginx) S 1 ... with the start time in column 22. The name may hold any byte, parentheses and newlines too: it
 * ends at the last parenthesis. */
bool processes_parse_stat(const char *text, size_t length, const char **name, size_t *name_length,
                          uint64_t *start_ticks)
{
    const char *open = memchr(text, '(', length);
    const char *close = open ? memrchr(open, ')', (size_t)(text + length - open)) : NULL;
    struct cursor c;

    if (!close)
        return false;
    c = (struct cursor){close + 1, text + length};
    for (unsigned column = 3; column < 22; column++) {
        if (!cursor_gap(&c) || !cursor_word(&c))
            return false;
    }
    if (!cursor_gap(&c) || !cursor_dec64(&c, start_ticks))
        return false;
    *name = open + 1;
    *name_length = (size_t)(close - open - 1);
    return true;
}

/* Max open files            1024                 524288               files */
bool processes_parse_limits(const char *text, size_t length, uint64_t *fd_limit)
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
bool processes_parse_cgroup(const char *text, size_t length, const char **path, size_t *path_length)
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
static int keep(struct scan *scan, struct proctcp_process *process, uint32_t bit, const char **copy, const char *bytes,
                size_t length)
{
    *copy = arena_copy(&scan->strings, bytes, length);
    if (!*copy)
        return -ENOMEM;
    process->present |= bit;
    return 0;
}

/* 0, -ENOMEM, or -ESRCH where the process is gone. */
static int read_stat(struct scan *scan, int directory, struct proctcp_process *process)
{
    const char *name;
    size_t name_length;
    ssize_t length = processes_read_file(scan, directory, process->pid, "stat");

    if (length < 0)
        return scan->live && (length == -ENOENT || length == -ESRCH) ? -ESRCH : 0;
    if (!processes_parse_stat(scan->buffer, (size_t)length, &name, &name_length, &process->start_ticks)) {
        scan->stats.malformed++;
        scan_failed(scan, EBADMSG, "%d/stat", process->pid);
        return 0;
    }
    if (scan->boot_time) {
        process->start_time = scan->boot_time + process->start_ticks / scan->hz;
        process->present |= PROCTCP_HAS_START_TIME;
    }
    return keep(scan, process, PROCTCP_HAS_PROCESS, &process->name, name, name_length);
}

static int read_executable(struct scan *scan, int directory, struct proctcp_process *process)
{
    ssize_t length = readlinkat(directory, "exe", scan->buffer, PATH_MAX);
    if (length < 0 && errno != ENOENT && errno != ESRCH && errno != EINVAL)
        scan_count_error(scan, errno, "%d/exe", process->pid);
    if (length <= 0)
        return 0;
    return keep(scan, process, PROCTCP_HAS_EXECUTABLE, &process->executable, scan->buffer, (size_t)length);
}

static int read_cgroup(struct scan *scan, int directory, struct proctcp_process *process)
{
    const char *path;
    size_t path_length;
    ssize_t length = processes_read_file(scan, directory, process->pid, "cgroup");
    if (length < 0 || !processes_parse_cgroup(scan->buffer, (size_t)length, &path, &path_length))
        return 0;
    return keep(scan, process, PROCTCP_HAS_CGROUP, &process->cgroup, path, path_length);
}

static void read_limit(struct scan *scan, int directory, struct proctcp_process *process)
{
    ssize_t length = processes_read_file(scan, directory, process->pid, "limits");
    if (length >= 0 && processes_parse_limits(scan->buffer, (size_t)length, &process->fd_limit))
        process->present |= PROCTCP_HAS_FD_LIMIT;
}

/* Uid:    1000    1001    1000    1000 - real, effective, saved, file system. */
bool processes_parse_status(const char *text, size_t length, uint32_t *uid)
{
    struct cursor c = {text, text + length};
    uint32_t real;

    while (c.at != c.end) {
        if (cursor_text(&c, "Uid:"))
            return cursor_gap(&c) && cursor_dec32(&c, &real) && cursor_gap(&c) && cursor_dec32(&c, uid);
        const char *newline = memchr(c.at, '\n', (size_t)(c.end - c.at));
        if (!newline)
            return false;
        c.at = newline + 1;
    }
    return false;
}

/* The owner of the directory is the effective user, even of a process that may not be dumped, whose files are root's.
 * In a recorded tree it is whoever recorded it. */
bool processes_read_uid(struct scan *scan, int directory, int32_t pid, uint32_t *uid)
{
    struct stat status;
    ssize_t length;

    if (!scan->live) {
        length = processes_read_file(scan, directory, pid, "status");
        return length >= 0 && processes_parse_status(scan->buffer, (size_t)length, uid);
    }
    if (fstat(directory, &status) < 0)
        return false;
    *uid = status.st_uid;
    return true;
}

/* Whether the process behind directory is the one that was visited. A later one with the same pid started after the
 * visit; one that started in the very tick of the visit must still have what it had then. */
static bool same_process(const struct scan *scan, int directory, const struct visit *visit,
                         const struct proctcp_process *process)
{
    const struct owner *owner = &scan->owners.at[visit->first_owner];
    char path[32], link[32];
    uint32_t inode;
    ssize_t length;

    if (!(process->present & PROCTCP_HAS_PROCESS) || process->start_ticks < visit->seen_ticks)
        return true;
    snprintf(path, sizeof(path), "fd/%d", owner->fd);
    length = readlinkat(directory, path, link, sizeof(link));
    return length > 0 && owners_parse_link(link, (size_t)length, &inode) && inode == owner->inode;
}

static int read_facts(struct scan *scan, int directory, const struct visit *visit, struct proctcp_process *process)
{
    int status = read_stat(scan, directory, process);

    if (status == 0 && !same_process(scan, directory, visit, process))
        status = -ESRCH;
    if (status == 0)
        status = read_executable(scan, directory, process);
    if (status == 0)
        status = read_cgroup(scan, directory, process);
    if (status == 0) {
        read_limit(scan, directory, process);
        if (processes_read_uid(scan, directory, process->pid, &process->uid))
            process->present |= PROCTCP_HAS_PROCESS_UID;
    }
    return status;
}

/* A process without facts is still a holder; one that is gone, or another by now, is none. */
static int read_process(struct scan *scan, struct visit *visit)
{
    char path[16];
    struct proctcp_process facts = {.pid = visit->pid,
                                    .name = "",
                                    .executable = "",
                                    .cgroup = "",
                                    .fds = visit->fds,
                                    .netns = visit->netns,
                                    .present = visit->netns ? PROCTCP_HAS_PROCESS_NETNS : 0};
    int directory, status;

    snprintf(path, sizeof(path), "%d", visit->pid);
    directory = openat(scan->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        status = scan_errno();
        if (status != -ENOENT && status != -ESRCH) {
            scan_count_error(scan, -status, "%s", path);
            status = 0;
        }
    } else {
        status = read_facts(scan, directory, visit, &facts);
        close(directory);
    }
    if (status == -ENOENT || status == -ESRCH) {
        scan->stats.vanished++;
        return 0;
    }
    if (status)
        return status;
    struct proctcp_process *process = vector_push(&scan->processes);
    if (!process)
        return -ENOMEM;
    *process = facts;
    visit->process = scan->processes.count - 1;
    return 0;
}

int processes_read(struct scan *scan)
{
    for (uint32_t i = 0; i < scan->visits.count; i++) {
        if (scan->visits.at[i].owner_count == 0)
            continue;
        int status = read_process(scan, &scan->visits.at[i]);
        if (status)
            return status;
    }
    return 0;
}
