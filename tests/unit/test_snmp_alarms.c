/* test_snmp_alarms.c - thresholds: as the configuration writes them, raised and cleared from scan to scan, and told of
 * once each. */
#include "../../plugins/snmp/alarms.h"
#include "../../plugins/snmp/changes.h"
#include "../../plugins/snmp/notifications.h"
#include "../../plugins/snmp/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ALL          0xffu
#define SECOND       ((int64_t)1000)

static struct thresholds thresholds;
static struct alarms alarms;
static struct events events;
static int64_t now_ms;

static int setup(void **state)
{
    (void)state;
    thresholds = (struct thresholds){NULL, 0};
    memset(&alarms, 0, sizeof(alarms));
    now_ms = 1000000;
    assert_int_equal(events_start(&events, ALL), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    alarms_free(&alarms);
    events_free(&events);
    thresholds_free(&thresholds);
    return 0;
}

static void threshold(const char *text)
{
    char error[512] = "";

    if (!thresholds_add(&thresholds, text, error, sizeof(error)))
        fail_msg("%s", error);
}

/* ---- as they are written ---- */

static void words_make_a_threshold(void **state)
{
    (void)state;
    threshold("fds.high group=web fds_percent 80 70 300");
    threshold("q  listener=443\taccept_queue_percent 50");
    threshold("cw process=java close_wait 100");
    assert_int_equal(thresholds.count, 3);
    assert_string_equal(thresholds.at[0].name, "q"); /* shorter names first */
    assert_int_equal(thresholds.at[0].of, THRESHOLD_OF_LISTENER);
    assert_string_equal(thresholds.at[0].only, "443");
    assert_int_equal(thresholds.at[0].low, 45);
    assert_string_equal(thresholds.at[1].name, "cw");
    assert_int_equal(thresholds.at[1].measure, MEASURE_CLOSE_WAIT);
    assert_int_equal(thresholds.at[2].high, 80);
    assert_int_equal(thresholds.at[2].low, 70);
    assert_int_equal(thresholds.at[2].hold_s, 300);
    assert_string_equal(thresholds.at[2].only, "web");
}

static void what_makes_no_sense_is_refused_with_a_reason(void **state)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"", "is not NAME group|process|listener[=WHICH] MEASURE HIGH [LOW [HOLD]]"},
        {"a group sockets", "is not NAME"},
        {"a group sockets 1 0 0 0", "is not NAME"},
        {"a-name-of-17-byte group sockets 1", "at most 16"},
        {"a/b group sockets 1", "is no name"},
        {"a user sockets 1", "\"user\" is none of group, process, listener"},
        {"a group= sockets 1", "names none"},
        {"a listener=https sockets 1", "\"https\" is no port"},
        {"a listener=127.0.0.1:80 sockets 1", "is no port"},
        {"a listener=99999 sockets 1", "is no port"},
        {"a listener=0 sockets 1", "is no port"},
        {"a group colour 1", "nothing that a group has: sockets close_wait unbound fds_percent"},
        {"a listener unbound 1", "nothing that a listener has"},
        {"a process accept_queue_percent 1", "nothing that a process has"},
        {"a group sockets many", "\"many\" is no number"},
        {"a group sockets -1", "is no number"},
        {"a group sockets 5000000000", "is no number"},
        {"a group sockets 0", "which is not below"},
        {"a group sockets 10 10", "cleared at 10, which is not below 10"},
        {"a group sockets 10 5 90000", "is no number from 0 to 86400"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char error[512] = "";
        assert_false(thresholds_add(&thresholds, cases[i].text, error, sizeof(error)));
        if (!strstr(error, cases[i].reason))
            fail_msg("%s: %s", cases[i].text, error);
    }
    threshold("a group sockets 1");
    char error[512];
    assert_false(thresholds_add(&thresholds, "a process sockets 1", error, sizeof(error)));
    assert_non_null(strstr(error, "there is one of the name a already"));
}

static void there_is_an_end_to_their_number(void **state)
{
    char text[64], error[512] = "";

    (void)state;
    for (unsigned i = 0; i < THRESHOLDS_MAX; i++) {
        snprintf(text, sizeof(text), "t%u group sockets 1", i);
        threshold(text);
    }
    assert_false(thresholds_add(&thresholds, "more group sockets 1", error, sizeof(error)));
    assert_non_null(strstr(error, "no place for more than 64"));
}

/* ---- from scan to scan ---- */

static struct proctcp_group groups[3], groups_before[3];
static struct proctcp_snapshot snapshot, before;

