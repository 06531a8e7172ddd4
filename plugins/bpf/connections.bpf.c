/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* connections.bpf.c - counts connections that no scan sees, or not to their end: where a TCP socket changes its state,
 * and where it ends. Two files tell of them: what each process has counted (closed), also after its end, and each
 * connection that ended and may have been shown before (ended), so that a reader adds to what it saw of it what came
 * later, and no more.
 *
 * A connection belongs to the process that connects or, in the end, to the one that closes it. One that came in belongs
 * to the process that listens until somebody closes it. */
#include "counted.h"
#include "endings.h"
#include "owners.h"
#include "processes.h"
#include "scans.h"

#define IPPROTO_TCP     6
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT    2
#define TCP_SYN_RECV    3
#define TCP_FIN_WAIT1   4
#define TCP_CLOSE       7
#define TCP_LAST_ACK    9
#define TCP_LISTEN      10
#define SOCK_IS_DEAD    1ul /* bits of skc_flags: no file leads to it any more */
#define SOCK_IS_DONE    2ul /* a FIN was received, which counts as a byte */
#define ENETUNREACH     101
#define ETIMEDOUT       110
#define ECONNREFUSED    111
#define EHOSTUNREACH    113

#define ENDED_OF_PAGE 250

char LICENSE[] SEC("license") = "Dual MIT/GPL";

enum mark_flags {
    MARK_OWNED = 1,      /* its owner has used it himself */
    MARK_CONNECTING = 2, /* began here, and is not there yet */
    MARK_ACCEPTED = 4,
    MARK_ENDED = 8, /* and not counted yet */
    MARK_ORPHAN = 16,
    MARK_COUNTED = 32,
    MARK_RESET_SENT = 64,
    MARK_RESET_RECEIVED = 128,
};

/* What is known of a socket beside what the kernel keeps. A listener's is copied to what comes in through it. */
struct mark {
    struct owner owner;
    __u64 began_ns;       /* 0: before the programs were loaded */
    __u64 established_ns; /* the same */
    __u64 ended_ns;
    __u32 flags;
    __u32 state;          /* that it came to last, of those that matter here */
    struct bpf_sums sums; /* at its end; disconnecting clears the kernel's */
};

struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
    __type(key, int);
    __type(value, struct mark);
} marks SEC(".maps");

/* ---- what it counts ---- */

static __always_inline void read_sums(const struct tcp_sock *tp, bool is_accepted, struct bpf_sums *sums)
{
    const struct sock_common *common = &tp->inet_conn.icsk_inet.sk.__sk_common;
    const __u64 sent = tp->bytes_sent, again = tp->bytes_retrans, received = tp->bytes_received;
    const __u64 fin = (common->skc_flags & SOCK_IS_DONE) != 0;

    sums->payload_sent = sent > again ? sent - again : 0;
    sums->payload_received = received > fin ? received - fin : 0;
    sums->bytes_sent = sent;
    sums->bytes_acked = tp->bytes_acked;
    sums->bytes_received = received;
    sums->segs_out = tp->segs_out;
    sums->segs_in = tp->segs_in;
    sums->retransmissions = tp->total_retrans;
    sums->accepts = is_accepted;
}

static __always_inline void add_sums(struct bpf_sums *to, const struct bpf_sums *sums)
{
    ADD(to->payload_sent, sums->payload_sent);
    ADD(to->payload_received, sums->payload_received);
    ADD(to->bytes_sent, sums->bytes_sent);
    ADD(to->bytes_acked, sums->bytes_acked);
    ADD(to->bytes_received, sums->bytes_received);
    ADD(to->segs_out, sums->segs_out);
    ADD(to->segs_in, sums->segs_in);
    if (sums->retransmissions)
        ADD(to->retransmissions, sums->retransmissions);
    if (sums->accepts)
        ADD(to->accepts, sums->accepts);
}

static __always_inline bool may_have_been_shown(const struct mark *mark)
{
    const __u32 first = 0;
    const struct scans *found = bpf_map_lookup_elem(&scans, &first);

    return !found || mark->began_ns <= found->horizon_ns;
}

