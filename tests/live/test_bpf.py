"""The BPF source: the same rows as by sock_diag, for who has no rights; and what makes it unfit, with the reason why.

Runs where SOURCE=bpf says that the programs were loaded (see run.py)."""
import ctypes
import json
import os
import re
import resource
import shutil
import socket
import stat
import struct
import subprocess
import sys
import time
import unittest

import bpf
import zoo
from scans import Actor, Shim
from support import CLI, cli, rows, wait_until
from test_faults import ThreadHands

NOBODY = 65534
# What goes on between two scans, and what one of the sources rounds otherwise.
MOVES = {"last_data_sent_ms", "last_data_received_ms", "last_ack_received_ms", "timer_expires_ms", "first_seen"}


def as_nobody(*words):
    done = subprocess.run(["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--bounding-set=-all",
                           "--inh-caps=-all", CLI, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done


KERNEL = tuple(int(number) for number in os.uname().release.split("-")[0].split(".")[:2])
# Earlier ones do not take hashed.bpf.c.
HASHED_SINCE = (6, 2)
# What tcp_info tells only of later kernels.
MORE = {"rcv_wnd_bytes"} if KERNEL < (6, 2) else set()


def by_key(lines):
    """Before 6.8 sock_diag does not show what is bound and no more."""
    return {(line.get("cookie"), line.get("pid"), line.get("fd"), line["inode"]): line for line in lines
            if KERNEL >= (6, 8) or line["state"] != "closed"}


def differences(one, other):
    """What two looks at quiet sockets say differently."""
    found = [(key, "only in one of them") for key in set(one) ^ set(other)]
    for key in set(one) & set(other):
        found += [(key, one[key]["state"], name, one[key].get(name), other[key].get(name))
                  for name in (set(one[key]) | set(other[key])) - MOVES - MORE
                  if one[key].get(name) != other[key].get(name)]
    return found


def make_zoo():
    """Sockets of many kinds in a network namespace of their own, which change no more; and their inode of it."""
    zoo.enter_new_netns()
    kept = []
    for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        listening, client, served = zoo.connection(host)
        client.sendall(b"x" * 1000)
        served.recv(400)
        kept += [listening, client, served, socket.create_connection(listening.getsockname()[:2])]
    full = zoo.listener(backlog=1)
    for _ in range(4):
        late = socket.socket()
        late.setblocking(False)
        late.connect_ex(full.getsockname())
        kept.append(late)
    bound, bare, v6only = socket.socket(), socket.socket(), socket.socket(socket.AF_INET6)
    bound.bind(("127.0.0.1", 0))
    v6only.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    v6only.bind(("::", 0))
    v6only.listen(3)
    kept += [full, bound, bare, v6only, client.dup()]
    # What has TCP's number for its protocol, and is none.
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    raw.connect(("127.0.0.1", 0))
    kept += [raw, socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)]
    try:
        kept.append(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6))  # NETLINK_XFRM
    except OSError:
        pass  # this kernel has none
    _, closed, left = zoo.connection()
    closed.close()
    left.close()  # TIME_WAIT
    flying = zoo.connection()
    ours, theirs = socket.socketpair()
    socket.send_fds(ours, [b"x"], [flying[1].fileno()])  # nobody's descriptor
    flying[1].close()
    kept += [flying[0], flying[2], ours, theirs]
    if not zoo.mptcp_missing():
        kept += list(zoo.connection(protocol=zoo.IPPROTO_MPTCP))
    time.sleep(0.3)  # acknowledgements may be late
    return zoo.netns_of(), kept


