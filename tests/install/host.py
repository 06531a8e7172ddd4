"""A Debian host for tests: a minimal root system, with systemd as the first process of namespaces of its own. It has no network
but loopback; what is run with network=True sees the machine's, and all else of the host."""
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time

BOOT = r"""
root=$1
mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root" || exit
mount -t proc proc proc
mount -t sysfs sysfs sys || exit
mount -t cgroup2 cgroup2 sys/fs/cgroup || exit
mount -t bpf -o mode=0755 bpf sys/fs/bpf
mount -t tmpfs tmpfs run
mount -t tmpfs -o mode=0755 tmpfs dev
mkdir dev/pts dev/shm
for device in null zero full random urandom tty; do touch dev/$device; mount --bind /dev/$device dev/$device; done
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ip link set lo up
mkdir -p old
pivot_root . old
exec env -i container=namespaces PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . \
    /bin/sh -c 'umount -l /old; rmdir /old; exec /lib/systemd/systemd --system --log-target=journal'
"""


class Unavailable(Exception):
    """Why there can be no such host here."""


def run(*words, **options):
    return subprocess.run(list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="surrogateescape", stdin=subprocess.DEVNULL, **options)


def release():
    with open("/etc/os-release") as file:
        return dict(line.strip().replace('"', "").split("=", 1) for line in file if "=" in line)["VERSION_CODENAME"]


class Host:
    def __init__(self, packages):
        self.directory = tempfile.mkdtemp(prefix="proctcp-host-", dir="/var/tmp")
        self.root = os.path.join(self.directory, "root")
        self.process = None
        sources = [path for path in ["/etc/apt/sources.list"] + sorted(glob.glob("/etc/apt/sources.list.d/*"))
                   if os.path.exists(path) and path.endswith((".list", ".sources")) and os.path.getsize(path)]
        done = run("mmdebstrap", "--variant=minbase", "--include=" + ",".join(packages), release(), self.root, *sources)
        if done.returncode:
            self.close()
            raise Unavailable("mmdebstrap: " + done.stdout[-2000:])
        # How the machine reaches its archive.
        for path in glob.glob("/etc/apt/apt.conf.d/*"):
            if not os.path.exists(self.root + path) and "docker" not in path:
                shutil.copy(path, self.root + path)
        shutil.copy("/etc/resolv.conf", self.root + "/etc/resolv.conf")
        self.write("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n" % os.uname().nodename)

    def write(self, path, text, mode=0o644):
        os.makedirs(os.path.dirname(self.root + path), exist_ok=True)
        with open(self.root + path, "w") as file:
            file.write(text)
        os.chmod(self.root + path, mode)

    def boot(self, patience_s=120):
        self.log = open(os.path.join(self.directory, "boot.log"), "w")
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--net", "--cgroup", "sh", "-c", BOOT,
             "sh", self.root], stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        end = time.monotonic() + patience_s
        said = ""
        while time.monotonic() < end and self.process.poll() is None:
            with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as file:
                children = file.read().split()
            if children:
                self.init = children[0]
                said = self.run("systemctl is-system-running").stdout.strip().split("\n")[-1]
                if said in ("running", "degraded"):
                    return
            time.sleep(0.3)
        with open(self.log.name) as log:
            raise Unavailable("systemd does not start in namespaces: %s%s" % (said, log.read()[-2000:]))

    def run(self, script, network=False, directory="/root", shell="/bin/bash"):
        """Of a script, all of its output and its status."""
        words = ["nsenter", "-t", self.init, "-m", "-p", "-i", "-u", "-C", "-r"] + ([] if network else ["-n"])
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                       "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        return run(*words, "env", "-i", *("%s=%s" % item for item in environment.items()), shell, "-c",
                   "cd %s && %s" % (directory, script), timeout=900)

    def files(self):
        """What is installed: not what the running host keeps for itself."""
        found = set()
        for top in ("etc", "lib", "usr", "var/lib", "opt", "srv", "home", "root"):
            for path, folders, names in os.walk(os.path.join(self.root, top)):
                found |= {os.path.relpath(os.path.join(path, name), self.root) for name in folders + names}
        return found

    def close(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)  # with it, by --kill-child, the first process and so all of the host
            self.process.wait()
            self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)
