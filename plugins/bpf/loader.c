/* loader.c - the BPF programs into the kernel. Knows what may be refused and how to do without it. */
#include "loader.h"

#include "connections.skel.h"
#include "hashed.skel.h"
#include "pins.h"
#include "rows.skel.h"
#include "unheld.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What libbpf has to say of a refusal, most of it the verifier's; told only if nothing else works. */
static char *said;
static size_t said_size;
static FILE *said_to;

static int keep_message(enum libbpf_print_level level, const char *format, va_list arguments)
{
    return level == LIBBPF_DEBUG || !said_to ? 0 : vfprintf(said_to, format, arguments);
}

static const char *remedy_of(int error)
{
    switch (error) {
    case EPERM:
    case EACCES:
        return "run it as root, or with CAP_BPF and CAP_PERFMON; a container or a lockdown of the kernel may forbid it";
    case ESRCH:
    case ENOENT:
        return "the kernel has no BTF (/sys/kernel/btf/vmlinux), or not what the programs need: it takes 5.12";
    default:
        return "the kernel refuses the programs; proctcp works without them";
    }
}

/* One object each. */
struct programs {
    struct rows_bpf *rows;
    struct unheld_bpf *unheld;           /* NULL: refused */
    struct hashed_bpf *hashed;           /* the same */
    struct connections_bpf *connections; /* NULL: refused, or not asked for */
};

static void close_programs(struct programs *programs)
{
    rows_bpf__destroy(programs->rows);
    unheld_bpf__destroy(programs->unheld);
    hashed_bpf__destroy(programs->hashed);
    connections_bpf__destroy(programs->connections);
}

/* 0 or -errno. */
static int load_rows(struct programs *programs, bool may_probe)
{
    int error;

    rows_bpf__destroy(programs->rows);
    programs->rows = rows_bpf__open();
    if (!programs->rows)
        return -errno;
    programs->rows->rodata->may_probe = may_probe;
    error = rows_bpf__load(programs->rows);
    return error ? error : rows_bpf__attach(programs->rows);
}

static int load_unheld(struct programs *programs)
{
    int error;

    programs->unheld = unheld_bpf__open();
    if (!programs->unheld)
        return -errno;
    error = unheld_bpf__load(programs->unheld);
    return error ? error : unheld_bpf__attach(programs->unheld);
}

static int load_hashed(struct programs *programs)
{
    int error;

    programs->hashed = hashed_bpf__open();
    if (!programs->hashed)
        return -errno;
    error = hashed_bpf__load(programs->hashed);
    return error ? error : hashed_bpf__attach(programs->hashed);
}

static __u64 nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (__u64)now.tv_sec * 1000000000 + (__u64)now.tv_nsec;
}

/* They learn of scans from the rows. */
static int load_connections(struct programs *programs)
{
    const struct rows_bpf *rows = programs->rows;
    struct connections_bpf *connections = programs->connections = connections_bpf__open();
    int error;

    if (!connections)
        return -errno;
    connections->rodata->may_probe = rows->rodata->may_probe;
    error = bpf_map__reuse_fd(connections->maps.scans, bpf_map__fd(rows->maps.scans));
    if (error == 0)
        error = bpf_map__reuse_fd(connections->maps.scanners, bpf_map__fd(rows->maps.scanners));
    if (error == 0)
        error = connections_bpf__load(connections);
    if (error)
        return error;
    connections->bss->loaded_ns = nanoseconds();
    if (getrandom(&connections->bss->seed, sizeof(connections->bss->seed), GRND_NONBLOCK) < 0)
        connections->bss->seed = connections->bss->loaded_ns;
    return connections_bpf__attach(connections);
}

static __u32 find_in(const char *buffer, ssize_t length, int own)
{
    __u32 found = 0;

    for (ssize_t at = 0; at + (ssize_t)sizeof(struct bpf_record) <= length;) {
        const struct bpf_record *record = (const void *)(buffer + at);
        const struct bpf_socket_record *socket = (const void *)record;
        if (record->length < sizeof(*record) || record->length > length - at)
            break;
        if (record->kind == BPF_RECORD_SOCKET && record->length == sizeof(*socket) && socket->pid == (__u32)getpid() &&
            socket->fd == (__u32)own)
            found = socket->info.rto_us;
        at += record->length;
    }
    return found;
}

/* The programs give times in ticks as long as they do not know how many there are in a second. A socket that was never
 * connected has an RTO of one second. 0: not found. */
static __u32 find_hz(const struct rows_bpf *rows)
{
    static char buffer[65536];
    const int own = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    const int iterator = bpf_iter_create(bpf_link__fd(rows->links.rows));
    __u32 hz = 0;

    while (own >= 0 && iterator >= 0 && hz == 0) {
        const ssize_t got = read(iterator, buffer, sizeof(buffer));
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got <= 0)
            break;
        hz = find_in(buffer, got, own);
    }
    if (iterator >= 0)
        close(iterator);
    if (own >= 0)
        close(own);
    return hz >= 24 && hz <= 10000 ? hz : 0;
}

