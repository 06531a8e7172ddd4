"""The templates of mibs/nms/zabbix: the one for 6.0 in a real Zabbix, from import to problems that open and are over."""
import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import yaml

import bpf
import zabbix
import zabbix_yaml
from faults import LEAKED, Faulty
from nms import text_of
from support import free_tcp_port, wait_until
from test_collectd import Holder
from test_snmp import AGENT, FAILED, LISTENER, PROCFS, SOURCE, STATUS, UP_TO_DATE, AgentTest
from ways import named

OLD = os.path.join(zabbix_yaml.FOLDER, "proctcp-6.0.yaml")
NEW = os.path.join(zabbix_yaml.FOLDER, "proctcp-6.4.yaml")

# Minutes in seconds of a test.
PACE = {"INTERVAL": "1s", "AGE.MAX": "4", "BLIND.TIME": "3s", "DISCOVERY.HEARTBEAT": "2s", "DROPS.TIME": "1s", "GONE.TIME": "3s",
        "GONE.VALUES": "#15", "LEAK.TIME": "3s", "NODATA.TIME": "30s", "PARTIAL.TIME": "3s", "QUEUE.TIME": "3s", "RATE.TIME": "5s",
        "RECOVERY.TIME": "2s", "STALE.TIME": "3s"}
BLIND, STALE, PARTIAL = "proctcp: nothing is seen", "proctcp: an old scan is served", "proctcp: scans leave something out"
GONE, CLOSE_WAIT = "proctcp: 127.0.0.1:%d: nobody listens any more", "proctcp: %s: connections stay in CLOSE_WAIT"
FDS, FULL = "proctcp: %s: descriptors near the limit", "proctcp: 127.0.0.1:%d: the accept queue is filling"
DROPS, RESENT = "proctcp: %s: full accept queues drop connections", "proctcp: %s: segments are sent again"
REFUSED = "proctcp: %s: connects fail"
UNBOUND = "proctcp: %s: sockets that are neither connected nor listening"
SECRET = "TopSecret"
# What users may call their processes. Zabbix expands macros, unquotes, trims; and the agent gives both of the last two as a?b.
NAMES = ["{$SECRET}", "{HOST.CONN}", "x{ITEM.VALUE}", "{#INDEX}", "\\", 'q\\"', '"}{$X', "{$A:\"x", "<b>it's;", "$1", " y", "y ", " ", "",
         "a?b", "a\udcfeb", "a\udcffb"]


def exported(text):
    """What is told of the templates, without what Zabbix adds or leaves out of its own accord."""
    return yaml.safe_load(text)["zabbix_export"]


def key(what, value, index):
    return "proctcp.%s.%s[%s]" % (what, value, index)


def group(name):
    """The index of the row of that name."""
    octets = name.encode("utf-8", "surrogatepass") if "\ud83d" in name else os.fsencode(name)
    return ".".join(map(str, [len(octets), *octets]))


def at(port):
    """The index of the listener at 127.0.0.1 and that port."""
    return "0.1.4.127.0.0.1.%d" % port


