"""Connections between scans, by the BPF source: those that begin and end while nobody looks are counted all the same, to
the byte, and for whom they were.

Runs where SOURCE=bpf says that the programs were loaded (see run.py)."""
import ctypes
import json
import os
import random
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

import bpf
import zoo
from scans import Actor, Hands, Scans
from support import CLI, cli, rows, wait_until
from test_collectd import CollectdTest
from test_snmp import GENERATION, AgentTest

LOADED = os.environ.get("SOURCE") == "bpf"
PROCESS = ".1.3.6.1.4.1.8072.9999.9999.793.1.2.1"
COUNTS = ("connects", "connect_failures", "connect_failures_refused", "connect_failures_timed_out",
          "connect_failures_unreachable", "connect_failures_other", "accepts", "closed_connections", "resets", "resets_sent",
          "resets_received", "connect_time_us", "lifetime_us")
TOTALS = ("payload_sent_bytes", "payload_received_bytes", "bytes_sent", "bytes_received", "segs_out", "segs_in")
MANY, AT_ONCE = 10000, 20


class Traffic(Hands):
    """What actors do, many times in one order."""

    def call_yourself(self, name):
        super().call_yourself(name)
        return os.getpid()

    def serve(self, fd):
        """In a thread, until the end: answers half of what it reads."""
        def answer(ours):
            while True:
                got = ours.recv(65536)
                if not got:
                    break
                ours.sendall(got[:len(got) // 2])
            ours.close()

        def accept():
            while True:
                threading.Thread(target=answer, args=(self.sockets[fd].accept()[0],), daemon=True).start()
        threading.Thread(target=accept, daemon=True).start()

    def call(self, host, port, count, lasting, seed):
        """So many connections, each lasting so many seconds, some at once. What was sent and received in all."""
        numbers = random.Random(seed)
        sizes = [numbers.randint(1, 3000) for _ in range(count)]
        received, lock = [0], threading.Lock()

        def one():
            while True:
                with lock:
                    if not sizes_left:
                        return
                    size = sizes_left.pop()
                with socket.create_connection((host, port)) as mine:
                    mine.sendall(b"x" * size)
                    time.sleep(lasting)
                    mine.shutdown(socket.SHUT_WR)
                    got = 0
                    while True:
                        data = mine.recv(65536)
                        if not data:
                            break
                        got += len(data)
                with lock:
                    received[0] += got
        sizes_left = list(sizes)
        threads = [threading.Thread(target=one) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(sizes), received[0]

    def refused(self, host, port):
        try:
            socket.create_connection((host, port)).close()
        except OSError as error:
            return error.errno
        return 0

    def connect_slowly(self, host, port, tries):
        """Gives up after so many SYNs."""
        mine = socket.socket()
        mine.setsockopt(socket.IPPROTO_TCP, 7, tries)  # TCP_SYNCNT
        try:
            mine.connect((host, port))
        except OSError as error:
            return error.errno
        return 0

    def give_up(self, host, port):
        mine = socket.socket()
        mine.setblocking(False)
        mine.connect_ex((host, port))
        mine.close()

    def linger(self, fd):
        self.sockets[fd].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def disconnect(self, fd):
        """As with connect(AF_UNSPEC): the socket may connect again."""
        zoo.checked(zoo.LIBC.connect(fd, struct.pack("H14x", socket.AF_UNSPEC), 16))

    def connect_again(self, fd, host, port):
        self.sockets[fd].settimeout(None)
        self.sockets[fd].connect((host, port))

    def become(self, uid):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        os.setresuid(uid, uid, uid)

    def open_many(self, count):
        """Both ends of so many connections, which end with a reset, so that they keep no port."""
        self.many = []
        for begun in range(0, count, 3500):
            listener = socket.create_server(("127.0.0.1", 0))
            for _ in range(min(count - begun, 3500)):
                self.many.append(socket.create_connection(listener.getsockname()))
                self.many.append(listener.accept()[0])
                self.many[-2].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            listener.close()

    def close_many(self):
        for one in self.many:
            one.close()

    def no_answer(self):
        """In a network namespace of its own: a network that swallows what is sent, and one where nobody is."""
        zoo.enter_new_netns()
        for words in ("link add v type veth peer name w", "addr add 10.9.0.1/24 dev v", "link set v up", "link set w up",
                      "neigh add 10.9.0.7 lladdr 02:00:00:00:00:07 dev v"):
            subprocess.run(["ip", *words.split()], check=True)

    def prefork(self, fd, count):
        """Children that accept one connection each, read it to its end and close it."""
        pids = []
        for _ in range(count):
            pid = os.fork()
            if pid == 0:
                try:
                    zoo.checked(zoo.LIBC.prctl(1, signal.SIGKILL, 0, 0, 0))
                    taken = self.sockets[fd].accept()[0]
                    while taken.recv(65536):
                        pass
                    taken.close()
                    time.sleep(1000)
                finally:
                    os._exit(0)
            pids.append(pid)
        return pids

    def call_as(self, name, host, port, size):
        """A child of this name connects, sends and ends at once."""
        pid = os.fork()
        if pid == 0:
            try:
                zoo.set_comm(name.encode())
                mine = socket.create_connection((host, port))
                mine.sendall(b"x" * size)
                mine.close()
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        return pid

    def call_and_stay(self, host, port, count):
        """So many children, one after the other: each connects at once, closes that, and lives on."""
        pids = []
        for _ in range(count):
            pid = os.fork()
            if pid == 0:
                try:
                    zoo.checked(zoo.LIBC.prctl(1, signal.SIGKILL, 0, 0, 0))
                    socket.create_connection((host, port)).close()
                    time.sleep(1000)
                finally:
                    os._exit(0)
            pids.append(pid)
            time.sleep(0.013)
        return pids

    def kill(self, pid):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def process(pid, *words):
    """As a new scan says it; it has been a while if the process is not there."""
    return next((line for line in rows("--processes", "--pid", pid, *words) if line["pid"] == pid), None)


@unittest.skipUnless(LOADED, "the BPF programs are not loaded (SOURCE=bpf)")
class ConnectionsTest(zoo.ZooTest):
    def setUp(self):
        super().setUp()
        self.server, self.client = Actor(self, Traffic), Actor(self, Traffic)
        self.listening = self.server.listen()
        self.address = self.server.name(self.listening)

    def settled(self, pid, **wanted):
        """The process, once it says so; connections end a moment after they are closed."""
        found = {}

        def says():
            found.update(process(pid) or {})
            return all(found.get(name) == value for name, value in wanted.items())
        try:
            wait_until(says, "that")
        except AssertionError:
            self.assertEqual({name: found.get(name) for name in wanted}, wanted)
        return found


class Short(ConnectionsTest):
    def test_ten_thousand_connections_that_no_scan_sees_are_counted_to_the_byte(self):
        scans = Scans(self, "--processes", "--pid", "%d,%d" % (self.server.pid, self.client.pid), interval=2)
        scans.line()
        self.server.serve(self.listening)
        sent, received = self.client.call(*self.address, MANY, 0.005, 1)
        counted = {"closed_connections": MANY, "connect_failures": 0, "resets": 0}
        ends = {self.client.pid: dict(counted, connects=MANY, accepts=0, payload_sent_bytes=sent,
                                      payload_received_bytes=received),
                self.server.pid: dict(counted, connects=0, accepts=MANY, payload_sent_bytes=received,
                                      payload_received_bytes=sent)}
        for pid, wanted in ends.items():
            self.settled(pid, **wanted)  # of a scan that saw none of them
            scans.line(lambda line: line["pid"] == pid and line["closed_connections"] == MANY, "the last connection")
            line = scans.line(lambda line: line["pid"] == pid)  # what that scan still showed, the next one settles
            self.assertEqual({name: line.get(name) for name in wanted}, wanted)  # of one that saw some of them
        seen = [line for line in scans.history if line["pid"] == self.client.pid]
        for name in COUNTS + TOTALS:
            values = [line.get(name, 0) for line in seen]
            self.assertEqual(values, sorted(values), name)
        self.assertGreaterEqual(self.settled(self.client.pid)["lifetime_us"], MANY * 5000)

    def test_whatever_scans_see_of_connections_each_byte_counts_once(self):
        """Short ones and long ones, beside scans that are all the time at work."""
        scans = [Scans(self, "--processes", "--pid", "%d,%d" % (self.server.pid, self.client.pid), interval=interval)
                 for interval in (0.02, 0.05, 0.3)]
        for scan in scans:
            scan.line()  # what began before its first scan does not count
        self.server.serve(self.listening)
        sent = received = count = 0
        for lasting in (0, 0.01, 0.1, 0):
            more = self.client.call(*self.address, 300, lasting, lasting)
            sent, received, count = sent + more[0], received + more[1], count + 300
        for scan in scans:
            for pid, there, back in ((self.client.pid, sent, received), (self.server.pid, received, sent)):
                line = scan.line(lambda line: line["pid"] == pid and line["closed_connections"] == count, "the last one")
                line = scan.line(lambda line: line["pid"] == pid)
                self.assertEqual((line["payload_sent_bytes"], line["payload_received_bytes"]), (there, back))
                values = [line["payload_sent_bytes"] for line in scan.history if line["pid"] == pid]
                self.assertEqual(values, sorted(values))
            accepts = scan.line(lambda line: line["pid"] == self.server.pid)["accepts"]
            self.assertEqual(accepts, count)


def accepts_unseen(pid):
    """As the kernel tells of a process: of those that no scan can have seen, and of the others."""
    with open(bpf.PINS + "/closed", "rb", buffering=0) as file:
        page = file.read(1 << 16)
    while page:
        length, _, there = struct.unpack_from("=HHI", page)
        if there == pid:
            return struct.unpack_from("=Q", page, 200)[0], struct.unpack_from("=Q", page, 272)[0]
        page = page[length:]
    return None


class Ends(ConnectionsTest):
    def test_a_scan_that_reads_no_counts_comes_to_its_end_all_the_same(self):
        """Until then everything would pass for what it may have shown, and fill the table of those."""
        self.server.serve(self.listening)
        for words in (("--local-port", 1), ("--source", "netlink"), ("--pid", 1)):
            before = accepts_unseen(self.server.pid) or (0, 0)
            cli(*words)
            self.client.call(*self.address, 50, 0, 1)
            self.settled(self.server.pid)
            wait_until(lambda: sum(accepts_unseen(self.server.pid)) == sum(before) + 50, "the last one")
            self.assertEqual(accepts_unseen(self.server.pid), (before[0] + 50, before[1]), words)


class Strangers(ConnectionsTest):
    def test_who_ends_many_connections_takes_nothing_from_the_system_s_own_users(self):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if most < 15000:
            self.skipTest("no more than %d descriptors are allowed" % most)
        strangers = [Actor(self, Traffic) for _ in range(3)]
        for stranger in strangers:
            stranger.become(54321)
            stranger.open_many(7000)
        mine = self.client.connect(*self.address)
        self.client.send(mine, 1000)
        scans = Scans(self, "--processes", "--pid", "%d,%d" % (self.server.pid, self.client.pid), interval=10)
        scans.line(lambda line: line["pid"] == self.client.pid and line["payload_sent_bytes"] == 1000, "what was sent")
        self.client.send(mine, 500)
        self.client.close(mine)
        self.server.close(self.server.accept(self.listening))
        for stranger in strangers:
            stranger.tell("close_many")
        for stranger in strangers:
            stranger.answer()
        line = scans.line(lambda line: line["pid"] == self.client.pid and line["closed_connections"],
                          "the scan after")
        line = scans.line(lambda line: line["pid"] == self.client.pid)  # what that one still showed is settled by now
        self.assertEqual((line["payload_sent_bytes"], line["closed_connections"]), (1500, 1))


BELOW = """
import os, socket, subprocess, sys
kept = socket.create_server(("127.0.0.1", 0))
socket.create_connection(kept.getsockname()).close()
if len(sys.argv) > 1:
    command = ["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-c", sys.argv[1]]
    below = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    below.stdout.readline()
    subprocess.run([sys.argv[2], "--processes", "-o", "json"], check=True)
    subprocess.run([sys.argv[2], "--groups", "-o", "json"], check=True)
    below.stdin.close()
    below.wait()
else:
    print("ready", flush=True)
    sys.stdin.read()
"""


class PidNamespaces(ConnectionsTest):
    def test_of_processes_in_a_namespace_below_nothing_is_said_that_is_not_known(self):
        out = subprocess.run(["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, "-c", BELOW,
                              BELOW, CLI], stdout=subprocess.PIPE, check=True).stdout
        lines = list(map(json.loads, out.splitlines()))
        ours = {line["pid"]: line.get("connects") for line in lines if line.get("process", "").startswith("python")}
        self.assertEqual((len(ours), ours.pop(1)), (2, 1))
        self.assertEqual(list(ours.values()), [None])
        groups = [line.get("connects") for line in lines if "pid" not in line and line["sockets"]]
        self.assertEqual(groups, [None] * len(groups))
        self.assertTrue(groups)


class Kinds(ConnectionsTest):
    def test_a_refused_connect_is_counted(self):
        self.server.close(self.listening)
        self.client.refused(*self.address)
        self.settled(self.client.pid, connect_failures=1, connect_failures_refused=1, connects=0, closed_connections=0)

    def test_connects_that_nobody_answers(self):
        self.client.no_answer()
        unreachable = self.client.connect_slowly("10.9.0.9", 80, 6)
        late = self.client.connect_slowly("10.9.0.7", 80, 1)
        self.client.give_up("10.9.0.7", 80)
        self.assertEqual((unreachable, late), (113, 110))
        self.settled(self.client.pid, connect_failures=3, connect_failures_unreachable=1, connect_failures_timed_out=1,
                     connect_failures_other=1)

    def test_a_reset_counts_at_both_ends(self):
        mine = self.client.connect(*self.address)
        theirs = self.server.accept(self.listening)
        self.client.send(mine, 100)
        self.server.receive(theirs, 100)
        self.client.linger(mine)
        self.client.close(mine)
        self.settled(self.client.pid, resets=1, resets_sent=1, resets_received=0, closed_connections=1,
                     payload_sent_bytes=100)
        self.server.close(theirs)
        self.settled(self.server.pid, resets=1, resets_sent=0, resets_received=1, closed_connections=1, accepts=1,
                     payload_received_bytes=100)

    def test_unread_data_resets_the_connection(self):
        mine = self.client.connect(*self.address)
        theirs = self.server.accept(self.listening)
        self.client.send(mine, 100)
        wait_until(lambda: rows("--pid", self.server.pid, "--state", "established")[0]["rx_queue_bytes"] == 100, "data")
        self.server.close(theirs)
        self.settled(self.server.pid, resets_sent=1, resets_received=0, payload_received_bytes=100)
        self.client.close(mine)
        self.settled(self.client.pid, resets_sent=0, resets_received=1, payload_sent_bytes=100)

    def test_a_socket_that_connects_several_times_has_several_connections(self):
        mine = self.client.connect(*self.address)
        self.client.send(mine, 10)
        self.client.disconnect(mine)
        self.client.connect_again(mine, *self.address)
        self.client.send(mine, 200)
        self.settled(self.client.pid, connects=2, closed_connections=1, payload_sent_bytes=210)
        self.client.close(mine)
        self.settled(self.client.pid, connects=2, closed_connections=2, payload_sent_bytes=210)

    def test_a_socket_that_connects_again_between_two_scans_is_another_one(self):
        scans = Scans(self, "--processes", "--pid", self.client.pid, interval=3)
        mine = self.client.connect(*self.address)
        self.client.send(mine, 1500)
        scans.line(lambda line: line.get("payload_sent_bytes") == 1500, "what it sent")
        self.client.send(mine, 9000)
        self.client.disconnect(mine)
        self.client.connect_again(mine, *self.address)
        self.client.send(mine, 2000)
        line = scans.line(lambda line: line["payload_sent_bytes"] == 12500, "what it sent since", 20)
        self.assertEqual([line[name] for name in ("connects", "closed_connections", "sockets_opened", "sockets_closed")],
                         [2, 1, 2, 1], scans.history)
        line = scans.line()
        self.assertEqual((line["payload_sent_bytes"], line["sockets_opened"]), (12500, 2))

    def test_a_connect_takes_time_and_so_does_a_connection(self):
        mine = self.client.connect(*self.address)
        begun = time.monotonic()
        wait_until(lambda: time.monotonic() > begun + 0.3, "some time")
        self.client.close(mine)
        took = time.monotonic() - begun
        self.server.close(self.server.accept(self.listening))
        found = self.settled(self.client.pid, closed_connections=1)
        self.assertGreater(found["connect_time_us"], 0)
        self.assertLess(found["connect_time_us"], 1000000)
        self.assertGreater(found["lifetime_us"], 300000)
        self.assertLess(found["lifetime_us"], (took + 10) * 1000000)

    def test_a_fin_in_either_direction_is_no_payload(self):
        for closes_first in (self.client, self.server):
            mine = self.client.connect(*self.address)
            theirs = self.server.accept(self.listening)
            self.client.send(mine, 11)
            self.server.receive(theirs, 11)
            self.server.send(theirs, 7)
            self.client.receive(mine, 7)
            first, second = ((self.client, mine), (self.server, theirs))[::1 if closes_first is self.client else -1]
            first[0].close(first[1])
            second[0].wait_for_end(second[1])
            second[0].close(second[1])
        self.settled(self.client.pid, payload_sent_bytes=22, payload_received_bytes=14, closed_connections=2)
        self.settled(self.server.pid, payload_sent_bytes=14, payload_received_bytes=22, closed_connections=2)


class Owners(ConnectionsTest):
    def test_a_process_that_began_in_the_moment_of_a_scan_has_its_connections(self):
        self.server.serve(self.listening)
        scans = Scans(self, "--processes", "--exclude-pid", os.getpid(), interval=0.01)
        scans.line()
        pids = set(self.client.call_and_stay(*self.address, 60))
        found = {}

        def all_are_told():
            found.update({line["pid"]: line["connects"] for line in scans.fresh() if line["pid"] in pids})
            return len(found) == 60
        try:
            wait_until(all_are_told, "each of them")
        except AssertionError:
            pass
        self.assertEqual(found, dict.fromkeys(pids, 1))

    def test_workers_have_what_they_accepted(self):
        workers = self.server.prefork(self.listening, 3)
        for size in (100, 200, 300):
            mine = self.client.connect(*self.address)
            self.client.send(mine, size)
            self.client.close(mine)
        found = [self.settled(pid, accepts=1, closed_connections=1) for pid in workers]
        self.assertEqual(sorted(line["payload_received_bytes"] for line in found), [100, 200, 300])
        self.settled(self.server.pid, accepts=0, closed_connections=0)
        for pid in workers:
            self.server.kill(pid)

    def test_who_is_killed_has_had_his_connections(self):
        self.server.call_yourself("t%d-k" % os.getpid())
        scans = Scans(self, "--groups")
        scans.line()
        worker, = self.server.prefork(self.listening, 1)
        mine = self.client.connect(*self.address)
        self.client.send(mine, 500)
        wait_until(lambda: (process(worker) or {}).get("payload_received_bytes") == 500, "the worker to read")
        self.server.kill(worker)
        self.client.wait_for_end(mine)
        self.client.close(mine)
        group = "t%d-k" % os.getpid()
        said = []  # that it is closed, and what it had received, may be told of in two scans

        def is_all(line):
            if line["group"] == group:
                said.append((line["accepts"], line["closed_connections"], line["payload_received_bytes"]))
            return line["group"] == group and said[-1] == (1, 1, 500)
        try:
            scans.line(is_all, "his group to say so")
        except AssertionError:
            self.assertEqual(said[-1], (1, 1, 500), said)
        line = scans.line(lambda line: line["group"] == group)
        self.assertEqual((line["accepts"], line["closed_connections"], line["payload_received_bytes"]), (1, 1, 500))

    def test_who_ended_before_anybody_looked_counts_in_the_group_of_his_name(self):
        name = "t%d-e" % os.getpid()
        scans = Scans(self, "--groups")
        scans.line()
        for _ in range(3):
            self.client.call_as(name, *self.address, 70)
        for seen in (scans.line(lambda line: line["group"] == name, "his group"), None):
            line = seen or next(line for line in rows("--groups") if line["group"] == name)
            while seen and line.get("closed_connections") != 3:
                line = scans.line(lambda line: line["group"] == name)
            line = scans.line(lambda line: line["group"] == name) if seen else line
            self.assertEqual((line["connects"], line["payload_sent_bytes"], line["processes"], line["sockets"]), (3, 210, 0, 0))

    def test_a_reset_in_the_accept_queue_is_his_who_listens(self):
        mine = self.client.connect(*self.address)
        self.client.send(mine, 9)
        wait_until(lambda: process(self.server.pid)["accept_queue"] == 1, "the connection to wait")
        self.client.linger(mine)
        self.client.close(mine)
        self.settled(self.client.pid, resets_sent=1, payload_sent_bytes=9)
        self.server.close(self.listening)
        self.settled(self.server.pid, closed_connections=1, resets_received=1, payload_received_bytes=9)

    def test_a_pid_that_a_scan_has_had_is_no_place_to_hide(self):
        self.server.serve(self.listening)  # else the kernel may keep the closed ones for a minute
        scan = subprocess.Popen([CLI, "--stats"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertEqual(scan.wait(60), 0)
        found = []
        for number in range(scan.pid + 1, scan.pid + 5):  # its own, and those of its children
            with open("/proc/sys/kernel/ns_last_pid", "w") as last:
                last.write(str(number - 1))
            found.append(self.fork(lambda: socket.create_connection(self.address).close()).pid)
        for pid in found:
            self.settled(pid, connects=1, closed_connections=1)
        self.assertIn(scan.pid + 1, found)

    def test_a_process_without_a_socket_stays_for_as_long_as_it_lives(self):
        self.server.close(self.listening)
        found = self.settled(self.server.pid)
        self.assertEqual(found, {})  # it has had no connection
        self.client.refused(*self.address)
        self.settled(self.client.pid, sockets=0, connect_failures=1, payload_sent_bytes=0)
        pid = self.client.pid
        self.client.end()
        self.assertIsNone(process(pid))

    def test_a_socket_that_is_passed_on_is_his_who_closes_it(self):
        other = Actor(self, Traffic)
        mine = self.client.connect(*self.address)
        theirs = self.server.accept(self.listening)
        self.client.send(mine, 40)
        pidfd = os.pidfd_open(self.client.pid)
        self.addCleanup(os.close, pidfd)
        taken = zoo.checked(zoo.LIBC.syscall(438, pidfd, mine, 0))  # pidfd_getfd()
        self.client.close(mine)
        mark = process(os.getpid())["closed_connections"] if process(os.getpid()) else 0
        os.close(taken)
        self.server.wait_for_end(theirs)
        self.server.close(theirs)
        self.settled(os.getpid(), closed_connections=mark + 1)
        self.settled(self.client.pid, connects=1, closed_connections=0)
        other.end()


class Loading(ConnectionsTest):
    def test_what_is_older_than_the_programs_counts_in_full(self):
        self.addCleanup(bpf.load, "load")
        bpf.load("unload")
        mine = self.client.connect(*self.address)
        theirs = self.server.accept(self.listening)
        self.client.send(mine, 1000)
        self.server.receive(theirs, 1000)
        self.assertEqual(bpf.load("load").returncode, 0)
        self.client.send(mine, 11)
        self.server.receive(theirs, 11)
        self.settled(self.server.pid, payload_received_bytes=1011, accepts=1)
        self.client.close(mine)
        self.server.wait_for_end(theirs)
        self.server.close(theirs)
        self.settled(self.client.pid, payload_sent_bytes=1011, closed_connections=1)
        self.settled(self.server.pid, payload_received_bytes=1011, closed_connections=1, accepts=1)

    def test_programs_that_come_and_go_take_nothing_from_totals_and_add_nothing_twice(self):
        self.addCleanup(bpf.load, "load")
        scans = Scans(self, "--processes", "--pid", "%d,%d" % (self.server.pid, self.client.pid), interval=0.05)
        scans.line()
        self.server.serve(self.listening)
        sent = sure = self.client.call(*self.address, 200, 0.01, 5)[0]
        scans.line(lambda line: line["pid"] == self.client.pid and line["closed_connections"] == 200, "these")
        for turn, words in enumerate((["unload"], ["load"], ["load"], ["load", "--no-connections"], ["load"])):
            self.assertEqual(bpf.load(*words).returncode, 0)
            sent += self.client.call(*self.address, 100, 0.02, turn)[0]
        scans.fresh()
        seen = [line["payload_sent_bytes"] for line in scans.history if line["pid"] == self.client.pid]
        self.assertEqual(seen, sorted(seen))
        self.assertLessEqual(seen[-1], sent)
        self.assertGreater(seen[-1], sure)

    def test_without_them_nothing_is_said_of_connections(self):
        self.addCleanup(bpf.load, "load")
        self.assertEqual(bpf.load("load", "--no-connections").returncode, 0)
        self.assertIn("connections: not counted", bpf.load("status").stdout)
        self.assertEqual(bpf.load("status").returncode, 0)
        self.assert_uncounted("not loaded (see proctcp-bpf load)")

    def test_another_source_does_not_count_them(self):
        self.assert_uncounted("only the source bpf counts connections that no scan sees", "--source", "netlink")

    def test_rules_about_sockets_cannot_be_asked_of_them(self):
        self.assert_uncounted("rules about sockets cannot be asked of connections that no scan sees", "--local-port",
                              self.address[1])

    def test_a_record_of_another_version_is_named(self):
        def spoilt():
            bpf.mount_here()
            bpf.load("load")
            os.rename(bpf.PINS + "/unheld", bpf.PINS + "/ended")
            return json.loads(cli("--stats", "--source", "bpf"))
        stats = self.fork(spoilt).result
        self.assertEqual(stats["source"], "bpf")
        self.assertFalse(stats["connections_counted"])
        self.assertTrue(stats["connections_reason"].endswith("records of another version of proctcp-bpf"), stats)

    def assert_uncounted(self, reason, *words):
        self.client.refused("127.0.0.1", 1)
        stats = json.loads(cli("--stats", *words))
        self.assertEqual((stats["connections_counted"], stats["connections_missed"]), (False, 0))
        self.assertTrue(stats["connections_reason"].endswith(reason), stats["connections_reason"])
        line = process(self.server.pid, *words)
        self.assertEqual([name for name in COUNTS if name in line], [])
        self.assertIsNone(process(self.client.pid, *words))
        self.assertEqual([name for line in rows("--groups", *words) for name in COUNTS if name in line], [])


@unittest.skipUnless(LOADED, "the BPF programs are not loaded (SOURCE=bpf)")
class Agent(AgentTest):
    def test_short_connections_are_in_the_process_table_to_the_byte(self):
        server, client = Actor(self, Traffic), Actor(self, Traffic)
        listening = server.listen()
        self.start_master()
        self.start_agent("proctcpInterval 2\n" + "proctcpPid %d,%d\n" % (server.pid, client.pid))
        self.wait_for_scan()
        server.serve(listening)
        sent, received = client.call(*server.name(listening), MANY, 0.005, 2)
        value = lambda column, actor: self.get(PROCESS + ".%d.%d" % (column, actor.pid))
        wait_until(lambda: value(49, client) == MANY and value(49, server) == MANY, "the last connection")
        generation = self.get(GENERATION)
        wait_until(lambda: self.get(GENERATION) > generation, "the scan after")
        self.assertEqual([value(column, client) for column in (42, 43, 35, 36, 48)], [MANY, 0, sent, received, 0])
        self.assertEqual([value(column, server) for column in (42, 43, 35, 36, 48)], [0, 0, received, sent, MANY])


@unittest.skipUnless(LOADED, "the BPF programs are not loaded (SOURCE=bpf)")
class Plugin(CollectdTest):
    def test_short_connections_are_in_the_groups_to_the_byte(self):
        server, client = Actor(self, Traffic), Actor(self, Traffic)
        names = ["t%d-%s" % (os.getpid(), end) for end in "sc"]
        server.call_yourself(names[0])
        client.call_yourself(names[1])
        listening = server.listen()
        kept = client.connect(*server.name(listening))  # so that its group is there from the begin
        server.accept(listening)
        daemon = self.collectd("Report full\nProcess \"%s\" \"%s\"" % tuple(names))
        daemon.fresh()
        server.serve(listening)
        sent, received = client.call(*server.name(listening), MANY, 0.005, 3)
        client.send(kept, 5)

        def counted():
            latest = daemon.fresh()
            return latest if latest.get(names[1] + "/connections-closed") == MANY else None
        wait_until(counted, "the last connection")
        latest = daemon.fresh()
        value = lambda end, name: latest.get("%s/%s" % (names[end], name))
        self.assertEqual([value(1, name) for name in ("if_octets", "if_octets:tx", "connections-connects")],
                         [received, sent + 5, MANY])
        self.assertEqual([value(0, name) for name in ("if_octets", "if_octets:tx", "connections-accepts")],
                         [sent + 5, received, MANY])
        self.assertGreaterEqual(value(1, "total_time_in_ms-lifetime"), MANY * 5)
        self.assertEqual([value(1, "connections-connect_failures-" + kind) for kind in
                          ("refused", "timed_out", "unreachable", "other")], [0] * 4)

    def test_a_group_that_takes_some_sockets_only_says_nothing_of_connections_that_no_scan_sees(self):
        server, client = Actor(self, Traffic), Actor(self, Traffic)
        names = ["t%d-%s" % (os.getpid(), end) for end in "pw"]
        server.call_yourself(names[0])
        client.call_yourself(names[1])
        listening = server.listen()
        port = server.name(listening)[1]
        daemon = self.collectd("""Report full
            <Group "some">
              Process "%s"
              LocalPort %d
            </Group>
            <Group "whole">
              Process "%s"
            </Group>""" % (names[0], port, names[1]))
        daemon.fresh()
        server.serve(listening)
        client.call(*server.name(listening), 20, 0.005, 4)
        wait_until(lambda: daemon.fresh().get("whole/connections-closed") == 20, "the last connection")
        latest = daemon.fresh()
        self.assertEqual(sorted(name for name in latest if name.startswith("some/connections-")),
                         ["some/connections-sockets_closed", "some/connections-sockets_opened"])
        self.assertEqual([name for name in latest if name.startswith("some/total_time")], [])
        self.assertEqual(latest["proctcp-self/bool-connections_counted"], 1)
        self.assertGreaterEqual(latest["all/connections-accepts"], 20)

    def test_an_option_that_selects_sockets_is_told_to_end_the_counting(self):
        daemon = self.collectd("ExcludeLocalPort 1")
        daemon.wait_for("not counted: ExcludeLocalPort selects sockets")
        self.assertEqual(daemon.fresh()["proctcp-self/bool-connections_counted"], 0)
        self.assertNotIn("proctcp-self/connections-missed", daemon.latest())
        self.assertEqual(daemon.text().count("not counted"), 1)


del ConnectionsTest, AgentTest, CollectdTest  # they are no tests of this module
