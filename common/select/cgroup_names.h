/* cgroup_names.h - what the path of a cgroup says of who runs in it. Private to common/. */
#ifndef PROCTCP_CGROUP_NAMES_H
#define PROCTCP_CGROUP_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define CGROUP_NAME_SIZE 256 /* of a path component, with the NUL */

/* The systemd unit, "nginx.service", of the system's manager or of a user's. false: it is in none. */
bool cgroup_unit(const char *path, char unit[CGROUP_NAME_SIZE]);

/* The container: the first 12 digits of its id, as the runtimes show it, or the name of a machine. false: it is in
 * none. */
bool cgroup_container(const char *path, char container[CGROUP_NAME_SIZE]);

#endif
