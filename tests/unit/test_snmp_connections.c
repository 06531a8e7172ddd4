/* test_snmp_connections.c - connections by their two ends: in the order of their OIDs, each once, with who holds it. */
#include "../../plugins/snmp/connections.h"
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

#define V4(last)                                                                                                       \
    {                                                                                                                  \
        {                                                                                                              \
            [10] = 0xff, 0xff, 10, 0, 0, last                                                                          \
        }                                                                                                              \
    }
#define V6(last)                                                                                                       \
    {                                                                                                                  \
        {                                                                                                              \
            0x20, 1, [15] = last                                                                                       \
        }                                                                                                              \
    }
#define LINK(last)                                                                                                     \
    {                                                                                                                  \
        {                                                                                                              \
            0xfe, 0x80, [15] = last                                                                                    \
        }                                                                                                              \
    }
#define ENDS(a, b)                                                                                                     \
    .present = PROCTCP_HAS_NETNS | PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE, .local_address = a, .remote_address = b
#define PORTS(a, b)  .local_port = a, .remote_port = b
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct proctcp_socket sockets[] = {
    {ENDS(V4(1), V4(2)), PORTS(80, 4000), .netns = OTHER, .state = PROCTCP_ESTABLISHED, .owners = 1},
    {ENDS(V4(1), V4(2)), PORTS(80, 4000), .netns = OWN, .state = PROCTCP_ESTABLISHED, .owners = 2},
    {ENDS(V4(1), V4(2)), PORTS(80, 300), .netns = OWN, .state = PROCTCP_TIME_WAIT},
    {ENDS(V4(1), V4(2)), PORTS(443, 1), .netns = OWN, .state = PROCTCP_CLOSE_WAIT, .owners = 1},
    {ENDS(V6(1), V6(2)), PORTS(80, 4000), .netns = OWN, .state = PROCTCP_ESTABLISHED, .owners = 1},
    {ENDS(LINK(1), LINK(2)), PORTS(80, 4000), .netns = OWN, .state = PROCTCP_ESTABLISHED, .owners = 1, .interface = 3},
    {ENDS(LINK(1), LINK(2)), PORTS(80, 4000), .netns = OWN, .state = PROCTCP_ESTABLISHED, .owners = 1, .interface = 2},
    /* bound to an interface, and no address has a zone */
    {ENDS(V4(9), V4(2)), PORTS(80, 4000), .netns = OWN, .state = PROCTCP_ESTABLISHED, .owners = 1, .interface = 2},
    /* the ends of one that is held */
    {ENDS(V4(1), V4(2)), PORTS(443, 1), .netns = OWN, .state = PROCTCP_TIME_WAIT},
    /* no connection */
    {.present = PROCTCP_HAS_NETNS | PROCTCP_HAS_LOCAL,
     .local_port = 80,
     .netns = OWN,
     .state = PROCTCP_LISTEN,
     .owners = 1},
};

static const struct proctcp_process processes[] = {{.pid = 7, .name = "web"}, {.pid = 8, .name = "cache"}};

static const struct proctcp_row rows[] = {
    {.pid = 7, .fd = 3, .subflow = 1, .socket = 1, .process = 0, .owner_rank = 1},
    {.pid = 7, .fd = 4, .subflow = 1, .socket = 0, .process = 0, .owner_rank = 1},
    {.pid = 7, .fd = 5, .subflow = 1, .socket = 9, .process = 0, .owner_rank = 1},
    {.pid = 8, .fd = 3, .subflow = 1, .socket = 1, .process = 1, .owner_rank = 2},
    {.pid = 8, .fd = 4, .subflow = 1, .socket = 3, .process = 1, .owner_rank = 1},
    {.pid = 8, .fd = 5, .subflow = 1, .socket = 4, .process = 1, .owner_rank = 1},
    {.pid = 8, .fd = 6, .subflow = 1, .socket = 5, .process = 1, .owner_rank = 1},
    {.pid = 8, .fd = 7, .subflow = 1, .socket = 6, .process = 1, .owner_rank = 1},
    {.pid = 8, .fd = 9, .subflow = 1, .socket = 7, .process = 1, .owner_rank = 1},
};

static const struct proctcp_last_holder last_holders[] = {{.socket = 2, .pid = 55, .process = "gone"}};

static const struct proctcp_snapshot snapshot = {
    .rows = rows,
    .row_count = COUNT(rows),
    .sockets = sockets,
    .socket_count = COUNT(sockets),
    .processes = processes,
    .process_count = COUNT(processes),
    .last_holders = last_holders,
    .last_holder_count = COUNT(last_holders),
    .stats = {.failure = "", .source_reason = "", .connections_reason = ""},
};

static struct publication publication;

static void prepare(unsigned not_served)
{
    publication = (struct publication){.snapshot = &snapshot, .own_netns = OWN, .not_served = not_served};
    order_rows(&publication);
    tables_index(&publication);
}

