/* text.c - the words of proctcp.h as text for people: names, addresses, a row as a line. Knows no device it is shown
 * on. */
#include "proctcp.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *name_of(const char *const names[], size_t count, unsigned value)
{
    return value < count && names[value] ? names[value] : "unknown";
}

static const char *const state_names[PROCTCP_STATES] = {
    [PROCTCP_CLOSED] = "closed",           [PROCTCP_LISTEN] = "listen",
    [PROCTCP_SYN_SENT] = "synSent",        [PROCTCP_SYN_RECEIVED] = "synReceived",
    [PROCTCP_ESTABLISHED] = "established", [PROCTCP_FIN_WAIT1] = "finWait1",
    [PROCTCP_FIN_WAIT2] = "finWait2",      [PROCTCP_CLOSE_WAIT] = "closeWait",
    [PROCTCP_LAST_ACK] = "lastAck",        [PROCTCP_CLOSING] = "closing",
    [PROCTCP_TIME_WAIT] = "timeWait",
};

const char *proctcp_state_name(unsigned state)
{
    return name_of(state_names, COUNT(state_names), state);
}

/* Letters and digits alone, in lower case, so that SYN-SENT, SYN_SENT and synSent are one. */
static void normalise(const char *name, char text[16])
{
    size_t length = 0;
    for (; *name && length < 15; name++) {
        if (*name == '-' || *name == '_')
            continue;
        text[length++] = *name >= 'A' && *name <= 'Z' ? (char)(*name | 0x20) : *name;
    }
    text[length] = '\0';
}

unsigned proctcp_state_from_name(const char *name)
{
    static const struct {
        const char *name;
        unsigned state;
    } aliases[] = {{"estab", PROCTCP_ESTABLISHED},
                   {"synrecv", PROCTCP_SYN_RECEIVED},
                   {"close", PROCTCP_CLOSED},
                   {"unconn", PROCTCP_CLOSED},
                   {"unbound", PROCTCP_CLOSED}};
    char wanted[16], known[16];

    normalise(name, wanted);
    for (unsigned state = 1; state < PROCTCP_STATES; state++) {
        normalise(state_names[state], known);
        if (strcmp(wanted, known) == 0)
            return state;
    }
    for (size_t i = 0; i < COUNT(aliases); i++) {
        if (strcmp(wanted, aliases[i].name) == 0)
            return aliases[i].state;
    }
    return 0;
}

const char *proctcp_direction_name(unsigned direction)
{
    static const char *const names[] = {[PROCTCP_DIRECTION_UNKNOWN] = "unknown",
                                        [PROCTCP_DIRECTION_LISTEN] = "listen",
                                        [PROCTCP_INBOUND] = "inbound",
                                        [PROCTCP_OUTBOUND] = "outbound"};
    return name_of(names, COUNT(names), direction);
}

const char *proctcp_family_name(unsigned family)
{
    static const char *const names[] = {[PROCTCP_INET] = "inet", [PROCTCP_INET6] = "inet6"};
    return name_of(names, COUNT(names), family);
}

const char *proctcp_timer_name(unsigned timer)
{
    static const char *const names[] = {[PROCTCP_TIMER_NONE] = "none",
                                        [PROCTCP_TIMER_RETRANSMIT] = "retransmit",
                                        [PROCTCP_TIMER_KEEPALIVE] = "keepalive",
                                        [PROCTCP_TIMER_TIME_WAIT] = "timeWait",
                                        [PROCTCP_TIMER_PROBE] = "probe"};
    return name_of(names, COUNT(names), timer);
}

const char *proctcp_ca_state_name(unsigned ca_state)
{
    static const char *const names[] = {[PROCTCP_CA_OPEN] = "open",
                                        [PROCTCP_CA_DISORDER] = "disorder",
                                        [PROCTCP_CA_CWR] = "cwr",
                                        [PROCTCP_CA_RECOVERY] = "recovery",
                                        [PROCTCP_CA_LOSS] = "loss"};
    return name_of(names, COUNT(names), ca_state);
}

const char *proctcp_source_name(unsigned source)
{
    static const char *const names[] = {[PROCTCP_SOURCE_AUTO] = "auto",
                                        [PROCTCP_SOURCE_PROCFS] = "procfs",
                                        [PROCTCP_SOURCE_NETLINK] = "netlink",
                                        [PROCTCP_SOURCE_BPF] = "bpf"};
    return name_of(names, COUNT(names), source);
}

