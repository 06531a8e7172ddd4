/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* processes.h - the table of processes, each with what its connections counted; also of those that have ended, until
 * others need their places. */
#ifndef PROCTCP_BPF_PROCESSES_H
#define PROCTCP_BPF_PROCESSES_H

#include "owners.h"

#include "capture/bpf_records.h"

#define WAYS 8 /* places that a process may have */
#define SETS 2048
#define HALF (SETS / 2) /* is for users of the system's own */

struct process {
    __u64 used_ns;  /* 0: free */
    __u64 taken_ns; /* when the place was, for this process */
    __u64 start_ns;
    __u32 tgid;
    __u32 pid;
    __u32 pid_namespace;
    __u32 uid;
    __u64 name[2];
    struct bpf_events events;
    struct bpf_sums unseen, seen;
};

struct set {
    struct process ways[WAYS];
};

/* A process that needs a place takes that of the one in its set that was used longest ago. Not a hash map: some kernels
 * refuse the iterator that would read it, and allow those over tasks. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, SETS);
    __type(key, __u32);
    __type(value, struct set);
} processes SEC(".maps");

__u64 used_sets[SETS / 64] = {0}; /* a bit for each that has had a process */

#define ADD(to, number) __sync_fetch_and_add(&(to), (number))

static __always_inline bool is_used(__u32 set)
{
    return used_sets[set / 64 % (SETS / 64)] & 1ull << set % 64;
}

static __always_inline __u32 set_of(const struct owner *owner)
{
    return mix(owner->start_ns ^ (__u64)owner->tgid << 40) % HALF + (is_ordinary(owner->uid) ? HALF : 0);
}

/* A place that was used last at some time, for a process that has none. NULL: somebody else was faster. */
static __always_inline struct process *take_place(struct process *process, __u64 used_ns, __u64 now,
                                                  const struct owner *owner)
{
    if (__sync_val_compare_and_swap(&process->used_ns, used_ns, now) != used_ns)
        return NULL;
    __sync_lock_test_and_set(&process->tgid, 0); /* these exchanges are barriers, too */
    __builtin_memset(&process->events, 0, sizeof(process->events));
    __builtin_memset(&process->unseen, 0, sizeof(process->unseen));
    __builtin_memset(&process->seen, 0, sizeof(process->seen));
    process->start_ns = owner->start_ns;
    process->taken_ns = now;
    __sync_lock_test_and_set(&process->tgid, owner->tgid);
    return process;
}

/* The process in its set, or else a place taken. NULL: somebody else was faster to take one. */
static __always_inline struct process *look_up(const struct owner *owner, __u64 now)
{
    const __u32 number = set_of(owner);
    struct set *set = bpf_map_lookup_elem(&processes, &number);
    __u64 oldest_ns = now;
    __u32 oldest = 0;

    if (!set)
        return NULL;
    for (__u32 i = 0; i < WAYS; i++) {
        struct process *process = &set->ways[i];
        if (process->tgid == owner->tgid && process->start_ns == owner->start_ns)
            return process;
        if (process->used_ns < oldest_ns) {
            oldest_ns = process->used_ns;
            oldest = i;
        }
    }
    if (!is_used(number))
        __sync_fetch_and_or(&used_sets[number / 64 % (SETS / 64)], 1ull << number % 64);
    return take_place(&set->ways[hide(oldest) % WAYS], oldest_ns, now, owner);
}

static __noinline struct process *try_to_find(const struct owner *owner)
{
    const __u64 now = bpf_ktime_get_ns();
    struct process *process;

    if (!owner)
        return NULL;
    process = look_up(owner, now);
    if (!process)
        return NULL;
    process->used_ns = now;
    process->pid = owner->pid;
    process->pid_namespace = owner->pid_namespace;
    process->uid = owner->uid;
    process->name[0] = owner->name[0];
    process->name[1] = owner->name[1];
    return process;
}

/* Threads of a process may come for the first time at once, and then take a place each: who reads adds these up. */
static __always_inline struct process *find_process(const struct owner *owner)
{
    struct process *process;

    if (!owner->tgid)
        return NULL;
    process = try_to_find(owner);
    if (!process)
        process = try_to_find(owner);
    if (!process)
        process = try_to_find(owner);
    return process;
}

#endif
