/* loader.h - loads the BPF programs. */
#ifndef PROCTCP_BPF_LOADER_H
#define PROCTCP_BPF_LOADER_H

#include <stdbool.h>
#include <sys/types.h>

/* Loads all programs, those that count connections if asked for, finds out what they need to know, and pins them for
 * root and the group. 0, or -1 with the reason on stderr. */
int loader_load(gid_t gid, bool connections);

#endif