/* A scan of three groups with so many sockets. */
static void scan(uint32_t a, uint32_t b, uint32_t c)
{
    static const char *const names[] = {"a", "web", "b"};
    const uint32_t sockets[] = {a, b, c};
    const struct scans scans = {.now = &snapshot, .before = NULL, .own_netns = 1};

    for (size_t i = 0; i < COUNT(groups); i++)
        groups[i] = (struct proctcp_group){.name = names[i], .sockets = sockets[i], .fds_pid = 7};
    snapshot = (struct proctcp_snapshot){
        .groups = groups, .group_count = COUNT(groups), .stats = {.time = 500, .generation = 9}};
    alarms_evaluate(&alarms, &thresholds, &scans, now_ms, &events);
    now_ms += 10 * SECOND;
}

/* "+web=12" raised, "-web=3" cleared; "" nothing (more). */
static const char *told(void)
{
    static char text[200];
    struct event event;

    if (!events_take(&events, &event))
        return "";
    snprintf(text, sizeof(text), "%c%s=%u", event.kind == EVENT_THRESHOLD_RAISED ? '+' : '-', event.instance,
             event.value);
    assert_true(event.kind == EVENT_THRESHOLD_RAISED || event.kind == EVENT_THRESHOLD_CLEARED);
    assert_int_equal(event.generation, 9);
    return text;
}

static void it_is_raised_at_the_high_value_and_cleared_at_the_low_one(void **state)
{
    (void)state;
    threshold("t group sockets 10 5");
    scan(9, 0, 0);
    assert_string_equal(told(), "");
    scan(10, 0, 0);
    assert_string_equal(told(), "+a=10");
    scan(6, 0, 0);
    scan(12, 0, 0);
    scan(7, 0, 0);
    assert_string_equal(told(), ""); /* in between, and over it again, is nothing new */
    scan(5, 0, 0);
    assert_string_equal(told(), "-a=5");
    scan(9, 0, 0);
    scan(4, 0, 0);
    assert_string_equal(told(), "");
    scan(11, 20, 0);
    assert_string_equal(told(), "+a=11");
    assert_string_equal(told(), "+web=20");
    assert_string_equal(told(), "");
}

static void it_must_have_been_so_for_a_while(void **state)
{
    (void)state;
    threshold("t group sockets 10 5 20");
    scan(10, 0, 0);
    scan(10, 0, 0);
    assert_string_equal(told(), ""); /* for 10 s */
    scan(9, 0, 0);
    scan(10, 0, 0);
    scan(10, 0, 0);
    assert_string_equal(told(), ""); /* it began anew */
    scan(15, 0, 0);
    assert_string_equal(told(), "+a=15");
    scan(1, 0, 0);
    scan(1, 0, 0);
    scan(6, 0, 0);
    scan(1, 0, 0);
    scan(1, 0, 0);
    assert_string_equal(told(), "");
    scan(2, 0, 0);
    assert_string_equal(told(), "-a=2");
}

static void what_is_gone_is_cleared(void **state)
{
    const struct scans none = {.now = &before, .own_netns = 1};

    (void)state;
    threshold("t group sockets 10");
    scan(10, 0, 0);
    assert_string_equal(told(), "+a=10");
    before = (struct proctcp_snapshot){.stats = {.generation = 9}};
    alarms_evaluate(&alarms, &thresholds, &none, now_ms, &events);
    assert_string_equal(told(), "-a=0");
    alarms_evaluate(&alarms, &thresholds, &none, now_ms, &events);
    assert_string_equal(told(), "");
}

static void one_group_may_be_named(void **state)
{
    (void)state;
    threshold("t group=b sockets 10");
    scan(50, 50, 10);
    assert_string_equal(told(), "+b=10");
    assert_string_equal(told(), "");
}

/* ---- what is measured ---- */

static uint32_t measured;
static char measured_name[THRESHOLD_INSTANCE_MAX + 1];

static bool keep(void *context, const struct instance *instance)
{
    ++*(unsigned *)context;
    measured = instance->value;
    memcpy(measured_name, instance->name, sizeof(measured_name));
    return true;
}

/* How many have a value. */
static unsigned measure_all(const char *text, const struct proctcp_snapshot *now, const struct proctcp_snapshot *then)
{
    const struct scans scans = {.now = now, .before = then, .own_netns = 1};
    unsigned count = 0;

    thresholds_free(&thresholds);
    threshold(text);
    measure(&thresholds.at[0], &scans, keep, &count);
    return count;
}

