/* Words as text, and text that comes from processes. */
#include "fake_proc.h"
#include "testing.h"

#include <string.h>

static void states_are_known_by_the_names_of_the_tcp_mib_ss_and_collectd(void **state)
{
    static const struct {
        const char *name;
        unsigned state;
    } names[] = {{"established", 5}, {"ESTAB", 5},        {"ESTABLISHED", 5},
                 {"synSent", 3},     {"SYN-SENT", 3},     {"SYN_SENT", 3},
                 {"syn-recv", 4},    {"SYN_RECV", 4},     {"synReceived", 4},
                 {"finWait1", 6},    {"FIN-WAIT-1", 6},   {"FIN_WAIT1", 6},
                 {"CLOSE_WAIT", 8},  {"last-ack", 9},     {"closing", 10},
                 {"TIME-WAIT", 11},  {"unbound", 1},      {"LISTEN", 2},
                 {"unconn", 1},      {"closed", 1},       {"", 0},
                 {"establishe", 0},  {"established2", 0}, {"x", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(proctcp_state_from_name(names[i].name), names[i].state);
    for (unsigned number = 1; number < PROCTCP_STATES; number++)
        assert_int_equal(proctcp_state_from_name(proctcp_state_name(number)), number);
    assert_string_equal(proctcp_state_name(0), "unknown");
    assert_string_equal(proctcp_state_name(12), "unknown");
    assert_string_equal(proctcp_timer_name(99), "unknown");
}

static void escaped_text_is_printable_and_has_no_blanks(void **state)
{
    char text[256];
    (void)state;
    size_t length = proctcp_escape("a b\\c\n\x1b\xff\x7f", text, sizeof(text), false);
    assert_int_equal(length, strlen(text));
    assert_string_equal(text, "a\\x20b\\x5cc\\x0a\\x1b\\xff\\x7f");
    assert_int_equal(proctcp_escape("nginx", text, sizeof(text), false), 5);
    assert_string_equal(text, "nginx");
}

static void a_cut_never_leaves_half_an_escape(void **state)
{
    char text[8];
    (void)state;
    assert_int_equal(proctcp_escape("abcde\nz", text, sizeof(text), false), 10);
    assert_string_equal(text, "abcde");
    assert_int_equal(proctcp_escape("\n", text, 4, false), 4);
    assert_string_equal(text, "");
    assert_int_equal(proctcp_escape("ab", NULL, 0, false), 2);
}

static void a_row_as_a_line_reads_from_left_to_right(void **state)
{
    struct fake_proc *fake = fake_proc_new();
    char text[512], half[20];
    (void)state;
    fake_proc_process(fake, 14199, "my server", 4026531840u);
    fake_proc_process(fake, 14202, "client", 4026531840u);
    fake_proc_link(fake, "14199/fd/3", "socket:[99150]");
    fake_proc_link(fake, "14199/fd/4", "socket:[99155]");
    fake_proc_link(fake, "14202/fd/3", "socket:[99190]");
    fake_proc_file(
        fake, "14199/net/tcp",
        TCP_HEADER
        "   1: 00000000:56CE 00000000:0000 0A 00000000:00000001 00:00000000 00000000 0 0 99150 1 0 100 0 0 10 0\n"
        "   2: 0100007F:56CE 0100007F:DE72 01 00000005:00000007 01:00000014 00000002 0 0 99155 1 0 20 4 31 10 7\n"
        "   3: 0100007F:DE72 0100007F:56CE 01 00000000:00000000 00:00000000 00000000 0 0 99190 1 0 20 4 30 10 -1\n");
    const struct proctcp_snapshot *snapshot = fake_proc_scan(fake);

    size_t length = proctcp_row_text(snapshot, find_row(snapshot, 14199, 4), text, sizeof(text));
    assert_string_equal(text,
                        "my\\x20server[14199] fd 4 established 127.0.0.1:22222 <- 127.0.0.1:56946 tx 5 rx 7 timer "
                        "retransmit 200 ms retransmits 2 rto 200 ms cwnd 10 ssthresh 7 peer client[14202] fd 3");
    assert_int_equal(length, strlen(text));
    assert_int_equal(proctcp_row_text(snapshot, find_row(snapshot, 14199, 4), half, sizeof(half)), length);
    assert_string_equal(half, "my\\x20server[14199]");
    assert_int_equal(proctcp_row_text(snapshot, find_row(snapshot, 14199, 4), NULL, 0), length);
    proctcp_row_text(snapshot, find_row(snapshot, 14199, 3), text, sizeof(text));
    assert_string_equal(text, "my\\x20server[14199] fd 3 listen 0.0.0.0:22222 accept 1");
    fake_proc_free(fake);
}

/* What a row shows of a socket: of one that was made for it, where no recorded tree could have it. */
static void assert_row(struct proctcp_socket socket, const char *name, const char *wanted)
{
    struct proctcp_process process = {.pid = 7, .present = PROCTCP_HAS_PROCESS};
    struct proctcp_row row = {.pid = 7, .fd = 3, .peer = PROCTCP_NONE};
    struct proctcp_impairment impairments[] = {{0}, {.total_retrans = 9, .drops = 5}};
    struct proctcp_snapshot snapshot = {.rows = &row,
                                        .row_count = 1,
                                        .sockets = &socket,
                                        .socket_count = 1,
                                        .processes = &process,
                                        .process_count = 1,
                                        .impairments = impairments,
                                        .impairment_count = 2,
                                        .own_netns = 11};
    char text[512];

    process.name = name;
    socket.netns = socket.netns ? socket.netns : 11;
    socket.present |= PROCTCP_HAS_NETNS;
    proctcp_row_text(&snapshot, &row, text, sizeof(text));
    assert_string_equal(text, wanted);
}

static void a_line_says_what_is_not_as_usual_and_nothing_else(void **state)
{
    (void)state;
    assert_row(
        (struct proctcp_socket){.state = PROCTCP_LISTEN,
                                .owners = 1,
                                .accept_queue = 4,
                                .accept_queue_max = 128,
                                .impairment = 1,
                                .present = PROCTCP_HAS_ACCEPT_QUEUE | PROCTCP_HAS_ACCEPT_QUEUE_MAX | PROCTCP_HAS_DROPS},
        "web", "web[7] fd 3 listen accept 4/128 drops 5");
    assert_row((struct proctcp_socket){.state = PROCTCP_ESTABLISHED,
                                       .owners = 4,
                                       .netns = 12,
                                       .rtt_us = 12034,
                                       .impairment = 1,
                                       .rto_ms = 200,
                                       .cwnd_segments = 10,
                                       .ssthresh_segments = -1,
                                       .present = PROCTCP_HAS_INFO | PROCTCP_HAS_RTT | PROCTCP_HAS_RTO |
                                                  PROCTCP_HAS_CWND | PROCTCP_HAS_SSTHRESH | PROCTCP_HAS_RETRANSMITS},
               "web", "web[7] fd 3 established rtt 12.034 ms retrans 9 owners 4 netns 12");
    assert_row((struct proctcp_socket){.state = PROCTCP_ESTABLISHED, .owners = 1}, "web", "web[7] fd 3 established");
}

static void no_name_imitates_a_row(void **state)
{
    (void)state;
    assert_row((struct proctcp_socket){.state = PROCTCP_ESTABLISHED, .owners = 1}, "sshd[1] fd 3 x",
               "sshd\\x5b1\\x5d\\x20fd\\x203\\x20x[7] fd 3 established");
    assert_row((struct proctcp_socket){.state = PROCTCP_ESTABLISHED, .owners = 1}, "]\n\\[",
               "\\x5d\\x0a\\x5c\\x5b[7] fd 3 established");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_are_known_by_the_names_of_the_tcp_mib_ss_and_collectd),
        cmocka_unit_test(escaped_text_is_printable_and_has_no_blanks),
        cmocka_unit_test(a_cut_never_leaves_half_an_escape),
        cmocka_unit_test(a_row_as_a_line_reads_from_left_to_right),
        cmocka_unit_test(a_line_says_what_is_not_as_usual_and_nothing_else),
        cmocka_unit_test(no_name_imitates_a_row),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
