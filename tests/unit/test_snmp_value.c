/* test_snmp_value.c - library values as SNMP carries them. */
#include "../../plugins/snmp/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_text(const char *from, const char *wanted)
{
    struct value value;

    value_set_text(&value, from);
    assert_int_equal(value.syntax, VALUE_OCTETS);
    assert_int_equal(value.length, strlen(wanted));
    assert_memory_equal(value.octets, wanted, value.length);
}

static void text_is_kept_where_it_is_utf8(void **state)
{
    (void)state;
    assert_text("", "");
    assert_text("nginx: worker \"x\" (1)", "nginx: worker \"x\" (1)");
    assert_text("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
    assert_text("\xc2\xa0 \xe0\xa0\x80 \xed\x9f\xbf \xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf",
                "\xc2\xa0 \xe0\xa0\x80 \xed\x9f\xbf \xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf");
}

static void bytes_that_are_no_utf8_become_question_marks(void **state)
{
    (void)state;
    assert_text(
        "a\xff"
        "b\x80",
        "a?b?");
    assert_text("\xc0\xaf", "??");           /* overlong */
    assert_text("\xc1\xbf", "??");           /* overlong */
    assert_text("\xe0\x9f\xbf", "???");      /* overlong */
    assert_text("\xf0\x8f\xbf\xbf", "????"); /* overlong */
    assert_text("\xed\xa0\x80", "???");      /* surrogate */
    assert_text("\xf4\x90\x80\x80", "????"); /* above U+10FFFF */
    assert_text("\xf5\x80\x80\x80", "????"); /* likewise */
    assert_text("x\xe2\x82", "x??");         /* ends in the middle */
    assert_text("\xe2\x82!\xf0\x9f\x98",
                "?"
                "?!???");
}

static void control_codes_become_question_marks(void **state)
{
    (void)state;
    assert_text("a\nb\tc\x1b[0m\x7f", "a?b?c?[0m?");
    assert_text("\xc2\x85\xc2\x9f", "????"); /* U+0085, U+009F */
}

static void text_is_cut_at_a_character(void **state)
{
    char text[300];
    struct value value;

    (void)state;
    memset(text, 'a', sizeof(text));
    text[299] = '\0';
    value_set_text(&value, text);
    assert_int_equal(value.length, 255);

    memcpy(text + 253, "\xe2\x82\xac", 3); /* would end at 256 */
    value_set_text(&value, text);
    assert_int_equal(value.length, 253);

    memcpy(text + 252, "\xe2\x82\xac", 3); /* ends at 255 */
    value_set_text(&value, text);
    assert_int_equal(value.length, 255);
    assert_memory_equal(value.octets + 252, "\xe2\x82\xac", 3);
}

static void time_is_utc_whatever_the_zone(void **state)
{
    static const uint8_t wanted[] = {0x07, 0xe8, 2, 29, 23, 59, 58, 0, '+', 0, 0};
    struct value value;

    (void)state;
    setenv("TZ", "America/New_York", 1);
    value_set_time(&value, 1709251198); /* 2024-02-29 23:59:58 */
    assert_int_equal(value.length, sizeof(wanted));
    assert_memory_equal(value.octets, wanted, sizeof(wanted));
}

static void an_address_is_as_long_as_its_family(void **state)
{
    const struct proctcp_address mapped = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}};
    const struct proctcp_address six = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
    const struct proctcp_field field = {.type = PROCTCP_ADDRESS};
    struct proctcp_value from = {.type = PROCTCP_ADDRESS, .address = &mapped};
    struct value value;

    (void)state;
    value_from_field(&field, &from, &value);
    assert_int_equal(value.length, 4);
    assert_memory_equal(value.octets, mapped.bytes + 12, 4);
    from.address = &six;
    value_from_field(&field, &from, &value);
    assert_int_equal(value.length, 16);
    assert_memory_equal(value.octets, six.bytes, 16);
    value_set_address(&value, &mapped, INET_ADDRESS_IPV6, 0);
    assert_int_equal(value.length, 16);
    assert_memory_equal(value.octets, mapped.bytes, 16);
}

