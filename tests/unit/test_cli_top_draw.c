/* The screen of --top on a canvas of characters, in every size. */
#include "../../plugins/cli/top_draw.h"
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void __wrap_proctcp_snapshot_unref(const struct proctcp_snapshot *snapshot);

/* Snapshots of this file are not allocated. */
void __wrap_proctcp_snapshot_unref(const struct proctcp_snapshot *snapshot)
{
    (void)snapshot;
}

#define WIDTH_MAX  250
#define HEIGHT_MAX 60

static char screen[HEIGHT_MAX][WIDTH_MAX + 1];
static unsigned looks; /* all that were used */
static struct top_state state;

static void put(void *context, unsigned line, unsigned column, const char *text, size_t length, unsigned look)
{
    (void)context;
    assert_true(line < state.height && column + length <= state.width);
    for (size_t i = 0; i < length; i++)
        assert_in_range(text[i], ' ', '~');
    memcpy(screen[line] + column, text, length);
    looks |= look;
}

static void draw(unsigned width, unsigned height)
{
    const struct top_canvas canvas = {.put = put};

    memset(screen, ' ', sizeof(screen));
    for (size_t line = 0; line < HEIGHT_MAX; line++)
        screen[line][width] = '\0';
    state.width = width;
    state.height = height;
    looks = 0;
    top_draw(&state, &canvas);
}

/* The line that has the text, or NULL. */
static const char *line_with(const char *text)
{
    for (unsigned line = 0; line < state.height; line++) {
        if (strstr(screen[line], text))
            return screen[line];
    }
    return NULL;
}

static const struct proctcp_impairment impairments[1];
static struct proctcp_group groups[102];
static struct proctcp_process processes[] = {{.pid = 4194304,
                                              .name = "a b\n\xff\x1b[31m",
                                              .present = PROCTCP_HAS_PROCESS,
                                              .sockets = 2,
                                              .by_state[PROCTCP_CLOSE_WAIT] = 12}};
static const struct proctcp_socket sockets[] = {
    {.state = PROCTCP_ESTABLISHED,
     .present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE,
     .local_port = 65535,
     .local_address = {{0x20, 1, 0x0d, 0xb8, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6}},
     .remote_port = 65534,
     .remote_address = {{0x20, 1, 0x0d, 0xb8, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7}}}};
static const struct proctcp_row rows[] = {{.pid = 4194304, .fd = 1000000, .peer = PROCTCP_NONE}};
static const uint16_t row_groups[] = {1};
static const struct proctcp_listener listeners[] = {{.local_port = 443, .row = 0, .drops = 4294967295U}};
static const struct proctcp_snapshot snapshot = {
    .groups = groups,
    .group_count = 102,
    .processes = processes,
    .process_count = 1,
    .rows = rows,
    .row_count = 1,
    .row_groups = row_groups,
    .sockets = sockets,
    .socket_count = 1,
    .listeners = listeners,
    .listener_count = 1,
    .impairments = impairments,
    .stats = {.source = PROCTCP_SOURCE_NETLINK, .sockets = 7, .processes = 3, .unattributed = 2, .denied = 5}};

static int begin(void **unused)
{
    static char names[102][16];
    (void)unused;
    for (unsigned g = 0; g < 102; g++) {
        snprintf(names[g], sizeof(names[g]), "service-%03u", g);
        groups[g] = (struct proctcp_group){.name = names[g], .sockets = 1000 - g};
    }
    top_state_init(&state, TOP_GROUPS, 2);
    top_state_pass(&state, pass_new(NULL, &snapshot, 0));
    return 0;
}

static int end(void **unused)
{
    (void)unused;
    top_state_close(&state);
    return 0;
}

static void nothing_is_put_beyond_the_screen_in_any_size(void **unused)
{
    (void)unused;
    for (unsigned width = 1; width <= WIDTH_MAX; width += 3) {
        for (unsigned height = 1; height <= HEIGHT_MAX; height += height < 12 ? 1 : 17) {
            for (int view = '1'; view <= '4'; view++) {
                top_state_key(&state, view);
                draw(width, height);
                top_state_key(&state, KEY_OF_ENTER);
                draw(width, height);
                top_state_key(&state, '/');
                draw(width, height);
                top_state_key(&state, KEY_OF_ESCAPE);
                top_state_key(&state, '?');
                draw(width, height);
                top_state_key(&state, '?');
            }
        }
    }
}

static void the_usual_screen_has_header_titles_rows_and_keys(void **unused)
{
    (void)unused;
    draw(80, 24);
    assert_non_null(strstr(screen[0], "groups  "));
    assert_non_null(strstr(screen[0], "every 2 s  netlink"));
    assert_non_null(strstr(screen[1], "sockets 7  processes 3  unattributed 2  in -"));
    assert_non_null(strstr(screen[2], "partial:  processes denied 5"));
    assert_memory_equal(screen[3], "GROUP ", 6);
    assert_non_null(strstr(screen[3], " SOCKSv "));
    assert_non_null(strstr(screen[3], " IN/s "));
    assert_memory_equal(screen[4], "service-001 ", 12); /* what found no place is not there until something did */
    assert_memory_equal(screen[22], "service-019 ", 12);
    assert_memory_equal(screen[23], "q quit  ? help", 14);
    assert_true(looks & LOOK_DOUBTFUL);
}

static void the_title_of_the_column_that_is_sorted_by_is_marked(void **unused)
{
    (void)unused;
    for (unsigned width = 40; width <= 160; width += 40) {
        draw(width, 24);
        for (unsigned step = 0; step < 20; step++) {
            top_state_sort(&state, 1);
            draw(width, 24);
            if (!strpbrk(screen[3], "v^"))
                fail_msg("%u columns, step %u: %s", width, step, screen[3]);
        }
    }
}

