/* What a <Plugin proctcp> block asks for, and what is said when it asks for what there is not. */
#include "../../plugins/collectd/metrics.h"
#include "../../plugins/collectd/options.h"
#include "../../plugins/collectd/settings.h"
#include "../../plugins/collectd/sockets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What the daemon would have logged: the last line, and the first one. */
static struct {
    int level;
    char text[1024], first[1024];
    unsigned lines;
} said;

void daemon_log(int level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(said.text, sizeof(said.text), format, arguments);
    va_end(arguments);
    if (said.lines == 0)
        memcpy(said.first, said.text, sizeof(said.first));
    said.level = level;
    said.lines++;
}

#define STRING(text)                                                                                                   \
    {                                                                                                                  \
        .type = OCONFIG_TYPE_STRING, .value.string = (char *)(uintptr_t)(text)                                         \
    }
#define NUMBER(amount)                                                                                                 \
    {                                                                                                                  \
        .type = OCONFIG_TYPE_NUMBER, .value.number = (amount)                                                          \
    }
#define BOOLEAN(truth)                                                                                                 \
    {                                                                                                                  \
        .type = OCONFIG_TYPE_BOOLEAN, .value.boolean = (truth)                                                         \
    }

static int set_up(void **state)
{
    static struct settings settings;

    memset(&said, 0, sizeof(said));
    *state = &settings;
    return settings_new(&settings);
}

static int tear_down(void **state)
{
    settings_free(*state);
    return 0;
}

static void take_values(struct settings *settings, const char *key, oconfig_value_t *values, int count)
{
    oconfig_item_t item = {.key = (char *)(uintptr_t)key, .values = values, .values_num = count};
    const oconfig_item_t block = {.children = &item, .children_num = 1};

    options_take(settings, &block);
}

#define TAKE(settings, key, ...)                                                                                       \
    take_values(settings, key, (oconfig_value_t[]){__VA_ARGS__},                                                       \
                sizeof((oconfig_value_t[]){__VA_ARGS__}) / sizeof(oconfig_value_t))

static void assert_said(int level, const char *one, const char *two, const char *three)
{
    const char *const parts[] = {one, two, three};

    assert_int_equal(said.lines, 1);
    assert_int_equal(said.level, level);
    for (size_t i = 0; i < 3; i++) {
        if (!strstr(said.text, parts[i]))
            fail_msg("\"%s\" does not say \"%s\"", said.text, parts[i]);
    }
    said.lines = 0;
}

static void the_defaults_are_as_documented(void **state)
{
    const struct settings *settings = *state;

    assert_int_equal(settings->source, PROCTCP_SOURCE_AUTO);
    assert_false(settings->own_netns_only);
    assert_null(settings->proc_path);
    assert_true(settings->report_by_state);
    assert_int_equal(settings->report_sockets, SOCKETS_NONE);
    assert_int_equal(settings->report_listeners, LISTENERS_CONFIGURED);
    assert_true(settings->non_zero_states);
    assert_true(settings->report_all);
    assert_int_equal(settings->lean_report, REPORT_ALL);
    assert_int_equal(settings->report, 0);
    assert_int_equal(settings->socket_min_age_s, 300);
    assert_true(settings->report_unattributed);
    assert_true(settings->collect_tcp_info);
    assert_int_equal(settings->socket_sort, SOCKETS_BY_QUEUE);
    assert_int_equal(settings->max_groups, 256);
    assert_int_equal(settings->max_sockets, 1000);
    assert_non_null(settings->selection);
}

