/* select.c - what the rules of a selection say of a process, a socket, a namespace. Knows what each rule means; nothing
 * of how it was written or of where facts come from. */
#include "select/select.h"

#include <errno.h>

#define COMM_LENGTH 15 /* of a process name; the kernel cuts longer ones */

#define EVERY_STATE    ((1u << PROCTCP_STATES) - 2)
#define BIT(state)     (1u << PROCTCP_##state)
#define KIND_BIT(KIND) (1u << RULE_##KIND)

#define PROCESS_KINDS  (KIND_BIT(PID) | KIND_BIT(PROCESS) | KIND_BIT(COMMAND) | KIND_BIT(USER) | KIND_BIT(CGROUP))
#define ENDPOINT_KINDS (KIND_BIT(LOCAL_PORT) | KIND_BIT(REMOTE_PORT) | KIND_BIT(LOCAL) | KIND_BIT(REMOTE))

/* In which states the peer of a connection may be that stays on this host. */
static const uint16_t peer_states[PROCTCP_STATES] = {
    [PROCTCP_SYN_SENT] = BIT(SYN_SENT) | BIT(SYN_RECEIVED),
    [PROCTCP_SYN_RECEIVED] = BIT(SYN_SENT) | BIT(SYN_RECEIVED) | BIT(ESTABLISHED) | BIT(FIN_WAIT1),
    [PROCTCP_ESTABLISHED] = BIT(ESTABLISHED) | BIT(SYN_RECEIVED) | BIT(FIN_WAIT1),
    [PROCTCP_FIN_WAIT1] =
        BIT(ESTABLISHED) | BIT(SYN_RECEIVED) | BIT(CLOSE_WAIT) | BIT(FIN_WAIT1) | BIT(CLOSING) | BIT(LAST_ACK),
    [PROCTCP_FIN_WAIT2] = BIT(CLOSE_WAIT) | BIT(LAST_ACK),
    [PROCTCP_CLOSE_WAIT] = BIT(FIN_WAIT1) | BIT(FIN_WAIT2),
    [PROCTCP_LAST_ACK] = BIT(FIN_WAIT1) | BIT(FIN_WAIT2) | BIT(CLOSING) | BIT(TIME_WAIT),
    [PROCTCP_CLOSING] = BIT(FIN_WAIT1) | BIT(CLOSING) | BIT(LAST_ACK) | BIT(TIME_WAIT),
    [PROCTCP_TIME_WAIT] = BIT(LAST_ACK) | BIT(CLOSING),
};

bool select_asks(const struct proctcp_selection *selection, enum rule_kind kind)
{
    return selection && (selection->include.given | selection->exclude.given) >> kind & 1;
}

bool select_asks_anything(const struct proctcp_selection *selection)
{
    return selection && selection->include.given | selection->exclude.given;
}

bool select_asks_process(const struct proctcp_selection *selection)
{
    return selection && (selection->include.given | selection->exclude.given) & PROCESS_KINDS;
}

bool select_asks_socket(const struct proctcp_selection *selection)
{
    return selection && (selection->include.given | selection->exclude.given) & ~PROCESS_KINDS;
}

bool select_is_same(const struct proctcp_selection *a, const struct proctcp_selection *b)
{
    return (a ? a->words : 0) == (b ? b->words : 0);
}

/* Every rule to exclude weighs more than any to include. */
static bool passes(const struct proctcp_selection *selection, enum rule_kind kind, bool included, bool excluded)
{
    return (included || !(selection->include.given >> kind & 1)) && !excluded;
}

static bool has_number(const struct numbers *numbers, uint32_t number)
{
    for (uint32_t i = 0; i < numbers->count; i++) {
        if (numbers->at[i] == number)
            return true;
    }
    return false;
}

bool select_pid(const struct proctcp_selection *selection, int32_t pid)
{
    return !selection || passes(selection, RULE_PID, has_number(&selection->include.pids, (uint32_t)pid),
                                has_number(&selection->exclude.pids, (uint32_t)pid));
}

bool select_user(const struct proctcp_selection *selection, const uint32_t *uid)
{
    return !selection || passes(selection, RULE_USER, uid && has_number(&selection->include.users, *uid),
                                uid && has_number(&selection->exclude.users, *uid));
}

/* A name longer than the kernel keeps matches what is left of it. */
static bool has_name(const struct names *names, const char *name)
{
    for (uint32_t i = 0; name && i < names->count; i++) {
        if (strcmp(names->at[i], name) == 0)
            return true;
        if (strlen(name) == COMM_LENGTH && strncmp(names->at[i], name, COMM_LENGTH) == 0)
            return true;
    }
    return false;
}

bool select_name(const struct proctcp_selection *selection, const char *name)
{
    return !selection || passes(selection, RULE_PROCESS, has_name(&selection->include.processes, name),
                                has_name(&selection->exclude.processes, name));
}

/* /system.slice is that group and all below it; nginx.service is a group of that name wherever it stands. */
static bool in_cgroup(const char *rule, const char *path)
{
    size_t length = strlen(rule);

    if (rule[0] == '/') {
        while (length && rule[length - 1] == '/')
            length--;
        return strncmp(path, rule, length) == 0 && (path[length] == '/' || path[length] == '\0');
    }
    while ((path = strchr(path, '/'))) {
        path++;
        if (strncmp(path, rule, length) == 0 && (path[length] == '/' || path[length] == '\0'))
            return true;
    }
    return false;
}

static bool has_cgroup(const struct names *cgroups, const char *path)
{
    for (uint32_t i = 0; path && i < cgroups->count; i++) {
        if (in_cgroup(cgroups->at[i], path))
            return true;
    }
    return false;
}

