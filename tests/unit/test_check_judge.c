/* test_check_judge.c - from what was seen to a state: above all, that what was not seen is never OK. */
#include "../../plugins/check/judge.h"

#include "testing.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 16

/* What is judged, in the words of the command line. */
static struct options options_of(const char *words)
{
    static char copy[512];
    static struct options options;
    char *argv[WORDS_MAX + 1] = {"check_proctcp"}, *rest = copy;
    int argc = 1;

    snprintf(copy, sizeof(copy), "%s", words);
    for (char *word; argc < WORDS_MAX && (word = strtok_r(rest, " ", &rest));)
        argv[argc++] = word;
    optind = 0;
    assert_true(options_parse(argc, argv, &options));
    proctcp_grouping_free(options.grouping);
    return options;
}

static struct observation fresh(void)
{
    return (struct observation){.scan = {.generation = 7, .start = 1, .age_s = 2, .fresh_s = 25}};
}

static void add(struct observation *observation, const char *name, uint64_t part, uint64_t whole)
{
    struct item *item = observation_add(observation, name);

    assert_non_null(item);
    item->is_known = item->is_there = true;
    item->numbers = (struct numbers){true, true, part, whole};
}

static struct report judged(const char *words, struct observation *now, struct observation *before)
{
    const struct options options = options_of(words);
    struct report report = {0};

    judge(&options, now, before, &report);
    observation_free(now);
    if (before)
        observation_free(before);
    return report;
}

static void assert_report(const struct report *report, enum state state, const char *line, const char *perfdata)
{
    assert_string_equal(report->line.bytes, line);
    assert_int_equal(report->state, state);
    if (perfdata)
        assert_string_equal(report->perfdata.bytes, perfdata);
}

static void a_group_is_judged_by_its_limits(void **state)
{
    static const struct {
        uint64_t value;
        enum state state;
    } cases[] = {{5, STATE_OK}, {10, STATE_OK}, {11, STATE_WARNING}, {20, STATE_WARNING}, {21, STATE_CRITICAL}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct observation seen = fresh();
        char line[64], perfdata[64];
        add(&seen, "web", cases[i].value, 0);
        const struct report report = judged("-k close_wait -g web -w 10 -c 20", &seen, NULL);
        snprintf(line, sizeof(line), "close_wait: web %d", (int)cases[i].value);
        snprintf(perfdata, sizeof(perfdata), "'web'=%d;10;20;0", (int)cases[i].value);
        assert_report(&report, cases[i].state, line, perfdata);
    }
}

static void of_all_groups_the_worst_decides_and_is_named_first(void **state)
{
    struct observation seen = fresh();
    struct report report;

    (void)state;
    add(&seen, "a", 1, 0);
    add(&seen, "b", 60, 0);
    add(&seen, "c|", 99, 0);
    add(&seen, "d", 15, 0);
    report = judged("-k unbound -w 10 -c 50", &seen, NULL);
    assert_report(&report, STATE_CRITICAL, "unbound: 4 groups, c%7c 99, b 60, d 15",
                  "'most'=99;10;50;0 'groups'=4;;;0");
}

static void all_groups_that_are_well_are_told_by_the_greatest(void **state)
{
    struct observation seen = fresh();
    struct report report;

    (void)state;
    add(&seen, "a", 1, 10);
    add(&seen, "b", 3, 10);
    report = judged("-k fds_percent -w 80 -v", &seen, NULL);
    assert_report(&report, STATE_OK, "fds_percent: 2 groups, most b 30%", "'most'=30%;80 'groups'=2;;;0");
    assert_string_equal(report.more.bytes, "OK: b 30%\nOK: a 10%\n");
}

static void of_many_that_are_bad_it_says_how_many_more(void **state)
{
    struct observation seen = fresh();
    struct report report;
    char name[8];

    (void)state;
    for (unsigned i = 0; i < 15; i++) {
        snprintf(name, sizeof(name), "g%02u", i);
        add(&seen, name, 60, 0);
    }
    report = judged("-k unbound -c 50", &seen, NULL);
    assert_non_null(strstr(report.line.bytes, "g09 60, and 5 more"));
}

