/* The files of a process: stat, limits, cgroup, and the links of its descriptors. */
#include "capture/facts.h"
#include "testing.h"

#include <string.h>

#define TAIL_OF " S 1 14199 14199 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 4711 10000000"
#define TAIL    " S 1 14199 14199 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 4711 10000000 500\n"

static void the_name_ends_at_the_last_parenthesis(void **state)
{
    static const struct {
        const char *text, *name;
    } cases[] = {{"14199 (nginx)" TAIL, "nginx"},
                 {"14199 ()" TAIL, ""},
                 {"14199 (a) R 1 (b)" TAIL, "a) R 1 (b"},
                 {"14199 (new\nline)" TAIL, "new\nline"},
                 {"14199 (\xff\xfe)" TAIL, "\xff\xfe"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct stat_line stat;
        assert_true(facts_parse_stat(cases[i].text, strlen(cases[i].text), &stat));
        assert_int_equal(stat.name_length, strlen(cases[i].name));
        assert_memory_equal(stat.name, cases[i].name, stat.name_length);
        assert_int_equal(stat.start_ticks, 4711);
    }
}

static void a_stat_that_is_cut_or_absurd_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "14199",
                                        "14199 (nginx",
                                        "14199 (nginx)",
                                        "14199 (nginx) S 1 2 3",
                                        ")(",
                                        "14199 (nginx) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 x"};
    struct stat_line stat;
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(facts_parse_stat(texts[i], strlen(texts[i]), &stat));
}

/* An exec leaves the pid and the start time, and changes where code and stack lie. Who may not know gets 1 or 0. */
static void the_image_is_another_one_after_an_exec(void **state)
{
    static const char before[] = "7 (a)" TAIL_OF " 600 700 93824992231424 93824992235520 140737488346000 0\n";
    static const char after[] = "7 (a)" TAIL_OF " 600 700 94824992231424 94824992235520 140737488345000 0\n";
    static const char denied[] = "7 (a)" TAIL_OF " 600 700 1 1 0 0\n";
    struct stat_line stat;
    uint64_t image;
    (void)state;
    assert_true(facts_parse_stat(before, sizeof(before) - 1, &stat));
    image = stat.image;
    assert_int_not_equal(image, 0);
    assert_true(facts_parse_stat(after, sizeof(after) - 1, &stat));
    assert_int_not_equal(stat.image, image);
    assert_true(facts_parse_stat(denied, sizeof(denied) - 1, &stat));
    assert_int_equal(stat.image, 0);
}

static void the_soft_limit_is_the_first_number(void **state)
{
    static const char text[] =
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max file locks            unlimited            unlimited            locks     \n"
        "Max open files            1024                 524288               files     \n";
    static const char none[] = "Max open files            unlimited            unlimited            files     \n";
    uint64_t limit;
    (void)state;
    assert_true(facts_parse_limits(text, strlen(text), &limit));
    assert_int_equal(limit, 1024);
    assert_false(facts_parse_limits(none, strlen(none), &limit));
    assert_false(facts_parse_limits("Max open", 8, &limit));
    assert_false(facts_parse_limits("", 0, &limit));
}

static void the_unified_hierarchy_goes_before_systemds(void **state)
{
    static const struct {
        const char *text, *path;
    } cases[] = {{"0::/user.slice/x\n", "/user.slice/x"},
                 {"4:cpu,cpuacct:/\n1:name=systemd:/system.slice/a.service\n", "/system.slice/a.service"},
                 {"4:cpu:/c\n1:name=systemd:/s\n0::/u\n", "/u"},
                 {"0::/no newline", "/no newline"},
                 {"4:cpu:/c\n", NULL},
                 {"garbage\n\n:::\n", NULL},
                 {"", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *path;
        size_t length;
        bool found = facts_parse_cgroup(cases[i].text, strlen(cases[i].text), &path, &length);
        assert_int_equal(found, cases[i].path != NULL);
        if (found) {
            assert_int_equal(length, strlen(cases[i].path));
            assert_memory_equal(path, cases[i].path, length);
        }
    }
}

static void only_a_socket_link_is_a_socket(void **state)
{
    uint32_t inode = 0;
    (void)state;
    assert_true(inquiry_parse_socket_link("socket:[99155]", 14, &inode));
    assert_int_equal(inode, 99155);
    assert_true(inquiry_parse_socket_link("socket:[4294967295]", 19, &inode));
    assert_int_equal(inode, 4294967295u);
    static const char *const others[] = {
        "",         "socket:[",       "socket:[]", "socket:[1", "socket:[1]x", "socket:[-1]", "socket:[4294967296]",
        "pipe:[1]", "/tmp/socket:[1]"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(inquiry_parse_socket_link(others[i], strlen(others[i]), &inode));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_ends_at_the_last_parenthesis),
        cmocka_unit_test(a_stat_that_is_cut_or_absurd_is_refused),
        cmocka_unit_test(the_image_is_another_one_after_an_exec),
        cmocka_unit_test(the_soft_limit_is_the_first_number),
        cmocka_unit_test(the_unified_hierarchy_goes_before_systemds),
        cmocka_unit_test(only_a_socket_link_is_a_socket),
    };
    return cmocka_run_group_tests_name("processes", tests, NULL, NULL);
}
