/* test_snmp_walk.c - what the subagent serves, as one golden table: each instance is got, and got by GETNEXT from the
 * one before. Then the places between, before and behind. */
#include "../../plugins/snmp/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TIME_2000 946684800u
#define FUTURE    4102444800u /* 2100-01-01: proctcpScanAge of it is 0 */

#define IPV4(a, b, c, d)                                                                                               \
    {                                                                                                                  \
        {                                                                                                              \
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d                                                       \
        }                                                                                                              \
    }
#define LOOPBACK6                                                                                                      \
    {                                                                                                                  \
        {                                                                                                              \
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1                                                             \
        }                                                                                                              \
    }

static const struct proctcp_socket sockets[] = {
    {.present = PROCTCP_HAS_NETNS | PROCTCP_HAS_LOCAL | PROCTCP_HAS_ACCEPT_QUEUE | PROCTCP_HAS_ACCEPT_QUEUE_MAX |
                PROCTCP_HAS_COOKIE | PROCTCP_HAS_INTERFACE,
     .local_address = LOOPBACK6,
     .local_port = 8080,
     .inode = 11,
     .netns = 4026531840,
     .owners = 1,
     .subflow = 1,
     .state = PROCTCP_LISTEN,
     .direction = PROCTCP_DIRECTION_LISTEN,
     .family = PROCTCP_INET6,
     .cookie = 0x00000001000000ff,
     .interface = 2,
     .accept_queue_max = 128,
     .accept_queue = 3},
    {.present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE | PROCTCP_HAS_QUEUES | PROCTCP_HAS_SSTHRESH | PROCTCP_HAS_UID |
                PROCTCP_HAS_CONGESTION | PROCTCP_HAS_INFO | PROCTCP_HAS_RTT | PROCTCP_HAS_DELIVERY_RATE |
                PROCTCP_HAS_BYTES | PROCTCP_HAS_BYTES_SENT | PROCTCP_HAS_SEGS | PROCTCP_HAS_MEMORY | PROCTCP_HAS_DROPS,
     .local_address = IPV4(127, 0, 0, 1),
     .remote_address = IPV4(192, 0, 2, 7),
     .local_port = 22222,
     .remote_port = 443,
     .inode = 4294967295,
     .uid = 0,
     .owners = 2,
     .subflow = 1,
     .state = PROCTCP_ESTABLISHED,
     .direction = PROCTCP_OUTBOUND,
     .family = PROCTCP_INET,
     .tx_queue_bytes = 0,
     .rx_queue_bytes = 4294967295,
     .ssthresh_segments = -1,
     .congestion = 1,
     .ca_state = PROCTCP_CA_RECOVERY,
     .impairment = 1,
     .rtt_us = 1500,
     .rtt_var_us = 750,
     .snd_mss_bytes = 65483,
     .pmtu_bytes = 65535,
     .delivery_rate_bytes_per_s = 18446744073709551615u,
     .bytes_sent = 18446744073709551615u,
     .bytes_acked = 5000000000,
     .bytes_received = 6000000000,
     .segs_out = 4294967295,
     .segs_in = 8,
     .rcvbuf_bytes = 131072},
    {.inode = 13,
     .owners = 1,
     .subflow = 2,
     .state = PROCTCP_CLOSED,
     .direction = PROCTCP_DIRECTION_UNKNOWN,
     .family = PROCTCP_INET},
};

static const struct proctcp_impairment impairments[] = {
    {0},
    {.bytes_retrans = 5000000001, .lost_segments = 3, .total_retrans = 4294967294, .drops = 7},
};

static const char *const words[] = {"", "cubic"};

/* The largest of pids and descriptors that Integer32 has, and an MPTCP descriptor with two subflows. */
static const struct proctcp_row rows[] = {
    {.pid = 7,
     .fd = 3,
     .subflow = 1,
     .socket = 0,
     .process = 0,
     .owner_rank = 1,
     .peer = PROCTCP_NONE,
     .first_seen = TIME_2000},
    {.pid = 7, .fd = 5, .subflow = 1, .socket = 1, .process = 0, .owner_rank = 1, .peer = 2, .first_seen = TIME_2000},
    {.pid = 7,
     .fd = 5,
     .subflow = 2,
     .socket = 2,
     .process = 0,
     .owner_rank = 1,
     .peer = PROCTCP_NONE,
     .first_seen = TIME_2000},
    {.pid = 2147483647,
     .fd = 2147483647,
     .subflow = 1,
     .socket = 1,
     .process = 1,
     .owner_rank = 2,
     .peer = PROCTCP_NONE,
     .first_seen = TIME_2000},
};

