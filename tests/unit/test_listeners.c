/* Listeners: literal captures, and through which listener each connection came in. */
#include "literal.h"
#include "testing.h"

#include <string.h>

#define ADDRESS 0xc0000201 /* 192.0.2.1 */
#define OTHER   0xc0000202
#define CLIENT  0xc6336401
#define V6ONLY  true

static const struct proctcp_address any = {{0}}, any_ipv4 = {.bytes = {[10] = 0xff, [11] = 0xff}},
                                    address = {.bytes = {[10] = 0xff, 0xff, 192, 0, 2, 1}},
                                    address_ipv6 = {.bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};

static struct literal literal;
static uint16_t next_port; /* of a client: no two connections have one four-tuple */
static uint32_t next_inode;

static int setup(void **state)
{
    (void)state;
    literal = (struct literal){.snapshot = NULL};
    literal_begin(&literal, 100);
    next_port = 40000;
    next_inode = 1000;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    literal_free(&literal);
    return 0;
}

/* ---- what a capture has ---- */

static struct proctcp_socket *add_ipv4_listener(uint32_t local, uint16_t port)
{
    next_inode++;
    struct proctcp_socket *socket = literal_socket(&literal, next_inode, next_inode, local, port, 0, 0);
    socket->state = PROCTCP_LISTEN;
    socket->present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_NETNS | PROCTCP_HAS_COOKIE | PROCTCP_HAS_UID |
                      PROCTCP_HAS_ACCEPT_QUEUE | PROCTCP_HAS_ACCEPT_QUEUE_MAX | PROCTCP_HAS_DROPS;
    return socket;
}

static struct proctcp_socket *add_ipv6_listener(const struct proctcp_address *local, uint16_t port, bool is_v6only)
{
    struct proctcp_socket *socket = add_ipv4_listener(0, port);
    socket->family = PROCTCP_INET6;
    socket->local_address = *local;
    socket->present |= PROCTCP_HAS_V6ONLY;
    socket->v6only = is_v6only;
    return socket;
}

static struct proctcp_socket *add_connection(uint32_t local, uint16_t port)
{
    next_inode++;
    return literal_socket(&literal, next_inode, next_inode, local, port, CLIENT, ++next_port);
}

static void add_ipv6_connection(uint16_t port)
{
    struct proctcp_socket *socket = add_connection(0, port);
    socket->family = PROCTCP_INET6;
    socket->local_address = socket->remote_address = address_ipv6;
}

static void hold(int pid, int fd, uint32_t inode)
{
    if (!literal.capture.processes.count ||
        literal.capture.processes.at[literal.capture.processes.count - 1].pid != pid)
        literal_process(&literal, pid);
    literal_owner(&literal, fd, inode);
}

static void bind_to(struct proctcp_socket *socket, uint32_t interface)
{
    socket->interface = interface;
    socket->present |= PROCTCP_HAS_INTERFACE;
}

static void add_drops(struct proctcp_socket *socket, uint32_t drops)
{
    struct proctcp_impairment *impairment = vector_push(&literal.capture.impairments);
    *impairment = (struct proctcp_impairment){.drops = drops};
    socket->impairment = literal.capture.impairments.count - 1;
}

/* ---- what became of it ---- */

static const struct proctcp_snapshot *end(void)
{
    assert_int_equal(literal_end(&literal, NULL), 0);
    return literal.snapshot;
}

static const struct proctcp_listener *find_in(uint32_t netns, const struct proctcp_address *at, uint16_t port)
{
    const struct proctcp_listener *listener = proctcp_find_listener(literal.snapshot, netns, at, port, 0);
    assert_non_null(listener);
    return listener;
}

static const struct proctcp_listener *find(const struct proctcp_address *at, uint16_t port)
{
    return find_in(1, at, port);
}

static const struct proctcp_listener *find_on(uint32_t interface, const struct proctcp_address *at, uint16_t port)
{
    const struct proctcp_listener *listener = proctcp_find_listener(literal.snapshot, 1, at, port, interface);
    assert_non_null(listener);
    return listener;
}

