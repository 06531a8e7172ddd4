/* Selection rules: what they accept, refuse and match. */
#include "select/select.h"
#include "testing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct proctcp_socket established = {
    .present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE,
    .state = PROCTCP_ESTABLISHED,
    .inode = 7,
    .local_address.bytes = {[10] = 0xff, [11] = 0xff, [12] = 10, [13] = 1, [14] = 2, [15] = 3},
    .local_port = 443,
    .remote_address.bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
    .remote_port = 50000,
};
static const char *name = "nginx";

static struct proctcp_selection *compiled(const char *kind, const char *value)
{
    struct proctcp_selection *selection;
    char error[512];
    assert_int_equal(proctcp_selection_new(&selection), 0);
    if (proctcp_selection_add(selection, kind, value, error, sizeof(error)) != 0)
        fail_msg("%s", error);
    return selection;
}

/* The process is nginx, 42, of www-data; its socket is the established one. */
static bool selects(const struct proctcp_selection *selection)
{
    const uint32_t uid = 33;
    const struct select_netns named = {0};
    return select_pid(selection, 42) && select_name(selection, name) && select_user(selection, &uid) &&
           select_cgroup(selection, "/system.slice/nginx.service/workers") &&
           select_command(selection, "nginx: worker process") == 1 && select_socket(selection, &established) &&
           select_netns(selection, &named, 4026531840, true);
}

static bool matches(const char *kind, const char *value)
{
    struct proctcp_selection *selection = compiled(kind, value);
    char exclude[32];
    bool matched = selects(selection);
    proctcp_selection_free(selection);
    snprintf(exclude, sizeof(exclude), "exclude_%s", kind);
    selection = compiled(exclude, value);
    assert_int_equal(selects(selection), !matched);
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
    assert_true(selects(selection));
    assert_true(selects(NULL));
    assert_false(select_asks_anything(selection));
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
    assert_true(matches("command", "worker"));
    assert_true(matches("command", "^nginx: (worker|master)"));
    assert_true(matches("command", "k{0,1}er process$"));
    assert_false(matches("command", "^worker"));
    assert_true(matches("cgroup", "/"));
    assert_true(matches("cgroup", "/system.slice"));
    assert_true(matches("cgroup", "/system.slice/"));
    assert_true(matches("cgroup", "nginx.service"));
    assert_true(matches("cgroup", "/user.slice,workers"));
    assert_false(matches("cgroup", "/system.slice/nginx.serv"));
    assert_false(matches("cgroup", "/nginx.service"));
    assert_false(matches("cgroup", "system"));
    assert_true(matches("netns", "all"));
    assert_true(matches("netns", "own"));
    assert_true(matches("netns", "1,4026531840"));
    assert_false(matches("netns", "4026531841"));
    assert_false(matches("netns", "blue"));
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
    assert_false(selects(selection));
    assert_int_equal(proctcp_selection_add(selection, "local_port", "443", error, sizeof(error)), 0);
    assert_true(selects(selection));
    assert_int_equal(proctcp_selection_add(selection, "exclude_user", "www-data", error, sizeof(error)), 0);
    assert_false(selects(selection));
    proctcp_selection_free(selection);
}

static void a_name_of_a_namespace_stands_for_the_inode_that_was_found(void **state)
{
    struct proctcp_selection *selection = compiled("netns", "blue");
    uint32_t inode = 4026532001;
    const struct select_netns named = {.include = {&inode, 1, 1}};
    (void)state;
    assert_true(select_netns(selection, &named, inode, false));
    assert_false(select_netns(selection, &named, inode + 1, true));
    proctcp_selection_free(selection);
}