#define EVERY_TOTAL                                                                                                    \
    (PROCTCP_HAS_TOTAL_PAYLOAD_SENT | PROCTCP_HAS_TOTAL_PAYLOAD_RECEIVED | PROCTCP_HAS_TOTAL_BYTES_SENT |              \
     PROCTCP_HAS_TOTAL_BYTES_ACKED | PROCTCP_HAS_TOTAL_BYTES_RECEIVED | PROCTCP_HAS_TOTAL_SEGS_OUT |                   \
     PROCTCP_HAS_TOTAL_SEGS_IN | PROCTCP_HAS_TOTAL_RETRANSMISSIONS)

static const struct proctcp_process processes[] = {
    {.pid = 7,
     .present = PROCTCP_HAS_PROCESS | PROCTCP_HAS_FD_LIMIT | PROCTCP_HAS_CONNECTIONS | EVERY_TOTAL,
     .name = "a\xff"
             "b\n",
     .executable = "",
     .cgroup = "",
     .fd_limit = 18446744073709551614u,
     .fds = 9,
     .sockets = 3,
     .by_state = {[PROCTCP_CLOSED] = 1, [PROCTCP_LISTEN] = 1, [PROCTCP_ESTABLISHED] = 1},
     .rx_queue_bytes = 4294967295,
     .totals.bytes_sent = 18446744073709551613u,
     .totals.segs_in = 5000000002,
     .connections.connects = 3,
     .connections.resets_received = 2,
     .connections.lifetime_us = 5000000003,
     .sockets_opened = 4,
     .sockets_closed = 1,
     .first_seen = TIME_2000,
     .first_row = 0,
     .row_count = 3},
    {.pid = 2147483647,
     .present = PROCTCP_HAS_EXECUTABLE | PROCTCP_HAS_PROCESS_UID | PROCTCP_HAS_CGROUP | PROCTCP_HAS_PROCESS_NETNS |
                PROCTCP_HAS_START_TIME,
     .name = "",
     .executable = "/bin/x",
     .cgroup = "/",
     .uid = 4294967295,
     .netns = 4026531840,
     .start_time = TIME_2000,
     .sockets = 1,
     .by_state = {[PROCTCP_ESTABLISHED] = 1},
     .first_seen = TIME_2000,
     .first_row = 3,
     .row_count = 1},
};

static const struct proctcp_snapshot snapshot = {
    .groups_left_out = 3,
    .rows = rows,
    .sockets = sockets,
    .processes = processes,
    .impairments = impairments,
    .congestion_names = words,
    .impairment_count = 2,
    .row_count = 4,
    .socket_count = 3,
    .process_count = 2,
    .stats = {.generation = 5000000000,
              .time = FUTURE,
              .duration_us = 1,
              .source = PROCTCP_SOURCE_NETLINK,
              .source_reason = "",
              .namespaces_procfs = 2,
              .skipped = 4,
              .connections_reason = "asleep",
              .connections_missed = 6,
              .rows = 4,
              .failure = ""},
};

static const struct publication golden_publication = {
    .snapshot = &snapshot,
    .status = PUBLICATION_UP_TO_DATE,
    .interval_s = 10,
    .start_time = TIME_2000,
    .longest_us = 5000000004,
    .longest_hour_us = 77,
    .left_out = "processes denied 1",
};

/* i INTEGER, u Unsigned32, c Counter32, C Counter64, s and x octets as text or hexadecimal digits; ROW: the line of
 * text that the library makes of the row. */
#define ROW "*"

