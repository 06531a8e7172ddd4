"""The plugin's values behind collectd's other plugins: what a socket of collectd's, a scrape, another host, a round robin
database or a threshold makes of them, against what the tests themselves opened and sent."""
import ctypes
import grp
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.request

import zoo
from support import TOP, free_tcp_port, free_udp_port, wait_until
from test_collectd import SANITIZED, STOCK_PLUGINS, CollectdTest, Holder, escaped, group, lines

HERE = os.path.join(TOP, "plugins", "collectd")
COUNTERS = ("if_octets", "if_packets", "protocol_counter", "packets", "connections", "total_time_in_ms")
HOSTILE = [b"a b", b"a/b", b"a\"'b", b"a\nb", b"a\\nb\\", b"\xff\xfe", b"[x]{*},", b"../../up", b"%n%s%n", b"-", b"a=b;c|d",
           b"\xc3\xa4 umlaut", b"\x1b[31mred", b"(sd) 1 2 3 4", b"x\",y=\"z", b"} 1\n# TYPE", b"_other", b"all"]


def needs_plugin(name, package=""):
    """collectd refuses a plugin of its own whose libraries are not installed."""
    path = os.path.join(STOCK_PLUGINS, name + ".so")
    if not os.path.exists(path):
        raise unittest.SkipTest("collectd's plugin %s is not installed (Debian package collectd-core)" % name)
    linked = subprocess.run(["ldd", path], stdout=subprocess.PIPE, check=True).stdout.decode()
    missing = re.findall(r"(\S+) => not found", linked)
    if missing:
        raise unittest.SkipTest("collectd's plugin %s lacks %s (Debian package %s)" % (name, " and ".join(missing), package))


def needs_program(name, package):
    if not shutil.which(name):
        raise unittest.SkipTest("%s is not installed (Debian package %s)" % (name, package))


def needs_root():
    if os.geteuid():
        raise unittest.SkipTest("needs root")


class WriterTest(CollectdTest):
    def transfer(self, holder, pair, size):
        client, server = pair
        holder.send(client, size)
        holder.receive(server, size)

    def busy(self):
        """A holder with a listener, three connections and one that waits; its listener; its pairs."""
        holder = self.holder()
        listener = holder.listen()
        pairs = [holder.pair(listener) for _ in range(3)]
        holder.connect(listener)
        return holder, listener, pairs


UNIXSOCK = """
LoadPlugin unixsock
<Plugin unixsock>
  SocketFile "{0}/sock"
  SocketGroup "%s"
  SocketPerms "0600"
</Plugin>
""" % grp.getgrgid(os.getegid()).gr_name


class Unixsock:
    """The protocol of collectd-unixsock(5)."""

    def __init__(self, daemon):
        self.path = os.path.join(daemon.directory, "sock")
        wait_until(lambda: os.path.exists(self.path) or daemon.must_run(), "collectd's socket")
        self.socket = socket.socket(socket.AF_UNIX)
        daemon.test.addCleanup(self.socket.close)
        wait_until(self.connected, "an answer of collectd's socket")
        self.file = self.socket.makefile("rwb")
        daemon.test.addCleanup(self.file.close)

    def connected(self):
        try:
            self.socket.connect(self.path)
            return True
        except ConnectionRefusedError:
            return False

    def ask(self, command):
        """What stands behind the status, a string for each line; KeyError if there is no such value."""
        self.file.write(command.encode() + b"\n")
        self.file.flush()
        status, said = self.file.readline().decode().split(" ", 1)
        if int(status) < 0:
            raise KeyError(said.strip())
        return [self.file.readline().decode().rstrip("\n") for _ in range(int(status))]

    def listed(self):
        return {line.split(" ", 1)[1] for line in self.ask("LISTVAL")}

    def values(self, identifier):
        """{data source: value}. Of counters the rate per second."""
        answer = dict(line.split("=") for line in self.ask("GETVAL \"h/proctcp-%s\"" % identifier))
        return {name: float(value) for name, value in answer.items()}

    def value(self, identifier):
        try:
            return self.values(identifier)["value"]
        except KeyError:
            return None


