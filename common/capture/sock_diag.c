/* sockets_netlink.c - a sock_diag dump to sockets. Knows requests, messages and attributes; nothing of who holds a
 * socket or whose namespace it is in. */
#include "capture/inet_diag.h"
#include "scan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DUMP_TRIES      3
#define RECEIVE_TIMEOUT 10 /* seconds; the kernel answers at once or not at all */
/* Kernel states (include/net/tcp_states.h) to those of the TCP-MIB. */
static const uint8_t mib_states[] = {
    [1] = PROCTCP_ESTABLISHED, [2] = PROCTCP_SYN_SENT,  [3] = PROCTCP_SYN_RECEIVED, [4] = PROCTCP_FIN_WAIT1,
    [5] = PROCTCP_FIN_WAIT2,   [6] = PROCTCP_TIME_WAIT, [7] = PROCTCP_CLOSED,       [8] = PROCTCP_CLOSE_WAIT,
    [9] = PROCTCP_LAST_ACK,    [10] = PROCTCP_LISTEN,   [11] = PROCTCP_CLOSING,     [12] = PROCTCP_SYN_RECEIVED,
};

/* The kernel's mask of states (of the TCP-MIB, a bit each). 13, bound and idle, is none of them: no table shows it. */
static uint32_t kernel_states(uint32_t states)
{
    uint32_t mask = 0;
    for (unsigned state = 1; state < sizeof(mib_states); state++)
        mask |= (states >> mib_states[state] & 1) << state;
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
        socket->timer_expires_ms = message->idiag_expires;
        socket->present |= PROCTCP_HAS_TIMER_EXPIRES;
    }
}

static void read_memory(const struct netlink_socket *from, struct proctcp_socket *socket,
                        struct proctcp_trouble *trouble)
{
    if (from->memory_count <= SK_MEMINFO_SNDBUF)
        return;
    socket->rmem_alloc_bytes = from->memory[SK_MEMINFO_RMEM_ALLOC];
    socket->rcvbuf_bytes = from->memory[SK_MEMINFO_RCVBUF];
    socket->wmem_alloc_bytes = from->memory[SK_MEMINFO_WMEM_ALLOC];
    socket->sndbuf_bytes = from->memory[SK_MEMINFO_SNDBUF];
    socket->present |= PROCTCP_HAS_MEMORY;
    if (from->memory_count > SK_MEMINFO_DROPS) {
        trouble->drops = from->memory[SK_MEMINFO_DROPS];
        socket->present |= PROCTCP_HAS_DROPS;
    }
}

/* Of a listener rqueue is the accept queue, wqueue its limit; tcp_info repeats both under other names. */
static void read_by_state(const struct netlink_socket *from, struct proctcp_socket *socket,
                          struct proctcp_trouble *trouble)
{
    const struct inet_diag_msg *message = from->message;

    if (socket->state == PROCTCP_LISTEN) {
        socket->accept_queue = message->idiag_rqueue;
        socket->accept_queue_max = message->idiag_wqueue;
        socket->present |= PROCTCP_HAS_ACCEPT_QUEUE | PROCTCP_HAS_ACCEPT_QUEUE_MAX | PROCTCP_HAS_UID;
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
    tcp_info_read(from->info, from->info_length, socket, trouble);
    read_memory(from, socket, trouble);
}

bool sockets_netlink_message(const struct netlink_socket *from, struct proctcp_socket *socket,
                             struct proctcp_trouble *trouble)
{
    const struct inet_diag_msg *message = from->message;
    const struct inet_diag_sockid *id = &message->id;

    *socket = (struct proctcp_socket){.present = PROCTCP_HAS_LOCAL,
                                      .inode = message->idiag_inode,
                                      .uid = message->idiag_uid,
                                      .subflow = 1,
                                      .direction = PROCTCP_DIRECTION_UNKNOWN,
                                      .timer = PROCTCP_TIMER_NONE};
    *trouble = (struct proctcp_trouble){0};
    if (message->idiag_state >= sizeof(mib_states) || !mib_states[message->idiag_state] ||
        (message->idiag_family != AF_INET && message->idiag_family != AF_INET6))
        return false;
    socket->state = mib_states[message->idiag_state];
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
    read_by_state(from, socket, trouble);
    return true;
}

/* ---- a dump ---- */

/* The index of a word among those of this scan; there are a handful. 0, "", where there are too many. */
static int find_word(struct scan *scan, const char *text, size_t length, uint8_t *index)
{
    for (uint32_t i = 0; i < scan->words.count; i++) {
        if (strncmp(scan->words.at[i], text, length) == 0 && scan->words.at[i][length] == '\0') {
            *index = (uint8_t)i;
            return 0;
        }
    }
    *index = 0;
    if (scan->words.count > UINT8_MAX)
        return 0;
    const char *copy = arena_copy(&scan->strings, text, length);
    const char **slot = copy ? vector_push(&scan->words) : NULL;
    if (!slot)
        return -ENOMEM;
    *slot = copy;
    *index = (uint8_t)(scan->words.count - 1);
    return 0;
}

static bool is_zero(const struct proctcp_trouble *trouble)
{
    static const struct proctcp_trouble none = {0};
    return memcmp(trouble, &none, sizeof(none)) == 0;
}

static int add_socket(struct scan *scan, const struct netlink_socket *from, uint32_t netns)
{
    struct proctcp_trouble trouble;
    struct proctcp_socket *socket = vector_push(&scan->sockets);

    if (!socket)
        return -ENOMEM;
    if (!sockets_netlink_message(from, socket, &trouble)) {
        scan->sockets.count--;
        scan->stats.malformed++;
        return 0;
    }
    if (!scan_wants(scan, socket, netns)) {
        scan->sockets.count--;
        return 0;
    }
    if (from->congestion && socket->state != PROCTCP_LISTEN) {
        if (find_word(scan, from->congestion, from->congestion_length, &socket->congestion) < 0)
            return -ENOMEM;
        socket->present |= PROCTCP_HAS_CONGESTION;
    }
    if (!is_zero(&trouble)) {
        struct proctcp_trouble *kept = vector_push(&scan->troubles);
        if (!kept)
            return -ENOMEM;
        *kept = trouble;
        socket->trouble = scan->troubles.count - 1;
    }
    return 0;
}

int sockets_netlink_buffer(struct scan *scan, size_t length, uint32_t netns, bool *interrupted)
{
    const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)scan->buffer;
    int left = (int)length, status = 1, error;

