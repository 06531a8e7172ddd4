/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* hashed.bpf.c - every TCP socket of all network namespaces, in one walk through the hash tables that they share: that
 * of connections, then that of listeners. What it tells of them is what unheld.bpf.c does of one namespace's.
 *
 * No lock is taken and no reference held: a socket may end while it is looked at, and its memory may become another
 * one's, in another list. Nothing bad comes of reading what is no longer there; but
 *  - a list that ends with the mark of another one, or has another begin when its end is reached, is gone through once
 *    more: something may have been missed, and what is told of twice the reader knows by its cookie or its ends;
 *  - what is not the same after it was read was not one socket, and is not told of;
 *  - a page begins with a list and holds whole lists. Of one that does not fit into a page, or changes each time, only
 *    the namespaces are told, which are to be read in other ways.
 * To give a socket a cookie takes a reference, which a walk without locks cannot have. */
#include "minor.h"
#include "pages.h"
#include "tasks.h"

#define STEPS_OF_PAGE         65536 /* lists and sockets: a processor is not kept for longer */
#define CHAINS_AHEAD          8
#define WALKS_OF_CHAIN        4
#define LISTENING_CHAINS_FROM (1ull << 29) /* by the kernel's numbering */
#define CUTS                  512          /* namespaces that are told once in a page */
#define PROBES                4
/* What is written to the last byte does not count as written. */
#define ROOM_OF_END (sizeof(struct bpf_cut_record) + sizeof(struct bpf_page_record) + 8)

char LICENSE[] SEC("license") = "Dual MIT/GPL";

extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym;

#define CAST(type, address) ((const type *)bpf_rdonly_cast((const void *)(address), bpf_core_type_id_kernel(type)))

/* An address to calculate with, which the verifier allows of the difference of two pointers, and not of a pointer. */
static __always_inline __u64 address_of(const void *pointer)
{
    const void *none = CAST(struct sock_common, 0);

    asm volatile("%0 -= %1" : "+r"(pointer) : "r"(none));
    return (__u64)pointer;
}

/* Of these the verifier must not know what they are, or it would go through the walk step by step. */
__u32 zero = 0;
__u32 room_of_page = PAGE_SIZE - ROOM_OF_END;

/* A program has 512 bytes of its own, which a record is too long for: each reader takes one of these. */
#define READERS 64

struct room {
    __u32 is_taken;
    struct bpf_socket_record record;
    __u64 cuts[CUTS]; /* namespaces by their numbers, each below the stamp of a page */
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, READERS);
    __type(key, __u32);
    __type(value, struct room);
} rooms SEC(".maps");

/* NULL: all are taken. */
static __always_inline struct room *take_room(void)
{
    const __u32 first = bpf_get_smp_processor_id();

    for (__u32 i = 0; i < READERS; i++) {
        const __u32 place = (first + i) % READERS;
        struct room *room = bpf_map_lookup_elem(&rooms, &place);
        if (room && __sync_val_compare_and_swap(&room->is_taken, 0, 1) == 0)
            return room;
    }
    return NULL;
}

struct walk {
    struct page page;  /* from a list on */
    struct room *room; /* NULL: what is told in full cannot be told */
    __u64 tables;      /* addresses */
    __u64 connections;
    __u64 listeners;
    __u32 connection_chains;
    __u32 chains;  /* of both tables */
    __u32 chain;   /* where the walk is */
    __u32 walked;  /* so often */
    __u32 stamp;   /* of the page */
    __u32 all_cut; /* whose sockets were left out is not known */
    __u64 head;    /* of the list; 0: it was not begun */
    __u64 node;    /* next in the list */
    __u32 is_full;
    __u32 is_cut; /* the list: only the namespaces of what it has are told */
};

static __always_inline __u64 head_of(const struct walk *walk)
{
    const __u64 chain = walk->chain;
    const __u64 of_listeners = chain - walk->connection_chains;
    const struct hlist_nulls_node *first;

    if (chain < walk->connection_chains)
        first = CAST(struct inet_ehash_bucket, walk->connections + chain * bpf_core_type_size(struct inet_ehash_bucket))
                    ->chain.first;
    else
        first = CAST(struct inet_listen_hashbucket,
                     walk->listeners + of_listeners * bpf_core_type_size(struct inet_listen_hashbucket))
                    ->nulls_head.first;
    return address_of(first);
}