/* What the mask of states must let through for what a row needs: its other end, and the listener beside it. */
static void the_states_that_are_read_include_those_of_other_ends_and_listeners(void **state)
{
    static const struct {
        const char *rule;
        uint32_t read, not_read;
    } cases[] = {
        {"listen", 1u << PROCTCP_LISTEN, ~(1u << PROCTCP_LISTEN)},
        {"timeWait", 1u << PROCTCP_TIME_WAIT, 1u << PROCTCP_ESTABLISHED | 1u << PROCTCP_CLOSE_WAIT},
        {"closeWait", 1u << PROCTCP_CLOSE_WAIT | 1u << PROCTCP_FIN_WAIT2 | 1u << PROCTCP_LISTEN,
         1u << PROCTCP_ESTABLISHED | 1u << PROCTCP_TIME_WAIT},
        {"established", 1u << PROCTCP_ESTABLISHED | 1u << PROCTCP_FIN_WAIT1, 1u << PROCTCP_TIME_WAIT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct proctcp_selection *selection = compiled("state", cases[i].rule);
        assert_int_equal(select_states(selection) & cases[i].read, cases[i].read);
        assert_int_equal(select_states(selection) & cases[i].not_read & 0xffe, 0);
        assert_false(select_unbound(selection));
        proctcp_selection_free(selection);
    }
}

static void what_may_be_the_other_end_of_a_selected_socket_matters(void **state)
{
    struct proctcp_selection *selection = compiled("remote_port", "443");
    struct proctcp_socket other = established;
    (void)state;
    assert_false(select_socket(selection, &established));
    assert_true(select_matters(selection, &established));
    other.local_port = 444;
    assert_false(select_matters(selection, &other));
    other.state = PROCTCP_LISTEN;
    other.present = PROCTCP_HAS_LOCAL;
    assert_true(select_matters(selection, &other));
    proctcp_selection_free(selection);
}

static void unbound_sockets_are_looked_for_only_where_they_can_be_selected(void **state)
{
    static const struct {
        const char *kind, *value;
        bool wanted;
    } cases[] = {{"state", "closed", true},          {"state", "established,closed", true},
                 {"state", "listen", false},         {"exclude_state", "closed", false},
                 {"local_port", "1-65535", false},   {"remote", "::/0", false},
                 {"exclude_local_port", "22", true}, {"process", "nginx", true}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct proctcp_selection *selection = compiled(cases[i].kind, cases[i].value);
        assert_int_equal(select_unbound(selection), cases[i].wanted);
        proctcp_selection_free(selection);
    }
}

static void where_every_rule_of_a_kind_was_refused_nothing_is_selected(void **state)
{
    struct proctcp_selection *selection;
    char error[512];
    (void)state;
    assert_int_equal(proctcp_selection_new(&selection), 0);
    assert_int_equal(proctcp_selection_add(selection, "local_port", "443,80x", error, sizeof(error)), -EINVAL);
    assert_true(proctcp_selection_is_void(selection, "local_port"));
    assert_false(proctcp_selection_is_void(selection, "remote_port"));
    assert_false(selects(selection));
    assert_int_equal(proctcp_selection_add(selection, "local_port", "443", error, sizeof(error)), 0);
    assert_false(proctcp_selection_is_void(selection, "local_port"));
    assert_true(selects(selection));
    proctcp_selection_free(selection);
}

static void a_refused_rule_to_exclude_excludes_nothing(void **state)
{
    struct proctcp_selection *selection;
    char error[512];
    (void)state;
    assert_int_equal(proctcp_selection_new(&selection), 0);
    assert_int_equal(proctcp_selection_add(selection, "exclude_local_port", "443,80x", error, sizeof(error)), -EINVAL);
    assert_true(selects(selection));
    proctcp_selection_free(selection);
}

static void a_name_longer_than_the_kernel_keeps_matches_what_is_left_of_it(void **state)
{
    (void)state;
    name = "prometheus-node";
    assert_true(matches("process", "prometheus-node-exporter"));
    assert_false(matches("process", "prometheus-nod"));
    name = "nginx";
}

static void what_is_absent_satisfies_no_rule(void **state)
{
    const struct proctcp_socket bare = {.state = PROCTCP_CLOSED};
    static const char *const ends[][2] = {{"local_port", "0-65535"}, {"remote", "0.0.0.0/0,::/0"}};
    struct proctcp_selection *selection;
    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char exclude[32];
        selection = compiled(ends[i][0], ends[i][1]);
        assert_false(select_socket(selection, &bare));
        proctcp_selection_free(selection);
        snprintf(exclude, sizeof(exclude), "exclude_%s", ends[i][0]);
        selection = compiled(exclude, ends[i][1]);
        assert_true(select_socket(selection, &bare));
        proctcp_selection_free(selection);
    }
    selection = compiled("user", "0");
    assert_false(select_user(selection, NULL));
    proctcp_selection_free(selection);
    selection = compiled("cgroup", "/");
    assert_false(select_cgroup(selection, NULL));
    proctcp_selection_free(selection);
    selection = compiled("exclude_process", "nginx");
    assert_true(select_name(selection, NULL));
    proctcp_selection_free(selection);
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
        {"command", "a(b", "command: value 1, \"a(b\", is no extended regular expression: Unmatched ("},
        {"command", "", "is empty"},
        {"command", "(a)\\1", "has a back-reference"},
        {"command", "(a)[]x]\\2", "has a back-reference"},
        {"command", "(a+)[[:digit:][]\\1$", "has a back-reference"},
        {"command", "(a+)[[.].][]\\1", "has a back-reference"},
        {"command", "(a)[^]x]\\1", "has a back-reference"},
        {"command", "(((a*){20}){20}){20}", "repeats so much that it comes to more than 1000 characters"},
        {"command", "(a*){4000}", "repeats so much"},
        {"command", "a{32767}{32767}{32767}{32767}{32767}", "repeats so much"},
        {"command", "((a){10}b){10,91}", "repeats so much"},
        {"command", "a{,20000}", "repeats so much"},
        {"command", "(((((((((((((((((((a)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+", "repeats so much"},
        {"command", "(a{400})*{400}", "repeats so much"},
        {"command", "(a+)+(b+)+", "accepted"},
        {"command", "(((((((((((((((((((a)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*", "accepted"},
        {"command", "[{]{999}", "accepted"},
        {"command", "([0-9a-f]{8}-){4}[0-9a-f]{12}", "accepted"},
        {"command", "a\\{20000", "accepted"},
        {"command", "a{", "is no extended regular expression"},
        {"command", "(a)\\\\1", "accepted"},
        {"command", "[[:digit:]\\1]x", "accepted"},
        {"command", "[]\\1]", "accepted"},
        {"command", "(a)\\[1", "accepted"},
        {"local_port", "3x", "is no port"},
        {"cgroup", "system.slice/nginx", "is no cgroup: give a path from the root"},
        {"netns", "../x", "is no network namespace: give all, own, a name that ip netns lists"},
        {"exclude_state", "listen,foo", "exclude_state: value 2, \"foo\""},
        {"colour", "blue", "colour: no such kind of rule"},
        {"exclude_", "blue", "exclude_: no such kind of rule"},
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
    char value[3000];
    (void)state;
    memset(value, 'n', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    assert_non_null(strstr(refusal("process", value), "nnnn...\", is too long: give at most 1023 characters"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_rule_selects_everything),
        cmocka_unit_test(each_kind_matches_what_it_names_and_nothing_else),
        cmocka_unit_test(networks_match_bit_by_bit_and_family_by_family),
        cmocka_unit_test(rules_of_different_kinds_must_all_hold),
        cmocka_unit_test(a_name_longer_than_the_kernel_keeps_matches_what_is_left_of_it),
        cmocka_unit_test(a_name_of_a_namespace_stands_for_the_inode_that_was_found),
        cmocka_unit_test(the_states_that_are_read_include_those_of_other_ends_and_listeners),
        cmocka_unit_test(what_may_be_the_other_end_of_a_selected_socket_matters),
        cmocka_unit_test(unbound_sockets_are_looked_for_only_where_they_can_be_selected),
        cmocka_unit_test(where_every_rule_of_a_kind_was_refused_nothing_is_selected),
        cmocka_unit_test(a_refused_rule_to_exclude_excludes_nothing),
        cmocka_unit_test(what_is_absent_satisfies_no_rule),
        cmocka_unit_test(a_wrong_rule_is_refused_with_its_place_and_the_remedy),
        cmocka_unit_test(a_refusal_shows_no_raw_bytes_of_the_value),
        cmocka_unit_test(a_value_longer_than_any_rule_is_refused),
    };
    return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
