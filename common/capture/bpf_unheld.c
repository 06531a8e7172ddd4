/* bpf_unheld.c - what the walk through the kernel's hash tables brings. Knows which of it was told of at a descriptor,
 * and what is left to be asked; nothing of processes. */
#include "capture/bpf_unheld.h"

#include "capture/bpf_socket.h"
#include "capture/left_alone.h"
#include "capture/limits.h"
#include "capture/sink.h"
#include "capture/sock_diag.h"
#include "capture/tcp_states.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

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
static int take_socket(struct inquiry *inquiry, const struct bpf_socket_record *record)
{
    struct proctcp_impairment impairment = {0};
    struct proctcp_socket *socket = sink_next_socket(inquiry);
    int status;

    if (!socket)
        return -ENOMEM;
    if (record->family != AF_INET && record->family != AF_INET6) {
        inquiry->capture->sockets.count--;
        inquiry->capture->stats.malformed++;
        return 0;
    }
    status = bpf_socket_parse(inquiry, record, socket, &impairment);
    if (status == -ENOMEM)
        return status;
    if (status || socket->state == PROCTCP_CLOSED) {
        inquiry->capture->sockets.count--;
        return 0;
    }
    return sink_socket(inquiry, socket, record->netns, &impairment, false);
}

/* Only which one it is: it is asked for, if nobody told of it. */
static int take_held(struct inquiry *inquiry, const struct bpf_held_record *record)
{
    struct shown_socket *slot;

    if (record->family != AF_INET && record->family != AF_INET6) {
        inquiry->capture->stats.malformed++;
        return 0;
    }
    if (!inquiry->shown.cookies.count && collect_cookies(&inquiry->shown, inquiry->config->seed) < 0)
        return -ENOMEM;
    if (record->cookie && has_cookie(&inquiry->shown.cookies, inquiry->config->seed, record->cookie))
        return 0;
    slot = vector_push(&inquiry->shown.unknown);
    if (!slot)
        return -ENOMEM;
    *slot = (struct shown_socket){.netns = record->netns,
                                  .cookie = record->cookie,
                                  .interface = record->interface,
                                  .source_port = record->source_port,
                                  .destination_port = record->destination_port,
                                  .family = (uint8_t)record->family,
                                  .is_listener = tcp_states_of_mib((uint8_t)record->state) == PROCTCP_LISTEN};
    memcpy(slot->source.bytes, record->source, sizeof(slot->source.bytes));
    memcpy(slot->destination.bytes, record->destination, sizeof(slot->destination.bytes));
    return 0;
}

static bool is_socket(const struct bpf_record *record)
{
    return record->kind == BPF_RECORD_SOCKET && record->length == sizeof(struct bpf_socket_record);
}

static bool is_held(const struct bpf_record *record)
{
    return record->kind == BPF_RECORD_HELD && record->length == sizeof(struct bpf_held_record);
}

/* ---- one namespace ---- */

int bpf_take_unheld(struct inquiry *inquiry, const struct bpf_record *record)
{
    const void *at = record;

    if (is_socket(record))
        return take_socket(inquiry, at);
    return is_held(record) ? take_held(inquiry, at) : -EPROTO;
}

/* Many that nobody told of are better had by a dump. */
static bool is_worth_asking(const struct inquiry *inquiry, uint32_t count)
{
    return count <= 1000 + inquiry->capture->sockets.count / 16;
}

/* Since 5.15 the kernel takes the lock of each socket that it shows here, which its owner can hold for ever: where
 * that happened, a dump without tcp_info serves. */
static int read_all(struct inquiry *inquiry, const struct netns *netns)
{
    struct shown_sockets *unknown = &inquiry->shown.unknown;
    const uint32_t first = unknown->count;
    int status;

    if (left_alone_has_netns(inquiry, netns->shown.inode) || (inquiry->without_info && !netns->own))
        return -EBUSY;
    inquiry->asked_netns = netns->shown.inode;
    status = bpf_read_file(inquiry, BPF_RECORDS_UNHELD, bpf_take_unheld);
    inquiry->asked_netns = 0;
    if (status == 0 && !is_worth_asking(inquiry, unknown->count - first))
        status = -EOVERFLOW;
    if (status == 0 && unknown->count > first)
        status = sock_diag_ask(inquiry, netns->shown.inode, unknown->at + first, unknown->count - first);
    unknown->count = first;
    return status;
}

