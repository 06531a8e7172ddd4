/* sockets_procfs.c - /proc/<pid>/net/tcp and tcp6 to sockets. Knows the columns of these tables from kernel 3.10 on,
 * and nothing of who holds a socket. */
#include "base/cursor.h"
#include "scan.h"

#include <errno.h>
#include <unistd.h>

/* Kernel states (include/net/tcp_states.h) to those of the TCP-MIB. 12 is NEW_SYN_RECV, 13 BOUND_INACTIVE. */
static const uint8_t mib_states[] = {
    [1] = PROCTCP_ESTABLISHED, [2] = PROCTCP_SYN_SENT,  [3] = PROCTCP_SYN_RECEIVED, [4] = PROCTCP_FIN_WAIT1,
    [5] = PROCTCP_FIN_WAIT2,   [6] = PROCTCP_TIME_WAIT, [7] = PROCTCP_CLOSED,       [8] = PROCTCP_CLOSE_WAIT,
    [9] = PROCTCP_LAST_ACK,    [10] = PROCTCP_LISTEN,   [11] = PROCTCP_CLOSING,     [12] = PROCTCP_SYN_RECEIVED,
    [13] = PROCTCP_CLOSED,
};

/* "tr": 0 none, 1 retransmission (or loss probe, or reordering), 2 keepalive, 3 TIME_WAIT, 4 zero window probe. */
static const uint8_t timers[] = {PROCTCP_TIMER_NONE, PROCTCP_TIMER_RETRANSMIT, PROCTCP_TIMER_KEEPALIVE,
                                 PROCTCP_TIMER_TIME_WAIT, PROCTCP_TIMER_PROBE};

