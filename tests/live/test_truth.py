"""Every field whose value the test can force or ask the kernel for itself, read through sock_diag and through /proc."""
import ctypes
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import time
import unittest

import zoo
from support import BUILD, cli, rows, wait_until

TCP_INFO, TCP_CONGESTION, TCP_MAXSEG, TCP_NODELAY = 11, 13, 2, 1
LOAD = os.path.join(BUILD, "tests", "bench", "load")
SIOCOUTQ, SIOCINQ = 0x5411, 0x541B


def tcp_info(one):
    """Fields of the kernel's own answer about a socket of the test, by their place in struct tcp_info."""
    raw = one.getsockopt(socket.IPPROTO_TCP, TCP_INFO, 280)
    places = {"rto_us": (8, "I"), "snd_mss_bytes": (16, "I"), "rcv_mss_bytes": (20, "I"), "pmtu_bytes": (60, "I"),
              "rtt_us": (68, "I"), "rtt_var_us": (72, "I"), "cwnd_segments": (80, "I"), "advmss_bytes": (84, "I"),
              "reordering": (88, "I"), "rcv_space_bytes": (96, "I"), "total_retrans": (100, "I"),
              "bytes_acked": (120, "Q"), "bytes_received": (128, "Q"), "segs_out": (136, "I"), "segs_in": (140, "I"),
              "min_rtt_us": (148, "I"), "data_segs_in": (152, "I"), "data_segs_out": (156, "I"),
              "delivered": (192, "I"), "bytes_sent": (200, "Q"), "bytes_retrans": (208, "Q"),
              "snd_wnd_bytes": (228, "I"), "rcv_wnd_bytes": (232, "I")}
    return {name: struct.unpack_from("=" + kind, raw, at)[0] for name, (at, kind) in places.items()
            if at + struct.calcsize(kind) <= len(raw)}


def row_of(one, source, pid=None):
    fd = one if isinstance(one, int) else one.fileno()
    found = [row for row in rows("--source", source, "--pid", pid or os.getpid()) if row["fd"] == fd]
    if len(found) != 1:
        raise AssertionError("one row expected of descriptor %d, got %s" % (fd, found))
    return found[0]


def receive(one, size):
    while size:
        size -= len(one.recv(size))


class Fields(zoo.ZooTest):
    def test_sock_diag_says_what_the_kernel_says_to_the_process_itself(self):
        _, client, served = self.keep(*zoo.connection())
        for _ in range(20):
            client.sendall(b"x" * 10000)
            receive(served, 10000)
            served.sendall(b"y" * 500)
            receive(client, 500)
        time.sleep(0.3)  # until the last acknowledgements are through
        for one in (client, served):
            before, row, after = tcp_info(one), row_of(one, "netlink"), tcp_info(one)
            for name in before:
                if name == "rto_us":
                    self.assertEqual(row["rto_ms"], before[name] // 1000)
                elif before[name] == after[name]:
                    self.assertEqual(row[name], before[name], name)
        row = row_of(client, "netlink")
        self.assertEqual((row["bytes_sent"], row["bytes_received"]), (200000, 10000))
        self.assertEqual((row["total_retrans"], row["lost_segments"], row["unacked_segments"]), (0, 0, 0))
        self.assertEqual(row["ca_state"], "open")
        self.assertGreater(row["rtt_us"], 0)

    def test_options_that_the_test_set_are_seen(self):
        _, client, _ = self.keep(*zoo.connection())
        with open("/proc/sys/net/ipv4/tcp_available_congestion_control") as file:
            available = file.read().split()
        for name in available:
            client.setsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, name.encode())
            self.assertEqual(row_of(client, "netlink")["congestion"], name)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 34567)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 45678)
        row = row_of(client, "netlink")
        self.assertEqual((row["sndbuf_bytes"], row["rcvbuf_bytes"]), (2 * 34567, 2 * 45678))
        self.assertEqual(row["cookie"], struct.unpack("=Q", client.getsockopt(socket.SOL_SOCKET, 57, 8))[0])

    def test_accept_queue_and_its_limit(self):
        listening = self.keep(zoo.listener(backlog=7))
        self.keep(*[socket.create_connection(listening.getsockname()) for _ in range(3)])
        row = row_of(listening, "netlink")
        self.assertEqual((row["accept_queue"], row["accept_queue_max"]), (3, 7))
        self.assertEqual(row_of(listening, "procfs")["accept_queue"], 3)
        for absent in ("rtt_us", "bytes_sent", "cwnd_segments", "unacked_segments", "congestion", "tx_queue_bytes"):
            self.assertNotIn(absent, row)

    def test_interface_that_a_socket_is_bound_to(self):
        bound = self.keep(socket.socket())
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        self.assertEqual(row_of(bound, "netlink")["interface"], socket.if_nametoindex("lo"))

    def test_both_sources_agree_on_what_both_give(self):
        kept = [zoo.listener(), zoo.listener("::")]
        kept += zoo.connection() + zoo.connection("::1") + zoo.connection("::", to="127.0.0.1")
        kept[3].sendall(b"x" * 321)
        kept[6].shutdown(socket.SHUT_WR)
        self.keep(*kept)
        self.keep(socket.socket())
        time.sleep(0.3)
        moving = ("first_seen", "timer", "timer_expires_ms", "ato_ms")
        for one in rows("--source", "procfs", "--pid", os.getpid()):
            other = row_of(one["fd"], "netlink")
            for name in one:
                if name not in moving and name not in ("quick_ack", "pingpong"):
                    # rto is in ticks of 10 ms there
                    if name == "rto_ms":
                        self.assertTrue(abs(one[name] - other[name]) <= 10, (one, other))
                    else:
                        self.assertEqual(one[name], other.get(name), name)


