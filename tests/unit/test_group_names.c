/* What processes of a tree are grouped under, from scan to scan, also where something of them cannot be read. */
#include "fake_proc.h"
#include "testing.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define NETNS      4026531840u
#define LINE(port, inode)                                                                                              \
    "   1: 0100007F:" port " 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 " inode            \
    " 1 "                                                                                                              \
    "0000000000000000 100 0 0 10 0\n"

static struct fake_proc *fake;

static int setup(void **state)
{
    (void)state;
    fake = fake_proc_new();
    assert_int_equal(proctcp_grouping_new(&fake->grouping), 0);
    fake_proc_process(fake, 100, "web", NETNS);
    fake_proc_file(fake, "100/cmdline", "web -x\n");
    fake_proc_link(fake, "100/fd/3", "socket:[1]");
    fake_proc_file(fake, "100/net/tcp", TCP_HEADER LINE("01BB", "1") LINE("0050", "2") LINE("0051", "3"));
    return 0;
}

static int teardown(void **state)
{
    struct proctcp_grouping *grouping = fake->grouping;
    (void)state;
    fake_proc_free(fake);
    proctcp_grouping_free(grouping);
    return 0;
}

static void group_by(const char *key)
{
    char error[256];
    assert_int_equal(proctcp_grouping_by(fake->grouping, key, error, sizeof(error)), 0);
}

static void add_group(const char *text)
{
    char error[256];
    if (proctcp_grouping_add_text(fake->grouping, text, error, sizeof(error)) < 0)
        fail_msg("%s", error);
}

/* A directory in the place of a file: it is there, and cannot be read. */
static void make_unreadable(const char *path)
{
    char full[128];
    snprintf(full, sizeof(full), "%s/%s", fake->root, path);
    assert_int_equal(unlink(full), 0);
    assert_int_equal(mkdir(full, 0755), 0);
}

static void make_readable(const char *path, const char *text)
{
    char full[128];
    snprintf(full, sizeof(full), "%s/%s", fake->root, path);
    assert_int_equal(rmdir(full), 0);
    fake_proc_file(fake, path, text);
}

/* How many sockets a group has; -1: it is not there. */
static int sockets_of(const char *name)
{
    for (uint32_t i = 0; i < fake->snapshot->group_count; i++) {
        if (strcmp(fake->snapshot->groups[i].name, name) == 0)
            return (int)fake->snapshot->groups[i].sockets;
    }
    return -1;
}

static void whose_name_cannot_be_read_is_what_it_was(void **state)
{
    (void)state;
    fake_proc_scan(fake);
    assert_int_equal(sockets_of("web"), 1);
    make_unreadable("100/stat");
    for (unsigned scan = 0; scan < 3; scan++) { /* however long that takes */
        fake_proc_scan(fake);
        assert_int_equal(sockets_of("web"), 1);
        assert_int_equal(fake->snapshot->group_count, 2);
    }
    make_readable("100/stat", "100 (other) S 1 100 100 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 10100 1 5 1\n");
    fake_proc_scan(fake);
    assert_int_equal(sockets_of("other"), 1);
}

static void whose_cgroup_cannot_be_read_is_of_the_unit_that_it_was_of(void **state)
{
    (void)state;
    group_by("unit");
    fake_proc_scan(fake);
    assert_int_equal(sockets_of("test.service"), 1);
    make_unreadable("100/cgroup");
    fake_proc_scan(fake);
    assert_int_equal(sockets_of("test.service"), 1);
    assert_int_equal(sockets_of("web"), -1);
}

static void whose_command_line_cannot_be_read_is_what_it_was(void **state)
{
    (void)state;
    add_group("flagged=command=web -x");
    fake_proc_scan(fake);
    assert_int_equal(sockets_of("flagged"), 1);
    make_unreadable("100/cmdline");
    fake_proc_scan(fake);
    assert_int_equal(sockets_of("flagged"), 1);
}

