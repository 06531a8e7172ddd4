/* Which sockets are published one by one, and under what name. */
#include "../../plugins/collectd/sockets.h"
#include "test_collectd_snapshot.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct world {
    struct hand hand;
    struct sticky places;
    struct socket_choices choices;
    uint8_t wished;
};

static int set_up(void **state)
{
    static struct world world;

    memset(&world, 0, sizeof(world));
    hand_begin(&world.hand);
    world.hand.snapshot.stats.time = 1000;
    world.wished = SOCKETS_EVERY;
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    socket_choices_free(&world->choices);
    sticky_free(&world->places);
    return 0;
}

static void choose_by(struct world *world, enum sockets_sort sort, uint32_t max)
{
    struct group_wish groups[HAND_ROOM];

    for (size_t i = 0; i < HAND_ROOM; i++)
        groups[i] = (struct group_wish){.sockets = world->wished};
    socket_choices_free(&world->choices);
    assert_int_equal(
        sockets_choose(&world->hand.snapshot,
                       &(struct socket_wishes){.groups = groups, .sort = sort, .max = max, .min_age_s = 60},
                       &world->places, &world->choices),
        0);
}

static void choose(struct world *world, uint32_t max)
{
    choose_by(world, SOCKETS_BY_QUEUE, max);
}

