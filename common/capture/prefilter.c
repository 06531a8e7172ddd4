/* prefilter.c - which processes the selection wants to have walked. Reads no more of a process than the rules ask for,
 * what costs least first. Knows nothing of descriptors. */
#include "capture/prefilter.h"

#include "capture/facts.h"
#include "capture/helper.h"
#include "capture/left_alone.h"
#include "capture/procfs_fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Of a fact that is not there; a process of a recorded tree may lack any. */
static bool is_gone(const struct inquiry *inquiry, ssize_t status)
{
    return inquiry->live && (status == -ENOENT || status == -ESRCH);
}

/* All that ask return 1, 0, or -errno: -ESRCH where the process is gone. */
typedef int ask(struct inquiry *inquiry, int directory, int32_t pid);

static int ask_user(struct inquiry *inquiry, int directory, int32_t pid)
{
    uint32_t uid;
    bool found = facts_read_uid(inquiry, directory, pid, &uid);
    return select_user(inquiry->config->selection, found ? &uid : NULL);
}

static int ask_name(struct inquiry *inquiry, int directory, int32_t pid)
{
    char copy[64]; /* a kernel thread may have more than the 15 bytes of a process */
    struct stat_line stat;
    ssize_t got = facts_read_file(inquiry, directory, pid, "stat");

    if (is_gone(inquiry, got))
        return -ESRCH;
    if (got < 0 || !facts_parse_stat(inquiry->buffer, (size_t)got, &stat))
        return select_name(inquiry->config->selection, NULL);
    snprintf(copy, sizeof(copy), "%.*s", (int)stat.name_length, stat.name);
    return select_name(inquiry->config->selection, copy);
}

static int ask_cgroup(struct inquiry *inquiry, int directory, int32_t pid)
{
    const char *path;
    size_t length;
    ssize_t got = facts_read_file(inquiry, directory, pid, "cgroup");

    if (is_gone(inquiry, got))
        return -ESRCH;
    if (got < 0 || !facts_parse_cgroup(inquiry->buffer, (size_t)got, &path, &length))
        return select_cgroup(inquiry->config->selection, NULL);
    inquiry->buffer[path + length - inquiry->buffer] = '\0'; /* where its newline was, or behind it */
    return select_cgroup(inquiry->config->selection, path);
}

static int ask_command(struct inquiry *inquiry, int directory, int32_t pid)
{
    uint32_t answer = hash_find(&inquiry->command_answers, (uint32_t)pid);
    (void)directory;
    return answer == 1;
}

/* The rules of the kinds from the first to the one named, which is left out. */
static int ask_rules(struct inquiry *inquiry, int32_t pid, enum rule_kind end, int *directory)
{
    static const struct {
        enum rule_kind kind;
        ask *ask;
    } questions[] = {
        {RULE_USER, ask_user}, {RULE_PROCESS, ask_name}, {RULE_CGROUP, ask_cgroup}, {RULE_COMMAND, ask_command}};
    char path[16];
    int answer = 1;

    inquiry->asked_pid = pid;
    if (!select_pid(inquiry->config->selection, pid))
        return 0;
    if (left_alone_has_process(inquiry, pid))
        return -EBUSY;
    snprintf(path, sizeof(path), "%d", pid);
    *directory = openat(inquiry->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*directory < 0)
        return inquiry_errno();
    for (size_t i = 0; answer == 1 && i < sizeof(questions) / sizeof(questions[0]) && questions[i].kind != end; i++) {
        if (select_asks(inquiry->config->selection, questions[i].kind))
            answer = questions[i].ask(inquiry, *directory, pid);
    }
    if (answer != 1)
        close(*directory);
    return answer;
}

static int note_command(struct inquiry *inquiry, int32_t pid, const char *command)
{
    int answer = select_command(inquiry->config->selection, command && *command ? command : NULL);

    if (answer < 0)
        return answer;
    hash_put(&inquiry->command_answers, (uint32_t)pid, (uint32_t)answer);
    return 0;
}

int prefilter_begin(struct inquiry *inquiry, const int32_t *pids, uint32_t count)
{
    struct indices wanted = {0};
    int status = 0;

    if (!select_asks(inquiry->config->selection, RULE_COMMAND))
        return 0;
    if (!hash_begin(&inquiry->command_answers, (uint64_t)count + 1))
        return -ENOMEM;
    inquiry->chosen_ticks = inquiry_ticks(inquiry);
    for (uint32_t i = 0; i < count && status == 0; i++) {
        int directory = -1, answer = ask_rules(inquiry, pids[i], RULE_COMMAND, &directory);
        if (inquiry_is_cancelled(inquiry))
            status = -ECANCELED;
        if (answer != 1)
            continue;
        close(directory);
        if (!indices_push(&wanted, (uint32_t)pids[i]))
            status = -ENOMEM;
    }
    if (status == 0)
        status = helper_read_commands(inquiry, (const int32_t *)wanted.at, wanted.count, note_command);
    vector_free(&wanted);
    return status;
}

enum prefilter prefilter_ask(struct inquiry *inquiry, int32_t pid, int *directory, int *status)
{
    if (!select_asks_process(inquiry->config->selection))
        return PREFILTER_ALL;
    *status = ask_rules(inquiry, pid, RULE_KINDS, directory);
    if (*status < 0)
        return PREFILTER_FAILED;
    return *status ? PREFILTER_WANTED : PREFILTER_LEFT_OUT;
}
