/* bpf.c - records of the pinned iterators to processes, owners and sockets. Knows files and records; what a socket is,
 * sock_diag.c knows: a record says what a message would.
 *
 * Reading runs the programs of whoever loaded them: only root's files on a BPF file system are read. While a descriptor
 * is looked at, the kernel holds its file; if its owner closes it just then, the last close is ours, and lingers as
 * long as he wants: this is done by a child that can be given up (guard.h), and then without this source. */
#include "capture/bpf.h"

#include "capture/bpf_files.h"
#include "capture/bpf_records.h"
#include "capture/guard.h"
#include "capture/inet_diag.h"
#include "capture/left_alone.h"
#include "capture/limits.h"
#include "capture/shown.h"
#include "capture/sink.h"
#include "capture/sock_diag.h"
#include "capture/tcp_info.h"
#include "capture/tcp_states.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define STATE_UNBOUND 7 /* TCP_CLOSE of the kernel: of what is bound, records have TCP_STATES_BOUND_INACTIVE */

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
    };
    return has_pids ? shown_add_task(inquiry, &task) : -EPROTO;
}

/* As unhashed.c has those that are in no table. The cookie is not told of those; here it is kept for sink_knows(), for
 * it may connect before a table is read. */
static void read_unbound(const struct bpf_socket_record *record, struct proctcp_socket *socket)
{
    *socket = (struct proctcp_socket){.inode = record->inode,
                                      .cookie = record->cookie,
                                      .subflow = 1,
                                      .state = PROCTCP_CLOSED,
                                      .direction = PROCTCP_DIRECTION_UNKNOWN,
                                      .family = record->family == AF_INET6 ? PROCTCP_INET6 : PROCTCP_INET,
                                      .timer = PROCTCP_TIMER_NONE};
}

/* false: it makes no sense. */
static bool read_socket(struct inquiry *inquiry, const struct bpf_socket_record *record, struct proctcp_socket *socket,
                        struct proctcp_impairment *impairment)
{
    const uint8_t state = tcp_states_of_mib(record->state);
    /* What is no full socket, in TIME_WAIT or SYN_RECV, has no RTO. */
    const bool has_info = state != PROCTCP_LISTEN && state != PROCTCP_CLOSED && record->info.rto_us;
    struct inet_diag_msg message = {
        .idiag_family = record->family,
        .idiag_state = record->state,
        .idiag_timer = record->timer,
        .idiag_retrans = record->retrans,
        .id = {.idiag_sport = record->source_port,
               .idiag_dport = record->destination_port,
               .idiag_if = record->interface,
               .idiag_cookie = {(uint32_t)record->cookie, (uint32_t)(record->cookie >> 32)}},
        .idiag_expires = record->expires_ms,
        .idiag_rqueue = record->rqueue,
        .idiag_wqueue = record->wqueue,
        .idiag_uid = record->uid,
        .idiag_inode = record->inode,
    };
    const struct inet_diag_socket from = {
        .message = &message,
        .info = has_info ? (const uint8_t *)&record->info : NULL,
        .info_length = offsetof(struct bpf_tcp_info, zero),
        .memory = record->memory,
        .memory_count = BPF_RECORD_MEMORY,
        .has_v6only = record->family == AF_INET6,
        .v6only = record->v6only,
    };

    memcpy(message.id.idiag_src, record->source, sizeof(message.id.idiag_src));
    memcpy(message.id.idiag_dst, record->destination, sizeof(message.id.idiag_dst));
    if (!sock_diag_parse(&from, inquiry->shown.given, socket, impairment))
        return false;
    if (record->was_accepted && has_info)
        socket->present |= PROCTCP_WAS_ACCEPTED;
    return true;
}

static int name_congestion(struct inquiry *inquiry, const struct bpf_socket_record *record,
                           struct proctcp_socket *socket)
{
    const char *name = (const char *)record->congestion;
    const size_t length = strnlen(name, sizeof(record->congestion));

    if (!length || socket->state == PROCTCP_LISTEN || socket->state == PROCTCP_CLOSED)
        return 0;
    socket->present |= PROCTCP_HAS_CONGESTION;
    return sink_congestion_name(inquiry, name, length, &socket->congestion);
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
    if (record->state == STATE_UNBOUND) {
        read_unbound(record, socket);
    } else if (!read_socket(inquiry, record, socket, &impairment)) {
        inquiry->capture->sockets.count--;
        inquiry->capture->stats.malformed++;
        shown_drop_owner(inquiry);
        return 0;
    }
    status = name_congestion(inquiry, record, socket);
    if (status == 0)
        status = sink_socket(inquiry, socket, record->netns, &impairment, false);
    if (inquiry->capture->sockets.count == before)
        shown_drop_owner(inquiry);
    if (status == 0 && inquiry->capture->sockets.count - inquiry->indexed >= MOST_AT_ONCE)
        status = sink_sockets_end(inquiry);
    return status;
}

