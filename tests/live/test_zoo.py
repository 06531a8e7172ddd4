"""What build/proctcp shows of sockets that the test opened itself, in every state and every way to hold one."""
import json
import os
import resource
import signal
import socket
import subprocess
import time
import unittest

import zoo
from support import cli, rows, wait_until


def row_of(one, pid=None):
    """The rows of a descriptor."""
    fd = one if isinstance(one, int) else one.fileno()
    return [row for row in rows("--pid", pid or os.getpid()) if row["fd"] == fd]


def the_row(one, pid=None):
    found = row_of(one, pid)
    if len(found) != 1:
        raise AssertionError("one row expected of descriptor %s, got %s" % (one, found))
    return found[0]


def unattributed(netns):
    out = cli("--unattributed", "-o", "json")
    counts = [json.loads(line) for line in out.decode().splitlines()]
    return {count["state"]: count["sockets"] for count in counts if count.get("netns") == netns}


class FourTuples(zoo.ZooTest):
    def check_pair(self, one, other, local, remote, family):
        row = the_row(one)
        self.assertEqual((row["local_address"], row["local_port"]), local)
        self.assertEqual((row["remote_address"], row["remote_port"]), remote)
        self.assertEqual((row["peer_pid"], row["peer_fd"]), (os.getpid(), other.fileno()))
        self.assertEqual(row["family"], family)
        self.assertEqual(row["state"], "established")
        self.assertEqual(row["inode"], os.fstat(one.fileno()).st_ino)
        self.assertEqual(row["netns"], zoo.netns_of())
        self.assertEqual(row["uid"], os.getuid())
        self.assertEqual((row["owners"], row["owner_rank"], row["subflow"]), (1, 1, 1))
        return row

    def test_ipv4_pair_names_each_other(self):
        _, client, served = self.keep(*zoo.connection("127.0.0.1"))
        near, far = client.getsockname(), client.getpeername()
        self.assertEqual(self.check_pair(client, served, near, far, "inet")["direction"], "outbound")
        self.assertEqual(self.check_pair(served, client, far, near, "inet")["direction"], "inbound")

    def test_ipv6_pair_names_each_other(self):
        _, client, served = self.keep(*zoo.connection("::1"))
        near, far = client.getsockname()[:2], client.getpeername()[:2]
        self.assertEqual(self.check_pair(client, served, near, far, "inet6")["direction"], "outbound")
        self.assertEqual(self.check_pair(served, client, far, near, "inet6")["direction"], "inbound")

    def test_mapped_address_is_the_ipv4_address_on_the_wire(self):
        _, client, served = self.keep(*zoo.connection("::", to="127.0.0.1"))
        near, far = client.getsockname(), client.getpeername()
        self.check_pair(client, served, near, far, "inet")
        self.assertEqual(self.check_pair(served, client, far, near, "inet6")["direction"], "inbound")

    def test_listener_has_no_remote_end_and_no_queues(self):
        listening = self.keep(zoo.listener())
        row = the_row(listening)
        self.assertEqual((row["state"], row["direction"]), ("listen", "listen"))
        self.assertEqual((row["local_address"], row["local_port"]), listening.getsockname())
        for absent in ("remote_address", "remote_port", "tx_queue_bytes", "rx_queue_bytes", "ssthresh_segments",
                       "cwnd_segments", "rto_ms", "timer", "peer_pid"):
            self.assertNotIn(absent, row)

    def test_peer_in_another_process(self):
        listening = self.keep(zoo.listener())

        def connect():
            zoo.set_comm(b"far end")
            client = socket.create_connection(listening.getsockname())
            return client.fileno(), [client]

        child = self.fork(connect)
        served = self.keep(listening.accept()[0])
        row = the_row(served)
        self.assertEqual((row["peer_pid"], row["peer_fd"], row["peer_process"]), (child.pid, child.result, "far end"))


