/* test_snmp_order.c - listeners, groups and states in the order of their OIDs: a walk over them rises, shows each once,
 * and each that it shows is got. */
#include "../../plugins/snmp/order.h"
#include "../../plugins/snmp/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OWN   4026531840u
#define OTHER 4026532000u

static const struct proctcp_listener listeners[] = {
    {.netns = OTHER, .local_address = {{[10] = 0xff, 0xff, 127, 0, 0, 1}}, .local_port = 80, .row = PROCTCP_NONE},
    {.netns = OWN, .local_address = {{[10] = 0xff, 0xff, 127, 0, 0, 1}}, .local_port = 8080, .row = PROCTCP_NONE},
    {.netns = OWN, .local_address = {{[10] = 0xff, 0xff, 127, 0, 0, 1}}, .local_port = 80, .row = PROCTCP_NONE},
    {.netns = OWN, .local_address = {{[15] = 1}}, .local_port = 80, .row = PROCTCP_NONE, .sockets = 3},
    {.netns = OWN, .local_address = {{0xfe, 0x80, [15] = 1}}, .local_port = 80, .row = PROCTCP_NONE, .interface = 3},
    {.netns = OWN, .local_address = {{0xfe, 0x80, [15] = 1}}, .local_port = 80, .row = PROCTCP_NONE, .interface = 2},
    /* on other interfaces, with the index of one that is there */
    {.netns = OWN,
     .local_address = {{[10] = 0xff, 0xff, 127, 0, 0, 1}},
     .local_port = 80,
     .interface = 2,
     .row = PROCTCP_NONE},
    {.netns = OWN, .local_address = {{[15] = 1}}, .local_port = 80, .interface = 3, .row = PROCTCP_NONE, .sockets = 4},
};

/* As long as a name may be: 96 bytes. */
#define TEN     "0123456789"
#define LONGEST TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345"

static const struct proctcp_group groups[] = {
    {.name = LONGEST}, {.name = PROCTCP_GROUP_OTHER}, {.name = "nginx", .sockets = 7}, {.name = "\xff"}, {.name = "ng"},
    {.name = ""},      {.name = "0123456789"},
};

#define KNOWN .present = PROCTCP_HAS_NETNS | PROCTCP_HAS_LOCAL

static const struct proctcp_socket sockets[] = {
    {KNOWN, .netns = OWN, .state = PROCTCP_ESTABLISHED, .owners = 1},
    {KNOWN, .netns = OTHER, .state = PROCTCP_TIME_WAIT},
    {KNOWN, .netns = OWN, .state = PROCTCP_ESTABLISHED},
    {KNOWN, .netns = OTHER, .state = PROCTCP_LISTEN, .owners = 2},
    {KNOWN, .netns = OWN, .state = PROCTCP_CLOSED, .owners = 1},
    /* not counted: of a namespace that is not listed, or not known, in no state, and not bound */
    {KNOWN, .netns = 77, .state = PROCTCP_LISTEN},
    {.present = PROCTCP_HAS_LOCAL, .state = PROCTCP_LISTEN},
    {KNOWN, .netns = OWN, .state = PROCTCP_STATES},
    {.present = PROCTCP_HAS_NETNS, .netns = OWN, .state = PROCTCP_CLOSED},
};

