/* field.c - the field tables: one row per published field. Knows where a field stands in the public structures and what
 * it means; knows nothing of where values come from or how an adapter writes them. */
#include "present/field.h"

#include <stdlib.h>
#include <string.h>

/* Place of a member: record, offset and size in one. */
#define ROW(member)        .record = PROCTCP_IN_ROW, MEMBER(struct proctcp_row, member)
#define SOCKET(member)     .record = PROCTCP_IN_SOCKET, MEMBER(struct proctcp_socket, member)
#define PROCESS(member)    .record = PROCTCP_IN_PROCESS, MEMBER(struct proctcp_process, member)
#define IMPAIRMENT(member) .record = PROCTCP_IN_IMPAIRMENT, MEMBER(struct proctcp_impairment, member)
#define PEER(member)       .record = PROCTCP_IN_PEER, MEMBER(struct proctcp_row, member)
#define HOLDER(member)     .record = PROCTCP_IN_LAST_HOLDER, MEMBER(struct proctcp_last_holder, member)
#define UNHELD(member)     .record = PROCTCP_IN_UNATTRIBUTED, MEMBER(struct proctcp_unattributed, member)
#define STATS(member)      .record = PROCTCP_IN_STATS, MEMBER(struct proctcp_stats, member)

/* Id 10 and those from 101 on are columns of the SNMP adapter's own. */
/* clang-format off */
static const struct proctcp_field row_fields[] = {
    {.id = 1, .name = "pid", .type = PROCTCP_SIGNED, ROW(pid),
     .help = "process id of the holder"},
    {.id = 2, .name = "fd", .type = PROCTCP_SIGNED, ROW(fd),
     .help = "descriptor of the holder"},
    {.id = 3, .name = "subflow", UNSIGNED, ROW(subflow),
     .help = "1, or the position among the TCP sockets of an MPTCP descriptor"},
    {.id = 4, .name = "process", .type = PROCTCP_TEXT, PROCESS(name),
     .present = PROCTCP_HAS_PROCESS, .help = "name of the holder (comm)"},
    {.id = 5, .name = "inode", UNSIGNED, SOCKET(inode),
     .help = "inode of the socket"},
    {.id = 6, .name = "cookie", UNSIGNED, SOCKET(cookie),
     .present = PROCTCP_HAS_COOKIE, .help = "identity of the socket as long as the kernel runs"},
    {.id = 7, .name = "netns", UNSIGNED, SOCKET(netns),
     .present = PROCTCP_HAS_NETNS, .help = "inode of the network namespace whose table showed the socket"},
    {.id = 8, .name = "uid", UNSIGNED, SOCKET(uid),
     .present = PROCTCP_HAS_UID, .help = "user id of the socket"},
    {.id = 9, .name = "family", ENUM(family), SOCKET(family),
     .help = "address family of the socket; inet6 also where it carries IPv4"},
    {.id = 11, .name = "owners", UNSIGNED, SOCKET(owners),
     .help = "rows that share the socket"},
    {.id = 12, .name = "owner_rank", UNSIGNED, ROW(owner_rank),
     .help = "position among the rows that share the socket; sums count 1 only"},
    {.id = 13, .name = "first_seen", .type = PROCTCP_TIME, ROW(first_seen),
     .help = "time of the scan that first saw the row"},
    {.id = 14, .name = "state", ENUM(state), SOCKET(state),
     .help = "TCP state; closed: neither connected nor listening, and in no table of the kernel"},
    {.id = 15, .name = "direction", ENUM(direction), SOCKET(direction),
     .help = "listen, inbound (a listener on its local port), outbound or unknown"},
    {.id = 16, .name = "local_address", .type = PROCTCP_ADDRESS, SOCKET(local_address),
     .present = PROCTCP_HAS_LOCAL, .help = "local address; the IPv4 address where it is IPv4-mapped"},
    {.id = 17, .name = "local_port", UNSIGNED, SOCKET(local_port),
     .present = PROCTCP_HAS_LOCAL, .help = "local port"},
    {.id = 18, .name = "remote_address", .type = PROCTCP_ADDRESS, SOCKET(remote_address),
     .present = PROCTCP_HAS_REMOTE, .help = "remote address; the IPv4 address where it is IPv4-mapped"},
    {.id = 19, .name = "remote_port", UNSIGNED, SOCKET(remote_port),
     .present = PROCTCP_HAS_REMOTE, .help = "remote port"},
    {.id = 20, .name = "peer_pid", .type = PROCTCP_SIGNED, PEER(pid),
     .help = "process id that holds the peer, if it is on this host"},
    {.id = 21, .name = "peer_fd", .type = PROCTCP_SIGNED, PEER(fd),
     .help = "descriptor of the peer"},
    {.id = 22, .name = "peer_process", .type = PROCTCP_TEXT, .record = PROCTCP_IN_PEER_PROCESS, MEMBER(struct proctcp_process, name),
     .present = PROCTCP_HAS_PROCESS, .help = "name of the process that holds the peer"},
    {.id = 23, .name = "tx_queue_bytes", UNSIGNED, SOCKET(tx_queue_bytes),
     .present = PROCTCP_HAS_QUEUES, .unit = "bytes", .help = "written and not yet acknowledged"},
    {.id = 24, .name = "rx_queue_bytes", UNSIGNED, SOCKET(rx_queue_bytes),
     .present = PROCTCP_HAS_QUEUES, .unit = "bytes", .help = "received and not yet read"},
    {.id = 25, .name = "accept_queue", UNSIGNED, SOCKET(accept_queue),
     .present = PROCTCP_HAS_ACCEPT_QUEUE, .unit = "connections", .help = "connections that wait to be accepted"},
    {.id = 26, .name = "accept_queue_max", UNSIGNED, SOCKET(accept_queue_max),
     .present = PROCTCP_HAS_ACCEPT_QUEUE_MAX, .unit = "connections", .help = "most connections that may wait to be accepted"},
    {.id = 27, .name = "timer", ENUM(timer), SOCKET(timer),
     .present = PROCTCP_HAS_TIMER, .help = "what the running timer is for"},
    {.id = 28, .name = "timer_expires_ms", UNSIGNED, SOCKET(timer_expires_ms),
     .present = PROCTCP_HAS_TIMER_EXPIRES, .unit = "milliseconds", .help = "until the running timer expires"},
    {.id = 29, .name = "retransmits", UNSIGNED, SOCKET(retransmits),
     .present = PROCTCP_HAS_RETRANSMITS, .help = "unrecovered retransmission timeouts"},
    {.id = 30, .name = "probes", UNSIGNED, SOCKET(probes),
     .present = PROCTCP_HAS_PROBES, .help = "unanswered zero window or keepalive probes"},
    {.id = 31, .name = "rto_ms", UNSIGNED, SOCKET(rto_ms),
     .present = PROCTCP_HAS_RTO, .unit = "milliseconds", .help = "retransmission timeout"},
    {.id = 32, .name = "ato_ms", UNSIGNED, SOCKET(ato_ms),
     .present = PROCTCP_HAS_ATO, .unit = "milliseconds", .help = "delayed acknowledgement timeout"},
    {.id = 33, .name = "quick_ack", UNSIGNED, SOCKET(quick_ack),
     .present = PROCTCP_HAS_ACK_MODE, .help = "acknowledgements still to be sent at once"},
    {.id = 34, .name = "pingpong", .type = PROCTCP_BOOLEAN, SOCKET(pingpong),
     .present = PROCTCP_HAS_ACK_MODE, .help = "whether the session is interactive, so that acknowledgements are delayed"},
    {.id = 35, .name = "cwnd_segments", UNSIGNED, SOCKET(cwnd_segments),
     .present = PROCTCP_HAS_CWND, .unit = "segments", .help = "congestion window"},
    {.id = 36, .name = "ssthresh_segments", .type = PROCTCP_SIGNED, SOCKET(ssthresh_segments),
     .present = PROCTCP_HAS_SSTHRESH, .unit = "segments", .help = "slow start threshold; -1: still in initial slow start"},
    {.id = 37, .name = "congestion", .type = PROCTCP_NAME, SOCKET(congestion),
     .present = PROCTCP_HAS_CONGESTION, .help = "congestion control algorithm"},
    {.id = 38, .name = "ca_state", ENUM(ca_state), SOCKET(ca_state),
     .present = PROCTCP_HAS_INFO, .help = "state of the congestion control"},
    {.id = 39, .name = "rtt_us", UNSIGNED, SOCKET(rtt_us),
     .present = PROCTCP_HAS_RTT, .unit = "microseconds", .help = "smoothed round-trip time"},
    {.id = 40, .name = "rtt_var_us", UNSIGNED, SOCKET(rtt_var_us),
     .present = PROCTCP_HAS_RTT, .unit = "microseconds", .help = "mean deviation of the round-trip time"},
    {.id = 41, .name = "min_rtt_us", UNSIGNED, SOCKET(min_rtt_us),
     .present = PROCTCP_HAS_MIN_RTT, .unit = "microseconds", .help = "least round-trip time of late"},
    {.id = 42, .name = "rcv_rtt_us", UNSIGNED, SOCKET(rcv_rtt_us),
     .present = PROCTCP_HAS_RCV_RTT, .unit = "microseconds", .help = "round-trip time as the receiver estimates it"},
    {.id = 43, .name = "snd_mss_bytes", UNSIGNED, SOCKET(snd_mss_bytes),
     .present = PROCTCP_HAS_INFO, .unit = "bytes", .help = "segment size in use for sending"},
    {.id = 44, .name = "rcv_mss_bytes", UNSIGNED, SOCKET(rcv_mss_bytes),
     .present = PROCTCP_HAS_INFO, .unit = "bytes", .help = "segment size seen in receiving"},
    {.id = 45, .name = "advmss_bytes", UNSIGNED, SOCKET(advmss_bytes),
     .present = PROCTCP_HAS_INFO, .unit = "bytes", .help = "segment size advertised to the peer"},
    {.id = 46, .name = "pmtu_bytes", UNSIGNED, SOCKET(pmtu_bytes),
     .present = PROCTCP_HAS_INFO, .unit = "bytes", .help = "path MTU"},
    {.id = 47, .name = "snd_wnd_bytes", UNSIGNED, SOCKET(snd_wnd_bytes),
     .present = PROCTCP_HAS_SND_WND, .unit = "bytes", .help = "window that the peer offers"},
    {.id = 48, .name = "rcv_wnd_bytes", UNSIGNED, SOCKET(rcv_wnd_bytes),
     .present = PROCTCP_HAS_RCV_WND, .unit = "bytes", .help = "window offered to the peer"},
    {.id = 49, .name = "rcv_space_bytes", UNSIGNED, SOCKET(rcv_space_bytes),
     .present = PROCTCP_HAS_INFO, .unit = "bytes", .help = "receive buffer that the kernel aims at"},
    {.id = 50, .name = "reordering", UNSIGNED, SOCKET(reordering),
     .present = PROCTCP_HAS_INFO, .help = "reordering that is not taken for loss"},
    {.id = 51, .name = "unacked_segments", UNSIGNED, SOCKET(unacked_segments),
     .present = PROCTCP_HAS_INFO, .unit = "segments", .help = "sent and not yet acknowledged"},
    {.id = 52, .name = "sacked_segments", UNSIGNED, IMPAIRMENT(sacked_segments),
     .present = PROCTCP_HAS_INFO, .unit = "segments", .help = "of these, selectively acknowledged"},
    {.id = 53, .name = "lost_segments", UNSIGNED, IMPAIRMENT(lost_segments),
     .present = PROCTCP_HAS_INFO, .unit = "segments", .help = "of these, taken for lost"},
    {.id = 54, .name = "retrans_segments", UNSIGNED, IMPAIRMENT(retrans_segments),
     .present = PROCTCP_HAS_INFO, .unit = "segments", .help = "of these, sent again"},
    {.id = 55, .name = "notsent_bytes", UNSIGNED, IMPAIRMENT(notsent_bytes),
     .present = PROCTCP_HAS_NOTSENT, .unit = "bytes", .help = "written and not yet sent"},
    {.id = 56, .name = "delivery_rate_bytes_per_s", UNSIGNED, SOCKET(delivery_rate_bytes_per_s),
     .present = PROCTCP_HAS_DELIVERY_RATE, .unit = "bytes per second", .help = "rate at which data was delivered of late"},
    {.id = 57, .name = "pacing_rate_bytes_per_s", UNSIGNED, SOCKET(pacing_rate_bytes_per_s),
     .present = PROCTCP_HAS_PACING_RATE, .unit = "bytes per second", .help = "rate at which data may be sent"},
    {.id = 58, .name = "bytes_sent", COUNTER, SOCKET(bytes_sent),
     .present = PROCTCP_HAS_BYTES_SENT, .unit = "bytes", .help = "payload sent, with what was sent again"},
    {.id = 59, .name = "bytes_acked", COUNTER, SOCKET(bytes_acked),
     .present = PROCTCP_HAS_BYTES, .unit = "bytes", .help = "bytes that the peer acknowledged, its SYN and FIN too"},
    {.id = 60, .name = "bytes_retrans", COUNTER, IMPAIRMENT(bytes_retrans),
     .present = PROCTCP_HAS_BYTES_SENT, .unit = "bytes", .help = "payload sent again"},
    {.id = 61, .name = "bytes_received", COUNTER, SOCKET(bytes_received),
     .present = PROCTCP_HAS_BYTES, .unit = "bytes", .help = "bytes received in order, as the kernel counts (FIN too)"},
    {.id = 62, .name = "segs_out", COUNTER, SOCKET(segs_out),
     .present = PROCTCP_HAS_SEGS, .unit = "segments", .help = "segments sent"},
    {.id = 63, .name = "segs_in", COUNTER, SOCKET(segs_in),
     .present = PROCTCP_HAS_SEGS, .unit = "segments", .help = "segments received"},
    {.id = 64, .name = "data_segs_out", COUNTER, SOCKET(data_segs_out),
     .present = PROCTCP_HAS_DATA_SEGS, .unit = "segments", .help = "segments with payload sent"},
    {.id = 65, .name = "data_segs_in", COUNTER, SOCKET(data_segs_in),
     .present = PROCTCP_HAS_DATA_SEGS, .unit = "segments", .help = "segments with payload received"},
    {.id = 66, .name = "total_retrans", COUNTER, IMPAIRMENT(total_retrans),
     .present = PROCTCP_HAS_INFO, .unit = "segments", .help = "segments sent again"},
    {.id = 67, .name = "dsack_dups", COUNTER, IMPAIRMENT(dsack_dups),
     .present = PROCTCP_HAS_BYTES_SENT, .unit = "segments", .help = "duplicates that the peer reported"},
    {.id = 68, .name = "reord_seen", COUNTER, IMPAIRMENT(reord_seen),
     .present = PROCTCP_HAS_BYTES_SENT, .help = "times that reordering was seen"},
    {.id = 69, .name = "rcv_ooo_packets", COUNTER, IMPAIRMENT(rcv_ooo_packets),
     .present = PROCTCP_HAS_RCV_OOO, .unit = "packets", .help = "packets received out of order"},
    {.id = 70, .name = "delivered", COUNTER, SOCKET(delivered),
     .present = PROCTCP_HAS_DELIVERED, .unit = "packets", .help = "packets delivered, with what was sent again"},
    {.id = 71, .name = "delivered_ce", COUNTER, IMPAIRMENT(delivered_ce),
     .present = PROCTCP_HAS_DELIVERED, .unit = "packets", .help = "of these, marked for congestion (ECN)"},
    {.id = 72, .name = "busy_time_us", COUNTER, SOCKET(busy_time_us),
     .present = PROCTCP_HAS_BUSY_TIME, .unit = "microseconds", .help = "time with data to send"},
    {.id = 73, .name = "rwnd_limited_us", COUNTER, IMPAIRMENT(rwnd_limited_us),
     .present = PROCTCP_HAS_BUSY_TIME, .unit = "microseconds", .help = "time held back by the window of the peer"},
    {.id = 74, .name = "sndbuf_limited_us", COUNTER, IMPAIRMENT(sndbuf_limited_us),
     .present = PROCTCP_HAS_BUSY_TIME, .unit = "microseconds", .help = "time held back by the send buffer"},
    {.id = 75, .name = "last_data_sent_ms", UNSIGNED, SOCKET(last_data_sent_ms),
     .present = PROCTCP_HAS_INFO, .unit = "milliseconds", .help = "since data was last sent"},
    {.id = 76, .name = "last_data_received_ms", UNSIGNED, SOCKET(last_data_received_ms),
     .present = PROCTCP_HAS_INFO, .unit = "milliseconds", .help = "since data was last received"},
    {.id = 77, .name = "last_ack_received_ms", UNSIGNED, SOCKET(last_ack_received_ms),
     .present = PROCTCP_HAS_INFO, .unit = "milliseconds", .help = "since an acknowledgement was last received"},
    {.id = 78, .name = "rmem_alloc_bytes", UNSIGNED, SOCKET(rmem_alloc_bytes),
     .present = PROCTCP_HAS_MEMORY, .unit = "bytes", .help = "memory that received data takes"},
    {.id = 79, .name = "rcvbuf_bytes", UNSIGNED, SOCKET(rcvbuf_bytes),
     .present = PROCTCP_HAS_MEMORY, .unit = "bytes", .help = "receive buffer"},
    {.id = 80, .name = "wmem_alloc_bytes", UNSIGNED, SOCKET(wmem_alloc_bytes),
     .present = PROCTCP_HAS_MEMORY, .unit = "bytes", .help = "memory that data to send takes"},
    {.id = 81, .name = "sndbuf_bytes", UNSIGNED, SOCKET(sndbuf_bytes),
     .present = PROCTCP_HAS_MEMORY, .unit = "bytes", .help = "send buffer"},
    {.id = 82, .name = "drops", COUNTER, IMPAIRMENT(drops),
     .present = PROCTCP_HAS_DROPS, .unit = "packets", .help = "packets dropped by the socket"},
    {.id = 83, .name = "interface", UNSIGNED, SOCKET(interface),
     .present = PROCTCP_HAS_INTERFACE, .help = "index of the interface that the socket is bound to"},
};
/* clang-format on */