@unittest.skipIf(os.environ.get("SOURCE") != "bpf", "the BPF programs are not loaded (SOURCE=bpf)")
class Rows(zoo.ZooTest):
    def test_every_field_of_every_socket_is_what_sock_diag_says(self):
        child = self.fork(make_zoo)
        look = lambda source: rows("--sockets", "--netns", child.result, "--source", source)
        # A timer may fire between the two looks; three pairs of looks do not all meet one.
        tries = [differences(by_key(look("bpf")), by_key(look("netlink"))) for _ in range(3)]
        self.assertEqual(min(tries, key=len), [])
        self.assertGreater(len(look("bpf")), 20)

    def test_processes_are_what_a_walk_says(self):
        child = self.fork(make_zoo)
        found = {}
        for source in ("bpf", "netlink"):
            process, = [line for line in rows("--processes", "--source", source) if line["pid"] == child.pid]
            found[source] = {name: process.get(name) for name in
                             ("process", "executable", "uid", "cgroup", "netns", "fds", "fd_limit", "sockets", "listen",
                              "established", "closed", "unbound", "close_wait", "payload_received_bytes", "accept_queue")}
        self.assertEqual(found["bpf"], found["netlink"])
        self.assertGreater(found["bpf"]["fds"], found["bpf"]["sockets"])

    def test_it_says_where_rows_came_from(self):
        stats = json.loads(cli("--stats", "--source", "bpf"))
        self.assertEqual((stats["source"], stats["source_reason"]), ("bpf", ""))
        self.assertEqual(json.loads(cli("--stats", "--source", "auto"))["source"], "bpf")

    def test_selection_leaves_the_same_rows(self):
        child = self.fork(lambda: make_zoo())
        for words in (["--pid", child.pid], ["--process", "python3"], ["--exclude-process", "python3"], ["--state", "listen"],
                      ["--state", "unbound"], ["--netns", "own"], ["--local", "::1"], ["--command", "live/run.py"]):
            keys = [set((line["pid"], line["fd"], line["subflow"]) for line in rows(*words, "--source", source)
                        if line["pid"] == child.pid) for source in ("bpf", "netlink")]
            self.assertEqual(keys[0], keys[1], words)

    def test_threads_and_what_is_left_of_leaders(self):
        import threading
        program = "import ctypes, os, socket, threading, time\n" \
            "libc = ctypes.CDLL(None)\n" \
            "def own():\n" \
            "    libc.unshare(0x400)  # CLONE_FILES\n" \
            "    global kept\n" \
            "    kept = socket.socket(); kept.bind(('127.0.0.1', 0)); kept.listen()\n" \
            "    print(kept.getsockname()[1], flush=True)\n" \
            "    time.sleep(1000)\n" \
            "threading.Thread(target=own).start()\n" \
            "%s\n"
        self.assertTrue(threading)
        for ending in ("time.sleep(1000)", "time.sleep(0.5); libc.syscall(60, 0)"):  # exit of the leader alone
            process = self.start(sys.executable, "-c", program % ending, stdout=subprocess.PIPE, text=True)
            port = int(process.stdout.readline())
            found = wait_until(lambda: rows("--local-port", port, "--source", "bpf"), "the socket of a thread")
            self.assertEqual([(line["pid"], line["state"]) for line in found], [(process.pid, "listen")])


    def test_threads_that_share_a_table_of_their_own_are_shown_once(self):
        actor = Actor(self, ThreadHands)
        fds = actor.share_a_table(50)
        self.assertEqual(sorted(row["fd"] for row in rows("--pid", actor.pid, "--source", "bpf")), sorted(fds))
        with open(bpf.PINS + "/rows", "rb") as file:
            records = file.read()
        at = count = 0
        while at < len(records):
            length, kind, pid = struct.unpack_from("=HHI", records, at)
            count += (kind, pid) == (0x7202, actor.pid)
            at += length
        self.assertEqual(count, len(fds))


