"""Unprivileged users who lie to the scans, or try to stop them, or to drown others in what is theirs. Root scans, and the
truth about everybody else must come out: in every scan, soon, and nothing with it."""
import collections
import json
import os
import socket
import struct
import subprocess
import time
import unittest

import strangers
import zoo
from scans import Actor, Hands, Scans, Shim
from strangers import CLONE_NEWNET, CLONE_NEWNS, FORGED, FUSE_READ, FUSE_WRITE, O_PATH, PatientStranger, Stranger
from support import CLI, wait_until
from test_collectd import CollectdTest, group
from test_snmp import GENERATION, MANY_SCANS, SOCKET, AgentTest, index_of

GENEROUS_S = 60  # for what takes a second or five
ROUNDS = 20 if os.environ.get("SANITIZED") else 100  # the sanitizers are for the paths, not for the odds
MISSING = strangers.user_namespaces_missing() if os.geteuid() == 0 else "this takes root"
MISSING_FUSE = MISSING or (None if os.path.exists("/dev/fuse") else "/dev/fuse is missing: this kernel has no FUSE")


class Truth:
    """Mixed into a test: a connection of the test's own process, which is root's."""

    prefix = ()  # of the scanner

    def hold(self):
        os.chmod(self.directory, 0o755)
        self.victims = zoo.connection()
        for one in self.victims:
            self.addCleanup(one.close)
        self.truth = {one.fileno(): (os.fstat(one.fileno()).st_ino, *one.getsockname(), 1, 1) for one in self.victims}

    def ours(self, found):
        return {row["fd"]: (row["inode"], row["local_address"], row["local_port"], row["subflow"], row["owners"])
                for row in found if row["pid"] == os.getpid() and row["fd"] in self.truth}

    def scan(self, count, *words, interval=0.05, seconds=GENEROUS_S):
        """The rows of count scans, one list each; fails if those do not come to an end. What else runs on the host must
        not matter: it is best left out by the words."""
        path = self.path("scans-%d" % time.monotonic_ns())
        with open(path, "wb") as out:
            process = self.start(*self.prefix, CLI, "-o", "json", "--interval", interval, "--count", count, *words,
                                 stdout=out, stderr=subprocess.DEVNULL)
            self.started(process)
            end = time.monotonic() + seconds
            while process.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
        scans = collections.defaultdict(list)
        with open(path) as file:
            lines = file.read().split("\n")[:-1]
        for row in map(json.loads, lines):
            scans[row["generation"]].append(row)
        self.assertIsNotNone(process.poll(), "%d scans of 0.05 s have not ended within %d s: the last that printed "
                             "something was number %d" % (count, seconds, max(scans, default=0)))
        self.assertEqual(process.returncode, 0)
        return [scans[number] for number in range(1, count + 1)]

    def started(self, process):
        """What is to be done as soon as the scanner's pid is known."""

    def check(self, scans):
        for found in scans:
            self.assertEqual(self.ours(found), self.truth)


@unittest.skipIf(MISSING, MISSING or "")
class Forgery(zoo.ZooTest, Truth):
    """A stranger who is root in his own namespace sends messages like the kernel's to the scanner's netlink socket."""

    def setUp(self):
        super().setUp()
        self.hold()
        self.forger = Actor(self, Stranger)
        self.netns = self.forger.become(CLONE_NEWNET)
        self.listener = self.forger.listen()
        self.port = self.forger.name(self.listener)[1]
        self.inode = os.fstat(self.victims[1].fileno()).st_ino

    def forge_against(self, kind):
        self.started = lambda process: self.forger.tell("forge", process.pid, self.inode, kind)
        scans = self.scan(2 * ROUNDS, "--pid", "%d,%d" % (os.getpid(), self.forger.pid), interval=0.02)
        fakes = [row for found in scans for row in found if row.get("local_port") == FORGED[1] or
                 row.get("local_address") == FORGED[0] or row.get("remote_port") == FORGED[3]]
        missed = sum(not any(row["pid"] == self.forger.pid and row["state"] == "listen" and row["local_port"] == self.port
                             for row in found) for found in scans)
        wrong = sum(self.ours(found) != self.truth for found in scans)
        self.assertEqual((len(fakes), wrong), (0, 0), "forged rows and wrong scans of 200; one: %s" % fakes[:1])
        self.assertLessEqual(missed, 20, "scans of 200 without the stranger's own listener")

    def test_forged_sockets_are_not_shown(self):
        self.forge_against("rows")

    def test_a_forged_end_cuts_no_dump_short(self):
        self.forge_against("ends")