/* What a list ends with. */
static __always_inline __u64 mark_of(const struct walk *walk)
{
    const __u64 chain = walk->chain;
    const bool of_connections = chain < walk->connection_chains;

    return 1 | (of_connections ? chain : chain - walk->connection_chains + LISTENING_CHAINS_FROM) << 1;
}

/* false: the page is full. */
static __always_inline bool has_room(struct walk *walk, __u32 size)
{
    if (walk->page.left < size) {
        walk->is_full = 1;
        return false;
    }
    walk->page.left -= size;
    return true;
}

static __always_inline void show_held(struct walk *walk, const struct sock_common *common)
{
    struct bpf_held_record record = {.record = {sizeof(record), BPF_RECORD_HELD}};

    if (!has_room(walk, sizeof(record)))
        return;
    record.cookie = common->skc_cookie.counter;
    read_held(common, &record);
    bpf_seq_write(walk->page.seq, &record, sizeof(record));
}

static __always_inline void show_unheld(struct walk *walk, struct bpf_socket_record *record, __u64 address)
{
    const struct sock_common *common = CAST(struct sock_common, address);
    const __u8 state = common->skc_state;

    if (!has_room(walk, sizeof(*record)))
        return;
    __builtin_memset(record, 0, sizeof(*record));
    record->record.length = sizeof(*record);
    record->record.kind = BPF_RECORD_SOCKET;
    record->cookie = common->skc_cookie.counter;
    barrier();
    if (state == TCP_TIME_WAIT) {
        read_time_wait(CAST(struct tcp_timewait_sock, address), record);
        read_common(common, record);
    } else if (state == TCP_NEW_SYN_RECV) {
        read_request(CAST(struct tcp_request_sock, address), record);
        read_common(common, record);
    } else {
        read_socket(CAST(struct tcp_sock, address), record);
    }
    barrier();
    if (common->skc_cookie.counter == (__s64)record->cookie && common->skc_refcnt.refs.counter &&
        common->skc_dport == record->destination_port && common->skc_num == bpf_ntohs(record->source_port))
        bpf_seq_write(walk->page.seq, record, sizeof(*record));
}

static __always_inline void write_cut(struct walk *walk, __u32 netns)
{
    const struct bpf_cut_record record = {.record = {sizeof(record), BPF_RECORD_CUT}, .netns = netns};

    bpf_seq_write(walk->page.seq, &record, sizeof(record));
}

/* Whether this page says so already, as far as there is a place to know: who has several namespaces in a list shall not
 * use up its room by them. */
static __always_inline bool is_said(struct walk *walk, __u32 netns)
{
    const __u64 stamped = (__u64)walk->stamp << 32 | netns;
    const __u32 first = netns * 2654435761u >> 16;
    struct room *room = walk->room;

    for (__u32 i = 0; room && i < PROBES; i++) {
        __u64 *place = &room->cuts[hide(first + i) % CUTS];
        if (*place == stamped)
            return true;
        if (*place >> 32 != walk->stamp) {
            *place = stamped;
            return false;
        }
    }
    return false;
}

/* Where there is no room, the list begins the next page; if it began this one, no namespace is told to be whole. */
static __always_inline void cut(struct walk *walk, __u32 netns)
{
    if (is_said(walk, netns))
        return;
    if (walk->page.left >= sizeof(struct bpf_cut_record)) {
        walk->page.left -= sizeof(struct bpf_cut_record);
        write_cut(walk, netns);
    } else if (walk->chain != walk->page.from) {
        walk->is_full = 1;
    } else {
        walk->all_cut = 1;
    }
}

static __always_inline void show(struct walk *walk, __u64 address)
{
    const struct sock_common *common = CAST(struct sock_common, address);
    struct room *room = walk->room;
    const __u8 state = common->skc_state;

    if (common->skc_refcnt.refs.counter == 0)
        return;
    if (address_of(common->skc_net.net->ipv4.tcp_death_row.hashinfo) != walk->tables)
        return; /* its connections are in tables of its own: all of it is had from there */
    if (walk->is_cut)
        cut(walk, common->skc_net.net->ns.inum);
    else if (state != TCP_TIME_WAIT && state != TCP_NEW_SYN_RECV && CAST(struct sock, address)->sk_socket)
        show_held(walk, common);
    else if (room)
        show_unheld(walk, &room->record, address);
    else
        cut(walk, common->skc_net.net->ns.inum);
}