/* clang-format off */
static const struct proctcp_field last_holder_fields[] = {
    {.id = 84, .name = "last_pid", .type = PROCTCP_SIGNED, HOLDER(pid),
     .help = "of a socket that nobody holds: process id of its last holder"},
    {.id = 85, .name = "last_process", .type = PROCTCP_TEXT, HOLDER(process),
     .help = "name of the last holder"},
};

static const struct proctcp_field unattributed_fields[] = {
    {.id = 1, .name = "netns", UNSIGNED, UNHELD(netns),
     .help = "inode of the network namespace"},
    {.id = 2, .name = "state", ENUM(state), UNHELD(state),
     .help = "TCP state"},
    {.id = 3, .name = "sockets", UNSIGNED, UNHELD(sockets),
     .unit = "sockets", .help = "sockets that no visible process holds"},
    {.id = 4, .name = "last_pid", .type = PROCTCP_SIGNED, UNHELD(last_pid),
     .help = "process id of their last holder"},
    {.id = 5, .name = "last_process", .type = PROCTCP_TEXT, UNHELD(last_process),
     .help = "name of their last holder"},
};
/* clang-format on */

#define STATE_COUNT(number, word)                                                                                      \
    {                                                                                                                  \
        .id = 11 + (number), .name = word, UNSIGNED, PROCESS(by_state[number]), .unit = "sockets",                     \
        .help = "sockets held in this state"                                                                           \
    }