static bool value_of(const struct proctcp_listener *listener, const char *name, struct proctcp_value *value)
{
    size_t count;
    const struct proctcp_field *fields = proctcp_listener_fields(&count);
    const struct proctcp_field *field = proctcp_field_by_name(fields, count, name);
    assert_non_null(field);
    return proctcp_listener_value(literal.snapshot, listener, field, value);
}

static bool is_there(const struct proctcp_listener *listener, const char *name)
{
    struct proctcp_value value;
    return value_of(listener, name, &value);
}

static uint64_t number(const struct proctcp_listener *listener, const char *name)
{
    struct proctcp_value value;
    assert_true(value_of(listener, name, &value));
    return value.type == PROCTCP_SIGNED ? (uint64_t)value.signed_number : value.number;
}

/* ---- one listener ---- */

static void sockets_that_share_a_port_are_one_listener(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= 3; i++) {
        struct proctcp_socket *socket = add_ipv4_listener(0, 443);
        socket->accept_queue = i;
        socket->accept_queue_max = 128;
        socket->uid = 33;
        add_drops(socket, 10 * i);
    }
    hold(7, 3, 1003);
    hold(8, 3, 1001);
    hold(9, 3, 1002);
    assert_int_equal(end()->listener_count, 1);
    const struct proctcp_listener *listener = find(&any_ipv4, 443);
    assert_int_equal(number(listener, "sockets"), 3);
    assert_int_equal(number(listener, "owners"), 3);
    assert_int_equal(number(listener, "processes"), 3);
    assert_int_equal(number(listener, "pid"), 7);
    assert_int_equal(number(listener, "accept_queue"), 6);
    assert_int_equal(number(listener, "accept_queue_max"), 384);
    assert_int_equal(number(listener, "drops"), 60);
    assert_int_equal(number(listener, "uid"), 33);
}

static void a_listener_that_workers_inherited_has_them_all_and_is_one_socket(void **state)
{
    (void)state;
    add_ipv4_listener(0, 80)->accept_queue = 5;
    for (int pid = 7; pid < 15; pid++)
        hold(pid, 6, 1001);
    hold(14, 7, 1001); /* a second descriptor of the last one */
    end();
    const struct proctcp_listener *listener = find(&any_ipv4, 80);
    assert_int_equal(number(listener, "sockets"), 1);
    assert_int_equal(number(listener, "owners"), 9);
    assert_int_equal(number(listener, "processes"), 8);
    assert_int_equal(number(listener, "pid"), 7);
    assert_int_equal(number(listener, "fd"), 6);
    assert_int_equal(number(listener, "accept_queue"), 5);
}

static void a_listener_that_nobody_holds_names_nobody(void **state)
{
    (void)state;
    add_ipv4_listener(0, 80);
    add_connection(ADDRESS, 80)->inode = 0;
    end();
    const struct proctcp_listener *listener = find(&any_ipv4, 80);
    assert_false(is_there(listener, "pid"));
    assert_false(is_there(listener, "fd"));
    assert_false(is_there(listener, "process"));
    assert_int_equal(number(listener, "owners"), 0);
    assert_int_equal(number(listener, "processes"), 0);
    assert_int_equal(number(listener, "established"), 1);
}

static void connections_count_by_state_whether_they_are_held_or_not(void **state)
{
    static const struct {
        uint8_t state;
        const char *name;
    } states[] = {{PROCTCP_SYN_RECEIVED, "syn_received"}, {PROCTCP_ESTABLISHED, "established"},
                  {PROCTCP_FIN_WAIT1, "fin_wait1"},       {PROCTCP_FIN_WAIT2, "fin_wait2"},
                  {PROCTCP_CLOSE_WAIT, "close_wait"},     {PROCTCP_LAST_ACK, "last_ack"},
                  {PROCTCP_CLOSING, "closing"},           {PROCTCP_TIME_WAIT, "time_wait"}};
    const size_t count = sizeof(states) / sizeof(states[0]);
    (void)state;
    add_ipv4_listener(0, 80);
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i <= s; i++) {
            struct proctcp_socket *socket = add_connection(ADDRESS, 80);
            socket->state = states[s].state;
            socket->inode = 0;
        }
    }
    add_connection(ADDRESS, 80)->state = PROCTCP_SYN_SENT; /* outbound, from that port */
    end();
    const struct proctcp_listener *listener = find(&any_ipv4, 80);
    for (size_t s = 0; s < count; s++)
        assert_int_equal(number(listener, states[s].name), s + 1);
    assert_int_equal(number(listener, "connections"), count * (count + 1) / 2);
}

