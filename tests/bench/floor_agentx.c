/* floor_agentx.c - a subagent that answers constants: what AgentX, net-snmp and the master cost by themselves, with as
 * many rows and columns and as long an index as the socket table of proctcp. Ends with its standard input. */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#define ROOT      1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 794, 1, 3, 1
#define OF_ONE    500 /* rows with the same first number */
#define FIRST_PID 1000

static const oid root[] = {ROOT};
static unsigned long rows, last_column;

/* The number of the first row behind an index. */
static unsigned long row_behind(const oid *index, size_t length)
{
    unsigned long row;

    if (length == 0 || index[0] < FIRST_PID)
        return 0;
    row = (index[0] - FIRST_PID) * OF_ONE;
    if (length == 1)
        return row;
    if (index[1] >= OF_ONE)
        return row + OF_ONE;
    return row + index[1] + (length > 2 && index[2] >= 1);
}

static void answer(netsnmp_request_info *request)
{
    const netsnmp_variable_list *varbind = request->requestvb;
    const size_t fixed = OID_LENGTH(root);
    unsigned long column = 1, row = 0, number = 42;
    oid next[] = {ROOT, 0, 0, 0, 1};

    if (varbind->name_length > fixed && snmp_oid_ncompare(varbind->name, fixed, root, fixed, fixed) == 0) {
        column = varbind->name[fixed];
        row = row_behind(varbind->name + fixed + 1, varbind->name_length - fixed - 1);
    }
    if (row >= rows) {
        column++;
        row = 0;
    }
    if (column > last_column)
        return;
    next[fixed] = column;
    next[fixed + 1] = FIRST_PID + row / OF_ONE;
    next[fixed + 2] = row % OF_ONE;
    snmp_set_var_objid(request->requestvb, next, OID_LENGTH(next));
    snmp_set_var_typed_value(request->requestvb, ASN_UNSIGNED, &number, sizeof(number));
}

static int handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
                  netsnmp_agent_request_info *reqinfo, netsnmp_request_info *requests)
{
    (void)handler, (void)registration;
    for (; requests; requests = requests->next) {
        if (!requests->processed && reqinfo->mode == MODE_GETNEXT)
            answer(requests);
    }
    return SNMP_ERR_NOERROR;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "Usage: floor_agentx SOCKET ROWS COLUMNS\n");
        return 2;
    }
    rows = strtoul(argv[2], NULL, 10);
    last_column = strtoul(argv[3], NULL, 10);
    setenv("MIBS", "", 1);
    snmp_enable_stderrlog();
    netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
    netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, argv[1]);
    init_agent("floor");
    netsnmp_register_handler(
        netsnmp_create_handler_registration("floor", handle, root, OID_LENGTH(root), HANDLER_CAN_RONLY));
    init_snmp("floor");
    for (;;) {
        fd_set readable;
        struct timeval timeout = {.tv_sec = 60};
        int descriptors = 1, block = 0;

        FD_ZERO(&readable);
        FD_SET(0, &readable);
        snmp_select_info(&descriptors, &readable, &timeout, &block);
        if (select(descriptors, &readable, NULL, NULL, &timeout) > 0) {
            if (FD_ISSET(0, &readable))
                return 0;
            snmp_read(&readable);
        } else {
            snmp_timeout();
        }
        run_alarms();
        netsnmp_check_outstanding_agent_requests();
    }
}
