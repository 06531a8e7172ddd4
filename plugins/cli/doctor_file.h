/* doctor_file.h - files of the system as text: bounded, and without waiting for what is no file. */
#ifndef PROCTCP_CLI_DOCTOR_FILE_H
#define PROCTCP_CLI_DOCTOR_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The begin of a regular file, with a NUL behind it; anything else is not even opened. Returns its length or -errno;
 * -EINVAL: it is no regular file. */
ssize_t doctor_file_read(const char *path, char *text, size_t size);

/* The files of a configuration that includes others: so many, each so large, so deep and no more. */
struct doctor_files {
    char refused[256]; /* one that may not be read; "": none */
    char cut[256];     /* one that was not read to its end, or from which on nothing more was; "": none */
    unsigned count;    /* read */
};

#define DOCTOR_FILES_MAX 256
#define DOCTOR_DEPTH_MAX 8
/* One of them; depth: 0 of the first, one more of what it includes. Sets *text, to be freed, and returns its length, or
 * -errno. */
ssize_t doctor_files_read(struct doctor_files *files, const char *path, unsigned depth, char **text);

/* What is left to be read of a text that may hold NULs. */
struct doctor_text {
    const char *at, *end;
};

#define DOCTOR_LINE_SIZE 1024
/* The next line without its end; a longer one is cut, and a NUL in it reads as '?'. false: there is none. */
bool doctor_file_line(struct doctor_text *text, char line[DOCTOR_LINE_SIZE]);

/* Whether nobody but root may write it. */
bool doctor_file_is_roots(const struct stat *status);
/* The same of the directory in which a file stands; false also if the path is not absolute. */
bool doctor_file_has_roots_directory(const char *path);

#define DOCTOR_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* The file of that name, if it may be run, on PATH or in a directory of the system's programs. For root PATH does not
 * count, nor what somebody else may have put there. */
bool doctor_file_find_program(const char *name, char *path, size_t size);

#endif