static void lines_for_people_end_whole_with_how_many_more(void **state)
{
    struct observation seen = fresh();
    struct report report;
    char name[TEXT_NAME_SIZE];

    (void)state;
    memset(name, '|', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (unsigned i = 0; i < 100; i++)
        add(&seen, name, i, 0);
    report = judged("-k unbound -v", &seen, NULL);
    const char *last = strstr(report.more.bytes, "\nand ");
    assert_non_null(last);
    assert_non_null(strstr(last, " more\n"));
    assert_int_equal(strcspn(last + 1, "\n"), strlen(last) - 2);
}

static void a_limit_finer_than_what_is_printed_holds(void **state)
{
    struct observation before = fresh(), now = fresh();
    struct report report;

    (void)state;
    add(&before, "web", 0, 0);
    add(&now, "web", 9, 10000);
    report = judged("-k retransmission_percent -g web -w 0.05", &now, &before);
    assert_report(&report, STATE_WARNING, "retransmission_percent: web 0.09%", "'web'=0.09%;0.05");
    now = fresh();
    add(&now, "web", 9997, 10000);
    report = judged("-k fds_percent -g web -c 99.95", &now, NULL);
    assert_report(&report, STATE_CRITICAL, "fds_percent: web 99.9%", NULL);
}

static void too_few_is_told_by_the_least(void **state)
{
    struct observation seen = fresh();
    struct report report;

    (void)state;
    add(&seen, "_other", 0, 0); /* it is always there */
    add(&seen, "a", 2, 0);
    add(&seen, "b", 9, 0);
    report = judged("-k processes -c 1:", &seen, NULL);
    assert_report(&report, STATE_OK, "processes: 2 groups, least a 2", "'least'=2;;1:;0 'groups'=2;;;0");
    seen = fresh();
    add(&seen, "a", 0, 0);
    add(&seen, "b", 9, 0);
    report = judged("-k processes -c 1:", &seen, NULL);
    assert_report(&report, STATE_CRITICAL, "processes: 2 groups, a 0", "'least'=0;;1:;0 'groups'=2;;;0");
}

static void a_group_that_is_not_known_has_no_process(void **state)
{
    struct observation seen = fresh();
    struct report report;

    (void)state;
    observation_add(&seen, "x");
    report = judged("-k processes -g x -c 1:", &seen, NULL);
    assert_int_equal(report.state, STATE_CRITICAL);
    seen = fresh();
    observation_add(&seen, "x");
    report = judged("-k sockets -g x -c 100", &seen, NULL);
    assert_int_equal(report.state, STATE_UNKNOWN);
    seen = fresh();
    observation_add(&seen, "x");
    report = judged("-k processes -g x -c 1: --missing ok", &seen, NULL);
    assert_int_equal(report.state, STATE_OK);
}

static void a_group_that_may_have_found_no_place_is_unknown(void **state)
{
    struct observation seen = fresh();
    struct report report;

    (void)state;
    observation_add(&seen, "x");
    seen.scan.groups_left_out = 11;
    report = judged("-k unbound -g x -c 50 --missing ok", &seen, NULL);
    assert_int_equal(report.state, STATE_UNKNOWN);
    assert_non_null(strstr(report.line.bytes, "11 names found no place"));
}

static void a_group_that_was_never_seen_is_unknown_unless_an_option_says_what(void **state)
{
    static const char *const words[] = {"-k close_wait -g x", "-k close_wait -g x --missing ok",
                                        "-k close_wait -g x --missing warning",
                                        "-k close_wait -g x --missing critical"};
    static const enum state wanted[] = {STATE_UNKNOWN, STATE_OK, STATE_WARNING, STATE_CRITICAL};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct observation seen = fresh();
        observation_add(&seen, "x");
        const struct report report = judged(words[i], &seen, NULL);
        assert_int_equal(report.state, wanted[i]);
        assert_string_equal(report.perfdata.bytes, "");
    }
}

static void a_listener_that_is_missing_is_critical_if_the_scan_saw_everything(void **state)
{
    struct observation seen = fresh();
    struct report report;

    (void)state;
    observation_add(&seen, "0.0.0.0:80");
    report = judged("-k listener -l 0.0.0.0:80", &seen, NULL);
    assert_int_equal(report.state, STATE_CRITICAL);
    seen = fresh();
    observation_add(&seen, "0.0.0.0:80");
    seen.scan.namespaces_failed = 1;
    report = judged("-k listener -l 0.0.0.0:80", &seen, NULL);
    assert_int_equal(report.state, STATE_UNKNOWN);
    assert_non_null(strstr(report.line.bytes, "namespaces not read 1"));
    seen = fresh();
    observation_add(&seen, "0.0.0.0:80");
    seen.scan.denied = 4; /* a listener is seen, whoever holds it */
    report = judged("-k listener -l 0.0.0.0:80", &seen, NULL);
    assert_int_equal(report.state, STATE_CRITICAL);
    seen = fresh();
    observation_add(&seen, "0.0.0.0:80");
    seen.scan.skipped = 4; /* a selection may leave it out */
    report = judged("-k listener -l 0.0.0.0:80", &seen, NULL);
    assert_int_equal(report.state, STATE_UNKNOWN);
    seen = fresh();
    observation_add(&seen, "0.0.0.0:80")->is_known = true; /* but here it was seen before */
    seen.scan.skipped = 4;
    report = judged("-k listener -l 0.0.0.0:80", &seen, NULL);
    assert_int_equal(report.state, STATE_CRITICAL);
}