/* clang-format off */
static const struct golden {
    const char *oid;
    const char *value;
} golden[] = {
    {"1.1.0", "C 5000000000"},
    {"1.2.0", "x 08340101000000002b0000"},
    {"1.3.0", "C 1"},
    {"1.4.0", "i 3"},
    {"1.5.0", "u 4"},
    {"1.6.0", "u 0"},
    {"1.7.0", "u 0"},
    {"1.8.0", "u 0"},
    {"1.9.0", "u 0"},
    {"1.10.0", "u 0"},
    {"1.11.0", "u 0"},
    {"1.12.0", "u 0"},
    {"1.13.0", "u 0"},
    {"1.14.0", "u 0"},
    {"1.15.0", "u 0"},
    {"1.16.0", "u 0"},
    {"1.17.0", "u 0"},
    {"1.18.0", "u 0"},
    {"1.19.0", "u 0"},
    {"1.20.0", "u 0"},
    {"1.21.0", "u 0"},
    {"1.22.0", "s "},
    {"1.23.0", "u 0"},
    {"1.24.0", "s "},
    {"1.25.0", "u 2"},
    {"1.26.0", "u 4"},
    {"1.27.0", "i 2"},
    {"1.28.0", "s asleep"},
    {"1.29.0", "C 6"},
    {"1.101.0", "u 10"},
    {"1.102.0", "i 2"},
    {"1.103.0", "u 0"},
    {"1.104.0", "c 0"},
    {"1.105.0", "s "},
    {"1.107.0", "x 07d00101000000002b0000"},
    {"1.108.0", "s "},
    {"1.109.0", "s " PROCTCP_VERSION},
    {"1.110.0", "s processes denied 1"},
    {"1.111.0", "C 5000000004"},
    {"1.112.0", "C 77"},
    {"1.113.0", "u 4102444800"},
    {"1.115.0", "u 946684800"},
    {"1.116.0", "c 0"},
    {"1.117.0", "c 0"},
    {"1.118.0", "u 3"},
    {"2.1.2.7", "s a?b?"},
    {"2.1.3.2147483647", "s /bin/x"},
    {"2.1.4.2147483647", "u 4294967295"},
    {"2.1.5.2147483647", "s /"},
    {"2.1.6.2147483647", "u 4026531840"},
    {"2.1.7.2147483647", "x 07d00101000000002b0000"},
    {"2.1.8.7", "x 07d00101000000002b0000"},
    {"2.1.8.2147483647", "x 07d00101000000002b0000"},
    {"2.1.9.7", "u 9"},
    {"2.1.9.2147483647", "u 0"},
    {"2.1.10.7", "C 18446744073709551614"},
    {"2.1.11.7", "u 3"},
    {"2.1.11.2147483647", "u 1"},
    {"2.1.12.7", "u 1"},
    {"2.1.12.2147483647", "u 0"},
    {"2.1.13.7", "u 1"},
    {"2.1.13.2147483647", "u 0"},
    {"2.1.14.7", "u 0"},
    {"2.1.14.2147483647", "u 0"},
    {"2.1.15.7", "u 0"},
    {"2.1.15.2147483647", "u 0"},
    {"2.1.16.7", "u 1"},
    {"2.1.16.2147483647", "u 1"},
    {"2.1.17.7", "u 0"},
    {"2.1.17.2147483647", "u 0"},
    {"2.1.18.7", "u 0"},
    {"2.1.18.2147483647", "u 0"},
    {"2.1.19.7", "u 0"},
    {"2.1.19.2147483647", "u 0"},
    {"2.1.20.7", "u 0"},
    {"2.1.20.2147483647", "u 0"},
    {"2.1.21.7", "u 0"},
    {"2.1.21.2147483647", "u 0"},
    {"2.1.22.7", "u 0"},
    {"2.1.22.2147483647", "u 0"},
    {"2.1.23.7", "u 0"},
    {"2.1.23.2147483647", "u 0"},
    {"2.1.24.7", "C 0"},
    {"2.1.24.2147483647", "C 0"},
    {"2.1.25.7", "C 4294967295"},
    {"2.1.25.2147483647", "C 0"},
    {"2.1.26.7", "C 18446744073709551613"},
    {"2.1.27.7", "C 0"},
    {"2.1.28.7", "C 0"},
    {"2.1.29.7", "C 0"},
    {"2.1.30.7", "C 5000000002"},
    {"2.1.31.7", "C 0"},
    {"2.1.32.7", "C 4"},
    {"2.1.32.2147483647", "C 0"},
    {"2.1.33.7", "C 1"},
    {"2.1.33.2147483647", "C 0"},
    {"2.1.34.7", "u 0"},
    {"2.1.34.2147483647", "u 0"},
    {"2.1.35.7", "C 0"},
    {"2.1.36.7", "C 0"},
    {"2.1.39.7", "u 0"},
    {"2.1.39.2147483647", "u 0"},
    {"2.1.42.7", "C 3"},
    {"2.1.43.7", "C 0"},
    {"2.1.44.7", "C 0"},
    {"2.1.45.7", "C 0"},
    {"2.1.46.7", "C 0"},
    {"2.1.47.7", "C 0"},
    {"2.1.48.7", "C 0"},
    {"2.1.49.7", "C 0"},
    {"2.1.50.7", "C 0"},
    {"2.1.51.7", "C 0"},
    {"2.1.52.7", "C 2"},
    {"2.1.53.7", "C 0"},
    {"2.1.54.7", "C 5000000003"},
    {"2.1.101.2147483647", "u 946684800"},
    {"2.1.102.7", "u 946684800"},
    {"2.1.102.2147483647", "u 946684800"},
    {"3.1.4.7.3.1", "s a?b?"},
    {"3.1.4.7.5.1", "s a?b?"},
    {"3.1.4.7.5.2", "s a?b?"},
    {"3.1.5.7.3.1", "u 11"},
    {"3.1.5.7.5.1", "u 4294967295"},
    {"3.1.5.7.5.2", "u 13"},
    {"3.1.5.2147483647.2147483647.1", "u 4294967295"},
    {"3.1.6.7.3.1", "x 00000001000000ff"},
    {"3.1.7.7.3.1", "u 4026531840"},
    {"3.1.8.7.5.1", "u 0"},
    {"3.1.8.2147483647.2147483647.1", "u 0"},
    {"3.1.9.7.3.1", "i 2"},
    {"3.1.9.7.5.1", "i 1"},
    {"3.1.9.7.5.2", "i 1"},
    {"3.1.9.2147483647.2147483647.1", "i 1"},
    {"3.1.10.7.3.1", "i 2"},
    {"3.1.10.7.5.1", "i 1"},
    {"3.1.10.2147483647.2147483647.1", "i 1"},
    {"3.1.11.7.3.1", "u 1"},
    {"3.1.11.7.5.1", "u 2"},
    {"3.1.11.7.5.2", "u 1"},
    {"3.1.11.2147483647.2147483647.1", "u 2"},
    {"3.1.12.7.3.1", "u 1"},
    {"3.1.12.7.5.1", "u 1"},
    {"3.1.12.7.5.2", "u 1"},
    {"3.1.12.2147483647.2147483647.1", "u 2"},
    {"3.1.13.7.3.1", "x 07d00101000000002b0000"},
    {"3.1.13.7.5.1", "x 07d00101000000002b0000"},
    {"3.1.13.7.5.2", "x 07d00101000000002b0000"},
    {"3.1.13.2147483647.2147483647.1", "x 07d00101000000002b0000"},
    {"3.1.14.7.3.1", "i 2"},
    {"3.1.14.7.5.1", "i 5"},
    {"3.1.14.7.5.2", "i 1"},
    {"3.1.14.2147483647.2147483647.1", "i 5"},
    {"3.1.15.7.3.1", "i 2"},
    {"3.1.15.7.5.1", "i 4"},
    {"3.1.15.7.5.2", "i 1"},
    {"3.1.15.2147483647.2147483647.1", "i 4"},
    {"3.1.16.7.3.1", "x 00000000000000000000000000000001"},
    {"3.1.16.7.5.1", "x 7f000001"},
    {"3.1.16.2147483647.2147483647.1", "x 7f000001"},
    {"3.1.17.7.3.1", "u 8080"},
    {"3.1.17.7.5.1", "u 22222"},
    {"3.1.17.2147483647.2147483647.1", "u 22222"},
    {"3.1.18.7.5.1", "x c0000207"},
    {"3.1.18.2147483647.2147483647.1", "x c0000207"},
    {"3.1.19.7.5.1", "u 443"},
    {"3.1.19.2147483647.2147483647.1", "u 443"},
    {"3.1.20.7.5.1", "i 7"},
    {"3.1.21.7.5.1", "i 5"},
    {"3.1.22.7.5.1", "s a?b?"},
    {"3.1.23.7.5.1", "u 0"},
    {"3.1.23.2147483647.2147483647.1", "u 0"},
    {"3.1.24.7.5.1", "u 4294967295"},
    {"3.1.24.2147483647.2147483647.1", "u 4294967295"},
    {"3.1.25.7.3.1", "u 3"},
    {"3.1.26.7.3.1", "u 128"},
    {"3.1.36.7.5.1", "i -1"},
    {"3.1.36.2147483647.2147483647.1", "i -1"},
    {"3.1.37.7.5.1", "s cubic"},
    {"3.1.37.2147483647.2147483647.1", "s cubic"},
    {"3.1.38.7.5.1", "i 4"},
    {"3.1.38.2147483647.2147483647.1", "i 4"},
    {"3.1.39.7.5.1", "u 1500"},
    {"3.1.39.2147483647.2147483647.1", "u 1500"},
    {"3.1.40.7.5.1", "u 750"},
    {"3.1.40.2147483647.2147483647.1", "u 750"},
    {"3.1.43.7.5.1", "u 65483"},
    {"3.1.43.2147483647.2147483647.1", "u 65483"},
    {"3.1.44.7.5.1", "u 0"},
    {"3.1.44.2147483647.2147483647.1", "u 0"},
    {"3.1.45.7.5.1", "u 0"},
    {"3.1.45.2147483647.2147483647.1", "u 0"},
    {"3.1.46.7.5.1", "u 65535"},
    {"3.1.46.2147483647.2147483647.1", "u 65535"},
    {"3.1.49.7.5.1", "u 0"},
    {"3.1.49.2147483647.2147483647.1", "u 0"},
    {"3.1.50.7.5.1", "u 0"},
    {"3.1.50.2147483647.2147483647.1", "u 0"},
    {"3.1.51.7.5.1", "u 0"},
    {"3.1.51.2147483647.2147483647.1", "u 0"},
    {"3.1.52.7.5.1", "u 0"},
    {"3.1.52.2147483647.2147483647.1", "u 0"},
    {"3.1.53.7.5.1", "u 3"},
    {"3.1.53.2147483647.2147483647.1", "u 3"},
    {"3.1.54.7.5.1", "u 0"},
    {"3.1.54.2147483647.2147483647.1", "u 0"},
    {"3.1.56.7.5.1", "C 18446744073709551615"},
    {"3.1.56.2147483647.2147483647.1", "C 18446744073709551615"},
    {"3.1.58.7.5.1", "C 18446744073709551615"},
    {"3.1.58.2147483647.2147483647.1", "C 18446744073709551615"},
    {"3.1.59.7.5.1", "C 5000000000"},
    {"3.1.59.2147483647.2147483647.1", "C 5000000000"},
    {"3.1.60.7.5.1", "C 5000000001"},
    {"3.1.60.2147483647.2147483647.1", "C 5000000001"},
    {"3.1.61.7.5.1", "C 6000000000"},
    {"3.1.61.2147483647.2147483647.1", "C 6000000000"},
    {"3.1.62.7.5.1", "c 4294967295"},
    {"3.1.62.2147483647.2147483647.1", "c 4294967295"},
    {"3.1.63.7.5.1", "c 8"},
    {"3.1.63.2147483647.2147483647.1", "c 8"},
    {"3.1.66.7.5.1", "c 4294967294"},
    {"3.1.66.2147483647.2147483647.1", "c 4294967294"},
    {"3.1.67.7.5.1", "c 0"},
    {"3.1.67.2147483647.2147483647.1", "c 0"},
    {"3.1.68.7.5.1", "c 0"},
    {"3.1.68.2147483647.2147483647.1", "c 0"},
    {"3.1.75.7.5.1", "u 0"},
    {"3.1.75.2147483647.2147483647.1", "u 0"},
    {"3.1.76.7.5.1", "u 0"},
    {"3.1.76.2147483647.2147483647.1", "u 0"},
    {"3.1.77.7.5.1", "u 0"},
    {"3.1.77.2147483647.2147483647.1", "u 0"},
    {"3.1.78.7.5.1", "u 0"},
    {"3.1.78.2147483647.2147483647.1", "u 0"},
    {"3.1.79.7.5.1", "u 131072"},
    {"3.1.79.2147483647.2147483647.1", "u 131072"},
    {"3.1.80.7.5.1", "u 0"},
    {"3.1.80.2147483647.2147483647.1", "u 0"},
    {"3.1.81.7.5.1", "u 0"},
    {"3.1.81.2147483647.2147483647.1", "u 0"},
    {"3.1.82.7.5.1", "c 7"},
    {"3.1.82.2147483647.2147483647.1", "c 7"},
    {"3.1.83.7.3.1", "u 2"},
    {"3.1.102.7.3.1", "s [::1]:8080"},
    {"3.1.102.7.5.1", "s 127.0.0.1:22222"},
    {"3.1.102.2147483647.2147483647.1", "s 127.0.0.1:22222"},
    {"3.1.103.7.5.1", "s 192.0.2.7:443"},
    {"3.1.103.2147483647.2147483647.1", "s 192.0.2.7:443"},
    {"3.1.104.7.3.1", ROW},
    {"3.1.104.7.5.1", ROW},
    {"3.1.104.7.5.2", ROW},
    {"3.1.104.2147483647.2147483647.1", ROW},
    {"3.1.105.7.3.1", "u 946684800"},
    {"3.1.105.7.5.1", "u 946684800"},
    {"3.1.105.7.5.2", "u 946684800"},
    {"3.1.105.2147483647.2147483647.1", "u 946684800"},
};
/* clang-format on */
#define GOLDEN_COUNT (sizeof(golden) / sizeof(golden[0]))

