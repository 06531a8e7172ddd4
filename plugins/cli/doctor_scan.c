/* doctor_scan.c - which sources answer, and what a scan of everything says. Knows the library; what keeps it from
 * seeing more is the knowledge of doctor_rights.c. */
#include "doctor.h"

#include "doctor_file.h"
#include "doctor_kernel.h"
#include "doctor_remedies.h"
#include "doctor_rights.h"
#include "proctcp.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0: it answered; else why not, escaped. options: as of proctcp_scanner_new(). */
static bool scan(const struct proctcp_options *options, const struct proctcp_snapshot **snapshot,
                 char failure[FINDING_TEXT_SIZE])
{
    struct proctcp_scanner *scanner = NULL;
    bool done = false;

    *snapshot = NULL;
    snprintf(failure, FINDING_TEXT_SIZE, "out of memory");
    if (proctcp_scanner_new(options, &scanner) == 0) {
        done = proctcp_scan(scanner, snapshot) == 0;
        if (!done)
            finding_escape(proctcp_failure(scanner), failure);
    }
    proctcp_scanner_free(scanner);
    return done;
}

/* Of this process and its network namespace alone: whether the source answers at all. */
static bool answers(enum proctcp_source source, char failure[FINDING_TEXT_SIZE])
{
    struct proctcp_options options = {.source = source};
    struct proctcp_selection *selection = NULL;
    const struct proctcp_snapshot *snapshot = NULL;
    char pid[16], error[256];
    bool done = false;

    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    snprintf(failure, FINDING_TEXT_SIZE, "out of memory");
    if (proctcp_selection_new(&selection) == 0 &&
        proctcp_selection_add(selection, "pid", pid, error, sizeof(error)) == 0 &&
        proctcp_selection_add(selection, "netns", "own", error, sizeof(error)) == 0) {
        options.selection = selection;
        done = scan(&options, &snapshot, failure);
    }
    proctcp_snapshot_unref(snapshot);
    proctcp_selection_free(selection);
    return done;
}

#define PINNED "/sys/fs/bpf/proctcp"

static void suggest_loading(struct finding *finding)
{
    if (!getgrnam(BPF_GROUP))
        finding_remedy(finding, "sudo groupadd --system " BPF_GROUP);
    finding_remedy(finding, "sudo proctcp-bpf load --group " BPF_GROUP);
}

/* Into the group that they were loaded for, whichever: they are not loaded again for one of the caller's. */
static void say_denied(struct finding *finding, const char *failure)
{
    struct stat status;
    char group[64];

    if (stat(PINNED, &status) < 0) {
        finding_say(finding, FINDING_NONE, "%s", failure);
        finding_say(finding, FINDING_NONE, "whether the programs are loaded may not be seen by you");
        finding_remedy(finding, "sudo proctcp doctor");
        return;
    }
    if (status.st_gid == 0) {
        suggest_loading(finding);
        snprintf(group, sizeof(group), "%s", BPF_GROUP);
    } else {
        host_group(status.st_gid, group);
    }
    finding_say(finding, FINDING_WARNING, "%s", failure);
    finding_say(finding, FINDING_WARNING,
                "the programs are loaded, and not for you; who is in the group %s sees all:", group);
    finding_remedy(finding, "sudo usermod -aG %s \"$USER\"   # and log in again", group);
}

/* proctcp does without: it is said how to have it, and is no fault. */
static void say_not_loaded(struct finding *finding)
{
    char program[512];

    finding_say(finding, FINDING_NONE, "without it scans cost more, and connections between two scans are not counted");
    if (!doctor_file_find_program("proctcp-bpf", program, sizeof(program))) {
        finding_say(finding, FINDING_NONE, "proctcp-bpf is not installed; where proctcp was built, with libbpf-dev:");
        suggest_installing(finding, "proctcp-bpf");
    } else if (host_has_unit("proctcp-bpf")) {
        finding_remedy(finding, "sudo systemctl enable --now proctcp-bpf");
    } else {
        suggest_loading(finding);
    }
}

