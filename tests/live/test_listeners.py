"""Listeners that the test opened, against what the kernel gave each of them and what the test knows of their holders."""
import collections
import json
import os
import random
import select
import socket
import subprocess
import unittest

import zoo
from support import BUILD, wait_until

PROGRAM = os.path.join(BUILD, "tests", "live", "listeners")
ROUNDS = 200
SO_MEMINFO, DROPS = 55, 8

# What can listen on one port at once, with SO_REUSEPORT: address, whether it is v6only, and the interface it is bound to.
# Left out: an unbound 0.0.0.0 beside a bound :: that takes IPv4. There the kernel takes the younger one.
KINDS = [("0.0.0.0", False, None), ("0.0.0.0", False, "lo"), ("127.0.0.2", False, None), ("127.0.0.2", False, "lo"),
         ("::ffff:127.0.0.3", False, None), ("::", False, None), ("::", True, None), ("::", True, "lo"),
         ("::1", False, None), ("::1", True, "lo")]
DESTINATIONS = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "::1", "::ffff:127.0.0.1", "::ffff:127.0.0.3"]


def listeners(netns, *words):
    """By address and port, and the interface of what is bound to one."""
    out = subprocess.run([PROGRAM, *words], stdout=subprocess.PIPE, check=True).stdout.decode()
    found = [one for one in map(json.loads, out.splitlines()) if one["netns"] == netns]
    return {(one["local_address"], one["local_port"], *([one["interface"]] if "interface" in one else [])): one
            for one in found}


def listen(kind, port):
    address, v6only, interface = kind
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    if ":" in address:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if interface:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    made.bind((address, port))
    made.listen(64)
    return made


def key_of(kind, port):
    interface = [socket.if_nametoindex(kind[2])] if kind[2] else []
    return (kind[0].replace("::ffff:", ""), port, *interface)


def connect(address, port):
    client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        client.connect((address, port))
    except OSError:
        client.close()
        return None
    return client


def one_round(choose, port):
    """Opens some listeners and connects to them; what of it is not as the kernel had it."""
    kinds = choose.sample(KINDS, choose.randrange(1, 6))
    expected, opened = collections.Counter(), []
    for kind in kinds:
        one = listen(kind, port)
        opened.append(one)
        expected[key_of(kind, port)] = 0
    listening = dict(zip(opened, kinds))
    for address in DESTINATIONS:
        for _ in range(2):
            client = connect(address, port)
            if not client:
                continue
            taker, = select.select(list(listening), [], [], 10)[0]
            opened += [client, taker.accept()[0]]
            expected[key_of(listening[taker], port)] += 1
    found = listeners(zoo.netns_of(), "netlink")
    for one in opened:
        one.close()
    found = {key: one["connections"] for key, one in found.items() if key[1] == port}
    return [] if found == dict(expected) else [[kinds, str(dict(expected)), str(found)]]


def all_rounds():
    zoo.enter_new_netns()
    choose = random.Random(8)
    return [wrong for number in range(ROUNDS) for wrong in one_round(choose, 9000 + number)]


def fill_up():
    """A listener with a backlog of 1, and 8 clients; what the kernel says it dropped, before and after it is asked for
    the listeners."""
    zoo.enter_new_netns()
    full = zoo.listener(backlog=1)
    clients = [socket.socket() for _ in range(8)]
    for client in clients:
        client.setblocking(False)
        client.connect_ex(full.getsockname())

    def dropped():
        raw = full.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 4 * (DROPS + 1))
        return int.from_bytes(raw[4 * DROPS:], "little")

    wait_until(lambda: dropped() >= 6, "SYNs to be dropped")
    while True:
        before, found = dropped(), listeners(zoo.netns_of(), "netlink")
        if before == dropped():
            return before, found[full.getsockname()]


class Listeners(zoo.ZooTest):
    def setUp(self):
        super().setUp()
        if not os.path.exists(PROGRAM):
            self.skipTest("%s is not built (make unit)" % PROGRAM)

    def one(self, listening, source):
        return listeners(zoo.netns_of(), source)[listening.getsockname()[:2]]

    def one_if(self, listening, source, state):
        """None if none of its connections is in the state."""
        one = self.one(listening, source)
        return one if one[state] else None

    @unittest.skipIf("netlink" not in zoo.SOURCES, "no sock_diag here: %s" % zoo.sock_diag_missing())
    def test_each_connection_is_that_of_the_listener_which_the_kernel_chose(self):
        self.assertEqual(self.fork(all_rounds).result, [])

    @unittest.skipIf("netlink" not in zoo.SOURCES, "no sock_diag here: %s" % zoo.sock_diag_missing())
    def test_drops_are_what_the_kernel_says_to_the_process_itself(self):
        dropped, one = self.fork(lambda: list(fill_up())).result
        self.assertEqual((one["drops"], one["accept_queue"], one["accept_queue_max"]), (dropped, 2, 1))
        self.assertEqual(one["connections"], 2)

    def test_workers_that_inherited_a_listener_hold_it_together(self):
        listening, client, served = self.keep(*zoo.connection())
        held = [self.fork(lambda: 0) for _ in range(3)]
        for source in zoo.SOURCES:
            one = self.one(listening, source)
            self.assertEqual((one["sockets"], one["owners"], one["processes"]), (1, 4, 4))
            self.assertEqual((one["pid"], one["fd"]), (min([os.getpid()] + [child.pid for child in held]),
                                                       listening.fileno()))
            self.assertEqual((one["established"], one["connections"]), (1, 1))
            self.assertEqual(one["uid"], os.getuid())

    def test_what_is_not_accepted_yet_and_what_was_closed_counts(self):
        listening, client, served = self.keep(*zoo.connection())
        late = self.keep(socket.create_connection(listening.getsockname()))
        for source in zoo.SOURCES:
            one = self.one(listening, source)
            self.assertEqual((one["accept_queue"], one["established"], one["connections"]), (1, 2, 2))
        client.shutdown(socket.SHUT_WR)
        served.recv(1)
        for source in zoo.SOURCES:
            one = self.one(listening, source)
            self.assertEqual((one["close_wait"], one["established"]), (1, 1))
        served.close()
        waiting, _ = listening.accept()
        waiting.close()  # before the client does, so that the rest is on this side
        for source in zoo.SOURCES:  # a FIN is acknowledged when the peer's kernel sees fit
            one = wait_until(lambda: self.one_if(listening, source, "fin_wait2"), "FIN_WAIT2")
            self.assertEqual((one["accept_queue"], one["connections"]), (0, 1))
        late.close()
        for source in zoo.SOURCES:
            one = wait_until(lambda: self.one_if(listening, source, "time_wait"), "TIME_WAIT")
            self.assertEqual(one["connections"], 1)

    def test_round_trip_times_are_of_the_connections(self):
        if "netlink" not in zoo.SOURCES:
            self.skipTest("no sock_diag here: %s" % zoo.sock_diag_missing())
        listening, client, served = self.keep(*zoo.connection())
        client.sendall(b"x")
        served.recv(1)
        served.sendall(b"y")
        client.recv(1)
        one = self.one(listening, "netlink")
        self.assertGreater(one["rtt_average_us"], 0)
        self.assertEqual(one["rtt_average_us"], one["rtt_max_us"])
        self.assertEqual(one["rtt_p95_us"], one["rtt_max_us"])
        self.assertNotIn("rtt_max_us", self.one(listening, "procfs"))
        self.assertNotIn("drops", self.one(listening, "procfs"))