struct oid {
    unsigned long ids[WALK_OID_MAX + 4];
    size_t length;
};

static struct oid oid(const char *text)
{
    struct oid result = {.length = 0};
    int used;

    while (sscanf(text, "%lu%n", &result.ids[result.length], &used) == 1) {
        result.length++;
        text += used + (text[used] == '.');
    }
    assert_string_equal(text, "");
    return result;
}

static const char *oid_text(const struct oid *of, char text[128])
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < of->length; i++)
        used += (size_t)sprintf(text + used, "%s%lu", i ? "." : "", of->ids[i]);
    return text;
}

static const char *value_text(const struct value *value, char text[2 * VALUE_ROW_TEXT_MAX + 8])
{
    bool printable = true;

    switch (value->syntax) {
    case VALUE_INTEGER:
        sprintf(text, "i %d", (int)value->integer);
        return text;
    case VALUE_UNSIGNED:
    case VALUE_COUNTER32:
    case VALUE_COUNTER64:
        sprintf(text, "%c %llu", " iucC"[value->syntax], (unsigned long long)value -> number);
        return text;
    case VALUE_OCTETS:
        break;
    }
    for (size_t i = 0; i < value->length; i++)
        printable = printable && value->octets[i] >= 0x20 && value->octets[i] < 0x7f;
    if (printable) {
        sprintf(text, "s %.*s", (int)value->length, (const char *)value->octets);
        return text;
    }
    strcpy(text, "x ");
    for (size_t i = 0; i < value->length; i++)
        sprintf(text + 2 + 2 * i, "%02x", value->octets[i]);
    return text;
}