@unittest.skipIf(MISSING, MISSING or "")
class ForgeryInCollectd(CollectdTest):
    def test_forged_sockets_are_not_counted(self):
        os.chmod(self.directory, 0o755)
        holder = self.holder()
        listener = holder.listen()
        inode = os.stat("/proc/%d/fd/%d" % (holder.process.pid, listener)).st_ino
        forger = Actor(self, Stranger)
        forger.become(CLONE_NEWNET)
        forger.listen()
        daemon = self.collectd()
        forger.tell("forge", daemon.process.pid, inode, "rows")
        wait_until(lambda: len(daemon.series(holder.name + "/count-sockets")) >= 25 or daemon.must_run(), "25 passes")
        forger.end()
        self.assertEqual(group(daemon.latest(), holder.name)["count-sockets"], 1)
        for name, value in (("count-sockets", 1), ("tcp_connections-LISTEN", 1), ("tcp_connections-ESTABLISHED", 0)):
            seen = collections.Counter(values[0] for values in daemon.series(holder.name + "/" + name))
            self.assertEqual(set(seen), {value}, "%s: %s" % (name, seen))


@unittest.skipIf(MISSING, MISSING or "")
class ForgeryInSnmp(AgentTest, Truth):
    def test_forged_sockets_are_not_served(self):
        self.hold()
        forger = Actor(self, Stranger)
        forger.become(CLONE_NEWNET)
        forger.listen()
        agent = self.start_both(MANY_SCANS)
        victim = self.victims[1].fileno()
        forger.tell("forge", agent.pid, os.fstat(victim).st_ino, "rows")
        fakes = 0
        for _ in range(10):
            before = self.get(GENERATION)
            self.wait_for_scan(lambda generation: generation >= before + 1)
            ports = self.column(SOCKET, 17)
            fakes += list(ports.values()).count(FORGED[1])
            self.assertEqual(ports.get(index_of(victim)), self.victims[1].getsockname()[1])
        self.assertEqual(fakes, 0, "forged rows in ten walks")


class SilentTest(Truth):
    """Mixed into a test: a stranger with a file system of his own, whose daemon leaves everybody else waiting."""

    def silent(self, unanswered=(), open_flags=(), namespaces=None, before=lambda stranger: None, hands=Stranger):
        """With namespaces, mounted in those; else by root, as fusermount mounts for users. before: what it does as root."""
        os.chmod(self.directory, 0o755)
        device = strangers.fuse_device(self.directory)
        for name in ("mnt", "log"):
            os.mkdir(self.path(name))
            os.chmod(self.path(name), 0o777)
        mount = (self.path("mnt"), device, self.path("log/requests"), list(unanswered), open_flags)
        stranger = Actor(self, hands)
        before(stranger)
        try:
            if namespaces:
                stranger.become(namespaces)
                daemon = stranger.mount(*mount)
            else:
                daemon = stranger.mount_by_root(*mount)
            stranger.first_to_end.append(daemon)
        except AssertionError as error:
            if "PermissionError" in str(error):
                self.skipTest("FUSE cannot be mounted here: %s" % error)
            raise
        return stranger

    def waited_for(self, opcode):
        """Until somebody waits for an answer that never comes."""
        def waits():
            try:
                with open(self.path("log/requests")) as log:
                    return str(opcode) in log.read().split()
            except FileNotFoundError:
                return False
        wait_until(waits, "a request %d that nobody answers" % opcode)

    def scans_go_on(self, stranger, *words, others=()):
        """Scans of the test's own process, the stranger's and others. Once the stranger ends, so does his daemon, and the
        kernel ends every wait: nobody is left in state D."""
        try:
            pids = ",".join(map(str, (os.getpid(), stranger.pid, *others)))
            self.check(self.scan(ROUNDS, "--pid", pids, *words))
        finally:
            stranger.end()


