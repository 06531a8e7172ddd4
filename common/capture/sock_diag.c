/* sock_diag.c - a sock_diag dump to sockets. Knows requests, messages and attributes; nothing of who holds a socket or
 * whose namespace it is in.
 *
 * Strangers may share the namespace that a dump is made in, with CAP_NET_ADMIN there, and see our netlink socket in its
 * /proc/net/netlink. The socket is connected to the kernel, which refuses what anybody else sends to it; an answer
 * counts only if the kernel sent it (port 0) in answer to this very request (sequence). */
#include "capture/sock_diag.h"

#include "capture/guard.h"
#include "capture/inet_diag.h"
#include "capture/left_alone.h"
#include "capture/netns.h"
#include "capture/sink.h"
#include "capture/tcp_info.h"
#include "capture/tcp_states.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DUMP_TRIES      3
#define RECEIVE_TIMEOUT 10 /* seconds; the kernel answers at once or not at all */

/* The kernel's mask of states (of the TCP-MIB, a bit each), but for those that are bound and no more: to look for them
 * takes another table. */
static uint32_t kernel_states(uint32_t states)
{
    uint32_t mask = 0;
    for (unsigned state = 1; state < TCP_STATES_BOUND_INACTIVE; state++)
        mask |= (states >> tcp_states_of_mib(state) & 1) << state;
    return mask;
}

/* ---- one message ---- */

static void read_endpoints(const struct inet_diag_sockid *id, bool ipv6, struct proctcp_socket *socket)
{
    static const struct proctcp_address mapped = {.bytes = {[10] = 0xff, [11] = 0xff}};

    socket->local_address = socket->remote_address = mapped;
    if (ipv6) {
        memcpy(socket->local_address.bytes, id->idiag_src, 16);
        memcpy(socket->remote_address.bytes, id->idiag_dst, 16);
    } else {
        memcpy(socket->local_address.bytes + 12, id->idiag_src, 4);
        memcpy(socket->remote_address.bytes + 12, id->idiag_dst, 4);
    }
    socket->local_port = ntohs(id->idiag_sport);
    socket->remote_port = ntohs(id->idiag_dport);
}

/* 0 none, 1 retransmission, 2 keepalive, 3 TIME_WAIT, 4 zero window probe. What expires is in ms. */
static void read_timer(const struct inet_diag_msg *message, struct proctcp_socket *socket)
{
    static const uint8_t timers[] = {PROCTCP_TIMER_NONE, PROCTCP_TIMER_RETRANSMIT, PROCTCP_TIMER_KEEPALIVE,
                                     PROCTCP_TIMER_TIME_WAIT, PROCTCP_TIMER_PROBE};

    if (message->idiag_timer >= sizeof(timers))
        return;
    socket->timer = timers[message->idiag_timer];
    socket->present |= PROCTCP_HAS_TIMER;
    if (message->idiag_timer) {
        /* Old kernels give an overdue timer as a negative number that lost its sign. */
        socket->timer_expires_ms = message->idiag_expires > INT32_MAX ? 0 : message->idiag_expires;
        socket->present |= PROCTCP_HAS_TIMER_EXPIRES;
    }
}

static void read_drops(const struct inet_diag_socket *from, struct proctcp_socket *socket,
                       struct proctcp_impairment *impairment)
{
    if (from->memory_count <= SK_MEMINFO_DROPS)
        return;
    impairment->drops = from->memory[SK_MEMINFO_DROPS];
    socket->present |= PROCTCP_HAS_DROPS;
}

static void read_memory(const struct inet_diag_socket *from, struct proctcp_socket *socket,
                        struct proctcp_impairment *impairment)
{
    if (from->memory_count <= SK_MEMINFO_SNDBUF)
        return;
    socket->rmem_alloc_bytes = from->memory[SK_MEMINFO_RMEM_ALLOC];
    socket->rcvbuf_bytes = from->memory[SK_MEMINFO_RCVBUF];
    socket->wmem_alloc_bytes = from->memory[SK_MEMINFO_WMEM_ALLOC];
    socket->sndbuf_bytes = from->memory[SK_MEMINFO_SNDBUF];
    socket->present |= PROCTCP_HAS_MEMORY;
    read_drops(from, socket, impairment);
}