static void check_bpf(const struct doctor *doctor)
{
    struct finding finding = finding_begin("bpf");
    char failure[FINDING_TEXT_SIZE];

    if (answers(PROCTCP_SOURCE_BPF, failure)) {
        finding_say(&finding, FINDING_OK, "the programs of proctcp-bpf are loaded, and may be read");
    } else if (!kernel_has_iterators()) {
        finding_say(&finding, FINDING_NONE, "not to be had on this kernel");
    } else if (strstr(failure, "Permission denied")) {
        say_denied(&finding, failure);
    } else if (strstr(failure, "not in a BPF file system") || strstr(failure, "not root's") ||
               strstr(failure, "may write it") || strstr(failure, "not a pinned")) {
        finding_say(&finding, FINDING_WARNING, "%s", failure);
        finding_remedy(&finding, "sudo rm -r " PINNED);
        suggest_loading(&finding);
    } else {
        finding_say(&finding, FINDING_NONE, "%s", failure);
        say_not_loaded(&finding);
    }
    doctor_tell(doctor, &finding);
}

static void check_sock_diag(const struct doctor *doctor)
{
    struct finding finding = finding_begin("sock_diag");
    char failure[FINDING_TEXT_SIZE];

    if (answers(PROCTCP_SOURCE_NETLINK, failure)) {
        finding_say(&finding, FINDING_OK, "tcp_diag answers");
    } else {
        finding_say(&finding, FINDING_MISSING, "%s", failure);
        finding_say(
            &finding, FINDING_MISSING,
            "sockets are read from /proc, without round-trip times, bytes and all else that sock_diag alone says;");
        finding_say(&finding, FINDING_MISSING,
                    "a filter of system calls refuses it (a container, or RestrictAddressFamilies of a unit without "
                    "AF_NETLINK), or the kernel lacks:");
        finding_remedy(&finding, "sudo modprobe -a inet_diag tcp_diag");
    }
    doctor_tell(doctor, &finding);
}

static void check_procfs(const struct doctor *doctor)
{
    struct finding finding = finding_begin("procfs");
    char failure[FINDING_TEXT_SIZE];
    struct stat status;

    if (answers(PROCTCP_SOURCE_PROCFS, failure)) {
        finding_say(&finding, FINDING_OK, "/proc can be read");
    } else {
        finding_say(&finding, FINDING_MISSING, "%s", failure);
        if (stat("/proc/self", &status) < 0)
            finding_remedy(&finding, "sudo mount -t proc proc /proc");
    }
    doctor_tell(doctor, &finding);
}

static void say_what_is_missing(struct finding *finding, const struct proctcp_stats *stats)
{
    char failure[FINDING_TEXT_SIZE];

    if (stats->exhausted) {
        finding_say(finding, FINDING_WARNING,
                    "reads given up for want of descriptors or memory, or for what a user may cost: %u",
                    stats->exhausted);
        finding_remedy(finding, "ulimit -n 65536");
    }
    if (stats->unread)
        finding_say(finding, FINDING_WARNING, "TCP descriptors whose tables were not read: %u", stats->unread);
    if (stats->failed)
        finding_say(finding, FINDING_WARNING, "processes that could not be read: %u", stats->failed);
    if (stats->malformed)
        finding_say(finding, FINDING_WARNING, "lines that were not understood: %u", stats->malformed);
    if (*stats->failure)
        finding_say(finding, FINDING_OK, "the first failure: %s", finding_escape(stats->failure, failure));
}

static void check_scan(const struct doctor *doctor, const struct proctcp_snapshot *snapshot, const char *failure)
{
    struct finding finding = finding_begin("scan");
    char reason[FINDING_TEXT_SIZE];

    if (snapshot) {
        const struct proctcp_stats *stats = &snapshot->stats;
        finding_say(&finding, FINDING_OK, "source %s: %u rows of %u processes, %u sockets, %llu ms",
                    proctcp_source_name(stats->source), stats->rows, stats->processes, stats->sockets,
                    (unsigned long long)(stats->duration_us / 1000));
        if (*stats->source_reason)
            finding_say(&finding, FINDING_OK, "not a better source: %s", finding_escape(stats->source_reason, reason));
        say_what_is_missing(&finding, stats);
    } else {
        finding_say(&finding, FINDING_MISSING, "nothing could be read: %s", failure);
    }
    doctor_tell(doctor, &finding);
}

void doctor_check_scan(const struct doctor *doctor)
{
    const struct proctcp_options everything = {.source = PROCTCP_SOURCE_AUTO};
    const struct proctcp_snapshot *snapshot;
    char failure[FINDING_TEXT_SIZE];

    check_bpf(doctor);
    check_sock_diag(doctor);
    check_procfs(doctor);
    scan(&everything, &snapshot, failure);
    check_scan(doctor, snapshot, failure);
    doctor_check_rights(doctor, snapshot);
    proctcp_snapshot_unref(snapshot);
}
