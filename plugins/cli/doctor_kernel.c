/* doctor_kernel.c - what the BPF source takes from the kernel: its version, type information, and a file system. */
#include "doctor_kernel.h"

#include "doctor.h"

#include <linux/magic.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef BPF_FS_MAGIC
#define BPF_FS_MAGIC 0xcafe4a11
#endif

#define BTF     "/sys/kernel/btf/vmlinux"
#define BPF_DIR "/sys/fs/bpf"

bool kernel_release_is_at_least(const char *release, unsigned major, unsigned minor)
{
    unsigned numbers[2] = {0, 0};

    for (int i = 0; i < 2; i++) {
        for (; *release >= '0' && *release <= '9' && numbers[i] < 100000; release++)
            numbers[i] = numbers[i] * 10 + (unsigned)(*release - '0');
        release += *release == '.';
    }
    return numbers[0] > major || (numbers[0] == major && numbers[1] >= minor);
}

bool kernel_has_iterators(void)
{
    struct utsname name;
    return uname(&name) == 0 && kernel_release_is_at_least(name.release, 5, 12) && access(BTF, F_OK) == 0;
}

void doctor_check_kernel(const struct doctor *doctor)
{
    struct finding finding = finding_begin("kernel");
    char release[FINDING_TEXT_SIZE];
    struct utsname name = {.release = ""};
    struct statfs filesystem;

    uname(&name);
    finding_escape(name.release, release);
    if (!kernel_release_is_at_least(name.release, 5, 12)) {
        finding_say(&finding, FINDING_NONE, "Linux %s is older than 5.12: proctcp-bpf needs that, sock_diag serves",
                    release);
    } else if (access(BTF, F_OK) < 0) {
        finding_say(&finding, FINDING_NONE, "Linux %s has no %s (CONFIG_DEBUG_INFO_BTF), or /sys is not mounted here",
                    release, BTF);
        finding_say(&finding, FINDING_NONE, "proctcp-bpf needs that; sock_diag serves");
    } else if (statfs(BPF_DIR, &filesystem) < 0 || (unsigned long)filesystem.f_type != BPF_FS_MAGIC) {
        finding_say(&finding, FINDING_NONE,
                    "no BPF file system is mounted at " BPF_DIR ": proctcp-bpf needs that, sock_diag serves");
        finding_remedy(&finding, "sudo mount -t bpf -o mode=0755 bpf " BPF_DIR);
    } else {
        finding_say(&finding, FINDING_OK, "Linux %s with BTF, and a BPF file system at " BPF_DIR, release);
    }
    doctor_tell(doctor, &finding);
}