/* Of what the walk through all namespaces left to be asked, the part that is this one's; its length. */
static uint32_t find_unknown(const struct inquiry *inquiry, uint32_t inode, const struct shown_socket **first)
{
    const struct shown_sockets *unknown = &inquiry->shown.unknown;
    uint32_t low = 0, high = unknown->count, end;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (unknown->at[middle].netns < inode)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < unknown->count && unknown->at[end].netns == inode; end++)
        ;
    *first = unknown->at + low;
    return end - low;
}

/* Of listeners that share a port, an answer without a cookie may be about any. */
static bool can_be_asked(const struct inquiry *inquiry, const struct shown_socket *unknown, uint32_t count)
{
    bool can = count && is_worth_asking(inquiry, count);

    for (uint32_t i = 0; i < count && can; i++)
        can = unknown[i].cookie || !unknown[i].is_listener;
    return can;
}

int bpf_read_unheld(struct inquiry *inquiry, struct netns *netns)
{
    const struct sink_mark mark = sink_mark(inquiry);
    const uint32_t malformed = inquiry->capture->stats.malformed;
    const struct shown_socket *unknown = NULL;
    uint32_t count = 0;
    int status;

    if (!netns->read && netns->is_hashed)
        count = find_unknown(inquiry, netns->shown.inode, &unknown);
    if (can_be_asked(inquiry, unknown, count))
        status = sock_diag_ask(inquiry, netns->shown.inode, unknown, count);
    else
        status = read_all(inquiry, netns);
    netns->complete = status == 0 && inquiry->capture->stats.malformed == malformed;
    if (status && !inquiry_ends_with(status) && sink_take_back(inquiry, mark) < 0)
        return -ENOMEM;
    return status;
}

int bpf_probe_unheld(struct inquiry *inquiry)
{
    const int fd = bpf_open(inquiry, BPF_RECORDS_UNHELD);

    if (fd < 0)
        return fd;
    close(fd);
    return 0;
}

/* ---- all of them ---- */

static int take_page(struct inquiry *inquiry, const struct bpf_page_record *record)
{
    inquiry->hashed =
        (struct hashed){.is_told = true, .is_end = record->is_end, .from = record->from, .next = record->next};
    return 0;
}

/* Inode 0: whose sockets were left out is not known. */
static int take_cut(struct inquiry *inquiry, const struct bpf_cut_record *record)
{
    struct netns *netns = record->netns ? sink_find_netns(inquiry, record->netns) : NULL;

    if (netns)
        netns->is_cut = true;
    for (uint32_t i = 0; i < inquiry->capture->namespaces.count && !record->netns; i++)
        inquiry->capture->namespaces.at[i].is_cut = true;
    return 0;
}

int bpf_take_hashed(struct inquiry *inquiry, const struct bpf_record *record)
{
    const void *at = record;
    struct netns *netns;

    if (record->kind == BPF_RECORD_PAGE && record->length == sizeof(struct bpf_page_record))
        return take_page(inquiry, at);
    if (record->kind == BPF_RECORD_CUT && record->length == sizeof(struct bpf_cut_record))
        return take_cut(inquiry, at);
    if (is_socket(record))
        netns = sink_find_netns(inquiry, ((const struct bpf_socket_record *)at)->netns);
    else if (is_held(record))
        netns = sink_find_netns(inquiry, ((const struct bpf_held_record *)at)->netns);
    else
        return -EPROTO;
    if (!netns) /* it is not selected, or nobody told of it */
        return 0;
    netns->is_hashed = true;
    return is_socket(record) ? take_socket(inquiry, at) : take_held(inquiry, at);
}

