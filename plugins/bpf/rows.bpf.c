/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* rows.bpf.c - two iterators, each a file that is read from its begin to its end: every process (tasks), and every
 * descriptor of a TCP socket with what the kernel knows of the socket (rows), in all network namespaces, within the pid
 * namespace of the reader. Each writes at most one record for each object and does nothing else, for the kernel calls
 * it once more where a record did not fit. */
#include "scans.h"
#include "socket.h"
#include "tasks.h"

#define SOCK_STREAM     1
#define AF_INET         2
#define IPPROTO_TCP     6
#define IPPROTO_MPTCP   262
#define WORDS_AT_ONCE   32
#define CHUNKS_OF_WORDS 256 /* 524,288 descriptors */

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* ---- processes ---- */

static __always_inline __u32 count_bits(__u64 word)
{
    word -= word >> 1 & 0x5555555555555555;
    word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return word * 0x0101010101010101 >> 56;
}

/* Returns false where that cannot be told. */
static __always_inline bool count_descriptors(struct files_struct *files, __u32 *fds)
{
    __u64 words[WORDS_AT_ONCE];
    struct fdtable *table = files->fdt;
    const __u64 *open;
    __u32 max, count = 0;

    if (!may_probe || !table)
        return false;
    open = (const __u64 *)table->open_fds;
    max = table->max_fds / 64;
    for (__u32 chunk = 0; chunk < CHUNKS_OF_WORDS && chunk * WORDS_AT_ONCE < max; chunk++) {
        const __u32 left = max - chunk * WORDS_AT_ONCE;
        __u64 size = left < WORDS_AT_ONCE ? left * 8 : sizeof(words);
        asm volatile("" : "+r"(size)); /* so that the check below is not optimised away: the verifier wants it */
        if (size > sizeof(words))
            return false;
        if (size < sizeof(words))
            __builtin_memset(words, 0, sizeof(words));
        if (bpf_probe_read_kernel(words, size, open + chunk * WORDS_AT_ONCE))
            return false;
        for (__u32 i = 0; i < WORDS_AT_ONCE; i++)
            count += count_bits(words[i]);
    }
    *fds = count;
    return max <= CHUNKS_OF_WORDS * WORDS_AT_ONCE;
}

/* Whether its network namespace's sockets are in the same hash tables as the reader's. */
static __always_inline __u32 is_hashed_with(const struct task_struct *task, const struct task_struct *reader)
{
    const struct net *net = task->nsproxy ? task->nsproxy->net_ns : NULL, *own = reader->nsproxy->net_ns;

    if (!bpf_core_field_exists(net->ipv4.tcp_death_row.hashinfo) || !net)
        return 0;
    return net->ipv4.tcp_death_row.hashinfo == own->ipv4.tcp_death_row.hashinfo ? BPF_TASK_HASHED : 0;
}

SEC("iter/task")
int tasks(struct bpf_iter__task *context)
{
    struct task_struct *task = context->task, *leader, *reader = bpf_get_current_task_btf();
    struct bpf_task_record record = {.record = {sizeof(record), BPF_RECORD_TASK}};
    struct files_struct *files;

    if (!task)
        return 0;
    if (context->meta->seq_num == 0)
        begin_scan(reader);
    leader = task->group_leader;
    files = task->files;
    if (task->pid == task->tgid)
        record.flags |= BPF_TASK_LEADER;
    else if (files && files != leader->files)
        record.flags |= BPF_TASK_OWN_TABLE;
    else
        return 0;
    record.pid = number_of(leader, reader);
    record.tid = number_of(task, reader);
    if (!record.pid || !record.tid)
        return 0;
    if (reader->thread_pid->level && leader->thread_pid->level > reader->thread_pid->level)
        record.flags |= BPF_TASK_BELOW;
    if (task->real_cred)
        record.uid = task->real_cred->euid.val;
    if (task->nsproxy && task->nsproxy->net_ns)
        record.netns = task->nsproxy->net_ns->ns.inum;
    if (!files)
        record.flags |= BPF_TASK_ENDED;
    else if (count_descriptors(files, &record.fds))
        record.flags |= BPF_TASK_FDS;
    record.flags |= is_hashed_with(task, reader); /* last: each branch before the count is one more way through it */
    bpf_seq_write(context->meta->seq, &record, sizeof(record));
    return 0;
}

/* ---- descriptors ---- */

static __always_inline int write_mptcp(struct bpf_iter__task_file *context, const struct file *file, struct sock *sk,
                                       __u32 pid)
{
    struct bpf_mptcp_record record = {.record = {sizeof(record), BPF_RECORD_MPTCP}};
    const struct net *net = sk->__sk_common.skc_net.net;

    record.pid = pid;
    record.fd = context->fd;
    record.inode = file->f_inode->i_ino;
    if (net)
        record.netns = net->ns.inum;
    bpf_seq_write(context->meta->seq, &record, sizeof(record));
    return 0;
}

/* Whether the thread before this one has the same table of descriptors, as in a pool that shares one: it was shown with
 * that. (The first of the list has its head before it, whose bytes are no table's address.) */
static __always_inline bool is_shown_before(struct task_struct *task)
{
    const struct files_struct *files = NULL;
    const char *before = (const char *)task->thread_node.prev;

    if (!may_probe || task->pid == task->tgid || !before)
        return false;
    before -= bpf_core_field_offset(struct task_struct, thread_node);
    bpf_probe_read_kernel(&files, sizeof(files), before + bpf_core_field_offset(struct task_struct, files));
    return files && files == task->files;
}

SEC("iter/task_file")
int rows(struct bpf_iter__task_file *context)
{
    struct task_struct *task = context->task;
    struct file *file = context->file;
    struct socket *socket;
    struct sock *sk;
    struct tcp_sock *tp;
    __u16 family, protocol;
    __u32 pid;

    if (!task || !file)
        return 0;
    socket = bpf_sock_from_file(file);
    if (!socket || !(sk = socket->sk))
        return 0;
    if (is_shown_before(task))
        return 0;
    /* Numbers of protocols are each family's own, and the cast below looks at no more than the number. */
    family = sk->__sk_common.skc_family;
    protocol = sk->sk_protocol;
    if (sk->sk_type != SOCK_STREAM || (family != AF_INET && family != AF_INET6) ||
        (protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP))
        return 0;
    pid = number_of(task->group_leader, bpf_get_current_task_btf());
    if (!pid)
        return 0;
    if (protocol == IPPROTO_MPTCP)
        return write_mptcp(context, file, sk, pid);
    tp = bpf_skc_to_tcp_sock(sk);
    if (!tp)
        return 0;
    struct bpf_socket_record record = {.record = {sizeof(record), BPF_RECORD_SOCKET}};
    record.pid = pid;
    record.fd = context->fd;
    record.inode = file->f_inode->i_ino;
    record.cookie = bpf_get_socket_cookie(sk);
    read_socket(tp, &record);
    bpf_seq_write(context->meta->seq, &record, sizeof(record));
    return 0;
}
