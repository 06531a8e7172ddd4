"""The plugin in a real collectd, against what the tests themselves opened.

Each test has a collectd of its own: private configuration, base directory and data directory. Values are read from the
files that collectd's csv plugin writes, one per identifier, so that every name also proves to be a file name."""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

import zoo
from support import BUILD, LiveTest, preloaded, wait_until

COLLECTD = shutil.which("collectd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
PLUGIN = os.path.join(BUILD, "collectd", "proctcp.so")
STOCK_PLUGINS = "/usr/lib/collectd"
TYPES = "/usr/share/collectd/types.db"
SANITIZED = os.environ.get("SANITIZED") == "1"
NOBODY = 65534
STATES = ["CLOSED", "LISTEN", "SYN_SENT", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSE_WAIT", "LAST_ACK", "CLOSING"]

# A process that opens what it is told to, under the name it is told. One command per line in, its result out.
HOLDER = r"""
import ctypes, fcntl, json, os, resource, signal, socket, struct, sys, termios
ctypes.CDLL(None).prctl(15, bytes.fromhex(sys.argv[1]), 0, 0, 0)  # PR_SET_NAME
sockets = {}

def keep(new):
    sockets[new.fileno()] = new
    return new.fileno()

def listen(host="127.0.0.1", port=0, shared=False):
    new = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
    new.bind((host, port))
    new.listen(16)
    return keep(new)

def connect(listener):
    new = socket.socket(sockets[listener].family)
    new.connect(sockets[listener].getsockname()[:2])
    return keep(new)

def accept(listener):
    return keep(sockets[listener].accept()[0])

def ends(fd):
    return [sockets[fd].getsockname()[:2], sockets[fd].getpeername()[:2]]

def port(fd):
    return sockets[fd].getsockname()[1]

def send(fd, size):
    return sockets[fd].send(b"x" * size)

def fill(fd):
    sockets[fd].setblocking(False)
    try:
        while True:
            sockets[fd].send(b"x" * 65536)
    except BlockingIOError:
        pass

def receive(fd, size):
    return len(sockets[fd].recv(size, socket.MSG_WAITALL))

def tcp_info(fd):
    raw = sockets[fd].getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return [struct.unpack_from("I", raw, 68)[0], *struct.unpack_from("QQII", raw, 120)]

def queues(fd):
    # SIOCINQ and SIOCOUTQ have the numbers of these.
    return [struct.unpack("i", fcntl.ioctl(fd, request, b"0000"))[0] for request in (termios.FIONREAD, termios.TIOCOUTQ)]

def unbound():
    return keep(socket.socket())

def close(fd):
    sockets.pop(fd).close()

def shut(fd):
    sockets[fd].shutdown(socket.SHUT_WR)

def deaf(fd):
    # Nothing that the other end sends arrives: a filter that takes 0 octets of each segment.
    drop = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
    sockets[fd].setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", 1, ctypes.addressof(drop)))  # SO_ATTACH_FILTER

def refused(port, times):
    for _ in range(times):
        with socket.socket() as client:
            client.connect_ex(("127.0.0.1", port))

def limit(soft, hard=None):
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard or soft))

def descriptors():
    return len(os.listdir("/proc/self/fd")) - 1  # its own

def fork():
    pid = os.fork()
    if not pid:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
        os.close(0)
        while True:
            signal.pause()
    return pid

for line in sys.stdin:
    command, *arguments = json.loads(line)
    print(json.dumps(globals()[command](*arguments)), flush=True)
"""


class Holder:
    def __init__(self, test, name, **options):
        self.name = name
        self.process = test.start(sys.executable, "-c", HOLDER, os.fsencode(name).hex(),
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)

    def __getattr__(self, command):
        def call(*arguments):
            self.process.stdin.write(json.dumps([command, *arguments]).encode() + b"\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        return call

    def pair(self, listener):
        client = self.connect(listener)
        return client, self.accept(listener)


class Daemon:
    """A collectd that runs until the test is over, and then must end well and must have said nothing odd.

    extra: configuration after the plugin's; {0} is the daemon's directory, and LoadPlugin finds collectd's own plugins.
    options None: without the plugin. netns: a path as /proc/PID/ns/net."""

    def __init__(self, test, options, once=False, types=TYPES, user=None, extra="", interval=0.2, netns=None):
        self.test = test
        self.directory = test.path("collectd%d" % len(glob.glob(test.path("collectd*"))))
        os.mkdir(self.directory)
        os.chmod(test.directory, 0o755)
        self.said = os.path.join(self.directory, "said")
        if options is not None and "MaxGroups" not in options:
            options = "MaxGroups 10000\n" + options  # the host may have more than the default
        plugins = os.path.join(self.directory, "plugins")
        os.mkdir(plugins)
        shutil.copy(PLUGIN, plugins)
        self.configuration = os.path.join(self.directory, "collectd.conf")
        with open(self.configuration, "w") as file:
            file.write("""
                Hostname "h"
                BaseDir "{0}"
                PIDFile "{0}/pid"
                TypesDB "{1}"
                Interval {3}
                WriteThreads 1
                PluginDir "{2}"
                LoadPlugin logfile
                <Plugin logfile>
                  LogLevel info
                  File stderr
                </Plugin>
                LoadPlugin csv
                <Plugin csv>
                  DataDir "{0}/csv"
                </Plugin>
                """.format(self.directory, types, STOCK_PLUGINS, interval))
            if options is not None:
                file.write("PluginDir \"%s\"\nLoadPlugin proctcp\n<Plugin proctcp>\n%s\n</Plugin>\n" % (plugins, options))
            if extra:
                file.write("PluginDir \"%s\"\n%s\n" % (STOCK_PLUGINS, extra.replace("{0}", self.directory)))
        if user is not None:
            shutil.chown(self.directory, user, user)
        identity = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        if netns is not None:
            identity["preexec_fn"] = lambda: zoo.enter_netns(netns)
        with open(self.said, "wb") as said:
            self.process = test.start(COLLECTD, *(["-T"] if once else ["-f"]), "-C", self.configuration,
                                      stdout=said, stderr=said, env=environment(), **identity)
        if not once:
            test.addCleanup(self.must_end_well)

    def text(self):
        with open(self.said, encoding="utf-8", errors="replace") as said:
            return said.read()

    def wait_for(self, pattern):
        return wait_until(lambda: re.search(pattern, self.text()) or self.must_run(), repr(pattern) + " in the log")

    def must_run(self):
        status = self.process.poll()
        self.test.assertIsNone(status, "collectd ended with %s:\n%s" % (status, self.text()))

    def must_end_well(self):
        self.must_run()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        text = self.text()
        self.test.assertEqual(status, 0, text)
        # Twice the same identifier in one pass; a type that types.db has not, or has with other data sources.
        for odd in ("too old", "uc_update", "types.db", "Dataset", "ds->", "ERROR: AddressSanitizer", "runtime error"):
            self.test.assertNotIn(odd, text)
        # In a report of leaks: the daemon itself may have some, the plugin must not.
        self.test.assertNotRegex(text, r"(plugins/collectd|common)/\w+\.c:|proctcp\.so")

    def files(self):
        """{identifier: path}"""
        found = glob.glob(os.path.join(glob.escape(self.directory), "csv", "h", "*", "*"))
        return {re.sub(r"-\d{4}-\d\d-\d\d$", "", "/".join(path.split("/")[-2:]))[len("proctcp-"):]: path
                for path in found}

    def passes(self, block=""):
        """The times of the passes that are complete: nothing is published after this value. block: with what the names of
        the plugin's block begin."""
        path = self.files().get(block + "proctcp-self/count-truncated_sockets")
        return [line.split(",")[0] for line in lines(path)] if path else []

    def latest(self, block=""):
        """{identifier: value} of the latest complete pass; of types with two values rx, {identifier + ":tx": tx}."""
        passes = self.passes(block)
        values = {}
        for name, path in self.files().items() if passes else ():
            for line in lines(path):
                if line.startswith(passes[-1] + ","):
                    values.update(zip((name, name + ":tx"), map(float, line.split(",")[1:])))
        return values

    def has_netlink(self):
        return "sockets are read through /proc" not in self.text()

    def needs_netlink(self):
        if not self.has_netlink():
            self.test.skipTest("sock_diag does not answer here: " + self.text())

    def fresh(self, block=""):
        """The values of a pass whose scan began after this call."""
        now = time.time()
        wait_until(lambda: sum(float(when) > now for when in self.passes(block)) >= 2 or self.must_run(), "two passes")
        return self.latest(block)

    def series(self, name):
        """Every value that was ever published under the identifier: a list per pass."""
        path = self.files().get(name)
        return [[float(value) for value in line.split(",")[1:]] for line in lines(path)] if path else []


def lines(path):
    with open(path) as file:
        return [line for line in file.read().split("\n")[1:-1] if line]


def environment():
    return preloaded(PLUGIN, os.environ)


def group(values, name):
    """What of the values belongs to one plugin instance."""
    return {key[len(name) + 1:]: value for key, value in values.items() if key.startswith(name + "/")}


def escaped(name):
    """As the manual page describes it: any byte but [A-Za-z0-9_.:@+-] is +XX."""
    return "".join(chr(byte) if chr(byte).isascii() and re.match(r"[A-Za-z0-9_.:@+-]", chr(byte)) else "+%02X" % byte
                   for byte in name)


@unittest.skipUnless(COLLECTD, "collectd is not installed (Debian package collectd-core)")
@unittest.skipUnless(os.path.exists(PLUGIN) or os.path.isdir("/usr/include/collectd"),
                     "%s was not built: collectd's headers are missing (Debian package collectd-dev)" % PLUGIN)
class CollectdTest(LiveTest):
    serial = 0

    def holder(self, name=None):
        CollectdTest.serial += 1
        return Holder(self, name or "tc%d-%d" % (os.getpid() % 10 ** 7, CollectdTest.serial))

    def collectd(self, options="", **more):
        return Daemon(self, options, **more)

    def run_once(self, options="", **more):
        daemon = self.collectd(options, once=True, **more)
        return daemon.process.wait(60), daemon.text()


class Publishing(CollectdTest):
    def test_a_process_is_published_as_it_is(self):
        holder = self.holder()
        holder.limit(77)
        listener, waiting = holder.listen(), holder.listen()
        pairs = [holder.pair(listener) for _ in range(3)]
        holder.send(pairs[0][0], 1234)
        holder.send(pairs[1][1], 321)
        holder.fill(pairs[2][0])
        for _ in range(4):
            holder.connect(waiting)
        holder.unbound()
        holder.shut(pairs[1][0])  # FIN_WAIT2 here, CLOSE_WAIT there
        expected = {"count-processes": 1, "count-sockets": 2 + 6 + 4 + 1, "count-unbound": 1, "queue_length-accept": 4,
                    "count-left_behind": 0, "connections-sockets_opened": 0, "connections-sockets_closed": 0,
                    "file_handles-used": holder.descriptors(), "file_handles-max": 77,
                    "percent-file_handles": 100 * holder.descriptors() / 77}
        expected.update(("tcp_connections-" + state, 0) for state in STATES)
        expected.update({"tcp_connections-LISTEN": 2, "tcp_connections-ESTABLISHED": 4 + 4,
                         "tcp_connections-FIN_WAIT2": 1, "tcp_connections-CLOSE_WAIT": 1, "tcp_connections-CLOSED": 1})
        daemon = self.collectd("Report full\nNonZeroStates false")

        def queues():
            both = [holder.queues(fd) for pair in pairs for fd in pair]
            # The kernel's queue has one more for the FIN of the peer that shut down.
            return {"bytes-rx_queue": 1 + sum(rx for rx, _ in both), "bytes-tx_queue": sum(tx for _, tx in both)}

        def settled():
            """Of the filled connection more may arrive: the truth must be the same before and after the pass."""
            before = queues()
            values = group(daemon.fresh(), holder.name)
            return values if before == queues() else None

        values = wait_until(settled, "queues that stand still")
        expected.update(queues())
        if daemon.has_netlink():
            expected["queue_length-accept_max"] = 2 * 16
            times = [holder.tcp_info(fd)[0] / 1e6 for fd in sorted(set(sum(map(list, pairs), [])))]
            self.assertGreater(values.pop("latency-rtt-average"), 0)
            self.assertLessEqual(values.pop("latency-rtt-p95"), values["latency-rtt-max"])
            self.assertGreaterEqual(values.pop("latency-rtt-max"), max(times) / 2)
            self.assertGreaterEqual(values.pop("count-retransmitting"), 0)
            expected["packets-accept_drops"] = 0
            for name in ("if_octets", "if_octets:tx", "if_packets", "if_packets:tx", "protocol_counter-RetransSegs"):
                self.assertGreaterEqual(values.pop(name), 0)
        self.assertGreater(expected["bytes-rx_queue"], 1234 + 321)
        self.assertGreater(expected["bytes-tx_queue"], 0)
        for name in expected:
            self.assertAlmostEqual(values.pop(name), expected[name], places=4, msg=name)
        self.assertEqual(values, {})

    def test_processes_of_one_name_are_one_group_and_shared_sockets_count_once(self):
        holder = self.holder()
        listener = holder.listen()
        holder.connect(listener)
        holder.fork()
        holder.fork()
        second = Holder(self, holder.name)
        second.listen()
        values = group(self.collectd().fresh(), holder.name)
        self.assertEqual(values["count-processes"], 4)
        self.assertEqual(values["count-sockets"], 3)
        self.assertEqual(values["tcp_connections-LISTEN"], 2)
        self.assertEqual(values["tcp_connections-ESTABLISHED"], 1)
        self.assertEqual(values["queue_length-accept"], 1)

    def test_a_group_ends_with_its_last_process(self):
        holder, other = self.holder(), self.holder()
        holder.listen()
        other.listen()
        daemon = self.collectd()
        self.assertIn(holder.name + "/count-sockets", daemon.fresh())
        self.stop(holder.process)
        values = daemon.fresh()
        self.assertEqual(group(values, holder.name), {})
        self.assertEqual(group(values, other.name)["count-sockets"], 1)

    def test_hostile_names_are_published_apart(self):
        names = [b"a b", b"a/b", b"a\"'b", b"a\nb", b"\xff\xfe", b"[x]{*},", b"../../up", b"%n%s%n", b"-", b"a=b;c|d",
                 b"\xc3\xa4 umlaut", b"\x1b[31mred", b"(sd) 1 2 3 4"]
        pids = []
        for count, name in enumerate(names, 1):
            holder = self.holder(os.fsdecode(name))
            pids.append(holder.process.pid)
            for _ in range(count):
                holder.listen()
        reserved = self.holder("_other")
        reserved.listen()
        pids.append(reserved.process.pid)
        values = self.collectd("ReportSockets true\nSocketMinAge 0\nReportListeners true\nPid %s" % " ".join(map(str, pids))).fresh()
        for count, name in enumerate(names, 1):
            self.assertEqual(values.get(escaped(name) + "/count-sockets"), count, name)
        self.assertEqual(values.get("+5Fother/count-sockets"), 1)
        for name in values:
            self.assertRegex(name, r"\A[A-Za-z0-9_.:@+-]+/[A-Za-z0-9_.:@+-]+\Z")

    def test_the_scan_tells_of_itself(self):
        holder = self.holder()
        listener = holder.listen()
        client, server = holder.pair(listener)
        holder.close(client)
        holder.close(server)  # who closes first keeps TIME_WAIT
        values = group(self.collectd().fresh(), "proctcp-self")
        self.assertGreaterEqual(values["tcp_connections-unattributed_TIME_WAIT"], 1)
        self.assertGreaterEqual(values["count-unattributed"], 1)
        self.assertGreaterEqual(values["count-rows"], 1)
        self.assertGreaterEqual(values["count-processes_seen"], 2)
        self.assertGreater(values["duration-scan"], 0)
        self.assertEqual((values["count-truncated_groups"], values["count-truncated_sockets"]), (0, 0))
        for name in ("denied", "vanished", "malformed", "namespaces", "exhausted", "failed", "groups"):
            self.assertIn("count-" + name, values)

    def test_reports_can_be_switched_off(self):
        holder = self.holder()
        holder.listen()
        values = self.collectd("ReportByState false\nReportUnattributed false\nReportAll false").fresh()
        self.assertEqual(values[holder.name + "/count-sockets"], 1)
        self.assertEqual([name for name in values if "tcp_connections" in name], [])


class Traffic(CollectdTest):
    def test_what_is_sent_is_counted_and_never_goes_back(self):
        holder, other = self.holder(), self.holder()
        listener = holder.listen()
        client, server = holder.pair(listener)
        idle = other.pair(other.listen())
        holder.send(client, 1111)  # before the first pass: not counted
        holder.receive(server, 1111)
        daemon = self.collectd()
        self.assertEqual(group(daemon.fresh(), holder.name).get("if_octets", 0), 0)
        daemon.needs_netlink()
        holder.send(client, 5000)
        holder.receive(server, 5000)
        values = group(daemon.fresh(), holder.name)
        self.assertEqual((values["if_octets"], values["if_octets:tx"]), (5000, 5000))
        self.assertGreaterEqual(values["if_packets"], 1)
        self.assertGreaterEqual(values["if_packets:tx"], 1)
        self.assertEqual(values["protocol_counter-RetransSegs"], 0)
        for fd in (client, server):
            holder.close(fd)
        self.assertEqual(group(daemon.fresh(), holder.name)["if_octets"], 5000)
        # A connection that came after the first pass counts in full, its SYN perhaps with it.
        client, server = holder.pair(listener)
        holder.send(server, 700)
        holder.receive(client, 700)
        values = group(daemon.fresh(), holder.name)
        self.assertEqual(values["if_octets"], 5700)
        self.assertIn(values["if_octets:tx"], (5700, 5701))
        holder.close(client)
        holder.close(server)
        daemon.fresh()
        self.assertEqual(group(daemon.fresh(), other.name)["if_octets"], 0, idle)
        for name in ("if_octets", "if_packets", "protocol_counter-RetransSegs"):
            series = daemon.series("%s/%s" % (holder.name, name))
            self.assertGreater(len(series), 8)
            self.assertEqual(series, sorted(series, key=lambda pair: pair[0]))
            self.assertEqual(series, sorted(series, key=lambda pair: pair[-1]))


    def test_a_process_that_holds_nothing_for_a_while_counts_what_is_new(self):
        holder = self.holder()
        listener = holder.listen()
        daemon = self.collectd("Process \"%s\"" % holder.name)
        daemon.fresh()
        daemon.needs_netlink()

        def transfer(size):
            client, server = holder.pair(listener)
            holder.send(client, size)
            holder.receive(server, size)
            return client, server

        pair = transfer(5000)
        self.assertEqual(group(daemon.fresh(), holder.name)["if_octets"], 5000)
        for fd in (listener, *pair):
            holder.close(fd)
        daemon.fresh()
        listener = holder.listen()
        transfer(70)
        self.assertIn(group(daemon.fresh(), holder.name)["if_octets"], (5070, 5071))  # the kernel counts a FIN

    def test_a_group_whose_processes_end_goes_on_where_it_was(self):
        first, keeper = self.holder(), self.holder()
        keeper.listen()
        second = Holder(self, first.name)
        ends = [(holder, *holder.pair(holder.listen())) for holder in (first, second)]
        daemon = self.collectd()
        daemon.fresh()
        daemon.needs_netlink()
        for size, (holder, client, server) in zip((3000, 400), ends):
            holder.send(client, size)
            holder.receive(server, size)
        self.assertEqual(group(daemon.fresh(), first.name)["if_octets"], 3400)
        self.stop(first.process)
        self.assertEqual(group(daemon.fresh(), first.name)["if_octets"], 3400)
        self.stop(second.process)
        self.assertEqual(group(daemon.fresh(), first.name), {})
        third = Holder(self, first.name)
        client, server = third.pair(third.listen())
        third.send(client, 50)
        third.receive(server, 50)
        self.assertEqual(group(daemon.fresh(), first.name)["if_octets"], 3450)
        series = daemon.series(first.name + "/if_octets")
        self.assertEqual(series, sorted(series))

    def test_tcp_info_can_be_left_out(self):
        holder = self.holder()
        listener = holder.listen()
        holder.pair(listener)
        values = self.collectd("CollectTcpInfo false\nReportSockets all\nSocketMinAge 0\nProcess \"%s\"" % holder.name).fresh()
        self.assertEqual(values[holder.name + "/count-sockets"], 3)
        self.assertEqual([name for name in values if re.search("if_|latency|Retrans", name)], [])

    def test_procfs_gives_neither_traffic_nor_latency(self):
        holder = self.holder()
        holder.pair(holder.listen())
        daemon = self.collectd("Source procfs\nReportSockets all\nSocketMinAge 0\nProcess \"%s\"" % holder.name)
        values = daemon.fresh()
        self.assertEqual(values[holder.name + "/count-sockets"], 3)
        self.assertEqual([name for name in values if re.search("if_|latency|Retrans|accept_max", name)], [])
        self.assertNotIn("through /proc", daemon.text())


class Sockets(CollectdTest):
    def test_each_socket_has_its_path_and_its_counters(self):
        holder = self.holder()
        listener = holder.listen()
        client, server = holder.pair(listener)
        holder.send(client, 1234)
        holder.receive(server, 1234)
        daemon = self.collectd("ReportSockets all\nSocketMinAge 0\nProcess \"%s\"" % holder.name)
        values = group(daemon.fresh(), "proctcp-sockets-" + holder.name)
        daemon.needs_netlink()
        (_, local_port), (remote_host, remote_port) = holder.ends(server)
        name = "%d-%s-%d" % (local_port, remote_host, remote_port)
        rtt_us, acked, received, segs_out, segs_in = holder.tcp_info(server)
        self.assertEqual(received, 1234)
        self.assertAlmostEqual(values["latency-rtt-" + name], rtt_us / 1e6, places=9)
        self.assertEqual((values["if_octets-" + name], values["if_octets-%s:tx" % name]), (received, acked))
        self.assertEqual((values["if_packets-" + name], values["if_packets-%s:tx" % name]), (segs_in, segs_out))
        self.assertEqual(values["protocol_counter-RetransSegs-" + name], 0)
        self.assertEqual(values["queue_length-accept_max-%d-listen" % local_port], 16)

    def test_places_go_to_those_that_sent_most(self):
        holder = self.holder()
        listener = holder.listen()
        pairs = [holder.pair(listener) for _ in range(3)]
        for size, (client, server) in zip((10, 3000, 200), pairs):
            holder.send(client, size)
            holder.receive(server, size)
        daemon = self.collectd("ReportSockets all\nSocketMinAge 0\nMaxSockets 2\nSocketSort bytes\nProcess \"%s\"" % holder.name)
        values = group(daemon.fresh(), "proctcp-sockets-" + holder.name)
        daemon.needs_netlink()
        ports = {holder.ends(pairs[1][0])[0][1], holder.ends(pairs[1][1])[0][1]}
        shown = {int(port) for port in re.findall(r"bytes-rx_queue-(\d+)-", " ".join(values))}
        self.assertEqual(shown, ports)

    def test_each_socket_is_published_by_its_ends(self):
        holder = self.holder()
        listener = holder.listen()
        client, server = holder.pair(listener)
        holder.connect(listener)
        holder.send(client, 1234)
        six = holder.listen("::1")
        six_client, _ = holder.pair(six)
        holder.send(six_client, 55)
        values = group(self.collectd("ReportSockets all\nSocketMinAge 0\nProcess \"%s\"" % holder.name).fresh(), "proctcp-sockets-" + holder.name)
        (local_host, local_port), (remote_host, remote_port) = holder.ends(server)
        self.assertEqual(values["bytes-rx_queue-%d-%s-%d" % (local_port, remote_host, remote_port)], 1234)
        self.assertEqual(values["bytes-tx_queue-%d-%s-%d" % (local_port, remote_host, remote_port)], 0)
        self.assertEqual(values["bytes-rx_queue-%d-%s-%d" % (remote_port, local_host, local_port)], 0)
        self.assertEqual(values["count-retransmits-%d-%s-%d" % (remote_port, local_host, local_port)], 0)
        self.assertGreaterEqual(values["count-cwnd-%d-%s-%d" % (remote_port, local_host, local_port)], 1)
        self.assertEqual(values["queue_length-accept-%d-listen" % local_port], 1)
        client_port = holder.port(six_client)
        self.assertEqual(values["bytes-rx_queue-%d-::1-%d" % (holder.port(six), client_port)], 55)
        self.assertEqual([name for name, value in values.items() if "ssthresh" in name and value < 0], [])

    def test_names_do_not_change_when_collectd_restarts(self):
        holder = self.holder()
        listener = holder.listen()
        port = holder.port(listener)
        holder.listen("127.0.0.2", port)
        holder.pair(listener)
        seen = []
        for _ in range(2):
            daemon = self.collectd("ReportSockets all\nSocketMinAge 0\nProcess \"%s\"" % holder.name)
            seen.append(set(group(daemon.fresh(), "proctcp-sockets-" + holder.name)))
        self.assertEqual(seen[0], seen[1])
        self.assertIn("queue_length-accept-127.0.0.1-%d-listen" % port, seen[0])
        self.assertIn("queue_length-accept-127.0.0.2-%d-listen" % port, seen[0])

    def test_the_cap_holds_and_places_are_kept(self):
        holder = self.holder()
        listener = holder.listen()
        servers = []
        for size in (10, 20, 30, 40):
            client, server = holder.pair(listener)
            holder.send(client, size)
            servers.append((client, server))
        daemon = self.collectd("ReportSockets all\nSocketMinAge 0\nMaxSockets 2\nProcess \"%s\"" % holder.name)

        def shown():
            values = daemon.fresh()
            found = re.findall(r"bytes-rx_queue-(\S+)", " ".join(group(values, "proctcp-sockets-" + holder.name)))
            return set(found), values["proctcp-self/count-truncated_sockets"]

        def name(pair):
            (_, local_port), (host, port) = holder.ends(pair[1])
            return "%d-%s-%d" % (local_port, host, port)

        self.assertEqual(shown(), ({name(servers[2]), name(servers[3])}, 9 - 2))
        holder.send(servers[0][0], 1000)
        self.assertEqual(shown(), ({name(servers[2]), name(servers[3])}, 9 - 2))
        holder.close(servers[3][1])
        self.assertEqual(shown()[0], {name(servers[2]), name(servers[0])})
        self.assertEqual(len(re.findall("more sockets than MaxSockets", daemon.text())), 1)

    def test_what_was_there_at_the_start_has_its_name_when_it_is_old_enough(self):
        holder = self.holder()
        listener = holder.listen()
        holder.pair(listener)
        daemon = self.collectd("ReportSockets all\nSocketMinAge 1\nMaxNewNames 0\nProcess \"%s\"" % holder.name)
        sockets = lambda: [name for name in group(daemon.fresh(), "proctcp-sockets-" + holder.name)
                           if name.startswith(("bytes-rx_queue", "queue_length-accept-"))]
        wait_until(lambda: len(sockets()) == 3, "these three")
        holder.pair(listener)  # they are new, and an hour has none
        wait_until(lambda: daemon.fresh()["proctcp-self/count-truncated_sockets"] == 2, "two that are old enough")
        self.assertEqual(len(sockets()), 3)

    def test_names_beyond_the_cap_are_one_group(self):
        holders = [self.holder() for _ in range(3)]
        for count, holder in enumerate(holders, 1):
            for _ in range(count):
                holder.listen()
        daemon = self.collectd("MaxGroups 1\nPid %s" % " ".join(str(holder.process.pid) for holder in holders))
        values = daemon.fresh()
        self.assertEqual(values[holders[2].name + "/count-sockets"], 3)
        self.assertEqual(values["_other/count-sockets"], 1 + 2)
        self.assertEqual(values["_other/count-processes"], 2)
        self.assertEqual(values["proctcp-self/count-truncated_groups"], 2)
        daemon.wait_for("more groups than MaxGroups")


class Selecting(CollectdTest):
    def test_rules_of_one_kind_are_alternatives_and_kinds_must_all_hold(self):
        one, two, three = self.holder(), self.holder(), self.holder()
        for holder in (one, two, three):
            holder.pair(holder.listen())
        values = self.collectd("""Process "%s"
                                  Process "%s"
                                  State LISTEN""" % (one.name, two.name)).fresh()
        for holder in (one, two):
            self.assertEqual(group(values, holder.name)["count-sockets"], 1)
            self.assertEqual(group(values, holder.name)["tcp_connections-ESTABLISHED"], 0)
        self.assertEqual(values["proctcp-self/count-groups"], 2)

    def test_ports_and_addresses_select(self):
        holder = self.holder()
        listener = holder.listen()
        six = holder.listen("::1")
        holder.pair(listener)
        holder.pair(six)
        port, six_port = holder.port(listener), holder.port(six)
        for options, count in (("LocalPort %d" % port, 2), ("LocalPort \"%d\"" % port, 2),
                               ("RemotePort %d" % port, 1), ("LocalPort %d %d" % (port, six_port), 4),
                               ("LocalAddress \"127.0.0.0/8\"", 3), ("RemoteAddress \"::1\"", 2)):
            with self.subTest(options):
                values = self.collectd("Process \"%s\"\n%s" % (holder.name, options)).fresh()
                self.assertEqual(group(values, holder.name)["count-sockets"], count)

    def test_rules_to_exclude_leave_out_what_others_select(self):
        one, two, three = self.holder(), self.holder(), self.holder()
        for holder in (one, two, three):
            holder.listen()
        # The last word of their command lines. The other end of a stranger's connection would be looked for everywhere.
        commands = "|".join(os.fsencode(holder.name).hex() for holder in (one, two, three))
        values = self.collectd("""Command "%s"
                                  Cgroup "/"
                                  ExcludeProcess "%s"
                                  ExcludePid %d""" % (commands, one.name, two.process.pid)).fresh()
        self.assertEqual(group(values, three.name)["count-sockets"], 1)
        self.assertFalse([name for name in values if name.startswith((one.name + "/", two.name + "/"))])
        self.assertGreaterEqual(values["proctcp-self/count-skipped"], 2)

    def test_where_all_rules_of_a_kind_are_wrong_nothing_is_selected(self):
        holder = self.holder()
        holder.listen()
        daemon = self.collectd("LocalPort \"80x\"")
        values = daemon.fresh()
        self.assertEqual({name.split("/")[0] for name in values}, {"proctcp-self", "all"})
        self.assertEqual(values["all/count-sockets"], 0)
        self.assertEqual(values["proctcp-self/count-groups"], 0)
        daemon.wait_for("LocalPort.*80x.*left out")
        daemon.wait_for("no LocalPort of the configuration .* no socket is selected")


    def test_a_range_without_quotes_selects_nothing_and_is_named(self):
        holder = self.holder()
        port = holder.port(holder.listen())
        daemon = self.collectd("LocalPort %d-%d" % (port, port))
        values = daemon.fresh()
        self.assertEqual(values["proctcp-self/count-groups"], 0)
        daemon.wait_for(r'LocalPort %d-%d: .*quotes; write LocalPort "%d-%d"; the whole line' % ((port,) * 4))

    def test_a_range_in_quotes_selects(self):
        holder = self.holder()
        port = holder.port(holder.listen())
        daemon = self.collectd("LocalPort \"%d-%d\"" % (port, port))
        self.assertEqual(group(daemon.fresh(), holder.name)["count-sockets"], 1)


class Configuring(CollectdTest):
    def test_an_unknown_option_is_warned_of_and_the_rest_taken(self):
        holder = self.holder()
        holder.listen()
        daemon = self.collectd("MaxSocket 5\nReportSockets all\nSocketMinAge 0\nProcess \"%s\"" % holder.name)
        self.assertTrue([name for name in daemon.fresh() if name.endswith("-listen")])
        daemon.wait_for(r"unknown option \"MaxSocket\" is ignored; did you mean MaxSockets\?")

    def test_wrong_values_are_named_with_what_would_be_right(self):
        holder = self.holder()
        holder.listen()
        daemon = self.collectd("""
            Source "ebpf"
            NetNamespaces mine
            ProcPath "relative"
            ReportSockets maybe
            ReportByState 3
            MaxSockets 0
            MaxGroups 10001
            MaxGroups "many"
            SocketSort size
            CollectTcpInfo perhaps
            LocalPort "no-such-service" "%d"
            State "OPEN" "LISTEN"
            User "no-such-user-here" "%d"
            Process "sixteen_chars_16" "%s"
            """ % (holder.port(holder.listen()), os.geteuid(), holder.name))
        values = group(daemon.fresh(), holder.name)
        self.assertEqual(values["count-sockets"], 1)
        for said in (r'Source "ebpf": .*auto, procfs, netlink or bpf; "auto" stays',
                     r'NetNamespaces "mine": .*all or own; "all" stays',
                     r'ProcPath "relative": .*absolute path.* "/proc" stays',
                     r'ReportSockets "maybe": .*none, listeners or all; "none" stays',
                     r'ReportByState 3: .*true.*; true stays',
                     r'MaxSockets 0: .*from 1 to 100000.*; 1000 stays',
                     r'MaxGroups 10001: .*from 1 to 10000.*; 256 stays',
                     r'MaxGroups "many": .*from 1 to 10000.*; 256 stays',
                     r'SocketSort "size": .*queue, bytes, retrans or rtt; "queue" stays',
                     r'CollectTcpInfo "perhaps": .*true.*; true stays',
                     r'LocalPort: .*"no-such-service".*left out',
                     r'State: .*"OPEN".*left out',
                     r'User: .*"no-such-user-here".*left out',
                     r'Process "sixteen_chars_16": .*15 characters; write "sixteen_chars_1"'):
            self.assertRegex(daemon.text(), "proctcp plugin: " + said)

    def test_the_defaults_need_no_configuration(self):
        status, text = self.run_once()
        self.assertEqual(status, 0, text)
        self.assertNotRegex(text, "proctcp plugin: .*(stays|ignored|left out)")


    def test_there_may_be_no_groups_but_those_that_are_named(self):
        named, other = self.holder(), self.holder()
        for one in (named, other):
            one.listen()
        values = self.collectd("""GroupBy none
            <Group "named">
              Process "%s"
            </Group>
            <Group "idle">
              Process "nobody-is-so"
            </Group>""" % named.name).fresh()
        groups = {name.split("/")[0] for name in values}
        self.assertEqual({name for name in groups if not name.startswith("proctcp-")}, {"named", "idle", "_other", "all"})
        self.assertEqual(values["named/count-sockets"], 1)
        self.assertGreaterEqual(values["_other/count-sockets"], 1)
        self.assertEqual(values["proctcp-self/count-truncated_groups"], 0)
        self.assertEqual(values.get("idle/if_octets", 0), 0)


class Failing(CollectdTest):
    def test_a_missing_proc_path_is_named_and_fails_the_read(self):
        status, text = self.run_once("ProcPath \"%s\"" % self.path("absent"))
        self.assertEqual(status, 1, text)
        self.assertRegex(text, "proctcp plugin: nothing could be read: %s.*: No such file" % re.escape(self.path("absent")))

    def test_what_is_no_proc_is_named_and_fails_the_read(self):
        os.mkdir(self.path("empty"))
        status, text = self.run_once("ProcPath \"%s\"" % self.path("empty"))
        self.assertEqual(status, 1, text)
        self.assertRegex(text, "proctcp plugin: nothing could be read: %s" % re.escape(self.path("empty")))

    def test_reading_recovers_when_the_path_appears(self):
        holder = self.holder()
        holder.listen()
        daemon = self.collectd("ProcPath \"%s\"" % self.path("later"))
        daemon.wait_for("nothing could be read: .*later")
        self.assertEqual(daemon.passes(), [])
        os.symlink("/proc", self.path("later"))
        self.assertEqual(group(daemon.fresh(), holder.name)["count-sockets"], 1)
        daemon.wait_for("reading succeeds again")

    def test_missing_capabilities_are_said_once_and_do_not_fail(self):
        daemon = self.collectd(user=NOBODY if os.geteuid() == 0 else None)
        values = daemon.fresh()
        self.assertGreater(values["proctcp-self/count-denied"], 0)
        daemon.fresh()
        self.assertEqual(len(re.findall(r"not everything could be read: /proc/\d+/\w+: Permission denied \(denied \d+, .*"
                                        "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH missing", daemon.text())), 1)
        self.assertEqual(daemon.text().count("not everything"), 1)

    @unittest.skipUnless(os.geteuid() == 0, "needs root: without it capabilities are missing")
    def test_processes_that_come_and_go_are_nothing_to_be_said(self):
        daemon = self.collectd()
        daemon.fresh()
        runner = self.start("/bin/sh", "-c", "while :; do /bin/true; done")
        for _ in range(5):
            daemon.fresh()
        self.stop(runner)
        self.assertLessEqual(daemon.text().count("not everything"), 1, daemon.text())
        self.assertNotIn("No such process", daemon.text())
        self.assertNotIn("everything can be read again", daemon.text())

    def test_netlink_can_be_asked_for(self):
        holder = self.holder()
        holder.pair(holder.listen())
        daemon = self.collectd("Source netlink")
        wait_until(lambda: daemon.passes() or "nothing could be read" in daemon.text(), "a read")
        if not daemon.passes():
            self.assertRegex(daemon.text(), r"nothing could be read: .*sock_diag")
            self.skipTest("sock_diag does not answer here")
        values = group(daemon.fresh(), holder.name)
        self.assertIn("if_octets", values)
        self.assertIn("latency-rtt-average", values)

    def test_a_recorded_tree_has_no_netlink_and_that_is_named(self):
        os.mkdir(self.path("tree"))
        status, text = self.run_once("Source netlink\nProcPath \"%s\"" % self.path("tree"))
        self.assertEqual(status, 1, text)
        self.assertRegex(text, r"nothing could be read: .*(sock_diag|tree)")

    def test_it_stops_after_a_failed_read_and_without_one(self):
        self.collectd("ProcPath \"%s\"" % self.path("absent")).wait_for("nothing could be read")
        self.collectd().fresh()


class Binary(CollectdTest):
    @staticmethod
    def symbols(path, *options):
        out = subprocess.run(["nm", "-D", *options, path], stdout=subprocess.PIPE, check=True).stdout.decode()
        return {line.split()[-1].split("@")[0] for line in out.splitlines()}

    def test_it_exports_its_entry_alone(self):
        self.assertEqual(self.symbols(PLUGIN, "--defined-only"), {"module_register"})

    def test_it_asks_for_nothing_but_the_daemon_libc_and_libmnl(self):
        """The daemon resolves every symbol when it loads a plugin; one too many, and the plugin is not loaded."""
        undefined = self.symbols(PLUGIN, "--undefined-only")
        linked = subprocess.run(["ldd", PLUGIN], stdout=subprocess.PIPE, check=True).stdout.decode()
        libraries = re.findall(r"(/\S+) \(0x", linked)
        if not SANITIZED:
            self.assertEqual([path for path in libraries if not re.search(r"/(libc|libpthread|libmnl|ld-linux\S*)\.so", path)], [])
        given = self.symbols(COLLECTD, "--defined-only").union(*(self.symbols(path, "--defined-only") for path in libraries))
        weak = {"__gmon_start__", "_ITM_registerTMCloneTable", "_ITM_deregisterTMCloneTable", "__cxa_finalize"}
        self.assertEqual(undefined - given - weak, set())
        self.assertIn("plugin_dispatch_values", undefined)
