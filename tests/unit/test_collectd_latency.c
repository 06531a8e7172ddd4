/* Round-trip times of a group's connections. */
#include "../../plugins/collectd/latency.h"
#include "test_collectd_snapshot.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

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

static const struct group *measure(struct world *world, const char *name)
{
    groups_free(&world->groups);
    assert_int_equal(groups_build(&world->hand.snapshot, 10, &world->places, &world->groups), 0);
    assert_int_equal(latency_measure(&world->hand.snapshot, &world->groups), 0);
    for (uint32_t i = 0; i < world->groups.count; i++) {
        if (strcmp(world->groups.groups[i].name, name) == 0)
            return &world->groups.groups[i];
    }
    fail_msg("there is no group %s", name);
    return NULL;
}

static struct proctcp_socket *connection(struct hand *hand, uint32_t rtt_us)
{
    struct proctcp_socket *socket = hand_row_of_new(hand, 443, 7, (uint16_t)(1000 + hand->snapshot.socket_count));

    socket->present |= PROCTCP_HAS_RTT;
    socket->rtt_us = rtt_us;
    return socket;
}

static void assert_seconds(double value, double expected)
{
    if (fabs(value - expected) > 1e-9)
        fail_msg("%.9g should be %.9g", value, expected);
}

static void each_group_has_its_own_times(void **state)
{
    struct world *world = *state;

    hand_process(&world->hand, "web", 4, 0);
    for (uint32_t i = 100; i > 0; i--) /* 1 to 100 ms */
        connection(&world->hand, i * 1000);
    hand_process(&world->hand, "db", 4, 0);
    connection(&world->hand, 4294967295);
    assert_seconds(measure(world, "web")->rtt_average_s, 0.0505);
    assert_seconds(measure(world, "web")->rtt_p95_s, 0.095);
    assert_seconds(measure(world, "web")->rtt_max_s, 0.1);
    assert_seconds(measure(world, "db")->rtt_average_s, 4294.967295);
    assert_seconds(measure(world, "db")->rtt_p95_s, 4294.967295);
    assert_seconds(measure(world, "db")->rtt_max_s, 4294.967295);
}

static void only_established_sockets_with_a_sample_count(void **state)
{
    struct world *world = *state;

    hand_process(&world->hand, "web", 4, 0);
    connection(&world->hand, 9000)->state = PROCTCP_CLOSE_WAIT;
    connection(&world->hand, 9000)->present &= ~PROCTCP_HAS_RTT;
    hand_row_of_new(&world->hand, 443, 0, 0);
    assert_false(measure(world, "web")->has_rtt);
    connection(&world->hand, 0);
    assert_true(measure(world, "web")->has_rtt);
    assert_seconds(measure(world, "web")->rtt_max_s, 0);
}

static void a_shared_socket_counts_in_its_first_group_alone(void **state)
{
    struct world *world = *state;

    hand_process(&world->hand, "first", 4, 0);
    connection(&world->hand, 5000);
    hand_process(&world->hand, "second", 4, 0);
    hand_row(&world->hand, 0);
    assert_true(measure(world, "first")->has_rtt);
    assert_false(measure(world, "second")->has_rtt);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_group_has_its_own_times),
        TEST(only_established_sockets_with_a_sample_count),
        TEST(a_shared_socket_counts_in_its_first_group_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
