/* A scan that selects against a scan of everything, filtered: on trees and rules of all sorts, made from numbers that
 * are the same in every run. */
#include "fake_proc.h"
#include "select/select.h"
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TREES      60
#define SELECTIONS 8
#define PROCESSES  8
#define SPACES     3
#define INODES     40u

static uint32_t seed;

static uint32_t below(uint32_t limit)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % limit;
}

static const char *const names[] = {"web", "db", "cache"};
static const char *const cgroups[] = {"/a", "/a/b", "/c"};
static const char *const commands[] = {"web --port 80", "db", "cache -x"};
static const unsigned users[] = {1, 2};

struct facts {
    unsigned name, cgroup, command, user;
};

/* A connection shows as two lines, mostly. States are numbered as in the kernel; those of the two ends are such as can
 * be, in whichever namespaces they are. */
static void add_lines(char *table, size_t size, unsigned space)
{
    static const char *const addresses[] = {"0100007F", "0100000A", "0200000A"};
    static const unsigned states[][2] = {{1, 1}, {1, 1}, {1, 4},   {8, 5}, {4, 8},
                                         {9, 5}, {9, 6}, {11, 11}, {3, 2}, {4, 4}};

    strcpy(table, TCP_HEADER);
    for (uint32_t i = 0; i < 14; i++) {
        const char *server = addresses[below(3)], *client = addresses[below(3)];
        const unsigned port = 80 + below(2), client_port = 50000 + i;
        size_t length = strlen(table);
        if (below(4) == 0) {
            snprintf(table + length, size - length,
                     " 0: %s:%04X 00000000:0000 0A 00000000:00000001 00:00000000 00000000 0 0 %u 1 0 20 4 30 10 -1\n",
                     server, port, 1 + space * 100 + below(INODES));
            continue;
        }
        for (int end = 0; end < 2; end++, length = strlen(table)) {
            unsigned state = states[i % (sizeof(states) / sizeof(states[0]))][end];
            unsigned inode = state == 6 || state == 3 || below(10) == 0 ? 0 : 1 + space * 100 + below(INODES);
            if (below(8) == 0)
                continue;
            snprintf(table + length, size - length,
                     " 0: %s:%04X %s:%04X %02X 00000001:00000002 00:00000000 00000000 0 0 %u 1 0 20 4 30 10 -1\n",
                     end ? client : server, end ? client_port : port, end ? server : client, end ? port : client_port,
                     state, inode);
        }
    }
}

static void make_tree(struct fake_proc *fake, struct facts facts[PROCESSES])
{
    static char tables[SPACES][8192];
    char path[64], text[128];

    for (unsigned space = 0; space < SPACES; space++)
        add_lines(tables[space], sizeof(tables[space]), space);
    for (int p = 0; p < PROCESSES; p++) {
        const int pid = 10 + p;
        const unsigned space = below(SPACES);
        facts[p] = (struct facts){below(3), below(3), below(3), below(2)};
        fake_proc_process(fake, pid, names[facts[p].name], 100 + space);
        snprintf(path, sizeof(path), "%d/cgroup", pid);
        snprintf(text, sizeof(text), "0::%s\n", cgroups[facts[p].cgroup]);
        fake_proc_file(fake, path, text);
        snprintf(path, sizeof(path), "%d/status", pid);
        snprintf(text, sizeof(text), "Uid:\t%u\t%u\t0\t0\n", users[facts[p].user], users[facts[p].user]);
        fake_proc_file(fake, path, text);
        snprintf(path, sizeof(path), "%d/cmdline", pid);
        fake_proc_file(fake, path, commands[facts[p].command]);
        snprintf(path, sizeof(path), "%d/net/tcp", pid);
        fake_proc_file(fake, path, tables[space]);
        for (uint32_t fd = 3; fd < 12; fd++) {
            snprintf(path, sizeof(path), "%d/fd/%u", pid, fd);
            snprintf(text, sizeof(text), "socket:[%u]", 1 + below(SPACES) * 100 + below(INODES));
            fake_proc_link(fake, path, text);
        }
    }
}

static struct proctcp_selection *choose_rules(char *said, size_t size)
{
    static const char *const rules[][2] = {
        {"pid", "11,13,14"},
        {"process", "web"},
        {"process", "db,cache"},
        {"command", "-x$|port"},
        {"user", "2"},
        {"cgroup", "/a"},
        {"cgroup", "b,/c"},
        {"state", "established"},
        {"state", "listen"},
        {"state", "closeWait"},
        {"state", "timeWait,finWait1"},
        {"local_port", "80-81"},
        {"remote_port", "50000-50006"},
        {"local", "127.0.0.0/8"},
        {"remote", "10.0.0.2"},
        {"netns", "101"},
    };
    struct proctcp_selection *selection;

