"""Prometheus over collectd's write_prometheus, with the files of mibs/nms as they are, against sockets that the tests themselves
opened."""
import shutil
import unittest

from faults import LEAKED, Faulty
from support import wait_until
from test_collectd import Holder
from ways import OverCollectdTest, named


@unittest.skipUnless(shutil.which("prometheus"), "prometheus is missing (Debian package prometheus)")
class OverCollectd(OverCollectdTest):
    def test_a_service_is_the_same_series_after_a_restart(self):
        name = named("web")
        service = Holder(self, name)
        listener = service.listen()
        for _ in range(3):
            service.pair(listener)
        self.start_collectd([name])
        prometheus = self.prometheus()
        established = 'collectd_proctcp_tcp_connections{proctcp="%s",type="ESTABLISHED"}' % name
        prometheus.wait_for(established, 6)
        prometheus.wait_for('group:proctcp_established:max{group="%s"}' % name, 6)
        self.stop(service.process)
        prometheus.wait_for(established, 0)
        service = Holder(self, name)
        service.pair(service.listen())
        prometheus.wait_for(established, 2)
        prometheus.wait_for('group:proctcp_established:max{group="%s"}' % name, 2)
        series = prometheus.ask("series", **{"match[]": established})
        self.assertEqual(series, [{"__name__": "collectd_proctcp_tcp_connections", "proctcp": name, "type": "ESTABLISHED",
                                   "job": "proctcp-collectd", "instance": "h"}])  # collectd's host, not the target

    def test_alerts_fire_by_real_faults_stay_open_while_the_plugin_is_gone_and_close(self):
        faulty = Faulty(self, named("bad"))
        names = [faulty.name, faulty.gone.name]
        daemon = self.start_collectd(names)
        daemon.fresh()
        daemon.needs_netlink()
        prometheus = self.prometheus()
        for port in (faulty.port, faulty.full_port, faulty.gone_port):
            prometheus.wait_for('listener:proctcp_gone{listener="127.0.0.1:%d"}' % port, 0)
        self.assertEqual(prometheus.firing() & faulty.alerts(), set())
        faulty.provoke(self)
        prometheus.wait_for('group:proctcp_close_wait:max{group="%s"}' % faulty.name, LEAKED)
        prometheus.wait_for_alerts(faulty.alerts())
        drops = ("ProctcpDropsRising", faulty.name)
        wait_until(lambda: faulty.knock(self) or drops in prometheus.firing(), "an alert of drops")
        since = prometheus.opened(faulty.alerts())

        daemon.must_end_well()
        without = self.start_collectd(None)
        prometheus.wait_for_alerts({("ProctcpBlind", "h")})
        prometheus.wait_for('up{job="proctcp-collectd"}', 1)
        wait_until(lambda: (prometheus.value('count_over_time(proctcp:blind{instance="h"}[1h])') or 0) > 15, "15 seconds of blindness")
        self.assertEqual(prometheus.firing() - {drops}, faulty.alerts() | {("ProctcpBlind", "h"), ("ProctcpBlind", self.where)})

        without.must_end_well()
        self.start_collectd(names)
        prometheus.wait_for_no({("ProctcpBlind", "h")})
        self.assertEqual(prometheus.opened(faulty.alerts()), since)
        faulty.repair(self)
        prometheus.wait_for_no(faulty.alerts())
