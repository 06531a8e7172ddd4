/* proctcp.c - the scanner: runs the stages of scan.h, once per scan. Knows their order and what ends a scan. */
#include "base/cursor.h"
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

struct proctcp_scanner {
    struct scan scan;
    char *root;
    const struct proctcp_snapshot *previous;
    uint64_t generation;
};

int proctcp_scanner_new(const struct proctcp_options *options, struct proctcp_scanner **scanner)
{
    static const struct proctcp_options defaults = {0};
    struct proctcp_scanner *made;

    if (!options)
        options = &defaults;
    if ((unsigned)options->source > PROCTCP_SOURCE_NETLINK || (options->proc_root && !*options->proc_root))
        return -EINVAL;
    made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    made->root = strdup(options->proc_root ? options->proc_root : "/proc");
    made->scan.buffer = malloc(SCAN_BUFFER_SIZE);
    if (!made->root || !made->scan.buffer) {
        proctcp_scanner_free(made);
        return -ENOMEM;
    }
    made->scan.root = made->root;
    made->scan.source = options->source ? options->source : PROCTCP_SOURCE_AUTO;
    made->scan.selection = select_asks_anything(options->selection) ? options->selection : NULL;
    made->scan.all_sockets = select_unbound(made->scan.selection);
    made->scan.states = made->scan.all_sockets ? UINT32_MAX : select_states(made->scan.selection);
    made->scan.hz = (uint32_t)sysconf(_SC_CLK_TCK);
    if (getrandom(&made->scan.seed, sizeof(made->scan.seed), GRND_NONBLOCK) < 0)
        made->scan.seed = (uintptr_t)made; /* early at boot; an address serves */
    *scanner = made;
    return 0;
}

void proctcp_scanner_free(struct proctcp_scanner *scanner)
{
    struct scan *scan = scanner ? &scanner->scan : NULL;

    if (!scanner)
        return;
    proctcp_snapshot_unref(scanner->previous);
    vector_free(&scan->pids);
    vector_free(&scan->visits);
    vector_free(&scan->owners);
    vector_free(&scan->namespaces);
    vector_free(&scan->by_inode);
    vector_free(&scan->keys);
    vector_free(&scan->spare);
    vector_free(&scan->scratch);
    vector_free(&scan->other_ends);
    vector_free(&scan->rank_one);
    vector_free(&scan->homes);
    vector_free(&scan->inode_map);
    vector_free(&scan->tuple_map);
    vector_free(&scan->listeners);
    vector_free(&scan->strays);
    vector_free(&scan->stray_map);
    vector_free(&scan->sockets);
    vector_free(&scan->rows);
    vector_free(&scan->processes);
    vector_free(&scan->troubles);
    vector_free(&scan->words);
    vector_free(&scan->with_inode);
    vector_free(&scan->rested);
    vector_free(&scan->resting);
    vector_free(&scan->blind);
    vector_free(&scan->next_blind);
    vector_free(&scan->lost);
    vector_free(&scan->netns_named.include);
    vector_free(&scan->netns_named.exclude);
    arena_free(&scan->strings);
    free(scan->buffer);
    free(scanner->root);
    free(scanner);
}

static void name_failure(struct scan *scan, int error, const char *path_format, va_list arguments)
{
    char path[128], reason[64];

    if (scan->failure[0])
        return;
    vsnprintf(path, sizeof(path), path_format, arguments);
    const char *why = error == EBADMSG ? "not understood" : strerror_r(error, reason, sizeof(reason));
    if (*path == '(') /* no file */
        snprintf(scan->failure, sizeof(scan->failure), "%.*s: %s", (int)strlen(path) - 2, path + 1, why);
    else
        snprintf(scan->failure, sizeof(scan->failure), "%s%s%s: %s", scan->root, *path ? "/" : "", path, why);
}

void scan_failed(struct scan *scan, int error, const char *path_format, ...)
{
    va_list arguments;
    va_start(arguments, path_format);
    name_failure(scan, error, path_format, arguments);
    va_end(arguments);
}

void scan_count_error(struct scan *scan, int error, const char *path_format, ...)
{
    va_list arguments;

    switch (error) {
    case ENOENT:
    case ESRCH:
        scan->stats.vanished++;
        return;
    case EACCES:
    case EPERM:
        scan->stats.denied++;
        break;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
        scan->stats.exhausted++;
        break;
    default:
        scan->stats.failed++;
    }
    va_start(arguments, path_format);
    name_failure(scan, error, path_format, arguments);
    va_end(arguments);
}