static void every_option_is_taken_in_any_case_of_letters(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "source", STRING("PROCFS"));
    TAKE(settings, "ProcPath", STRING("/first"));
    TAKE(settings, "ProcPath", STRING("/second"));
    TAKE(settings, "NetNamespaces", STRING("own"));
    TAKE(settings, "REPORTBYSTATE", BOOLEAN(0));
    TAKE(settings, "ReportSockets", STRING("yes"));
    TAKE(settings, "ReportUnattributed", STRING("off"));
    TAKE(settings, "CollectTcpInfo", BOOLEAN(0));
    TAKE(settings, "SocketSort", STRING("RTT"));
    TAKE(settings, "MaxGroups", NUMBER(1));
    TAKE(settings, "MaxSockets", NUMBER(100000));
    TAKE(settings, "Process", STRING("nginx"), STRING("exactly15chars_"));
    TAKE(settings, "User", STRING("root"));
    TAKE(settings, "User", NUMBER(33));
    TAKE(settings, "State", STRING("ESTABLISHED"));
    TAKE(settings, "LocalPort", NUMBER(443), STRING("8000-8099"));
    TAKE(settings, "RemotePort", STRING("443"));
    TAKE(settings, "LocalAddress", STRING("10.0.0.0/8"));
    TAKE(settings, "RemoteAddress", STRING("::/0"));
    TAKE(settings, "Command", STRING("^java .*-Dapp=(shop|depot),"));
    TAKE(settings, "Pid", NUMBER(1));
    TAKE(settings, "Cgroup", STRING("/system.slice"), STRING("nginx.service"));
    TAKE(settings, "ExcludeProcess", STRING("sshd"));
    TAKE(settings, "excludelocalport", NUMBER(22));
    TAKE(settings, "EXCLUDENETNAMESPACE", STRING("blue"));
    settings_finish(settings);
    if (said.lines)
        fail_msg("said: %s", said.text);
    assert_int_equal(settings->source, PROCTCP_SOURCE_PROCFS);
    assert_string_equal(settings->proc_path, "/second");
    assert_true(settings->own_netns_only);
    assert_false(settings->report_by_state);
    assert_int_equal(settings->report_sockets, SOCKETS_LISTENING);
    assert_int_equal(settings->lean_report, REPORT_ALL & ~(REPORT_STATES | REPORT_TRAFFIC | REPORT_LATENCY));
    assert_false(settings->report_unattributed);
    assert_false(settings->collect_tcp_info);
    assert_int_equal(settings->socket_sort, SOCKETS_BY_RTT);
    assert_int_equal(settings->max_groups, 1);
    assert_int_equal(settings->max_sockets, 100000);
    assert_non_null(settings->selection);
}

static void an_unknown_option_is_named_with_the_nearest(void **state)
{
    TAKE(*state, "MaxSocket", NUMBER(5));
    assert_said(LOG_WARNING, "\"MaxSocket\"", "ignored", "did you mean MaxSockets?");
    TAKE(*state, "LocalPorts", NUMBER(5));
    assert_said(LOG_WARNING, "\"LocalPorts\"", "ignored", "did you mean LocalPort?");
    TAKE(*state, "ExcludeProces", STRING("x"));
    assert_said(LOG_WARNING, "\"ExcludeProces\"", "ignored", "did you mean ExcludeProcess?");
    TAKE(*state, "excluderemoteadress", STRING("x"));
    assert_said(LOG_WARNING, "\"excluderemoteadress\"", "ignored", "did you mean ExcludeRemoteAddress?");
    TAKE(*state, "Frobnicate", NUMBER(5));
    assert_said(LOG_WARNING, "\"Frobnicate\"", "ignored", "proctcp-collectd(5)");
}

static void options_of_other_plugins_work_or_are_told_what_does(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "ReportByPorts", BOOLEAN(1));
    assert_said(LOG_WARNING, "ReportByPorts", "ignored", "ReportListeners true");
    TAKE(settings, "ReportByConnections", BOOLEAN(1));
    assert_said(LOG_WARNING, "ReportByConnections", "ignored", "Report states");
    TAKE(settings, "CollectFileDescriptor", BOOLEAN(1));
    assert_said(LOG_WARNING, "CollectFileDescriptor", "ignored", "Report descriptors");
    TAKE(settings, "ListeningPorts", BOOLEAN(1));
    TAKE(settings, "AllPortsSummary", BOOLEAN(0));
    TAKE(settings, "ProcessMatch", STRING("db"), STRING("^postgres"));
    assert_int_equal(said.lines, 0);
    assert_int_equal(settings->report_listeners, LISTENERS_EVERY);
    assert_false(settings->report_all);
    assert_int_equal(settings->group_count, 1);
    assert_string_equal(settings->groups[0].name, "db");
}