static void queues_and_times_are_of_the_connections(void **state)
{
    (void)state;
    add_ipv4_listener(0, 80);
    for (uint32_t i = 1; i <= 40; i++) {
        struct proctcp_socket *socket = add_connection(ADDRESS, 80);
        socket->tx_queue_bytes = i;
        socket->rx_queue_bytes = 2 * i;
        socket->rtt_us = i * 7 % 41 * 100; /* 100 to 4000, each once, in disorder */
        socket->present |= PROCTCP_HAS_QUEUES | PROCTCP_HAS_RTT;
    }
    struct proctcp_socket *closing = add_connection(ADDRESS, 80);
    closing->state = PROCTCP_CLOSE_WAIT;
    closing->rtt_us = 1000000;
    closing->present |= PROCTCP_HAS_RTT;
    end();
    const struct proctcp_listener *listener = find(&any_ipv4, 80);
    assert_int_equal(number(listener, "tx_queue_bytes"), 820);
    assert_int_equal(number(listener, "rx_queue_bytes"), 1640);
    assert_int_equal(number(listener, "rtt_average_us"), 2050);
    assert_int_equal(number(listener, "rtt_p95_us"), 3800);
    assert_int_equal(number(listener, "rtt_max_us"), 4000);
}

/* As /proc has it: no limit of the accept queue, no drops, no round-trip times. */
static void what_a_source_does_not_give_is_absent(void **state)
{
    (void)state;
    add_ipv4_listener(0, 80)->present &= ~(PROCTCP_HAS_ACCEPT_QUEUE_MAX | PROCTCP_HAS_DROPS);
    add_connection(ADDRESS, 80);
    add_ipv4_listener(0, 81);
    add_ipv4_listener(0, 81)->present &= ~PROCTCP_HAS_DROPS;
    add_ipv4_listener(0, 81)->uid = 5;
    end();
    const struct proctcp_listener *listener = find(&any_ipv4, 80);
    assert_int_equal(number(listener, "accept_queue"), 0);
    assert_int_equal(number(listener, "uid"), 0);
    assert_false(is_there(listener, "accept_queue_max"));
    assert_false(is_there(listener, "drops"));
    assert_false(is_there(listener, "rtt_average_us"));
    assert_false(is_there(listener, "rtt_p95_us"));
    assert_false(is_there(listener, "rtt_max_us"));
    assert_false(is_there(find(&any_ipv4, 81), "drops"));
    assert_false(is_there(find(&any_ipv4, 81), "uid"));
    assert_true(is_there(find(&any_ipv4, 81), "accept_queue_max"));
}

/* ---- through which one ---- */

static void a_specific_listener_goes_before_the_wildcard(void **state)
{
    (void)state;
    add_ipv4_listener(0, 80);
    add_ipv4_listener(ADDRESS, 80);
    add_connection(ADDRESS, 80);
    add_connection(OTHER, 80);
    add_connection(OTHER, 80);
    end();
    assert_int_equal(find(&address, 80)->connections, 1);
    assert_int_equal(find(&any_ipv4, 80)->connections, 2);
}

static void a_dual_stack_listener_takes_both(void **state)
{
    (void)state;
    add_ipv6_listener(&any, 80, !V6ONLY);
    add_connection(ADDRESS, 80);
    add_ipv6_connection(80);
    end();
    assert_int_equal(find(&any, 80)->connections, 2);
}

static void where_it_is_not_told_a_listener_at_all_addresses_takes_ipv4(void **state)
{
    (void)state;
    add_ipv6_listener(&any, 80, V6ONLY)->present &= ~PROCTCP_HAS_V6ONLY;
    add_connection(ADDRESS, 80);
    end();
    assert_int_equal(find(&any, 80)->connections, 1);
}