bool proctcp_address_is_ipv4(const struct proctcp_address *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

/* By hand: inet_ntop() prints by sprintf(). */
static char *ipv4_text(const uint8_t bytes[4], char *text)
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned byte = bytes[i];
        if (i)
            *text++ = '.';
        if (byte >= 100)
            *text++ = (char)('0' + byte / 100);
        if (byte >= 10)
            *text++ = (char)('0' + byte / 10 % 10);
        *text++ = (char)('0' + byte % 10);
    }
    *text = '\0';
    return text;
}

/* ":443", at the end of an address. */
static void append_port(char *end, uint16_t port)
{
    char digits[8];
    unsigned count = 0;

    do {
        digits[count++] = (char)('0' + port % 10);
        port /= 10;
    } while (port);
    *end++ = ':';
    while (count)
        *end++ = digits[--count];
    *end = '\0';
}

char *proctcp_address_text(const struct proctcp_address *address, char text[PROCTCP_ADDRESS_TEXT_SIZE])
{
    if (proctcp_address_is_ipv4(address))
        ipv4_text(address->bytes + 12, text);
    else
        inet_ntop(AF_INET6, address->bytes, text, PROCTCP_ADDRESS_TEXT_SIZE);
    return text;
}

char *proctcp_endpoint_text(const struct proctcp_address *address, uint16_t port, char text[PROCTCP_ENDPOINT_TEXT_SIZE])
{
    char host[PROCTCP_ADDRESS_TEXT_SIZE];

    if (proctcp_address_is_ipv4(address))
        append_port(ipv4_text(address->bytes + 12, text), port);
    else
        snprintf(text, PROCTCP_ENDPOINT_TEXT_SIZE, "[%s]:%u", proctcp_address_text(address, host), (unsigned)port);
    return text;
}

size_t proctcp_escape(const char *bytes, char *text, size_t size, bool keep_blanks)
{
    static const char digits[] = "0123456789abcdef";
    size_t length = 0, written = 0;

    for (; *bytes; bytes++) {
        unsigned char byte = (unsigned char)*bytes;
        bool plain = (byte > ' ' && byte < 0x7f && byte != '\\') || (byte == ' ' && keep_blanks);
        char escape[4] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        size_t step = plain ? 1 : sizeof(escape);
        if (written == length && length + step < size) {
            memcpy(text + written, plain ? bytes : escape, step);
            written += step;
        }
        length += step;
    }
    if (size)
        text[written] = '\0';
    return length;
}

