/* model.h - what a capture means: rows, sockets with their directions and peers, processes with their counts, and what
 * nobody holds. Plain data, written by model/ and finished by history/; neither makes a system call, reads a clock or
 * looks at errno. All calls return 0 or -ENOMEM. */
#ifndef PROCTCP_MODEL_H
#define PROCTCP_MODEL_H

#include "capture/capture.h"

struct rows VECTOR(struct proctcp_row);
struct model_processes VECTOR(struct proctcp_process);
struct last_holders VECTOR(struct proctcp_last_holder);
struct unattributed VECTOR(struct proctcp_unattributed);
struct listeners VECTOR(struct proctcp_listener);

/* A name that rows are grouped under. */
struct group_key {
    const char *name;
    uint32_t rows;
    uint16_t group;    /* index; set by history/, which knows who has a place */
    bool is_system;    /* a process of root, or of a user of the system, is under it */
    bool asks_sockets; /* a rule made it that takes some sockets of a process only */
};

struct group_keys VECTOR(struct group_key);
struct groups VECTOR(struct proctcp_group);
struct row_groups VECTOR(uint16_t);

/* Behind what was selected stands what is there for its peers alone: so many of each. */
struct for_peers {
    uint32_t rows, sockets, processes;
};

struct model {
    struct sockets sockets; /* taken over from the capture, in its order, unless the selection moved them */
    struct rows rows;
    struct model_processes processes;
    struct for_peers for_peers;
    struct hash by_inode;             /* sockets by inode; taken over, too */
    bool renumbered;                  /* sockets have other indices than in the capture */
    bool any_dead;                    /* some socket is in no table, and its holders are gone */
    struct indices holders;           /* by socket: the process of its rank 1, or PROCTCP_NONE */
    struct indices first_rows;        /* by socket: its row of rank 1, or PROCTCP_NONE */
    struct last_holders last_holders; /* ordered by socket */
    struct unattributed unattributed; /* ordered by namespace, state and last holder */

    struct group_keys group_keys; /* empty without a grouping, as are those that follow */
    struct indices row_keys;      /* by row: its group key */
    struct indices
        unseen_keys; /* by what processes counted that no scan saw: the group key; PROCTCP_NONE: nothing new */
    bool any_split;  /* sockets of one process may be in several groups */
    struct groups groups;
    struct row_groups row_groups; /* by row: index of its group */
    struct proctcp_group all;
    uint32_t groups_left_out;
    struct listeners listeners;  /* ordered by namespace, address and port */
    struct indices came_through; /* by socket: the number of the listener that it came in through, PROCTCP_NONE,
                                    or MODEL_LISTENS and its own number. Empty unless listeners are asked for. In the
                                    end: the index of either. */
    uint32_t listener_numbers;   /* they go from 0 to this, less one */
};

/* Sockets by four-tuple, and the peer of each; good until sockets are left out. Memory of it is kept from scan to
 * scan. */
struct tuples {
    struct hash near;     /* with the namespace in the key */
    struct hash far;      /* without; of those that face nobody in their own */
    struct indices peers; /* by socket: its peer, PROCTCP_NONE, or TUPLES_ASK */
    struct indices keys;  /* by socket: what it stands under in near */
    uint64_t seed;
};

/* ---- stages, in their order; see scanner.c ---- */

/* join.c: takes the sockets over from a capture; numbers the subflows of each inode. */
int model_begin(struct model *model, struct capture *capture);
/* tuples.c: orders the sockets by four-tuple. Drops what is left of an earlier connection where its successor is there,
 * too, and counts it in *dropped. */
int tuples_index(struct model *model, const struct capture *capture, uint64_t seed, struct tuples *tuples,
                 uint32_t *dropped);
/* peers.c: the peers of selected sockets that no process seen so far holds. */
int peers_wanted(const struct model *model, const struct capture *capture, const struct proctcp_selection *selection,
                 const struct tuples *tuples, struct wanted_sockets *wanted);
/* join.c: a row for each owner and subflow, and the processes that have one. */
int model_join(struct model *model, const struct capture *capture);
/* peers.c: the peer of each row, the direction of each socket and, if listeners are asked for, through which one it
 * came in. */
int peers_find(struct model *model, struct tuples *tuples, bool listeners);
/* join.c: leaves out sockets that do not exist any more. Those behind them move up, and the tuples are of no use then.
 */
int model_drop_dead(struct model *model);
/* filter.c: leaves out rows, sockets and processes that were not selected. */
int filter_model(struct model *model, const struct capture *capture, const struct proctcp_selection *selection);
/* sums.c: what each process holds: its counts and sums, and which totals its sources give. Sets *unbound to how many
 * sockets are in no table. */
int sums_count(struct model *model, const struct capture *capture, uint32_t *unbound);
/* group_keys.c: the name that each row is grouped under. */
int groups_name(struct model *model, const struct capture *capture, const struct proctcp_grouping *grouping,
                uint64_t seed);
/* groups.c: counts and sums of groups, once history knows which there are. */
int groups_sum(struct model *model, const struct capture *capture);
/* listeners.c: the listeners, if they are asked for. */
int listeners_count(struct model *model, const struct capture *capture, const struct proctcp_selection *selection);
/* sums.c: sockets that nobody holds, once their last holders are known. Sets *sockets to how many. */
int sums_unattributed(struct model *model, uint32_t *sockets);

/* join.c: orders the sockets by inode anew: they have moved. */
int model_reindex(struct model *model);
void model_recycle(struct model *model);
void model_clear(struct model *model);
void tuples_clear(struct tuples *tuples);
void tuples_recycle(struct tuples *tuples);

/* ---- what stages share ---- */

/* Among model.came_through: the socket listens itself. */
#define MODEL_LISTENS (1u << 31)

/* Among tuples.peers: there are several that might be it, or one in another namespace. */
#define TUPLES_ASK (PROCTCP_NONE - 1)

/* tuples.c: the next of the sockets that may be the peer of one, or PROCTCP_NONE. All zeros at first. */
struct peer_walk {
    struct hash_walk walk;
    unsigned table;
    bool begun;
};
uint32_t tuples_next_peer(const struct model *model, const struct tuples *tuples, uint32_t socket,
                          struct peer_walk *walk);
/* tuples.c: the peer of a socket on this host, once it is known who is held; PROCTCP_NONE: there is none, or several.
 */
uint32_t tuples_find_peer(const struct model *model, const struct tuples *tuples, uint32_t socket);

/* The group of the row of rank 1 of a socket that is held. */
static inline uint16_t model_home_group(const struct model *model, uint32_t socket)
{
    /* Rows of a process stand together; where none is split, its first one is at hand. */
    if (!model->any_split)
        return model->row_groups.at[model->processes.at[model->holders.at[socket]].first_row];
    return model->row_groups.at[model->first_rows.at[socket]];
}

/* A socket that is in no table: never bound, or torn down and not closed. */
static inline bool model_is_unbound(const struct proctcp_socket *socket)
{
    return socket->state == PROCTCP_CLOSED && !(socket->present & PROCTCP_HAS_LOCAL);
}

/* Waits for what it has sent again to be acknowledged. */
static inline bool model_is_retransmitting(const struct proctcp_socket *socket, const struct impairments *impairments)
{
    if (socket->present & PROCTCP_HAS_RETRANSMITS && socket->retransmits)
        return true;
    return socket->present & PROCTCP_HAS_INFO && socket->impairment &&
           impairments->at[socket->impairment].retrans_segments;
}

#endif