static void assert_value(const struct golden *expected, const struct value *value)
{
    char text[2 * VALUE_ROW_TEXT_MAX + 8], row_text[VALUE_ROW_TEXT_MAX + 8] = "s ";
    const char *wanted = expected->value;

    if (strcmp(wanted, ROW) == 0) {
        const struct oid at = oid(expected->oid);
        uint32_t row = 0;

        while ((unsigned long)rows[row].pid != at.ids[3] || (unsigned long)rows[row].fd != at.ids[4] ||
               sockets[rows[row].socket].subflow != at.ids[5])
            row++;
        proctcp_row_text(&snapshot, &rows[row], row_text + 2, sizeof(row_text) - 2);
        wanted = row_text;
    }
    if (strcmp(value_text(value, text), wanted) != 0)
        fail_msg("%s is \"%s\" and should be \"%s\"", expected->oid, text, wanted);
}

/* What GETNEXT answers, as text; NULL: nothing. Asks with the hint that a walk leaves, and with none. */
static const char *next_of(const struct publication *publication, struct walk_hint *hint, const char *of,
                           char text[128], struct value *value)
{
    const struct oid from = oid(of);
    struct oid next, unhinted;
    struct walk_hint none = {{0}};
    const bool found = walk_next(publication, hint, from.ids, from.length, next.ids, &next.length, value);

    assert_int_equal(found,
                     walk_next(publication, &none, from.ids, from.length, unhinted.ids, &unhinted.length, value));
    if (!found)
        return NULL;
    assert_int_equal(next.length, unhinted.length);
    assert_memory_equal(next.ids, unhinted.ids, next.length * sizeof(next.ids[0]));
    return oid_text(&next, text);
}