/* A set of cookies, for each socket of the kernel is looked for in it: open addressing, and nothing but the numbers, so
 * that a look is one miss of the processor's caches. */
static uint32_t cookie_slot(const struct cookies *cookies, uint64_t seed, uint64_t cookie)
{
    uint64_t h = (cookie ^ seed) * 0x9e3779b97f4a7c15u;
    uint32_t slot = (uint32_t)((h ^ h >> 29 ^ seed) * 0xbf58476d1ce4e5b9u >> 32) & (cookies->count - 1);

    while (cookies->at[slot] && cookies->at[slot] != cookie)
        slot = (slot + 1) & (cookies->count - 1);
    return slot;
}

static bool has_cookie(const struct cookies *cookies, uint64_t seed, uint64_t cookie)
{
    return cookies->at[cookie_slot(cookies, seed, cookie)] == cookie;
}

static int collect_cookies(struct shown *shown, uint64_t seed)
{
    struct cookies *cookies = &shown->cookies;
    uint64_t size = 64;

    while (size < 2 * (uint64_t)shown->seen.count)
        size *= 2;
    if (!vector_reserve(cookies, size))
        return -ENOMEM;
    cookies->count = (uint32_t)size;
    memset(cookies->at, 0, size * sizeof(cookies->at[0]));
    for (uint32_t i = 0; i < shown->seen.count; i++) {
        if (shown->seen.at[i])
            cookies->at[cookie_slot(cookies, seed, shown->seen.at[i])] = shown->seen.at[i];
    }
    return 0;
}

/* Of what no process can hold. */
static int take_unheld(struct inquiry *inquiry, const struct bpf_socket_record *record)
{
    struct proctcp_impairment impairment = {0};
    struct proctcp_socket *socket = sink_next_socket(inquiry);
    int status;

    if (!socket)
        return -ENOMEM;
    if (!read_socket(inquiry, record, socket, &impairment) || socket->state == PROCTCP_CLOSED) {
        inquiry->capture->sockets.count--;
        return 0;
    }
    status = name_congestion(inquiry, record, socket);
    return status ? status : sink_socket(inquiry, socket, record->netns, &impairment, false);
}

static int take_held(struct inquiry *inquiry, const struct bpf_held_record *record)
{
    struct shown_socket *slot;

    if (!inquiry->shown.cookies.count && collect_cookies(&inquiry->shown, inquiry->config->seed) < 0)
        return -ENOMEM;
    if (has_cookie(&inquiry->shown.cookies, inquiry->config->seed, record->cookie))
        return 0;
    slot = vector_push(&inquiry->shown.unknown);
    if (!slot)
        return -ENOMEM;
    *slot = (struct shown_socket){.cookie = record->cookie,
                                  .interface = record->interface,
                                  .source_port = record->source_port,
                                  .destination_port = record->destination_port,
                                  .family = (uint8_t)record->family,
                                  .is_listener = tcp_states_of_mib(record->state) == PROCTCP_LISTEN};
    memcpy(slot->source.bytes, record->source, sizeof(slot->source.bytes));
    memcpy(slot->destination.bytes, record->destination, sizeof(slot->destination.bytes));
    return 0;
}

static int take_mptcp(struct inquiry *inquiry, const struct bpf_mptcp_record *record)
{
    const int status =
        shown_add_owner(inquiry, (int32_t)record->pid, (int32_t)record->fd, record->inode, record->netns);
    return status < 0 ? status : 0;
}

static int take_record(struct inquiry *inquiry, enum bpf_file file, const struct bpf_record *record)
{
    const bool is_socket = record->kind == BPF_RECORD_SOCKET && record->length == sizeof(struct bpf_socket_record);
    const void *at = record;

    switch (file) {
    case BPF_FILE_TASKS:
        if (record->kind == BPF_RECORD_TASK && record->length == sizeof(struct bpf_task_record))
            return take_task(inquiry, at);
        break;
    case BPF_FILE_ROWS:
        if (is_socket)
            return take_socket(inquiry, at);
        if (record->kind == BPF_RECORD_MPTCP && record->length == sizeof(struct bpf_mptcp_record))
            return take_mptcp(inquiry, at);
        break;
    case BPF_FILE_UNHELD:
        if (is_socket)
            return take_unheld(inquiry, at);
        if (record->kind == BPF_RECORD_HELD && record->length == sizeof(struct bpf_held_record))
            return take_held(inquiry, at);
        break;
    default:
        break;
    }
    return -EPROTO;
}

