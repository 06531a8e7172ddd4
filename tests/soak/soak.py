#!/usr/bin/python3
"""make soak: the program for as many scans as an hour has at the default interval, one after the other, and the subagent and
the module of snmpd for a quarter of that each, walked meanwhile, and told to read their configuration again; while sockets
and processes come and go. Fails where memory, descriptors or threads grow, where a counter goes down, or where a request
fails. Ends with "N passed, N failed"."""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
SCANS = int(os.environ.get("SCANS", "360"))  # of an hour, every 10 s
SOCKETS = int(os.environ.get("SOCKETS", "2000"))
SNMPD = shutil.which("snmpd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
OBJECTS = ".1.3.6.1.4.1.8072.9999.9999.793.1"
GENERATION = OBJECTS + ".1.1.0"
GROUP_COUNTERS = [OBJECTS + ".7.1.%d" % number for number in (36, 37)]  # sockets opened and closed
SETTLED = 0.3  # of the scans: what is needed has been had by then
MAY_GROW_KB = 2048  # what the C library keeps for later is not the same at any two moments

CHURN = """
import os, random, signal, socket, struct, sys, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listening = socket.create_server(("127.0.0.1", 0), backlog=128)
kept = []
while True:
    client = socket.create_connection(listening.getsockname())
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # no port waits for a minute
    kept += [client, listening.accept()[0]]
    while len(kept) > 200:
        kept.pop(random.randrange(len(kept))).close()
    if random.random() < 0.05 and os.fork() == 0:  # a process with another name, which goes soon
        open("/proc/self/comm", "w").write("churn-%d" % random.randrange(300))
        time.sleep(random.random())
        os._exit(0)
    time.sleep(0.002)
"""


class Failure(Exception):
    pass


def go_apart():
    if os.environ.pop("PROCTCP_SOAK_APART", None):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    if SCANS < 160:
        sys.exit("soak: with fewer than 160 SCANS what grows is not told from what is needed at the start")
    if os.geteuid() != 0:
        sys.exit("soak: it makes namespaces and looks into all processes: run sudo make soak")
    os.environ["PROCTCP_SOAK_APART"] = "1"
    os.execvp("unshare", ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--net", sys.executable,
                          os.path.abspath(__file__)])


def sizes(pid):
    """Resident KiB, descriptors, threads."""
    with open("/proc/%d/status" % pid) as file:
        status = file.read()
    return (int(re.search(r"VmRSS:\s+(\d+)", status).group(1)), len(os.listdir("/proc/%d/fd" % pid)),
            int(re.search(r"Threads:\s+(\d+)", status).group(1)))


class Watch:
    """Of one process: what it has, scan after scan."""

    def __init__(self, pid):
        self.pid, self.samples = pid, []

    def look(self):
        self.samples.append(sizes(self.pid))

    def check(self, name):
        settled = self.samples[int(len(self.samples) * SETTLED):]
        third = max(len(settled) // 3, 1)
        early, late = settled[:third], settled[-third:]
        said = []
        for place, (what, may_grow) in enumerate((("KiB of memory", MAY_GROW_KB), ("descriptors", 3), ("threads", 1))):
            first, last = max(sample[place] for sample in early), max(sample[place] for sample in late)
            said.append("%d then %d %s" % (first, last, what))
            if last > first + may_grow:
                raise Failure("%s grows: %s" % (name, said[-1]))
        print("%s: at most %s" % (name, ", ".join(said)), flush=True)


def soak_program(directory):
    """The library by itself: --stats of each scan."""
    words = [os.path.join(BUILD, "proctcp"), "--stats", "--interval", "0.05"]
    with open(os.path.join(directory, "program.log"), "w") as log:
        program = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True)
    watch = Watch(program.pid)
    try:
        last = 0
        for _ in range(SCANS):
            line = program.stdout.readline()
            if not line:
                raise Failure("the program ended: %s" % program.wait())
            generation = json.loads(line)["generation"]
            if generation <= last:
                raise Failure("a generation came twice")
            last = generation
            watch.look()
    finally:
        program.kill()
        program.wait()
    watch.check("proctcp, %d scans" % last)


