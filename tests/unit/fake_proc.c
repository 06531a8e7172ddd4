/* fake_proc.c - a /proc made of files and dangling links. */
#include "fake_proc.h"
#include "testing.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fake_proc *fake_proc_new(void)
{
    struct fake_proc *fake = calloc(1, sizeof(*fake));
    assert_non_null(fake);
    strcpy(fake->root, "/tmp/proctcp-unit-XXXXXX");
    assert_non_null(mkdtemp(fake->root));
    return fake;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

void fake_proc_free(struct fake_proc *fake)
{
    proctcp_snapshot_unref(fake->snapshot);
    proctcp_scanner_free(fake->scanner);
    proctcp_selection_free(fake->selection);
    nftw(fake->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(fake);
}

static void full_path(const struct fake_proc *fake, const char *path, char full[512])
{
    snprintf(full, 512, "%s/%s", fake->root, path);
    for (char *slash = full + strlen(fake->root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
        *slash = '/';
    }
}

void fake_proc_file(struct fake_proc *fake, const char *path, const char *text)
{
    char full[512];
    full_path(fake, path, full);
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

void fake_proc_link(struct fake_proc *fake, const char *path, const char *target)
{
    char full[512];
    full_path(fake, path, full);
    unlink(full);
    assert_int_equal(symlink(target, full), 0);
}

void fake_proc_process(struct fake_proc *fake, int pid, const char *name, unsigned netns)
{
    char path[64], text[512];

    snprintf(path, sizeof(path), "%d/stat", pid);
    snprintf(
        text, sizeof(text),
        "%d (%s) S 1 %d %d 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 %d 10000000 500 18446744073709551615 1 1 0 0 0 0 0 "
        "0 65536 0 0 0 17 1 0 0 0 0 0\n",
        pid, name, pid, pid, 10000 + pid);
    fake_proc_file(fake, path, text);
    snprintf(path, sizeof(path), "%d/limits", pid);
    fake_proc_file(fake, path,
                   "Limit                     Soft Limit           Hard Limit           Units     \n"
                   "Max processes             95000                95000                processes \n"
                   "Max open files            1024                 524288               files     \n");
    snprintf(path, sizeof(path), "%d/status", pid);
    fake_proc_file(fake, path, "Name:\tx\nState:\tS (sleeping)\nUid:\t1000\t1001\t1000\t1000\nGid:\t5\t5\t5\t5\n");
    snprintf(path, sizeof(path), "%d/cgroup", pid);
    fake_proc_file(fake, path, "0::/system.slice/test.service\n");
    snprintf(path, sizeof(path), "%d/ns/net", pid);
    snprintf(text, sizeof(text), "net:[%u]", netns);
    fake_proc_link(fake, path, text);
    snprintf(path, sizeof(path), "%d/exe", pid);
    snprintf(text, sizeof(text), "/usr/sbin/%d", pid);
    fake_proc_link(fake, path, text);
    snprintf(path, sizeof(path), "%d/fd/0", pid);
    fake_proc_link(fake, path, "/dev/null");
}

void fake_proc_select(struct fake_proc *fake, const char *kind, const char *value)
{
    char error[256];

    if (!fake->selection)
        assert_int_equal(proctcp_selection_new(&fake->selection), 0);
    if (proctcp_selection_add(fake->selection, kind, value, error, sizeof(error)) < 0)
        fail_msg("%s", error);
}

const struct proctcp_snapshot *fake_proc_scan(struct fake_proc *fake)
{
    const struct proctcp_snapshot *snapshot = NULL;

    if (!fake->scanner)
        assert_int_equal(proctcp_scanner_new(&(struct proctcp_options){.proc_root = fake->root,
                                                                       .selection = fake->selection,
                                                                       .grouping = fake->grouping},
                                             &fake->scanner),
                         0);
    int status = proctcp_scan(fake->scanner, &snapshot);
    if (status)
        fail_msg("scan: %s: %s", strerror(-status), proctcp_failure(fake->scanner));
    proctcp_snapshot_unref(fake->snapshot);
    fake->snapshot = snapshot;
    return snapshot;
}

const struct proctcp_row *find_row(const struct proctcp_snapshot *snapshot, int pid, int fd)
{
    for (uint32_t i = 0; i < snapshot->row_count; i++) {
        if (snapshot->rows[i].pid == pid && snapshot->rows[i].fd == fd)
            return &snapshot->rows[i];
    }
    return NULL;
}

const struct proctcp_socket *socket_of(const struct proctcp_snapshot *snapshot, const struct proctcp_row *row)
{
    assert_non_null(row);
    return &snapshot->sockets[row->socket];
}

uint32_t unattributed_in(const struct proctcp_snapshot *snapshot, unsigned netns, unsigned state)
{
    for (uint32_t i = 0; i < snapshot->unattributed_count; i++) {
        if (snapshot->unattributed[i].netns == netns && snapshot->unattributed[i].state == state)
            return snapshot->unattributed[i].sockets;
    }
    return 0;
}
