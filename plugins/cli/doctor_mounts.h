/* doctor_mounts.h - lines of /proc/self/mountinfo. */
#ifndef PROCTCP_CLI_DOCTOR_MOUNTS_H
#define PROCTCP_CLI_DOCTOR_MOUNTS_H

#include <stdbool.h>

enum hidepid {
    HIDEPID_OFF = 0,
    HIDEPID_NOACCESS = 1,
    HIDEPID_INVISIBLE = 2,
    HIDEPID_PTRACEABLE = 4, /* also hides from the group of gid=, since 5.8 */
};

struct mount {
    char point[256];
    char type[32];
    enum hidepid hidepid; /* of proc */
    bool has_gid;
    unsigned gid; /* that hidepid lets see */
};

/* false: not understood. A long mount point is cut. */
bool mounts_parse(const char *line, struct mount *mount);

/* The mount that is seen at a point: the last one there. false: nothing is mounted there, or it cannot be read. */
bool mounts_find(const char *point, struct mount *mount);

#endif
