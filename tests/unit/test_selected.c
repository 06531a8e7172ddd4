/* Scans of what a selection asks for: what is in them, what is not even looked at, and what stays for it. */
#include "fake_proc.h"
#include "testing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HOST 4026531840u
#define BOX  4026532001u

enum { NGINX = 10, WORKER = 11, CLIENT = 20, BYSTANDER = 30, BOXED = 40 };

static void hold(struct fake_proc *fake, int pid, int fd, unsigned inode)
{
    char path[64], target[32];
    snprintf(path, sizeof(path), "%d/fd/%d", pid, fd);
    snprintf(target, sizeof(target), "socket:[%u]", inode);
    fake_proc_link(fake, path, target);
}

static void command(struct fake_proc *fake, int pid, const char *words)
{
    char path[64];
    snprintf(path, sizeof(path), "%d/cmdline", pid);
    fake_proc_file(fake, path, words);
}

static const char *line(const char *local, const char *remote, const char *kernel_state, unsigned inode)
{
    static char lines[8][256];
    static unsigned next;
    char *text = lines[next++ % 8];
    snprintf(
        text, sizeof(lines[0]),
        "   0: %s %s %s 00000005:00000003 00:00000000 00000000     0        0 %u 1 0000000000000000 20 4 30 10 -1\n",
        local, remote, kernel_state, inode);
    return text;
}

/* nginx and its worker share the listener at port 8080; the worker serves the client, which is to be known as such
 * whatever is selected. A bystander listens at 9090, and has left a connection in TIME_WAIT. A process in another
 * namespace listens there. Nobody holds inode 999. */
static int setup(void **state)
{
    struct fake_proc *fake = *state = fake_proc_new();
    char host[2048], box[512];

    fake_proc_process(fake, NGINX, "nginx", HOST);
    fake_proc_process(fake, WORKER, "nginx", HOST);
    fake_proc_process(fake, CLIENT, "client", HOST);
    fake_proc_process(fake, BYSTANDER, "bystander", HOST);
    fake_proc_process(fake, BOXED, "boxed", BOX);
    command(fake, NGINX, "nginx: master process");
    command(fake, WORKER, "nginx: worker process");
    fake_proc_file(fake, "30/cgroup", "0::/user.slice/bystanders\n");
    fake_proc_file(fake, "20/status", "Uid:\t7\t7\t7\t7\n");
    hold(fake, NGINX, 4, 100);
    hold(fake, WORKER, 4, 100);
    hold(fake, WORKER, 9, 101);
    hold(fake, CLIENT, 3, 201);
    hold(fake, BYSTANDER, 3, 300);
    hold(fake, BOXED, 3, 400);
    snprintf(host, sizeof(host), "%s%s%s%s%s%s%s", TCP_HEADER, line("0100007F:1F90", "00000000:0000", "0A", 100),
             line("0100007F:1F90", "0100007F:C350", "01", 101), line("0100007F:C350", "0100007F:1F90", "01", 201),
             line("0100007F:2382", "00000000:0000", "0A", 300), line("0100007F:2382", "0100007F:C351", "06", 0),
             line("0100007F:270F", "0100007F:C352", "01", 999));
    snprintf(box, sizeof(box), "%s%s", TCP_HEADER, line("00000000:0050", "00000000:0000", "0A", 400));
    for (int pid = NGINX; pid <= BYSTANDER; pid += 10) {
        char path[64];
        snprintf(path, sizeof(path), "%d/net/tcp", pid);
        fake_proc_file(fake, path, host);
    }
    fake_proc_file(fake, "11/net/tcp", host);
    fake_proc_file(fake, "40/net/tcp", box);
    return 0;
}

static int teardown(void **state)
{
    fake_proc_free(*state);
    return 0;
}

/* "10:4 11:4 11:9": pid and fd of each row. */
static void assert_rows(const struct proctcp_snapshot *snapshot, const char *wanted)
{
    char rows[256] = "";
    for (uint32_t i = 0; i < snapshot->row_count; i++) {
        const struct proctcp_row *row = &snapshot->rows[i];
        snprintf(rows + strlen(rows), sizeof(rows) - strlen(rows), "%s%d:%d", i ? " " : "", row->pid, row->fd);
        assert_true(row->socket < snapshot->socket_count);
        assert_true(row->process < snapshot->process_count);
        assert_int_equal(snapshot->processes[row->process].pid, row->pid);
    }
    assert_string_equal(rows, wanted);
}