class Holders(zoo.ZooTest):
    def test_listener_shared_by_forked_workers(self):
        listening = self.keep(zoo.listener())
        workers = [self.fork(lambda: None) for _ in range(4)]
        pids = [os.getpid()] + sorted(worker.pid for worker in workers)
        found = [row for row in rows("--local-port", listening.getsockname()[1]) if row["state"] == "listen"]
        self.assertEqual(sorted(row["pid"] for row in found), sorted(pids))
        self.assertEqual({row["owners"] for row in found}, {5})
        self.assertEqual([row["owner_rank"] for row in found], [1, 2, 3, 4, 5])
        self.assertEqual(len({row["inode"] for row in found}), 1)
        for process in self.processes(*pids):
            self.assertEqual(process["listen"], 1)

    @staticmethod
    def processes(*pids):
        out = cli("--processes", "-o", "json", "--pid", ",".join(map(str, pids)))
        return [json.loads(line) for line in out.decode().splitlines()]

    def test_reuseport_listeners_in_two_processes_are_two_sockets(self):
        mine = self.keep(zoo.listener(reuse_port=True))
        port = mine.getsockname()[1]

        def listen():
            mine.close()
            theirs = zoo.listener(reuse_port=True, port=port)
            return theirs.fileno(), [theirs]

        child = self.fork(listen)
        found = rows("--local-port", port, "--state", "listen")
        self.assertEqual({(row["pid"], row["fd"]) for row in found},
                         {(os.getpid(), mine.fileno()), (child.pid, child.result)})
        self.assertEqual(len({row["inode"] for row in found}), 2)
        self.assertEqual({row["owners"] for row in found}, {1})

    def test_duplicated_descriptor_is_two_rows_of_one_socket(self):
        _, client, _ = self.keep(*zoo.connection())
        twin = os.dup(client.fileno())
        self.addCleanup(os.close, twin)
        first, second = the_row(client), the_row(twin)
        self.assertEqual((first["owners"], first["owner_rank"]), (2, 1))
        self.assertEqual((second["owners"], second["owner_rank"]), (2, 2))
        self.assertEqual(first["inode"], second["inode"])
        process = self.processes(os.getpid())[0]
        self.assertEqual(process["established"], 2)

    def test_descriptor_in_flight_is_unattributed_until_it_arrives(self):
        def fly():
            zoo.enter_new_netns()
            listening = zoo.listener()
            near, far = socket.socketpair()
            socket.send_fds(near, [b"x"], [listening.fileno()])
            inode = os.fstat(listening.fileno()).st_ino
            listening.close()
            return (zoo.netns_of(), inode), [near, far]

        child = self.fork(fly)
        netns, inode = child.result
        self.assertEqual([row for row in rows("--pid", child.pid) if row["inode"] == inode], [])
        self.assertEqual(unattributed(netns), {"listen": 1})

        def land():
            zoo.enter_new_netns()
            listening = zoo.listener()
            near, far = socket.socketpair()
            socket.send_fds(near, [b"x"], [listening.fileno()])
            listening.close()
            _, fds, _, _ = socket.recv_fds(far, 1, 1)
            return (zoo.netns_of(), fds[0]), [near, far]

        child = self.fork(land)
        netns, fd = child.result
        self.assertEqual(the_row(fd, child.pid)["netns"], netns)
        self.assertEqual(unattributed(netns), {})

    def test_unbound_descriptors_are_found(self):
        plain, six = self.keep(socket.socket(), socket.socket(socket.AF_INET6))
        other = self.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        bound = self.keep(socket.socket())
        bound.bind(("127.0.0.1", 0))
        self.assertEqual((the_row(plain)["state"], the_row(plain)["family"]), ("closed", "inet"))
        self.assertEqual((the_row(six)["state"], the_row(six)["family"]), ("closed", "inet6"))
        self.assertEqual(the_row(bound)["state"], "closed")
        self.assertEqual(row_of(other), [])
        self.assertNotIn("local_port", the_row(plain))
        process = self.processes(os.getpid())[0]
        self.assertEqual((process["unbound"], process["closed"]), (3, 3))

    def test_torn_down_connection_that_is_not_closed_is_unbound(self):
        _, client, served = self.keep(*zoo.connection())
        served.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        served.close()  # sends a reset
        wait_until(lambda: the_row(client)["state"] == "closed", "the reset connection to be closed")
        self.assertNotIn("remote_port", the_row(client))

    @unittest.skipIf(zoo.mptcp_missing(), zoo.mptcp_missing() or "")
    def test_mptcp_descriptors_show_their_subflow(self):
        listening, client, served = self.keep(*zoo.connection(protocol=zoo.IPPROTO_MPTCP))
        row = the_row(client)
        self.assertEqual((row["local_address"], row["local_port"]), client.getsockname())
        self.assertEqual((row["peer_pid"], row["peer_fd"]), (os.getpid(), served.fileno()))
        self.assertEqual(row["subflow"], 1)
        self.assertEqual(the_row(listening)["state"], "listen")
        self.assertEqual(the_row(served)["direction"], "inbound")


    @unittest.skipIf(zoo.mptcp_missing(), zoo.mptcp_missing() or "")
    def test_further_subflows_of_a_descriptor_have_rows_of_their_own(self):
        def connect():
            listening, client, served = zoo.connection_of_subflows(["127.0.0.2", "127.0.0.3"])
            return [client.fileno(), served.fileno()], [listening, client, served]

        child = self.fork(connect)
        client, served = child.result
        wait_until(lambda: len(row_of(client, child.pid)) == 3, "three subflows of the client")
        found = row_of(client, child.pid)
        self.assertEqual([row["subflow"] for row in found], [1, 2, 3])
        self.assertEqual({row["local_address"] for row in found}, {"127.0.0.1", "127.0.0.2", "127.0.0.3"})
        self.assertEqual(len({row["inode"] for row in found}), 1)
        order = [row.get("cookie", row["local_port"]) for row in found]
        self.assertEqual(order, sorted(order))
        self.assertEqual({(row["owners"], row["owner_rank"]) for row in found}, {(1, 1)})
        self.assertEqual({row["peer_fd"] for row in found}, {served})
        shown = [line.split()[2] for line in cli("--pid", child.pid).decode().splitlines()]
        self.assertIn("%d.3" % client, shown)


