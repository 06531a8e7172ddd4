/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* counted.h - pages of counted connections: what his pid namespace, who reads one, calls a process, and what the last
 * record says. */
#ifndef PROCTCP_BPF_COUNTED_H
#define PROCTCP_BPF_COUNTED_H

#include "endings.h"
#include "pages.h"
#include "scans.h"
#include "tasks.h"

struct counted_page {
    struct page page;
    __u64 skipped;       /* records that are no longer there */
    __u32 level;         /* of the reader's pid namespace */
    __u32 pid_namespace; /* if that is not the first one */
};

__u64 loaded_ns = 0; /* CLOCK_MONOTONIC */
__u64 all_closed = 0;

/* As begin_page(). */
static __always_inline bool begin_counted(struct bpf_iter__task *context, __u32 most, struct counted_page *counted)
{
    const struct pid *own = bpf_get_current_task_btf()->thread_pid;

    if (!own || !begin_page(context, most, &counted->page))
        return false;
    counted->skipped = 0;
    counted->level = own->level;
    counted->pid_namespace = namespace_of(own);
    return true;
}

static __always_inline void end_counted(const struct counted_page *counted, bool is_end)
{
    struct bpf_counted_record record = {.record = {sizeof(record), BPF_RECORD_COUNTED},
                                        .is_end = is_end,
                                        .from = counted->page.from,
                                        .next = counted->page.next,
                                        .skipped = counted->skipped,
                                        .loaded_ns = loaded_ns,
                                        .began_ns = scan_began(),
                                        .closed = all_closed};

    for (__u32 i = 0; i < BPF_RINGS; i++)
        record.last[i] = last_sequences[i];
    bpf_seq_write(counted->page.seq, &record, sizeof(record));
}

/* A number of a process that the reader's pid namespace has: that is the first one, or the process' own. */
static __always_inline __u32 number_for(const struct counted_page *counted, __u32 tgid, __u32 pid, __u32 pid_namespace)
{
    if (counted->level == 0)
        return tgid;
    return pid_namespace && counted->pid_namespace == pid_namespace ? pid : 0;
}

#endif
