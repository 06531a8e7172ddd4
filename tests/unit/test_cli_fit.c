/* Columns on a line that has an end, and text that is cut for them. */
#include "../../plugins/cli/cut.h"
#include "../../plugins/cli/fit.h"
#include "testing.h"

#include <string.h>

static const char *cut(const char *text, size_t width, bool utf8)
{
    static char made[512];
    size_t columns;
    const size_t length = cut_middle(text, strlen(text), width, utf8, made, &columns);

    made[length] = '\0';
    assert_true(columns <= width);
    assert_int_equal(columns, utf8 && width ? length - 2 : length);
    return made;
}

static void a_cut_keeps_both_ends(void **state)
{
    (void)state;
    assert_string_equal(cut("[2001:db8:1:2:3:4:5:6]:50112", 15, false), "[2001:d..:50112");
    assert_string_equal(cut("/usr/lib/postgresql/15/bin/postgres", 16, true), "/usr/lib\xe2\x80\xa6ostgres");
    assert_string_equal(cut("abcdef", 5, false), "ab..f");
    assert_string_equal(cut("abcdef", 4, false), "a..f");
}

static void a_cut_fits_in_any_width(void **state)
{
    char longest[384];
    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    for (size_t width = 1; width < sizeof(longest) - 1; width++) {
        assert_int_equal(strlen(cut(longest, width, false)), width);
        assert_int_equal(strlen(cut(longest, width, true)), width + 2);
    }
    assert_string_equal(cut("abcdef", 1, false), ".");
    assert_string_equal(cut("abcdef", 2, false), "..");
    assert_string_equal(cut("abcdef", 3, false), "a..");
    assert_string_equal(cut("abcdef", 1, true), "\xe2\x80\xa6");
}

static void an_escape_is_kept_or_left_out_as_a_whole(void **state)
{
    const char *text = "a\\x0ab\\x0bc\\x0cd\\x0de\\x0ef";
    (void)state;
    for (size_t width = 1; width < strlen(text); width++) {
        const char *made = cut(text, width, false);
        const char *mark = strstr(made, "..");
        for (const char *at = strchr(made, '\\'); at; at = strchr(at + 1, '\\')) {
            assert_int_equal(strspn(at, "\\x0abcdef") >= 4, true);
            if (mark)
                assert_true(at + 4 <= mark || at > mark);
        }
        if (mark) /* what follows the mark begins with a letter or an escape, not with the rest of one */
            assert_true(mark[2] == '\0' || mark[2] == '\\' || strchr("abcdef", mark[2]));
    }
    assert_string_equal(cut("\\x0a\\x0a\\x0a\\x0a", 15, false), "\\x0a..\\x0a");
}

static void what_fits_is_left_as_it_is(void **state)
{
    struct fit_column columns[] = {{.width = 10, .least = 4}, {.width = 5}, {.width = 6, .least = 3}};
    size_t gap;
    (void)state;
    assert_int_equal(fit_columns(columns, 3, 25, &gap), 3);
    assert_int_equal(gap, 2);
    assert_int_equal(columns[0].width + columns[1].width + columns[2].width, 21);
    assert_int_equal(fit_columns(columns, 3, 24, &gap), 3);
    assert_int_equal(gap, 1);
    assert_int_equal(columns[0].width + columns[1].width + columns[2].width, 21);
}

/* 100 addresses of 15, and one of 47, beside names of 12. */
static void one_long_cell_does_not_make_the_others_go_short(void **state)
{
    uint32_t addresses[64] = {[15] = 100, [47] = 1}, names[64] = {[12] = 101};
    struct fit_column columns[] = {{.width = 12, .least = 6, .lengths = names},
                                   {.width = 47, .least = 10, .lengths = addresses}};
    size_t gap;
    (void)state;
    assert_int_equal(fit_columns(columns, 2, 28, &gap), 2);
    assert_int_equal(columns[0].width, 12);
    assert_int_equal(columns[1].width, 15);
}

/* Cutting nine of ten cells is not better than cutting one of them a little more. */
static void of_two_columns_the_one_is_cut_whose_cells_lose_less(void **state)
{
    uint32_t many[64] = {[20] = 90, [5] = 10}, few[64] = {[20] = 1, [5] = 99};
    struct fit_column columns[] = {{.width = 20, .least = 5, .lengths = many},
                                   {.width = 20, .least = 5, .lengths = few}};
    size_t gap;
    (void)state;
    assert_int_equal(fit_columns(columns, 2, 31, &gap), 2);
    assert_int_equal(columns[0].width, 20);
    assert_int_equal(columns[1].width, 10);
}

static void lines_are_never_longer_than_the_room(void **state)
{
    (void)state;
    for (size_t room = 1; room < 120; room++) {
        uint32_t lengths[64] = {[7] = 3, [40] = 2};
        struct fit_column columns[] = {{.width = 40, .least = 8, .lengths = lengths},
                                       {.width = 6},
                                       {.width = 40, .least = 15, .lengths = lengths},
                                       {.width = 11},
                                       {.width = 30, .least = 10}};
        size_t gap, used = 0, shown = fit_columns(columns, 5, room, &gap);
        assert_in_range(shown, 1, 5);
        for (size_t c = 0; c < shown; c++)
            used += columns[c].width + (c ? gap : 0);
        assert_true(used <= room);
        assert_true(columns[0].width >= 1);
        if (shown < 5) /* it would not fit with the next one */
            assert_true(shown == 1 || used + gap + columns[shown].width > room);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_keeps_both_ends),
        cmocka_unit_test(a_cut_fits_in_any_width),
        cmocka_unit_test(an_escape_is_kept_or_left_out_as_a_whole),
        cmocka_unit_test(what_fits_is_left_as_it_is),
        cmocka_unit_test(one_long_cell_does_not_make_the_others_go_short),
        cmocka_unit_test(of_two_columns_the_one_is_cut_whose_cells_lose_less),
        cmocka_unit_test(lines_are_never_longer_than_the_room),
    };
    return cmocka_run_group_tests_name("cli_fit", tests, NULL, NULL);
}
