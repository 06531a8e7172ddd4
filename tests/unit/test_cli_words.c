/* Numbers, instants and names as people write them, and the letters that their fingers know. */
#include "../../plugins/cli/habits.h"
#include "../../plugins/cli/stamp.h"
#include "../../plugins/cli/units.h"
#include "proctcp.h"
#include "testing.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void numbers_have_units_that_keep_them_short(void **state)
{
    static const struct {
        uint64_t number;
        const char *time, *bytes, *rate;
    } cases[] = {
        {0, "0 us", "0 B", "0 bit/s"},
        {50, "50 us", "50 B", "400 bit/s"},
        {999, "999 us", "999 B", "8.0 kbit/s"},
        {1000, "1.0 ms", "1.0 kB", "8.0 kbit/s"},
        {12300, "12.3 ms", "12.3 kB", "98.4 kbit/s"},
        {99949, "99.9 ms", "99.9 kB", "800 kbit/s"},
        {99950, "100 ms", "100 kB", "800 kbit/s"},
        {562500, "562 ms", "562 kB", "4.5 Mbit/s"},
        {999499, "999 ms", "999 kB", "8.0 Mbit/s"},
        {999500, "1.0 s", "1.0 MB", "8.0 Mbit/s"},
        {59000000, "59.0 s", "59.0 MB", "472 Mbit/s"},
        {90000000, "1.5 min", "90.0 MB", "720 Mbit/s"},
        {1200000000, "20.0 min", "1.2 GB", "9.6 Gbit/s"},
        {7200000000, "2.0 h", "7.2 GB", "57.6 Gbit/s"},
        {172800000000, "2.0 d", "173 GB", "1.4 Tbit/s"},
        {UINT64_MAX, "213503982 d", "18.4 EB", "148 Ebit/s"},
    };
    char text[UNITS_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(units_time(cases[i].number, text), cases[i].time);
        assert_string_equal(units_bytes(cases[i].number, text), cases[i].bytes);
        assert_string_equal(units_rate(cases[i].number, text), cases[i].rate);
    }
}

static const char *stamp_in(const char *zone, uint64_t time)
{
    static char text[STAMP_SIZE];
    setenv("TZ", zone, 1);
    tzset();
    return stamp_text(time, text);
}

static void an_instant_has_the_offset_of_its_zone(void **state)
{
    (void)state;
    assert_string_equal(stamp_in("UTC0", 1764040558), "2025-11-25T03:15:58+00:00");
    assert_string_equal(stamp_in("XXX-5:45", 1764040558), "2025-11-25T09:00:58+05:45");
    assert_string_equal(stamp_in("XXX3:30", 1764040558), "2025-11-24T23:45:58-03:30");
    assert_string_equal(stamp_in("UTC0", UINT64_MAX / 2), "9223372036854775807");
}

static void letters_of_ss_are_answered_with_the_command_for_them(void **state)
{
    static const struct {
        const char *word, *command;
    } cases[] = {
        {"-tanp", "proctcp"},
        {"-t", "proctcp"},
        {"-tlnp", "proctcp --state listen"},
        {"-llll", "proctcp --state listen"},
        {"-tani", "proctcp --info"},
        {"-tano", "proctcp --columns process,pid,fd,state,local,remote,timer,timer_expires_ms"},
        {"-em",
         "proctcp --columns process,pid,fd,state,local,remote,uid,inode,cookie,rmem_alloc_bytes,rcvbuf_bytes,"
         "wmem_alloc_bytes,sndbuf_bytes,drops"},
        {"-Hl", "proctcp --no-header --state listen"},
        {"-tanz", NULL},
        {"-", NULL},
        {"", NULL},
        {"tanp", NULL},
    };
    char command[512];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(habits_command(cases[i].word, command, sizeof(command)), cases[i].command != NULL);
        if (cases[i].command)
            assert_string_equal(command, cases[i].command);
    }
}

static void distance_counts_the_letters_that_are_wrong(void **state)
{
    char longer[128];
    (void)state;
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(proctcp_word_distance("", ""), 0);
    assert_int_equal(proctcp_word_distance("pid", "pid"), 0);
    assert_int_equal(proctcp_word_distance("pid", "uid"), 1);
    assert_int_equal(proctcp_word_distance("proces", "process"), 1);
    assert_int_equal(proctcp_word_distance("kitten", "sitting"), 3);
    assert_int_equal(proctcp_word_distance("", "abc"), 3);
    assert_true(proctcp_word_distance(longer, "a") > 60);
}

static void names_that_may_have_been_meant_are_found(void **state)
{
    static const char *const names[] = {"pid", "uid", "rtt_us", "min_rtt_us", "process", "state"};
    char text[64];
    (void)state;
    assert_true(proctcp_nearest_words("rtt", names, 6, "", text, sizeof(text)));
    assert_string_equal(text, "rtt_us, min_rtt_us");
    assert_true(proctcp_nearest_words("proces", names, 6, "--", text, sizeof(text)));
    assert_string_equal(text, "--process");
    assert_true(proctcp_nearest_words("sttae", names, 6, "", text, sizeof(text)));
    assert_string_equal(text, "state");
    assert_false(proctcp_nearest_words("quux", names, 6, "", text, sizeof(text)));
    assert_string_equal(text, "pid, uid, rtt_us, min_rtt_us, process, state");
    assert_false(proctcp_nearest_words("quux", names, 6, "", text, 20));
    assert_string_equal(text, "pid, uid, ..");
    assert_false(proctcp_nearest_words("quux", names, 6, "", text, 8));
    assert_string_equal(text, "pid, ..");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_units_that_keep_them_short),
        cmocka_unit_test(an_instant_has_the_offset_of_its_zone),
        cmocka_unit_test(letters_of_ss_are_answered_with_the_command_for_them),
        cmocka_unit_test(distance_counts_the_letters_that_are_wrong),
        cmocka_unit_test(names_that_may_have_been_meant_are_found),
    };
    return cmocka_run_group_tests_name("cli_words", tests, NULL, NULL);
}
