/* sock_diag's answers: messages made as kernels from 3.10 on make them, and as no kernel does. */
#include "capture/inet_diag.h"
#include "capture/run.h"
#include "capture/sink.h"
#include "capture/sock_diag.h"
#include "testing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>

#define INFO_NOW  280 /* struct tcp_info of 6.18, and some */
#define INFO_3_10 104

#define SEQUENCE 77

static const struct config config = {.every_socket = true, .hz = 100};
static struct capture capture;
static struct inquiry inquiry;
static struct sock_diag_dump dump;
static int error;

static int setup(void **state)
{
    (void)state;
    capture = (struct capture){.counters = 0};
    inquiry = (struct inquiry){.config = &config, .capture = &capture, .buffer = test_calloc(1, INQUIRY_BUFFER_SIZE)};
    dump = (struct sock_diag_dump){.sequence = SEQUENCE};
    assert_non_null(vector_push(&capture.congestion_names));
    capture.congestion_names.at[0] = "";
    assert_non_null(vector_push(&capture.impairments));
    capture.impairments.at[0] = (struct proctcp_impairment){0};
    assert_true(hash_begin(&inquiry.without_inode, 1));
    assert_true(hash_begin(&capture.by_inode, 1));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    capture_clear(&capture);
    vector_free(&inquiry.without_inode);
    vector_free(&inquiry.inodes);
    test_free(inquiry.buffer);
    return 0;
}

/* Every 32-bit word of info is 1000 more than the one before it, so that each field has a value of its own. */
static void fill_info(uint8_t *info)
{
    for (uint32_t at = 0; at < INFO_NOW; at += 4) {
        uint32_t value = 1000 + at;
        memcpy(info + at, &value, sizeof(value));
    }
    info[0] = 1;
    info[1] = 3; /* recovery */
    info[2] = 4;
    info[3] = 5;
}

/* Every socket has a cookie of its own. */
static uint32_t cookies;

/* A message at the end of what the buffer holds. Returns its header. */
static struct nlmsghdr *put_socket(size_t *length, uint8_t family, uint8_t kernel_state)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(inquiry.buffer + *length);
    struct inet_diag_msg *body;

    message->nlmsg_type = TCPDIAG_GETSOCK;
    message->nlmsg_seq = SEQUENCE;
    body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
    body->idiag_family = family;
    body->idiag_state = kernel_state;
    body->id.idiag_sport = htons(22222);
    body->id.idiag_dport = htons(56946);
    body->id.idiag_src[0] = htonl(0x7f000001);
    body->id.idiag_dst[0] = htonl(0x7f000002);
    body->id.idiag_cookie[0] = ++cookies;
    body->id.idiag_cookie[1] = 1;
    body->idiag_rqueue = 11;
    body->idiag_wqueue = 12;
    body->idiag_uid = 1000;
    body->idiag_inode = 99155;
    *length += message->nlmsg_len;
    return message;
}

static void put_attribute(struct nlmsghdr *message, size_t *length, uint16_t type, size_t size, const void *payload)
{
    uint32_t before = message->nlmsg_len;
    mnl_attr_put(message, type, size, payload);
    *length += message->nlmsg_len - before;
}

static void put_end(size_t *length, uint16_t type, int status)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(inquiry.buffer + *length);
    message->nlmsg_type = type;
    message->nlmsg_seq = SEQUENCE;
    memcpy(mnl_nlmsg_put_extra_header(message, sizeof(status)), &status, sizeof(status));
    *length += message->nlmsg_len;
}