/* Of a listener rqueue is the accept queue, wqueue its limit; tcp_info repeats both under other names. What it dropped
 * is told with its memory. */
static void read_by_state(const struct inet_diag_socket *from, uint64_t given, struct proctcp_socket *socket,
                          struct proctcp_impairment *impairment)
{
    const struct inet_diag_msg *message = from->message;

    if (socket->state == PROCTCP_LISTEN) {
        socket->accept_queue = message->idiag_rqueue;
        socket->accept_queue_max = message->idiag_wqueue;
        socket->present |= PROCTCP_HAS_ACCEPT_QUEUE | PROCTCP_HAS_ACCEPT_QUEUE_MAX | PROCTCP_HAS_UID;
        read_drops(from, socket, impairment);
        if (from->has_v6only) {
            socket->v6only = from->v6only;
            socket->present |= PROCTCP_HAS_V6ONLY;
        }
        return;
    }
    if (socket->state == PROCTCP_CLOSED) { /* bound, and no more */
        socket->present |= PROCTCP_HAS_UID;
        return;
    }
    socket->present |= PROCTCP_HAS_REMOTE;
    read_timer(message, socket);
    if (!from->info) {                               /* a mini socket: TIME_WAIT, an orphan's FIN_WAIT2, SYN_RECV */
        if (socket->state == PROCTCP_SYN_RECEIVED) { /* whose uid is a constant 0 since 4.4 */
            socket->retransmits = message->idiag_retrans;
            socket->present |= PROCTCP_HAS_RETRANSMITS;
        }
        return;
    }
    socket->tx_queue_bytes = message->idiag_wqueue;
    socket->rx_queue_bytes = message->idiag_rqueue;
    socket->present |= PROCTCP_HAS_UID | PROCTCP_HAS_QUEUES;
    tcp_info_read(from->info, from->info_length, given, socket, impairment);
    read_memory(from, socket, impairment);
}

bool sock_diag_parse(const struct inet_diag_socket *from, uint64_t given, struct proctcp_socket *socket,
                     struct proctcp_impairment *impairment)
{
    const struct inet_diag_msg *message = from->message;
    const struct inet_diag_sockid *id = &message->id;

    *socket = (struct proctcp_socket){.present = PROCTCP_HAS_LOCAL,
                                      .inode = message->idiag_inode,
                                      .uid = message->idiag_uid,
                                      .subflow = 1,
                                      .direction = PROCTCP_DIRECTION_UNKNOWN,
                                      .timer = PROCTCP_TIMER_NONE};
    *impairment = (struct proctcp_impairment){0};
    if (!tcp_states_of_mib(message->idiag_state) ||
        (message->idiag_family != AF_INET && message->idiag_family != AF_INET6))
        return false;
    socket->state = tcp_states_of_mib(message->idiag_state);
    socket->family = message->idiag_family == AF_INET6 ? PROCTCP_INET6 : PROCTCP_INET;
    read_endpoints(id, message->idiag_family == AF_INET6, socket);
    if (id->idiag_cookie[0] != INET_DIAG_NOCOOKIE || id->idiag_cookie[1] != INET_DIAG_NOCOOKIE) {
        socket->cookie = (uint64_t)id->idiag_cookie[1] << 32 | id->idiag_cookie[0];
        socket->present |= PROCTCP_HAS_COOKIE;
    }
    if (id->idiag_if) {
        socket->interface = id->idiag_if;
        socket->present |= PROCTCP_HAS_INTERFACE;
    }
    read_by_state(from, given, socket, impairment);
    return true;
}

/* ---- a dump ---- */

