/* doctor_daemons.h - running daemons. Anybody may call a process snmpd, and may keep waiting who looks into it: only
 * what users of the system run is looked at, and of others than root only what runs the daemon's program. */
#ifndef PROCTCP_CLI_DOCTOR_DAEMONS_H
#define PROCTCP_CLI_DOCTOR_DAEMONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define DAEMONS_MAX 8

struct daemons {
    pid_t pid[DAEMONS_MAX];
    size_t count;    /* at most DAEMONS_MAX */
    bool is_trusted; /* pid[0] is of root or of the daemon's own user: its command line says what the administrator
                        wanted */
    pid_t unsure;    /* one of a user of the system that has the name, and may not be looked into; 0: there is none */
    unsigned others; /* that have the name and not the program */
};

/* In this pid namespace, not in those of containers below it (where that can be told). */
struct daemons daemons_find(const char *name);

/* Whether the program of a process is not any more what stands at its place. */
enum daemon_state { DAEMON_UNSEEN, DAEMON_ABSENT, DAEMON_CURRENT, DAEMON_REPLACED };
enum daemon_state daemons_executable(pid_t pid);
/* The same of a library that it has mapped, such as "proctcp.so"; DAEMON_ABSENT: it has none of that name. */
enum daemon_state daemons_library(pid_t pid, const char *name);
/* From the text of /proc/<pid>/maps. */
enum daemon_state daemons_library_in(const char *maps, size_t length, const char *name);

/* Whether the process that has this program is the daemon of this name: exe is the link /proc/<pid>/exe, program what
 * stands there now. Somebody else may have made a copy with that name, or a place of his own where it stands. */
bool daemons_is_program(const char *exe, const struct stat *program, const char *name);

/* "1234" or "1234, 1235", and of which one more is said, and how many are none. */
const char *daemons_text(const struct daemons *daemons, char *text, size_t size);

#endif
