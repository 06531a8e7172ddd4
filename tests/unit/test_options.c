/* Other options for a scanner that goes on: what comes into a selection or leaves it, groups that are configured anew,
 * and what is known all the same. */
#include "fake_proc.h"
#include "literal.h"
#include "testing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NETNS 4026531840u
#define LOCAL 0x7f000001

#define LISTENER_OF(number, port, inode)                                                                               \
    "   " #number ": 00000000:" #port                                                                                  \
    " 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 " #inode                                  \
    " 1 ffff90d8bb010000 100 0 0 10 0\n"

/* ---- a tree ---- */

struct tree {
    struct fake_proc *fake;
    struct proctcp_selection *selection;
    struct proctcp_grouping *groupings[3];
};

static int setup(void **state)
{
    static struct tree fresh;

    fresh = (struct tree){.fake = fake_proc_new()};
    *state = &fresh;
    for (size_t i = 0; i < 3; i++) {
        if (proctcp_grouping_new(&fresh.groupings[i]) < 0)
            return -1;
    }
    fake_proc_process(fresh.fake, 20, "web", NETNS);
    fake_proc_process(fresh.fake, 30, "db", NETNS);
    fake_proc_link(fresh.fake, "20/fd/3", "socket:[200]");
    fake_proc_link(fresh.fake, "20/fd/4", "socket:[201]");
    fake_proc_link(fresh.fake, "30/fd/3", "socket:[300]");
    for (int pid = 20; pid <= 30; pid += 10) {
        char path[32];
        snprintf(path, sizeof(path), "%d/net/tcp", pid);
        fake_proc_file(fresh.fake, path,
                       TCP_HEADER LISTENER_OF(1, 0050, 200) LISTENER_OF(2, 0051, 201) LISTENER_OF(3, 0052, 300));
        snprintf(path, sizeof(path), "%d/net/tcp6", pid);
        fake_proc_file(fresh.fake, path, TCP6_HEADER);
    }
    fresh.fake->grouping = fresh.groupings[0];
    return 0;
}

static int teardown(void **state)
{
    struct tree *tree = *state;

    fake_proc_free(tree->fake);
    proctcp_selection_free(tree->selection);
    for (size_t i = 0; i < 3; i++)
        proctcp_grouping_free(tree->groupings[i]);
    return 0;
}

static void set(struct tree *tree, const struct proctcp_grouping *grouping)
{
    const struct proctcp_options options = {
        .proc_root = tree->fake->root, .selection = tree->selection, .grouping = grouping};

    assert_int_equal(proctcp_scanner_set_options(tree->fake->scanner, &options), 0);
}

/* Nothing else, from the next scan on. */
static void select_only(struct tree *tree, const char *kind, const char *value)
{
    struct proctcp_selection *before = tree->selection;
    char error[256];

    assert_int_equal(proctcp_selection_new(&tree->selection), 0);
    if (kind)
        assert_int_equal(proctcp_selection_add(tree->selection, kind, value, error, sizeof(error)), 0);
    set(tree, tree->groupings[0]);
    proctcp_selection_free(before);
}

static const struct proctcp_process *process_of(const struct tree *tree, int pid)
{
    const struct proctcp_snapshot *snapshot = tree->fake->snapshot;
    for (uint32_t i = 0; i < snapshot->process_count; i++) {
        if (snapshot->processes[i].pid == pid)
            return &snapshot->processes[i];
    }
    return NULL;
}

static const struct proctcp_group *find_group(const struct proctcp_snapshot *snapshot, const char *name)
{
    for (uint32_t i = 0; i < snapshot->group_count; i++) {
        if (strcmp(snapshot->groups[i].name, name) == 0)
            return &snapshot->groups[i];
    }
    return NULL;
}

static void the_generation_and_what_is_known_go_on(void **state)
{
    struct tree *tree = *state;

    fake_proc_scan(tree->fake);
    select_only(tree, "process", "db");
    assert_int_equal(fake_proc_scan(tree->fake)->stats.generation, 2);
    assert_null(process_of(tree, 20));
    assert_int_equal(process_of(tree, 30)->sockets_opened, 1);
    assert_int_equal(process_of(tree, 30)->sockets_closed, 0);
}

static void what_leaves_the_selection_or_comes_into_it_is_neither_closed_nor_opened(void **state)
{
    struct tree *tree = *state;

    fake_proc_scan(tree->fake);
    for (int round = 0; round < 3; round++) {
        select_only(tree, "process", "db");
        fake_proc_scan(tree->fake);
        assert_int_equal(find_group(tree->fake->snapshot, "web")->sockets_closed, 0);
        fake_proc_scan(tree->fake);
        select_only(tree, "local_port", "80");
        fake_proc_scan(tree->fake);
        assert_int_equal(process_of(tree, 20)->sockets, 1);
        assert_int_equal(find_group(tree->fake->snapshot, "db")->sockets_closed, 0);
        select_only(tree, NULL, NULL);
        fake_proc_scan(tree->fake);
        assert_int_equal(process_of(tree, 20)->sockets, 2);
        assert_int_equal(process_of(tree, 20)->sockets_opened, 2);
        assert_int_equal(process_of(tree, 20)->sockets_closed, 0);
        assert_int_equal(process_of(tree, 30)->sockets_opened, 1);
        assert_int_equal(find_group(tree->fake->snapshot, "web")->sockets_opened, 2);
        assert_int_equal(tree->fake->snapshot->all.sockets_closed, 0);
    }
}

