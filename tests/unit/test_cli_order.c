/* Lists of columns and fields, and items in the order that they ask for, on a snapshot made by hand. */
#include "../../plugins/cli/choice.h"
#include "../../plugins/cli/order.h"
#include "testing.h"

#include <stdlib.h>
#include <string.h>

/* a and c have no descriptor limit. */
static const struct proctcp_process processes[] = {
    {.pid = 5, .name = "b", .present = PROCTCP_HAS_PROCESS | PROCTCP_HAS_FD_LIMIT, .fds = 7, .fd_limit = 1024},
    {.pid = 9, .name = "a", .present = PROCTCP_HAS_PROCESS, .fds = 7},
    {.pid = 1, .name = "c", .present = PROCTCP_HAS_PROCESS, .fds = 9},
    {.pid = 30, .name = "a", .present = PROCTCP_HAS_PROCESS | PROCTCP_HAS_FD_LIMIT, .fds = 1, .fd_limit = 64},
};

/* The pids in the order that list asks for. */
static void assert_order(const char *list, const int32_t pids[4])
{
    const struct proctcp_snapshot snapshot = {.processes = processes, .process_count = 4};
    const struct output output = {.snapshot = &snapshot, .view = &process_view};
    struct sort sort;
    uint32_t *order;

    assert_true(sort_parse(&process_view, list, &sort));
    order = order_items(&output, &sort);
    assert_non_null(order);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(processes[order[i]].pid, pids[i]);
    free(order);
}

static void items_are_sorted_by_numbers_and_text(void **state)
{
    (void)state;
    assert_order("pid", (const int32_t[]){1, 5, 9, 30});
    assert_order("-pid", (const int32_t[]){30, 9, 5, 1});
    assert_order("process,pid", (const int32_t[]){9, 30, 5, 1});
    assert_order("process , -pid", (const int32_t[]){30, 9, 5, 1});
}

static void equal_items_stay_as_they_come(void **state)
{
    (void)state;
    assert_order("fds", (const int32_t[]){30, 5, 9, 1});
    assert_order("-fds", (const int32_t[]){1, 5, 9, 30});
    assert_order("netns", (const int32_t[]){5, 9, 1, 30});
}

static void absent_values_are_last_in_either_direction(void **state)
{
    (void)state;
    assert_order("fd_limit", (const int32_t[]){30, 5, 9, 1});
    assert_order("-fd_limit", (const int32_t[]){5, 30, 9, 1});
}

static void nothing_can_be_sorted_too(void **state)
{
    const struct proctcp_snapshot snapshot = {.process_count = 0};
    const struct output output = {.snapshot = &snapshot, .view = &process_view};
    struct sort sort;
    uint32_t *order;
    (void)state;
    assert_true(sort_parse(&process_view, "pid", &sort));
    order = order_items(&output, &sort);
    assert_non_null(order);
    free(order);
}

static void columns_stand_in_the_order_of_the_list(void **state)
{
    struct choice choice;
    (void)state;
    assert_true(choice_parse(&row_view, "rtt_us, local,pid", &choice));
    assert_int_equal(choice.count, 3);
    assert_string_equal(choice.columns[0].title, "RTT_US");
    assert_non_null(choice.columns[0].field);
    assert_string_equal(choice.columns[1].title, "LOCAL");
    assert_null(choice.columns[1].field);
    assert_non_null(choice.columns[1].column->cell);
    assert_string_equal(choice.columns[2].name, "pid");
}

static void a_title_stands_for_its_column(void **state)
{
    struct choice choice;
    struct sort sort;
    (void)state;
    assert_true(choice_parse(&row_view, "PROCESS,rx-q", &choice));
    assert_string_equal(choice.columns[0].name, "process");
    assert_string_equal(choice.columns[1].name, "rx_queue_bytes");
    assert_true(sort_parse(&group_view, "-RECEIVED", &sort));
    assert_string_equal(sort.keys[0].field->name, "payload_received_bytes");
    assert_true(sort_parse(&group_view, "-rcvd", &sort));
    assert_string_equal(sort.keys[0].field->name, "payload_received_bytes");
    assert_true(choice_parse(&group_view, "sockets", &choice)); /* a name is a name first */
    assert_string_equal(choice.columns[0].name, "sockets");
}

static void wrong_lists_are_refused(void **state)
{
    static const char *const lists[] = {"",   ",",       "pid,",    "pid,,fd",         "pi",   "pidd",
                                        "PI", "pid,PID", "pid,pid", "local,pid,local", "-pid", "pid fd"};
    char huge[40000];
    struct choice choice;
    struct sort sort;
    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        assert_false(choice_parse(&row_view, lists[i], &choice));
    for (size_t i = 0; i + 4 < sizeof(huge); i += 4)
        memcpy(huge + i, "pid,", 5);
    assert_false(choice_parse(&row_view, huge, &choice));
    assert_false(sort_parse(&row_view, huge, &sort));
    memset(huge, 'x', sizeof(huge) - 1);
    huge[sizeof(huge) - 1] = '\0';
    assert_false(choice_parse(&row_view, huge, &choice));
    assert_false(sort_parse(&row_view, "--pid", &sort));
    assert_false(sort_parse(&row_view, "-", &sort));
    assert_false(sort_parse(&row_view, "holder", &sort)); /* of sockets alone */
}

static void combined_columns_sort_by_their_fields(void **state)
{
    struct sort sort;
    (void)state;
    assert_true(sort_parse(&row_view, "-local,pid", &sort));
    assert_int_equal(sort.count, 3);
    assert_string_equal(sort.keys[0].field->name, "local_address");
    assert_string_equal(sort.keys[1].field->name, "local_port");
    assert_true(sort.keys[0].descending && sort.keys[1].descending);
    assert_string_equal(sort.keys[2].field->name, "pid");
    assert_false(sort.keys[2].descending);
}

/* A name that --columns takes is one that prints: a field, or a cell and the fields that it is made of. */
static void every_column_of_every_view_is_a_field_or_made_of_fields(void **state)
{
    (void)state;
    for (size_t v = 0; v < VIEW_COUNT; v++) {
        struct choice choice;
        struct sort sort;
        for (size_t c = 0; c < views[v]->column_count; c++) {
            const struct column *column = &views[v]->columns[c];
            assert_true(choice_parse(views[v], column->name, &choice));
            assert_true(choice.columns[0].field || (column->cell && column->fields));
            assert_true(sort_parse(views[v], column->name, &sort));
        }
        choice_default(views[v], true, &choice);
        assert_in_range(choice.count, 1, CHOICE_MAX);
        choice_default(views[v], false, &choice);
        for (size_t c = 0; c < choice.count; c++)
            assert_non_null(choice.columns[c].field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_sorted_by_numbers_and_text),
        cmocka_unit_test(equal_items_stay_as_they_come),
        cmocka_unit_test(absent_values_are_last_in_either_direction),
        cmocka_unit_test(nothing_can_be_sorted_too),
        cmocka_unit_test(columns_stand_in_the_order_of_the_list),
        cmocka_unit_test(a_title_stands_for_its_column),
        cmocka_unit_test(wrong_lists_are_refused),
        cmocka_unit_test(combined_columns_sort_by_their_fields),
        cmocka_unit_test(every_column_of_every_view_is_a_field_or_made_of_fields),
    };
    return cmocka_run_group_tests_name("cli_order", tests, NULL, NULL);
}