static void a_listener_must_be_held_by_the_group_that_was_named(void **state)
{
    static const struct {
        const char *group;
        enum state state;
    } cases[] = {{"web", STATE_OK}, {"evil", STATE_CRITICAL}, {"", STATE_UNKNOWN}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct observation seen = fresh();
        add(&seen, "[::]:80", 1, 0);
        snprintf(seen.items[0].group, sizeof(seen.items[0].group), "%s", cases[i].group);
        const struct report report = judged("-k listener -l [::]:80 -g web -g other", &seen, NULL);
        assert_int_equal(report.state, cases[i].state);
    }
}

static void whether_a_listener_is_there_does_not_hang_on_who_may_hold_it(void **state)
{
    struct observation seen = fresh();
    struct report report;

    (void)state;
    observation_add(&seen, "0.0.0.0:80");
    seen.scan.denied = 1;
    report = judged("-k listener -l 0.0.0.0:80 -g web", &seen, NULL);
    assert_report(&report, STATE_CRITICAL, "listener: 0.0.0.0:80 is missing: nobody listens there", NULL);
    seen = fresh();
    add(&seen, "0.0.0.0:80", 1, 0);
    seen.scan.denied = 1; /* it is held by whom nobody can see */
    report = judged("-k listener -l 0.0.0.0:80 -g web", &seen, NULL);
    assert_int_equal(report.state, STATE_UNKNOWN);
    assert_non_null(strstr(report.line.bytes, "processes denied 1"));
}

static void a_listener_with_too_few_sockets_says_how_many(void **state)
{
    struct observation seen = fresh();
    struct report report;

    (void)state;
    add(&seen, "0.0.0.0:80", 1, 0);
    report = judged("-k listener -l 0.0.0.0:80 -c 2:", &seen, NULL);
    assert_report(&report, STATE_CRITICAL, "listener: 0.0.0.0:80 has 1 socket", "'0.0.0.0:80'=1;;2:;0");
}

static void what_an_agent_does_not_tell_is_left_out(void **state)
{
    struct observation seen = fresh();
    struct report report;

    (void)state;
    seen.scan.is_untold = true;
    report = judged("-k scan", &seen, NULL);
    assert_report(&report, STATE_WARNING, "scan: 2 s old, left out: what the agent does not say", NULL);
    seen = fresh();
    add(&seen, "web", 1, 0);
    seen.scan.is_untold = true;
    report = judged("-k unbound -g web -c 50", &seen, NULL);
    assert_int_equal(report.state, STATE_UNKNOWN);
}

static void a_partial_scan_is_never_ok_but_what_it_found_is_found(void **state)
{
    static const struct {
        uint64_t value;
        enum state state;
    } cases[] = {{0, STATE_UNKNOWN}, {11, STATE_WARNING}, {21, STATE_CRITICAL}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct observation seen = fresh();
        add(&seen, "web", cases[i].value, 0);
        seen.scan.denied = 1;
        struct report report = judged("-k close_wait -g web -w 10 -c 20", &seen, NULL);
        assert_int_equal(report.state, cases[i].state);
        assert_non_null(strstr(report.line.bytes, "processes denied 1"));
        seen = fresh();
        add(&seen, "a", cases[i].value, 0);
        seen.scan.unread = 1;
        report = judged("-k close_wait -w 10 -c 20", &seen, NULL);
        assert_int_equal(report.state, cases[i].state);
    }
}