/* clang-format off */
static const struct proctcp_field process_fields[] = {
    {.id = 1, .name = "pid", .type = PROCTCP_SIGNED, PROCESS(pid),
     .help = "process id"},
    {.id = 2, .name = "process", .type = PROCTCP_TEXT, PROCESS(name),
     .present = PROCTCP_HAS_PROCESS, .help = "name (comm)"},
    {.id = 3, .name = "executable", .type = PROCTCP_TEXT, PROCESS(executable),
     .present = PROCTCP_HAS_EXECUTABLE, .help = "path of the program"},
    {.id = 4, .name = "uid", UNSIGNED, PROCESS(uid),
     .present = PROCTCP_HAS_PROCESS_UID, .help = "effective user id"},
    {.id = 5, .name = "cgroup", .type = PROCTCP_TEXT, PROCESS(cgroup),
     .present = PROCTCP_HAS_CGROUP, .help = "control group"},
    {.id = 6, .name = "netns", UNSIGNED, PROCESS(netns),
     .present = PROCTCP_HAS_PROCESS_NETNS, .help = "inode of the network namespace it lives in"},
    {.id = 7, .name = "start_time", .type = PROCTCP_TIME, PROCESS(start_time),
     .present = PROCTCP_HAS_START_TIME, .help = "when it started"},
    {.id = 8, .name = "first_seen", .type = PROCTCP_TIME, PROCESS(first_seen),
     .help = "time of the scan that first saw it with a TCP socket"},
    {.id = 9, .name = "fds", UNSIGNED, PROCESS(fds),
     .unit = "descriptors", .help = "open descriptors of any kind"},
    {.id = 10, .name = "fd_limit", UNSIGNED, PROCESS(fd_limit),
     .present = PROCTCP_HAS_FD_LIMIT, .unit = "descriptors", .help = "most descriptors it may open (soft limit)"},
    {.id = 11, .name = "sockets", UNSIGNED, PROCESS(sockets),
     .unit = "sockets", .help = "TCP sockets held"},
    STATE_COUNT(PROCTCP_CLOSED, "closed"),
    STATE_COUNT(PROCTCP_LISTEN, "listen"),
    STATE_COUNT(PROCTCP_SYN_SENT, "syn_sent"),
    STATE_COUNT(PROCTCP_SYN_RECEIVED, "syn_received"),
    STATE_COUNT(PROCTCP_ESTABLISHED, "established"),
    STATE_COUNT(PROCTCP_FIN_WAIT1, "fin_wait1"),
    STATE_COUNT(PROCTCP_FIN_WAIT2, "fin_wait2"),
    STATE_COUNT(PROCTCP_CLOSE_WAIT, "close_wait"),
    STATE_COUNT(PROCTCP_LAST_ACK, "last_ack"),
    STATE_COUNT(PROCTCP_CLOSING, "closing"),
    STATE_COUNT(PROCTCP_TIME_WAIT, "time_wait"),
    {.id = 23, .name = "unbound", UNSIGNED, PROCESS(unbound),
     .unit = "sockets", .help = "TCP sockets held that are neither connected nor listening: not yet, or torn down and not closed"},
    {.id = 24, .name = "tx_queue_bytes", UNSIGNED, PROCESS(tx_queue_bytes),
     .unit = "bytes", .help = "sum over its non-listening sockets of owner_rank 1"},
    {.id = 25, .name = "rx_queue_bytes", UNSIGNED, PROCESS(rx_queue_bytes),
     .unit = "bytes", .help = "sum over its non-listening sockets of owner_rank 1"},
    {.id = 26, .name = "bytes_sent", COUNTER, PROCESS(totals.bytes_sent),
     .present = PROCTCP_HAS_TOTAL_BYTES_SENT, .unit = "bytes", .help = "bytes that its sockets sent, with what was sent again, in all"},
    {.id = 27, .name = "bytes_acked", COUNTER, PROCESS(totals.bytes_acked),
     .present = PROCTCP_HAS_TOTAL_BYTES_ACKED, .unit = "bytes", .help = "bytes that were acknowledged to its sockets, as the kernel counts (SYN and FIN too), in all"},
    {.id = 28, .name = "bytes_received", COUNTER, PROCESS(totals.bytes_received),
     .present = PROCTCP_HAS_TOTAL_BYTES_RECEIVED, .unit = "bytes", .help = "bytes that its sockets received, as the kernel counts (FIN too), in all"},
    {.id = 29, .name = "segs_out", COUNTER, PROCESS(totals.segs_out),
     .present = PROCTCP_HAS_TOTAL_SEGS_OUT, .unit = "segments", .help = "segments that its sockets sent, in all"},
    {.id = 30, .name = "segs_in", COUNTER, PROCESS(totals.segs_in),
     .present = PROCTCP_HAS_TOTAL_SEGS_IN, .unit = "segments", .help = "segments that its sockets received, in all"},
    {.id = 31, .name = "retransmissions", COUNTER, PROCESS(totals.retransmissions),
     .present = PROCTCP_HAS_TOTAL_RETRANSMISSIONS, .unit = "segments", .help = "segments that its sockets sent again, in all"},
    {.id = 32, .name = "sockets_opened", COUNTER, PROCESS(sockets_opened),
     .unit = "sockets", .help = "sockets first seen in it, in all"},
    {.id = 33, .name = "sockets_closed", COUNTER, PROCESS(sockets_closed),
     .unit = "sockets", .help = "sockets last seen in it, in all"},
    {.id = 34, .name = "left_behind", UNSIGNED, PROCESS(left_behind),
     .unit = "sockets", .help = "sockets in TIME_WAIT and orphans whose last holder it was"},
    {.id = 35, .name = "payload_sent_bytes", COUNTER, PROCESS(totals.payload_sent_bytes),
     .present = PROCTCP_HAS_TOTAL_PAYLOAD_SENT, .unit = "bytes", .help = "payload that its sockets sent, each byte once, in all"},
    {.id = 36, .name = "payload_received_bytes", COUNTER, PROCESS(totals.payload_received_bytes),
     .present = PROCTCP_HAS_TOTAL_PAYLOAD_RECEIVED, .unit = "bytes", .help = "payload that its sockets received, in all"},
    {.id = 37, .name = "unit", .type = PROCTCP_TEXT, PROCESS(unit),
     .present = PROCTCP_HAS_UNIT, .help = "systemd unit it runs in"},
    {.id = 38, .name = "container", .type = PROCTCP_TEXT, PROCESS(container),
     .present = PROCTCP_HAS_CONTAINER, .help = "container it runs in: the first 12 digits of its id, or its name"},
    {.id = 39, .name = "retransmitting", UNSIGNED, PROCESS(retransmitting),
     .unit = "sockets", .help = "its sockets with unrecovered timeouts, or segments sent again and not acknowledged"},
    {.id = 40, .name = "accept_queue", UNSIGNED, PROCESS(accept_queue),
     .present = PROCTCP_HAS_PROCESS_ACCEPT_QUEUE, .unit = "connections", .help = "connections that wait to be accepted; sum over its listeners of owner_rank 1"},
    {.id = 41, .name = "accept_drops", COUNTER, PROCESS(totals.accept_drops),
     .present = PROCTCP_HAS_TOTAL_ACCEPT_DROPS, .unit = "packets", .help = "packets that the full SYN and accept queues of its listeners dropped, in all"},
    {.id = 42, .name = "connects", COUNTER, PROCESS(connections.connects),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "connections that it began and that came to be, in all"},
    {.id = 43, .name = "connect_failures", COUNTER, PROCESS(connections.connect_failures),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "connections that it tried and that did not come to be, in all"},
    {.id = 44, .name = "connect_failures_refused", COUNTER, PROCESS(connections.connect_failures_refused),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "of these, refused by the other end, in all"},
    {.id = 45, .name = "connect_failures_timed_out", COUNTER, PROCESS(connections.connect_failures_timed_out),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "of these, without an answer, in all"},
    {.id = 46, .name = "connect_failures_unreachable", COUNTER, PROCESS(connections.connect_failures_unreachable),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "of these, to a host or network that could not be reached, in all"},
    {.id = 47, .name = "connect_failures_other", COUNTER, PROCESS(connections.connect_failures_other),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "of these, for another reason, mostly given up by the process, in all"},
    {.id = 48, .name = "accepts", COUNTER, PROCESS(connections.accepts),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "connections that came in and that it accepted, in all"},
    {.id = 49, .name = "closed_connections", COUNTER, PROCESS(connections.closed_connections),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "connections that came to their end, in all"},
    {.id = 50, .name = "resets", COUNTER, PROCESS(connections.resets),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "connections that were reset, from either end, in all"},
    {.id = 51, .name = "resets_sent", COUNTER, PROCESS(connections.resets_sent),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "of these, reset from this end, in all"},
    {.id = 52, .name = "resets_received", COUNTER, PROCESS(connections.resets_received),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "connections", .help = "of these, reset from the other end, in all"},
    {.id = 53, .name = "connect_time_us", COUNTER, PROCESS(connections.connect_time_us),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "microseconds", .help = "how long its connects took, those that came to be, in all"},
    {.id = 54, .name = "lifetime_us", COUNTER, PROCESS(connections.lifetime_us),
     .present = PROCTCP_HAS_CONNECTIONS, .unit = "microseconds", .help = "how long its closed connections had lasted, in all"},
};
/* clang-format on */

