/* reload.c - reads the configuration again. Knows which of net-snmp's steps may be taken twice. Its update_config() may
 * not: free_config() closes the session with the master, as one that notifications are sent to, and the callbacks that
 * follow a reading open another one. */
#include "reload.h"

#include "agentx.h"
#include "messages.h"
#include "rights.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <errno.h>
#include <net-snmp/agent/ds_agent.h>
#include <net-snmp/library/read_config.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TYPE "proctcp" /* proctcp.conf */

static void set_address(const char *address)
{
    netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, address);
}

static void read_files(const char *config_file)
{
    messages_begin();
    if (config_file)
        read_config_with_type(config_file, TYPE);
    else
        read_config_files(NORMAL_CONFIG);
    messages_end();
}

/* net-snmp looks at them when it joins a master. */
static void say_what_waits(const char *former_address, int former_ping_s)
{
    const int ping_s = netsnmp_ds_get_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL);

    if (strcmp(former_address, agentx_address()) != 0)
        snmp_log(LOG_NOTICE, "agentXSocket: %s is joined when %s is gone; restart to change at once\n",
                 agentx_address(), former_address);
    if (former_ping_s != ping_s)
        snmp_log(LOG_NOTICE, "agentXPingInterval: %d s holds when a master is joined next; restart to change at once\n",
                 ping_s);
}

static void done(struct settings *settings)
{
    settings_free(settings);
    free(settings);
}

/* NULL: memory is out. */
static struct settings *read_settings(const char *address, const char *config_file)
{
    struct settings *fresh = calloc(1, sizeof(*fresh));
    const int former_ping_s = netsnmp_ds_get_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL);
    char *former_address = strdup(agentx_address());

    if (!fresh || !former_address || settings_begin(fresh) < 0) {
        free(former_address);
        free(fresh);
        return NULL;
    }
    netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, AGENTX_PING_S);
    read_files(config_file);
    if (address)
        set_address(address);
    settings_finish(fresh);
    say_what_waits(former_address, former_ping_s);
    free(former_address);
    return fresh;
}

void reload(struct publisher *publisher, const char *address, const char *config_file, const char *user)
{
    struct settings *fresh;
    const char *fault;

    if (config_file && (fault = settings_file_fault(config_file))) {
        snmp_log(LOG_ERR, "SIGHUP: cannot read %s: %s; the former configuration holds\n", config_file, fault);
        return;
    }
    fresh = read_settings(address, config_file);
    if (!fresh) {
        snmp_log(LOG_ERR, "SIGHUP: out of memory; the former configuration holds\n");
        return;
    }
    if (strcmp(user ? user : "", fresh->user ? fresh->user : "") != 0)
        snmp_log(LOG_WARNING, "SIGHUP: agentUser holds from the start on: restart to change it\n");
    rights_say_given_up(fresh);
    publisher_set_settings(publisher, fresh, done);
    snmp_log(LOG_NOTICE, "SIGHUP: the configuration was read again\n");
}
