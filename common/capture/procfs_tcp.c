/* procfs_tcp.c - /proc/<pid>/net/tcp and tcp6 to sockets. Knows the columns of these tables from kernel 3.10 on, and
 * nothing of who holds a socket. */
#include "capture/procfs_tcp.h"

#include "base/cursor.h"
#include "capture/netns.h"
#include "capture/sink.h"
#include "capture/tcp_states.h"

#include <unistd.h>

/* "tr": 0 none, 1 retransmission (or loss probe, or reordering), 2 keepalive, 3 TIME_WAIT, 4 zero window probe. */
static const uint8_t timers[] = {PROCTCP_TIMER_NONE, PROCTCP_TIMER_RETRANSMIT, PROCTCP_TIMER_KEEPALIVE,
                                 PROCTCP_TIMER_TIME_WAIT, PROCTCP_TIMER_PROBE};

static uint32_t ticks_to_ms(uint64_t ticks, uint32_t hz)
{
    uint64_t ms = ticks > UINT32_MAX ? UINT32_MAX : ticks * 1000 / hz;
    return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

/* Old kernels print an overdue timer as a negative number that lost its sign, of 32 or 64 bits. */
static uint32_t expiry_to_ms(uint64_t ticks, uint32_t hz)
{
    bool is_negative = ticks > INT64_MAX || (ticks > INT32_MAX && ticks <= UINT32_MAX);
    return is_negative ? 0 : ticks_to_ms(ticks, hz);
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
    bool has_timers; /* rto and what follows */
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
    columns->has_timers = cursor_gap(c) && cursor_dec64(c, &columns->rto) && cursor_gap(c) &&
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
        socket->timer_expires_ms = expiry_to_ms(columns->expires, hz);
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
    if (!columns->has_timers)
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
bool procfs_tcp_parse(const char *line, size_t length, enum proctcp_family family, uint32_t hz,
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
    if (!tcp_states_of_mib(columns.state))
        return false;
    if (columns.tx_queue > UINT32_MAX || columns.rx_queue > UINT32_MAX)
        return false;
    socket->state = tcp_states_of_mib(columns.state);
    if (socket->state == PROCTCP_LISTEN)
        set_listener(socket, &columns);
    else if (!columns.has_timers)
        set_short(socket, &columns, hz);
    else
        set_connection(socket, &columns, hz);
    return true;
}

static int add_line(struct inquiry *inquiry, const char *line, size_t length, enum proctcp_family family,
                    uint32_t netns)
{
    struct proctcp_socket *socket = sink_next_socket(inquiry);

    if (!socket)
        return -ENOMEM;
    if (procfs_tcp_parse(line, length, family, inquiry->config->hz, socket))
        return sink_socket(inquiry, socket, netns, NULL, true);
    inquiry->capture->sockets.count--;
    inquiry->capture->stats.malformed++;
    return 0;
}

static bool is_header(const char *line, size_t length)
{
    struct cursor c = {line, line + length};
    cursor_blanks(&c);
    return cursor_text(&c, "sl");
}

/* Reads by lines from fd through the inquiry's buffer. A line that does not fit in it is none of ours. */
static int read_table(struct inquiry *inquiry, int fd, enum proctcp_family family, uint32_t netns)
{
    char *const buffer = inquiry->buffer;
    size_t filled = 0;
    bool overlong = false;
    ssize_t got;
    int status = 0;

    do {
        char *line = buffer, *newline;
        if (inquiry_is_cancelled(inquiry))
            return -ECANCELED;
        do {
            got = read(fd, buffer + filled, INQUIRY_BUFFER_SIZE - filled);
        } while (got < 0 && errno == EINTR);
        if (got < 0)
            return inquiry_errno();
        filled += (size_t)got;
        while (status == 0 && (newline = memchr(line, '\n', (size_t)(buffer + filled - line)))) {
            if (!overlong && !is_header(line, (size_t)(newline - line)))
                status = add_line(inquiry, line, (size_t)(newline - line), family, netns);
            overlong = false;
            line = newline + 1;
        }
        filled -= (size_t)(line - buffer);
        memmove(buffer, line, filled);
        if (filled == INQUIRY_BUFFER_SIZE) {
            if (!overlong)
                inquiry->capture->stats.malformed++;
            overlong = true;
            filled = 0;
        }
    } while (got > 0 && status == 0);
    if (status == 0 && filled && !overlong && !is_header(buffer, filled))
        status = add_line(inquiry, buffer, filled, family, netns);
    return status;
}

static int scan_table(struct inquiry *inquiry, struct netns *netns, const char *table, enum proctcp_family family)
{
    const uint32_t malformed = inquiry->capture->stats.malformed;
    int fd = netns_open_table(inquiry, netns, table);
    int status;

    if (fd < 0)
        return fd;
    status = read_table(inquiry, fd, family, netns->shown.inode);
    close(fd);
    if (status == 0 && inquiry->capture->stats.malformed != malformed) {
        netns->complete = false;
        inquiry_failed(inquiry, EBADMSG, "net/%s", table);
    }
    return status;
}

int procfs_tcp_read(struct inquiry *inquiry, struct netns *netns)
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
        int status = scan_table(inquiry, netns, tables[i].name, tables[i].family);
        if (inquiry_ends_with(status))
            return status;
        if (status == 0)
            tables_read++;
        if (status == 0 || (status == -ENOENT && tables[i].optional))
            continue;
        netns->complete = false;
        if (status == -ESRCH) /* the namespace ended with its last process */
            continue;
        inquiry_failed(inquiry, -status, "net/%s", tables[i].name);
        netns->shown.error = -status;
        result = status;
    }
    return tables_read ? 0 : result;
}

