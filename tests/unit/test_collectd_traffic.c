/* What groups have sent and received, as sums that only go up. */
#include "../../plugins/collectd/traffic.h"
#include "test_collectd_snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct world {
    struct hand hand;
    struct sticky places;
    struct groups groups;
    struct traffic traffic;
};

static int set_up(void **state)
{
    static struct world world;

    memset(&world, 0, sizeof(world));
    hand_begin(&world.hand);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    traffic_free(&world->traffic);
    groups_free(&world->groups);
    sticky_free(&world->places);
    return 0;
}

/* The snapshot of a pass is built anew, process by process. */
static void begin_pass(struct world *world)
{
    hand_begin(&world->hand);
}

static struct proctcp_process *process(struct world *world, const char *name, int32_t pid, uint64_t since)
{
    struct proctcp_process *made = hand_process(&world->hand, name, 4, 0);

    made->pid = pid;
    made->present |= PROCTCP_HAS_TOTAL_PAYLOAD_RECEIVED;
    made->since.payload_received_bytes = since;
    hand_row_of_new(&world->hand, 443, 7, (uint16_t)(1000 + world->hand.snapshot.socket_count));
    return made;
}

static void end_pass_of(struct world *world, uint32_t max_groups)
{
    groups_free(&world->groups);
    assert_int_equal(groups_build(&world->hand.snapshot, max_groups, &world->places, &world->groups), 0);
    assert_int_equal(traffic_count(&world->traffic, &world->hand.snapshot, max_groups, &world->groups), 0);
}

static void end_pass(struct world *world)
{
    end_pass_of(world, 10);
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

static uint64_t received(const struct world *world, const char *name)
{
    assert_true(group(world, name)->has_traffic);
    return group(world, name)->traffic.payload_received_bytes;
}

static void every_counter_has_its_own_sum(void **state)
{
    struct world *world = *state;

    for (uint64_t pass = 1; pass <= 2; pass++) {
        struct proctcp_process *made;

        begin_pass(world);
        made = process(world, "web", 1, 1 * pass);
        made->since.payload_sent_bytes = 20 * pass;
        made->since.segs_out = 300 * pass;
        made->since.segs_in = 4000 * pass;
        made->since.retransmissions = 50000 * pass;
        made->since.bytes_sent = 600000 * pass;
        end_pass(world);
    }
    assert_int_equal(group(world, "web")->traffic.payload_received_bytes, 3);
    assert_int_equal(group(world, "web")->traffic.payload_sent_bytes, 60);
    assert_int_equal(group(world, "web")->traffic.segs_out, 900);
    assert_int_equal(group(world, "web")->traffic.segs_in, 12000);
    assert_int_equal(group(world, "web")->traffic.retransmissions, 150000);
}

static void a_sum_does_not_fall_when_a_process_ends(void **state)
{
    struct world *world = *state;

    process(world, "web", 1, 10);
    process(world, "web", 2, 1);
    end_pass(world);
    assert_int_equal(received(world, "web"), 11);
    begin_pass(world);
    process(world, "web", 1, 5);
    end_pass(world);
    assert_int_equal(received(world, "web"), 16);
}

static void a_process_that_is_renamed_gives_its_new_group_what_it_does_there(void **state)
{
    struct world *world = *state;

    process(world, "old", 1, 100);
    end_pass(world);
    begin_pass(world);
    process(world, "new", 1, 5);
    end_pass(world);
    assert_int_equal(received(world, "new"), 5);
}

static void a_group_that_comes_back_goes_on_where_it_was(void **state)
{
    struct world *world = *state;

    process(world, "web", 1, 100);
    end_pass(world);
    begin_pass(world);
    process(world, "db", 5, 7);
    end_pass(world);
    begin_pass(world);
    process(world, "web", 9, 3);
    end_pass(world);
    assert_int_equal(received(world, "web"), 103);
}

static void without_totals_there_is_no_traffic(void **state)
{
    struct world *world = *state;

    for (int pass = 0; pass < 2; pass++) {
        begin_pass(world);
        process(world, "web", 1, 100)->present &= ~(uint32_t)PROCTCP_HAS_TOTAL_PAYLOAD_RECEIVED;
        process(world, "db", 2, 100);
        end_pass(world);
        assert_false(group(world, "web")->has_traffic);
        assert_true(group(world, "db")->has_traffic);
    }
}

static void names_that_come_and_go_are_forgotten_and_no_sum_falls_for_it(void **state)
{
    struct world *world = *state;
    uint64_t last = 0;

    for (int pass = 0; pass < 500; pass++) {
        char name[16];

        begin_pass(world);
        snprintf(name, sizeof(name), "job%d", pass);
        process(world, name, 10 + pass, 1000);
        if (pass % 50 == 0)
            process(world, "rare", 1, (uint64_t)pass * 10);
        end_pass_of(world, 2);
        assert_true(world->traffic.series_count <= 6);
        if (pass % 50)
            continue;
        assert_true(received(world, "rare") >= last);
        last = received(world, "rare");
    }
    assert_true(last > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_counter_has_its_own_sum),
        TEST(a_sum_does_not_fall_when_a_process_ends),
        TEST(a_process_that_is_renamed_gives_its_new_group_what_it_does_there),
        TEST(a_group_that_comes_back_goes_on_where_it_was),
        TEST(without_totals_there_is_no_traffic),
        TEST(names_that_come_and_go_are_forgotten_and_no_sum_falls_for_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
