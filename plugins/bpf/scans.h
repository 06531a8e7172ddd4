/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* scans.h - what the programs that show sockets tell those that count connections: when the last scan was, and which
 * processes scan. */
#ifndef PROCTCP_BPF_SCANS_H
#define PROCTCP_BPF_SCANS_H

#include "kernel.h"

#include <bpf/bpf_helpers.h>

#define SCANNERS     256
#define RUNNING      8
#define LONG_SCAN_NS 30000000000ull /* none takes longer */

struct scans {
    __u64 horizon_ns; /* a scan may have shown what began before; while one runs, in the future */
    struct {
        __u64 began_ns; /* 0: none */
        __u64 thread;
    } running[RUNNING];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct scans);
} scans SEC(".maps");

/* By tgid, when it started: numbers are used again. Who looks at a descriptor holds its file for a moment, and may do
 * its last close. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, SCANNERS);
    __type(key, __u32);
    __type(value, __u64);
} scanners SEC(".maps");

/* From now on, and until the scan comes to its end, what is there may be shown. */
static __always_inline void begin_scan(const struct task_struct *reader)
{
    const __u32 first = 0, tgid = reader->tgid;
    const __u64 start_ns = reader->group_leader->start_boottime;
    const __u64 now = bpf_ktime_get_ns();
    struct scans *found = bpf_map_lookup_elem(&scans, &first);
    __u64 oldest_ns = now;
    __u32 place = 0;

    bpf_map_update_elem(&scanners, &tgid, &start_ns, 0);
    if (!found)
        return;
    for (__u32 i = 0; i < RUNNING; i++) {
        if (found->running[i].began_ns < oldest_ns) {
            oldest_ns = found->running[i].began_ns;
            place = i;
        }
    }
    if (place < RUNNING) {
        found->running[place].began_ns = now;
        found->running[place].thread = reader->pid;
    }
    found->horizon_ns = now + LONG_SCAN_NS;
}

/* When the scan of the current thread began; 0: it is not known to scan. */
static __always_inline __u64 scan_began(void)
{
    const __u32 first = 0, thread = (__u32)bpf_get_current_pid_tgid();
    const struct scans *found = bpf_map_lookup_elem(&scans, &first);
    __u64 began_ns = 0;

    for (__u32 i = 0; found && i < RUNNING; i++) {
        if (found->running[i].thread == thread && found->running[i].began_ns > began_ns)
            began_ns = found->running[i].began_ns;
    }
    return began_ns;
}

/* What begins from now on this scan cannot have shown; another one may. */
static __always_inline void end_scan(void)
{
    const __u32 first = 0, thread = (__u32)bpf_get_current_pid_tgid();
    const __u64 now = bpf_ktime_get_ns();
    struct scans *found = bpf_map_lookup_elem(&scans, &first);
    bool is_last = true;
    __u64 before;

    if (!found)
        return;
    before = found->horizon_ns;
    for (__u32 i = 0; i < RUNNING; i++) {
        if (found->running[i].thread == thread)
            found->running[i].began_ns = 0;
        else if (found->running[i].began_ns && now - found->running[i].began_ns < LONG_SCAN_NS)
            is_last = false;
    }
    if (is_last) /* but not if another one has begun meanwhile */
        __sync_val_compare_and_swap(&found->horizon_ns, before, now);
}

#endif