/* clang-format off */
static const struct proctcp_field stats_fields[] = {
    {.id = 1, .name = "generation", COUNTER, STATS(generation),
     .unit = "scans", .help = "number of the scan"},
    {.id = 2, .name = "time", .type = PROCTCP_TIME, STATS(time),
     .help = "when the scan began"},
    {.id = 3, .name = "duration_us", UNSIGNED, STATS(duration_us),
     .unit = "microseconds", .help = "how long the scan took"},
    {.id = 4, .name = "source", ENUM(source), STATS(source),
     .help = "where the sockets were read"},
    {.id = 5, .name = "rows", UNSIGNED, STATS(rows),
     .unit = "rows", .help = "rows of the snapshot"},
    {.id = 6, .name = "sockets", UNSIGNED, STATS(sockets),
     .unit = "sockets", .help = "TCP sockets of the snapshot, held or not"},
    {.id = 7, .name = "processes", UNSIGNED, STATS(processes),
     .unit = "processes", .help = "processes that hold a TCP socket"},
    {.id = 8, .name = "processes_seen", UNSIGNED, STATS(processes_seen),
     .unit = "processes", .help = "processes looked at"},
    {.id = 9, .name = "descriptors", UNSIGNED, STATS(descriptors),
     .unit = "descriptors", .help = "descriptors looked at"},
    {.id = 10, .name = "namespaces", UNSIGNED, STATS(namespaces),
     .unit = "namespaces", .help = "network namespaces whose tables were read"},
    {.id = 11, .name = "namespaces_failed", UNSIGNED, STATS(namespaces_failed),
     .unit = "namespaces", .help = "network namespaces whose tables could not be read"},
    {.id = 12, .name = "unattributed", UNSIGNED, STATS(unattributed),
     .unit = "sockets", .help = "sockets that no visible process holds"},
    {.id = 13, .name = "unbound", UNSIGNED, STATS(unbound),
     .unit = "sockets", .help = "sockets that are neither connected nor listening, and in no table of the kernel"},
    {.id = 14, .name = "denied", UNSIGNED, STATS(denied),
     .unit = "processes", .help = "processes whose descriptors may not be read"},
    {.id = 15, .name = "vanished", UNSIGNED, STATS(vanished),
     .unit = "processes", .help = "processes that ended during the scan"},
    {.id = 16, .name = "closed", UNSIGNED, STATS(closed),
     .unit = "descriptors", .help = "descriptors that closed during the scan"},
    {.id = 17, .name = "exhausted", UNSIGNED, STATS(exhausted),
     .unit = "reads", .help = "reads given up for want of descriptors or kernel memory"},
    {.id = 18, .name = "failed", UNSIGNED, STATS(failed),
     .unit = "processes", .help = "processes that could not be read for another reason"},
    {.id = 19, .name = "malformed", UNSIGNED, STATS(malformed),
     .unit = "lines", .help = "lines or messages that could not be understood"},
    {.id = 20, .name = "duplicates", UNSIGNED, STATS(duplicates),
     .unit = "sockets", .help = "sockets that a table showed more than once"},
    {.id = 21, .name = "dump_retries", UNSIGNED, STATS(dump_retries),
     .unit = "dumps", .help = "tables read again because the kernel interrupted the dump"},
    {.id = 22, .name = "failure", .type = PROCTCP_TEXT, STATS(failure),
     .help = "the first thing that failed, in words; empty if nothing did"},
    {.id = 23, .name = "unread", UNSIGNED, STATS(unread),
     .unit = "descriptors", .help = "TCP descriptors left out, for the tables that should show them were not read"},
    {.id = 24, .name = "source_reason", .type = PROCTCP_TEXT, STATS(source_reason),
     .help = "why not the better source; empty if it was"},
    {.id = 25, .name = "namespaces_procfs", UNSIGNED, STATS(namespaces_procfs),
     .unit = "namespaces", .help = "of the network namespaces read: through /proc"},
    {.id = 26, .name = "skipped", UNSIGNED, STATS(skipped),
     .unit = "processes", .help = "processes that the selection left out, and whose descriptors were not looked at"},
    {.id = 27, .name = "connections_counted", .type = PROCTCP_BOOLEAN, STATS(connections_counted),
     .help = "whether connections that began and ended between two scans are counted, too"},
    {.id = 28, .name = "connections_reason", .type = PROCTCP_TEXT, STATS(connections_reason),
     .help = "why they are not; empty if they are"},
    {.id = 29, .name = "connections_missed", COUNTER, STATS(connections_missed),
     .unit = "connections", .help = "connections that were not counted, or not to their end, for the tables of the kernel were full"},
};
/* clang-format on */