int bpf_take(struct inquiry *inquiry, enum bpf_file file, const char *records, size_t length)
{
    size_t at = 0;
    int status = 0;

    while (status == 0 && at < length) {
        const struct bpf_record *record = bpf_next_record(records, length, &at);
        status = record ? take_record(inquiry, file, record) : -EPROTO;
    }
    return status;
}

/* ---- files ---- */

/* Until its end, or what is wrong; -EDQUOT: it takes too long. The records come to memory of the child's own: one that
 * was given up in here may still be written to when the call comes back after all. */
static int read_all(struct inquiry *inquiry, enum bpf_file file, int fd)
{
    _Alignas(8) char records[BPF_READ_SIZE];
    const uint32_t begun = inquiry_milliseconds();

    for (;;) {
        const ssize_t got = GUARD_CALL(inquiry, read(fd, records, sizeof(records)));
        /* After a million objects without a record the kernel says EAGAIN: it is asked again. */
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        if (got == 0)
            return 0;
        const int status = got > 0 ? bpf_take(inquiry, file, records, (size_t)got) : 0;
        if (status)
            return status;
        if (inquiry_milliseconds() - begun > LIMIT_SHOWN_MS)
            return -EDQUOT;
    }
}

static int read_pinned(struct inquiry *inquiry, enum bpf_file file)
{
    static const char *const names[BPF_FILES] = {[BPF_FILE_TASKS] = BPF_RECORDS_TASKS,
                                                 [BPF_FILE_ROWS] = BPF_RECORDS_ROWS,
                                                 [BPF_FILE_UNHELD] = BPF_RECORDS_UNHELD};
    const int fd = bpf_open(inquiry, names[file]);
    int status;

    if (fd < 0)
        return fd;
    status = read_all(inquiry, file, fd);
    close(fd);
    if (status == -EDQUOT)
        inquiry->kept->without_shown = LIMIT_WITHOUT_SHOWN;
    if (status == 0 || status == -ENOMEM)
        return status;
    return bpf_fail(inquiry, names[file], -status,
                    status == -EPROTO ? "records of another version of proctcp-bpf" : NULL);
}

static int read_rows(struct inquiry *inquiry)
{
    char reason[80];
    uint32_t uid;

    shown_tasks_end(inquiry);
    if (shown_is_affordable(inquiry, &uid))
        return read_pinned(inquiry, BPF_FILE_ROWS);
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
    status = read_pinned(inquiry, BPF_FILE_TASKS);
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
    return status == -ENOMEM || sink_take_back(inquiry, mark) < 0 ? -ENOMEM : status;
}

/* Many that nobody told of are better had by a dump. */
static bool is_worth_asking(const struct inquiry *inquiry)
{
    return inquiry->shown.unknown.count <= 1000 + inquiry->capture->sockets.count / 16;
}

/* Since 5.15 the kernel takes the lock of each socket that it shows here, which its owner can hold for ever: where
 * that happened, a dump without tcp_info serves. */
int bpf_read_unheld(struct inquiry *inquiry, struct netns *netns)
{
    const struct sink_mark mark = sink_mark(inquiry);
    const uint32_t malformed = inquiry->capture->stats.malformed;
    int status;

    if (left_alone_has_netns(inquiry, netns->shown.inode) || (inquiry->without_info && !netns->own))
        return -EBUSY;
    inquiry->shown.unknown.count = 0;
    inquiry->asked_netns = netns->shown.inode;
    status = read_pinned(inquiry, BPF_FILE_UNHELD);
    inquiry->asked_netns = 0;
    if (status == 0 && !is_worth_asking(inquiry))
        status = -EOVERFLOW;
    if (status == 0 && inquiry->shown.unknown.count)
        status = sock_diag_ask(inquiry, netns->shown.inode, inquiry->shown.unknown.at, inquiry->shown.unknown.count);
    netns->complete = status == 0 && inquiry->capture->stats.malformed == malformed;
    if (status && status != -ENOMEM && sink_take_back(inquiry, mark) < 0)
        return -ENOMEM;
    return status;
}
