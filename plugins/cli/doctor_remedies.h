/* doctor_remedies.h - remedies that are others on another host: by its packages, units, users and groups. */
#ifndef PROCTCP_CLI_DOCTOR_REMEDIES_H
#define PROCTCP_CLI_DOCTOR_REMEDIES_H

#include "doctor_finding.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define AGENT_USER "_proctcp" /* and its group: what proctcp-agentx.service runs as */
#define BPF_GROUP  "proctcp"  /* may read what proctcp-bpf.service loads */

/* Whether systemd has the unit; name: "proctcp-agentx". */
bool host_has_unit(const char *name);
/* With dpkg: make deb builds packages for it. */
bool host_has_dpkg(void);

/* How a part of proctcp is installed; package: the one that has it on hosts with dpkg. */
void suggest_installing(struct finding *finding, const char *package);

/* The name of a user or group as a word of a command or file; one that is not plain, or unknown, is its number. */
const char *host_user(uid_t uid, char text[64]);
const char *host_group(gid_t gid, char text[64]);

/* Whether the text of /etc/os-release is Debian's own, and not that of a system made of it. */
bool host_is_debian(const char *os_release);

#endif