/* The line "btime 1700000000" of <root>/stat. Asked for once: the kernel adds up every interrupt counter to answer. */
static uint64_t read_boot_time(struct scan *scan)
{
    static const char label[] = "\nbtime ";
    uint64_t boot_time = 0;
    size_t filled = 0;
    ssize_t got;
    int fd = openat(scan->proc_fd, "stat", O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return 0;
    while ((got = read(fd, scan->buffer + filled, SCAN_BUFFER_SIZE - filled)) > 0) {
        filled += (size_t)got;
        const char *at = memmem(scan->buffer, filled, label, sizeof(label) - 1);
        const char *end = at ? memchr(at + 1, '\n', filled - (size_t)(at + 1 - scan->buffer)) : NULL;
        if (end) {
            struct cursor c = {at + sizeof(label) - 1, end};
            cursor_dec64(&c, &boot_time);
            break;
        }
        if (filled == SCAN_BUFFER_SIZE) { /* the line is further on; it is shorter than what is kept */
            memmove(scan->buffer, scan->buffer + filled - 64, 64);
            filled = 64;
        }
    }
    close(fd);
    return boot_time;
}

static int open_root(struct scan *scan)
{
    struct statfs filesystem;

    scan->proc_fd = open(scan->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (scan->proc_fd < 0) {
        int error = errno;
        scan_failed(scan, error, "%s", "");
        return -error;
    }
    scan->live = fstatfs(scan->proc_fd, &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC;
    if (!scan->boot_time)
        scan->boot_time = read_boot_time(scan);
    return 0;
}

/* What an earlier scan used, less what it used far too much of. */
static void recycle(struct scan *scan)
{
    vector_recycle(&scan->pids);
    vector_recycle(&scan->visits);
    vector_recycle(&scan->owners);
    vector_recycle(&scan->namespaces);
    vector_recycle(&scan->by_inode);
    vector_recycle(&scan->keys);
    vector_recycle(&scan->spare);
    vector_recycle(&scan->scratch);
    vector_recycle(&scan->other_ends);
    vector_recycle(&scan->rank_one);
    vector_recycle(&scan->homes);
    vector_recycle(&scan->inode_map);
    vector_recycle(&scan->tuple_map);
    vector_recycle(&scan->listeners);
    vector_recycle(&scan->stray_map);
    vector_recycle(&scan->sockets);
    vector_recycle(&scan->rows);
    vector_recycle(&scan->processes);
    vector_recycle(&scan->troubles);
    vector_recycle(&scan->words);
    vector_recycle(&scan->with_inode);
    arena_free(&scan->strings);
    scan->tail = (struct tail){0};
    scan->stats = (struct proctcp_stats){0};
    scan->stats.failure = "";
    scan->failure[0] = '\0';
}

/* A host holds about as much as a moment ago: growing by steps would touch it several times over. */
static bool reserve_as_before(struct scan *scan, const struct proctcp_snapshot *previous)
{
    return vector_reserve(&scan->sockets, (uint64_t)previous->socket_count + previous->socket_count / 16) &&
           vector_reserve(&scan->rows, (uint64_t)previous->row_count + previous->row_count / 16) &&
           vector_reserve(&scan->troubles, (uint64_t)previous->trouble_count + previous->trouble_count / 16) &&
           vector_reserve(&scan->processes, (uint64_t)previous->process_count + previous->process_count / 16);
}

/* Every namespace that can be read is; the scan fails only if none can, and then for what failed here, not for what an
 * earlier stage had to leave out. */
static int read_sockets(struct scan *scan)
{
    char earlier[sizeof(scan->failure)];
    int status;

    memcpy(earlier, scan->failure, sizeof(earlier));
    scan->failure[0] = '\0';
    status = sources_scan(scan);
    if (status == 0 && earlier[0])
        memcpy(scan->failure, earlier, sizeof(earlier));
    return status;
}

/* A descriptor may be of a namespace that nothing else tells of: that is read, and joined, too. */
static int join(struct scan *scan)
{
    int status = strays_begin(scan);

    scan->looked_for_lost = false;
    while (status == 0) {
        status = tuples_index(scan);
        if (status == 0)
            status = join_owners(scan);
        if (status || scan->looked_for_lost || !scan->lost.count)
            break;
        scan->looked_for_lost = true;
        join_undo(scan);
        status = sources_scan_lost(scan);
    }
    if (status)
        return status;
    strays_end(scan);
    namespaces_say_missing(scan);
    return namespaces_remember_lost(scan);
}

/* Descriptors first, then sockets: what is open through the whole scan is in both. */
static int run_stages(struct scan *scan, const struct proctcp_snapshot *previous)
{
    int status = owners_scan(scan);

    if (status == 0)
        status = namespaces_find(scan);
    if (status == 0)
        status = read_sockets(scan);
    if (status == 0)
        status = join(scan);
    if (status == 0)
        status = other_ends_find(scan);
    if (status == 0)
        status = processes_read(scan);
    if (status == 0)
        status = rows_make(scan);
    if (status == 0)
        status = peers_find(scan);
    if (status == 0)
        status = narrow_scan(scan);
    if (status == 0)
        status = holdings_count(scan);
    if (status == 0)
        status = deltas_find(scan, previous);
    return status;
}

static uint64_t microseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int proctcp_scan(struct proctcp_scanner *scanner, const struct proctcp_snapshot **snapshot)
{
    struct scan *scan = &scanner->scan;
    const struct proctcp_snapshot *made;
    uint64_t begun = microseconds(CLOCK_MONOTONIC);
    int status;

    recycle(scan);
    scan->stats.generation = scanner->generation + 1;
    scan->stats.time = microseconds(CLOCK_REALTIME) / 1000000;
    scan->stats.source = PROCTCP_SOURCE_PROCFS;
    scan->stats.source_reason = "";
    status = scanner->previous && !reserve_as_before(scan, scanner->previous) ? -ENOMEM : open_root(scan);
    if (status == 0) {
        status = run_stages(scan, scanner->previous);
        close(scan->proc_fd);
    }
    if (status == 0) {
        scan->stats.duration_us = microseconds(CLOCK_MONOTONIC) - begun;
        status = snapshot_freeze(scan, &made);
    }
    if (status) {
        if (!scan->failure[0] || status == -ENOMEM)
            snprintf(scan->failure, sizeof(scan->failure), "%s: %s", scan->root, strerror(-status));
        return status;
    }
    rests_keep(scan);
    scanner->generation++;
    proctcp_snapshot_unref(scanner->previous);
    scanner->previous = proctcp_snapshot_ref(made);
    *snapshot = made;
    return 0;
}

const char *proctcp_failure(const struct proctcp_scanner *scanner)
{
    return scanner->scan.failure;
}
