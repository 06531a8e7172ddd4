/* doctor_snmpd_conf.h - what snmpd.conf says of AgentX, and what proctcp.conf does. */
#ifndef PROCTCP_CLI_DOCTOR_SNMPD_CONF_H
#define PROCTCP_CLI_DOCTOR_SNMPD_CONF_H

#include "doctor_file.h"
#include "doctor_words.h"

struct snmpd_conf {
    bool is_master;   /* master agentx */
    bool has_module;  /* dlmod proctcp */
    char socket[256]; /* agentXSocket, as written; "": not said */
    struct doctor_files files;
};

/* Adds what a line says. Returns the file or directory that it includes, or NULL. */
const char *snmpd_conf_line(struct snmpd_conf *conf, const struct words *words, bool *is_directory);
/* Adds a file and what it includes; bounded. One that is not there adds nothing. */
void snmpd_conf_read(struct snmpd_conf *conf, const char *path);

#endif
