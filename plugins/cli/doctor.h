/* doctor.h - proctcp doctor: checks what proctcp needs on this host, and says the remedy for what is missing. */
#ifndef PROCTCP_CLI_DOCTOR_H
#define PROCTCP_CLI_DOCTOR_H

#include "doctor_finding.h"

/* What the command line said; strings point into argv, NULL: not said. */
struct doctor_settings {
    const char *agentx;        /* address of the AgentX master */
    const char *snmp;          /* arguments of snmpget; may hold a password, and are never printed */
    const char *collectd_conf; /* file */
    int is_json;
};

/* Checks of one kind. They run in a child process of their own, which is given up if they do not come to their end. */
struct doctor {
    const struct doctor_settings *settings;
    int out; /* the pipe to who prints */
};

/* Hands a finding over. */
void doctor_tell(const struct doctor *doctor, const struct finding *finding);

/* doctor_kernel.c: kernel. doctor_scan.c: sock_diag, procfs, scan, bpf, and by doctor_rights.c what a scan may see. */
void doctor_check_kernel(const struct doctor *doctor);
void doctor_check_scan(const struct doctor *doctor);
/* doctor_agentx.c: snmpd, its configuration, the AgentX socket, proctcp-agentx. */
void doctor_check_agentx(const struct doctor *doctor);
/* doctor_snmp.c: what a manager is answered. doctor_mib.c: the names that it knows. */
void doctor_check_snmp(const struct doctor *doctor);
void doctor_check_mib(const struct doctor *doctor);
/* doctor_collectd.c: plugin, configuration, daemon. doctor_stale.c: daemons that are older than what is installed. */
void doctor_check_collectd(const struct doctor *doctor);
void doctor_check_stale(const struct doctor *doctor);

/* argv[0] is "doctor". Returns the exit status. */
int doctor_run(int argc, char **argv);

#endif