static void kinds_of_values_add_up(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "Report", STRING("states"), STRING("Traffic"));
    TAKE(settings, "Report", STRING("queues"));
    assert_int_equal(settings->report, REPORT_STATES | REPORT_TRAFFIC | REPORT_QUEUES);
    assert_int_equal(settings->lean_report, 0);
    TAKE(settings, "Report", STRING("lean"));
    assert_int_equal(settings->lean_report, REPORT_ALL);
    TAKE(settings, "Report", STRING("everything"));
    assert_said(LOG_ERR, "Report \"everything\"", "full, lean, states", "left out");
    TAKE(settings, "SocketMetrics", STRING("states"));
    assert_said(LOG_ERR, "SocketMetrics \"states\"", "full, traffic, latency, queues or counts", "left out");
    TAKE(settings, "SocketMetrics", STRING("queues"));
    assert_int_equal(settings->socket_metrics, REPORT_QUEUES);
    TAKE(settings, "Report", STRING("full"));
    assert_int_equal(settings->report, REPORT_ALL);
}

static void an_instance_has_a_name_that_others_cannot_begin_with(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "Instance", STRING("a-b"));
    assert_said(LOG_ERR, "Instance \"a-b\"", "letters, digits", "left out");
    TAKE(settings, "Instance", STRING("proctcp"));
    assert_said(LOG_ERR, "Instance \"proctcp\"", "another", "left out");
    TAKE(settings, "Instance", STRING("web_1"));
    TAKE(settings, "Interval", NUMBER(0.5));
    TAKE(settings, "Interval", STRING("soon"));
    assert_said(LOG_ERR, "Interval \"soon\"", "seconds", "without quotes");
    assert_int_equal(settings_finish(settings), 0);
    assert_string_equal(settings->prefix, "web_1-");
    assert_true(settings->interval_s > 0.49 && settings->interval_s < 0.51);
}

/* A <Group> of one line. */
static void take_group(struct settings *settings, const char *name, const char *key, oconfig_value_t value)
{
    oconfig_value_t name_value = STRING(name);
    oconfig_item_t child = {.key = (char *)(uintptr_t)key, .values = &value, .values_num = 1};
    oconfig_item_t item = {.key = (char *)(uintptr_t) "Group",
                           .values = &name_value,
                           .values_num = 1,
                           .children = &child,
                           .children_num = 1};

    options_take(settings, &(oconfig_item_t){.children = &item, .children_num = 1});
}

static void a_group_that_is_wrong_is_left_out_as_a_whole(void **state)
{
    struct settings *settings = *state;

    take_group(settings, "web", "LocalPort", (oconfig_value_t)STRING("80x"));
    assert_int_equal(said.lines, 2);
    assert_non_null(strstr(said.text, "Group \"web\": 1 of its rules"));
    said.lines = 0;
    take_group(settings, "web", "ReportSockets", (oconfig_value_t)BOOLEAN(1));
    assert_said(LOG_ERR, "\"web\"", "no rule", "left out");
    take_group(settings, "all", "Process", (oconfig_value_t)STRING("x"));
    assert_said(LOG_ERR, "\"all\"", "name of a sum", "left out");
    take_group(settings, "app-\\1", "Process", (oconfig_value_t)STRING("x"));
    assert_said(LOG_ERR, "app-", "command line", "left out");
    take_group(settings, "web", "NetNamespace", (oconfig_value_t)STRING("blue"));
    assert_int_equal(said.lines, 2);
    said.lines = 0;
    take_group(settings, "web", "Colour", (oconfig_value_t)STRING("blue"));
    assert_int_equal(said.lines, 2);
    assert_non_null(strstr(said.text, "1 of its rules"));
    said.lines = 0;
    assert_int_equal(settings->group_count, 0);
    take_group(settings, "web", "LocalPort", (oconfig_value_t)STRING("80,443"));
    assert_int_equal(said.lines, 0);
    take_group(settings, "web", "LocalPort", (oconfig_value_t)STRING("81"));
    assert_said(LOG_ERR, "\"web\"", "already", "left out");
    assert_int_equal(settings->group_count, 1);
    take_group(settings, "a\\\\b", "LocalPort", (oconfig_value_t)STRING("82"));
    assert_string_equal(settings->groups[1].name, "a\\b"); /* as the library calls it */
    take_group(settings, "a\\\\b", "LocalPort", (oconfig_value_t)STRING("83"));
    assert_said(LOG_ERR, "Group", "already", "left out");
    assert_int_equal(settings_finish(settings), 0);
    assert_int_equal(said.lines, 0);
}

