"""proctcp-agentx as a process of the host: what SIGHUP changes, whose rights it has, whom it tells, where it logs."""
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

from support import wait_until
from test_snmp import (AGENT, DENIED, GENERATION, GROUP, INTERVAL, MANY_SCANS, MISSING, ONE_SCAN, OURS, PROCESS, ROWS, SOCKET, SOURCE, PROCFS, AgentTest,
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


def capabilities_of(process):
    """By the kernel's name of the set."""
    with open("/proc/%d/status" % process.pid) as status:
        return {name: int(mask, 16) for name, mask in re.findall(r"^Cap(\w+):\s*([0-9a-f]+)", status.read(), re.M)}


DAC_READ_SEARCH, SYS_PTRACE, SYS_ADMIN = 1 << 2, 1 << 19, 1 << 21
NOBODY = 65534


@unittest.skipUnless(os.geteuid() == 0, "needs root, to become another user and to give up rights")
class Rights(AgentTest):
    def start_as(self, configuration, *options):
        self.start_master()
        agent = self.start_agent(configuration, "-x", self.address, *options)
        self.wait_for_scan()
        return agent

    def assert_kept(self, agent, kept):
        found = capabilities_of(agent)
        self.assertEqual((found["Prm"], found["Eff"]), (kept, kept))
        self.assertEqual((found["Inh"], found["Bnd"], found.get("Amb", 0)), (0, found["Bnd"] & kept, 0))
        with open("/proc/%d/status" % agent.pid) as status:
            self.assertIn("NoNewPrivs:\t1", status.read())

    def who(self, agent):
        with open("/proc/%d/status" % agent.pid) as status:
            text = status.read()
        return [[int(word) for word in re.search(r"^%s:(.*)" % name, text, re.M).group(1).split()]
                for name in ("Uid", "Gid", "Groups")]

    def test_a_user_sees_what_root_sees_with_three_capabilities(self):
        made = Connection(self)
        agent = self.start_as(OURS, "-u", "nobody")
        entry = pwd.getpwnam("nobody")
        uids, gids, groups = self.who(agent)
        self.assertEqual((uids, gids), ([entry.pw_uid] * 4, [entry.pw_gid] * 4))
        self.assertEqual(sorted(groups), sorted(os.getgrouplist("nobody", entry.pw_gid)))
        self.assert_kept(agent, DAC_READ_SEARCH | SYS_PTRACE | SYS_ADMIN)
        seen_by_user = self.column(SOCKET, 102), self.column(PROCESS, 3), self.get(SOURCE)
        self.assertIn(index_of(made.client.fileno()), seen_by_user[0])
        self.assertEqual(self.get(MISSING), b"")
        denied = self.get(DENIED)
        self.assertEqual(self.stop(agent), 0)
        agent = self.start_agent(OURS, "-x", self.address)
        self.wait_for_scan()
        self.assertEqual((self.column(SOCKET, 102), self.column(PROCESS, 3), self.get(SOURCE)), seen_by_user)
        self.assertEqual(self.get(DENIED), denied)
        self.assert_kept(agent, DAC_READ_SEARCH | SYS_PTRACE | SYS_ADMIN)

    def test_what_the_configuration_does_not_need_is_given_up(self):
        for lines, kept in (("proctcpNetNamespaces own\n", DAC_READ_SEARCH | SYS_PTRACE), ("proctcpSource bpf\n", 0)):
            with self.subTest(lines):
                self.write("proctcp.conf", OURS + lines)
                agent = self.start_agent(OURS + lines + "agentUser %d\n" % NOBODY)
                wait_until(lambda: capabilities_of(agent)["Prm"] == kept or agent.poll() is not None, "rights to go")
                self.assert_kept(agent, kept)
                self.assertEqual(self.who(agent)[0], [NOBODY] * 4)
                self.assertEqual(self.stop(agent), 0)

    def test_what_is_missing_hides_something_that_is_said(self):
        os.chmod(self.directory, 0o755)
        program = shutil.copy(AGENT, self.path("proctcp-agentx"))
        self.start_master()
        self.start_agent(OURS, program=program, user=NOBODY, group=NOBODY, extra_groups=[])
        self.wait_for_log("without CAP_DAC_READ_SEARCH the descriptors of other users' processes cannot be listed, without "
                          "CAP_SYS_PTRACE which socket")

    def test_a_user_that_cannot_be_ends_the_start(self):
        self.write("proctcp.conf", OURS + "agentUser nobody-there\n")
        for options, where in ((("-u", "no-such-user"), "-u: there is no user no-such-user"),
                               ((), "agentUser: there is no user nobody-there")):
            for foreground in (("-f",), ()):
                status, _, error = self.run_agent(*foreground, "-x", self.address, "-p", self.path("pid"), *options)
                self.assertEqual(status, 1)
                self.assertIn(where, error)
                self.assertFalse(os.path.exists(self.path("pid")))
        os.chmod(self.directory, 0o755)
        program = shutil.copy(AGENT, self.path("proctcp-agentx"))
        done = subprocess.run([program, "-f", "-u", "root"], env=self.environment, user=NOBODY, group=NOBODY,
                              extra_groups=[], stderr=subprocess.PIPE, universal_newlines=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("-u: may not become the user root: start as root", done.stderr)

    def test_a_pid_file_that_cannot_be_removed_is_emptied(self):
        agent = self.start_as(OURS, "-u", "nobody", "-p", self.path("pid"))
        self.assertEqual(self.read("pid"), "%d\n" % agent.pid)
        self.assertEqual(self.stop(agent), 0)
        self.assertEqual(self.read("pid"), "")

    def test_a_hangup_gives_no_rights_back_and_says_so(self):
        agent = self.start_as(OURS + "proctcpNetNamespaces own\n", "-u", "nobody")
        self.write("proctcp.conf", OURS + "agentUser root\n")
        agent.send_signal(signal.SIGHUP)
        self.wait_for_log("needs CAP_SYS_ADMIN, which was given up")
        self.wait_for_log("agentUser holds from the start on")
        self.assert_kept(agent, DAC_READ_SEARCH | SYS_PTRACE)


class Service(AgentTest):
    """A service manager is a socket that datagrams come to."""

    def setUp(self):
        super().setUp()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.bind(self.path("notify"))
        self.manager.settimeout(0.1)
        self.environment.update(NOTIFY_SOCKET=self.path("notify"))
        self.heard = []

    def listen(self):
        try:
            while True:
                self.heard.append(self.manager.recv(4096).decode())
        except socket.timeout:
            return self.heard

    def wait_to_hear(self, wanted):
        wait_until(lambda: any(word.startswith(wanted) for word in self.listen()), wanted)

    def test_the_start_a_reload_and_the_end_are_told(self):
        self.start_both()
        self.wait_to_hear("READY=1")
        self.wait_to_hear("STATUS=%d rows of " % self.get(ROWS))
        wait_until(lambda: any("; serving the AgentX master" in word for word in self.listen()), "the master's state")
        self.listen()
        self.heard.clear()
        self.agent.send_signal(signal.SIGHUP)
        self.wait_to_hear("READY=1")
        self.assertRegex(self.heard[0], r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
        self.assertEqual(self.stop(self.agent), 0)
        self.wait_to_hear("STOPPING=1")
        self.assertNotIn("WATCHDOG=1", self.heard)

    def test_a_first_scan_that_fails_ends_the_start_too(self):
        self.start_agent(ONE_SCAN + "proctcpProcPath %s\n" % self.path("none"))
        self.wait_to_hear("STATUS=no scan succeeded yet; no AgentX master")
        self.wait_to_hear("READY=1")

    def test_signs_of_life_come_until_it_stands_still(self):
        self.environment.update(WATCHDOG_USEC="400000")
        agent = self.start_agent(ONE_SCAN)
        wait_until(lambda: self.listen().count("WATCHDOG=1") >= 3, "signs of life")
        agent.send_signal(signal.SIGSTOP)
        self.addCleanup(agent.send_signal, signal.SIGCONT)
        self.listen()
        count = self.heard.count("WATCHDOG=1")
        time.sleep(1)
        self.assertEqual(self.listen().count("WATCHDOG=1"), count)

    def test_a_manager_that_is_not_there_or_does_not_listen_hurts_nobody(self):
        self.start_master()
        for address in (self.path("no-such-socket"), "@proctcp-no-such-socket", "x" * 300, "", self.path("notify")):
            self.environment.update(NOTIFY_SOCKET=address, WATCHDOG_USEC="20000")
            agent = self.start_agent(MANY_SCANS + "proctcpPid %d\n" % os.getpid(), "-x", self.address)
            self.wait_for_scan(lambda generation: generation >= 2)
            self.assertEqual(self.stop(agent), 0)



class Logs(AgentTest):
    def start_logging(self, *options):
        return self.start_agent(ONE_SCAN, *options, "-x", "unix:" + self.path("none"))

    def wait_for(self, name, text, count=1):
        wait_until(lambda: os.path.exists(self.path(name)) and self.read(name).count(text) >= count, text)

    def test_a_file_is_written_and_opened_anew_after_a_hangup(self):
        agent = self.start_logging("-Lf", self.path("log"))
        self.wait_for("log", "no AgentX master")
        agent.send_signal(signal.SIGHUP)
        self.wait_for("log", SAID)
        self.assertIn("no AgentX master", self.read("log"))  # what is there stays
        os.rename(self.path("log"), self.path("old"))
        agent.send_signal(signal.SIGHUP)
        self.wait_for("log", SAID)
        self.assertEqual(self.read("old").count(SAID), 1)
        self.assertEqual(self.read("agent.log"), "")

    def test_a_file_that_cannot_be_opened_anew_is_written_on(self):
        os.mkdir(self.path("logs"))
        agent = self.start_logging("-Lf", self.path("logs/log"))
        self.wait_for("logs/log", "no AgentX master")
        os.rename(self.path("logs"), self.path("moved"))
        agent.send_signal(signal.SIGHUP)
        self.wait_for("moved/log", "cannot write %s: No such file" % self.path("logs/log"))
        self.wait_for("moved/log", SAID)

    def test_each_place_can_be_chosen(self):
        agent = self.start_logging("-Le")
        self.wait_for_log("no AgentX master")
        self.stop(agent)  # or else it goes on writing
        agent = self.start_logging("-Ln", "-p", self.path("pid"))
        self.wait_for("pid", "\n")
        self.assertEqual(self.stop(agent), 0)
        self.assertEqual(self.read("agent.log"), "")
        status, _, error = self.run_agent("-Lq")
        self.assertEqual(status, 2)
        self.assertIn("-L: no such place for messages: q", error)

    def test_a_daemon_logs_to_its_file(self):
        self.write("proctcp.conf", ONE_SCAN)
        self.assertEqual(self.run_agent("-Lf", self.path("log"), "-x", "unix:" + self.path("none"), "-p",
                                        self.path("pid"))[0], 0)
        self.wait_for("pid", "\n")
        pid = int(self.read("pid"))
        self.addCleanup(lambda: os.path.exists("/proc/%d" % pid) and os.kill(pid, signal.SIGKILL))
        os.kill(pid, signal.SIGHUP)
        self.wait_for("log", SAID)
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not os.path.exists(self.path("pid")), "the pid file to go")


if __name__ == "__main__":
    unittest.main()