/* The third could not be read, nor be named the fourth. */
static const struct proctcp_netns namespaces[] = {{.inode = OTHER, .source = PROCTCP_SOURCE_NETLINK},
                                                  {.inode = OWN, .source = PROCTCP_SOURCE_NETLINK},
                                                  {.inode = 4026533000u, .error = 1},
                                                  {.source = PROCTCP_SOURCE_PROCFS},
                                                  {.inode = OTHER, .source = PROCTCP_SOURCE_NETLINK}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct proctcp_snapshot snapshot = {
    .listeners = listeners,
    .listener_count = COUNT(listeners),
    .groups = groups,
    .group_count = COUNT(groups),
    .sockets = sockets,
    .socket_count = COUNT(sockets),
    .namespaces = namespaces,
    .namespace_count = COUNT(namespaces),
    .stats = {.failure = "", .source_reason = "", .connections_reason = ""},
};

static struct publication publication;

static int setup(void **state)
{
    (void)state;
    publication = (struct publication){.snapshot = &snapshot, .own_netns = OWN};
    order_rows(&publication);
    tables_index(&publication);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tables_index_free(&publication);
    order_free(&publication);
    return 0;
}

struct place {
    unsigned long oid[WALK_OID_MAX];
    size_t length;
};

static bool next(struct place *at, struct value *value)
{
    static struct walk_hint hint;
    unsigned long found[WALK_OID_MAX];
    size_t length;

    if (!walk_next(&publication, &hint, at->oid, at->length, found, &length, value))
        return false;
    assert_in_range(length, 1, WALK_OID_MAX);
    memcpy(at->oid, found, length * sizeof(found[0]));
    at->length = length;
    return true;
}

/* "4.1.15.0.1.4.127.0.0.1.80" */
static const char *text_of(const struct place *at)
{
    static char text[1200];
    size_t used = 0;

    for (size_t i = 0; i < at->length; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%lu", i ? "." : "", at->oid[i]);
    return text;
}

static void assert_column(unsigned long table, unsigned long column, const char *const wanted[], size_t count)
{
    struct place at = {.oid = {table, 1, column}, .length = 3};
    struct value value;

    for (size_t i = 0; i < count; i++) {
        assert_true(next(&at, &value));
        assert_string_equal(text_of(&at), wanted[i]);
    }
    if (next(&at, &value))
        assert_false(at.oid[0] == table && at.oid[2] == column && at.oid[3] != 96);
}

static void listeners_are_ordered_by_namespace_address_and_port(void **state)
{
    static const char *const wanted[] = {
        "4.1.9.0.1.4.127.0.0.1.80",
        "4.1.9.0.1.4.127.0.0.1.8080",
        "4.1.9.0.2.16.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.80",
        "4.1.9.0.4.20.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.2.80",
        "4.1.9.0.4.20.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.3.80",
        "4.1.9.4026532000.1.4.127.0.0.1.80",
    };

    (void)state;
    assert_column(4, 9, wanted, COUNT(wanted));
}

/* Shorter ones first: the length is the first number of an index. */
static void groups_are_ordered_by_length_and_name(void **state)
{
    static const char *const wanted[] = {
        "7.1.4.0",
        "7.1.4.1.255",
        "7.1.4.2.110.103",
        "7.1.4.5.110.103.105.110.120",
        "7.1.4.6.95.111.116.104.101.114",
        "7.1.4.10.48.49.50.51.52.53.54.55.56.57",
    };

    (void)state;
    assert_column(7, 4, wanted, COUNT(wanted));
}

static uint64_t number_at(const char *text)
{
    struct place at = {.length = 0};
    struct walk_hint hint = {{0}};
    struct value value;

    for (char *end = (char *)text; *end; end += *end == '.')
        at.oid[at.length++] = strtoul(end, &end, 10);
    assert_int_equal(walk_get(&publication, &hint, at.oid, at.length, &value), WALK_FOUND);
    return value.number;
}

static void of_listeners_with_one_index_the_first_is_served(void **state)
{
    (void)state;
    assert_int_equal(number_at("4.1.9.0.2.16.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.80"), 3);
    assert_int_equal(number_at("7.1.4.5.110.103.105.110.120"), 7);
}

static void the_longest_name_is_an_index(void **state)
{
    struct place at = {.oid = {7, 1, 4, 11}, .length = 4};
    struct value value;

    (void)state;
    assert_true(next(&at, &value));
    assert_int_equal(at.length, 3 + PROCTCP_GROUP_NAME_SIZE);
    assert_int_equal(at.oid[3], 96);
    assert_int_equal(at.oid[3 + 96], '5');
}

static void each_state_of_each_namespace_has_a_row(void **state)
{
    static const struct {
        const char *oid;
        uint64_t sockets, unattributed;
    } cases[] = {{"0.5", 2, 1},  {"0.1", 1, 0},          {"0.2", 0, 0},
                 {"0.11", 0, 0}, {"4026532000.2", 1, 0}, {"4026532000.11", 1, 1}};
    char oid[64];

    (void)state;
    assert_int_equal(publication.state_count, 2 * 11);
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(oid, sizeof(oid), "6.1.5.%s", cases[i].oid);
        assert_int_equal(number_at(oid), cases[i].sockets);
        snprintf(oid, sizeof(oid), "6.1.6.%s", cases[i].oid);
        assert_int_equal(number_at(oid), cases[i].unattributed);
    }
    assert_int_equal(number_at("6.1.3.0.5"), OWN);
}

static void a_walk_over_everything_rises_and_each_is_got(void **state)
{
    struct place before = {.length = 0}, at = before;
    struct value value, got;
    size_t count = 0;

    (void)state;
    for (; next(&at, &value); before = at, count++) {
        struct walk_hint hint = {{0}};
        assert_true(order_compare(before.oid, before.length, at.oid, at.length) < 0);
        assert_int_equal(walk_get(&publication, &hint, at.oid, at.length, &got), WALK_FOUND);
        assert_int_equal(got.syntax, value.syntax);
    }
    assert_in_range(count, 100, 1000);
}

/* As long as the index of a row and no longer, and one number more. */
static void parts_of_an_index_are_no_instance(void **state)
{
    static const unsigned long oid[] = {7, 1, 4, 5, 110, 103, 105, 110, 120, 0};
    struct walk_hint hint = {{0}};
    struct value value;

    (void)state;
    for (size_t length = 3; length <= COUNT(oid); length++)
        assert_int_equal(walk_get(&publication, &hint, oid, length, &value),
                         length == COUNT(oid) - 1 ? WALK_FOUND : WALK_NO_INSTANCE);
}

static void without_a_snapshot_there_are_no_rows(void **state)
{
    struct publication empty = {.own_netns = OWN};

    (void)state;
    order_rows(&empty);
    assert_int_equal(
        empty.order[PUBLICATION_GROUPS].count + empty.order[PUBLICATION_LISTENERS].count + empty.state_count, 0);
    order_free(&empty);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(listeners_are_ordered_by_namespace_address_and_port),
        TEST(groups_are_ordered_by_length_and_name),
        TEST(of_listeners_with_one_index_the_first_is_served),
        TEST(the_longest_name_is_an_index),
        TEST(each_state_of_each_namespace_has_a_row),
        TEST(a_walk_over_everything_rises_and_each_is_got),
        TEST(parts_of_an_index_are_no_instance),
        TEST(without_a_snapshot_there_are_no_rows),
    };
    return cmocka_run_group_tests_name("snmp_order", tests, NULL, NULL);
}
