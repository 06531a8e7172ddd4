/* doctor_joining.h - who is to join whom, and where: snmpd, proctcp-agentx, and what they were told. */
#ifndef PROCTCP_CLI_DOCTOR_JOINING_H
#define PROCTCP_CLI_DOCTOR_JOINING_H

#include "doctor_daemons.h"
#include "doctor_snmpd_conf.h"

#define SNMPD_CONF   "/etc/snmp/snmpd.conf"
#define PROCTCP_CONF "/etc/snmp/proctcp.conf"
#define NEW_SOCKET   "/run/agentx/master"
#define OLD_SOCKET   "/var/agentx/master"

/* What is known of the master and its subagent. */
struct agentx {
    struct daemons masters, agents;
    bool has_snmpd; /* the program, or a process */
    struct snmpd_conf snmpd, proctcp;
    char address[256]; /* where the subagent joins */
    bool is_said;      /* by an option or a file */
    const char *path;  /* of it, if it is a Unix socket; else NULL */
};

/* said: the address by --agentx, or NULL. */
void joining_find(struct agentx *agentx, const char *said);

#endif
