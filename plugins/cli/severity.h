/* severity.h - what is worth a second look, as rows and sockets show it. */
#ifndef PROCTCP_CLI_SEVERITY_H
#define PROCTCP_CLI_SEVERITY_H

#include "output.h"

/* process is the holder, or NULL: so many CLOSE_WAIT in one process pile up. */
enum severity severity_state(const struct proctcp_socket *socket, const struct proctcp_process *process);
enum severity severity_accept_queue(const struct output *output, const struct proctcp_socket *socket);
/* Under way. */
enum severity severity_loss(const struct output *output, const struct proctcp_socket *socket);
/* In the life of the connection. */
enum severity severity_retransmissions(const struct output *output, const struct proctcp_socket *socket);
/* The same of plain numbers. */
enum severity severity_of_close_wait(uint32_t waiting);
enum severity severity_of_queue(uint64_t length, uint64_t most);
enum severity severity_of_descriptors(uint64_t used, uint64_t limit);
/* Descriptors that a process has left. */
enum severity severity_descriptors(const struct proctcp_process *process);
enum severity severity_close_wait(const struct proctcp_process *process);

/* What makes a terminal show it: "" for FINE, and what ends it. */
const char *severity_begin(enum severity severity);
const char *severity_end(enum severity severity);

#endif
