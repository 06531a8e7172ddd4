/* agentx.h - the AgentX session: net-snmp's side of the subagent. */
#ifndef SNMP_AGENTX_H
#define SNMP_AGENTX_H

#include "notifications.h"

#include <stdbool.h>

/* How often a master that is away is tried again, one that is there is asked whether it still knows us, and one that
 * refuses the objects is offered them again. The configuration may change the first two. */
#define AGENTX_PING_S 5

enum agentx_state {
    AGENTX_AWAY = 1, /* no master answers */
    AGENTX_JOINING,  /* it has been offered the objects */
    AGENTX_SERVING,
    AGENTX_REFUSED,
};

struct agentx_status {
    enum agentx_state state;
    bool is_taken; /* refused, for another subagent serves the same objects */
    long error;    /* why it refused: res.error of RFC 2741, section 6.2.16 */
};

/* Prepares net-snmp. address (of the master) overrides the configuration; NULL: the configuration's, or net-snmp's
 * default. config_file is read instead of those on SNMPCONFPATH. configured is called when that has been done, before
 * the master is looked for, which may take a while. Tokens are registered after this. */
void agentx_prepare(const char *address, const char *config_file, void (*configured)(void));
/* Reads the configuration and tries the master for the first time. */
void agentx_connect(void);
/* Answers what has come, waiting for it at most timeout_ms (-1: for ever) or until the eventfd wake is written to. */
void agentx_process(int wake, int timeout_ms);
/* Sends a notification, by its number in the MIB. when_answered is called once: 0: the master took it; else why not, as
 * res.error of RFC 2741 says, or -1: it went away. false: it was not sent, and nothing is called. */
bool agentx_notify(unsigned long number, const struct notification *notification, void (*when_answered)(long error));
/* Whether a master is there that does. */
bool agentx_takes_notifications(void);
/* Takes leave of the master. */
void agentx_close(void);

/* The address in use. */
const char *agentx_address(void);
struct agentx_status agentx_status(void);

#endif