static void what_is_closed_meanwhile_is_closed(void **state)
{
    struct tree *tree = *state;

    fake_proc_scan(tree->fake);
    fake_proc_link(tree->fake, "20/fd/4", "/dev/null");
    fake_proc_file(tree->fake, "20/net/tcp", TCP_HEADER LISTENER_OF(1, 0050, 200) LISTENER_OF(3, 0052, 300));
    fake_proc_file(tree->fake, "30/net/tcp", TCP_HEADER LISTENER_OF(1, 0050, 200) LISTENER_OF(3, 0052, 300));
    select_only(tree, "process", "web");
    fake_proc_scan(tree->fake);
    assert_int_equal(process_of(tree, 20)->sockets_closed, 1);
    assert_int_equal(find_group(tree->fake->snapshot, "web")->sockets_closed, 1);
    assert_int_equal(find_group(tree->fake->snapshot, "db")->sockets_closed, 0);
}

static void the_same_rules_once_more_change_nothing(void **state)
{
    struct tree *tree = *state;

    fake_proc_scan(tree->fake);
    select_only(tree, "local_port", "80-82");
    fake_proc_scan(tree->fake);
    fake_proc_process(tree->fake, 40, "new", NETNS);
    fake_proc_link(tree->fake, "40/fd/3", "socket:[300]");
    fake_proc_link(tree->fake, "30/fd/3", "/dev/null");
    fake_proc_link(tree->fake, "40/fd/4", "socket:[400]");
    fake_proc_file(tree->fake, "20/net/tcp", TCP_HEADER LISTENER_OF(1, 0050, 200) LISTENER_OF(2, 0051, 400));
    select_only(tree, "local_port", "80-82");
    fake_proc_scan(tree->fake);
    assert_int_equal(process_of(tree, 40)->sockets_opened, 1);
    assert_int_equal(process_of(tree, 20)->sockets_closed, 1);
}

static void groups_keep_their_places_and_counts_when_others_are_configured(void **state)
{
    struct tree *tree = *state;
    char error[256];

    assert_int_equal(proctcp_grouping_add_text(tree->groupings[1], "shop=process=web", error, sizeof(error)), 0);
    assert_int_equal(proctcp_grouping_add_text(tree->groupings[1], "db=process=db", error, sizeof(error)), 0);
    assert_int_equal(proctcp_grouping_by(tree->groupings[2], "user", error, sizeof(error)), 0);
    fake_proc_scan(tree->fake);
    const ptrdiff_t web = find_group(tree->fake->snapshot, "web") - tree->fake->snapshot->groups;
    assert_false(find_group(tree->fake->snapshot, "db")->is_configured);

    set(tree, tree->groupings[1]);
    const struct proctcp_snapshot *snapshot = fake_proc_scan(tree->fake);
    assert_int_equal(find_group(snapshot, "web") - snapshot->groups, web);
    assert_int_equal(find_group(snapshot, "web")->sockets, 0);
    assert_int_equal(find_group(snapshot, "web")->sockets_opened, 2);
    assert_int_equal(find_group(snapshot, "shop")->sockets, 2);
    assert_int_equal(find_group(snapshot, "shop")->sockets_opened, 0); /* they were opened in another group */
    assert_true(find_group(snapshot, "shop")->is_configured);
    assert_true(find_group(snapshot, "db")->is_configured);
    assert_int_equal(find_group(snapshot, "db")->sockets_opened, 1);

    set(tree, tree->groupings[2]);
    snapshot = fake_proc_scan(tree->fake);
    assert_false(find_group(snapshot, "shop")->is_configured);
    assert_int_equal(find_group(snapshot, "shop")->sockets, 0);
    assert_int_equal(find_group(snapshot, "db")->sockets_opened, 1);
    assert_int_equal(snapshot->all.sockets, 3);
    assert_int_equal(snapshot->all.sockets_opened, 3);
    assert_int_equal(snapshot->all.sockets_closed, 0);
}

