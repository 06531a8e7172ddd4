/* What is remembered of names from pass to pass, and how many new ones are given out. */
#include "../../plugins/collectd/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct memory memory;

static int set_up(void **state)
{
    (void)state;
    memory_new(&memory, 4, 2, true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_free(&memory);
    return 0;
}

/* One name in a pass of its own; NULL: none. Returns what its counter comes to. */
static uint64_t count(uint64_t when, const char *name, uint64_t now)
{
    uint64_t total = 0;

    memory_begin(&memory, when);
    if (name)
        total = memory_count(&memory, memory_of(&memory, name), 0, now);
    memory_end(&memory, true);
    return total;
}

static void a_counter_begins_at_0_and_never_goes_down(void **state)
{
    (void)state;
    assert_int_equal(count(100, "a", 1000), 0);
    assert_int_equal(count(110, "a", 1500), 500);
    assert_int_equal(count(120, "a", 1500), 500);
    assert_int_equal(count(130, "a", 20), 520); /* it began anew */
    assert_int_equal(count(140, NULL, 0), 0);
    assert_int_equal(count(150, "a", 25), 525);
    assert_int_equal(count(160, "b", 7), 7); /* came later: in full */
}

static void what_is_not_used_for_an_hour_is_forgotten(void **state)
{
    (void)state;
    assert_int_equal(count(100, "a", 1000), 0);
    assert_int_equal(count(110, NULL, 0), 0);
    assert_int_equal(memory.count, 1);
    assert_int_equal(count(100 + 3600, NULL, 0), 0);
    assert_int_equal(memory.count, 0);
}

static void not_much_is_remembered_that_is_not_used(void **state)
{
    char name[16];

    (void)state;
    memory_begin(&memory, 100);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        assert_non_null(memory_of(&memory, name));
    }
    memory_end(&memory, true);
    assert_int_equal(memory.count, 100);
    assert_int_equal(count(110, "n7", 0), 0);
    assert_int_equal(memory.count, 1 + 4);
}

static void of_what_is_not_used_the_system_s_names_stay(void **state)
{
    char name[16];

    (void)state;
    memory_begin(&memory, 100);
    assert_true(memory_may_name(&memory, memory_of(&memory, "sshd"), CHOSEN_BY_SYSTEM));
    memory_end(&memory, true);
    for (int i = 0; i < 20; i++) {
        memory_begin(&memory, 110 + (uint64_t)i * 1800);
        snprintf(name, sizeof(name), "n%d", i);
        (void)memory_may_name(&memory, memory_of(&memory, name), CHOSEN_BY_USER);
        if (i % 2)
            assert_true(memory_has_named(&memory, "sshd"));
        (void)memory_of(&memory, i % 2 ? "sshd" : "other");
        memory_end(&memory, true);
    }
}

static void a_sum_from_which_something_went_counts_nothing(void **state)
{
    (void)state;
    memory.counts_anew = false;
    assert_int_equal(count(100, "a", 80), 0);
    assert_int_equal(count(110, "a", 70), 0);
    assert_int_equal(count(120, "a", 75), 5);
}

static void a_pass_that_was_not_whole_is_no_beginning(void **state)
{
    (void)state;
    memory_begin(&memory, 100);
    memory_end(&memory, false);
    assert_int_equal(count(110, "a", 1000), 0);
    assert_int_equal(count(120, "a", 1001), 1);
}

static bool may(const char *name, enum chooser chooser)
{
    return memory_may_name(&memory, memory_of(&memory, name), chooser);
}

