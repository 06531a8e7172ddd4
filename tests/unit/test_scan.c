/* The walk over whole trees: owners, join, rows, process facts, statistics. */
#include "fake_proc.h"
#include "testing.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NETNS 4026531840u

/* Both ends of one connection, and the listener it came from. */
#define SERVER                                                                                                         \
    "   2: 0100007F:56CE 0100007F:DE72 01 00000000:00000000 00:00000000 00000000     0        0 99155 1 "              \
    "ffff90d8bb0145c0 20 4 31 10 -1\n"
#define CLIENT                                                                                                         \
    "   3: 0100007F:DE72 0100007F:56CE 01 00000000:00000000 00:00000000 00000000     0        0 99190 1 "              \
    "ffff90d8bb014e00 20 4 30 10 -1\n"
#define LISTENER                                                                                                       \
    "   1: 00000000:56CE 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 99150 1 "              \
    "ffff90d8bb010000 100 0 0 10 0\n"

static int setup(void **state)
{
    *state = fake_proc_new();
    return 0;
}

static int teardown(void **state)
{
    fake_proc_free(*state);
    return 0;
}

/* Pid 14199 serves at descriptor 4, pid 14202 is its client at descriptor 3, as in CentOS 7. */
static void make_pair(struct fake_proc *fake)
{
    fake_proc_process(fake, 14199, "server", NETNS);
    fake_proc_process(fake, 14202, "client", NETNS);
    fake_proc_link(fake, "14199/fd/3", "socket:[99150]");
    fake_proc_link(fake, "14199/fd/4", "socket:[99155]");
    fake_proc_link(fake, "14202/fd/3", "socket:[99190]");
    fake_proc_file(fake, "14199/net/tcp", TCP_HEADER LISTENER SERVER CLIENT);
    fake_proc_file(fake, "14199/net/tcp6", TCP6_HEADER);
    fake_proc_file(fake, "14202/net/tcp", TCP_HEADER LISTENER SERVER CLIENT);
    fake_proc_file(fake, "14202/net/tcp6", TCP6_HEADER);
}

static void both_ends_of_a_connection_name_each_other(void **state)
{
    make_pair(*state);
    const struct proctcp_snapshot *snapshot = fake_proc_scan(*state);
    const struct proctcp_row *server = find_row(snapshot, 14199, 4), *client = find_row(snapshot, 14202, 3);

    assert_int_equal(snapshot->row_count, 3);
    assert_non_null(server);
    assert_non_null(client);
    assert_int_equal(snapshot->rows[server->peer].pid, 14202);
    assert_int_equal(snapshot->rows[server->peer].fd, 3);
    assert_int_equal(snapshot->rows[client->peer].pid, 14199);
    assert_int_equal(snapshot->rows[client->peer].fd, 4);
    assert_int_equal(socket_of(snapshot, server)->direction, PROCTCP_INBOUND);
    assert_int_equal(socket_of(snapshot, client)->direction, PROCTCP_OUTBOUND);
    assert_int_equal(socket_of(snapshot, server)->netns, NETNS);
    assert_int_equal(find_row(snapshot, 14199, 3)->peer, PROCTCP_NONE);
    assert_int_equal(socket_of(snapshot, find_row(snapshot, 14199, 3))->direction, PROCTCP_DIRECTION_LISTEN);
}

static void a_namespace_is_read_once_however_many_processes_live_in_it(void **state)
{
    make_pair(*state);
    const struct proctcp_snapshot *snapshot = fake_proc_scan(*state);
    assert_int_equal(snapshot->stats.namespaces, 1);
    assert_int_equal(snapshot->socket_count, 3);
    assert_int_equal(snapshot->stats.duplicates, 0);
}

static void every_holder_of_a_listener_has_a_row(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    for (int pid = 300; pid < 308; pid++) {
        char path[32];
        fake_proc_process(fake, pid, "worker", NETNS);
        snprintf(path, sizeof(path), "%d/fd/3", pid);
        fake_proc_link(fake, path, "socket:[99150]");
    }
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    for (int pid = 300; pid < 308; pid++) {
        const struct proctcp_row *row = find_row(snapshot, pid, 3);
        assert_int_equal(socket_of(snapshot, row)->owners, 9);
        assert_int_equal(row->owner_rank, pid - 299);
        assert_int_equal(snapshot->processes[row->process].by_state[PROCTCP_LISTEN], 1);
    }
    assert_int_equal(find_row(snapshot, 14199, 3)->owner_rank, 9);
}

