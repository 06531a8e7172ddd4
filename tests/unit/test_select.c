/* Selection rules: what they accept, refuse and match. */
#include "proctcp.h"
#include "testing.h"

#include <errno.h>
#include <string.h>

static struct proctcp_process process = {
    .pid = 42, .name = "nginx", .uid = 33, .present = PROCTCP_HAS_PROCESS | PROCTCP_HAS_PROCESS_UID, .row_count = 1};
static struct proctcp_socket established = {
    .present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE,
    .state = PROCTCP_ESTABLISHED,
    .local_address.bytes = {[10] = 0xff, [11] = 0xff, [12] = 10, [13] = 1, [14] = 2, [15] = 3},
    .local_port = 443,
    .remote_address.bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
    .remote_port = 50000,
};
static const struct proctcp_row row = {.pid = 42, .fd = 5, .peer = PROCTCP_NONE};
static const struct proctcp_snapshot snapshot = {.rows = &row,
                                                 .sockets = &established,
                                                 .processes = &process,
                                                 .row_count = 1,
                                                 .socket_count = 1,
                                                 .process_count = 1};

static bool matches(const char *kind, const char *value)
{
    struct proctcp_selection *selection;
    char error[256];
    assert_int_equal(proctcp_selection_new(&selection), 0);
    if (proctcp_selection_add(selection, kind, value, error, sizeof(error)) != 0)
        fail_msg("%s", error);
    bool matched = proctcp_selection_matches(selection, &snapshot, &row);
    proctcp_selection_free(selection);
    return matched;
}

static const char *refusal(const char *kind, const char *value)
{
    static char error[512];
    struct proctcp_selection *selection;
    assert_int_equal(proctcp_selection_new(&selection), 0);
    strcpy(error, "accepted");
    int status = proctcp_selection_add(selection, kind, value, error, sizeof(error));
    assert_true(status == 0 || status == -EINVAL);
    proctcp_selection_free(selection);
    return error;
}

static void no_rule_selects_everything(void **state)
{
    struct proctcp_selection *selection;
    (void)state;
    assert_int_equal(proctcp_selection_new(&selection), 0);
    assert_true(proctcp_selection_matches(selection, &snapshot, &row));
    proctcp_selection_free(selection);
    proctcp_selection_free(NULL);
}

static void each_kind_matches_what_it_names_and_nothing_else(void **state)
{
    (void)state;
    assert_true(matches("pid", "42"));
    assert_true(matches("pid", "7, 42"));
    assert_false(matches("pid", "4"));
    assert_true(matches("process", "nginx"));
    assert_false(matches("process", "ngin"));
    assert_false(matches("process", "nginx2"));
    assert_true(matches("user", "33"));
    assert_true(matches("user", "www-data"));
    assert_false(matches("user", "root"));
    assert_true(matches("state", "listen,ESTAB"));
    assert_true(matches("state", "established"));
    assert_false(matches("state", "close-wait"));
    assert_true(matches("local_port", "443"));
    assert_true(matches("local_port", "https"));
    assert_true(matches("local_port", "80,400-500"));
    assert_false(matches("local_port", "444"));
    assert_true(matches("remote_port", "50000-50000"));
    assert_false(matches("remote_port", "443"));
}

static void networks_match_bit_by_bit_and_family_by_family(void **state)
{
    (void)state;
    assert_true(matches("local", "10.1.2.3"));
    assert_true(matches("local", "10.0.0.0/8"));
    assert_true(matches("local", "10.1.2.2/31"));
    assert_false(matches("local", "10.1.2.0/31"));
    assert_true(matches("local", "0.0.0.0/0"));
    assert_false(matches("local", "::/0"));
    assert_true(matches("local", "::ffff:10.1.2.3"));
    assert_true(matches("remote", "2001:db8::/32"));
    assert_true(matches("remote", "[2001:db8::1]"));
    assert_true(matches("remote", "::/0"));
    assert_false(matches("remote", "0.0.0.0/0"));
    assert_false(matches("remote", "2001:db8::2/127"));
}

