/* What a capture means: literal captures, and the rows, peers and sums that follow. */
#include "literal.h"
#include "testing.h"

#include <errno.h>
#include <string.h>

#define LOCAL 0x7f000001

static struct literal literal;

static int setup(void **state)
{
    (void)state;
    literal = (struct literal){.snapshot = NULL};
    literal_begin(&literal, 100);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    literal_free(&literal);
    return 0;
}

static const struct proctcp_snapshot *end(void)
{
    assert_int_equal(literal_end(&literal, NULL), 0);
    return literal.snapshot;
}

static void add_sibling(uint32_t inode, uint64_t cookie, uint16_t local_port)
{
    *vector_push(&literal.capture.siblings) =
        (struct sibling){.inode = inode, .cookie = cookie, .local_port = local_port};
}

static void a_subflow_has_its_number_though_its_siblings_were_left_out(void **state)
{
    (void)state;
    literal_socket(&literal, 5, 12, LOCAL, 4000, LOCAL, 80);
    literal_socket(&literal, 5, 14, LOCAL, 4001, LOCAL, 80);
    add_sibling(5, 11, 5000);
    add_sibling(5, 13, 5001);
    add_sibling(6, 1, 5002); /* of another descriptor */
    literal_process(&literal, 7);
    literal_owner(&literal, 3, 5);
    const struct proctcp_snapshot *snapshot = end();
    assert_int_equal(snapshot->row_count, 2);
    assert_int_equal(snapshot->rows[0].subflow, 2);
    assert_int_equal(snapshot->sockets[snapshot->rows[0].socket].cookie, 12);
    assert_int_equal(snapshot->rows[1].subflow, 4);
    assert_int_equal(snapshot->sockets[snapshot->rows[1].socket].subflow, 4);
}

static void without_cookies_the_lowest_port_is_the_first_subflow(void **state)
{
    (void)state;
    literal_socket(&literal, 5, 0, LOCAL, 4001, LOCAL, 80);
    add_sibling(5, 0, 4000);
    literal_process(&literal, 7);
    literal_owner(&literal, 3, 5);
    assert_int_equal(end()->rows[0].subflow, 2);
}

static void what_two_namespaces_claim_belongs_to_the_one_whose_holder_was_seen(void **state)
{
    (void)state;
    literal_socket(&literal, 5, 11, LOCAL, 4000, LOCAL, 80);
    literal_socket(&literal, 5, 12, LOCAL, 666, LOCAL, 666)->netns = 2;
    literal_process(&literal, 7);
    literal_owner(&literal, 3, 5)->netns = 1;
    const struct proctcp_snapshot *snapshot = end();
    assert_int_equal(snapshot->row_count, 1);
    assert_int_equal(snapshot->rows[0].subflow, 1);
    assert_int_equal(snapshot->sockets[snapshot->rows[0].socket].cookie, 11);
    assert_int_equal(snapshot->unattributed_count, 1);
    assert_int_equal(snapshot->unattributed[0].netns, 2);
}

/* A thread with descriptors of its own, and its process, have different sockets at number 3. */
static void two_sockets_at_one_descriptor_number_are_two_rows(void **state)
{
    (void)state;
    literal_socket(&literal, 5, 11, LOCAL, 4000, LOCAL, 80);
    literal_socket(&literal, 6, 12, LOCAL, 4001, LOCAL, 80);
    literal_process(&literal, 7);
    literal_owner(&literal, 3, 5);
    literal_owner(&literal, 3, 6);
    const struct proctcp_snapshot *snapshot = end();
    assert_int_equal(snapshot->row_count, 2);
    assert_int_equal(snapshot->rows[0].subflow, 1);
    assert_int_equal(snapshot->rows[1].subflow, 2);
    assert_int_not_equal(snapshot->rows[0].socket, snapshot->rows[1].socket);
    assert_int_equal(snapshot->processes[0].sockets, 2);
}

static void add_listener(uint32_t inode, bool ipv4, bool is_v6only, bool is_known)
{
    struct proctcp_socket *socket = literal_socket(&literal, inode, inode, 0, 80, 0, 0);
    socket->state = PROCTCP_LISTEN;
    socket->present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_NETNS | PROCTCP_HAS_COOKIE | (is_known ? PROCTCP_HAS_V6ONLY : 0);
    socket->v6only = is_v6only;
    if (!ipv4)
        memset(&socket->local_address, 0, sizeof(socket->local_address));
}

static unsigned direction_beside(bool ipv4, bool is_v6only, bool is_known)
{
    literal_begin(&literal, 100);
    add_listener(9, ipv4, is_v6only, is_known);
    literal_socket(&literal, 5, 11, 0xc0000201, 80, 0xc6336401, 5000);
    literal_process(&literal, 7);
    literal_owner(&literal, 3, 5);
    const struct proctcp_snapshot *snapshot = end();
    return snapshot->sockets[snapshot->rows[0].socket].direction;
}

