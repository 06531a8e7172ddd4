"""build/snmp/proctcp.so within a real snmpd: what the subagent's tests say of what is served holds of it, too."""
import os
import signal
import socket
import time

import test_snmp
import test_snmp_notifications
from support import BUILD, preloaded, wait_until
from test_snmp import GENERATION, INTERVAL, OBJECTS, OURS, ROWS, Connection

MODULE = os.path.join(BUILD, "snmp", "proctcp.so")


class InSnmpd:
    """Before a test of the subagent: no subagent is started, and the agent's log is snmpd's."""

    def setUp(self):
        if not os.path.exists(MODULE):
            self.skipTest("%s is not built (Debian package libsnmp-dev)" % MODULE)
        self.plain = None
        super().setUp()

    def configure(self, configuration):
        self.plain = self.plain or self.read("snmpd.conf")
        self.write("snmpd.conf", self.plain + "dlmod proctcp %s\n" % MODULE + configuration)

    def start_both(self, configuration=OURS):
        self.configure(configuration)
        self.agent = self.start_master()
        self.wait_for_scan()
        return self.agent

    def start(self, *arguments, **options):
        if arguments[0] == test_snmp.SNMPD:
            options["env"] = preloaded(MODULE, options["env"])
        return super().start(*arguments, **options)

    def read(self, name):
        return super().read("snmpd.log" if name == "agent.log" else name)


class Rows(InSnmpd, test_snmp.Rows):
    pass


class Tables(InSnmpd, test_snmp.Tables):
    # Other lines: see Module. And what does not depend on who asks.
    test_wrong_groups_are_named_by_line = test_wrong_names_of_tables_are_named = test_wrong_lists_are_named = None
    test_several_sockets_at_one_port_are_one_listener = test_a_listener_that_goes_stays_at_0_and_comes_back = None
    test_a_connection_that_is_closed_names_its_last_holder = test_groups_are_made_as_the_configuration_says = None


class Walks(InSnmpd, test_snmp.Walks):
    pass


class Notifications(InSnmpd, test_snmp_notifications.Notifications):
    test_what_happens_while_the_master_is_away_is_told_once_when_it_is_back = None  # it is the master
    test_wrong_lines_are_named = test_descriptors_are_counted_of_their_limit = None
    test_nothing_is_told_unless_it_is_asked_for = test_scans_that_fail_are_told_of = None


class Burst(InSnmpd, test_snmp_notifications.TrapTest):
    def test_what_one_scan_finds_is_told_at_once(self):
        self.start_both("proctcpInterval 5\nproctcpPid %d\nproctcpNotify listeners\n" % os.getpid())
        generation = self.get(GENERATION)
        wait_until(lambda: self.get(GENERATION) > generation, "a scan that the next one is compared with")
        opened = [socket.create_server(("127.0.0.1", 0)) for _ in range(6)]
        wait_until(self.received, "the first one")
        time.sleep(1)  # far from the next scan
        self.assertEqual([kind for kind, _ in self.received()], ["listener came"] * len(opened))
        for one in opened:
            one.close()


