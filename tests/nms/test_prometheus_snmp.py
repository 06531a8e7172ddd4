"""Prometheus over SNMP: snmpd, proctcp-agentx, snmp_exporter 0.21 and Prometheus, with the files of mibs/nms as they are, against
sockets that the tests themselves opened."""
import os
import re
import shutil
import signal
import time
import unittest

import bpf
from faults import LEAKED, Faulty
from nms import promtool
from support import free_tcp_port, wait_until
from test_collectd import Holder
from test_snmp import AGENT, PROCFS, SOURCE
from ways import EXPORTER, OverSnmpTest, named


@unittest.skipUnless(shutil.which(EXPORTER), "%s is missing (Debian package %s)" % (EXPORTER, EXPORTER))
@unittest.skipUnless(shutil.which("prometheus"), "prometheus is missing (Debian package prometheus)")
class OverSnmp(OverSnmpTest):
    def test_a_service_is_the_same_series_after_a_restart(self):
        name = named("web")
        port = free_tcp_port()
        service = Holder(self, name)
        listener = service.listen("127.0.0.1", port)
        for _ in range(3):
            service.pair(listener)
        self.start_all(name)
        prometheus = self.prometheus()
        established = 'proctcp_group_established{group="%s"}' % name
        prometheus.wait_for(established, 6)
        prometheus.wait_for('proctcp_listener_established{listener="127.0.0.1:%d"}' % port, 3)
        prometheus.wait_for('proctcp_group_sockets_opened_total{group="%s"}' % name, 7)
        self.stop(service.process)
        prometheus.wait_for(established, 0)
        service = Holder(self, name)
        for _ in range(2):
            service.pair(service.listen("127.0.0.1", free_tcp_port()))
        prometheus.wait_for(established, 4)
        prometheus.wait_for('proctcp_group_sockets_opened_total{group="%s"}' % name, 7 + 6)
        for metric in ("proctcp_group_established", "proctcp_group_sockets_opened_total", "group:proctcp_established:max"):
            series = prometheus.ask("series", **{"match[]": '%s{group="%s"}' % (metric, name)})
            self.assertEqual(series, [{"__name__": metric, "group": name, "job": "proctcp-snmp",
                                       "instance": "127.0.0.1:%d" % self.port}])
        self.assertEqual(prometheus.value('resets(proctcp_group_sockets_opened_total{group="%s"}[1h])' % name), 0)

    def test_pages_are_what_the_test_opened_and_clean_to_promtool(self):
        service = Holder(self, named("web"))
        listener = service.listen()
        pairs = [service.pair(listener) for _ in range(4)]
        service.connect(listener)
        service.unbound()
        service.shut(pairs[0][0])
        service.send(pairs[1][0], 1000)
        service.receive(pairs[1][1], 1000)
        self.start_all(service.process.pid)
        page = self.page()

        def of(metric, **labels):
            found = [float(value) for some, value in re.findall(r"^%s(?:\{(.*)\})? (\S+)$" % metric, page, re.M)
                     if set(labels.items()) <= set(re.findall(r'(\w+)="([^"]*)"', some))]
            return found[0] if len(found) == 1 else found
        group = {"group": named("web")}
        self.assertEqual([of("proctcp_group_" + what, **group)
                          for what in ("established", "close_wait", "fin_wait2", "unbound", "processes")], [4 * 2 - 2 + 1, 1, 1, 1, 1])
        at = {"listener": "127.0.0.1:%d" % service.port(listener), "netns": "0", "port": str(service.port(listener))}
        self.assertEqual([of("proctcp_listener_" + what, **at)
                          for what in ("accept_queue", "accept_queue_max", "close_wait", "processes")], [1, 16, 1, 1])
        self.assertEqual(of("proctcp_listener_group", proctcp_listener_group=named("web"), **at), 1)
        self.assertTrue(0 < of("proctcp_group_rtt_average_seconds", **group) < 5)
        self.assertTrue(0 < of("proctcp_scan_duration_seconds") < 60)
        self.assertEqual(sum(of("proctcp_scan_status", proctcp_scan_status=status) for status in ("upToDate", "partial")), 1)
        sockets = self.page("proctcp_sockets")
        self.assertRegex(sockets, r'\nproctcp_socket_state_info\{fd="%d",local="127.0.0.1:%d",pid="%d",process="%s",'
                         r'proctcp_socket_state="closeWait",remote="[\d.:]+",subflow="1"\} 1\n'
                         % (pairs[0][1], service.port(listener), service.process.pid, named("web")))
        for text in (page, sockets):
            self.assertEqual(promtool("check", "metrics", input=text), (0, ""))
        for line in page.splitlines():
            if not line.startswith("#"):
                self.assertRegex(line, r"^(proctcp|snmp_scrape)_")
                self.assertNotRegex(line, r'[{,](pid|fd)="')

    def test_names_that_are_no_text_and_names_that_read_the_same_do_not_stop_the_scrape(self):
        names = ["a\udcffb", "a\udcfeb", 'q"\\\n{}', "\udcf0\udc9f"]
        services = [Holder(self, name) for name in names]
        for service in services:
            service.pair(service.listen())
        self.start_all(*(service.process.pid for service in services))
        prometheus = self.prometheus()
        prometheus.wait_for('proctcp_group_established{group="a?b"}', 2)
        prometheus.wait_for('min_over_time(up{job="proctcp-snmp"}[1m])', 1)
        self.assertEqual(len(re.findall(r"^proctcp_group_established\{", self.page(), re.M)), len(names) + 1)  # and _other

    def test_states_have_names_not_numbers(self):
        service = Holder(self, named("web"))
        service.listen()
        self.start_all(service.process.pid)
        prometheus = self.prometheus()
        prometheus.wait_for('proctcp_state_sockets{netns="0",state="listen"}', 1)
        self.assertEqual({labels["state"] for labels, _ in prometheus.query("proctcp_state_sockets")},
                         {"closed", "listen", "syn_sent", "syn_received", "established", "fin_wait1", "fin_wait2", "close_wait", "last_ack",
                          "closing", "time_wait"})

    def test_alerts_fire_by_real_faults_stay_open_while_the_agent_is_dead_and_close(self):
        faulty = Faulty(self, named("bad"))
        self.start_all(faulty.name, faulty.gone.name)
        if self.get(SOURCE) == PROCFS:
            self.skipTest("sock_diag does not answer here, and /proc does not say how long accept queues may be, nor what they drop")
        prometheus = self.prometheus()
        where = "127.0.0.1:%d" % self.port
        for port in (faulty.port, faulty.full_port, faulty.gone_port):
            prometheus.wait_for('listener:proctcp_gone{listener="127.0.0.1:%d"}' % port, 0)
        self.assertEqual(prometheus.firing() & faulty.alerts(), set())
        faulty.provoke(self)
        prometheus.wait_for('proctcp_group_close_wait{group="%s"}' % faulty.name, LEAKED)
        prometheus.wait_for_alerts(faulty.alerts())
        drops = ("ProctcpDropsRising", faulty.name)
        wait_until(lambda: faulty.knock(self) or drops in prometheus.firing(), "an alert of drops")
        gone = prometheus.alerts()["ProctcpListenerGone", "127.0.0.1:%d" % faulty.gone_port]
        self.assertIn("It was of %s." % faulty.gone.name, gone["annotations"]["description"])
        since = prometheus.opened(faulty.alerts())

        self.agent.send_signal(signal.SIGKILL)
        prometheus.wait_for_alerts({("ProctcpBlind", where)})
        self.assertEqual(prometheus.value("up"), 1)
        self.assertEqual(prometheus.query("proctcp_scan_generation_total"), [])
        wait_until(lambda: (prometheus.value("count_over_time(proctcp:blind[1h])") or 0) > 15, "15 seconds of blindness")
        self.assertEqual(prometheus.firing() - {drops}, faulty.alerts() | {("ProctcpBlind", where)})

        self.agent = self.start_agent("proctcpInterval 1\nproctcpProcess %s,%s\n" % (faulty.name, faulty.gone.name))
        prometheus.wait_for_no({("ProctcpBlind", where)})
        self.assertEqual(prometheus.opened(faulty.alerts()), since)
        faulty.repair(self)
        prometheus.wait_for_no(faulty.alerts())

    def test_alerts_of_old_scans_fire_and_close(self):
        root = self.bare_root()
        self.start_all(options="proctcpProcPath %s\n" % root)
        prometheus = self.prometheus()
        prometheus.wait_for('proctcp_scan_status{proctcp_scan_status="stale"}', 0)
        os.rename(root, root + "-away")
        stale = {("ProctcpScanStale", "127.0.0.1:%d" % self.port)}
        prometheus.wait_for_alerts(stale)
        self.assertEqual(prometheus.firing(), stale)
        os.rename(root + "-away", root)
        prometheus.wait_for_no(stale)

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to be somebody else")
    def test_alerts_of_scans_that_leave_something_out_fire(self):
        os.chmod(self.directory, 0o755)
        service = Holder(self, named("web"))
        service.listen()
        self.start_all(service.process.pid)
        prometheus = self.prometheus()
        where = "127.0.0.1:%d" % self.port
        prometheus.wait_for("proctcp:scan_left_out:sum", 0)
        self.stop(self.agent)
        self.start_agent("proctcpInterval 1\n", program=shutil.copy(AGENT, self.path("agent")), user=65534, group=65534, extra_groups=[])
        prometheus.wait_for_alerts({("ProctcpScanPartial", where)})