@unittest.skipIf(MISSING_FUSE, MISSING_FUSE or "")
class Flipping(zoo.ZooTest, SilentTest):
    """A descriptor is a socket when it is looked at, and leads to the silent file system when it is asked."""

    def setUp(self):
        super().setUp()
        self.hold()

    def test_a_path_of_a_silent_file_system_in_a_socket_s_place_stops_no_scan(self):
        stranger = self.silent()
        stranger.tell("flip", O_PATH, 200)
        self.scans_go_on(stranger)

    def test_a_file_of_a_silent_file_system_in_a_socket_s_place_stops_no_scan(self):
        stranger = self.silent()
        stranger.tell("flip", os.O_RDONLY, 50)
        self.scans_go_on(stranger)

    def test_a_file_that_a_user_namespace_mounted_in_a_socket_s_place_stops_no_scan(self):
        stranger = self.silent(namespaces=CLONE_NEWNS)
        stranger.tell("flip", os.O_RDONLY, 50)
        self.scans_go_on(stranger)

    def test_under_a_selection_it_stops_no_scan_either(self):
        stranger = self.silent()
        stranger.tell("flip", O_PATH, 200)
        self.scans_go_on(stranger, "--exclude-state", "timeWait", "--exclude-remote-port", 1)

    def test_it_stops_no_scan_of_the_whole_host(self):
        stranger = self.silent()
        stranger.tell("flip", O_PATH, 200)
        try:
            self.check(self.scan(10))
        finally:
            stranger.end()


@unittest.skipIf(MISSING_FUSE, MISSING_FUSE or "")
class FlippingInCollectd(CollectdTest, SilentTest):
    def test_passes_go_on(self):
        holder = self.holder()
        holder.listen()
        stranger = self.silent()
        stranger.tell("flip", O_PATH, 200)
        daemon = self.collectd()
        try:
            wait_until(lambda: len(daemon.series(holder.name + "/count-sockets")) >= 25 or daemon.must_run(), "25 passes")
        finally:
            stranger.end()
        self.assertEqual({values[0] for values in daemon.series(holder.name + "/count-sockets")}, {1})


@unittest.skipIf(MISSING_FUSE, MISSING_FUSE or "")
class FlippingInSnmp(AgentTest, SilentTest):
    def test_scans_go_on(self):
        self.hold()
        stranger = self.silent()
        stranger.tell("flip", O_PATH, 200)
        try:
            self.start_both(MANY_SCANS)
            first = self.get(GENERATION)
            self.wait_for_scan(lambda generation: generation >= first + 5)
            self.assertEqual(self.column(SOCKET, 17).get(index_of(self.victims[1].fileno())),
                             self.victims[1].getsockname()[1])
        finally:
            stranger.end()


@unittest.skipIf(MISSING_FUSE, MISSING_FUSE or "")
class CommandLines(zoo.ZooTest, SilentTest):
    def setUp(self):
        super().setUp()
        self.hold()

    def test_words_on_a_silent_file_system_stop_no_scan(self):
        """Linux 4.17 and newer refuse such a read at once; older ones wait."""
        stranger = self.silent({FUSE_READ}, (), CLONE_NEWNS)
        try:
            stranger.map_arguments()
        except AssertionError as error:
            self.skipTest("the words of a command line cannot be moved here: %s" % error)
        self.scans_go_on(stranger, "--command", "python")

    def test_a_memory_that_is_locked_for_ever_stops_no_scan(self):
        stranger = self.silent({FUSE_WRITE}, (0, 3), CLONE_NEWNS)  # FOPEN_DIRECT_IO and FOPEN_KEEP_CACHE for the second open
        stranger.listen()
        stranger.lock_memory()
        self.waited_for(FUSE_WRITE)
        self.scans_go_on(stranger, "--command", "python")

    def test_a_memory_that_is_locked_for_ever_stops_no_grouping_by_command_lines(self):
        stranger = self.silent({FUSE_WRITE}, (0, 3), CLONE_NEWNS)
        stranger.listen()
        stranger.lock_memory()
        self.waited_for(FUSE_WRITE)
        try:
            scans = Scans(self, "--group", "mine=command=python", "--pid", "%d,%d" % (os.getpid(), stranger.pid))
            for _ in range(3):
                groups = {line["group"]: line for line in scans.fresh()}
                self.assertGreaterEqual(groups["mine"]["sockets"], 1)
            self.assertIn("could not be read", scans.said())  # his, and he is left alone then
        finally:
            stranger.end()

    def test_a_memory_that_is_locked_for_ever_matters_to_no_scan_without_such_a_rule(self):
        stranger = self.silent({FUSE_WRITE}, (0, 3), CLONE_NEWNS)
        stranger.listen()
        stranger.lock_memory()
        self.waited_for(FUSE_WRITE)
        self.scans_go_on(stranger)


