"""Groups and listeners: what the program shows of services that the test itself runs, against what it opened."""
import collections
import json
import os
import pwd
import random
import signal
import socket
import subprocess
import sys
import textwrap
import unittest

from scans import Scans
from support import CLI, LiveTest, cli, rows, wait_until

# Opens what it is told to, one JSON command a line, and answers each with a line.
SERVICE = textwrap.dedent("""
    import json, os, socket, sys, time
    open("/proc/self/comm", "w").write(sys.argv[1])
    kept = {}
    for line in sys.stdin:
        word, *values = json.loads(line)
        answer = None
        if word == "listen":
            family = socket.AF_INET6 if ":" in values[0] else socket.AF_INET
            listener = socket.socket(family)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, values[2])
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, values[3])
            listener.bind((values[0], values[1]))
            listener.listen(values[4])
            kept[listener.fileno()] = listener
            answer = [listener.fileno(), listener.getsockname()[1]]
        elif word == "connect":
            connection = socket.socket(socket.AF_INET6 if ":" in values[0] else socket.AF_INET)
            connection.setblocking(values[2])
            try:
                connection.connect((values[0], values[1]))
            except BlockingIOError:
                pass
            kept[connection.fileno()] = connection
            answer = connection.fileno()
        elif word == "accept":
            connection = kept[values[0]].accept()[0]
            kept[connection.fileno()] = connection
            answer = connection.fileno()
        elif word == "send":
            kept[values[0]].sendall(b"x" * values[1])
        elif word == "receive":
            left = values[1]
            while left:
                left -= len(kept[values[0]].recv(min(left, 65536)))
        elif word == "close":
            kept.pop(values[0]).close()
        elif word == "execute":
            for fd in kept:
                os.set_inheritable(fd, True)
            print("null", flush=True)
            os.execv(sys.executable, [sys.executable, "-c", *values])
        elif word == "adopt":
            kept.update((fd, socket.socket(fileno=fd)) for fd in values)
        elif word == "fork":
            answer = os.fork()
            if answer == 0:
                while True:
                    time.sleep(1000)
        print(json.dumps(answer), flush=True)
""")


STRANGER = "import os, socket, time; os.setuid(65534); kept = socket.create_server(('127.0.0.1', 0)); " \
    "print(flush=True); time.sleep(1000)"


