/* test_collectd_snapshot.h - snapshots built by hand, process by process and row by row, for the collectd tests. */
#ifndef PROCTCP_TEST_COLLECTD_SNAPSHOT_H
#define PROCTCP_TEST_COLLECTD_SNAPSHOT_H

#include "proctcp.h"

#include <stdio.h>
#include <string.h>

#define HAND_ROOM 512

struct hand {
    struct proctcp_row rows[HAND_ROOM];
    struct proctcp_socket sockets[HAND_ROOM];
    uint16_t row_groups[HAND_ROOM];
    struct proctcp_process processes[HAND_ROOM];
    struct proctcp_group groups[HAND_ROOM];
    char names[HAND_ROOM][16];
    struct proctcp_unattributed unattributed[4];
    struct proctcp_impairment impairments[HAND_ROOM]; /* the first is that of sockets without any */
    const char *words[2];
    struct proctcp_snapshot snapshot;
};

static inline void hand_begin(struct hand *hand)
{
    memset(hand, 0, sizeof(*hand));
    hand->snapshot.rows = hand->rows;
    hand->snapshot.row_groups = hand->row_groups;
    hand->snapshot.groups = hand->groups;
    hand->snapshot.sockets = hand->sockets;
    hand->snapshot.processes = hand->processes;
    hand->snapshot.unattributed = hand->unattributed;
    hand->words[0] = "";
    hand->words[1] = "cubic";
    hand->snapshot.congestion_names = hand->words;
    hand->snapshot.impairments = hand->impairments;
    hand->snapshot.impairment_count = 1;
    hand->snapshot.stats.failure = "";
    hand->snapshot.stats.source_reason = "";
}

/* By process name, in the order in which these are met. */
static inline uint16_t hand_group(struct hand *hand, const char *name)
{
    uint32_t group = 0;

    while (group < hand->snapshot.group_count && strcmp(hand->groups[group].name, name) != 0)
        group++;
    if (group == hand->snapshot.group_count) {
        hand->groups[group].name = name;
        hand->snapshot.group_count++;
    }
    return (uint16_t)group;
}

/* The rows that follow are its. limit 0: has none. */
static inline struct proctcp_process *hand_process(struct hand *hand, const char *name, uint32_t fds, uint64_t limit)
{
    uint32_t number = hand->snapshot.process_count++;
    struct proctcp_process *process = &hand->processes[number];

    snprintf(hand->names[number], sizeof(hand->names[number]), "%.15s", name);
    process->pid = 100 + (int32_t)number;
    process->name = hand->names[number];
    process->present = PROCTCP_HAS_PROCESS | (limit ? PROCTCP_HAS_FD_LIMIT : 0);
    process->fds = fds;
    process->fd_limit = limit;
    process->first_row = hand->snapshot.row_count;
    return process;
}

static inline struct proctcp_address hand_address(uint8_t last)
{
    return (struct proctcp_address){{[10] = 0xff, 0xff, 192, 0, 2, last}};
}

/* 192.0.2.1:local to 192.0.2.remote:port; remote 0 listens. */
static inline uint32_t hand_socket(struct hand *hand, uint16_t local, uint8_t remote, uint16_t port)
{
    uint32_t number = hand->snapshot.socket_count++;

    hand->sockets[number] = (struct proctcp_socket){
        .present = PROCTCP_HAS_LOCAL | PROCTCP_HAS_REMOTE | (remote ? PROCTCP_HAS_QUEUES : PROCTCP_HAS_ACCEPT_QUEUE),
        .local_address = hand_address(1),
        .remote_address = hand_address(remote),
        .local_port = local,
        .remote_port = port,
        .inode = 1000 + number,
        .subflow = 1,
        .state = remote ? PROCTCP_ESTABLISHED : PROCTCP_LISTEN,
        .family = PROCTCP_INET,
    };
    return number;
}

static inline void hand_row(struct hand *hand, uint32_t socket)
{
    uint32_t number = hand->snapshot.row_count++;
    struct proctcp_process *process = &hand->processes[hand->snapshot.process_count - 1];

    hand->row_groups[number] = hand_group(hand, process->name);
    hand->rows[number] = (struct proctcp_row){
        .pid = process->pid,
        .fd = 3 + (int32_t)process->row_count++,
        .socket = socket,
        .process = hand->snapshot.process_count - 1,
        .owner_rank = ++hand->sockets[socket].owners,
        .peer = PROCTCP_NONE,
    };
}

static inline struct proctcp_socket *hand_row_of_new(struct hand *hand, uint16_t local, uint8_t remote, uint16_t port)
{
    uint32_t socket = hand_socket(hand, local, remote, port);

    hand_row(hand, socket);
    return &hand->sockets[socket];
}

/* A record of impairment of the socket's own. */
static inline struct proctcp_impairment *hand_impairment(struct hand *hand, struct proctcp_socket *socket)
{
    socket->impairment = hand->snapshot.impairment_count++;
    return &hand->impairments[socket->impairment];
}

#endif
