"""proctcp-agentx under a real snmpd, asked with net-snmp's own tools, against sockets that the test itself opened.
Numeric OIDs throughout: a stock machine has no MIBs."""
import calendar
import os
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

import zoo
from support import BUILD, LiveTest, free_udp_port, rows, wait_until
from test_mib import MIB, base_mib_directories, served_columns

AGENT = os.path.join(BUILD, "snmp", "proctcp-agentx")
SNMPD = shutil.which("snmpd") or shutil.which("snmpd", path="/usr/sbin:/sbin")
OBJECTS = ".1.3.6.1.4.1.8072.9999.9999.793.1"
SCAN, PROCESS, SOCKET = OBJECTS + ".1", OBJECTS + ".2.1", OBJECTS + ".3.1"
LISTENER, CONNECTION = OBJECTS + ".4.1", OBJECTS + ".5.1"
STATE, GROUP, TOP = OBJECTS + ".6.1", OBJECTS + ".7.1", OBJECTS + ".9.1"
GENERATION, ROWS, DENIED, INTERVAL, STATUS, AGE, LAST_FAILURE, MISSING = (
    "%s.%d.0" % (SCAN, n) for n in (1, 5, 14, 101, 102, 103, 105, 108))
NONE, UP_TO_DATE, STALE, PARTIAL, FAILED = 1, 2, 3, 4, 5
FINE = (UP_TO_DATE, PARTIAL)  # a container may keep even root from some process
LISTEN, ESTABLISHED = 2, 5
ONE_SCAN = "proctcpInterval 3600\n"  # what is served does not change while the test looks
MANY_SCANS = "proctcpInterval 1\n"
OURS = ONE_SCAN + "proctcpPid %d\n" % os.getpid()  # the host may have a million sockets more than a walk should print
SOURCE, NAMESPACES_PROCFS, SOURCE_REASON, SKIPPED = ("%s.%d.0" % (SCAN, n) for n in (4, 25, 24, 26))
PROCFS, NETLINK = 2, 3
SO_COOKIE = 57
REGISTER, RESPONSE, NETWORK_ORDER = 3, 18, 16  # of AgentX: RFC 2741, section 6.1


def parse_value(text):
    """The value that a tool prints with -Ox: a number, bytes, or None for "No Such ..."."""
    if text.startswith("No Such") or text.startswith("No more"):
        return None
    if text == '""':
        return b""
    kind, rest = text.split(": ", 1)
    if kind == "Hex-STRING":
        return bytes.fromhex(rest)
    return int(rest) if kind in ("INTEGER", "Gauge32", "Counter32", "Counter64") else text


def parse(output):
    """[(oid, value)]. Long strings go over several lines."""
    pairs = []
    for line in output.splitlines():
        found = re.match(r"(\.[0-9.]+) = (.*)", line)
        if found:
            pairs.append([found.group(1), found.group(2)])
        elif pairs:
            pairs[-1][1] += " " + line
    return [(oid, parse_value(text.strip())) for oid, text in pairs]


def index_of(fd, subflow=1, pid=None):
    return ".%d.%d.%d" % (pid or os.getpid(), fd, subflow)