static void groups_stay_bounded_however_often_others_are_configured(void **state)
{
    struct tree *tree = *state;
    struct proctcp_grouping *before = NULL;
    const struct proctcp_snapshot *snapshot = fake_proc_scan(tree->fake);

    for (int round = 0; round < 50; round++) {
        struct proctcp_grouping *grouping;
        char text[64], name[32], error[256];
        assert_int_equal(proctcp_grouping_new(&grouping), 0);
        assert_int_equal(proctcp_grouping_limit(grouping, 8), 0);
        for (int i = 0; i < 3; i++) {
            snprintf(text, sizeof(text), "g%d-%d=process=web", round, i);
            assert_int_equal(proctcp_grouping_add_text(grouping, text, error, sizeof(error)), 0);
        }
        set(tree, grouping);
        proctcp_grouping_free(before);
        before = grouping;
        snapshot = fake_proc_scan(tree->fake);
        snprintf(name, sizeof(name), "g%d-0", round);
        assert_int_equal(find_group(snapshot, name)->sockets, 2);
        assert_in_range(snapshot->group_count, 1 + 3, 1 + 8 + 1);
        assert_int_equal(find_group(snapshot, "db")->sockets, 1);
    }
    set(tree, tree->groupings[0]);
    proctcp_grouping_free(before);
    fake_proc_scan(tree->fake);
}

static void options_that_cannot_be_are_refused_and_the_former_ones_hold(void **state)
{
    struct tree *tree = *state;
    const struct proctcp_options wrong[] = {
        {.source = (enum proctcp_source)99, .grouping = tree->groupings[0]},
        {.proc_root = "", .grouping = tree->groupings[0]},
        {.proc_root = "/nowhere"}, /* and no grouping */
    };

    fake_proc_scan(tree->fake);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(proctcp_scanner_set_options(tree->fake->scanner, &wrong[i]), -EINVAL);
    assert_int_equal(fake_proc_scan(tree->fake)->row_count, 3);
}

static void a_scan_that_fails_meanwhile_makes_no_difference(void **state)
{
    struct tree *tree = *state;
    const struct proctcp_snapshot *ignored;

    fake_proc_scan(tree->fake);
    assert_int_equal(
        proctcp_scanner_set_options(tree->fake->scanner,
                                    &(struct proctcp_options){.proc_root = "/nowhere", .grouping = tree->groupings[1]}),
        0);
    assert_true(proctcp_scan(tree->fake->scanner, &ignored) < 0);
    select_only(tree, "process", "web");
    fake_proc_scan(tree->fake);
    assert_int_equal(process_of(tree, 20)->sockets_opened, 2);
    assert_int_equal(find_group(tree->fake->snapshot, "db")->sockets_closed, 0);
}

/* ---- counters, that no tree has ---- */

static struct literal literal;

static void scan_by_hand(uint64_t time, uint64_t sent, const struct proctcp_selection *selection)
{
    literal_begin(&literal, time);
    for (uint32_t i = 1; i <= 2; i++) {
        struct proctcp_socket *socket = literal_socket(&literal, i, i, LOCAL, (uint16_t)(79 + i), LOCAL + 1, 1000);
        socket->present |= PROCTCP_HAS_BYTES_SENT | PROCTCP_HAS_BYTES | PROCTCP_HAS_SEGS | PROCTCP_HAS_INFO;
        socket->bytes_sent = sent * i;
    }
    literal.capture.counters = UINT64_MAX;
    literal_process(&literal, 7);
    literal_owner(&literal, 3, 1);
    literal_owner(&literal, 4, 2);
    assert_int_equal(literal_end(&literal, selection), 0);
}

static void a_socket_that_comes_into_the_selection_counts_from_where_it_is(void **state)
{
    struct proctcp_selection *first;
    char error[256];

    (void)state;
    literal = (struct literal){.snapshot = NULL};
    assert_int_equal(proctcp_selection_new(&first), 0);
    assert_int_equal(proctcp_selection_add(first, "local_port", "80", error, sizeof(error)), 0);
    scan_by_hand(100, 1000, first);
    assert_int_equal(literal.snapshot->processes[0].totals.bytes_sent, 1000);
    literal.history.is_reselected = true;
    scan_by_hand(110, 1100, NULL);
    assert_int_equal(literal.snapshot->processes[0].totals.bytes_sent, 1100);
    assert_int_equal(literal.snapshot->processes[0].since.bytes_sent, 100);
    assert_false(literal.history.is_reselected);
    scan_by_hand(120, 1200, NULL);
    assert_int_equal(literal.snapshot->processes[0].totals.bytes_sent, 1400);
    literal.history.is_reselected = true;
    scan_by_hand(130, 1300, first);
    assert_int_equal(literal.snapshot->processes[0].totals.bytes_sent, 1500);
    assert_int_equal(literal.snapshot->processes[0].sockets_closed, 0);
    literal_free(&literal);
    proctcp_selection_free(first);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_generation_and_what_is_known_go_on),
        TEST(what_leaves_the_selection_or_comes_into_it_is_neither_closed_nor_opened),
        TEST(what_is_closed_meanwhile_is_closed),
        TEST(the_same_rules_once_more_change_nothing),
        TEST(groups_keep_their_places_and_counts_when_others_are_configured),
        TEST(groups_stay_bounded_however_often_others_are_configured),
        TEST(options_that_cannot_be_are_refused_and_the_former_ones_hold),
        TEST(a_scan_that_fails_meanwhile_makes_no_difference),
        cmocka_unit_test(a_socket_that_comes_into_the_selection_counts_from_where_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
