/* doctor_kernel.h - what the running kernel has. */
#ifndef PROCTCP_CLI_DOCTOR_KERNEL_H
#define PROCTCP_CLI_DOCTOR_KERNEL_H

#include <stdbool.h>

/* release: "6.1.0-18-amd64". */
bool kernel_release_is_at_least(const char *release, unsigned major, unsigned minor);
/* Whether proctcp-bpf can have its iterators. */
bool kernel_has_iterators(void);

#endif
