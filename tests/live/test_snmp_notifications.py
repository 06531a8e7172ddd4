"""Notifications and thresholds: from proctcp-agentx over a private snmpd to a private snmptrapd."""
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

from support import wait_until
from test_mib import MIB, base_mib_directories
from test_snmp import OBJECTS, SCAN, AgentTest, Connection, free_udp_port, name_index

SNMPTRAPD = shutil.which("snmptrapd", path=os.environ.get("PATH", "") + ":/usr/sbin")
THRESHOLD = OBJECTS + ".8.1"
KINDS = {1: "scan fails", 2: "scan succeeds", 3: "listener went", 4: "listener came", 5: "exceeded", 6: "cleared"}
NOTIFICATIONS = OBJECTS[:OBJECTS.rindex(".")] + ".0."
OWN = "proctcpInterval 1\nproctcpPid %d\n" % os.getpid()
SNMPTT_INI = "/etc/snmp/snmptt.ini"
USER = "createUser trapper SHA authpassword AES privpassword\n"


@unittest.skipUnless(SNMPTRAPD, "snmptrapd is missing (Debian package snmptrapd)")
class TrapTest(AgentTest):
    sink = "trap2sink 127.0.0.1:%d public\n"
    print_as = ["-OQ"]

    def setUp(self):
        super().setUp()
        self.trap_port = free_udp_port()
        self.write("snmpd.conf", self.read("snmpd.conf") + self.sink % self.trap_port)
        self.write("trapd.conf", "disableAuthorization yes\nformat2 %N %v\\n\n" + USER +
                   "authUser log,execute,net trapper priv\n")
        self.start_receiver()

    def start_receiver(self):
        with open(self.path("traps"), "a") as log, open(self.path("trapd.log"), "a") as errors:
            receiver = self.start(SNMPTRAPD, "-f", "-C", "-c", self.path("trapd.conf"), "-Lo", "-On", *self.print_as,
                                  "udp:127.0.0.1:%d" % self.trap_port, env=self.environment, stdout=log, stderr=errors)
        wait_until(lambda: "NET-SNMP version" in self.read("traps"), "snmptrapd to listen")
        return receiver

    def received(self):
        """In their order: what it is, and the values behind it."""
        found = []
        for line in self.read("traps").splitlines():
            kind = re.search(re.escape(NOTIFICATIONS) + r"(\d+)\b", line)
            if kind:
                found.append((KINDS[int(kind.group(1))], re.findall(r"= (\"[^\"]*\"|-?\d+)(?=\t|$)", line[kind.end():])))
        return found

    def wait_for(self, *kinds):
        wait_until(lambda: len(self.received()) >= len(kinds), "%d notifications; there are %s" % (len(kinds), self.received()))
        time.sleep(2.5)  # what comes twice comes by then
        self.assertEqual([kind for kind, _ in self.received()], list(kinds))
        return [values for _, values in self.received()]


