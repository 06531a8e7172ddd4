/* pins.h - the files in the BPF file system. Each call says on stderr what failed and what to do: 0 or -1. */
#ifndef PROCTCP_BPF_PINS_H
#define PROCTCP_BPF_PINS_H

#include "capture/bpf_records.h"

#include <sys/types.h>

/* The directory, readable by root and the group. */
int pins_begin(gid_t gid);
/* A link of the kernel's at a name: takes the place of the one that is there, in one step. */
int pins_put(const char *name, int link_fd, gid_t gid);
/* Takes one away, if it is there. */
int pins_drop(const char *name);
/* All of them, and what a loader that was ended midway left. */
int pins_remove(void);
/* Prints what is there. -1: not all of it is. */
int pins_print(void);

#endif