static bool continues(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The NUL at the end of text is no continuation, so that no byte behind it is looked at. */
size_t proctcp_utf8_length(const char *text)
{
    const unsigned char *t = (const unsigned char *)text;

    if (t[0] < 0x80)
        return 1;
    if (t[0] >= 0xc2 && t[0] <= 0xdf)
        return continues(t[1]) ? 2 : 0;
    if ((t[0] & 0xf0) == 0xe0) {
        bool overlong = t[0] == 0xe0 && t[1] < 0xa0, surrogate = t[0] == 0xed && t[1] > 0x9f;
        return continues(t[1]) && !overlong && !surrogate && continues(t[2]) ? 3 : 0;
    }
    if (t[0] >= 0xf0 && t[0] <= 0xf4) {
        bool overlong = t[0] == 0xf0 && t[1] < 0x90, beyond = t[0] == 0xf4 && t[1] > 0x8f;
        return continues(t[1]) && !overlong && !beyond && continues(t[2]) && continues(t[3]) ? 4 : 0;
    }
    return 0;
}

/* A line in the making: length is what it would have, were there room. */
struct line {
    char *text;
    size_t size;
    size_t length;
};

static void append(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(struct line *line, const char *format, ...)
{
    va_list arguments;
    bool room = line->length < line->size;
    int added;

    va_start(arguments, format);
    added = vsnprintf(room ? line->text + line->length : NULL, room ? line->size - line->length : 0, format, arguments);
    va_end(arguments);
    if (added > 0)
        line->length += (size_t)added;
}

/* Brackets stand around process ids alone, whatever a process calls itself. */
static void append_name(struct line *line, const char *name)
{
    for (size_t plain; *name; name += plain) {
        plain = strcspn(name, "[]");
        append(line, "%.*s", (int)plain, name);
        if (name[plain])
            append(line, "\\x%02x", (unsigned)(unsigned char)name[plain++]);
    }
}

static void append_name_and_pid(struct line *line, const struct proctcp_process *process, int32_t pid)
{
    char name[4 * 64 + 1];

    proctcp_escape(process->present & PROCTCP_HAS_PROCESS ? process->name : "-", name, sizeof(name), false);
    append_name(line, name);
    append(line, "[%d]", pid);
}

static void append_process(struct line *line, const struct proctcp_snapshot *snapshot, const struct proctcp_row *row)
{
    append_name_and_pid(line, &snapshot->processes[row->process], row->pid);
    append(line, " fd %d", row->fd);
}

static void append_endpoints(struct line *line, const struct proctcp_socket *socket)
{
    char text[PROCTCP_ENDPOINT_TEXT_SIZE];
    const char *arrow = socket->direction == PROCTCP_INBOUND    ? "<-"
                        : socket->direction == PROCTCP_OUTBOUND ? "->"
                                                                : "--";

    if (socket->present & PROCTCP_HAS_LOCAL)
        append(line, " %s", proctcp_endpoint_text(&socket->local_address, socket->local_port, text));
    if (socket->present & PROCTCP_HAS_REMOTE)
        append(line, " %s %s", arrow, proctcp_endpoint_text(&socket->remote_address, socket->remote_port, text));
}

/* Where segments were lost, what the kernel does about it: a timeout and a window that are as always say nothing. */
static void append_loss(struct line *line, const struct proctcp_snapshot *snapshot, const struct proctcp_socket *socket)
{
    const uint64_t present = socket->present;
    const bool sends_again = present & PROCTCP_HAS_RETRANSMITS && socket->retransmits;
    const bool has_lost = present & PROCTCP_HAS_SSTHRESH && socket->ssthresh_segments >= 0;

    if (present & PROCTCP_HAS_INFO && snapshot->impairments[socket->impairment].total_retrans)
        append(line, " retrans %u", snapshot->impairments[socket->impairment].total_retrans);
    if (sends_again)
        append(line, " retransmits %u", socket->retransmits);
    if (present & PROCTCP_HAS_PROBES && socket->probes)
        append(line, " probes %u", socket->probes);
    if (sends_again && present & PROCTCP_HAS_RTO)
        append(line, " rto %u ms", socket->rto_ms);
    if (has_lost && present & PROCTCP_HAS_CWND)
        append(line, " cwnd %u", socket->cwnd_segments);
    if (has_lost)
        append(line, " ssthresh %d", socket->ssthresh_segments);
}

static void append_values(struct line *line, const struct proctcp_snapshot *snapshot,
                          const struct proctcp_socket *socket)
{
    const uint64_t present = socket->present;

    if (present & PROCTCP_HAS_QUEUES)
        append(line, " tx %u rx %u", socket->tx_queue_bytes, socket->rx_queue_bytes);
    if (present & PROCTCP_HAS_ACCEPT_QUEUE)
        append(line, " accept %u", socket->accept_queue);
    if (present & PROCTCP_HAS_ACCEPT_QUEUE_MAX)
        append(line, "/%u", socket->accept_queue_max);
    if (present & PROCTCP_HAS_DROPS && snapshot->impairments[socket->impairment].drops)
        append(line, " drops %u", snapshot->impairments[socket->impairment].drops);
    if (present & PROCTCP_HAS_RTT)
        append(line, " rtt %u.%03u ms", socket->rtt_us / 1000, socket->rtt_us % 1000);
    if (present & PROCTCP_HAS_TIMER_EXPIRES)
        append(line, " timer %s %u ms", proctcp_timer_name(socket->timer), socket->timer_expires_ms);
    append_loss(line, snapshot, socket);
    if (socket->owners > 1)
        append(line, " owners %u", socket->owners);
    if (present & PROCTCP_HAS_NETNS && snapshot->own_netns && socket->netns != snapshot->own_netns)
        append(line, " netns %u", socket->netns);
}

size_t proctcp_process_text(const struct proctcp_process *process, char *text, size_t size)
{
    struct line line = {.text = text, .size = size};

    append_name_and_pid(&line, process, process->pid);
    return line.length;
}

size_t proctcp_row_text(const struct proctcp_snapshot *snapshot, const struct proctcp_row *row, char *text, size_t size)
{
    const struct proctcp_socket *socket = &snapshot->sockets[row->socket];
    struct line line = {.text = text, .size = size};

    append_process(&line, snapshot, row);
    append(&line, " %s", proctcp_state_name(socket->state));
    append_endpoints(&line, socket);
    append_values(&line, snapshot, socket);
    if (row->peer != PROCTCP_NONE) {
        append(&line, " peer ");
        append_process(&line, snapshot, &snapshot->rows[row->peer]);
    }
    return line.length;
}
