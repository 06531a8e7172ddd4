/* tcp_info.c - the kernel's struct tcp_info to a socket: by offset and by the length that came, so that one binary
 * reads what kernels from 3.10 on give. The struct only ever grew at its end. Written out, for it is read for every
 * socket. Knows nothing of messages. */
#include "capture/tcp_info.h"

#include <string.h>

/* What a kernel adds to the struct, and where that ends. */
static const struct {
    size_t end;
    uint64_t present;
} additions[] = {
    {104, PROCTCP_HAS_INFO | PROCTCP_HAS_RETRANSMITS | PROCTCP_HAS_PROBES | PROCTCP_HAS_RTO | PROCTCP_HAS_ATO |
              PROCTCP_HAS_RTT | PROCTCP_HAS_SSTHRESH | PROCTCP_HAS_CWND | PROCTCP_HAS_RCV_RTT}, /* 3.10 and before */
    {112, PROCTCP_HAS_PACING_RATE},
    {136, PROCTCP_HAS_BYTES},
    {144, PROCTCP_HAS_SEGS},
    {148, PROCTCP_HAS_NOTSENT},
    {152, PROCTCP_HAS_MIN_RTT},
    {160, PROCTCP_HAS_DATA_SEGS},
    {168, PROCTCP_HAS_DELIVERY_RATE},
    {192, PROCTCP_HAS_BUSY_TIME},
    {200, PROCTCP_HAS_DELIVERED},
    {224, PROCTCP_HAS_BYTES_SENT},
    {228, PROCTCP_HAS_RCV_OOO},
    {232, PROCTCP_HAS_SND_WND},
    {236, PROCTCP_HAS_RCV_WND},
};

#define INFO_SIZE 236 /* of which something is read */

uint64_t tcp_info_given(size_t length)
{
    uint64_t present = 0;

    for (size_t i = 0; i < sizeof(additions) / sizeof(additions[0]) && additions[i].end <= length; i++)
        present |= additions[i].present;
    return present;
}

static inline uint32_t read32(const uint8_t *info, size_t offset)
{
    uint32_t number;
    memcpy(&number, info + offset, sizeof(number));
    return number;
}

static inline uint64_t read64(const uint8_t *info, size_t offset)
{
    uint64_t number;
    memcpy(&number, info + offset, sizeof(number));
    return number;
}

static inline uint16_t saturate16(uint32_t number)
{
    return number > UINT16_MAX ? UINT16_MAX : (uint16_t)number;
}

static inline void read_all(const uint8_t *info, struct proctcp_socket *socket, struct proctcp_impairment *impairment)
{
    const unsigned ca_state = info[1] + 1u;

    socket->ca_state = (uint8_t)(ca_state <= PROCTCP_CA_LOSS ? ca_state : 0);
    socket->retransmits = info[2];
    socket->probes = info[3];
    socket->rto_ms = read32(info, 8) / 1000;
    socket->ato_ms = saturate16(read32(info, 12) / 1000);
    socket->snd_mss_bytes = saturate16(read32(info, 16));
    socket->rcv_mss_bytes = saturate16(read32(info, 20));
    socket->unacked_segments = read32(info, 24);
    impairment->sacked_segments = read32(info, 28);
    impairment->lost_segments = read32(info, 32);
    impairment->retrans_segments = read32(info, 36);
    socket->last_data_sent_ms = read32(info, 44);
    socket->last_data_received_ms = read32(info, 52);
    socket->last_ack_received_ms = read32(info, 56);
    socket->pmtu_bytes = read32(info, 60);
    socket->rtt_us = read32(info, 68);
    socket->rtt_var_us = read32(info, 72);
    socket->ssthresh_segments = (int32_t)read32(info, 76);
    socket->cwnd_segments = read32(info, 80);
    socket->advmss_bytes = saturate16(read32(info, 84));
    socket->reordering = saturate16(read32(info, 88));
    socket->rcv_rtt_us = read32(info, 92);
    socket->rcv_space_bytes = read32(info, 96);
    impairment->total_retrans = read32(info, 100);
    socket->pacing_rate_bytes_per_s = read64(info, 104);
    socket->bytes_acked = read64(info, 120);
    socket->bytes_received = read64(info, 128);
    socket->segs_out = read32(info, 136);
    socket->segs_in = read32(info, 140);
    impairment->notsent_bytes = read32(info, 144);
    socket->min_rtt_us = read32(info, 148);
    socket->data_segs_in = read32(info, 152);
    socket->data_segs_out = read32(info, 156);
    socket->delivery_rate_bytes_per_s = read64(info, 160);
    socket->busy_time_us = read64(info, 168);
    impairment->rwnd_limited_us = read64(info, 176);
    impairment->sndbuf_limited_us = read64(info, 184);
    socket->delivered = read32(info, 192);
    impairment->delivered_ce = read32(info, 196);
    socket->bytes_sent = read64(info, 200);
    impairment->bytes_retrans = read64(info, 208);
    impairment->dsack_dups = read32(info, 216);
    impairment->reord_seen = read32(info, 220);
    impairment->rcv_ooo_packets = read32(info, 224);
    socket->snd_wnd_bytes = read32(info, 228);
    socket->rcv_wnd_bytes = read32(info, 232);
}

/* Values by which the kernel says "none yet" are absent. */
static inline uint64_t find_placeholders(const struct proctcp_socket *socket)
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
    return absent;
}

/* What an older kernel does not give is read as zeros, and is absent. */
void tcp_info_read(const uint8_t *info, size_t length, uint64_t given, struct proctcp_socket *socket,
                   struct proctcp_impairment *impairment)
{
    uint8_t longer[INFO_SIZE];

    if (length < INFO_SIZE) {
        memset(longer, 0, sizeof(longer));
        memcpy(longer, info, length);
        info = longer;
    }
    read_all(info, socket, impairment);
    socket->present |= given & ~find_placeholders(socket);
    if (socket->ssthresh_segments == INT32_MAX)
        socket->ssthresh_segments = -1;
}