@unittest.skipIf(os.environ.get("SOURCE") != "bpf", "the BPF programs are not loaded (SOURCE=bpf)")
class Rights(zoo.ZooTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(bpf.load, "load")
        self.assertEqual(bpf.load("load", "--group", str(NOBODY)).returncode, 0)

    def test_who_is_in_the_group_sees_every_process_and_namespace_without_any_right(self):
        there = self.fork(make_zoo)
        here = self.keep(zoo.listener())
        done = as_nobody("-o", "json", "--source", "bpf")
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(here.fileno(), [line["fd"] for line in found if line["pid"] == os.getpid()])
        theirs = {(line["fd"], line["subflow"]) for line in found if line["pid"] == there.pid}
        expected = {(line["fd"], line["subflow"]) for line in rows("--pid", there.pid, "--source", "netlink")}
        # Subflows are had from within their namespace alone.
        self.assertEqual(theirs, {key for key in expected if key in theirs})
        self.assertGreaterEqual(len(theirs), len(expected) - 3)
        self.assertEqual({line["netns"] for line in found if line["pid"] == there.pid}, {there.result})
        # A hardened kernel hides process 1 from BPF.
        self.assertIn(json.loads(as_nobody("--stats").stdout)["failure"], ("", "/proc/1/fd: Permission denied"))

    def test_auto_takes_it(self):
        self.keep(zoo.listener())
        self.assertEqual(json.loads(as_nobody("--stats").stdout)["source"], "bpf")

    def test_who_is_not_does_not(self):
        self.assertEqual(bpf.load("load").returncode, 0)
        done = as_nobody("--stats")
        stats = json.loads(done.stdout)
        self.assertEqual((stats["source"], stats["source_reason"]),
                         ("netlink", "bpf: %s/tasks: Permission denied" % bpf.PINS))
        done = as_nobody("--source", "bpf")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("bpf: %s/tasks: Permission denied" % bpf.PINS, done.stderr)

    def test_files_are_for_root_and_the_group_alone(self):
        for name in ("tasks", "rows", "unheld") + (("hashed",) if KERNEL >= HASHED_SINCE else ()):
            status = os.stat(os.path.join(bpf.PINS, name))
            self.assertEqual((stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid), (0o640, 0, NOBODY))
        status = os.stat(bpf.PINS)
        self.assertEqual((stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid), (0o750, 0, NOBODY))


DESCRIPTORS = 17000


def allow_descriptors():
    """As many as these tests need, of this process and its children."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, most))


def may_have_descriptors():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most == resource.RLIM_INFINITY or most >= DESCRIPTORS


def unheld(lines):
    """What nobody holds: which ones they are."""
    return sorted((line["state"], line["local_port"], line.get("remote_port"), line.get("cookie"))
                  for line in lines if "pid" not in line)


@unittest.skipIf(os.environ.get("SOURCE") != "bpf", "the BPF programs are not loaded (SOURCE=bpf)")
@unittest.skipIf(KERNEL < HASHED_SINCE, "the kernel does not take hashed.bpf.c before 6.2")
class Hashed(zoo.ZooTest):
    """What nobody holds, and what is held and no descriptor leads to, of all namespaces in one walk."""

    def look(self, netns, source="bpf"):
        return rows("--sockets", "--netns", netns, "--source", source)

    def without_entering(self, netns):
        """As who may enter no namespace: its namespaces by how they were read, and the rows."""
        stats = json.loads(as_nobody("--stats", "--source", "bpf").stdout)
        done = as_nobody("-o", "json", "--sockets", "--netns", netns, "--source", "bpf")
        found, = [line for line in stats["by_namespace"] if line["netns"] == netns]
        return found, [json.loads(line) for line in done.stdout.splitlines()]

    def load_for_nobody(self):
        self.addCleanup(bpf.load, "load")
        self.assertEqual(bpf.load("load", "--group", str(NOBODY)).returncode, 0)

    def test_who_has_no_rights_is_told_of_what_nobody_holds_in_other_namespaces(self):
        self.load_for_nobody()

        def in_another_namespace():
            zoo.enter_new_netns()
            listening, waiting = zoo.listener(), zoo.listener()
            queued = [socket.create_connection(waiting.getsockname()) for _ in range(3)]  # not accepted
            client = socket.create_connection(listening.getsockname())
            served = listening.accept()[0]
            client.close()
            served.close()  # TIME_WAIT
            return zoo.netns_of(), [listening, waiting, *queued]
        there = self.fork(in_another_namespace)
        namespace, found = self.without_entering(there.result)
        self.assertEqual([line[0] for line in unheld(found)], ["established"] * 3 + ["timeWait"])
        self.assertEqual(unheld(found), unheld(self.look(there.result, "netlink")))
        self.assertEqual((namespace["source"], namespace.get("error")), ("bpf", None))

    def test_a_namespace_with_a_table_of_its_own_is_read_by_itself(self):
        path = "/proc/sys/net/ipv4/tcp_child_ehash_entries"
        if not os.path.exists(path):
            self.skipTest("the kernel has no tables of single namespaces")

        def with_own_table():
            with open(path, "w") as first, open(path, "w") as after:  # both of the namespace that it is in now
                first.write("256")
                first.flush()
                try:
                    return make_zoo()
                finally:
                    after.write("0")
        there = self.fork(with_own_table)
        expected = self.look(there.result, "netlink")
        self.assertIn("timeWait", [line["state"] for line in expected])
        self.assertEqual(sorted(map(str, by_key(self.look(there.result)))), sorted(map(str, by_key(expected))))

    @unittest.skipUnless(may_have_descriptors(), "a process may not have %d descriptors (ulimit -n)" % DESCRIPTORS)
    def test_a_list_that_is_too_long_is_left_to_other_ways(self):
        """All of the listeners are in one, and the last in it is the first one that was made: no descriptor leads to it."""
        def many():
            allow_descriptors()
            zoo.enter_new_netns()
            kept = [zoo.listener(reuse_port=True)]
            port = kept[0].getsockname()[1]
            ours, theirs = socket.socketpair()
            socket.send_fds(ours, [b"x"], [kept[0].fileno()])
            kept.pop().close()
            kept += [zoo.listener(reuse_port=True, port=port) for _ in range(9000)]
            return zoo.netns_of(), [ours, theirs, *kept]
        there = self.fork(many)
        found = self.look(there.result)
        self.assertEqual(len(found), 9001)
        self.assertEqual(len(unheld(found)), 1)
        self.assertEqual(unheld(found), unheld(self.look(there.result, "netlink")))

    def test_what_has_no_cookie_yet_is_told_of_without(self):
        """A request for a connection has none before somebody looks at it; nor has anything if no program counts."""
        self.addCleanup(bpf.load, "load")
        self.assertEqual(bpf.load("load", "--no-connections", "--group", str(NOBODY)).returncode, 0)

        def with_requests():
            zoo.enter_new_netns()
            listening, waiting = zoo.listener(), zoo.listener()
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 100)
            return zoo.netns_of(), [listening, waiting, socket.create_connection(waiting.getsockname())] + \
                [socket.create_connection(listening.getsockname()) for _ in range(4)]

        def without_cookies():
            """The kernel detaches the programs that counted some time after their files have gone: not at once on a slow machine."""
            there = self.fork(with_requests)
            namespace, found = self.without_entering(there.result)
            self.assertNotIn("error", namespace)
            cookies = [(line[0], line[3]) for line in unheld(found)]
            return (there.result, found) if cookies == [("established", None)] + [("synReceived", None)] * 4 else None
        netns, found = wait_until(without_cookies, "sockets that nobody gives cookies to")
        asked = self.look(netns, "netlink")
        self.assertEqual([line[:3] for line in unheld(found)], [line[:3] for line in unheld(asked)])
        self.assertEqual(unheld(self.without_entering(netns)[1]), unheld(asked))  # they have one now

    def test_of_listeners_that_share_a_port_each_is_found(self):
        """Without a cookie an answer may be about any of them."""
        self.addCleanup(bpf.load, "load")
        self.assertEqual(bpf.load("load", "--no-connections").returncode, 0)

        def sharing():
            zoo.enter_new_netns()
            first = zoo.listener(reuse_port=True)
            ours, theirs = socket.socketpair()
            socket.send_fds(ours, [b"x"], [first.fileno()])
            port = first.getsockname()[1]
            first.close()
            return zoo.netns_of(), [ours, theirs, zoo.listener(reuse_port=True, port=port)]
        there = self.fork(sharing)
        self.assertEqual(len(self.look(there.result)), 2)

    @unittest.skipUnless(may_have_descriptors(), "a process may not have %d descriptors (ulimit -n)" % DESCRIPTORS)
    def test_what_lies_behind_a_long_list_of_somebody_else_is_found(self):
        """A bucket is found by namespace, address and port: among many ports some are in the bucket of the long list."""
        allow_descriptors()

        def one_at_each_port():
            zoo.enter_new_netns()
            return zoo.netns_of(), [zoo.listener(port=port) for port in range(16384, 32768)]
        theirs = self.fork(one_at_each_port)

        def many_at_one():
            zoo.enter_new_netns()
            first = zoo.listener(reuse_port=True)
            return zoo.netns_of(), [first] + [zoo.listener(reuse_port=True, port=first.getsockname()[1]) for _ in range(1500)]
        self.fork(many_at_one)
        told, cut = set(), set()
        for kind, record in self.read_pages():
            if kind == 0x720a and struct.unpack_from("=I", record, 4)[0] == theirs.result:
                told.add(struct.unpack_from(">H", record, 16)[0])
            elif kind == 0x720b:
                cut.add(struct.unpack_from("=I", record, 4)[0])
        self.assertLess(len(told), 16384)  # or else the test shows nothing
        self.assertIn(theirs.result, cut)
        self.assertEqual(len(self.look(theirs.result)), 16384)

    def read_pages(self):
        """The whole file, each record with its kind; each page must go on from the last one."""
        libc = ctypes.CDLL(None)
        records, at, is_end = [], 0, False
        while not is_end:
            with open(bpf.PINS + "/hashed", "rb", buffering=0) as file:
                libc.prctl(29, ctypes.c_ulong(0x70c7 << 48 | at), 0, 0, 0)  # PR_SET_TIMERSLACK
                page = file.read(65536)
                libc.prctl(29, ctypes.c_ulong(0), 0, 0, 0)
            place = 0
            while place < len(page):
                length, kind = struct.unpack_from("=HH", page, place)
                records.append((kind, page[place:place + length]))
                place += length
            self.assertEqual(records[-1][0], 0x720c)
            is_end, start, following = struct.unpack_from("=IQQ", records[-1][1], 4)
            self.assertEqual(start, at)
            self.assertTrue(is_end or following > at, (at, following))
            at = following
        return records

    @unittest.skipUnless(may_have_descriptors(), "a process may not have %d descriptors (ulimit -n)" % DESCRIPTORS)
    def test_lists_that_change_all_the_time_are_gone_through_all_the_same(self):
        allow_descriptors()

        def restless():
            zoo.enter_new_netns()
            kept = [zoo.listener(reuse_port=True)]
            port = kept[0].getsockname()[1]
            kept += [zoo.listener(reuse_port=True, port=port) for _ in range(500)]
            if os.fork() == 0:
                os.closerange(3, 20000)  # the test waits for what it would hold open
                while os.getppid() != 1:
                    zoo.listener(reuse_port=True, port=port).close()
                os._exit(0)
            return zoo.netns_of(), kept
        there = self.fork(restless)
        for _ in range(20):
            self.read_pages()
            self.assertGreaterEqual(len(self.look(there.result)), 501)

    @unittest.skipUnless(may_have_descriptors(), "a process may not have %d descriptors (ulimit -n)" % DESCRIPTORS)
    def test_many_lists_that_are_too_long(self):
        """More of them than a page has room for what it says of them, and pages that are full."""
        allow_descriptors()

        def many():
            zoo.enter_new_netns()
            kept = []
            for count in [600] * 20 + [300] * 10:
                first = zoo.listener(reuse_port=True)
                kept += [first] + [zoo.listener(reuse_port=True, port=first.getsockname()[1]) for _ in range(count - 1)]
            return zoo.netns_of(), kept
        there = self.fork(many)
        self.assertIn(there.result, [struct.unpack_from("=I", record, 4)[0] for kind, record in self.read_pages() if kind == 0x720b])
        self.assertEqual(len(self.look(there.result)), 15000)

    def test_one_of_the_two_ways_is_enough(self):
        self.addCleanup(bpf.load, "load")
        there = self.fork(make_zoo)
        expected = sorted(map(str, by_key(self.look(there.result, "netlink"))))
        for name in ("hashed", "unheld"):
            self.assertEqual(bpf.load("load").returncode, 0)
            os.unlink(os.path.join(bpf.PINS, name))
            self.assertEqual(sorted(map(str, by_key(self.look(there.result)))), expected, name)
            stats = json.loads(cli("--stats", "--source", "bpf"))
            self.assertEqual((stats["source"], stats["source_reason"], stats["namespaces_failed"]), ("bpf", "", 0))


@unittest.skipIf(os.environ.get("SOURCE") != "bpf", "the BPF programs are not loaded (SOURCE=bpf)")
class Verifier(zoo.ZooTest):
    """Each program by itself, for its log: proctcp-bpf says no more than that the kernel refuses them."""

    def test_the_kernel_takes_each_program(self):
        bpftool = shutil.which("bpftool", path=os.environ["PATH"] + ":/usr/sbin")
        objects = sorted(name for name in os.listdir(os.path.dirname(bpf.LOADER)) if name.endswith(".bpf.o"))
        if not bpftool or not objects:
            self.skipTest("there is no bpftool, or no program")

        def load():
            refused = bpf.mount_here()
            if refused:
                raise AssertionError(refused)
            found = {}
            for name in objects:
                pins = "/sys/fs/bpf/" + name.split(".")[0]
                done = subprocess.run([bpftool, "prog", "loadall", os.path.join(os.path.dirname(bpf.LOADER), name), pins],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                found[name] = done.stdout[-4000:] if done.returncode else sorted(os.listdir(pins))
            return found
        found = self.fork(load).result
        for name in objects:
            if name == "hashed.bpf.o" and KERNEL < HASHED_SINCE:
                self.assertIn("bpf_rdonly_cast", found[name])
                continue
            with open(os.path.join(os.path.dirname(bpf.LOADER), name.split(".")[0] + ".skel.h")) as skeleton:
                programs = re.findall(r"struct bpf_program \*(\w+);", skeleton.read())
            self.assertEqual(found[name], sorted(programs), name)


@unittest.skipIf(os.environ.get("SOURCE") != "bpf", "the BPF programs are not loaded (SOURCE=bpf)")
class Faults(zoo.ZooTest):
    def setUp(self):
        super().setUp()
        self.kept_here = self.keep(zoo.listener())

    def reason(self):
        """What auto says, having done without."""
        stats = json.loads(cli("--stats", "--source", "auto"))
        self.assertEqual(stats["source"], "procfs" if "netlink" not in zoo.SOURCES else "netlink")
        self.assertGreaterEqual(stats["rows"], 1)
        done = subprocess.run([CLI, "--source", "bpf"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(stats["source_reason"], done.stderr)
        return stats["source_reason"]

    def in_another_place(self, function):
        """Calls it in a mount namespace of its own, for what is spoilt there."""
        def call():
            refused = bpf.mount_here()
            if refused:
                raise AssertionError(refused)
            return function()
        return self.fork(call).result

    def test_not_loaded(self):
        self.assertEqual(self.in_another_place(self.reason),
                         "bpf: %s/tasks: not loaded (see proctcp-bpf load)" % bpf.PINS)

    def test_no_bpf_file_system(self):
        def without():
            subprocess.run(["mount", "-t", "tmpfs", "none", "/sys/fs/bpf"], check=True)
            refused = bpf.load("load")
            os.makedirs(bpf.PINS)
            open(bpf.PINS + "/tasks", "w").close()
            return [refused.returncode, refused.stdout, self.reason()]
        status, said, reason = self.in_another_place(without)
        self.assertEqual(status, 1)
        self.assertIn("mount -t bpf -o mode=0755 bpf /sys/fs/bpf", said)
        self.assertEqual(reason, "bpf: %s/tasks: not in a BPF file system" % bpf.PINS)

    def test_a_directory_in_its_place(self):
        def spoilt():
            os.makedirs(bpf.PINS + "/tasks")
            reason = self.reason()
            return [reason, bpf.load("load").stdout]
        reason, said = self.in_another_place(spoilt)
        self.assertEqual(reason, "bpf: %s/tasks: not a pinned iterator" % bpf.PINS)
        self.assertIn("putting in place %s/tasks" % bpf.PINS, said)

    def test_somebody_elses_file(self):
        def theirs():
            bpf.load("load")
            os.chown(bpf.PINS + "/tasks", NOBODY, NOBODY)
            return self.reason()
        self.assertEqual(self.in_another_place(theirs), "bpf: %s/tasks: not root's" % bpf.PINS)

    def test_one_of_another_kind(self):
        """As a version with other records would look: the file of another iterator in its place."""
        def other():
            bpf.load("load")
            os.rename(bpf.PINS + "/unheld", bpf.PINS + "/tasks")
            return self.reason()
        self.assertEqual(self.in_another_place(other),
                         "bpf: %s/tasks: records of another version of proctcp-bpf" % bpf.PINS)

    def test_a_later_load_takes_the_place_of_an_earlier_one_and_unload_removes_all(self):
        def over():
            told = [bpf.load("load").stdout, bpf.load("load", "-g", "0").stdout]
            before = bpf.load("status")
            removed = [bpf.load("unload").stdout, os.path.exists(bpf.PINS), bpf.load("unload").stdout]
            return [told, before.returncode, before.stdout.count(": works") if before.returncode == 0 else before.stdout, removed, bpf.load("status").returncode]
        told, status, working, removed, after = self.in_another_place(over)
        if KERNEL < HASHED_SINCE:
            self.assertIn("each namespace is read by itself", told.pop())
            told.append("")
            told[0] = ""
        self.assertEqual((told, status, working, removed, after),
                         (["", ""], 0, 6 if KERNEL >= HASHED_SINCE else 5, ["", False, ""], 1))

    def test_without_the_iterator_over_what_nobody_holds_sock_diag_tells_of_it(self):
        def without():
            bpf.load("load")
            os.unlink(bpf.PINS + "/unheld")
            if KERNEL >= HASHED_SINCE:
                os.unlink(bpf.PINS + "/hashed")
            stats = json.loads(cli("--stats", "--source", "bpf"))
            return [stats["source"], stats["by_namespace"][0]["source"]]
        self.assertEqual(self.in_another_place(without)[0], "bpf")

    def test_unloaded_while_it_is_read(self):
        def away():
            bpf.load("load")
            scans = subprocess.Popen([CLI, "--stats", "--interval", "0.01", "--count", "100"], stdout=subprocess.PIPE)
            time.sleep(0.3)
            bpf.load("unload")
            out, _ = scans.communicate(timeout=120)
            return [scans.returncode, sorted({json.loads(line)["source"] for line in out.decode().splitlines()})]
        status, sources = self.in_another_place(away)
        self.assertEqual(status, 0)
        self.assertLessEqual(set(sources), {"bpf", "netlink", "procfs"})

    def test_a_read_that_does_not_come_back_is_given_up(self):
        """As when ours is the last close of a socket that lingers: the programs hold a file while they look at it."""
        shim = Shim(self)
        shim.rules("stall /proctcp/rows")
        begun = time.monotonic()
        done = subprocess.run([CLI, "--stats", "--count", "1"], env=shim.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60)
        stats = json.loads(done.stdout)
        self.assertLess(time.monotonic() - begun, 20)
        self.assertIn("stall /proctcp/rows", shim.log())
        self.assertEqual(stats["source"], "procfs" if "netlink" not in zoo.SOURCES else "netlink")
        self.assertIn("bpf: it took too long a while ago", stats["source_reason"])
        self.assertGreaterEqual(stats["rows"], 1)

    def test_options_that_are_wrong(self):
        for words, expected in [([], "load, unload or status?"), (["loud"], "and not: loud"), (["load", "x"], "too much: x"),
                                (["load", "--group", "no-such-group"], "there is no group no-such-group"),
                                (["status", "--group", "0"], "--group is for load alone")]:
            done = bpf.load(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(expected, done.stdout)
        self.assertIn("usage:", bpf.load("--help").stdout)


if __name__ == "__main__":
    unittest.main()
