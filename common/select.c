/* select.c - selection rules shared by all adapters: compiled once, then matched against rows. Knows what a rule means;
 * nothing of options or configuration files. */
#include "cursor.h"
#include "proctcp.h"
#include "vector.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define COMM_LENGTH 15 /* of a process name; the kernel cuts longer ones */

struct range {
    uint16_t first, last;
};

struct network {
    struct proctcp_address address;
    unsigned prefix; /* bits of the 128 that must agree */
    bool ipv4;
};

struct numbers VECTOR(uint32_t);
struct names VECTOR(char *);
struct ranges VECTOR(struct range);
struct networks VECTOR(struct network);

/* Rules of a kind are alternatives; a kind without rules holds always. */
struct proctcp_selection {
    struct numbers pids;
    struct names processes;
    struct numbers users;
    uint32_t states; /* a bit each */
    struct ranges local_ports, remote_ports;
    struct networks local_networks, remote_networks;
};

/* One value of a list, and where to complain about it. */
struct item {
    const char *kind;
    char text[128];
    unsigned position; /* in the list, from 1 */
    char *error;
    size_t error_size;
};

static int complain(const struct item *item, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int complain(const struct item *item, const char *format, ...)
{
    char remedy[128], shown[4 * sizeof(item->text)];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(remedy, sizeof(remedy), format, arguments);
    va_end(arguments);
    proctcp_escape(item->text, shown, sizeof(shown), true);
    snprintf(item->error, item->error_size, "%s: value %u, \"%s\", %s", item->kind, item->position, shown, remedy);
    return -EINVAL;
}

static bool parse_number(const char *text, uint32_t limit, uint32_t *number)
{
    struct cursor c = {text, text + strlen(text)};
    return cursor_dec32(&c, number) && c.at == c.end && *number <= limit;
}

static int add_number(struct numbers *numbers, uint32_t number)
{
    uint32_t *slot = vector_push(numbers);
    if (!slot)
        return -ENOMEM;
    *slot = number;
    return 0;
}

static int add_pid(struct proctcp_selection *selection, const struct item *item)
{
    uint32_t pid;
    if (!parse_number(item->text, INT32_MAX, &pid) || pid == 0)
        return complain(item, "is no process id: give a number from 1 on");
    return add_number(&selection->pids, pid);
}

static int add_process(struct proctcp_selection *selection, const struct item *item)
{
    char **slot = vector_push(&selection->processes);
    if (!slot)
        return -ENOMEM;
    *slot = strdup(item->text);
    if (*slot)
        return 0;
    selection->processes.count--;
    return -ENOMEM;
}

static int add_user(struct proctcp_selection *selection, const struct item *item)
{
    char buffer[4096];
    struct passwd entry, *found = NULL;
    uint32_t uid;

    if (!parse_number(item->text, UINT32_MAX - 1, &uid)) {
        if (getpwnam_r(item->text, &entry, buffer, sizeof(buffer), &found) != 0 || !found)
            return complain(item, "is no user of this host: give a name that getent passwd knows, or a number");
        uid = found->pw_uid;
    }
    return add_number(&selection->users, uid);
}

static int add_state(struct proctcp_selection *selection, const struct item *item)
{
    unsigned state = proctcp_state_from_name(item->text);
    if (!state)
        return complain(item,
                        "is no TCP state: give closed, listen, synSent, synReceived, established, finWait1, "
                        "finWait2, closeWait, lastAck or closing");
    selection->states |= 1u << state;
    return 0;
}

static bool parse_service(const char *text, uint16_t *port)
{
    char buffer[1024];
    struct servent entry, *found = NULL;
    if (getservbyname_r(text, "tcp", &entry, buffer, sizeof(buffer), &found) != 0 || !found)
        return false;
    *port = ntohs((uint16_t)found->s_port);
    return true;
}

/* 443, https or 8000-8099. A service may have a dash in its name, so that is tried first. */
static int add_port(struct ranges *ranges, const struct item *item)
{
    struct cursor c = {item->text, item->text + strlen(item->text)};
    uint32_t first, last;
    uint16_t port;

    if (cursor_dec32(&c, &first)) {
        last = first;
        if (cursor_expect(&c, '-') && !cursor_dec32(&c, &last))
            return complain(item, "is no port: the range has no end");
        if (c.at != c.end || first > UINT16_MAX || last > UINT16_MAX)
            return complain(item,
                            "is no port: give a number up to 65535, a range such as 8000-8099, or a service name");
        if (first > last)
            return complain(item, "is no port: the range ends before it begins");
    } else if (parse_service(item->text, &port)) {
        first = last = port;
    } else {
        return complain(item, "is no port: give a number, a range such as 8000-8099, or a name that /etc/services has");
    }
    struct range *range = vector_push(ranges);
    if (!range)
        return -ENOMEM;
    *range = (struct range){(uint16_t)first, (uint16_t)last};
    return 0;
}

static int add_local_port(struct proctcp_selection *selection, const struct item *item)
{
    return add_port(&selection->local_ports, item);
}

static int add_remote_port(struct proctcp_selection *selection, const struct item *item)
{
    return add_port(&selection->remote_ports, item);
}

/* 10.0.0.0/8, 192.0.2.1, 2001:db8::/32 or ::1; brackets around IPv6 do no harm. */
static int add_network(struct networks *networks, const struct item *item)
{
    char text[sizeof(item->text)];
    struct network network = {.address.bytes = {[10] = 0xff, [11] = 0xff}};
    size_t length = strlen(item->text);
    const char *slash = strchr(item->text, '/');
    size_t host = slash ? (size_t)(slash - item->text) : length;
    uint32_t width, bits;

    memcpy(text, item->text, host);
    text[host] = '\0';
    if (host > 2 && text[0] == '[' && text[host - 1] == ']') {
        memmove(text, text + 1, host - 2);
        text[host - 2] = '\0';
    }
    network.ipv4 = inet_pton(AF_INET, text, network.address.bytes + 12) == 1;
    if (!network.ipv4 && inet_pton(AF_INET6, text, network.address.bytes) != 1)
        return complain(item, "is no address: give one such as 10.0.0.0/8, 192.0.2.1, 2001:db8::/32 or ::1");
    width = bits = network.ipv4 ? 32 : 128;
    if (slash && !parse_number(slash + 1, width, &bits))
        return complain(item, "has no such prefix: give 0 to %u bits after the slash", width);
    network.prefix = network.ipv4 ? bits + 96 : bits;
    network.ipv4 = network.ipv4 || (network.prefix >= 96 && proctcp_address_is_ipv4(&network.address));
    struct network *slot = vector_push(networks);
    if (!slot)
        return -ENOMEM;
    *slot = network;
    return 0;
}

static int add_local(struct proctcp_selection *selection, const struct item *item)
{
    return add_network(&selection->local_networks, item);
}

static int add_remote(struct proctcp_selection *selection, const struct item *item)
{
    return add_network(&selection->remote_networks, item);
}

static const struct {
    const char *kind;
    int (*add)(struct proctcp_selection *selection, const struct item *item);
} kinds[] = {
    {"pid", add_pid},     {"process", add_process},       {"user", add_user},
    {"state", add_state}, {"local_port", add_local_port}, {"remote_port", add_remote_port},
    {"local", add_local}, {"remote", add_remote},
};

int proctcp_selection_new(struct proctcp_selection **selection)
{
    struct proctcp_selection *made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    *selection = made;
    return 0;
}

void proctcp_selection_free(struct proctcp_selection *selection)
{
    if (!selection)
        return;
    for (uint32_t i = 0; i < selection->processes.count; i++)
        free(selection->processes.at[i]);
    vector_free(&selection->pids);
    vector_free(&selection->processes);
    vector_free(&selection->users);
    vector_free(&selection->local_ports);
    vector_free(&selection->remote_ports);
    vector_free(&selection->local_networks);
    vector_free(&selection->remote_networks);
    free(selection);
}

/* Takes the next value of a comma-separated list into item, without the blanks around it. */
static int next_item(const char **list, struct item *item)
{
    const char *start = *list + strspn(*list, " \t");
    size_t length = strcspn(start, ",");

    *list = start + length + (start[length] == ',');
    while (length && (start[length - 1] == ' ' || start[length - 1] == '\t'))
        length--;
    item->position++;
    snprintf(item->text, sizeof(item->text), "%.*s", (int)(length < sizeof(item->text) ? length : 127), start);
    if (length == 0)
        return complain(item, "is empty: give a value on both sides of each comma");
    if (length >= sizeof(item->text))
        return complain(item, "is too long");
    return 0;
}

/* The values of a list that came before a wrong one stay selected; who gets an error should not go on with the rules.
 */
int proctcp_selection_add(struct proctcp_selection *selection, const char *kind, const char *value, char *error,
                          size_t error_size)
{
    struct item item = {.kind = kind, .error = error, .error_size = error_size};
    const char *end = value + strlen(value);
    int status = 0;
    size_t k = 0;

    while (k < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[k].kind, kind) != 0)
        k++;
    if (k == sizeof(kinds) / sizeof(kinds[0])) {
        snprintf(error, error_size, "%s: no such kind of rule", kind);
        return -EINVAL;
    }
    do {
        bool last = !strchr(value, ',');
        status = next_item(&value, &item);
        if (status == 0)
            status = kinds[k].add(selection, &item);
        if (last)
            break;
    } while (status == 0 && value <= end);
    if (status == -ENOMEM)
        snprintf(error, error_size, "%s: out of memory", kind);
    return status;
}

