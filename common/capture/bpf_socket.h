/* bpf_socket.h - a socket of a record, as the others of a scan. */
#ifndef PROCTCP_BPF_SOCKET_H
#define PROCTCP_BPF_SOCKET_H

#include "capture/bpf_records.h"
#include "capture/inquiry.h"

/* What the record says. The congestion control is named by the scan. 0, -ENOMEM, or -EBADMSG: it makes no sense. */
int bpf_socket_parse(struct inquiry *inquiry, const struct bpf_socket_record *record, struct proctcp_socket *socket,
                     struct proctcp_impairment *impairment);

#endif
