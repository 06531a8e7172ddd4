/* The other end on this host, and who began a connection. */
#include "fake_proc.h"
#include "testing.h"

#include <stdio.h>
#include <string.h>

#define HOST  4026531840u
#define BOX_A 4026532001u
#define BOX_B 4026532002u

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

/* A line of the table; addresses as the kernel prints them, state in hexadecimal. */
static const char *line(const char *local, const char *remote, const char *kernel_state, unsigned inode)
{
    static char text[512];
    snprintf(
        text, sizeof(text),
        "   0: %s %s %s 00000000:00000000 00:00000000 00000000     0        0 %u 1 0000000000000000 20 4 30 10 -1\n",
        local, remote, kernel_state, inode);
    return text;
}

/* A process with one descriptor, 5, on one socket, alone in its namespace's table beside what more says. */
static void add(struct fake_proc *fake, int pid, unsigned netns, unsigned inode, const char *socket, const char *more)
{
    char path[64], text[2048];
    fake_proc_process(fake, pid, "peer", netns);
    snprintf(path, sizeof(path), "%d/fd/5", pid);
    snprintf(text, sizeof(text), "socket:[%u]", inode);
    fake_proc_link(fake, path, text);
    snprintf(path, sizeof(path), "%d/net/tcp", pid);
    snprintf(text, sizeof(text), "%s%s%s", TCP_HEADER, socket, more);
    fake_proc_file(fake, path, text);
}

static int peer_pid(const struct proctcp_snapshot *snapshot, int pid)
{
    const struct proctcp_row *row = find_row(snapshot, pid, 5);
    assert_non_null(row);
    return row->peer == PROCTCP_NONE ? 0 : snapshot->rows[row->peer].pid;
}

static unsigned direction(const struct proctcp_snapshot *snapshot, int pid)
{
    return socket_of(snapshot, find_row(snapshot, pid, 5))->direction;
}

static void the_other_end_may_be_in_another_namespace(void **state)
{
    add(*state, 10, BOX_A, 1000, line("0100000A:1F90", "0200000A:C350", "01", 1000), "");
    add(*state, 20, BOX_B, 2000, line("0200000A:C350", "0100000A:1F90", "01", 2000), "");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(*state);
    assert_int_equal(peer_pid(snapshot, 10), 20);
    assert_int_equal(peer_pid(snapshot, 20), 10);
}

static void loopback_ends_in_its_own_namespace(void **state)
{
    add(*state, 10, BOX_A, 1000, line("0100007F:1F90", "0100007F:C350", "01", 1000), "");
    add(*state, 20, BOX_B, 2000, line("0100007F:C350", "0100007F:1F90", "01", 2000), "");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(*state);
    assert_int_equal(peer_pid(snapshot, 10), 0);
    assert_int_equal(peer_pid(snapshot, 20), 0);
}

static void the_own_namespace_goes_before_others(void **state)
{
    char both[1024];
    add(*state, 20, BOX_B, 2000, line("0200000A:C350", "0100000A:1F90", "01", 2000), "");
    add(*state, 30, BOX_A, 3000, "", "");
    strcpy(both, line("0100000A:1F90", "0200000A:C350", "01", 1000));
    strcat(both, line("0200000A:C350", "0100000A:1F90", "01", 3000));
    add(*state, 10, BOX_A, 1000, both, "");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(*state);
    assert_int_equal(peer_pid(snapshot, 10), 30);
}

static void of_two_that_fit_in_other_namespaces_none_is_named(void **state)
{
    add(*state, 10, HOST, 1000, line("0100000A:1F90", "0200000A:C350", "01", 1000), "");
    add(*state, 20, BOX_A, 2000, line("0200000A:C350", "0100000A:1F90", "01", 2000), "");
    add(*state, 30, BOX_B, 3000, line("0200000A:C350", "0100000A:1F90", "01", 3000), "");
    assert_int_equal(peer_pid(fake_proc_scan(*state), 10), 0);
}