    assert_int_equal(proctcp_selection_new(&selection), 0);
    said[0] = '\0';
    for (uint32_t i = 0, count = 1 + below(3); i < count; i++) {
        const char *const *rule = rules[below(sizeof(rules) / sizeof(rules[0]))];
        char kind[32], error[256];
        snprintf(kind, sizeof(kind), "%s%s", below(3) ? "" : "exclude_", rule[0]);
        assert_int_equal(proctcp_selection_add(selection, kind, rule[1], error, sizeof(error)), 0);
        snprintf(said + strlen(said), size - strlen(said), " %s=%s", kind, rule[1]);
    }
    return selection;
}

static const struct proctcp_snapshot *scan(const struct fake_proc *fake, const struct proctcp_selection *selection)
{
    const struct proctcp_options options = {.proc_root = fake->root, .selection = selection};
    const struct proctcp_snapshot *snapshot = NULL;
    struct proctcp_scanner *scanner;

    assert_int_equal(proctcp_scanner_new(&options, &scanner), 0);
    assert_int_equal(proctcp_scan(scanner, &snapshot), 0);
    proctcp_scanner_free(scanner);
    return snapshot;
}

static bool selects_process(const struct proctcp_selection *selection, int32_t pid, const struct facts *facts)
{
    return select_pid(selection, pid) && select_name(selection, names[facts->name]) &&
           select_user(selection, &users[facts->user]) && select_cgroup(selection, cgroups[facts->cgroup]) &&
           select_command(selection, commands[facts->command]) == 1;
}

static bool selects_socket(const struct proctcp_selection *selection, const struct proctcp_socket *socket)
{
    const struct select_netns named = {0};
    return select_socket(selection, socket) && select_netns(selection, &named, socket->netns, false);
}

/* "10:3 7 80>50000 5": what a row is, whatever number it has; and, unless namespaces are left out, its other end. */
static void describe(const struct proctcp_snapshot *snapshot, const struct proctcp_row *row, bool with_peer,
                     char text[128])
{
    const struct proctcp_socket *socket = &snapshot->sockets[row->socket];
    char peer[32] = "";

    if (with_peer && row->peer != PROCTCP_NONE)
        snprintf(peer, sizeof(peer), " peer %u", snapshot->sockets[snapshot->rows[row->peer].socket].inode);
    snprintf(text, 128, "%d:%d %u %08x:%u>%08x:%u state %u direction %u%s", row->pid, row->fd, socket->inode,
             *(const uint32_t *)(const void *)(socket->local_address.bytes + 12), socket->local_port,
             *(const uint32_t *)(const void *)(socket->remote_address.bytes + 12), socket->remote_port, socket->state,
             with_peer ? socket->direction : 0, peer);
}

static void compare(const struct proctcp_snapshot *full, const struct proctcp_snapshot *chosen,
                    const struct proctcp_selection *selection, const struct facts *facts, const char *rules)
{
    const bool with_peer = !select_asks(selection, RULE_NETNS);
    uint32_t at = 0, unattributed = 0;

    for (uint32_t i = 0; i < full->row_count; i++) {
        const struct proctcp_row *row = &full->rows[i];
        char wanted[128], found[128] = "no more";
        if (!selects_process(selection, row->pid, &facts[row->pid - 10]) ||
            !selects_socket(selection, &full->sockets[row->socket]))
            continue;
        describe(full, row, with_peer, wanted);
        if (at < chosen->row_count)
            describe(chosen, &chosen->rows[at++], with_peer, found);
        if (strcmp(wanted, found) != 0)
            fail_msg("%s: found \"%s\" where \"%s\" should be", rules, found, wanted);
    }
    if (at != chosen->row_count)
        fail_msg("%s: %u rows too many", rules, chosen->row_count - at);
    for (uint32_t i = 0; i < full->socket_count; i++) {
        const struct proctcp_socket *socket = &full->sockets[i];
        unattributed += socket->owners == 0 && selects_socket(selection, socket) &&
                        (socket->inode == 0 || !select_asks_process(selection));
    }
    if (unattributed != chosen->stats.unattributed)
        fail_msg("%s: %u unattributed sockets and not %u", rules, chosen->stats.unattributed, unattributed);
}

static void a_selection_gives_what_filtering_would(void **state)
{
    uint32_t rows = 0;
    (void)state;
    for (uint32_t tree = 0; tree < TREES; tree++) {
        struct fake_proc *fake = fake_proc_new();
        struct facts facts[PROCESSES];
        seed = tree;
        make_tree(fake, facts);
        const struct proctcp_snapshot *full = scan(fake, NULL);
        for (int i = 0; i < SELECTIONS; i++) {
            char said[256], rules[300];
            struct proctcp_selection *selection = choose_rules(said, sizeof(said));
            snprintf(rules, sizeof(rules), "tree %u,%s", tree, said);
            const struct proctcp_snapshot *chosen = scan(fake, selection);
            compare(full, chosen, selection, facts, rules);
            rows += chosen->row_count;
            proctcp_snapshot_unref(chosen);
            proctcp_selection_free(selection);
        }
        proctcp_snapshot_unref(full);
        fake_proc_free(fake);
    }
    assert_true(rows > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_selection_gives_what_filtering_would),
    };
    return cmocka_run_group_tests_name("selected at random", tests, NULL, NULL);
}
