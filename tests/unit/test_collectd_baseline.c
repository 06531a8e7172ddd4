/* What groups had counted when the plugin began. */
#include "../../plugins/collectd/baseline.h"
#include "testing.h"

static const struct proctcp_group groups[] = {{.name = "a", .totals = {.bytes_sent = 5}},
                                              {.name = "b", .totals = {.bytes_sent = 6}}};

static void what_was_counted_before_is_known_by_name_at_any_place(void **state)
{
    struct baseline baseline = {.count = 0};
    const struct proctcp_snapshot snapshot = {.groups = groups, .group_count = 2}, later = {.groups = groups};
    const struct proctcp_group other = {.name = "c"};

    (void)state;
    assert_int_equal(baseline_set(&baseline, &snapshot), 0);
    assert_int_equal(baseline_set(&baseline, &later), 0);
    assert_int_equal(baseline_of(&baseline, &groups[1])->totals.bytes_sent, 6);
    assert_int_equal(baseline_of(&baseline, &groups[0])->totals.bytes_sent, 5);
    assert_int_equal(baseline_of(&baseline, &other)->totals.bytes_sent, 0);
    baseline_free(&baseline);
}

static void a_group_that_came_later_had_counted_nothing(void **state)
{
    struct baseline baseline = {.count = 0};
    const struct proctcp_snapshot empty = {.groups = groups};

    (void)state;
    assert_int_equal(baseline_set(&baseline, &empty), 0);
    assert_int_equal(baseline_of(&baseline, &groups[0])->totals.bytes_sent, 0);
    baseline_free(&baseline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_counted_before_is_known_by_name_at_any_place),
        cmocka_unit_test(a_group_that_came_later_had_counted_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
