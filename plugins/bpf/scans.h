/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* scans.h - what the programs that show sockets tell those that count connections: when the last scan was, and which
 * processes scan. */
#ifndef PROCTCP_BPF_SCANS_H
#define PROCTCP_BPF_SCANS_H

#include "kernel.h"

#include <bpf/bpf_helpers.h>

#define SCANNERS     256
#define LONG_SCAN_NS 10000000000ull

struct scans {
    __u64 horizon_ns; /* a scan may have shown what began before; while one runs, in the future */
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct scans);
} scans SEC(".maps");

/* By tgid. Who looks at a descriptor holds its file for a moment, and may do its last close. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, SCANNERS);
    __type(key, __u32);
    __type(value, __u32);
} scanners SEC(".maps");

static __always_inline void move_horizon(__u64 ns)
{
    const __u32 first = 0;
    struct scans *found = bpf_map_lookup_elem(&scans, &first);

    if (found)
        found->horizon_ns = ns;
}

#endif