class Networks(zoo.ZooTest):
    """Two namespaces with a veth between them, so that segments can be lost."""

    def setUp(self):
        super().setUp()
        self.here = self.fork(self.serve)
        self.there = self.fork(lambda: (zoo.enter_new_netns(), None)[1])
        name = "p%d" % (os.getpid() % 100000)
        for words in ("link add %sa type veth peer name %sb" % (name, name),
                      "link set %sa netns %d" % (name, self.here.pid), "link set %sb netns %d" % (name, self.there.pid)):
            subprocess.run(["ip"] + words.split(), check=True)
        self.ip(self.here, "addr add 192.0.2.1/24 dev %sa" % name)
        self.ip(self.here, "link set %sa mtu 1400 up" % name)
        self.ip(self.there, "addr add 192.0.2.2/24 dev %sb" % name)
        self.ip(self.there, "link set %sb mtu 1400 up" % name)
        self.far = name + "b"

    @staticmethod
    def serve():
        zoo.enter_new_netns()
        return None

    @staticmethod
    def ip(child, words):
        subprocess.run(["nsenter", "--net=/proc/%d/ns/net" % child.pid, "ip"] + words.split(), check=True)

    def pair(self):
        """A connection of this process between the two namespaces: (client in one, served in the other)."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            zoo.checked(zoo.LIBC.setns(os.open("/proc/%d/ns/net" % self.there.pid, os.O_RDONLY), zoo.CLONE_NEWNET))
            listening = self.keep(zoo.listener("192.0.2.2"))
            zoo.checked(zoo.LIBC.setns(os.open("/proc/%d/ns/net" % self.here.pid, os.O_RDONLY), zoo.CLONE_NEWNET))
            client = self.keep(socket.create_connection(listening.getsockname(), timeout=20))
        finally:
            zoo.checked(zoo.LIBC.setns(home, zoo.CLONE_NEWNET))
            os.close(home)
        served = self.keep(listening.accept()[0])
        return client, served

    def test_lost_segments_are_sent_again_and_counted(self):
        client, served = self.pair()
        client.sendall(b"x" * 100)
        receive(served, 100)
        self.ip(self.there, "addr del 192.0.2.2/24 dev " + self.far)  # what arrives now is thrown away
        client.sendall(b"y" * 1000)
        lost = wait_until(lambda: (lambda row: row["total_retrans"] >= 2 and row)(row_of(client, "netlink")),
                          "two retransmissions")
        self.assertGreaterEqual(lost["retransmits"], 1)
        self.assertEqual(lost["timer"], "retransmit")
        self.assertEqual(lost["ca_state"], "loss")
        self.assertGreaterEqual(lost["unacked_segments"], 1)
        self.assertGreaterEqual(lost["bytes_retrans"], 1000)
        self.assertEqual(lost["tx_queue_bytes"], 1000)
        self.assertGreaterEqual(row_of(client, "procfs")["retransmits"], 1)
        self.ip(self.there, "addr add 192.0.2.2/24 dev " + self.far)
        receive(served, 1000)
        wait_until(lambda: row_of(client, "netlink")["unacked_segments"] == 0, "the lost segments to be acknowledged")
        row = row_of(client, "netlink")
        self.assertEqual(row["bytes_acked"] in (1100, 1101), True)  # the kernel counts the SYN
        self.assertEqual(row_of(served, "netlink")["bytes_received"], 1100)
        self.assertGreaterEqual(row["bytes_sent"], 2100)

    def test_congestion_window_that_the_route_sets_and_clamps(self):
        self.ip(self.here, "route replace 192.0.2.0/24 dev %sa src 192.0.2.1 initcwnd 7 cwnd lock 3" % self.far[:-1])
        client, served = self.pair()
        for source in ("netlink", "procfs"):
            self.assertEqual(row_of(client, source)["cwnd_segments"], 7)
        # The kernel knows of the clamp from the second connection to an address on.
        client.sendall(b"x")
        receive(served, 1)
        client.shutdown(socket.SHUT_WR)
        served.close()
        self.assertEqual(client.recv(1), b"")
        client.close()
        client, served = self.pair()
        for _ in range(10):
            client.sendall(b"x" * 5000)
            receive(served, 5000)
        for source in ("netlink", "procfs"):
            self.assertEqual(row_of(client, source)["cwnd_segments"], 3)
            self.assertGreaterEqual(row_of(served, source)["cwnd_segments"], 10)

    def test_mtu_of_the_path_and_peers_across_namespaces(self):
        client, served = self.pair()
        client.sendall(b"x" * 5000)
        receive(served, 5000)
        for source in ("netlink", "procfs"):
            near, far = row_of(client, source), row_of(served, source)
            self.assertEqual((near["netns"], far["netns"]), (zoo.netns_of(self.here.pid), zoo.netns_of(self.there.pid)))
            self.assertEqual((near["peer_fd"], far["peer_fd"]), (served.fileno(), client.fileno()))
            self.assertEqual((near["direction"], far["direction"]), ("outbound", "inbound"))
        self.assertEqual(row_of(client, "netlink")["pmtu_bytes"], 1400)
        self.assertIn(row_of(client, "netlink")["advmss_bytes"], (1400 - 40, 1400 - 52))  # without or with timestamps


class Delay(zoo.ZooTest):
    """Two namespaces, and a third between them that hands on each frame after a while: it takes no kernel module but
    veth and packet sockets."""
    DELAY_S = 0.03

    def setUp(self):
        super().setUp()
        name = "d%d" % (os.getpid() % 100000)
        ends = [self.fork(lambda: (zoo.enter_new_netns(), None)[1]) for _ in range(2)]
        gate = os.pipe()
        self.between = self.fork(lambda: self.hand_on(name, gate))
        for number, end in enumerate(ends, 1):
            for words in ("ip link add %s%d type veth peer name %sr%d" % (name, number, name, number),
                          "ip link set %s%d netns %d" % (name, number, end.pid),
                          "ip link set %sr%d netns %d" % (name, number, self.between.pid),
                          "nsenter --net=/proc/%d/ns/net ip link set %sr%d up" % (self.between.pid, name, number),
                          "nsenter --net=/proc/%d/ns/net ip addr add 192.0.2.%d/24 dev %s%d" % (end.pid, number, name, number),
                          "nsenter --net=/proc/%d/ns/net ip link set %s%d up" % (end.pid, name, number)):
                subprocess.run(words.split(), check=True)
            self.within(end, lambda: self.complete_checksums("%s%d" % (name, number)))
        self.ends = ends
        os.write(gate[1], b".")
        for fd in gate:
            os.close(fd)

    @staticmethod
    def within(child, function):
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        away = os.open("/proc/%d/ns/net" % child.pid, os.O_RDONLY)
        try:
            zoo.checked(zoo.LIBC.setns(away, zoo.CLONE_NEWNET))
            return function()
        finally:
            zoo.checked(zoo.LIBC.setns(home, zoo.CLONE_NEWNET))
            os.close(home)
            os.close(away)

    @staticmethod
    def complete_checksums(interface):
        """veth leaves checksums to nobody, which a frame that passes through a process does not survive."""
        value = ctypes.create_string_buffer(struct.pack("II", 0x17, 0))  # ETHTOOL_STXCSUM off
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, 0x8946, struct.pack("16sP16x", interface.encode(), ctypes.addressof(value)))  # SIOCETHTOOL

    def hand_on(self, name, gate):
        zoo.enter_new_netns()
        if os.fork():
            return None
        zoo.checked(zoo.LIBC.prctl(1, 9, 0, 0, 0))  # ends with its parent
        os.dup2(gate[0], 0)
        os.closerange(3, 256)
        os.read(0, 1)
        sides = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) for _ in range(2)]
        for number, side in enumerate(sides, 1):
            side.bind(("%sr%d" % (name, number), 3))
        waiting = []
        while True:
            patience = max(waiting[0][0] - time.monotonic(), 0) if waiting else None
            for side in select.select(sides, [], [], patience)[0]:
                frame, (_, _, kind, _, _) = side.recvfrom(65536)
                if kind != socket.PACKET_OUTGOING:
                    waiting.append((time.monotonic() + self.DELAY_S, sides[side is sides[0]], frame))
            while waiting and waiting[0][0] <= time.monotonic():
                _, side, frame = waiting.pop(0)
                side.send(frame)

    def test_round_trip_times_are_those_of_the_path(self):
        listening = self.keep(self.within(self.ends[1], lambda: zoo.listener("192.0.2.2")))
        client = self.keep(self.within(self.ends[0], lambda: socket.create_connection(listening.getsockname(), timeout=20)))
        served = self.keep(listening.accept()[0])
        for _ in range(3):
            client.sendall(b"x" * 100)
            receive(served, 100)
            served.sendall(b"y" * 100)
            receive(client, 100)
        least_us = 2 * self.DELAY_S * 1e6
        for end in (client, served):
            row = row_of(end, "netlink")
            self.assertGreaterEqual(row["min_rtt_us"], least_us)
            self.assertGreaterEqual(row["rtt_us"], least_us)
            self.assertLess(row["min_rtt_us"], 10 * least_us)
            self.assertGreaterEqual(row["rto_ms"], least_us / 1000)
        self.assertGreaterEqual(row_of(client, "procfs")["rto_ms"], least_us / 1000)
        local = self.keep(*zoo.connection())[1]
        self.assertLess(row_of(local, "netlink")["min_rtt_us"], least_us)


class Namespaces(zoo.ZooTest):
    def test_named_namespace_without_a_process_is_read(self):
        name = "proctcp-test-%d" % os.getpid()
        subprocess.run(["ip", "netns", "add", name], check=True)
        self.addCleanup(subprocess.run, ["ip", "netns", "del", name], check=True)
        inode = os.stat("/run/netns/" + name).st_ino

        def reach_in():
            home = os.open("/proc/self/ns/net", os.O_RDONLY)
            zoo.checked(zoo.LIBC.setns(os.open("/run/netns/" + name, os.O_RDONLY), zoo.CLONE_NEWNET))
            listening = zoo.listener("0.0.0.0")
            zoo.checked(zoo.LIBC.setns(home, zoo.CLONE_NEWNET))
            return listening.fileno(), [listening]

        child = self.fork(reach_in)
        for source in ("netlink", "procfs"):
            row = row_of(child.result, source, child.pid)
            self.assertEqual((row["state"], row["netns"]), ("listen", inode), source)

    @unittest.skipUnless(os.path.exists(LOAD), "%s is not built" % LOAD)
    def test_a_thousand_namespaces_in_one_scan(self):
        load = subprocess.Popen([LOAD, "2000", "1000", "1000"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(lambda: (load.stdin.close(), load.wait(60), load.stdout.close()))
        self.assertTrue(load.stdout.readline().startswith(b"ready"))
        with open("/proc/%d/task/%d/children" % (load.pid, load.pid)) as file:
            pids = [int(pid) for pid in file.read().split()]
        self.assertEqual(len(pids), 1000)
        wanted = {pid: zoo.netns_of(pid) for pid in pids}
        self.assertEqual(len(set(wanted.values())), 1000)
        shown = {}
        for row in rows("--pid", ",".join(map(str, pids))):
            if row["pid"] in wanted:
                self.assertEqual(row["netns"], wanted[row["pid"]])
                self.assertEqual(row.get("peer_pid"), row["pid"] if row["state"] == "established" else None)
                shown.setdefault(row["pid"], []).append(row["state"])
        self.assertEqual({pid: sorted(states) for pid, states in shown.items()},
                         {pid: ["established", "established", "listen"] for pid in pids})
        stats = json.loads(cli("--stats"))
        self.assertGreaterEqual(stats["namespaces"], 1001)
        found = {one["netns"]: (one.get("source"), one.get("sockets"), one.get("error")) for one in stats["by_namespace"]}
        self.assertEqual({netns: found.get(netns) for netns in wanted.values()},
                         dict.fromkeys(wanted.values(), ("netlink", 3, None)))

    def test_many_namespaces_in_one_scan(self):
        def crowd():
            for _ in range(99):
                if os.fork() == 0:
                    zoo.checked(zoo.LIBC.prctl(1, 9, 0, 0, 0))  # ends with its parent
                    os.dup2(ready, 0)
                    os.closerange(3, 256)  # the pipe that its parent tells its result through
                    zoo.enter_new_netns()
                    kept = zoo.listener("127.0.0.1", port=7777)
                    os.write(0, b".")
                    time.sleep(600)
                    del kept
            read = b""
            while len(read) < 99:
                read += os.read(is_ready, 99)
            return None

        is_ready, ready = os.pipe()
        self.addCleanup(os.close, is_ready)
        self.addCleanup(os.close, ready)
        parent = self.fork(crowd).pid
        with open("/proc/%d/task/%d/children" % (parent, parent)) as file:
            pids = {int(pid) for pid in file.read().split()}
        for source in ("netlink", "procfs"):
            found = [row for row in rows("--source", source, "--local-port", 7777) if row["pid"] in pids]
            self.assertEqual(len({row["netns"] for row in found}), 99, source)
            self.assertEqual({row["state"] for row in found}, {"listen"})


class Totals(zoo.ZooTest):
    def test_totals_of_a_process_survive_its_sockets(self):
        _, client, served = self.keep(*zoo.connection())
        client.sendall(b"x" * 4321)
        receive(served, 4321)
        scans = subprocess.Popen([cli.program, "--processes", "-o", "json", "--pid", str(os.getpid()), "--interval", "0.2",
                                  "--count", "100"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop, scans)
        first = json.loads(scans.stdout.readline())
        self.assertEqual((first["bytes_sent"], first["bytes_received"]), (4321, 4321))
        self.assertEqual((first["sockets_opened"], first["sockets_closed"]), (3, 0))
        client.sendall(b"x" * 1000)
        receive(served, 1000)
        extra = self.keep(zoo.listener())
        seen = wait_until(lambda: (lambda now: now["sockets"] == 4 and now["bytes_sent"] == 5321 and now)(
            json.loads(scans.stdout.readline())), "1000 bytes more")
        self.assertEqual(seen["sockets_opened"], 4)
        client.close()
        extra.close()
        after = wait_until(lambda: (lambda now: now["sockets"] == 2 and now)(json.loads(scans.stdout.readline())),
                           "two sockets to be closed")
        self.assertEqual(after["bytes_sent"], 5321)
        self.assertIn(after["bytes_received"], (5321, 5322))  # the kernel counts the FIN
        self.assertEqual((after["sockets_opened"], after["sockets_closed"]), (4, 2))
        self.assertEqual(after["first_seen"], first["first_seen"])


class WithoutNetlink(zoo.ZooTest):
    def test_auto_takes_procfs_and_says_why(self):
        """As under a seccomp filter that refuses the family: an unprivileged filter on socket(AF_NETLINK, ...)."""
        kept = self.keep(zoo.listener())
        done = subprocess.run([cli.program, "--stats"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              preexec_fn=zoo.refuse_netlink)
        stats = json.loads(done.stdout)
        self.assertEqual((done.returncode, stats["source"]), (0, "procfs"))
        self.assertEqual(stats["source_reason"], "sock_diag: Operation not permitted")
        self.assertGreaterEqual(stats["rows"], 1)
        done = subprocess.run([cli.program, "--source", "netlink"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              preexec_fn=zoo.refuse_netlink)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"sock_diag", done.stderr)
        self.assertIn(b"Operation not permitted", done.stderr)
        self.assertIsNotNone(kept)

    def test_statistics_say_what_was_asked_for(self):
        self.assertEqual(json.loads(cli("--stats", "--source", "procfs"))["source_reason"], "procfs was asked for")
        stats = json.loads(cli("--stats", "--netns", "own"))
        self.assertEqual((stats["source"], stats["source_reason"], stats["namespaces_procfs"]), ("netlink", "bpf: /sys/fs/bpf/proctcp/tasks: not loaded (see proctcp-bpf load)", 0))


if __name__ == "__main__":
    unittest.main()
