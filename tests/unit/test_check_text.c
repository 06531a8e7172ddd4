/* test_check_text.c - words of strangers, endpoints and performance data in a plugin's line. */
#include "../../plugins/check/endpoint.h"
#include "../../plugins/check/perfdata.h"
#include "../../plugins/check/text.h"

#include "testing.h"

#include <string.h>

static void assert_safe(const char *bytes, const char *wanted)
{
    char safe[TEXT_SAFE_SIZE], back[TEXT_NAME_SIZE];

    assert_string_equal(text_safe(bytes, safe, sizeof(safe)), wanted);
    assert_true(text_unsafe(safe, back));
    assert_string_equal(back, bytes);
}

static void a_plain_name_stays_as_it_is(void **state)
{
    (void)state;
    assert_safe("nginx", "nginx");
    assert_safe("kworker/u8:1 (x), [2]", "kworker/u8:1 (x), [2]");
}

static void what_means_something_to_others_is_escaped_and_comes_back(void **state)
{
    (void)state;
    assert_safe("a|b'c\"d=e", "a%7cb%27c%22d%3de");
    assert_safe("<b>&`$(x)~\\", "%3cb%3e%26%60%24(x)%7e%5c");
    assert_safe("a\nb\x1b[0m\xff\t", "a%0ab%1b[0m%ff%09");
    assert_safe("gr\xc3\xbc", "gr%c3%bc");
    assert_safe("100%", "100%25");
}

static void a_name_among_others_has_its_ends_and_commas_marked(void **state)
{
    char safe[TEXT_SAFE_SIZE];

    (void)state;
    assert_string_equal(text_name(" a b, c ", safe, sizeof(safe)), "%20a b%2c c%20");
    assert_string_equal(text_name(" ", safe, sizeof(safe)), "%20");
    assert_string_equal(text_name("a|", safe, sizeof(safe)), "a%7c");
}

static void text_without_room_ends_before_an_escape(void **state)
{
    char safe[8];

    (void)state;
    assert_string_equal(text_safe("abcde|", safe, sizeof(safe)), "abcde");
    assert_string_equal(text_safe("ab||", safe, sizeof(safe)), "ab%7c");
    assert_string_equal(text_safe("abcdefgh", safe, sizeof(safe)), "abcdefg");
}

static void a_name_with_half_of_an_escape_is_refused(void **state)
{
    char name[TEXT_NAME_SIZE], longest[TEXT_NAME_SIZE + 1];

    (void)state;
    assert_false(text_unsafe("", name));
    assert_false(text_unsafe("a\\x", name));
    assert_false(text_unsafe("a\\x4", name));
    assert_false(text_unsafe("a\\xzz", name));
    assert_false(text_unsafe("a\\x00", name));
    assert_false(text_unsafe("100%", name));
    assert_false(text_unsafe("a%0", name));
    assert_false(text_unsafe("a%00", name));
    assert_true(text_unsafe("a%0Ab\\x0a", name));
    assert_string_equal(name, "a\nb\n");
    assert_true(text_unsafe("a\\y\\x5C", name));
    assert_string_equal(name, "a\\y\\");
    memset(longest, 'n', sizeof(longest));
    longest[TEXT_NAME_SIZE - 1] = '\0';
    assert_true(text_unsafe(longest, name));
    longest[TEXT_NAME_SIZE - 1] = 'n';
    longest[TEXT_NAME_SIZE] = '\0';
    assert_false(text_unsafe(longest, name));
}

static void text_that_is_full_stays_whole(void **state)
{
    struct text text = {0};

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        text_add(&text, "%s", "0123456789");
    assert_int_equal(text.length, TEXT_SIZE - 1);
    assert_int_equal(strlen(text.bytes), TEXT_SIZE - 1);
}