static const struct proctcp_socket *read_one(uint8_t family, uint8_t kernel_state, size_t info_length)
{
    uint8_t info[INFO_NOW];
    const uint32_t memory[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    size_t length = 0;
    struct nlmsghdr *message = put_socket(&length, family, kernel_state);

    fill_info(info);
    if (info_length) {
        put_attribute(message, &length, INET_DIAG_INFO, info_length, info);
        put_attribute(message, &length, INET_DIAG_SKMEMINFO, sizeof(memory), memory);
        put_attribute(message, &length, INET_DIAG_CONG, 6, "cubic");
    }
    put_attribute(message, &length, 200, 8, "unknown");
    put_end(&length, NLMSG_DONE, 0);
    dump.netns = 4026531840u;
    assert_int_equal(sock_diag_take(&inquiry, &dump, length, &error), SOCK_DIAG_DONE);
    assert_false(dump.interrupted);
    assert_int_equal(capture.stats.malformed, 0);
    return &capture.sockets.at[capture.sockets.count - 1];
}

static void a_connection_gives_every_field_that_the_kernel_sent(void **state)
{
    (void)state;
    const struct proctcp_socket *socket = read_one(AF_INET, 1, INFO_NOW);
    const struct proctcp_impairment *impairment = &capture.impairments.at[socket->impairment];
    char text[PROCTCP_ENDPOINT_TEXT_SIZE];

    assert_string_equal(proctcp_endpoint_text(&socket->local_address, socket->local_port, text), "127.0.0.1:22222");
    assert_string_equal(proctcp_endpoint_text(&socket->remote_address, socket->remote_port, text), "127.0.0.2:56946");
    assert_int_equal(socket->state, PROCTCP_ESTABLISHED);
    assert_int_equal(socket->cookie, 0x100000000 + cookies);
    assert_int_equal(socket->inode, 99155);
    assert_int_equal(socket->netns, 4026531840u);
    assert_int_equal(socket->rx_queue_bytes, 11);
    assert_int_equal(socket->tx_queue_bytes, 12);
    assert_string_equal(capture.congestion_names.at[socket->congestion], "cubic");
    assert_int_equal(socket->ca_state, PROCTCP_CA_RECOVERY);
    assert_int_equal(socket->retransmits, 4);
    assert_int_equal(socket->probes, 5);
    assert_int_equal(socket->rto_ms, 1); /* 1008 us */
    assert_int_equal(socket->ato_ms, 1); /* 1012 us */
    assert_int_equal(socket->snd_mss_bytes, 1016);
    assert_int_equal(socket->rcv_mss_bytes, 1020);
    assert_int_equal(socket->unacked_segments, 1024);
    assert_int_equal(impairment->sacked_segments, 1028);
    assert_int_equal(impairment->lost_segments, 1032);
    assert_int_equal(impairment->retrans_segments, 1036);
    assert_int_equal(socket->last_data_sent_ms, 1044);
    assert_int_equal(socket->last_data_received_ms, 1052);
    assert_int_equal(socket->last_ack_received_ms, 1056);
    assert_int_equal(socket->pmtu_bytes, 1060);
    assert_int_equal(socket->rtt_us, 1068);
    assert_int_equal(socket->rtt_var_us, 1072);
    assert_int_equal(socket->ssthresh_segments, 1076);
    assert_int_equal(socket->cwnd_segments, 1080);
    assert_int_equal(socket->advmss_bytes, 1084);
    assert_int_equal(socket->reordering, 1088);
    assert_int_equal(socket->rcv_rtt_us, 1092);
    assert_int_equal(socket->rcv_space_bytes, 1096);
    assert_int_equal(impairment->total_retrans, 1100);
    assert_int_equal((uint32_t)socket->pacing_rate_bytes_per_s, 1104);
    assert_int_equal((uint32_t)socket->bytes_acked, 1120);
    assert_int_equal((uint32_t)socket->bytes_received, 1128);
    assert_int_equal(socket->segs_out, 1136);
    assert_int_equal(socket->segs_in, 1140);
    assert_int_equal(impairment->notsent_bytes, 1144);
    assert_int_equal(socket->min_rtt_us, 1148);
    assert_int_equal(socket->data_segs_in, 1152);
    assert_int_equal(socket->data_segs_out, 1156);
    assert_int_equal((uint32_t)socket->delivery_rate_bytes_per_s, 1160);
    assert_int_equal((uint32_t)socket->busy_time_us, 1168);
    assert_int_equal((uint32_t)impairment->rwnd_limited_us, 1176);
    assert_int_equal((uint32_t)impairment->sndbuf_limited_us, 1184);
    assert_int_equal(socket->delivered, 1192);
    assert_int_equal(impairment->delivered_ce, 1196);
    assert_int_equal((uint32_t)socket->bytes_sent, 1200);
    assert_int_equal((uint32_t)impairment->bytes_retrans, 1208);
    assert_int_equal(impairment->dsack_dups, 1216);
    assert_int_equal(impairment->reord_seen, 1220);
    assert_int_equal(impairment->rcv_ooo_packets, 1224);
    assert_int_equal(socket->snd_wnd_bytes, 1228);
    assert_int_equal(socket->rcv_wnd_bytes, 1232);
    assert_int_equal(socket->rmem_alloc_bytes, 1);
    assert_int_equal(socket->rcvbuf_bytes, 2);
    assert_int_equal(socket->wmem_alloc_bytes, 3);
    assert_int_equal(socket->sndbuf_bytes, 4);
    assert_int_equal(impairment->drops, 9);
}

/* What came is told by its length alone: the last byte of each group, and the bit that says so. */
static void an_older_kernel_gives_what_it_has_and_the_rest_is_absent(void **state)
{
    static const struct {
        size_t end;
        uint64_t present;
    } groups[] = {{104, PROCTCP_HAS_INFO},      {112, PROCTCP_HAS_PACING_RATE},   {136, PROCTCP_HAS_BYTES},
                  {144, PROCTCP_HAS_SEGS},      {148, PROCTCP_HAS_NOTSENT},       {152, PROCTCP_HAS_MIN_RTT},
                  {160, PROCTCP_HAS_DATA_SEGS}, {168, PROCTCP_HAS_DELIVERY_RATE}, {192, PROCTCP_HAS_BUSY_TIME},
                  {200, PROCTCP_HAS_DELIVERED}, {224, PROCTCP_HAS_BYTES_SENT},    {228, PROCTCP_HAS_RCV_OOO},
                  {232, PROCTCP_HAS_SND_WND},   {236, PROCTCP_HAS_RCV_WND}};
    (void)state;
    for (size_t length = 4; length <= INFO_NOW; length += 4) {
        uint64_t present = read_one(AF_INET, 1, length)->present;
        for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
            assert_int_equal((present & groups[i].present) != 0, length >= groups[i].end);
    }
    uint64_t present = read_one(AF_INET, 1, INFO_3_10)->present;
    assert_true(present & PROCTCP_HAS_RTT);
    assert_true(present & PROCTCP_HAS_CWND);
    assert_false(present & PROCTCP_HAS_BYTES_SENT);
}

static void a_listener_has_its_accept_queue_and_nothing_of_tcp_info(void **state)
{
    (void)state;
    const struct proctcp_socket *socket = read_one(AF_INET, 10, INFO_NOW);
    assert_int_equal(socket->state, PROCTCP_LISTEN);
    assert_int_equal(socket->accept_queue, 11);
    assert_int_equal(socket->accept_queue_max, 12);
    assert_int_equal(socket->present, PROCTCP_HAS_LOCAL | PROCTCP_HAS_COOKIE | PROCTCP_HAS_UID | PROCTCP_HAS_NETNS |
                                          PROCTCP_HAS_ACCEPT_QUEUE | PROCTCP_HAS_ACCEPT_QUEUE_MAX | PROCTCP_HAS_DROPS);
    assert_int_equal(capture.impairments.at[socket->impairment].drops, 9);
}

static void a_mini_socket_has_no_queues_and_no_uid(void **state)
{
    (void)state;
    const struct proctcp_socket *socket = read_one(AF_INET, 6, 0);
    assert_int_equal(socket->state, PROCTCP_TIME_WAIT);
    assert_false(socket->present & (PROCTCP_HAS_UID | PROCTCP_HAS_QUEUES | PROCTCP_HAS_INFO | PROCTCP_HAS_CONGESTION));
    socket = read_one(AF_INET, 3, 0);
    assert_int_equal(socket->state, PROCTCP_SYN_RECEIVED);
    assert_true(socket->present & PROCTCP_HAS_RETRANSMITS);
    assert_false(socket->present & PROCTCP_HAS_UID);
}

static void values_that_mean_none_yet_are_absent(void **state)
{
    uint8_t info[INFO_NOW] = {0};
    const uint32_t all_ones = UINT32_MAX, infinite = 0x7fffffff;
    const uint64_t unlimited = UINT64_MAX;
    size_t length = 0;
    struct nlmsghdr *message = put_socket(&length, AF_INET, 2);
    (void)state;

    memcpy(info + 76, &infinite, 4);
    memcpy(info + 104, &unlimited, 8);
    memcpy(info + 148, &all_ones, 4);
    put_attribute(message, &length, INET_DIAG_INFO, sizeof(info), info);
    assert_int_equal(sock_diag_take(&inquiry, &dump, length, &error), SOCK_DIAG_MORE);
    const struct proctcp_socket *socket = &capture.sockets.at[0];
    assert_int_equal(socket->ssthresh_segments, -1);
    assert_int_equal(socket->impairment, 0);
    assert_false(socket->present & (PROCTCP_HAS_RTT | PROCTCP_HAS_RCV_RTT | PROCTCP_HAS_MIN_RTT |
                                    PROCTCP_HAS_PACING_RATE | PROCTCP_HAS_DELIVERY_RATE | PROCTCP_HAS_NETNS));
    assert_true(socket->present & PROCTCP_HAS_SSTHRESH);
}

static void an_error_is_found_wherever_it_hides(void **state)
{
    static const struct {
        uint16_t type;
        int status, expected;
    } ends[] = {{NLMSG_DONE, 0, 0},  {NLMSG_DONE, -EPERM, EPERM},    {NLMSG_ERROR, -ENOENT, ENOENT},
                {NLMSG_ERROR, 0, 0}, {NLMSG_DONE, -ENOMEM, ENOBUFS}, {NLMSG_DONE, INT32_MIN, EPROTO}};
    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        size_t length = 0;
        put_socket(&length, AF_INET, 1);
        put_end(&length, ends[i].type, ends[i].status);
        assert_int_equal(sock_diag_take(&inquiry, &dump, length, &error),
                         ends[i].expected ? SOCK_DIAG_FAILED : SOCK_DIAG_DONE);
        if (ends[i].expected)
            assert_int_equal(error, ends[i].expected);
    }
}