static void blocks_that_ask_for_the_same_say_so_in_the_same_words(void **state)
{
    struct settings *settings = *state, other;

    assert_int_equal(settings_new(&other), 0);
    TAKE(settings, "Process", STRING("nginx"));
    TAKE(&other, "Process", STRING("nginx"));
    TAKE(&other, "Report", STRING("full"));
    TAKE(&other, "Instance", STRING("x"));
    assert_int_equal(settings_finish(settings), 0);
    assert_int_equal(settings_finish(&other), 0);
    assert_string_equal(settings->needs, other.needs);
    settings_free(&other);
    assert_int_equal(settings_new(&other), 0);
    TAKE(&other, "ExcludeProcess", STRING("nginx"));
    assert_int_equal(settings_finish(&other), 0);
    assert_string_not_equal(settings->needs, other.needs);
    settings_free(&other);
    assert_int_equal(settings_new(&other), 0);
    TAKE(&other, "Process", STRING("nginx"));
    TAKE(&other, "LocalPort", STRING("foo")); /* so nothing is selected */
    assert_int_equal(settings_finish(&other), 0);
    assert_string_not_equal(settings->needs, other.needs);
    settings_free(&other);
}

/* The second line says that the group is left out. */
static void assert_group_said_first(const char *one, const char *two)
{
    assert_int_equal(said.lines, 2);
    assert_int_equal(said.level, LOG_ERR);
    if (!strstr(said.first, one) || !strstr(said.first, two))
        fail_msg("\"%s\" does not say \"%s\" and \"%s\"", said.first, one, two);
    said.lines = 0;
}

static void an_unknown_option_of_a_group_is_named_with_the_nearest(void **state)
{
    struct settings *settings = *state;

    take_group(settings, "web", "LocalPorts", (oconfig_value_t)NUMBER(80));
    assert_group_said_first("Group \"web\": there is no option \"LocalPorts\"", "did you mean LocalPort?");
    take_group(settings, "web", "reportlistener", (oconfig_value_t)BOOLEAN(1));
    assert_group_said_first("\"reportlistener\"", "did you mean ReportListeners?");
    /* Near to MaxSockets, which is no option of a group. */
    take_group(settings, "web", "MaxSocket", (oconfig_value_t)NUMBER(5));
    assert_group_said_first("\"MaxSocket\"", "there are the options that select sockets");
    take_group(settings, "web", "Frobnicate", (oconfig_value_t)NUMBER(5));
    assert_group_said_first("\"Frobnicate\"", "there are the options that select sockets");
    assert_int_equal(settings->group_count, 0);
}

/* A rule behind a group is none of the group's. */
static void blocks_that_say_it_in_other_places_ask_for_something_else(void **state)
{
    struct settings *settings = *state, other;

    assert_int_equal(settings_new(&other), 0);
    take_group(settings, "web", "Process", (oconfig_value_t)STRING("nginx"));
    TAKE(settings, "Pid", STRING("1"));
    take_group(&other, "web", "Process", (oconfig_value_t)STRING("nginx"));
    assert_string_not_equal(settings->needs, other.needs);
    TAKE(&other, "Pid", STRING("1"));
    assert_string_equal(settings->needs, other.needs);
    assert_non_null(strstr(settings->needs, "end of"));
    settings_free(&other);
}