/* A connection that ended, in its owner. */
static __always_inline void count(struct sock *sk, struct mark *mark, const struct owner *owner)
{
    struct process *process = find_process(owner);
    const __u64 began = mark->established_ns ? mark->established_ns : loaded_ns;
    const __u32 flags = mark->flags;

    mark->flags = (flags & ~(__u32)MARK_ENDED) | MARK_COUNTED;
    if (owner->tgid)
        ADD(all_closed, 1);
    if (may_have_been_shown(mark)) {
        write_ended(bpf_get_socket_cookie(sk), mark->ended_ns, &mark->sums, owner);
        if (process)
            add_sums(&process->seen, &mark->sums);
    } else if (process) {
        add_sums(&process->unseen, &mark->sums);
    }
    if (!process)
        return;
    ADD(process->events.closed, 1);
    if (mark->ended_ns > began)
        ADD(process->events.lifetime_us, (mark->ended_ns - began) / 1000);
    if (flags & MARK_RESET_SENT)
        ADD(process->events.resets_sent, 1);
    if (flags & MARK_RESET_RECEIVED)
        ADD(process->events.resets_received, 1);
}

/* ---- what happens to it ---- */

/* The mark of a socket, for the one that gets it first: each program is there twice, for the kernel leaves out one that
 * it is just in the middle of on the same processor, where an interrupt goes on with other sockets. A socket does not
 * come to the same state twice in a row. NULL: it is done, or there is no memory. */
static __always_inline struct mark *take_mark(struct sock *sk, __u32 state, __u64 flags)
{
    struct mark *mark = bpf_sk_storage_get(&marks, sk, NULL, flags);

    if (!mark || mark->state == state)
        return NULL;
    mark->state = state;
    return mark;
}

/* The process connects, or listens; the socket may have had a connection before. */
static __always_inline void begin(struct sock *sk, __u32 state, __u32 flags)
{
    struct mark *mark = take_mark(sk, state, BPF_SK_STORAGE_GET_CREATE);
    struct owner owner = {.tgid = 0};

    if (!mark)
        return;
    find_current(&owner);
    if (mark->flags & MARK_ENDED)
        count(sk, mark, owner.tgid ? &owner : &mark->owner);
    mark->owner = owner;
    mark->flags = flags;
    mark->began_ns = bpf_ktime_get_ns();
    mark->established_ns = 0;
    bpf_get_socket_cookie(sk); /* from now on it has one: who walks through the kernel's tables cannot give it one */
}

static __always_inline void establish(struct sock *sk, int old)
{
    struct mark *mark = take_mark(sk, TCP_ESTABLISHED, BPF_SK_STORAGE_GET_CREATE);
    const __u64 now = bpf_ktime_get_ns();

    if (!mark)
        return;
    if (mark->flags & MARK_CONNECTING) {
        struct process *process = find_process(&mark->owner);
        if (process) {
            ADD(process->events.connects, 1);
            ADD(process->events.connect_time_us, (now - mark->began_ns) / 1000);
        }
        mark->flags = MARK_OWNED;
    } else { /* it came in, or the programs were loaded while it connected */
        mark->flags = old == TCP_SYN_RECV ? MARK_ACCEPTED : 0;
        mark->began_ns = now;
    }
    mark->established_ns = now;
    bpf_get_socket_cookie(sk);
}

static __always_inline void fail(struct sock *sk)
{
    struct mark *mark = take_mark(sk, TCP_CLOSE, 0);
    struct process *process;
    int error = sk->sk_err;

    if (!mark || !(mark->flags & MARK_CONNECTING))
        return;
    mark->flags = MARK_COUNTED;
    process = find_process(&mark->owner);
    if (!process)
        return;
    if (error == ECONNREFUSED)
        ADD(process->events.failures[BPF_FAILURE_REFUSED], 1);
    else if (error == ETIMEDOUT)
        ADD(process->events.failures[BPF_FAILURE_TIMED_OUT], 1);
    else if (error == EHOSTUNREACH || error == ENETUNREACH)
        ADD(process->events.failures[BPF_FAILURE_UNREACHABLE], 1);
    else
        ADD(process->events.failures[BPF_FAILURE_OTHER], 1);
}

/* Of a socket that is older than the programs: a connection that came in has a copy of its listener's. */
static __always_inline __u32 guess(const struct sock *sk)
{
    return sk->sk_max_ack_backlog ? MARK_ACCEPTED : 0;
}