/* Another source gave it, with all that a message tells. */
static bool is_shown(const struct inquiry *inquiry, const struct inet_diag_sockid *id, uint32_t inode)
{
    return inode && sink_knows(inquiry, inode, (uint64_t)id->idiag_cookie[1] << 32 | id->idiag_cookie[0]);
}

static int add_socket(struct inquiry *inquiry, const struct inet_diag_socket *from, struct sock_diag_dump *dump)
{
    struct proctcp_impairment impairment;
    struct proctcp_socket *socket;

    if (inquiry->shown.is_used && is_shown(inquiry, &from->message->id, from->message->idiag_inode))
        return 0;
    socket = sink_next_socket(inquiry);
    if (!socket)
        return -ENOMEM;
    if (from->info && from->info_length != dump->info_length) {
        dump->info_length = from->info_length;
        dump->given = tcp_info_given(from->info_length);
        inquiry->capture->counters |= dump->given;
    }
    if (!sock_diag_parse(from, dump->given, socket, &impairment)) {
        inquiry->capture->sockets.count--;
        inquiry->capture->stats.malformed++;
        return 0;
    }
    dump->any_subflow |= from->is_subflow;
    if (from->congestion && socket->state != PROCTCP_LISTEN && socket->state != PROCTCP_CLOSED) {
        if (sink_congestion_name(inquiry, from->congestion, from->congestion_length, &socket->congestion) < 0)
            return -ENOMEM;
        socket->present |= PROCTCP_HAS_CONGESTION;
    }
    return sink_socket(inquiry, socket, dump->netns, &impairment, from->is_subflow);
}

enum sock_diag_progress sock_diag_take(struct inquiry *inquiry, struct sock_diag_dump *dump, size_t length, int *error)
{
    const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)inquiry->buffer;
    int left = (int)length;

    for (; inet_diag_is_whole(message, left); message = mnl_nlmsg_next(message, &left)) {
        struct inet_diag_socket from;
        if (message->nlmsg_seq != dump->sequence)
            continue; /* of another request */
        dump->interrupted |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
        switch (inet_diag_read(message, &from, error)) {
        case INET_DIAG_ANSWER_SOCKET:
            *error = -add_socket(inquiry, &from, dump);
            if (*error)
                return SOCK_DIAG_FAILED;
            break;
        case INET_DIAG_ANSWER_DONE:
            return SOCK_DIAG_DONE;
        case INET_DIAG_ANSWER_ERROR:
            *error = *error == ENOMEM ? ENOBUFS : *error; /* the kernel's memory, not ours */
            return SOCK_DIAG_FAILED;
        case INET_DIAG_ANSWER_MALFORMED:
            inquiry->capture->stats.malformed++;
            break;
        default:
            break;
        }
    }
    if (left > 0)
        inquiry->capture->stats.malformed++;
    return SOCK_DIAG_MORE;
}

/* TCPDIAG_GETSOCK, the request of old, dumps both families in one walk of the kernel's hash table. */
static int request(struct inquiry *inquiry, int netlink, uint32_t kernel_mask, bool with_info, uint32_t sequence)
{
    const uint8_t info = with_info ? 1 << (INET_DIAG_INFO - 1) : 0;
    struct {
        struct nlmsghdr header;
        struct inet_diag_req body;
    } message = {
        .header = {.nlmsg_len = sizeof(message),
                   .nlmsg_type = TCPDIAG_GETSOCK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                   .nlmsg_seq = sequence},
        .body = {.idiag_family = AF_INET,
                 .idiag_ext = info | 1 << (INET_DIAG_CONG - 1) | 1 << (INET_DIAG_SKMEMINFO - 1),
                 .idiag_states = kernel_mask},
    };
    /* The kernel begins to answer within the call. */
    return GUARD_CALL(inquiry, send(netlink, &message, sizeof(message), 0)) < 0 ? inquiry_errno() : 0;
}