static void an_interrupted_dump_says_so(void **state)
{
    size_t length = 0;
    (void)state;
    put_socket(&length, AF_INET, 1)->nlmsg_flags |= NLM_F_DUMP_INTR;
    assert_int_equal(sock_diag_take(&inquiry, &dump, length, &error), SOCK_DIAG_MORE);
    assert_true(dump.interrupted);
}

static void messages_that_lie_about_their_length_are_counted_and_not_followed(void **state)
{
    size_t length = 0;
    struct nlmsghdr *message = put_socket(&length, AF_INET, 1);
    (void)state;

    /* Too short for its fixed part. */
    message->nlmsg_len = NLMSG_HDRLEN + 10;
    assert_int_equal(sock_diag_take(&inquiry, &dump, NLMSG_ALIGN(message->nlmsg_len), &error), SOCK_DIAG_MORE);
    assert_int_equal(capture.stats.malformed, 1);
    /* Longer than what was read. */
    message->nlmsg_len = 5000;
    assert_int_equal(sock_diag_take(&inquiry, &dump, length, &error), SOCK_DIAG_MORE);
    assert_int_equal(capture.stats.malformed, 2);
    message->nlmsg_len = 0xfffffff0;
    assert_int_equal(sock_diag_take(&inquiry, &dump, length, &error), SOCK_DIAG_MORE);
    assert_int_equal(capture.stats.malformed, 3);
    /* An attribute longer than its message. */
    message->nlmsg_len = (uint32_t)length;
    uint8_t info[INFO_NOW];
    fill_info(info);
    put_attribute(message, &length, INET_DIAG_INFO, sizeof(info), info);
    message->nlmsg_len -= 100;
    assert_int_equal(sock_diag_take(&inquiry, &dump, message->nlmsg_len, &error), SOCK_DIAG_MORE);
    assert_int_equal(capture.sockets.count, 1);
    assert_false(capture.sockets.at[0].present & PROCTCP_HAS_INFO);
    /* States and families that there are none of. */
    length = 0;
    put_socket(&length, AF_INET, 99);
    put_socket(&length, AF_UNIX, 1);
    assert_int_equal(sock_diag_take(&inquiry, &dump, length, &error), SOCK_DIAG_MORE);
    assert_int_equal(capture.stats.malformed, 5);
    assert_int_equal(capture.sockets.count, 1);
}

