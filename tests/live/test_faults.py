"""Single things that go wrong while it scans, and sockets held in ways that are easy to overlook: nothing is counted
twice, nothing is lost, and what is not known is not said to be 0."""
import errno
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

import zoo
from scans import Actor, Hands, Scans, Shim
from support import CLI, cli, rows, wait_until

TOTALS = ("bytes_sent", "bytes_acked", "bytes_received", "segs_out", "segs_in", "payload_sent_bytes",
          "payload_received_bytes")
SOURCES = [os.environ["SOURCE"]] if os.environ.get("SOURCE") else ["netlink", "procfs"]
CLONE_FILES = 0x400
MILLION = 1000000


def descriptors(*words):
    """{(pid, fd): row}"""
    return {(row["pid"], row["fd"]): row for row in rows(*words)}


class Missed(zoo.ZooTest):
    """A dump that misses a socket, which nobody can force on the kernel: a shim takes it out of the answers."""

    def setUp(self):
        super().setUp()
        self.shim = Shim(self)
        self.server = Actor(self)
        self.listener = self.server.listen()
        self.client = Actor(self)
        self.client_fd = self.client.connect(*self.server.name(self.listener))
        self.served = self.server.accept(self.listener)
        for _ in range(3):
            self.client.tell("send", self.client_fd, MILLION)
            self.server.receive(self.served, MILLION)
            self.client.answer()
        self.inode = self.server.inode(self.served)

    def scans(self, *words):
        return Scans(self, "--source", "netlink", "--pid", self.server.pid, *words, env=self.shim.env)

    def miss(self, *more):
        """Lets dumps miss the socket, until that was done as often as two scans of two looks each may do it."""
        before = self.shim.log().count("hide %d" % self.inode)
        self.shim.rules("hide %d" % self.inode, *more)
        wait_until(lambda: self.shim.log().count("hide %d" % self.inode) >= before + 4, "dumps that missed the socket")

    def check_totals(self, *more):
        scans = self.scans("--processes")
        first = scans.line()
        self.assertEqual((first["bytes_received"], first["sockets_opened"], first["sockets_closed"]), (3 * MILLION, 2, 0))
        for _ in range(3):
            self.miss(*more)
            self.shim.rules(*more)
            scans.fresh()
        # Every scan from the first to now was read: what a missed one showed counts, too.
        seen = {(line["bytes_received"], line["sockets_opened"], line["sockets_closed"], line["unbound"])
                for line in [first] + scans.history}
        self.assertEqual(seen, {(3 * MILLION, 2, 0, 0)})

    def test_a_socket_that_dumps_missed_is_not_counted_anew(self):
        self.check_totals()

    def test_a_socket_that_dumps_missed_is_not_counted_anew_where_descriptors_may_not_be_duplicated(self):
        self.check_totals("fail pidfd_getfd %d" % errno.EPERM)

    def test_a_socket_that_dumps_missed_is_not_said_to_be_closed(self):
        for refused in ("fail pidfd_getfd %d" % errno.EPERM, "fail pidfd_open %d" % errno.ENOSYS):
            with self.subTest(refused=refused):
                self.shim.rules(refused)
                scans = self.scans()
                before = {line["fd"]: line for line in scans.fresh()}
                self.assertEqual(before[self.served]["state"], "established")
                for _ in range(3):
                    self.miss(refused)
                    self.shim.rules(refused)
                    after = {line["fd"]: line for line in scans.fresh()}
                    self.assertEqual(after[self.served]["first_seen"], before[self.served]["first_seen"])
                self.assertEqual([line for line in scans.history
                                  if line["fd"] == self.served and line.get("state") == "closed"], [])
                self.stop(scans.process)

    def test_a_socket_that_the_first_dumps_missed_counts_once(self):
        """What it counted before it was seen may be left out or taken in, but once."""
        self.shim.rules("hide %d" % self.inode)
        scans = self.scans("--processes")
        scans.line()
        self.miss()
        self.shim.rules()
        scans.fresh()
        self.miss()
        self.shim.rules()
        last = scans.fresh()[0]
        self.assertIn(last["bytes_received"], (0, 3 * MILLION))
        self.assertEqual((last["sockets_opened"], last["sockets_closed"]), (2, 0))

    def test_what_is_really_closed_is_still_said_to_be_closed(self):
        scans = self.scans("--processes")
        scans.fresh()
        self.server.close(self.served)
        line = scans.line(lambda line: line["sockets_closed"] == 1, "a closed socket")
        self.assertEqual((line["sockets"], line["bytes_received"] in (3 * MILLION, 3 * MILLION + 1)), (1, True))


