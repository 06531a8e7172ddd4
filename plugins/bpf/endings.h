/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* endings.h - each connection that ended and that a scan may have shown: rings, where new ones write over the oldest.
 */
#ifndef PROCTCP_BPF_ENDINGS_H
#define PROCTCP_BPF_ENDINGS_H

#include "owners.h"

#include "capture/bpf_records.h"

#define RING_SIZE     16384 /* a power of 2 */
#define BEING_WRITTEN (~0ull)
#define WRITERS       1024 /* so many may be at it at the same time */

struct ended_connection {
    __u64 sequence; /* 0: nothing yet; BEING_WRITTEN */
    __u64 cookie;
    __u64 start_ns;
    __u32 tgid;
    __u32 pid;
    __u32 pid_namespace;
    __u32 zero;
    __u64 ended_ns;
    __u64 told_ns;
    struct bpf_sums sums;
};

/* Ring behind ring; in each, the place of a sequence is its remainder. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, BPF_RINGS *RING_SIZE);
    __type(key, __u32);
    __type(value, struct ended_connection);
} ended_connections SEC(".maps");

__u64 last_sequences[BPF_RINGS] = {0};

/* The first is for users of the system's own; which of the others a user has nobody can choose. */
static __always_inline __u32 ring_of(__u32 uid)
{
    return is_ordinary(uid) ? 1 + mix(uid) % (BPF_RINGS - 1) : 0;
}

static __always_inline __u64 *last_sequence(__u32 ring)
{
    return &last_sequences[hide(ring) % BPF_RINGS];
}

static __always_inline struct ended_connection *find_ended(__u32 ring, __u64 sequence)
{
    const __u32 place = ring % BPF_RINGS * RING_SIZE + sequence % RING_SIZE;

    return bpf_map_lookup_elem(&ended_connections, &place);
}

/* As it is in the ring. false: it is being written. The exchanges are barriers. */
static __always_inline bool read_ended(struct ended_connection *from, struct ended_connection *to)
{
    to->sequence = __sync_fetch_and_add(&from->sequence, 0);
    to->cookie = from->cookie;
    to->start_ns = from->start_ns;
    to->tgid = from->tgid;
    to->pid = from->pid;
    to->pid_namespace = from->pid_namespace;
    to->ended_ns = from->ended_ns;
    to->told_ns = from->told_ns;
    to->sums = from->sums;
    return to->sequence != BEING_WRITTEN && __sync_fetch_and_add(&from->sequence, 0) == to->sequence;
}

static __always_inline void write_ended(__u64 cookie, __u64 ended_ns, const struct bpf_sums *sums,
                                        const struct owner *owner)
{
    const __u32 ring = ring_of(owner->uid);
    const __u64 sequence = __sync_fetch_and_add(last_sequence(ring), 1) + 1;
    struct ended_connection *ended = find_ended(ring, sequence);
    __u64 before;

    if (!ended)
        return;
    before = ended->sequence; /* behind those of a whole round: it was kept waiting for so long */
    if (before == BEING_WRITTEN || before > sequence ||
        __sync_val_compare_and_swap(&ended->sequence, before, BEING_WRITTEN) != before)
        return;
    ended->cookie = cookie;
    ended->start_ns = owner->start_ns;
    ended->tgid = owner->tgid;
    ended->pid = owner->pid;
    ended->pid_namespace = owner->pid_namespace;
    ended->ended_ns = ended_ns;
    ended->told_ns = bpf_ktime_get_ns();
    ended->sums = *sums;
    __sync_lock_test_and_set(&ended->sequence, sequence);
}

#endif