static void groups_are_measured(void **state)
{
    struct proctcp_snapshot now = {.groups = groups, .group_count = 1, .stats = {.time = 130}};
    const struct proctcp_snapshot then = {.groups = groups_before, .group_count = 1, .stats = {.time = 100}};

    (void)state;
    groups[0] = (struct proctcp_group){.name = "web",
                                       .fds = 700,
                                       .fd_limit = 1024,
                                       .fds_pid = 7,
                                       .accept_queue = 3,
                                       .accept_queue_max = 4,
                                       .unbound = 5,
                                       .totals = {.accept_drops = 20, .segs_out = 5000, .retransmissions = 100}};
    groups[0].by_state[PROCTCP_CLOSE_WAIT] = 6;
    groups_before[0] =
        (struct proctcp_group){.name = "web", .totals = {.accept_drops = 10, .segs_out = 4000, .retransmissions = 70}};
    static const struct {
        const char *text;
        uint32_t value;
    } cases[] = {{"t group fds_percent 1", 68},      {"t group accept_queue_percent 1", 75},
                 {"t group unbound 1", 5},           {"t group close_wait 1", 6},
                 {"t group drops_per_minute 1", 20}, {"t group retransmission_percent 1", 3}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(measure_all(cases[i].text, &now, &then), 1);
        assert_int_equal(measured, cases[i].value);
    }
    assert_string_equal(measured_name, "web");
    assert_int_equal(measure_all("t group drops_per_minute 1", &now, NULL), 0); /* nothing is known of it */
    groups[0].totals.segs_out = 4099;                                           /* too few to tell */
    assert_int_equal(measure_all("t group retransmission_percent 1", &now, &then), 1);
    assert_int_equal(measured, 0);
    groups_before[0].name = "other"; /* it is new */
    assert_int_equal(measure_all("t group drops_per_minute 1", &now, &then), 0);
    groups[0].accept_queue_max = 0; /* it listens nowhere */
    assert_int_equal(measure_all("t group accept_queue_percent 1", &now, &then), 0);
}

static void processes_and_listeners_are_measured(void **state)
{
    const struct proctcp_process processes[] = {{.pid = 7,
                                                 .name = "nginx",
                                                 .fds = 50,
                                                 .fd_limit = 100,
                                                 .sockets = 9,
                                                 .since = {.segs_out = 200, .retransmissions = 50}},
                                                {.pid = 8, .name = "cron", .fds = 5}};
    const struct proctcp_row rows[] = {{.pid = 7}};
    const struct proctcp_listener listeners[] = {
        {.local_address = {{[10] = 0xff, 0xff, 127, 0, 0, 1}},
         .local_port = 80,
         .netns = 1,
         .row = 0,
         .accept_queue = 2,
         .accept_queue_max = 10,
         .sockets = 1,
         .connections = 4},
        {.local_address = {{[15] = 1}}, .local_port = 81, .netns = 55, .interface = 3, .row = PROCTCP_NONE}};
    const struct proctcp_snapshot now = {.processes = processes,
                                         .process_count = 2,
                                         .rows = rows,
                                         .row_count = 1,
                                         .listeners = listeners,
                                         .listener_count = 2};

    (void)state;
    assert_int_equal(measure_all("t process fds_percent 1", &now, &now), 1); /* the other one has no limit */
    assert_int_equal(measured, 50);
    assert_string_equal(measured_name, "nginx[7]");
    assert_int_equal(measure_all("t process retransmission_percent 1", &now, &now), 2);
    assert_int_equal(measure_all("t process=nginx retransmission_percent 1", &now, &now), 1);
    assert_int_equal(measured, 25);
    assert_int_equal(measure_all("t listener=80 accept_queue_percent 1", &now, &now), 1);
    assert_int_equal(measured, 20);
    assert_string_equal(measured_name, "127.0.0.1:80");
    assert_int_equal(measure_all("t listener=80 sockets 1", &now, &now), 1);
    assert_int_equal(measured, 5);
    assert_int_equal(measure_all("t listener=81 sockets 1", &now, &now), 1);
    assert_string_equal(measured_name, "[::1]:81%3@55");
}

/* ---- what is served and sent ---- */