static void a_duplicated_descriptor_is_two_rows_of_one_socket(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    fake_proc_link(fake, "14199/fd/10", "socket:[99155]");
    fake_proc_file(fake, "14199/net/tcp",
                   TCP_HEADER
                   "   2: 0100007F:56CE 0100007F:DE72 01 00000005:00000007 00:00000000 00000000     0        0 "
                   "99155 1 ffff90d8bb0145c0 20 4 31 10 -1\n" CLIENT LISTENER);
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    const struct proctcp_row *first = find_row(snapshot, 14199, 4), *second = find_row(snapshot, 14199, 10);
    const struct proctcp_process *server = &snapshot->processes[first->process];

    assert_int_equal(first->socket, second->socket);
    assert_int_equal(first->owner_rank, 1);
    assert_int_equal(second->owner_rank, 2);
    assert_int_equal(socket_of(snapshot, first)->owners, 2);
    assert_int_equal(server->sockets, 2);
    assert_int_equal(server->by_state[PROCTCP_ESTABLISHED], 1);
    assert_int_equal(server->tx_queue_bytes, 5);
    assert_int_equal(server->rx_queue_bytes, 7);
    /* The peer is the row of rank 1. */
    assert_int_equal(snapshot->rows[find_row(snapshot, 14202, 3)->peer].fd, 4);
}

static void sockets_that_share_an_inode_are_subflows_in_order_of_their_ports(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    fake_proc_file(
        fake, "14199/net/tcp",
        TCP_HEADER
        "   2: 0100007F:9000 0100007F:DE72 01 00000000:00000000 00:00000000 00000000 0 0 99155 1 0 20 4 31 10 -1\n"
        "   3: 0100007F:8000 0100007F:DE72 01 00000000:00000000 00:00000000 00000000 0 0 99155 1 0 20 4 31 10 -1\n"
        "   4: 0100007F:A000 0100007F:DE72 01 00000000:00000000 00:00000000 00000000 0 0 99155 1 0 20 4 31 10 -1\n");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    const struct proctcp_row *row = find_row(snapshot, 14199, 4);

    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(row[i].pid, 14199);
        assert_int_equal(row[i].fd, 4);
        assert_int_equal(socket_of(snapshot, &row[i])->subflow, i + 1);
        assert_int_equal(socket_of(snapshot, &row[i])->local_port, 0x8000 + 0x1000 * i);
        assert_int_equal(row[i].owner_rank, 1);
    }
}

static void what_a_table_shows_twice_counts_once(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    fake_proc_file(fake, "14199/net/tcp",
                   TCP_HEADER SERVER LISTENER CLIENT SERVER LISTENER
                   "   1: 0100007F:B2B6 01010101:01BB 06 00000000:00000000 03:000000DA 00000000 0 0 0 3 0\n"
                   "   1: 0100007F:B2B6 01010101:01BB 06 00000000:00000000 03:000000DA 00000000 0 0 0 3 0\n");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);

    assert_int_equal(snapshot->row_count, 3);
    assert_int_equal(snapshot->socket_count, 4);
    assert_int_equal(snapshot->stats.duplicates, 3);
    assert_int_equal(unattributed_in(snapshot, NETNS, PROCTCP_TIME_WAIT), 1);
}

static void what_is_left_of_an_earlier_connection_yields_to_the_one_with_an_inode(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    fake_proc_file(fake, "14199/net/tcp",
                   TCP_HEADER CLIENT
                   "   2: 0100007F:56CE 0100007F:DE72 06 00000000:00000000 03:000000DA 00000000 0 0 0 3 0\n" SERVER);
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    assert_int_equal(snapshot->socket_count, 2);
    assert_int_equal(socket_of(snapshot, find_row(snapshot, 14199, 4))->state, PROCTCP_ESTABLISHED);
}

static void listeners_that_share_a_port_are_not_duplicates(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    fake_proc_link(fake, "14202/fd/9", "socket:[99151]");
    fake_proc_file(fake, "14199/net/tcp",
                   TCP_HEADER LISTENER
                   "   9: 00000000:56CE 00000000:0000 0A 00000000:00000002 00:00000000 00000000 0 0 "
                   "99151 1 0 100 0 0 10 0\n");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    assert_int_equal(snapshot->stats.duplicates, 0);
    assert_int_equal(socket_of(snapshot, find_row(snapshot, 14202, 9))->accept_queue, 2);
    assert_int_equal(socket_of(snapshot, find_row(snapshot, 14199, 3))->accept_queue, 1);
}