/* The process that a descriptor's other end belongs to. */
static const struct proctcp_process *peer_of(const struct proctcp_snapshot *snapshot, int pid, int fd)
{
    const struct proctcp_row *row = find_row(snapshot, pid, fd);
    assert_non_null(row);
    assert_int_not_equal(row->peer, PROCTCP_NONE);
    const struct proctcp_row *peer = &snapshot->rows[row->peer];
    const struct proctcp_process *process = &snapshot->processes[peer->process];
    assert_int_equal(process->pid, peer->pid);
    assert_int_equal(snapshot->sockets[peer->socket].local_port, snapshot->sockets[row->socket].remote_port);
    return process;
}

static const struct proctcp_snapshot *scan_with(void **state, const char *kind, const char *value)
{
    fake_proc_select(*state, kind, value);
    return fake_proc_scan(*state);
}

static void without_rules_nothing_is_left_out(void **state)
{
    const struct proctcp_snapshot *snapshot = fake_proc_scan(*state);
    assert_rows(snapshot, "10:4 11:4 11:9 20:3 30:3 40:3");
    assert_int_equal(snapshot->socket_count, 7);
    assert_int_equal(snapshot->stats.skipped, 0);
}

static void a_process_that_is_not_wanted_is_not_walked(void **state)
{
    const struct proctcp_snapshot *snapshot = scan_with(state, "process", "bystander");
    assert_rows(snapshot, "30:3");
    assert_int_equal(snapshot->process_count, 1);
    assert_int_equal(snapshot->stats.processes_seen, 5);
    assert_int_equal(snapshot->stats.skipped, 4);
    assert_int_equal(snapshot->stats.descriptors, 2); /* the bystander's alone: its socket and its /dev/null */
}

static void the_other_end_is_named_though_its_process_is_not_selected(void **state)
{
    const struct proctcp_snapshot *snapshot = scan_with(state, "pid", "20");
    assert_rows(snapshot, "20:3");
    assert_int_equal(snapshot->socket_count, 2); /* and the one in TIME_WAIT */
    assert_int_equal(snapshot->process_count, 1);
    assert_int_equal(peer_of(snapshot, CLIENT, 3)->pid, WORKER);
    assert_string_equal(peer_of(snapshot, CLIENT, 3)->name, "nginx");
    assert_int_equal(socket_of(snapshot, find_row(snapshot, CLIENT, 3))->direction, PROCTCP_OUTBOUND);
    assert_int_equal(snapshot->stats.rows, 1);
    assert_int_equal(snapshot->stats.skipped, 2); /* those behind the worker were not needed */
}

static void the_other_end_is_named_though_its_port_is_not_selected(void **state)
{
    const struct proctcp_snapshot *snapshot = scan_with(state, "local_port", "8080");
    assert_rows(snapshot, "10:4 11:4 11:9");
    assert_int_equal(peer_of(snapshot, WORKER, 9)->pid, CLIENT);
    assert_int_equal(find_row(snapshot, NGINX, 4)->owner_rank, 1);
    assert_int_equal(find_row(snapshot, WORKER, 4)->owner_rank, 2);
    assert_int_equal(socket_of(snapshot, find_row(snapshot, NGINX, 4))->owners, 2);
    assert_int_equal(snapshot->process_count, 2);
    assert_int_equal(snapshot->processes[1].sockets, 2);
}

static void a_command_line_is_searched_with_its_words_apart(void **state)
{
    struct fake_proc *fake = *state;
    char path[600];
    snprintf(path, sizeof(path), "%s/11/cmdline", fake->root);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite("worker\0process\0", 1, 15, file), 15);
    assert_int_equal(fclose(file), 0);
    assert_rows(scan_with(state, "command", "worker process$"), "11:4 11:9");
}

static void ranks_count_among_the_processes_that_were_walked(void **state)
{
    const struct proctcp_snapshot *snapshot = scan_with(state, "command", "worker");
    assert_int_equal(find_row(snapshot, WORKER, 4)->owner_rank, 1);
    assert_int_equal(socket_of(snapshot, find_row(snapshot, WORKER, 4))->owners, 1);
    assert_int_equal(snapshot->processes[0].rx_queue_bytes, 3);
}

static void users_select(void **state)
{
    assert_rows(scan_with(state, "user", "7"), "20:3");
}

