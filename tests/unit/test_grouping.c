/* How groups are configured, what is said of those that are wrong, and what names come of it. */
#include "select/grouping.h"
#include "testing.h"

#include <errno.h>
#include <string.h>

static struct proctcp_grouping *grouping;
static char error[512];

static int setup(void **state)
{
    (void)state;
    error[0] = '\0';
    return proctcp_grouping_new(&grouping);
}

static int teardown(void **state)
{
    (void)state;
    proctcp_grouping_free(grouping);
    return 0;
}

static int add(const char *text)
{
    return proctcp_grouping_add_text(grouping, text, error, sizeof(error));
}

static const char *named(const char *text)
{
    static char name[PROCTCP_GROUP_NAME_SIZE];
    group_name_default(grouping, text, name);
    return name;
}

static const char *captured(const char *command)
{
    static char name[PROCTCP_GROUP_NAME_SIZE];
    return group_name_captured(grouping, &grouping->rules.at[0], command, name) == 1 ? name : "(none)";
}

static void a_group_is_written_as_a_name_and_rules(void **state)
{
    (void)state;
    assert_int_equal(add("web=process=nginx,caddy;local-port=80,443"), 0);
    assert_int_equal(proctcp_grouping_check(grouping, error, sizeof(error)), 0);
    assert_int_equal(grouping->rules.count, 1);
    assert_string_equal(grouping->rules.at[0].name, "web");
    assert_int_equal(grouping->rules.at[0].selection->include.processes.count, 2);
    assert_int_equal(grouping->rules.at[0].selection->include.local_ports.count, 2);
}

static void a_semicolon_can_be_a_part_of_a_pattern(void **state)
{
    (void)state;
    assert_int_equal(add("odd=command=a\\;b;user=0"), 0);
    assert_string_equal(captured("x a;b"), "odd");
    assert_string_equal(captured("x a;c"), "(none)");
}

static void a_rule_may_be_written_as_its_option_is(void **state)
{
    (void)state;
    assert_int_equal(add("web=--command=nginx"), 0);
    assert_string_equal(captured("nginx"), "web");
}

static void errors_name_the_group_the_rule_and_the_position(void **state)
{
    (void)state;
    assert_int_equal(add("web=process=nginx;local_port=80,x"), -EINVAL);
    assert_non_null(strstr(error, "rule 2 of group \"web\": local_port: value 2, \"x\", is no port"));
    assert_int_equal(add("web"), -EINVAL);
    assert_non_null(strstr(error, "NAME=KIND=VALUE"));
    assert_int_equal(add("web=nginx"), -EINVAL);
    assert_non_null(strstr(error, "rule 1, \"nginx\", is none"));
    assert_int_equal(add("web=colour=red"), -EINVAL);
    assert_non_null(strstr(error, "colour: no such kind of rule: give pid, process,"));
    assert_int_equal(add("x-\\0=process=a"), -EINVAL);
    assert_non_null(strstr(error, "a backslash in a name"));
    assert_int_equal(add("=process=a"), -EINVAL);
    assert_non_null(strstr(error, "the name is empty"));
    assert_int_equal(add("all=process=a"), -EINVAL);
    assert_non_null(strstr(error, "give another"));
    assert_int_equal(add("web=netns=blue"), -EINVAL);
    assert_non_null(strstr(error, "by its inode"));
}

static void a_group_without_a_rule_is_refused(void **state)
{
    (void)state;
    assert_int_equal(proctcp_grouping_add(grouping, "web", error, sizeof(error)), 0);
    assert_int_equal(proctcp_grouping_check(grouping, error, sizeof(error)), -EINVAL);
    assert_non_null(strstr(error, "group 1, \"web\": it has no rule"));
    assert_int_equal(proctcp_grouping_rule(grouping, "process", "nginx", error, sizeof(error)), 0);
    assert_int_equal(proctcp_grouping_check(grouping, error, sizeof(error)), 0);
}

static void captures_make_names(void **state)
{
    (void)state;
    assert_int_equal(add("app-\\1=command=java .*-Dapp=(\\w+)"), 0);
    assert_int_equal(proctcp_grouping_check(grouping, error, sizeof(error)), 0);
    assert_string_equal(captured("/usr/bin/java -Xmx1g -Dapp=shop -jar x.jar"), "app-shop");
    assert_string_equal(captured("/usr/bin/java -jar x.jar"), "(none)");
    assert_string_equal(captured(NULL), "(none)");
}