static void too_few_in_a_partial_scan_may_be_enough(void **state)
{
    struct observation seen = fresh();
    struct report report;

    (void)state;
    add(&seen, "web", 0, 0);
    seen.scan.hidden = "processes of other users hidden (hidepid)";
    report = judged("-k processes -g web -c 1:", &seen, NULL);
    assert_int_equal(report.state, STATE_UNKNOWN);
    seen = fresh();
    add(&seen, "web", 0, 0);
    seen.scan.hidden = "processes of other users hidden (hidepid)";
    report = judged("-k processes -g web -c 1: --partial-ok", &seen, NULL);
    assert_int_equal(report.state, STATE_CRITICAL);
}

static void an_old_scan_is_unknown_whatever_it_says(void **state)
{
    struct observation seen = fresh();
    struct report report;

    (void)state;
    add(&seen, "web", 99, 0);
    seen.scan.age_s = 26;
    report = judged("-k close_wait -g web -c 20", &seen, NULL);
    assert_int_equal(report.state, STATE_UNKNOWN);
    seen = fresh();
    add(&seen, "web", 0, 0);
    snprintf(seen.scan.stale, sizeof(seen.scan.stale), "the last scan failed: /proc");
    report = judged("-k close_wait -g web -c 20 --partial-ok", &seen, NULL);
    assert_int_equal(report.state, STATE_UNKNOWN);
    assert_non_null(strstr(report.line.bytes, "the last scan failed: /proc"));
}

static void blindness_is_unknown_with_its_reason(void **state)
{
    struct observation seen = fresh();
    struct report report;

    (void)state;
    observation_blind(&seen, "no answer");
    report = judged("-k close_wait -g x --missing ok --partial-ok", &seen, NULL);
    assert_report(&report, STATE_UNKNOWN, "no answer", "");
}

static void without_any_value_of_all_it_is_unknown(void **state)
{
    struct observation seen = fresh();
    struct report report;

    (void)state;
    add(&seen, "a", 1, 1);
    seen.items[0].numbers.has_whole = false;
    report = judged("-k fds_percent -c 90", &seen, NULL);
    assert_int_equal(report.state, STATE_UNKNOWN);
    seen = fresh();
    report = judged("-k close_wait -c 90", &seen, NULL);
    assert_int_equal(report.state, STATE_UNKNOWN);
}

static void a_named_one_without_the_value_is_unknown(void **state)
{
    struct observation seen = fresh();
    struct report report;

    (void)state;
    add(&seen, "a", 1, 1);
    seen.items[0].numbers.has_part = false;
    add(&seen, "b", 1, 10);
    report = judged("-k fds_percent -g a -g b -c 90", &seen, NULL);
    assert_int_equal(report.state, STATE_UNKNOWN);
    assert_string_equal(report.perfdata.bytes, "'b'=10%;;90");
}

static struct report rate_of(uint64_t again, uint64_t sent)
{
    struct observation before = fresh(), now = fresh();

    add(&before, "web", 1000, 50000);
    add(&now, "web", 1000 + again, 50000 + sent);
    return judged("-k retransmission_percent -g web -w 5 -c 10", &now, &before);
}

static void a_rate_is_of_what_went_by_between_two_scans(void **state)
{
    struct observation before = fresh(), now = fresh();
    struct report report = rate_of(70, 1000);

    (void)state;
    assert_report(&report, STATE_WARNING, "retransmission_percent: web 7%", "'web'=7%;5;10");
    report = rate_of(9, 99); /* few segments say nothing */
    assert_report(&report, STATE_OK, "retransmission_percent: web 0%", NULL);
    add(&now, "web", 1, 1);
    add(&before, "other", 1, 1);
    report = judged("-k retransmission_percent -g web -w 5", &now, &before);
    assert_int_equal(report.state, STATE_UNKNOWN);
    before = fresh();
    now = fresh();
    add(&before, "web", 900, 5000); /* it lost its place, and has it again */
    add(&now, "web", 0, 5500);
    report = judged("-k retransmission_percent -g web -w 5", &now, &before);
    assert_int_equal(report.state, STATE_UNKNOWN);
    before = fresh();
    now = fresh();
    now.scan.denied = 1; /* what is not seen may bring it down */
    add(&before, "web", 0, 0);
    add(&now, "web", 900, 1000);
    report = judged("-k retransmission_percent -g web -w 5", &now, &before);
    assert_int_equal(report.state, STATE_UNKNOWN);
    before = fresh();
    now = fresh();
    before.scan.denied = 1;
    add(&before, "web", 1, 1);
    add(&now, "web", 1, 1000);
    report = judged("-k retransmission_percent -g web -w 5", &now, &before);
    assert_int_equal(report.state, STATE_UNKNOWN);
    assert_non_null(strstr(report.line.bytes, "processes denied 1"));
    before = fresh();
    now = fresh();
    now.scan.start = 2;
    add(&before, "web", 1, 1);
    add(&now, "web", 1, 1);
    report = judged("-k retransmission_percent -g web -w 5", &now, &before);
    assert_report(&report, STATE_UNKNOWN, "the agent began anew between the two scans", "");
}