static uint32_t ticks_to_ms(uint64_t ticks, uint32_t hz)
{
    uint64_t ms = ticks > UINT32_MAX ? UINT32_MAX : ticks * 1000 / hz;
    return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

static uint16_t saturate16(uint64_t value)
{
    return value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

static uint8_t saturate8(uint64_t value)
{
    return value > UINT8_MAX ? UINT8_MAX : (uint8_t)value;
}

/* 0100007F:56CE - 32-bit words in host byte order, then the port as a number. */
static bool read_endpoint(struct cursor *c, enum proctcp_family family, struct proctcp_address *address, uint16_t *port)
{
    uint32_t word;

    *address = (struct proctcp_address){.bytes = {[10] = 0xff, [11] = 0xff}};
    for (unsigned at = family == PROCTCP_INET6 ? 0 : 12; at < 16; at += 4) {
        if (!cursor_hex_digits(c, 8, &word))
            return false;
        memcpy(address->bytes + at, &word, sizeof(word));
    }
    if (!cursor_expect(c, ':') || !cursor_hex_digits(c, 4, &word))
        return false;
    *port = (uint16_t)word;
    return true;
}

struct columns {
    uint32_t state, timer;
    uint64_t tx_queue, rx_queue, expires, retransmits;
    uint32_t uid, probes;
    uint64_t rto, ato;
    uint32_t ack_mode, cwnd;
    int32_t ssthresh;
    bool has_tail; /* rto and what follows */
};

/* st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ref pointer [rto ato quick<<1|pingpong cwnd ssthresh] */
static bool read_columns(struct cursor *c, struct columns *columns, uint32_t *inode)
{
    uint32_t references;

    if (!cursor_hex_digits(c, 2, &columns->state) || !cursor_gap(c) || !cursor_hex64(c, &columns->tx_queue) ||
        !cursor_expect(c, ':') || !cursor_hex64(c, &columns->rx_queue) || !cursor_gap(c) ||
        !cursor_hex_digits(c, 2, &columns->timer) || !cursor_expect(c, ':') || !cursor_hex64(c, &columns->expires) ||
        !cursor_gap(c) || !cursor_hex64(c, &columns->retransmits) || !cursor_gap(c) ||
        !cursor_dec32(c, &columns->uid) || !cursor_gap(c) || !cursor_dec32(c, &columns->probes) || !cursor_gap(c) ||
        !cursor_dec32(c, inode) || !cursor_gap(c) || !cursor_dec32(c, &references) || !cursor_gap(c) || !cursor_word(c))
        return false;
    columns->has_tail = cursor_gap(c) && cursor_dec64(c, &columns->rto) && cursor_gap(c) &&
                        cursor_dec64(c, &columns->ato) && cursor_gap(c) && cursor_dec32(c, &columns->ack_mode) &&
                        cursor_gap(c) && cursor_dec32(c, &columns->cwnd) && cursor_gap(c) &&
                        cursor_signed32(c, &columns->ssthresh);
    return true;
}

static void set_timer(struct proctcp_socket *socket, const struct columns *columns, uint32_t hz)
{
    if (columns->timer >= sizeof(timers))
        return;
    socket->timer = timers[columns->timer];
    socket->present |= PROCTCP_HAS_TIMER;
    if (socket->timer != PROCTCP_TIMER_NONE) {
        socket->timer_expires_ms = ticks_to_ms(columns->expires, hz);
        socket->present |= PROCTCP_HAS_TIMER_EXPIRES;
    }
}

/* In LISTEN rx_queue is the length of the accept queue; the other columns mean nothing there, and the last one is the
 * limit of the fast-open queue. */
static void set_listener(struct proctcp_socket *socket, const struct columns *columns)
{
    socket->accept_queue = (uint32_t)columns->rx_queue;
    socket->uid = columns->uid;
    socket->present |= PROCTCP_HAS_ACCEPT_QUEUE | PROCTCP_HAS_UID;
}

static void set_connection(struct proctcp_socket *socket, const struct columns *columns, uint32_t hz)
{
    socket->uid = columns->uid;
    socket->tx_queue_bytes = (uint32_t)columns->tx_queue;
    socket->rx_queue_bytes = (uint32_t)columns->rx_queue;
    socket->retransmits = saturate8(columns->retransmits);
    socket->probes = saturate8(columns->probes);
    socket->present |=
        PROCTCP_HAS_REMOTE | PROCTCP_HAS_UID | PROCTCP_HAS_QUEUES | PROCTCP_HAS_RETRANSMITS | PROCTCP_HAS_PROBES;
    set_timer(socket, columns, hz);
    if (!columns->has_tail)
        return;
    socket->rto_ms = ticks_to_ms(columns->rto, hz);
    socket->ato_ms = saturate16(ticks_to_ms(columns->ato, hz));
    socket->quick_ack = saturate8(columns->ack_mode >> 1);
    socket->pingpong = columns->ack_mode & 1;
    socket->cwnd_segments = columns->cwnd;
    socket->ssthresh_segments = columns->ssthresh;
    socket->present |=
        PROCTCP_HAS_RTO | PROCTCP_HAS_ATO | PROCTCP_HAS_ACK_MODE | PROCTCP_HAS_CWND | PROCTCP_HAS_SSTHRESH;
}

/* Not yet, or no longer, a full socket: TIME_WAIT, an orphan's FIN_WAIT2, SYN_RECV. The kernel prints constants in most
 * columns of these short lines; SYN_RECV has its retransmissions where others have, and the uid of its listener. */
static void set_short(struct proctcp_socket *socket, const struct columns *columns, uint32_t hz)
{
    socket->present |= PROCTCP_HAS_REMOTE;
    set_timer(socket, columns, hz);
    if (socket->state != PROCTCP_SYN_RECEIVED)
        return;
    socket->uid = columns->uid;
    socket->retransmits = saturate8(columns->retransmits);
    socket->present |= PROCTCP_HAS_UID | PROCTCP_HAS_RETRANSMITS;
}

/* clang-format off */
/*   2: 0100007F:56CE 0100007F:DE72 01 00000000:00000000 00:00000000 00000000     0        0 99155 1 0000000000000000 20 4 31 10 -1 */
/* clang-format on */
bool sockets_procfs_line(const char *line, size_t length, enum proctcp_family family, uint32_t hz,
                         struct proctcp_socket *socket)
{
    struct cursor c = {line, line + length};
    struct columns columns = {0};
    uint32_t slot;

    *socket = (struct proctcp_socket){.present = PROCTCP_HAS_LOCAL,
                                      .subflow = 1,
                                      .direction = PROCTCP_DIRECTION_UNKNOWN,
                                      .family = (uint8_t)family,
                                      .timer = PROCTCP_TIMER_NONE};
    cursor_blanks(&c);
    if (!cursor_dec32(&c, &slot) || !cursor_expect(&c, ':') || !cursor_gap(&c) ||
        !read_endpoint(&c, family, &socket->local_address, &socket->local_port) || !cursor_gap(&c) ||
        !read_endpoint(&c, family, &socket->remote_address, &socket->remote_port) || !cursor_gap(&c) ||
        !read_columns(&c, &columns, &socket->inode))
        return false;
    if (columns.state >= sizeof(mib_states) || !mib_states[columns.state])
        return false;
    if (columns.tx_queue > UINT32_MAX || columns.rx_queue > UINT32_MAX)
        return false;
    socket->state = mib_states[columns.state];
    if (socket->state == PROCTCP_LISTEN)
        set_listener(socket, &columns);
    else if (!columns.has_tail)
        set_short(socket, &columns, hz);
    else
        set_connection(socket, &columns, hz);
    return true;
}

static int add_line(struct scan *scan, const char *line, size_t length, enum proctcp_family family, uint32_t netns)
{
    struct proctcp_socket *socket = vector_push(&scan->sockets);

    if (!socket)
        return -ENOMEM;
    if (!sockets_procfs_line(line, length, family, scan->hz, socket)) {
        scan->sockets.count--;
        scan->stats.malformed++;
        return 0;
    }
    if (!scan_wants(scan, socket, netns)) {
        scan->sockets.count--;
        return 0;
    }
    return 0;
}

static bool is_header(const char *line, size_t length)
{
    struct cursor c = {line, line + length};
    cursor_blanks(&c);
    return cursor_text(&c, "sl");
}

/* Reads by lines from fd through the scan's buffer. A line that does not fit in it is none of ours. */
static int read_table(struct scan *scan, int fd, enum proctcp_family family, uint32_t netns)
{
    size_t filled = 0;
    bool overlong = false;
    ssize_t got;
    int status = 0;

    do {
        char *line = scan->buffer, *newline;
        do {
            got = read(fd, scan->buffer + filled, SCAN_BUFFER_SIZE - filled);
        } while (got < 0 && errno == EINTR);
        if (got < 0)
            return scan_errno();
        filled += (size_t)got;
        while (status == 0 && (newline = memchr(line, '\n', (size_t)(scan->buffer + filled - line)))) {
            if (!overlong && !is_header(line, (size_t)(newline - line)))
                status = add_line(scan, line, (size_t)(newline - line), family, netns);
            overlong = false;
            line = newline + 1;
        }
        filled -= (size_t)(line - scan->buffer);
        memmove(scan->buffer, line, filled);
        if (filled == SCAN_BUFFER_SIZE) {
            if (!overlong)
                scan->stats.malformed++;
            overlong = true;
            filled = 0;
        }
    } while (got > 0 && status == 0);
    if (status == 0 && filled && !overlong && !is_header(scan->buffer, filled))
        status = add_line(scan, scan->buffer, filled, family, netns);
    return status;
}

static int scan_table(struct scan *scan, struct netns *netns, const char *table, enum proctcp_family family)
{
    const uint32_t malformed = scan->stats.malformed;
    int fd = entrances_open_table(scan, netns, table);
    int status;

    if (fd < 0)
        return fd;
    status = read_table(scan, fd, family, netns->shown.inode);
    close(fd);
    if (status == 0 && scan->stats.malformed != malformed) {
        netns->complete = false;
        scan_failed(scan, EBADMSG, "net/%s", table);
    }
    return status;
}

int sockets_procfs_scan(struct scan *scan, struct netns *netns)
{
    static const struct {
        const char *name;
        enum proctcp_family family;
        bool optional; /* a kernel without IPv6 has no such table */
    } tables[] = {{"tcp", PROCTCP_INET, false}, {"tcp6", PROCTCP_INET6, true}};
    unsigned tables_read = 0;
    int result = -ESRCH;

    netns->complete = true;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        int status = scan_table(scan, netns, tables[i].name, tables[i].family);
        if (status == -ENOMEM)
            return status;
        if (status == 0)
            tables_read++;
        if (status == 0 || (status == -ENOENT && tables[i].optional))
            continue;
        netns->complete = false;
        if (status == -ESRCH) /* the namespace ended with its last process */
            continue;
        scan_failed(scan, -status, "net/%s", tables[i].name);
        netns->shown.error = -status;
        result = status;
    }
    return tables_read ? 0 : result;
}
