/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* owners.h - whose something is: the process that runs where the kernel calls the BPF programs. */
#ifndef PROCTCP_BPF_OWNERS_H
#define PROCTCP_BPF_OWNERS_H

#include "scans.h"
#include "tasks.h"

#define PF_KTHREAD 0x00200000

struct owner {
    __u32 tgid; /* in the first pid namespace; 0: nobody, or the kernel */
    __u32 pid;  /* in its own */
    __u32 pid_namespace;
    __u32 uid;
    __u64 start_ns;
    __u64 name[2];
};

__u64 seed = 0; /* of what is found by a number that users choose */

/* The current process. false: it is the kernel, or who scans, and holds it for a moment only. */
static __always_inline bool find_current(struct owner *owner)
{
    struct task_struct *task = bpf_get_current_task_btf(), *leader;
    const __u32 tgid = task->tgid;
    const __u64 *scanner = bpf_map_lookup_elem(&scanners, &tgid);
    const struct pid *pid;

    leader = task->group_leader;
    if (task->flags & PF_KTHREAD || (scanner && *scanner == leader->start_boottime))
        return false;
    pid = leader->thread_pid;
    owner->tgid = tgid;
    owner->pid = pid ? number_at(pid, pid->level) : 0;
    owner->pid_namespace = pid ? namespace_of(pid) : 0;
    owner->uid = task->real_cred ? task->real_cred->euid.val : 0;
    owner->start_ns = leader->start_boottime;
    owner->name[0] = *(const __u64 *)&leader->comm[0];
    owner->name[1] = *(const __u64 *)&leader->comm[8];
    return true;
}

/* Users of the system's own, and all others: none of these takes the place of what one of those has counted. Services
 * for which systemd makes a user (DynamicUser=) have theirs in between. */
#define FIRST_ORDINARY_UID 1000
#define FIRST_DYNAMIC_UID  61184
#define LAST_DYNAMIC_UID   65519

static __always_inline bool is_ordinary(__u32 uid)
{
    return uid >= FIRST_ORDINARY_UID && (uid < FIRST_DYNAMIC_UID || uid > LAST_DYNAMIC_UID);
}

static __always_inline __u64 mix(__u64 number)
{
    __u64 hash = (number ^ seed) * 0x9e3779b97f4a7c15;

    hash = (hash ^ hash >> 29 ^ seed) * 0xbf58476d1ce4e5b9;
    return hash >> 32;
}

#endif