static void walk_golden(const struct publication *publication)
{
    struct walk_hint hint = {{0}};
    char text[128];
    const char *at = "";
    struct value value;

    for (size_t i = 0; i < GOLDEN_COUNT; i++) {
        const char *next = next_of(publication, &hint, at, text, &value);

        if (!next || strcmp(next, golden[i].oid) != 0)
            fail_msg("behind %s stands %s and should stand %s", at, next ? next : "nothing", golden[i].oid);
        assert_value(&golden[i], &value);
        at = golden[i].oid;
    }
    assert_null(next_of(publication, &hint, at, text, &value));
}

static void a_walk_shows_the_golden_table_in_order(void **state)
{
    (void)state;
    walk_golden(&golden_publication);
}

static void a_walk_over_indexed_rows_shows_the_same(void **state)
{
    struct publication indexed = golden_publication;

    (void)state;
    tables_index(&indexed);
    assert_non_null(indexed.present[PUBLICATION_SOCKETS]);
    walk_golden(&indexed);
    tables_index_free(&indexed);
}

static void every_walked_instance_is_got(void **state)
{
    struct walk_hint hint = {{0}};
    struct value value;

    (void)state;
    for (size_t i = GOLDEN_COUNT; i-- > 0;) {
        const struct oid at = oid(golden[i].oid);

        assert_int_equal(walk_get(&golden_publication, &hint, at.ids, at.length, &value), WALK_FOUND);
        assert_value(&golden[i], &value);
    }
}