static void sockets_that_nobody_holds_are_counted_by_namespace_and_state(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    fake_proc_process(fake, 500, "boxed", 4026532000u);
    fake_proc_file(
        fake, "500/net/tcp",
        TCP_HEADER
        "   1: 020200C0:B2B6 01010101:01BB 06 00000000:00000000 03:000000DA 00000000 0 0 0 3 0\n"
        "   1: 020200C0:B2B7 01010101:01BB 06 00000000:00000000 03:000000DA 00000000 0 0 0 3 0\n"
        "   1: 0100007F:1F90 0100007F:C350 03 00000000:00000000 01:00000062 00000002 0 0 0 0 0\n"
        "   2: 0100007F:56CE 0100007F:DE99 01 00000000:00000000 00:00000000 00000000 0 0 4711 1 0 20 4 31 10 -1\n");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);

    assert_int_equal(snapshot->stats.namespaces, 2);
    assert_int_equal(snapshot->stats.unattributed, 4);
    assert_int_equal(snapshot->unattributed_count, 3);
    assert_int_equal(unattributed_in(snapshot, 4026532000u, PROCTCP_TIME_WAIT), 2);
    assert_int_equal(unattributed_in(snapshot, 4026532000u, PROCTCP_SYN_RECEIVED), 1);
    assert_int_equal(unattributed_in(snapshot, 4026532000u, PROCTCP_ESTABLISHED), 1);
    assert_int_equal(unattributed_in(snapshot, NETNS, PROCTCP_TIME_WAIT), 0);
}

static void a_socket_belongs_to_the_namespace_that_shows_it_not_to_that_of_its_holder(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    fake_proc_process(fake, 500, "boxed", 4026532000u);
    fake_proc_file(fake, "500/net/tcp", TCP_HEADER);
    fake_proc_link(fake, "500/fd/7", "socket:[99150]");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    const struct proctcp_row *row = find_row(snapshot, 500, 7);

    assert_int_equal(socket_of(snapshot, row)->netns, NETNS);
    assert_int_equal(snapshot->processes[row->process].netns, 4026532000u);
}

static void facts_of_a_process_are_read(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    fake_proc_file(fake, "stat", "cpu  1 2 3\nintr 99\nctxt 5\nbtime 1700000000\nprocesses 7\n");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    const struct proctcp_process *process = &snapshot->processes[find_row(snapshot, 14199, 4)->process];

    assert_string_equal(process->name, "server");
    assert_string_equal(process->executable, "/usr/sbin/14199");
    assert_string_equal(process->cgroup, "/system.slice/test.service");
    assert_string_equal(process->unit, "test.service");
    assert_int_equal(process->uid, 1001);
    assert_int_equal(process->netns, NETNS);
    assert_int_equal(process->fds, 3);
    assert_int_equal(process->fd_limit, 1024);
    assert_int_equal(process->start_time, 1700000000 + (10000 + 14199) / sysconf(_SC_CLK_TCK));
    assert_int_equal(process->sockets, 2);
    assert_int_equal(process->present, PROCTCP_HAS_PROCESS | PROCTCP_HAS_EXECUTABLE | PROCTCP_HAS_CGROUP |
                                           PROCTCP_HAS_PROCESS_UID | PROCTCP_HAS_PROCESS_NETNS |
                                           PROCTCP_HAS_START_TIME | PROCTCP_HAS_FD_LIMIT | PROCTCP_HAS_UNIT |
                                           PROCTCP_HAS_PROCESS_ACCEPT_QUEUE);
}

static void a_tree_with_nothing_but_descriptors_and_one_table_is_enough(void **state)
{
    struct fake_proc *fake = *state;
    fake_proc_link(fake, "7/fd/4", "socket:[99155]");
    fake_proc_file(fake, "net/tcp", TCP_HEADER SERVER);
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    const struct proctcp_row *row = find_row(snapshot, 7, 4);

    assert_int_equal(socket_of(snapshot, row)->local_port, 22222);
    assert_int_equal(socket_of(snapshot, row)->present & PROCTCP_HAS_NETNS, 0);
    assert_int_equal(snapshot->processes[row->process].present & PROCTCP_HAS_PROCESS, 0);
    assert_string_equal(snapshot->processes[row->process].name, "");
}

static void a_name_may_hold_any_byte(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    fake_proc_process(fake, 14199, "a) R 1 (\n\"\xff\\", NETNS);
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    const struct proctcp_process *process = &snapshot->processes[find_row(snapshot, 14199, 4)->process];
    assert_string_equal(process->name, "a) R 1 (\n\"\xff\\");
    assert_int_equal(process->start_ticks, 10000 + 14199);
}

