/* What a scan could not read, in words. */
#include "../../plugins/collectd/shortfall.h"

#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bool has_all(int capability)
{
    (void)capability;
    return true;
}

static bool has_none(int capability)
{
    (void)capability;
    return false;
}

static bool has_ptrace(int capability)
{
    return capability == CAP_SYS_PTRACE;
}

static void assert_says(const struct proctcp_stats *stats, shortfall_has_fn *has, const char *part)
{
    char text[SHORTFALL_TEXT_SIZE];

    assert_true(shortfall_text(stats, has, text));
    if (!strstr(text, part))
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static void nothing_is_said_of_what_vanished(void **state)
{
    const struct proctcp_stats stats = {.vanished = 7, .closed = 9, .duplicates = 1, .failure = ""};
    char text[SHORTFALL_TEXT_SIZE];

    (void)state;
    assert_false(shortfall_text(&stats, has_none, text));
    assert_string_equal(text, "");
}

static void the_first_failure_and_the_counts_are_said(void **state)
{
    const struct proctcp_stats stats = {.denied = 1,
                                        .exhausted = 2,
                                        .failed = 3,
                                        .namespaces_failed = 4,
                                        .malformed = 5,
                                        .failure = "/proc/1/fd: Permission denied"};

    (void)state;
    assert_says(&stats, has_all,
                "not everything could be read: /proc/1/fd: Permission denied (denied 1, exhausted 2, failed 3, "
                "namespaces_failed 4, malformed 5)");
}

static void capabilities_are_named_where_they_would_have_helped(void **state)
{
    const struct proctcp_stats denied = {.denied = 1, .failure = "x"}, failed = {.failed = 1, .failure = "x"};
    char text[SHORTFALL_TEXT_SIZE];

    (void)state;
    assert_says(&denied, has_none, "; CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH missing");
    assert_says(&denied, has_ptrace, "; CAP_DAC_READ_SEARCH missing");
    assert_true(shortfall_text(&failed, has_none, text));
    assert_null(strstr(text, "CAP_"));
    assert_null(strstr(text, "although"));
}

static bool has_all_but_admin(int capability)
{
    return capability != CAP_SYS_ADMIN;
}

static void namespaces_that_could_not_be_entered_name_the_capability(void **state)
{
    const struct proctcp_stats whole = {.source = PROCTCP_SOURCE_NETLINK,
                                        .namespaces = 5,
                                        .namespaces_procfs = 4,
                                        .failure = ""},
                               denied = {.source = PROCTCP_SOURCE_NETLINK,
                                         .namespaces = 5,
                                         .namespaces_procfs = 4,
                                         .denied = 1,
                                         .failure = "x"},
                               procfs = {.source = PROCTCP_SOURCE_PROCFS, .namespaces_procfs = 5, .failure = ""};
    char text[SHORTFALL_TEXT_SIZE];

    (void)state;
    assert_true(shortfall_text(&whole, has_all_but_admin, text));
    assert_string_equal(text,
                        "CAP_SYS_ADMIN missing, so 4 of 5 network namespaces were read through /proc, which says "
                        "less of their sockets: run collectd as root, or grant it with AmbientCapabilities= and "
                        "CapabilityBoundingSet= of its systemd unit");
    assert_says(&denied, has_all_but_admin, "container); CAP_SYS_ADMIN missing, so 4 of 5");
    assert_false(shortfall_text(&whole, has_all, text));
    assert_false(shortfall_text(&procfs, has_none, text));
}

static void a_denial_that_no_capability_explains_is_said_to_be_one(void **state)
{
    const struct proctcp_stats stats = {.denied = 1, .failure = "x"};

    (void)state;
    assert_says(&stats, has_all,
                "denied although no capability is missing (a security module, ptrace policy or container)");
}

static void a_long_failure_leaves_room_for_the_rest(void **state)
{
    char failure[2000];
    const struct proctcp_stats stats = {.source = PROCTCP_SOURCE_NETLINK,
                                        .namespaces = 4294967295,
                                        .namespaces_procfs = 4294967295,
                                        .denied = 4294967295,
                                        .exhausted = 4294967295,
                                        .failed = 4294967295,
                                        .namespaces_failed = 4294967295,
                                        .malformed = 4294967295,
                                        .failure = failure};

    (void)state;
    memset(failure, 'x', sizeof(failure) - 1);
    failure[sizeof(failure) - 1] = '\0';
    assert_says(&stats, has_none, "CapabilityBoundingSet= of its systemd unit");
    assert_says(&stats, has_none, "which says less of their sockets");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_of_what_vanished),
        cmocka_unit_test(the_first_failure_and_the_counts_are_said),
        cmocka_unit_test(capabilities_are_named_where_they_would_have_helped),
        cmocka_unit_test(namespaces_that_could_not_be_entered_name_the_capability),
        cmocka_unit_test(a_denial_that_no_capability_explains_is_said_to_be_one),
        cmocka_unit_test(a_long_failure_leaves_room_for_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
