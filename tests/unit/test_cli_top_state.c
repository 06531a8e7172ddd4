/* Keys, and what stays selected when a new scan changes the order: without a terminal, on snapshots made by hand. */
#include "../../plugins/cli/top_state.h"
#include "testing.h"

#include <stdlib.h>
#include <string.h>

void __wrap_proctcp_snapshot_unref(const struct proctcp_snapshot *snapshot);

/* Snapshots of this file are not allocated. */
void __wrap_proctcp_snapshot_unref(const struct proctcp_snapshot *snapshot)
{
    (void)snapshot;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static bool memory_is_out;

void *__wrap_calloc(size_t count, size_t size)
{
    return memory_is_out ? NULL : __real_calloc(count, size);
}

static const struct proctcp_impairment impairments[1];

static const struct proctcp_group groups[] = {
    {.name = "_other"}, {.name = "web", .sockets = 3}, {.name = "db", .sockets = 9}, {.name = "x y", .sockets = 1}};
static const struct proctcp_process processes[] = {
    {.pid = 3, .name = "nginx", .present = PROCTCP_HAS_PROCESS, .sockets = 2, .start_ticks = 1},
    {.pid = 5, .name = "nginx", .present = PROCTCP_HAS_PROCESS, .sockets = 2, .start_ticks = 1},
    {.pid = 9, .name = "postgres", .present = PROCTCP_HAS_PROCESS, .sockets = 1, .start_ticks = 1}};
static const struct proctcp_process later_processes[] = {
    {.pid = 3, .name = "nginx", .present = PROCTCP_HAS_PROCESS, .sockets = 7, .start_ticks = 1},
    {.pid = 5, .name = "other", .present = PROCTCP_HAS_PROCESS, .sockets = 3, .start_ticks = 2},
    {.pid = 9, .name = "postgres", .present = PROCTCP_HAS_PROCESS, .sockets = 9, .start_ticks = 1}};
static const struct proctcp_socket sockets[] = {
    {.state = PROCTCP_LISTEN, .direction = PROCTCP_DIRECTION_LISTEN, .present = PROCTCP_HAS_LOCAL, .local_port = 80},
    {.state = PROCTCP_ESTABLISHED, .direction = PROCTCP_INBOUND, .present = PROCTCP_HAS_LOCAL, .local_port = 80},
    {.state = PROCTCP_ESTABLISHED, .direction = PROCTCP_OUTBOUND, .present = PROCTCP_HAS_LOCAL, .local_port = 5000}};
static const struct proctcp_row rows[] = {
    {.pid = 3, .fd = 4, .socket = 0, .process = 0, .peer = PROCTCP_NONE},
    {.pid = 5, .fd = 4, .socket = 0, .process = 1, .peer = PROCTCP_NONE},
    {.pid = 5, .fd = 6, .socket = 1, .process = 1, .peer = PROCTCP_NONE},
    {.pid = 9, .fd = 3, .socket = 2, .process = 2, .peer = PROCTCP_NONE},
};
static const uint16_t row_groups[] = {1, 1, 1, 2};
static const uint32_t socket_listeners[] = {0, 0, PROCTCP_NONE};
static const struct proctcp_listener listeners[] = {{.local_port = 80, .row = 0}};

static struct proctcp_snapshot snapshot_of(const struct proctcp_process *own)
{
    return (struct proctcp_snapshot){.groups = groups,
                                     .group_count = 4,
                                     .processes = own,
                                     .process_count = 3,
                                     .rows = rows,
                                     .row_count = 4,
                                     .row_groups = row_groups,
                                     .sockets = sockets,
                                     .socket_count = 3,
                                     .listeners = listeners,
                                     .socket_listeners = socket_listeners,
                                     .listener_count = 1,
                                     .impairments = impairments};
}

static struct proctcp_snapshot first, later;
static struct top_state state;

static int begin(void **unused)
{
    (void)unused;
    first = snapshot_of(processes);
    later = snapshot_of(later_processes);
    top_state_init(&state, TOP_GROUPS, 2);
    state.page = 2;
    top_state_pass(&state, pass_new(NULL, &first, 0));
    return 0;
}

static int end(void **unused)
{
    (void)unused;
    top_state_close(&state);
    return 0;
}

static void hit(const char *keys)
{
    for (; *keys; keys++)
        top_state_key(&state, *keys);
}

static const void *selected(void)
{
    const struct top_place *place = top_state_where(&state);
    assert_true(place->selected < state.list.count);
    return top_item(top_state_view(&state), state.pass, state.list.indices[place->selected]);
}

static int32_t selected_pid(void)
{
    return ((const struct proctcp_process *)selected())->pid;
}

static void groups_come_first_and_that_with_most_sockets_on_top(void **unused)
{
    (void)unused;
    assert_int_equal(state.list.count, 3);
    assert_string_equal(((const struct proctcp_group *)selected())->name, "db");
}

static void numbers_and_tab_change_the_view(void **unused)
{
    (void)unused;
    for (enum top_name name = 0; name < TOP_VIEWS; name++) {
        top_state_key(&state, '1' + (int)name);
        assert_int_equal(state.name, name);
    }
    top_state_key(&state, KEY_OF_NEXT_VIEW);
    assert_int_equal(state.name, TOP_GROUPS);
    top_state_key(&state, KEY_OF_LAST_VIEW);
    assert_int_equal(state.name, TOP_SOCKETS);
    hit("5");
    assert_int_equal(state.name, TOP_SOCKETS);
}

static void what_is_selected_stays_so_when_the_order_changes(void **unused)
{
    (void)unused;
    hit("2");
    top_state_key(&state, KEY_OF_END);
    assert_int_equal(selected_pid(), 9);
    top_state_pass(&state, pass_new(NULL, &later, 0));
    assert_int_equal(selected_pid(), 9);
    assert_int_equal(top_state_where(&state)->selected, 0);
    hit("r");
    assert_int_equal(selected_pid(), 9);
    assert_int_equal(top_state_where(&state)->selected, 2);
}

static void a_pid_that_is_another_process_is_not_the_selected_one(void **unused)
{
    (void)unused;
    hit("2");
    top_state_key(&state, KEY_OF_DOWN);
    assert_int_equal(selected_pid(), 5);
    top_state_pass(&state, pass_new(NULL, &later, 0));
    assert_int_equal(top_state_where(&state)->selected, 1); /* its place is all that is left of it */
    assert_int_equal(selected_pid(), 3);
}

static void nothing_is_followed_until_one_has_moved_and_after_home(void **unused)
{
    (void)unused;
    hit("2");
    assert_int_equal(selected_pid(), 3);
    top_state_pass(&state, pass_new(NULL, &later, 0));
    assert_int_equal(selected_pid(), 9);
    top_state_key(&state, KEY_OF_DOWN);
    top_state_key(&state, KEY_OF_HOME);
    top_state_pass(&state, pass_new(NULL, &first, 0));
    assert_int_equal(selected_pid(), 3);
}

static void moving_never_leaves_the_list_and_the_page_follows(void **unused)
{
    static const int keys[] = {KEY_OF_UP, KEY_OF_DOWN, KEY_OF_PAGE_UP, KEY_OF_PAGE_DOWN, KEY_OF_HOME, KEY_OF_END};
    (void)unused;
    srand(7);
    for (int i = 0; i < 3000; i++) {
        const struct top_place *place = top_state_where(&state);
        const int dice = rand() % 40;
        if (dice < 30)
            top_state_key(&state, keys[dice % 6]);
        else if (dice < 34)
            top_state_key(&state, '1' + dice - 30);
        else if (dice == 35)
            top_state_key(&state, KEY_OF_ENTER);
        else if (dice == 36)
            top_state_key(&state, KEY_OF_ERASE);
        else if (dice == 37)
            hit("s");
        else
            top_state_pass(&state, pass_new(NULL, rand() % 2 ? &first : &later, 0));
        place = top_state_where(&state);
        assert_true(place->selected < state.list.count || (!state.list.count && !place->selected));
        assert_in_range(place->selected - place->first, 0, state.page - 1);
    }
}

static void enter_shows_the_sockets_of_what_is_selected(void **unused)
{
    (void)unused;
    top_state_key(&state, KEY_OF_DOWN); /* web */
    top_state_key(&state, KEY_OF_ENTER);
    assert_int_equal(state.name, TOP_SOCKETS);
    assert_int_equal(state.list.count, 3);
    top_state_key(&state, KEY_OF_LEFT);
    assert_int_equal(state.name, TOP_GROUPS);
    assert_string_equal(((const struct proctcp_group *)selected())->name, "web");
    hit("2");
    top_state_key(&state, KEY_OF_END);
    top_state_key(&state, KEY_OF_ENTER);
    assert_int_equal(state.list.count, 1);
    assert_int_equal(((const struct proctcp_row *)selected())->pid, 9);
    top_state_key(&state, KEY_OF_ENTER); /* there is nothing inside of a socket */
    assert_int_equal(state.list.count, 1);
    top_state_key(&state, KEY_OF_ERASE);
    assert_int_equal(selected_pid(), 9);
    hit("3");
    top_state_key(&state, KEY_OF_ENTER);
    assert_int_equal(state.list.count, 3); /* its own socket, which two hold, and what came in */
    hit("4");
    assert_int_equal(state.list.count, 4);
}

static void what_one_is_inside_of_may_end(void **unused)
{
    struct proctcp_snapshot without = first;
    (void)unused;
    top_state_key(&state, KEY_OF_ENTER);
    assert_int_equal(state.list.count, 1);
    without.group_count = 2;
    top_state_pass(&state, pass_new(NULL, &without, 0));
    assert_int_equal(state.list.count, 0);
    top_state_key(&state, KEY_OF_ENTER);
    top_state_key(&state, KEY_OF_DOWN);
    top_state_key(&state, KEY_OF_ESCAPE);
    assert_false(state.ended);
    assert_int_equal(state.list.count, 1);
}

static void a_filter_is_plain_text_and_works_while_it_is_typed(void **unused)
{
    (void)unused;
    hit("2/ngi");
    assert_int_equal(state.list.count, 2);
    hit("q");
    assert_int_equal(state.list.count, 0);
    assert_false(state.ended);
    top_state_key(&state, KEY_OF_ERASE);
    top_state_key(&state, KEY_OF_ENTER);
    assert_string_equal(state.filter, "ngi");
    assert_int_equal(state.list.count, 2);
    top_state_key(&state, KEY_OF_ESCAPE);
    assert_int_equal(state.list.count, 3);
    assert_false(state.ended);
    hit("/.*");
    assert_int_equal(state.list.count, 0);
    top_state_key(&state, KEY_OF_ESCAPE);
    assert_int_equal(state.list.count, 3);
    hit("1/x\\x20y"); /* as the screen has it */
    assert_int_equal(state.list.count, 1);
    for (int i = 0; i < 200; i++)
        hit("z");
    assert_int_equal(strlen(state.typed), TOP_TYPED_SIZE - 1);
}

static void the_order_goes_through_the_columns_on_the_screen(void **unused)
{
    (void)unused;
    state.width = 40;
    const struct top_layout layout = top_fit(&top_views[TOP_GROUPS], 40);
    const size_t at_first = top_state_where(&state)->sorted_by;
    for (size_t c = 0; c < layout.count; c++) {
        bool is_there = false;
        hit("s");
        for (size_t p = 0; p < layout.count; p++)
            is_there = is_there || layout.placed[p].column == top_state_where(&state)->sorted_by;
        assert_true(is_there);
    }
    assert_int_equal(top_state_where(&state)->sorted_by, at_first);
    hit(">");
    assert_int_not_equal(top_state_where(&state)->sorted_by, at_first);
    hit("<");
    assert_int_equal(top_state_where(&state)->sorted_by, at_first);
    while (top_state_where(&state)->sorted_by != 0)
        hit("<");
    assert_string_equal(((const struct proctcp_group *)selected())->name, "db"); /* names from a on */
    hit("r");
    assert_string_equal(((const struct proctcp_group *)selected())->name, "x y");
}

static void the_interval_has_steps_and_can_be_typed(void **unused)
{
    (void)unused;
    hit("+");
    assert_true(state.interval_s == 5);
    hit("---");
    assert_true(state.interval_s == 0.5);
    for (int i = 0; i < 30; i++)
        hit("-");
    assert_true(state.interval_s == 0.1);
    for (int i = 0; i < 30; i++)
        hit("+");
    assert_true(state.interval_s == 3600);
    hit("d1.5");
    top_state_key(&state, KEY_OF_ENTER);
    assert_true(state.interval_s == 1.5);
    static const char *const wrong[] = {"", "x", "nan", "-3", "0", "1x"};
    for (size_t w = 0; w < sizeof(wrong) / sizeof(wrong[0]); w++) {
        hit("d");
        hit(wrong[w]);
        top_state_key(&state, KEY_OF_ENTER);
        assert_true(state.interval_s == 1.5);
    }
    hit("d7");
    top_state_key(&state, KEY_OF_ESCAPE);
    assert_true(state.interval_s == 1.5);
}

static void help_pause_and_the_end_have_keys(void **unused)
{
    (void)unused;
    hit("p");
    assert_true(state.paused);
    hit(" ");
    assert_false(state.paused);
    hit("?2");
    assert_false(state.help);
    assert_int_equal(state.name, TOP_GROUPS); /* the key only closed it */
    hit("h");
    assert_true(state.help);
    hit("q");
    assert_true(state.ended);
}

static void keys_before_the_first_scan_do_no_harm(void **unused)
{
    struct top_state early;
    (void)unused;
    top_state_init(&early, TOP_GROUPS, 2);
    for (int key = 0; key <= KEY_OF_ESCAPE; key++)
        top_state_key(&early, key);
    top_state_pass(&early, pass_new(NULL, &first, 0));
    top_state_close(&early);
}

static void without_memory_nothing_is_listed_and_keys_do_no_harm(void **unused)
{
    (void)unused;
    top_state_key(&state, KEY_OF_END);
    memory_is_out = true;
    for (int key = 0; key <= KEY_OF_ESCAPE; key++)
        top_state_key(&state, key);
    memory_is_out = false;
    assert_true(state.out_of_memory);
    assert_int_equal(state.list.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(groups_come_first_and_that_with_most_sockets_on_top),
        TEST(numbers_and_tab_change_the_view),
        TEST(what_is_selected_stays_so_when_the_order_changes),
        TEST(a_pid_that_is_another_process_is_not_the_selected_one),
        TEST(nothing_is_followed_until_one_has_moved_and_after_home),
        TEST(moving_never_leaves_the_list_and_the_page_follows),
        TEST(enter_shows_the_sockets_of_what_is_selected),
        TEST(what_one_is_inside_of_may_end),
        TEST(a_filter_is_plain_text_and_works_while_it_is_typed),
        TEST(the_order_goes_through_the_columns_on_the_screen),
        TEST(the_interval_has_steps_and_can_be_typed),
        TEST(help_pause_and_the_end_have_keys),
        TEST(keys_before_the_first_scan_do_no_harm),
        TEST(without_memory_nothing_is_listed_and_keys_do_no_harm),
    };
    return cmocka_run_group_tests_name("cli_top_state", tests, NULL, NULL);
}
