/* bpf_files.c - the pinned files. Knows who may have made them, and how records follow each other; nothing of what they
 * say. */
#include "capture/bpf_files.h"

#include "capture/guard.h"
#include "capture/limits.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef BPF_FS_MAGIC
#define BPF_FS_MAGIC 0xcafe4a11
#endif

int bpf_fail(struct inquiry *inquiry, const char *name, int error, const char *reason)
{
    char text[64];

    if (!reason)
        reason = strerror_r(error, text, sizeof(text));
    snprintf(inquiry->shown.failure, sizeof(inquiry->shown.failure), "%s/%s: %s", BPF_RECORDS_DIRECTORY, name, reason);
    return -error;
}

/* What a descriptor leads to must be of this type, on a BPF file system, and nobody's but root's to make or change.
 * What is wrong, or NULL. */
static const char *find_fault(int fd, mode_t type)
{
    struct statfs filesystem;
    struct stat status;

    if (fstatfs(fd, &filesystem) < 0 || (uint32_t)filesystem.f_type != BPF_FS_MAGIC)
        return "not in a BPF file system";
    if (fstat(fd, &status) < 0 || status.st_uid != 0)
        return "not root's";
    if (status.st_mode & (S_IWGRP | S_IWOTH))
        return "others than root may write it";
    return (status.st_mode & S_IFMT) == type ? NULL : "not a pinned iterator";
}

/* A descriptor, or -errno with the reason said. */
static int open_checked(struct inquiry *inquiry, int directory, const char *path, int flags, mode_t type,
                        const char *name)
{
    const int fd = openat(directory, path, flags | O_NOFOLLOW | O_CLOEXEC);
    const char *fault;

    if (fd < 0)
        return bpf_fail(inquiry, name, errno, errno == ENOENT ? "not loaded (see proctcp-bpf load)" : NULL);
    fault = find_fault(fd, type);
    if (!fault)
        return fd;
    close(fd);
    return bpf_fail(inquiry, name, EACCES, fault);
}

int bpf_open(struct inquiry *inquiry, const char *name)
{
    const int directory = open_checked(inquiry, AT_FDCWD, BPF_RECORDS_DIRECTORY, O_PATH | O_DIRECTORY, S_IFDIR, name);
    int fd;

    if (directory < 0)
        return directory;
    fd = open_checked(inquiry, directory, name, O_RDONLY | O_NONBLOCK, S_IFREG, name);
    close(directory);
    return fd;
}

const struct bpf_record *bpf_next_record(const char *records, size_t length, size_t *at)
{
    const struct bpf_record *record = (const void *)(records + *at);
    const size_t left = length - *at;

    if (left < sizeof(*record) || record->length < sizeof(*record) || record->length > left || record->length % 8)
        return NULL;
    *at += record->length;
    return record;
}

int bpf_take_all(struct inquiry *inquiry, bpf_take_record *take, const char *records, size_t length)
{
    size_t at = 0;
    int status = 0;

    while (status == 0 && at < length) {
        const struct bpf_record *record = bpf_next_record(records, length, &at);
        status = record ? take(inquiry, record) : -EPROTO;
    }
    return status;
}

int bpf_fail_status(struct inquiry *inquiry, const char *name, int status)
{
    if (status == 0 || inquiry_ends_with(status))
        return status;
    return bpf_fail(inquiry, name, -status, status == -EPROTO ? "records of another version of proctcp-bpf" : NULL);
}

/* Until its end, or what is wrong; -EDQUOT: it takes too long. The records come to memory of the child's own: one that
 * was given up in here may still be written to when the call comes back after all. */
static int read_all(struct inquiry *inquiry, bpf_take_record *take, int fd)
{
    _Alignas(8) char records[BPF_READ_SIZE];
    const uint32_t begun = inquiry_milliseconds();

    while (!inquiry_is_cancelled(inquiry)) {
        const ssize_t got = GUARD_CALL(inquiry, read(fd, records, sizeof(records)));
        /* After a million objects without a record the kernel says EAGAIN: it is asked again. */
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        if (got == 0)
            return 0;
        const int status = got > 0 ? bpf_take_all(inquiry, take, records, (size_t)got) : 0;
        if (status)
            return status;
        if (inquiry_milliseconds() - begun > LIMIT_SHOWN_MS)
            return -EDQUOT;
    }
    return -ECANCELED;
}

int bpf_read_file(struct inquiry *inquiry, const char *name, bpf_take_record *take)
{
    const int fd = bpf_open(inquiry, name);
    int status;

    if (fd < 0)
        return fd;
    status = read_all(inquiry, take, fd);
    close(fd);
    if (status == -EDQUOT)
        inquiry->kept->without_shown = LIMIT_WITHOUT_SHOWN;
    return bpf_fail_status(inquiry, name, status);
}

ssize_t bpf_read_page(struct inquiry *inquiry, const char *name, uint64_t from, char *records)
{
    const int fd = inquiry_is_cancelled(inquiry) ? -ECANCELED : bpf_open(inquiry, name);
    ssize_t got;
    int error;

    if (fd < 0)
        return fd;
    prctl(PR_SET_TIMERSLACK, (unsigned long)(BPF_PAGE_FROM | (from & BPF_PAGE_MASK)), 0, 0, 0);
    do {
        got = GUARD_CALL(inquiry, read(fd, records, BPF_READ_SIZE));
        error = errno;
    } while (got < 0 && (error == EAGAIN || error == EINTR) && !inquiry_is_cancelled(inquiry));
    prctl(PR_SET_TIMERSLACK, 0ul, 0, 0, 0); /* what it was when the thread began */
    close(fd);
    return got < 0 ? bpf_fail_status(inquiry, name, -error) : got;
}
