/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* pages.h - files that are read in pages: who reads, where his page begins, and what his pid namespace calls a process.
 * Why pages, and how a reader says which: capture/bpf_records.h. */
#ifndef PROCTCP_BPF_PAGES_H
#define PROCTCP_BPF_PAGES_H

#include "endings.h"
#include "owners.h"
#include "scans.h"

#include "capture/bpf_records.h"

#define PAGE_SIZE 32768 /* of the kernel, for what is read at once */

struct page {
    struct seq_file *seq;
    __u64 from;
    __u64 next;
    __u64 skipped;       /* between these, no longer there */
    __u32 level;         /* of the reader's pid namespace */
    __u32 pid_namespace; /* if that is not the first one */
    __u32 left;          /* so many records more */
};

__u64 loaded_ns = 0; /* CLOCK_MONOTONIC */
__u64 all_closed = 0;

static const char filler[PAGE_SIZE] = {1};

/* false: it is not his first object, and nothing more is told: the read is brought to its end. */
static __always_inline bool begin_page(struct bpf_iter__task *context, __u32 most, struct page *page)
{
    const struct task_struct *reader = bpf_get_current_task_btf();
    const __u64 slack = reader->timer_slack_ns;
    const struct pid *own = reader->thread_pid;

    if (!context->task || !own)
        return false;
    if (context->meta->seq_num > 0) {
        bpf_seq_write(context->meta->seq, filler, sizeof(filler));
        return false;
    }
    page->seq = context->meta->seq;
    page->from = (slack & ~BPF_PAGE_MASK) == BPF_PAGE_FROM ? slack & BPF_PAGE_MASK : 0;
    page->next = page->from;
    page->skipped = 0;
    page->level = own->level;
    page->pid_namespace = namespace_of(own);
    page->left = most;
    return true;
}

static __always_inline void end_page(const struct page *page, bool is_end)
{
    struct bpf_counted_record record = {.record = {sizeof(record), BPF_RECORD_COUNTED},
                                        .is_end = is_end,
                                        .from = page->from,
                                        .next = page->next,
                                        .skipped = page->skipped,
                                        .loaded_ns = loaded_ns,
                                        .began_ns = scan_began(),
                                        .closed = all_closed};

    for (__u32 i = 0; i < BPF_RINGS; i++)
        record.last[i] = last_sequences[i];
    bpf_seq_write(page->seq, &record, sizeof(record));
}

/* A number of a process that the reader's pid namespace has: that is the first one, or the process' own. */
static __always_inline __u32 number_for(const struct page *page, __u32 tgid, __u32 pid, __u32 pid_namespace)
{
    if (page->level == 0)
        return tgid;
    return pid_namespace && page->pid_namespace == pid_namespace ? pid : 0;
}

#endif
