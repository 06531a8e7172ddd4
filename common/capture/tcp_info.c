/* tcp_info.c - the kernel's struct tcp_info to a socket: by offset and by the length that came, so that one binary
 * reads what kernels from 3.10 on give. Knows nothing of messages. */
#include "capture/tcp_info.h"

#include <stddef.h>
#include <string.h>

enum target { TO_SOCKET, TO_IMPAIRMENT };

struct info_field {
    uint16_t from; /* offset in the kernel's struct tcp_info, which only ever grew at its end */
    uint8_t from_size;
    uint8_t target;
    uint16_t to;
    uint8_t to_size;
    uint64_t present;
    uint16_t divisor; /* to the unit of the name; 0 is 1 */
};

#define SOCKET(member) TO_SOCKET, offsetof(struct proctcp_socket, member), sizeof(((struct proctcp_socket *)0)->member)
#define IMPAIRMENT(member)                                                                                             \
    TO_IMPAIRMENT, offsetof(struct proctcp_impairment, member), sizeof(((struct proctcp_impairment *)0)->member)

/* clang-format off */
static const struct info_field info_fields[] = {
    {2, 1, SOCKET(retransmits), PROCTCP_HAS_RETRANSMITS, 0},
    {3, 1, SOCKET(probes), PROCTCP_HAS_PROBES, 0},
    {8, 4, SOCKET(rto_ms), PROCTCP_HAS_RTO, 1000},
    {12, 4, SOCKET(ato_ms), PROCTCP_HAS_ATO, 1000},
    {16, 4, SOCKET(snd_mss_bytes), 0, 0},
    {20, 4, SOCKET(rcv_mss_bytes), 0, 0},
    {24, 4, SOCKET(unacked_segments), 0, 0},
    {28, 4, IMPAIRMENT(sacked_segments), 0, 0},
    {32, 4, IMPAIRMENT(lost_segments), 0, 0},
    {36, 4, IMPAIRMENT(retrans_segments), 0, 0},
    {44, 4, SOCKET(last_data_sent_ms), 0, 0},
    {52, 4, SOCKET(last_data_received_ms), 0, 0},
    {56, 4, SOCKET(last_ack_received_ms), 0, 0},
    {60, 4, SOCKET(pmtu_bytes), 0, 0},
    {68, 4, SOCKET(rtt_us), PROCTCP_HAS_RTT, 0},
    {72, 4, SOCKET(rtt_var_us), 0, 0},
    {76, 4, SOCKET(ssthresh_segments), PROCTCP_HAS_SSTHRESH, 0},
    {80, 4, SOCKET(cwnd_segments), PROCTCP_HAS_CWND, 0},
    {84, 4, SOCKET(advmss_bytes), 0, 0},
    {88, 4, SOCKET(reordering), 0, 0},
    {92, 4, SOCKET(rcv_rtt_us), PROCTCP_HAS_RCV_RTT, 0},
    {96, 4, SOCKET(rcv_space_bytes), 0, 0},
    {100, 4, IMPAIRMENT(total_retrans), PROCTCP_HAS_INFO, 0}, /* the last of 3.10's: all before it are there, too */
    {104, 8, SOCKET(pacing_rate_bytes_per_s), PROCTCP_HAS_PACING_RATE, 0},
    {120, 8, SOCKET(bytes_acked), 0, 0},
    {128, 8, SOCKET(bytes_received), PROCTCP_HAS_BYTES, 0},
    {136, 4, SOCKET(segs_out), 0, 0},
    {140, 4, SOCKET(segs_in), PROCTCP_HAS_SEGS, 0},
    {144, 4, IMPAIRMENT(notsent_bytes), PROCTCP_HAS_NOTSENT, 0},
    {148, 4, SOCKET(min_rtt_us), PROCTCP_HAS_MIN_RTT, 0},
    {152, 4, SOCKET(data_segs_in), 0, 0},
    {156, 4, SOCKET(data_segs_out), PROCTCP_HAS_DATA_SEGS, 0},
    {160, 8, SOCKET(delivery_rate_bytes_per_s), PROCTCP_HAS_DELIVERY_RATE, 0},
    {168, 8, SOCKET(busy_time_us), 0, 0},
    {176, 8, IMPAIRMENT(rwnd_limited_us), 0, 0},
    {184, 8, IMPAIRMENT(sndbuf_limited_us), PROCTCP_HAS_BUSY_TIME, 0},
    {192, 4, SOCKET(delivered), 0, 0},
    {196, 4, IMPAIRMENT(delivered_ce), PROCTCP_HAS_DELIVERED, 0},
    {200, 8, SOCKET(bytes_sent), 0, 0},
    {208, 8, IMPAIRMENT(bytes_retrans), 0, 0},
    {216, 4, IMPAIRMENT(dsack_dups), 0, 0},
    {220, 4, IMPAIRMENT(reord_seen), PROCTCP_HAS_BYTES_SENT, 0},
    {224, 4, IMPAIRMENT(rcv_ooo_packets), PROCTCP_HAS_RCV_OOO, 0},
    {228, 4, SOCKET(snd_wnd_bytes), PROCTCP_HAS_SND_WND, 0},
    {232, 4, SOCKET(rcv_wnd_bytes), PROCTCP_HAS_RCV_WND, 0},
};
/* clang-format on */