static void rules_of_different_kinds_must_all_hold(void **state)
{
    struct proctcp_selection *selection;
    char error[256];
    (void)state;
    assert_int_equal(proctcp_selection_new(&selection), 0);
    assert_int_equal(proctcp_selection_add(selection, "process", "nginx", error, sizeof(error)), 0);
    assert_int_equal(proctcp_selection_add(selection, "local_port", "80", error, sizeof(error)), 0);
    assert_false(proctcp_selection_matches(selection, &snapshot, &row));
    assert_true(proctcp_selection_matches_process(selection, &process));
    assert_int_equal(proctcp_selection_add(selection, "local_port", "443", error, sizeof(error)), 0);
    assert_true(proctcp_selection_matches(selection, &snapshot, &row));
    proctcp_selection_free(selection);
}

static void a_name_longer_than_the_kernel_keeps_matches_what_is_left_of_it(void **state)
{
    (void)state;
    process.name = "prometheus-node";
    assert_true(matches("process", "prometheus-node-exporter"));
    assert_false(matches("process", "prometheus-nod"));
    process.name = "nginx";
}

static void a_socket_without_endpoints_matches_no_rule_about_them(void **state)
{
    (void)state;
    established.present = 0;
    assert_false(matches("local_port", "0-65535"));
    assert_false(matches("remote", "0.0.0.0/0,::/0"));
    established.present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE;
}

static void a_wrong_rule_is_refused_with_its_place_and_the_remedy(void **state)
{
    static const struct {
        const char *kind, *value, *part;
    } wrong[] = {
        {"pid", "x", "pid: value 1, \"x\", is no process id"},
        {"pid", "0", "is no process id"},
        {"pid", "-3", "is no process id"},
        {"pid", "99999999999", "is no process id"},
        {"state", "listen,foo", "state: value 2, \"foo\", is no TCP state: give"},
        {"state", "", "value 1, \"\", is empty"},
        {"local_port", "80,", "value 2, \"\", is empty"},
        {"local_port", ",80", "value 1, \"\", is empty"},
        {"local_port", "65536", "is no port"},
        {"local_port", "90-80", "the range ends before it begins"},
        {"local_port", "80-", "the range has no end"},
        {"local_port", "no-such-service", "a name that /etc/services has"},
        {"remote", "10.0.0.0/33", "give 0 to 32 bits"},
        {"remote", "::1/129", "give 0 to 128 bits"},
        {"remote", "10.0.0", "is no address"},
        {"remote", "10.0.0.0/", "has no such prefix"},
        {"user", "nobody-of-that-name", "is no user of this host"},
        {"process", "a,,b", "value 2, \"\", is empty"},
        {"colour", "blue", "colour: no such kind of rule"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *error = refusal(wrong[i].kind, wrong[i].value);
        if (!strstr(error, wrong[i].part))
            fail_msg("%s \"%s\": \"%s\" does not say \"%s\"", wrong[i].kind, wrong[i].value, error, wrong[i].part);
    }
}

static void a_refusal_shows_no_raw_bytes_of_the_value(void **state)
{
    (void)state;
    assert_non_null(strstr(refusal("state", "\x1b[31m\n"), "\\x1b[31m\\x0a"));
}

static void a_value_longer_than_any_rule_is_refused(void **state)
{
    char value[300];
    (void)state;
    memset(value, 'n', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    assert_non_null(strstr(refusal("process", value), "too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_rule_selects_everything),
        cmocka_unit_test(each_kind_matches_what_it_names_and_nothing_else),
        cmocka_unit_test(networks_match_bit_by_bit_and_family_by_family),
        cmocka_unit_test(rules_of_different_kinds_must_all_hold),
        cmocka_unit_test(a_name_longer_than_the_kernel_keeps_matches_what_is_left_of_it),
        cmocka_unit_test(a_socket_without_endpoints_matches_no_rule_about_them),
        cmocka_unit_test(a_wrong_rule_is_refused_with_its_place_and_the_remedy),
        cmocka_unit_test(a_refusal_shows_no_raw_bytes_of_the_value),
        cmocka_unit_test(a_value_longer_than_any_rule_is_refused),
    };
    return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