class Agents:
    def __init__(self, directory, is_module):
        self.directory, self.is_module = directory, is_module
        self.port = random.randrange(20000, 30000)
        self.environment = dict(os.environ, MIBS="", SNMP_PERSISTENT_DIR=os.path.join(directory, "p"), SNMPCONFPATH=directory)
        self.running = []

    def start(self, *words):
        with open(os.path.join(self.directory, "agents.log"), "a") as log:
            self.running.append(subprocess.Popen(words, env=self.environment, stdout=log, stderr=log))
        return self.running[-1]

    def __enter__(self):
        agentx = "unix:" + os.path.join(self.directory, "agentx")
        own = ["proctcpInterval 1", "proctcpMaxGroups 500", "proctcpTop a socket bytes_acked 20",
               "proctcpThreshold much group sockets 150 100", "proctcpNotify all"]
        lines = ["agentaddress udp:127.0.0.1:%d" % self.port, "rocommunity public 127.0.0.1", "master agentx",
                 "agentXSocket " + agentx, "dontLogTCPWrappersConnects yes", "trap2sink 127.0.0.1:9 public"]
        if self.is_module:
            lines += ["dlmod proctcp " + os.path.join(BUILD, "snmp", "proctcp.so"), *own]
        for name, text in (("snmpd.conf", lines), ("proctcp.conf", own)):
            with open(os.path.join(self.directory, name), "w") as file:
                file.write("\n".join(text) + "\n")
        # Without its log of the last 1,000 notifications, which grows to more than 10 MB before it stops.
        snmpd = self.start(SNMPD, "-f", "-Lo", "-C", "-c", os.path.join(self.directory, "snmpd.conf"), "-I",
                           "-smux,mteTrigger,mteTriggerConf,notification_log")
        time.sleep(1)
        self.watched = snmpd if self.is_module else self.start(os.path.join(BUILD, "snmp", "proctcp-agentx"), "-f", "-x", agentx)
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def ask(self, tool, *words):
        done = subprocess.run([tool, "-v2c", "-c", "public", "-On", "-t", "20", "-r", "1", *words[:-1],
                               "127.0.0.1:%d" % self.port, words[-1]], env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode or done.stderr:
            raise Failure("%s: status %d: %s" % (" ".join((tool, *words)), done.returncode, done.stderr))
        return done.stdout

    def generation(self):
        """0: no scan is served yet."""
        said = self.ask("snmpget", GENERATION).rsplit(None, 1)[-1]
        return int(said) if said.isdigit() else 0

    def wait(self):
        """Until it is there, at its start or anew."""
        end = time.monotonic() + 60
        while True:
            try:
                if self.generation():
                    return
            except Failure:
                pass
            if time.monotonic() > end:
                raise Failure("no scan is served")
            time.sleep(0.2)

    def counters(self):
        found = {}
        for column in GROUP_COUNTERS:
            for oid, number in re.findall(r"(?m)^(\S+) = Counter\d+: (\d+)$", self.ask("snmpbulkwalk", "-Cr50", column)):
                found[oid] = int(number)
        return found


def soak_agent(directory, is_module):
    """At an interval of a second, walked all the time; and hung up on now and then, which the module takes for a new start."""
    name = "the module of snmpd" if is_module else "proctcp-agentx"
    with Agents(directory, is_module) as agents:
        watch = Watch(agents.watched.pid)
        agents.wait()
        scans, last, before, groups, new_at = 0, 0, {}, 0, time.monotonic()
        while scans < SCANS // 4:  # a scan takes a second here: the rest is the program's share
            generation = agents.generation()
            if agents.watched.poll() is not None:
                raise Failure("%s ended: %d" % (name, agents.watched.returncode))
            if generation < last:
                raise Failure("%s: generation %d follows %d" % (name, generation, last))
            if generation == last:
                if time.monotonic() > new_at + 60:
                    raise Failure("%s scans no more" % name)
                time.sleep(0.1)
                continue
            scans, last, new_at = scans + 1, generation, time.monotonic()
            counters = agents.counters()
            for oid, number in counters.items():
                if number < before.get(oid, 0):
                    raise Failure("%s went from %d to %d" % (oid, before[oid], number))
            before, groups = counters, max(groups, len(counters) // len(GROUP_COUNTERS))
            agents.ask("snmpbulkwalk", "-Cr20", OBJECTS + ".2")
            watch.look()
            if scans % 20 == 0:
                agents.watched.send_signal(signal.SIGHUP)
                if is_module:
                    time.sleep(1)
                    agents.wait()
                    last, before = 0, {}
        if not groups:
            raise Failure("%s: there was no counter to look at" % name)
        watch.check("%s, %d scans, %d groups" % (name, scans, groups))


def main():
    passed, failed = 0, 0
    churning = [subprocess.Popen([sys.executable, "-c", CHURN]) for _ in range(3)]
    load = subprocess.Popen([os.path.join(BUILD, "tests", "bench", "load"), str(SOCKETS), "20"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE)
    load.stdout.readline()
    directory = tempfile.mkdtemp(prefix="proctcp-soak-")
    try:
        for soak, arguments in ((soak_program, ()), (soak_agent, (False,)), (soak_agent, (True,))):
            try:
                soak(directory, *arguments)
                passed += 1
            except Failure as failure:
                print("failed: %s" % failure, flush=True)
                failed += 1
    finally:
        for process in [load, *churning]:
            process.kill()
            process.wait()
        shutil.rmtree(directory, ignore_errors=True)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    go_apart()
    sys.exit(main())
