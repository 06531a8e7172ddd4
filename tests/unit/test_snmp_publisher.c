/* test_snmp_publisher.c - the scanner's thread: what it publishes of a scan that fails, and that it ends when asked. */
#include "../../plugins/snmp/publisher.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 60000

struct fixture {
    char root[32];
    int wake;
    struct settings settings;
    struct publisher *publisher;
};

static struct publication *wait_for_publication(const struct fixture *fixture)
{
    struct pollfd readable = {.fd = fixture->wake, .events = POLLIN};
    eventfd_t ignored;

    assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
    eventfd_read(fixture->wake, &ignored);
    return publisher_take(fixture->publisher);
}

/* The root of a proc file system that has gone. */
static int setup(void **state)
{
    static struct fixture fresh;
    struct fixture *fixture = &fresh;

    memset(fixture, 0, sizeof(*fixture));
    strcpy(fixture->root, "/tmp/proctcp-unit-XXXXXX");
    if (!mkdtemp(fixture->root) || rmdir(fixture->root) != 0)
        return -1;
    fixture->wake = eventfd(0, EFD_CLOEXEC);
    fixture->settings = (struct settings){.interval_s = 86400, .scan = {.proc_root = fixture->root}};
    *state = fixture;
    return publisher_new(&fixture->settings, &fixture->publisher);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    publisher_free(fixture->publisher);
    close(fixture->wake);
    return 0;
}

static void a_scan_that_fails_is_published_with_what_failed(void **state)
{
    struct fixture *fixture = *state;
    struct publication *publication;
    bool same_snapshot;

    assert_false(publisher_has(fixture->publisher, NULL, &same_snapshot));
    assert_int_equal(publisher_start(fixture->publisher, fixture->wake), 0);
    publication = wait_for_publication(fixture);
    assert_non_null(publication);
    assert_int_equal(publication->status, PUBLICATION_FAILED);
    assert_null(publication->snapshot);
    assert_int_equal(publication->failures, 1);
    assert_true(publication->failure_time >= publication->start_time);
    assert_non_null(strstr(publication->failure, fixture->root));
    assert_int_equal(publication->interval_s, 86400);
    publication_free(publication);
    assert_null(publisher_take(fixture->publisher));
}

static void a_publisher_that_was_not_started_can_be_freed(void **state)
{
    (void)state;
    publisher_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_scan_that_fails_is_published_with_what_failed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_publisher_that_was_not_started_can_be_freed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
