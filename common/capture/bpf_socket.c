/* bpf_socket.c - what a record says of a socket: as a message of sock_diag would. What that means, sock_diag.c knows.
 */
#include "capture/bpf_socket.h"

#include "capture/inet_diag.h"
#include "capture/sink.h"
#include "capture/sock_diag.h"
#include "capture/tcp_states.h"

#include <sys/socket.h>

#define STATE_UNBOUND 7 /* TCP_CLOSE of the kernel: of what is bound, records have TCP_STATES_BOUND_INACTIVE */

/* As unhashed.c has those that are in no table. The cookie is not told of those; here it is kept for sink_knows(), for
 * it may connect before a table is read. */
static void read_unbound(const struct bpf_socket_record *record, struct proctcp_socket *socket)
{
    *socket = (struct proctcp_socket){.inode = record->inode,
                                      .cookie = record->cookie,
                                      .subflow = 1,
                                      .state = PROCTCP_CLOSED,
                                      .direction = PROCTCP_DIRECTION_UNKNOWN,
                                      .family = record->family == AF_INET6 ? PROCTCP_INET6 : PROCTCP_INET,
                                      .timer = PROCTCP_TIMER_NONE};
}

/* false: it makes no sense. */
static bool read_bound(struct inquiry *inquiry, const struct bpf_socket_record *record, struct proctcp_socket *socket,
                       struct proctcp_impairment *impairment)
{
    const uint8_t state = tcp_states_of_mib(record->state);
    /* What is no full socket, in TIME_WAIT or SYN_RECV, has no RTO. */
    const bool has_info = state != PROCTCP_LISTEN && state != PROCTCP_CLOSED && record->info.rto_us;
    const uint64_t cookie = record->cookie ? record->cookie : UINT64_MAX; /* none: INET_DIAG_NOCOOKIE */
    struct inet_diag_msg message = {
        .idiag_family = record->family,
        .idiag_state = record->state,
        .idiag_timer = record->timer,
        .idiag_retrans = record->retrans,
        .id = {.idiag_sport = record->source_port,
               .idiag_dport = record->destination_port,
               .idiag_if = record->interface,
               .idiag_cookie = {(uint32_t)cookie, (uint32_t)(cookie >> 32)}},
        .idiag_expires = record->expires_ms,
        .idiag_rqueue = record->rqueue,
        .idiag_wqueue = record->wqueue,
        .idiag_uid = record->uid,
        .idiag_inode = record->inode,
    };
    const struct inet_diag_socket from = {
        .message = &message,
        .info = has_info ? (const uint8_t *)&record->info : NULL,
        .info_length = offsetof(struct bpf_tcp_info, zero),
        .memory = record->memory,
        .memory_count = BPF_RECORD_MEMORY,
        .has_v6only = record->family == AF_INET6,
        .v6only = record->v6only,
    };

    memcpy(message.id.idiag_src, record->source, sizeof(message.id.idiag_src));
    memcpy(message.id.idiag_dst, record->destination, sizeof(message.id.idiag_dst));
    if (!sock_diag_parse(&from, inquiry->shown.given, socket, impairment))
        return false;
    if (record->was_accepted && has_info)
        socket->present |= PROCTCP_WAS_ACCEPTED;
    return true;
}

static int name_congestion(struct inquiry *inquiry, const struct bpf_socket_record *record,
                           struct proctcp_socket *socket)
{
    const char *name = (const char *)record->congestion;
    const size_t length = strnlen(name, sizeof(record->congestion));

    if (!length || socket->state == PROCTCP_LISTEN || socket->state == PROCTCP_CLOSED)
        return 0;
    socket->present |= PROCTCP_HAS_CONGESTION;
    return sink_congestion_name(inquiry, name, length, &socket->congestion);
}

int bpf_socket_parse(struct inquiry *inquiry, const struct bpf_socket_record *record, struct proctcp_socket *socket,
                     struct proctcp_impairment *impairment)
{
    if (record->state == STATE_UNBOUND)
        read_unbound(record, socket);
    else if (!read_bound(inquiry, record, socket, impairment))
        return -EBADMSG;
    return name_congestion(inquiry, record, socket);
}
