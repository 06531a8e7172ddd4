/* owners_procfs.c - /proc/<pid>/fd to owners: which process has which socket inode open at which descriptor. Knows
 * nothing of what the sockets are. */
#include "base/cursor.h"
#include "scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* As the kernel lays it out for getdents64. */
struct directory_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

/* A directory read in one buffer after the other. */
struct listing {
    int fd;
    char *buffer;
    long filled;
    long position;
    int error; /* why it ended: 0 or -errno */
};

/* NULL: there is no more, or listing->error says why. */
static const struct directory_entry *listing_next(struct listing *listing)
{
    const struct directory_entry *entry;

    if (listing->position >= listing->filled) {
        listing->filled = syscall(SYS_getdents64, listing->fd, listing->buffer, SCAN_BUFFER_SIZE);
        listing->position = 0;
        if (listing->filled < 0)
            listing->error = scan_errno();
        if (listing->filled <= 0)
            return NULL;
    }
    entry = (const struct directory_entry *)(const void *)(listing->buffer + listing->position);
    listing->position += entry->length;
    return entry;
}

static bool parse_number(const char *name, int32_t *number)
{
    struct cursor c = {name, name + strlen(name)};
    bool canonical = name[0] >= '0' && name[0] <= '9' && (name[0] != '0' || name[1] == '\0');
    return canonical && cursor_signed32(&c, number) && c.at == c.end;
}

/* socket:[99155] */
bool owners_parse_link(const char *link, size_t length, uint32_t *inode)
{
    struct cursor c = {link, link + length};
    return cursor_text(&c, "socket:[") && cursor_dec32(&c, inode) && cursor_expect(&c, ']') && c.at == c.end;
}

/* net:[4026531840]; leaves netns alone where the link is not readable or not there. */
static void read_netns(int directory, const char *path, uint32_t *netns)
{
    char link[32];
    ssize_t length = readlinkat(directory, path, link, sizeof(link));
    struct cursor c = {link, link + (length > 0 ? length : 0)};
    uint32_t inode;

    if (cursor_text(&c, "net:[") && cursor_dec32(&c, &inode) && cursor_expect(&c, ']'))
        *netns = inode;
}

static uint64_t ticks_since_boot(uint32_t hz)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * hz + (uint64_t)now.tv_nsec / (1000000000u / hz);
}

static int compare_int32(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static int compare_owner_fd(const void *a, const void *b)
{
    return compare_int32(&((const struct owner *)a)->fd, &((const struct owner *)b)->fd);
}

/* A procfs lists pids and descriptors in ascending order; other file systems, on which recorded trees stand, do not. */
static void sort_pids(struct indices *pids)
{
    for (uint32_t i = 1; i < pids->count; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): what counts items has memory for them */
        if (pids->at[i - 1] > pids->at[i]) {
            qsort(pids->at, pids->count, sizeof(pids->at[0]), compare_int32);
            return;
        }
    }
}

static void sort_owners(struct owner *owners, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (owners[i - 1].fd > owners[i].fd) {
            qsort(owners, count, sizeof(owners[0]), compare_owner_fd);
            return;
        }
    }
}

