/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* pages.h - files that are read in pages: where a reader's page begins. Why pages, and how a reader says which:
 * capture/bpf_records.h. */
#ifndef PROCTCP_BPF_PAGES_H
#define PROCTCP_BPF_PAGES_H

#include "kernel.h"

#include <bpf/bpf_helpers.h>

#include "capture/bpf_records.h"

#define PAGE_SIZE 32768 /* of the kernel, for what is read at once */

struct page {
    struct seq_file *seq;
    __u64 from;
    __u64 next;
    __u32 left; /* so much more fits: records, or bytes */
};

static const char filler[PAGE_SIZE] = {1};

/* false: it is not his first object, and nothing more is told: the read is brought to its end. */
static __always_inline bool begin_page(struct bpf_iter__task *context, __u32 most, struct page *page)
{
    const __u64 slack = bpf_get_current_task_btf()->timer_slack_ns;

    if (!context->task)
        return false;
    if (context->meta->seq_num > 0) {
        bpf_seq_write(context->meta->seq, filler, sizeof(filler));
        return false;
    }
    page->seq = context->meta->seq;
    page->from = (slack & ~BPF_PAGE_MASK) == BPF_PAGE_FROM ? slack & BPF_PAGE_MASK : 0;
    page->next = page->from;
    page->left = most;
    return true;
}

#endif
