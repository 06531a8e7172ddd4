/* A whole table, read by a whole scan of a tree that has two descriptors. Rows must be sorted, and every index must lie
 * within its array. */
#include "proctcp.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[] = "/tmp/proctcp-fuzz-XXXXXX";
static struct proctcp_scanner *scanner;
static int table;

static void remove_tree(void)
{
    static const char *const names[] = {"1/fd/3", "1/fd/4", "1/fd", "1", "net/tcp", "net", ""};
    char path[64];
    proctcp_scanner_free(scanner);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", root, names[i]);
        remove(path);
    }
}

static void make_tree(void)
{
    static const char *const directories[] = {"1", "1/fd", "net"};
    static const char *const links[][2] = {{"1/fd/3", "socket:[7]"}, {"1/fd/4", "socket:[8]"}};
    char path[64];

    if (!mkdtemp(root))
        abort();
    atexit(remove_tree);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", root, directories[i]);
        if (mkdir(path, 0700))
            abort();
    }
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%s", root, links[i][0]);
        if (symlink(links[i][1], path))
            abort();
    }
    snprintf(path, sizeof(path), "%s/net/tcp", root);
    table = open(path, O_RDWR | O_CREAT, 0600);
    if (table < 0 || proctcp_scanner_new(&(struct proctcp_options){.proc_root = root}, &scanner) < 0)
        abort();
}

static void check(const struct proctcp_snapshot *snapshot)
{
    char text[512];
    for (uint32_t i = 0; i < snapshot->row_count; i++) {
        const struct proctcp_row *row = &snapshot->rows[i];
        if (row->socket >= snapshot->socket_count || row->process >= snapshot->process_count ||
            (row->peer != PROCTCP_NONE && row->peer >= snapshot->row_count) || row->owner_rank == 0 ||
            row->owner_rank > snapshot->sockets[row->socket].owners)
            abort();
        if (i > 0 && (row[-1].pid > row->pid || (row[-1].pid == row->pid && row[-1].fd > row->fd)))
            abort();
        proctcp_row_text(snapshot, row, text, sizeof(text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct proctcp_snapshot *snapshot;

    if (!scanner)
        make_tree();
    if (ftruncate(table, 0) || pwrite(table, data, size, 0) != (ssize_t)size)
        abort();
    if (proctcp_scan(scanner, &snapshot) == 0) {
        check(snapshot);
        proctcp_snapshot_unref(snapshot);
    }
    return 0;
}