static void an_ipv6_socket_has_sixteen_octets_of_address(void **state)
{
    size_t length = 0;
    struct nlmsghdr *message = put_socket(&length, AF_INET6, 1);
    struct inet_diag_msg *body = mnl_nlmsg_get_payload(message);
    char text[PROCTCP_ENDPOINT_TEXT_SIZE];
    (void)state;

    inet_pton(AF_INET6, "2001:db8::1", body->id.idiag_src);
    inet_pton(AF_INET6, "::ffff:192.0.2.7", body->id.idiag_dst);
    body->id.idiag_if = 3;
    assert_int_equal(sock_diag_take(&inquiry, &dump, length, &error), SOCK_DIAG_MORE);
    const struct proctcp_socket *socket = &capture.sockets.at[0];
    assert_string_equal(proctcp_endpoint_text(&socket->local_address, socket->local_port, text), "[2001:db8::1]:22222");
    assert_string_equal(proctcp_endpoint_text(&socket->remote_address, socket->remote_port, text), "192.0.2.7:56946");
    assert_int_equal(socket->family, PROCTCP_INET6);
    assert_int_equal(socket->interface, 3);
    assert_true(socket->present & PROCTCP_HAS_INTERFACE);
}

static void what_answers_another_request_does_not_count(void **state)
{
    size_t length = 0;
    (void)state;
    put_socket(&length, AF_INET, 1)->nlmsg_seq = SEQUENCE + 1;
    put_end(&length, NLMSG_DONE, 0);
    ((struct nlmsghdr *)(void *)(inquiry.buffer + length - NLMSG_SPACE(sizeof(int))))->nlmsg_seq = SEQUENCE - 1;
    assert_int_equal(sock_diag_take(&inquiry, &dump, length, &error), SOCK_DIAG_MORE);
    assert_int_equal(capture.sockets.count, 0);
    assert_int_equal(capture.stats.malformed, 0);
}