/* A datagram of the kernel's into the inquiry's buffer. Its length; 0: of somebody else; -errno, -ECANCELED too. */
static ssize_t receive(struct inquiry *inquiry, int netlink)
{
    struct sockaddr_nl sender;
    struct iovec part = {inquiry->buffer, INQUIRY_BUFFER_SIZE};
    struct msghdr envelope = {.msg_name = &sender, .msg_namelen = sizeof(sender), .msg_iov = &part, .msg_iovlen = 1};
    ssize_t length;

    if (inquiry_is_cancelled(inquiry))
        return -ECANCELED;
    length = GUARD_CALL(inquiry, recvmsg(netlink, &envelope, 0));
    if (length < 0)
        return errno == EAGAIN ? -ETIMEDOUT : inquiry_errno();
    if (envelope.msg_flags & MSG_TRUNC)
        return -EMSGSIZE;
    return envelope.msg_namelen == sizeof(sender) && sender.nl_pid == 0 ? length : 0;
}

static bool may_have_info(struct inquiry *inquiry, uint32_t netns)
{
    return (!inquiry->without_info || netns == inquiry->own_netns) && !left_alone_has_netns(inquiry, netns);
}

static int dump_once(struct inquiry *inquiry, int netlink, uint32_t kernel_mask, struct sock_diag_dump *dump)
{
    enum sock_diag_progress progress = SOCK_DIAG_MORE;
    const bool with_info = may_have_info(inquiry, dump->netns);
    int status = request(inquiry, netlink, kernel_mask, with_info, dump->sequence), error = 0;

    while (status == 0 && progress == SOCK_DIAG_MORE) {
        ssize_t length = receive(inquiry, netlink);
        if (length == -EINTR)
            continue;
        if (length < 0)
            return (int)length;
        progress = sock_diag_take(inquiry, dump, (size_t)length, &error);
        if (progress == SOCK_DIAG_FAILED)
            status = -error;
    }
    return status;
}