static void a_listener_on_all_addresses_takes_ipv4_unless_it_says_no(void **state)
{
    (void)state;
    assert_int_equal(direction_beside(true, false, false), PROCTCP_INBOUND);
    assert_int_equal(direction_beside(false, false, false), PROCTCP_INBOUND);
    assert_int_equal(direction_beside(false, false, true), PROCTCP_INBOUND);
    assert_int_equal(direction_beside(false, true, true), PROCTCP_OUTBOUND);
}

static void what_is_left_of_an_earlier_connection_yields_on_its_own_interface_alone(void **state)
{
    (void)state;
    literal_socket(&literal, 5, 11, LOCAL, 4000, LOCAL, 80);
    literal_socket(&literal, 0, 9, LOCAL, 4000, LOCAL, 80)->state = PROCTCP_TIME_WAIT;
    struct proctcp_socket *other = literal_socket(&literal, 0, 10, LOCAL, 4000, LOCAL, 80);
    other->state = PROCTCP_TIME_WAIT;
    other->interface = 3;
    literal_process(&literal, 7);
    literal_owner(&literal, 3, 5);
    const struct proctcp_snapshot *snapshot = end();
    assert_int_equal(snapshot->socket_count, 2);
    assert_int_equal(snapshot->row_count, 1);
    assert_int_equal(snapshot->unattributed[0].sockets, 1);
}

/* However many namespaces a stranger fills with it, nothing takes longer, and nobody's peer is guessed. */
static void one_four_tuple_in_many_namespaces_is_nobodys_peer(void **state)
{
    (void)state;
    literal_socket(&literal, 1, 1, 0x0a000001, 80, 0x0a000002, 5000);
    for (uint32_t i = 0; i < 3000; i++) {
        struct netns *netns = vector_push(&literal.capture.namespaces);
        *netns = (struct netns){.shown = {.inode = i + 1, .sockets = 1}};
        literal_socket(&literal, 10 + i, 10 + i, 0x0a000002, 5000, 0x0a000001, 80)->netns = i + 2;
    }
    literal_process(&literal, 7);
    literal_owner(&literal, 3, 1);
    assert_int_equal(end()->rows[0].peer, PROCTCP_NONE);
}

static void an_unbound_socket_whose_holder_is_gone_by_now_is_not_there(void **state)
{
    (void)state;
    for (uint32_t inode = 5; inode < 8; inode++) {
        struct proctcp_socket *socket = literal_socket(&literal, inode, 0, 0, 0, 0, 0);
        socket->present = 0;
        socket->state = PROCTCP_CLOSED;
    }
    literal_process(&literal, 7);
    literal_owner(&literal, 3, 6);
    const struct proctcp_snapshot *snapshot = end();
    assert_int_equal(snapshot->socket_count, 1);
    assert_int_equal(snapshot->sockets[snapshot->rows[0].socket].inode, 6);
    assert_int_equal(snapshot->processes[0].unbound, 1);
}

/* Sockets behind it move up. */
static void who_is_whose_peer_does_not_change_by_a_socket_that_is_not_there(void **state)
{
    (void)state;
    struct proctcp_socket *dead = literal_socket(&literal, 5, 0, 0, 0, 0, 0);
    dead->present = 0;
    dead->state = PROCTCP_CLOSED;
    add_listener(9, true, false, false);
    literal_socket(&literal, 6, 11, LOCAL, 4000, LOCAL, 80);
    literal_socket(&literal, 7, 12, LOCAL, 80, LOCAL, 4000);
    literal_process(&literal, 7);
    literal_owner(&literal, 3, 6);
    literal_owner(&literal, 4, 7);
    literal_owner(&literal, 5, 9);
    const struct proctcp_snapshot *snapshot = end();
    assert_int_equal(snapshot->socket_count, 3);
    assert_int_equal(snapshot->row_count, 3);
    assert_int_equal(snapshot->rows[0].peer, 1);
    assert_int_equal(snapshot->rows[1].peer, 0);
    assert_int_equal(snapshot->rows[2].peer, PROCTCP_NONE);
    assert_int_equal(snapshot->listener_count, 1);
    assert_int_equal(snapshot->listeners[0].connections, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_subflow_has_its_number_though_its_siblings_were_left_out),
        TEST(without_cookies_the_lowest_port_is_the_first_subflow),
        TEST(what_two_namespaces_claim_belongs_to_the_one_whose_holder_was_seen),
        TEST(two_sockets_at_one_descriptor_number_are_two_rows),
        TEST(a_listener_on_all_addresses_takes_ipv4_unless_it_says_no),
        TEST(what_is_left_of_an_earlier_connection_yields_on_its_own_interface_alone),
        TEST(one_four_tuple_in_many_namespaces_is_nobodys_peer),
        TEST(an_unbound_socket_whose_holder_is_gone_by_now_is_not_there),
        TEST(who_is_whose_peer_does_not_change_by_a_socket_that_is_not_there),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
