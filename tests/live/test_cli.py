"""The contract of the command line program: options, forms, exit status, what goes to stderr."""
import csv
import datetime
import io
import json
import os
import re
import shutil
import socket
import subprocess
import time
import unittest

import zoo
from support import CLI, TOP, cli, rows, wait_until

MANUAL = os.path.join(TOP, "plugins/cli/proctcp.1")

ROW_FIELDS = """pid fd subflow process inode cookie netns uid family owners owner_rank first_seen state direction local_address
local_port remote_address remote_port peer_pid peer_fd peer_process tx_queue_bytes rx_queue_bytes accept_queue
accept_queue_max timer timer_expires_ms retransmits probes rto_ms ato_ms quick_ack pingpong cwnd_segments
ssthresh_segments congestion ca_state rtt_us rtt_var_us min_rtt_us rcv_rtt_us snd_mss_bytes rcv_mss_bytes advmss_bytes
pmtu_bytes snd_wnd_bytes rcv_wnd_bytes rcv_space_bytes reordering unacked_segments sacked_segments lost_segments
retrans_segments notsent_bytes delivery_rate_bytes_per_s pacing_rate_bytes_per_s bytes_sent bytes_acked bytes_retrans
bytes_received segs_out segs_in data_segs_out data_segs_in total_retrans dsack_dups reord_seen rcv_ooo_packets
delivered delivered_ce busy_time_us rwnd_limited_us sndbuf_limited_us last_data_sent_ms last_data_received_ms
last_ack_received_ms rmem_alloc_bytes rcvbuf_bytes wmem_alloc_bytes sndbuf_bytes drops interface""".split()


