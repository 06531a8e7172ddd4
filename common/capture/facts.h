/* facts.h - what is told of a process: name, executable, uid, cgroup, start time, descriptor limit. */
#ifndef PROCTCP_FACTS_H
#define PROCTCP_FACTS_H

#include "capture/inquiry.h"

/* Facts of every process that has owners, unless it is gone or another one by now. Those of its program are read once
 * in its life. */
int facts_read(struct inquiry *inquiry);
/* Those of a process that has none, if it started then. */
int facts_read_of(struct inquiry *inquiry, struct process *process, uint64_t start_ticks);
/* The line "btime 1700000000" of <root>/stat, in seconds of Unix time; 0: not to be had. */
uint64_t facts_read_boot_time(struct inquiry *inquiry);

/* Reads a file of a process whole into the inquiry's buffer, as far as it fits and a NUL behind it. Its length or
 * -errno; what fails for another reason than that it is not there is counted. */
ssize_t facts_read_file(struct inquiry *inquiry, int directory, int32_t pid, const char *name);
/* The effective user. false: not to be had. */
bool facts_read_uid(struct inquiry *inquiry, int directory, int32_t pid, uint32_t *uid);

/* The real user of a process, who cannot choose it; 0: root, whom nobody is blamed for, or not known. Waits on nobody.
 */
uint32_t facts_real_user(struct inquiry *inquiry, int32_t pid);

/* Of /proc/<pid>/stat. */
struct stat_line {
    const char *name;
    size_t name_length;
    uint64_t start_ticks;
    uint64_t image; /* from where its code and stack lie: another one after an exec; 0: not told */
};

/* The parsers. false: not understood. */
bool facts_parse_stat(const char *text, size_t length, struct stat_line *stat);
bool facts_parse_status(const char *text, size_t length, uint32_t *uid); /* the effective one */
bool facts_parse_real_uid(const char *text, size_t length, uint32_t *uid);
bool facts_parse_limits(const char *text, size_t length, uint64_t *fd_limit);
bool facts_parse_cgroup(const char *text, size_t length, const char **path, size_t *path_length);

#endif
