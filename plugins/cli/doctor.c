/* doctor.c - the order of the checks, and the exit status. Knows nothing of what is checked. */
#include "doctor.h"

#include "doctor_bounded.h"
#include "doctor_options.h"
#include "doctor_print.h"
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A scan of a host with a million sockets takes some seconds, a scan that a user delays up to 20. */
static const struct doctor_group groups[] = {
    {"kernel", doctor_check_kernel, 10},  {"scan", doctor_check_scan, 60}, {"agentx", doctor_check_agentx, 15},
    {"snmp", doctor_check_snmp, 40},      {"mib", doctor_check_mib, 20},   {"collectd", doctor_check_collectd, 15},
    {"versions", doctor_check_stale, 15},
};

struct listener {
    struct doctor_printer printer;
    bool is_well;
};

static void take(void *context, const struct finding *finding)
{
    struct listener *listener = context;

    doctor_print(&listener->printer, finding);
    listener->is_well &= finding->result <= FINDING_OK;
}

int doctor_run(int argc, char **argv)
{
    static struct listener listener = {.is_well = true};
    struct doctor_settings settings = {0};
    int status;

    if (!doctor_options_parse(argc, argv, &settings, &status))
        return status;
    doctor_print_begin(&listener.printer, settings.is_json);
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        doctor_bounded_run(&groups[i], &settings, take, &listener);
    if (fflush(stdout) != 0 && errno != EPIPE) {
        fprintf(stderr, "proctcp: standard output: %s\n", strerror(errno));
        return STATUS_NOTHING;
    }
    return listener.is_well ? STATUS_READ : STATUS_NOTHING;
}