/* The process closes it, or says that it has no more to send. */
static __always_inline void finish(struct sock *sk, __u32 state)
{
    struct mark *mark = take_mark(sk, state, BPF_SK_STORAGE_GET_CREATE);
    struct owner owner = {.tgid = 0};

    if (!mark)
        return;
    if (!mark->began_ns)
        mark->flags = guess(sk);
    if (find_current(&owner)) {
        mark->owner = owner;
        mark->flags |= MARK_OWNED;
    }
}

static __always_inline void end(struct sock *sk)
{
    struct mark *mark = take_mark(sk, TCP_CLOSE, BPF_SK_STORAGE_GET_CREATE);
    const struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

    if (!mark || !tp)
        return;
    if (!mark->began_ns && !(mark->flags & MARK_OWNED))
        mark->flags |= guess(sk);
    read_sums(tp, mark->flags & MARK_ACCEPTED, &mark->sums);
    mark->ended_ns = bpf_ktime_get_ns();
    mark->flags |= MARK_ENDED | (sk->__sk_common.skc_flags & SOCK_IS_DEAD ? MARK_ORPHAN : 0);
}

static __always_inline int change_state(struct sock *sk, int old, int new)
{
    if (sk->sk_protocol != IPPROTO_TCP)
        return 0;
    if (new == TCP_SYN_SENT)
        begin(sk, new, MARK_OWNED | MARK_CONNECTING);
    else if (new == TCP_LISTEN)
        begin(sk, new, MARK_OWNED);
    else if (new == TCP_ESTABLISHED)
        establish(sk, old);
    else if (new == TCP_FIN_WAIT1 || new == TCP_LAST_ACK)
        finish(sk, new);
    else if (new != TCP_CLOSE)
        return 0;
    else if (old == TCP_LISTEN)
        take_mark(sk, new, 0);
    else if (old == TCP_SYN_SENT || old == TCP_SYN_RECV)
        fail(sk);
    else
        end(sk);
    return 0;
}

SEC("tp_btf/inet_sock_set_state")
int state_changed(const __u64 *arguments)
{
    return change_state((struct sock *)arguments[0], (int)arguments[1], (int)arguments[2]);
}

SEC("tp_btf/inet_sock_set_state")
int state_changed_within(const __u64 *arguments)
{
    return change_state((struct sock *)arguments[0], (int)arguments[1], (int)arguments[2]);
}

