/* test_snmp_tops.c - who has most of something, and of what counts, since the scan before. */
#include "../../plugins/snmp/tops.h"

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEFORE 1000 /* when the scans were made */
#define NOW    1010
#define LONG   500 /* since when most sockets are known */

enum { ROWS = 6 };

/* Rows of one process, each of a socket of its own. */
struct scan {
    struct proctcp_process process;
    struct proctcp_row rows[ROWS];
    struct proctcp_socket sockets[ROWS];
    struct proctcp_impairment impairment;
    struct proctcp_snapshot shown;
};

static void make(struct scan *scan, uint64_t time)
{
    memset(scan, 0, sizeof(*scan));
    scan->process = (struct proctcp_process){.pid = 7, .name = "web", .present = PROCTCP_HAS_PROCESS};
    for (uint32_t i = 0; i < ROWS; i++) {
        scan->rows[i] = (struct proctcp_row){
            .pid = 7, .fd = (int32_t)i, .subflow = 1, .socket = i, .owner_rank = 1, .peer = PROCTCP_NONE};
        scan->sockets[i] = (struct proctcp_socket){.cookie = 100 + i,
                                                   .inode = 200 + i,
                                                   .owners = 1,
                                                   .first_seen = LONG,
                                                   .present = PROCTCP_HAS_QUEUES | PROCTCP_HAS_BYTES};
    }
    scan->shown = (struct proctcp_snapshot){.rows = scan->rows,
                                            .row_count = ROWS,
                                            .sockets = scan->sockets,
                                            .socket_count = ROWS,
                                            .processes = &scan->process,
                                            .process_count = 1,
                                            .impairments = &scan->impairment,
                                            .impairment_count = 1,
                                            .stats = {.time = time}};
}

static struct tops tops_of(const char *text)
{
    struct tops tops = {NULL, 0};
    char error[512] = "";

    assert_true(tops_add(&tops, text, error, sizeof(error)));
    return tops;
}

/* "place:value place:value ..." of what is found. */
static void assert_found(const char *text, const struct scan *now, const struct scan *before, const char *wanted)
{
    const struct scans scans = {.now = &now->shown, .before = before ? &before->shown : NULL};
    struct tops tops = tops_of(text);
    uint32_t count;
    struct top_row *rows = tops_find(&tops, &scans, &count);
    char found[256] = "";

    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(rows[i].rank, i + 1);
        snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%u:%llu", i ? " " : "", rows[i].place,
                 (unsigned long long)rows[i].value);
    }
    assert_string_equal(found, wanted);
    free(rows);
    tops_free(&tops);
}

static void who_has_most_stands_first_and_who_has_none_nowhere(void **state)
{
    static const uint32_t queued[ROWS] = {5, 0, 9, 5, 1, 9};
    struct scan now;

    (void)state;
    make(&now, NOW);
    for (uint32_t i = 0; i < ROWS; i++)
        now.sockets[i].rx_queue_bytes = queued[i];
    assert_found("q socket rx_queue_bytes", &now, NULL, "2:9 5:9 0:5 3:5 4:1");
    assert_found("q socket rx_queue_bytes 3", &now, NULL, "2:9 5:9 0:5");
    assert_found("q socket rx_queue_bytes 1", &now, NULL, "2:9");
}

static void of_what_counts_it_is_the_increase(void **state)
{
    struct scan before, now;

    (void)state;
    make(&before, BEFORE);
    make(&now, NOW);
    for (uint32_t i = 0; i < ROWS; i++) {
        before.sockets[i].bytes_received = 1000 * i;
        now.sockets[i].bytes_received = 1000 * i + (i == 2 ? 7 : i == 4 ? 3 : 0);
    }
    assert_found("g socket bytes_received", &now, &before, "2:7 4:3");
    assert_found("g socket bytes_received", &now, NULL, "");
}

static void what_is_new_has_all_of_it_and_what_was_not_read_before_nothing(void **state)
{
    struct scan before, now;

    (void)state;
    make(&before, BEFORE);
    make(&now, NOW);
    for (uint32_t i = 0; i < ROWS; i++)
        now.sockets[i].bytes_received = before.sockets[i].bytes_received = 50;
    now.sockets[1].cookie = 999; /* another socket behind a descriptor */
    now.sockets[1].first_seen = NOW;
    before.rows[3].fd = 33; /* one that came from elsewhere */
    before.rows[4].fd = 34;
    before.rows[5].fd = 35;
    assert_found("g socket bytes_received", &now, &before, "1:50");
}

static void a_socket_that_several_hold_has_one_place(void **state)
{
    struct scan now;

    (void)state;
    make(&now, NOW);
    for (uint32_t i = 0; i < ROWS; i++) {
        now.rows[i].socket = 0;
        now.rows[i].owner_rank = i + 1;
    }
    now.sockets[0].owners = ROWS;
    now.sockets[0].rx_queue_bytes = 3;
    assert_found("q socket rx_queue_bytes", &now, NULL, "0:3");
}

static void lists_are_in_the_order_of_their_oids_and_have_names_and_numbers(void **state)
{
    static const char *const wrong[] = {"",
                                        "a",
                                        "a socket",
                                        "a sockets rx_queue_bytes",
                                        "a/ socket x",
                                        "a socket colour",
                                        "a socket local_port",
                                        "a socket cookie",
                                        "a socket inode",
                                        "a socket rx_queue_bytes 0",
                                        "a socket rx_queue_bytes 101",
                                        "a socket rx_queue_bytes 1x",
                                        "a socket rx_queue_bytes 1 2",
                                        "abcdefghijklmnopq socket rx_queue_bytes"};
    struct tops tops = {NULL, 0};
    char error[512];

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        error[0] = '\0';
        assert_false(tops_add(&tops, wrong[i], error, sizeof(error)));
        assert_true(error[0]);
    }
    assert_true(tops_add(&tops, "bb group sockets", error, sizeof(error)));
    assert_true(tops_add(&tops, "c  process  sockets 3", error, sizeof(error)));
    assert_true(tops_add(&tops, "aaa socket rx_queue_bytes", error, sizeof(error)));
    assert_false(tops_add(&tops, "c group sockets", error, sizeof(error)));
    assert_string_equal(tops.at[0].name, "c");
    assert_int_equal(tops.at[0].rows, 3);
    assert_string_equal(tops.at[1].name, "bb");
    assert_string_equal(tops.at[2].name, "aaa");
    for (uint32_t i = 3; i < TOPS_MAX; i++) {
        char text[64];
        snprintf(text, sizeof(text), "list%u group sockets", i);
        assert_true(tops_add(&tops, text, error, sizeof(error)));
    }
    assert_false(tops_add(&tops, "more group sockets", error, sizeof(error)));
    assert_int_equal(tops.count, TOPS_MAX);
    tops_free(&tops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_most_stands_first_and_who_has_none_nowhere),
        cmocka_unit_test(of_what_counts_it_is_the_increase),
        cmocka_unit_test(what_is_new_has_all_of_it_and_what_was_not_read_before_nothing),
        cmocka_unit_test(a_socket_that_several_hold_has_one_place),
        cmocka_unit_test(lists_are_in_the_order_of_their_oids_and_have_names_and_numbers),
    };
    return cmocka_run_group_tests_name("snmp_tops", tests, NULL, NULL);
}
