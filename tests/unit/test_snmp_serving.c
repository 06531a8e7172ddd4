/* test_snmp_serving.c - when a new snapshot takes the place of the old one. The publisher is a stand-in: the test says
 * what it has. */
#include "../../plugins/snmp/serving.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct publication *offered;
static const struct proctcp_snapshot first, second;

struct publication *publisher_take(struct publisher *publisher)
{
    struct publication *taken = offered;

    (void)publisher;
    offered = NULL;
    return taken;
}

bool publisher_has(struct publisher *publisher, const struct proctcp_snapshot *served, bool *same_snapshot)
{
    (void)publisher;
    *same_snapshot = offered && offered->snapshot == served;
    return offered;
}

void publication_free(struct publication *publication)
{
    free(publication);
}

static void offer(const struct proctcp_snapshot *snapshot)
{
    free(offered);
    offered = calloc(1, sizeof(*offered));
    offered->snapshot = snapshot;
}

/* A walk at 100,000 ms, while the first snapshot is served. */
static void start_walking(struct serving *serving)
{
    assert_int_equal(serving_start(serving), 0);
    serving_attach(serving, NULL, 10);
    offer(&first);
    assert_int_equal(serving_refresh(serving, 90000), -1);
    assert_ptr_equal(serving->publication->snapshot, &first);
    serving_request(serving, 1, true, 100000);
}

static void the_first_snapshot_is_served_at_once(void **state)
{
    struct serving serving;

    (void)state;
    assert_int_equal(serving_start(&serving), 0);
    assert_null(serving.publication->snapshot);
    assert_int_equal(serving.publication->status, PUBLICATION_NONE);
    serving_attach(&serving, NULL, 10);
    assert_int_equal(serving.publication->interval_s, 10);
    assert_int_equal(serving_refresh(&serving, 1000), -1);
    assert_null(serving.publication->snapshot);
    serving_request(&serving, 1, true, 1000);
    offer(&first);
    assert_int_equal(serving_refresh(&serving, 1000), -1);
    assert_ptr_equal(serving.publication->snapshot, &first);
    serving_stop(&serving);
}

static void a_walk_puts_a_new_snapshot_off(void **state)
{
    struct serving serving;

    (void)state;
    start_walking(&serving);
    offer(&second);
    assert_int_equal(serving_refresh(&serving, 100500), 1500);
    assert_ptr_equal(serving.publication->snapshot, &first);
    serving_request(&serving, 2, true, 101000);
    assert_int_equal(serving_refresh(&serving, 102500), 500);
    assert_int_equal(serving_refresh(&serving, 103000), -1);
    assert_ptr_equal(serving.publication->snapshot, &second);
    serving_stop(&serving);
}

static void a_get_does_not(void **state)
{
    struct serving serving;

    (void)state;
    start_walking(&serving);
    serving_request(&serving, 2, false, 105000);
    offer(&second);
    assert_int_equal(serving_refresh(&serving, 105000), -1);
    assert_ptr_equal(serving.publication->snapshot, &second);
    serving_stop(&serving);
}

static void news_of_the_same_snapshot_are_served_at_once(void **state)
{
    struct serving serving;

    (void)state;
    start_walking(&serving);
    offer(&first);
    offered->status = PUBLICATION_STALE;
    assert_int_equal(serving_refresh(&serving, 100001), -1);
    assert_int_equal(serving.publication->status, PUBLICATION_STALE);
    serving_stop(&serving);
}

/* By the interval, within bounds. */
static void assert_put_off(unsigned interval_s, int64_t wanted_ms)
{
    struct serving serving;

    start_walking(&serving);
    serving.publication->interval_s = interval_s;
    offer(&second);
    assert_true(serving_refresh(&serving, 100000) > 0);
    serving_request(&serving, 2, true, 100000 + wanted_ms - 1);
    assert_ptr_equal(serving.publication->snapshot, &first);
    serving_request(&serving, 3, true, 100000 + wanted_ms);
    assert_ptr_equal(serving.publication->snapshot, &second);
    serving_stop(&serving);
}

static void a_new_snapshot_is_put_off_for_an_interval_at_most(void **state)
{
    (void)state;
    assert_put_off(1, SERVING_PUT_OFF_MIN_MS);
    assert_put_off(10, 10000);
    assert_put_off(3600, SERVING_PUT_OFF_MAX_MS);
}

static void an_endless_walk_gets_the_new_snapshot_with_a_new_transaction(void **state)
{
    struct serving serving;
    int64_t now_ms = 100000;

    (void)state;
    start_walking(&serving);
    serving.publication->interval_s = 60;
    offer(&second);
    for (; now_ms < 100000 + SERVING_PUT_OFF_MAX_MS; now_ms += 1000) {
        serving_request(&serving, now_ms, true, now_ms);
        assert_true(serving_refresh(&serving, now_ms) > 0);
        assert_ptr_equal(serving.publication->snapshot, &first);
    }
    serving_request(&serving, now_ms - 1000, true, now_ms); /* the transaction that is under way */
    assert_ptr_equal(serving.publication->snapshot, &first);
    assert_true(serving_refresh(&serving, now_ms) > 0);
    serving_request(&serving, now_ms, true, now_ms);
    assert_ptr_equal(serving.publication->snapshot, &second);

    /* The next one is put off anew. */
    offer(&first);
    assert_true(serving_refresh(&serving, now_ms) > 0);
    serving_request(&serving, now_ms + 1, true, now_ms + 1);
    assert_ptr_equal(serving.publication->snapshot, &second);
    serving_stop(&serving);
    free(publisher_take(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_snapshot_is_served_at_once),
        cmocka_unit_test(a_walk_puts_a_new_snapshot_off),
        cmocka_unit_test(a_get_does_not),
        cmocka_unit_test(news_of_the_same_snapshot_are_served_at_once),
        cmocka_unit_test(a_new_snapshot_is_put_off_for_an_interval_at_most),
        cmocka_unit_test(an_endless_walk_gets_the_new_snapshot_with_a_new_transaction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
