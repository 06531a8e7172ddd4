/* doctor_clock.h - instants until which something is waited for, in milliseconds of the monotonic clock. */
#ifndef PROCTCP_CLI_DOCTOR_CLOCK_H
#define PROCTCP_CLI_DOCTOR_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

int64_t doctor_clock_after(int64_t milliseconds);
/* Milliseconds until then, as poll() takes them; 0: it is over. */
int doctor_clock_left(int64_t end);
/* Waits for a child of ours to end. false: it has not, until then. */
bool doctor_clock_reap(pid_t child, int *status, int64_t end);

#endif
