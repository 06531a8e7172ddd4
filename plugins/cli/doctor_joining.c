/* doctor_joining.c - finds snmpd and its subagent, and reads what they were told. Nothing is believed of the command
 * line of a process that is neither root's nor of the daemon's own user. */
#include "doctor_joining.h"

#include "doctor_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The word behind an option in the command line of a process. false: it has no such option. */
static bool find_word(pid_t pid, const char *option, char *value, size_t size)
{
    char path[64], text[4096];
    bool is_found = false;

    snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
    const ssize_t length = doctor_file_read(path, text, sizeof(text));
    const char *end = text + (length > 0 ? length : 0);
    for (const char *word = text; word < end; word += strlen(word) + 1) {
        const char *next = word + strlen(word) + 1;
        if (strcmp(word, option) != 0)
            continue;
        snprintf(value, size, "%s", next < end ? next : "");
        is_found = true;
    }
    return is_found;
}

/* As snmpd was started, by whom it may be: -C, -c FILE[,FILE] and -x ADDRESS count more than the usual files. */
static void read_snmpd_conf(struct agentx *agentx)
{
    const pid_t master = agentx->masters.is_trusted ? agentx->masters.pid[0] : 0;
    char files[512] = "", word[16];

    if (!master || !find_word(master, "-C", word, sizeof(word))) {
        snmpd_conf_read(&agentx->snmpd, SNMPD_CONF);
        snmpd_conf_read(&agentx->snmpd, "/etc/snmp/snmpd.local.conf");
    }
    if (!master)
        return;
    find_word(master, "-c", files, sizeof(files));
    for (char *rest = files, *file; (file = strsep(&rest, ","));) {
        if (*file)
            snmpd_conf_read(&agentx->snmpd, file);
    }
    find_word(master, "-x", agentx->snmpd.socket, sizeof(agentx->snmpd.socket));
}

static void read_proctcp_conf(struct agentx *agentx)
{
    const pid_t agent = agentx->agents.is_trusted ? agentx->agents.pid[0] : 0;
    char file[512];

    if (agent && find_word(agent, "-c", file, sizeof(file))) {
        snmpd_conf_read(&agentx->proctcp, file);
    } else {
        snmpd_conf_read(&agentx->proctcp, PROCTCP_CONF);
        snmpd_conf_read(&agentx->proctcp, "/etc/snmp/proctcp.local.conf");
    }
    if (agent)
        find_word(agent, "-x", agentx->proctcp.socket, sizeof(agentx->proctcp.socket));
}

/* A subagent that runs already and was told nothing else joins at net-snmp's own place. */
static void choose_address(struct agentx *agentx, const char *said)
{
    const char *address = "unix:" OLD_SOCKET;

    agentx->is_said = said || *agentx->proctcp.socket;
    if (agentx->is_said)
        address = said ? said : agentx->proctcp.socket;
    else if (!agentx->agents.count && (access(NEW_SOCKET, F_OK) == 0 || errno == EACCES))
        address = "unix:" NEW_SOCKET;
    snprintf(agentx->address, sizeof(agentx->address), "%s", address);
    if (agentx->address[0] == '/')
        agentx->path = agentx->address;
    else if (strncmp(agentx->address, "unix:", 5) == 0)
        agentx->path = agentx->address + 5;
}

void joining_find(struct agentx *agentx, const char *said)
{
    char program[512];

    agentx->masters = daemons_find("snmpd");
    agentx->agents = daemons_find("proctcp-agentx");
    agentx->has_snmpd =
        agentx->masters.count || agentx->masters.unsure || doctor_file_find_program("snmpd", program, sizeof(program));
    read_snmpd_conf(agentx);
    read_proctcp_conf(agentx);
    choose_address(agentx, said);
}