static void names_of_processes_have_no_blanks_around_them(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "Process", STRING("nginx , caddy"));
    assert_int_equal(settings->process_count, 2);
    assert_string_equal(settings->processes[0], "nginx");
    assert_string_equal(settings->processes[1], "caddy");
}

static void a_number_out_of_range_is_named_with_the_range(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "MaxSockets", NUMBER(0));
    assert_said(LOG_ERR, "MaxSockets 0:", "from 1 to 100000", "1000 stays");
    TAKE(settings, "MaxSockets", NUMBER(100001));
    assert_said(LOG_ERR, "MaxSockets 100001:", "from 1 to 100000", "1000 stays");
    TAKE(settings, "MaxGroups", NUMBER(-1));
    assert_said(LOG_ERR, "MaxGroups -1:", "from 1 to 10000", "256 stays");
    TAKE(settings, "MaxGroups", NUMBER(1.5));
    assert_said(LOG_ERR, "MaxGroups 1.5:", "whole number", "256 stays");
    TAKE(settings, "MaxGroups", NUMBER(NAN));
    assert_said(LOG_ERR, "MaxGroups nan:", "whole number", "256 stays");
    TAKE(settings, "MaxGroups", NUMBER(1e300));
    assert_said(LOG_ERR, "MaxGroups 1e+300:", "whole number", "256 stays");
    TAKE(settings, "MaxGroups", STRING("12"));
    assert_said(LOG_ERR, "MaxGroups \"12\":", "without quotes", "256 stays");
    TAKE(settings, "MaxGroups", BOOLEAN(1));
    assert_said(LOG_ERR, "MaxGroups true:", "whole number", "256 stays");
    assert_int_equal(settings->max_sockets, 1000);
    assert_int_equal(settings->max_groups, 256);
}

static void what_is_no_boolean_is_named(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "ReportSockets", STRING("maybe"));
    assert_said(LOG_ERR, "ReportSockets \"maybe\":", "none, listeners or all", "\"none\" stays");
    TAKE(settings, "ReportByState", NUMBER(0));
    assert_said(LOG_ERR, "ReportByState 0:", "false", "true stays");
    assert_int_equal(settings->report_sockets, SOCKETS_NONE);
    assert_true(settings->report_by_state);
}

static void a_word_that_there_is_not_is_named_with_those_there_are(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "Source", STRING("ebpf"));
    assert_said(LOG_ERR, "Source \"ebpf\":", "auto, procfs, netlink or bpf", "\"auto\" stays");
    TAKE(settings, "NetNamespaces", NUMBER(1));
    assert_said(LOG_ERR, "NetNamespaces 1:", "all or own", "\"all\" stays");
    assert_false(settings->own_netns_only);
    assert_int_equal(settings->source, PROCTCP_SOURCE_AUTO);
}

static void a_path_must_be_absolute(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "ProcPath", STRING("proc"));
    assert_said(LOG_ERR, "ProcPath \"proc\":", "absolute", "\"/proc\" stays");
    TAKE(settings, "ProcPath", STRING(""));
    assert_said(LOG_ERR, "ProcPath \"\":", "absolute", "\"/proc\" stays");
    TAKE(settings, "ProcPath", NUMBER(3));
    assert_said(LOG_ERR, "ProcPath 3:", "absolute", "\"/proc\" stays");
    assert_null(settings->proc_path);
}

static void the_wrong_number_of_values_is_named(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "MaxSockets", NUMBER(5), NUMBER(6));
    assert_said(LOG_ERR, "MaxSockets", "2 values", "exactly one");
    take_values(settings, "LocalPort", NULL, 0);
    assert_said(LOG_ERR, "LocalPort", "no value", "at least one");
    assert_int_equal(settings->max_sockets, 1000);
}

