/* doctor_bounded.h - checks that come to an end, whatever they wait for. */
#ifndef PROCTCP_CLI_DOCTOR_BOUNDED_H
#define PROCTCP_CLI_DOCTOR_BOUNDED_H

#include "doctor.h"

struct doctor_group {
    const char *name;
    void (*check)(const struct doctor *doctor);
    unsigned patience_s;
};

/* Runs the group in a child process, and takes its findings as they come. If the child has not come to its end in time,
 * it is given up, and a finding of the group's name says so. */
void doctor_bounded_run(const struct doctor_group *group, const struct doctor_settings *settings,
                        void (*take)(void *context, const struct finding *finding), void *context);

#endif