/* RFC 4001: the zone stands behind the address, in the order of the network. */
static void a_link_local_address_has_its_zone(void **state)
{
    static const uint8_t zone[] = {1, 2, 3, 4};
    const struct proctcp_address link_local = {{0xfe, 0x80, [15] = 1}}, six = {{0x20, 0x01, [15] = 1}};
    struct value value;

    (void)state;
    assert_int_equal(value_address_type(&six, 3), INET_ADDRESS_IPV6);
    assert_int_equal(value_address_type(&link_local, 0), INET_ADDRESS_IPV6);
    assert_int_equal(value_address_type(&link_local, 0x01020304), INET_ADDRESS_IPV6Z);
    value_set_address(&value, &link_local, INET_ADDRESS_IPV6Z, 0x01020304);
    assert_int_equal(value.length, 20);
    assert_memory_equal(value.octets, link_local.bytes, 16);
    assert_memory_equal(value.octets + 16, zone, 4);
}

static void the_syntax_follows_from_type_and_size(void **state)
{
    static const struct {
        struct proctcp_field field;
        enum value_syntax syntax;
    } cases[] = {
        {{.type = PROCTCP_UNSIGNED, .size = 1}, VALUE_UNSIGNED},
        {{.type = PROCTCP_UNSIGNED, .size = 4}, VALUE_UNSIGNED},
        {{.type = PROCTCP_UNSIGNED, .size = 8, .unit = "bytes"}, VALUE_COUNTER64},
        {{.type = PROCTCP_UNSIGNED, .size = 8}, VALUE_OCTETS},
        {{.type = PROCTCP_UNSIGNED, .size = 4, .is_counter = true}, VALUE_COUNTER32},
        {{.type = PROCTCP_UNSIGNED, .size = 8, .is_counter = true}, VALUE_COUNTER64},
        {{.type = PROCTCP_SIGNED, .size = 4}, VALUE_INTEGER},
        {{.type = PROCTCP_BOOLEAN, .size = 1}, VALUE_INTEGER},
        {{.type = PROCTCP_ENUM, .size = 1}, VALUE_INTEGER},
        {{.type = PROCTCP_TEXT}, VALUE_OCTETS},
        {{.type = PROCTCP_NAME, .size = 1}, VALUE_OCTETS},
        {{.type = PROCTCP_TIME, .size = 4}, VALUE_OCTETS},
        {{.type = PROCTCP_ADDRESS}, VALUE_OCTETS},
    };
    const struct proctcp_address address = {{0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct proctcp_value from = {.type = cases[i].field.type, .number = 1};
        struct value value;

        if (from.type == PROCTCP_NAME)
            from.type = PROCTCP_TEXT;
        if (from.type == PROCTCP_TEXT)
            from.text = "";
        if (from.type == PROCTCP_ADDRESS)
            from.address = &address;
        assert_int_equal(value_syntax_of(&cases[i].field), cases[i].syntax);
        value_from_field(&cases[i].field, &from, &value);
        assert_int_equal(value.syntax, cases[i].syntax);
    }
}

static void an_identity_is_eight_octets_the_most_significant_first(void **state)
{
    static const uint8_t wanted[] = {0, 0, 1, 2, 3, 4, 5, 0xff};
    const struct proctcp_field field = {.type = PROCTCP_UNSIGNED, .size = 8};
    const struct proctcp_value from = {.type = PROCTCP_UNSIGNED, .number = 0x00000102030405ff};
    struct value value;

    (void)state;
    value_from_field(&field, &from, &value);
    assert_int_equal(value.length, sizeof(wanted));
    assert_memory_equal(value.octets, wanted, sizeof(wanted));
}

static void a_boolean_is_a_truth_value(void **state)
{
    const struct proctcp_field field = {.type = PROCTCP_BOOLEAN, .size = 1};
    struct proctcp_value from = {.type = PROCTCP_BOOLEAN, .number = 7};
    struct value value;

    (void)state;
    value_from_field(&field, &from, &value);
    assert_int_equal(value.integer, 1);
    from.number = 0;
    value_from_field(&field, &from, &value);
    assert_int_equal(value.integer, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_kept_where_it_is_utf8),
        cmocka_unit_test(bytes_that_are_no_utf8_become_question_marks),
        cmocka_unit_test(control_codes_become_question_marks),
        cmocka_unit_test(text_is_cut_at_a_character),
        cmocka_unit_test(time_is_utc_whatever_the_zone),
        cmocka_unit_test(an_address_is_as_long_as_its_family),
        cmocka_unit_test(a_link_local_address_has_its_zone),
        cmocka_unit_test(the_syntax_follows_from_type_and_size),
        cmocka_unit_test(an_identity_is_eight_octets_the_most_significant_first),
        cmocka_unit_test(a_boolean_is_a_truth_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