static void beside_one_of_ipv4_a_dual_stack_listener_takes_ipv6_alone(void **state)
{
    (void)state;
    add_ipv6_listener(&any, 80, !V6ONLY);
    add_ipv4_listener(0, 80);
    add_connection(ADDRESS, 80)->family = PROCTCP_INET6;
    add_ipv6_connection(80);
    end();
    assert_int_equal(find(&any, 80)->connections, 1);
    assert_int_equal(find(&any_ipv4, 80)->connections, 1);
}

static void a_v6only_listener_takes_no_ipv4(void **state)
{
    (void)state;
    add_ipv6_listener(&any, 80, V6ONLY);
    add_ipv4_listener(0, 80);
    add_ipv6_listener(&any, 81, V6ONLY);
    add_connection(ADDRESS, 80);
    add_connection(ADDRESS, 80);
    add_connection(ADDRESS, 81);
    add_ipv6_connection(80);
    end();
    assert_int_equal(find(&any, 80)->connections, 1);
    assert_int_equal(find(&any_ipv4, 80)->connections, 2);
    assert_int_equal(find(&any, 81)->connections, 0);
}

/* The address of both is called the same: they are one listener. */
static void a_listener_bound_to_an_ipv4_mapped_address_is_that_of_ipv4(void **state)
{
    (void)state;
    add_ipv4_listener(ADDRESS, 80);
    add_ipv6_listener(&address, 80, !V6ONLY);
    add_ipv6_listener(&any, 80, !V6ONLY);
    add_connection(ADDRESS, 80);
    end();
    assert_int_equal(find(&address, 80)->sockets, 2);
    assert_int_equal(find(&address, 80)->connections, 1);
    assert_int_equal(find(&any, 80)->connections, 0);
}

static void a_listener_bound_to_an_interface_takes_what_came_in_there(void **state)
{
    (void)state;
    bind_to(add_ipv6_listener(&any, 80, !V6ONLY), 2);
    add_ipv4_listener(0, 80);
    bind_to(add_ipv4_listener(0, 81), 2);
    bind_to(add_ipv4_listener(0, 81), 3);
    bind_to(add_connection(ADDRESS, 80), 2);
    add_connection(ADDRESS, 80);
    bind_to(add_connection(ADDRESS, 80), 4); /* of a VRF, say, which an unbound listener may take */
    bind_to(add_connection(ADDRESS, 81), 2);
    bind_to(add_connection(ADDRESS, 81), 3);
    bind_to(add_connection(ADDRESS, 81), 4);
    add_connection(ADDRESS, 81);
    end();
    assert_int_equal(find_on(2, &any, 80)->connections, 1);
    assert_int_equal(find(&any_ipv4, 80)->connections, 2);
    assert_int_equal(find_on(2, &any_ipv4, 81)->connections, 1);
    assert_int_equal(find_on(3, &any_ipv4, 81)->connections, 1);
    assert_null(proctcp_find_listener(literal.snapshot, 1, &any_ipv4, 81, 0));
    assert_int_equal(number(find_on(3, &any_ipv4, 81), "interface"), 3);
    assert_false(is_there(find(&any_ipv4, 80), "interface"));
}

static void the_address_goes_before_the_interface(void **state)
{
    (void)state;
    add_ipv4_listener(ADDRESS, 80);
    bind_to(add_ipv4_listener(0, 80), 2);
    bind_to(add_connection(ADDRESS, 80), 2);
    end();
    assert_int_equal(find(&address, 80)->connections, 1);
    assert_int_equal(find_on(2, &any_ipv4, 80)->connections, 0);
}