class AskedOverItsSocket(WriterTest):
    @classmethod
    def setUpClass(cls):
        needs_plugin("unixsock")

    def test_what_is_listed_is_what_csv_has_and_values_are_the_tests(self):
        holder, listener, pairs = self.busy()
        daemon = self.collectd("Process \"%s\"\nReport full\nReportListeners all" % holder.name, extra=UNIXSOCK)
        asked = Unixsock(daemon)
        daemon.fresh()
        name = "h/proctcp-"

        def listed_alike():
            listed = asked.listed()
            return listed if listed == {name + file for file in daemon.files()} else None

        listed = wait_until(listed_alike, "the same identifiers over the socket and in csv")
        self.assertIn("%s%s/count-sockets" % (name, holder.name), listed)
        self.assertIn("%sproctcp-listener-127.0.0.1-%d/queue_length-accept" % (name, holder.port(listener)), listed)
        for identifier, expected in (("count-sockets", 1 + 6 + 1), ("tcp_connections-ESTABLISHED", 6 + 1),
                                     ("tcp_connections-LISTEN", 1), ("queue_length-accept", 1), ("count-processes", 1)):
            self.assertEqual(asked.value("%s/%s" % (holder.name, identifier)), expected, identifier)
        if daemon.has_netlink():
            self.rate_is_that_of_csv(holder, pairs[0], daemon, asked)
        self.collectdctl_says_the_same(holder, asked, listed)

    def rate_is_that_of_csv(self, holder, pair, daemon, asked):
        identifier = holder.name + "/if_octets"
        self.assertEqual(asked.values(identifier), {"rx": 0, "tx": 0})
        self.transfer(holder, pair, 5000)
        seen = []

        def over():
            """Whole bytes may be received a pass before they are acknowledged: all rates are collected."""
            rates = asked.values(identifier)
            seen.append((rates["rx"], rates["tx"]))
            return daemon.series(identifier)[-1] == [5000, 5000] and seen[-1] == (0, 0)

        wait_until(over, "5000 bytes and an end of the rate")
        rows = [list(map(float, line.split(","))) for line in lines(daemon.files()[identifier])]
        for column in (1, 2):
            expected = {(after[column] - before[column]) / (after[0] - before[0])
                        for before, after in zip(rows, rows[1:]) if after[column] > before[column]}
            found = {rates[column - 1] for rates in seen} - {0}
            self.assertTrue(found)
            for rate in found:  # csv's times are of milliseconds
                self.assertTrue([1 for right in expected if abs(rate - right) < right * 0.05], (found, expected))

    def collectdctl_says_the_same(self, holder, asked, listed):
        if not shutil.which("collectdctl"):
            self.skipTest("collectdctl is not installed (Debian package collectd-utils)")

        def ctl(*words):
            done = subprocess.run(["collectdctl", "-s", asked.path, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout.decode().splitlines()

        self.assertEqual(set(ctl("listval")), listed)
        self.assertEqual(ctl("getval", "h/proctcp-%s/count-sockets" % holder.name), ["value=8.000000e+00"])


class Scrape:
    """Of the exposition format of Prometheus, version 0.0.4, what may stand there and no more. AssertionError otherwise."""
    NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
    LABEL = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\n]|\\[\\\"n])*)\"")
    NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+|Inf)|NaN")

    def __init__(self, raw):
        text = raw.decode("utf-8", errors="strict")
        assert text.endswith("\n"), "no end of line at the end"
        self.types, self.values, self.families = {}, {}, []
        for line in text[:-1].split("\n"):
            try:
                self.comment(line) if line.startswith("#") else self.sample(line) if line else None
            except AssertionError as error:
                raise AssertionError("%s: %r" % (error, line)) from None

    def comment(self, line):
        word, name, rest = (line[1:].strip() + "  ").split(" ", 2)
        if word not in ("HELP", "TYPE"):
            return
        assert self.NAME.fullmatch(name), "not a name"
        if word == "TYPE":
            assert rest.strip() in ("counter", "gauge", "histogram", "summary", "untyped"), "no such type"
            assert name not in self.types, "two types"
            assert name not in self.families, "the type stands behind a value"
            self.types[name] = rest.strip()

    def sample(self, line):
        name = self.NAME.match(line)
        assert name, "not a name"
        name, rest, labels = name.group(), line[name.end():], {}
        if rest.startswith("{"):
            rest = rest[1:]
            while not rest.startswith("}"):
                label = self.LABEL.match(rest)
                assert label, "not a label"
                assert label.group(1) not in labels, "a label twice"
                labels[label.group(1)] = re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found.group(1), found.group(1)),
                                                label.group(2))
                rest = rest[label.end():]
                assert rest[:1] in (",", "}"), "neither a comma nor an end"
                rest = rest[1:] if rest.startswith(",") else rest
            rest = rest[1:]
        words = rest.split()
        assert len(words) in (1, 2), "not a value and perhaps a time"
        assert self.NUMBER.fullmatch(words[0]), "not a number"
        assert len(words) == 1 or re.fullmatch(r"-?\d+", words[1]), "not a time"
        assert name in self.types, "no type"
        if not self.families or self.families[-1] != name:
            assert name not in self.families, "values of one name apart"
            self.families.append(name)
        key = (name, frozenset(labels.items()))
        assert key not in self.values, "twice"
        self.values[key] = float(words[0])

    def of(self, metric, instance, **more):
        """The value, or None: collectd's names of the labels."""
        return self.values.get(("collectd_proctcp_" + metric,
                                frozenset(dict(more, proctcp=instance, instance="h").items())))