/* The first socket of a list that comes a few steps later: what is looked at of it is in no cache. */
static __always_inline void fetch_ahead(const struct walk *walk)
{
    const __u64 chain = walk->chain + CHAINS_AHEAD;
    __u64 first;
    const struct sock *sk;

    if (chain >= walk->connection_chains)
        return;
    first = address_of(
        CAST(struct inet_ehash_bucket, walk->connections + chain * bpf_core_type_size(struct inet_ehash_bucket))
            ->chain.first);
    if (first & 1)
        return;
    sk = CAST(struct sock, first - bpf_core_field_offset(struct sock_common, skc_nulls_node));
    FETCH(sk->__sk_common.skc_net.net);
    FETCH(sk->__sk_common.skc_cookie.counter);
    FETCH(sk->__sk_common.skc_refcnt.refs.counter);
    FETCH(sk->sk_socket);
}

static __always_inline void begin_chain(struct walk *walk)
{
    fetch_ahead(walk);
    walk->node = walk->head = head_of(walk);
}

static __always_inline void leave_chain(struct walk *walk)
{
    walk->chain++;
    walk->walked = zero;
    walk->is_cut = walk->head = 0;
}

/* Whole, or to be gone through again; the last time for its namespaces. */
static __always_inline void end_chain(struct walk *walk)
{
    const bool is_whole = walk->node == mark_of(walk) && walk->head == head_of(walk);

    if (is_whole || walk->is_cut) {
        leave_chain(walk);
        return;
    }
    walk->walked = walk->walked + 1;
    if (walk->walked >= WALKS_OF_CHAIN)
        walk->is_cut = 1;
    walk->head = 0;
}

/* The list begins the next page; one that began this one does not fit into any. 1: the page is at its end. */
static __always_inline long end_full(struct walk *walk)
{
    if (walk->chain != walk->page.from)
        return 1;
    walk->is_full = 0;
    walk->is_cut = 1;
    walk->head = 0;
    return 0;
}

/* One list that has nothing, or one socket. */
static long step(__u64 number, struct walk *walk)
{
    const __u64 offset = bpf_core_field_offset(struct sock_common, skc_nulls_node);

    (void)number;
    if (walk->chain >= walk->chains)
        return 1;
    if (!walk->head)
        begin_chain(walk);
    if (walk->node & 1 || !walk->node) {
        end_chain(walk);
        return 0;
    }
    show(walk, walk->node - offset);
    if (walk->is_full)
        return end_full(walk);
    walk->node = address_of(CAST(struct hlist_nulls_node, walk->node)->next);
    return 0;
}

static __always_inline void begin_walk(struct walk *walk)
{
    const struct inet_hashinfo *tables = bpf_get_current_task_btf()->nsproxy->net_ns->ipv4.tcp_death_row.hashinfo;

    walk->room = take_room();
    walk->tables = address_of(tables);
    walk->connections = address_of(tables->ehash);
    walk->listeners = address_of(tables->lhash2);
    walk->connection_chains = tables->ehash_mask + 1;
    walk->chains = walk->connection_chains + tables->lhash2_mask + 1;
    walk->chain = walk->page.from;
    walk->walked = zero;
    walk->stamp = (__u32)bpf_ktime_get_ns() | 1;
    walk->all_cut = 0;
    walk->head = 0;
    walk->is_full = walk->is_cut = 0;
}

SEC("iter/task")
int hashed(struct bpf_iter__task *context)
{
    struct bpf_page_record end = {.record = {sizeof(end), BPF_RECORD_PAGE}};
    struct walk walk;

    if (!begin_page(context, room_of_page, &walk.page))
        return 0;
    begin_walk(&walk);
    bpf_loop(STEPS_OF_PAGE, step, &walk, 0);
    if (walk.room)
        __sync_lock_test_and_set(&walk.room->is_taken, 0);
    if (walk.chain == walk.page.from && walk.chain < walk.chains) { /* more than a page has steps for */
        walk.all_cut = 1;
        walk.chain++;
    }
    if (walk.all_cut)
        write_cut(&walk, 0);
    end.is_end = walk.chain >= walk.chains;
    end.from = walk.page.from;
    end.next = walk.chain;
    bpf_seq_write(walk.page.seq, &end, sizeof(end));
    return 0;
}