@contextlib.contextmanager
def held(pid):
    """The process with its threads but the first one stopped: those that scan."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    threads = [int(each) for each in os.listdir("/proc/%d/task" % pid) if int(each) != pid]

    def ptrace(request, thread):
        if libc.ptrace(request, thread, None, None):
            raise OSError(ctypes.get_errno(), "ptrace")
    for thread in threads:
        ptrace(0x4206, thread)  # PTRACE_SEIZE
        ptrace(0x4207, thread)  # PTRACE_INTERRUPT
        os.waitpid(thread, 0x40000000)  # __WALL
    try:
        yield
    finally:
        for thread in threads:
            ptrace(17, thread)  # PTRACE_DETACH


# With the BPF programs, which end with it: they are in a mount namespace of its own.
WITH_BPF = """#!/bin/sh
exec unshare -m sh -ec '
mount --make-rprivate /
mount -t bpf -o mode=0755 bpf /sys/fs/bpf
%(loader)s load >&2
exec %(agent)s "$@"' sh "$@"
"""


class Files(unittest.TestCase):
    def test_they_are_what_the_script_makes(self):
        for name, text in zabbix_yaml.make().items():
            self.assertTrue(text == text_of(os.path.join(zabbix_yaml.FOLDER, name)), "%s: run tests/nms/zabbix_yaml.py" % name)

    def test_both_have_the_same_items_and_problems(self):
        old, new = ([exported(text_of(path))["templates"][0] for path in (OLD, NEW)])

        def keys(template):
            rules = [(rule["key"], [(each["key"], [trigger["expression"] for trigger in each.get("trigger_prototypes", ())])
                                    for each in rule["item_prototypes"]]) for rule in template["discovery_rules"]]
            return [each["key"] for each in template["items"]], rules, template["macros"]
        self.assertEqual(keys(old), keys(new))

    def test_each_is_told_apart_for_ever(self):
        found = []

        def walk(node):
            if isinstance(node, dict):
                found.extend([node["uuid"]] if "uuid" in node else [])
                node = list(node.values())
            for each in node if isinstance(node, list) else ():
                walk(each)
        walk(exported(text_of(OLD)))
        self.assertEqual(len(set(found)), len(found))
        for each in found:
            self.assertRegex(each, r"^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$")

    @unittest.skipUnless(shutil.which("zabbix_js"), "zabbix_js is missing (Debian package zabbix-server-pgsql)")
    def test_names_are_harmless_and_stay_distinct(self):
        rules = {rule["key"]: rule for rule in exported(text_of(OLD))["templates"][0]["discovery_rules"]}

        def discovered(table, rows):
            with tempfile.NamedTemporaryFile("w", suffix=".js") as script:
                script.write(rules["proctcp.%s.discovery" % table]["preprocessing"][0]["parameters"][0])
                script.flush()
                done = subprocess.run(["zabbix_js", "-s", script.name, "-i", "-"], input=json.dumps(rows), stdout=subprocess.PIPE,
                                      encoding="utf-8", check=True)
            return json.loads(done.stdout)
        names = NAMES + ["a}b", "a{b", "a\nb",
                         "a\x7fb", "a\u202eb", "a\u0085b", "a\ud83db", "\u00a0y", "😀", "😁", "y" * 101, "y" * 102, "y" * 99 + " z"]
        rows = [{"index": group(name)} if name == "" else {"index": group(name), "name": name.encode("utf-8", "replace").decode()}
                for name in names]
        shown = [each["{#GROUP}"] for each in discovered("groups", rows)]
        self.assertEqual(len(set(shown)), len(names), shown)
        for text in shown:
            self.assertRegex(text, r"^[^{}$\"\\#<>\x00-\x1f\x7f-\x9f\u202e]{1,118}$")
            self.assertEqual(text.strip(), text)
            self.assertRegex(text, r" \?[0-9a-f]{16}$|^\?[0-9a-f]{16}$")
        for name in ("nginx", "zwölf", "tokio-runtime-w", "kworker/0:1", "it's", "a, b", "y" * 100):
            self.assertEqual(discovered("groups", [{"index": "1.7", "name": name}]), [{"{#GROUP}": name, "{#INDEX}": "1.7"}])
        for name, told in (("{$SECRET}", "??SECRET?"), ("nginx", "nginx"), (None, "")):
            row = {"index": at(80), "local_endpoint": "127.0.0.1:80", "netns": "0", "port": "80", "group": name}
            self.assertEqual(discovered("listeners", [row]), [{"{#LISTENER}": "127.0.0.1:80", "{#LISTENER.GROUP}": told, "{#NETNS}": "0",
                                                                "{#PORT}": "80", "{#INDEX}": at(80)}])

    def test_each_macro_is_used_and_each_that_is_used_is_there(self):
        text = text_of(OLD)
        for name, _, _ in zabbix_yaml.MACROS:
            self.assertGreater(text.count("{$PROCTCP.%s}" % name) + text.count("{$PROCTCP.%s:" % name), 1, name)
        known = {"{$PROCTCP.%s" % name for name, _, _ in zabbix_yaml.MACROS}
        for part in text.split("{$")[1:]:
            self.assertIn("{$" + part.split("}")[0].split(":")[0], known)


@unittest.skipIf(zabbix.missing(), zabbix.missing())
class Server(AgentTest):
    def add_host(self, *ports, **more):
        """What is of this test: groups of its names, listeners at these ports. more: macros."""
        template, = self.zabbix.call("template.get", filter={"host": zabbix_yaml.NAME})
        group, = self.zabbix.call("hostgroup.create", name="tests")["groupids"]
        macros = dict(PACE, **{"GROUP.MATCHES": "^" + named(""), "LISTENER.MATCHES": ":(%s)$" % "|".join(map(str, ports))})
        macros = dict({"PROCTCP." + name: value for name, value in macros.items()}, **more)
        self.host, = self.zabbix.call(
            "host.create", host="web1", groups=[{"groupid": group}], templates=[{"templateid": template["templateid"]}],
            interfaces=[{"type": 2, "main": 1, "useip": 1, "ip": "127.0.0.1", "dns": "", "port": str(self.port),
                         "details": {"version": 2, "bulk": 1, "community": "public"}}],
            macros=[{"macro": "{$%s}" % name, "value": value} for name, value in macros.items()])["hostids"]

    def take_template(self):
        """And again, which changes nothing; Zabbix gives back what it was given."""
        text = text_of(OLD)
        self.zabbix.take(text)
        template, = self.zabbix.call("template.get", filter={"host": zabbix_yaml.NAME})

        def given_back():
            made = exported(self.zabbix.call("configuration.export", format="yaml", options={"templates": [template["templateid"]]}))
            made.pop("date")
            return made
        first = given_back()
        self.zabbix.take(text)
        self.assertEqual(given_back(), first)
        shipped = exported(text)
        for part in ("items", "discovery_rules", "macros", "valuemaps", "dashboards"):
            mine, theirs = shipped["templates"][0][part], first["templates"][0][part]
            self.assertEqual(len(theirs), len(mine), part)
            for one in mine:
                other = next(each for each in theirs if each.get("uuid", each.get("macro")) == one.get("uuid", one.get("macro")))
                for field in set(one) - {"item_prototypes", "graph_prototypes", "triggers", "pages"}:
                    self.assertEqual(other.get(field, one[field]), one[field], (part, field))

    def wait_for_values(self, expected):
        seen = {}

        def there():
            seen.update(self.zabbix.values(self.host))
            return all(key in seen and abs(float(seen[key]) - value) < 0.01 for key, value in expected.items())
        try:
            wait_until(there, "values", 90)
        except AssertionError:
            raise AssertionError("%s; not supported: %s" % ({key: (seen.get(key), value) for key, value in expected.items()
                                                            if key not in seen or abs(float(seen[key]) - value) >= 0.01},
                                                           self.zabbix.unsupported(self.host))) from None

    def wait_for_problems(self, wanted, gone=()):
        def there():
            open_now = set(self.zabbix.problems(self.host))
            return wanted <= open_now and not set(gone) & open_now
        try:
            wait_until(there, "problems", 90)
        except AssertionError:
            raise AssertionError("wanted %s, gone %s, open %s; not supported: %s" % (
                wanted, gone, self.zabbix.problems(self.host), self.zabbix.unsupported(self.host))) from None

    def items(self):
        """{key: (number, name)}"""
        return {each["key_"]: (each["itemid"], each["name"])
                for each in self.zabbix.call("item.get", hostids=self.host, output=["itemid", "key_", "name"])}

    def times(self, item, value):
        """How often the item had this value."""
        return int(self.zabbix.call("history.get", itemids=[self.items()[item][0]], history=3, countOutput=True, filter={"value": value}))

    def knock(self, faulty):
        wait_until(lambda: faulty.knock(self) or DROPS % faulty.name in self.zabbix.problems(self.host), "a problem of drops", 90)

    def test_from_import_to_problems_that_are_over(self):
        self.zabbix = zabbix.Zabbix(self)
        self.take_template()
        faulty = Faulty(self, named("bad"))
        web, odd = named("web"), named("'$[?]")
        service, other = Holder(self, web), Holder(self, odd)
        port = free_tcp_port()
        listener = service.listen()
        for _ in range(3):
            service.pair(listener)
        other.pair(other.listen("127.0.0.1", port))
        options = "proctcpInterval 1\nproctcpProcess %s\n" % ",".join([web, odd, faulty.name, faulty.gone.name])
        self.start_both(options)
        if self.get(SOURCE) == PROCFS:
            self.skipTest("sock_diag does not answer here, and /proc does not say how long accept queues may be, nor what they drop")
        self.add_host(port, faulty.port, faulty.full_port, faulty.gone_port)
        self.wait_for_values({"proctcp.scan.status": 2, "proctcp.scan.left_out": 0,
                              key("group", "established", group(web)): 6, key("group", "processes", group(web)): 1,
                              key("group", "established", group(odd)): 2, key("group", "close_wait", group(faulty.name)): 0,
                              key("listener", "established", at(port)): 1, key("listener", "sockets", at(faulty.gone_port)): 1})
        self.assertEqual(self.zabbix.problems(self.host), {})
        items = self.items()
        shown = named("'?[?] ?")  # and what keeps it apart from others
        self.assertRegex(items[key("group", "established", group(odd))][1], "^%s[0-9a-f]{16}: established connections$" % re.escape(shown))

        self.stop(service.process)  # and it starts again: the same items
        self.wait_for_values({key("group", "established", group(web)): 0})
        service = Holder(self, web)
        listener = service.listen()
        for _ in range(2):
            service.pair(listener)
        self.wait_for_values({key("group", "established", group(web)): 4})
        self.assertEqual(self.items(), items)

        faults = {CLOSE_WAIT % faulty.name, UNBOUND % faulty.name, FDS % faulty.name, FULL % faulty.full_port, GONE % faulty.gone_port}
        drops = DROPS % faulty.name
        faulty.provoke(self)
        self.wait_for_values({key("group", "close_wait", group(faulty.name)): LEAKED})
        self.wait_for_problems(faults)
        self.knock(faulty)
        since = {what: event for what, event in self.zabbix.problems(self.host).items() if what in faults}

        self.agent.send_signal(signal.SIGKILL)
        self.wait_for_problems({BLIND} | faults)
        wait_until(lambda: self.times("proctcp.scan.status", 0) > 10, "ten seconds of blindness")
        interface, = self.zabbix.call("hostinterface.get", hostids=self.host)
        self.assertEqual(interface["available"], "1")  # snmpd answers
        problems = self.zabbix.problems(self.host)
        self.assertEqual({what: problems.get(what) for what in faults}, since)
        self.assertEqual(set(problems) - {drops}, faults | {BLIND})

        self.agent = self.start_agent(options)
        self.wait_for_problems(faults, {BLIND})
        self.assertEqual({what: event for what, event in self.zabbix.problems(self.host).items() if what in faults}, since)
        faulty.repair(self)
        self.wait_for_problems(set(), faults | {drops})

    def test_scans_that_see_less_and_what_is_gone_meanwhile(self):
        self.zabbix = zabbix.Zabbix(self)
        self.zabbix.take(text_of(OLD))
        faulty = Faulty(self, named("bad"))
        gone = {GONE % port for port in (faulty.port, faulty.full_port, faulty.gone_port)}
        self.start_master()

        # Of nobody: it sees that somebody listens, but not who.
        program = shutil.copy(AGENT, self.path("proctcp-agentx"))
        agent = self.start_agent("proctcpInterval 1\n", program=program, user=65534, group=65534, extra_groups=[])
        self.wait_for_scan()
        if self.get(SOURCE) == PROCFS:
            self.skipTest("sock_diag does not answer here, and /proc does not say how long accept queues may be, nor what they drop")
        self.add_host(faulty.port, faulty.full_port, faulty.gone_port)
        unseen = key("listener", "processes", at(faulty.gone_port))
        self.wait_for_values({unseen: 0, key("listener", "sockets", at(faulty.gone_port)): 1})
        self.wait_for_problems({PARTIAL})
        wait_until(lambda: self.times(unseen, 0) > 8, "a time in which nobody is seen to listen")
        self.assertEqual(set(self.zabbix.problems(self.host)), {PARTIAL})
        self.stop(agent)

        os.symlink("/proc", self.path("proc"))
        options = "proctcpInterval 1\nproctcpProcPath %s\nproctcpProcess %s,%s\n" % (self.path("proc"), faulty.name, faulty.gone.name)
        self.agent = self.start_agent(options)
        self.wait_for_problems(set(), {PARTIAL, BLIND})
        self.wait_for_values({key("group", "processes", group(faulty.name)): 1})

        os.unlink(self.path("proc"))
        self.wait_for_problems({STALE})
        os.symlink("/proc", self.path("proc"))
        self.wait_for_problems(set(), {STALE})

        with held(self.agent.pid):  # it serves what it has, and calls it up to date
            self.wait_for_problems({STALE})
            self.assertEqual(self.get(STATUS), UP_TO_DATE)
        self.wait_for_problems(set(), {STALE})
        self.assertEqual(self.zabbix.problems(self.host), {})

        # All of it is gone before there is an agent again, which has never seen it; until it has scanned, it does not know.
        faults = {CLOSE_WAIT % faulty.name, UNBOUND % faulty.name, FDS % faulty.name, FULL % faulty.full_port, GONE % faulty.gone_port}
        faulty.provoke(self)
        self.wait_for_problems(faults)
        self.agent.send_signal(signal.SIGKILL)
        self.agent.wait()
        self.stop(faulty.holder.process)
        os.unlink(self.path("proc"))
        other = Holder(self, named("other"))  # so that there is something to see
        lossy = other.listen()
        self.agent = self.start_agent(options + "proctcpProcess %s\n" % other.name)
        self.wait_for_problems(faults | {BLIND})
        wait_until(lambda: self.times("proctcp.scan.status", FAILED) > 5, "scans that fail")
        self.assertEqual(set(self.zabbix.problems(self.host)), faults | {BLIND})
        os.symlink("/proc", self.path("proc"))
        self.wait_for_problems(gone, (faults - gone) | {BLIND})
        self.assertIsNone(self.get(LISTENER + ".9." + at(faulty.port)))

        pairs = [other.pair(lossy) for _ in range(LEAKED)]
        for client, server in pairs:
            other.deaf(server)
            other.send(client, 1)
        self.wait_for_problems({RESENT % other.name})
        for fd in [fd for pair in pairs for fd in pair]:
            other.close(fd)
        self.wait_for_problems(gone, {RESENT % other.name})

        here = [key("listener", "sockets", at(port)) for port in (faulty.port, faulty.full_port, faulty.gone_port)]

        def wait_for_zeros(more):
            wanted = {item: self.times(item, 0) + more for item in here}
            wait_until(lambda: all(self.times(item, 0) >= count for item, count in wanted.items()), "%d values" % more, 60)
        wait_for_zeros(20)  # more than are looked back at
        self.assertEqual(set(self.zabbix.problems(self.host)), gone)
        self.zabbix.call("event.acknowledge", eventids=list(self.zabbix.problems(self.host).values()), action=1)  # closes them by hand
        self.wait_for_problems(set(), gone)
        wait_for_zeros(5)
        self.assertEqual(self.zabbix.problems(self.host), {})

    def test_connects_that_fail(self):
        self.write("agent", WITH_BPF % {"loader": os.path.abspath(bpf.LOADER), "agent": os.path.abspath(AGENT)})
        os.chmod(self.path("agent"), 0o755)
        done = subprocess.run([self.path("agent"), "-V"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            self.skipTest("the BPF programs cannot be loaded: %s" % done.stdout[-300:])
        self.zabbix = zabbix.Zabbix(self)
        self.zabbix.take(text_of(OLD))
        service = Holder(self, named("client"))
        service.listen()
        self.start_master()
        self.start_agent("proctcpInterval 1\nproctcpProcess %s\n" % service.name, program=self.path("agent"))
        self.wait_for_scan()
        self.add_host(1)
        self.wait_for_values({key("group", "connect_failures", group(service.name)): 0})
        dead, problem = free_tcp_port(), REFUSED % service.name

        def knock():
            service.refused(dead, 20)
            return problem in self.zabbix.problems(self.host)
        wait_until(knock, "a problem of connects", 90)
        self.wait_for_problems(set(), {problem})

    def test_names_say_nothing_but_themselves(self):
        self.zabbix = zabbix.Zabbix(self)
        self.zabbix.take(text_of(OLD))
        services = [Holder(self, name) for name in NAMES + [named("plain")]]
        for service in services:
            for _ in range(LEAKED):
                service.unbound()
        self.start_both("proctcpInterval 1\n" + "".join("proctcpPid %d\n" % service.process.pid for service in services))
        self.add_host(1, **{"PROCTCP.GROUP.MATCHES": ".*", "SECRET": SECRET})

        def leaks():
            found = [name for name in self.zabbix.problems(self.host) if UNBOUND.split("%s")[1] in name]
            return found if len(found) >= len(services) else None
        try:
            found = wait_until(leaks, "a problem of each", 90)
        finally:
            rules = self.zabbix.call("discoveryrule.get", hostids=self.host, output=["key_", "error"])
            self.assertEqual({each["key_"]: each["error"] for each in rules if each["error"]}, {})
        self.assertIn(UNBOUND % named("plain"), found)
        for name in found:
            self.assertNotRegex(name, "%s|127.0.0.1|x60|x0|[0-9]+[.][0-9]+" % SECRET)
        keys = set(self.items())
        self.assertLess({key("group", "unbound", group(service.name or "_unnamed")) for service in services}, keys)