const struct proctcp_field *proctcp_row_fields(size_t *count)
{
    *count = COUNT(row_fields);
    return row_fields;
}

const struct proctcp_field *proctcp_last_holder_fields(size_t *count)
{
    *count = COUNT(last_holder_fields);
    return last_holder_fields;
}

const struct proctcp_field *proctcp_unattributed_fields(size_t *count)
{
    *count = COUNT(unattributed_fields);
    return unattributed_fields;
}

const struct proctcp_field *proctcp_process_fields(size_t *count)
{
    *count = COUNT(process_fields);
    return process_fields;
}

const struct proctcp_field *proctcp_stats_fields(size_t *count)
{
    *count = COUNT(stats_fields);
    return stats_fields;
}

const struct proctcp_field *proctcp_field_by_name(const struct proctcp_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    }
    return NULL;
}

static uint64_t read_unsigned(const void *at, uint8_t size)
{
    switch (size) {
    case 1:
        return *(const uint8_t *)at;
    case 2:
        return *(const uint16_t *)at;
    case 4:
        return *(const uint32_t *)at;
    default:
        return *(const uint64_t *)at;
    }
}

/* Signed members are all 32 bits wide. */
void field_read(const void *record, const struct proctcp_field *field, struct proctcp_value *value)
{
    const char *at = (const char *)record + field->offset;

    value->type = field->type;
    switch (value->type) {
    case PROCTCP_SIGNED:
        value->signed_number = *(const int32_t *)(const void *)at;
        break;
    case PROCTCP_TEXT:
        value->text = *(const char *const *)(const void *)at;
        break;
    case PROCTCP_ADDRESS:
        value->address = (const struct proctcp_address *)(const void *)at;
        break;
    default:
        value->number = read_unsigned(at, field->size);
    }
}