static void cgroups_select_what_is_below_them(void **state)
{
    assert_rows(scan_with(state, "cgroup", "/user.slice"), "30:3");
}

static void exclusion_outweighs_inclusion(void **state)
{
    fake_proc_select(*state, "process", "nginx,bystander");
    assert_rows(scan_with(state, "exclude_pid", "11"), "10:4 30:3");
}

static void a_process_whose_fact_is_missing_satisfies_no_rule_about_it(void **state)
{
    assert_rows(scan_with(state, "command", "."), "10:4 11:4 11:9");
}

static void states_select_rows_and_what_nobody_holds(void **state)
{
    const struct proctcp_snapshot *snapshot = scan_with(state, "state", "established,timeWait");
    assert_rows(snapshot, "11:9 20:3");
    assert_int_equal(snapshot->socket_count, 4);
    assert_int_equal(unattributed_in(snapshot, HOST, PROCTCP_TIME_WAIT), 1);
    assert_int_equal(unattributed_in(snapshot, HOST, PROCTCP_ESTABLISHED), 1);
    assert_int_equal(snapshot->sockets[find_row(snapshot, WORKER, 9)->socket].direction, PROCTCP_INBOUND);
}

static void where_processes_are_selected_only_what_none_can_hold_is_unattributed(void **state)
{
    const struct proctcp_snapshot *snapshot = scan_with(state, "exclude_process", "boxed");
    assert_rows(snapshot, "10:4 11:4 11:9 20:3 30:3");
    assert_int_equal(unattributed_in(snapshot, HOST, PROCTCP_TIME_WAIT), 1);
    assert_int_equal(unattributed_in(snapshot, HOST, PROCTCP_ESTABLISHED), 0);
    assert_int_equal(unattributed_in(snapshot, BOX, PROCTCP_LISTEN), 0);
}

static void tables_of_other_namespaces_are_not_read(void **state)
{
    char inode[16];
    snprintf(inode, sizeof(inode), "%u", BOX);
    const struct proctcp_snapshot *snapshot = scan_with(state, "netns", inode);
    assert_rows(snapshot, "40:3");
    assert_int_equal(snapshot->namespace_count, 1);
    assert_int_equal(snapshot->stats.namespaces, 1);
    assert_int_equal(snapshot->stats.unread, 0);
    assert_int_equal(snapshot->stats.unattributed, 0);
}

static void a_namespace_that_is_not_there_is_named(void **state)
{
    const struct proctcp_snapshot *snapshot = scan_with(state, "netns", "12345");
    assert_rows(snapshot, "");
    assert_int_equal(snapshot->stats.namespaces_failed, 1);
    assert_non_null(strstr(snapshot->stats.failure, "network namespace 12345: No such file"));
}

static void a_socket_is_the_same_one_in_the_next_scan(void **state)
{
    struct fake_proc *fake = *state;
    const struct proctcp_snapshot *snapshot = scan_with(state, "local_port", "8080");
    assert_int_equal(snapshot->processes[1].sockets_opened, 1); /* the listener counts in its rank 1 */
    char path[600];
    snprintf(path, sizeof(path), "%s/11/fd/9", fake->root);
    assert_int_equal(unlink(path), 0);
    snapshot = fake_proc_scan(fake);
    assert_rows(snapshot, "10:4 11:4");
    assert_int_equal(snapshot->processes[0].sockets_opened, 1);
    assert_int_equal(snapshot->processes[0].sockets_closed, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(without_rules_nothing_is_left_out),
        TEST(a_process_that_is_not_wanted_is_not_walked),
        TEST(the_other_end_is_named_though_its_process_is_not_selected),
        TEST(the_other_end_is_named_though_its_port_is_not_selected),
        TEST(a_command_line_is_searched_with_its_words_apart),
        TEST(ranks_count_among_the_processes_that_were_walked),
        TEST(users_select),
        TEST(cgroups_select_what_is_below_them),
        TEST(exclusion_outweighs_inclusion),
        TEST(a_process_whose_fact_is_missing_satisfies_no_rule_about_it),
        TEST(states_select_rows_and_what_nobody_holds),
        TEST(where_processes_are_selected_only_what_none_can_hold_is_unattributed),
        TEST(tables_of_other_namespaces_are_not_read),
        TEST(a_namespace_that_is_not_there_is_named),
        TEST(a_socket_is_the_same_one_in_the_next_scan),
    };
    return cmocka_run_group_tests_name("selected", tests, NULL, NULL);
}