static void lines_that_are_not_understood_are_counted_and_the_scan_goes_on(void **state)
{
    struct fake_proc *fake = *state;
    char *huge = test_malloc(200001);
    make_pair(fake);
    memset(huge, 'x', 200000);
    huge[200000] = '\0';
    char *text = test_malloc(210000);
    snprintf(text, 210000, "%sgarbage\n%s%s\n%s   9: 0100007F:56", TCP_HEADER, SERVER, huge, CLIENT);
    fake_proc_file(fake, "14199/net/tcp", text);
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    test_free(huge);
    test_free(text);

    char expected[128];
    snprintf(expected, sizeof(expected), "%s/net/tcp: not understood", fake->root);
    assert_string_equal(snapshot->stats.failure, expected);
    assert_int_equal(snapshot->stats.malformed, 3);
    assert_non_null(find_row(snapshot, 14199, 4));
    assert_non_null(find_row(snapshot, 14202, 3));
}

static void a_last_line_without_a_newline_counts(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    fake_proc_file(fake, "14199/net/tcp",
                   TCP_HEADER
                   "   2: 0100007F:56CE 0100007F:DE72 01 00000000:00000000 00:00000000 00000000     0        0 "
                   "99155 1 ffff90d8bb0145c0 20 4 31 10 -1");
    assert_int_equal(fake_proc_scan(fake)->row_count, 1);
}

static void a_table_larger_than_any_buffer_is_read_whole(void **state)
{
    struct fake_proc *fake = *state;
    size_t size = 5000 * 160, length = 0;
    char *text = test_malloc(size);
    make_pair(fake);
    length += (size_t)snprintf(text, size, "%s", TCP_HEADER);
    for (unsigned i = 0; i < 5000; i++)
        length +=
            (size_t)snprintf(text + length, size - length,
                             "%4u: 0100007F:%04X 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        "
                             "0 %u 1 0000000000000000 20 4 30 10 -1\n",
                             i, 10000 + i, 200000 + i);
    fake_proc_file(fake, "14199/net/tcp", text);
    test_free(text);
    fake_proc_link(fake, "14199/fd/77", "socket:[204999]");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    assert_int_equal(snapshot->socket_count, 5000);
    assert_int_equal(socket_of(snapshot, find_row(snapshot, 14199, 77))->local_port, 14999);
}

static void a_kernel_without_ipv6_has_no_tcp6_and_that_is_fine(void **state)
{
    struct fake_proc *fake = *state;
    char path[128];
    make_pair(fake);
    snprintf(path, sizeof(path), "%s/14199/net/tcp6", fake->root);
    assert_int_equal(unlink(path), 0);
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    assert_int_equal(snapshot->stats.namespaces_failed, 0);
    assert_string_equal(snapshot->stats.failure, "");
}

static void another_process_of_a_namespace_serves_when_the_first_has_no_table(void **state)
{
    struct fake_proc *fake = *state;
    char path[128];
    make_pair(fake);
    snprintf(path, sizeof(path), "%s/14199/net/tcp", fake->root);
    assert_int_equal(unlink(path), 0);
    assert_non_null(find_row(fake_proc_scan(fake), 14199, 4));
}

static void what_is_no_proc_is_refused_by_name(void **state)
{
    struct fake_proc *fake = *state;
    const struct proctcp_snapshot *snapshot;
    char expected[128];

    fake_proc_file(fake, "hello", "world");
    assert_int_equal(proctcp_scanner_new(&(struct proctcp_options){.proc_root = fake->root}, &fake->scanner), 0);
    assert_int_equal(proctcp_scan(fake->scanner, &snapshot), -ENOENT);
    snprintf(expected, sizeof(expected), "%s/net/tcp: No such file or directory", fake->root);
    assert_string_equal(proctcp_failure(fake->scanner), expected);

    /* The scanner is usable again. */
    make_pair(fake);
    assert_int_equal(fake_proc_scan(fake)->row_count, 3);
}

static void a_root_that_is_not_there_is_refused_by_name(void **state)
{
    const struct proctcp_snapshot *snapshot;
    struct proctcp_scanner *scanner;
    (void)state;
    assert_int_equal(proctcp_scanner_new(&(struct proctcp_options){.proc_root = "/nowhere/proc"}, &scanner), 0);
    assert_int_equal(proctcp_scan(scanner, &snapshot), -ENOENT);
    assert_string_equal(proctcp_failure(scanner), "/nowhere/proc: No such file or directory");
    proctcp_scanner_free(scanner);
}

static void the_fatal_failure_is_named_not_an_earlier_harmless_one(void **state)
{
    struct fake_proc *fake = *state;
    const struct proctcp_snapshot *snapshot;
    char expected[128];

    fake_proc_file(fake, "12/fd", "no directory");
    assert_int_equal(proctcp_scanner_new(&(struct proctcp_options){.proc_root = fake->root}, &fake->scanner), 0);
    assert_int_equal(proctcp_scan(fake->scanner, &snapshot), -ENOENT);
    snprintf(expected, sizeof(expected), "%s/net/tcp: No such file or directory", fake->root);
    assert_string_equal(proctcp_failure(fake->scanner), expected);
}