static bool has_name(const struct world *world, const char *name)
{
    for (uint32_t i = 0; i < world->choices.count; i++) {
        if (strcmp(world->choices.choices[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool is_chosen(const struct world *world, uint16_t remote_port)
{
    for (uint32_t i = 0; i < world->choices.count; i++) {
        if (world->hand.sockets[world->choices.choices[i].socket].remote_port == remote_port)
            return true;
    }
    return false;
}

static void a_name_is_local_port_and_remote_end(void **state)
{
    struct world *world = *state;

    hand_process(&world->hand, "nginx", 4, 0);
    hand_row_of_new(&world->hand, 443, 7, 50001);
    hand_row_of_new(&world->hand, 443, 0, 0);
    inet_pton(AF_INET6, "2001:db8::7", hand_row_of_new(&world->hand, 443, 7, 50001)->remote_address.bytes);
    choose(world, 10);
    assert_int_equal(world->choices.count, 3);
    assert_true(has_name(world, "443-192.0.2.7-50001"));
    assert_true(has_name(world, "443-listen"));
    assert_true(has_name(world, "443-2001:db8::7-50001"));
}

static void the_longest_name_is_not_cut(void **state)
{
    struct world *world = *state;
    static const char address[] = "1111:2222:3333:4444:5555:6666:7777:8888";

    hand_process(&world->hand, "nginx", 4, 0);
    inet_pton(AF_INET6, address, hand_row_of_new(&world->hand, 60000, 7, 50001)->remote_address.bytes);
    choose(world, 10);
    assert_true(has_name(world, "60000-1111:2222:3333:4444:5555:6666:7777:8888-50001"));
}

static void only_what_is_ambiguous_names_its_local_address(void **state)
{
    struct world *world = *state;

    hand_process(&world->hand, "dns", 4, 0);
    hand_row_of_new(&world->hand, 53, 0, 0);
    hand_row_of_new(&world->hand, 53, 0, 0)->local_address = hand_address(2);
    hand_row_of_new(&world->hand, 54, 0, 0);
    choose(world, 10);
    assert_true(has_name(world, "192.0.2.1-53-listen"));
    assert_true(has_name(world, "192.0.2.2-53-listen"));
    assert_true(has_name(world, "54-listen"));
    for (uint32_t i = 0; i < world->choices.count; i++)
        assert_false(world->choices.choices[i].is_numbered);
}

static void what_shares_all_endpoints_is_numbered_by_inode(void **state)
{
    struct world *world = *state;
    char first[SOCKET_NAME_SIZE];

    hand_process(&world->hand, "dns", 4, 0);
    hand_row_of_new(&world->hand, 53, 0, 0)->inode = 9;
    hand_row_of_new(&world->hand, 53, 0, 0)->inode = 7;
    hand_row_of_new(&world->hand, 53, 0, 0)->inode = 8;
    choose(world, 10);
    assert_true(has_name(world, "192.0.2.1-53-listen"));
    assert_true(has_name(world, "192.0.2.1-53-listen-2"));
    assert_true(has_name(world, "192.0.2.1-53-listen-3"));
    for (uint32_t i = 0; i < 3; i++)
        assert_true(world->choices.choices[i].is_numbered);
    strcpy(first, world->choices.choices[0].name);
    assert_string_equal(first, "192.0.2.1-53-listen");
    assert_int_equal(world->hand.sockets[world->choices.choices[0].socket].inode, 7);
}

static void equal_names_in_two_groups_are_not_ambiguous(void **state)
{
    struct world *world = *state;

    hand_process(&world->hand, "one", 4, 0);
    hand_row_of_new(&world->hand, 53, 0, 0);
    hand_process(&world->hand, "two", 4, 0);
    hand_row_of_new(&world->hand, 53, 0, 0);
    choose(world, 10);
    assert_string_equal(world->choices.choices[0].name, "53-listen");
    assert_string_equal(world->choices.choices[1].name, "53-listen");
    assert_int_not_equal(world->choices.choices[0].group, world->choices.choices[1].group);
}

static void names_are_unique_even_when_they_must_be_cut(void **state)
{
    struct world *world = *state;

    hand_process(&world->hand, "dns", 4, 0);
    for (uint32_t netns = 1; netns < 6; netns++) {
        struct proctcp_socket *socket = hand_row_of_new(&world->hand, 60000, 7, 50001);

        inet_pton(AF_INET6, "1111:2222:3333:4444:5555:6666:7777:8888", socket->remote_address.bytes);
        inet_pton(AF_INET6, "1111:2222:3333:4444:5555:6666:7777:9999", socket->local_address.bytes);
        socket->netns = netns;
    }
    choose(world, 10);
    for (uint32_t i = 1; i < 5; i++)
        assert_string_not_equal(world->choices.choices[i - 1].name, world->choices.choices[i].name);
}

static void free_places_go_to_the_longest_queues(void **state)
{
    struct world *world = *state;

    hand_process(&world->hand, "db", 4, 0);
    hand_row_of_new(&world->hand, 443, 7, 1)->tx_queue_bytes = 5;
    hand_row_of_new(&world->hand, 443, 7, 2);
    hand_row_of_new(&world->hand, 443, 7, 3)->rx_queue_bytes = 6;
    choose(world, 2);
    assert_int_equal(world->choices.count, 2);
    assert_int_equal(world->choices.left_out, 1);
    assert_false(is_chosen(world, 2));
}

static void free_places_go_to_the_first_of_what_is_asked_for(void **state)
{
    static const struct {
        enum sockets_sort sort;
        uint16_t first;
    } cases[] = {{SOCKETS_BY_QUEUE, 1}, {SOCKETS_BY_BYTES, 2}, {SOCKETS_BY_RETRANS, 3}, {SOCKETS_BY_RTT, 4}};
    struct world *world = *state;
    struct proctcp_socket *sockets[6];

    hand_process(&world->hand, "db", 4, 0);
    for (uint16_t port = 1; port < 6; port++) {
        sockets[port] = hand_row_of_new(&world->hand, 443, 7, port);
        sockets[port]->present |= PROCTCP_HAS_BYTES | PROCTCP_HAS_INFO | PROCTCP_HAS_RTT;
    }
    sockets[1]->tx_queue_bytes = 1;
    sockets[2]->bytes_received = 5000000000;
    hand_impairment(&world->hand, sockets[3])->total_retrans = 1;
    sockets[4]->rtt_us = 1;
    sockets[5]->present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE; /* numbers that are not there weigh nothing */
    sockets[5]->tx_queue_bytes = sockets[5]->rtt_us = 7;
    sockets[5]->bytes_acked = 6000000000;
    hand_impairment(&world->hand, sockets[5])->total_retrans = 7;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sticky_free(&world->places);
        choose_by(world, cases[i].sort, 1);
        assert_true(is_chosen(world, cases[i].first));
    }
}

static void a_socket_keeps_its_place_for_as_long_as_it_lives(void **state)
{
    struct world *world = *state;
    struct hand *hand = &world->hand;
    struct proctcp_socket *first;

    hand_process(hand, "db", 4, 0);
    first = hand_row_of_new(hand, 443, 7, 1);
    choose(world, 1);
    assert_true(is_chosen(world, 1));

    hand_row_of_new(hand, 443, 7, 2)->rx_queue_bytes = 1000;
    choose(world, 1);
    assert_true(is_chosen(world, 1));
    assert_int_equal(world->choices.left_out, 1);

    /* Another connection in its stead, of the same endpoints. */
    first->inode = 4711;
    choose(world, 1);
    assert_true(is_chosen(world, 2));
}

static void what_nobody_holds_or_has_no_address_is_no_candidate(void **state)
{
    struct world *world = *state;

    hand_process(&world->hand, "db", 4, 0);
    hand_row_of_new(&world->hand, 443, 7, 1);
    hand_row_of_new(&world->hand, 0, 7, 2)->present = 0;
    hand_socket(&world->hand, 443, 7, 4);
    choose(world, 10);
    assert_int_equal(world->choices.count, 1);
    assert_int_equal(world->choices.left_out, 0);
    assert_true(is_chosen(world, 1));
}

static void a_socket_of_many_rows_is_chosen_once(void **state)
{
    struct world *world = *state;
    uint32_t shared = hand_socket(&world->hand, 80, 0, 0);

    for (int worker = 0; worker < 4; worker++) {
        hand_process(&world->hand, worker % 2 ? "odd" : "even", 4, 0);
        hand_row(&world->hand, shared);
    }
    choose(world, 10);
    assert_int_equal(world->choices.count, 1);
    assert_string_equal(world->hand.groups[world->choices.choices[0].group].name, "even");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void only_what_is_wished_for_and_old_enough_is_chosen(void **state)
{
    struct world *world = *state;

    hand_process(&world->hand, "nginx", 10, 0);
    (void)hand_row_of_new(&world->hand, 80, 0, 0);
    (void)hand_row_of_new(&world->hand, 80, 7, 1000);
    hand_row_of_new(&world->hand, 80, 7, 1001)->first_seen = 941;
    choose(world, 10);
    assert_int_equal(world->choices.count, 2);
    assert_int_equal(world->choices.young, 1);
    assert_true(is_chosen(world, 1000));
    world->hand.snapshot.stats.time = 1001;
    choose(world, 10);
    assert_int_equal(world->choices.count, 3);
    world->wished = SOCKETS_LISTENING;
    choose(world, 10);
    assert_int_equal(world->choices.count, 1);
    assert_true(has_name(world, "80-listen"));
    world->wished = SOCKETS_NONE;
    choose(world, 10);
    assert_int_equal(world->choices.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_is_local_port_and_remote_end),
        TEST(the_longest_name_is_not_cut),
        TEST(only_what_is_ambiguous_names_its_local_address),
        TEST(what_shares_all_endpoints_is_numbered_by_inode),
        TEST(equal_names_in_two_groups_are_not_ambiguous),
        TEST(names_are_unique_even_when_they_must_be_cut),
        TEST(free_places_go_to_the_longest_queues),
        TEST(free_places_go_to_the_first_of_what_is_asked_for),
        TEST(a_socket_keeps_its_place_for_as_long_as_it_lives),
        TEST(what_nobody_holds_or_has_no_address_is_no_candidate),
        TEST(a_socket_of_many_rows_is_chosen_once),
        TEST(only_what_is_wished_for_and_old_enough_is_chosen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