class States(zoo.ZooTest):
    def test_close_wait_and_fin_wait2(self):
        _, client, served = self.keep(*zoo.connection())
        client.shutdown(socket.SHUT_WR)
        wait_until(lambda: the_row(served)["state"] == "closeWait", "CLOSE_WAIT")
        wait_until(lambda: the_row(client)["state"] == "finWait2", "FIN_WAIT2")
        self.assertEqual([row["fd"] for row in rows("--pid", os.getpid(), "--state", "CLOSE-WAIT")], [served.fileno()])

    def test_syn_sent(self):
        full = self.keep(zoo.listener(backlog=0))
        for _ in range(8):
            client = self.keep(socket.socket())
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        sent = wait_until(lambda: [row for row in rows("--pid", os.getpid()) if row["state"] == "synSent"], "SYN_SENT")
        self.assertEqual({row["direction"] for row in sent}, {"outbound"})
        self.assertEqual({row["remote_port"] for row in sent}, {full.getsockname()[1]})
        self.assertEqual({row["timer"] for row in sent}, {"retransmit"})
        self.assertTrue(all(0 <= row["timer_expires_ms"] <= 60000 for row in sent))

    def test_time_wait_is_counted_in_its_namespace(self):
        def close_first():
            zoo.enter_new_netns()
            listening, client, served = zoo.connection()
            client.close()
            served.close()
            return zoo.netns_of(), [listening]

        netns = self.fork(close_first).result
        wait_until(lambda: unattributed(netns) == {"timeWait": 1}, "one TIME_WAIT")

    def test_connections_not_accepted_are_unattributed_and_in_the_accept_queue(self):
        def wait_to_be_accepted():
            zoo.enter_new_netns()
            listening = zoo.listener(backlog=16)
            clients = [socket.create_connection(listening.getsockname()) for _ in range(5)]
            return (zoo.netns_of(), listening.fileno()), [listening, clients]

        child = self.fork(wait_to_be_accepted)
        netns, fd = child.result
        self.assertEqual(the_row(fd, child.pid)["accept_queue"], 5)
        self.assertEqual(unattributed(netns), {"established": 5})


