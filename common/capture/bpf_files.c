/* bpf_files.c - the pinned files. Knows who may have made them, and how records follow each other; nothing of what they
 * say. */
#include "capture/bpf_files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
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