/* A descriptor or -errno. */
static int open_netlink(void)
{
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    const struct timeval timeout = {.tv_sec = RECEIVE_TIMEOUT};
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (netlink < 0)
        return inquiry_errno();
    if (connect(netlink, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0 ||
        setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0) {
        int error = inquiry_errno();
        close(netlink);
        return error;
    }
    return netlink;
}

/* Numbers that a stranger cannot guess, another one for each request. */
static uint32_t next_sequence(struct inquiry *inquiry)
{
    uint32_t salt = (uint32_t)(inquiry->config->seed ^ inquiry->config->seed >> 32);
    return salt + ++inquiry->requests;
}

/* The mask of states hides subflows, whose number counts all: where there are any, all states are asked for. */
static uint32_t widen(uint32_t kernel_mask, const struct sock_diag_dump *dump)
{
    return dump->any_subflow ? kernel_mask | kernel_states(UINT32_MAX) : kernel_mask;
}

/* A dump that the kernel says it interrupted is made again, with what it gave thrown away; the last try stands as it
 * is.
 */
static int dump_states(struct inquiry *inquiry, uint32_t netns, uint32_t kernel_mask, bool *interrupted)
{
    const struct sink_mark mark = sink_mark(inquiry);
    int netlink = open_netlink(), status = 0;

    if (netlink < 0)
        return netlink;
    inquiry->asked_netns = netns;
    for (uint32_t tries = 1; tries <= DUMP_TRIES; tries++) {
        struct sock_diag_dump dump = {.netns = netns, .sequence = next_sequence(inquiry)};
        status = dump_once(inquiry, netlink, kernel_mask, &dump);
        const uint32_t wider = widen(kernel_mask, &dump);
        *interrupted = dump.interrupted;
        if (status || tries == DUMP_TRIES || (!dump.interrupted && wider == kernel_mask))
            break;
        inquiry->capture->stats.dump_retries += dump.interrupted;
        kernel_mask = wider;
        status = sink_take_back(inquiry, mark);
        if (status)
            break;
    }
    inquiry->asked_netns = 0;
    close(netlink);
    if (status && !inquiry_ends_with(status) && sink_take_back(inquiry, mark) < 0)
        return -ENOMEM;
    return status;
}

int sock_diag_read(struct inquiry *inquiry, struct netns *netns)
{
    const uint32_t malformed = inquiry->capture->stats.malformed;
    bool interrupted = false;
    const uint32_t bound = inquiry->config->bound ? 1u << TCP_STATES_BOUND_INACTIVE : 0;
    int status = dump_states(inquiry, netns->shown.inode, kernel_states(inquiry->config->states) | bound, &interrupted);

    netns->complete = status == 0 && !interrupted && inquiry->capture->stats.malformed == malformed;
    return status;
}

int sock_diag_read_bound(struct inquiry *inquiry, const struct netns *netns)
{
    bool interrupted;
    return dump_states(inquiry, netns->shown.inode, 1u << TCP_STATES_BOUND_INACTIVE, &interrupted);
}

/* ---- single sockets ---- */

static int request_one(struct inquiry *inquiry, int netlink, const struct shown_socket *socket, bool with_info,
                       uint32_t sequence)
{
    const uint8_t info = with_info ? 1 << (INET_DIAG_INFO - 1) : 0;
    const uint64_t cookie = socket->cookie ? socket->cookie : UINT64_MAX; /* any: INET_DIAG_NOCOOKIE */
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 body;
    } message = {
        .header = {.nlmsg_len = sizeof(message),
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST,
                   .nlmsg_seq = sequence},
        .body = {.sdiag_family = socket->family,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_ext = info | 1 << (INET_DIAG_CONG - 1) | 1 << (INET_DIAG_SKMEMINFO - 1),
                 .idiag_states = UINT32_MAX,
                 .id = {.idiag_sport = socket->source_port,
                        .idiag_dport = socket->destination_port,
                        .idiag_if = socket->interface,
                        .idiag_cookie = {(uint32_t)cookie, (uint32_t)(cookie >> 32)}}},
    };

    memcpy(message.body.id.idiag_src, socket->source.bytes, sizeof(message.body.id.idiag_src));
    memcpy(message.body.id.idiag_dst, socket->destination.bytes, sizeof(message.body.id.idiag_dst));
    return GUARD_CALL(inquiry, send(netlink, &message, sizeof(message), 0)) < 0 ? inquiry_errno() : 0;
}

/* A message, or why there is none. */
static int ask_one(struct inquiry *inquiry, int netlink, const struct shown_socket *socket, struct sock_diag_dump *dump)
{
    int status = request_one(inquiry, netlink, socket, may_have_info(inquiry, dump->netns), dump->sequence), error = 0;
    ssize_t length = 0;

    while (status == 0 && length == 0) {
        length = receive(inquiry, netlink);
        if (length == -EINTR)
            length = 0;
        else if (length < 0)
            return (int)length;
    }
    if (status == 0 && sock_diag_take(inquiry, dump, (size_t)length, &error) == SOCK_DIAG_FAILED)
        status = error != ENOENT ? -error : socket->is_listener ? -ESTALE : 0;
    return status;
}

int sock_diag_ask(struct inquiry *inquiry, uint32_t netns, const struct shown_socket *sockets, uint32_t count)
{
    int netlink = open_netlink(), status = 0;

    if (netlink < 0)
        return netlink;
    inquiry->asked_netns = netns;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        struct sock_diag_dump dump = {.netns = netns, .sequence = next_sequence(inquiry)};
        status = ask_one(inquiry, netlink, &sockets[i], &dump);
    }
    inquiry->asked_netns = 0;
    close(netlink);
    return status;
}

int sock_diag_probe(struct inquiry *inquiry)
{
    bool interrupted;
    return dump_states(inquiry, 0, 0, &interrupted);
}
