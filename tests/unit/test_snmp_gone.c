/* test_snmp_gone.c - listeners that have gone: remembered until they come back or their namespace ends, up to a number.
 */
#include "../../plugins/snmp/gone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Two, of which each is once now and once before. */
static struct proctcp_listener listeners[2][GONE_MAX + 10];
static const struct proctcp_netns namespaces[] = {{.inode = 1}, {.inode = 2}};
static struct proctcp_snapshot snapshots[2] = {{.listeners = listeners[0]}, {.listeners = listeners[1]}};
static struct gone gone;

static int teardown(void **state)
{
    (void)state;
    gone_free(&gone);
    return 0;
}

/* One scan after the other; from and to are ports in namespace 2. */
static void scan(unsigned number, uint32_t namespace_count, uint16_t from, uint16_t to)
{
    struct proctcp_snapshot *now = &snapshots[number % 2];

    now->namespaces = namespaces;
    now->namespace_count = namespace_count;
    now->listener_count = 0;
    for (uint16_t port = from; port < to; port++)
        listeners[number % 2][now->listener_count++] =
            (struct proctcp_listener){.local_port = port,
                                      .netns = 2,
                                      .sockets = 3,
                                      .present = PROCTCP_HAS_LISTENER_DROPS | PROCTCP_HAS_LISTENER_UID};
    gone_update(&gone, &(struct scans){.now = now, .before = number ? &snapshots[(number + 1) % 2] : NULL});
}

static void it_stays_at_0_until_it_is_back(void **state)
{
    struct proctcp_listener *copy;

    (void)state;
    scan(0, 2, 80, 83);
    scan(1, 2, 80, 82);
    assert_int_equal(gone.count, 1);
    copy = gone_copy(&gone);
    assert_int_equal(copy[0].local_port, 82);
    assert_int_equal(copy[0].netns, 2);
    assert_int_equal(copy[0].sockets, 0);
    assert_int_equal(copy[0].row, PROCTCP_NONE);
    assert_int_equal(copy[0].present, PROCTCP_HAS_LISTENER_DROPS);
    free(copy);
    scan(2, 2, 80, 82);
    assert_int_equal(gone.count, 1);
    scan(3, 2, 81, 83);
    assert_int_equal(gone.count, 1);
    assert_int_equal(gone.at[0].local_port, 80);
}

static void it_ends_with_its_namespace(void **state)
{
    (void)state;
    scan(0, 2, 80, 83);
    scan(1, 2, 80, 82);
    scan(2, 1, 0, 0);
    assert_int_equal(gone.count, 0);
    assert_null(gone_copy(&gone));
}

static void of_too_many_the_first_ones_are_forgotten(void **state)
{
    (void)state;
    scan(0, 2, 80, 80 + GONE_MAX + 5);
    scan(1, 2, 0, 0);
    assert_int_equal(gone.count, GONE_MAX);
    assert_int_equal(gone.at[0].local_port, 85);
    assert_int_equal(gone.at[GONE_MAX - 1].local_port, 80 + GONE_MAX + 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_stays_at_0_until_it_is_back),
        TEST(it_ends_with_its_namespace),
        TEST(of_too_many_the_first_ones_are_forgotten),
    };
    return cmocka_run_group_tests_name("snmp_gone", tests, NULL, NULL);
}