static void a_backslash_is_written_twice(void **state)
{
    (void)state;
    assert_int_equal(add("a\\\\b=process=x"), 0);
    assert_string_equal(grouping->rules.at[0].name, "a\\b");
    assert_int_equal(add("c\\=process=x"), 0); /* nothing to escape behind it */
    assert_string_equal(grouping->rules.at[1].name, "c\\");
}

static void captures_that_a_pattern_lacks_are_refused(void **state)
{
    (void)state;
    assert_int_equal(add("a-\\2=command=(x)"), 0);
    assert_int_equal(proctcp_grouping_check(grouping, error, sizeof(error)), -EINVAL);
    assert_non_null(strstr(error, "the pattern 1 of command has 1 in parentheses"));
    assert_int_equal(add("b-\\1=process=x"), 0);
}

static void a_captured_name_is_no_sum(void **state)
{
    (void)state;
    assert_int_equal(add("\\1=command=app=([a-z_]*)"), 0);
    assert_string_equal(captured("app=all"), "_all");
    assert_string_equal(captured("app=_other"), "__other");
    assert_string_equal(captured("app="), "_unnamed");
    assert_string_equal(captured("app=small"), "small");
    assert_int_equal(add("web=process=nginx"), 0);
    assert_string_equal(captured("app=web"), "_web"); /* nor a group that somebody configured */
}

static void nobody_can_take_the_name_of_what_is_configured_or_summed(void **state)
{
    (void)state;
    assert_int_equal(add("web=process=nginx"), 0);
    assert_string_equal(named("web"), "_web");
    assert_string_equal(named("_web"), "__web");
    assert_string_equal(named("all"), "_all");
    assert_string_equal(named("_all"), "__all");
    assert_string_equal(named("_other"), "__other");
    assert_string_equal(named("other"), "other");
    assert_string_equal(named("nginx"), "nginx");
    assert_string_equal(named("small"), "small");
    assert_string_equal(named(""), "_unnamed");
    assert_string_equal(named("_unnamed"), "__unnamed");
}

static void long_names_are_cut_and_stay_different(void **state)
{
    char one[300], two[300];

    (void)state;
    memset(one, 'x', sizeof(one) - 1);
    one[sizeof(one) - 1] = '\0';
    memcpy(two, one, sizeof(one));
    two[280] = 'y';
    const size_t length = strlen(named(one));
    char kept[PROCTCP_GROUP_NAME_SIZE];
    strcpy(kept, named(one));
    assert_int_equal(length, PROCTCP_GROUP_NAME_SIZE - 1);
    assert_string_not_equal(kept, named(two));
    assert_string_equal(kept, named(one));
}

static void what_there_is_to_group_by_is_said(void **state)
{
    (void)state;
    assert_int_equal(proctcp_grouping_by(grouping, "Unit", error, sizeof(error)), 0);
    assert_int_equal(grouping->by, GROUP_BY_UNIT);
    assert_int_equal(proctcp_grouping_by(grouping, "colour", error, sizeof(error)), -EINVAL);
    assert_non_null(strstr(error, "process, unit, cgroup, user, executable, container or none"));
    assert_int_equal(proctcp_grouping_limit(grouping, 0), -EINVAL);
    assert_int_equal(proctcp_grouping_limit(grouping, 65001), -EINVAL);
    assert_int_equal(proctcp_grouping_limit(grouping, 65000), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_group_is_written_as_a_name_and_rules),
        TEST(a_semicolon_can_be_a_part_of_a_pattern),
        TEST(errors_name_the_group_the_rule_and_the_position),
        TEST(a_rule_may_be_written_as_its_option_is),
        TEST(a_group_without_a_rule_is_refused),
        TEST(captures_make_names),
        TEST(a_backslash_is_written_twice),
        TEST(captures_that_a_pattern_lacks_are_refused),
        TEST(a_captured_name_is_no_sum),
        TEST(nobody_can_take_the_name_of_what_is_configured_or_summed),
        TEST(long_names_are_cut_and_stay_different),
        TEST(what_there_is_to_group_by_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
