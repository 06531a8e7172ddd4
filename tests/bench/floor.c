/* floor.c - the least that any program must ask of the kernel to know which process holds which TCP socket: the walk
 * over /proc/<pid>/fd, the tables of every namespace, and the files with the facts of those processes. Keeps nothing.
 *
 *   floor netlink|procfs COUNT [PID...]
 *
 * Does it COUNT times; the facts are read of the processes named. Prints one JSON object each time. */
#include "floor.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static bool is_number(const char *name)
{
    return *name >= '0' && *name <= '9';
}

static void note_namespace(struct floor *floor, const char *link, ssize_t length, int pid)
{
    uint64_t inode;
    unsigned at;

    if (length < 6 || strncmp(link, "net:[", 5) != 0)
        return;
    inode = strtoull(link + 5, NULL, 10);
    for (at = inode % FLOOR_NAMESPACES; floor->namespaces[at].pid; at = (at + 1) % FLOOR_NAMESPACES) {
        if (floor->namespaces[at].inode == inode)
            return;
    }
    if (floor->namespace_count == FLOOR_NAMESPACES - 1)
        return;
    floor->namespaces[at] = (struct floor_namespace){inode, pid};
    floor->namespace_count++;
}

static void walk_descriptors(struct floor *floor, int pid)
{
    char path[32], link[32];
    long length, position;
    int fd;

    snprintf(path, sizeof(path), "%d/fd", pid);
    fd = openat(floor->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    while ((length = syscall(SYS_getdents64, fd, floor->buffer, FLOOR_BUFFER_SIZE)) > 0) {
        const struct directory_entry *entry;
        for (position = 0; position < length; position += entry->length) {
            entry = (const struct directory_entry *)(const void *)(floor->buffer + position);
            if (!is_number(entry->name))
                continue;
            floor->descriptors++;
            floor->sockets += readlinkat(fd, entry->name, link, sizeof(link)) > 8 && memcmp(link, "socket:[", 8) == 0;
        }
    }
    length = readlinkat(fd, "../ns/net", link, sizeof(link) - 1);
    link[length > 0 ? length : 0] = '\0';
    note_namespace(floor, link, length, pid);
    close(fd);
}

/* The pids in a buffer of their own: the other one is taken by descriptors meanwhile. */
static bool walk(struct floor *floor, char *listing)
{
    int fd = openat(floor->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long length = -1;

    while (fd >= 0 && (length = syscall(SYS_getdents64, fd, listing, FLOOR_BUFFER_SIZE)) > 0) {
        const struct directory_entry *entry;
        for (long position = 0; position < length; position += entry->length) {
            entry = (const struct directory_entry *)(const void *)(listing + position);
            if (!is_number(entry->name))
                continue;
            floor->processes++;
            walk_descriptors(floor, atoi(entry->name));
        }
    }
    if (fd >= 0)
        close(fd);
    return length == 0;
}

static void read_fact(struct floor *floor, int directory, const char *name)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    while (read(fd, floor->buffer, FLOOR_BUFFER_SIZE) > 0)
        ;
    close(fd);
}

static void read_facts(struct floor *floor, const char *pid)
{
    struct stat status;
    int directory = openat(floor->proc_fd, pid, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (directory < 0)
        return;
    read_fact(floor, directory, "stat");
    if (readlinkat(directory, "exe", floor->buffer, PATH_MAX) > 0) /* kernel threads have none */
        floor->bytes++;
    read_fact(floor, directory, "cgroup");
    read_fact(floor, directory, "limits");
    if (fstat(directory, &status) == 0)
        floor->bytes++;
    close(directory);
}

static uint64_t microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static bool run(struct floor *floor, char *listing, bool (*tables)(struct floor *), char **pids)
{
    const uint64_t begun = microseconds();
    struct stat own;

    memset(floor->namespaces, 0, sizeof(floor->namespaces));
    floor->processes = floor->descriptors = floor->sockets = floor->namespace_count = floor->bytes = 0;
    floor->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (floor->proc_fd < 0 || fstatat(floor->proc_fd, "self/ns/net", &own, 0) < 0)
        return false;
    floor->own = own.st_ino;
    if (!walk(floor, listing) || !tables(floor))
        return false;
    for (; *pids; pids++)
        read_facts(floor, *pids);
    close(floor->proc_fd);
    printf(
        "{\"duration_us\":%llu,\"processes\":%lu,\"descriptors\":%lu,\"sockets\":%lu,\"namespaces\":%lu,"
        "\"bytes\":%lu}\n",
        (unsigned long long)(microseconds() - begun), floor->processes, floor->descriptors, floor->sockets,
        floor->namespace_count, floor->bytes);
    return true;
}

int main(int argc, char **argv)
{
    static struct floor floor;
    static char buffer[FLOOR_BUFFER_SIZE], listing[FLOOR_BUFFER_SIZE];
    bool netlink = argc >= 3 && strcmp(argv[1], "netlink") == 0;
    int count = argc >= 3 ? atoi(argv[2]) : 0;

    if (count < 1 || (!netlink && strcmp(argv[1], "procfs") != 0)) {
        fprintf(stderr, "Usage: floor netlink|procfs COUNT [PID...]\n");
        return 2;
    }
    floor.buffer = buffer;
    for (; count; count--) {
        if (!run(&floor, listing, netlink ? floor_netlink : floor_procfs, argv + 3)) {
            perror("floor");
            return 1;
        }
    }
    return 0;
}
