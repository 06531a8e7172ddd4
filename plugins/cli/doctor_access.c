/* doctor_access.c - permissions of a path for another user than the caller. Knows nothing of access control lists and
 * of security modules. */
#include "doctor_access.h"

#include "doctor_file.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *find_line(const char *status, const char *name)
{
    const char *line = strstr(status, name);
    return line ? line + strlen(name) : NULL;
}

static void add_groups(const char *list, struct identity *identity)
{
    while (*list && *list != '\n' && identity->group_count < IDENTITY_GROUPS_MAX) {
        char *end;
        const unsigned long group = strtoul(list, &end, 10);
        if (end == list)
            return;
        identity->groups[identity->group_count++] = (gid_t)group;
        list = end + strspn(end, " \t");
    }
}

/* "Uid:\t0\t0\t0\t0", real, effective, saved and of the file system, as "Gid:"; "Groups:\t4 27 "; "CapEff:\t000001ff"
 */
bool identity_parse(const char *status, struct identity *identity)
{
    const char *uid = find_line(status, "\nUid:\t"), *gid = find_line(status, "\nGid:\t");
    const char *groups = find_line(status, "\nGroups:\t"), *capabilities = find_line(status, "\nCapEff:\t");
    char *end;

    if (!uid || !gid || !groups || !capabilities)
        return false;
    *identity = (struct identity){.capabilities = strtoull(capabilities, NULL, 16)};
    strtoul(uid, &end, 10);
    identity->uid = (uid_t)strtoul(end, NULL, 10);
    strtoul(gid, &end, 10);
    identity->groups[identity->group_count++] = (gid_t)strtoul(end, NULL, 10);
    add_groups(groups, identity);
    return true;
}

bool identity_of(pid_t pid, struct identity *identity)
{
    char path[64], text[16384];

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    return doctor_file_read(path, text, sizeof(text)) > 0 && identity_parse(text, identity);
}

static bool has_group(const struct identity *identity, gid_t group)
{
    for (size_t i = 0; i < identity->group_count; i++) {
        if (identity->groups[i] == group)
            return true;
    }
    return false;
}

bool identity_may(const struct identity *identity, const struct stat *status, unsigned wanted)
{
    const bool may_search = identity->capabilities >> CAP_DAC_READ_SEARCH & 1;
    const unsigned shift = identity->uid == status->st_uid ? 6 : has_group(identity, status->st_gid) ? 3 : 0;

    if ((status->st_mode >> shift & wanted) == wanted || identity->capabilities >> CAP_DAC_OVERRIDE & 1)
        return true;
    return may_search && S_ISDIR(status->st_mode) && !(wanted & S_IWOTH);
}

bool identity_may_connect(const struct identity *identity, const char *path, char *place, size_t size,
                          struct stat *status)
{
    for (const char *end = path; *end;) {
        end += strspn(end, "/");
        const size_t before = (size_t)(end - path);
        end += strcspn(end, "/");
        /* The directory that has the next name, then the socket itself. */
        snprintf(place, size, "%.*s", (int)before, path);
        if (stat(place, status) < 0)
            return true;
        if (!identity_may(identity, status, S_IXOTH))
            return false;
    }
    snprintf(place, size, "%s", path);
    return stat(place, status) < 0 || identity_may(identity, status, S_IWOTH);
}
