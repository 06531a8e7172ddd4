/* Names that every collectd writer can take: safe, bounded, and different for what is different. */
#include "../../plugins/collectd/identifier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_name(const char *name, const char *expected)
{
    char identifier[IDENTIFIER_SIZE];

    identifier_from_name(name, identifier);
    assert_string_equal(identifier, expected);
}

static void harmless_names_stay_as_they_are(void **state)
{
    (void)state;
    assert_name("nginx", "nginx");
    assert_name("g++", "g++");
    assert_name("php-fpm7.4", "php-fpm7.4");
    assert_name("a_b.c:d@e+f-g", "a_b.c:d@e+f-g");
    assert_name("+a+", "+a+");
}

static void every_other_byte_is_escaped(void **state)
{
    (void)state;
    assert_name("a b", "a+20b");
    assert_name("a/b", "a+2Fb");
    assert_name("a\nb\"'", "a+0Ab+22+27");
    assert_name("\xff\xc3\xa4", "+FF+C3+A4");
    assert_name("[]{}*,;\\", "+5B+5D+7B+7D+2A+2C+3B+5C");
}

static void a_plus_that_would_read_as_an_escape_is_escaped(void **state)
{
    (void)state;
    assert_name("a+20b", "a+2B20b");
    assert_name("a+-b", "a+2B-b");
    assert_name("a+2 b", "a+2+20b");
    assert_name("a+", "a+");
    assert_name("a+2", "a+2");
}

static void assert_group(const struct identifiers *identifiers, const char *group, const char *expected)
{
    char identifier[IDENTIFIER_SIZE];

    identifier_of_group(identifiers, group, identifier);
    assert_string_equal(identifier, expected);
}

/* A process named _other is __other for the library. */
static void names_of_the_plugin_cannot_be_taken(void **state)
{
    static const char *const others[] = {"web-", "db-", NULL};
    const struct identifiers first = {.prefix = "", .others = others}, web = {.prefix = "web-", .others = others};

    (void)state;
    assert_group(&first, "nginx", "nginx");
    assert_group(&first, "proctcp-self", "+70roctcp-self");
    assert_group(&first, "proctcp-agentx", "proctcp-agentx");
    assert_group(&first, "proctcp-listener-::-80", "+70roctcp-listener-::-80");
    assert_group(&first, "proctcp-sockets-nginx", "+70roctcp-sockets-nginx");
    assert_group(&first, "_other", "_other");
    assert_group(&first, "__other", "+5Fother");
    assert_group(&first, "__unnamed", "+5Funnamed");
    assert_group(&first, "_others", "_others");
    assert_group(&first, "web-nginx", "+77eb-nginx");
    assert_group(&first, "website", "website");
    assert_group(&web, "nginx", "web-nginx");
    assert_group(&web, "all", "web-all");
    assert_group(&web, "db-nginx", "web-db-nginx");
    assert_group(&web, "proctcp-self", "web-+70roctcp-self");
}

/* With an Instance or without one: the part behind any "-" counts. */
static void no_group_reads_as_a_name_of_the_plugin_behind_an_instance(void **state)
{
    const struct identifiers first = {.prefix = ""}, web = {.prefix = "web-"};

    (void)state;
    assert_group(&first, "all", "all");
    assert_group(&first, "x-all", "x-+61ll");
    assert_group(&first, "x-y-all", "x-y-+61ll");
    assert_group(&first, "-all", "-+61ll");
    assert_group(&first, "x-all-y", "x-all-y");
    assert_group(&first, "x-allow", "x-allow");
    assert_group(&first, "overall", "overall");
    assert_group(&first, "x-proctcp-self", "x-+70roctcp-self");
    assert_group(&first, "x-proctcp-selfish", "x-proctcp-selfish");
    assert_group(&first, "x-proctcp-agentx", "x-proctcp-agentx");
    assert_group(&first, "/tmp/x-proctcp-listener-0.0.0.0-22", "+2Ftmp+2Fx-+70roctcp-listener-0.0.0.0-22");
    assert_group(&first, "x-proctcp-sockets-y", "x-+70roctcp-sockets-y");
    assert_group(&first, "proctcp-listener-proctcp-listener-", "+70roctcp-listener-+70roctcp-listener-");
    assert_group(&first, "_-all", "_-+61ll");
    assert_group(&web, "x-all", "web-x-+61ll");
    assert_group(&web, "x-proctcp-self", "web-x-+70roctcp-self");
}