class Facts(zoo.ZooTest):
    """/proc/<pid>/stat cannot be read in one scan or some."""

    def setUp(self):
        super().setUp()
        self.holder = Actor(self)
        self.client = self.holder.connect(*self.holder.name(self.holder.listen()))
        self.served = self.holder.accept(3)
        self.holder.tell("send", self.client, 100000)
        self.holder.answer()
        self.holder.receive(self.served, 100000)

    def same_totals(self, scans, first):
        self.holder.send(self.client, 1000)
        self.holder.receive(self.served, 1000)
        last = scans.line(lambda line: line["bytes_received"] >= 101000, "the bytes of before and 1000 more", 20)
        self.assertEqual((last["bytes_received"], last["sockets_opened"], last["sockets_closed"], last["first_seen"]),
                         (101000, 3, 0, first["first_seen"]))
        self.assertEqual(last.get("start_time"), first.get("start_time"))

    def refuse_stat(self, number):
        shim = Shim(self)
        scans = Scans(self, "--processes", "--pid", self.holder.pid, env=shim.env)
        first = scans.line()
        self.assertEqual((first["bytes_received"], first["sockets_opened"]), (100000, 3))
        shim.rules("fail /%d/stat %d" % (self.holder.pid, number))
        wait_until(lambda: len(shim.log()) >= 2, "stat not to be read")
        shim.rules()
        self.same_totals(scans, first)

    def test_totals_outlive_a_stat_for_which_no_descriptor_was_left(self):
        self.refuse_stat(errno.EMFILE)

    def test_totals_outlive_a_stat_that_was_refused(self):
        self.refuse_stat(errno.EACCES)

    def leave(self, few):
        scans = Scans(self, "--processes", "--pid", self.holder.pid)
        first = scans.line()
        limits = resource.prlimit(scans.pid, resource.RLIMIT_NOFILE)
        at_rest = min(len(os.listdir("/proc/%d/fd" % scans.pid)) for _ in range(200))
        resource.prlimit(scans.pid, resource.RLIMIT_NOFILE, (at_rest + few, limits[1]))
        time.sleep(0.5)
        resource.prlimit(scans.pid, resource.RLIMIT_NOFILE, limits)
        self.same_totals(scans, first)

    def test_totals_outlive_scans_with_one_descriptor_left(self):
        self.leave(1)

    def test_totals_outlive_scans_with_two_descriptors_left(self):
        self.leave(2)

    def test_totals_outlive_scans_with_three_descriptors_left(self):
        self.leave(3)

    def test_totals_outlive_scans_with_four_descriptors_left(self):
        self.leave(4)