static void a_process_that_cannot_be_read_is_counted_and_named(void **state)
{
    struct fake_proc *fake = *state;
    char expected[128];
    make_pair(fake);
    fake_proc_file(fake, "12/fd", "no directory");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    assert_int_equal(snapshot->stats.failed, 1);
    assert_int_equal(snapshot->row_count, 3);
    snprintf(expected, sizeof(expected), "%s/12/fd: Not a directory", fake->root);
    assert_string_equal(snapshot->stats.failure, expected);
}

static void names_that_only_look_like_numbers_are_no_processes_and_no_descriptors(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    fake_proc_link(fake, "014199/fd/4", "socket:[99155]");
    fake_proc_link(fake, "14199/fd/04", "socket:[99155]");
    fake_proc_link(fake, "-1/fd/4", "socket:[99155]");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    assert_int_equal(snapshot->row_count, 3);
    assert_int_equal(snapshot->stats.processes_seen, 2);
}

static void a_pipe_in_a_recorded_tree_is_not_waited_for(void **state)
{
    struct fake_proc *fake = *state;
    static const char *const names[] = {"14199/net/tcp6", "14199/stat", "14199/limits", "14199/cgroup", "stat"};
    char path[128];
    make_pair(fake);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", fake->root, names[i]);
        unlink(path);
        assert_int_equal(mkfifo(path, 0600), 0);
    }
    assert_int_equal(fake_proc_scan(fake)->row_count, 3);
}

static void one_socket_in_the_tables_of_two_namespaces_is_one_socket(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    fake_proc_process(fake, 500, "boxed", 4026532000u);
    fake_proc_file(fake, "500/net/tcp", TCP_HEADER LISTENER SERVER CLIENT);
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    assert_int_equal(snapshot->row_count, 3);
    assert_int_equal(snapshot->stats.duplicates, 3);
    assert_int_equal(socket_of(snapshot, find_row(snapshot, 14199, 4))->subflow, 1);
}

static void what_is_just_gone_is_no_failure(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    fake_proc_file(fake, "12/stat", "");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    assert_int_equal(snapshot->stats.vanished, 1);
    assert_string_equal(snapshot->stats.failure, "");
}

static void a_process_without_an_fd_directory_has_vanished(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    fake_proc_file(fake, "12/stat", "");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    assert_int_equal(snapshot->stats.vanished, 1);
    assert_int_equal(snapshot->stats.processes_seen, 3);
}

/* Runs check in a child process, so that it may give up rights for good. */
static void in_a_child(struct fake_proc *fake, int (*check)(struct fake_proc *fake))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(check(fake));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* 0, or the number of the line that is not as expected. */
#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            return __LINE__ & 127 ? __LINE__ & 127 : 1;                                                                \
    } while (0)

static int scan_as_nobody(struct fake_proc *fake)
{
    struct proctcp_scanner *scanner = NULL;
    const struct proctcp_snapshot *snapshot = NULL;
    EXPECT(setgid(65534) == 0 && setuid(65534) == 0);
    EXPECT(proctcp_scanner_new(&(struct proctcp_options){.proc_root = fake->root}, &scanner) == 0);
    EXPECT(proctcp_scan(scanner, &snapshot) == 0);
    EXPECT(snapshot->stats.denied == 1);
    EXPECT(snapshot->row_count == 1);
    EXPECT(snapshot->stats.unattributed == 2);
    EXPECT(strstr(snapshot->stats.failure, "14199/fd: Permission denied") != NULL);
    proctcp_snapshot_unref(snapshot);
    proctcp_scanner_free(scanner);
    return 0;
}

static void a_process_whose_descriptors_are_denied_is_counted_and_its_sockets_too(void **state)
{
    struct fake_proc *fake = *state;
    char path[128];
    if (getuid() != 0) {
        print_message("skipped: only root can give up rights\n");
        skip();
    }
    make_pair(fake);
    assert_int_equal(chmod(fake->root, 0755), 0);
    snprintf(path, sizeof(path), "%s/14199/fd", fake->root);
    assert_int_equal(chmod(path, 0700), 0);
    in_a_child(fake, scan_as_nobody);
}