@unittest.skipIf(MISSING_FUSE, MISSING_FUSE or "")
class ExecLock(zoo.ZooTest, SilentTest):
    """A process that is in the middle of execve() for ever. Newer kernels make readers of its stat, exe, ns/net and fd
    links, and pidfd_getfd(), wait for the end of it; who waits can be killed."""

    def test_a_process_that_never_ends_to_exec_stops_no_scan(self):
        self.hold()
        stranger = self.silent({FUSE_WRITE}, (0, 3), CLONE_NEWNS)
        others = stranger.lock_exec()
        time.sleep(2 * Stranger.FUSE.PROGRAM_DELAY_S)
        self.scans_go_on(stranger, others=others)


@unittest.skipIf(MISSING_FUSE, MISSING_FUSE or "")
class SocketLock(zoo.ZooTest, SilentTest):
    """A thread sends from a mapping of the silent file system and holds the socket's lock meanwhile. A dump with
    INET_DIAG_INFO waits for that lock in state D, and not even SIGKILL ends it; without, it does not wait."""

    def setUp(self):
        super().setUp()
        self.hold()

    def lock(self, namespaces=None, before=lambda stranger: None):
        stranger = self.silent({FUSE_READ}, (), namespaces, before)
        client = stranger.connect(*stranger.name(stranger.listen()))
        stranger.lock_socket(client)
        self.waited_for(FUSE_READ)
        return stranger

    def test_a_locked_socket_in_the_stranger_s_namespace_stops_no_scan(self):
        self.scans_go_on(self.lock(CLONE_NEWNS | CLONE_NEWNET))

    @unittest.skipIf(os.environ.get("SANITIZED"), "a child keeps its output there, for the sanitizer to complain on")
    def test_who_reads_the_output_does_not_wait_for_what_was_given_up(self):
        stranger = self.lock(CLONE_NEWNS | CLONE_NEWNET)
        try:
            scanner = self.start(CLI, "-o", "json", "--pid", stranger.pid, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True)
            output, _ = scanner.communicate(timeout=GENEROUS_S)
            self.assertEqual(scanner.returncode, 0, output)
            self.assertIn('"pid":%d,' % stranger.pid, output)
        finally:
            stranger.end()

    def test_a_locked_socket_in_the_scanner_s_own_namespace_stops_no_scan(self):
        """Not in the host's: there it would stop whoever asks the same."""
        stranger = self.lock(before=lambda stranger: stranger.enter_new_netns())
        self.prefix = ("nsenter", "--net=/proc/%d/ns/net" % stranger.pid)
        self.scans_go_on(stranger)

    def test_many_of_them_in_as_many_namespaces_stop_no_scan(self):
        stranger = self.silent({FUSE_READ}, (), CLONE_NEWNS | CLONE_NEWNET)
        pids = stranger.lock_in_namespaces(9)
        self.waited_for(FUSE_READ)
        self.scans_go_on(stranger, others=pids)

    def test_many_of_them_in_namespaces_without_a_process_stop_no_scan(self):
        stranger = self.silent({FUSE_READ}, (), CLONE_NEWNS | CLONE_NEWNET)
        stranger.lock_in_abandoned_namespaces(9)
        self.waited_for(FUSE_READ)
        self.scans_go_on(stranger)

    def test_a_process_that_executes_for_ever_once_its_locked_socket_is_waited_for_stops_no_scan(self):
        """Then its namespace may not be looked at to find out whose it is."""
        stranger = self.silent({FUSE_WRITE}, (0, 0, 3), CLONE_NEWNS | CLONE_NEWNET, hands=PatientStranger)
        pids = stranger.lock_socket_then_exec()
        time.sleep(1)  # the lock comes after the answer
        self.waited_for(FUSE_READ)
        self.scans_go_on(stranger, others=pids)

    def test_a_locked_socket_stops_no_scan_of_procfs(self):
        self.scans_go_on(self.lock(CLONE_NEWNS), "--source", "procfs")


