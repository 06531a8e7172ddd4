/* agentx.h - the AgentX session: net-snmp's side of the subagent. */
#ifndef SNMP_AGENTX_H
#define SNMP_AGENTX_H

#include "serving.h"

/* How often a master that is away is tried again, and one that is there is asked whether it still knows us. */
#define AGENTX_PING_S 5

/* Prepares net-snmp. address (of the master) overrides the configuration; NULL: the configuration's, or net-snmp's
 * default. config_file is read instead of those on SNMPCONFPATH. Tokens are registered after this. */
void agentx_prepare(const char *address, const char *config_file);
/* Registers the objects. serving is used by every request from agentx_process() on. false: it could not be done. */
bool agentx_register(struct serving *serving);
/* Reads the configuration and tries the master for the first time. */
void agentx_connect(void);
/* Answers what has come, waiting for it at most timeout_ms (-1: for ever) or until the eventfd wake is written to. */
void agentx_process(int wake, int timeout_ms);
/* Takes leave of the master. */
void agentx_close(void);

/* The address in use. */
const char *agentx_address(void);
bool agentx_is_connected(void);

#endif