static void what_stands_before_a_name_shortens_it(void **state)
{
    const struct identifiers web = {.prefix = "web-"};
    char long_name[101], one[IDENTIFIER_SIZE], other[IDENTIFIER_SIZE];

    (void)state;
    memset(long_name, 'x', 100);
    long_name[100] = '\0';
    identifier_of_group(&web, long_name, one);
    long_name[99] = 'y';
    identifier_of_group(&web, long_name, other);
    assert_int_equal(strlen(one), IDENTIFIER_SIZE - 1);
    assert_string_not_equal(one, other);
    identifier_of_own(&web, IDENTIFIER_LISTENER, "0.0.0.0-80", one);
    assert_string_equal(one, "web-proctcp-listener-0.0.0.0-80");
    identifier_of_own(&web, IDENTIFIER_SOCKETS, long_name, one);
    assert_int_equal(strlen(one), IDENTIFIER_SIZE - 1);
}

/* Takes the escapes back; what it gives is the name if nothing was lost. */
static void decode(const char *identifier, char *name)
{
    unsigned byte;

    for (; *identifier; identifier++) {
        if (*identifier == '+' && strspn(identifier + 1, "0123456789ABCDEF") >= 2) {
            sscanf(identifier + 1, "%2x", &byte);
            *name++ = (char)byte;
            identifier += 2;
        } else {
            *name++ = *identifier;
        }
    }
    *name = '\0';
}

static void different_names_never_meet(void **state)
{
    static const char bytes[] = "+-2BA0a /_";
    const unsigned radix = sizeof(bytes) - 1;

    (void)state;
    for (unsigned number = 0; number < radix * radix * radix * radix * radix; number++) {
        char name[6], identifier[IDENTIFIER_SIZE], back[IDENTIFIER_SIZE];

        for (unsigned i = 0, rest = number; i < 5; i++, rest /= radix)
            name[i] = bytes[rest % radix];
        name[5] = '\0';
        identifier_from_name(name, identifier);
        decode(identifier, back);
        assert_string_equal(back, name);
    }
}

static void the_longest_name_of_a_process_is_never_cut(void **state)
{
    (void)state;
    assert_name("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                "+FF+FF+FF+FF+FF+FF+FF+FF+FF+FF+FF+FF+FF+FF+FF");
}

static void long_names_are_cut_and_stay_different(void **state)
{
    char long_name[101], one[IDENTIFIER_SIZE], other[IDENTIFIER_SIZE], fits[IDENTIFIER_SIZE];

    (void)state;
    memset(long_name, 'x', 100);
    long_name[100] = '\0';
    identifier_from_name(long_name, one);
    long_name[99] = 'y';
    identifier_from_name(long_name, other);
    assert_int_equal(strlen(one), IDENTIFIER_SIZE - 1);
    assert_int_equal(strlen(other), IDENTIFIER_SIZE - 1);
    assert_string_not_equal(one, other);
    assert_memory_equal(one, other, 45);
    assert_memory_equal(one + 45, "+-", 2);

    long_name[IDENTIFIER_SIZE - 1] = '\0';
    identifier_from_name(long_name, fits);
    assert_string_equal(fits, long_name);

    /* Who bears the name that a cut made gets another one. */
    identifier_from_name(one, other);
    assert_string_not_equal(one, other);
}

static void an_escape_is_never_cut_in_two(void **state)
{
    char name[64], identifier[IDENTIFIER_SIZE];

    (void)state;
    for (size_t before = 0; before < 3; before++) {
        memset(name, 'x', before);
        memset(name + before, ' ', sizeof(name) - 1 - before);
        name[sizeof(name) - 1] = '\0';
        identifier_from_name(name, identifier);
        assert_int_equal(strspn(identifier, "x+20"), before + (45 - before) / 3 * 3 + 1);
        assert_int_equal(strlen(identifier), before + (45 - before) / 3 * 3 + 18);
    }
}

static void cutting_keeps_what_fits(void **state)
{
    char cut[30];

    (void)state;
    identifier_cut("12345678901234567890123456789", cut, sizeof(cut));
    assert_string_equal(cut, "12345678901234567890123456789");
    identifier_cut("123456789012345678901234567890", cut, sizeof(cut));
    assert_int_equal(strlen(cut), 29);
    assert_memory_equal(cut, "12345678901+-", 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harmless_names_stay_as_they_are),
        cmocka_unit_test(every_other_byte_is_escaped),
        cmocka_unit_test(a_plus_that_would_read_as_an_escape_is_escaped),
        cmocka_unit_test(names_of_the_plugin_cannot_be_taken),
        cmocka_unit_test(no_group_reads_as_a_name_of_the_plugin_behind_an_instance),
        cmocka_unit_test(what_stands_before_a_name_shortens_it),
        cmocka_unit_test(different_names_never_meet),
        cmocka_unit_test(the_longest_name_of_a_process_is_never_cut),
        cmocka_unit_test(long_names_are_cut_and_stay_different),
        cmocka_unit_test(an_escape_is_never_cut_in_two),
        cmocka_unit_test(cutting_keeps_what_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