static void names_are_given_out_by_the_hour(void **state)
{
    (void)state;
    memory_begin(&memory, 1000);
    for (int i = 0; i < 10; i++) {
        char name[16];
        snprintf(name, sizeof(name), "first%d", i);
        assert_true(may(name, CHOSEN_BY_USER)); /* what is there at the start has its name */
    }
    memory_end(&memory, true);
    memory_begin(&memory, 1010);
    assert_true(may("first3", CHOSEN_BY_USER));
    assert_true(may("a", CHOSEN_BY_USER));
    assert_true(may("b", CHOSEN_BY_USER));
    assert_false(may("c", CHOSEN_BY_USER));
    assert_true(may("of the system", CHOSEN_BY_SYSTEM));
    assert_int_equal(memory.refused, 1);
    memory_end(&memory, true);
    memory_begin(&memory, 1020);
    assert_true(may("a", CHOSEN_BY_USER));
    assert_false(may("c", CHOSEN_BY_USER));
    memory_end(&memory, true);
    memory_begin(&memory, 1020 + 1800);
    assert_true(may("c", CHOSEN_BY_USER));
    assert_false(may("d", CHOSEN_BY_USER));
    memory_end(&memory, true);
    memory_begin(&memory, 500); /* the clock was set */
    assert_true(may("c", CHOSEN_BY_USER));
    assert_false(may("d", CHOSEN_BY_USER));
    memory_end(&memory, true);
}

static bool may_since(const char *name, uint64_t since)
{
    return memory_may_name_since(&memory, memory_of(&memory, name), CHOSEN_BY_USER, since);
}

/* 4 names in all, as many as could have been given out in the first pass, though more was there. */
static void what_was_there_in_the_first_pass_has_its_name_also_when_it_is_wanted_later(void **state)
{
    (void)state;
    memory_begin(&memory, 1000);
    memory_expect(&memory, 100);
    assert_true(may_since("at once", 1000));
    memory_end(&memory, true);
    memory_begin(&memory, 1300);
    assert_true(may_since("a", 1000));
    assert_true(may_since("b", 990));
    assert_true(may_since("new", 1001)); /* these two are new: all that an hour has */
    assert_true(may("newer", CHOSEN_BY_USER));
    assert_false(may_since("newest", 1001));
    memory_expect(&memory, 100); /* comes too late */
    assert_true(may_since("c", 1000));
    assert_true(may_since("d", 1000));
    assert_false(may_since("one too many", 1000));
    assert_int_equal(memory.refused, 2);
    memory_end(&memory, true);
    memory_begin(&memory, 1300 + 1800);
    assert_true(may_since("a", 1000)); /* it has one */
    assert_true(may_since("one too many", 1000));
    assert_false(may_since("another", 1000));
    memory_end(&memory, true);
}

static void a_pass_that_was_not_whole_is_not_the_first(void **state)
{
    (void)state;
    memory_begin(&memory, 1000);
    memory_end(&memory, false);
    memory_begin(&memory, 1010);
    memory_expect(&memory, 3);
    memory_end(&memory, true);
    memory_begin(&memory, 1020);
    assert_true(may_since("a", 1010));
    assert_true(may_since("b", 1010));
    assert_true(may_since("c", 1010));
    memory_end(&memory, true);
}

/* What comes within the second of the first pass is not told from what was there by its time, but by its number. */
static void no_more_has_its_name_later_than_was_there(void **state)
{
    (void)state;
    memory_begin(&memory, 1000);
    memory_expect(&memory, 1);
    memory_end(&memory, true);
    memory_begin(&memory, 1001);
    assert_true(may_since("a", 1000));
    assert_true(may_since("b", 1000)); /* these two are all that an hour has */
    assert_true(may_since("c", 1000));
    assert_false(may_since("d", 1000));
    memory_end(&memory, true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_counter_begins_at_0_and_never_goes_down),
        TEST(what_is_not_used_for_an_hour_is_forgotten),
        TEST(not_much_is_remembered_that_is_not_used),
        TEST(names_are_given_out_by_the_hour),
        TEST(of_what_is_not_used_the_system_s_names_stay),
        TEST(a_sum_from_which_something_went_counts_nothing),
        TEST(a_pass_that_was_not_whole_is_no_beginning),
        TEST(what_was_there_in_the_first_pass_has_its_name_also_when_it_is_wanted_later),
        TEST(a_pass_that_was_not_whole_is_not_the_first),
        TEST(no_more_has_its_name_later_than_was_there),
    };

    return cmocka_run_group_tests_name("collectd: memory", tests, NULL, NULL);
}
