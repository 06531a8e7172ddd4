/* The lines of /proc/net/tcp and tcp6, as kernels from 3.10 on print them. */
#include "capture/procfs_tcp.h"
#include "testing.h"

#include <stdio.h>
#include <string.h>

static struct proctcp_socket parse(const char *line, enum proctcp_family family)
{
    struct proctcp_socket socket;
    if (!procfs_tcp_parse(line, strlen(line), family, 100, &socket))
        fail_msg("not understood: %s", line);
    return socket;
}

static void assert_endpoint(const struct proctcp_address *address, uint16_t port, const char *expected)
{
    char text[PROCTCP_ENDPOINT_TEXT_SIZE];
    assert_string_equal(proctcp_endpoint_text(address, port, text), expected);
}

static void a_line_of_centos_7_gives_every_column(void **state)
{
    (void)state;
    struct proctcp_socket socket = parse(
        "   2: 0100007F:56CE 0100007F:DE72 01 00000000:00000000 00:00000000 00000000     0        0 99155 1 "
        "ffff90d8bb0145c0 20 4 31 10 -1",
        PROCTCP_INET);

    assert_endpoint(&socket.local_address, socket.local_port, "127.0.0.1:22222");
    assert_endpoint(&socket.remote_address, socket.remote_port, "127.0.0.1:56946");
    assert_int_equal(socket.state, PROCTCP_ESTABLISHED);
    assert_int_equal(socket.family, PROCTCP_INET);
    assert_int_equal(socket.inode, 99155);
    assert_int_equal(socket.rto_ms, 200);
    assert_int_equal(socket.ato_ms, 40);
    assert_int_equal(socket.quick_ack, 15);
    assert_int_equal(socket.pingpong, 1);
    assert_int_equal(socket.cwnd_segments, 10);
    assert_int_equal(socket.ssthresh_segments, -1);
    assert_int_equal(socket.timer, PROCTCP_TIMER_NONE);
    assert_true(socket.present & PROCTCP_HAS_SSTHRESH);
    assert_true(socket.present & PROCTCP_HAS_QUEUES);
    assert_false(socket.present & PROCTCP_HAS_TIMER_EXPIRES);
    assert_false(socket.present & PROCTCP_HAS_ACCEPT_QUEUE);
}

static void queues_timer_and_counts_are_hexadecimal_where_the_kernel_prints_them_so(void **state)
{
    (void)state;
    struct proctcp_socket socket = parse(
        "  17: 0A00020F:1F90 0101010A:C350 01 0000ABCD:00000010 01:00000014 00000003  1000        2 4294967295 2 "
        "0000000000000000 321 0 0 1 7",
        PROCTCP_INET);

    assert_endpoint(&socket.local_address, socket.local_port, "15.2.0.10:8080");
    assert_int_equal(socket.tx_queue_bytes, 0xabcd);
    assert_int_equal(socket.rx_queue_bytes, 0x10);
    assert_int_equal(socket.timer, PROCTCP_TIMER_RETRANSMIT);
    assert_int_equal(socket.timer_expires_ms, 200);
    assert_int_equal(socket.retransmits, 3);
    assert_int_equal(socket.uid, 1000);
    assert_int_equal(socket.probes, 2);
    assert_int_equal(socket.inode, 4294967295u);
    assert_int_equal(socket.rto_ms, 3210);
    assert_int_equal(socket.ssthresh_segments, 7);
}

static void a_listener_has_an_accept_queue_and_none_of_the_other_columns(void **state)
{
    (void)state;
    struct proctcp_socket socket = parse(
        "   0: 00000000:0050 00000000:0000 0A 00000000:00000007 00:00000000 00000000    33        0 119 1 "
        "0000000017f5f7a9 100 0 0 10 5",
        PROCTCP_INET);

    assert_int_equal(socket.state, PROCTCP_LISTEN);
    assert_int_equal(socket.accept_queue, 7);
    assert_int_equal(socket.uid, 33);
    assert_int_equal(socket.present, PROCTCP_HAS_LOCAL | PROCTCP_HAS_UID | PROCTCP_HAS_ACCEPT_QUEUE);
}

static void a_time_wait_line_is_short_and_its_constants_are_absent(void **state)
{
    (void)state;
    struct proctcp_socket socket = parse(
        "   1: 020200C0:B2B6 01010101:01BB 06 00000000:00000000 03:000000DA 00000000     0        0 0 3 "
        "00000000cbe4b529                      ",
        PROCTCP_INET);

    assert_int_equal(socket.state, PROCTCP_TIME_WAIT);
    assert_int_equal(socket.timer, PROCTCP_TIMER_TIME_WAIT);
    assert_int_equal(socket.timer_expires_ms, 2180);
    assert_int_equal(socket.inode, 0);
    assert_int_equal(socket.present,
                     PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE | PROCTCP_HAS_TIMER | PROCTCP_HAS_TIMER_EXPIRES);
}