static void a_block_is_said_to_be_none(void **state)
{
    struct settings *settings = *state;
    oconfig_value_t value = STRING("nginx");
    oconfig_item_t child = {.key = (char *)(uintptr_t) "Port"};
    oconfig_item_t item = {
        .key = (char *)(uintptr_t) "Process", .values = &value, .values_num = 1, .children = &child, .children_num = 1};

    options_take(settings, &(oconfig_item_t){.children = &item, .children_num = 1});
    assert_said(LOG_WARNING, "Process", "no block", "ignored");
}

static void a_rule_that_is_wrong_is_left_out_and_the_others_hold(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "LocalPort", STRING("80x"), NUMBER(443));
    assert_said(LOG_ERR, "LocalPort", "80x", "left out");
    TAKE(settings, "LocalPort", NUMBER(70000));
    assert_said(LOG_ERR, "LocalPort", "70000", "left out");
    settings_finish(settings);
    assert_int_equal(said.lines, 0);
    assert_non_null(settings->selection);
}

static void a_range_without_quotes_is_left_out_whole(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "LocalPort", NUMBER(443), NUMBER(8000), NUMBER(-8099));
    assert_said(LOG_ERR, "LocalPort 8000-8099:", "LocalPort \"8000-8099\"", "whole line is left out");
    TAKE(settings, "RemotePort", STRING("https"), NUMBER(-8099), NUMBER(90));
    assert_said(LOG_ERR, "RemotePort -8099:", "RemotePort \"8000-8099\"", "whole line is left out");
    settings_finish(settings);
    assert_int_equal(said.lines, 2);
    assert_true(proctcp_selection_is_void(settings->selection, "local_port"));
    assert_true(proctcp_selection_is_void(settings->selection, "remote_port"));
}

static void another_line_of_the_kind_holds_where_a_range_lacks_quotes(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "LocalPort", NUMBER(8000), NUMBER(-8099));
    assert_said(LOG_ERR, "LocalPort 8000-8099:", "quotes", "left out");
    TAKE(settings, "LocalPort", STRING("9000-9001"), NUMBER(443));
    settings_finish(settings);
    assert_int_equal(said.lines, 0);
    assert_false(proctcp_selection_is_void(settings->selection, "local_port"));
}

static void where_all_rules_of_a_kind_are_wrong_nothing_is_selected(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "Process", STRING("nginx"));
    TAKE(settings, "RemoteAddress", STRING("10.0.0.0/99"));
    assert_said(LOG_ERR, "RemoteAddress", "10.0.0.0/99", "left out");
    settings_finish(settings);
    assert_said(LOG_ERR, "no RemoteAddress", "no socket is selected", "correct it");
    assert_true(proctcp_selection_is_void(settings->selection, "remote"));
    assert_false(proctcp_selection_is_void(settings->selection, "process"));
}

static void a_process_name_that_the_kernel_would_cut_is_warned_of(void **state)
{
    TAKE(*state, "Process", STRING("nginx,sixteen_chars_16,db"));
    assert_said(LOG_WARNING, "\"sixteen_chars_16\"", "15 characters", "\"sixteen_chars_1\"");
}

/* What collectd makes of php-fpm8.2 and of nginx.service. */
static void a_name_that_lacks_quotes_is_warned_of_where_that_shows(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "Process", STRING("php"), STRING("fpm8"), NUMBER(0.2));
    assert_said(LOG_WARNING, "Process has the value 0.2", "without quotes", "\"php-fpm8.2\"");
    TAKE(settings, "ExcludeCgroup", STRING("nginx"), STRING("service"));
    assert_said(LOG_WARNING, "ExcludeCgroup has the value \"service\"", "without quotes", "\"nginx.service\"");
    TAKE(settings, "Cgroup", STRING("nginx.service"), STRING("/system.slice"));
    TAKE(settings, "User", NUMBER(33));
    assert_int_equal(said.lines, 0);
}

static void what_is_not_understood_may_be_a_part_of_a_name(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "State", STRING("ESTABLISHED"), STRING("WAIT"));
    assert_said(LOG_ERR, "State", "\"WAIT\"", "the whole name in quotes");
    TAKE(settings, "User", STRING("root"), STRING("no-such-user"));
    assert_int_equal(said.lines, 1);
    assert_null(strstr(said.text, "quotes"));
    TAKE(settings, "User", STRING("nosuchuser"));
    assert_null(strstr(said.text, "quotes"));
}

