"""Selection on real processes: what each kind of rule selects, what it leaves alone, and what a selected row still
knows of the rest of the host. Both sources, by the command line program; the daemons' tests show that theirs is the same."""
import json
import os
import socket
import subprocess
import sys
import time

import zoo
from support import cli, rows, wait_until
from test_cli import run


def stats(*words):
    return json.loads(cli("--stats", *words))


def counts(*words):
    return {(row["netns"], row["state"]): row["sockets"]
            for row in map(json.loads, cli("--unattributed", "-o", "json", *words).splitlines())}


class Pair(zoo.ZooTest):
    """A server in this process and a client in another; the client's name is its own."""

    def setUp(self):
        super().setUp()
        self.listening = self.keep(zoo.listener())
        self.port = self.listening.getsockname()[1]

        def connect():
            zoo.set_comm(b"selected-one")
            client = socket.create_connection(("127.0.0.1", self.port))
            self.listening.close()
            return client.fileno(), client

        self.child = self.fork(connect)
        self.client = self.child.result
        self.served = self.keep(self.listening.accept()[0])
        self.ours = {(os.getpid(), self.listening.fileno()), (os.getpid(), self.served.fileno())}
        self.theirs = {(self.child.pid, self.client)}

    def selected(self, *words):
        """(pid, fd) of the rows, of those of the pair."""
        return {(row["pid"], row["fd"]) for row in rows(*words) if row["pid"] in (os.getpid(), self.child.pid)}


class Processes(Pair):
    def test_each_kind_selects_what_it_names_and_excludes_it(self):
        with open("/proc/%d/cgroup" % self.child.pid) as file:
            cgroup = next((line.split(":", 2)[2].strip() for line in file if line.startswith("0::")), None)
        both = self.ours | self.theirs
        for kind, value, wanted in [("--pid", self.child.pid, self.theirs),
                                    ("--pid", "%d,%d" % (os.getpid(), self.child.pid), both),
                                    ("--process", "selected-one", self.theirs),
                                    ("--process", "selected-on", set()),
                                    ("--user", os.geteuid(), both),
                                    ("--user", os.geteuid() + 1, set()),
                                    ("--command", r"live/run\.py", both if "run.py" in " ".join(sys.argv) else set()),
                                    ("--command", "no such words, nowhere", set()),
                                    ("--cgroup", cgroup or "/", both),
                                    ("--cgroup", "no-such-group", set())]:
            with self.subTest(kind=kind, value=value):
                if kind == "--cgroup" and not cgroup:
                    continue
                for source in ("netlink", "procfs"):
                    self.assertEqual(self.selected(kind, value, "--source", source), wanted)
                    self.assertEqual(self.selected("--exclude-" + kind[2:], value, "--source", source), both - wanted)

    def test_command_lines_are_matched_word_by_word_and_may_be_long(self):
        code = "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); print(s.fileno(), flush=True); sys.stdin.read()"
        words = [sys.executable, "-c", code, "--shop", "x" * 3000, "at the end", "y" * 100000]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            fd = int(process.stdout.readline())
            found = lambda regex: [(row["pid"], row["fd"]) for row in rows("--command", regex)]
            self.assertEqual(found("--shop x{3,}"), [(process.pid, fd)])
            self.assertEqual(found("at the end y"), [(process.pid, fd)])
            self.assertEqual(found("--depot x"), [])
            process.communicate()

    def test_the_other_end_is_named_whichever_process_is_selected(self):
        for source in ("netlink", "procfs"):
            row, = rows("--pid", self.child.pid, "--source", source)
            self.assertEqual((row["peer_pid"], row["peer_fd"], row["direction"]),
                             (os.getpid(), self.served.fileno(), "outbound"))
            row, = rows("--pid", os.getpid(), "--local-port", self.port, "--state", "established", "--source", source)
            self.assertEqual((row["peer_pid"], row["peer_fd"], row["peer_process"], row["direction"]),
                             (self.child.pid, self.client, "selected-one", "inbound"))

    def test_counts_and_sums_are_of_what_is_selected(self):
        process = next(map(json.loads, cli("--processes", "-o", "json", "--pid", os.getpid(), "--state", "listen",
                                           "--local-port", self.port).splitlines()))
        self.assertEqual((process["pid"], process["sockets"], process["listen"], process["established"]),
                         (os.getpid(), 1, 1, 0))


