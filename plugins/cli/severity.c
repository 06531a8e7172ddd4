/* severity.c - what is wrong with a socket or a process, and the colours of it. Judges only what one scan can tell. */
#include "severity.h"

#define PILE 10 /* sockets in CLOSE_WAIT: more than a busy process that closes them has at an instant */

static const struct proctcp_impairment *impairment_of(const struct output *output, const struct proctcp_socket *socket)
{
    return &output->snapshot->impairments[socket->impairment];
}

enum severity severity_of_close_wait(uint32_t waiting)
{
    return waiting >= PILE ? BAD : waiting ? DOUBTFUL : FINE;
}

enum severity severity_of_queue(uint64_t length, uint64_t most)
{
    return length && length >= most ? BAD : FINE;
}

enum severity severity_of_descriptors(uint64_t used, uint64_t limit)
{
    if (used >= limit - limit / 20)
        return BAD;
    return used >= limit - limit / 5 ? DOUBTFUL : FINE;
}

enum severity severity_close_wait(const struct proctcp_process *process)
{
    return severity_of_close_wait(process->by_state[PROCTCP_CLOSE_WAIT]);
}

enum severity severity_state(const struct proctcp_socket *socket, const struct proctcp_process *process)
{
    if (socket->state != PROCTCP_CLOSE_WAIT)
        return FINE;
    return process ? severity_close_wait(process) : DOUBTFUL;
}

enum severity severity_accept_queue(const struct output *output, const struct proctcp_socket *socket)
{
    const uint64_t both = PROCTCP_HAS_ACCEPT_QUEUE | PROCTCP_HAS_ACCEPT_QUEUE_MAX;

    if ((socket->present & both) == both && severity_of_queue(socket->accept_queue, socket->accept_queue_max) == BAD)
        return BAD;
    if ((socket->present & PROCTCP_HAS_ACCEPT_QUEUE) && (socket->present & PROCTCP_HAS_DROPS) &&
        impairment_of(output, socket)->drops)
        return DOUBTFUL;
    return FINE;
}

enum severity severity_loss(const struct output *output, const struct proctcp_socket *socket)
{
    const struct proctcp_impairment *impairment = impairment_of(output, socket);

    if ((socket->present & PROCTCP_HAS_RETRANSMITS) && socket->retransmits)
        return BAD;
    if ((socket->present & PROCTCP_HAS_INFO) && (impairment->lost_segments || impairment->retrans_segments))
        return DOUBTFUL;
    return FINE;
}

enum severity severity_retransmissions(const struct output *output, const struct proctcp_socket *socket)
{
    return (socket->present & PROCTCP_HAS_INFO) && impairment_of(output, socket)->total_retrans ? DOUBTFUL : FINE;
}

enum severity severity_descriptors(const struct proctcp_process *process)
{
    return process->present & PROCTCP_HAS_FD_LIMIT ? severity_of_descriptors(process->fds, process->fd_limit) : FINE;
}

const char *severity_begin(enum severity severity)
{
    static const char *const sequences[] = {[FINE] = "", [DOUBTFUL] = "\033[33m", [BAD] = "\033[31m"};
    return sequences[severity];
}

const char *severity_end(enum severity severity)
{
    return severity == FINE ? "" : "\033[0m";
}