class Module(InSnmpd, test_snmp.AgentTest):
    def test_wrong_lines_are_named(self):
        made = Connection(self)
        self.start_both(OURS + "proctcpTables groups, colours\nproctcpGroup web\nagentXSocket unix:/nowhere\n")
        lines = self.read("snmpd.conf").splitlines()
        for number, text in enumerate(lines, 1):
            said = "%s: line %d:" % (self.path("snmpd.conf"), number)
            self.assertEqual(self.read("snmpd.log").count(said), 1 if "colours" in text or "Group web" in text else 0, text)
        self.assertRegex(self.read("snmpd.log"), r"proctcpTables: \"colours\" is none of all, processes, sockets")
        made.client.close()

    def test_its_own_file_is_read_and_what_is_of_the_subagent_in_it_does_no_harm(self):
        self.write("proctcp.conf", "proctcpInterval 77\nagentXSocket unix:/nowhere\nagentUser nobody\nproctcpPid %d\n" %
                   os.getpid())
        made = Connection(self)
        self.configure("")
        with open(self.path("snmpd.log"), "a") as log:
            self.start(test_snmp.SNMPD, "-f", "-Lo", "-I", "-smux,mteTrigger,mteTriggerConf",
                       env=self.environment, stdout=log, stderr=log)
        self.wait_for_scan()
        self.assertEqual(self.get(INTERVAL), 77)
        self.assertEqual(self.get(ROWS), 3)
        self.assertNotIn("Unknown token", self.read("snmpd.log"))
        made.client.close()

    def test_it_goes_on_after_snmpd_has_read_its_configuration_again(self):
        made = Connection(self)
        snmpd = self.start_both(OURS)
        for number in range(3):
            at = time.time()
            self.configure(OURS + "proctcpInterval %d\n" % (100 + number))
            snmpd.send_signal(signal.SIGHUP)
            wait_until(lambda: self.get(INTERVAL, wait=False) == 100 + number, "the configuration to be read again")
            self.wait_for_scan()
            self.assertEqual(self.get(ROWS), 3)
            self.assertLess(time.time() - at, 30)
        self.assertIsNone(snmpd.poll())
        made.client.close()

    def test_it_goes_when_its_line_goes(self):
        snmpd = self.start_both(OURS)
        self.write("snmpd.conf", self.plain)
        snmpd.send_signal(signal.SIGHUP)
        wait_until(lambda: not self.walk(OBJECTS), "the objects to go")
        self.start_agent(OURS)  # whose objects are free now
        self.wait_for_scan()

    def test_one_that_comes_second_says_so_and_begins_with_the_next_hangup(self):
        self.plain = self.read("snmpd.conf")
        snmpd = self.start_master()
        agent = self.start_agent(OURS)
        self.wait_for_scan()
        self.configure(OURS + "proctcpInterval 55\n")
        snmpd.send_signal(signal.SIGHUP)
        wait_until(lambda: "is proctcp-agentx connected, too?" in self.read("snmpd.log"), "the module to say so")
        self.assertNotIn("Unknown token", self.read("snmpd.log"))
        self.stop(agent)
        snmpd.send_signal(signal.SIGHUP)
        wait_until(lambda: self.get(INTERVAL, wait=False) == 55, "the module to serve")

    def test_a_daemon_and_its_user_scan_too(self):
        """What is loaded before snmpd forks and becomes another user begins after that."""
        os.chmod(self.directory, 0o777)
        self.configure("proctcpInterval 1\n")
        with open(self.path("snmpd.log"), "a") as log:
            self.start(test_snmp.SNMPD, "-Lf", self.path("daemon.log"), "-C", "-c", self.path("snmpd.conf"), "-u", "nobody",
                       "-p", self.path("snmpd.pid"), "-I", "-smux,mteTrigger,mteTriggerConf",
                       env=self.environment, stdout=log, stderr=log)
        wait_until(lambda: os.path.exists(self.path("snmpd.pid")) and self.read("snmpd.pid").strip(), "the daemon")
        pid = int(self.read("snmpd.pid"))
        self.addCleanup(self.end_daemon, pid)
        first = self.wait_for_scan()
        self.wait_for_scan(lambda generation: generation > first)

    @staticmethod
    def end_daemon(pid):
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            return
        wait_until(lambda: not os.path.exists("/proc/%d" % pid), "the daemon to end")

    def test_two_lines_for_it_are_said(self):
        self.configure(OURS + "dlmod proctcp %s\n" % MODULE)
        self.start_master()
        self.wait_for_scan()
        self.assertIn("proctcp: it is loaded already", self.read("snmpd.log"))

    def test_the_end_comes_soon(self):
        snmpd = self.start_both("proctcpInterval 1\n")
        for _ in range(3):
            self.wait_for_scan()
        at = time.monotonic()
        snmpd.terminate()
        snmpd.wait(30)
        self.assertLess(time.monotonic() - at, 10)
        self.assertIn(snmpd.returncode, (0, -signal.SIGTERM))