/* A descriptor's number says nothing: which group takes a socket is asked anew of each. */
static void rules_about_sockets_are_asked_of_new_sockets_too(void **state)
{
    (void)state;
    add_group("tls=process=web;local-port=443");
    fake_proc_link(fake, "100/fd/4", "socket:[2]");
    fake_proc_scan(fake);
    assert_int_equal(sockets_of("tls"), 1);
    assert_int_equal(sockets_of("web"), 1);
    make_unreadable("100/stat");
    fake_proc_link(fake, "100/fd/3", "socket:[2]"); /* was 443 */
    fake_proc_link(fake, "100/fd/4", "socket:[1]"); /* is 443 now */
    fake_proc_link(fake, "100/fd/5", "socket:[3]");
    fake_proc_scan(fake);
    assert_int_equal(sockets_of("tls"), 1);
    assert_int_equal(sockets_of("web"), 2);
    assert_string_equal(fake->snapshot->groups[fake->snapshot->row_groups[1]].name, "tls");
}

static void who_is_new_is_told_by_what_can_be_read(void **state)
{
    (void)state;
    group_by("unit");
    make_unreadable("100/cgroup");
    fake_proc_scan(fake);
    assert_int_equal(sockets_of("web"), 1);
    make_readable("100/cgroup", "0::/system.slice/late.service\n");
    fake_proc_scan(fake);
    assert_int_equal(sockets_of("late.service"), 1);
    assert_int_equal(sockets_of("web"), 0);
}

/* What there is not is no secret: the process is called what it calls itself now. */
static void who_has_no_command_line_or_no_known_cgroup_goes_by_its_name_of_now(void **state)
{
    static const char renamed[] = "100 (other) S 1 100 100 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 10100 1 5 1\n";

    (void)state;
    group_by("unit");
    add_group("flagged=command=web -x");
    fake_proc_file(fake, "100/cgroup", "1:name=openrc:/nginx\n");
    fake_proc_file(fake, "100/cmdline", "");
    fake_proc_scan(fake);
    assert_int_equal(sockets_of("web"), 1);
    fake_proc_file(fake, "100/stat", renamed);
    fake_proc_scan(fake);
    assert_int_equal(sockets_of("other"), 1);
    assert_int_equal(sockets_of("web"), 0);
}

/* Who took over a pid is not who had it before. */
static void another_process_of_that_pid_is_not_what_the_first_one_was(void **state)
{
    (void)state;
    group_by("unit");
    fake_proc_scan(fake);
    make_unreadable("100/cgroup");
    fake_proc_file(fake, "100/stat", "100 (other) S 1 100 100 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 99999 1 5 1\n");
    fake_proc_scan(fake);
    assert_int_equal(sockets_of("other"), 1);
    assert_int_equal(sockets_of("test.service"), 0);
}

static void with_none_who_is_in_no_configured_group_is_in_the_rest(void **state)
{
    (void)state;
    group_by("none");
    add_group("nginx=process=nginx");
    fake_proc_scan(fake);
    assert_int_equal(sockets_of("web"), -1);
    assert_int_equal(sockets_of("nginx"), 0);
    assert_int_equal(sockets_of(PROCTCP_GROUP_OTHER), 1);
    assert_int_equal(fake->snapshot->groups_left_out, 0);
    assert_int_equal(fake->snapshot->group_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whose_name_cannot_be_read_is_what_it_was),
        TEST(whose_cgroup_cannot_be_read_is_of_the_unit_that_it_was_of),
        TEST(whose_command_line_cannot_be_read_is_what_it_was),
        TEST(rules_about_sockets_are_asked_of_new_sockets_too),
        TEST(who_is_new_is_told_by_what_can_be_read),
        TEST(who_has_no_command_line_or_no_known_cgroup_goes_by_its_name_of_now),
        TEST(another_process_of_that_pid_is_not_what_the_first_one_was),
        TEST(with_none_who_is_in_no_configured_group_is_in_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