static void a_fin_wait2_that_outlived_its_socket_is_short_too(void **state)
{
    (void)state;
    struct proctcp_socket socket = parse(
        "   4: 0100007F:1F90 0100007F:C350 05 00000000:00000000 03:00000BB8 00000000     0        0 0 3 "
        "00000000cbe4b529",
        PROCTCP_INET);

    assert_int_equal(socket.state, PROCTCP_FIN_WAIT2);
    assert_int_equal(socket.timer_expires_ms, 30000);
    assert_false(socket.present & (PROCTCP_HAS_QUEUES | PROCTCP_HAS_UID | PROCTCP_HAS_RETRANSMITS));
}

static void a_syn_recv_line_is_short_and_has_retransmits(void **state)
{
    (void)state;
    struct proctcp_socket socket = parse(
        "   5: 0100007F:1F90 0100007F:C350 03 00000000:00000000 01:00000062 00000002  1000        0 0 0 "
        "ffff8880045c5d70",
        PROCTCP_INET);

    assert_int_equal(socket.state, PROCTCP_SYN_RECEIVED);
    assert_int_equal(socket.retransmits, 2);
    assert_int_equal(socket.uid, 1000);
    assert_false(socket.present & PROCTCP_HAS_QUEUES);
    assert_false(socket.present & PROCTCP_HAS_RTO);
}

static void an_ipv6_address_is_four_words_in_host_byte_order(void **state)
{
    (void)state;
    struct proctcp_socket socket = parse(
        "   0: B80D0120000000000000000001000000:01BB 00000000000000000000000001000000:8235 08 00000000:00000001 "
        "00:00000000 00000000     0        0 777 1 0000000000000000 20 4 30 10 -1",
        PROCTCP_INET6);

    assert_endpoint(&socket.local_address, socket.local_port, "[2001:db8::1]:443");
    assert_endpoint(&socket.remote_address, socket.remote_port, "[::1]:33333");
    assert_int_equal(socket.state, PROCTCP_CLOSE_WAIT);
    assert_int_equal(socket.family, PROCTCP_INET6);
}

static void an_ipv4_mapped_address_is_the_ipv4_address_on_the_wire(void **state)
{
    (void)state;
    struct proctcp_socket socket = parse(
        "   0: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:8235 01 00000000:00000000 "
        "00:00000000 00000000     0        0 778 1 0000000000000000 20 4 30 10 -1",
        PROCTCP_INET6);

    assert_endpoint(&socket.local_address, socket.local_port, "127.0.0.1:8080");
    assert_int_equal(socket.family, PROCTCP_INET6);
    assert_true(proctcp_address_is_ipv4(&socket.remote_address));
}

static void every_kernel_state_has_its_number_in_the_tcp_mib(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0, 5, 3, 4, 6, 7, 11, 1, 8, 9, 2, 10, 4, 1};
    for (unsigned kernel = 1; kernel < sizeof(expected); kernel++) {
        char line[256];
        snprintf(
            line, sizeof(line),
            "   0: 0100007F:56CE 0100007F:DE72 %02X 00000000:00000000 00:00000000 00000000 0 0 1 1 0 20 4 31 10 -1",
            kernel);
        assert_int_equal(parse(line, PROCTCP_INET).state, expected[kernel]);
    }
}

static void unknown_further_columns_are_tolerated(void **state)
{
    (void)state;
    struct proctcp_socket socket = parse(
        "   2: 0100007F:56CE 0100007F:DE72 01 00000000:00000000 00:00000000 00000000     0        0 99155 1 "
        "ffff90d8bb0145c0 20 4 31 10 12 bpf:3 extra",
        PROCTCP_INET);
    assert_int_equal(socket.ssthresh_segments, 12);
}

/* -5 ticks, of a kernel of 64 bits and one of 32. */
static void an_overdue_timer_of_an_old_kernel_expires_now(void **state)
{
    static const char *const expiries[] = {"FFFFFFFFFFFFFFFB", "FFFFFFFB"};
    char line[256];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        snprintf(line, sizeof(line),
                 "   2: 0100007F:56CE 0100007F:DE72 01 00000000:00000000 01:%s 00000001     0      0 99155 1 "
                 "ffff90d8bb0145c0 20 4 31 10 -1",
                 expiries[i]);
        assert_int_equal(parse(line, PROCTCP_INET).timer_expires_ms, 0);
    }
}

/* Of /proc/net/sockstat and sockstat6. */
static void sockstat_tells_how_many_sockets_there_are(void **state)
{
    static const char text[] =
        "sockets: used 92\nTCP: inuse 5 orphan 1 tw 3 alloc 7 mem 1\nUDP: inuse 1 mem 0\nTCP6: inuse 9\n";
    uint64_t number;
    (void)state;
    assert_true(procfs_tcp_parse_sockstat(text, sizeof(text) - 1, "TCP:", "inuse", &number));
    assert_int_equal(number, 5);
    assert_true(procfs_tcp_parse_sockstat(text, sizeof(text) - 1, "TCP:", "tw", &number));
    assert_int_equal(number, 3);
    assert_true(procfs_tcp_parse_sockstat(text, sizeof(text) - 1, "TCP6:", "inuse", &number));
    assert_int_equal(number, 9);
    assert_false(procfs_tcp_parse_sockstat(text, sizeof(text) - 1, "TCP6:", "tw", &number));
    assert_false(procfs_tcp_parse_sockstat("TCP: inuse", 10, "TCP:", "inuse", &number));
    assert_false(procfs_tcp_parse_sockstat("", 0, "TCP:", "inuse", &number));
}

