#!/usr/bin/python3
"""make bench: proctcp against the bare work of the kernel and against its peers, under loads of many sizes, as Markdown.
Only ratios within a run mean something. Knows what is run and in which order; report.py knows what the numbers say."""
import csv
import io
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import collectd
import report
import snmp

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
CLI = os.path.join(BUILD, "proctcp")
TOOLS = os.path.join(BUILD, "tests", "bench")

SIZES = [int(size) for size in os.environ.get("SIZES", "1000 10000 100000").split()]
PROCESSES = int(os.environ.get("PROCESSES", "200"))
RUNS = int(os.environ.get("RUNS", "5"))
PEER_SECONDS = int(os.environ.get("PEER_SECONDS", "120"))  # a peer that is not done by then is left at that
IDLE = int(os.environ.get("IDLE", "10000"))  # of the load without sockets; 0: none
NAMESPACES = int(os.environ.get("NAMESPACES", "1000"))  # of the loads of namespaces; 0: none
CONNECTIONS = int(os.environ.get("CONNECTIONS", "60000"))  # that are counted to the last one; 0: none
SNMP = int(os.environ.get("SNMP", "3"))  # walks of a kind over SNMP; 0: none
ONLY_SNMP = os.environ.get("ONLY_SNMP")  # nothing else
COLLECTD_SECONDS = int(os.environ.get("COLLECTD_SECONDS", "10"))  # that collectd reads with each plugin; 0: none
ONLY_COLLECTD = os.environ.get("ONLY_COLLECTD")  # nothing else
OPEN_SECONDS = 900
SLOW_S = 20  # a peer that takes longer is run once
REPEATED = 3  # scans in one process

PEERS = {"ss": "ss -tanpi", "lsof": "lsof -nP -iTCP", "netstat": "netstat -tanp"}


class Failure(Exception):
    pass


def go_apart():
    """Starts over in namespaces of its own, which end with it: what else the host runs is no part of what is measured."""
    if os.environ.pop("PROCTCP_BENCH_APART", None):
        if os.path.isdir("/run/netns"):
            subprocess.run(["mount", "-t", "tmpfs", "bench", "/run/netns"], check=True)
        return
    if os.geteuid() != 0:
        sys.exit("bench: it makes namespaces and looks into all processes: run sudo make bench")
    os.environ["PROCTCP_BENCH_APART"] = "1"
    os.execvp("unshare", ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--net", sys.executable,
                          os.path.abspath(__file__)])


