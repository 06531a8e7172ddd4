/* candidates.c - which processes the selection wants to have walked. Reads no more of a process than the rules ask for,
 * what costs least first. Knows nothing of descriptors. */
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a fact that is not there; a process of a recorded tree may lack any. */
static bool is_gone(const struct scan *scan, ssize_t status)
{
    return scan->live && (status == -ENOENT || status == -ESRCH);
}

/* All that ask return 1, 0, or -errno: -ESRCH where the process is gone. */
typedef int ask(struct scan *scan, int directory, int32_t pid);

static int ask_user(struct scan *scan, int directory, int32_t pid)
{
    uint32_t uid;
    bool found = processes_read_uid(scan, directory, pid, &uid);
    return select_user(scan->selection, found ? &uid : NULL);
}

static int ask_name(struct scan *scan, int directory, int32_t pid)
{
    char copy[64]; /* a kernel thread may have more than the 15 bytes of a process */
    const char *name;
    size_t length;
    uint64_t start_ticks;
    ssize_t got = processes_read_file(scan, directory, pid, "stat");

    if (is_gone(scan, got))
        return -ESRCH;
    if (got < 0 || !processes_parse_stat(scan->buffer, (size_t)got, &name, &length, &start_ticks))
        return select_name(scan->selection, NULL);
    snprintf(copy, sizeof(copy), "%.*s", (int)length, name);
    return select_name(scan->selection, copy);
}

static int ask_cgroup(struct scan *scan, int directory, int32_t pid)
{
    const char *path;
    size_t length;
    ssize_t got = processes_read_file(scan, directory, pid, "cgroup");

    if (is_gone(scan, got))
        return -ESRCH;
    if (got < 0 || !processes_parse_cgroup(scan->buffer, (size_t)got, &path, &length))
        return select_cgroup(scan->selection, NULL);
    scan->buffer[path + length - scan->buffer] = '\0'; /* where its newline was, or behind it: see read_file */
    return select_cgroup(scan->selection, path);
}

/* Words end with a NUL in the file; the last one's may be followed by more, if the process wrote its title there. */
static int ask_command(struct scan *scan, int directory, int32_t pid)
{
    ssize_t got = processes_read_file(scan, directory, pid, "cmdline");

    if (is_gone(scan, got))
        return -ESRCH;
    if (got > SELECT_COMMAND_LENGTH)
        got = SELECT_COMMAND_LENGTH;
    while (got > 0 && scan->buffer[got - 1] == '\0')
        got--;
    for (ssize_t i = 0; i < got; i++) {
        if (scan->buffer[i] == '\0')
            scan->buffer[i] = ' ';
    }
    if (got <= 0)
        return select_command(scan->selection, NULL); /* of a kernel thread, or ended and not waited for */
    scan->buffer[got] = '\0';
    return select_command(scan->selection, scan->buffer);
}

int candidates_ask(struct scan *scan, int32_t pid, int *directory)
{
    static const struct {
        enum rule_kind kind;
        ask *ask;
    } questions[] = {
        {RULE_USER, ask_user}, {RULE_PROCESS, ask_name}, {RULE_CGROUP, ask_cgroup}, {RULE_COMMAND, ask_command}};
    char path[16];
    int held, answer = 1;

    if (!select_pid(scan->selection, pid))
        return 0;
    snprintf(path, sizeof(path), "%d", pid);
    held = openat(scan->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (held < 0)
        return scan_errno();
    for (size_t i = 0; answer == 1 && i < sizeof(questions) / sizeof(questions[0]); i++) {
        if (select_asks(scan->selection, questions[i].kind))
            answer = questions[i].ask(scan, held, pid);
    }
    if (answer == 1)
        *directory = held;
    else
        close(held);
    return answer;
}
