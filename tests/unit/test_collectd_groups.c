/* The processes of one name, and the sockets that they hold, summed. */
#include "../../plugins/collectd/groups.h"
#include "test_collectd_snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct world {
    struct hand hand;
    struct sticky places;
    struct groups groups;
};

static int set_up(void **state)
{
    static struct world world;

    hand_begin(&world.hand);
    world.places = (struct sticky){0};
    world.groups = (struct groups){0};
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    groups_free(&world->groups);
    sticky_free(&world->places);
    return 0;
}

static void build(struct world *world, uint32_t max_groups)
{
    groups_free(&world->groups);
    assert_int_equal(groups_build(&world->hand.snapshot, max_groups, &world->places, &world->groups), 0);
}

static const struct group *group(const struct world *world, const char *name)
{
    for (uint32_t i = 0; i < world->groups.count; i++) {
        if (strcmp(world->groups.groups[i].name, name) == 0)
            return &world->groups.groups[i];
    }
    fail_msg("there is no group %s", name);
    return NULL;
}

static void processes_of_one_name_are_one_group(void **state)
{
    struct world *world = *state;
    struct hand *hand = &world->hand;

    hand_process(hand, "nginx", 4, 0);
    hand_row_of_new(hand, 443, 7, 50001)->tx_queue_bytes = 5;
    hand_process(hand, "cat", 4, 0);
    hand_row_of_new(hand, 50001, 7, 443)->rx_queue_bytes = 3;
    hand_process(hand, "nginx", 4, 0);
    hand_row_of_new(hand, 443, 7, 50002)->tx_queue_bytes = 6;
    build(world, 10);
    assert_int_equal(world->groups.count, 2);
    assert_string_equal(world->groups.groups[0].name, "cat");
    assert_int_equal(group(world, "nginx")->processes, 2);
    assert_int_equal(group(world, "nginx")->sockets, 2);
    assert_int_equal(group(world, "nginx")->by_state[PROCTCP_ESTABLISHED], 2);
    assert_int_equal(group(world, "nginx")->tx_queue_bytes, 11);
    assert_int_equal(group(world, "nginx")->rx_queue_bytes, 0);
    assert_int_equal(group(world, "cat")->rx_queue_bytes, 3);
}

static void a_socket_shared_within_a_group_counts_once(void **state)
{
    struct world *world = *state;
    struct hand *hand = &world->hand;
    uint32_t listener = hand_socket(hand, 80, 0, 0);

    hand->sockets[listener].accept_queue = 9;
    for (int worker = 0; worker < 3; worker++) {
        hand_process(hand, "httpd", 4, 0);
        hand_row(hand, listener);
        hand_row(hand, listener);
        hand_row_of_new(hand, 80, 7, (uint16_t)(50000 + worker))->rx_queue_bytes = 2;
    }
    build(world, 10);
    assert_int_equal(group(world, "httpd")->processes, 3);
    assert_int_equal(group(world, "httpd")->sockets, 4);
    assert_int_equal(group(world, "httpd")->by_state[PROCTCP_LISTEN], 1);
    assert_int_equal(group(world, "httpd")->by_state[PROCTCP_ESTABLISHED], 3);
    assert_int_equal(group(world, "httpd")->accept_queue, 9);
    assert_int_equal(group(world, "httpd")->rx_queue_bytes, 6);
}

static void the_size_of_accept_queues_is_summed_if_every_listener_has_it(void **state)
{
    struct world *world = *state;
    struct hand *hand = &world->hand;

    for (int i = 0; i < 4; i++) {
        static const char *const names[] = {"all", "all", "some", "some"};
        struct proctcp_socket *listener;

        if (i % 2 == 0)
            hand_process(hand, names[i], 4, 0);
        listener = hand_row_of_new(hand, (uint16_t)(80 + i), 0, 0);
        if (i == 3)
            continue;
        listener->present |= PROCTCP_HAS_ACCEPT_QUEUE_MAX;
        listener->accept_queue_max = 100;
    }
    build(world, 10);
    assert_true(group(world, "all")->has_accept_queue_max);
    assert_int_equal(group(world, "all")->accept_queue_max, 200);
    assert_true(group(world, "some")->has_accept_queue);
    assert_false(group(world, "some")->has_accept_queue_max);
}

static void a_socket_shared_by_groups_counts_in_each_and_is_summed_at_rank_1(void **state)
{
    struct world *world = *state;
    struct hand *hand = &world->hand;
    uint32_t shared = hand_socket(hand, 80, 7, 50000);

    hand->sockets[shared].rx_queue_bytes = 4;
    hand_process(hand, "zsh", 4, 0);
    hand_row(hand, shared);
    hand_process(hand, "bash", 4, 0);
    hand_row(hand, shared);
    hand_process(hand, "zsh", 4, 0);
    hand_row(hand, shared);
    build(world, 10);
    assert_int_equal(group(world, "zsh")->sockets, 1);
    assert_int_equal(group(world, "bash")->sockets, 1);
    assert_int_equal(group(world, "zsh")->rx_queue_bytes, 4);
    assert_int_equal(group(world, "bash")->rx_queue_bytes, 0);
}

static void an_empty_snapshot_has_no_groups(void **state)
{
    struct world *world = *state;

    build(world, 10);
    assert_int_equal(world->groups.count, 0);
}

static void unbound_sockets_are_counted_and_have_no_queues(void **state)
{
    struct world *world = *state;
    struct proctcp_socket *unbound;

    hand_process(&world->hand, "leaky", 4, 0);
    unbound = hand_row_of_new(&world->hand, 0, 1, 0);
    unbound->present = 0;
    unbound->state = PROCTCP_CLOSED;
    build(world, 10);
    assert_int_equal(group(world, "leaky")->unbound, 1);
    assert_int_equal(group(world, "leaky")->by_state[PROCTCP_CLOSED], 1);
    assert_int_equal(group(world, "leaky")->sockets, 1);
    assert_true(group(world, "leaky")->has_queues);
}