static void each_has_a_row_and_what_is_over_it_has_one_too(void **state)
{
    struct publication publication = {.own_netns = 1};

    (void)state;
    threshold("many group sockets 10");
    threshold("t group sockets 100");
    scan(12, 30, 0);
    alarms_publish(&alarms, &thresholds, &publication);
    assert_int_equal(publication.threshold_count, 4);
    assert_string_equal(publication.thresholds[0].threshold.name, "t");
    assert_int_equal(publication.thresholds[0].raised, 0);
    assert_int_equal(publication.thresholds[0].value, 30);
    assert_string_equal(publication.thresholds[1].instance, "");
    assert_int_equal(publication.thresholds[1].raised, 2);
    assert_string_equal(publication.thresholds[1].worst, "web");
    assert_string_equal(publication.thresholds[2].instance, "a");
    assert_int_equal(publication.thresholds[2].since, 500);
    assert_string_equal(publication.thresholds[3].instance, "web");
    assert_int_equal(publication.thresholds[3].value, 30);
    for (uint32_t i = 1; i < publication.threshold_count; i++) {
        unsigned long one[TABLE_INDEX_MAX], other[TABLE_INDEX_MAX];
        const struct table *table = &tables[PUBLICATION_THRESHOLDS];
        const size_t length = table->key(&publication, i - 1, one), other_length = table->key(&publication, i, other);
        assert_true(order_compare(one, length, other, other_length) < 0);
    }
    free(publication.thresholds);
}

static void a_notification_has_the_objects_of_the_mib_with_their_index(void **state)
{
    static struct notification notification;
    struct event event = {.kind = EVENT_THRESHOLD_CLEARED,
                          .generation = 3,
                          .pid = 7,
                          .value = 2,
                          .threshold = {.name = "t", .high = 9, .low = 4},
                          .instance = "ab"};
    static const unsigned long low[] = {8, 1, 8, 1, 't', 2, 'a', 'b'};

    (void)state;
    notification_of(&event, &notification);
    assert_int_equal(notification.count, 6);
    assert_int_equal(notification.objects[3].length, COUNT(low));
    assert_memory_equal(notification.objects[3].oid, low, sizeof(low));
    assert_int_equal(notification.objects[3].value.number, 4);
    event = (struct event){.kind = EVENT_LISTENER_WENT,
                           .pid = 7,
                           .address = {{[10] = 0xff, 0xff, 10, 0, 0, 1}},
                           .port = 80,
                           .instance = "10.0.0.1:80",
                           .text = "nginx"};
    notification_of(&event, &notification);
    static const unsigned long process[] = {4, 1, 4, 0, 1, 4, 10, 0, 0, 1, 80};
    assert_int_equal(notification.count, 4);
    assert_memory_equal(notification.objects[1].oid, process, sizeof(process));
    assert_memory_equal(notification.objects[1].value.octets, "nginx", 5);
    for (size_t kind = 1; kind <= EVENT_THRESHOLD_CLEARED; kind++) {
        event.kind = (enum event_kind)kind;
        notification_of(&event, &notification);
        for (size_t i = 0; i < notification.count; i++)
            assert_int_not_equal(notification.objects[i].oid[notification.objects[i].oid[0] == 1 ? 1 : 2], 0);
    }
}

static struct event event_of(enum event_kind kind, uint32_t uid, unsigned number)
{
    struct event event = {.kind = kind, .uid = uid, .generation = number};

    snprintf(event.instance, sizeof(event.instance), "%u", number);
    return event;
}

static void add(enum event_kind kind, uint32_t uid, unsigned number)
{
    const struct event event = event_of(kind, uid, number);

    events_add(&events, &event);
}

static void assert_next(enum event_kind kind, uint32_t uid, unsigned number)
{
    struct event event;

    assert_true(events_take(&events, &event));
    assert_int_equal(event.kind, kind);
    assert_int_equal(event.uid, uid);
    assert_int_equal(event.generation, number);
}

static void what_is_full_takes_no_more_and_counts_it(void **state)
{
    struct event event;

    (void)state;
    for (unsigned i = 0; i < EVENTS_MAX + 3; i++)
        add(EVENT_SCAN_FAILING, 0, i);
    assert_int_equal(events_lost(&events), 3);
    for (unsigned i = 0; i < EVENTS_MAX; i++)
        assert_next(EVENT_SCAN_FAILING, 0, i);
    assert_false(events_take(&events, &event));
}

static void who_has_much_to_tell_holds_up_nobody_else(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2 * EVENTS_MAX; i++)
        add(EVENT_LISTENER_CAME, 1234, i);
    add(EVENT_LISTENER_CAME, 1235, 7001);
    add(EVENT_LISTENER_CAME, 33, 7002);
    add(EVENT_THRESHOLD_RAISED, 1234, 7003);
    add(EVENT_THRESHOLD_RAISED, 0, 7004);
    add(EVENT_SCAN_FAILING, 0, 7005);
    assert_next(EVENT_SCAN_FAILING, 0, 7005);
    assert_next(EVENT_THRESHOLD_RAISED, 0, 7004);
    assert_next(EVENT_LISTENER_CAME, 33, 7002);
    assert_next(EVENT_THRESHOLD_RAISED, 1234, 7003);
    assert_next(EVENT_LISTENER_CAME, 1234, 0);
    assert_next(EVENT_LISTENER_CAME, 1235, 7001);
    assert_next(EVENT_LISTENER_CAME, 1234, 1);
    assert_int_equal(events_lost(&events), EVENTS_MAX + 1);
}

