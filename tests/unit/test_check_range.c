/* test_check_range.c - ranges of monitoring plugins. */
#include "../../plugins/check/range.h"

#include "testing.h"

static bool alerts(const char *text, double value)
{
    struct range range;

    assert_true(range_parse(text, &range));
    return range_alerts(&range, value);
}

static void a_number_is_the_end_of_a_range_from_0(void **state)
{
    (void)state;
    assert_false(alerts("10", 0));
    assert_false(alerts("10", 10));
    assert_true(alerts("10", 10.1));
    assert_true(alerts("10", -1));
    assert_false(alerts("0", 0));
    assert_true(alerts("0", 1));
}

static void a_start_an_end_or_both_may_be_given(void **state)
{
    (void)state;
    assert_true(alerts("10:", 9));
    assert_false(alerts("10:", 10));
    assert_false(alerts("10:", 1e12));
    assert_false(alerts("~:10", -1e12));
    assert_true(alerts("~:10", 11));
    assert_true(alerts("10:20", 9.9));
    assert_false(alerts("10:20", 10));
    assert_false(alerts("10:20", 20));
    assert_true(alerts("10:20", 20.5));
    assert_false(alerts("-5:-1", -3));
    assert_false(alerts(":5", 3));
    assert_true(alerts(":5", -1));
    assert_false(alerts("2.5:2.5", 2.5));
}

static void an_at_sign_turns_it_round(void **state)
{
    (void)state;
    assert_true(alerts("@10:20", 10));
    assert_true(alerts("@10:20", 20));
    assert_false(alerts("@10:20", 21));
    assert_true(alerts("@10", 3));
    assert_false(alerts("@10", 11));
    assert_true(alerts("@~:0", -7));
}

static void what_is_no_range_is_refused(void **state)
{
    static const char *const words[] = {"",
                                        "@",
                                        ":",
                                        "@:",
                                        "x",
                                        "10%",
                                        "10:x",
                                        "20:10",
                                        "10,20",
                                        "~",
                                        "10:~",
                                        "1e3",
                                        "0x10",
                                        "nan",
                                        "inf",
                                        " 10",
                                        "10 ",
                                        "1:2:3",
                                        "@@1",
                                        "--1",
                                        "1-2",
                                        ".",
                                        "111111111111111111111111111111111111"};
    struct range range;

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        assert_false(range_parse(words[i], &range));
}

static bool alerts_from(const char *text, double value)
{
    struct range range;

    assert_true(range_parse(text, &range));
    return range_alerts_from(&range, value);
}

static void of_a_value_that_may_be_more_only_what_is_certain_alerts(void **state)
{
    (void)state;
    assert_true(alerts_from("10", 11));
    assert_false(alerts_from("10", 10));
    assert_false(alerts_from("1:", 0)); /* there may be one */
    assert_false(alerts_from("@10:20", 15));
    assert_true(alerts_from("@10:", 15));
    assert_false(alerts_from("@10:", 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_the_end_of_a_range_from_0),
        cmocka_unit_test(a_start_an_end_or_both_may_be_given),
        cmocka_unit_test(an_at_sign_turns_it_round),
        cmocka_unit_test(what_is_no_range_is_refused),
        cmocka_unit_test(of_a_value_that_may_be_more_only_what_is_certain_alerts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
