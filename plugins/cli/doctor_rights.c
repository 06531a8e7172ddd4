/* doctor_rights.c - capabilities, the options of /proc, policies on ptrace, and network namespaces. Knows what each
 * hides from a scan. */
#include "doctor_rights.h"

#include "doctor_access.h"
#include "doctor_file.h"
#include "doctor_kernel.h"
#include "doctor_mounts.h"
#include "doctor_remedies.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has(const struct identity *own, unsigned capability)
{
    return own->capabilities >> capability & 1;
}

/* Not setcap: every user would see all then, and have CAP_SYS_ADMIN at hand. */
static void suggest_rights(struct finding *finding)
{
    finding_remedy(finding, "sudo proctcp");
    if (kernel_has_iterators())
        finding_remedy(finding, "sudo usermod -aG " BPF_GROUP
                                " \"$USER\"   # and log in again: with proctcp-bpf no capability is needed");
}

static void check_capabilities(const struct doctor *doctor, const struct identity *own,
                               const struct proctcp_stats *stats)
{
    static const struct {
        unsigned number;
        const char *name, *hides;
    } needed[] = {
        {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", "the descriptors of other users' processes cannot be listed"},
        {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "which socket a descriptor of another user is cannot be seen"},
        {CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "other network namespaces cannot be asked for what sock_diag alone says"},
    };
    struct finding finding = finding_begin("capabilities");
    const bool is_bpf = stats && stats->source == PROCTCP_SOURCE_BPF;
    bool any = false;

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (has(own, needed[i].number))
            continue;
        any = true;
        finding_say(&finding, is_bpf ? FINDING_OK : FINDING_MISSING, "%s: without it %s%s", needed[i].name,
                    needed[i].hides, is_bpf ? " (but by BPF)" : "");
    }
    if (any && stats && !is_bpf)
        finding_say(&finding, FINDING_MISSING, "processes whose descriptors may not be read: %u of %u", stats->denied,
                    stats->processes_seen);
    if (any && !is_bpf)
        suggest_rights(&finding);
    if (!any)
        finding_say(&finding, FINDING_OK, "CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE and CAP_SYS_ADMIN are there");
    doctor_tell(doctor, &finding);
}

static bool is_in_group(const struct identity *own, unsigned gid)
{
    for (size_t i = 0; i < own->group_count; i++) {
        if (own->groups[i] == gid)
            return true;
    }
    return false;
}

