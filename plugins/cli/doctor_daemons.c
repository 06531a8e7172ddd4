/* doctor_daemons.c - looks for processes in /proc. Knows nothing of what the daemons do. */
#include "doctor_daemons.h"

#include "doctor_file.h"
#include "proctcp.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GONE " (deleted)"

/* "Uid:\t0\t0\t0\t0": the first two, real and effective. The owner of /proc/<pid> would be root's for whoever forbids
 * core dumps. */
static bool is_of_the_system(const char *pid, uid_t *uid)
{
    char path[64], text[4096], *uids, *end;

    snprintf(path, sizeof(path), "/proc/%.16s/status", pid);
    if (doctor_file_read(path, text, sizeof(text)) < 0 || !(uids = strstr(text, "\nUid:\t")))
        return false;
    const unsigned long real = strtoul(uids + 6, &end, 10), effective = strtoul(end, NULL, 10);
    *uid = real ? (uid_t)real : (uid_t)effective;
    return proctcp_is_system_user((uint32_t)real) && proctcp_is_system_user((uint32_t)effective);
}

/* Who may not look at the namespace takes it for his own. */
static bool is_of_a_container(const char *pid)
{
    struct stat own, other;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%.16s/ns/pid", pid);
    return stat("/proc/self/ns/pid", &own) == 0 && stat(path, &other) == 0 && own.st_ino != other.st_ino;
}

static bool is_named(const char *pid, const char *name)
{
    char path[64], comm[64];

    snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
    if (doctor_file_read(path, comm, sizeof(comm)) < 0)
        return false;
    comm[strcspn(comm, "\n")] = '\0';
    return strcmp(comm, name) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* What stands behind the name of the program in a link such as /usr/sbin/snmpd: nothing or GONE. NULL: it is another
 * one. */
static const char *has_name(const char *exe, const char *name)
{
    const char *slash = strrchr(exe, '/');
    const size_t length = strlen(name);

    if (*exe != '/' || !slash || strncmp(slash + 1, name, length) != 0)
        return NULL;
    const char *behind = slash + 1 + length;
    return !*behind || strcmp(behind, GONE) == 0 ? behind : NULL;
}

bool daemons_is_program(const char *exe, const struct stat *program, const char *name)
{
    const char *behind = has_name(exe, name);
    struct stat there;

    if (!behind || !doctor_file_is_roots(program) || !doctor_file_has_roots_directory(exe))
        return false;
    /* What is mounted over the name in a namespace of the process is another file. */
    if (!*behind)
        return stat(exe, &there) == 0 && there.st_dev == program->st_dev && there.st_ino == program->st_ino;
    return program->st_nlink == 0;
}

enum looks { LOOKS_UNSEEN, LOOKS_LIKE_IT, LOOKS_OTHERWISE };

static enum looks look_at(const char *pid, uid_t uid, const char *name)
{
    char path[64], target[4096];
    struct stat program;

    snprintf(path, sizeof(path), "/proc/%.16s/exe", pid);
    const ssize_t length = readlink(path, target, sizeof(target) - 1);
    if (length < 0 || stat(path, &program) < 0)
        return uid == 0 ? LOOKS_LIKE_IT : LOOKS_UNSEEN;
    target[length] = '\0';
    /* What root runs was chosen by root, whoever built it. */
    const bool is_it = uid == 0 ? has_name(target, name) != NULL : daemons_is_program(target, &program, name);
    return is_it ? LOOKS_LIKE_IT : LOOKS_OTHERWISE;
}

/* Root, or the user that packages make for the daemon. */
static bool is_trusted(uid_t uid, const char *name)
{
    static const struct {
        const char *daemon, *user;
    } own[] = {{"snmpd", "Debian-snmp"}, {"snmpd", "snmp"}, {"proctcp-agentx", "_proctcp"}, {"collectd", "collectd"}};

    for (size_t i = 0; uid != 0 && i < sizeof(own) / sizeof(own[0]); i++) {
        const struct passwd *user = strcmp(own[i].daemon, name) == 0 ? getpwnam(own[i].user) : NULL;
        if (user && user->pw_uid == uid)
            return true;
    }
    return uid == 0;
}

/* The first one that is trusted stands first; it also takes the place of one that is not, where there is no other. */
static void add(struct daemons *found, pid_t pid, bool trusted)
{
    const bool is_first = trusted && !found->is_trusted;

    if (found->count == DAEMONS_MAX && !is_first)
        return;
    found->count += found->count < DAEMONS_MAX;
    if (is_first) {
        memmove(found->pid + 1, found->pid, (found->count - 1) * sizeof(found->pid[0]));
        found->is_trusted = true;
    }
    found->pid[is_first ? 0 : found->count - 1] = pid;
}

struct daemons daemons_find(const char *name)
{
    struct daemons found = {.count = 0};
    DIR *directory = opendir("/proc");
    const struct dirent *entry;
    uid_t uid;

    while (directory && (entry = readdir(directory))) {
        const char *pid = entry->d_name;
        const pid_t number = (pid_t)strtol(pid, NULL, 10);
        if (*pid < '1' || *pid > '9' || !is_named(pid, name) || !is_of_the_system(pid, &uid) || is_of_a_container(pid))
            continue;
        switch (look_at(pid, uid, name)) {
        case LOOKS_LIKE_IT:
            add(&found, number, is_trusted(uid, name));
            break;
        case LOOKS_UNSEEN:
            found.unsure = found.unsure ? found.unsure : number;
            break;
        case LOOKS_OTHERWISE:
            found.others++;
            break;
        }
    }
    if (directory)
        closedir(directory);
    return found;
}

enum daemon_state daemons_executable(pid_t pid)
{
    char path[64], target[4096];

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    const ssize_t length = readlink(path, target, sizeof(target) - 1);
    if (length < 0)
        return errno == ENOENT ? DAEMON_ABSENT : DAEMON_UNSEEN;
    target[length] = '\0';
    return ends_with(target, GONE) ? DAEMON_REPLACED : DAEMON_CURRENT;
}

/* 7f2c00000000-7f2c00001000 r-xp 00000000 fe:00 1234 /usr/lib/collectd/proctcp.so (deleted) */
enum daemon_state daemons_library_in(const char *maps, size_t length, const char *name)
{
    struct doctor_text left = {maps, maps + length};
    enum daemon_state state = DAEMON_ABSENT;
    char line[DOCTOR_LINE_SIZE], current[64], gone[80];

    snprintf(current, sizeof(current), "/%s", name);
    snprintf(gone, sizeof(gone), "/%s" GONE, name);
    while (doctor_file_line(&left, line)) {
        if (ends_with(line, current))
            return DAEMON_CURRENT;
        if (ends_with(line, gone))
            state = DAEMON_REPLACED;
    }
    return state;
}

enum daemon_state daemons_library(pid_t pid, const char *name)
{
    static char text[4 << 20];
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    const ssize_t length = doctor_file_read(path, text, sizeof(text));
    if (length <= 0)
        return length == -ENOENT || length == -ESRCH ? DAEMON_ABSENT : DAEMON_UNSEEN;
    return daemons_library_in(text, (size_t)length, name);
}

const char *daemons_text(const struct daemons *daemons, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < daemons->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%d", used ? ", " : "", (int)daemons->pid[i]);
    if (daemons->count > 1 && used < size)
        used += (size_t)snprintf(text + used, size - used, "; %d of them is looked at", (int)daemons->pid[0]);
    if (daemons->others && used < size)
        snprintf(text + used, size - used, " (processes that only have its name: %u)", daemons->others);
    return text;
}
