"""The two ways into Prometheus, with the files of mibs/nms as they are: what the tests of each, and of what goes by them, begin with."""
import os
import re

from nms import NMS, Prometheus, fetched, substituted, text_of
from support import free_tcp_port, wait_until
from test_collectd import CollectdTest, Daemon
from test_collectd_writers import needs_plugin
from test_snmp import AgentTest

EXPORTER = "prometheus-snmp-exporter"
SNMP_FOLDER = os.path.join(NMS, "prometheus-snmp")
COLLECTD_FOLDER = os.path.join(NMS, "prometheus-collectd")


def named(what):
    """A name of a process that nothing else on the host has."""
    return "nms%d-%s" % (os.getpid() % 100000, what)


class OverSnmpTest(AgentTest):
    def start_all(self, *pids_or_names, options=""):
        """snmpd, the agent that serves these processes, and the exporter."""
        rules = ["proctcp%s %s\n" % ("Pid" if isinstance(each, int) else "Process", each) for each in pids_or_names]
        self.start_both("proctcpInterval 1\n" + options + "".join(rules))
        self.exporter = "127.0.0.1:%d" % free_tcp_port()
        with open(self.path("exporter.log"), "w") as log:
            self.start(EXPORTER, "--config.file=" + os.path.join(SNMP_FOLDER, "snmp.yml"), "--web.listen-address=" + self.exporter,
                       stdout=log, stderr=log)

    def page(self, module="proctcp"):
        return wait_until(lambda: fetched("http://%s/snmp?module=%s&target=127.0.0.1:%d" % (self.exporter, module, self.port)),
                          "the exporter")

    def prometheus(self):
        self.page()
        return Prometheus(self, os.path.join(SNMP_FOLDER, "prometheus.yml"),
                          (r"targets: \[localhost\].*", "targets: ['127.0.0.1:%d']" % self.port),
                          (r"localhost:9116", self.exporter))


class Stoppable(Daemon):
    """One that the test ends itself."""
    over = False

    def must_end_well(self):
        if not self.over:
            super().must_end_well()
            self.over = True


class OverCollectdTest(CollectdTest):
    @classmethod
    def setUpClass(cls):
        needs_plugin("write_prometheus", "libmicrohttpd12 or libprotobuf-c1")

    def setUp(self):
        super().setUp()
        self.port = free_tcp_port()
        self.where = "127.0.0.1:%d" % self.port

    def start_collectd(self, names):
        """With the blocks of the shipped file; names None: without the plugin."""
        shipped = substituted(text_of(os.path.join(COLLECTD_FOLDER, "collectd.conf")), (r'Host "localhost"', 'Host "127.0.0.1"'),
                              (r'Port "9103"', 'Port "%d"' % self.port))
        writer, plugin = re.fullmatch(r"(.*?</Plugin>\n)\n<Plugin proctcp>\n(.*)</Plugin>\n", shipped, re.S).groups()
        options = None if names is None else plugin + "".join('Process "%s"\n' % name for name in names)
        return Stoppable(self, options, extra=writer)

    def prometheus(self):
        wait_until(lambda: fetched("http://%s/metrics" % self.where), "write_prometheus")
        return Prometheus(self, os.path.join(COLLECTD_FOLDER, "prometheus.yml"), (r"localhost:9103", self.where))
