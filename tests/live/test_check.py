"""check_proctcp, of this host and over SNMP, against what the tests themselves opened, and against agents that answer wrongly."""
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import peer
from support import BUILD, LiveTest, free_tcp_port, free_udp_port, wait_until
from test_collectd import Holder
from zoo import sock_diag_missing
from test_snmp import OBJECTS, PROCFS, SOURCE, STALE, STATUS, AgentTest

CHECK = os.path.join(BUILD, "check", "check_proctcp")
OK, WARNING, CRITICAL, UNKNOWN = range(4)
WORDS = ["OK", "WARNING", "CRITICAL", "UNKNOWN"]
NOBODY = 65534
HOSTILE = "a|b'c\n=\"\udcff;<"
HOSTILE_SAFE = "a%7cb%27c%0a%3d%22%ff;%3c"
# What a monitoring system takes for performance data.
DATUM = r"'[^'=|]+'=-?[\d.]+(%|s)?(;[\d.:~@-]*){0,4}"


@unittest.skipUnless(os.path.exists(CHECK), "%s is not built" % CHECK)
class CheckTest(LiveTest):
    where = ()

    def check(self, *words, by=(), program=CHECK, patience_s=60, environment=None):
        """Status, line and performance data of a plugin that kept to the rules."""
        begun = time.monotonic()
        done = subprocess.run([*by, program, *self.where, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, timeout=120, env=environment)
        self.assertLess(time.monotonic() - begun, patience_s)
        self.assertEqual(done.stderr, b"")
        first, *self.more = done.stdout.decode("ascii").splitlines()
        self.assertIn(done.returncode, range(4), done.stdout)
        begin = "PROCTCP %s - " % WORDS[done.returncode]
        self.assertEqual(first[:len(begin)], begin)
        self.assertLessEqual(first.count("|"), 1, first)
        self.assertFalse([line for line in self.more if "|" in line])
        line, _, data = first[len(begin):].partition(" | ")
        if data:
            self.assertRegex(data, "^%s( %s)*$" % (DATUM, DATUM))
        return done.returncode, line, data

    def expect(self, state, pattern, *words, **how):
        found, line, data = self.check(*words, **how)
        self.assertEqual(found, state, line)
        self.assertRegex(line, pattern)
        return data

    def wait_for(self, state, *words):
        """Until it says so, as an agent scans now and then."""
        seen = []

        def says():
            seen[:] = self.check(*words)
            return seen[0] == state
        try:
            wait_until(says, WORDS[state])
        except AssertionError as error:
            raise AssertionError("%s; %s" % (error, seen)) from None
        return seen[1:]


class Usage(CheckTest):
    def test_what_is_wrong_is_unknown_and_names_the_option(self):
        close_wait = ("-k", "close_wait")
        for words, said in [
                ((), "--check is missing"),
                (("-k",), 'option "-k" needs a value'),
                (("-k", "close_wiat"), 'is no check: give close_wait'),
                (("--chekc", "scan"), 'option "--chekc" is not known'),
                (("-Z",), 'option "-Z" is not known'),
                ((*close_wait, "more"), "a word that is no option"),
                (("more", "-Z"), 'option "-Z" is not known'),
                (("more", "--zeal"), 'option "--zeal" is not known'),
                (("-vk",), 'option "-k" needs a value'),
                (("--check",), 'option "--check" needs a value'),
                ((*close_wait, "-w", ""), "is no range"),
                ((*close_wait, "-w", "20:10"), "is no range"),
                ((*close_wait, "-c", "5%"), "without a unit"),
                ((*close_wait, "-c", "a|b"), '-c "a%7cb" is no range'),
                ((*close_wait, "-g", ""), "is no name of a group"),
                ((*close_wait, "-g", "x" * 97), "is no name of a group"),
                ((*close_wait, "-l", "localhost:80"), "is no address and port"),
                ((*close_wait, "-g", "x", "-l", "0.0.0.0:80"), "give one of them"),
                ((*close_wait, *[word for number in range(65) for word in ("-g", "x%d" % number)]), "is one too many"),
                ((*close_wait, "--missing", "ok"), "what --group and --listener name"),
                ((*close_wait, "--missing", "fine"), "is no state"),
                ((*close_wait, "-t", "0"), "is no time"),
                ((*close_wait, "-t", "1h"), "is no time"),
                ((*close_wait, "--over", "5"), "is for --check retransmission_percent"),
                (("-k", "retransmission_percent", "-t", "5", "--over", "5"), "-t must be longer"),
                (("-k", "scan", "-g", "x"), "about no group"),
                (("-k", "listener"), "needs --listener"),
                (("-k", "unbound", "-l", "0.0.0.0:80"), "listeners have no such value"),
                ((*close_wait, "--source", "psychic"), "is no source"),
                ((*close_wait, "--group-by", "mood"), "--group-by: "),
                ((*close_wait, "--define", "x"), "--define: "),
                ((*close_wait, "-C", "public"), "give -H, too"),
                ((*close_wait, "-H", ""), "is no host"),
                ((*close_wait, "-H", "h", "-p", "snmp"), "is no port"),
                ((*close_wait, "-H", "h", "-p", "0"), "is no port"),
                ((*close_wait, "-H", "h", "-p", "65536"), "is no port"),
                ((*close_wait, "-H", "h", "-P", "1"), "give 2c or 3"),
                ((*close_wait, "-H", "h", "-U", "me"), "are of SNMPv3"),
                ((*close_wait, "-H", "h", "-P", "3", "-U", "me", "-C", "x"), "is of SNMPv2c"),
                ((*close_wait, "-H", "h", "--group-by", "unit"), "the agent's own configuration")]:
            self.expect(UNKNOWN, "^usage: .*" + re.escape(said), *words)
            self.assertEqual(self.more, [])

    def test_what_is_wrong_for_a_user_of_version_3_is_told_without_asking_anybody(self):
        v3 = ("-k", "scan", "-H", "127.0.0.1", "-p", "9", "-P", "3")
        for words, said in [((), "give a user by -U"),
                            (("-U", "me", "-L", "much"), "give noAuthNoPriv"),
                            (("-U", "me", "-L", "authPriv", "-A", "authpassword"), "that level needs -X"),
                            (("-U", "me", "-L", "authNoPriv"), "that level needs -A"),
                            (("-U", "me", "-A", "short"), "8 letters or more"),
                            (("-U", "me", "-X", "privpassword"), "it needs -A, too"),
                            (("-U", "me", "-a", "ROT13", "-A", "authpassword"), "give SHA"),
                            (("-U", "me", "-A", "authpassword", "-x", "ROT13", "-X", "privpassword"), "give AES")]:
            self.expect(UNKNOWN, "^usage: .*" + said, *v3, *words, environment=dict(os.environ, SNMPCONFPATH=self.directory))

    def test_a_state_that_nobody_can_be_told_of_is_unknown(self):
        words = [CHECK, "-k", "scan", "--partial-ok"]
        with open("/dev/full", "w") as full:
            done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, UNKNOWN)
        self.assertIn("cannot be written: ", done.stderr)
        for closed in ((1,), (0, 1, 2), (0,)):
            done = subprocess.run(["sh", "-c", "exec \"$@\" " + " ".join("%d>&-" % fd for fd in closed), "sh", *words],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual((done.returncode == UNKNOWN, done.stdout == b""), (1 in closed, 1 in closed), closed)

    def test_help_and_version_are_no_state_of_anything(self):
        for word, said in (("--help", "Usage: check_proctcp "), ("-V", "check_proctcp 0.")):
            done = subprocess.run([CHECK, word], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual((done.returncode, done.stderr), (UNKNOWN, ""))
            self.assertTrue(done.stdout.startswith(said), done.stdout)
            self.assertLess(max(map(len, done.stdout.splitlines())), 125)


class Both:
    """What is the same, however it is looked. settle(): what was opened until now can be seen."""

    def settle(self):
        pass

    def test_a_listener_is_there_held_by_others_gone_and_missing(self):
        service = Holder(self, self.name("web"))
        port = free_tcp_port()
        service.listen("127.0.0.1", port)
        self.begin(service.name)
        at = ("-k", "listener", "-l", "127.0.0.1:%d" % port)
        self.settle()
        data = self.expect(OK, "^listener: 127.0.0.1:%d is there, held by %s$" % (port, service.name), *at)
        self.assertEqual(data, "'127.0.0.1:%d'=1;;;0" % port)
        self.expect(OK, "is there", *at, "-g", service.name)
        self.expect(CRITICAL, "is held by %s, which is another group" % service.name, *at, "-g", "other")
        self.expect(WARNING, "127.0.0.1:%d has 1 socket$" % port, *at, "-w", "2:")
        self.assertEqual(self.expect(OK, "is there", *at, *at[2:]), data)
        self.stop(service.process)
        self.wait_for(CRITICAL, *at)
        self.expect(WARNING, "nobody listens there", *at, "--missing", "warning")

    def test_a_listener_of_a_stranger_on_an_interface_is_another_one(self):
        stranger = socket.socket()
        self.addCleanup(stranger.close)
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        self.begin()
        self.settle()
        at = "127.0.0.1:%d" % stranger.getsockname()[1]
        self.expect(CRITICAL, "nobody listens there", "-k", "listener", "-l", at)
        lo = socket.if_nametoindex("lo")
        self.expect(CRITICAL, "is missing", "-k", "listener", "-l", at)  # nobody ever did
        for name in ("%s%%%d" % (at, lo), at.replace(":", "%%%d:" % lo)):
            data = self.expect(OK, "^listener: %s%%%d is there" % (at, lo), "-k", "listener", "-l", name)
            self.assertEqual(data, "'%s%%%d'=1;;;0" % (at, lo))

    def test_what_is_wrong_with_a_group_is_seen_and_is_well_again(self):
        service = Holder(self, self.name("bad"))
        listener = service.listen("127.0.0.1", free_tcp_port())
        self.begin(service.name)
        at = "127.0.0.1:%d" % service.port(listener)
        group = ("-g", service.name)
        pairs = [service.pair(listener) for _ in range(8)]
        service.limit(service.descriptors() * 2, 4096)
        self.settle()
        self.expect(OK, "^fds_percent: %s (4[5-9]|50)" % service.name, "-k", "fds_percent", *group, "-w", "80")
        for client, _ in pairs:
            service.shut(client)
        unbound = [service.unbound() for _ in range(6)]
        waiting = [service.connect(listener) for _ in range(12)]
        service.limit(service.descriptors() * 10 // 9, 4096)
        self.settle()
        data = self.expect(WARNING, "^close_wait: %s 8$" % service.name, "-k", "close_wait", *group, "-w", "5", "-c", "10")
        self.assertEqual(data, "'%s'=8;5;10;0" % service.name)
        self.expect(CRITICAL, "^close_wait: %s 8$" % at, "-k", "close_wait", "-l", at, "-c", "5")
        self.expect(CRITICAL, "^unbound: %s 6$" % service.name, "-k", "unbound", *group, "-c", "5")
        self.expect(CRITICAL, "^fds_percent: %s (8[5-9]|9)" % service.name, "-k", "fds_percent", *group, "-w", "70", "-c", "80")
        if self.has_maximum():
            data = self.expect(WARNING, "^accept_queue_percent: %s 75%%$" % at, "-k", "accept_queue_percent", "-l", at, "-w", "70",
                               "-c", "90")
            self.assertEqual(data, "'%s'=75%%;70;90" % at)
            self.expect(CRITICAL, "^accept_queue_percent: 1 listener, %s 75%%" % at, "-k", "accept_queue_percent", *group, "-c", "50")
        for fd in [fd for pair in pairs for fd in pair] + unbound:
            service.close(fd)
        for _ in waiting:
            service.accept(listener)
        service.limit(4096)
        self.settle()
        for check in ("close_wait", "unbound", "fds_percent"):
            self.expect(OK, "^%s: " % check, "-k", check, *group, "-w", "20", "-c", "50")

    def test_a_group_that_was_never_seen_is_unknown_or_what_is_wished(self):
        self.begin("none")
        self.settle()
        self.expect(UNKNOWN, "nothere is not known", "-k", "close_wait", "-g", "nothere", "-c", "5")
        self.expect(OK, "nothere is not known", "-k", "close_wait", "-g", "nothere", "-c", "5", "--missing", "ok")
        self.expect(CRITICAL, "nothere is not known", "-k", "processes", "-g", "nothere", "-c", "1:")

    def test_of_several_the_worst_decides(self):
        well, ill = Holder(self, self.name("well")), Holder(self, self.name("ill"))
        for service, count in ((well, 1), (ill, 9)):
            for _ in range(count):
                service.unbound()
        self.begin(well.name, ill.name)
        self.settle()
        data = self.expect(CRITICAL, "^unbound: %s 9, %s 1$" % (ill.name, well.name),
                           "-k", "unbound", "-g", well.name, "-g", ill.name, "-c", "5")
        self.assertEqual(data, "'%s'=1;;5;0 '%s'=9;;5;0" % (well.name, ill.name))
        data = self.expect(CRITICAL, r"^unbound: \d+ groups, (\S+ \d+, )*%s 9" % ill.name, "-k", "unbound", "-c", "5", "--partial-ok", "-v")
        self.assertRegex(data, r"^'most'=\d+;;5;0 'groups'=\d+;;;0$")
        self.assertIn("OK: %s 1" % well.name, self.more)

    def test_a_hostile_name_breaks_neither_line_nor_performance_data(self):
        service = Holder(self, HOSTILE)
        service.unbound()
        self.begin(service.process.pid)
        self.settle()
        words = ("-k", "unbound", "-g", HOSTILE_SAFE, "-c", "0", "--partial-ok")
        data = self.expect(CRITICAL, "^unbound: %s 1$" % re.escape(HOSTILE_SAFE), *words)
        self.assertEqual(data, "'%s'=1;;0;0" % HOSTILE_SAFE)
        self.expect(CRITICAL, re.escape(HOSTILE_SAFE + " 1"), "-k", "unbound", "-c", "0", "--partial-ok", "-v")

    def test_a_rate_is_of_two_scans(self):
        service = Holder(self, self.name("rate"))
        client, server = service.pair(service.listen())
        self.begin(service.name)
        self.settle()
        begun = time.monotonic()
        for _ in range(10):
            service.send(client, 1000)
            service.receive(server, 1000)
        if self.has_maximum():
            data = self.expect(OK, "^retransmission_percent: %s 0%%$" % service.name, "-k", "retransmission_percent", "-g", service.name,
                               "-w", "5", "--over", "1")
            self.assertEqual(data, "'%s'=0%%;5" % service.name)
        else:
            self.expect(UNKNOWN, "has no such value", "-k", "retransmission_percent", "-g", service.name, "-w", "5", "--over", "1")
        self.assertGreater(time.monotonic() - begun, 1)

    def test_segments_that_are_sent_again_make_the_rate_rise(self):
        service = Holder(self, self.name("loss"))
        listener = service.listen()
        self.begin(service.name)
        self.settle()

        def provoke():
            pairs = [service.pair(listener) for _ in range(60)]  # segments enough
            for client, server in pairs[:4]:
                service.deaf(server)
                service.send(client, 1)
        later = threading.Timer(1, provoke)
        later.start()
        self.addCleanup(later.join)
        if self.has_maximum():
            data = self.expect(WARNING, r"^retransmission_percent: %s [\d.]+%%$" % service.name, "-k", "retransmission_percent",
                               "-g", service.name, "-w", "0", "-c", "50", "--over", "3")
            self.assertRegex(data, r"^'%s'=[1-9][\d.]*%%;0;50$" % service.name)
        else:
            self.expect(UNKNOWN, "has no such value", "-k", "retransmission_percent", "-g", service.name, "-w", "0", "--over", "3")

    def name(self, what):
        return "c%d-%s" % (os.getpid() % 100000, what)


class Local(Both, CheckTest):
    def begin(self, *_):
        pass

    def has_maximum(self):
        return os.environ.get("SOURCE") != "procfs" and not sock_diag_missing()

    def check(self, *words, **how):
        if os.environ.get("SOURCE"):
            words += ("--source", os.environ["SOURCE"])
        return super().check(*words, **how)

    def as_nobody(self):
        """A copy where nobody can reach it, and the words that make it run so."""
        os.chmod(self.directory, 0o755)
        program = shutil.copy(CHECK, self.path("check_proctcp"))
        os.chmod(program, 0o755)
        return {"by": ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"), "program": program}

    @unittest.skipIf(os.geteuid(), "only root can be nobody")
    def test_without_rights_it_is_unknown_with_the_remedy_and_listeners_are_seen_all_the_same(self):
        service = Holder(self, self.name("root"))
        port = service.port(service.listen())
        nobody = self.as_nobody()
        remedy = "left something out: processes denied .*: run it as root, by sudo, or load proctcp-bpf"
        self.expect(UNKNOWN, remedy, "-k", "close_wait", "-g", service.name, "-c", "5", **nobody)
        self.expect(UNKNOWN, remedy, "-k", "close_wait", "-c", "5", **nobody)
        self.expect(WARNING, "processes denied", "-k", "scan", **nobody)
        self.expect(OK, "is there", "-k", "listener", "-l", "127.0.0.1:%d" % port, **nobody)
        self.expect(UNKNOWN, "is held by nobody who can be seen", "-k", "listener", "-l", "127.0.0.1:%d" % port, "-g", service.name,
                    **nobody)

    @unittest.skipIf(os.geteuid(), "only root can be nobody")
    def test_of_a_named_group_only_its_own_processes_count_as_denied(self):
        service = Holder(self, self.name("own"), user=NOBODY, group=NOBODY)
        service.unbound()
        self.expect(OK, "^unbound: %s 1$" % service.name, "-k", "unbound", "-g", service.name, "-c", "5", **self.as_nobody())

    def test_the_scan_is_told_of(self):
        data = self.expect(OK, "^scan: 0 s old", "-k", "scan", "--partial-ok")
        self.assertRegex(data, r"^'age'=\d+s;;;0 'duration'=[\d.]+s;;;0$")

    def test_a_listener_of_several_groups_is_held_by_each(self):
        master, worker = Holder(self, self.name("master")), Holder(self, self.name("worker"))
        port = free_tcp_port()
        for service in (master, worker):
            service.listen("127.0.0.1", port, True)
        for group in (master.name, worker.name):
            self.expect(OK, "held by %s$" % group, "-k", "listener", "-l", "127.0.0.1:%d" % port, "-g", group)
        self.expect(CRITICAL, "which is another group", "-k", "listener", "-l", "127.0.0.1:%d" % port, "-g", "other")

    @unittest.skipIf(os.geteuid(), "only root mounts")
    def test_processes_that_are_out_of_sight_are_told_of(self):
        service = Holder(self, self.name("unseen"))
        service.unbound()
        os.mkdir(self.path("proc"))
        hidden = ("unshare", "-m", "sh", "-c", "mount -t proc -o hidepid=2 proc %s && exec setpriv --reuid %d --regid %d --clear-groups \"$@\"" %
                  (self.path("proc"), NOBODY, NOBODY), "sh")
        nobody = self.as_nobody()["program"]
        for words in (("-k", "unbound", "-c", "5"), ("-k", "unbound", "-g", service.name, "-c", "5", "--missing", "ok")):
            self.expect(UNKNOWN, "hidden", *words, "--proc-root", self.path("proc"), by=hidden, program=nobody)
            self.expect(UNKNOWN, "processes outside of this pid namespace", *words, by=("unshare", "-fp", "--mount-proc"))
        self.expect(WARNING, r"hidden \(hidepid\)", "-k", "scan", "--proc-root", self.path("proc"), by=hidden, program=nobody)
        self.expect(WARNING, "processes outside of this pid namespace", "-k", "scan", by=("unshare", "-fp", "--mount-proc"))
        self.expect(OK, "^unbound: 1 group", "-k", "unbound", by=("unshare", "-nfp", "--mount-proc"))  # there is nothing outside

    def test_what_cannot_be_read_at_all_is_unknown(self):
        self.expect(UNKNOWN, "^nothing could be read: ", "-k", "close_wait", "--proc-root", self.directory)
        self.expect(UNKNOWN, "^nothing could be read: ", "-k", "scan", "--proc-root", self.directory)

    def test_groups_are_made_as_the_options_say(self):
        service = Holder(self, self.name("ruled"))
        service.unbound()
        self.expect(CRITICAL, "^unbound: my group 1$", "-k", "unbound", "-g", "my group", "-c", "0", "--partial-ok",
                    "--define", "my group=process=%s" % service.name)

    @unittest.skipIf(os.environ.get("SOURCE"), "another source is tried")
    def test_a_source_that_knows_no_maximum_is_not_taken_for_an_empty_queue(self):
        service = Holder(self, self.name("procfs"))
        at = "127.0.0.1:%d" % service.port(service.listen())
        self.expect(UNKNOWN, "has no known maximum", "-k", "accept_queue_percent", "-l", at, "-c", "50", "--source", "procfs")


class OverSnmp(Both, CheckTest, AgentTest):
    def begin(self, *names):
        rules = ["proctcp%s %s\n" % ("Pid" if isinstance(each, int) else "Process", each) for each in names]
        self.configuration = "proctcpInterval 1\n" + "".join(rules)
        self.start_both(self.configuration)

    def setUp(self):
        super().setUp()
        self.where = ("-H", "127.0.0.1", "-p", str(self.port), "-C", "public", "-t", "50")

    def settle(self):
        seen = self.wait_for_scan()
        self.wait_for_scan(lambda generation: generation >= seen + 2)

    def has_maximum(self):
        return self.get(SOURCE) != PROCFS

    def test_the_scan_is_told_of_and_names_need_no_mib(self):
        self.begin(os.getpid())
        data = self.expect(OK, r"^scan: \d s old$", "-k", "scan", environment={"PATH": "/usr/bin"})
        self.assertRegex(data, r"^'age'=\d+s;;;0 'duration'=[\d.]+s;;;0$")

    def test_without_an_agent_it_is_unknown_and_what_was_critical_is_not_ok(self):
        service = Holder(self, self.name("bad"))
        for _ in range(9):
            service.unbound()
        self.begin(service.name)
        words = ("-k", "unbound", "-g", service.name, "-c", "5")
        self.expect(CRITICAL, " 9$", *words)
        self.agent.send_signal(signal.SIGKILL)
        self.agent.wait()
        blind = "snmpd answers, but there is nothing of proctcp: .*proctcp doctor"
        self.expect(UNKNOWN, blind, *words)
        for other in (("-k", "scan"), ("-k", "unbound", "-c", "5"), ("-k", "listener", "-l", "0.0.0.0:1"),
                      ("-k", "unbound", "-g", service.name, "--missing", "ok", "--partial-ok")):
            self.expect(UNKNOWN, blind, *other)
        self.agent = self.start_agent(self.configuration)
        self.wait_for(CRITICAL, *words)

    def test_an_agent_that_hangs_and_a_host_that_is_silent_are_unknown_in_time(self):
        self.begin(os.getpid())
        self.agent.send_signal(signal.SIGSTOP)
        self.addCleanup(self.agent.send_signal, signal.SIGCONT)
        self.expect(UNKNOWN, "answers with an error|does not answer|nothing of proctcp", "-k", "scan", "-t", "4", patience_s=6)
        self.where = ("-H", "127.0.0.1", "-p", str(free_udp_port()))
        self.expect(UNKNOWN, "does not answer: is snmpd there", "-k", "scan", "-t", "2", patience_s=4)

    def test_its_time_ends_also_where_who_ran_it_has_blocked_the_alarm(self):
        silent = free_udp_port()
        taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", silent))
        done = subprocess.run([CHECK, "-H", "127.0.0.1", "-p", str(silent), "-k", "scan", "-t", "1"], stdout=subprocess.PIPE, text=True,
                              preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]), timeout=60)
        self.assertEqual(done.returncode, UNKNOWN)

    def test_a_rate_of_an_agent_that_scans_seldom_takes_its_time_or_says_so(self):
        service = Holder(self, self.name("seldom"))
        service.pair(service.listen())
        self.start_both("proctcpInterval 60\nproctcpProcess %s\n" % service.name)
        self.where = self.where[:-2]
        self.expect(UNKNOWN, "the agent scans every 60 s, so that two scans take up to 81 s: see -t$", "-k", "retransmission_percent",
                    "-g", service.name, "--over", "1", "-t", "50", patience_s=10)

    def test_names_that_found_no_place_may_be_what_is_missing(self):
        services = [Holder(self, self.name("n%d" % number)) for number in range(4)]
        for service in services:
            service.unbound()
        self.start_both("proctcpInterval 1\nproctcpMaxGroups 2\n" + "".join("proctcpProcess %s\n" % service.name for service in services))
        seen = [self.check("-k", "unbound", "-g", service.name, "-c", "5", "--missing", "ok") for service in services]
        self.assertEqual(sorted(state for state, _, _ in seen), [OK, OK, UNKNOWN, UNKNOWN], seen)
        self.assertRegex([line for state, line, _ in seen if state == UNKNOWN][0], "2 names found no place and are in _other")
        self.assertEqual(self.get(OBJECTS + ".1.118.0"), 2)

    def test_what_is_not_given_comes_of_snmp_conf(self):
        self.write("snmpd.conf", self.read("snmpd.conf") + "createUser monitor SHA authpassword AES privpassword\n"
                   "rouser monitor authPriv\nrocommunity sesame 127.0.0.1\n")
        self.begin(os.getpid())
        os.mkdir(self.path("conf"))
        environment = dict(os.environ, SNMPCONFPATH=self.path("conf"), HOME=self.path("conf"))
        environment.pop("SNMP_PERSISTENT_FILE", None)
        self.where = ("-H", "127.0.0.1", "-p", str(self.port), "-t", "6", "-k", "scan")
        self.write("conf/snmp.conf", "defCommunity wrong\n")
        self.expect(UNKNOWN, "does not answer", "-t", "2", environment=environment)
        self.write("conf/snmp.conf", "defCommunity sesame\nno such word\n")
        self.expect(OK, "^scan: ", environment=environment)
        conf = "defSecurityName monitor\ndefAuthType SHA\ndefPrivType AES\ndefAuthPassphrase %s\ndefPrivPassphrase privpassword\n"
        self.write("conf/snmp.conf", conf % "authpassword")
        self.expect(OK, "^scan: ", "-P", "3", environment=environment)
        self.expect(OK, "^scan: ", "-P", "3", "-L", "authPriv", "-U", "monitor", environment=environment)
        self.write("conf/snmp.conf", conf % "wrongpassword")
        self.expect(UNKNOWN, "refuses the passphrase|does not answer", "-P", "3", environment=environment)
        self.expect(OK, "^scan: ", "-P", "3", "-A", "authpassword", "-X", "privpassword", environment=environment)
        self.write("conf/snmp.conf", "defSecurityName monitor\ndefAuthType SHA\ndefAuthPassphrase authpassword\n")
        self.expect(OK, "^scan: ", "-P", "3", "-X", "privpassword", environment=environment)
        self.expect(UNKNOWN, "see -L, and rouser", "-P", "3", "-U", "monitor", "-L", "authNoPriv", "-A", "authpassword", environment=environment)
        self.assertEqual(os.listdir(self.path("conf")), ["snmp.conf"])  # nothing is kept

    def test_a_scan_that_is_stale_is_unknown(self):
        service = Holder(self, self.name("stale"))
        service.unbound()
        os.symlink("/proc", self.path("proc"))
        self.start_both("proctcpInterval 1\nproctcpProcess %s\nproctcpProcPath %s\n" % (service.name, self.path("proc")))
        words = ("-k", "unbound", "-g", service.name, "-c", "5")
        self.expect(OK, " 1$", *words)
        os.unlink(self.path("proc"))
        wait_until(lambda: self.get(STATUS) == STALE, "proctcpScanStatus stale")
        self.expect(UNKNOWN, "what was seen is old .*the last scan failed: ", *words)
        self.expect(CRITICAL, "the last scan failed: ", "-k", "scan")

    def test_a_rate_whose_second_scan_does_not_come_says_why(self):
        service = Holder(self, self.name("late"))
        service.pair(service.listen())
        os.symlink("/proc", self.path("proc"))
        self.start_both("proctcpInterval 1\nproctcpProcess %s\nproctcpProcPath %s\n" % (service.name, self.path("proc")))
        os.unlink(self.path("proc"))
        wait_until(lambda: self.get(STATUS) == STALE, "proctcpScanStatus stale")
        self.expect(UNKNOWN, "^what was seen is old .*the last scan failed", "-k", "retransmission_percent", "-g", service.name, "--over", "1",
                    patience_s=10)

    def test_tables_that_are_not_served_are_unknown(self):
        self.start_both("proctcpInterval 1\nproctcpPid %d\nproctcpTables states\n" % os.getpid())
        for words in (("-k", "listener", "-l", "127.0.0.1:1"), ("-k", "accept_queue_percent"), ("-k", "close_wait")):
            self.assertEqual(self.check(*words, "-c", "1")[0], UNKNOWN)
        self.expect(UNKNOWN, "serves no groups: see proctcpTables", "-k", "close_wait", "-g", "x", "--missing", "ok")
        self.expect(UNKNOWN, "serves no listeners: see proctcpTables", "-k", "listener", "-l", "127.0.0.1:1", "--missing", "ok")

    def test_where_nothing_listens_a_listener_is_missing(self):
        self.start_both("proctcpInterval 1\nproctcpNetNamespaces own\n")
        self.expect(CRITICAL, "127.0.0.1:1 is missing", "-k", "listener", "-l", "127.0.0.1:1")

    def test_version_3_and_what_may_be_wrong_with_its_user(self):
        self.write("snmpd.conf", self.read("snmpd.conf") + "createUser monitor SHA authpassword AES privpassword\n"
                   "rouser monitor authPriv\n")
        self.begin(os.getpid())
        self.where = ("-H", "127.0.0.1", "-p", str(self.port), "-P", "3", "-t", "6")
        user = ("-k", "scan", "-U", "monitor", "-a", "SHA", "-x", "AES")
        self.expect(OK, "^scan: ", *user, "-L", "authPriv", "-A", "authpassword", "-X", "privpassword")
        self.expect(OK, "^scan: ", *user, "-A", "authpassword", "-X", "privpassword")
        self.expect(UNKNOWN, "refuses the passphrase|does not answer", *user, "-A", "wrongpassword", "-X", "privpassword")
        self.expect(UNKNOWN, "cannot read what is encrypted|does not answer", *user, "-A", "authpassword", "-X", "wrongpassword")
        self.expect(UNKNOWN, "knows no such user", "-k", "scan", "-U", "stranger", "-A", "authpassword", "-X", "privpassword")
        self.assertEqual(self.check(*user, "-A", "authpassword")[0], UNKNOWN)  # snmpd demands encryption

    def test_a_wrong_community_is_unknown(self):
        self.begin(os.getpid())
        self.where = ("-H", "127.0.0.1", "-p", str(self.port), "-C", "wrong", "-t", "2")
        self.expect(UNKNOWN, "does not answer: .*community", "-k", "scan", patience_s=4)

    def test_words_that_are_secret_are_not_left_in_the_command_line(self):
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.1", 0))
        process = self.start(CHECK, "-k", "scan", "-H", "127.0.0.1", "-p", silent.getsockname()[1], "-C", "sesame", "-t", "30",
                             stdout=subprocess.DEVNULL)
        silent.settimeout(30)
        silent.recv(65536)  # it has begun
        with open("/proc/%d/cmdline" % process.pid, "rb") as file:
            self.assertNotIn(b"sesame", file.read())


class Strange(CheckTest):
    """Agents that answer what none may."""

    def setUp(self):
        super().setUp()
        self.scan = tuple(map(int, OBJECTS[1:].split("."))) + (1,)
        self.groups = tuple(map(int, OBJECTS[1:].split("."))) + (7, 1, 2)

    def scalars(self, names, **others):
        """As of a good agent, of a scan that is complete and fresh."""
        values = {1: peer.number(5, peer.COUNTER64), 101: peer.number(1, peer.GAUGE), 102: peer.number(2), 103: peer.number(1, peer.GAUGE),
                  105: peer.tlv(peer.TEXT, b""), 108: peer.tlv(peer.TEXT, b""), 115: peer.number(9, peer.GAUGE)}
        values.update(others.get("values", {}))
        return [(name, values.get(name[-2], peer.number(0, peer.GAUGE))) for name in names]

    def ask(self, answer, *words, seconds=3):
        there = peer.Peer(self, answer)
        self.where = ("-H", "127.0.0.1", "-p", str(there.port), "-t", str(seconds))
        found, line, _ = self.check(*words, patience_s=seconds + 2 + 10 * bool(os.environ.get("SANITIZED")))
        self.assertEqual(found, UNKNOWN, line)
        return line

    def test_answers_to_other_questions_are_refused(self):
        scan = ("-k", "scan")
        for answer, said in [
                (lambda kind, names: [((1, 3, 6, 1, 2, 1, 1, 5, 0), peer.number(1))] * len(names), "other objects"),
                (lambda kind, names: self.scalars(names[:-1]), "other objects"),
                (lambda kind, names: self.scalars(names + names[:1]), "more objects"),
                (lambda kind, names: [], "other objects"),
                (lambda kind, names: [(name, peer.tlv(peer.ADDRESS, b"\1\2\3\4")) for name in names], "another type"),
                (lambda kind, names: [(name, peer.tlv(peer.NULL, b"")) for name in names], "another type"),
                (lambda kind, names: 5, r"answers with an error"),
                (lambda kind, names: 1, r"answers with an error"),
                (lambda kind, names: [(name, peer.tlv(peer.NO_SUCH_OBJECT, b"")) for name in names], "nothing of proctcp"),
                (lambda kind, names: [(name, peer.tlv(peer.TEXT, b"x")) for name in names], "nothing of proctcp"),
                (lambda kind, names: self.scalars(names, values={102: peer.number(77)}), "no proctcp-agentx that this"),
                (lambda kind, names: self.scalars(names, values={102: peer.number(1)}), "has just begun"),
                (lambda kind, names: self.scalars(names, values={102: peer.number(5), 105: peer.tlv(peer.TEXT, b"a|\n'")}),
                 "each scan of proctcp-agentx failed: a%7c%0a%27;")]:
            self.assertRegex(self.ask(answer, *scan), said)

    def test_what_is_partial_in_a_way_that_is_not_told_is_left_out_all_the_same(self):
        none = {counter: peer.tlv(peer.NO_SUCH_OBJECT, b"") for counter in (14, 18, 23)}
        for values in ({102: peer.number(4)}, none, {**none, 102: peer.number(4)}):
            there = peer.Peer(self, lambda kind, names, values=values: self.scalars(names, values=values))
            self.where = ("-H", "127.0.0.1", "-p", str(there.port))
            self.expect(WARNING, "left out: what the agent does not say", "-k", "scan")
            self.expect(OK, "^scan: ", "-k", "scan", "--partial-ok")

    def test_junk_and_floods_of_it_end_in_time(self):
        for answer in (lambda kind, names: b"junk", lambda kind, names: bytes([0x30, 0x84, 255, 255, 255, 255]),
                       lambda kind, names: bytes([0x30, 3, 2, 1, 1]), lambda kind, names: b"\0" * 60000,
                       lambda kind, names: [b"flood"] * 200):
            self.assertRegex(self.ask(answer, "-k", "scan", seconds=1), "does not answer: |within 1 s|^127.0.0.1:[0-9]+: [A-Z]")

    def walker(self, step):
        """A good agent until the walk: then step(name) says what comes next."""
        def answer(kind, names):
            return self.scalars(names) if kind == peer.GET and names[0][:-2] == self.scan else step(kind, names)
        return answer

    def test_a_walk_that_goes_back_or_nowhere_ends(self):
        name = peer.tlv(peer.TEXT, b"x")
        for step, said in [
                (lambda kind, names: [(self.groups + (1, 5), name)], "a walk that goes back"),
                (lambda kind, names: [(self.groups + (1, 7), name), (self.groups + (1, 5), name)], "a walk that goes back"),
                (lambda kind, names: [(self.groups, name)], "serves no groups"),
                (lambda kind, names: [], "nothing"),
                (lambda kind, names: [(self.groups + (1, n), name) for n in range(100)], "more objects"),
                (lambda kind, names: [(self.groups + (1, 7), peer.tlv(peer.NULL, b""))], "another type"),
                (lambda kind, names: [(names[0], peer.tlv(peer.END_OF_VIEW, b""))], "serves no groups")]:
            def answer(kind, names, step=step):
                return [(name, peer.tlv(peer.NO_SUCH_OBJECT, b"")) for name in names] if kind == peer.GET else step(kind, names)
            self.assertRegex(self.ask(self.walker(answer), "-k", "close_wait", "-c", "5"), said)

    def test_a_walk_without_end_ends(self):
        def step(kind, names):
            if kind == peer.GET:
                return [(name, peer.number(0, peer.GAUGE)) for name in names]
            last = names[0][-1] if len(names[0]) > len(self.groups) else 0
            return [(self.groups + (1, last + n), peer.tlv(peer.TEXT, b"x")) for n in range(1, 26)]
        self.assertRegex(self.ask(self.walker(step), "-k", "close_wait", "-c", "5", seconds=8), "more than could be looked at|within 8 s")

    def test_names_and_numbers_of_an_agent_break_nothing(self):
        huge = peer.tlv(peer.COUNTER64, b"\0" + b"\xff" * 8)
        row = self.groups + (3, ord("|"), 0, 300)

        def step(kind, names):
            if kind == peer.GET:
                return [(name, huge if name[-5] != 2 else peer.tlv(peer.TEXT, b"|\n'")) for name in names]
            return [(row, peer.tlv(peer.TEXT, b"|\n'")), (self.scan, peer.number(1))]
        there = peer.Peer(self, self.walker(step))
        self.where = ("-H", "127.0.0.1", "-p", str(there.port))
        self.expect(CRITICAL, r"^close_wait: 1 group, %7c 1844674407\d+$", "-k", "close_wait", "-c", "5")


if __name__ == "__main__":
    unittest.main()