class Walk(zoo.ZooTest):
    def test_a_process_that_is_not_wanted_is_not_walked(self):
        holder = self.fork(lambda: (None, [zoo.listener() for _ in range(100)]))
        alone = self.fork(lambda: (None, zoo.listener()))
        everything = stats()
        chosen = stats("--pid", alone.pid)
        # Others may end before they are looked at.
        self.assertIn(chosen["processes_seen"] - 1 - chosen["skipped"], range(chosen["vanished"] + 1))
        self.assertEqual(chosen["descriptors"], len(os.listdir("/proc/%d/fd" % alone.pid)))
        self.assertGreater(everything["descriptors"], chosen["descriptors"] + 100)
        self.assertEqual(stats("--exclude-pid", holder.pid)["skipped"], 1)


class States(Pair):
    def test_a_state_is_shown_as_a_full_scan_shows_it(self):
        for source in ("netlink", "procfs"):
            full = {(row["pid"], row["fd"]): row for row in rows("--source", source)}
            for state in ("listen", "established", "closeWait", "closed"):
                chosen = {(row["pid"], row["fd"]): row for row in rows("--source", source, "--state", state)}
                for key in self.ours | self.theirs:
                    self.assertEqual(key in chosen, full[key]["state"] == state)
                for key in set(chosen) & (self.ours | self.theirs):
                    for field in ("inode", "direction", "owners", "peer_pid", "peer_fd", "local_port", "remote_port"):
                        self.assertEqual(chosen[key].get(field), full[key].get(field), (state, field))

    def test_the_other_end_in_another_state_is_named(self):
        self.served.shutdown(socket.SHUT_WR)

        def half_closed():
            found = rows("--pid", self.child.pid, "--state", "closeWait")
            return found and (found[0]["peer_pid"], found[0]["peer_fd"])
        self.assertEqual(wait_until(half_closed, "the client in CLOSE_WAIT"), (os.getpid(), self.served.fileno()))
        row, = wait_until(lambda: rows("--state", "finWait2", "--local-port", self.port, "--pid", os.getpid()),
                          "the server in FIN_WAIT2")
        self.assertEqual((row["peer_pid"], row["peer_fd"]), (self.child.pid, self.client))

    def test_sockets_that_nobody_can_hold_are_selected_by_their_own_rules(self):
        self.served.close()
        self.child.end()
        here = zoo.netns_of()

        def in_time_wait():
            return counts("--local-port", self.port, "--state", "timeWait", "--netns", here) == {(here, "timeWait"): 1}
        wait_until(in_time_wait, "one socket in TIME_WAIT")
        self.assertEqual(counts("--local-port", self.port, "--exclude-state", "timeWait", "--netns", here), {})
        self.assertEqual(counts("--local-port", self.port, "--process", "nobody", "--netns", here),
                         {(here, "timeWait"): 1})

    def test_what_was_never_bound_is_closed_and_selected_as_that(self):
        bare = self.keep(socket.socket())
        fds = lambda *words: [row["fd"] for row in rows("--pid", os.getpid(), *words)]
        self.assertEqual(fds("--state", "closed"), [bare.fileno()])
        self.assertNotIn(bare.fileno(), fds("--exclude-state", "closed"))
        self.assertNotIn(bare.fileno(), fds("--local-port", "1-65535"))
        self.assertIn(bare.fileno(), fds("--exclude-local-port", self.port))


class Namespaces(zoo.ZooTest):
    def test_one_namespace_is_read_by_its_inode_or_its_name(self):
        def live_elsewhere():
            zoo.enter_new_netns()
            return zoo.netns_of(), zoo.listener()

        child = self.fork(live_elsewhere)
        name = "proctcp-selected-%d" % os.getpid()
        subprocess.run(["ip", "netns", "attach", name, str(child.pid)], check=True)
        self.addCleanup(subprocess.run, ["ip", "netns", "del", name], check=True)
        ours = self.keep(zoo.listener())
        for source in ("netlink", "procfs"):
            for netns in (child.result, name, "%s,1" % name):
                done = run("-o", "json", "--netns", netns, "--source", source)
                shown = [json.loads(line) for line in done.stdout.splitlines()]
                self.assertEqual([(row["pid"], row["netns"]) for row in shown], [(child.pid, child.result)])
                self.assertEqual("namespaces whose tables could not be read: 1" in done.stderr, str(netns).endswith(",1"))
            here = rows("--exclude-netns", name, "--source", source)
            self.assertIn((os.getpid(), ours.fileno()), [(row["pid"], row["fd"]) for row in here])
            self.assertNotIn(child.pid, [row["pid"] for row in here])
            there = [row["pid"] for row in rows("--exclude-netns", "own", "--source", source)]
            self.assertIn(child.pid, there)
            self.assertNotIn(os.getpid(), there)
        self.assertEqual(stats("--netns", name)["unread"], 0)

    def test_a_namespace_that_is_not_there_is_said(self):
        done = run("--netns", 12345, "-o", "json")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertIn("network namespaces whose tables could not be read: 1", done.stderr)