static void an_end_that_nobody_holds_is_no_peer(void **state)
{
    add(*state, 10, HOST, 1000, line("0100007F:1F90", "0100007F:C350", "01", 1000),
        "   0: 0100007F:C350 0100007F:1F90 08 00000000:00000000 00:00000000 00000000 0 0 0 1 0 20 4 30 10 -1\n");
    assert_int_equal(peer_pid(fake_proc_scan(*state), 10), 0);
}

static void a_socket_connected_to_itself_is_its_own_peer(void **state)
{
    add(*state, 10, HOST, 1000, line("0100007F:1F90", "0100007F:1F90", "01", 1000), "");
    assert_int_equal(peer_pid(fake_proc_scan(*state), 10), 10);
}

static void an_ipv4_client_meets_the_ipv6_socket_that_serves_it(void **state)
{
    struct fake_proc *fake = *state;
    add(fake, 10, HOST, 1000, line("0100007F:C350", "0100007F:1F90", "01", 1000), "");
    add(fake, 20, HOST, 2000, "", "");
    fake_proc_file(fake, "10/net/tcp6",
                   TCP6_HEADER
                   "   0: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:C350 01 "
                   "00000000:00000000 00:00000000 00000000 0 0 2000 1 0 20 4 30 10 -1\n"
                   "   1: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A "
                   "00000000:00000000 00:00000000 00000000 0 0 2001 1 0 100 0 0 10 0\n");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);
    assert_int_equal(peer_pid(snapshot, 10), 20);
    assert_int_equal(direction(snapshot, 20), PROCTCP_INBOUND);
    assert_int_equal(direction(snapshot, 10), PROCTCP_OUTBOUND);
}

static void a_listener_on_another_address_does_not_make_it_inbound(void **state)
{
    add(*state, 10, HOST, 1000, line("0100000A:1F90", "09090909:01BB", "01", 1000),
        "   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 9 1 0 100 0 0 10 0\n");
    assert_int_equal(direction(fake_proc_scan(*state), 10), PROCTCP_OUTBOUND);
}

static void a_listener_in_another_namespace_does_not_make_it_inbound(void **state)
{
    add(*state, 10, BOX_A, 1000, line("0100000A:1F90", "09090909:01BB", "01", 1000), "");
    add(*state, 20, BOX_B, 2000, line("00000000:1F90", "00000000:0000", "0A", 2000), "");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(*state);
    assert_int_equal(direction(snapshot, 10), PROCTCP_OUTBOUND);
    assert_int_equal(direction(snapshot, 20), PROCTCP_DIRECTION_LISTEN);
}

static void without_a_listener_on_either_side_nobody_knows_who_began(void **state)
{
    char other[512];
    add(*state, 20, HOST, 2000, "", "");
    strcpy(other, line("0100007F:C350", "0100007F:1F90", "01", 2000));
    add(*state, 10, HOST, 1000, line("0100007F:1F90", "0100007F:C350", "01", 1000), other);
    const struct proctcp_snapshot *snapshot = fake_proc_scan(*state);
    assert_int_equal(peer_pid(snapshot, 10), 20);
    assert_int_equal(direction(snapshot, 10), PROCTCP_DIRECTION_UNKNOWN);
}

static void a_connection_being_made_is_outbound(void **state)
{
    add(*state, 10, HOST, 1000, line("0100000A:1F90", "09090909:01BB", "02", 1000),
        "   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 9 1 0 100 0 0 10 0\n");
    assert_int_equal(direction(fake_proc_scan(*state), 10), PROCTCP_OUTBOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_other_end_may_be_in_another_namespace),
        TEST(loopback_ends_in_its_own_namespace),
        TEST(the_own_namespace_goes_before_others),
        TEST(of_two_that_fit_in_other_namespaces_none_is_named),
        TEST(an_end_that_nobody_holds_is_no_peer),
        TEST(a_socket_connected_to_itself_is_its_own_peer),
        TEST(an_ipv4_client_meets_the_ipv6_socket_that_serves_it),
        TEST(a_listener_on_another_address_does_not_make_it_inbound),
        TEST(a_listener_in_another_namespace_does_not_make_it_inbound),
        TEST(without_a_listener_on_either_side_nobody_knows_who_began),
        TEST(a_connection_being_made_is_outbound),
    };
    return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