static void a_socket_that_a_dump_shows_twice_is_there_once(void **state)
{
    size_t length = 0;
    (void)state;
    put_socket(&length, AF_INET, 1);
    cookies--;
    put_socket(&length, AF_INET, 8);
    assert_int_equal(sock_diag_take(&inquiry, &dump, length, &error), SOCK_DIAG_MORE);
    assert_int_equal(sink_sockets_end(&inquiry), 0);
    assert_int_equal(capture.sockets.count, 1);
    assert_int_equal(capture.sockets.at[0].state, PROCTCP_CLOSE_WAIT); /* the later one is nearer to the truth */
    assert_int_equal(capture.stats.duplicates, 1);
}

static void two_sockets_of_one_four_tuple_and_two_cookies_are_two(void **state)
{
    size_t length = 0;
    struct inet_diag_msg *body;
    (void)state;
    body = mnl_nlmsg_get_payload(put_socket(&length, AF_INET, 6));
    body->idiag_inode = 0;
    body->id.idiag_if = 2;
    body = mnl_nlmsg_get_payload(put_socket(&length, AF_INET, 6));
    body->idiag_inode = 0;
    body->id.idiag_if = 3;
    assert_int_equal(sock_diag_take(&inquiry, &dump, length, &error), SOCK_DIAG_MORE);
    assert_int_equal(sink_sockets_end(&inquiry), 0);
    assert_int_equal(capture.sockets.count, 2);
}

