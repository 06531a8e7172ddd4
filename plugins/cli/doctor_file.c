/* doctor_file.c - reads files that may be anything. Knows nothing of what is in them. */
#include "doctor_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SIZE (256 << 10) /* of a file of configuration, at most */

static ssize_t read_all(int fd, char *text, size_t size)
{
    size_t length = 0;

    while (length + 1 < size) {
        const ssize_t got = read(fd, text + length, size - 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    text[length] = '\0';
    return (ssize_t)length;
}

/* A device or a FIFO may do something when it is opened: first it is looked at what it is. Returns a descriptor or
 * -errno. */
static int open_regular(const char *path)
{
    const int place = open(path, O_PATH | O_CLOEXEC);
    struct stat status;
    char again[32];
    int fd = -EINVAL;

    if (place < 0)
        return -errno;
    if (fstat(place, &status) == 0 && S_ISREG(status.st_mode)) {
        snprintf(again, sizeof(again), "/proc/self/fd/%d", place);
        fd = open(again, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        fd = fd < 0 ? -errno : fd;
    }
    close(place);
    return fd;
}

ssize_t doctor_file_read(const char *path, char *text, size_t size)
{
    const int fd = open_regular(path);
    ssize_t length;

    if (fd < 0)
        return fd;
    length = read_all(fd, text, size);
    close(fd);
    return length;
}

ssize_t doctor_files_read(struct doctor_files *files, const char *path, unsigned depth, char **text)
{
    const bool is_too_much = files->count == DOCTOR_FILES_MAX || depth > DOCTOR_DEPTH_MAX;
    ssize_t length;

    *text = is_too_much ? NULL : malloc(FILE_SIZE);
    length = *text ? doctor_file_read(path, *text, FILE_SIZE) : -ENOMEM;
    if (length == -EACCES || length == -EPERM)
        snprintf(files->refused, sizeof(files->refused), "%s", path);
    if (is_too_much || length == FILE_SIZE - 1)
        snprintf(files->cut, sizeof(files->cut), "%s", path);
    if (length >= 0) {
        files->count++;
        return length;
    }
    free(*text);
    *text = NULL;
    return length;
}

bool doctor_file_line(struct doctor_text *text, char line[DOCTOR_LINE_SIZE])
{
    const size_t left = (size_t)(text->end - text->at);
    const char *end = left ? memchr(text->at, '\n', left) : NULL;
    const size_t whole = end ? (size_t)(end - text->at) : left;
    const size_t length = whole < DOCTOR_LINE_SIZE ? whole : DOCTOR_LINE_SIZE - 1;

    if (left == 0)
        return false;
    for (size_t i = 0; i < length; i++)
        line[i] = text->at[i] ? text->at[i] : '?';
    line[length] = '\0';
    text->at += whole + (end != NULL);
    return true;
}

bool doctor_file_is_roots(const struct stat *status)
{
    return status->st_uid == 0 && !(status->st_mode & S_IWOTH) && (!(status->st_mode & S_IWGRP) || status->st_gid == 0);
}

bool doctor_file_has_roots_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char directory[PATH_MAX];
    struct stat status;

    if (*path != '/' || !slash || (size_t)(slash - path) >= sizeof(directory) - 1)
        return false;
    snprintf(directory, sizeof(directory), "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return stat(directory, &status) == 0 && doctor_file_is_roots(&status);
}

/* Nobody but root can have put it there, or there where a symbolic link leads. */
static bool is_safe(const char *path, const struct stat *status)
{
    char target[PATH_MAX];

    return doctor_file_is_roots(status) && doctor_file_has_roots_directory(path) && realpath(path, target) &&
           doctor_file_has_roots_directory(target);
}

static bool is_program(const char *directory, size_t length, const char *name, char *path, size_t size)
{
    struct stat status;

    if (*directory != '/' || (size_t)snprintf(path, size, "%.*s/%s", (int)length, directory, name) >= size)
        return false;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0 &&
           (geteuid() != 0 || is_safe(path, &status));
}

bool doctor_file_find_program(const char *name, char *path, size_t size)
{
    const char *lists[] = {geteuid() != 0 ? getenv("PATH") : NULL, DOCTOR_PATH ":/opt/collectd/sbin"};

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (const char *at = lists[i]; at && *at;) {
            const size_t length = strcspn(at, ":");
            if (is_program(at, length, name, path, size))
                return true;
            at += length + (at[length] == ':');
        }
    }
    return false;
}
