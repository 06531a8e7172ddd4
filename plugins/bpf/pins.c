/* pins.c - the files in the BPF file system: made, replaced, removed and told of. Knows nothing of programs. */
#include "pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PARENT "/sys/fs/bpf"

/* What is read. */
static const char *const names[] = {BPF_RECORDS_TASKS,  BPF_RECORDS_ROWS,  BPF_RECORDS_HASHED,
                                    BPF_RECORDS_UNHELD, BPF_RECORDS_ENDED, BPF_RECORDS_CLOSED};
#define NAMES (sizeof(names) / sizeof(names[0]))
#define SCANS 4 /* the first ones; the others are there where connections are counted */

static int fail(const char *what, const char *path, const char *remedy)
{
    fprintf(stderr, "proctcp-bpf: %s %s: %s%s%s\n", what, path, strerror(errno), *remedy ? ": " : "", remedy);
    return -1;
}

static bool is_bpf_file_system(const char *path)
{
    struct statfs filesystem;
    return statfs(path, &filesystem) == 0 && (unsigned long)filesystem.f_type == BPF_FS_MAGIC;
}

int pins_begin(gid_t gid)
{
    struct stat status;

    if (!is_bpf_file_system(PARENT)) {
        fprintf(stderr, "proctcp-bpf: %s is no BPF file system: mount -t bpf -o mode=0755 bpf %s\n", PARENT, PARENT);
        return -1;
    }
    if (mkdir(BPF_RECORDS_DIRECTORY, 0750) < 0 && errno != EEXIST)
        return fail("making", BPF_RECORDS_DIRECTORY, errno == EPERM || errno == EACCES ? "run it as root" : "");
    if (lstat(BPF_RECORDS_DIRECTORY, &status) < 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid()) {
        fprintf(stderr, "proctcp-bpf: %s is no directory of ours: remove it\n", BPF_RECORDS_DIRECTORY);
        return -1;
    }
    if (chown(BPF_RECORDS_DIRECTORY, geteuid(), gid) < 0 || chmod(BPF_RECORDS_DIRECTORY, 0750) < 0)
        return fail("setting the group of", BPF_RECORDS_DIRECTORY, "");
    return 0;
}

int pins_put(const char *name, int link_fd, gid_t gid)
{
    char path[128], fresh[160];

    snprintf(path, sizeof(path), "%s/%s", BPF_RECORDS_DIRECTORY, name);
    /* No dot: this file system allows none in a name. */
    snprintf(fresh, sizeof(fresh), "%s-%d", path, (int)getpid());
    if (bpf_obj_pin(link_fd, fresh) < 0)
        return fail("pinning", fresh, "");
    if (chown(fresh, geteuid(), gid) < 0 || chmod(fresh, 0640) < 0 || rename(fresh, path) < 0) {
        const int status = fail("putting in place", path, errno == EISDIR ? "remove the directory" : "");
        unlink(fresh);
        return status;
    }
    return 0;
}

int pins_drop(const char *name)
{
    char path[320];

    snprintf(path, sizeof(path), "%s/%s", BPF_RECORDS_DIRECTORY, name);
    if (unlink(path) < 0 && errno != ENOENT)
        return fail("removing", path, errno == EPERM || errno == EACCES ? "run it as root" : "");
    return 0;
}

/* "rows", or "rows-1234" of a loader that was ended midway. */
static bool is_ours(const char *entry)
{
    for (size_t i = 0; i < NAMES; i++) {
        const size_t length = strlen(names[i]);
        if (strncmp(entry, names[i], length) == 0 && (!entry[length] || entry[length] == '-'))
            return true;
    }
    return strncmp(entry, BPF_RECORDS_COUNTING, strlen(BPF_RECORDS_COUNTING)) == 0;
}

int pins_remove(void)
{
    DIR *directory = opendir(BPF_RECORDS_DIRECTORY);
    const struct dirent *entry;
    int status = 0;

    if (!directory)
        return errno == ENOENT ? 0 : fail("listing", BPF_RECORDS_DIRECTORY, errno == EACCES ? "run it as root" : "");
    while ((entry = readdir(directory))) {
        if (is_ours(entry->d_name) && pins_drop(entry->d_name) < 0)
            status = -1;
    }
    closedir(directory);
    if (status == 0 && rmdir(BPF_RECORDS_DIRECTORY) < 0 && errno != ENOENT)
        status = fail("removing", BPF_RECORDS_DIRECTORY, errno == ENOTEMPTY ? "something else is in it" : "");
    return status;
}

/* ---- what is there ---- */

static bool is_known(unsigned kind)
{
    switch ((enum bpf_record_kind)kind) {
    case BPF_RECORD_TASK:
    case BPF_RECORD_SOCKET:
    case BPF_RECORD_MPTCP:
    case BPF_RECORD_CLOSED:
    case BPF_RECORD_ENDED:
    case BPF_RECORD_COUNTED:
    case BPF_RECORD_HELD:
    case BPF_RECORD_CUT:
    case BPF_RECORD_PAGE:
        return true;
    }
    return false;
}

/* What its first record says. */
static const char *read_version(const char *path)
{
    static char buffer[65536];
    const struct bpf_record *record = (const void *)buffer;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t got;

    if (fd < 0)
        return strerror(errno);
    do {
        got = read(fd, buffer, sizeof(buffer));
    } while (got < 0 && (errno == EAGAIN || errno == EINTR));
    close(fd);
    if (got < 0)
        return strerror(errno);
    if (got == 0)
        return "works, shows nothing now";
    if ((size_t)got < sizeof(*record) || record->length > got || !is_known(record->kind))
        return "of another version: load it anew";
    return "works";
}

static bool print_pin(const char *name)
{
    char path[128];
    struct stat status;
    const struct group *group;
    const char *state;

    snprintf(path, sizeof(path), "%s/%s", BPF_RECORDS_DIRECTORY, name);
    if (lstat(path, &status) < 0) {
        printf("%s: %s\n", path, errno == ENOENT ? "not loaded" : strerror(errno));
        return false;
    }
    group = getgrgid(status.st_gid);
    state = !is_bpf_file_system(path) ? "not in a BPF file system" : read_version(path);
    printf("%s: %s, mode %04o, user %u, group %s\n", path, state, (unsigned)(status.st_mode & 07777),
           (unsigned)status.st_uid, group ? group->gr_name : "without a name");
    return strncmp(state, "works", 5) == 0;
}

static bool is_there(const char *name)
{
    char path[128];
    struct stat status;

    snprintf(path, sizeof(path), "%s/%s", BPF_RECORDS_DIRECTORY, name);
    return lstat(path, &status) == 0;
}

int pins_print(void)
{
    const bool connections = is_there(BPF_RECORDS_ENDED) || is_there(BPF_RECORDS_CLOSED);
    bool all = true;

    for (size_t i = 0; i < (connections ? NAMES : SCANS); i++) {
        if (strcmp(names[i], BPF_RECORDS_HASHED) == 0 && !is_there(names[i]))
            printf("%s/%s: %s\n", BPF_RECORDS_DIRECTORY, names[i],
                   is_there(names[0]) ? "not there, as before Linux 6.2: each namespace is read by itself"
                                      : "not loaded");
        else
            all &= print_pin(names[i]);
    }
    if (!connections)
        puts("connections: not counted");
    return all ? 0 : -1;
}
