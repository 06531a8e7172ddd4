/* rules.c - the words of selection rules, compiled once into what select.c answers by. Knows how a rule is written and
 * what to say of one that is wrong; nothing of options or configuration files. */
#include "base/cursor.h"
#include "select/pattern.h"
#include "select/select.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One value of a list, and where to complain about it. */
struct item {
    const char *kind;
    char text[1024];
    unsigned position; /* in the list, from 1 */
    char *error;
    size_t error_size;
};

static int complain(const struct item *item, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int complain(const struct item *item, const char *format, ...)
{
    char remedy[192], shown[4 * 64 + 1];
    va_list arguments;
    size_t length;

    va_start(arguments, format);
    vsnprintf(remedy, sizeof(remedy), format, arguments);
    va_end(arguments);
    length = proctcp_escape(item->text, shown, sizeof(shown), true);
    snprintf(item->error, item->error_size, "%s: value %u, \"%s%s\", %s", item->kind, item->position, shown,
             length < sizeof(shown) ? "" : "...", remedy);
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

static int add_pid(struct rules *rules, const struct item *item)
{
    uint32_t pid;
    if (!parse_number(item->text, INT32_MAX, &pid) || pid == 0)
        return complain(item, "is no process id: give a number from 1 on");
    return add_number(&rules->pids, pid);
}

static int add_name(struct names *names, const struct item *item)
{
    char **slot = vector_push(names);
    if (!slot)
        return -ENOMEM;
    *slot = strdup(item->text);
    if (*slot)
        return 0;
    names->count--;
    return -ENOMEM;
}

static int add_process(struct rules *rules, const struct item *item)
{
    return add_name(&rules->processes, item);
}

static int add_cgroup(struct rules *rules, const struct item *item)
{
    if (strchr(item->text, '/') && item->text[0] != '/')
        return complain(item,
                        "is no cgroup: give a path from the root, such as /system.slice, or the name of one group");
    return add_name(&rules->cgroups, item);
}

static int add_command(struct rules *rules, const struct item *item)
{
    char reason[128];
    const char *fault;
    regex_t *pattern;
    int error;

    if ((fault = pattern_fault(item->text)))
        return complain(item, "%s", fault);
    pattern = vector_push(&rules->commands);
    if (!pattern)
        return -ENOMEM;
    error = regcomp(pattern, item->text, REG_EXTENDED);
    if (error == 0)
        return 0;
    rules->commands.count--;
    if (error == REG_ESPACE)
        return -ENOMEM;
    regerror(error, pattern, reason, sizeof(reason));
    return complain(item, "is no extended regular expression: %s", reason);
}

/* A number is an inode, as ip-netns(8) and the netns field show it. */
static int add_netns(struct rules *rules, const struct item *item)
{
    uint32_t inode;

    if (strcasecmp(item->text, "all") == 0) {
        rules->every_netns = true;
        return 0;
    }
    if (strcasecmp(item->text, "own") == 0) {
        rules->own_netns = true;
        return 0;
    }
    if (parse_number(item->text, UINT32_MAX, &inode) && inode)
        return add_number(&rules->netns_inodes, inode);
    if (strchr(item->text, '/') || item->text[0] == '.' || strlen(item->text) > NAME_MAX)
        return complain(item, "is no network namespace: give all, own, a name that ip netns lists, or an inode number");
    return add_name(&rules->netns_names, item);
}

static int add_user(struct rules *rules, const struct item *item)
{
    char buffer[4096];
    struct passwd entry, *found = NULL;
    uint32_t uid;

    if (!parse_number(item->text, UINT32_MAX - 1, &uid)) {
        if (getpwnam_r(item->text, &entry, buffer, sizeof(buffer), &found) != 0 || !found)
            return complain(
                item, "is no user of this host: give a name that getent passwd knows, or a number up to 4294967294");
        uid = found->pw_uid;
    }
    return add_number(&rules->users, uid);
}

static int add_state(struct rules *rules, const struct item *item)
{
    unsigned state = proctcp_state_from_name(item->text);
    if (!state)
        return complain(item,
                        "is no TCP state: give closed, listen, synSent, synReceived, established, finWait1, "
                        "finWait2, closeWait, lastAck, closing or timeWait");
    rules->states |= 1u << state;
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

/* 443, https or 8000-8099. A service may have dashes in its name, and begin with a digit. */
static int add_port(struct port_ranges *ranges, const struct item *item)
{
    struct cursor c = {item->text, item->text + strlen(item->text)};
    uint32_t first, last;
    uint16_t port;

    if (parse_service(item->text, &port)) {
        first = last = port;
    } else if (cursor_dec32(&c, &first)) {
        last = first;
        if (cursor_expect(&c, '-') && !cursor_dec32(&c, &last))
            return complain(item, "is no port: the range has no end");
        if (c.at != c.end || first > UINT16_MAX || last > UINT16_MAX)
            return complain(item,
                            "is no port: give a number up to 65535, a range such as 8000-8099, or a service name");
        if (first > last)
            return complain(item, "is no port: the range ends before it begins");
    } else {
        return complain(item, "is no port: give a number, a range such as 8000-8099, or a name that /etc/services has");
    }
    struct port_range *range = vector_push(ranges);
    if (!range)
        return -ENOMEM;
    *range = (struct port_range){(uint16_t)first, (uint16_t)last};
    return 0;
}

static int add_local_port(struct rules *rules, const struct item *item)
{
    return add_port(&rules->local_ports, item);
}

static int add_remote_port(struct rules *rules, const struct item *item)
{
    return add_port(&rules->remote_ports, item);
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

static int add_local(struct rules *rules, const struct item *item)
{
    return add_network(&rules->local_networks, item);
}

static int add_remote(struct rules *rules, const struct item *item)
{
    return add_network(&rules->remote_networks, item);
}

static const struct {
    const char *name;
    bool whole; /* the value is no list: a comma is a part of it */
    int (*add)(struct rules *rules, const struct item *item);
} kinds[RULE_KINDS] = {
    [RULE_PID] = {"pid", false, add_pid},
    [RULE_PROCESS] = {"process", false, add_process},
    [RULE_COMMAND] = {"command", true, add_command},
    [RULE_USER] = {"user", false, add_user},
    [RULE_CGROUP] = {"cgroup", false, add_cgroup},
    [RULE_STATE] = {"state", false, add_state},
    [RULE_LOCAL_PORT] = {"local_port", false, add_local_port},
    [RULE_REMOTE_PORT] = {"remote_port", false, add_remote_port},
    [RULE_LOCAL] = {"local", false, add_local},
    [RULE_REMOTE] = {"remote", false, add_remote},
    [RULE_NETNS] = {"netns", false, add_netns},
};

int proctcp_selection_new(struct proctcp_selection **selection)
{
    struct proctcp_selection *made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    *selection = made;
    return 0;
}

static void free_names(struct names *names)
{
    for (uint32_t i = 0; i < names->count; i++)
        free(names->at[i]);
    vector_free(names);
}

static void free_rules(struct rules *rules)
{
    for (uint32_t i = 0; i < rules->commands.count; i++)
        regfree(&rules->commands.at[i]);
    vector_free(&rules->commands);
    free_names(&rules->processes);
    free_names(&rules->cgroups);
    free_names(&rules->netns_names);
    vector_free(&rules->pids);
    vector_free(&rules->users);
    vector_free(&rules->local_ports);
    vector_free(&rules->remote_ports);
    vector_free(&rules->local_networks);
    vector_free(&rules->remote_networks);
    vector_free(&rules->netns_inodes);
}

void proctcp_selection_free(struct proctcp_selection *selection)
{
    if (!selection)
        return;
    free_rules(&selection->include);
    free_rules(&selection->exclude);
    free(selection);
}

/* Takes the next value of a comma-separated list into item, without the blanks around it. */
static int next_item(const char **list, bool whole, struct item *item)
{
    const char *start = *list + (whole ? 0 : strspn(*list, " \t"));
    size_t length = whole ? strlen(start) : strcspn(start, ",");

    *list = start + length + (start[length] == ',');
    while (!whole && length && (start[length - 1] == ' ' || start[length - 1] == '\t'))
        length--;
    item->position++;
    snprintf(item->text, sizeof(item->text), "%.*s",
             (int)(length < sizeof(item->text) ? length : sizeof(item->text) - 1), start);
    if (length == 0)
        return complain(item, item->position > 1 || **list || start[length] == ','
                                  ? "is empty: give a value on both sides of each comma"
                                  : "is empty: give a value");
    if (length >= sizeof(item->text))
        return complain(item, "is too long: give at most %zu characters", sizeof(item->text) - 1);
    return 0;
}

static int add_items(struct rules *rules, enum rule_kind kind, const char *value, struct item *item)
{
    const char *end = value + strlen(value);
    int status = 0;

    do {
        bool last = kinds[kind].whole || !strchr(value, ',');
        status = next_item(&value, kinds[kind].whole, item);
        if (status == 0)
            status = kinds[kind].add(rules, item);
        if (last)
            break;
    } while (status == 0 && value <= end);
    return status;
}

static void drop_names(struct names *names, uint32_t kept)
{
    while (names->count > kept)
        free(names->at[--names->count]);
}

/* Forgets what a list added before its wrong value: half a rule is none. */
static void restore(struct rules *rules, const struct rules *before)
{
    drop_names(&rules->processes, before->processes.count);
    drop_names(&rules->cgroups, before->cgroups.count);
    drop_names(&rules->netns_names, before->netns_names.count);
    rules->pids.count = before->pids.count;
    rules->users.count = before->users.count;
    rules->local_ports.count = before->local_ports.count;
    rules->remote_ports.count = before->remote_ports.count;
    rules->local_networks.count = before->local_networks.count;
    rules->remote_networks.count = before->remote_networks.count;
    rules->netns_inodes.count = before->netns_inodes.count;
    rules->states = before->states;
    rules->own_netns = before->own_netns;
    rules->every_netns = before->every_netns;
}

/* FNV-1a, each word with its NUL. Who writes rules is no stranger. */
static uint64_t hash_word(uint64_t hash, const char *word)
{
    for (const char *c = word;; c++) {
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
        if (!*c)
            return hash;
    }
}

int proctcp_selection_add(struct proctcp_selection *selection, const char *kind, const char *value, char *error,
                          size_t error_size)
{
    static const char prefix[] = "exclude_";
    bool exclude = strncmp(kind, prefix, sizeof(prefix) - 1) == 0;
    struct rules *rules = exclude ? &selection->exclude : &selection->include;
    struct item item = {.kind = kind, .error = error, .error_size = error_size};
    const char *name = kind + (exclude ? sizeof(prefix) - 1 : 0);
    const struct rules before = *rules;
    unsigned k = 0;
    int status;

    while (k < RULE_KINDS && strcmp(kinds[k].name, name) != 0)
        k++;
    if (k == RULE_KINDS) {
        size_t used = (size_t)snprintf(error, error_size, "%s: no such kind of rule: give", kind);
        for (k = 0; k < RULE_KINDS && used < error_size; k++)
            used += (size_t)snprintf(error + used, error_size - used, "%s %s", k ? "," : "", kinds[k].name);
        return -EINVAL;
    }
    selection->words = hash_word(hash_word(selection->words ? selection->words : 0xcbf29ce484222325u, kind), value);
    status = add_items(rules, (enum rule_kind)k, value, &item);
    if (status == -ENOMEM)
        snprintf(error, error_size, "%s: out of memory", kind);
    if (status)
        restore(rules, &before);
    if (!exclude || status == 0)
        rules->given |= 1u << k;
    if (!exclude)
        *(status ? &selection->refused : &selection->taken) |= 1u << k;
    return status;
}

bool proctcp_selection_is_void(const struct proctcp_selection *selection, const char *kind)
{
    for (unsigned k = 0; k < RULE_KINDS; k++) {
        if (strcmp(kinds[k].name, kind) == 0)
            return selection->refused & ~selection->taken & 1u << k;
    }
    return false;
}
