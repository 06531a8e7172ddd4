"""make bench works: its load opens what it says and goes away with all of it, its floors see it, its tables are printed.
Nothing is timed here."""
import json
import os
import subprocess
import sys

from support import BUILD, TOP, LiveTest, rows, wait_until

TOOLS = os.path.join(BUILD, "tests", "bench")


def run(*words, **options):
    return subprocess.run(list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


class Load(LiveTest):
    def open(self, *words):
        load = self.start(os.path.join(TOOLS, "load"), *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return load, load.stdout.readline()

    def children(self, load):
        with open("/proc/%d/task/%d/children" % (load.pid, load.pid)) as file:
            return list(map(int, file.read().split()))

    def test_it_opens_what_it_says_and_all_ends_with_its_input(self):
        load, line = self.open(200, 7)
        self.assertEqual(line, "ready 200 sockets, 7 listeners, 7 processes, 0 namespaces, 0 idle\n")
        children = self.children(load)
        self.assertEqual(len(children), 7)
        seen = rows("--pid", ",".join(map(str, children)))
        self.assertEqual(sum(row["state"] == "established" for row in seen), 200)
        self.assertEqual(sum(row["state"] == "listen" for row in seen), 7)
        self.assertEqual({row["peer_pid"] == row["pid"] for row in seen if row["state"] == "established"}, {True})
        load.stdin.close()
        self.assertEqual(load.wait(60), 0)
        self.assertEqual([pid for pid in children if os.path.exists("/proc/%d" % pid)], [])

    def test_its_processes_live_in_as_many_namespaces_and_end_with_it_even_if_killed(self):
        load, line = self.open(12, 6, 3, 2)
        self.assertEqual(line, "ready 12 sockets, 6 listeners, 6 processes, 3 namespaces, 2 idle\n")
        children = self.children(load)
        namespaces = [os.readlink("/proc/%d/ns/net" % pid) for pid in children]
        self.assertEqual(len(set(namespaces) - {os.readlink("/proc/self/ns/net")}), 3)
        self.assertEqual(namespaces.count(os.readlink("/proc/self/ns/net")), 2)
        load.kill()
        wait_until(lambda: not any(os.path.exists("/proc/%d" % pid) for pid in children), "the children's end")

    def test_wrong_words_are_answered_with_the_usage(self):
        for words in ([], ["10"], ["x", "1"], ["10", "0"], ["10", "2", "3"], ["-1", "1"]):
            done = run(os.path.join(TOOLS, "load"), *words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertIn("Usage: load", done.stderr)

    def test_floors_meet_every_descriptor_and_namespace(self):
        load, _ = self.open(20, 4, 2)
        for source in ("netlink", "procfs"):
            done = run(os.path.join(TOOLS, "floor"), source, 2, load.pid)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for line in done.stdout.splitlines():
                seen = json.loads(line)
                self.assertGreaterEqual(seen["sockets"], 24)
                self.assertGreaterEqual(seen["namespaces"], 3)
                self.assertGreater(seen["bytes"], 20 * 100)


class Bench(LiveTest):
    def test_every_table_is_printed(self):
        sanitized = bool(os.environ.get("SANITIZED"))  # snmpd is not, and loads no module that is
        done = run(sys.executable, os.path.join(TOP, "tests", "bench", "bench.py"),
                   env=dict(os.environ, SIZES="200", PROCESSES="4", RUNS="1", IDLE="3", NAMESPACES="2", CONNECTIONS="4000", LATENCY_S="2",
                            SNMP="0" if sanitized else "1", COLLECTD_SECONDS="0" if sanitized else "2"))
        if done.stderr.startswith("unshare: cannot change root filesystem propagation"):
            self.skipTest("the root directory is no mount (in a chroot?), and bench takes namespaces of its own")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for title in ("### 200 sockets in 4 processes", "### 3 processes without sockets", "### 2 namespaces, a process with 2 sockets in each",
                      "### 2 namespaces without sockets", "### CPU time per socket", "### What was to be reached"):
            self.assertIn(title, done.stdout)
        if not sanitized:
            self.assertRegex(done.stdout, r"### Milliseconds of a read of collectd(.*\n)+\| 202 ")
            self.assertRegex(done.stdout, r"### Microseconds of a varbind over SNMP(.*\n)+\| 202 ")
        for case in ("proctcp --source netlink", "netlink floor", "proctcp --source procfs", "procfs floor",
                     "proctcp, 3 scans, each"):
            self.assertEqual(done.stdout.count("\n| %s |" % case), 5 if "each" not in case else 4, done.stdout)
