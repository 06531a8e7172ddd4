/* agentx.c - net-snmp as a subagent: start, its session with a master, its event loop, leave. Knows PDUs; what is
 * answered is answers.c's knowledge. */
#include "agentx.h"

#include "messages.h"
#include "oids.h"
#include "varbinds.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <net-snmp/agent/agent_callbacks.h>
#include <net-snmp/library/large_fd_set.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define APPLICATION "proctcp" /* proctcp.conf */

/* RFC 2741, sections 6.1, 6.2.10 and 6.2.16; net-snmp installs no header that has them. */
#define PDU_REGISTER           3
#define PDU_NOTIFY             12
#define DUPLICATE_REGISTRATION 263

static const oid objects[] = {OID_PROCTCP_OBJECTS};

/* net-snmp's callbacks of sessions get no pointer of their own. */
static const char *address_option;
static void (*configured_callback)(void);
static netsnmp_session *master; /* NULL: away */
static struct agentx_status status = {.state = AGENTX_AWAY};

/* Runs when the configuration has been read and before the subagent connects: callbacks run in the order of their
 * registration, and net-snmp registers its own in init_agent(). */
static int configuration_read(int major, int minor, void *server_argument, void *client_argument)
{
    (void)major, (void)minor, (void)server_argument, (void)client_argument;
    if (address_option)
        netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, address_option);
    if (configured_callback)
        configured_callback();
    return 0;
}

/* A request that timed out may have been carried out all the same, and offering the objects again would then be refused
 * for our own sake: a new session begins anew. net-snmp opens it when it sees that this one has ended. */
static void end_session(netsnmp_session *session)
{
    netsnmp_transport *transport = snmp_sess_transport(snmp_sess_pointer(session));

    if (transport)
        shutdown(transport->sock, SHUT_RDWR);
}

static int answered(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu, void *ignored)
{
    (void)request, (void)ignored;
    if (session != master)
        return 1;
    if (operation == NETSNMP_CALLBACK_OP_TIMED_OUT)
        end_session(session);
    if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
        return 1;
    status = (struct agentx_status){
        .state = pdu->errstat == SNMP_ERR_NOERROR ? AGENTX_SERVING : AGENTX_REFUSED,
        .is_taken = pdu->errstat == DUPLICATE_REGISTRATION,
        .error = pdu->errstat,
    };
    return 1;
}

static void offer_objects(void)
{
    netsnmp_pdu *pdu = snmp_pdu_create(PDU_REGISTER);

    if (!pdu)
        return;
    pdu->priority = DEFAULT_MIB_PRIORITY;
    pdu->sessid = master->sessid;
    snmp_add_null_var(pdu, objects, OID_LENGTH(objects));
    if (!snmp_async_send(master, pdu, answered, NULL))
        snmp_free_pdu(pdu);
}

static void offer_again(unsigned alarm, void *ignored)
{
    (void)alarm, (void)ignored;
    if (status.state == AGENTX_REFUSED)
        offer_objects();
}

/* net-snmp would offer the objects, too, but only once, and keep to itself how that ended: to it they are registered.
 */
static int session_started(int major, int minor, void *session, void *client_argument)
{
    netsnmp_subtree *subtree = netsnmp_subtree_find(objects, OID_LENGTH(objects), NULL, "");

    (void)major, (void)minor, (void)client_argument;
    if (subtree)
        subtree->flags |= SUBTREE_ATTACHED;
    master = session;
    status = (struct agentx_status){.state = AGENTX_JOINING};
    offer_objects();
    return 0;
}

static int session_ended(int major, int minor, void *server_argument, void *client_argument)
{
    (void)major, (void)minor, (void)server_argument, (void)client_argument;
    master = NULL;
    status = (struct agentx_status){.state = AGENTX_AWAY};
    return 0;
}

void agentx_prepare(const char *address, const char *config_file, void (*configured)(void))
{
    address_option = address;
    configured_callback = configured;
    /* No MIB file is needed to answer in numbers, nothing is remembered in files, and root is not required.
     * NETSNMP_DS_LIB_DONT_PERSIST_STATE would say so, too, but it keeps net-snmp 5.9 from reading any configuration. */
    setenv("MIBS", "", 1);
    setenv("MIBDIRS", "", 1);
    set_persistent_directory("/dev/null"); /* else the TLS transport makes a directory for certificates */
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_ALARM_DONT_USE_SIG, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_ROOT_ACCESS, 1);
    /* net-snmp would say so at every attempt, and not what to do. */
    netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS, 1);
    netsnmp_enable_subagent();
    if (config_file) {
        netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
        netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_OPTIONALCONFIG, config_file);
    }
    snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_POST_READ_CONFIG, configuration_read, NULL);
    snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, session_started, NULL);
    snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, session_ended, NULL);
    init_agent(APPLICATION);
    netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, AGENTX_PING_S);
}

/* ---- notifications ---- */

static void (*notification_answered)(long error);

static int notified(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu, void *ignored)
{
    (void)session, (void)request, (void)ignored;
    if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
        notification_answered(pdu->errstat);
    else if (operation == NETSNMP_CALLBACK_OP_TIMED_OUT || operation == NETSNMP_CALLBACK_OP_DISCONNECT ||
             operation == NETSNMP_CALLBACK_OP_SEND_FAILED)
        notification_answered(-1);
    return 1;
}

bool agentx_notify(unsigned long number, const struct notification *notification, void (*when_answered)(long error))
{
    netsnmp_pdu *pdu = master ? snmp_pdu_create(PDU_NOTIFY) : NULL;

    if (!pdu)
        return false;
    pdu->sessid = master->sessid;
    pdu->variables = varbinds_of(number, notification);
    notification_answered = when_answered;
    if (pdu->variables && snmp_async_send(master, pdu, notified, NULL))
        return true;
    snmp_free_pdu(pdu);
    return false;
}

bool agentx_takes_notifications(void)
{
    return status.state == AGENTX_SERVING;
}

void agentx_connect(void)
{
    messages_begin();
    init_snmp(APPLICATION);
    messages_end();
    snmp_alarm_register(AGENTX_PING_S, SA_REPEAT, offer_again, NULL);
}

void agentx_process(int wake, int timeout_ms)
{
    struct timeval timeout = {.tv_sec = 3600};
    netsnmp_large_fd_set readable;
    int descriptors = wake + 1, block = 0, ready;

    if (timeout_ms >= 0)
        timeout = (struct timeval){.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    netsnmp_large_fd_set_init(&readable, FD_SETSIZE);
    NETSNMP_LARGE_FD_ZERO(&readable);
    NETSNMP_LARGE_FD_SET(wake, &readable);
    snmp_select_info2(&descriptors, &readable, &timeout, &block);
    ready = netsnmp_large_fd_set_select(descriptors, &readable, NULL, NULL, &timeout);
    if (ready > 0) {
        eventfd_t ignored;

        if (NETSNMP_LARGE_FD_ISSET(wake, &readable))
            eventfd_read(wake, &ignored);
        snmp_read2(&readable);
    } else if (ready == 0) {
        snmp_timeout();
    }
    netsnmp_large_fd_set_cleanup(&readable);
    run_alarms();
    netsnmp_check_outstanding_agent_requests();
}

void agentx_close(void)
{
    snmp_shutdown(APPLICATION);
    shutdown_agent();
}

const char *agentx_address(void)
{
    const char *address = netsnmp_ds_get_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET);

    return address ? address : NETSNMP_AGENTX_SOCKET;
}

struct agentx_status agentx_status(void)
{
    return status;
}