static bool read_socket(const struct proctcp_snapshot *snapshot, const struct proctcp_socket *socket,
                        const struct proctcp_field *field, struct proctcp_value *value)
{
    if (field->present && !(socket->present & field->present))
        return false;
    if (field->record == PROCTCP_IN_IMPAIRMENT) {
        field_read(&snapshot->impairments[socket->impairment], field, value);
        return true;
    }
    field_read(socket, field, value);
    if (field->type == PROCTCP_NAME)
        *value = (struct proctcp_value){.type = PROCTCP_TEXT, .text = snapshot->congestion_names[value->number]};
    return true;
}

bool proctcp_row_value(const struct proctcp_snapshot *snapshot, const struct proctcp_row *row,
                       const struct proctcp_field *field, struct proctcp_value *value)
{
    switch (field->record) {
    case PROCTCP_IN_SOCKET:
    case PROCTCP_IN_IMPAIRMENT:
        return read_socket(snapshot, &snapshot->sockets[row->socket], field, value);
    case PROCTCP_IN_LAST_HOLDER:
        return false; /* it is held */
    case PROCTCP_IN_PEER:
    case PROCTCP_IN_PEER_PROCESS:
        if (row->peer == PROCTCP_NONE)
            return false;
        row = &snapshot->rows[row->peer];
        break;
    default:
        break;
    }
    if (field->record == PROCTCP_IN_PROCESS || field->record == PROCTCP_IN_PEER_PROCESS)
        return proctcp_process_value(&snapshot->processes[row->process], field, value);
    field_read(row, field, value);
    return true;
}

