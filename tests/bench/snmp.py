"""The SNMP part of make bench: what a varbind costs from the subagent, the module of snmpd, a subagent that answers constants,
and the TCP-MIB's own table; and how long single answers take while scans go on."""
import json
import os
import random
import shutil
import subprocess
import time

SNMPD = shutil.which("snmpd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
PLAYPEN = ".1.3.6.1.4.1.8072.9999.9999."
SOCKETS, FLOOR = PLAYPEN + "793.1.3.1", PLAYPEN + "794.1.3.1"
TCP_CONNECTION_STATE = ".1.3.6.1.2.1.6.19.1.7"
GENERATION, ROWS = PLAYPEN + "793.1.1.1.0", PLAYPEN + "793.1.1.5.0"
SOCKET_STATE, SOCKET_ROW = SOCKETS + ".14", SOCKETS + ".104"
MANY = 30
PATIENCE_S = 300
LATENCY_S = int(os.environ.get("LATENCY_S", "20"))


class Agents:
    """snmpd with the subagent and the floor, or with the module, as long as the with statement lasts."""

    def __init__(self, build, directory, configuration, module=False, floor_rows=0):
        self.build, self.directory = build, directory
        self.configuration, self.module, self.floor_rows = configuration, module, floor_rows
        self.running = []

    def start(self, *words, **how):
        with open(os.path.join(self.directory, "log"), "a") as log:
            self.running.append(subprocess.Popen(words, stdout=log, stderr=log, env=self.environment, **how))

    def __enter__(self):
        try:
            return self.begin()
        except BaseException:
            self.__exit__()
            raise

    def begin(self):
        socket = "unix:" + os.path.join(self.directory, "agentx")
        self.port = random.randrange(20000, 30000)
        self.address = "udp:127.0.0.1:%d" % self.port
        self.environment = dict(os.environ, MIBS="", SNMP_PERSISTENT_DIR=os.path.join(self.directory, "p"),
                                SNMPCONFPATH=self.directory)
        snmpd = ["agentaddress " + self.address, "rocommunity public 127.0.0.1", "master agentx", "agentXSocket " + socket,
                 "agentXTimeout 60", "maxGetbulkResponses 1000", "dontLogTCPWrappersConnects yes",
                 "[snmp] sendMessageMaxSize 65000"]
        if self.module:
            snmpd += ["dlmod proctcp " + os.path.join(self.build, "snmp", "proctcp.so"), *self.configuration]
        for name, lines in (("snmpd.conf", snmpd), ("proctcp.conf", self.configuration)):
            with open(os.path.join(self.directory, name), "w") as file:
                file.write("\n".join(lines) + "\n")
        self.start(SNMPD, "-f", "-Lo", "-C", "-c", os.path.join(self.directory, "snmpd.conf"), "-I",
                   "-smux,mteTrigger,mteTriggerConf")
        self.wait_for(".1.3.6.1.2.1.1.3.0")
        if not self.module:
            self.start(os.path.join(self.build, "snmp", "proctcp-agentx"), "-f", "-x", socket)
            self.start(os.path.join(self.build, "tests", "bench", "floor_agentx"), socket, str(self.floor_rows), str(MANY + 1),
                       stdin=subprocess.PIPE)
        self.wait_for(ROWS)
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.kill()
            process.wait()

    def get(self, oid):
        words = ["snmpget", "-v2c", "-c", "public", "-OQv", "-t", "5", "-r", "0", self.address, oid]
        return subprocess.run(words, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True).stdout.strip()

    def wait_for(self, oid):
        end = time.monotonic() + PATIENCE_S
        while not self.get(oid).replace(":", "").replace(".", "").isdigit():
            if time.monotonic() > end:
                raise OSError("snmpd does not answer: see its log\n" + open(os.path.join(self.directory, "log")).read()[-2000:])
            time.sleep(0.2)

    def walk(self, repetitions, *columns):
        """Microseconds of each varbind, and how many there were."""
        done = subprocess.run([os.path.join(self.build, "tests", "bench", "walker"), self.address, str(repetitions), *columns],
                              env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise OSError(done.stderr)
        found = json.loads(done.stdout)
        return found["us"] / max(found["varbinds"], 1), found["varbinds"]

    def full_columns(self, rows):
        """Columns that nearly every row has."""
        full = []
        for number in range(2, 100):
            column = "%s.%d" % (SOCKETS, number)
            if number != int(SOCKET_ROW.split(".")[-1]) and self.walk(50, column)[1] > rows * 0.9:
                full.append(column)
            if len(full) == MANY:
                break
        return full


def quickest(agents, runs, repetitions, *columns):
    return min(agents.walk(repetitions, *columns)[0] for _ in range(runs))


def print_answers(build, directory, load):
    """How long GETs of the tables of groups and processes take while one scan follows the other, by one session."""
    with load, Agents(build, directory, ["proctcpInterval 1"]) as agents:
        before = int(agents.get(GENERATION))
        columns = [PLAYPEN + "793.1.7.1.8", PLAYPEN + "793.1.2.1.11"]
        done = subprocess.run([os.path.join(build, "tests", "bench", "walker"), "-t", str(LATENCY_S), agents.address, "1",
                               *columns], env=agents.environment, stdout=subprocess.PIPE, check=True, text=True)
        found = json.loads(done.stdout)
        print("Of %d answers about groups and processes at %d rows, while %d scans were made: the slowest took %.1f ms "
              "(at most 100), 99 of 100 at most %.2f ms.\n" %
              (found["answers"], load.rows, int(agents.get(GENERATION)) - before, found["slowest_us"] / 1000,
               found["p99_us"] / 1000))


def measure(build, directory, load, runs, full):
    """One line of the table. full: the columns of the wide walk."""
    quiet = ["proctcpInterval 86400"]
    found = {}
    with Agents(build, directory, quiet, floor_rows=load.rows) as agents:
        full = full or agents.full_columns(load.rows)
        wide = ["%s.%d" % (FLOOR, number + 1) for number in range(len(full))]
        found["floor"] = quickest(agents, runs, 50, FLOOR + ".2")
        found["subagent"] = quickest(agents, runs, 50, SOCKET_STATE)
        found["row"] = quickest(agents, runs, 50, SOCKET_ROW)
        found["floor, %d" % MANY] = quickest(agents, runs, 10, *wide)
        found["subagent, %d" % MANY] = quickest(agents, runs, 10, *full)
        found["tcpConnectionTable"] = quickest(agents, 1, 50, TCP_CONNECTION_STATE)
    with Agents(build, directory, quiet, module=True) as agents:
        found["module"] = quickest(agents, runs, 50, SOCKET_STATE)
        found["module, row"] = quickest(agents, runs, 50, SOCKET_ROW)
        found["module, %d" % MANY] = quickest(agents, runs, 10, *full)
    return found, full


def report(build, directory, loads, runs):
    if not SNMPD or not os.path.exists(os.path.join(build, "snmp", "proctcp-agentx")):
        print("Left out: SNMP, for snmpd or proctcp-agentx is missing.\n")
        return
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    lines, full = [], None
    for load in loads:
        with load:
            found, full = measure(build, directory, load, runs, full)
            lines.append((load.rows, found))
    names = list(lines[0][1])
    print("### Microseconds of a varbind over SNMP, walked by GETBULK\n")
    print("| rows | " + " | ".join(names) + " |\n|--:|" + "--:|" * len(names))
    for rows, found in lines:
        print("| %d | " % rows + " | ".join("%.2f" % found[name] for name in names) + " |")
    found = lines[-1][1]
    many = ", %d" % MANY
    print("\n%d rows:\n" % lines[-1][0])
    for what, ratio, limit in (
            ("the subagent, times the floor, one column", found["subagent"] / found["floor"], "at most 1.3"),
            ("the subagent, times the floor, %d columns" % MANY, found["subagent" + many] / found["floor" + many], "at most 1.3"),
            ("tcpConnectionTable, times the module", found["tcpConnectionTable"] / found["module"], "at least 3"),
            ("the subagent, times the module, one column", found["subagent"] / found["module"], "16 were seen"),
            ("the subagent, times the module, row", found["row"] / found["module, row"], "6 were seen"),
            ("the subagent, times the module, %d columns" % MANY, found["subagent" + many] / found["module" + many],
             "2.5 to 3 were seen")):
        print("- %s: %.2f (%s)" % (what, ratio, limit))
    print()
    print_answers(build, directory, loads[-1])
