/* Which of many get one of few places. */
#include "../../plugins/collectd/sticky.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include <cmocka.h>

#define CANDIDATES(...)                                                                                                \
    (struct sticky_candidate[])                                                                                        \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static bool is_chosen(const struct sticky_candidate *candidates, size_t places, uint64_t key)
{
    for (size_t i = 0; i < places; i++) {
        if (candidates[i].key == key)
            return true;
    }
    return false;
}

static void everybody_gets_a_place_while_there_are_enough(void **state)
{
    struct sticky sticky = {0};
    struct sticky_candidate *candidates = CANDIDATES({.key = 1}, {.key = 2});

    (void)state;
    assert_int_equal(sticky_choose(&sticky, candidates, 2, 2), 0);
    assert_int_equal(sticky.count, 2);
    sticky_free(&sticky);
}

static void free_places_go_to_the_heaviest(void **state)
{
    struct sticky sticky = {0};
    struct sticky_candidate *candidates =
        CANDIDATES({.key = 1, .weight = 5}, {.key = 2, .weight = 7}, {.key = 3, .weight = 6});

    (void)state;
    assert_int_equal(sticky_choose(&sticky, candidates, 3, 2), 0);
    assert_int_equal(candidates[0].key, 2);
    assert_int_equal(candidates[1].key, 3);
    sticky_free(&sticky);
}

static void of_equal_weight_the_lowest_key_goes_first_in_whatever_order_they_come(void **state)
{
    (void)state;
    for (uint64_t turn = 0; turn < 3; turn++) {
        struct sticky sticky = {0};
        struct sticky_candidate *candidates =
            CANDIDATES({.key = 1 + turn}, {.key = 1 + (turn + 1) % 3}, {.key = 1 + (turn + 2) % 3});

        assert_int_equal(sticky_choose(&sticky, candidates, 3, 1), 0);
        assert_int_equal(candidates[0].key, 1);
        sticky_free(&sticky);
    }
}

static void who_has_a_place_keeps_it_against_heavier_ones(void **state)
{
    struct sticky sticky = {0};
    struct sticky_candidate *first = CANDIDATES({.key = 10, .weight = 1}, {.key = 20, .weight = 1});
    struct sticky_candidate *second =
        CANDIDATES({.key = 5, .weight = 9}, {.key = 10, .weight = 0}, {.key = 30, .weight = 9}, {.key = 20});

    (void)state;
    assert_int_equal(sticky_choose(&sticky, first, 2, 2), 0);
    assert_int_equal(sticky_choose(&sticky, second, 4, 2), 0);
    assert_true(is_chosen(second, 2, 10));
    assert_true(is_chosen(second, 2, 20));
    sticky_free(&sticky);
}

static void who_vanished_is_forgotten_and_its_place_filled(void **state)
{
    struct sticky sticky = {0};
    struct sticky_candidate *first = CANDIDATES({.key = 10}, {.key = 20});
    struct sticky_candidate *second = CANDIDATES({.key = 10}, {.key = 30, .weight = 1}, {.key = 40, .weight = 2});
    struct sticky_candidate *third = CANDIDATES({.key = 10}, {.key = 20, .weight = 1}, {.key = 40});

    (void)state;
    assert_int_equal(sticky_choose(&sticky, first, 2, 2), 0);
    assert_int_equal(sticky_choose(&sticky, second, 3, 2), 0);
    assert_true(is_chosen(second, 2, 10));
    assert_true(is_chosen(second, 2, 40));
    assert_int_equal(sticky_choose(&sticky, third, 3, 2), 0);
    assert_false(is_chosen(third, 2, 20));
    sticky_free(&sticky);
}

static void nothing_is_remembered_of_nobody(void **state)
{
    struct sticky sticky = {0};
    struct sticky_candidate *candidates = CANDIDATES({.key = 1});

    (void)state;
    assert_int_equal(sticky_choose(&sticky, candidates, 1, 4), 0);
    assert_int_equal(sticky_choose(&sticky, NULL, 0, 4), 0);
    assert_int_equal(sticky.count, 0);
    assert_null(sticky.keys);
    sticky_free(&sticky);
}

static void two_of_one_key_do_not_take_more_places_than_there_are(void **state)
{
    struct sticky sticky = {0};
    struct sticky_candidate *first = CANDIDATES({.key = 1});
    struct sticky_candidate *second = CANDIDATES({.key = 1}, {.key = 1, .weight = 3}, {.key = 2, .weight = 9});

    (void)state;
    assert_int_equal(sticky_choose(&sticky, first, 1, 1), 0);
    assert_int_equal(sticky_choose(&sticky, second, 3, 1), 0);
    assert_int_equal(sticky.count, 1);
    sticky_free(&sticky);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_gets_a_place_while_there_are_enough),
        cmocka_unit_test(free_places_go_to_the_heaviest),
        cmocka_unit_test(of_equal_weight_the_lowest_key_goes_first_in_whatever_order_they_come),
        cmocka_unit_test(who_has_a_place_keeps_it_against_heavier_ones),
        cmocka_unit_test(who_vanished_is_forgotten_and_its_place_filled),
        cmocka_unit_test(nothing_is_remembered_of_nobody),
        cmocka_unit_test(two_of_one_key_do_not_take_more_places_than_there_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