bool select_cgroup(const struct proctcp_selection *selection, const char *path)
{
    return !selection || passes(selection, RULE_CGROUP, has_cgroup(&selection->include.cgroups, path),
                                has_cgroup(&selection->exclude.cgroups, path));
}

/* 1, 0 or -ENOMEM. */
static int has_match(const struct patterns *patterns, const char *text)
{
    for (uint32_t i = 0; text && i < patterns->count; i++) {
        int error = regexec(&patterns->at[i], text, 0, NULL, 0);
        if (error != REG_NOMATCH)
            return error ? -ENOMEM : 1;
    }
    return 0;
}

int select_is_excluded(const struct proctcp_selection *selection, const char *command)
{
    return has_match(&selection->exclude.commands, command);
}

int select_command(const struct proctcp_selection *selection, const char *command)
{
    int included = selection ? has_match(&selection->include.commands, command) : 1;
    int excluded = selection ? has_match(&selection->exclude.commands, command) : 0;

    if (included < 0 || excluded < 0)
        return -ENOMEM;
    return !selection || passes(selection, RULE_COMMAND, included, excluded);
}

/* ---- sockets ---- */

static bool has_port(const struct port_ranges *ranges, bool present, uint16_t port)
{
    for (uint32_t i = 0; present && i < ranges->count; i++) {
        if (ranges->at[i].first <= port && port <= ranges->at[i].last)
            return true;
    }
    return false;
}

static bool in_network(const struct network *network, const struct proctcp_address *address)
{
    unsigned whole = network->prefix / 8, rest = network->prefix % 8;

    if (network->ipv4 != proctcp_address_is_ipv4(address) || memcmp(network->address.bytes, address->bytes, whole) != 0)
        return false;
    return rest == 0 || (network->address.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}

static bool has_address(const struct networks *networks, bool present, const struct proctcp_address *address)
{
    for (uint32_t i = 0; present && i < networks->count; i++) {
        if (in_network(&networks->at[i], address))
            return true;
    }
    return false;
}

/* An end of a connection. */
struct end {
    const struct proctcp_address *address;
    uint16_t port;
    bool present;
};

static bool passes_ends(const struct proctcp_selection *selection, const struct end *local, const struct end *remote)
{
    const struct rules *in = &selection->include, *out = &selection->exclude;

    return passes(selection, RULE_LOCAL_PORT, has_port(&in->local_ports, local->present, local->port),
                  has_port(&out->local_ports, local->present, local->port)) &&
           passes(selection, RULE_REMOTE_PORT, has_port(&in->remote_ports, remote->present, remote->port),
                  has_port(&out->remote_ports, remote->present, remote->port)) &&
           passes(selection, RULE_LOCAL, has_address(&in->local_networks, local->present, local->address),
                  has_address(&out->local_networks, local->present, local->address)) &&
           passes(selection, RULE_REMOTE, has_address(&in->remote_networks, remote->present, remote->address),
                  has_address(&out->remote_networks, remote->present, remote->address));
}

static uint32_t selected_states(const struct proctcp_selection *selection)
{
    bool restricted = selection->include.given >> RULE_STATE & 1;
    return (restricted ? selection->include.states : EVERY_STATE) & ~selection->exclude.states;
}

bool select_socket(const struct proctcp_selection *selection, const struct proctcp_socket *socket)
{
    const struct end local = {&socket->local_address, socket->local_port, socket->present & PROCTCP_HAS_LOCAL};
    const struct end remote = {&socket->remote_address, socket->remote_port, socket->present & PROCTCP_HAS_REMOTE};

    return !selection || (selected_states(selection) >> socket->state & 1 && passes_ends(selection, &local, &remote));
}

bool select_matters(const struct proctcp_selection *selection, const struct proctcp_socket *socket)
{
    const struct end local = {&socket->local_address, socket->local_port, socket->present & PROCTCP_HAS_LOCAL};
    const struct end remote = {&socket->remote_address, socket->remote_port, socket->present & PROCTCP_HAS_REMOTE};

    if (select_socket(selection, socket) || socket->state == PROCTCP_LISTEN)
        return true;
    return remote.present && peer_states[socket->state] & selected_states(selection) &&
           passes_ends(selection, &remote, &local);
}

uint32_t select_states(const struct proctcp_selection *selection)
{
    uint32_t selected = selection ? selected_states(selection) : EVERY_STATE, states = selected;

    for (unsigned state = PROCTCP_CLOSED; state < PROCTCP_STATES; state++)
        states |= selected >> state & 1 ? peer_states[state] : 0;
    return states | BIT(LISTEN);
}

bool select_is_late(unsigned state)
{
    return 1u << state & (BIT(FIN_WAIT1) | BIT(FIN_WAIT2) | BIT(CLOSE_WAIT) | BIT(LAST_ACK) | BIT(CLOSING));
}

bool select_unbound(const struct proctcp_selection *selection)
{
    return !selection || (selected_states(selection) & BIT(CLOSED) && !(selection->include.given & ENDPOINT_KINDS));
}

bool select_netns(const struct proctcp_selection *selection, const struct select_netns *named, uint32_t inode, bool own)
{
    if (!selection)
        return true;
    const struct rules *in = &selection->include, *out = &selection->exclude;
    return passes(selection, RULE_NETNS,
                  in->every_netns || (own && in->own_netns) || has_number(&in->netns_inodes, inode) ||
                      has_number(&named->include, inode),
                  out->every_netns || (own && out->own_netns) || has_number(&out->netns_inodes, inode) ||
                      has_number(&named->exclude, inode));
}