static void equal_ports_of_two_namespaces_are_two_listeners(void **state)
{
    (void)state;
    add_ipv4_listener(0, 80)->netns = 2;
    add_ipv4_listener(0, 80);
    add_ipv4_listener(0, 81);
    add_connection(ADDRESS, 80)->netns = 2;
    add_connection(ADDRESS, 80)->netns = 2;
    add_connection(ADDRESS, 80);
    add_connection(ADDRESS, 81)->netns = 2;
    end();
    assert_int_equal(find_in(1, &any_ipv4, 80)->connections, 1);
    assert_int_equal(find_in(2, &any_ipv4, 80)->connections, 2);
    assert_int_equal(find_in(1, &any_ipv4, 81)->connections, 0);
    assert_null(proctcp_find_listener(literal.snapshot, 2, &any_ipv4, 81, 0));
    assert_null(proctcp_find_listener(literal.snapshot, 1, &any, 80, 0));
}

static void listeners_are_sorted_by_namespace_address_and_port(void **state)
{
    (void)state;
    add_ipv4_listener(OTHER, 80)->netns = 2;
    add_ipv4_listener(OTHER, 79);
    add_ipv4_listener(ADDRESS, 8000);
    add_ipv6_listener(&any, 9000, V6ONLY);
    add_ipv4_listener(OTHER, 80);
    const struct proctcp_snapshot *snapshot = end();
    const uint16_t ports[] = {9000, 8000, 79, 80, 80};
    assert_int_equal(snapshot->listener_count, 5);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(snapshot->listeners[i].local_port, ports[i]);
    assert_int_equal(snapshot->listeners[4].netns, 2);
}

/* ---- a selection ---- */

static void end_with(const char *kind, const char *value)
{
    struct proctcp_selection *selection;
    char error[128];
    assert_int_equal(proctcp_selection_new(&selection), 0);
    assert_int_equal(proctcp_selection_add(selection, kind, value, error, sizeof(error)), 0);
    assert_int_equal(literal_end(&literal, selection), 0);
    proctcp_selection_free(selection);
}

static void a_selection_leaves_a_listener_what_it_selects(void **state)
{
    (void)state;
    add_ipv4_listener(0, 80);
    add_ipv4_listener(ADDRESS, 80);
    add_ipv4_listener(0, 81);
    add_connection(ADDRESS, 80);
    add_connection(OTHER, 80);
    add_connection(OTHER, 81)->state = PROCTCP_CLOSE_WAIT;
    end_with("exclude_local", "192.0.2.1");
    assert_int_equal(literal.snapshot->listener_count, 2);
    assert_int_equal(find(&any_ipv4, 80)->connections, 1);
    assert_int_equal(find(&any_ipv4, 81)->by_state[PROCTCP_CLOSE_WAIT], 1);
}

