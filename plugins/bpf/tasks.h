/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* tasks.h - which number a process has in whose pid namespace, for the BPF programs. A task has one in each of those
 * that it is in. */
#ifndef PROCTCP_BPF_TASKS_H
#define PROCTCP_BPF_TASKS_H

#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define PID_LEVELS 33

/* bpf_probe_read_kernel() is refused where the kernel is locked down for confidentiality. */
const volatile bool may_probe = true;

/* A number that the compiler knows nothing of: what it makes of a check the verifier does not always understand. */
static __always_inline __u64 hide(__u64 number)
{
    asm volatile("" : "+r"(number));
    return number;
}

/* What a pid is called at a level of namespaces. 0: not to be had. */
static __always_inline __u32 number_at(const struct pid *pid, __u32 at_level)
{
    const __u64 level = hide(at_level);
    const __u32 first =
        pid->numbers[0].nr; /* loaded either way: the verifier takes no pointer that is one or another */
    __u32 nr = 0;

    if (may_probe && level < PID_LEVELS)
        bpf_probe_read_kernel(&nr, sizeof(nr),
                              (const char *)pid + bpf_core_field_offset(struct pid, numbers) +
                                  level * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, nr));
    return at_level ? nr : first;
}

/* The number of a process in the pid namespace of whoever reads. */
static __always_inline __u32 number_of(struct task_struct *task, struct task_struct *reader)
{
    return task->thread_pid ? number_at(task->thread_pid, reader->thread_pid->level) : 0;
}

/* The inode of the innermost namespace that a pid is in; 0: of the first one, or not to be had. */
static __always_inline __u32 namespace_of(const struct pid *pid)
{
    const struct pid_namespace *ns = NULL;
    const __u64 level = hide(pid->level);
    __u32 inum = 0;

    if (!may_probe || level == 0)
        return 0;
    if (level >= PID_LEVELS)
        return 0;
    bpf_probe_read_kernel(&ns, sizeof(ns),
                          (const char *)pid + bpf_core_field_offset(struct pid, numbers) +
                              level * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, ns));
    bpf_probe_read_kernel(&inum, sizeof(inum),
                          (const char *)ns + bpf_core_field_offset(struct pid_namespace, ns) +
                              bpf_core_field_offset(struct ns_common, inum));
    return inum;
}

#endif