static void the_scan_itself_is_judged(void **state)
{
    struct observation seen = fresh();
    struct report report = judged("-k scan", &seen, NULL);

    (void)state;
    assert_report(&report, STATE_OK, "scan: 2 s old", "'age'=2s;;;0 'duration'=0s;;;0");
    seen = fresh();
    seen.scan.age_s = 26;
    report = judged("-k scan", &seen, NULL);
    assert_int_equal(report.state, STATE_CRITICAL);
    seen = fresh();
    seen.scan.age_s = 26;
    report = judged("-k scan -w 20 -c 30", &seen, NULL);
    assert_report(&report, STATE_WARNING, "scan: 26 s old", "'age'=26s;20;30;0 'duration'=0s;;;0");
    seen = fresh();
    seen.scan.denied = 3;
    seen.scan.unread = 1;
    report = judged("-k scan", &seen, NULL);
    assert_report(&report, STATE_WARNING, "scan: 2 s old, left out: processes denied 3, descriptors not read 1", NULL);
    seen = fresh();
    seen.scan.denied = 3;
    report = judged("-k scan --partial-ok", &seen, NULL);
    assert_int_equal(report.state, STATE_OK);
    seen = fresh();
    snprintf(seen.scan.stale, sizeof(seen.scan.stale), "the last scan failed: x");
    report = judged("-k scan -c 100", &seen, NULL);
    assert_int_equal(report.state, STATE_CRITICAL);
}

static void unknown_takes_the_place_of_ok_alone(void **state)
{
    (void)state;
    assert_int_equal(state_worse(STATE_OK, STATE_UNKNOWN), STATE_UNKNOWN);
    assert_int_equal(state_worse(STATE_UNKNOWN, STATE_WARNING), STATE_WARNING);
    assert_int_equal(state_worse(STATE_CRITICAL, STATE_UNKNOWN), STATE_CRITICAL);
    assert_int_equal(state_worse(STATE_CRITICAL, STATE_WARNING), STATE_CRITICAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_judged_by_its_limits),
        cmocka_unit_test(of_all_groups_the_worst_decides_and_is_named_first),
        cmocka_unit_test(of_many_that_are_bad_it_says_how_many_more),
        cmocka_unit_test(lines_for_people_end_whole_with_how_many_more),
        cmocka_unit_test(a_limit_finer_than_what_is_printed_holds),
        cmocka_unit_test(too_few_is_told_by_the_least),
        cmocka_unit_test(a_group_that_is_not_known_has_no_process),
        cmocka_unit_test(a_group_that_may_have_found_no_place_is_unknown),
        cmocka_unit_test(whether_a_listener_is_there_does_not_hang_on_who_may_hold_it),
        cmocka_unit_test(a_listener_with_too_few_sockets_says_how_many),
        cmocka_unit_test(what_an_agent_does_not_tell_is_left_out),
        cmocka_unit_test(all_groups_that_are_well_are_told_by_the_greatest),
        cmocka_unit_test(a_group_that_was_never_seen_is_unknown_unless_an_option_says_what),
        cmocka_unit_test(a_listener_that_is_missing_is_critical_if_the_scan_saw_everything),
        cmocka_unit_test(a_listener_must_be_held_by_the_group_that_was_named),
        cmocka_unit_test(a_partial_scan_is_never_ok_but_what_it_found_is_found),
        cmocka_unit_test(too_few_in_a_partial_scan_may_be_enough),
        cmocka_unit_test(an_old_scan_is_unknown_whatever_it_says),
        cmocka_unit_test(blindness_is_unknown_with_its_reason),
        cmocka_unit_test(without_any_value_of_all_it_is_unknown),
        cmocka_unit_test(a_named_one_without_the_value_is_unknown),
        cmocka_unit_test(a_rate_is_of_what_went_by_between_two_scans),
        cmocka_unit_test(the_scan_itself_is_judged),
        cmocka_unit_test(unknown_takes_the_place_of_ok_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