static void queues_that_no_connection_has_are_absent(void **state)
{
    struct world *world = *state;

    hand_process(&world->hand, "old", 4, 0);
    hand_row_of_new(&world->hand, 443, 7, 50001)->present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE;
    hand_process(&world->hand, "listener", 4, 0);
    hand_row_of_new(&world->hand, 443, 0, 0);
    build(world, 10);
    assert_false(group(world, "old")->has_queues);
    assert_false(group(world, "old")->has_accept_queue);
    assert_true(group(world, "listener")->has_queues);
    assert_true(group(world, "listener")->has_accept_queue);
}

static void descriptors_are_those_of_the_process_nearest_to_its_limit(void **state)
{
    struct world *world = *state;
    static const struct {
        uint32_t fds;
        uint64_t limit;
    } processes[] = {{900, 10000}, {5000, 0}, {60, 100}, {600, 1024}, {6, 10}};

    for (size_t i = 0; i < sizeof(processes) / sizeof(processes[0]); i++) {
        hand_process(&world->hand, "db", processes[i].fds, processes[i].limit);
        hand_row_of_new(&world->hand, 443, 7, (uint16_t)(50000 + i));
    }
    build(world, 10);
    assert_int_equal(group(world, "db")->fds, 60);
    assert_int_equal(group(world, "db")->fd_limit, 100);
}

static void without_any_limit_descriptors_are_the_most(void **state)
{
    struct world *world = *state;

    hand_process(&world->hand, "db", 5, 0);
    hand_row_of_new(&world->hand, 443, 7, 50000);
    hand_process(&world->hand, "db", 50, 0);
    hand_row_of_new(&world->hand, 443, 7, 50001);
    hand_process(&world->hand, "db", 6, 0);
    hand_row_of_new(&world->hand, 443, 7, 50002);
    build(world, 10);
    assert_int_equal(group(world, "db")->fds, 50);
    assert_int_equal(group(world, "db")->fd_limit, 0);
}

static void names_beyond_the_most_are_summed_in_one(void **state)
{
    struct world *world = *state;
    struct hand *hand = &world->hand;
    uint32_t shared = hand_socket(hand, 80, 7, 50000);
    char name[16];

    for (uint16_t i = 0; i < 5; i++) {
        snprintf(name, sizeof(name), "p%d", i);
        hand_process(hand, name, 4, 0);
        hand_row(hand, shared);
        for (uint16_t connection = 0; connection < i; connection++)
            hand_row_of_new(hand, 443, 7, (uint16_t)(1000 * i + connection));
    }
    build(world, 2);
    assert_int_equal(world->groups.count, 3);
    assert_int_equal(world->groups.summed_in_other, 3);
    assert_string_equal(world->groups.groups[0].name, "p3");
    assert_string_equal(world->groups.groups[1].name, "p4");
    assert_string_equal(world->groups.groups[2].name, IDENTIFIER_OTHER);
    assert_int_equal(world->groups.groups[2].processes, 3);
    assert_int_equal(world->groups.groups[2].sockets, 0 + 1 + 2 + 1);
    assert_int_equal(world->groups.home[shared], 2);
}

static void a_name_keeps_its_group_when_a_larger_one_comes(void **state)
{
    struct world *world = *state;
    struct hand *hand = &world->hand;

    hand_process(hand, "small", 4, 0);
    hand_row_of_new(hand, 443, 7, 50000);
    build(world, 1);
    hand_process(hand, "large", 4, 0);
    hand_row_of_new(hand, 443, 7, 50001);
    hand_row_of_new(hand, 443, 7, 50002);
    build(world, 1);
    assert_int_equal(group(world, "small")->sockets, 1);
    assert_int_equal(group(world, IDENTIFIER_OTHER)->sockets, 2);
    assert_int_equal(world->places.count, 1);
}

static void hostile_names_are_groups_of_their_own(void **state)
{
    static const char *const names[] = {"a b", "a_b", "a/b", "a\nb", "\xff\xfe", "", "_other", "proctcp-self", "a+20b"};
    const uint32_t count = sizeof(names) / sizeof(names[0]);
    struct world *world = *state;

    for (uint32_t i = 0; i < count; i++) {
        hand_process(&world->hand, names[i], 4, 0);
        hand_row_of_new(&world->hand, 443, 7, (uint16_t)(50000 + i));
    }
    build(world, count);
    assert_int_equal(world->groups.count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(world->groups.groups[i].sockets, 1);
        assert_string_not_equal(world->groups.groups[i].name, IDENTIFIER_OTHER);
        assert_string_not_equal(world->groups.groups[i].name, IDENTIFIER_SELF);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(processes_of_one_name_are_one_group),
        TEST(a_socket_shared_within_a_group_counts_once),
        TEST(the_size_of_accept_queues_is_summed_if_every_listener_has_it),
        TEST(a_socket_shared_by_groups_counts_in_each_and_is_summed_at_rank_1),
        TEST(an_empty_snapshot_has_no_groups),
        TEST(unbound_sockets_are_counted_and_have_no_queues),
        TEST(queues_that_no_connection_has_are_absent),
        TEST(descriptors_are_those_of_the_process_nearest_to_its_limit),
        TEST(without_any_limit_descriptors_are_the_most),
        TEST(names_beyond_the_most_are_summed_in_one),
        TEST(a_name_keeps_its_group_when_a_larger_one_comes),
        TEST(hostile_names_are_groups_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
