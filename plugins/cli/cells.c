/* cells.c - words, addresses and holders as text that keeps columns columns: printable ASCII without blanks. */
#include "cells.h"

#include <string.h>

size_t cell_text(char text[CELL_SIZE], const char *from)
{
    const size_t length = strlen(from);
    memcpy(text, from, length + 1);
    return length;
}

/* Most names are plain, and are copied as they are read. */
static size_t put_name(const char *name, char *text, size_t size)
{
    size_t length = 0;

    for (; name[length] > ' ' && name[length] < 0x7f && name[length] != '\\' && length + 1 < size; length++)
        text[length] = name[length];
    text[length] = '\0';
    if (!name[length])
        return length;
    length = proctcp_escape(name, text, size, false);
    return length < size ? length : strlen(text);
}

size_t cell_escaped(char text[CELL_SIZE], const char *name)
{
    return put_name(name, text, CELL_SIZE);
}

size_t cell_process(char text[CELL_SIZE], const char *name, int32_t pid)
{
    size_t length = put_name(*name ? name : "-", text, CELL_SIZE - 32);

    text[length++] = '[';
    length += format_signed(text + length, pid);
    text[length++] = ']';
    text[length] = '\0';
    return length;
}

size_t cell_state(const struct output *output, unsigned state, char text[CELL_SIZE])
{
    static const char *const short_names[PROCTCP_STATES] = {
        [PROCTCP_CLOSED] = "UNCONN",         [PROCTCP_LISTEN] = "LISTEN",         [PROCTCP_SYN_SENT] = "SYN-SENT",
        [PROCTCP_SYN_RECEIVED] = "SYN-RECV", [PROCTCP_ESTABLISHED] = "ESTAB",     [PROCTCP_FIN_WAIT1] = "FIN-WAIT-1",
        [PROCTCP_FIN_WAIT2] = "FIN-WAIT-2",  [PROCTCP_CLOSE_WAIT] = "CLOSE-WAIT", [PROCTCP_LAST_ACK] = "LAST-ACK",
        [PROCTCP_CLOSING] = "CLOSING",       [PROCTCP_TIME_WAIT] = "TIME-WAIT",
    };
    const bool is_short = output->narrow && state < PROCTCP_STATES && short_names[state];

    return cell_text(text, is_short ? short_names[state] : proctcp_state_name(state));
}

size_t cell_socket_state(const struct output *output, const struct proctcp_socket *socket, char text[CELL_SIZE])
{
    if (socket->present & PROCTCP_HAS_LOCAL)
        return cell_state(output, socket->state, text);
    return cell_text(text, "unbound");
}

size_t cell_local(const struct proctcp_socket *socket, char text[CELL_SIZE])
{
    if (!(socket->present & PROCTCP_HAS_LOCAL))
        return 0;
    return strlen(proctcp_endpoint_text(&socket->local_address, socket->local_port, text));
}

size_t cell_remote(const struct proctcp_socket *socket, char text[CELL_SIZE])
{
    if (!(socket->present & PROCTCP_HAS_REMOTE))
        return 0;
    return strlen(proctcp_endpoint_text(&socket->remote_address, socket->remote_port, text));
}

size_t cell_holder(const struct output *output, uint32_t index, char text[CELL_SIZE])
{
    const struct proctcp_row *row;
    size_t length;

    if (index == PROCTCP_NONE)
        return 0;
    row = &output->snapshot->rows[index];
    length = cell_process(text, output->snapshot->processes[row->process].name, row->pid);
    text[length++] = ':';
    return length + format_signed(text + length, row->fd);
}