class Notifications(TrapTest):
    def test_a_threshold_is_told_of_when_it_is_reached_and_when_it_is_over(self):
        made = Connection(self)
        name = open("/proc/self/comm").read().strip()
        self.start_both(OWN + "proctcpThreshold much group=%s sockets 23 10 # of these\nproctcpNotify thresholds\n" % name)
        more = [socket.create_server(("127.0.0.1", 0)) for _ in range(40)]
        raised, = self.wait_for("exceeded")
        self.assertEqual(raised[:5], ['"much"', '"%s"' % name, "43", "23", str(os.getpid())])
        whole, one = ".4" + "".join(".%d" % b for b in b"much") + ".0", \
            ".4" + "".join(".%d" % b for b in b"much") + name_index(name)
        self.assertEqual([self.get(THRESHOLD + ".%d" % n + whole) for n in (7, 8, 10, 11, 12)], [23, 10, 2, 1, 43])
        self.assertEqual([self.get(THRESHOLD + ".%d" % n + one) for n in (10, 11, 12, 13)], [2, 1, 43, os.getpid()])
        for end in more:
            end.close()
        _, cleared = self.wait_for("exceeded", "cleared")
        self.assertEqual(cleared[:4], ['"much"', '"%s"' % name, "3", "10"])
        self.assertEqual([self.get(THRESHOLD + ".%d" % n + whole) for n in (10, 11, 12)], [1, 0, 3])
        self.assertIsNone(self.get(THRESHOLD + ".10" + one))
        self.assertEqual((self.get(SCAN + ".116.0"), self.get(SCAN + ".117.0")), (2, 0))
        made.client.close()

    def test_descriptors_are_counted_of_their_limit(self):
        made = Connection(self)
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        self.start_both(OWN + "proctcpThreshold fds process fds_percent 80 50\nproctcpNotify all\n")
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, before[1]))
        kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(75)]
        values, = self.wait_for("exceeded")
        self.assertEqual(values[1], '"%s[%d]"' % (open("/proc/self/comm").read().strip(), os.getpid()))
        self.assertGreaterEqual(int(values[2]), 80)
        for fd in kept:
            os.close(fd)
        self.wait_for("exceeded", "cleared")
        made.client.close()

    def test_a_listener_that_comes_and_one_that_goes_are_told_of(self):
        made = Connection(self)
        self.start_both(OWN + "proctcpNotify listeners\n")
        late = socket.create_server(("127.0.0.1", 0))
        port, = late.getsockname()[1:]
        came, = self.wait_for("listener came")
        name = open("/proc/self/comm").read().strip()
        self.assertEqual(came[:3], ['"127.0.0.1:%d"' % port, '"%s"' % name, str(os.getpid())])
        late.close()
        self.assertEqual(self.wait_for("listener came", "listener went")[1][:3], came[:3])
        made.client.close()

    def test_scans_that_fail_are_told_of(self):
        root = self.bare_root()
        self.start_both("proctcpInterval 1\nproctcpProcPath %s\nproctcpNotify scan\n" % root)
        os.rename(root, root + "-away")
        failing, = self.wait_for("scan fails")
        self.assertEqual(failing[0], "3")
        self.assertIn("No such file", failing[1])
        os.rename(root + "-away", root)
        self.wait_for("scan fails", "scan succeeds")

    def test_nothing_is_told_unless_it_is_asked_for(self):
        made = Connection(self)
        self.start_both(OWN + "proctcpThreshold much group sockets 3\n")
        socket.create_server(("127.0.0.1", 0)).close()
        wait_until(lambda: self.get(SCAN + ".1.0") >= 4, "some scans")
        self.assertEqual(self.received(), [])
        self.assertEqual(self.get(THRESHOLD + ".11.4" + "".join(".%d" % b for b in b"much") + ".0"), 1)
        made.client.close()

    def test_what_happens_while_the_master_is_away_is_told_once_when_it_is_back(self):
        made = Connection(self)
        master = self.start_master()
        self.agent = self.start_agent(OWN + "agentXPingInterval 1\nproctcpNotify listeners\n")
        self.wait_for_scan()
        late = socket.create_server(("127.0.0.1", 0))
        self.wait_for("listener came")
        self.stop(master)
        late.close()
        time.sleep(3)  # the scan that sees it
        self.assertEqual(len(self.received()), 1)
        master = self.start_master()
        self.wait_for("listener came", "listener went")
        os.kill(master.pid, signal.SIGSTOP)
        again = socket.create_server(("127.0.0.1", 0))
        time.sleep(2.5)
        os.kill(master.pid, signal.SIGCONT)
        self.wait_for("listener came", "listener went", "listener came")
        again.close(), made.client.close()

    def test_no_more_are_sent_in_a_minute_than_may_be(self):
        made = Connection(self)
        self.start_both(OWN + "proctcpNotify listeners\nproctcpNotifyMax 5\n")
        late = [socket.create_server(("127.0.0.1", 0)) for _ in range(12)]
        wait_until(lambda: len(self.received()) >= 5, "as many as may be sent at once")
        self.assertEqual(len(self.received()), 5)
        wait_until(lambda: len(self.received()) >= 6, "the next one")
        for end in late:
            end.close()
        made.client.close()

    def test_wrong_lines_are_named(self):
        self.start_both(OWN + "proctcpThreshold x group colour 5\nproctcpNotify sometimes\nproctcpNotifyMax 0\n"
                        "proctcpThreshold\n")
        log = self.read("agent.log")
        for line, word in ((3, "proctcpThreshold: \"colour\" is nothing that a group has"), (5, "proctcpNotifyMax: \"0\" is not"),
                           (4, "proctcpNotify: \"sometimes\" is none of all, none, scan, listeners, thresholds")):
            self.assertRegex(log, r"line %d: Error: %s" % (line, re.escape(word)))
        self.assertIn("line 6:", log)


