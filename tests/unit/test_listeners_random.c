/* Listeners of captures of all sorts, against what a plain look at every pair of sockets says. The captures are made
 * from numbers that are the same in every run. */
#include "literal.h"
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#define CAPTURES 400

static struct literal literal;
static uint32_t seed;

static uint32_t below(uint32_t limit)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % limit;
}

/* ---- a capture ---- */

enum address {
    ANY_IPV4, /* the first two are for listeners */
    ANY,
    ONE_IPV4,
    OTHER_IPV4,
    ONE_IPV6,
    ADDRESSES,
};

static const struct proctcp_address addresses[ADDRESSES] = {
    [ANY_IPV4] = {.bytes = {[10] = 0xff, 0xff}},
    [ONE_IPV4] = {.bytes = {[10] = 0xff, 0xff, 10, 0, 0, 1}},
    [OTHER_IPV4] = {.bytes = {[10] = 0xff, 0xff, 10, 0, 0, 2}},
    [ONE_IPV6] = {.bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
};

static bool is_ipv4(const struct proctcp_socket *socket)
{
    return proctcp_address_is_ipv4(&socket->local_address);
}

/* number is its inode and cookie, and the port of its peer. */
static struct proctcp_socket *add_socket(uint32_t number, const struct proctcp_address *address)
{
    struct proctcp_socket *socket =
        literal_socket(&literal, number, number, 0, (uint16_t)(80 + below(3)), 0x0a000003, (uint16_t)number);

    socket->local_address = *address;
    socket->netns = 1 + below(2);
    socket->family = is_ipv4(socket) && below(3) ? PROCTCP_INET : PROCTCP_INET6;
    if (below(4) == 0) {
        socket->interface = 1 + below(3);
        socket->present |= PROCTCP_HAS_INTERFACE;
    }
    return socket;
}

static void add_listener(uint32_t number)
{
    struct proctcp_socket *socket = add_socket(number, &addresses[below(ADDRESSES)]);

    socket->state = PROCTCP_LISTEN;
    socket->remote_port = 0;
    socket->present &= ~(PROCTCP_HAS_REMOTE | PROCTCP_HAS_INFO);
    socket->accept_queue = below(10);
    socket->present |= PROCTCP_HAS_ACCEPT_QUEUE;
    if (is_ipv4(socket))
        return;
    socket->v6only = below(2);
    if (below(4))
        socket->present |= PROCTCP_HAS_V6ONLY;
}

static void add_connection(uint32_t number)
{
    struct proctcp_socket *socket = add_socket(number, &addresses[ONE_IPV4 + below(ADDRESSES - ONE_IPV4)]);

    socket->state = (uint8_t)(PROCTCP_SYN_SENT + below(PROCTCP_TIME_WAIT - PROCTCP_SYN_SENT + 1));
    if (below(3))
        socket->state = PROCTCP_ESTABLISHED;
    socket->rx_queue_bytes = below(1000);
    socket->present |= PROCTCP_HAS_QUEUES;
    socket->rtt_us = below(2) ? below(100) : below(UINT32_MAX);
    if (below(4))
        socket->present |= PROCTCP_HAS_RTT;
}

static void make_capture(void)
{
    const uint32_t sockets = below(60), listeners = below(12), processes = below(5);

    literal_begin(&literal, 100);
    for (uint32_t i = 1; i <= sockets; i++) {
        if (i <= listeners)
            add_listener(i);
        else
            add_connection(i);
    }
    for (uint32_t p = 1; p <= processes; p++) {
        /* One that is not selected is there for peers, none of which a selected one holds. */
        const bool is_selected = below(3) != 0;
        literal_process(&literal, (int)p)->is_selected = is_selected;
        for (uint32_t fd = 3; fd < 20; fd++) {
            if (below(2))
                literal_owner(&literal, (int)fd, 2 * below(15) + is_selected);
        }
    }
}

/* ---- the plain way ---- */

/* What is wanted of a listener that gets a connection, most important first. */
enum merit {
    OF_IPV4 = 1,
    ON_ITS_INTERFACE = 2,
    AT_ITS_ADDRESS = 4,
    LISTENS = 8,
};

/* 0: the listener is not for it. */
static unsigned merit(const struct proctcp_socket *listener, const struct proctcp_socket *connection)
{
    unsigned score = LISTENS;

    if (listener->netns != connection->netns || listener->local_port != connection->local_port)
        return 0;
    if (listener->interface && listener->interface != connection->interface)
        return 0;
    if (listener->interface)
        score |= ON_ITS_INTERFACE;
    if (is_ipv4(listener))
        score |= OF_IPV4;
    if (is_same_address(&listener->local_address, &connection->local_address))
        return score | AT_ITS_ADDRESS;
    if (is_same_address(&listener->local_address, &addresses[ANY_IPV4]))
        return is_ipv4(connection) ? score : 0;
    if (!is_same_address(&listener->local_address, &addresses[ANY]))
        return 0;
    return is_ipv4(connection) && listener->v6only && listener->present & PROCTCP_HAS_V6ONLY ? 0 : score;
}

static const struct proctcp_socket *taker(const struct proctcp_socket *sockets, uint32_t count,
                                          const struct proctcp_socket *connection)
{
    const struct proctcp_socket *best = NULL;

    for (uint32_t i = 0; i < count; i++) {
        if (sockets[i].state == PROCTCP_LISTEN && merit(&sockets[i], connection) &&
            (!best || merit(&sockets[i], connection) > merit(best, connection)))
            best = &sockets[i];
    }
    return best;
}

static bool is_of(const struct proctcp_socket *socket, const struct proctcp_listener *listener)
{
    return socket->netns == listener->netns && socket->local_port == listener->local_port &&
           socket->interface == listener->interface &&
           is_same_address(&socket->local_address, &listener->local_address);
}

static int compare_times(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void check_times(const struct proctcp_listener *listener, uint32_t *times, uint32_t count)
{
    uint64_t sum = 0;
    uint32_t least = 0; /* that 95 of 100 do not exceed */

    assert_int_equal(!(listener->present & PROCTCP_HAS_LISTENER_RTT), count == 0);
    if (!count)
        return;
    qsort(times, count, sizeof(times[0]), compare_times);
    for (uint32_t i = 0; i < count; i++)
        sum += times[i];
    while ((least + 1) * 100 < count * 95)
        least++;
    assert_int_equal(listener->rtt_average_us, (sum + count / 2) / count);
    assert_int_equal(listener->rtt_p95_us, times[least]);
    assert_int_equal(listener->rtt_max_us, times[count - 1]);
}

static void check_holders(const struct proctcp_snapshot *snapshot, const struct proctcp_listener *listener)
{
    uint32_t owners = 0, processes = 0, first = PROCTCP_NONE;
    int32_t last_pid = 0;

    for (uint32_t i = 0; i < snapshot->row_count; i++) {
        const struct proctcp_row *row = &snapshot->rows[i];
        const struct proctcp_socket *socket = &snapshot->sockets[row->socket];
        if (socket->state != PROCTCP_LISTEN || !is_of(socket, listener))
            continue;
        if (!owners++)
            first = i;
        processes += row->pid != last_pid;
        last_pid = row->pid;
    }
    assert_int_equal(listener->row, first);
    assert_int_equal(listener->owners, owners);
    assert_int_equal(listener->processes, processes);
    assert_true(first == PROCTCP_NONE || snapshot->rows[first].owner_rank == 1);
}

/* all are the sockets that there were before some were left out. */
static void check_listener(const struct proctcp_snapshot *snapshot, const struct proctcp_listener *listener,
                           const struct proctcp_socket *all, uint32_t count)
{
    uint32_t by_state[PROCTCP_STATES] = {0}, connections = 0, sockets = 0, times[64], samples = 0;
    uint64_t accept_queue = 0, rx_queue_bytes = 0;

    for (uint32_t i = 0; i < snapshot->socket_count; i++) {
        const struct proctcp_socket *socket = &snapshot->sockets[i], *from;
        if (socket->state == PROCTCP_LISTEN && is_of(socket, listener)) {
            sockets++;
            accept_queue += socket->accept_queue;
        }
        if (socket->direction != PROCTCP_INBOUND || !(from = taker(all, count, socket)) || !is_of(from, listener))
            continue;
        connections++;
        by_state[socket->state]++;
        rx_queue_bytes += socket->rx_queue_bytes;
        if (socket->state == PROCTCP_ESTABLISHED && socket->present & PROCTCP_HAS_RTT)
            times[samples++] = socket->rtt_us;
    }
    assert_int_equal(listener->sockets, sockets);
    assert_int_equal(listener->accept_queue, accept_queue);
    assert_int_equal(listener->connections, connections);
    assert_memory_equal(listener->by_state, by_state, sizeof(by_state));
    assert_int_equal(listener->rx_queue_bytes, rx_queue_bytes);
    check_times(listener, times, samples);
    check_holders(snapshot, listener);
}

/* Returns how many connections have a listener. */
static uint32_t check(const struct proctcp_snapshot *snapshot, const struct proctcp_socket *all, uint32_t count)
{
    uint32_t connections = 0;

    for (uint32_t i = 0; i < snapshot->listener_count; i++) {
        check_listener(snapshot, &snapshot->listeners[i], all, count);
        connections += snapshot->listeners[i].connections;
    }
    for (uint32_t i = 0; i < snapshot->socket_count; i++) {
        const struct proctcp_socket *socket = &snapshot->sockets[i];
        const struct proctcp_listener *listener = proctcp_find_listener(snapshot, socket->netns, &socket->local_address,
                                                                        socket->local_port, socket->interface);
        assert_true(socket->state != PROCTCP_LISTEN || listener);
        if (listener)
            assert_true(is_of(socket, listener));
    }
    return connections;
}

/* ---- */

static int teardown(void **state)
{
    (void)state;
    literal_free(&literal);
    literal = (struct literal){.snapshot = NULL};
    return 0;
}

static void each_listener_is_what_a_plain_look_says(void **state)
{
    uint32_t connections = 0;
    (void)state;
    for (seed = 1; seed <= CAPTURES; seed++) {
        const uint32_t kept = seed;
        make_capture();
        assert_int_equal(literal_end(&literal, NULL), 0);
        connections += check(literal.snapshot, literal.snapshot->sockets, literal.snapshot->socket_count);
        seed = kept;
    }
    assert_true(connections > CAPTURES);
}

/* A connection is not given to another listener because its own was left out. */
static void with_a_selection_it_is_that_of_what_was_selected(void **state)
{
    static const char *const rules[][2] = {
        {"local_port", "80"}, {"process", "any"}, {"exclude_state", "listen"}, {"exclude_local", "10.0.0.1,::"}};
    struct proctcp_selection *selections[4];
    uint32_t connections = 0;
    char error[128];
    (void)state;
    for (unsigned r = 0; r < 4; r++) {
        assert_int_equal(proctcp_selection_new(&selections[r]), 0);
        assert_int_equal(proctcp_selection_add(selections[r], rules[r][0], rules[r][1], error, sizeof(error)), 0);
    }
    for (seed = 1; seed <= CAPTURES; seed++) {
        const uint32_t kept = seed;
        const struct proctcp_snapshot *everything;
        make_capture();
        assert_int_equal(literal_end(&literal, NULL), 0);
        everything = proctcp_snapshot_ref(literal.snapshot);
        seed = kept;
        make_capture();
        assert_int_equal(literal_end(&literal, selections[kept % 4]), 0);
        connections += check(literal.snapshot, everything->sockets, everything->socket_count);
        proctcp_snapshot_unref(everything);
        seed = kept;
    }
    for (unsigned r = 0; r < 4; r++)
        proctcp_selection_free(selections[r]);
    assert_true(connections > CAPTURES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_listener_is_what_a_plain_look_says, teardown),
        cmocka_unit_test_teardown(with_a_selection_it_is_that_of_what_was_selected, teardown),
    };
    return cmocka_run_group_tests_name("listeners_random", tests, NULL, NULL);
}