static void a_tiny_screen_still_has_titles_and_rows(void **unused)
{
    (void)unused;
    draw(20, 5);
    assert_memory_equal(screen[0], "groups", 6);
    assert_memory_equal(screen[1], "GROUP", 5);
    assert_non_null(strstr(screen[1], "IN/s"));
    assert_memory_equal(screen[2], "serv", 4);
    assert_memory_equal(screen[3], "serv", 4);
    assert_memory_equal(screen[4], "q quit", 6);
}

static void the_selected_item_is_on_the_screen_when_that_becomes_smaller(void **unused)
{
    (void)unused;
    draw(80, 50);
    for (int i = 0; i < 40; i++)
        top_state_key(&state, KEY_OF_DOWN);
    draw(80, 50);
    draw(80, 10);
    assert_non_null(line_with("service-041"));
    draw(80, 50);
    assert_non_null(line_with("service-041"));
    top_state_key(&state, KEY_OF_END);
    draw(80, 24);
    assert_memory_equal(screen[22], "service-101", 11); /* the last line of the page */
}

static void names_are_escaped_and_what_is_wrong_stands_out(void **unused)
{
    (void)unused;
    top_state_key(&state, '2');
    draw(200, 24);
    assert_non_null(line_with("a\\x20b\\x0a"));
    assert_true(looks & LOOK_BAD);
}

static void what_one_looks_into_stands_in_the_header(void **unused)
{
    (void)unused;
    top_state_key(&state, KEY_OF_ENTER);
    draw(80, 24);
    assert_non_null(strstr(screen[0], "sockets of group service-001"));
    top_state_key(&state, 'p');
    draw(60, 24);
    assert_non_null(strstr(screen[0], "PAUSED"));
}

static void what_failed_stands_above_what_was_there(void **unused)
{
    (void)unused;
    snprintf(state.failure, sizeof(state.failure), "/proc: Permission denied");
    draw(80, 24);
    assert_non_null(strstr(screen[1], "/proc: Permission denied"));
    assert_non_null(line_with("service-001"));
}

/* ---- columns ---- */

static void columns_fit_and_the_least_important_go_first(void **unused)
{
    (void)unused;
    for (size_t v = 0; v < TOP_VIEWS; v++) {
        size_t before = 0;
        for (unsigned width = 1; width < 300; width++) {
            const struct top_layout layout = top_fit(&top_views[v], width);
            unsigned used = 0, most_important = 100;
            for (size_t p = 0; p < layout.count; p++) {
                const struct top_column *column = &top_views[v].columns[layout.placed[p].column];
                used += layout.placed[p].width + (p ? (unsigned)layout.gap : 0);
                most_important = column->rank < most_important ? column->rank : most_important;
                assert_true(width < column->least || layout.placed[p].width >= column->least);
            }
            assert_true(used <= width);
            assert_int_equal(most_important, 0);
            before = layout.count > before ? layout.count : before;
        }
        assert_int_equal(before, top_views[v].column_count);
    }
}

static void every_column_is_one_that_its_view_has(void **unused)
{
    struct sort sort;
    (void)unused;
    for (size_t v = 0; v < TOP_VIEWS; v++) {
        unsigned ranks = 0;
        assert_true(top_views[v].column_count <= TOP_COLUMNS_MAX);
        assert_true(top_views[v].sorted_by < top_views[v].column_count);
        for (size_t c = 0; c < top_views[v].column_count; c++) {
            const struct top_column *column = &top_views[v].columns[c];
            assert_true(!column->name || sort_parse(top_views[v].view, column->name, &sort));
            assert_true(strlen(column->title) <= column->least);
            ranks |= 1U << column->rank;
        }
        assert_int_equal(ranks, (1U << top_views[v].column_count) - 1); /* each has one of its own */
    }
}

static void rates_read_as_people_write_them(void **unused)
{
    static const struct {
        enum reading reading;
        float rate;
        const char *text;
    } cases[] = {{READ_RATE, RATE_ABSENT, "-"},
                 {READ_BYTE_RATE, RATE_ABSENT, "-"},
                 {READ_RATE, 0, "0"},
                 {READ_RATE, 0.001F, "0.1"},
                 {READ_RATE, 2.5F, "2.5"},
                 {READ_RATE, 12.4F, "12"},
                 {READ_RATE, 99999, "99999"},
                 {READ_RATE, 123456, "123k"},
                 {READ_RATE, 123000000, "123M"},
                 {READ_BYTE_RATE, 0, "0 B"},
                 {READ_BYTE_RATE, 1234567, "1.2 MB"},
                 {READ_BYTE_RATE, 999.4F, "999 B"}};
    char text[CELL_SIZE];
    (void)unused;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
        assert_string_equal(top_rate_text(cases[c].reading, cases[c].rate, text), cases[c].text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_put_beyond_the_screen_in_any_size),
        TEST(the_usual_screen_has_header_titles_rows_and_keys),
        TEST(the_title_of_the_column_that_is_sorted_by_is_marked),
        TEST(a_tiny_screen_still_has_titles_and_rows),
        TEST(the_selected_item_is_on_the_screen_when_that_becomes_smaller),
        TEST(names_are_escaped_and_what_is_wrong_stands_out),
        TEST(what_one_looks_into_stands_in_the_header),
        TEST(what_failed_stands_above_what_was_there),
        cmocka_unit_test(columns_fit_and_the_least_important_go_first),
        cmocka_unit_test(every_column_is_one_that_its_view_has),
        cmocka_unit_test(rates_read_as_people_write_them),
    };
    return cmocka_run_group_tests_name("cli_top_draw", tests, NULL, NULL);
}