def run(*arguments, **options):
    return subprocess.run([CLI, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          **options)


class Options(zoo.ZooTest):
    def test_wrong_options_end_with_2_and_name_the_option_and_the_remedy(self):
        for words, expected in [
                (["--frobnicate"], "frobnicate"),
                (["-o", "xml"], "--output: \"xml\" is no form: give table, json or csv"),
                (["--pid", "me"], "--pid: value 1, \"me\", is no process id"),
                (["--state", "listen,open"], "--state: value 2, \"open\", is no TCP state: give"),
                (["--local-port", "80-"], "--local-port: value 1, \"80-\", is no port"),
                (["--remote-port", "70000"], "--remote-port: value 1"),
                (["--local", "10.0.0.0/40"], "--local: value 1, \"10.0.0.0/40\", has no such prefix"),
                (["--remote", "example.org"], "--remote: value 1"),
                (["--user", "no such user"], "--user: value 1"),
                (["--source", "ebpf"], "--source: \"ebpf\" is no source"),
                (["--netns", "some"], "--netns: \"some\" is no network namespace of this host: give all, own"),
                (["--netns", "own,a/b"], "--netns: value 2, \"a/b\", is no network namespace"),
                (["--command", "a(b"], "--command: value 1, \"a(b\", is no extended regular expression: Unmatched"),
                (["--cgroup", "a/b"], "--cgroup: value 1, \"a/b\", is no cgroup"),
                (["--exclude-state", "open"], "--exclude-state: value 1, \"open\", is no TCP state"),
                (["--interval", "0"], "--interval: \"0\" is no interval"),
                (["--interval", "nan"], "--interval: \"nan\" is no interval"),
                (["--count", "0"], "--count: \"0\" is no count"),
                (["--count", "-1"], "--count: \"-1\" is no count"),
                (["--proc-root", ""], "--proc-root: give a directory"),
                (["--stats", "--processes"], "--stats and --processes: give one of them"),
                (["nginx"], "\"nginx\" is not an option"),
                (["--frob"], "\"--frob\" is no option;"),
                (["--colums", "pid"], "\"--colums\" is no option: is one of these meant: --columns"),
                (["--co", "pid"], "meant: --columns, --color, --colour, --count, --command"),
                (["-z"], "\"-z\" is no option"),
                (["--pid"], "\"--pid\" needs a value"),
                (["--columns", "pid,rtt"], "--columns: value 2, \"rtt\", is no column here: give rtt_us, rtt_var_us"),
                (["--columns", "pid,local,pid"], "--columns: value 3, \"pid\", is there already"),
                (["--columns", ""], "--columns: value 1, \"\""),
                (["--columns", "\033[31m"], "value 1, \"\\x1b[31m\""),
                (["--processes", "--columns", "pid,local"], "--columns: value 2, \"local\""),
                (["--sort", "-rx_queue"], "--sort: value 1, \"rx_queue\", is no column here: give rx_queue_bytes"),
                (["--sort", ",".join(["pid"] * 17)], "--sort: there are more than 16 fields"),
                (["--processes", "--info"], "--info: only tables"),
                (["--info", "-o", "json"], "--info: only tables"),
                (["--stats", "--columns", "pid"], "--stats: prints one object"),
                (["--top", "-o", "json"], "--top: is for a terminal"),
                (["--top", "--columns", "pid"], "--top: has no --columns"),
                (["--top", "--sort", "pid"], "--top: has no --columns"),
                (["--top", "--info"], "--top: takes the whole terminal"),
                (["--top", "--unattributed"], "--top: shows --groups (the default)"),
                (["--top", "--stats"], "--top: shows --groups (the default)"),
                (["--color", "red"], "--color: \"red\" is no answer: give auto, always or never"),
                (["--width", "0"], "--width: \"0\" is no width: give 1 to 10000"),
                (["--width", "10001"], "--width: \"10001\" is no width")]:
            done = run(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertIn(expected, done.stderr, words)
            self.assertIn("proctcp --help", done.stderr)

    def test_help_and_version(self):
        done = run("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for option in ("--processes", "--unattributed", "--stats", "--source", "--netns", "--proc-root", "--pid",
                       "--columns", "--sort", "--info", "--wide", "--width", "--no-header", "--color", "--sockets",
                       "--process", "--user", "--state", "--command", "--cgroup", "--exclude-KIND", "--local-port", "--remote-port", "--interval", "--count"):
            self.assertIn(option, done.stdout)
        for option in ("-V", "-v", "--version"):
            self.assertRegex(run(option).stdout, r"^proctcp \d+\.\d+\.\d+\n$")
        self.assertEqual(run("-h").stdout, done.stdout)

    @unittest.skipUnless(os.path.exists(MANUAL), "the sources are not here, and the manual is not")
    def test_the_manual_has_every_option_with_an_example_that_uses_it(self):
        with open(MANUAL) as file:
            entries = re.split(r"^\.It ", file.read(), flags=re.M)[1:]
        told = set(re.findall(r"(--[a-z-]+)\b(?!-KIND)", run("--help").stdout)) - {"--exclude-", "--help", "--version"}
        self.assertGreaterEqual(len(told), 25)
        for option in sorted(told):
            own = [entry for entry in entries if ("Fl " + option[1:] + " ") in entry.split("\n")[0] + " "]
            self.assertEqual(len(own), 1, option)
            short = {"--output": "-o "}.get(option, option)
            self.assertRegex(own[0], r"(?m)^\.Dl .*proctcp.* %s" % short.replace("--local", "--(exclude-)?local")
                             .replace("--remote", "--(exclude-)?remote"), option)

    def test_letters_of_ss_are_answered_with_what_they_are_here(self):
        for word, command in [("-tanp", "proctcp"), ("-tulpn", "proctcp --state listen"), ("-tlnp", "proctcp --state listen"), ("-i", "proctcp --info"),
                              ("-tao", "proctcp --columns process,pid,fd,state,local,remote,timer,timer_expires_ms"),
                              ("-o", "proctcp --columns process,pid,fd,state,local,remote,timer,timer_expires_ms")]:
            done = run(word)
            self.assertEqual((done.returncode, done.stdout), (2, ""), word)
            self.assertIn('for "%s" give: %s; proctcp --help' % (word, command), done.stderr)
            self.assertEqual(run(*command.split()[1:]).returncode, 0)  # what is recommended works
            for letter in word[1:]:
                self.assertIn("proctcp: -%s: " % letter, done.stderr)
        self.assertIn("-n: addresses and ports are numeric already", run("-n").stderr)

    def test_every_column_that_help_lists_is_one(self):
        for view in ([], ["--processes"], ["--sockets"], ["--unattributed"]):
            done = run(*view, "--columns", "help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            names = [line.split()[0] for line in done.stdout.splitlines()]
            self.assertGreaterEqual(len(names), 5)
            header = run(*view, "-o", "csv", "--columns", ",".join(names)).stdout.splitlines()[0]
            self.assertEqual(header.split(","), names)
            self.assertEqual(run(*view, "--columns", ",".join(names), "--sort", names[-1]).returncode, 0)

    def test_selection_by_ports_state_and_address(self):
        listening, client, served = self.keep(*zoo.connection())
        port = listening.getsockname()[1]
        fds = lambda *words: sorted(row["fd"] for row in rows("--pid", os.getpid(), *words))
        self.assertEqual(fds("--local-port", port), sorted([listening.fileno(), served.fileno()]))
        self.assertEqual(fds("--remote-port", port), [client.fileno()])
        self.assertEqual(fds("--local-port", port, "--state", "established"), [served.fileno()])
        self.assertEqual(fds("--local-port", "%d-%d" % (port, port), "--local", "127.0.0.0/8", "--remote", "127.0.0.1"),
                         [served.fileno()])
        self.assertEqual(fds("--local", "10.0.0.0/8"), [])

    def test_an_empty_table_says_where_to_look(self):
        holder = self.keep(zoo.listener())
        zoo.set_comm(b"Hint-Holder")
        self.addCleanup(zoo.set_comm, b"python3")
        self.assertEqual(run("--process", "Hint-Holder", "--local-port", holder.getsockname()[1]).stderr.count("--process:"), 0)
        done = run("--process", "hint-holder")
        self.assertIn('--process: no row of "hint-holder", but there is a process "Hint-Holder"', done.stderr)
        done = run("--state", "TIME-WAIT")
        self.assertIn("--state: no process holds a socket in timeWait; --unattributed counts them", done.stderr)
        self.assertEqual(done.returncode, 0)

    def test_what_a_table_leaves_out_is_said_in_one_line(self):
        listening = self.keep(zoo.listener())
        waiting = self.keep(socket.create_connection(listening.getsockname()))
        words = ["--local-port", listening.getsockname()[1], "--pid", os.getpid()]
        self.assertIn("sockets without a holder: 1 (--unattributed counts them, --sockets lists them)\n",
                      run(*words).stderr)
        self.assertNotIn("without a holder", run("-o", "json", *words).stderr)
        waiting.close()

    def test_own_namespace_alone(self):
        stats = json.loads(cli("--stats", "--netns", "own"))
        self.assertEqual(stats["namespaces"], 1)

    def test_count_and_interval_repeat(self):
        out = cli("--stats", "--count", 3, "--interval", 0.05).decode()
        self.assertEqual([json.loads(line)["generation"] for line in out.splitlines()], [1, 2, 3])
        self.keep(zoo.listener())
        for form in ("json", "csv"):
            out = cli("--pid", os.getpid(), "--count", 2, "--interval", 0.05, "-o", form).decode().splitlines()
            if form == "json":
                found = [[json.loads(line)[name] for name in ("generation", "time")] for line in out]
            else:
                self.assertEqual(out[0].split(",")[:2], ["generation", "time"])
                found = [[int(word) for word in line.split(",")[:2]] for line in out[1:]]
            self.assertEqual([generation for generation, _ in found], [1, 2])
            for _, when in found:
                self.assertTrue(abs(when - time.time()) < 60, when)
        environment = dict(os.environ, TZ="XXX-5:45")
        out = run("--pid", os.getpid(), "--count", 2, "--interval", 0.05, env=environment).stdout.splitlines()
        self.assertEqual([line.split()[0] for line in out if line].count("PROCESS"), 2)
        stamps = [line.split() for line in out if "generation" in line]
        self.assertEqual([words[1:] for words in stamps], [["generation", "1"], ["generation", "2"]])
        for stamp, _, _ in stamps:
            self.assertRegex(stamp, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+05:45$")
            self.assertTrue(abs(datetime.datetime.fromisoformat(stamp).timestamp() - time.time()) < 60, stamp)
        self.assertNotIn("generation", cli("--pid", os.getpid()).decode())
        self.assertNotIn("time", rows("--pid", os.getpid())[0])


class Forms(zoo.ZooTest):
    def test_json_names_only_fields_of_the_contract(self):
        self.keep(*zoo.connection())
        for row in rows("--pid", os.getpid()):
            self.assertEqual([name for name in row if name not in ROW_FIELDS], [])
            self.assertEqual(list(row), [name for name in ROW_FIELDS if name in row])

    def test_csv_says_the_same_as_json(self):
        self.keep(*zoo.connection())
        self.keep(socket.socket())
        as_json = rows("--pid", os.getpid())
        as_csv = list(csv.DictReader(io.StringIO(cli("-o", "csv", "--pid", os.getpid()).decode())))
        self.assertEqual(len(as_json), len(as_csv))
        moving = ("first_seen", "ato_ms", "timer_expires_ms", "timer", "quick_ack", "last_data_sent_ms",
                  "last_data_received_ms", "last_ack_received_ms")
        for one, other in zip(as_json, as_csv):
            self.assertEqual(list(other), ROW_FIELDS)
            for name in ROW_FIELDS:
                if name not in moving:
                    value = one.get(name, "")
                    self.assertEqual(str(int(value) if isinstance(value, bool) else value), other[name])

    def test_table_is_aligned_and_puts_ipv6_in_brackets(self):
        listening, client, _ = self.keep(*zoo.connection("::1"))
        lines = cli("--pid", os.getpid()).decode().splitlines()
        header = lines[0].split()
        self.assertEqual(header, "PROCESS PID FD STATE DIR LOCAL REMOTE TX-Q RX-Q ACC-Q PEER".split())
        for line in lines[1:]:
            self.assertEqual(len(line.split()), len(header))
            for title in ("STATE", "LOCAL", "REMOTE"):
                self.assertEqual(line[lines[0].index(title) - 1], " ")
                self.assertNotEqual(line[lines[0].index(title)], " ")
        self.assertIn("[::1]:%d" % client.getsockname()[1], lines[2 if "listen" in lines[1] else 1])
        self.assertFalse(any(line != line.rstrip() for line in lines))

    def test_columns_are_those_that_are_named_in_every_form(self):
        listening, client, served = self.keep(*zoo.connection())
        words = ["--pid", os.getpid(), "--state", "established", "--columns", "local,fd,peer,process"]
        ends = lambda one: ("%s:%d" % one.getsockname(), one.fileno())
        name = rows("--pid", os.getpid())[0]["process"]
        expected = sorted([[*ends(one), "%s[%d]:%d" % (name, os.getpid(), other.fileno()), name]
                           for one, other in [(client, served), (served, client)]], key=lambda row: row[1])
        found = rows(*words)
        self.assertEqual([list(row) for row in found], [["local", "fd", "peer", "process"]] * 2)
        self.assertEqual([list(row.values()) for row in found], expected)
        found = list(csv.reader(io.StringIO(cli("-o", "csv", *words).decode())))
        self.assertEqual(found, [["local", "fd", "peer", "process"]] + [list(map(str, row)) for row in expected])
        found = [line.split() for line in cli(*words).decode().splitlines()]
        self.assertEqual(found, [["LOCAL", "FD", "PEER", "PROCESS"]] + [list(map(str, row)) for row in expected])
        found = [line.split() for line in cli("--no-header", *words).decode().splitlines()]
        self.assertEqual(found, [list(map(str, row)) for row in expected])
        found = cli("--no-header", "-o", "csv", *words).decode().splitlines()
        self.assertEqual(len(found), 2)
        listens = ["--pid", os.getpid(), "--state", "listen", "--columns", "fd,remote,peer"]
        self.assertEqual(rows(*listens), [{"fd": listening.fileno()}])  # what is absent is left out
        self.assertEqual(cli("-o", "csv", "--no-header", *listens).decode(), "%d,,\n" % listening.fileno())
        self.assertEqual(cli("-o", "csv", *listens[:-1], "peer").decode(), 'peer\n""\n')  # a record is never an empty line
        self.assertEqual(cli("--no-header", *listens).decode().split(), [str(listening.fileno()), "-", "-"])

    def test_rows_are_sorted_by_fields_and_absent_values_are_last(self):
        kept = [zoo.listener() for _ in range(4)] + list(zoo.connection())
        self.keep(*kept)
        own = ["--pid", os.getpid(), "--columns", "fd,local_port,remote_port"]
        by = lambda field, form="json": [row["fd"] for row in rows(*own, "--sort", field)]
        port = lambda one: one.getsockname()[1]
        everything = sorted(kept, key=lambda one: one.fileno())
        self.assertEqual(by("local_port"), [one.fileno() for one in sorted(everything, key=port)])
        self.assertEqual(by("-local_port,fd"),
                         [one.fileno() for one in sorted(everything, key=lambda one: (-port(one), one.fileno()))])
        self.assertEqual(by("local,-fd"),
                         [one.fileno() for one in sorted(everything, key=lambda one: (port(one), -one.fileno()))])
        client, served = kept[5], kept[6]
        connected = sorted([client, served], key=lambda one: one.getpeername()[1])
        listens = [one.fileno() for one in everything if one not in connected]
        self.assertEqual(by("remote_port"), [one.fileno() for one in connected] + listens)
        self.assertEqual(by("-remote_port"), [one.fileno() for one in reversed(connected)] + listens)
        for form in ("table", "csv"):
            out = cli(*own, "--sort", "-fd", "-o", form).decode().replace(",", " ").splitlines()[1:]
            self.assertEqual([int(line.split()[0]) for line in out], [one.fileno() for one in reversed(everything)])

    def test_no_cell_of_csv_is_a_formula(self):
        holder = self.keep(zoo.listener())
        self.addCleanup(zoo.set_comm, b"python3")
        for comm, cell in [(b"=1+1", "\\x3d1+1"), (b"+1", "\\x2b1"), (b"-x", "\\x2dx"), (b"@SUM(A1)", "\\x40SUM(A1)"),
                           (b"\t=1", "\\x09=1"), (b"\r=1", "\\x0d=1"), (b"a;=b", "a;\\x3db"), (b"a,@b", "a,\\x40b"),
                           (b"\xef\xbc\x9d1", "\\xef\\xbc\\x9d1"), (b"a=b-c", "a=b-c"), (b"\\x3d", "\\x5cx3d")]:
            zoo.set_comm(comm)
            out = cli("-o", "csv", "--pid", os.getpid(), "--columns", "process,ssthresh_segments,fd").decode()
            self.assertEqual(next(csv.DictReader(io.StringIO(out)))["process"], cell, comm)
        _, client, served = self.keep(*zoo.connection())
        zoo.set_comm(b"=x")
        out = cli("-o", "csv", "--pid", os.getpid(), "--columns", "peer,fd").decode()
        self.assertIn("\\x3dx[%d]:%d" % (os.getpid(), client.fileno()), out)
        ssthresh = [row["ssthresh_segments"] for row in
                    csv.DictReader(io.StringIO(cli("-o", "csv", "--pid", os.getpid()).decode()))]
        self.assertIn("-1", ssthresh)  # a number stays one

    def test_info_is_a_second_line_with_units(self):
        listening, client, served = self.keep(*zoo.connection())
        client.setblocking(False)
        sent = 0
        with self.assertRaises(BlockingIOError):  # nobody reads: the window of the peer is what limits
            while True:
                sent += client.send(b"x" * 100000)

        def received():
            return [row["bytes_received"] for row in rows("--pid", os.getpid()) if row["fd"] == served.fileno()]

        def look_while_nothing_arrives():
            before, text = received(), cli("--pid", os.getpid(), "--info", "--no-header").decode()
            time.sleep(0.1)
            return before == received() and text.splitlines()
        lines = wait_until(look_while_nothing_arrives, "a moment in which nothing arrives")
        self.assertEqual(len(lines), 6)
        seconds = {int(first.split()[2]): second for first, second in zip(lines[::2], lines[1::2])}
        self.assertEqual(sorted(seconds), sorted(one.fileno() for one in (listening, client, served)))
        for second in seconds.values():
            self.assertRegex(second, "^    [a-z]")
        if zoo.SOURCES[0] == "netlink":
            self.assertRegex(seconds[listening.fileno()], r"^    accept queue 0 of 16  drops 0$")
            sender = seconds[client.fileno()]
            self.assertRegex(sender, r"^    rtt \d+(\.\d)? [um]s \(\+-\d+(\.\d)? [um]s\)  cwnd \d+  .*retrans \d+.*  busy ")
            self.assertRegex(sender, r"  busy \d+(\.\d)? m?s \((cwnd \d+ %, )?rwnd [1-9]\d* %(, sndbuf \d+ %)?\)  delivery ")
            self.assertRegex(sender, r"  delivery \d+(\.\d)? [kMG]bit/s  pacing \d+(\.\d)? [kMGT]bit/s  unsent ")
            self.assertRegex(sender, r"  sent \d+(\.\d)? [kM]B  received 0 B  min rtt \d+(\.\d)? [um]s")
            number, unit = re.search(r"  received (\d+(?:\.\d)?) ([kM]B)\b", seconds[served.fileno()]).groups()
            self.assertAlmostEqual(float(number), received()[0] / {"kB": 1e3, "MB": 1e6}[unit],
                                   delta=0.06 if float(number) < 100 else 0.6)
        one = cli("--sockets", "--pid", os.getpid(), "--info", "--no-header").decode().splitlines()
        self.assertGreaterEqual(len(one), 6)
        self.assertEqual([line for line in cli("--pid", os.getpid(), "--info", "--no-header", "--source", "procfs").decode()
                          .splitlines() if "rtt" in line or "busy" in line], [])  # what is absent is left out

    def test_statistics_count_what_there_is(self):
        listening, client, _ = self.keep(*zoo.connection())
        self.keep(socket.socket())
        stats = json.loads(cli("--stats"))
        for name in ("generation", "time", "duration_us", "rows", "sockets", "processes", "denied", "vanished",
                     "malformed", "dump_retries", "namespaces", "unattributed", "unbound"):
            self.assertIsInstance(stats[name], int, name)
        self.assertGreaterEqual(stats["rows"], 4)
        self.assertGreaterEqual(stats["unbound"], 1)
        self.assertGreaterEqual(stats["processes"], 1)
        self.assertEqual(stats["malformed"], 0)
        self.assertGreater(stats["duration_us"], 0)


class Ends(zoo.ZooTest):
    def test_reader_that_closes_early_is_no_error(self):
        self.keep(*[zoo.listener() for _ in range(200)])
        for form in ("table", "json", "csv"):
            process = subprocess.Popen([CLI, "-o", form, "--count", "50", "--interval", "0.01"], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            process.stdout.readline()
            process.stdout.close()
            errors = process.stderr.read().decode()
            process.stderr.close()
            self.assertEqual(process.wait(60), 0, form)
            self.assertNotIn("Broken pipe", errors)

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([CLI, "--stats"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output: No space left on device", done.stderr)

    def test_root_that_is_no_proc_ends_with_1_and_names_it(self):
        for root, expected in [("/nowhere", "/nowhere: No such file or directory"),
                               (self.directory, "%s/net/tcp: No such file or directory" % self.directory),
                               ("/dev/null", "/dev/null: Not a directory")]:
            done = run("--proc-root", root)
            self.assertEqual((done.returncode, done.stdout), (1, ""), root)
            self.assertIn(expected, done.stderr)
            self.assertIn("of a Linux host", done.stderr)

    @unittest.skipIf(os.getuid() != 0, "only root can give up rights")
    def test_without_rights_own_rows_are_shown_and_the_rest_is_said(self):
        mine = self.keep(zoo.listener())
        os.chmod(self.directory, 0o755)
        program = shutil.copy(CLI, self.path("proctcp"))  # where nobody can reach it

        def hold_as_nobody():
            os.setgid(65534)
            os.setuid(65534)
            zoo.checked(zoo.LIBC.prctl(zoo.PR_SET_DUMPABLE, 1, 0, 0, 0))  # as a program that nobody started is
            listening = zoo.listener()
            done = subprocess.run([program, "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            return [done.returncode, done.stdout, done.stderr, listening.fileno()], [listening]

        child = self.fork(hold_as_nobody)
        status, out, errors, fd = child.result
        found = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(status, 0)
        self.assertIn((child.pid, fd), [(row["pid"], row["fd"]) for row in found])
        self.assertNotIn((os.getpid(), mine.fileno()), [(row["pid"], row["fd"]) for row in found])
        self.assertIn("CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH", errors)
        self.assertIn("Permission denied", errors)


class RecordedTree(zoo.ZooTest):
    def record(self, pid):
        """A copy of what proctcp reads of a process."""
        for name in ("stat", "status", "limits", "cgroup", "net/tcp", "net/tcp6"):
            path = self.path("%d/%s" % (pid, name))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open("/proc/%d/%s" % (pid, name), "rb") as source, open(path, "wb") as copy:
                copy.write(source.read())
        for name in ["exe", "ns/net"] + ["fd/" + fd for fd in os.listdir("/proc/%d/fd" % pid)]:
            path = self.path("%d/%s" % (pid, name))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            try:
                os.symlink(os.readlink("/proc/%d/%s" % (pid, name)), path)
            except FileNotFoundError:
                pass  # the descriptor of listdir itself
        with open("/proc/stat") as source:
            self.write("stat", source.read())

    def test_recorded_tree_is_scanned_exactly_like_a_live_one(self):
        def elsewhere():
            zoo.enter_new_netns()
            zoo.set_comm(b"boxed (\n)")
            kept = zoo.connection()
            return None, list(kept)

        def here():
            kept = list(zoo.connection("::", to="127.0.0.1"))
            kept.append(os.dup(kept[1].fileno()))
            return None, kept

        for child in (self.fork(elsewhere), self.fork(here)):
            self.record(child.pid)
            words = ("--pid", child.pid)
            moving = ("first_seen", "timer", "timer_expires_ms", "fds")
            still = lambda found: [{k: v for k, v in row.items() if k not in moving} for row in found]
            live, recorded = rows(*words, "--source", "procfs"), rows(*words, "--proc-root", self.directory)
            self.assertGreaterEqual(len(live), 3)
            self.assertEqual(still(live), still(recorded))
            as_process = lambda *more: [json.loads(line) for line in
                                        cli("--processes", "-o", "json", *words, *more).decode().splitlines()]
            self.assertEqual(still(as_process("--source", "procfs")), still(as_process("--proc-root", self.directory)))


if __name__ == "__main__":
    unittest.main()