/* Where it is no orphan, the process is closing it now. */
static __always_inline int destroy(struct sock *sk)
{
    struct mark *mark = bpf_sk_storage_get(&marks, sk, NULL, 0);
    struct owner owner = {.tgid = 0};

    if (!mark || !(mark->flags & MARK_ENDED))
        return 0;
    if (mark->flags & MARK_ORPHAN || !find_current(&owner))
        owner = mark->owner;
    count(sk, mark, &owner);
    return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int destroyed(const __u64 *arguments)
{
    return destroy((struct sock *)arguments[0]);
}

SEC("tp_btf/tcp_destroy_sock")
int destroyed_within(const __u64 *arguments)
{
    return destroy((struct sock *)arguments[0]);
}

/* After its end is told, what a reset of it comes to is added. */
static __always_inline void note_reset(struct sock *sk, __u32 flag)
{
    struct mark *mark = sk ? bpf_sk_storage_get(&marks, sk, NULL, 0) : NULL;
    struct process *process;

    if (!mark || mark->flags & (MARK_CONNECTING | flag) || sk->__sk_common.skc_state == TCP_LISTEN)
        return;
    mark->flags |= flag;
    if (!(mark->flags & MARK_COUNTED))
        return;
    process = find_process(&mark->owner);
    if (process && flag == MARK_RESET_SENT)
        ADD(process->events.resets_sent, 1);
    else if (process)
        ADD(process->events.resets_received, 1);
}

SEC("tp_btf/tcp_send_reset")
int reset_sent(const __u64 *arguments)
{
    note_reset((struct sock *)arguments[0], MARK_RESET_SENT);
    return 0;
}

SEC("tp_btf/tcp_send_reset")
int reset_sent_within(const __u64 *arguments)
{
    note_reset((struct sock *)arguments[0], MARK_RESET_SENT);
    return 0;
}

SEC("tp_btf/tcp_receive_reset")
int reset_received(const __u64 *arguments)
{
    note_reset((struct sock *)arguments[0], MARK_RESET_RECEIVED);
    return 0;
}

SEC("tp_btf/tcp_receive_reset")
int reset_received_within(const __u64 *arguments)
{
    note_reset((struct sock *)arguments[0], MARK_RESET_RECEIVED);
    return 0;
}

/* ---- files ---- */

/* false: it has not been written whole yet. If so many have come after it, it never will be. */
static __always_inline bool show_ended(struct counted_page *counted, __u32 ring, __u64 sequence, __u64 last)
{
    struct bpf_ended_record record = {.record = {sizeof(record), BPF_RECORD_ENDED}};
    struct ended_connection *from = find_ended(ring, sequence), connection;

    if (!from)
        return false;
    if ((!read_ended(from, &connection) || connection.sequence < sequence) && last - sequence < WRITERS)
        return false;
    if (connection.sequence != sequence) {
        counted->skipped++;
        return true;
    }
    record.pid = number_for(counted, connection.tgid, connection.pid, connection.pid_namespace);
    record.start_ns = connection.start_ns;
    record.cookie = connection.cookie;
    record.ended_ns = connection.ended_ns;
    record.told_ns = connection.told_ns;
    record.sums = connection.sums;
    bpf_seq_write(counted->page.seq, &record, sizeof(record));
    return true;
}

/* A page is of one ring. */
SEC("iter/task")
int ended(struct bpf_iter__task *context)
{
    struct counted_page counted;
    __u64 last, next;
    __u32 ring;
    bool is_behind = false;

    if (!begin_counted(context, ENDED_OF_PAGE, &counted))
        return 0;
    ring = counted.page.from >> BPF_RING_SHIFT;
    last = ring < BPF_RINGS ? *last_sequence(ring) : 0;
    next = counted.page.from & BPF_SEQUENCE_MASK;
    if (next + RING_SIZE <= last) {
        counted.skipped = last - RING_SIZE + 1 - next;
        next += counted.skipped;
    }
    for (__u32 i = 0; i < ENDED_OF_PAGE && next <= last && !is_behind; i++) {
        is_behind = !show_ended(&counted, ring, next, last);
        next += !is_behind;
    }
    counted.page.next = (__u64)ring << BPF_RING_SHIFT | next;
    end_counted(&counted, is_behind || next > last);
    return 0;
}

/* Fit in a page. The verifier must not know the number, or it would go through them one by one. */
__u32 closed_of_page = 100;

struct showing {
    struct counted_page *counted;
    const struct set *set;
    __u32 first; /* place of the set */
};

static long show_process(__u64 way, struct showing *showing)
{
    struct bpf_closed_record record = {.record = {sizeof(record), BPF_RECORD_CLOSED}};
    const struct process *process = &showing->set->ways[hide(way) % WAYS];
    struct counted_page *counted = showing->counted;

    if (showing->first + way < counted->page.from || !process->tgid)
        return 0;
    if (counted->page.left == 0)
        return 1;
    counted->page.next = showing->first + way + 1;
    record.pid = number_for(counted, process->tgid, process->pid, process->pid_namespace);
    if (!record.pid)
        return 0;
    counted->page.left--;
    record.start_ns = process->start_ns;
    record.taken_ns = process->taken_ns;
    record.uid = process->uid;
    ((__u64 *)record.name)[0] = process->name[0];
    ((__u64 *)record.name)[1] = process->name[1];
    record.events = process->events;
    record.unseen = process->unseen;
    record.seen = process->seen;
    barrier();
    record.now_ns = bpf_ktime_get_ns(); /* what was told of by then is in them, but for what is being added now */
    bpf_seq_write(counted->page.seq, &record, sizeof(record));
    return 0;
}

static long show_set(const void *map, const __u32 *number, const struct set *set, struct counted_page *counted)
{
    struct showing showing = {.counted = counted, .set = set, .first = *number * WAYS};

    (void)map;
    if (is_used(*number) && showing.first + WAYS > counted->page.from)
        bpf_loop(WAYS, show_process, &showing, 0);
    return counted->page.left == 0;
}

/* Read last in a scan: with its last page the scan is over. */
SEC("iter/task")
int closed(struct bpf_iter__task *context)
{
    struct counted_page counted;

    if (!begin_counted(context, closed_of_page, &counted))
        return 0;
    bpf_for_each_map_elem(&processes, show_set, &counted, 0);
    if (counted.page.left)
        end_scan();
    end_counted(&counted, counted.page.left != 0);
    return 0;
}