class Lingering(zoo.ZooTest, Truth):
    """A socket with unsent data and SO_LINGER, whose owner ends while the scan has a duplicate of it: whoever closes the
    last descriptor waits for a minute. It is in a namespace that has no process, so that it has to be looked at."""
    FD = 977

    def test_a_socket_that_lingers_holds_up_no_scan(self):
        self.hold()
        server, client = Actor(self, LingerHands), Actor(self, LingerHands)
        server.go()
        listener = server.listen()
        client.go(server.pid)
        client.fill_and_linger(client.connect(*server.name(listener)), self.FD)
        server.accept(listener)
        shim = Shim(self)
        shim.rules("hold %d" % self.FD)
        server.come_back()
        client.come_back()
        pids = "%d,%d,%d" % (os.getpid(), server.pid, client.pid)
        scans = Scans(self, "--pid", pids, env=shim.env)
        end = time.monotonic() + 10
        while not shim.log() and time.monotonic() < end:  # or it is never duplicated
            scans.fill(0.05)
        client.end()
        self.assertEqual(self.ours(scans.until(lambda found: client.pid not in [row["pid"] for row in found],
                                               "a scan without the client", 20)), self.truth)
        before = time.monotonic()
        self.stop(scans.process)
        self.assertLess(time.monotonic() - before, 5, "seconds until the scanner ended")


class LingerHands(Hands):
    """Goes to a namespace and comes back, so that its sockets alone stay there."""

    def go(self, pid=None):
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        return self.enter_netns_of(pid) if pid else self.enter_new_netns()

    def come_back(self):
        zoo.checked(zoo.LIBC.setns(self.home, CLONE_NEWNET))

    def fill_and_linger(self, fd, place):
        one = self.sockets.pop(fd)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 60))
        os.dup2(fd, place)
        self.keep(one)
        self.fill(fd)
        self.close(fd)


@unittest.skipIf(MISSING, MISSING or "")
class Crowds(zoo.ZooTest, Truth):
    """What one user has much of costs his own rows at most."""

    def test_two_hundred_thousand_descriptors_of_one_user_cost_nobody_else_a_row(self):
        self.hold()
        left, sockets = 200000, []
        while left > 0:
            actor = Actor(self, Stranger)
            actor.become()
            if left > 100000:
                actor.listen()
                sockets.append(actor)
            else:
                actor.hold_a_pair()
            left -= actor.crowd(50000)
        for source in ("netlink", "procfs"):
            found, = self.scan(1, "--source", source)
            self.assertEqual(self.ours(found), self.truth)
            for actor in sockets:
                self.assertGreater(sum(row["pid"] == actor.pid for row in found), 0)

    def test_three_hundred_namespaces_of_one_user_cost_nobody_else_a_row(self):
        self.hold()
        other = Actor(self)
        netns = other.enter_new_netns()
        port = other.name(other.listen())[1]
        stranger = Actor(self, Stranger)
        stranger.become(CLONE_NEWNET)
        pids = set(stranger.netns_crowd(300))
        for source in ("netlink", "procfs"):
            found, = self.scan(1, "--source", source)
            self.assertEqual(self.ours(found), self.truth)
            self.assertEqual([(row["netns"], row["local_port"]) for row in found if row["pid"] == other.pid],
                             [(netns, port)])
            self.assertEqual({row["pid"] for row in found if row.get("local_port") == 7777}, pids)


if __name__ == "__main__":
    unittest.main()