    for (; status == 1 && netlink_is_whole(message, left); message = mnl_nlmsg_next(message, &left)) {
        struct netlink_socket from;
        *interrupted |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
        switch (netlink_read(message, &from, &error)) {
        case NETLINK_SOCKET:
            if (add_socket(scan, &from, netns) < 0)
                status = -ENOMEM;
            break;
        case NETLINK_DONE:
            status = 0;
            break;
        case NETLINK_ERROR:
            status = error == ENOMEM ? -ENOBUFS : -error; /* the kernel's memory, not ours */
            break;
        case NETLINK_MALFORMED:
            scan->stats.malformed++;
            break;
        default:
            break;
        }
    }
    if (status == 1 && left > 0)
        scan->stats.malformed++;
    return status;
}

/* TCPDIAG_GETSOCK, the request of old, dumps both families in one walk of the kernel's hash table. */
static int request(const struct mnl_socket *netlink, uint32_t states, uint32_t sequence)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req body;
    } message = {
        .header = {.nlmsg_len = sizeof(message),
                   .nlmsg_type = TCPDIAG_GETSOCK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                   .nlmsg_seq = sequence},
        .body = {.idiag_family = AF_INET,
                 .idiag_ext = 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1) | 1 << (INET_DIAG_SKMEMINFO - 1),
                 .idiag_states = kernel_states(states)},
    };
    return mnl_socket_sendto(netlink, &message, sizeof(message)) < 0 ? scan_errno() : 0;
}

static int dump_once(struct scan *scan, const struct mnl_socket *netlink, uint32_t states, uint32_t netns,
                     uint32_t sequence, bool *interrupted)
{
    int status = request(netlink, states, sequence);

    if (status)
        return status;
    do {
        ssize_t length = mnl_socket_recvfrom(netlink, scan->buffer, SCAN_BUFFER_SIZE);
        if (length < 0 && errno == EINTR)
            status = 1;
        else if (length < 0)
            status = errno == EAGAIN ? -ETIMEDOUT : scan_errno();
        else
            status = sockets_netlink_buffer(scan, (size_t)length, netns, interrupted);
    } while (status == 1);
    return status;
}

static struct mnl_socket *open_netlink(void)
{
    const struct timeval timeout = {.tv_sec = RECEIVE_TIMEOUT};
    struct mnl_socket *netlink = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);

    if (!netlink)
        return NULL;
    if (mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0 ||
        setsockopt(mnl_socket_get_fd(netlink), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0) {
        int error = errno;
        mnl_socket_close(netlink);
        errno = error;
        return NULL;
    }
    return netlink;
}

/* A dump that the kernel interrupted is made again, with what it gave thrown away; the last try stands as it is. */
int sockets_netlink_scan(struct scan *scan, uint32_t netns)
{
    const uint32_t sockets = scan->sockets.count, troubles = scan->troubles.count;
    struct mnl_socket *netlink = open_netlink();
    bool interrupted = true;
    int status = 0;

    if (!netlink)
        return scan_errno();
    for (uint32_t tries = 1; tries <= DUMP_TRIES; tries++) {
        interrupted = false;
        status = dump_once(scan, netlink, scan->states, netns, tries, &interrupted);
        if (status || !interrupted || tries == DUMP_TRIES)
            break;
        scan->stats.dump_retries++;
        scan->sockets.count = sockets;
        scan->troubles.count = troubles;
    }
    mnl_socket_close(netlink);
    if (status) {
        scan->sockets.count = sockets;
        scan->troubles.count = troubles;
    }
    return status ? status : interrupted;
}

int sockets_netlink_try(struct scan *scan)
{
    struct mnl_socket *netlink = open_netlink();
    bool interrupted = false;
    int status;

    if (!netlink)
        return scan_errno();
    status = dump_once(scan, netlink, 0, 0, 1, &interrupted);
    mnl_socket_close(netlink);
    return status;
}