static int scan_without_descriptors(struct fake_proc *fake)
{
    struct proctcp_scanner *scanner = NULL;
    const struct proctcp_snapshot *snapshot = NULL;
    struct rlimit none, before;
    EXPECT(proctcp_scanner_new(&(struct proctcp_options){.proc_root = fake->root}, &scanner) == 0);
    EXPECT(getrlimit(RLIMIT_NOFILE, &before) == 0);
    none = before;
    none.rlim_cur = 3;
    EXPECT(setrlimit(RLIMIT_NOFILE, &none) == 0);
    EXPECT(proctcp_scan(scanner, &snapshot) == -EMFILE);
    EXPECT(strstr(proctcp_failure(scanner), "Too many open files") != NULL);
    EXPECT(setrlimit(RLIMIT_NOFILE, &before) == 0);
    EXPECT(proctcp_scan(scanner, &snapshot) == 0);
    EXPECT(snapshot->row_count == 3 && snapshot->stats.exhausted == 0);
    proctcp_snapshot_unref(snapshot);
    proctcp_scanner_free(scanner);
    return 0;
}

/* Enough for the walk and the tables, too few for the facts, which need one more at a time. */
static int scan_with_few_descriptors(struct fake_proc *fake)
{
    for (rlim_t limit = 4; limit < 8; limit++) {
        struct proctcp_scanner *scanner = NULL;
        const struct proctcp_snapshot *snapshot = NULL;
        struct rlimit before, few;
        EXPECT(proctcp_scanner_new(&(struct proctcp_options){.proc_root = fake->root}, &scanner) == 0);
        EXPECT(getrlimit(RLIMIT_NOFILE, &before) == 0);
        few = before;
        few.rlim_cur = limit;
        EXPECT(setrlimit(RLIMIT_NOFILE, &few) == 0);
        int status = proctcp_scan(scanner, &snapshot);
        EXPECT(setrlimit(RLIMIT_NOFILE, &before) == 0);
        if (status == 0) {
            bool whole = snapshot->row_count == 3 && snapshot->processes[0].name[0];
            EXPECT(whole || snapshot->stats.exhausted > 0);
            EXPECT((snapshot->stats.exhausted > 0) == (strstr(snapshot->stats.failure, "Too many open files") != NULL));
            proctcp_snapshot_unref(snapshot);
        } else {
            EXPECT(strstr(proctcp_failure(scanner), "Too many open files") != NULL);
        }
        proctcp_scanner_free(scanner);
    }
    return 0;
}

static void what_too_few_descriptors_leave_out_is_counted_and_named(void **state)
{
    make_pair(*state);
    in_a_child(*state, scan_with_few_descriptors);
}

static void working_memory_does_not_stay_as_large_as_it_once_was(void **state)
{
    struct fake_proc *fake = *state;
    size_t size = 60000 * 150, length = 0;
    char *text = test_malloc(size);
    make_pair(fake);
    length += (size_t)snprintf(text, size, "%s", TCP_HEADER);
    for (unsigned i = 0; i < 50000; i++)
        length += (size_t)snprintf(
            text + length, size - length,
            "%u: 0100007F:%04X 0100007F:0050 06 00000000:00000000 03:00000001 00000000 0 0 0 3 0\n", i, 10000 + i);
    fake_proc_file(fake, "14199/net/tcp", text);
    test_free(text);
    assert_int_equal(fake_proc_scan(fake)->socket_count, 50000);
    fake_proc_file(fake, "14199/net/tcp", TCP_HEADER LISTENER SERVER CLIENT);
    fake_proc_scan(fake);
    fake_proc_scan(fake);
    size_t few = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (unsigned i = 0; i < 50; i++)
        fake_proc_scan(fake);
    size_t after_many = mallinfo2().uordblks + mallinfo2().hblkhd;
    assert_true(after_many <= few + 4096);
    assert_true(few < 4u << 20);
}

static void a_scanner_out_of_descriptors_says_so_and_recovers(void **state)
{
    make_pair(*state);
    in_a_child(*state, scan_without_descriptors);
}

static void rows_keep_the_time_they_were_first_seen(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    const struct proctcp_snapshot *first = proctcp_snapshot_ref(fake_proc_scan(fake));
    uint32_t then = find_row(first, 14199, 4)->first_seen;
    assert_int_equal(then, first->stats.time);

    /* Two seconds on; meanwhile descriptor 3 of the client came to be another socket. */
    fake_proc_link(fake, "14202/fd/3", "socket:[99150]");
    sleep(2);
    const struct proctcp_snapshot *second = fake_proc_scan(fake);
    assert_int_equal(second->stats.generation, 2);
    assert_int_equal(find_row(second, 14199, 4)->first_seen, then);
    assert_true(find_row(second, 14202, 3)->first_seen > then);
    assert_int_equal(second->processes[0].first_seen, then);
    proctcp_snapshot_unref(first);
}