/* ---- whether there is anything to read ---- */

/* The number behind a word in the line that begins with a label: "TCP: inuse 5 orphan 0 tw 3 alloc 7 mem 1". */
bool procfs_tcp_parse_sockstat(const char *text, size_t length, const char *label, const char *word, uint64_t *number)
{
    struct cursor c = {text, text + length};

    while (c.at != c.end) {
        const char *newline = memchr(c.at, '\n', (size_t)(c.end - c.at));
        struct cursor line = {c.at, newline ? newline : c.end};
        if (cursor_text(&line, label)) {
            while (cursor_gap(&line)) {
                const char *start = line.at;
                if (!cursor_word(&line))
                    return false;
                if ((size_t)(line.at - start) == strlen(word) && memcmp(start, word, strlen(word)) == 0)
                    return cursor_gap(&line) && cursor_dec64(&line, number);
            }
            return false;
        }
        c.at = newline ? newline + 1 : c.end;
    }
    return false;
}

/* false: the file is not there, or says nothing of it. */
static bool read_count(struct inquiry *inquiry, struct netns *netns, const char *file, const char *label,
                       const char *word, uint64_t *number, uint64_t *second)
{
    char text[1024];
    int fd = netns_open_table(inquiry, netns, file);
    ssize_t length;

    if (fd < 0)
        return false;
    length = read(fd, text, sizeof(text));
    close(fd);
    return length > 0 && procfs_tcp_parse_sockstat(text, (size_t)length, label, word, number) &&
           (!second || procfs_tcp_parse_sockstat(text, (size_t)length, label, "tw", second));
}

uint64_t procfs_tcp_count(struct inquiry *inquiry, struct netns *netns)
{
    uint64_t inet = 0, inet6 = 0, time_wait = 0;

    read_count(inquiry, netns, "sockstat", "TCP:", "inuse", &inet, &time_wait);
    read_count(inquiry, netns, "sockstat6", "TCP6:", "inuse", &inet6, NULL);
    return inet + inet6 + time_wait;
}

/* inuse counts what is in the tables, of each family apart; tw those in TIME_WAIT, of both (before 4.18 of all
 * namespaces: then the answer is just more often yes). Connections that are being made have a listener. */
bool procfs_tcp_is_empty(struct inquiry *inquiry, struct netns *netns)
{
    uint64_t inet = 0, inet6 = 0, time_wait = 0;

    if (!read_count(inquiry, netns, "sockstat", "TCP:", "inuse", &inet, &time_wait) || inet || time_wait)
        return false;
    return read_count(inquiry, netns, "sockstat6", "TCP6:", "inuse", &inet6, NULL) && inet6 == 0;
}
