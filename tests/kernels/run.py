#!/usr/bin/python3
"""Boots Debian's packaged kernels (6.1 and 6.12, or those named) in qemu, without KVM and without a network, and runs the
live tests of the walk in each (see init). Ends with "N passed, N failed, N skipped". What a kernel said, whole, is in
build/kernels/. A kernel that cannot be had, panics, hangs or comes to no end is a failure."""
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
STORE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "kernels")
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import guest  # noqa: E402

KERNELS = ["6.1", "6.12"]
DEADLINE_S = int(os.environ.get("DEADLINE_S", 1800))  # of one kernel, on a busy machine


class Unavailable(Exception):
    """Why a kernel cannot be had, and what to do."""


def apt(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=STORE)


def newest(names):
    return max(names, key=lambda name: [int(number) for number in re.findall(r"\d+", name)], default=None)


def newest_package(series):
    """The newest packaged kernel of the series that apt knows, or None."""
    pattern = r"^linux-image-%s\.[0-9].*-cloud-amd64$" % re.escape(series)
    return newest(line.split()[0] for line in apt("apt-cache", "search", "--names-only", pattern).stdout.splitlines())


def kernel_package(series):
    """The file of the series' newest package, or of one that is here already if none can be had."""
    def here(start):
        return newest(glob.glob(os.path.join(STORE, "linux-image-%s*_amd64.deb" % start)))

    said = "it knows none; are Debian bookworm and its security updates in sources.list?"
    for refresh in (False, True):
        if refresh:
            apt("apt-get", "update")
        package = newest_package(series)
        if not package:
            continue
        start = package[len("linux-image-"):] + "_"
        if not here(start):
            said = apt("apt-get", "download", package).stderr.strip()
        if here(start):
            return here(start)
    if not here(series + "."):
        raise Unavailable("apt gives no linux-image-%s.*-cloud-amd64, not even after apt-get update (which takes root and a "
                          "network): %s" % (series, said))
    return here(series + ".")


def unpacked(package):
    directory = package[:-len(".deb")]
    if not os.path.isdir(directory):
        subprocess.run(["dpkg-deb", "-x", package, directory + ".part"], check=True)
        os.rename(directory + ".part", directory)
    return directory


def boot(directory, log):
    """Runs the machine until it powers itself off. Returns what else happened, or None."""
    kernel, = glob.glob(os.path.join(directory, "boot", "vmlinuz-*"))
    command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "1024", "-nodefaults", "-no-reboot",
               "-display", "none", "-nic", "none", "-serial", "stdio", "-kernel", kernel, "-initrd", directory + ".cpio",
               "-append", "console=ttyS0 loglevel=4 oops=panic panic=-1"]
    with open(log, "wb") as output, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                                     stderr=subprocess.STDOUT) as machine:
        try:
            status = machine.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            return "still running after %d s" % DEADLINE_S
        finally:
            machine.kill()
    return "qemu ended with status %d" % status if status else None


def prepare(series):
    """Returns the series, the directory of its unpacked kernel, beside which the initramfs is, or None, and why."""
    try:
        directory = unpacked(kernel_package(series))
        guest.image(directory).write(directory + ".cpio")
        return series, directory, None
    except (Unavailable, guest.Missing, OSError, subprocess.SubprocessError) as error:
        return series, None, str(error)


def run(prepared):
    """Returns the name of the kernel, its log, what went wrong with the machine (or None), and the seconds that it took."""
    series, directory, wrong = prepared
    if not directory:
        return series, None, wrong, 0
    log = os.path.join(STORE, series + ".log")
    start = time.monotonic()
    try:
        wrong = boot(directory, log)
    except OSError as error:
        wrong = str(error)
    return re.search(r"linux-image-([^_]*)", directory).group(1), log, wrong, time.monotonic() - start


def steps(text):
    """(name, its output) of every step that init began."""
    parts = re.split(r"^==== (.*)\n", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2]))


def report(name, log, wrong, seconds):
    """Prints what was found. Returns how many tests passed, failed and were skipped."""
    text = ""
    if log:
        with open(log, errors="replace") as file:
            text = file.read().replace("\r", "")
    totals = [0, 0, 0]
    done = steps(text)
    for step, said in done:
        counted = re.search(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", said, re.MULTILINE)
        if step == "end":
            continue
        counts = [int(count) for count in counted.groups()] if counted else [0, 1, 0]
        totals = [total + count for total, count in zip(totals, counts)]
        print("%-62s %3d passed, %d failed, %d skipped" % ((name + ": " + step,) + tuple(counts)))
        for line in re.findall(r"^skipped: .*", said, re.MULTILINE):
            print(line)
        if not counted or counts[1]:
            print("---- the end of it (all is in %s):\n%s----" % (log, said[-4000:]))
    if not wrong and not (done and done[-1][0] == "end"):
        wrong = "the machine ended before its tests did"
    if wrong:
        totals[1] += 1
    print("%s: %s" % (name, wrong or "%d s" % seconds), flush=True)
    return totals


def main():
    os.makedirs(STORE, exist_ok=True)
    if os.uname().machine != "x86_64":
        print("proctcp: the kernels run this machine's programs: that takes an amd64 machine", file=sys.stderr)
        return 1
    kernels = [prepare(series) for series in sys.argv[1:] or KERNELS]  # one after the other: apt locks its lists
    with concurrent.futures.ThreadPoolExecutor() as machines:
        totals = [report(*found) for found in machines.map(run, kernels)]
    passed, failed, skipped = map(sum, zip(*totals))
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
