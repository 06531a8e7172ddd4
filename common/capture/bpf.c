/* bpf.c - records of the pinned iterators to processes, owners and sockets.
 *
 * Reading runs the programs of whoever loaded them: only root's files on a BPF file system are read. While a descriptor
 * is looked at, the kernel holds its file; if its owner closes it just then, the last close is ours, and lingers as
 * long as he wants: this is done by a child that can be given up (guard.h), and then without this source. */
#include "capture/bpf.h"

#include "capture/bpf_files.h"
#include "capture/bpf_socket.h"
#include "capture/bpf_unheld.h"
#include "capture/shown.h"
#include "capture/sink.h"
#include "capture/tcp_info.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket is shown at each of its descriptors: so many are written before those that are there already are dropped. */
#define MOST_AT_ONCE 131072

/* ---- records ---- */

static int take_task(struct inquiry *inquiry, const struct bpf_task_record *record)
{
    const bool has_pids = record->pid && record->pid <= INT32_MAX && record->tid <= INT32_MAX;
    const struct shown_task task = {
        .pid = (int32_t)record->pid,
        .tid = (int32_t)record->tid,
        .uid = record->uid,
        .netns = record->netns,
        .fds = record->flags & BPF_TASK_FDS ? record->fds : 0,
        .has_fds = record->flags & BPF_TASK_FDS,
        .is_leader = record->flags & BPF_TASK_LEADER,
        .has_ended = record->flags & BPF_TASK_ENDED,
        .is_below = record->flags & BPF_TASK_BELOW,
        .is_hashed = record->flags & BPF_TASK_HASHED,
    };
    return has_pids ? shown_add_task(inquiry, &task) : -EPROTO;
}

static int take_socket(struct inquiry *inquiry, const struct bpf_socket_record *record)
{
    const uint32_t before = inquiry->capture->sockets.count;
    struct proctcp_impairment impairment = {0};
    struct proctcp_socket *socket;
    uint64_t *seen;
    int status;

    if (!record->pid || record->pid > INT32_MAX || record->fd > INT32_MAX)
        return -EPROTO;
    if (record->family != AF_INET && record->family != AF_INET6) {
        inquiry->capture->stats.malformed++;
        return 0;
    }
    if ((int32_t)record->pid == inquiry->shown.own_pid)
        return 0;
    seen = vector_push(&inquiry->shown.seen);
    if (!seen)
        return -ENOMEM;
    *seen = record->cookie;
    status = shown_add_owner(inquiry, (int32_t)record->pid, (int32_t)record->fd, record->inode, record->netns);
    if (status <= 0)
        return status;
    socket = sink_next_socket(inquiry);
    if (!socket)
        return -ENOMEM;
    status = bpf_socket_parse(inquiry, record, socket, &impairment);
    if (status == -EBADMSG) {
        inquiry->capture->sockets.count--;
        inquiry->capture->stats.malformed++;
        shown_drop_owner(inquiry);
        return 0;
    }
    if (status == 0)
        status = sink_socket(inquiry, socket, record->netns, &impairment, false);
    if (inquiry->capture->sockets.count == before)
        shown_drop_owner(inquiry);
    if (status == 0 && inquiry->capture->sockets.count - inquiry->indexed >= MOST_AT_ONCE)
        status = sink_sockets_end(inquiry);
    return status;
}

static int take_mptcp(struct inquiry *inquiry, const struct bpf_mptcp_record *record)
{
    const int status =
        shown_add_owner(inquiry, (int32_t)record->pid, (int32_t)record->fd, record->inode, record->netns);
    return status < 0 ? status : 0;
}

static bool is_one(const struct bpf_record *record, enum bpf_record_kind kind, size_t length)
{
    return record->kind == kind && record->length == length;
}

static int take_of_tasks(struct inquiry *inquiry, const struct bpf_record *record)
{
    const void *at = record;
    return is_one(record, BPF_RECORD_TASK, sizeof(struct bpf_task_record)) ? take_task(inquiry, at) : -EPROTO;
}

static int take_of_rows(struct inquiry *inquiry, const struct bpf_record *record)
{
    const void *at = record;

    if (is_one(record, BPF_RECORD_SOCKET, sizeof(struct bpf_socket_record)))
        return take_socket(inquiry, at);
    return is_one(record, BPF_RECORD_MPTCP, sizeof(struct bpf_mptcp_record)) ? take_mptcp(inquiry, at) : -EPROTO;
}

int bpf_take(struct inquiry *inquiry, enum bpf_file file, const char *records, size_t length)
{
    static bpf_take_record *const takes[BPF_FILES] = {[BPF_FILE_TASKS] = take_of_tasks,
                                                      [BPF_FILE_ROWS] = take_of_rows,
                                                      [BPF_FILE_UNHELD] = bpf_take_unheld,
                                                      [BPF_FILE_HASHED] = bpf_take_hashed};
    return bpf_take_all(inquiry, takes[file], records, length);
}

/* ---- files ---- */

static int read_rows(struct inquiry *inquiry)
{
    char reason[80];
    uint32_t uid;

    shown_tasks_end(inquiry);
    if (shown_is_affordable(inquiry, &uid)) {
        if (!inquiry->previous)
            shown_expect(inquiry);
        return bpf_read_file(inquiry, BPF_RECORDS_ROWS, take_of_rows);
    }
    snprintf(reason, sizeof(reason), "user %u has more descriptors than a scan reads", uid);
    return bpf_fail(inquiry, BPF_RECORDS_ROWS, EDQUOT, reason);
}

int bpf_read(struct inquiry *inquiry)
{
    const struct sink_mark mark = sink_mark(inquiry);
    int status;

    inquiry->shown.given = tcp_info_given(offsetof(struct bpf_tcp_info, zero));
    inquiry->shown.own_pid = inquiry->in_child ? getpid() : 0;
    inquiry->shown.is_read = inquiry->shown.is_begun = true;
    status = bpf_read_file(inquiry, BPF_RECORDS_TASKS, take_of_tasks);
    if (status == 0)
        status = read_rows(inquiry);
    inquiry->shown.is_read = false;
    if (status == 0)
        status = sink_sockets_end(inquiry);
    if (status == 0) {
        inquiry->capture->stats.duplicates = 0; /* a socket at two descriptors is no fault of a table */
        inquiry->capture->counters |= inquiry->shown.given;
        return shown_owners_end(inquiry);
    }
    shown_forget(inquiry);
    return !inquiry_ends_with(status) && sink_take_back(inquiry, mark) < 0 ? -ENOMEM : status;
}