class Reading(TrapTest):
    """The configuration, again."""

    def test_what_another_selection_leaves_out_or_brings_in_has_neither_gone_nor_come(self):
        kept, left = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
        self.addCleanup(left.close)
        self.start_both(OWN + "proctcpNotify listeners\n")
        for more, said in (("proctcpLocalPort %d\n" % kept.getsockname()[1], 1), ("", 2)):
            self.write("proctcp.conf", OWN + "proctcpNotify listeners\n" + more)
            self.agent.send_signal(signal.SIGHUP)
            wait_until(lambda said=said: self.read("agent.log").count("the configuration was read again") == said, "the configuration")
            seen = self.wait_for_scan()
            self.wait_for_scan(lambda generation, seen=seen: generation >= seen + 2)
        port = kept.getsockname()[1]
        kept.close()
        self.assertEqual([values[0] for values in self.wait_for("listener went")], ['"127.0.0.1:%d"' % port])


class Informs(TrapTest):
    """SNMPv3 with authentication and encryption, confirmed by the receiver."""
    sink = USER + "trapsess -Ci -v3 -l authPriv -u trapper -a SHA -A authpassword -x AES -X privpassword 127.0.0.1:%d\n"

    def test_an_inform_comes_as_a_trap_does(self):
        made = Connection(self)
        self.start_both(OWN + "proctcpNotify listeners\n")
        late = socket.create_server(("127.0.0.1", 0))
        came, = self.wait_for("listener came")
        self.assertEqual(came[0], '"127.0.0.1:%d"' % late.getsockname()[1])
        late.close(), made.client.close()


@unittest.skipUnless(shutil.which("snmptt") and shutil.which("snmpttconvertmib"), "snmptt is missing (Debian package snmptt)")
class Translated(TrapTest):
    """By snmptt, with what its own converter makes of the MIB."""
    print_as = []  # or snmptt finds no values

    def start_receiver(self):
        places = ":".join(base_mib_directories() + [os.path.dirname(MIB)])
        converted = self.path("snmptt.conf")
        done = subprocess.run(["snmpttconvertmib", "--in=" + MIB, "--out=" + converted], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=dict(self.environment, MIBDIRS=places, MIBS="ALL"),
                              universal_newlines=True)
        self.assertRegex(done.stdout, r"Successful translations: +6\nFailed translations: +0\n")
        self.write("snmptt.log", "")
        with open(SNMPTT_INI) as file:
            ini = file.read()
        for key, value in (("log_file", self.path("snmptt.log")), ("syslog_enable", "0"), ("syslog_system_enable", "0"), ("ipv6_enable", "0")):
            ini, count = re.subn("(?m)^%s *=.*" % key, "%s = %s" % (key, value), ini)
            self.assertEqual(count, 1, key)
        self.write("snmptt.ini", re.sub("(?s)(snmptt_conf_files = <<END\n).*?(?=END)", r"\g<1>%s\n" % converted, ini))
        self.write("trapd.conf", self.read("trapd.conf") + "traphandle default /usr/sbin/snmptt --ini=%s\n" %
                   self.path("snmptt.ini"))
        return super().start_receiver()

    def test_a_threshold_is_written_down_as_a_sentence(self):
        made = Connection(self)
        name = open("/proc/self/comm").read().strip()
        self.start_both(OWN + "proctcpThreshold much group=%s sockets 23 10\nproctcpNotify thresholds\n" % name)
        more = [socket.create_server(("127.0.0.1", 0)) for _ in range(40)]
        wait_until(lambda: "A threshold is exceeded." in self.read("snmptt.log"), "snmptt to write down what came")
        for end in more:
            end.close()
        wait_until(lambda: "A threshold is not exceeded any more." in self.read("snmptt.log"), "snmptt to write down its end")
        lines = [line for line in self.read("snmptt.log").splitlines() if "threshold" in line]
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], r" %s5 Normal .* - A threshold is exceeded\. much %s 43 23 %d \d+$" %
                         (re.escape(NOTIFICATIONS), re.escape(name), os.getpid()))
        made.client.close()