static void a_process_that_took_over_a_pid_is_new(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    uint32_t then = find_row(fake_proc_scan(fake), 14199, 4)->first_seen;
    fake_proc_file(fake, "14199/stat", "14199 (server) S 1 1 1 0 -1 0 0 0 0 0 1 2 0 0 20 0 1 0 99999 0 0\n");
    sleep(2);
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    assert_true(find_row(snapshot, 14199, 4)->first_seen > then);
    assert_int_equal(find_row(snapshot, 14202, 3)->first_seen, then);
}

static void a_snapshot_outlives_its_scanner(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    const struct proctcp_snapshot *snapshot = proctcp_snapshot_ref(fake_proc_scan(fake));
    proctcp_snapshot_unref(fake->snapshot);
    fake->snapshot = NULL;
    proctcp_scanner_free(fake->scanner);
    fake->scanner = NULL;
    assert_string_equal(snapshot->processes[find_row(snapshot, 14202, 3)->process].name, "client");
    proctcp_snapshot_unref(snapshot);
}

static void a_snapshot_does_not_change_when_the_next_one_is_made(void **state)
{
    struct fake_proc *fake = *state;
    make_pair(fake);
    const struct proctcp_snapshot *first = proctcp_snapshot_ref(fake_proc_scan(fake));
    struct proctcp_row *copy = test_malloc(first->row_count * sizeof(*copy));
    memcpy(copy, first->rows, first->row_count * sizeof(*copy));
    fake_proc_file(fake, "14199/net/tcp", TCP_HEADER);
    fake_proc_scan(fake);
    assert_memory_equal(copy, first->rows, first->row_count * sizeof(*copy));
    test_free(copy);
    proctcp_snapshot_unref(first);
}

static void a_cancelled_scanner_scans_no_more(void **state)
{
    struct fake_proc *fake = *state;
    const struct proctcp_snapshot *snapshot = NULL;

    make_pair(fake);
    fake_proc_scan(fake);
    proctcp_scanner_cancel(fake->scanner);
    proctcp_scanner_cancel(fake->scanner);
    for (unsigned tries = 0; tries < 2; tries++) {
        assert_int_equal(proctcp_scan(fake->scanner, &snapshot), -ECANCELED);
        assert_string_equal(proctcp_failure(fake->scanner), "cancelled");
        assert_null(snapshot);
    }
    assert_int_equal(fake->snapshot->row_count, 3);
    assert_string_equal(fake->snapshot->processes[0].name, "server");
}

static void a_scanner_that_is_cancelled_before_its_first_scan_makes_none(void **state)
{
    struct fake_proc *fake = *state;
    const struct proctcp_snapshot *snapshot = NULL;

    make_pair(fake);
    assert_int_equal(proctcp_scanner_new(&(struct proctcp_options){.proc_root = fake->root}, &fake->scanner), 0);
    proctcp_scanner_cancel(fake->scanner);
    assert_int_equal(proctcp_scan(fake->scanner, &snapshot), -ECANCELED);
    assert_null(snapshot);
}

/* One thread that scans until that fails. */
struct scans {
    struct proctcp_scanner *scanner;
    int status;
    char failure[64];
};

static void *scan_on(void *argument)
{
    struct scans *scans = argument;
    const struct proctcp_snapshot *snapshot;

    while ((scans->status = proctcp_scan(scans->scanner, &snapshot)) == 0)
        proctcp_snapshot_unref(snapshot);
    snprintf(scans->failure, sizeof(scans->failure), "%s", proctcp_failure(scans->scanner));
    return NULL;
}

/* After so many microseconds. Seconds are patience, and no promise. */
static void cancel_scans_of(const char *root, unsigned delay_us)
{
    struct scans scans = {0};
    struct timespec end;
    pthread_t thread;

    assert_int_equal(proctcp_scanner_new(&(struct proctcp_options){.proc_root = root}, &scans.scanner), 0);
    assert_int_equal(pthread_create(&thread, NULL, scan_on, &scans), 0);
    usleep(delay_us);
    proctcp_scanner_cancel(scans.scanner);
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 30;
    assert_int_equal(pthread_timedjoin_np(thread, NULL, &end), 0);
    assert_int_equal(scans.status, -ECANCELED);
    assert_string_equal(scans.failure, "cancelled");
    proctcp_scanner_free(scans.scanner);
}

static void another_thread_ends_a_scan_wherever_it_is(void **state)
{
    struct fake_proc *fake = *state;

    make_pair(fake);
    for (int pid = 300; pid < 400; pid++) {
        char path[32];
        fake_proc_process(fake, pid, "worker", NETNS + (unsigned)pid % 7);
        snprintf(path, sizeof(path), "%d/net/tcp", pid);
        fake_proc_file(fake, path, TCP_HEADER LISTENER);
        snprintf(path, sizeof(path), "%d/fd/3", pid);
        fake_proc_link(fake, path, "socket:[99150]");
    }
    for (unsigned delay_us = 0; delay_us < 40000; delay_us += 1300)
        cancel_scans_of(fake->root, delay_us);
}