class Absent(zoo.ZooTest):
    def test_sums_of_what_could_not_be_read_are_absent(self):
        """A namespace that may not be entered is read through procfs, which says nothing of bytes."""
        here, there = Actor(self), Actor(self)
        there.enter_new_netns()
        for actor in (here, there):
            listener = actor.listen()
            client = actor.connect(*actor.name(listener))
            served = actor.accept(listener)
            for _ in range(3):
                actor.send(client, 10000)
                actor.receive(served, 10000)
        done = subprocess.run(["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", CLI, "--processes",
                               "-o", "json", "--pid", "%d,%d" % (here.pid, there.pid)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60)
        found = {line["pid"]: line for line in map(json.loads, done.stdout.splitlines())}
        self.assertEqual(set(found), {here.pid, there.pid}, done.stderr)
        self.assertEqual((found[there.pid]["sockets"], found[there.pid]["established"]), (3, 2))
        if "bytes_sent" not in found[here.pid]:
            self.skipTest("sock_diag gives no counters here")
        self.assertEqual((found[here.pid]["bytes_sent"], found[here.pid]["bytes_received"]), (30000, 30000))
        self.assertEqual({name: found[there.pid][name] for name in TOTALS + ("retransmissions",)
                          if name in found[there.pid]}, {})


class ThreadHands(Hands):
    """Does things in threads, and can let its first thread end."""

    def __init__(self):
        super().__init__()
        signal.signal(signal.SIGUSR1, lambda *_: zoo.LIBC.syscall({"x86_64": 60, "aarch64": 93}[os.uname().machine], 0))

    def hold_in_a_thread(self, unshared):
        """A connection opened in a thread, after unshare(unshared): descriptors, listener's port, namespace."""
        result, ready = [], threading.Event()

        def hold():
            try:
                if unshared & zoo.CLONE_NEWNET:
                    zoo.checked(zoo.LIBC.unshare(unshared & ~zoo.CLONE_NEWNET))
                    zoo.enter_new_netns()
                elif unshared:
                    zoo.checked(zoo.LIBC.unshare(unshared))
                kept = zoo.connection()
                result[:] = [[one.fileno() for one in kept], [one.getsockname()[1] for one in kept],
                             int(os.readlink("/proc/thread-self/ns/net")[5:-1])]
            finally:
                ready.set()
            while True:
                time.sleep(600)

        threading.Thread(target=hold, daemon=True).start()
        ready.wait()
        return result

    def share_a_table(self, count):
        """A thread that has descriptors of its own, and so many more that share those."""
        result, ready = [], threading.Event()

        def hold():
            try:
                zoo.checked(zoo.LIBC.unshare(CLONE_FILES))
                kept = zoo.connection()
                for _ in range(count):
                    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
                result[:] = [one.fileno() for one in kept]
            finally:
                ready.set()
            while True:
                time.sleep(600)

        threading.Thread(target=hold, daemon=True).start()
        ready.wait()
        return result


class Threads(zoo.ZooTest):
    def check(self, actor, fds, ports, netns):
        for source in SOURCES:
            with self.subTest(source=source):
                found = {fd: row for (pid, fd), row in descriptors("--source", source).items() if pid == actor.pid}
                self.assertEqual({fd: (found[fd]["state"], found[fd]["local_port"], found[fd]["netns"]) for fd in found},
                                 {fd: (state, port, netns) for fd, port, state in
                                  zip(fds, ports, ("listen", "established", "established"))})
                self.assertEqual({row["owners"] for row in found.values()}, {1})
                self.assertEqual((found[fds[1]]["peer_pid"], found[fds[1]]["peer_fd"]), (actor.pid, fds[2]))
                stats = json.loads(cli("--stats", "--source", source))
                self.assertEqual(stats["namespaces_failed"], 0)

    def let_the_leader_end(self, actor):
        os.kill(actor.pid, signal.SIGUSR1)

        def ended():
            with open("/proc/%d/stat" % actor.pid) as file:
                return file.read().rsplit(")", 1)[1].split()[0] == "Z"
        wait_until(ended, "the leader to end")

    def test_sockets_of_a_thread_with_a_table_of_its_own_are_of_the_process(self):
        actor = Actor(self, ThreadHands)
        self.check(actor, *actor.hold_in_a_thread(CLONE_FILES))

    def test_sockets_of_a_thread_with_a_table_of_its_own_stand_beside_the_others_of_the_process(self):
        actor = Actor(self, ThreadHands)
        own = actor.listen()
        fds, ports, _ = actor.hold_in_a_thread(CLONE_FILES)
        port = actor.name(own)[1]
        for source in SOURCES:
            found = [(row["fd"], row["local_port"]) for row in rows("--source", source, "--pid", actor.pid)]
            self.assertEqual(sorted(found), sorted(list(zip(fds, ports)) + [(own, port)]))
        process, = [json.loads(line) for line in cli("--processes", "-o", "json", "--pid", actor.pid).splitlines()]
        self.assertEqual((process["sockets"], process["listen"], process["established"]), (4, 2, 2))

    def test_threads_that_share_a_table_of_their_own_are_walked_once(self):
        actor = Actor(self, ThreadHands)
        fds = actor.share_a_table(50)
        shim = Shim(self)
        shim.rules("note /fd")
        done = subprocess.run([CLI, "-o", "json", "--pid", str(actor.pid)], env=shim.env, stdout=subprocess.PIPE, check=True)
        self.assertEqual(sorted(json.loads(line)["fd"] for line in done.stdout.splitlines()), sorted(fds))
        walks = [path for path in shim.log() if "task/" in path]
        self.assertEqual(len(walks), 1, walks)

    def test_a_process_whose_leader_has_ended_holds_what_its_threads_hold(self):
        actor = Actor(self, ThreadHands)
        held = actor.hold_in_a_thread(0)
        self.let_the_leader_end(actor)
        self.check(actor, *held)
        self.assertEqual({row["process"] for row in rows("--pid", actor.pid)}, {self.name_of(actor.pid)})

    @staticmethod
    def name_of(pid):
        with open("/proc/%d/comm" % pid) as file:
            return file.read().strip()

    def test_a_process_without_its_leader_and_alone_in_a_namespace_is_found(self):
        actor = Actor(self, ThreadHands)
        actor.enter_new_netns()
        held = actor.hold_in_a_thread(0)
        self.let_the_leader_end(actor)
        self.check(actor, *held)

    def test_a_thread_with_its_own_table_and_its_own_namespace_is_found(self):
        actor = Actor(self, ThreadHands)
        held = actor.hold_in_a_thread(CLONE_FILES | zoo.CLONE_NEWNET)
        self.check(actor, *held)

    def test_a_thread_in_a_namespace_of_its_own_that_shares_the_table_is_found(self):
        actor = Actor(self, ThreadHands)
        held = actor.hold_in_a_thread(zoo.CLONE_NEWNET)
        self.check(actor, *held)


class Bound(zoo.ZooTest):
    def test_a_bound_socket_that_does_not_listen_has_its_address(self):
        kept = []
        for host, shown in (("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("::1", "::1")):
            one = self.keep(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET))
            one.bind((host, 0))
            kept.append((one, shown))
        found = descriptors("--pid", os.getpid(), "--source", "netlink")
        self.assertEqual([(row["state"], row.get("local_address"), row.get("local_port"))
                          for row in (found[os.getpid(), one.fileno()] for one, _ in kept)],
                         [("closed", shown, one.getsockname()[1]) for one, shown in kept])
        for one, _ in kept:
            row = found[os.getpid(), one.fileno()]
            self.assertEqual((row["owners"], row["netns"], row["inode"]),
                             (1, zoo.netns_of(), os.fstat(one.fileno()).st_ino))
            self.assertNotIn("remote_port", row)
        port = kept[0][0].getsockname()[1]
        self.assertEqual([row["fd"] for row in rows("--local-port", port, "--source", "netlink")],
                         [kept[0][0].fileno()])


class Subflows(zoo.ZooTest):
    @unittest.skipIf(zoo.mptcp_missing(), zoo.mptcp_missing() or "")
    def test_the_number_of_a_subflow_does_not_depend_on_what_is_selected(self):
        def connect():
            listening, client, served = zoo.connection_of_subflows(["127.0.0.2"])
            return client.fileno(), [listening, client, served]

        child = self.fork(connect)
        whole = lambda *words: {row["local_address"]: row["subflow"] for row in rows("--pid", child.pid, *words)
                                if row["fd"] == child.result}
        wait_until(lambda: len(whole()) == 2, "two subflows of the client")
        for source in SOURCES:
            everything = whole("--source", source)
            self.assertEqual(sorted(everything.values()), [1, 2])
            for address in everything:
                with self.subTest(source=source, address=address):
                    self.assertEqual(whole("--source", source, "--local", address), {address: everything[address]})

    def test_the_number_of_a_subflow_of_a_recorded_tree_does_not_depend_on_what_is_selected(self):
        process = self.path("100")
        os.makedirs(process + "/fd")
        os.makedirs(process + "/net")
        os.symlink("socket:[777]", process + "/fd/3")
        self.write("100/stat", "100 (twofold) S 1 100 100 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n")
        line = "%4d: 0100007F:%s 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 777 1 " \
               "0000000000000000 20 4 30 10 -1\n"
        self.write("100/net/tcp", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
                   "timeout inode\n" + line % (0, "8000") + line % (1, "9000"))
        tree = lambda *words: {row["local_port"]: row["subflow"] for row in rows("--proc-root", self.directory,
                                                                                "--source", "procfs", *words)}
        self.assertEqual(tree(), {0x8000: 1, 0x9000: 2})
        self.assertEqual(tree("--local-port", 0x9000), {0x9000: 2})
        self.assertEqual(tree("--exclude-local-port", 0x8000), {0x9000: 2})


def counts(*words, prefix=()):
    """--unattributed as (netns, state, sockets), and all lines."""
    done = subprocess.run([str(word) for word in (*prefix, CLI, "--unattributed", "-o", "json", *words)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if done.returncode:
        raise AssertionError("status %d: %s" % (done.returncode, done.stderr))
    return [json.loads(line) for line in done.stdout.splitlines()]


def total(lines, state, netns=None):
    return sum(line["sockets"] for line in lines if line["state"] == state and netns in (None, line.get("netns")))


class PidNamespaces(zoo.ZooTest):
    def test_a_procfs_of_another_pid_namespace_doubles_nothing(self):
        os.mkdir(self.path("proc"))
        code = "import os, socket, sys\n" \
               "s = socket.create_server(('127.0.0.1', 0))\n" \
               "for _ in range(7):\n" \
               "    c = socket.create_connection(s.getsockname()); a = s.accept()[0]; c.close(); a.close()\n" \
               "print('ready', flush=True)\n" \
               "sys.stdin.read()\n"
        inside = self.start("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount", "sh", "-c",
                            "ip link set lo up && mount -t proc proc '%s' && exec '%s' -c \"$1\"" %
                            (self.path("proc"), sys.executable), "sh", code, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE)
        self.assertEqual(inside.stdout.readline(), b"ready\n")
        with open("/proc/%d/task/%d/children" % (inside.pid, inside.pid)) as file:
            child = int(file.read().split()[0])
        tree = "/proc/%d/root%s" % (child, self.path("proc"))
        self.assertTrue(os.path.isdir(tree + "/1/fd"))
        there = ("nsenter", "--net=/proc/%d/ns/net" % child)
        netns = zoo.netns_of(child)
        for source in SOURCES:
            for prefix in (there, ()):
                with self.subTest(source=source, scanner="there" if prefix else "outside"):
                    lines = counts("--proc-root", tree, "--source", source, prefix=prefix)
                    if prefix:
                        self.assertEqual(total(lines, "timeWait"), 7)
                    else:
                        self.assertEqual(total(lines, "timeWait", netns), 7)


class SameFourTuple(zoo.ZooTest):
    def test_sockets_without_an_inode_on_different_interfaces_are_two(self):
        """Two neighbours with one and the same address, each behind an interface of its own."""
        middle, near, far = Actor(self), Actor(self), Actor(self)
        name = "w%d" % (os.getpid() % 100000)
        for actor in (middle, near, far):
            actor.enter_new_netns()
        for number, neighbour in enumerate((near, far)):
            for words in ("ip link add %s%d type veth peer name %sn%d" % (name, number, name, number),
                          "ip link set %s%d netns %d" % (name, number, middle.pid),
                          "ip link set %sn%d netns %d" % (name, number, neighbour.pid),
                          "nsenter --net=/proc/%d/ns/net ip addr add 192.0.2.1/24 dev %s%d" % (middle.pid, name, number),
                          "nsenter --net=/proc/%d/ns/net ip link set %s%d up" % (middle.pid, name, number),
                          "nsenter --net=/proc/%d/ns/net ip addr add 192.0.2.2/24 dev %sn%d" % (neighbour.pid, name, number),
                          "nsenter --net=/proc/%d/ns/net ip link set %sn%d up" % (neighbour.pid, name, number)):
                subprocess.run(words.split(), check=True)
        interfaces = [name + "0", name + "1"]
        listeners = [actor.listen("192.0.2.2", 8080) for actor in (near, far)]

        def leave_behind():
            with open("/proc/%d/ns/net" % middle.pid) as there:
                zoo.checked(zoo.LIBC.setns(there.fileno(), zoo.CLONE_NEWNET))
            clients = []
            for interface in interfaces:
                client = socket.socket()
                client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
                client.bind(("192.0.2.1", 40000))
                client.settimeout(60)
                client.connect(("192.0.2.2", 8080))
                clients.append(client)
            for client in clients:
                client.close()
            return None, clients

        self.fork(leave_behind)
        for actor, listener in zip((near, far), listeners):
            served = actor.accept(listener)
            actor.wait_for_end(served)
            actor.close(served)
        netns = zoo.netns_of(middle.pid)

        def truth():
            with open("/proc/%d/net/sockstat" % middle.pid) as file:
                return [line.split()[6] for line in file if line.startswith("TCP:")] == ["2"]
        wait_until(truth, "two sockets in TIME_WAIT")
        for source in SOURCES:
            with self.subTest(source=source):
                if source == "netlink":  # /proc/net/tcp does not tell the interface
                    self.assertEqual(total(counts("--source", source), "timeWait", netns), 2)


class Direction(zoo.ZooTest):
    def test_a_listener_for_ipv6_alone_takes_no_ipv4_in(self):
        other = self.keep(zoo.listener("127.0.0.1"))
        only6 = self.keep(socket.socket(socket.AF_INET6))
        only6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        only6.bind(("::", 0))
        only6.listen()
        port = only6.getsockname()[1]
        client = self.keep(socket.socket())
        client.bind(("127.0.0.1", port))
        client.connect(other.getsockname())
        served = self.keep(other.accept()[0])
        for_six = self.keep(socket.create_connection(("::1", port)))
        served_six = self.keep(only6.accept()[0])
        found = descriptors("--pid", os.getpid(), "--source", "netlink")
        self.assertEqual({one.fileno(): found[os.getpid(), one.fileno()]["direction"]
                          for one in (only6, client, served, for_six, served_six)},
                         {only6.fileno(): "listen", client.fileno(): "outbound", served.fileno(): "inbound",
                          for_six.fileno(): "outbound", served_six.fileno(): "inbound"})

    def test_a_listener_for_both_takes_ipv4_in(self):
        _, client, served = self.keep(*zoo.connection("::", to="127.0.0.1"))
        found = descriptors("--pid", os.getpid(), "--source", "netlink")
        self.assertEqual([found[os.getpid(), one.fileno()]["direction"] for one in (client, served)],
                         ["outbound", "inbound"])


class Payload(zoo.ZooTest):
    """Payload is what the processes wrote and read, to the byte: no SYN, no FIN, nothing sent twice."""
    COUNT, SIZE = 20, 1000

    def setUp(self):
        super().setUp()
        self.server, self.client = Actor(self), Actor(self)
        self.listener = self.server.listen()
        self.pairs = []

    def connect(self):
        host, port = self.server.name(self.listener)
        client = self.client.connect(host, port)
        self.pairs.append((client, self.server.accept(self.listener)))
        return self.pairs[-1]

    def send(self, client, served):
        self.client.send(client, self.SIZE)
        self.server.receive(served, self.SIZE)

    def wanted(self, sent):
        return {self.client.pid: (sent, 0), self.server.pid: (0, sent)}

    def processes(self, source=()):
        out = cli("--processes", "-o", "json", "--pid", "%d,%d" % (self.server.pid, self.client.pid), *source)
        return list(map(json.loads, out.splitlines()))

    @staticmethod
    def payload(lines):
        return {line["pid"]: (line.get("payload_sent_bytes"), line.get("payload_received_bytes")) for line in lines}

    def settled(self):
        """Until all that was sent is acknowledged, FINs included."""
        pids = "%d,%d" % (self.server.pid, self.client.pid)
        wait_until(lambda: all(row.get("tx_queue_bytes") == 0 and row["state"] not in ("finWait1", "lastAck", "closing")
                               for row in rows("--pid", pids, "--source", "netlink") if row["state"] != "listen"),
                   "acknowledgements")

    def test_payload_is_counted_to_the_byte(self):
        for _ in range(self.COUNT):
            self.send(*self.connect())
        self.settled()
        self.assertEqual(self.payload(self.processes()), self.wanted(self.COUNT * self.SIZE))

    def test_a_fin_is_no_payload_in_either_direction(self):
        for number in range(self.COUNT):
            client, served = self.connect()
            self.send(client, served)
            if number % 4 == 0:
                self.client.shut(client)
                self.server.wait_for_end(served)
            elif number % 4 == 1:
                self.server.shut(served)
                self.client.wait_for_end(client)
        self.settled()
        self.assertEqual(self.payload(self.processes()), self.wanted(self.COUNT * self.SIZE))

    def test_payload_that_waits_to_be_read_is_received(self):
        client, served = self.connect()
        self.client.send(client, self.SIZE)
        self.client.shut(client)
        self.settled()
        found = self.payload(self.processes())
        self.assertEqual(found, self.wanted(self.SIZE))

    def test_payload_stays_exact_over_connections_that_close_between_scans(self):
        scans = Scans(self, "--processes", "--pid", "%d,%d" % (self.server.pid, self.client.pid), interval=0.1)
        scans.fresh()
        sent = 0
        for number in range(6):
            client, served = self.connect()
            self.send(client, served)
            sent += self.SIZE
            self.settled()
            found = scans.fresh()
            self.assertEqual(self.payload(found), self.wanted(sent))
            if number % 3 == 0:  # it stays open, half closed
                self.client.shut(client)
                self.server.wait_for_end(served)
            elif number % 3 == 1:
                self.client.close(client)
                self.server.wait_for_end(served)
                self.server.close(served)
            else:
                self.server.close(served)
                self.client.wait_for_end(client)
                self.client.close(client)
            found = scans.fresh()
            self.assertEqual(self.payload(found), self.wanted(sent))
        steps = {}
        for line in scans.history:
            for name in ("payload_sent_bytes", "payload_received_bytes"):
                before = steps.get((line["pid"], name), 0)
                self.assertGreaterEqual(line[name], before)
                steps[line["pid"], name] = line[name]


class LastHolder(zoo.ZooTest):
    """In a namespace of the test's own: servers that close first, and what stays of their connections."""

    def setUp(self):
        super().setUp()
        self.alpha, self.beta, self.client, self.marker = (Actor(self) for _ in range(4))
        self.netns = self.alpha.enter_new_netns()
        for actor, name in ((self.alpha, "alpha"), (self.beta, "beta"), (self.client, "client"),
                            (self.marker, "marker")):
            if actor is not self.alpha:
                actor.enter_netns_of(self.alpha.pid)
            actor.call_yourself(name)
        # A connection that nobody accepts: every scan has something to print.
        host, port = self.marker.name(self.marker.listen())
        self.marker.connect(host, port)
        self.listeners = {actor: actor.listen() for actor in (self.alpha, self.beta)}
        self.pairs = {self.alpha: [], self.beta: []}
        for actor, count in ((self.alpha, 3), (self.beta, 2)):
            for _ in range(count):
                client = self.client.connect(*actor.name(self.listeners[actor]))
                self.pairs[actor].append((client, actor.accept(self.listeners[actor])))

    def ours(self, lines):
        return [line for line in lines if line.get("netns") == self.netns]

    def leave(self, actor):
        """Closes first, so that the actor's end stays in TIME_WAIT."""
        for client, served in self.pairs[actor]:
            actor.close(served)
            self.client.wait_for_end(client)
            self.client.close(client)

    def by_holder(self, lines):
        return {(line["state"], line.get("last_pid"), line.get("last_process")): line["sockets"]
                for line in self.ours(lines)}

    def test_time_wait_names_who_held_the_connection(self):
        scans = Scans(self, "--unattributed", "--netns", self.netns)
        scans.fresh()
        self.leave(self.alpha)
        self.leave(self.beta)
        wanted = {("established", None, None): 1, ("timeWait", self.alpha.pid, "alpha"): 3,
                  ("timeWait", self.beta.pid, "beta"): 2}
        self.assertEqual(self.by_holder(scans.fresh()), wanted)
        self.assertEqual(self.by_holder(scans.fresh()), wanted)  # scan after scan
        # A holder that has ended is still named.
        self.alpha.end()
        self.assertEqual(self.by_holder(scans.fresh()).get(("timeWait", self.alpha.pid, "alpha")), 3)

    def test_time_wait_of_what_was_never_seen_held_has_no_holder(self):
        self.leave(self.alpha)
        scans = Scans(self, "--unattributed", "--netns", self.netns)
        self.assertEqual(self.by_holder(scans.fresh()),
                         {("established", None, None): 1, ("timeWait", None, None): 3})

    def test_orphans_name_who_held_them(self):
        scans = Scans(self, "--unattributed", "--netns", self.netns)
        scans.fresh()
        (_, full), (_, idle) = self.pairs[self.alpha][:2]
        self.alpha.fill(full)  # the client does not read
        self.alpha.close(full)
        self.alpha.close(idle)  # and does not close
        wanted = {("established", None, None): 1, ("finWait1", self.alpha.pid, "alpha"): 1,
                  ("finWait2", self.alpha.pid, "alpha"): 1}
        found = scans.until(lambda lines: ("finWait2", self.alpha.pid, "alpha") in self.by_holder(lines),
                            "an orphan in FIN_WAIT2 with its holder", 20)
        self.assertEqual(self.by_holder(found), wanted)

    def test_what_a_process_left_behind_is_counted_in_its_row(self):
        pids = (self.alpha.pid, self.beta.pid)
        scans = Scans(self, "--processes", "--netns", self.netns)
        left = lambda lines: {line["pid"]: line.get("left_behind") for line in self.ours(lines) if line["pid"] in pids}
        self.assertEqual(left(scans.fresh()), {self.alpha.pid: 0, self.beta.pid: 0})
        self.leave(self.alpha)
        client, served = self.pairs[self.beta][0]
        self.beta.fill(served)
        self.beta.close(served)
        self.assertEqual(left(scans.fresh()), {self.alpha.pid: 3, self.beta.pid: 1})
        self.assertEqual(left(scans.fresh()), {self.alpha.pid: 3, self.beta.pid: 1})

    def test_every_socket_is_listed_held_or_not(self):
        first = self.sockets(Scans(self, "--sockets", "--netns", self.netns))
        truth = self.truth()
        self.assertEqual(len(first), len(truth) + 1)  # with the one that waits to be accepted
        for cookie, (actor, fd, inode) in truth.items():
            one = first[cookie]
            self.assertEqual((one["inode"], one["owners"], one["netns"]), (inode, 1, self.netns))
            self.assertEqual(one["local_port"], actor.name(fd)[1])
            self.assertNotIn("last_pid", one)
        waiting, = [one for cookie, one in first.items() if cookie not in truth]
        self.assertEqual((waiting["state"], waiting.get("owners", 0)), ("established", 0))

    def test_a_socket_that_is_held_no_longer_is_listed_with_its_last_holder(self):
        scans = Scans(self, "--sockets", "--netns", self.netns)
        self.sockets(scans)
        cookies = [self.alpha.cookie(served) for _, served in self.pairs[self.alpha]]
        ports = [self.alpha.name(served)[1] for _, served in self.pairs[self.alpha]]
        self.leave(self.alpha)
        found = self.sockets(scans)
        for cookie, port in zip(cookies, ports):
            one = found[cookie]
            self.assertEqual((one["state"], one["local_port"], one["last_pid"], one["last_process"]),
                             ("timeWait", port, self.alpha.pid, "alpha"))
            self.assertEqual(one.get("owners", 0), 0)
            self.assertNotIn("inode", {name: value for name, value in one.items() if value})

    def truth(self):
        held = {}
        for actor in self.listeners:
            held[actor.cookie(self.listeners[actor])] = actor, self.listeners[actor]
            for client, served in self.pairs[actor]:
                held[actor.cookie(served)] = actor, served
                held[self.client.cookie(client)] = self.client, client
        for fd in self.marker.held():
            held[self.marker.cookie(fd)] = self.marker, fd
        return {cookie: (*who, who[0].inode(who[1])) for cookie, who in held.items()}

    def sockets(self, scans):
        return {one["cookie"]: one for one in self.ours(scans.fresh())}


if __name__ == "__main__":
    unittest.main()