static int setup(void **state)
{
    (void)state;
    prepare(0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tables_index_free(&publication);
    order_free(&publication);
    return 0;
}

static const char *text_of(const unsigned long *oid, size_t length)
{
    static char text[1200];
    size_t used = 0;

    for (size_t i = 0; i < length; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%lu", i ? "." : "", oid[i]);
    return text;
}

static void connections_are_ordered_by_namespace_and_ends(void **state)
{
    static const char *const wanted[] = {
        "5.1.8.0.1.4.10.0.0.1.80.4.10.0.0.2.300",
        "5.1.8.0.1.4.10.0.0.1.80.4.10.0.0.2.4000",
        "5.1.8.0.1.4.10.0.0.1.443.4.10.0.0.2.1",
        "5.1.8.0.1.4.10.0.0.9.80.4.10.0.0.2.4000",
        "5.1.8.0.2.16.32.1.0.0.0.0.0.0.0.0.0.0.0.0.0.1.80.16.32.1.0.0.0.0.0.0.0.0.0.0.0.0.0.2.4000",
        "5.1.8.0.4.20.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.2.80.20.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.2."
        "4000",
        "5.1.8.0.4.20.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.3.80.20.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.3."
        "4000",
        "5.1.8.4026532000.1.4.10.0.0.1.80.4.10.0.0.2.4000",
    };
    unsigned long oid[WALK_OID_MAX] = {5, 1, 8}, found[WALK_OID_MAX];
    struct walk_hint hint = {{0}};
    struct value value;
    size_t length = 3;

    (void)state;
    for (size_t i = 0; i < COUNT(wanted); i++) {
        assert_true(walk_next(&publication, &hint, oid, length, found, &length, &value));
        memcpy(oid, found, sizeof(oid));
        assert_string_equal(text_of(oid, length), wanted[i]);
    }
    assert_true(walk_next(&publication, &hint, oid, length, found, &length, &value));
    assert_int_equal(found[2], 9);
}

static enum walk_result get(const char *text, struct value *value)
{
    unsigned long oid[WALK_OID_MAX];
    struct walk_hint hint = {{0}};
    size_t length = 0;

    for (char *end = (char *)text; *end; end += *end == '.')
        oid[length++] = strtoul(end, &end, 10);
    return walk_get(&publication, &hint, oid, length, value);
}

static void assert_cell(unsigned column, const char *index, int32_t wanted)
{
    struct value value;
    char oid[200];

    snprintf(oid, sizeof(oid), "5.1.%u.%s", column, index);
    assert_int_equal(get(oid, &value), WALK_FOUND);
    assert_int_equal(value.syntax == VALUE_INTEGER ? value.integer : (int32_t)value.number, wanted);
}

#define SHARED    "0.1.4.10.0.0.1.80.4.10.0.0.2.4000"
#define TIME_WAIT "0.1.4.10.0.0.1.80.4.10.0.0.2.300"
#define TWICE     "0.1.4.10.0.0.1.443.4.10.0.0.2.1"

static void a_connection_says_who_holds_it(void **state)
{
    struct value value;

    (void)state;
    assert_cell(7, SHARED, PROCTCP_ESTABLISHED);
    assert_cell(8, SHARED, 7);
    assert_cell(9, SHARED, 3);
    assert_cell(10, SHARED, 1);
    assert_cell(13, SHARED, 2);
    assert_int_equal(get("5.1.11." SHARED, &value), WALK_FOUND);
    assert_memory_equal(value.octets, "web", value.length);
    assert_int_equal(get("5.1.14." SHARED, &value), WALK_NO_INSTANCE);
    assert_cell(8, "4026532000.1.4.10.0.0.1.80.4.10.0.0.2.4000", 7);
}

static void one_that_nobody_holds_says_who_did(void **state)
{
    struct value value;

    (void)state;
    assert_cell(7, TIME_WAIT, PROCTCP_TIME_WAIT);
    assert_cell(8, TIME_WAIT, 0);
    assert_cell(14, TIME_WAIT, 55);
    assert_int_equal(get("5.1.15." TIME_WAIT, &value), WALK_FOUND);
    assert_memory_equal(value.octets, "gone", value.length);
    assert_int_equal(get("5.1.9." TIME_WAIT, &value), WALK_NO_INSTANCE);
}

static void of_two_with_the_same_ends_the_one_that_is_held_is_served(void **state)
{
    (void)state;
    assert_cell(8, TWICE, 8);
    assert_cell(7, TWICE, PROCTCP_CLOSE_WAIT);
}

static void a_table_that_is_not_served_is_not_there(void **state)
{
    unsigned long found[WALK_OID_MAX], from[] = {4, 1, 250};
    struct walk_hint hint = {{0}};
    struct value value;
    size_t length;

    teardown(state);
    prepare(1u << PUBLICATION_CONNECTIONS);
    assert_int_equal(publication.order[PUBLICATION_CONNECTIONS].count, 0);
    assert_int_equal(get("5.1.8." SHARED, &value), WALK_NO_OBJECT);
    assert_false(walk_next(&publication, &hint, from, COUNT(from), found, &length, &value) && found[0] == 5);
    teardown(state);
    prepare(1u << PUBLICATION_SOCKETS | 1u << PUBLICATION_PROCESSES);
    assert_int_equal(get("2.1.2.7", &value), WALK_NO_OBJECT);
    assert_int_equal(get("5.1.8." SHARED, &value), WALK_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(connections_are_ordered_by_namespace_and_ends),
        TEST(a_connection_says_who_holds_it),
        TEST(one_that_nobody_holds_says_who_did),
        TEST(of_two_with_the_same_ends_the_one_that_is_held_is_served),
        TEST(a_table_that_is_not_served_is_not_there),
    };
    return cmocka_run_group_tests_name("snmp_connections", tests, NULL, NULL);
}