static int list_pids(struct scan *scan)
{
    struct listing listing = {.buffer = scan->buffer};
    const struct directory_entry *entry;

    /* A directory descriptor of its own: scan->proc_fd has no position to share. */
    listing.fd = openat(scan->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (listing.fd < 0)
        return scan_errno();
    while ((entry = listing_next(&listing))) {
        int32_t pid;
        if (!parse_number(entry->name, &pid))
            continue;
        uint32_t *slot = vector_push(&scan->pids);
        if (!slot) {
            listing.error = -ENOMEM;
            break;
        }
        *slot = (uint32_t)pid;
    }
    close(listing.fd);
    sort_pids(&scan->pids);
    return listing.error;
}

/* Adds an owner if the descriptor is a socket. 0, or -errno where the rest of the process is not worth trying. */
static int read_descriptor(struct scan *scan, int directory, const char *name, int32_t fd, uint32_t visit)
{
    char link[32]; /* longer targets are cut; none of those is a socket */
    ssize_t length = readlinkat(directory, name, link, sizeof(link));
    struct owner *owner;
    uint32_t inode;

    if (length < 0) {
        if (errno == ENOENT) {
            scan->stats.closed++;
            return 0;
        }
        return scan_errno();
    }
    if (!owners_parse_link(link, (size_t)length, &inode))
        return 0;
    owner = vector_push(&scan->owners);
    if (!owner)
        return -ENOMEM;
    *owner = (struct owner){.inode = inode, .fd = fd, .visit = visit};
    return 0;
}

static int read_descriptors(struct scan *scan, int directory, uint32_t visit_index)
{
    struct visit *visit = &scan->visits.at[visit_index];
    struct listing listing = {.fd = directory, .buffer = scan->buffer};
    const struct directory_entry *entry;
    int status = 0;

    while (status == 0 && (entry = listing_next(&listing))) {
        int32_t fd;
        if (!parse_number(entry->name, &fd))
            continue;
        visit->fds++;
        status = read_descriptor(scan, directory, entry->name, fd, visit_index);
    }
    visit->owner_count = scan->owners.count - visit->first_owner;
    if (visit->owner_count)
        sort_owners(scan->owners.at + visit->first_owner, visit->owner_count);
    return status ? status : listing.error;
}

/* What a process refuses is counted; only -ENOMEM of our own ends the scan. */
static int count_refusal(struct scan *scan, struct visit *visit, int status, const char *file)
{
    if (status == -ENOMEM || status == 0)
        return status;
    visit->unreadable = true;
    scan_count_error(scan, -status, "%d%s%s", visit->pid, *file ? "/" : "", file);
    return 0;
}

/* path is that of its descriptors from base on. */
static int walk(struct scan *scan, uint32_t index, int base, const char *path)
{
    struct visit *visit = &scan->visits.at[index];
    int directory = openat(base, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = directory < 0 ? scan_errno() : 0;

    visit->first_owner = scan->owners.count;
    if (directory >= 0) {
        status = read_descriptors(scan, directory, index);
        /* From the held descriptor, so that it is the same process even if the pid is in use again. */
        read_netns(directory, "../ns/net", &visit->netns);
        close(directory);
    }
    if (status == -ENOENT || status == -ESRCH) {
        scan->owners.count = visit->first_owner;
        visit->owner_count = 0;
    }
    scan->stats.descriptors += visit->fds;
    return count_refusal(scan, visit, status, "fd");
}

int owners_walk(struct scan *scan, uint32_t visit)
{
    char path[32];
    snprintf(path, sizeof(path), "%d/fd", scan->visits.at[visit].pid);
    return walk(scan, visit, scan->proc_fd, path);
}

/* Where a process lives is asked of one that is not walked, too: what it may share its namespace with is wanted. */
static int skip(struct scan *scan, struct visit *visit)
{
    char path[32];

    visit->skipped = true;
    scan->stats.skipped++;
    snprintf(path, sizeof(path), "%d/ns/net", visit->pid);
    read_netns(scan->proc_fd, path, &visit->netns);
    return 0;
}

static int visit_process(struct scan *scan, int32_t pid)
{
    uint32_t index = scan->visits.count;
    struct visit *visit = vector_push(&scan->visits);
    int directory, status;

    if (!visit)
        return -ENOMEM;
    *visit = (struct visit){.pid = pid,
                            .first_owner = scan->owners.count,
                            .process = PROCTCP_NONE,
                            .seen_ticks = ticks_since_boot(scan->hz)};
    if (!select_asks_process(scan->selection))
        return owners_walk(scan, index);
    status = candidates_ask(scan, pid, &directory);
    if (status == 0)
        return skip(scan, visit);
    if (status < 0)
        return count_refusal(scan, visit, status, "");
    status = walk(scan, index, directory, "fd");
    close(directory);
    return status;
}

int owners_scan(struct scan *scan)
{
    int status = list_pids(scan);

    if (status) {
        scan_failed(scan, -status, "%s", "");
        return status;
    }
    for (uint32_t i = 0; i < scan->pids.count; i++) {
        status = visit_process(scan, (int32_t)scan->pids.at[i]);
        if (status)
            return status;
    }
    scan->stats.processes_seen = scan->visits.count;
    return 0;
}