/* As kernels give it that do not clamp: 20 ms ago. */
static void an_overdue_timer_expires_now(void **state)
{
    size_t length = 0;
    struct inet_diag_msg *body;
    uint8_t info[INFO_NOW];
    struct nlmsghdr *message = put_socket(&length, AF_INET, 1);
    (void)state;
    body = mnl_nlmsg_get_payload(message);
    body->idiag_timer = 1;
    body->idiag_expires = (uint32_t)-20;
    fill_info(info);
    put_attribute(message, &length, INET_DIAG_INFO, sizeof(info), info);
    assert_int_equal(sock_diag_take(&inquiry, &dump, length, &error), SOCK_DIAG_MORE);
    assert_int_equal(capture.sockets.at[0].timer_expires_ms, 0);
    assert_true(capture.sockets.at[0].present & PROCTCP_HAS_TIMER_EXPIRES);
}

static void a_listener_says_whether_it_refuses_ipv4(void **state)
{
    const uint8_t yes = 1, no = 0;
    size_t length = 0;
    (void)state;
    put_attribute(put_socket(&length, AF_INET6, 10), &length, 11, 1, &yes); /* INET_DIAG_SKV6ONLY */
    put_attribute(put_socket(&length, AF_INET6, 10), &length, 11, 1, &no);
    put_socket(&length, AF_INET6, 10);
    assert_int_equal(sock_diag_take(&inquiry, &dump, length, &error), SOCK_DIAG_MORE);
    assert_int_equal(capture.sockets.count, 3);
    assert_true(capture.sockets.at[0].present & PROCTCP_HAS_V6ONLY && capture.sockets.at[0].v6only);
    assert_true(capture.sockets.at[1].present & PROCTCP_HAS_V6ONLY && !capture.sockets.at[1].v6only);
    assert_false(capture.sockets.at[2].present & PROCTCP_HAS_V6ONLY);
}

/* State 7, under the request's bit 13. */
static void what_is_bound_and_no_more_has_its_address(void **state)
{
    (void)state;
    const struct proctcp_socket *socket = read_one(AF_INET, 7, 0);
    assert_int_equal(socket->state, PROCTCP_CLOSED);
    assert_int_equal(socket->local_port, 22222);
    assert_int_equal(socket->present, PROCTCP_HAS_LOCAL | PROCTCP_HAS_COOKIE | PROCTCP_HAS_UID | PROCTCP_HAS_NETNS);
}

/* From the kernel, be it of a listener: what it never counts is no sum of 0. */
static void what_a_kernel_counts_follows_from_its_answers(void **state)
{
    (void)state;
    read_one(AF_INET, 10, INFO_3_10);
    assert_true(capture.counters & PROCTCP_HAS_INFO);
    assert_false(capture.counters & (PROCTCP_HAS_BYTES | PROCTCP_HAS_SEGS | PROCTCP_HAS_BYTES_SENT));
    read_one(AF_INET, 10, INFO_NOW);
    assert_true(capture.counters & PROCTCP_HAS_BYTES && capture.counters & PROCTCP_HAS_BYTES_SENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_gives_every_field_that_the_kernel_sent),
        TEST(an_older_kernel_gives_what_it_has_and_the_rest_is_absent),
        TEST(a_listener_has_its_accept_queue_and_nothing_of_tcp_info),
        TEST(a_mini_socket_has_no_queues_and_no_uid),
        TEST(values_that_mean_none_yet_are_absent),
        TEST(an_error_is_found_wherever_it_hides),
        TEST(an_interrupted_dump_says_so),
        TEST(messages_that_lie_about_their_length_are_counted_and_not_followed),
        TEST(an_ipv6_socket_has_sixteen_octets_of_address),
        TEST(what_answers_another_request_does_not_count),
        TEST(a_socket_that_a_dump_shows_twice_is_there_once),
        TEST(two_sockets_of_one_four_tuple_and_two_cookies_are_two),
        TEST(an_overdue_timer_expires_now),
        TEST(a_listener_says_whether_it_refuses_ipv4),
        TEST(what_is_bound_and_no_more_has_its_address),
        TEST(what_a_kernel_counts_follows_from_its_answers),
    };
    return cmocka_run_group_tests_name("sock_diag", tests, NULL, NULL);
}