bool proctcp_socket_value(const struct proctcp_snapshot *snapshot, uint32_t socket, const struct proctcp_row *row,
                          const struct proctcp_field *field, struct proctcp_value *value)
{
    const struct proctcp_last_holder *holder;

    if (row)
        return proctcp_row_value(snapshot, row, field, value);
    switch (field->record) {
    case PROCTCP_IN_SOCKET:
    case PROCTCP_IN_IMPAIRMENT:
        return read_socket(snapshot, &snapshot->sockets[socket], field, value);
    case PROCTCP_IN_LAST_HOLDER:
        holder = proctcp_find_last_holder(snapshot, socket);
        if (holder)
            field_read(holder, field, value);
        return holder != NULL;
    default:
        return false;
    }
}

bool proctcp_unattributed_value(const struct proctcp_unattributed *unattributed, const struct proctcp_field *field,
                                struct proctcp_value *value)
{
    const bool is_holder = field->offset == offsetof(struct proctcp_unattributed, last_pid) ||
                           field->offset == offsetof(struct proctcp_unattributed, last_process);
    if (is_holder && unattributed->last_pid == 0)
        return false;
    field_read(unattributed, field, value);
    return true;
}

static int compare_last_holders(const void *a, const void *b)
{
    uint32_t x = ((const struct proctcp_last_holder *)a)->socket, y = ((const struct proctcp_last_holder *)b)->socket;
    return (x > y) - (x < y);
}

const struct proctcp_last_holder *proctcp_find_last_holder(const struct proctcp_snapshot *snapshot, uint32_t socket)
{
    const struct proctcp_last_holder wanted = {.socket = socket};

    if (!snapshot->last_holder_count)
        return NULL;
    return bsearch(&wanted, snapshot->last_holders, snapshot->last_holder_count, sizeof(wanted), compare_last_holders);
}

bool proctcp_process_value(const struct proctcp_process *process, const struct proctcp_field *field,
                           struct proctcp_value *value)
{
    if (field->present && !(process->present & field->present))
        return false;
    field_read(process, field, value);
    return true;
}

bool proctcp_stats_value(const struct proctcp_stats *stats, const struct proctcp_field *field,
                         struct proctcp_value *value)
{
    field_read(stats, field, value);
    return true;
}