static void get_tells_a_missing_instance_from_a_missing_object(void **state)
{
    static const struct {
        const char *oid;
        enum walk_result result;
    } cases[] = {
        {"", WALK_NO_OBJECT},
        {"1", WALK_NO_OBJECT},
        {"1.1", WALK_NO_INSTANCE},
        {"1.1.1", WALK_NO_INSTANCE},
        {"1.1.0.0", WALK_NO_INSTANCE},
        {"1.0.0", WALK_NO_OBJECT},
        {"1.30.0", WALK_NO_OBJECT},
        {"1.106.0", WALK_NO_INSTANCE}, /* proctcpScanLastFailureTime: there was none */
        {"1.999.0", WALK_NO_OBJECT},
        {"2", WALK_NO_OBJECT},
        {"2.1", WALK_NO_OBJECT},
        {"2.2.2.7", WALK_NO_OBJECT},
        {"2.1.1.7", WALK_NO_OBJECT}, /* an index is not accessible */
        {"2.1.2", WALK_NO_INSTANCE},
        {"2.1.2.8", WALK_NO_INSTANCE},
        {"2.1.2.7.0", WALK_NO_INSTANCE},
        {"2.1.3.7", WALK_NO_INSTANCE}, /* no executable */
        {"3.1.3.7.3.1", WALK_NO_OBJECT},
        {"3.1.14.7.3", WALK_NO_INSTANCE},
        {"3.1.14.7.3.1.1", WALK_NO_INSTANCE},
        {"3.1.14.7.3.2", WALK_NO_INSTANCE},
        {"3.1.14.7.5.2", WALK_FOUND},
        {"3.1.14.2147483647.2147483647.1", WALK_FOUND},
        {"3.1.14.2147483648.2147483647.1", WALK_NO_INSTANCE},
        {"3.1.14.4294967295.4294967295.4294967295", WALK_NO_INSTANCE},
        {"3.1.14.4294967303.3.1", WALK_NO_INSTANCE}, /* 2^32 + 7 */
        {"4", WALK_NO_OBJECT},
        {"4.1.1.1", WALK_NO_INSTANCE}, /* there is no listener */
        {"4.1.201.0", WALK_NO_OBJECT}, /* an index again */
        {"5.1.1.1", WALK_NO_OBJECT},
        {"8", WALK_NO_OBJECT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct oid at = oid(cases[i].oid);
        struct walk_hint hint = {{0}};
        struct value value;
        const enum walk_result result = walk_get(&golden_publication, &hint, at.ids, at.length, &value);

        if (result != cases[i].result)
            fail_msg("GET of \"%s\" is %d and should be %d", cases[i].oid, result, cases[i].result);
    }
}

static void next_finds_its_way_from_anywhere(void **state)
{
    static const struct {
        const char *oid, *next;
    } cases[] = {
        {"0", "1.1.0"},
        {"0.99.1.2.3", "1.1.0"},
        {"1", "1.1.0"},
        {"1.0.5", "1.1.0"},
        {"1.1", "1.1.0"},
        {"1.1.0", "1.2.0"},
        {"1.1.0.0", "1.2.0"},
        {"1.1.1", "1.2.0"},
        {"1.25.0", "1.26.0"},
        {"1.29.0", "1.101.0"},
        {"1.50", "1.101.0"},
        {"1.105.0", "1.107.0"}, /* over an absent scalar */
        {"1.4294967295", "2.1.2.7"},
        {"2", "2.1.2.7"},
        {"2.0.9", "2.1.2.7"},
        {"2.1", "2.1.2.7"},
        {"2.1.1.7", "2.1.2.7"},
        {"2.1.2", "2.1.2.7"},
        {"2.1.2.6.4294967295", "2.1.2.7"},
        {"2.1.2.7", "2.1.3.2147483647"}, /* the other has no name, this one no executable */
        {"2.1.2.7.0", "2.1.3.2147483647"},
        {"2.1.11.7", "2.1.11.2147483647"},
        {"2.1.11.2147483647", "2.1.12.7"},
        {"2.1.11.4294967295", "2.1.12.7"},
        {"2.1.103", "3.1.4.7.3.1"},
        {"2.2", "3.1.4.7.3.1"},
        {"3.1.14", "3.1.14.7.3.1"},
        {"3.1.14.7", "3.1.14.7.3.1"},
        {"3.1.14.7.3", "3.1.14.7.3.1"},
        {"3.1.14.7.3.0", "3.1.14.7.3.1"},
        {"3.1.14.7.3.0.9", "3.1.14.7.3.1"},
        {"3.1.14.7.3.1", "3.1.14.7.5.1"},
        {"3.1.14.7.3.1.0", "3.1.14.7.5.1"},
        {"3.1.14.7.4.77", "3.1.14.7.5.1"},
        {"3.1.14.7.5.1", "3.1.14.7.5.2"},
        {"3.1.14.7.5.2", "3.1.14.2147483647.2147483647.1"},
        {"3.1.14.8", "3.1.14.2147483647.2147483647.1"},
        {"3.1.14.2147483648", "3.1.15.7.3.1"},
        {"3.1.18", "3.1.18.7.5.1"},                         /* the first row has no remote address */
        {"3.1.18.7.5.1", "3.1.18.2147483647.2147483647.1"}, /* nor has the third */
        {"3.1.20", "3.1.20.7.5.1"},                         /* one row alone has a peer */
        {"3.1.20.7.5.1", "3.1.21.7.5.1"},                   /* and then comes the next column */
        {"3.1.25", "3.1.25.7.3.1"},
        {"3.1.26.7.3.1", "3.1.36.7.5.1"}, /* over columns that no row has */
        {"3.1.82.2147483647.2147483647.1", "3.1.83.7.3.1"},
        {"3.1.83.7.3.1", "3.1.102.7.3.1"},
        {"3.1.105.2147483647.2147483647.1", NULL},
        {"3.1.105.2147483647.2147483647.1.0", NULL},
        {"3.1.106", NULL},
        {"3.2", NULL},
        {"4", NULL},
        {"4294967295.1", NULL},
    };
    struct publication indexed = golden_publication;

    (void)state;
    tables_index(&indexed);
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        const struct publication *publication = i % 2 ? &indexed : &golden_publication;
        struct walk_hint hint = {{0}};
        char text[128];
        struct value value;
        const char *next = next_of(publication, &hint, cases[i / 2].oid, text, &value);
        const char *wanted = cases[i / 2].next;

        if (!next != !wanted || (next && strcmp(next, wanted) != 0))
            fail_msg("behind \"%s\" stands %s and should stand %s", cases[i / 2].oid, next ? next : "nothing",
                     wanted ? wanted : "nothing");
    }
    tables_index_free(&indexed);
}

