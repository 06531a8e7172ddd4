"""Many hosts to one place, with the files of mibs/nms/at-scale as they are: ten network namespaces as hosts, each with a collectd and a
service of the same name, a central collectd that writes to Prometheus and to a listener in Graphite's place."""
import os
import re
import shutil
import socket
import subprocess
import threading
import unittest

import zoo
from nms import NMS, Prometheus, fetched, substituted, text_of
from support import wait_until
from test_collectd import CollectdTest, Daemon, Holder
from test_collectd_writers import needs_plugin
from ways import COLLECTD_FOLDER, Stoppable, named

FOLDER = os.path.join(NMS, "at-scale")
HOSTS = 10
CENTRAL = "10.99.0.1"
HERE = "/proc/thread-self/ns/net"


def in_own_netns(function):
    """Runs it in a thread that is in a network namespace of its own, as is all that it starts."""
    def run(self):
        failed = []

        def body():
            try:
                zoo.enter_new_netns()
                function(self)
            except BaseException as error:  # pylint: disable=broad-except
                failed.append(error)
        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
    run.__name__ = function.__name__
    return run


def ip(*words):
    done = subprocess.run(["ip", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout


class Host:
    """A namespace on a bridge of the test's, with a service."""

    def __init__(self, test, number, name, connections):
        self.name = "host%d" % number
        central = os.readlink(HERE)
        kept = os.open(HERE, os.O_RDONLY)
        try:
            zoo.enter_new_netns()
            self.netns = os.open(HERE, os.O_RDONLY)
            test.addCleanup(os.close, self.netns)
            self.path = "/proc/%d/fd/%d" % (os.getpid(), self.netns)
            self.service = Holder(test, name)
        finally:
            zoo.checked(zoo.LIBC.setns(kept, zoo.CLONE_NEWNET))
            os.close(kept)
        assert os.readlink(HERE) == central
        ip("link", "add", "to%d" % number, "type", "veth", "peer", "name", "eth0", "netns", str(self.service.process.pid))
        ip("link", "set", "to%d" % number, "master", "hosts", "up")
        inside = ["nsenter", "--net=" + self.path, "ip"]
        for words in (["address", "add", "10.99.0.%d/24" % (10 + number), "dev", "eth0"], ["link", "set", "eth0", "up"]):
            subprocess.run(inside + words, check=True)
        listener = self.service.listen("127.0.0.1", 8080)
        for _ in range(connections):
            self.service.pair(listener)


class Central(CollectdTest):
    @classmethod
    def setUpClass(cls):
        needs_plugin("write_prometheus", "libmicrohttpd12 or libprotobuf-c1")
        needs_plugin("network", "libgcrypt20")
        if not shutil.which("prometheus"):
            raise unittest.SkipTest("prometheus is missing (Debian package prometheus)")

    def graphite(self):
        """What came in Graphite's own words: {path: value}."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        self.lines = {}

        def take(connection):
            with connection, connection.makefile() as stream:
                for line in stream:
                    path, value, _ = line.split()
                    self.lines[path] = value

        def serve():
            try:
                while True:
                    threading.Thread(target=take, args=(server.accept()[0],), daemon=True).start()
            except OSError:  # closed
                pass
        threading.Thread(target=serve, daemon=True).start()
        return server.getsockname()[1]

    def agent(self, host):
        shipped = substituted(text_of(os.path.join(FOLDER, "collectd-agent.conf")), (r"central\.example\.org", CENTRAL))
        network, plugin = re.fullmatch(r"(.*?</Plugin>\n)\n#.*\n<Plugin proctcp>\n(.*)</Plugin>\n", shipped, re.S).groups()
        return Stoppable(self, plugin + 'Process "%s"\nNetNamespaces own\n' % host.service.name,
                         extra='Hostname "%s"\n' % host.name + network, interval=1, netns=host.path)

    @in_own_netns
    def test_ten_hosts_in_one_place(self):
        made = subprocess.run(["ip", "link", "add", "hosts", "type", "bridge"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if made.returncode:
            self.skipTest("no bridge between namespaces: " + made.stdout.strip())
        ip("address", "add", CENTRAL + "/24", "dev", "hosts")
        ip("link", "set", "hosts", "up")
        name = named("web")
        hosts = [Host(self, number, name, number + 1) for number in range(HOSTS)]
        self.write("auth", "proctcp: change-me\n")
        carbon = self.graphite()
        shipped = substituted(text_of(os.path.join(FOLDER, "collectd-central.conf")),
                              ("/etc/collectd/auth_file", self.path("auth")), (r"^# (?=LoadPlugin write_graphite|</?Plugin|  </?Node|    )", ""),
                              ('Port "2003"', 'Port "%d"' % carbon))
        Daemon(self, None, extra=shipped, interval=1)
        agents = [self.agent(host) for host in hosts]
        wait_until(lambda: fetched("http://localhost:9103/metrics"), "write_prometheus")
        prometheus = Prometheus(self, os.path.join(COLLECTD_FOLDER, "prometheus.yml"))
        for host in range(HOSTS):
            prometheus.wait_for('group:proctcp_established:max{instance="host%d",group="%s"}' % (host, name), 2 * (host + 1))
        prometheus.wait_for("count(proctcp:seen)", HOSTS)
        prometheus.wait_for('sum by (listener) (listener:proctcp_established:max{listener="127.0.0.1:8080"})',
                            HOSTS * (HOSTS + 1) // 2)
        self.assertEqual(prometheus.query("proctcp:blind == 1"), [])
        path = "host3.proctcp.%s.tcp_connections.ESTABLISHED" % name.replace(".", "_")
        wait_until(lambda: float(self.lines.get(path, "nan")) == 8, "%s in Graphite, not %s" % (path, sorted(self.lines)[:20]))

        gone = agents[4]
        gone.must_end_well()
        prometheus.wait_for_alerts({("ProctcpBlind", "host4")})
        self.assertEqual({alert for alert in prometheus.firing() if alert[0] == "ProctcpBlind"}, {("ProctcpBlind", "host4")})
        self.agent(hosts[4])
        prometheus.wait_for_no({("ProctcpBlind", "host4")})
