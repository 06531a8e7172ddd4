"""Notifications with the files of mibs/nms/snmptrapd and mibs/nms/snmptt as they are: from proctcp-agentx over snmpd."""
import os
import re
import shutil
import socket
import subprocess
import unittest

import test_snmp_notifications as notifications
from nms import NMS, substituted, text_of
from support import free_tcp_port, wait_until
from test_collectd import Holder
from ways import named

HANDLER = os.path.join(NMS, "snmptrapd", "proctcp-trap")
OBJECTS = ".1.3.6.1.4.1.8072.9999.9999.793."


class Handler(unittest.TestCase):
    """proctcp-trap by itself, with what snmptrapd may give it."""

    def lines(self, *varbinds, host="web1", kind=5):
        text = "%s\nUDP: [192.0.2.1]:162\n.1.3.6.1.2.1.1.3.0 0:0:0:1.00\n" % host
        text += "" if kind is None else ".1.3.6.1.6.3.1.1.4.1.0 %s0.%d\n" % (OBJECTS, kind)
        text += "".join((each if each[0] == "." else OBJECTS + each) + "\n" for each in varbinds)
        done = subprocess.run([HANDLER, "/dev/stdout"], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              encoding="utf-8", errors="surrogateescape")
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout.splitlines()

    def test_names_stay_in_one_line_and_are_not_run(self):
        for written, read in ((r'"a \"b\" \\\" c"', r'a "b" \" c'), ('"$(touch x) `id` \\\\"', r"$(touch x) `id` " + "\\"),
                              ('"a\n.1.3.6.1.6.3.1.1.4.1.0 .1.2\nb"', "a .1.3.6.1.6.3.1.1.4.1.0 .1.2 b"),
                              ('"\n%s1.8.1.12.9 7"' % OBJECTS, " %s1.8.1.12.9 7" % OBJECTS), ('"6E 67 01 "', "(octets 6E 67 01)"),
                              ('"\x1b[2J\tä"', "?[2J???"), ('""', "(not told)"), ('"-n"', "-n"), ("'x'", "'x'")):
            self.assertEqual(self.lines('1.8.1.3.1 "much"', "1.8.1.4.1 " + written, "1.8.1.12.1 43", "1.8.1.7.1 23", "1.8.1.13.1 12"),
                             ["warning web1: much: %s has 43, 23 is too much (process 12)" % read])

    def test_what_is_no_notification_of_proctcp_is_told_of_as_that(self):
        self.assertEqual(self.lines(kind=7), ["notice web1: a notification that proctcp-trap does not know: 7"])
        self.assertEqual(self.lines("1.8.1.4.1 7", ".1.3.6.1.6.3.1.1.4.1.0 .1.2.3", kind=7),
                         ["notice web1: a notification that proctcp-trap does not know: 7"])
        self.assertEqual(self.lines(host="web1", kind=None), ["notice web1: a notification that proctcp-trap does not know: (not told)"])

    def test_what_is_not_told_is_told_of_as_that(self):
        self.assertEqual(self.lines(kind=6), ["notice web1: (not told): (not told) has (not told) now, which is not too much"])
        self.assertEqual(self.lines(kind=1), ["warning web1: scans of proctcp fail: (not told)"])

    def test_a_text_that_does_not_end_is_there_as_far_as_it_goes(self):
        self.assertEqual(self.lines('1.8.1.3.1 "much"', '1.8.1.4.1 "never \\"ends', "1.8.1.12.1 43", kind=6),
                         ['notice web1: much: never "ends %s1.8.1.12.1 43... (cut) has (not told) now, which is not too much' % OBJECTS])
        self.assertEqual(self.lines('1.4.1.4.0 "', kind=3),
                         ["warning web1: nobody listens at (not told) any more (it was ... (cut), process (not told))"])

    def test_too_many_words_are_a_usage(self):
        done = subprocess.run([HANDLER, "a", "b"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual((done.returncode, done.stdout), (2, "usage: proctcp-trap [FILE]\n"))


class Receiver(notifications.TrapTest):
    """snmptrapd of the shipped file."""
    print_as = []

    def start_receiver(self):
        shipped = text_of(os.path.join(NMS, "snmptrapd", "snmptrapd.conf"))
        self.assertEqual([line for line in shipped.splitlines() if line.lstrip().startswith("auth")], [])
        self.write("trapd.conf", substituted(shipped, (r"^#   authCommunity log,execute COMMUNITY$", "authCommunity log,execute public"),
                                             ("/usr/local/lib/proctcp/proctcp-trap", "%s %s" % (HANDLER, self.path("told")))))
        self.write("told", "")
        return super().start_receiver()

    def wait_told(self, *lines):
        try:
            wait_until(lambda: len(self.read("told").splitlines()) >= len(lines), "notifications")
        finally:
            self.assertEqual([line.replace("localhost", "127.0.0.1") for line in self.read("told").splitlines()], list(lines))

    def test_thresholds_and_listeners(self):
        name = named("nginx")
        service = Holder(self, name)
        listener = service.listen("127.0.0.1", free_tcp_port())
        self.start_both("proctcpInterval 1\nproctcpProcess %s\nproctcpThreshold much group=%s sockets 23 10\n"
                        "proctcpNotify listeners thresholds\n" % (name, name))
        pairs = [service.pair(listener) for _ in range(15)]
        lines = ["warning 127.0.0.1: much: %s has 31, 23 is too much (process %d)" % (name, service.process.pid)]
        self.wait_told(*lines)
        for fd in [fd for pair in pairs for fd in pair]:
            service.close(fd)
        lines.append("notice 127.0.0.1: much: %s has 1 now, which is not too much" % name)
        self.wait_told(*lines)
        port = free_tcp_port()
        came = service.listen("127.0.0.1", port)
        lines.append("notice 127.0.0.1: %s, process %d, listens at 127.0.0.1:%d" % (name, service.process.pid, port))
        self.wait_told(*lines)
        service.close(came)
        lines.append("warning 127.0.0.1: nobody listens at 127.0.0.1:%d any more (it was %s, process %d)" %
                     (port, name, service.process.pid))
        self.wait_told(*lines)

    def test_scans_that_fail(self):
        root = self.bare_root()
        self.start_both("proctcpInterval 1\nproctcpProcPath %s\nproctcpNotify scan\n" % root)
        os.rename(root, root + "-away")
        wait_until(lambda: self.read("told"), "a scan that fails")
        self.assertRegex(self.read("told"), r"^warning \S+: scans of proctcp fail: .*No such file")
        os.rename(root + "-away", root)
        wait_until(lambda: self.read("told").endswith(": scans of proctcp succeed again\n"), "one that succeeds")
        self.assertRegex(self.read("told"), r"\nnotice \S+: scans")


@unittest.skipUnless(shutil.which("snmptt"), "snmptt is missing (Debian package snmptt)")
class Snmptt(notifications.TrapTest):
    print_as = []

    def start_receiver(self):
        self.write("snmptt.log", "")
        settings = [("^%s *=.*" % key, "%s = %s" % (key, value)) for key, value in
                    (("log_file", self.path("snmptt.log")), ("syslog_enable", 0), ("syslog_system_enable", 0), ("ipv6_enable", 0))]
        self.write("snmptt.ini", substituted(text_of(notifications.SNMPTT_INI), *settings, (
            "snmptt_conf_files = <<END\n(?s:.*?)(?=END)", "snmptt_conf_files = <<END\n%s\n" % os.path.join(NMS, "snmptt", "proctcp.conf"))))
        self.write("trapd.conf", self.read("trapd.conf") + "traphandle default /usr/sbin/snmptt --ini=%s\n" % self.path("snmptt.ini"))
        return super().start_receiver()

    def wait_written(self, kind, severity, text):
        pattern = r"\.793\.0\.%d %s \"proctcp\" \S+ - %s$" % (kind, severity, text)
        wait_until(lambda: re.search(pattern, self.read("snmptt.log"), re.M), pattern)

    def test_a_threshold_and_a_listener_are_written_down_as_sentences(self):
        name = open("/proc/self/comm").read().strip()
        self.start_both(notifications.OWN + "proctcpThreshold much group=%s sockets 23 10\nproctcpNotify thresholds listeners\n" % name)
        first, *more = [socket.create_server(("127.0.0.1", 0)) for _ in range(30)]
        self.addCleanup(first.close)
        who = "process %d" % os.getpid()
        self.wait_written(5, "WARNING", r"much: %s has 3\d, 23 is too much \(%s\)" % (re.escape(name), who))
        self.wait_written(4, "Normal", r"%s, %s, listens at 127\.0\.0\.1:%d" % (re.escape(name), who, first.getsockname()[1]))
        went = [each.getsockname()[1] for each in more]
        for end in more:
            end.close()
        self.wait_written(6, "Normal", r"much: %s has \d now, which is not too much" % re.escape(name))
        self.wait_written(3, "CRITICAL", r"Nobody listens at 127\.0\.0\.1:%d any more \(it was %s, %s\)" %
                          (went[0], re.escape(name), who))