static void whoever_knows_the_processes_plugin_is_told_that_process_restricts(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "Process", STRING("nginx"));
    TAKE(settings, "ProcessMatch", STRING("api"), STRING("srv.py api"));
    assert_int_equal(settings_finish(settings), 0);
    assert_said(LOG_NOTICE, "Process selects for the whole block", "ProcessMatch", "in place of Process");
    assert_string_equal(settings->socket_option, "");
}

static void what_selects_sockets_is_remembered(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "Pid", NUMBER(7));
    TAKE(settings, "ExcludeRemoteAddress", STRING("::1"));
    TAKE(settings, "State", STRING("LISTEN"));
    assert_int_equal(settings_finish(settings), 0);
    assert_string_equal(settings->socket_option, "ExcludeRemoteAddress");
}

static void there_may_be_no_groups_but_those_that_are_named(void **state)
{
    struct settings *settings = *state;

    TAKE(settings, "GroupBy", STRING("none"));
    assert_int_equal(said.lines, 0);
    assert_string_equal(settings_group_by_words[settings->group_by], "none");
    assert_int_equal(settings_finish(settings), 0);
}

static void a_long_list_is_taken_to_its_end(void **state)
{
    char list[600] = "80";

    for (int i = 0; i < 99; i++)
        strcat(list, ",1000");
    strcat(list, ",80x");
    TAKE(*state, "LocalPort", STRING(list));
    assert_said(LOG_ERR, "LocalPort", "80x", "left out");
}

static void a_very_long_value_does_no_harm(void **state)
{
    char value[2000];

    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    TAKE(*state, "Source", STRING(value));
    assert_said(LOG_ERR, "Source \"xxx", "auto", "netlink");
    TAKE(*state, value, STRING(value));
    assert_said(LOG_WARNING, "unknown option \"xxx", "xxx", "xxx");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_defaults_are_as_documented),
        TEST(every_option_is_taken_in_any_case_of_letters),
        TEST(an_unknown_option_is_named_with_the_nearest),
        TEST(options_of_other_plugins_work_or_are_told_what_does),
        TEST(kinds_of_values_add_up),
        TEST(an_instance_has_a_name_that_others_cannot_begin_with),
        TEST(a_group_that_is_wrong_is_left_out_as_a_whole),
        TEST(an_unknown_option_of_a_group_is_named_with_the_nearest),
        TEST(blocks_that_ask_for_the_same_say_so_in_the_same_words),
        TEST(blocks_that_say_it_in_other_places_ask_for_something_else),
        TEST(names_of_processes_have_no_blanks_around_them),
        TEST(a_number_out_of_range_is_named_with_the_range),
        TEST(what_is_no_boolean_is_named),
        TEST(a_word_that_there_is_not_is_named_with_those_there_are),
        TEST(a_path_must_be_absolute),
        TEST(the_wrong_number_of_values_is_named),
        TEST(a_block_is_said_to_be_none),
        TEST(a_rule_that_is_wrong_is_left_out_and_the_others_hold),
        TEST(a_range_without_quotes_is_left_out_whole),
        TEST(another_line_of_the_kind_holds_where_a_range_lacks_quotes),
        TEST(where_all_rules_of_a_kind_are_wrong_nothing_is_selected),
        TEST(a_process_name_that_the_kernel_would_cut_is_warned_of),
        TEST(a_name_that_lacks_quotes_is_warned_of_where_that_shows),
        TEST(what_is_not_understood_may_be_a_part_of_a_name),
        TEST(whoever_knows_the_processes_plugin_is_told_that_process_restricts),
        TEST(what_selects_sockets_is_remembered),
        TEST(there_may_be_no_groups_but_those_that_are_named),
        TEST(a_long_list_is_taken_to_its_end),
        TEST(a_very_long_value_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