@unittest.skipUnless(shutil.which(EXPORTER), "%s is missing (Debian package %s)" % (EXPORTER, EXPORTER))
@unittest.skipUnless(shutil.which("prometheus"), "prometheus is missing (Debian package prometheus)")
class Counted(OverSnmpTest):
    """What only the programs of proctcp-bpf tell, and what takes many segments."""
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        refused = bpf.load_here()
        if refused:
            raise unittest.SkipTest("no BPF: %s" % refused)
        cls.addClassCleanup(bpf.load, "unload")

    def test_alerts_of_rates_fire_and_close(self):
        service = Holder(self, named("web"))
        listener = service.listen()
        pairs = [service.pair(listener) for _ in range(100)]
        self.start_all(named("web"))
        prometheus = self.prometheus()
        alerts = {("ProctcpRetransmissions", named("web")), ("ProctcpConnectFailures", named("web"))}
        prometheus.wait_for('group:proctcp_connects:rate5m{group="%s"}' % named("web"), 0)
        for client, server in pairs:
            service.deaf(server)
            service.send(client, 1000)
        closed = free_tcp_port()

        def fire():
            service.refused(closed, 5)
            time.sleep(0.5)
            return alerts <= prometheus.firing()
        wait_until(fire, "%s" % alerts)
        for fd in [fd for pair in pairs for fd in pair]:
            service.close(fd)
        prometheus.wait_for_no(alerts)