/* Those that count first: what is there to be read has been counted from its begin. Without, what an earlier version
 * left is taken away. */
static int pin_connections(const struct connections_bpf *connections, gid_t gid)
{
    const struct {
        const char *name;
        const struct bpf_link *link;
    } pinned[] = {
#define LINK(member) (connections ? connections->links.member : NULL)
        {BPF_RECORDS_COUNTING "states", LINK(state_changed)},
        {BPF_RECORDS_COUNTING "states-within", LINK(state_changed_within)},
        {BPF_RECORDS_COUNTING "ends", LINK(destroyed)},
        {BPF_RECORDS_COUNTING "ends-within", LINK(destroyed_within)},
        {BPF_RECORDS_COUNTING "resets-sent", LINK(reset_sent)},
        {BPF_RECORDS_COUNTING "resets-sent-within", LINK(reset_sent_within)},
        {BPF_RECORDS_COUNTING "resets-received", LINK(reset_received)},
        {BPF_RECORDS_COUNTING "resets-received-within", LINK(reset_received_within)},
        {BPF_RECORDS_ENDED, LINK(ended)},
        {BPF_RECORDS_CLOSED, LINK(closed)},
#undef LINK
    };
    int status = 0;

    for (size_t i = 0; i < sizeof(pinned) / sizeof(pinned[0]) && status == 0; i++)
        status =
            pinned[i].link ? pins_put(pinned[i].name, bpf_link__fd(pinned[i].link), gid) : pins_drop(pinned[i].name);
    return status;
}

static int pin_all(const struct programs *programs, gid_t gid)
{
    int status = pins_begin(gid);

    if (status == 0)
        status = pins_put(BPF_RECORDS_TASKS, bpf_link__fd(programs->rows->links.tasks), gid);
    if (status == 0)
        status = pins_put(BPF_RECORDS_ROWS, bpf_link__fd(programs->rows->links.rows), gid);
    if (status == 0 && programs->unheld)
        status = pins_put(BPF_RECORDS_UNHELD, bpf_link__fd(programs->unheld->links.unheld), gid);
    else if (status == 0)
        status = pins_drop(BPF_RECORDS_UNHELD); /* of an earlier version */
    if (status == 0 && programs->hashed)
        status = pins_put(BPF_RECORDS_HASHED, bpf_link__fd(programs->hashed->links.hashed), gid);
    else if (status == 0)
        status = pins_drop(BPF_RECORDS_HASHED);
    return status == 0 ? pin_connections(programs->connections, gid) : status;
}

static void complain(int error)
{
    fprintf(stderr, "proctcp-bpf: loading: %s: %s\n", strerror(error), remedy_of(error));
    if (said_to && fflush(said_to) == 0 && said_size)
        fprintf(stderr, "%s", said + (said_size > 2000 ? said_size - 2000 : 0));
}

/* As much as this kernel takes. 0 or -1. */
static int load_all(struct programs *programs, bool connections)
{
    int error = load_rows(programs, true);

    if (error && error != -ESRCH) {
        const int first = error;
        error = load_rows(programs, false);
        if (error == 0)
            fprintf(stderr,
                    "proctcp-bpf: the kernel lets no program read its memory, as when it is locked down (%s): without "
                    "counts of descriptors, and not from within another pid namespace\n",
                    strerror(-first));
    }
    if (error) {
        complain(-error);
        return -1;
    }
    if (load_unheld(programs)) {
        fprintf(stderr,
                "proctcp-bpf: the kernel refuses the iterator over the sockets of a namespace: sock_diag tells of "
                "those that nobody holds, where no other program does\n");
        unheld_bpf__destroy(programs->unheld);
        programs->unheld = NULL;
    }
    if (load_hashed(programs)) {
        fprintf(stderr,
                "proctcp-bpf: the kernel refuses the walk through the tables of all namespaces, for which it takes "
                "6.2: each namespace is read by itself\n");
        hashed_bpf__destroy(programs->hashed);
        programs->hashed = NULL;
    }
    error = connections ? load_connections(programs) : 0;
    if (error) {
        fprintf(stderr,
                "proctcp-bpf: the kernel refuses the programs that count connections (%s): those that no scan sees are "
                "not counted\n",
                strerror(-error));
        connections_bpf__destroy(programs->connections);
        programs->connections = NULL;
    }
    programs->rows->bss->hz = find_hz(programs->rows);
    if (programs->unheld)
        programs->unheld->bss->hz = programs->rows->bss->hz;
    if (programs->hashed)
        programs->hashed->bss->hz = programs->rows->bss->hz;
    if (programs->rows->bss->hz)
        return 0;
    fprintf(stderr, "proctcp-bpf: the kernel's clock rate was not found out: its own socket was not shown\n");
    return -1;
}

int loader_load(gid_t gid, bool connections)
{
    struct programs programs = {0};
    int status;

    said_to = open_memstream(&said, &said_size);
    libbpf_set_print(keep_message);
    status = load_all(&programs, connections);
    if (status == 0)
        status = pin_all(&programs, gid);
    close_programs(&programs);
    if (said_to)
        fclose(said_to);
    free(said);
    return status;
}