static void numbers_too_large_for_their_member_are_cut_not_wrapped(void **state)
{
    (void)state;
    struct proctcp_socket socket = parse(
        "   2: 0100007F:56CE 0100007F:DE72 01 00000000:00000000 01:FFFFFFFFFFFF 00000FFF     0      999 99155 1 "
        "ffff90d8bb0145c0 99999999999 4 31 10 -1",
        PROCTCP_INET);
    assert_int_equal(socket.timer_expires_ms, UINT32_MAX);
    assert_int_equal(socket.retransmits, 255);
    assert_int_equal(socket.probes, 255);
    assert_int_equal(socket.rto_ms, UINT32_MAX);
}

static void a_line_that_ends_early_is_refused_or_has_no_tail(void **state)
{
    (void)state;
    static const char line[] =
        "   2: 0100007F:56CE 0100007F:DE72 01 00000000:00000000 00:00000000 00000000     0        "
        "0 99155 1 ffff90d8bb0145c0 20 4 31 10 -1";
    size_t pointer = (size_t)(strstr(line, "ffff") - line);

    for (size_t length = 0; length < sizeof(line) - 1; length++) {
        struct proctcp_socket socket;
        char *exact = test_malloc(length + 1); /* so that a read past the end is seen */
        memcpy(exact, line, length);
        bool understood = procfs_tcp_parse(exact, length, PROCTCP_INET, 100, &socket);
        assert_int_equal(understood, length > pointer);
        if (understood) {
            assert_int_equal(socket.inode, 99155);
            assert_int_equal((socket.present & PROCTCP_HAS_SSTHRESH) != 0, false);
        }
        test_free(exact);
    }
}

static void absurd_lines_are_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "garbage",
        "   2: 0100007F:56CE",
        "   2: 0100007G:56CE 0100007F:DE72 01 00000000:00000000 00:00000000 00000000 0 0 99155 1 0 20 4 31 10 -1",
        "   2: 0100007F:56CE 0100007F:DE72 00 00000000:00000000 00:00000000 00000000 0 0 99155 1 0 20 4 31 10 -1",
        "   2: 0100007F:56CE 0100007F:DE72 0E 00000000:00000000 00:00000000 00000000 0 0 99155 1 0 20 4 31 10 -1",
        "   2: 0100007F:56CE 0100007F:DE72 FF 00000000:00000000 00:00000000 00000000 0 0 99155 1 0 20 4 31 10 -1",
        "   2: 0100007F:56CE 0100007F:DE72 01 00000000:00000000 00:00000000 00000000 0 0 -5 1 0 20 4 31 10 -1",
        "   2: 0100007F:56CE 0100007F:DE72 01 00000000:00000000 00:00000000 00000000 0 0 99999999999 1 0 20 4 31 10 -1",
        "   2: 0100007F:56CE 0100007F:DE72 01 100000000:00000000 00:00000000 00000000 0 0 99155 1 0 20 4 31 10 -1",
        "   2: 0100007F:156CE 0100007F:DE72 01 00000000:00000000 00:00000000 00000000 0 0 99155 1 0 20 4 31 10 -1",
    };
    struct proctcp_socket socket;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (procfs_tcp_parse(lines[i], strlen(lines[i]), PROCTCP_INET, 100, &socket))
            fail_msg("understood: %s", lines[i]);
    }
    assert_false(procfs_tcp_parse(lines[3], strlen(lines[3]), PROCTCP_INET6, 100, &socket));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_centos_7_gives_every_column),
        cmocka_unit_test(queues_timer_and_counts_are_hexadecimal_where_the_kernel_prints_them_so),
        cmocka_unit_test(a_listener_has_an_accept_queue_and_none_of_the_other_columns),
        cmocka_unit_test(a_time_wait_line_is_short_and_its_constants_are_absent),
        cmocka_unit_test(a_fin_wait2_that_outlived_its_socket_is_short_too),
        cmocka_unit_test(a_syn_recv_line_is_short_and_has_retransmits),
        cmocka_unit_test(an_ipv6_address_is_four_words_in_host_byte_order),
        cmocka_unit_test(an_ipv4_mapped_address_is_the_ipv4_address_on_the_wire),
        cmocka_unit_test(every_kernel_state_has_its_number_in_the_tcp_mib),
        cmocka_unit_test(unknown_further_columns_are_tolerated),
        cmocka_unit_test(an_overdue_timer_of_an_old_kernel_expires_now),
        cmocka_unit_test(sockstat_tells_how_many_sockets_there_are),
        cmocka_unit_test(numbers_too_large_for_their_member_are_cut_not_wrapped),
        cmocka_unit_test(a_line_that_ends_early_is_refused_or_has_no_tail),
        cmocka_unit_test(absurd_lines_are_refused),
    };
    return cmocka_run_group_tests_name("sockets_procfs", tests, NULL, NULL);
}