/* What the options say is also tried: the first process of the system is mostly somebody else's. */
static bool is_hidden(void)
{
    const int fd = open("/proc/1/stat", O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd < 0 && (errno == EPERM || errno == EACCES || errno == ENOENT);
}

static void check_hidepid(const struct doctor *doctor, const struct identity *own)
{
    static const char *const names[] = {
        [HIDEPID_NOACCESS] = "noaccess", [HIDEPID_INVISIBLE] = "invisible", [HIDEPID_PTRACEABLE] = "ptraceable"};
    struct finding finding = finding_begin("hidepid");
    struct mount mount;

    if (!mounts_find("/proc", &mount)) {
        finding_say(&finding, FINDING_NONE, "no mount at /proc is seen");
    } else if (mount.hidepid == HIDEPID_OFF) {
        finding_say(&finding, FINDING_OK, "/proc hides no processes");
    } else if (has(own, CAP_SYS_PTRACE) || !is_hidden()) {
        finding_say(&finding, FINDING_OK, "/proc is mounted with hidepid=%s, and hides nothing from you",
                    names[mount.hidepid]);
    } else {
        finding_say(&finding, FINDING_WARNING,
                    "/proc is mounted with hidepid=%s: processes of other users are hidden from you",
                    names[mount.hidepid]);
        if (mount.has_gid && mount.hidepid != HIDEPID_PTRACEABLE && !is_in_group(own, mount.gid))
            finding_remedy(&finding, "sudo usermod -a -G %u \"$USER\"   # and log in again", mount.gid);
        finding_remedy(&finding, "sudo proctcp");
        finding_remedy(&finding, "sudo mount -o remount,hidepid=0 /proc");
    }
    doctor_tell(doctor, &finding);
}

/* A number in a file of one line; -1: there is none. */
static long read_number(const char *path)
{
    char text[64], *end;

    if (doctor_file_read(path, text, sizeof(text)) <= 0)
        return -1;
    const long number = strtol(text, &end, 10);
    return end == text ? -1 : number;
}

/* What the kernel asks beside capabilities. */
static void say_security_modules(struct finding *finding)
{
    char text[256], escaped[FINDING_TEXT_SIZE];

    if (doctor_file_read("/proc/self/attr/current", text, sizeof(text)) > 0 && *text) {
        text[strcspn(text, "\n")] = '\0';
        if (strcmp(text, "unconfined") != 0)
            finding_say(finding, FINDING_OK, "the security module runs this program as %s",
                        finding_escape(text, escaped));
    }
    if (read_number("/sys/fs/selinux/enforce") == 1)
        finding_say(finding, FINDING_OK, "SELinux is enforcing");
}

static void check_ptrace(const struct doctor *doctor, const struct identity *own, const struct proctcp_stats *stats)
{
    struct finding finding = finding_begin("ptrace");
    const long scope = read_number("/proc/sys/kernel/yama/ptrace_scope");
    const bool has_both = has(own, CAP_DAC_READ_SEARCH) && has(own, CAP_SYS_PTRACE);

    if (stats && stats->denied && has_both) {
        finding_say(&finding, FINDING_WARNING,
                    "processes whose descriptors may not be read although no capability is missing: %u", stats->denied);
        say_security_modules(&finding);
        finding_say(
            &finding, FINDING_WARNING,
            "a security module (AppArmor, SELinux), a user namespace or a container keeps them; its log says more:");
        finding_remedy(&finding, "sudo journalctl -k | grep -i -e apparmor -e avc");
    }
    /* Descriptors are looked at under a milder rule, but those of no table are borrowed, which is as tracing. */
    if (scope >= 3) {
        finding_say(
            &finding, FINDING_WARNING,
            "kernel.yama.ptrace_scope is %ld: of descriptors that are in no TCP table (unbound) little can be told",
            scope);
        finding_say(&finding, FINDING_WARNING,
                    "it cannot be lowered again before the next boot; for that, in sysctl.d:");
        finding_remedy(&finding, "kernel.yama.ptrace_scope = 2");
    }
    if (finding.result == FINDING_NONE && scope >= 0)
        finding_say(&finding, FINDING_OK, "kernel.yama.ptrace_scope is %ld, and keeps nothing from proctcp", scope);
    else if (finding.result == FINDING_NONE)
        finding_say(&finding, FINDING_OK, "no policy on ptrace (Yama)");
    doctor_tell(doctor, &finding);
}

/* Which, and why; of many the first ones. */
static void say_namespaces(struct finding *finding, const struct proctcp_snapshot *snapshot)
{
    unsigned said = 0;

    for (uint32_t i = 0; i < snapshot->namespace_count && said < 4; i++) {
        const struct proctcp_netns *netns = &snapshot->namespaces[i];
        char reason[64];
        if (!netns->error)
            continue;
        finding_say(finding, FINDING_OK, "%u: %s", netns->inode, strerror_r(netns->error, reason, sizeof(reason)));
        said++;
    }
}

static void check_namespaces(const struct doctor *doctor, const struct identity *own,
                             const struct proctcp_snapshot *snapshot)
{
    struct finding finding = finding_begin("namespaces");
    const struct proctcp_stats *stats = snapshot ? &snapshot->stats : NULL;

    if (!stats) {
        finding_say(&finding, FINDING_NONE, "nothing could be read");
    } else if (stats->namespaces_failed) {
        finding_say(&finding, FINDING_MISSING, "network namespaces whose tables could not be read: %u of %u",
                    stats->namespaces_failed, stats->namespaces + stats->namespaces_failed);
    } else if (stats->source == PROCTCP_SOURCE_NETLINK && stats->namespaces_procfs) {
        finding_say(&finding, FINDING_WARNING,
                    "network namespaces that may not be entered, and were read through /proc: %u of %u",
                    stats->namespaces_procfs, stats->namespaces);
    } else {
        finding_say(&finding, FINDING_OK, "network namespaces read: %u", stats->namespaces);
    }
    if (snapshot && finding.result > FINDING_OK) {
        say_namespaces(&finding, snapshot);
        if (has(own, CAP_SYS_ADMIN))
            finding_say(&finding, finding.result,
                        "CAP_SYS_ADMIN is there: a container or a security module refuses it");
        else
            suggest_rights(&finding);
    }
    doctor_tell(doctor, &finding);
}

static void tell_none(const struct doctor *doctor)
{
    static const char *const checks[] = {"capabilities", "hidepid", "ptrace", "namespaces"};

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        struct finding finding = finding_begin(checks[i]);
        finding_say(&finding, FINDING_NONE, "/proc/self/status cannot be read");
        doctor_tell(doctor, &finding);
    }
}

void doctor_check_rights(const struct doctor *doctor, const struct proctcp_snapshot *snapshot)
{
    const struct proctcp_stats *stats = snapshot ? &snapshot->stats : NULL;
    struct identity own = {0};

    if (!identity_of(getpid(), &own)) {
        tell_none(doctor);
        return;
    }
    check_capabilities(doctor, &own, stats);
    check_hidepid(doctor, &own);
    check_ptrace(doctor, &own, stats);
    check_namespaces(doctor, &own, snapshot);
}