static void a_selection_of_listeners_leaves_them_without_connections(void **state)
{
    (void)state;
    add_connection(OTHER, 80);
    add_ipv4_listener(0, 80);
    hold(7, 3, 1002);
    end_with("state", "listen");
    assert_int_equal(literal.snapshot->listener_count, 1);
    assert_int_equal(find(&any_ipv4, 80)->connections, 0);
    assert_int_equal(number(find(&any_ipv4, 80), "pid"), 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Another interface at the same place is anybody's to bind to. */
static void who_binds_to_another_interface_has_a_listener_of_his_own(void **state)
{
    struct proctcp_socket *one;

    (void)state;
    one = add_ipv4_listener(0, 443);
    bind_to(one, 3);
    add_drops(one, 1000);
    one = add_ipv4_listener(0, 443);
    bind_to(one, 2);
    add_drops(one, 5);
    assert_int_equal(end()->listener_count, 2);
    assert_int_equal(find_on(2, &any_ipv4, 443)->drops, 5);
    assert_int_equal(find_on(2, &any_ipv4, 443)->sockets, 1);
    assert_int_equal(find_on(3, &any_ipv4, 443)->drops, 1000);
}

/* procfs does not tell interfaces. */
static void a_user_does_not_become_the_holder_of_a_services_listener(void **state)
{
    struct proctcp_socket *own, *his;

    (void)state;
    his = add_ipv4_listener(0, 443);
    his->uid = 1000;
    const uint32_t his_inode = his->inode;
    own = add_ipv4_listener(0, 443);
    own->uid = 33;
    const uint32_t own_inode = own->inode;
    hold(7, 3, his_inode); /* he came first */
    hold(8, 4, own_inode);
    const struct proctcp_snapshot *snapshot = end();
    assert_int_equal(snapshot->listener_count, 1);
    assert_int_equal(snapshot->rows[snapshot->listeners[0].row].pid, 8);
    assert_int_equal(snapshot->listeners[0].sockets, 2);
}

static void each_socket_knows_its_listener(void **state)
{
    (void)state;
    add_ipv4_listener(0, 90);
    add_ipv4_listener(0, 80);
    add_connection(0x7f000001, 80);
    add_connection(0x7f000001, 70);
    const struct proctcp_snapshot *snapshot = end();
    assert_int_equal(snapshot->listener_count, 2);
    assert_int_equal(snapshot->listeners[0].local_port, 80);
    assert_int_equal(snapshot->socket_listeners[0], 1);
    assert_int_equal(snapshot->socket_listeners[1], 0);
    assert_int_equal(snapshot->socket_listeners[2], 0);
    assert_int_equal(snapshot->socket_listeners[3], PROCTCP_NONE);
}

/* What is behind the sockets for the sake of peers has a listener that is shown, or none. */
static void the_peer_of_a_selected_row_names_no_listener_that_was_left_out(void **state)
{
    struct proctcp_socket *client;

    (void)state;
    add_ipv4_listener(0, 90);
    add_ipv4_listener(0, 80);
    const uint32_t served = add_connection(ADDRESS, 80)->inode;
    const struct proctcp_socket service = literal.capture.sockets.at[literal.capture.sockets.count - 1];
    client = add_connection(service.remote_address.bytes[15], 80);
    client->local_address = service.remote_address;
    client->local_port = service.remote_port;
    client->remote_address = service.local_address;
    client->remote_port = service.local_port;
    const uint32_t connected = client->inode;
    hold(7, 3, served);
    hold(7, 4, 1001);
    hold(7, 5, 1002);
    hold(8, 3, connected);
    end_with("exclude_local_port", "80");
    const struct proctcp_snapshot *snapshot = literal.snapshot;
    const struct proctcp_row *row = &snapshot->rows[snapshot->row_count - 1];
    assert_int_equal(snapshot->listener_count, 1);
    assert_int_equal(row->pid, 8);
    assert_true(row->peer >= snapshot->row_count && row->peer != PROCTCP_NONE);
    assert_int_equal(snapshot->socket_listeners[snapshot->rows[row->peer].socket], PROCTCP_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sockets_that_share_a_port_are_one_listener),
        TEST(a_listener_that_workers_inherited_has_them_all_and_is_one_socket),
        TEST(a_listener_that_nobody_holds_names_nobody),
        TEST(connections_count_by_state_whether_they_are_held_or_not),
        TEST(queues_and_times_are_of_the_connections),
        TEST(what_a_source_does_not_give_is_absent),
        TEST(a_specific_listener_goes_before_the_wildcard),
        TEST(a_dual_stack_listener_takes_both),
        TEST(where_it_is_not_told_a_listener_at_all_addresses_takes_ipv4),
        TEST(beside_one_of_ipv4_a_dual_stack_listener_takes_ipv6_alone),
        TEST(a_v6only_listener_takes_no_ipv4),
        TEST(a_listener_bound_to_an_ipv4_mapped_address_is_that_of_ipv4),
        TEST(a_listener_bound_to_an_interface_takes_what_came_in_there),
        TEST(the_address_goes_before_the_interface),
        TEST(equal_ports_of_two_namespaces_are_two_listeners),
        TEST(who_binds_to_another_interface_has_a_listener_of_his_own),
        TEST(a_user_does_not_become_the_holder_of_a_services_listener),
        TEST(each_socket_knows_its_listener),
        TEST(the_peer_of_a_selected_row_names_no_listener_that_was_left_out),
        TEST(listeners_are_sorted_by_namespace_address_and_port),
        TEST(a_selection_leaves_a_listener_what_it_selects),
        TEST(a_selection_of_listeners_leaves_them_without_connections),
    };
    return cmocka_run_group_tests_name("listeners", tests, NULL, NULL);
}
