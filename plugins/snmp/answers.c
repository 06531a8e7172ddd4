/* answers.c - one handler of net-snmp for the whole subtree, in a subagent or in snmpd itself. Knows requests; what
 * stands at an OID is walk.c's knowledge. */
#include "answers.h"

#include "clock.h"
#include "oids.h"
#include "varbinds.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <net-snmp/agent/sysORTable.h>
#include <string.h>

#define NAME "proctcp"

static const oid objects[] = {OID_PROCTCP_OBJECTS};
static netsnmp_handler_registration *registration;

/* What stands below our root. AgentX of net-snmp reads a number from 2^31 on, as those of namespaces, as a negative
 * one. */
struct below {
    unsigned long oid[MAX_OID_LEN];
    size_t length;
};

static void find_below(const netsnmp_variable_list *varbind, struct below *below)
{
    below->length = varbind->name_length - OID_LENGTH(objects);
    for (size_t i = 0; i < below->length; i++)
        below->oid[i] = varbind->name[OID_LENGTH(objects) + i] & UINT32_MAX;
}

static void answer_get(struct serving *serving, netsnmp_agent_request_info *reqinfo, netsnmp_request_info *request)
{
    struct below below;
    struct value value;

    find_below(request->requestvb, &below);
    switch (walk_get(serving->publication, &serving->hint, below.oid, below.length, &value)) {
    case WALK_FOUND:
        varbind_set(request->requestvb, &value);
        break;
    case WALK_NO_INSTANCE:
        netsnmp_set_request_error(reqinfo, request, SNMP_NOSUCHINSTANCE);
        break;
    case WALK_NO_OBJECT:
        netsnmp_set_request_error(reqinfo, request, SNMP_NOSUCHOBJECT);
        break;
    }
}

/* A request that stays unanswered makes net-snmp go on behind our subtree. */
static void answer_next(struct serving *serving, netsnmp_request_info *request)
{
    const netsnmp_variable_list *varbind = request->requestvb;
    const int place = snmp_oidtree_compare(varbind->name, varbind->name_length, objects, OID_LENGTH(objects));
    struct below below = {.length = 0};
    size_t next_length;
    oid next[OID_LENGTH(objects) + WALK_OID_MAX];
    struct value value;

    if (place > 0)
        return;
    if (place == 0 && varbind->name_length > OID_LENGTH(objects))
        find_below(varbind, &below);
    if (!walk_next(serving->publication, &serving->hint, below.oid, below.length, next + OID_LENGTH(objects),
                   &next_length, &value))
        return;
    memcpy(next, objects, sizeof(objects));
    snmp_set_var_objid(request->requestvb, next, OID_LENGTH(objects) + next_length);
    varbind_set(request->requestvb, &value);
}

static int handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *registered,
                  netsnmp_agent_request_info *reqinfo, netsnmp_request_info *requests)
{
    struct serving *serving = handler->myvoid;

    (void)registered;
    serving_request(serving, reqinfo->asp->pdu->transid, reqinfo->mode == MODE_GETNEXT, clock_ms());
    for (netsnmp_request_info *request = requests; request; request = request->next) {
        if (request->processed)
            continue;
        if (reqinfo->mode == MODE_GET)
            answer_get(serving, reqinfo, request);
        else if (reqinfo->mode == MODE_GETNEXT)
            answer_next(serving, request);
    }
    return SNMP_ERR_NOERROR;
}

bool answers_register(struct serving *serving)
{
    oid module[] = {OID_PROCTCP};

    registration = netsnmp_create_handler_registration(NAME, handle, objects, OID_LENGTH(objects), HANDLER_CAN_RONLY);
    if (!registration)
        return false;
    registration->handler->myvoid = serving;
    if (netsnmp_register_handler(registration) != MIB_REGISTERED_OK) {
        registration = NULL; /* net-snmp has freed it */
        return false;
    }
    REGISTER_SYSOR_ENTRY(module, "Which process holds which TCP socket (PROCTCP-MIB)");
    return true;
}

void answers_unregister(void)
{
    oid module[] = {OID_PROCTCP};

    if (!registration)
        return;
    UNREGISTER_SYSOR_ENTRY(module);
    netsnmp_unregister_handler(registration);
    registration = NULL;
}