static bool has_number(const struct numbers *numbers, uint32_t number)
{
    for (uint32_t i = 0; i < numbers->count; i++) {
        if (numbers->at[i] == number)
            return true;
    }
    return numbers->count == 0;
}

/* A name longer than the kernel keeps matches what is left of it. */
static bool has_name(const struct names *names, const char *name)
{
    size_t length = strlen(name);
    for (uint32_t i = 0; i < names->count; i++) {
        if (strcmp(names->at[i], name) == 0)
            return true;
        if (length == COMM_LENGTH && strncmp(names->at[i], name, COMM_LENGTH) == 0)
            return true;
    }
    return names->count == 0;
}

static bool has_port(const struct ranges *ranges, bool present, uint16_t port)
{
    for (uint32_t i = 0; present && i < ranges->count; i++) {
        if (ranges->at[i].first <= port && port <= ranges->at[i].last)
            return true;
    }
    return ranges->count == 0;
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
    return networks->count == 0;
}

bool proctcp_selection_matches_process(const struct proctcp_selection *selection, const struct proctcp_process *process)
{
    if (selection->users.count && !(process->present & PROCTCP_HAS_PROCESS_UID))
        return false;
    return has_number(&selection->pids, (uint32_t)process->pid) && has_number(&selection->users, process->uid) &&
           has_name(&selection->processes, process->name);
}

bool proctcp_selection_matches(const struct proctcp_selection *selection, const struct proctcp_snapshot *snapshot,
                               const struct proctcp_row *row)
{
    const struct proctcp_socket *socket = &snapshot->sockets[row->socket];
    bool local = socket->present & PROCTCP_HAS_LOCAL, remote = socket->present & PROCTCP_HAS_REMOTE;

    return (!selection->states || selection->states >> socket->state & 1) &&
           has_port(&selection->local_ports, local, socket->local_port) &&
           has_port(&selection->remote_ports, remote, socket->remote_port) &&
           has_address(&selection->local_networks, local, &socket->local_address) &&
           has_address(&selection->remote_networks, remote, &socket->remote_address) &&
           proctcp_selection_matches_process(selection, &snapshot->processes[row->process]);
}
