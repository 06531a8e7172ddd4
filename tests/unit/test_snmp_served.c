/* test_snmp_served.c - which tables a configuration names. */
#include "../../plugins/snmp/publication.h"
#include "../../plugins/snmp/served.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BIT(table) (1u << (table))
#define ALL        ((1u << PUBLICATION_TABLES) - 1)

static unsigned served(const char *text)
{
    char error[256] = "";
    unsigned not_served = 0;

    assert_true(served_parse(text, &not_served, error, sizeof(error)));
    return ~not_served & ALL;
}

static void names_choose_tables_and_the_scan_is_always_there(void **state)
{
    (void)state;
    assert_int_equal(served("groups"), BIT(PUBLICATION_SCAN) | BIT(PUBLICATION_GROUPS));
    assert_int_equal(served(" listeners, states  ,groups"), BIT(PUBLICATION_SCAN) | BIT(PUBLICATION_LISTENERS) |
                                                                BIT(PUBLICATION_STATES) | BIT(PUBLICATION_GROUPS));
    assert_int_equal(served("all"), ALL);
    assert_int_equal(served("processes sockets connections listeners states groups thresholds tops"), ALL);
}

static void a_wrong_name_changes_nothing_and_is_named(void **state)
{
    static const char *const wrong[] = {"", ",", "group", "groups,socket", "allx", "scan"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char error[256] = "";
        unsigned not_served = 5;
        assert_false(served_parse(wrong[i], &not_served, error, sizeof(error)));
        assert_int_equal(not_served, 5);
        assert_non_null(
            strstr(error, "is none of all, processes, sockets, listeners, connections, states, groups, thresholds"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_choose_tables_and_the_scan_is_always_there),
        cmocka_unit_test(a_wrong_name_changes_nothing_and_is_named),
    };
    return cmocka_run_group_tests_name("snmp_served", tests, NULL, NULL);
}