static uint64_t read_number(const uint8_t *from, uint8_t size)
{
    uint64_t wide;
    uint32_t narrow;

    switch (size) {
    case 1:
        return *from;
    case 4:
        memcpy(&narrow, from, sizeof(narrow));
        return narrow;
    default:
        memcpy(&wide, from, sizeof(wide));
        return wide;
    }
}

static void convert(const struct info_field *field, const uint8_t *from, uint8_t *to)
{
    uint64_t number = read_number(from, field->from_size) / (field->divisor ? field->divisor : 1);
    uint32_t narrow = (uint32_t)number;
    uint16_t half = number > UINT16_MAX ? UINT16_MAX : (uint16_t)number;

    switch (field->to_size) {
    case 1:
        *to = (uint8_t)number;
        break;
    case 2:
        memcpy(to, &half, sizeof(half));
        break;
    case 4:
        memcpy(to, &narrow, sizeof(narrow));
        break;
    default:
        memcpy(to, &number, sizeof(number));
    }
}

/* Values by which the kernel says "none yet" are absent. */
static void drop_placeholders(struct proctcp_socket *socket)
{
    uint64_t absent = 0;

    if (socket->rtt_us == 0)
        absent |= PROCTCP_HAS_RTT;
    if (socket->rcv_rtt_us == 0)
        absent |= PROCTCP_HAS_RCV_RTT;
    if (socket->min_rtt_us == UINT32_MAX)
        absent |= PROCTCP_HAS_MIN_RTT;
    if (socket->pacing_rate_bytes_per_s == UINT64_MAX || socket->pacing_rate_bytes_per_s == UINT32_MAX)
        absent |= PROCTCP_HAS_PACING_RATE;
    if (socket->delivery_rate_bytes_per_s == 0)
        absent |= PROCTCP_HAS_DELIVERY_RATE;
    socket->present &= ~absent;
    if (socket->ssthresh_segments == INT32_MAX)
        socket->ssthresh_segments = -1;
}

void tcp_info_read(const uint8_t *info, size_t length, struct proctcp_socket *socket,
                   struct proctcp_impairment *impairment)
{
    void *const targets[] = {[TO_SOCKET] = socket, [TO_IMPAIRMENT] = impairment};
    size_t count = sizeof(info_fields) / sizeof(info_fields[0]);
    uint64_t present = 0;

    while (count && (size_t)info_fields[count - 1].from + info_fields[count - 1].from_size > length)
        count--; /* by offset: an older kernel has none of the rest */
    for (size_t i = 0; i < count; i++) {
        const struct info_field *field = &info_fields[i];
        uint8_t *to = (uint8_t *)targets[field->target] + field->to;
        present |= field->present;
        if (field->from_size != field->to_size || field->divisor)
            convert(field, info + field->from, to);
        else if (field->from_size == 4) /* most are; a copy of a known size is one instruction */
            memcpy(to, info + field->from, 4);
        else
            memcpy(to, info + field->from, field->from_size);
    }
    socket->present |= present;
    if (length > 1) {
        unsigned ca_state = info[1] + 1u;
        socket->ca_state = (uint8_t)(ca_state <= PROCTCP_CA_LOSS ? ca_state : 0);
    }
    drop_placeholders(socket);
}

uint64_t tcp_info_given(size_t length)
{
    uint64_t present = 0;

    for (size_t i = 0; i < sizeof(info_fields) / sizeof(info_fields[0]); i++) {
        if ((size_t)info_fields[i].from + info_fields[i].from_size <= length)
            present |= info_fields[i].present;
    }
    return present;
}