class Scraped(WriterTest):
    @classmethod
    def setUpClass(cls):
        needs_plugin("write_prometheus", "libmicrohttpd12 or libprotobuf-c1")

    def scraper(self, options):
        port = free_tcp_port()
        daemon = self.collectd(options, extra="LoadPlugin write_prometheus\n<Plugin write_prometheus>\nHost \"127.0.0.1\"\n"
                                              "Port \"%d\"\n</Plugin>" % port)

        def scrape():
            with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port, timeout=20) as answer:
                return answer.read()

        daemon.fresh()
        return daemon, scrape

    def test_hostile_names_make_a_page_that_is_right_and_counters_are_the_bytes(self):
        holder = self.holder()
        pair = holder.pair(holder.listen())
        others = [self.holder(os.fsdecode(name)) for name in HOSTILE]
        for count, other in enumerate(others, 1):
            for _ in range(count):
                other.pair(other.listen())
        daemon, scrape = self.scraper("Report full\nReportListeners all\nReportSockets all\nSocketMinAge 0\nPid %s" % " ".join(
            str(each.process.pid) for each in [holder, *others]))
        if daemon.has_netlink():
            self.transfer(holder, pair, 5000)

            def counted():
                page = Scrape(scrape())
                return (page.of("if_octets_rx_total", holder.name), page.of("if_octets_tx_total", holder.name)) == (5000, 5000)

            wait_until(counted, "5000 bytes in each direction")
            self.assertEqual(Scrape(scrape()).types["collectd_proctcp_if_octets_rx_total"], "counter")
        raw = scrape()
        page = Scrape(raw)
        self.assertEqual(page.of("tcp_connections", holder.name, type="ESTABLISHED"), 2)
        self.assertEqual(page.types["collectd_proctcp_tcp_connections"], "gauge")
        reserved = {b"_other": "+5Fother", b"all": "_all"}
        for count, name in enumerate(HOSTILE, 1):
            self.assertEqual(page.of("count", reserved.get(name, escaped(name)), type="sockets"), 3 * count, name)
        self.assertEqual(page.of("count", "all", type="processes"), 1 + len(HOSTILE))
        self.assertTrue([key for key in page.values if dict(key[1]).get("proctcp", "").startswith("proctcp-sockets-")])
        self.promtool(raw)

    def promtool(self, raw):
        needs_program("promtool", "prometheus")
        done = subprocess.run(["promtool", "check", "metrics"], input=raw, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = (done.stdout + done.stderr).decode().splitlines()
        self.assertEqual([line for line in said if line not in COMPLAINED_OF], [], done.returncode)
        self.assertIn(done.returncode, (0, 3))  # 3: the style of names


# write_prometheus makes names of plugin and type. These types are of the stock types.db, and what promtool would rather have
# is no name of a type there.
COMPLAINED_OF = ["collectd_proctcp_count non-histogram and non-summary metrics should not have \"_count\" suffix",
                 "collectd_proctcp_gauge metric name should not include type 'gauge'",
                 "collectd_proctcp_protocol_counter_total metric name should not include type 'counter'"]


class SentToAnotherHost(WriterTest):
    @classmethod
    def setUpClass(cls):
        needs_plugin("network", "libgcrypt20")
        needs_root()

    def namespaces(self):
        """The paths of two network namespaces, and the address of the second as the first one sees it."""
        first, second = zoo.Child(zoo.netns_child), zoo.Child(zoo.netns_child)
        for child in (first, second):
            self.addCleanup(child.end)
        paths = ["/proc/%d/ns/net" % child.pid for child in (first, second)]

        def ip(path, *words):
            return subprocess.run(["ip", *words], preexec_fn=lambda: zoo.enter_netns(path), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL).returncode == 0

        if not shutil.which("ip") or not ip(paths[0], "link", "add", "one", "type", "veth", "peer", "name", "two", "netns",
                                            str(second.pid)):
            return paths[0], paths[0], "127.0.0.1"
        for path, link, address in zip(paths, ("one", "two"), ("192.0.2.1/24", "192.0.2.2/24")):
            self.assertTrue(ip(path, "address", "add", address, "dev", link))
            self.assertTrue(ip(path, "link", "set", link, "up"))
        return (*paths, "192.0.2.2")

    def test_another_collectd_gets_every_value_under_its_name_with_the_stock_types(self):
        here, there, address = self.namespaces()
        port = free_udp_port()
        network = "LoadPlugin network\n<Plugin network>\n%s \"%s\" \"%d\"\n</Plugin>"
        central = self.collectd(None, extra=network % ("Listen", address, port), netns=there)
        wait_until(lambda: self.listens(there, port) or central.must_run(), "a socket of the central collectd")
        holder, listener, pairs = self.busy()
        hostile = self.holder("\udcff a\"/{")
        hostile.listen()
        sender = self.collectd("Report full\nReportListeners all\nReportSockets all\nSocketMinAge 0\nPid %d %d" %
                               (holder.process.pid, hostile.process.pid),
                               extra=network % ("Server", address, port), netns=here)
        values = sender.fresh()
        if sender.has_netlink():
            self.transfer(holder, pairs[0], 5000)
            values = sender.fresh()
            self.assertEqual(values[holder.name + "/if_octets"], 5000)
        last = sender.passes()[-1]

        def arrived():
            """Lines of each file up to a pass. Packets are sent when they are full."""
            return {name: [line for line in lines(path) if float(line.split(",")[0]) <= float(last)]
                    for name, path in central.files().items()}

        sent = {name: [line for line in lines(path) if float(line.split(",")[0]) <= float(last)]
                for name, path in sender.files().items()}
        wait_until(lambda: {name: found for name, found in arrived().items() if found} == sent or central.must_run(),
                   "what was sent up to %s" % last)
        self.assertGreaterEqual(len(sent), 60)
        self.assertIn(escaped(b"\xff a\"/{") + "/count-sockets", sent)
        self.assertNotRegex(central.text(), "(?i)type|unknown")

    @staticmethod
    def listens(namespace, port):
        with open(os.path.dirname(os.path.dirname(namespace)) + "/net/udp") as table:
            return ":%04X " % port in table.read()


class Shipped(WriterTest):
    """plugins/collectd/proctcp.conf, read as Debian's collectd.conf reads /etc/collectd/collectd.conf.d."""

    def included(self, text):
        directory = self.path("conf.d")
        os.mkdir(directory)
        with open(os.path.join(directory, "proctcp.conf"), "w") as file:
            file.write(text)
        return "<Include \"%s\">\nFilter \"*.conf\"\n</Include>\n" % directory

    def shipped(self):
        with open(os.path.join(HERE, "proctcp.conf")) as file:
            return file.read()

    def publishes_without_a_word(self, daemon, holder):
        self.assertEqual(daemon.fresh()[holder.name + "/count-sockets"], 1)
        # Of the machine, not of the configuration: what may not be read here, and how long that takes.
        self.assertNotRegex(daemon.text(), r"proctcp plugin: (?!sockets are read through|a scan takes|.*(CAP_|could be read))")

    def test_it_loads_as_it_is(self):
        holder = self.holder()
        holder.listen()
        daemon = self.collectd(None, extra="PluginDir \"{0}/plugins\"\n" + self.included(self.shipped()))
        self.publishes_without_a_word(daemon, holder)

    def test_the_directory_of_make_install_is_named_by_one_line(self):
        holder = self.holder()
        holder.listen()
        text, count = re.subn(r"(?m)^#(PluginDir) \"/usr/local/lib/collectd\"$", r'\1 "{0}/plugins"', self.shipped())
        self.assertEqual(count, 1)
        place = self.path("collectd0")  # what {0} is of the first daemon
        daemon = self.collectd(None, extra=self.included(text.replace("{0}", place)))
        self.publishes_without_a_word(daemon, holder)

    def test_every_option_that_it_names_is_one(self):
        """What is commented out is taken in: nothing may be unknown, and each must be what the manual page has."""
        text = re.sub(r"(?m)^(\s*)#(?! )", r"\1", self.shipped())
        self.assertNotEqual(text, self.shipped())
        daemon = self.collectd(None, extra="PluginDir \"{0}/plugins\"\n" + self.included(
            re.sub(r"(?m)^.*PluginDir.*$", "", text)))
        daemon.wait_for("Initialization complete")
        wait_until(lambda: daemon.passes() or daemon.must_run(), "a pass")
        self.assertNotRegex(daemon.text(), "unknown|ignored|stays|left out|not known|not understood")
        with open(os.path.join(HERE, "proctcp-collectd.5")) as file:
            manual = file.read()
        for option in set(re.findall(r"(?m)^\s*#([A-Z]\w+) ", self.shipped())) - {"PluginDir"}:
            self.assertIn(re.sub("^Exclude", "", option), manual)


RRDTOOL = """
LoadPlugin rrdtool
<Plugin rrdtool>
  DataDir "{0}/rrd"
  CacheTimeout 0
  CreateFilesAsync false
  RRATimespan 600
  RRARows 600
</Plugin>
"""


class KeptInRoundRobin(WriterTest):
    @classmethod
    def setUpClass(cls):
        needs_plugin("rrdtool", "librrd8")
        needs_program("rrdtool", "rrdtool")

    @staticmethod
    def rrdtool(*words):
        return subprocess.run(["rrdtool", *words], stdout=subprocess.PIPE, check=True).stdout.decode()

    def graphs(self, *words):
        done = subprocess.run([os.path.join(HERE, "graphs.sh"), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=dict(os.environ, START="-60s"))
        return done.returncode, done.stdout.decode() + done.stderr.decode()

    def test_files_are_made_and_updated_and_graphs_are_drawn_of_them(self):
        holder, listener, pairs = self.busy()
        # rrdtool keeps whole seconds, and so this collectd reads once in each.
        daemon = self.collectd("Process \"%s\"" % holder.name, extra=RRDTOOL, interval=1)
        directory = os.path.join(daemon.directory, "rrd", "h", "proctcp-" + holder.name)

        def latest(name):
            path = os.path.join(directory, name + ".rrd")
            return self.rrdtool("lastupdate", path).splitlines()[-1].split(": ")[1].split() if os.path.exists(path) else None

        wait_until(lambda: latest("count-sockets") == ["8"] or daemon.must_run(), "a first update")
        self.assertEqual(latest("tcp_connections-ESTABLISHED"), ["7"])
        said = self.rrdtool("info", os.path.join(directory, "tcp_connections-ESTABLISHED.rrd"))
        self.assertIn('ds[value].type = "GAUGE"', said)
        self.assertRegex(said, r"(?m)^step = 1$")
        netlink = daemon.has_netlink()
        if netlink:
            self.assertEqual(latest("if_octets"), ["0", "0"])
            said = self.rrdtool("info", os.path.join(directory, "if_octets.rrd"))
            for source in ("rx", "tx"):
                self.assertIn('ds[%s].type = "DERIVE"' % source, said)
            self.transfer(holder, pairs[0], 5000)
            wait_until(lambda: latest("if_octets") == ["5000", "5000"], "an update by 5000 bytes")
        holder.connect(listener)
        wait_until(lambda: latest("queue_length-accept") == ["2"], "an update of the accept queue")
        self.assertNotIn("rrd_", daemon.text())
        self.graphs_are_drawn(daemon, holder, netlink)

    def graphs_are_drawn(self, daemon, holder, netlink):
        rrd, out = os.path.join(daemon.directory, "rrd"), self.path("graphs")
        for place in (rrd, os.path.join(rrd, "h")):
            status, said = self.graphs(place, holder.name, out)
            self.assertEqual((status, said), (0, "") if netlink else (0, said))
        names = ["accept", "states"] + (["throughput"] if netlink else [])
        self.assertEqual(sorted(os.listdir(out)), ["%s-%s.png" % (holder.name, name) for name in names])
        for name in os.listdir(out):
            with open(os.path.join(out, name), "rb") as file:
                picture = file.read()
            self.assertEqual(picture[:8], b"\x89PNG\r\n\x1a\n")
            width, height = (int.from_bytes(picture[at:at + 4], "big") for at in (16, 20))
            self.assertTrue(700 < width < 1000 and 250 < height < 600 and len(picture) > 4000, (width, height, len(picture)))
        os.rename(os.path.join(rrd, "h"), os.path.join(rrd, "a:b c"))
        os.rename(os.path.join(rrd, "a:b c", "proctcp-" + holder.name), os.path.join(rrd, "a:b c", "proctcp-x:y+41"))
        self.assertEqual(self.graphs(rrd, "x:y+41", self.path("others"))[0], 0)
        self.assertEqual(len(os.listdir(self.path("others"))), len(names))
        directory = os.path.join(rrd, "a:b c")
        os.rename(os.path.join(directory, "proctcp-x:y+41"), os.path.join(directory, "proctcp-proctcp-listener-::-80"))
        listener = os.path.join(directory, "proctcp-proctcp-listener-::-80", "if_octets.rrd")
        if os.path.exists(listener):
            os.unlink(listener)
        self.assertIn("a listener has no traffic of its own", self.graphs(rrd, "proctcp-listener-::-80", self.path("more"))[1])
        for words, complaint in (((rrd,), "usage: graphs.sh RRD_DIRECTORY GROUP OUT_DIRECTORY"),
                                 ((self.path("absent"), "web", out), "absent is no directory"),
                                 ((rrd, "nobody", out), 'no group "nobody" in '),
                                 ((rrd, "../h", out), '"../h" is no name of a group')):
            status, said = self.graphs(*words)
            self.assertEqual((status, said.count("\n")), (1, 1), said)
            self.assertIn("graphs.sh: ", said)
            self.assertIn(complaint, said)


class Watched(WriterTest):
    """plugins/collectd/thresholds.conf, as it is."""

    @classmethod
    def setUpClass(cls):
        needs_plugin("threshold")

    def test_thresholds_are_raised_and_cleared(self):
        with open(os.path.join(HERE, "thresholds.conf")) as file:
            shipped = file.read()
        os.symlink("/proc", self.path("proc"))
        holder = self.holder()
        listener = holder.listen()
        holder.pair(listener)
        daemon = self.collectd("""ProcPath "%s"
                                  Report lean descriptors queues
                                  <Group "web">
                                    Process "%s"
                                  </Group>""" % (self.path("proc"), holder.name), extra=shipped)
        self.assertEqual(daemon.fresh()["web/count-sockets"], 3)
        # The threshold plugin tells of the first value of each: it is all right.
        self.assertNotRegex(daemon.text(), "severity = (WARNING|FAILURE)")

        def expect(severity, what):
            """Waits for a notification of the value that came after this call: for what is to happen in between."""
            kind, _, instance = what.partition("-")
            before = len(daemon.text())
            pattern = (r"Notification: severity = %s, .*plugin = proctcp, plugin_instance = web, type = %s, "
                       r"type_instance = %s, " % (severity, kind, re.escape(instance)))
            return lambda: wait_until(lambda: re.search(pattern, daemon.text()[before:]) or daemon.must_run(),
                                      "%s of %s in the log" % (severity, what))

        notified = expect("WARNING", "count-unbound")
        unbound = [holder.unbound() for _ in range(21)]
        notified()
        notified = expect("WARNING", "tcp_connections-CLOSE_WAIT")
        pairs = [holder.pair(listener) for _ in range(21)]
        for client, _ in pairs:
            holder.shut(client)
        notified()
        notified, soft = expect("FAILURE", "percent-file_handles"), holder.descriptors()
        holder.limit(soft + 1, 10 * soft)
        notified()
        notified = expect("OKAY", "percent-file_handles")
        holder.limit(10 * soft)
        notified()
        notified = expect("OKAY", "count-unbound")
        for fd in unbound:
            holder.close(fd)
        notified()
        notified = expect("OKAY", "tcp_connections-CLOSE_WAIT")
        for _, server in pairs:
            holder.close(server)
        notified()
        notified = expect("WARNING", "queue_length-accept")
        waiting = [holder.connect(listener) for _ in range(17)]  # a queue of 16 takes one more
        notified()
        if daemon.has_netlink():
            raised, cleared = expect("FAILURE", "packets-accept_drops"), expect("OKAY", "packets-accept_drops")
            with socket.socket() as dropped:
                dropped.setblocking(False)
                dropped.connect_ex(("127.0.0.1", holder.port(listener)))
                raised()
            cleared()
        notified = expect("OKAY", "queue_length-accept")
        for _ in waiting:
            holder.accept(listener)
        notified()
        notified = expect("FAILURE", "count-processes")
        os.unlink(self.path("proc"))
        notified()
        self.assertNotRegex(daemon.text(), "type_instance = (?!processes)[^,]*, message = [^\n]*[Mm]issing")
        notified = expect("OKAY", "count-processes")
        os.symlink("/proc", self.path("proc"))
        notified()
        notified = expect("FAILURE", "count-processes")
        self.stop(holder.process)
        notified()


class Blocks(WriterTest):
    def test_a_second_block_has_its_number_before_its_names(self):
        one, two = self.holder(), self.holder()
        for count, holder in enumerate((one, two), 1):
            for _ in range(count):
                holder.listen()
        daemon = self.collectd("Process \"%s\"" % one.name, extra="<Plugin proctcp>\nProcess \"%s\"\n</Plugin>" % two.name)
        first = daemon.fresh()
        second = daemon.fresh("2-")
        self.assertEqual(first[one.name + "/count-sockets"], 1)
        self.assertEqual(second["2-%s/count-sockets" % two.name], 2)
        self.assertEqual((first["all/count-sockets"], second["2-all/count-sockets"]), (1, 2))
        self.assertEqual({name for name in daemon.files() if name.startswith((two.name, "2-" + one.name))}, set())
        daemon.wait_for(r"a further <Plugin proctcp> block without a name: its values begin with \"2-\"")

    def test_an_instance_has_its_name_before_its_names(self):
        one, two = self.holder(), self.holder()
        one.listen()
        two.listen()
        daemon = self.collectd("Process \"%s\"" % one.name,
                               extra="<Plugin proctcp>\nInstance \"web\"\nProcess \"%s\"\n</Plugin>" % two.name)
        self.assertEqual(daemon.fresh("web-")["web-%s/count-sockets" % two.name], 1)
        self.assertEqual(daemon.fresh()[one.name + "/count-sockets"], 1)
        for name in daemon.files():
            self.assertRegex(name, r"\A(web-)?(%s|%s|all|proctcp-self|proctcp-listener-\S+)/" % (one.name, two.name))

    def test_what_is_configured_is_at_0_while_it_does_not_run(self):
        holder = self.holder()
        holder.listen()
        daemon = self.collectd("""<Group "idle">
                                    Process "never-runs"
                                  </Group>
                                  Process "nor-does-this" "%s" "never-runs" """ % holder.name)
        values = daemon.fresh()
        for name in ("idle", "nor-does-this"):
            found = group(values, name)
            self.assertGreaterEqual(len(found), 5, values)
            self.assertEqual(set(found.values()), {0})
        self.assertEqual(values[holder.name + "/count-sockets"], 1)

    def test_listeners_of_a_configured_group_are_published_and_no_others(self):
        holder, other = self.holder(), self.holder()
        listener = holder.listen()
        six = holder.listen("::1")
        for _ in range(2):
            holder.pair(listener)
        holder.connect(listener)
        unconfigured = other.listen()
        values = self.collectd("<Group \"web\">\nProcess \"%s\"\n</Group>" % holder.name).fresh()
        found = group(values, "proctcp-listener-127.0.0.1-%d" % holder.port(listener))
        self.assertEqual((found["queue_length-accept"], found["tcp_connections-ESTABLISHED"], found["count-processes"]),
                         (1, 3, 1))
        self.assertEqual(group(values, "proctcp-listener-::1-%d" % holder.port(six))["queue_length-accept"], 0)
        self.assertEqual(group(values, "proctcp-listener-127.0.0.1-%d" % other.port(unconfigured)), {})

    def test_a_connection_left_behind_counts_for_the_group_that_closed_it(self):
        holder, other = self.holder(), self.holder()
        client, server = holder.pair(holder.listen())
        other.pair(other.listen())
        daemon = self.collectd("Process \"%s\" \"%s\"" % (holder.name, other.name))
        daemon.fresh()
        daemon.needs_netlink()
        holder.close(client)
        holder.close(server)
        values = daemon.fresh()
        self.assertEqual(values[holder.name + "/count-left_behind"], 1)
        self.assertEqual(values.get(other.name + "/count-left_behind", 0), 0)
        self.assertEqual(values[holder.name + "/count-sockets"], 1)

    def test_a_missing_namespace_is_said_once_with_its_option(self):
        daemon = self.collectd("NetNamespace \"no-such-namespace\"")
        daemon.wait_for("proctcp plugin: .*NetNamespace.*no-such-namespace")
        for _ in range(3):
            daemon.fresh()
        self.assertEqual(len(re.findall('proctcp plugin: NetNamespace "no-such-namespace"', daemon.text())), 1, daemon.text())

    def test_it_ends_within_three_seconds(self):
        daemon = self.collectd("", extra="<Plugin proctcp>\nGroupBy user\nReportSockets all\nSocketMinAge 0\n</Plugin>")
        daemon.fresh("2-")
        began = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        self.assertEqual(daemon.process.wait(30), 0, daemon.text())
        took = time.monotonic() - began
        self.assertLess(took, 10 if SANITIZED else 3)
        daemon.must_run = lambda: None  # it has been ended


# Short lives: a process with a name of its own that listens, connects, sends and ends, again and again; six at a time.
CHURN = r"""
import ctypes, os, socket, time
libc = ctypes.CDLL(None)
number = alive = 0
while True:
    if alive == 6:
        os.wait()
        alive -= 1
    number += 1
    alive += 1
    if not os.fork():
        libc.prctl(15, b"churn%d" % number, 0, 0, 0)  # PR_SET_NAME
        listener, client = socket.socket(), socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        client.connect(listener.getsockname())
        server = listener.accept()[0]
        client.send(b"x" * 1000)
        time.sleep(0.2)
        os._exit(0)
    time.sleep(0.05)
"""


# Where the machine is too busy to write a file per value twenty times a second, values are lost and the daemon does not grow.
BOUNDED_QUEUE = "WriteQueueLimitHigh 5000\nWriteQueueLimitLow 5000\n"


class Churned(WriterTest):
    """Everything is published of what comes and goes all the time."""
    PASSES = 210
    NEW = 20

    @classmethod
    def setUpClass(cls):
        needs_plugin("unixsock")
        needs_root()

    @staticmethod
    def resident(pid):
        with open("/proc/%d/statm" % pid) as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def test_names_and_memory_are_bounded_and_counters_only_go_up(self):
        space = zoo.Child(zoo.netns_child)
        self.addCleanup(space.end)
        path = "/proc/%d/ns/net" % space.pid
        steady = Holder(self, "steady", preexec_fn=lambda: zoo.enter_netns(path))
        pair = steady.pair(steady.listen())
        daemon = self.collectd("NetNamespaces own\nReportSockets all\nReportListeners all\nSocketMinAge 0\n"
                               "SocketMetrics queues traffic\nReportAll false\nMaxNewNames %d\nMaxSockets 10" % self.NEW,
                               extra=UNIXSOCK + BOUNDED_QUEUE, interval=0.05, netns=path)
        asked = Unixsock(daemon)
        self.assertEqual(daemon.fresh()["steady/count-sockets"], 3)
        names = self.names(asked.listed())
        self.assertEqual((len(names["groups"]), len(names["listeners"]), len(names["sockets"])), (1, 1, 3))
        self.start(sys.executable, "-c", CHURN, preexec_fn=lambda: zoo.enter_netns(path))
        last = daemon.files()["proctcp-self/count-truncated_sockets"]
        seen, sizes, memory = set(), [], []
        sent = 0
        while len(lines(last)) < self.PASSES:
            daemon.must_run()
            if sent < 100000:
                self.transfer(steady, pair, 1000)
                sent += 1000
            listed = asked.listed()
            seen |= listed
            sizes.append(len(listed))
            memory.append(self.resident(daemon.process.pid))
            time.sleep(0.2)
        self.names_are_bounded(self.names({"h/proctcp-" + name for name in daemon.files()}), seen, sizes)
        self.counters_only_go_up(daemon)
        if daemon.has_netlink():
            wait_until(lambda: daemon.series("steady/if_octets")[-1] == [sent, sent] or daemon.must_run(), "all that was sent")
        if not SANITIZED:
            third = len(memory) // 3
            self.assertLess(max(memory[third:]) - memory[third], 2 << 20, memory)

    @staticmethod
    def names(identifiers):
        """What has names of its own, by sort."""
        found = {"groups": set(), "listeners": set(), "sockets": set()}
        for identifier in identifiers:
            instance, kind = identifier[len("h/proctcp-"):].split("/")
            if instance.startswith("proctcp-listener-"):
                found["listeners"].add(instance)
            elif instance.startswith("proctcp-sockets-"):
                if kind.startswith("bytes-rx_queue-") or kind.startswith("queue_length-accept-"):
                    found["sockets"].add(instance + kind)
            elif instance not in ("proctcp-self", "all", "_other"):
                found["groups"].add(instance)
        return found

    def names_are_bounded(self, ever, seen, sizes):
        # All is root's, and so has one budget of each sort; the first pass had one group, one listener and three sockets.
        for sort, first in (("groups", 1), ("listeners", 1), ("sockets", 3)):
            self.assertGreater(len(ever[sort]), first, sort)
            self.assertLessEqual(len(ever[sort]), first + self.NEW, (sort, ever[sort]))
        # The lean values of a group are 17, and states and rare ones that come; those of a listener 12, of a socket 7.
        self.assertLess(len(seen), (self.NEW + 3) * (17 + 12) + (self.NEW + 1) * 12 + (self.NEW + 3) * 7 + 60)
        third = len(sizes) // 3
        self.assertLessEqual(max(sizes[-third:]), max(sizes[:-third]) + 9, sizes)  # but for states seen for the first time

    def counters_only_go_up(self, daemon):
        checked = 0
        for name, path in daemon.files().items():
            instance, kind = name.split("/")
            # Those of sockets are the kernel's, and begin again with a new connection between the same ends.
            if re.split("-", kind)[0] not in COUNTERS or instance.startswith("proctcp-sockets-"):
                continue
            series = [list(map(int, line.split(",")[1:])) for line in lines(path)]
            for before, after in zip(series, series[1:]):
                self.assertTrue(all(old <= new for old, new in zip(before, after)), (name, before, after))
                checked += 1
        self.assertGreater(checked, self.PASSES)