static void a_wrong_hint_is_harmless(void **state)
{
    static const uint32_t hints[] = {1, 2, 3, 4, 1000000, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        struct walk_hint hint = {{hints[i], hints[i], hints[i]}};
        char text[128];
        struct value value;

        assert_string_equal(next_of(&golden_publication, &hint, "3.1.14.7.3.1", text, &value), "3.1.14.7.5.1");
    }
}

/* The place of a row that is gone lies between its neighbours. */
static void a_walk_goes_on_where_a_row_has_gone(void **state)
{
    struct proctcp_snapshot fewer = snapshot;
    struct publication publication = golden_publication;
    struct walk_hint hint = {{0, 0, 3}};
    char text[128];
    struct value value;

    (void)state;
    fewer.rows = rows + 2;
    fewer.row_count = 2;
    publication.snapshot = &fewer;
    assert_string_equal(next_of(&publication, &hint, "3.1.14.7.3.1", text, &value), "3.1.14.7.5.2");
}

static void an_empty_snapshot_has_scalars_alone(void **state)
{
    const struct proctcp_snapshot empty = {.stats = {.generation = 1, .source_reason = "", .failure = ""}};
    const struct publication publication = {.snapshot = &empty, .status = PUBLICATION_UP_TO_DATE};
    struct walk_hint hint = {{0}};
    char text[128];
    struct value value;

    (void)state;
    assert_string_equal(next_of(&publication, &hint, "", text, &value), "1.1.0");
    assert_null(next_of(&publication, &hint, "1.118.0", text, &value));
    assert_null(next_of(&publication, &hint, "2.1.2", text, &value));
}

static void before_the_first_scan_only_scanning_is_described(void **state)
{
    const struct publication publication = {.status = PUBLICATION_NONE, .interval_s = 10};
    const struct oid generation = oid("1.1.0"), processes_name = oid("2.1.2.7");
    struct walk_hint hint = {{0}};
    char text[128];
    struct value value;

    (void)state;
    assert_string_equal(next_of(&publication, &hint, "", text, &value), "1.101.0");
    assert_string_equal(next_of(&publication, &hint, "1.102.0", text, &value), "1.104.0"); /* there is no age */
    assert_string_equal(next_of(&publication, &hint, "1.109.0", text, &value), "1.115.0");
    assert_null(next_of(&publication, &hint, "1.117.0", text, &value));
    assert_int_equal(walk_get(&publication, &hint, generation.ids, generation.length, &value), WALK_NO_INSTANCE);
    assert_int_equal(walk_get(&publication, &hint, processes_name.ids, processes_name.length, &value),
                     WALK_NO_INSTANCE);
}

static void columns_rise_and_index_fields_come_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < PUBLICATION_TABLES; i++) {
        size_t count;
        const struct proctcp_field *fields = tables[i].fields(&count);

        for (size_t field = 0; field < tables[i].index_fields; field++)
            assert_int_equal(fields[field].id, field + 1);
        for (size_t column = 1; column < table_column_count(&tables[i]); column++)
            assert_true(table_column_id(&tables[i], column - 1) < table_column_id(&tables[i], column));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_shows_the_golden_table_in_order),
        cmocka_unit_test(a_walk_over_indexed_rows_shows_the_same),
        cmocka_unit_test(every_walked_instance_is_got),
        cmocka_unit_test(get_tells_a_missing_instance_from_a_missing_object),
        cmocka_unit_test(next_finds_its_way_from_anywhere),
        cmocka_unit_test(a_wrong_hint_is_harmless),
        cmocka_unit_test(a_walk_goes_on_where_a_row_has_gone),
        cmocka_unit_test(an_empty_snapshot_has_scalars_alone),
        cmocka_unit_test(before_the_first_scan_only_scanning_is_described),
        cmocka_unit_test(columns_rise_and_index_fields_come_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
