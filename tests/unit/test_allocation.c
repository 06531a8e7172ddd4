/* Memory that runs out at each allocation of a scan in turn. The linker puts the functions below before the library's.
 */
#include "fake_proc.h"
#include "testing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static long until_failure = -1; /* -1: none fails */
static long asked;

static bool fails(void)
{
    asked++;
    return until_failure >= 0 && until_failure-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

/* Runs two scans with one scanner, the second with the first before it; the n-th allocation of all fails. */
static int scan_twice(const struct proctcp_options *options, long n, uint32_t *rows)
{
    struct proctcp_scanner *scanner = NULL;
    const struct proctcp_snapshot *snapshot = NULL;
    int status;

    until_failure = n;
    asked = 0;
    status = proctcp_scanner_new(options, &scanner);
    for (int i = 0; i < 2 && status == 0; i++) {
        status = proctcp_scan(scanner, &snapshot);
        if (status == 0) {
            *rows = snapshot->row_count;
            proctcp_snapshot_unref(snapshot);
        }
    }
    until_failure = -1;
    if (status && scanner) {
        /* Usable again. */
        assert_int_equal(status, -ENOMEM);
        assert_non_null(strstr(proctcp_failure(scanner), "memory"));
        assert_int_equal(proctcp_scan(scanner, &snapshot), 0);
        *rows = snapshot->row_count;
        proctcp_snapshot_unref(snapshot);
    }
    proctcp_scanner_free(scanner);
    return status;
}

/* Shrinking is the one request that may be refused without harm. */
static void fail_each(const struct proctcp_options *options, bool same_rows)
{
    uint32_t rows = 0, expected;
    long allocations;
    unsigned refused = 0;

    assert_int_equal(scan_twice(options, -1, &expected), 0);
    allocations = asked;
    assert_true(allocations > 20);
    for (long n = 0; n < allocations; n++) {
        int status = scan_twice(options, n, &rows);
        assert_true(status == 0 || status == -ENOMEM);
        refused += status == -ENOMEM;
        if (same_rows)
            assert_int_equal(rows, n < 3 && status ? rows : expected);
    }
    assert_true(refused > allocations / 4);
}

static struct fake_proc *recorded(void)
{
    struct fake_proc *fake = fake_proc_new();
    for (int pid = 10; pid < 16; pid++) {
        char path[32], target[32];
        fake_proc_process(fake, pid, "holder", 4026531840u + (unsigned)pid % 3);
        snprintf(path, sizeof(path), "%d/fd/3", pid);
        snprintf(target, sizeof(target), "socket:[%d]", 100 + pid / 2);
        fake_proc_link(fake, path, target);
        snprintf(path, sizeof(path), "%d/net/tcp", pid);
        fake_proc_file(
            fake, path,
            TCP_HEADER
            "   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000 0 0 105 1 0 20 4 30 10 -1\n"
            "   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 0 0 106 1 0 20 4 30 10 -1\n"
            "   3: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 107 1 0 100 0 0 10 0\n"
            "   4: 0100007F:1F90 0100007F:C351 06 00000000:00000000 03:00000001 00000000 0 0 0 3 0\n");
    }
    return fake;
}

static void every_allocation_of_a_recorded_scan_may_fail(void **state)
{
    struct fake_proc *fake = recorded();
    (void)state;
    fail_each(&(struct proctcp_options){.proc_root = fake->root}, true);
    fake_proc_free(fake);
}

static void every_allocation_of_a_scan_with_listeners_may_fail(void **state)
{
    struct fake_proc *fake = recorded();
    (void)state;
    fail_each(&(struct proctcp_options){.proc_root = fake->root, .listeners = true}, true);
    fake_proc_select(fake, "exclude_local_port", "1");
    fail_each(&(struct proctcp_options){.proc_root = fake->root, .selection = fake->selection, .listeners = true},
              true);
    fake_proc_free(fake);
}

static void every_allocation_of_a_scan_with_groups_may_fail(void **state)
{
    struct fake_proc *fake = recorded();
    struct proctcp_grouping *grouping;
    char error[128];
    (void)state;
    assert_int_equal(proctcp_grouping_new(&grouping), 0);
    assert_int_equal(proctcp_grouping_add_text(grouping, "web=process=holder;local_port=8080", error, sizeof(error)),
                     0);
    fail_each(&(struct proctcp_options){.proc_root = fake->root, .grouping = grouping}, true);
    assert_int_equal(proctcp_grouping_by(grouping, "user", error, sizeof(error)), 0);
    assert_int_equal(proctcp_grouping_add_text(grouping, "x-\\1=command=(.)", error, sizeof(error)), 0);
    fail_each(&(struct proctcp_options){.source = PROCTCP_SOURCE_AUTO, .grouping = grouping}, false);
    proctcp_grouping_free(grouping);
    fake_proc_free(fake);
}

static void every_allocation_of_a_grouping_may_fail(void **state)
{
    (void)state;
    for (long n = 0; n < 60; n++) {
        struct proctcp_grouping *grouping = NULL;
        char error[128];
        until_failure = n;
        int status = proctcp_grouping_new(&grouping);
        if (status == 0)
            status = proctcp_grouping_add_text(grouping, "web=process=a,b;user=0", error, sizeof(error));
        if (status == 0)
            status = proctcp_grouping_add_text(grouping, "y-\\1=command=a(.*)b", error, sizeof(error));
        until_failure = -1;
        assert_true(status == 0 || status == -ENOMEM);
        proctcp_grouping_free(grouping);
    }
}

/* The process has the one end of a connection, and another one that is left out the other. */
static void every_allocation_of_a_scan_that_selects_may_fail(void **state)
{
    static const char *const rules[][2] = {{"pid", "10"}, {"cgroup", "/system.slice"}, {"exclude_local_port", "1"}};
    struct fake_proc *fake = recorded();
    (void)state;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        fake_proc_select(fake, rules[i][0], rules[i][1]);
    fail_each(&(struct proctcp_options){.proc_root = fake->root, .selection = fake->selection}, true);
    fake_proc_free(fake);
}

static void every_allocation_of_a_live_scan_may_fail(void **state)
{
    (void)state;
    fail_each(&(struct proctcp_options){.source = PROCTCP_SOURCE_AUTO, .listeners = true}, false);
}

static void every_allocation_of_a_selection_may_fail(void **state)
{
    static const char *const rules[][2] = {{"pid", "1,2,3"},        {"process", "a,b"},    {"user", "0,1"},
                                           {"local_port", "1-2,3"}, {"remote", "::1,::2"}, {"state", "listen"},
                                           {"cgroup", "a,/b"},      {"netns", "a,1"},      {"exclude_command", "a.*b"}};
    (void)state;
    for (long n = 0; n < 400; n++) {
        struct proctcp_selection *selection = NULL;
        char error[128];
        until_failure = n;
        int status = proctcp_selection_new(&selection);
        for (size_t i = 0; status == 0 && i < sizeof(rules) / sizeof(rules[0]); i++)
            status = proctcp_selection_add(selection, rules[i][0], rules[i][1], error, sizeof(error));
        until_failure = -1;
        assert_true(status == 0 || status == -ENOMEM);
        proctcp_selection_free(selection);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_a_recorded_scan_may_fail),
        cmocka_unit_test(every_allocation_of_a_scan_with_groups_may_fail),
        cmocka_unit_test(every_allocation_of_a_grouping_may_fail),
        cmocka_unit_test(every_allocation_of_a_scan_with_listeners_may_fail),
        cmocka_unit_test(every_allocation_of_a_scan_that_selects_may_fail),
        cmocka_unit_test(every_allocation_of_a_live_scan_may_fail),
        cmocka_unit_test(every_allocation_of_a_selection_may_fail),
    };
    return cmocka_run_group_tests_name("allocation", tests, NULL, NULL);
}