static void rows_are_sorted_by_pid_and_descriptor(void **state)
{
    struct fake_proc *fake = *state;
    static const int pids[] = {900, 5, 77, 100000, 12};
    for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
        fake_proc_process(fake, pids[i], "many", NETNS);
        for (int fd = 30; fd > 2; fd--) {
            char path[32];
            snprintf(path, sizeof(path), "%d/fd/%d", pids[i], fd);
            fake_proc_link(fake, path, "socket:[99150]");
        }
    }
    fake_proc_file(fake, "5/net/tcp", TCP_HEADER LISTENER);
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    assert_int_equal(snapshot->row_count, 5 * 28);
    for (uint32_t i = 1; i < snapshot->row_count; i++) {
        const struct proctcp_row *a = &snapshot->rows[i - 1], *b = &snapshot->rows[i];
        assert_true(a->pid < b->pid || (a->pid == b->pid && a->fd < b->fd));
        assert_int_equal(b->owner_rank, i + 1);
    }
}

static void options_that_make_no_sense_are_refused(void **state)
{
    struct proctcp_scanner *scanner = NULL;
    (void)state;
    assert_int_equal(proctcp_scanner_new(&(struct proctcp_options){.source = 99}, &scanner), -EINVAL);
    assert_int_equal(proctcp_scanner_new(&(struct proctcp_options){.proc_root = ""}, &scanner), -EINVAL);
    assert_null(scanner);
    proctcp_scanner_free(NULL);
    proctcp_snapshot_unref(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_ends_of_a_connection_name_each_other),
        TEST(a_namespace_is_read_once_however_many_processes_live_in_it),
        TEST(every_holder_of_a_listener_has_a_row),
        TEST(a_duplicated_descriptor_is_two_rows_of_one_socket),
        TEST(sockets_that_share_an_inode_are_subflows_in_order_of_their_ports),
        TEST(what_a_table_shows_twice_counts_once),
        TEST(what_is_left_of_an_earlier_connection_yields_to_the_one_with_an_inode),
        TEST(listeners_that_share_a_port_are_not_duplicates),
        TEST(sockets_that_nobody_holds_are_counted_by_namespace_and_state),
        TEST(a_socket_belongs_to_the_namespace_that_shows_it_not_to_that_of_its_holder),
        TEST(facts_of_a_process_are_read),
        TEST(a_tree_with_nothing_but_descriptors_and_one_table_is_enough),
        TEST(a_name_may_hold_any_byte),
        TEST(lines_that_are_not_understood_are_counted_and_the_scan_goes_on),
        TEST(a_last_line_without_a_newline_counts),
        TEST(a_table_larger_than_any_buffer_is_read_whole),
        TEST(a_kernel_without_ipv6_has_no_tcp6_and_that_is_fine),
        TEST(another_process_of_a_namespace_serves_when_the_first_has_no_table),
        TEST(what_is_no_proc_is_refused_by_name),
        TEST(a_root_that_is_not_there_is_refused_by_name),
        TEST(the_fatal_failure_is_named_not_an_earlier_harmless_one),
        TEST(a_process_that_cannot_be_read_is_counted_and_named),
        TEST(a_process_without_an_fd_directory_has_vanished),
        TEST(a_process_whose_descriptors_are_denied_is_counted_and_its_sockets_too),
        TEST(a_scanner_out_of_descriptors_says_so_and_recovers),
        TEST(what_too_few_descriptors_leave_out_is_counted_and_named),
        TEST(working_memory_does_not_stay_as_large_as_it_once_was),
        TEST(names_that_only_look_like_numbers_are_no_processes_and_no_descriptors),
        TEST(a_pipe_in_a_recorded_tree_is_not_waited_for),
        TEST(one_socket_in_the_tables_of_two_namespaces_is_one_socket),
        TEST(what_is_just_gone_is_no_failure),
        TEST(rows_keep_the_time_they_were_first_seen),
        TEST(a_process_that_took_over_a_pid_is_new),
        TEST(a_snapshot_outlives_its_scanner),
        TEST(a_snapshot_does_not_change_when_the_next_one_is_made),
        TEST(a_cancelled_scanner_scans_no_more),
        TEST(a_scanner_that_is_cancelled_before_its_first_scan_makes_none),
        TEST(another_thread_ends_a_scan_wherever_it_is),
        TEST(rows_are_sorted_by_pid_and_descriptor),
        TEST(options_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
