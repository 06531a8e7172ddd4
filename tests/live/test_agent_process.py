"""proctcp-agentx as a process of the host: what SIGHUP changes, whose rights it has, whom it tells, where it logs."""
import os
import signal
import socket
import time
import unittest

from support import wait_until
from test_snmp import (GENERATION, GROUP, INTERVAL, MANY_SCANS, ONE_SCAN, OURS, PROCESS, SOCKET, SOURCE, PROCFS, AgentTest,
                       Connection, index_of, name_index)

SAID = "the configuration was read again"


class Hangup(AgentTest):
    def reload(self, configuration, agent=None):
        """Until it is in use."""
        before, said = self.get(GENERATION), self.read("agent.log").count(SAID)
        self.write("proctcp.conf", configuration)
        (agent or self.agent).send_signal(signal.SIGHUP)
        wait_until(lambda: self.read("agent.log").count(SAID) > said, "the configuration to be read")
        return self.wait_for_scan(lambda generation: generation > before)

    def test_the_configuration_is_read_again(self):
        made, other = Connection(self), Connection(self)
        self.start_both()
        self.assertEqual(self.get(INTERVAL), 3600)
        self.reload("proctcpInterval 77\nproctcpPid %d\nproctcpLocalPort %d\nproctcpSource procfs\n"
                    "proctcpGroup ours=pid=%d\n" % (os.getpid(), made.port, os.getpid()))
        self.assertEqual((self.get(INTERVAL), self.get(SOURCE)), (77, PROCFS))
        self.assertEqual(set(self.column(SOCKET, 17).values()), {made.port})
        self.assertEqual(self.get(GROUP + ".4" + name_index("ours")), 2)
        self.reload(OURS)
        self.assertEqual(self.get(INTERVAL), 3600)
        self.assertIn(index_of(other.client.fileno()), self.column(SOCKET, 17))
        self.assertEqual(self.get(GROUP + ".4" + name_index("ours")), 0)  # a group that was there stays

    def test_totals_go_on(self):
        made = Connection(self)
        self.start_both()
        with open("/proc/self/comm") as comm:
            name, pid = comm.read().strip(), ".%d" % os.getpid()
        received, opened, closed = (PROCESS + ".%d" % n + pid for n in (28, 32, 33))
        group_closed = GROUP + ".37" + name_index(name)
        before = [self.get(oid) for oid in (received, opened, closed)]
        if before[0] is None:
            self.skipTest("this kernel counts no bytes, or /proc serves")
        made.client.sendall(b"z" * 5000)
        self.assertEqual(len(made.server.recv(6000, socket.MSG_PEEK)) > 0, True)
        for rules in ("proctcpExcludePid %d\n" % os.getpid(), "proctcpLocalPort 1\n", "proctcpPid %d\n" % os.getpid()):
            self.reload(ONE_SCAN + "proctcpProcess %s\n" % name + rules)
        self.reload(OURS + "proctcpMaxGroups 50\n")
        self.assertEqual([self.get(oid) for oid in (opened, closed)], before[1:])
        self.assertEqual(self.get(group_closed), 0)
        self.assertGreaterEqual(self.get(received), before[0])
        now = self.get(received)
        made.client.sendall(b"z" * 700)
        self.reload(OURS)
        self.assertEqual(self.get(received), now + 700)

    def test_wrong_lines_are_named_and_leave_the_default(self):
        self.start_both(OURS + "proctcpSource procfs\n")
        config = "proctcpInterval 0\nproctcpPid %d\nproctcpSource ebpf\nnonsense 1\nproctcpGroup a=b=c\n" % os.getpid()
        self.reload(config)
        log = self.read("agent.log")
        for line, word in ((1, "proctcpInterval: \"0\""), (3, "proctcpSource: \"ebpf\""), (4, "nonsense"),
                           (5, "proctcpGroup: ")):
            self.assertRegex(log, r"proctcp\.conf: line %d: (Error|Warning): .*%s" % (line, word))
            self.assertEqual(log.count("line %d:" % line), 1, log)
        self.assertEqual(self.get(INTERVAL), 10)
        self.assertNotEqual(self.get(SOURCE), PROCFS)

    def test_a_named_file_that_has_gone_leaves_the_former_configuration(self):
        self.start_master()
        named = self.write("named.conf", OURS)
        self.agent = self.start_agent("", "-x", self.address, "-c", named)
        self.wait_for_scan()
        os.unlink(named)
        self.agent.send_signal(signal.SIGHUP)
        self.wait_for_log("cannot read %s: No such file or directory; the former configuration holds" % named)
        self.assertEqual(self.get(INTERVAL), 3600)
        self.write("named.conf", "proctcpInterval 55\n")
        self.agent.send_signal(signal.SIGHUP)
        wait_until(lambda: self.get(INTERVAL) == 55, "the new interval")

    def test_the_session_with_the_master_goes_on(self):
        self.start_both(MANY_SCANS)
        self.reload(MANY_SCANS + "agentXPingInterval 2\nagentXSocket unix:%s\n" % self.path("none"))
        time.sleep(6)  # longer than a ping
        log = self.read("agent.log")
        self.assertNotIn("re-opened", log)
        self.assertNotIn("disconnected", log)
        self.assertNotIn("agentXSocket", log)  # the option wins
        self.assertIn("agentXPingInterval: 2 s holds when", log)
        self.assertIsNotNone(self.get(GENERATION))

    def test_any_moment_will_do(self):
        """At the start, many times at once, and while the master hangs."""
        master = self.start_master()
        master.send_signal(signal.SIGSTOP)
        self.addCleanup(master.send_signal, signal.SIGCONT)
        agent = self.start_agent(MANY_SCANS, "-x", self.address, "-p", self.path("pid"))
        wait_until(lambda: os.path.exists(self.path("pid")) and self.read("pid"), "its process id")
        for _ in range(20):
            agent.send_signal(signal.SIGHUP)
            time.sleep(0.01)
        master.send_signal(signal.SIGCONT)
        self.wait_for_scan()
        for _ in range(50):
            agent.send_signal(signal.SIGHUP)
        self.reload("proctcpInterval 5\n", agent)
        wait_until(lambda: self.get(INTERVAL) == 5, "the last configuration")
        self.assertEqual(self.stop(agent), 0)


if __name__ == "__main__":
    unittest.main()