/* 0, or why there is no more: -EPROTO if pages do not go on. */
static int read_page(struct inquiry *inquiry, uint64_t from)
{
    _Alignas(8) char records[BPF_READ_SIZE];
    const ssize_t got = bpf_read_page(inquiry, BPF_RECORDS_HASHED, from, records);
    int status;

    if (got < 0)
        return (int)got;
    inquiry->hashed.is_told = false;
    status = bpf_take_all(inquiry, bpf_take_hashed, records, (size_t)got);
    if (status == 0 && inquiry->hashed.is_told && inquiry->hashed.from != from)
        return bpf_fail(inquiry, BPF_RECORDS_HASHED, ELOOP, BPF_NO_SLACK);
    if (status == 0 && (!inquiry->hashed.is_told || (!inquiry->hashed.is_end && inquiry->hashed.next <= from)))
        status = -EPROTO;
    return bpf_fail_status(inquiry, BPF_RECORDS_HASHED, status);
}

static int read_pages(struct inquiry *inquiry)
{
    const uint32_t begun = inquiry_milliseconds();
    uint64_t from = 0;
    int status;

    do {
        status = read_page(inquiry, from);
        from = inquiry->hashed.next;
        if (status == 0 && inquiry_milliseconds() - begun > LIMIT_HASHED_MS) {
            inquiry->kept->without_hashed = LIMIT_WITHOUT_SHOWN;
            status = bpf_fail(inquiry, BPF_RECORDS_HASHED, EDQUOT, "it takes too long");
        }
    } while (status == 0 && !inquiry->hashed.is_end);
    return status;
}

static int compare_unknown(const void *a, const void *b)
{
    const struct shown_socket *x = a, *y = b;
    return (x->netns > y->netns) - (x->netns < y->netns);
}

/* Those whose processes say so, too: there may be no socket in them. */
static void note_homes(struct inquiry *inquiry)
{
    for (uint32_t i = 0; i < inquiry->shown.tasks.count; i++) {
        const struct shown_task *task = &inquiry->shown.tasks.at[i];
        struct netns *netns = task->is_hashed ? sink_find_netns(inquiry, task->netns) : NULL;
        if (netns)
            netns->is_hashed = true;
    }
}

static void note_read(struct inquiry *inquiry)
{
    const struct shown_socket *unknown;

    for (uint32_t i = 0; i < inquiry->capture->namespaces.count; i++) {
        struct netns *netns = &inquiry->capture->namespaces.at[i];
        netns->is_hashed &= !netns->is_cut;
        netns->read = netns->complete = netns->is_hashed && !find_unknown(inquiry, netns->shown.inode, &unknown);
        if (netns->read)
            netns->shown.source = PROCTCP_SOURCE_BPF;
    }
}

static void forget(struct inquiry *inquiry)
{
    inquiry->shown.unknown.count = 0;
    for (uint32_t i = 0; i < inquiry->capture->namespaces.count; i++)
        inquiry->capture->namespaces.at[i].is_hashed = false;
}

int bpf_read_hashed(struct inquiry *inquiry)
{
    const struct sink_mark mark = sink_mark(inquiry);
    const uint32_t malformed = inquiry->capture->stats.malformed, duplicates = inquiry->capture->stats.duplicates;
    int status;

    inquiry->shown.is_read = true;
    status = read_pages(inquiry);
    inquiry->shown.is_read = false;
    if (status == 0 && inquiry->capture->stats.malformed != malformed)
        status = bpf_fail_status(inquiry, BPF_RECORDS_HASHED, -EPROTO);
    if (status == 0)
        status = sink_sockets_end(inquiry);
    inquiry->capture->stats.duplicates = duplicates; /* what changes while it is gone through may come twice */
    inquiry->capture->stats.malformed = malformed;
    if (status) {
        forget(inquiry);
        return !inquiry_ends_with(status) && sink_take_back(inquiry, mark) < 0 ? -ENOMEM : status;
    }
    if (inquiry->shown.unknown.count)
        qsort(inquiry->shown.unknown.at, inquiry->shown.unknown.count, sizeof(inquiry->shown.unknown.at[0]),
              compare_unknown);
    note_homes(inquiry);
    note_read(inquiry);
    return 0;
}