static void a_listener_that_comes_and_goes_before_it_is_told_is_not(void **state)
{
    struct event event;

    (void)state;
    add(EVENT_LISTENER_CAME, 1234, 1);
    add(EVENT_LISTENER_CAME, 1234, 2);
    add(EVENT_LISTENER_WENT, 1234, 1);
    assert_next(EVENT_LISTENER_CAME, 1234, 2);
    assert_false(events_take(&events, &event));
    add(EVENT_LISTENER_WENT, 1234, 2);
    assert_next(EVENT_LISTENER_WENT, 1234, 2);
}

static void strangers_leave_places_for_the_system(void **state)
{
    static struct proctcp_process processes[ALARMS_MAX + 1];
    const struct proctcp_snapshot now = {.processes = processes, .process_count = ALARMS_MAX + 1};
    const struct scans scans = {.now = &now, .own_netns = 1};

    (void)state;
    for (int32_t i = 0; i <= ALARMS_MAX; i++)
        processes[i] =
            (struct proctcp_process){.pid = i + 1, .name = "x", .sockets = 5, .uid = i < ALARMS_MAX ? 1234 : 0};
    threshold("t process sockets 5");
    alarms_evaluate(&alarms, &thresholds, &scans, now_ms, &events);
    assert_int_equal(alarms.of[0].raised, ALARMS_ORDINARY_MAX + 1);
    assert_int_equal(alarms.of[0].beyond, ALARMS_MAX - ALARMS_ORDINARY_MAX);
    alarms_evaluate(&alarms, &thresholds, &scans, now_ms, &events);
    assert_int_equal(alarms.of[0].raised, ALARMS_ORDINARY_MAX + 1);
}

static void what_nobody_wants_is_not_kept(void **state)
{
    const struct event event = {.kind = EVENT_LISTENER_CAME};
    struct event taken;

    (void)state;
    events_free(&events);
    assert_int_equal(events_start(&events, 1u << EVENT_SCAN_FAILING), 0);
    events_add(&events, &event);
    assert_false(events_take(&events, &taken));
}

static void scans_that_begin_and_cease_to_fail_are_told_of_once(void **state)
{
    static struct publication failing = {.status = PUBLICATION_FAILED, .failure = "/proc: gone"};
    static struct publication well = {.status = PUBLICATION_PARTIAL, .snapshot = &snapshot};
    struct event event;

    (void)state;
    changes_of_scanning(&failing, false, &events);
    changes_of_scanning(&failing, true, &events);
    assert_true(events_take(&events, &event));
    assert_int_equal(event.kind, EVENT_SCAN_FAILING);
    assert_string_equal(event.text, "/proc: gone");
    changes_of_scanning(&well, true, &events);
    changes_of_scanning(&well, false, &events);
    assert_true(events_take(&events, &event));
    assert_int_equal(event.kind, EVENT_SCAN_SUCCEEDS);
    assert_false(events_take(&events, &event));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(words_make_a_threshold),
        TEST(what_makes_no_sense_is_refused_with_a_reason),
        TEST(there_is_an_end_to_their_number),
        TEST(it_is_raised_at_the_high_value_and_cleared_at_the_low_one),
        TEST(it_must_have_been_so_for_a_while),
        TEST(what_is_gone_is_cleared),
        TEST(one_group_may_be_named),
        TEST(groups_are_measured),
        TEST(processes_and_listeners_are_measured),
        TEST(each_has_a_row_and_what_is_over_it_has_one_too),
        TEST(a_notification_has_the_objects_of_the_mib_with_their_index),
        TEST(what_is_full_takes_no_more_and_counts_it),
        TEST(who_has_much_to_tell_holds_up_nobody_else),
        TEST(a_listener_that_comes_and_goes_before_it_is_told_is_not),
        TEST(strangers_leave_places_for_the_system),
        TEST(what_nobody_wants_is_not_kept),
        TEST(scans_that_begin_and_cease_to_fail_are_told_of_once),
    };
    return cmocka_run_group_tests_name("snmp_alarms", tests, NULL, NULL);
}
