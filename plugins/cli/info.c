/* info.c - the second line of a row: how its connection does, in words and units of people. What is absent is left out,
 * and so is what has no room any more at the end. */
#include "output.h"
#include "severity.h"
#include "units.h"

#include <stdarg.h>

#define INDENT "    "

/* A line in the making. */
struct line {
    const struct output *output;
    size_t used; /* columns */
    bool is_full;
};

static void add(struct line *line, enum severity severity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(struct line *line, enum severity severity, const char *format, ...)
{
    struct writer *writer = line->output->writer;
    const unsigned room = line->output->style.width;
    const char *gap = line->used ? "  " : INDENT;
    char text[128];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    line->is_full = line->is_full || (room && line->used + strlen(gap) + strlen(text) > room);
    if (line->is_full)
        return;
    line->used += strlen(gap) + strlen(text);
    writer_text(writer, gap);
    if (!line->output->style.colour)
        severity = FINE;
    writer_text(writer, severity_begin(severity));
    writer_text(writer, text);
    writer_text(writer, severity_end(severity));
}

static void add_time(struct line *line, const char *name, uint64_t us)
{
    char time[UNITS_SIZE];
    add(line, FINE, "%s %s", name, units_time(us, time));
}

static void add_bytes(struct line *line, const char *name, uint64_t bytes)
{
    char text[UNITS_SIZE];
    add(line, FINE, "%s %s", name, units_bytes(bytes, text));
}

static void add_rate(struct line *line, const char *name, uint64_t bytes_per_s)
{
    char rate[UNITS_SIZE];
    add(line, FINE, "%s %s", name, units_rate(bytes_per_s, rate));
}

static void add_path(struct line *line, const struct proctcp_socket *socket)
{
    char rtt[UNITS_SIZE], variation[UNITS_SIZE];

    if (socket->present & PROCTCP_HAS_RTT)
        add(line, FINE, "rtt %s (+-%s)", units_time(socket->rtt_us, rtt), units_time(socket->rtt_var_us, variation));
    if (socket->present & PROCTCP_HAS_CWND)
        add(line, FINE, "cwnd %u", socket->cwnd_segments);
}

static void add_bounds(struct line *line, const struct proctcp_socket *socket)
{
    if (socket->present & PROCTCP_HAS_MIN_RTT)
        add_time(line, "min rtt", socket->min_rtt_us);
    if ((socket->present & PROCTCP_HAS_SSTHRESH) && socket->ssthresh_segments >= 0)
        add(line, FINE, "ssthresh %d", socket->ssthresh_segments);
}

static void add_loss(struct line *line, const struct proctcp_socket *socket,
                     const struct proctcp_impairment *impairment)
{
    char bytes[UNITS_SIZE];

    if ((socket->present & PROCTCP_HAS_RETRANSMITS) && socket->retransmits)
        add(line, BAD, "timeouts %u", socket->retransmits);
    if (socket->present & PROCTCP_HAS_INFO) {
        const enum severity severity = impairment->total_retrans ? DOUBTFUL : FINE;
        if (socket->present & PROCTCP_HAS_BYTES_SENT && impairment->bytes_retrans)
            add(line, severity, "retrans %u (%s)", impairment->total_retrans,
                units_bytes(impairment->bytes_retrans, bytes));
        else
            add(line, severity, "retrans %u", impairment->total_retrans);
        if (impairment->lost_segments)
            add(line, DOUBTFUL, "lost %u", impairment->lost_segments);
    }
}

static unsigned share(uint64_t part, uint64_t whole)
{
    return part >= whole ? 100 : (unsigned)((double)part * 100 / (double)whole + 0.5);
}

/* Of the time with data to send: the peer's window, the send buffer, and what is left is the congestion window's. */
static void add_limits(struct line *line, const struct proctcp_socket *socket,
                       const struct proctcp_impairment *impairment)
{
    const uint64_t busy = socket->busy_time_us, rwnd = impairment->rwnd_limited_us,
                   sndbuf = impairment->sndbuf_limited_us;
    const struct {
        const char *name;
        uint64_t time_us;
    } limits[] = {
        {"cwnd", busy > rwnd && busy - rwnd > sndbuf ? busy - rwnd - sndbuf : 0}, {"rwnd", rwnd}, {"sndbuf", sndbuf}};
    char time[UNITS_SIZE], shares[64] = "";

    if (!(socket->present & PROCTCP_HAS_BUSY_TIME) || !busy)
        return;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        const size_t used = strlen(shares);
        const unsigned percent = share(limits[i].time_us, busy);
        if (percent)
            snprintf(shares + used, sizeof(shares) - used, "%s%s %u %%", used ? ", " : "", limits[i].name, percent);
    }
    add(line, FINE, "busy %s (%s)", units_time(busy, time), shares);
}

static void add_traffic(struct line *line, const struct proctcp_socket *socket,
                        const struct proctcp_impairment *impairment)
{
    if (socket->present & PROCTCP_HAS_DELIVERY_RATE)
        add_rate(line, "delivery", socket->delivery_rate_bytes_per_s);
    if (socket->present & PROCTCP_HAS_PACING_RATE)
        add_rate(line, "pacing", socket->pacing_rate_bytes_per_s);
    if ((socket->present & PROCTCP_HAS_NOTSENT) && impairment->notsent_bytes)
        add_bytes(line, "unsent", impairment->notsent_bytes);
    if (socket->present & PROCTCP_HAS_BYTES_SENT)
        add_bytes(line, "sent", socket->bytes_sent);
    if (socket->present & PROCTCP_HAS_BYTES)
        add_bytes(line, "received", socket->bytes_received);
}

static void add_listener(struct line *line, const struct proctcp_socket *socket,
                         const struct proctcp_impairment *impairment)
{
    const enum severity severity = severity_accept_queue(line->output, socket);

    if (socket->present & PROCTCP_HAS_ACCEPT_QUEUE_MAX)
        add(line, severity == BAD ? BAD : FINE, "accept queue %u of %u", socket->accept_queue,
            socket->accept_queue_max);
    if (socket->present & PROCTCP_HAS_DROPS)
        add(line, impairment->drops ? DOUBTFUL : FINE, "drops %u", impairment->drops);
}

void info_line(const struct output *output, const void *item)
{
    const struct proctcp_socket *socket = output->view->socket(output, item);
    const struct proctcp_impairment *impairment = &output->snapshot->impairments[socket->impairment];
    struct line line = {.output = output};

    if (socket->state == PROCTCP_LISTEN) {
        add_listener(&line, socket, impairment);
    } else {
        add_path(&line, socket);
        add_loss(&line, socket, impairment);
        add_limits(&line, socket, impairment);
        add_traffic(&line, socket, impairment);
        add_bounds(&line, socket);
    }
    if (line.used)
        writer_char(output->writer, '\n');
}