class Service:
    """A process with a name, arguments and a control group of its own."""

    def __init__(self, test, name, *arguments, prefix=(), **options):
        self.name = name
        self.process = test.start(*prefix, sys.executable, "-c", SERVICE, name, *arguments, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True, **options)
        self.pid = self.process.pid
        self.forked = []
        test.addCleanup(self.end_forked)

    def end_forked(self):
        for pid in self.forked:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def tell(self, *words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def listen(self, address="127.0.0.1", port=0, v6only=0, reuseport=0, backlog=128):
        return self.tell("listen", address, port, v6only, reuseport, backlog)

    def connect(self, address, port, blocking=True):
        return self.tell("connect", address, port, blocking)

    def pair(self, listener):
        fd, port = listener
        client = self.connect("127.0.0.1", port)
        return client, self.tell("accept", fd)

    def fork(self):
        self.forked.append(self.tell("fork"))


def by_name(lines):
    return {line["group"]: line for line in lines}


def unique_name(test):
    unique_name.count += 1
    return "t%d-%d" % (os.getpid() % 100000, unique_name.count)


unique_name.count = 0


class Groups(LiveTest):
    def service(self, *arguments, name=None, **options):
        return Service(self, name or unique_name(self), *arguments, **options)

    def groups(self, *options):
        return by_name(rows("--groups", *options))

    def test_processes_of_one_name_are_one_group(self):
        first = self.service()
        second = self.service(name=first.name)
        for service in (first, second):
            service.pair(service.listen())
        group = self.groups()[first.name]
        self.assertEqual((group["processes"], group["sockets"], group["listen"], group["established"]), (2, 6, 2, 4))

    def test_a_listener_of_many_workers_is_one_socket(self):
        master = self.service()
        master.listen()
        for _ in range(37):
            master.fork()
        group = self.groups("--max-groups", 65000)[master.name]
        self.assertEqual((group["processes"], group["sockets"], group["listen"]), (38, 1, 1))

    def test_configured_groups_take_what_their_rules_say_and_the_rest_goes_on(self):
        shop, blog = self.service("-Dapp=shop"), self.service("-Dapp=blog")
        name = shop.name
        listeners = [service.listen() for service in (shop, blog)]
        for service, listener in zip((shop, blog), listeners):
            service.pair(listener)
        groups = self.groups("--group", "app-\\1=command=%s.* -Dapp=(\\w+)|-Dapp=(shop|blog)$" % name.replace("-", "."),
                             "--group", "idle=process=nobody-at-all")
        self.assertEqual(groups["idle"]["processes"], 0)
        self.assertEqual(groups["app-shop"]["sockets"], 3)
        port = listeners[1][1]
        groups = self.groups("--group", "in=process=%s;local-port=%d;state=listen" % (blog.name, port))
        self.assertEqual((groups["in"]["sockets"], groups["in"]["listen"]), (1, 1))
        self.assertEqual((groups[blog.name]["sockets"], groups[blog.name]["listen"]), (2, 0))

    def test_nobody_gets_into_a_configured_group_by_its_name(self):
        impostor = self.service(name="proctcpshop")
        impostor.listen()
        groups = self.groups("--group", "proctcpshop=process=nobody-at-all")
        self.assertEqual(groups["proctcpshop"]["sockets"], 0)
        self.assertEqual(groups["_proctcpshop"]["sockets"], 1)

    def test_what_a_stranger_writes_costs_a_pattern_no_more_than_his_share(self):
        text = "j" + "a" * 3600 + "!"  # a pattern with two ways through each pair of letters takes long to give up here
        strangers = [self.start(sys.executable, "-c", STRANGER, text, stdout=subprocess.PIPE) for _ in range(10)]
        for stranger in strangers:
            stranger.stdout.readline()
        mine = self.service("-Dapp=shop")
        mine.listen()
        pids = ",".join(str(each) for each in [stranger.pid for stranger in strangers] + [mine.pid])
        done = subprocess.run([CLI, "-o", "json", "--pid", pids, "--group", "x-\\1=command=(a|aa)*(\\w+)$", "--group",
                               "app-\\1=command=-Dapp=(\\w+)"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIn("for what one user may cost", done.stderr)
        groups = by_name(map(json.loads, done.stdout.splitlines()))
        self.assertEqual(sum(group["sockets"] for name, group in groups.items() if name != "all"),
                         groups["all"]["sockets"])
        self.assertEqual(groups["all"]["sockets"], 11)

    def test_groups_by_user_and_executable(self):
        service = self.service()
        service.listen()
        user, executable = self.groups("--group-by", "user"), self.groups("--group-by", "executable")
        name = subprocess.run(["id", "-un"], stdout=subprocess.PIPE, text=True).stdout.strip()
        self.assertGreaterEqual(user[name]["sockets"], 1)
        self.assertGreaterEqual(executable[os.readlink("/proc/%d/exe" % service.pid)]["sockets"], 1)

    def test_it_goes_on_after_a_restart(self):
        service = self.service()
        client, server = service.pair(service.listen())
        scans = Scans(self, "--groups")
        wait = lambda condition, what: by_name(scans.until(lambda lines: condition(by_name(lines).get(service.name, {})),
                                                           what))[service.name]
        service.tell("send", client, 5000)
        service.tell("receive", server, 5000)
        before = wait(lambda group: group.get("payload_received_bytes") == 5000, "what was sent")
        self.stop(service.process)
        gone = wait(lambda group: group["processes"] == 0, "the end of the service")
        self.assertEqual((gone["sockets"], gone["payload_received_bytes"]), (0, 5000))
        self.assertEqual(gone["sockets_closed"], 3)
        again = self.service(name=service.name)
        client, server = again.pair(again.listen())
        again.tell("send", server, 70)
        again.tell("receive", client, 70)
        after = wait(lambda group: group["payload_received_bytes"] == 5070, "what was sent after the restart")
        self.assertEqual(after["sockets_opened"], before["sockets_opened"] + 3)

    def test_a_process_that_executes_another_program_counts_on_under_its_name(self):
        """And where it takes another user, under his: what was counted stays where it was counted."""
        become = "import ctypes, encodings.idna, json, os, socket, sys, time; libc = ctypes.CDLL(None); " \
            "os.setuid(65534); libc.prctl(4, 1)\n"  # PR_SET_DUMPABLE, so that /proc/self stays its own
        for key, names in (("process", [unique_name(self), unique_name(self)]), ("user", None)):
            with self.subTest(by=key):
                first, second = names or (pwd.getpwuid(os.getuid()).pw_name, pwd.getpwuid(65534).pw_name)
                service = self.service(name=first if names else None)
                client, server = service.pair(service.listen())
                scans = Scans(self, "--groups", "--group-by", key)
                group = lambda lines, name: by_name(lines).get(name, {})
                service.tell("send", client, 5000)
                service.tell("receive", server, 5000)
                told = scans.until(lambda lines: group(lines, first).get("payload_received_bytes", 0) >= 5000, "5000 bytes")
                known = group(told, second).get("payload_received_bytes", 0)
                service.tell("execute", become + SERVICE, second)
                service.tell("adopt", client, server)
                service.tell("send", client, 70)
                service.tell("receive", server, 70)
                after = scans.until(lambda lines: group(lines, second).get("payload_received_bytes", 0) >= known + 70,
                                    "70 bytes under the other name")
                self.assertEqual(group(after, second)["payload_received_bytes"], known + 70)
                self.assertGreaterEqual(group(after, first)["payload_received_bytes"], 5000)
                last = {}
                for line in scans.history:  # whatever moved, nothing goes down
                    for counter in ("payload_received_bytes", "sockets_opened", "sockets_closed"):
                        if counter in line:
                            self.assertGreaterEqual(line[counter], last.get((line["group"], counter), 0))
                            last[line["group"], counter] = line[counter]

    def test_what_is_left_behind_counts_where_it_was(self):
        service = self.service()
        client, server = service.pair(service.listen())
        scans = Scans(self, "--groups")
        scans.until(lambda lines: by_name(lines).get(service.name, {}).get("established") == 2, "the pair")
        service.tell("close", client)
        service.tell("close", server)
        found = scans.until(lambda lines: by_name(lines)[service.name]["left_behind"] == 1, "TIME_WAIT")
        self.assertGreaterEqual(by_name(found)["all"]["left_behind"], 1)

    def test_sums_agree_with_a_plain_count_of_sockets(self):
        for seed in range(5):
            with self.subTest(seed=seed):
                self.check_sums(random.Random(seed))

    def random_services(self, dice):
        """A few services under fewer names: listeners, connections within and between them, workers, leaks."""
        names = [unique_name(self) for _ in range(dice.randint(2, 4))]
        services = [self.service(name=dice.choice(names)) for _ in range(dice.randint(3, 6))]
        listeners = []
        for service in services:
            for _ in range(dice.randint(0, 2)):
                listeners.append((service, service.listen(reuseport=1)))
            for _ in range(dice.randint(0, 2)):
                service.fork()
        for _ in range(dice.randint(5, 25) if listeners else 0):
            server, (fd, port) = dice.choice(listeners)
            client = dice.choice(services)
            connection = client.connect("127.0.0.1", port)
            if dice.random() < 0.7:
                accepted = server.tell("accept", fd)
                if dice.random() < 0.5:
                    client.tell("send", connection, dice.randint(1, 20000))
                if dice.random() < 0.2:
                    server.tell("close", accepted)
        return names

    def check_sums(self, dice):
        names = self.random_services(dice)
        selection = ["--process", ",".join(names)]
        # Acknowledgements come late: nothing may happen while it is looked at twice.
        volatile = ("last_data_sent_ms", "last_data_received_ms", "last_ack_received_ms", "timer_expires_ms")

        def look():
            return [{key: value for key, value in line.items() if key not in volatile}
                    for line in rows("--sockets", *selection, "--sort", "inode,cookie") if line.get("process")]

        def look_while_nothing_happens():
            before, groups, held = look(), self.groups(*selection), rows(*selection)
            return before == look() and (before, groups, held)
        sockets, groups, all_rows = wait_until(look_while_nothing_happens, "a moment in which nothing happens")
        held = collections.defaultdict(dict)
        for row in all_rows:
            held[row["process"]][row["inode"]] = row["state"]
        self.assertEqual(set(groups) - {"all"}, set(held))
        for name in (*held, "all"):
            mine = [line for line in sockets if name in (line["process"], "all")]  # whose rank 1 it has
            states = collections.Counter(line["state"] for line in mine) if name == "all" \
                else collections.Counter(held[name].values())
            group = groups[name]
            self.assertEqual(group["sockets"], sum(states.values()), name)
            self.assertEqual((group["listen"], group["established"], group["close_wait"], group["fin_wait2"]),
                             (states["listen"], states["established"], states["closeWait"], states["finWait2"]), name)
            for sum_, state in (("tx_queue_bytes", None), ("rx_queue_bytes", None), ("accept_queue", "listen")):
                self.assertEqual(group.get(sum_, 0), sum(line.get(sum_, 0) for line in mine
                                                         if state in (None, line["state"])), (name, sum_))
            times = sorted(line["rtt_us"] for line in mine if line["state"] == "established" and "rtt_us" in line)
            if times:
                self.assertEqual((group["rtt_p95_us"], group["rtt_max_us"], group["rtt_average_us"]),
                                 (times[(len(times) * 95 + 99) // 100 - 1], times[-1], (sum(times) + len(times) // 2) // len(times)), name)
            else:
                self.assertNotIn("rtt_max_us", group)
            for counter in ("bytes_received", "segs_in", "segs_out"):
                self.assertEqual(group.get(counter, 0), sum(line.get(counter, 0) for line in mine), (name, counter))


class Units(LiveTest):
    """A control group tree of the test's own, below the one that the host has, and a recorded one."""

    def test_units_and_containers_of_a_recorded_tree(self):
        ids = ["%064x" % (0x1111111111111 * number << 200) for number in range(1, 8)]
        pod = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f3d.slice/"
        recorded = [  # path, unit and container that it tells
            ("/system.slice/nginx.service", "nginx.service", None),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/sync.service", "sync.service", None),
            ("/docker/" + ids[0], None, ids[0][:12]),
            ("/system.slice/docker-%s.scope" % ids[1], "docker-%s.scope" % ids[1], ids[1][:12]),
            (pod + "cri-containerd-%s.scope" % ids[2], "cri-containerd-%s.scope" % ids[2], ids[2][:12]),
            (pod + "crio-%s.scope" % ids[3], "crio-%s.scope" % ids[3], ids[3][:12]),
            ("/kubepods/besteffort/pod0f3d4c5e-6a7b/" + ids[4], None, ids[4][:12]),
            ("/machine.slice/libpod-%s.scope" % ids[5], "libpod-%s.scope" % ids[5], ids[5][:12]),
            ("/machine.slice/systemd-nspawn@web.service", "systemd-nspawn@web.service", "web"),
            ("/", None, None),
        ]
        line = "%4d: 0100007F:%04X 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 %d 1 " \
               "0000000000000000 100 0 0 10 0\n"
        table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" + \
            "".join(line % (number, 8000 + number, 700 + number) for number in range(len(recorded)))
        for number, (path, _, _) in enumerate(recorded):
            pid = 100 + number
            os.makedirs(self.path("%d/fd" % pid))
            os.makedirs(self.path("%d/net" % pid))
            os.symlink("socket:[%d]" % (700 + number), self.path("%d/fd/3" % pid))
            self.write("%d/stat" % pid, "%d (p%d) S 1 %d 100 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n" % (pid, pid, pid))
            self.write("%d/cgroup" % pid, "0::%s\n" % path)
            self.write("%d/net/tcp" % pid, table)
        tree = lambda *words: rows("--proc-root", self.directory, "--source", "procfs", *words)
        processes = {line["pid"]: line for line in tree("--processes")}
        units, containers = (by_name(tree("--groups", "--group-by", key)) for key in ("unit", "container"))
        for number, (path, unit, container) in enumerate(recorded):
            with self.subTest(path=path):
                name = "p%d" % (100 + number)
                self.assertEqual([processes[100 + number].get(key) for key in ("cgroup", "unit", "container")],
                                 [path, unit, container])
                self.assertEqual(units[unit or name]["sockets"], 1)
                self.assertEqual(containers[container or name]["sockets"], 1)

    def test_units_and_containers_of_a_real_tree(self):
        root = next((place for place in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
                     if os.path.exists(os.path.join(place, "cgroup.procs"))), None)
        if not root:
            mounted = self.path("cgroup")
            os.mkdir(mounted)
            if subprocess.run(["mount", "-t", "cgroup2", "none", mounted], stderr=subprocess.DEVNULL).returncode:
                self.skipTest("no cgroup2 is mounted, and none may be")
            self.addCleanup(subprocess.run, ["umount", mounted])
            root = mounted
        identity = "0123456789abcdef" * 4
        top = os.path.join(root, "proctcp%d.slice" % os.getpid())
        places = {"unit": top + "/web.service", "container": top + "/docker-%s.scope" % identity}
        made = [top]
        try:
            os.mkdir(top)
            for place in places.values():
                os.mkdir(place)
                made.append(place)
        except OSError as error:
            for place in reversed(made):
                if os.path.isdir(place):
                    os.rmdir(place)
            self.skipTest("no control group may be made: %s" % error)
        for place in made:
            self.addCleanup(os.rmdir, place)
        services = {}
        for key, place in places.items():
            services[key] = Service(self, unique_name(self))
            self.addCleanup(self.stop, services[key].process)
            with open(place + "/cgroup.procs", "w") as file:
                file.write(str(services[key].pid))
            services[key].listen()
        if not any("web.service" in line.get("cgroup", "") for line in rows("--processes")):
            self.skipTest("the control group of another mount is not shown in /proc")
        units, containers = by_name(rows("--groups", "--group-by", "unit")), \
            by_name(rows("--groups", "--group-by", "container"))
        self.assertEqual(units["web.service"]["sockets"], 1)
        self.assertEqual(containers[identity[:12]]["sockets"], 1)
        self.assertEqual(containers[services["unit"].name]["sockets"], 1)  # in no container: by its name
        process = next(line for line in rows("--processes") if line["pid"] == services["container"].pid)
        self.assertEqual(process["container"], identity[:12])


class Listeners(LiveTest):
    def service(self):
        return Service(self, unique_name(self))

    def listener(self, address, port):
        found = [line for line in rows("--listeners") if line["local_port"] == port and line["local_address"] == address]
        self.assertEqual(len(found), 1, found)
        return found[0]

    def test_a_port_says_who_holds_it_and_what_came_in(self):
        service = self.service()
        fd, port = service.listen()
        for _ in range(3):
            service.pair((fd, port))
        service.connect("127.0.0.1", port)  # is not accepted
        listener = self.listener("127.0.0.1", port)
        self.assertEqual((listener["process"], listener["pid"], listener["fd"]), (service.name, service.pid, fd))
        self.assertEqual((listener["group"], listener["processes"], listener["owners"]), (service.name, 1, 1))
        self.assertEqual((listener["accept_queue"], listener["connections"], listener["established"]), (1, 4, 4))

    def test_drops_are_those_of_the_kernel(self):
        service = self.service()
        _, port = service.listen(backlog=1)
        for _ in range(8):
            service.connect("127.0.0.1", port, blocking=False)
        listener = self.listener("127.0.0.1", port)
        if "drops" not in listener:
            self.skipTest("this source does not tell")
        self.assertEqual((listener["accept_queue"], listener["accept_queue_max"]), (2, 1))
        self.assertGreaterEqual(listener["drops"], 6)

    def test_listeners_of_both_families_share_a_port(self):
        service = self.service()
        _, port = service.listen("0.0.0.0")
        service.listen("::", port, v6only=1)
        service.connect("127.0.0.1", port)
        service.connect("::1", port)
        service.connect("::1", port)
        self.assertEqual(self.listener("0.0.0.0", port)["connections"], 1)
        self.assertEqual(self.listener("::", port)["connections"], 2)

    def test_one_for_all_addresses_takes_both_families(self):
        service = self.service()
        _, port = service.listen("::")
        service.connect("127.0.0.1", port)
        service.connect("::1", port)
        self.assertEqual(self.listener("::", port)["connections"], 2)

    def test_the_address_itself_goes_before_all_addresses(self):
        service = self.service()
        _, port = service.listen("0.0.0.0", reuseport=1)
        service.listen("127.0.0.2", port, reuseport=1)
        service.connect("127.0.0.1", port)
        service.connect("127.0.0.2", port)
        service.connect("127.0.0.2", port)
        self.assertEqual(self.listener("0.0.0.0", port)["connections"], 1)
        self.assertEqual(self.listener("127.0.0.2", port)["connections"], 2)

    def test_sockets_that_share_a_port_are_one_listener(self):
        service = self.service()
        _, port = service.listen(reuseport=1)
        service.listen(port=port, reuseport=1)
        for _ in range(4):
            service.connect("127.0.0.1", port)
        listener = self.listener("127.0.0.1", port)
        self.assertEqual((listener["sockets"], listener["owners"], listener["connections"]), (2, 2, 4))
        self.assertEqual(listener["accept_queue"], 4)

    def test_workers_share_a_listener(self):
        service = self.service()
        _, port = service.listen()
        for _ in range(5):
            service.fork()
        listener = self.listener("127.0.0.1", port)
        self.assertEqual((listener["sockets"], listener["processes"], listener["owners"]), (1, 6, 6))


class Options(unittest.TestCase):
    def test_what_is_wrong_with_a_group_is_said(self):
        for words, expected in [
                (["--group-by", "colour"], "--group-by: \"colour\" is nothing to group by: give process, unit"),
                (["--group", "web"], "--group: \"web\" is no group: write NAME=KIND=VALUE"),
                (["--group", "web=nginx"], "rule 1, \"nginx\", is none: write KIND=VALUE"),
                (["--group", "web=process=nginx;local-port=80,x"], "rule 2 of group \"web\": local_port: value 2, \"x\""),
                (["--group", "a-\\1=process=x"], "there is no rule about command"),
                (["--group", "all=process=x"], "give another"),
                (["--max-groups", "0"], "--max-groups: \"0\" is no number of groups: give 1 to 65000"),
                (["--processes", "--group-by", "unit"], "--processes: only --groups and --listeners have groups"),
        ]:
            done = subprocess.run([CLI, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertIn(expected, done.stderr)

    def test_a_grouping_asks_for_groups(self):
        self.assertIn(b"GROUP", cli("--group-by", "user").splitlines()[0])