class Load:
    """The sockets and processes of tests/bench/load.c, as long as the with statement lasts."""

    def __init__(self, sockets, processes, namespaces=0, idle=0):
        self.words = [sockets, processes, namespaces, idle]
        self.sockets, self.processes, self.namespaces, self.idle = self.words
        self.rows = sockets // 2 * 2 + processes

    def __enter__(self):
        self.process = subprocess.Popen([os.path.join(TOOLS, "load"), *map(str, self.words)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        ready = select.select([self.process.stdout], [], [], OPEN_SECONDS)[0]
        line = self.process.stdout.readline() if ready else ""
        if not line.startswith("ready"):
            self.__exit__()
            raise Failure("the load of %d sockets could not be opened" % self.sockets)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(OPEN_SECONDS)
        self.process.stdout.close()


class EmptyNamespaces(Load):
    """So many processes, each alone in a network namespace without a socket."""

    def __init__(self, namespaces):
        super().__init__(0, 0, namespaces, 0)
        self.rows = 0

    def __enter__(self):
        self.sleepers = [subprocess.Popen(["unshare", "--net", "sleep", "86400"]) for _ in range(self.namespaces)]
        end = time.monotonic() + OPEN_SECONDS
        while len({link for link in map(netns_of, os.listdir("/proc")) if link}) <= self.namespaces:
            if time.monotonic() > end:
                self.__exit__()
                raise Failure("%d namespaces could not be made" % self.namespaces)
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        for sleeper in self.sleepers:
            sleeper.kill()
        for sleeper in self.sleepers:
            sleeper.wait()


def netns_of(pid):
    try:
        return pid.isdigit() and os.readlink("/proc/%s/ns/net" % pid)
    except OSError:
        return None


class Bench:
    """Runs commands one after the other, and keeps what each took."""

    def __init__(self, directory, has_bpf):
        self.output = os.path.join(directory, "output")
        self.has_bpf = has_bpf

    def measure(self, words, seconds=OPEN_SECONDS):
        """What measure.c says, in microseconds and KiB, and the lines that --stats and floors printed; the rest is thrown
        away."""
        output = self.output if words[0].startswith(BUILD) and "-o" not in words else "/dev/null"
        done = subprocess.run([os.path.join(TOOLS, "measure"), str(seconds), output, *words],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise Failure(done.stderr)
        sample = json.loads(done.stdout)
        sample["cpu_us"] = sample["user_us"] + sample["sys_us"]
        sample["late"] = sample["status"] == 128 + 9
        sample["lines"] = []
        if words[0].startswith(BUILD):
            if sample["status"]:
                raise Failure("%s: status %d\n%s" % (" ".join(words[:4]), sample["status"], done.stderr))
            if output == self.output:
                with open(output, errors="replace") as file:
                    sample["lines"] = [json.loads(line) for line in file]
        return sample

    def proctcp(self, source, scans):
        words = [CLI, "--stats", "--source", source]
        return words + (["--count", str(scans), "--interval", "0.01"] if scans > 1 else [])

    def floor(self, source, scans, pids):
        return [os.path.join(TOOLS, "floor"), source, str(scans), *pids]

    def holders(self):
        """The processes whose facts proctcp reads."""
        text = subprocess.run([CLI, "--processes", "-o", "csv"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, check=True).stdout
        return [row["pid"] for row in csv.DictReader(io.StringIO(text))]

    def idle_peak_kb(self):
        return min(self.measure(self.proctcp("netlink", REPEATED))["peak_kb"] for _ in range(3))

    def cases(self, peers):
        pids = self.holders()
        cases = {}
        if self.has_bpf:
            cases["proctcp --source bpf"] = self.proctcp("bpf", 1)
            cases["proctcp --source bpf, %d scans" % REPEATED] = self.proctcp("bpf", REPEATED)
        for source in ("netlink", "procfs"):
            cases["proctcp --source " + source] = self.proctcp(source, 1)
            cases[source + " floor"] = self.floor(source, 1, pids)
        cases["proctcp, %d scans" % REPEATED] = self.proctcp("netlink", REPEATED)
        cases["netlink floor, %d times" % REPEATED] = self.floor("netlink", REPEATED, pids)
        cases["proctcp, %d scans, with groups and listeners" % REPEATED] = [
            CLI, "--listeners", "--max-groups", "10000", "--source", "netlink", "-o", "csv", "--count", str(REPEATED),
            "--interval", "0.01"]
        for name, form in (("proctcp, as a table", "table"), ("proctcp -o json", "json"), ("proctcp -o csv", "csv")):
            cases[name] = [CLI, "--source", "netlink", "-o", form]
        for name in peers:
            cases[PEERS[name]] = PEERS[name].split()
        return cases

    def run(self, load, peers):
        """Every case in every round, so that what else the machine does meets all of them."""
        with load:
            cases = self.cases(peers)
            samples = {name: [] for name in cases}
            for _ in range(RUNS):
                for name, words in cases.items():
                    peer = not words[0].startswith(BUILD)
                    before = samples[name]
                    if peer and before and before[0]["wall_us"] > SLOW_S * 1000000:
                        continue
                    sample = self.measure(words, PEER_SECONDS if peer else OPEN_SECONDS)
                    before.append(sample)
                    if "--stats" in words and sample["lines"][-1]["rows"] < load.rows:
                        raise Failure("%s saw %d rows, the load has %d" % (name, sample["lines"][-1]["rows"], load.rows))
        return samples


def load_bpf():
    """Whether the BPF programs are loaded, in a BPF file system of our own: that ends with our mount namespace."""
    loader = os.path.join(BUILD, "bpf", "proctcp-bpf")
    if not os.path.exists(loader):
        print("Left out, for it is not built: the BPF source.\n")
        return False
    done = subprocess.run("mount -t bpf bpf /sys/fs/bpf && exec %s load" % loader, shell=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print("Left out: the BPF source: %s\n" % " ".join(done.stdout.split()))
    return done.returncode == 0


def bpf_command(*words):
    done = subprocess.run([os.path.join(BUILD, "bpf", "proctcp-bpf"), *words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Failure("proctcp-bpf %s: %s" % (" ".join(words), done.stdout))


def connect(count):
    """CPU microseconds of each connection, both ends together."""
    out = subprocess.run([os.path.join(BUILD, "tests", "bench", "connects"), str(count)], stdout=subprocess.PIPE, check=True)
    return int(out.stdout) / count


def counted_connections():
    """That ended, in the processes that made them."""
    out = subprocess.run([CLI, "--groups", "--source", "bpf", "-o", "json"], stdout=subprocess.PIPE, check=True).stdout
    groups = [json.loads(line) for line in out.splitlines()]
    return sum(line["closed_connections"] for line in groups if line["group"] == "connects")


def print_connections():
    """What counting connections costs: with and without in turn, for the machine may be busy with something else."""
    without, counting, share = [], [], CONNECTIONS // 4
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name, value in (("tcp_max_tw_buckets", "100"), ("ip_local_port_range", "1024 65000")):  # else ports run out
        with open("/proc/sys/net/ipv4/" + name, "w") as file:
            file.write(value)
    connect(share)
    for _ in range(4):
        bpf_command("load", "--no-connections")
        without.append(connect(share))
        bpf_command("load")
        counting.append(connect(share))
    bpf_command("load")
    connect(CONNECTIONS)
    time.sleep(0.5)  # the last one may still wait for its FIN
    found = counted_connections()
    print("Connections of 100 bytes, one after the other, CPU of both ends: %.1f us each, counted %.1f us, in the quietest of "
          "4 runs in turn: %+.1f %% (at most 10 %%). Counted: %d of %d ends.\n" %
          (min(without), min(counting), 100 * (min(counting) / min(without) - 1), found, 2 * CONNECTIONS))
    if found != 2 * CONNECTIONS:
        raise Failure("connections were lost")


def installed_peers():
    missing = [name for name in PEERS if not shutil.which(name)]
    if missing:
        print("Left out, for they are not installed: %s.\n" % ", ".join(missing))
    return [name for name in PEERS if name not in missing]


def loads_of_agents():
    return [Load(size, min(PROCESSES, size // 100)) for size in SIZES]


def main():
    directory = tempfile.mkdtemp(prefix="proctcp-bench-")
    try:
        if ONLY_SNMP:
            snmp.report(BUILD, directory, loads_of_agents(), SNMP)
            return 0
        if ONLY_COLLECTD:
            collectd.report(BUILD, directory, loads_of_agents(), COLLECTD_SECONDS, load_bpf())
            return 0
        peers = installed_peers()
        bench = Bench(directory, load_bpf())
        if bench.has_bpf and CONNECTIONS:
            print_connections()
        idle_kb = bench.idle_peak_kb()
        results = []
        for size in SIZES:
            load = Load(size, PROCESSES)
            results.append(report.Result("%d sockets in %d processes" % (size, PROCESSES), load, bench.run(load, peers)))
            report.print_load(results[-1], REPEATED)
        for title, load in [("%d processes without sockets" % IDLE, Load(0, 0, 0, IDLE)),
                            ("%d namespaces, a process with 2 sockets in each" % NAMESPACES,
                             Load(2 * NAMESPACES, NAMESPACES, NAMESPACES)),
                            ("%d namespaces without sockets, and a process in each" % NAMESPACES,
                             EmptyNamespaces(NAMESPACES))]:
            if load.idle or load.namespaces:
                odd = report.Result(title, load, bench.run(load, []))
                results.append(odd)
                report.print_load(odd, REPEATED)
        if SNMP:
            snmp.report(BUILD, directory, loads_of_agents(), SNMP)
        if COLLECTD_SECONDS:
            collectd.report(BUILD, directory, loads_of_agents(), COLLECTD_SECONDS, bench.has_bpf)
        report.print_growth([result for result in results if result.load.processes == PROCESSES])
        report.print_targets(results, idle_kb, REPEATED)
    except (Failure, OSError, subprocess.CalledProcessError) as error:
        print("bench: %s" % error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    go_apart()
    sys.exit(main())
