/* doctor_access.h - whether somebody may open a Unix socket: as the kernel decides by owner, group and mode. */
#ifndef PROCTCP_CLI_DOCTOR_ACCESS_H
#define PROCTCP_CLI_DOCTOR_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define IDENTITY_GROUPS_MAX 64

struct identity {
    uid_t uid;
    gid_t groups[IDENTITY_GROUPS_MAX];
    size_t group_count;
    uint64_t capabilities; /* effective */
};

/* From the text of /proc/<pid>/status. false: not understood. */
bool identity_parse(const char *status, struct identity *identity);
/* Of a process; false: it cannot be read. */
bool identity_of(pid_t pid, struct identity *identity);

/* wanted: S_IROTH, S_IWOTH, S_IXOTH or several of them. */
bool identity_may(const struct identity *identity, const struct stat *status, unsigned wanted);

/* Follows the path from / on: the first directory that may not be searched, or the socket, if it may not be written.
 * false: place has it, and status is its. Who may all, or a path that does not exist, is true. */
bool identity_may_connect(const struct identity *identity, const char *path, char *place, size_t size,
                          struct stat *status);

#endif