static void performance_data_is_written_by_the_rules(void **state)
{
    struct text text = {0};

    (void)state;
    perfdata_add(&text, &(struct perfdatum){"my name", 3, "", "10", "~:20"});
    assert_string_equal(text.bytes, "'my name'=3;10;~:20;0");
    perfdata_add(&text, &(struct perfdatum){"p", 88.88, "%", NULL, "@90:100"});
    assert_string_equal(text.bytes, "'my name'=3;10;~:20;0 'p'=88.8%;;@90:100");
    text = (struct text){0};
    perfdata_add(&text, &(struct perfdatum){"p", 12345678901234, "%", NULL, NULL});
    assert_string_equal(text.bytes, "'p'=12345678901234%");
}

static void performance_data_has_no_half_of_a_datum(void **state)
{
    struct text text = {0};

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        perfdata_add(&text, &(struct perfdatum){"label", 1, "%", NULL, NULL});
    assert_true(text.length > TEXT_SIZE - 20);
    assert_string_equal(text.bytes + text.length - strlen("'label'=1%"), "'label'=1%");
}

static void assert_endpoint(const char *from, const char *wanted)
{
    struct endpoint endpoint;
    char text[PROCTCP_ENDPOINT_TEXT_SIZE + 16];

    assert_true(endpoint_parse(from, &endpoint));
    assert_string_equal(endpoint_text(&endpoint, text), wanted);
}

static void endpoints_are_read_as_they_are_printed(void **state)
{
    (void)state;
    assert_endpoint("0.0.0.0:80", "0.0.0.0:80");
    assert_endpoint("127.0.0.1:65535", "127.0.0.1:65535");
    assert_endpoint("[::]:443", "[::]:443");
    assert_endpoint("[2001:db8:0::1]:1", "[2001:db8::1]:1");
    assert_endpoint("[::ffff:192.0.2.1]:80", "192.0.2.1:80");
    assert_endpoint("[fe80::1]:80%3", "[fe80::1]:80%3");
    assert_endpoint("0.0.0.0:80%1", "0.0.0.0:80%1");
    assert_endpoint("0.0.0.0%1:80", "0.0.0.0:80%1");
    assert_endpoint("[::]%12:80", "[::]:80%12");
}

static void what_is_no_endpoint_is_refused(void **state)
{
    static const char *const words[] = {"",
                                        "80",
                                        ":80",
                                        "*:80",
                                        "localhost:80",
                                        "1.2.3:80",
                                        "1.2.3.4",
                                        "1.2.3.4:",
                                        "1.2.3.4:0",
                                        "1.2.3.4:65536",
                                        "1.2.3.4:+1",
                                        "1.2.3.4:x",
                                        "::1:80",
                                        "[::1]80",
                                        "[::1:80",
                                        "[::1]:80%",
                                        "[::1]:80%eth0",
                                        "[::1%2]:80",
                                        "1.2.3.4:80%0",
                                        "[1.2.3.4]:80",
                                        "1.2.3.4%x:80",
                                        "]:80",
                                        "[]:80",
                                        "1.2.3.4%2:80%2",
                                        "1.2.3.4%:80",
                                        "[::1]%0:80"};
    struct endpoint endpoint;
    char longest[300];

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        assert_false(endpoint_parse(words[i], &endpoint));
    memset(longest, '1', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_false(endpoint_parse(longest, &endpoint));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_name_stays_as_it_is),
        cmocka_unit_test(what_means_something_to_others_is_escaped_and_comes_back),
        cmocka_unit_test(a_name_among_others_has_its_ends_and_commas_marked),
        cmocka_unit_test(text_without_room_ends_before_an_escape),
        cmocka_unit_test(a_name_with_half_of_an_escape_is_refused),
        cmocka_unit_test(text_that_is_full_stays_whole),
        cmocka_unit_test(performance_data_is_written_by_the_rules),
        cmocka_unit_test(performance_data_has_no_half_of_a_datum),
        cmocka_unit_test(endpoints_are_read_as_they_are_printed),
        cmocka_unit_test(what_is_no_endpoint_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