class Queues(zoo.ZooTest):
    def test_unread_bytes_are_in_the_receive_queue(self):
        _, client, served = self.keep(*zoo.connection())
        client.sendall(b"x" * 12345)
        wait_until(lambda: the_row(served)["rx_queue_bytes"] == 12345, "12345 unread bytes")
        wait_until(lambda: the_row(client)["tx_queue_bytes"] == 0, "all bytes acknowledged")
        served.recv(345, socket.MSG_WAITALL)
        self.assertEqual(the_row(served)["rx_queue_bytes"], 12000)

    def test_what_was_sent_is_in_one_of_the_two_queues(self):
        _, client, served = self.keep(*zoo.connection())
        client.setblocking(False)
        sent = 0
        try:
            while True:
                sent += client.send(b"x" * 65536)
        except BlockingIOError:
            pass

        def queued():
            both = {row["fd"]: row for row in rows("--pid", os.getpid())}
            ours, theirs = both[client.fileno()], both[served.fileno()]
            return ours["tx_queue_bytes"] > 0 and ours["tx_queue_bytes"] + theirs["rx_queue_bytes"] == sent

        wait_until(queued, "%d bytes in the two queues" % sent)


class Namespaces(zoo.ZooTest):
    def test_process_in_another_namespace(self):
        def live_elsewhere():
            zoo.enter_new_netns()
            listening, client, served = zoo.connection()
            return [zoo.netns_of(), listening.getsockname()[1], client.fileno(), served.fileno()], \
                [listening, client, served]

        child = self.fork(live_elsewhere)
        netns, port, client, served = child.result
        self.assertNotEqual(netns, zoo.netns_of())
        row = the_row(client, child.pid)
        self.assertEqual((row["netns"], row["remote_port"], row["peer_fd"]), (netns, port, served))
        # Nothing is known of it without that namespace's table: least of all that it is closed.
        self.assertEqual(rows("--pid", child.pid, "--netns", "own"), [])
        stats = json.loads(cli("--stats", "--netns", "own", "--pid", child.pid))
        self.assertEqual((stats["unbound"], stats["unread"]), (0, 0))

    def test_namespace_that_lives_through_its_sockets_alone_is_read(self):
        def come_back():
            home = os.open("/proc/self/ns/net", os.O_RDONLY)
            zoo.enter_new_netns()
            kept = list(zoo.connection()) + [socket.socket()]
            away = zoo.netns_of()
            zoo.checked(zoo.LIBC.setns(home, zoo.CLONE_NEWNET))
            os.close(home)
            return [away, [one.fileno() for one in kept]], kept

        child = self.fork(come_back)
        away, (listening, client, served, bare) = child.result
        for source in zoo.SOURCES:
            found = {row["fd"]: row for row in rows("--pid", child.pid, "--source", source)}
            self.assertEqual([found[fd]["state"] for fd in (listening, client, served, bare)],
                             ["listen", "established", "established", "closed"])
            self.assertEqual({found[fd]["netns"] for fd in (listening, client, served, bare)}, {away})
            self.assertEqual((found[client]["peer_fd"], found[served]["peer_fd"]), (served, client))
            self.assertEqual(found[served]["direction"], "inbound")
            stats = json.loads(cli("--stats", "--source", source, "--pid", child.pid))
            self.assertEqual((stats["unread"], stats["namespaces_failed"]), (0, 0))
            self.assertEqual(zoo.namespace_stats(away, "--source", source)["source"], source)
        scans = [json.loads(line) for line in cli("--pid", child.pid, "-o", "json", "--count", 3, "--interval", 0.1).splitlines()]
        self.assertEqual(len(scans), 3 * 4)
        self.assertEqual(len({(row["fd"], row["first_seen"]) for row in scans}), 4)

    def test_namespace_of_sockets_alone_stays_when_the_descriptor_that_led_to_it_is_closed(self):
        def come_back():
            home = os.open("/proc/self/ns/net", os.O_RDONLY)
            zoo.enter_new_netns()
            kept = list(zoo.connection())
            away = zoo.netns_of()
            zoo.checked(zoo.LIBC.setns(home, zoo.CLONE_NEWNET))
            os.close(home)
            signal.signal(signal.SIGUSR1, lambda *_: kept.pop(0).close())
            return [away, [one.fileno() for one in kept]], kept

        child = self.fork(come_back)
        away, fds = child.result
        scans = subprocess.Popen([cli.program, "--pid", str(child.pid), "--netns", str(away), "-o", "json", "--interval", "0.1",
                                  "--count", "300"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(scans.stdout.close)
        self.addCleanup(self.stop, scans)
        seen = {}
        for line in scans.stdout:
            row = json.loads(line)
            seen.setdefault(row["generation"], []).append(row["fd"])
            if row["generation"] == 3 and len(seen[3]) == 3:
                os.kill(child.pid, signal.SIGUSR1)
            if row["generation"] == 12:
                break
        self.assertEqual(sorted(seen), list(range(1, 13)))  # in every one
        for generation in range(1, 12):
            self.assertEqual([fd for fd in seen[generation] if fd in fds[1:]], fds[1:])
        self.assertEqual(seen[11], fds[1:])

    def test_namespace_is_read_through_another_process_when_the_first_has_ended(self):
        def fill_box():
            zoo.enter_new_netns()
            for i in range(400):  # they end one by one, from the lowest pid on
                subprocess.Popen(["sleep", "%f" % (1 + i / 300)], close_fds=True)
            return zoo.netns_of()

        def join_box():
            zoo.checked(zoo.LIBC.setns(os.open("/proc/%d/ns/net" % box.pid, os.O_RDONLY), zoo.CLONE_NEWNET))
            kept = list(zoo.connection())
            return [one.fileno() for one in kept], kept

        box = self.fork(fill_box)
        child = self.fork(join_box)
        box.end()
        started = time.monotonic()
        while time.monotonic() - started < 2:
            found = {row["fd"]: row["state"] for row in rows("--pid", child.pid)}
            self.assertEqual([found.get(fd) for fd in child.result], ["listen", "established", "established"])
            self.assertIn("source", zoo.namespace_stats(box.result))  # it was read

    def test_process_that_moves_between_namespaces_does_not_mix_their_tables(self):
        box = self.fork(lambda: (zoo.enter_new_netns(), None)[1])

        def move():
            spaces = [os.open("/proc/%s/ns/net" % pid, os.O_RDONLY) for pid in ("self", box.pid)]

            def to_and_fro(*_):
                while True:
                    for space in spaces:
                        zoo.LIBC.setns(space, zoo.CLONE_NEWNET)

            signal.signal(signal.SIGUSR1, to_and_fro)
            return None

        child = self.fork(move)
        os.kill(child.pid, signal.SIGUSR1)
        kept = self.keep(*zoo.connection())
        for _ in range(100):
            found = rows("--pid", os.getpid())
            self.assertEqual(sorted(row["fd"] for row in found), sorted(one.fileno() for one in kept))
            self.assertEqual({(row["netns"], row["subflow"]) for row in found}, {(zoo.netns_of(), 1)})

    def test_socket_of_another_namespace_held_by_a_process_of_this_one(self):
        box = self.fork(lambda: (zoo.enter_new_netns(), zoo.netns_of())[1])

        def reach_in():
            home = os.open("/proc/self/ns/net", os.O_RDONLY)
            there = os.open("/proc/%d/ns/net" % box.pid, os.O_RDONLY)
            zoo.checked(zoo.LIBC.setns(there, zoo.CLONE_NEWNET))
            listening = zoo.listener()
            zoo.checked(zoo.LIBC.setns(home, zoo.CLONE_NEWNET))
            return [zoo.netns_of(), listening.fileno()], [listening]

        child = self.fork(reach_in)
        lives_in, fd = child.result
        self.assertEqual(lives_in, zoo.netns_of())
        self.assertEqual(the_row(fd, child.pid)["netns"], box.result)
        process = json.loads(cli("--processes", "-o", "json", "--pid", child.pid))
        self.assertEqual(process["netns"], lives_in)

    def test_same_four_tuple_in_two_namespaces_stays_apart(self):
        def pair():
            zoo.enter_new_netns()
            listening = zoo.listener(port=4321)
            client = socket.socket()
            client.bind(("127.0.0.1", 54321))
            client.connect(("127.0.0.1", 4321))
            served = listening.accept()[0]
            return [client.fileno(), served.fileno()], [listening, client, served]

        for child in [self.fork(pair), self.fork(pair)]:
            client, served = child.result
            row = the_row(client, child.pid)
            self.assertEqual((row["peer_pid"], row["peer_fd"]), (child.pid, served))


class Processes(zoo.ZooTest):
    def test_facts_of_a_process(self):
        before = time.time()

        def hold():
            resource.setrlimit(resource.RLIMIT_NOFILE, (321, 321))
            zoo.set_comm(b"fact finder")
            listening, client, served = zoo.connection()
            client.sendall(b"x" * 77)
            return len(os.listdir("/proc/self/fd")) - 2, [listening, client, served]  # listdir's own, and the pipe

        child = self.fork(hold)
        out = cli("--processes", "-o", "json", "--pid", child.pid)
        process = json.loads(out)
        with open("/proc/%d/cgroup" % child.pid) as file:
            cgroups = [line.split(":", 2)[2].rstrip("\n") for line in file]
        self.assertEqual(process["process"], "fact finder")
        self.assertEqual(process["executable"], os.readlink("/proc/self/exe"))
        self.assertEqual(process["uid"], os.geteuid())
        self.assertEqual(process["netns"], zoo.netns_of())
        self.assertEqual(process["fds"], child.result)
        self.assertEqual(process["fd_limit"], 321)
        self.assertEqual((process["sockets"], process["listen"], process["established"]), (3, 1, 2))
        self.assertEqual((process["tx_queue_bytes"], process["rx_queue_bytes"]), (0, 77))
        self.assertTrue(before - 3 <= process["start_time"] <= time.time() + 3)
        self.assertTrue(before - 1 <= process["first_seen"] <= time.time() + 1)
        if cgroups:
            self.assertIn(process["cgroup"], cgroups)

    def test_effective_user_of_a_process_that_may_not_be_dumped(self):
        def become_nobody():
            listening = zoo.listener()
            os.setegid(65534)
            os.seteuid(65534)
            return None, [listening]

        child = self.fork(become_nobody)
        found = rows("--user", "65534", "--pid", child.pid)
        self.assertEqual([row["state"] for row in found], ["listen"])


class Names(zoo.ZooTest):
    HOSTILE = [b"with space", b'say "hi"', b"a) R (b", b"new\nline", b"\x1b[31mred\x1b[0m", b"\xff\xfe\x80", b"back\\slash",
               b"tab\there", "mañana €".encode(), b"\xed\xa0\x80", b"comma,semi;", b"'$(id)`", b"csi\xc2\x9b31m", "\u202eturn".encode()]

    def holder(self, name):
        def hold():
            zoo.set_comm(name)
            listening = zoo.listener()
            return listening.getsockname()[1], [listening]

        return self.fork(hold)

    def test_json_is_valid_and_loses_no_valid_character(self):
        for name in self.HOSTILE:
            child = self.holder(name)
            out = cli("-o", "json", "--pid", child.pid)
            self.assertEqual(out.count(b"\n"), 1, name)
            self.assertTrue(out[:-1].decode("utf-8").isprintable(), name)
            row = json.loads(out.decode("utf-8"))
            try:
                self.assertEqual(row["process"], name.decode("utf-8"))
            except UnicodeDecodeError:
                self.assertIn("\ufffd", row["process"])

    def test_table_keeps_its_layout_and_the_terminal_safe(self):
        for name in self.HOSTILE:
            child = self.holder(name)
            out = cli("--pid", child.pid)
            lines = out.decode("ascii").splitlines()
            self.assertEqual(len(lines), 2, name)
            self.assertTrue(all(" " <= character <= "~" for line in lines for character in line), name)
            self.assertEqual(len(lines[1].split()), len(lines[0].split()), name)
            self.assertEqual(lines[1].split()[1], str(child.pid))

    def test_csv_has_one_line_per_row_and_the_name_in_it(self):
        import csv
        for name in self.HOSTILE:
            child = self.holder(name)
            out = cli("-o", "csv", "--pid", child.pid).decode("utf-8")
            self.assertEqual(out.count("\n"), 2, name)
            header, row = list(csv.reader(out.splitlines()))
            self.assertEqual(len(header), len(row))
            value = dict(zip(header, row))
            self.assertEqual(value["pid"], str(child.pid))
            self.assertTrue(value["process"].isprintable(), name)
            if name.isascii() and name.decode().isprintable():
                self.assertEqual(value["process"], name.decode().replace("\\", "\\x5c"))

    def test_process_can_be_selected_by_any_name_without_a_comma(self):
        for name in self.HOSTILE:
            if b"," in name:
                continue
            child, other = self.holder(name), self.holder(name[:-1])
            found = [row["pid"] for row in rows("--process", name) if row["pid"] in (child.pid, other.pid, os.getpid())]
            self.assertEqual(found, [child.pid], name)


if __name__ == "__main__":
    unittest.main()