@unittest.skipUnless(SNMPD and shutil.which("snmpwalk"), "snmpd or snmpwalk is missing (Debian packages snmpd, snmp)")
@unittest.skipUnless(os.path.exists(AGENT), "%s is not built (Debian package libsnmp-dev)" % AGENT)
class AgentTest(LiveTest):
    """A private snmpd on a loopback port, its AgentX socket in the test's directory."""

    def setUp(self):
        super().setUp()
        self.port = free_udp_port()
        self.address = "unix:" + self.path("agentx")
        self.agents = 0
        self.environment = dict(os.environ, SNMPCONFPATH=self.directory, MIBS="", SNMP_PERSISTENT_DIR=self.path("p"))
        self.write("snmpd.conf", "agentaddress udp:127.0.0.1:%d\nrocommunity public 127.0.0.1\n"
                   "rwcommunity private 127.0.0.1\nmaster agentx\nagentXSocket %s\nagentXPerms 0777 0777\n"
                   % (self.port, self.address))

    def start_master(self):
        with open(self.path("snmpd.log"), "a") as log:
            master = self.start(SNMPD, "-f", "-Lo", "-C", "-c", self.path("snmpd.conf"), "-I",
                                "-smux,mteTrigger,mteTriggerConf", env=self.environment, stdout=log, stderr=log)
        wait_until(lambda: self.get(".1.3.6.1.2.1.1.3.0", wait=False) or master.poll() is not None, "snmpd to answer")
        self.assertIsNone(master.poll(), self.read("snmpd.log"))
        return master

    def start_agent(self, configuration=OURS, *options, **how):
        """In the foreground, with its messages in agent.log."""
        self.write("proctcp.conf", configuration)
        with open(self.path("agent.log"), "w") as log:
            return self.start(how.pop("program", AGENT), "-f", *(options or ("-x", self.address)),
                              env=self.environment, stdout=log, stderr=log, **how)

    def run_agent(self, *arguments):
        done = subprocess.run([AGENT, *arguments], env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def bare_root(self):
        """A /proc with two tables and no process, for proctcpProcPath. A scan fails while it is moved away."""
        root = self.path("proc")
        os.makedirs(root + "/net")
        for table in ("tcp", "tcp6"):
            shutil.copy("/proc/net/" + table, root + "/net/" + table)
        return root

    def start_both(self, configuration=OURS):
        self.start_master()
        self.agent = self.start_agent(configuration)
        self.wait_for_scan()
        return self.agent

    def read(self, name):
        with open(self.path(name), errors="replace") as file:
            return file.read()

    def wait_for_log(self, text):
        wait_until(lambda: text in self.read("agent.log"), "%r in the log of the agent" % text)

    def wait_for_scan(self, condition=lambda generation: True):
        """Until a snapshot is served; returns its generation."""
        def served():
            generation = self.get(GENERATION, wait=False)
            return generation if generation and condition(generation) else None
        try:
            return wait_until(served, "a snapshot")
        except AssertionError as error:
            raise AssertionError("%s\n%s" % (error, self.read("agent.log")))

    def tool(self, name, *arguments, community="public", wait=True):
        patience = ("-t", "60", "-r", "1") if wait else ("-t", "0.5", "-r", "0")
        words = [name, "-v2c", "-c", community, *patience, "-On", "-Ox", *arguments]
        where = "127.0.0.1:%d" % self.port
        place = next((i for i, word in enumerate(words) if word.startswith(".1")), len(words))
        words.insert(place, where)
        return subprocess.run(words, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True)

    def get(self, oid, wait=True):
        done = self.tool("snmpget", oid, wait=wait)
        return parse(done.stdout)[0][1] if done.returncode == 0 else None

    def walk(self, oid, *how):
        """Every instance below oid. snmpwalk itself fails if the OIDs do not rise."""
        done = self.tool(*(how or ("snmpwalk",)), oid)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [(name, value) for name, value in parse(done.stdout) if value is not None]

    def column(self, table, number):
        base = "%s.%d" % (table, number)
        return {name[len(base):]: value for name, value in self.walk(base)}


class Connection:
    """A listener, and a connection whose two ends this process holds; sent waits to be read."""

    def __init__(self, test, host="127.0.0.1", sent=b"hello world!"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.bind((host, 0))
        self.listener.listen(4)
        self.client = socket.socket(family, socket.SOCK_STREAM)
        self.client.connect(self.listener.getsockname())
        self.server = self.listener.accept()[0]
        self.client.sendall(sent)
        for end in (self.listener, self.client, self.server):
            test.addCleanup(end.close)
        self.port = self.listener.getsockname()[1]
        self.client_port = self.client.getsockname()[1]


class Rows(AgentTest):
    def test_a_connection_is_shown_with_both_its_ends(self):
        made = Connection(self)
        self.start_both()
        pid, client, server = os.getpid(), made.client.fileno(), made.server.fileno()
        name = open("/proc/self/comm").read().strip().encode()
        cells = dict(self.walk(SOCKET))

        def row(fd):
            return {n: cells.get("%s.%d%s" % (SOCKET, n, index_of(fd))) for n in (4, 14, 15, 16, 17, 18, 19, 20, 21, 22,
                                                                                  24, 25, 10, 102, 103)}
        here = bytes([127, 0, 0, 1])
        near, far = b"127.0.0.1:%d" % made.client_port, b"127.0.0.1:%d" % made.port
        self.assertEqual(row(client), {
            4: name, 14: ESTABLISHED, 15: 4, 16: here, 17: made.client_port, 18: here, 19: made.port, 20: pid,
            21: server, 22: name, 24: 0, 25: None, 10: 1, 102: near, 103: far})
        self.assertEqual(row(server), {
            4: name, 14: ESTABLISHED, 15: 3, 16: here, 17: made.port, 18: here, 19: made.client_port, 20: pid,
            21: client, 22: name, 24: len(b"hello world!"), 25: None, 10: 1, 102: far, 103: near})
        self.assertEqual(row(made.listener.fileno()), {
            4: name, 14: LISTEN, 15: 2, 16: here, 17: made.port, 18: None, 19: None, 20: None, 21: None, 22: None,
            24: None, 25: 0, 10: 1, 102: far, 103: None})
        self.assertEqual(cells["%s.5%s" % (SOCKET, index_of(client))], os.fstat(client).st_ino)
        self.assertEqual(cells["%s.7%s" % (SOCKET, index_of(client))], os.stat("/proc/self/ns/net").st_ino)

    def test_an_ipv6_address_has_sixteen_octets(self):
        try:
            made = Connection(self, "::1")
        except OSError as error:
            self.skipTest("no IPv6 on loopback: %s" % error)
        self.start_both()
        at = index_of(made.client.fileno())
        self.assertEqual(self.get(SOCKET + ".10" + at), 2)
        self.assertEqual(self.get(SOCKET + ".16" + at), bytes(15) + b"\1")
        self.assertEqual(self.get(SOCKET + ".103" + at), b"[::1]:%d" % made.port)

    def test_the_row_column_reads_as_a_line(self):
        made = Connection(self)
        self.start_both()
        row = self.get(SOCKET + ".104" + index_of(made.client.fileno())).decode("ascii")
        for part in ("[%d] fd %d " % (os.getpid(), made.client.fileno()), "established", "127.0.0.1:%d" % made.port):
            self.assertIn(part, row)

    def test_a_process_is_shown_with_what_it_holds(self):
        Connection(self)
        self.start_both()
        pid = ".%d" % os.getpid()
        soft = re.search(r"Max open files +(\S+)", open("/proc/self/limits").read()).group(1)
        cells = {n: self.get("%s.%d%s" % (PROCESS, n, pid)) for n in (2, 3, 4, 10, 11, 13, 16)}
        self.assertEqual(cells, {
            2: open("/proc/self/comm").read().strip().encode(), 3: os.readlink("/proc/self/exe").encode(),
            4: os.geteuid(), 10: None if soft == "unlimited" else int(soft), 11: 3, 13: 1, 16: 2})

    def test_a_hostile_name_is_valid_text(self):
        code = ("import ctypes, socket, sys\n"
                "ctypes.CDLL(None).prctl(15, b'a\\n\\xffb\\x1b\\xc3\\xa9', 0, 0, 0)\n"
                "held = socket.create_server(('127.0.0.1', 0))\n"
                "print(held.fileno(), flush=True)\n"
                "sys.stdin.read()\n")
        child = self.start(sys.executable, "-c", code, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        fd = int(child.stdout.readline())
        self.start_both(ONE_SCAN + "proctcpPid %d\n" % child.pid)
        self.assertEqual(self.get("%s.4%s" % (SOCKET, index_of(fd, pid=child.pid))), b"a??b?\xc3\xa9")
        row = self.get("%s.104%s" % (SOCKET, index_of(fd, pid=child.pid)))
        self.assertRegex(row, rb"^[ -~]+$")
        self.assertEqual(self.walk(PROCESS + ".2"), self.walk(PROCESS + ".2", "snmpbulkwalk", "-Cr50"))


def name_index(name):
    """Of a group: its length, then its bytes."""
    return ".%d" % len(name) + "".join(".%d" % byte for byte in name.encode())


def address_index(address, port, netns=0):
    packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    return ".%d.%d.%d" % (netns, 2 if len(packed) == 16 else 1, len(packed)) + "".join(".%d" % b for b in packed) + \
        ".%d" % port


def connection_index(local, remote, netns=0):
    """Of two socket addresses of one family."""
    return address_index(*local[:2], netns=netns) + "." + address_index(*remote[:2]).split(".", 3)[3]


class Times(AgentTest):
    def test_times_are_there_in_seconds_too(self):
        """As net-snmp prints a DateAndTime: 2026-11-26,15:4:2.0,+0:0"""
        made = Connection(self)
        self.start_both()
        pid, at = ".%d" % os.getpid(), index_of(made.client.fileno())
        for octets, seconds in ((SCAN + ".2.0", SCAN + ".113.0"), (SCAN + ".107.0", SCAN + ".115.0"),
                                (PROCESS + ".7" + pid, PROCESS + ".101" + pid),
                                (PROCESS + ".8" + pid, PROCESS + ".102" + pid), (SOCKET + ".13" + at, SOCKET + ".105" + at)):
            year, month, day, hour, minute, second = struct.unpack(">H5B", self.get(octets)[:7])
            self.assertEqual(self.get(seconds), calendar.timegm((year, month, day, hour, minute, second, 0, 0, 0)), octets)

    def test_the_longest_scan_is_kept(self):
        self.start_both(MANY_SCANS)
        self.wait_for_scan(lambda generation: generation >= 3)
        done = self.tool("snmpget", *(SCAN + ".%d.0" % n for n in (3, 111, 112)))
        last, longest, of_the_hour = (value for _, value in parse(done.stdout))
        self.assertGreaterEqual(longest, last)
        self.assertEqual(longest, of_the_hour)
        self.assertIsNone(self.get(SCAN + ".114.0"))  # no scan failed


class Tables(AgentTest):
    """Groups, listeners and states, against what the program says of the same processes."""

    def compare(self, table, prefix, wanted):
        """wanted: rows as the program prints them, by index. Times and texts aside, every field has the same value."""
        numbers = {column["field"]: int(column["oid"].split(".")[-1]) for column in served_columns()
                   if column["prefix"] == prefix and column.get("type") in ("unsigned", "signed") and
                   column["field"] != "fds"}  # the test itself opens and closes some
        self.assertGreater(len(numbers), 20)
        found = {}
        for name, value in self.walk(table):
            number, index = re.match(r"\.(\d+)(\..*)", name[len(table):]).groups()
            found.setdefault(index, {})[int(number)] = value
        for index, row in wanted.items():
            self.assertEqual({field: found[index].get(number) for field, number in numbers.items()},
                             {field: row.get(field) for field in numbers}, index)
        return found

    def test_the_group_of_a_process_is_there_by_its_name(self):
        made = Connection(self)
        self.start_both()
        name = open("/proc/self/comm").read().strip()
        row, = [row for row in rows("--groups", "--pid", os.getpid()) if row["group"] == name]
        found = self.compare(GROUP, "proctcpGroup", {name_index(name): row})
        self.assertEqual(found[name_index(name)][2], name.encode())
        self.assertEqual(found[name_index(name)][8], 2)  # established
        self.assertEqual(set(found), {name_index(name), name_index("_other")})
        made.client.close()

    def test_a_group_whose_processes_end_stays_at_0(self):
        name = "gone-%d" % (os.getpid() % 100000)
        code = "import socket, sys; open('/proc/self/comm', 'w').write(sys.argv[1]); " \
               "s = socket.create_server(('127.0.0.1', 0)); print('ready', flush=True); sys.stdin.read()"
        child = self.start(sys.executable, "-c", code, name, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        child.stdout.readline()
        self.start_both(MANY_SCANS + "proctcpProcess %s\n" % name)
        sockets = GROUP + ".4" + name_index(name)
        self.assertEqual(self.get(sockets), 1)
        self.stop(child)
        wait_until(lambda: self.get(sockets) == 0, "the group to be empty")
        self.assertEqual(self.get(GROUP + ".2" + name_index(name)), name.encode())
        self.assertEqual(self.get(GROUP + ".37" + name_index(name)), 1)  # a socket that was closed

    def test_groups_are_made_as_the_configuration_says(self):
        made = Connection(self)
        self.start_both(OURS + "proctcpGroup ours=pid=%d;state=established # both ends\nproctcpGroupBy user\n"
                               "proctcpMaxGroups 7\n" % os.getpid())
        user = pwd.getpwuid(os.geteuid()).pw_name
        self.assertEqual(self.column(GROUP, 4), {name_index("ours"): 2, name_index(user): 1, name_index("_other"): 0})
        made.client.close()

    def test_wrong_groups_are_named_by_line(self):
        self.start_both(OURS + "proctcpGroup web\nproctcpGroupBy colour\nproctcpMaxGroups 0\nproctcpGroup a=b=c\n")
        log = self.read("agent.log")
        for line, word in ((3, "proctcpGroup: "), (4, "proctcpGroupBy: .*colour"), (5, "proctcpMaxGroups: \"0\""),
                           (6, "proctcpGroup: ")):
            self.assertRegex(log, r"line %d: Error: %s" % (line, word))
            self.assertEqual(log.count("line %d:" % line), 1)

    def test_listeners_are_there_by_their_address(self):
        made, six = Connection(self), Connection(self, "::1")
        self.start_both()
        wanted = {}
        for row in rows("--listeners", "--pid", os.getpid()):
            wanted[address_index(row["local_address"], row["local_port"])] = row
        self.assertEqual(set(wanted), {address_index("127.0.0.1", made.port), address_index("::1", six.port)})
        found = self.compare(LISTENER, "proctcpListener", wanted)
        at = found[address_index("::1", six.port)]
        self.assertEqual((at[2], at[101], at[102], at[5], at[6]),
                         (bytes(15) + b"\1", 2, b"[::1]:%d" % six.port, os.getpid(), six.listener.fileno()))
        self.assertEqual(found[address_index("127.0.0.1", made.port)][17], 1)  # established

    def test_a_listener_that_goes_stays_at_0_and_comes_back(self):
        late = socket.create_server(("127.0.0.1", 0))
        at, port = address_index(*late.getsockname()), late.getsockname()[1]
        made = Connection(self)
        self.start_both(MANY_SCANS + "proctcpPid %d\n" % os.getpid())
        self.assertEqual(self.get(LISTENER + ".9" + at), 1)
        late.close()
        wait_until(lambda: self.get(LISTENER + ".9" + at) == 0, "no socket to listen")
        self.assertEqual([self.get(LISTENER + ".%d" % column + at) for column in (3, 10, 102)],
                         [port, 0, b"127.0.0.1:%d" % port])
        self.assertIsNone(self.get(LISTENER + ".5" + at))  # no pid
        self.assertEqual(self.walk(LISTENER), self.walk(LISTENER, "snmpbulkwalk", "-Cr20"))
        late = socket.create_server(("127.0.0.1", port))
        wait_until(lambda: self.get(LISTENER + ".9" + at) == 1, "a socket to listen")
        self.assertEqual(self.get(LISTENER + ".5" + at), os.getpid())
        late.close(), made.client.close()

    def test_several_sockets_at_one_port_are_one_listener(self):
        first = socket.socket()
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        first.bind(("127.0.0.1", 0))
        others = [socket.socket() for _ in range(30)]
        for one in others:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            one.bind(first.getsockname())
        for one in [first] + others:
            one.listen(5)
        self.start_both()
        self.assertEqual(self.column(LISTENER, 9), {address_index(*first.getsockname()): 31})

    def test_sockets_are_counted_by_namespace_and_state(self):
        made, unbound = Connection(self), socket.socket()
        self.start_both()
        states = self.column(STATE, 5)
        self.assertEqual(len([index for index in states if index.startswith(".0.")]), 11)
        self.assertGreaterEqual(states[".0.%d" % ESTABLISHED], 2)
        self.assertEqual(self.column(STATE, 3)[".0.1"], os.stat("/proc/self/ns/net").st_ino)
        self.assertEqual(sum(states.values()), self.get(SCAN + ".6.0") - self.get(SCAN + ".13.0"))
        self.assertGreaterEqual(self.get(SCAN + ".13.0"), 1)
        made.client.close()
        unbound.close()

    def test_one_get_says_who_holds_a_connection(self):
        four, six, queued = Connection(self), Connection(self, "::1"), socket.create_server(("127.0.0.1", 0))
        waiting = socket.create_connection(queued.getsockname())
        self.start_both()
        for made in (four, six):
            for end in (made.client, made.server):
                at = connection_index(end.getsockname(), end.getpeername())
                self.assertEqual([self.get(CONNECTION + ".%d" % column + at) for column in (7, 8, 9, 10, 13)],
                                 [ESTABLISHED, os.getpid(), end.fileno(), 1, 1])
                self.assertEqual(self.get(CONNECTION + ".11" + at), open("/proc/self/comm", "rb").read().strip())
        nobodys = connection_index(waiting.getpeername(), waiting.getsockname())
        self.assertEqual((self.get(CONNECTION + ".7" + nobodys), self.get(CONNECTION + ".8" + nobodys)), (ESTABLISHED, 0))
        self.assertIsNone(self.get(CONNECTION + ".9" + nobodys))
        wanted = {connection_index((row["local_address"], row["local_port"]), (row["remote_address"], row["remote_port"])):
                  row["state"] for row in rows("--sockets", "--netns", "own") if "remote_address" in row}
        served = self.column(CONNECTION, 7)
        ports = {"%d" % end.getsockname()[1] for end in (four.client, four.server, six.client, six.server, waiting, queued)}

        def ours(found, state):
            """The host may have connections of others."""
            return {at for at in found if at.startswith(".0.") and at.rpartition(".")[2] in ports and found[at] == state}
        self.assertEqual(ours(wanted, "established"), ours(served, ESTABLISHED))
        self.assertEqual(len(ours(served, ESTABLISHED)), 6)
        waiting.close(), queued.close()

    def test_a_connection_that_is_closed_names_its_last_holder(self):
        made = Connection(self)
        at = connection_index(made.client.getsockname(), made.client.getpeername())
        self.start_both(MANY_SCANS)
        self.assertEqual(self.get(CONNECTION + ".8" + at), os.getpid())
        made.server.recv(100)  # or else its end would be a reset
        made.client.close(), made.server.close()
        wait_until(lambda: self.get(CONNECTION + ".8" + at) == 0, "the connection to be in TIME_WAIT")
        self.assertEqual((self.get(CONNECTION + ".7" + at), self.get(CONNECTION + ".14" + at)), (11, os.getpid()))

    def test_who_has_most_is_listed(self):
        made, more = Connection(self, sent=b"x" * 100), Connection(self, sent=b"x" * 3000)
        self.start_both("proctcpInterval 1\nproctcpPid %d\nproctcpTop many process sockets 2\nproctcpTop queued socket "
                        "rx_queue_bytes\nproctcpTop grown socket bytes_received 1\nproctcpTop g group established\n" % os.getpid())
        name = open("/proc/self/comm").read().strip()

        def place(top, rank):
            return "".join(".%d" % byte for byte in (len(top), *top.encode(), rank))
        rows = {}
        for cell, value in self.walk(TOP):
            number, index = re.match(r"\.(\d+)(\..*)", cell[len(TOP):]).groups()
            rows.setdefault(index, {})[int(number)] = value
        pid, most, least = os.getpid(), more.server.fileno(), made.server.fileno()
        self.assertEqual(set(rows), {place("g", 1), place("many", 1), place("queued", 1), place("queued", 2)})
        self.assertEqual(rows[place("g", 1)], {3: b"g", 4: 1, 5: b"established", 6: name.encode(), 7: 4})
        self.assertEqual(rows[place("many", 1)], {3: b"many", 4: 2, 5: b"sockets", 6: b"%s[%d]" % (name.encode(), pid), 7: 6,
                                                  8: pid})
        first, second = rows[place("queued", 1)], rows[place("queued", 2)]
        self.assertEqual((first[7], first[8], first[9], first[10]), (3000, pid, most, 1))
        self.assertEqual((second[7], second[9]), (100, least))
        self.assertIn(b"%s[%d] fd %d " % (name.encode(), pid, most), first[6])
        at = TOP + ".%d" + place("grown", 1)
        for end, size in ((made, 7000), (more, 9)):  # who received most between two scans, not ever
            before = self.get(GENERATION)
            wait_until(lambda: self.get(GENERATION) > before, "the next scan, for the walk held some back")
            end.client.sendall(b"y" * size)
            wait_until(lambda: self.get(at % 7) == size and self.get(at % 9) == end.server.fileno(), "who received %d" % size)
        wait_until(lambda: self.get(at % 7) is None, "nobody to receive anything")

    def test_wrong_lists_are_named(self):
        self.start_both(OURS + "proctcpTop\nproctcpTop a group\nproctcpTop a groups sockets\nproctcpTop a group colour\n"
                               "proctcpTop a socket local_address\nproctcpTop a group sockets 101\n"
                               "proctcpTop a/b group sockets\nproctcpTop a group sockets\nproctcpTop a group sockets\n")
        log = self.read("agent.log")
        for line, word in ((3, "Blank line"), (4, "is not NAME group"), (5, "none of group, process, socket"), (6, "colour"),
                           (7, "local_address"), (8, "\"101\" is no number from 1 to 100"), (9, "a/b"),
                           (11, "there is one of the name a")):
            self.assertRegex(log, r"line %d: Error: .*%s" % (line, word))
        self.assertNotIn("line 10:", log)

    def test_only_the_tables_that_are_asked_for_are_served(self):
        made = Connection(self)
        self.start_both(OURS + "proctcpTables groups, states # for steady polling\n")
        self.assertEqual({name[len(OBJECTS):].split(".")[1] for name, _ in self.walk(OBJECTS)}, {"1", "6", "7"})
        self.assertIsNone(self.get(PROCESS + ".2.%d" % os.getpid()))
        made.client.close()

    def test_wrong_names_of_tables_are_named(self):
        made = Connection(self)
        self.start_both(OURS + "proctcpTables groups, colours\n")
        self.assertRegex(self.read("agent.log"), r"line 3: Error: proctcpTables: \"colours\" is none of all, processes, sockets")
        self.assertIn("2", {name[len(OBJECTS):].split(".")[1] for name, _ in self.walk(OBJECTS)})  # all, as if it said nothing
        made.client.close()

    def test_every_instance_of_the_new_tables_is_got_as_it_is_walked(self):
        def elsewhere():
            zoo.enter_new_netns()
            return zoo.netns_of(), list(zoo.connection())
        other = zoo.Child(elsewhere)
        self.addCleanup(other.end)
        Connection(self), Connection(self, "::1")
        self.start_both(OURS + "proctcpPid %d\n" % other.pid)
        for table in (LISTENER, CONNECTION, STATE, GROUP):
            walked = self.walk(table)
            if table != GROUP:  # the numbers of namespaces are from 2^31 on
                self.assertIn(other.result, [int(name[len(table):].split(".")[2]) for name, _ in walked])
            self.assertEqual(walked, self.walk(table, "snmpbulkwalk", "-Cr20"))
            got = []
            for start in range(0, len(walked), 20):
                done = self.tool("snmpget", *[name for name, _ in walked[start:start + 20]])
                got += parse(done.stdout)
            self.assertEqual(got, walked)


def tcp_info(end):
    """What the kernel itself says of a socket of this process."""
    raw = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)

    def number(form, offset):
        size = struct.calcsize(form)
        return struct.unpack(form, raw[offset:offset + size])[0] if len(raw) >= offset + size else None
    return {"ca_state": raw[1] + 1, "snd_mss": number("I", 16), "pmtu": number("I", 60), "rtt": number("I", 68),
            "total_retrans": number("I", 100), "bytes_acked": number("Q", 120), "bytes_received": number("Q", 128),
            "segs_out": number("I", 136), "segs_in": number("I", 140)}


class SockDiag(AgentTest):
    def start_on_netlink(self, configuration=ONE_SCAN):
        self.start_both(configuration + "proctcpSource auto\n")
        if self.get(SOURCE) != NETLINK:
            self.skipTest("sock_diag does not answer here: %s" % self.get(SOURCE_REASON).decode())

    def test_columns_say_what_the_kernel_says_of_the_socket(self):
        made = Connection(self, sent=b"x" * 12345)
        self.assertEqual(len(made.server.recv(12345, socket.MSG_WAITALL)), 12345)
        made.server.sendall(b"y" * 543)
        self.assertEqual(len(made.client.recv(543, socket.MSG_WAITALL)), 543)
        # Acknowledgements may be delayed; after that nothing moves any more.
        wait_until(lambda: tcp_info(made.server)["bytes_acked"] in (None, 543, 544), "the last acknowledgement")
        self.start_on_netlink()
        shown_by_cli = {row["fd"]: row for row in rows("--source", "netlink", "--pid", os.getpid())}
        for end in (made.client, made.server):
            at, truth, row = index_of(end.fileno()), tcp_info(end), shown_by_cli[end.fileno()]
            cells = {n: self.get("%s.%d%s" % (SOCKET, n, at)) for n in (6, 37, 38, 39, 43, 46, 59, 61, 62, 63, 66)}
            cookie = struct.unpack("Q", end.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]
            congestion = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0")
            self.assertEqual(cells, {
                6: struct.pack(">Q", cookie), 37: congestion, 38: truth["ca_state"], 39: truth["rtt"],
                43: truth["snd_mss"], 46: truth["pmtu"], 59: truth["bytes_acked"], 61: truth["bytes_received"],
                62: truth["segs_out"], 63: truth["segs_in"], 66: truth["total_retrans"]})
            self.assertEqual((row["cookie"], row["congestion"].encode(), row["rtt_us"], row.get("bytes_acked"),
                              row.get("bytes_received"), row.get("segs_out")),
                             (cookie, cells[37], cells[39], cells[59], cells[61], cells[62]))
        if truth["bytes_received"] is not None:  # since 4.1
            self.assertEqual(truth["bytes_received"], 12345)
            self.assertIn(truth["bytes_acked"], (543, 544))

    def test_a_listener_has_the_size_of_its_accept_queue_and_no_path(self):
        made = Connection(self)
        self.start_on_netlink()
        at = index_of(made.listener.fileno())
        self.assertEqual(self.get(SOCKET + ".25" + at), 0)
        self.assertEqual(self.get(SOCKET + ".26" + at), 4)
        self.assertIsNone(self.get(SOCKET + ".39" + at))
        self.assertIsNone(self.get(SOCKET + ".59" + at))

    def test_totals_of_a_process_outlive_its_sockets(self):
        made = Connection(self)
        self.start_on_netlink(MANY_SCANS)
        received, closed = PROCESS + ".28.%d" % os.getpid(), PROCESS + ".33.%d" % os.getpid()
        if self.get(received) is None:
            self.skipTest("this kernel counts no bytes")
        before = self.get(received)
        made.client.sendall(b"z" * 5000)
        wait_until(lambda: self.get(received) == before + 5000, "the bytes that were sent")
        gone = self.get(closed)
        made.server.close()
        made.client.close()
        wait_until(lambda: self.get(closed) == gone + 2, "two closed sockets")
        self.assertEqual(self.get(received), before + 5000)

    def test_each_source_can_be_asked_for(self):
        made = Connection(self)
        self.start_on_netlink()
        self.assertEqual(self.get(SOURCE_REASON), b"bpf: /sys/fs/bpf/proctcp/tasks: not loaded (see proctcp-bpf load)")
        self.stop(self.agent)
        for word, source, reason in (("netlink", NETLINK, b""), ("procfs", PROCFS, b"procfs was asked for")):
            with self.subTest(word):
                agent = self.start_agent(ONE_SCAN + "proctcpSource %s\n" % word)
                self.wait_for_scan()
                self.assertEqual((self.get(SOURCE), self.get(SOURCE_REASON)), (source, reason))
                at = index_of(made.client.fileno())
                self.assertEqual(self.get(SOCKET + ".14" + at), ESTABLISHED)
                self.assertEqual(self.get(SOCKET + ".39" + at) is None, source == PROCFS)
                self.assertEqual(self.get("%s.26.%d" % (PROCESS, os.getpid())) is None, source == PROCFS)
                self.assertEqual(self.stop(agent), 0)
                self.assertNotIn("proctcpSource", self.read("agent.log"))

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv") and shutil.which("unshare"),
                         "needs root, setpriv and unshare")
    def test_a_namespace_that_cannot_be_entered_names_the_capability(self):
        # One without a socket need not be entered: its sockstat says so.
        listener = self.start("unshare", "--net", sys.executable, "-c",
                              "import socket, time; held = socket.create_server(('', 0)); time.sleep(600)")
        own = os.readlink("/proc/self/ns/net")

        def listens():
            if os.readlink("/proc/%d/ns/net" % listener.pid) == own:
                return False
            with open("/proc/%d/net/tcp" % listener.pid) as table:
                return len(table.readlines()) > 1

        wait_until(lambda: listener.poll() is not None or listens(), "the listener in its namespace", 30)
        if listener.poll() is not None:
            self.skipTest("no network namespace can be made here")
        self.start_master()
        self.write("proctcp.conf", MANY_SCANS)
        with open(self.path("agent.log"), "w") as log:
            agent = self.start("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", AGENT, "-f", "-x",
                               self.address, env=self.environment, stdout=log, stderr=log)
        self.wait_for_scan(lambda generation: generation >= 2)
        if self.get(SOURCE) != NETLINK:
            self.skipTest("sock_diag does not answer here: %s" % self.get(SOURCE_REASON).decode())
        self.assertGreaterEqual(self.get(NAMESPACES_PROCFS), 1)
        self.assertIn(b"CAP_SYS_ADMIN", self.get(MISSING).split())
        self.assertEqual(self.stop(agent), 0)
        self.assertEqual(len(re.findall("missing capabilities: .*CAP_SYS_ADMIN", self.read("agent.log"))), 1)


class Walks(AgentTest):
    def setUp(self):
        super().setUp()
        self.connections = [Connection(self) for _ in range(20)]
        self.start_both()

    def test_every_walked_instance_is_got_with_the_same_value(self):
        walked = [(oid, value) for oid, value in self.walk(OBJECTS) if oid != AGE]
        self.assertGreater(len(walked), 60 * 20)
        got = []
        for first in range(0, len(walked), 50):
            done = self.tool("snmpget", *(oid for oid, _ in walked[first:first + 50]))
            self.assertEqual(done.returncode, 0, done.stderr)
            got += parse(done.stdout)
        self.assertEqual(got, walked)

    def test_getbulk_walks_the_same(self):
        def without_age(cells):
            return [cell for cell in cells if cell[0] != AGE]
        walked = without_age(self.walk(OBJECTS))
        self.assertEqual(without_age(self.walk(OBJECTS, "snmpbulkwalk", "-Cr50")), walked)
        self.assertEqual(without_age(self.walk(OBJECTS, "snmpbulkwalk", "-Cr7")), walked)

    def test_a_walk_sees_as_many_rows_as_the_scan_had(self):
        self.assertEqual(len(self.column(SOCKET, 104)), self.get(ROWS))

    def test_walks_side_by_side_see_the_same(self):
        results = []
        threads = [threading.Thread(target=lambda: results.append(self.walk(SOCKET))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), 3)
        self.assertGreater(len(results[0]), 60 * 20)
        self.assertEqual(results[0], results[1])
        self.assertEqual(results[0], results[2])

    def test_snmptable_shows_the_rows(self):
        places = ":".join(base_mib_directories() + [os.path.dirname(MIB)])
        done = subprocess.run(["snmptable", "-v2c", "-c", "public", "-t", "20", "-M", places, "-m", "PROCTCP-MIB",
                               "-Cf", "|", "-Ci", "-CB", "127.0.0.1:%d" % self.port, "PROCTCP-MIB::proctcpSocketTable"],
                              env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line.split("|") for line in done.stdout.splitlines()]
        head = next(line for line in lines if "index" in line)
        rows = {line[head.index("index")]: dict(zip(head, line)) for line in lines[lines.index(head) + 1:]}
        made = self.connections[7]
        row = rows[index_of(made.client.fileno())[1:]]
        self.assertEqual((row["proctcpSocketState"], row["proctcpSocketRemotePort"], row["proctcpSocketAddressType"]),
                         ("established", str(made.port), "ipv4"))
        self.assertEqual(row["proctcpSocketRemoteEndpoint"], "127.0.0.1:%d" % made.port)

    def test_what_is_not_there_is_said_as_it_should_be(self):
        at = index_of(self.connections[0].listener.fileno())
        for oid, said in ((SOCKET + ".18" + at, "No Such Instance"), (SOCKET + ".14" + at + ".0", "No Such Instance"),
                          (SOCKET + ".14" + index_of(4294967295, 4294967295), "No Such Instance"),
                          (SOCKET + ".1" + at, "No Such Object"), (SOCKET + ".99" + at, "No Such Object"),
                          (SCAN + ".1.1", "No Such Instance"), (LISTENER + ".1", "No Such Instance"),
                          (OBJECTS + ".5.1.1", "No Such Object")):
            done = self.tool("snmpget", oid)
            self.assertIn(said, done.stdout, oid)

    def test_the_walk_leaves_the_subtree_at_its_end(self):
        last = self.walk(OBJECTS)[-1][0]
        following = parse(self.tool("snmpgetnext", last).stdout)[0][0]
        self.assertFalse(following.startswith(OBJECTS[:-2]), following)
        self.assertEqual(parse(self.tool("snmpgetnext", OBJECTS[:-2]).stdout)[0][0], GENERATION)

    def test_nothing_can_be_set(self):
        done = self.tool("snmpset", GENERATION, "i", "5", community="private")
        self.assertIn("notWritable", done.stderr)
        self.assertIsNotNone(self.get(GENERATION))

    def test_the_module_is_in_the_master_s_sysortable(self):
        done = self.tool("snmpwalk", ".1.3.6.1.2.1.1.9.1.2")
        self.assertIn("OID: %s\n" % OBJECTS[:-2], done.stdout)


class Masters(AgentTest):
    def test_a_master_that_comes_later_is_found(self):
        agent = self.start_agent()
        self.wait_for_log("no AgentX master at %s (No such file or directory)" % self.address)
        self.assertIn("master agentx", self.read("agent.log"))
        self.start_master()
        self.wait_for_scan()
        self.wait_for_log("answers now")
        self.assertEqual(self.stop(agent), 0)
        self.assertEqual(self.read("agent.log").count("no AgentX master"), 1)

    def test_a_master_that_restarts_is_found_again(self):
        made = Connection(self)
        master = self.start_master()
        self.start_agent()
        self.wait_for_scan()
        for _ in range(2):
            master.kill()
            master.wait()
            if os.path.exists(self.path("agentx")):
                os.unlink(self.path("agentx"))
            self.wait_for_log("disconnected")
            master = self.start_master()
            self.wait_for_scan()
            self.assertIn(index_of(made.client.fileno()), self.column(SOCKET, 14))

    def test_a_second_subagent_says_so_and_takes_over(self):
        first = self.start_both()
        generation = self.get(GENERATION)
        os.rename(self.path("agent.log"), self.path("first.log"))
        second = self.start_agent(MANY_SCANS)
        self.wait_for_log("another subagent serves this tree already")
        self.assertEqual(self.get(GENERATION), generation)
        self.assertEqual(self.stop(first), 0)
        self.wait_for_log("takes this tree now")
        self.wait_for_scan()
        self.assertEqual(self.get(INTERVAL), 1)
        self.assertEqual(self.stop(second), 0)
        log = self.read("agent.log")
        self.assertEqual(log.count("another subagent"), 1)
        self.assertNotIn("263", log)

    def test_a_master_that_hangs_holds_up_no_end(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            for joined in (True, False):
                with self.subTest(signal=number, joined=joined):
                    master = self.start_master()
                    if not joined:
                        master.send_signal(signal.SIGSTOP)
                    agent = self.start_agent(MANY_SCANS, "-x", self.address, "-p", self.path("pid"))
                    if joined:
                        self.wait_for_scan()
                        master.send_signal(signal.SIGSTOP)
                    else:
                        wait_until(lambda: os.path.exists(self.path("pid")) and self.read("pid"), "its process id")
                    begun = time.monotonic()
                    agent.send_signal(number)
                    self.assertEqual(agent.wait(10), 0)
                    self.assertLess(time.monotonic() - begun, 1.5)  # a second, and what a busy machine takes
                    self.assertFalse(os.path.exists(self.path("pid")))
                    master.kill()
                    master.wait()
                    os.unlink(self.path("agentx"))

    def test_a_master_that_hangs_at_the_start_holds_up_neither_the_daemon_nor_its_first_scan(self):
        master = self.start_master()
        master.send_signal(signal.SIGSTOP)
        self.addCleanup(master.send_signal, signal.SIGCONT)
        self.write("proctcp.conf", MANY_SCANS + "proctcpPid %d\n" % os.getpid())
        begun = time.monotonic()
        self.assertEqual(self.run_agent("-x", self.address, "-p", self.path("pid"))[0], 0)
        self.assertLess(time.monotonic() - begun, 3)
        pid = int(wait_until(lambda: self.read("pid").strip(), "the pid file"))
        self.addCleanup(lambda: os.path.exists("/proc/%d" % pid) and os.kill(pid, signal.SIGTERM))
        wait_until(lambda: time.monotonic() > begun + 6, "some scans")
        master.send_signal(signal.SIGCONT)
        self.assertGreaterEqual(self.wait_for_scan(), 2)

    def test_a_master_that_hangs_while_it_is_joined_is_joined_again(self):
        master = self.start_master()
        master.send_signal(signal.SIGSTOP)
        self.addCleanup(master.send_signal, signal.SIGCONT)
        self.start_agent()
        self.wait_for_log("no AgentX master at %s (" % self.address)
        master.send_signal(signal.SIGCONT)
        self.wait_for_scan()
        self.assertNotIn("another subagent", self.read("agent.log"))

    def test_a_master_that_does_not_answer_an_offer_gets_it_in_a_new_session(self):
        """It may have taken the objects all the same: to offer them again in the same session would be refused."""
        opened = []

        def answer(connection, session):
            with connection, connection.makefile("rb") as stream:
                for head in iter(lambda: stream.read(20), b""):
                    kind, order = head[1], ">" if head[2] & NETWORK_ORDER else "<"
                    _, transaction, packet, length = struct.unpack(order + "4I", head[4:])
                    stream.read(length)
                    if kind != REGISTER or session > 1:
                        connection.sendall(bytes([1, RESPONSE, head[2] & NETWORK_ORDER, 0]) + struct.pack(
                            order + "5I2H", session, transaction, packet, 8, 0, 0, 0))

        def serve(listener):
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                opened.append(connection)
                threading.Thread(target=answer, args=(connection, len(opened)), daemon=True).start()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.path("agentx"))
            listener.listen(4)
            threading.Thread(target=serve, args=(listener,), daemon=True).start()
            agent = self.start_agent()
            wait_until(lambda: len(opened) == 2, "a second session")
            self.assertEqual(self.stop(agent), 0)
            listener.shutdown(socket.SHUT_RDWR)
        self.assertNotIn("another subagent", self.read("agent.log"))

    def test_a_subagent_that_is_stopped_for_a_while_answers_late(self):
        agent = self.start_both()
        agent.send_signal(signal.SIGSTOP)
        self.addCleanup(agent.send_signal, signal.SIGCONT)
        timer = threading.Timer(3, agent.send_signal, [signal.SIGCONT])
        timer.start()
        self.addCleanup(timer.join)
        self.assertIsNotNone(self.get(GENERATION))
        self.assertGreater(len(self.walk(OBJECTS)), 20)

    def test_a_wrong_address_is_named_and_tried_on(self):
        for address, why in (("unix:" + self.directory, "Connection refused"),
                             ("unix:/" + "x" * 200, "File name too long"), ("tcp:127.0.0.1:1", "no answer")):
            with self.subTest(address):
                agent = self.start_agent(ONE_SCAN, "-x", address)
                self.wait_for_log("no AgentX master at %s (%s)" % (address, why))
                self.assertEqual(self.stop(agent), 0)

    def test_the_end_is_clean_and_the_master_forgets_the_objects(self):
        self.start_master()
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                agent = self.start_agent()
                self.wait_for_scan()
                agent.send_signal(number)
                self.assertEqual(agent.wait(60), 0, self.read("agent.log"))
                self.assertEqual(self.walk(OBJECTS), [])


class Scans(AgentTest):
    def test_the_generation_moves_on(self):
        self.start_both(MANY_SCANS)
        first = self.wait_for_scan()
        self.assertGreater(self.wait_for_scan(lambda generation: generation > first), first)
        self.assertEqual(self.get(INTERVAL), 1)
        self.assertIn(self.get(STATUS), FINE)

    def test_a_socket_that_is_opened_appears_and_goes_again(self):
        self.start_both(MANY_SCANS)
        made = socket.create_server(("127.0.0.1", 0))
        oid = SOCKET + ".17" + index_of(made.fileno())
        wait_until(lambda: self.get(oid) == made.getsockname()[1], "the new socket")
        made.close()
        wait_until(lambda: self.get(oid) is None, "the socket to go")

    def test_a_proc_that_vanishes_leaves_the_last_snapshot_stale(self):
        made = Connection(self)
        oid = SOCKET + ".14" + index_of(made.client.fileno())
        os.symlink("/proc", self.path("proc"))
        self.start_both(MANY_SCANS + "proctcpProcPath %s\n" % self.path("proc"))
        self.assertEqual(self.get(oid), ESTABLISHED)
        self.assertEqual(self.get(LAST_FAILURE), b"")
        os.unlink(self.path("proc"))
        wait_until(lambda: self.get(STATUS) == STALE, "proctcpScanStatus stale")
        self.assertIn(self.path("proc").encode(), self.get(LAST_FAILURE))
        self.assertEqual(self.get(oid), ESTABLISHED)
        stale = self.get(GENERATION)
        wait_until(lambda: self.get(SCAN + ".104.0") >= 3, "three failed scans")
        self.assertEqual(self.get(GENERATION), stale)
        os.symlink("/proc", self.path("proc"))
        wait_until(lambda: self.get(STATUS) in FINE, "proctcpScanStatus upToDate")
        self.wait_for_scan(lambda generation: generation > stale)
        self.wait_for_log("scans succeed again")
        self.assertEqual(self.read("agent.log").count("scan failed: "), 1)

    def test_a_proc_that_is_not_there_is_named_and_waited_for(self):
        self.start_master()
        self.start_agent(MANY_SCANS + "proctcpProcPath %s\n" % self.path("proc"))
        self.wait_for_log("scan failed: %s" % self.path("proc"))
        wait_until(lambda: self.get(STATUS) == FAILED, "proctcpScanStatus failed")
        self.assertIsNone(self.get(GENERATION))
        self.assertEqual(self.walk(SOCKET), [])
        os.symlink("/proc", self.path("proc"))
        self.wait_for_scan()
        self.assertIn(self.get(STATUS), FINE)

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to run the agent as nobody")
    def test_missing_capabilities_are_named_once(self):
        os.chmod(self.directory, 0o755)
        program = shutil.copy(AGENT, self.path("proctcp-agentx"))
        self.start_master()
        agent = self.start_agent(MANY_SCANS, program=program, user=65534, group=65534, extra_groups=[])
        self.wait_for_scan(lambda generation: generation >= 2)
        self.wait_for_log("missing capabilities: CAP_DAC_READ_SEARCH CAP_SYS_PTRACE (run as root")
        self.assertEqual(self.get(MISSING), b"CAP_DAC_READ_SEARCH CAP_SYS_PTRACE")
        self.assertEqual(self.get(STATUS), PARTIAL)
        self.assertRegex(self.get(SCAN + ".110.0"), rb"^processes denied \d+")
        self.assertGreater(self.get(DENIED), 0)
        self.assertEqual(self.stop(agent), 0)
        self.assertEqual(self.read("agent.log").count("not everything could be read"), 1)

    @unittest.skipUnless(os.geteuid() == 0, "needs root: without it capabilities are missing")
    def test_no_capability_is_named_where_none_would_help(self):
        agent = self.start_both(MANY_SCANS)
        self.wait_for_scan(lambda generation: generation >= 2)
        denied = self.get(DENIED)
        self.assertEqual(self.get(MISSING), b"")
        self.assertEqual(self.stop(agent), 0)
        log = self.read("agent.log")
        self.assertNotIn("CAP_", log)
        self.assertEqual(log.count("although no capability is missing"), 1 if denied else 0)


class Start(AgentTest):
    def test_wrong_options_are_named(self):
        for arguments, words in ((("-q",), "-q"), (("-x",), "-x"), (("--verbose",), "no option --verbose"),
                                 (("-x", ""), "unix:/run/agentx/master"),
                                 (("-f", "spare"), "spare"), (("-c", "a,b"), "a,b")):
            with self.subTest(arguments):
                status, out, error = self.run_agent(*arguments)
                self.assertEqual((status, out), (2, ""))
                self.assertIn(words, error)
                self.assertIn("-h lists the options", error)

    def test_files_that_cannot_be_used_are_named(self):
        for option in ("-c", "-p"):
            status, out, error = self.run_agent("-f", option, self.path("no/file"))
            self.assertEqual((status, out), (1, ""))
            self.assertIn("%s: No such file or directory" % self.path("no/file"), error)

    def test_help_and_version_are_printed(self):
        status, out, error = self.run_agent("-h")
        self.assertEqual((status, error), (0, ""))
        for option in ("-f", "-x ADDRESS", "-c FILE", "-p FILE", "-u USER", "-L LOGOPTS", "-h, --help", "-v, --version"):
            self.assertIn("  %s " % option, out)
        self.assertEqual(self.run_agent("--help"), (status, out, error))
        status, out, error = self.run_agent("-v")
        self.assertEqual((status, error), (0, ""))
        self.assertRegex(out, r"^proctcp-agentx \d+\.\d+\.\d+")
        for option in ("-V", "--version"):
            self.assertEqual(self.run_agent(option), (status, out, error))

    def test_wrong_configuration_is_named_by_line_and_the_rest_is_used(self):
        self.start_master()
        self.start_agent("proctcpInterval 0\nproctcpInterval 1h\nproctcpProcPath proc\nproctcpNetNamespaces some\n"
                         "proctcpSource ebpf\nnonsense 1\nagentXPingInterval 0\nproctcpInterval 77\n")
        self.wait_for_scan()
        log = self.read("agent.log")
        for line, word in enumerate(("proctcpInterval: \"0\"", "proctcpInterval: \"1h\"", "proctcpProcPath: \"proc\"",
                                     "proctcpNetNamespaces: \"some\"", "proctcpSource: \"ebpf\"", "nonsense",
                                     "agentXPingInterval: \"0\" .* from 1 to 3600; it stays at 5"), 1):
            self.assertRegex(log, r"proctcp\.conf: line %d: (Error|Warning): .*%s" % (line, word))
        self.assertEqual(self.get(INTERVAL), 77)

    def test_a_comment_may_stand_behind_a_value(self):
        self.start_master()
        self.start_agent("proctcpInterval 78 # seconds\nproctcpPid %d # us\nproctcpCommand \"[#] *\" # any\n" % os.getpid())
        self.wait_for_scan()
        self.assertEqual(self.get(INTERVAL), 78)
        self.assertNotIn("conf: line", self.read("agent.log"))

    def test_a_line_without_a_value_is_named_once(self):
        self.start_master()
        self.start_agent(ONE_SCAN + "proctcpPid\nproctcpUser # nobody\n")
        self.wait_for_scan()
        log = self.read("agent.log")
        self.assertEqual(log.count("line 2:"), 1, log)
        self.assertEqual(log.count("line 3:"), 1, log)

    def test_rules_select_what_is_served(self):
        made = Connection(self)
        self.start_both(ONE_SCAN + "proctcpPid %d\nproctcpLocalPort %d\nproctcpExcludeState timeWait\n" %
                        (os.getpid(), made.port))
        base = "%s.102" % SOCKET
        served = {name[len(base):] for name, _ in self.walk(base)}
        self.assertEqual(served, {index_of(made.listener.fileno()), index_of(made.server.fileno())})
        self.assertEqual(self.get("%s.21%s" % (SOCKET, index_of(made.server.fileno()))), made.client.fileno())
        self.assertGreaterEqual(self.get(SKIPPED), 1)

    def test_where_no_rule_of_a_kind_is_right_nothing_is_served(self):
        made = Connection(self)
        self.start_both(ONE_SCAN + "proctcpCommand a(b\n")
        self.assertIn("proctcpCommand: value 1, \"a(b\", is no extended regular expression", self.read("agent.log"))
        self.assertIn("nothing is selected", self.read("agent.log"))
        self.assertEqual(self.walk("%s.102" % SOCKET), [])
        made.client.close()

    def test_the_configuration_names_the_master_unless_an_option_does(self):
        self.start_master()
        self.write("empty.conf", "")
        named = self.write("named.conf", ONE_SCAN + "agentXSocket %s\n" % self.address)
        wrong = self.write("wrong.conf", ONE_SCAN + "agentXSocket unix:%s\n" % self.path("none"))
        agent = self.start_agent("proctcpInterval 5\n", "-c", named)
        self.wait_for_scan()
        self.assertEqual(self.get(INTERVAL), 3600)  # not what proctcp.conf says
        self.assertEqual(self.stop(agent), 0)
        agent = self.start_agent("proctcpInterval 5\n", "-c", wrong, "-x", self.address)
        self.wait_for_scan()
        self.assertEqual(self.stop(agent), 0)

    def test_nothing_is_written_to_disk(self):
        self.environment["SNMP_PERSISTENT_DIR"] = self.path("persistent")
        agent = self.start_agent()
        self.wait_for_log("no AgentX master")
        self.assertEqual(self.stop(agent), 0)
        self.assertEqual(sorted(os.listdir(self.directory)), ["agent.log", "proctcp.conf", "snmpd.conf"])

    def test_a_daemon_leaves_the_terminal_and_writes_its_pid(self):
        self.start_master()
        self.write("proctcp.conf", ONE_SCAN)
        self.assertEqual(self.run_agent("-x", self.address, "-p", os.path.relpath(self.path("pid")))[0], 0)
        pid = int(wait_until(lambda: self.read("pid").strip(), "the pid file"))

        def has_ended():
            try:
                with open("/proc/%d/stat" % pid) as stat:
                    return stat.read().rpartition(")")[2].split()[0] == "Z"
            except (FileNotFoundError, ProcessLookupError):
                return True
        self.addCleanup(lambda: has_ended() or os.kill(pid, signal.SIGKILL))
        self.assertEqual(os.readlink("/proc/%d/fd/0" % pid), "/dev/null")
        self.assertNotEqual(os.getsid(pid), os.getsid(0))
        wait_until(lambda: self.get(GENERATION, wait=False), "a snapshot")
        os.kill(pid, signal.SIGTERM)
        wait_until(has_ended, "the daemon to end")
        self.assertFalse(os.path.exists(self.path("pid")))


if __name__ == "__main__":
    unittest.main()
