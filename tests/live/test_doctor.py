"""proctcp doctor: each fault that it knows is provoked, and its result and remedy are looked for.

A house is a set of namespaces (mounts, processes, network) in which the usual places are the test's own directories, so
that daemons, files and ports of the host are neither seen nor touched."""
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

import bpf
import zoo
from support import BUILD, CLI, TOP, LiveTest, wait_until
from test_mib import MIB, base_mib_directories

AGENT = os.path.join(BUILD, "snmp", "proctcp-agentx")
PLUGIN = os.path.join(BUILD, "collectd", "proctcp.so")
SNMPD = shutil.which("snmpd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
COLLECTD = shutil.which("collectd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
MANUAL = os.path.join(TOP, "plugins/cli/proctcp.1")
ROOT = ".1.3.6.1.4.1.8072.9999.9999.793"
VIEW = "view systemonly included " + ROOT
CHECKS = """kernel bpf sock_diag procfs scan capabilities hidepid ptrace namespaces snmpd snmpd.conf agentx-socket proctcp-agentx
snmp snmp-subtree snmp-scan snmp-version mib base-mibs mib-version collectd collectd-plugin collectd.conf collectd-daemon
stale-agent stale-module stale-plugin""".split()
PLACES = {"snmp": "/etc/snmp", "run": "/run", "local": "/usr/local", "mibs": "/usr/share/snmp/mibs", "collectd": "/etc/collectd"}
NOBODY = 65534
PYTHON = "/usr/bin/python3"
needs_snmp = unittest.skipUnless(SNMPD and shutil.which("snmpget") and os.path.exists(AGENT),
                                 "snmpd, snmpget or proctcp-agentx is missing (Debian packages snmpd, snmp, libsnmp-dev)")
needs_collectd = unittest.skipUnless(COLLECTD and os.path.exists(PLUGIN),
                                     "collectd or its plugin is missing (Debian packages collectd-core, collectd-dev)")
as_itself = unittest.skipIf(os.environ.get("SANITIZED"), "a library of sanitizers must be loaded first, which a daemon is not told here")


class House(LiveTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.directory, 0o755)
        self.program = shutil.copy(CLI, self.path("proctcp"))  # where nobody can reach it
        os.chmod(self.program, 0o755)
        script = "mount --make-rprivate / && ip link set lo up"
        for name, place in PLACES.items():
            os.mkdir(self.path(name))
            os.chmod(self.path(name), 0o755)
            if os.path.isdir(place):
                script += " && mount --bind %s %s" % (self.path(name), place)
        script += " && mount -t tmpfs none /sys/fs/bpf && echo ready && exec sleep infinity"
        self.house = self.start("unshare", "--mount", "--pid", "--net", "--fork", "--mount-proc", "--kill-child", "sh", "-c",
                                script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(self.house.kill)  # and all that is in it with that; unshare itself waits for them otherwise
        said = self.house.stdout.readline()
        if said != "ready\n":
            self.skipTest("no namespaces here: " + said)
        with open("/proc/%d/task/%d/children" % (self.house.pid, self.house.pid)) as file:
            self.init = file.read().split()[0]
        self.environment = dict(os.environ, HOME=self.directory, SNMP_PERSISTENT_DIR=self.path("p"))
        for name in ("MIBDIRS", "MIBS", "SNMPCONFPATH", "SMIPATH"):  # for what the tests themselves run
            self.environment.pop(name, None)

    def inside(self, *words):
        return ["nsenter", "--target", self.init, "--mount", "--pid", "--net", "--", *map(str, words)]

    def run_inside(self, *words):
        return subprocess.run(self.inside(*words), env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, timeout=120)

    def do(self, *words):
        done = self.run_inside(*words)
        self.assertEqual(done.returncode, 0, "%s: %s" % (words, done.stdout))
        return done.stdout

    def start_inside(self, *words):
        log = open(self.path(os.path.basename(str(words[0])) + ".log"), "w")
        self.addCleanup(log.close)
        return self.start(*self.inside(*words), env=self.environment, stdout=log, stderr=log)

    def doctor(self, *arguments, by=()):
        """{check: finding}. by: words before the program."""
        done = subprocess.run(self.inside(*by, self.program, "doctor", "-o", "json", *arguments), env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=170)
        self.assertEqual(done.stderr, b"")
        findings = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]
        self.assertEqual([finding["check"] for finding in findings], CHECKS)
        wrong = [finding for finding in findings if finding["result"] in ("warning", "missing")]
        self.assertEqual(done.returncode, 1 if wrong else 0)
        for finding in findings:
            self.assertLessEqual({"check", "result", "found"}, set(finding))
            self.assertLessEqual(set(finding), {"check", "result", "found", "remedy"})
            self.assertTrue(finding["found"], finding)
            if finding["result"] == "ok":
                self.assertNotIn("remedy", finding)
        return {finding["check"]: finding for finding in findings}

    def expect(self, finding, result, found, *remedies):
        self.assertEqual(finding["result"], result, finding)
        self.assertRegex(finding["found"], found)
        lines = finding.get("remedy", "").split("\n")
        for remedy in remedies:
            self.assertIn(remedy, lines)

    IMPOSTOR = ("import ctypes, sys, time; ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0); print('named', flush=True); "
                "time.sleep(1000)")

    def start_impostors(self, name, count, *options):
        """Of a user of the system, with the name and the command line of the daemon, and the command line of an attack."""
        for _ in range(count):
            impostor = self.start(*self.inside("setpriv", "--reuid", "33", "--regid", "33", "--clear-groups", PYTHON, "-c", self.IMPOSTOR,
                                               name, *options), stdout=subprocess.PIPE, text=True)
            self.assertEqual(impostor.stdout.readline(), "named\n")
            self.addCleanup(impostor.stdout.close)

    @staticmethod
    def as_user(uid):
        return ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups"]


class Kernel(House):
    def setUp(self):
        super().setUp()
        if not os.path.exists("/sys/kernel/btf/vmlinux"):
            self.skipTest("this kernel has no BTF")

    def test_without_a_bpf_file_system_the_mount_is_told(self):
        self.expect(self.doctor()["kernel"], "none", "no BPF file system",
                    "sudo mount -t bpf -o mode=0755 bpf /sys/fs/bpf")

    def test_programs_are_not_loaded_loaded_and_loaded_for_somebody_else(self):
        self.do("mount", "-t", "bpf", "-o", "mode=0755", "bpf", "/sys/fs/bpf")
        found = self.doctor()
        self.expect(found["kernel"], "ok", "^Linux .* with BTF")
        self.assertEqual(found["bpf"]["result"], "none")  # it is no fault
        self.assertIn("not a better source: bpf", found["scan"]["found"])
        if not os.path.exists(bpf.LOADER):
            self.skipTest("%s is not built" % bpf.LOADER)
        loaded = self.run_inside(bpf.LOADER, "load")
        if loaded.returncode:
            self.skipTest("the kernel takes no BPF programs: " + loaded.stdout)
        self.addCleanup(self.run_inside, bpf.LOADER, "unload")
        found = self.doctor()
        self.expect(found["bpf"], "ok", "loaded")
        self.assertRegex(found["scan"]["found"], "^source bpf")
        self.expect(self.doctor(by=self.as_user(NOBODY))["bpf"], "warning", "Permission denied", "sudo proctcp-bpf load --group proctcp")
        self.do(bpf.LOADER, "load", "--group", "daemon")
        found = self.doctor(by=self.as_user(NOBODY))["bpf"]
        self.expect(found, "warning", "(?s)Permission denied.*the group daemon",
                    'sudo usermod -aG daemon "$USER"   # and log in again')
        self.assertNotIn("nogroup", found["remedy"])  # the caller's own

    def test_a_file_system_that_may_not_be_looked_into_is_no_fault(self):
        self.do("mount", "-t", "bpf", "-o", "mode=0700", "bpf", "/sys/fs/bpf")
        self.expect(self.doctor(by=self.as_user(NOBODY))["bpf"], "none", "(?s)Permission denied.*may not be seen by you",
                    "sudo proctcp doctor")

    def test_how_programs_are_loaded_is_told_by_what_is_installed(self):
        self.do("mount", "-t", "bpf", "-o", "mode=0755", "bpf", "/sys/fs/bpf")
        package = "make deb && sudo apt-get install ./build/deb/proctcp-bpf_*.deb"
        self.expect(self.doctor()["bpf"], "none", "(?s)not loaded.*not installed",
                    package if os.path.exists("/usr/bin/dpkg") else "make && sudo make install")
        os.makedirs(self.path("local/sbin"))
        os.chmod(self.write("local/sbin/proctcp-bpf", ""), 0o755)
        self.expect(self.doctor()["bpf"], "none", "not loaded", "sudo proctcp-bpf load --group proctcp")
        os.makedirs(self.path("local/lib/systemd/system"))
        self.write("local/lib/systemd/system/proctcp-bpf.service", "")
        found = self.doctor()["bpf"]
        self.expect(found, "none", "not loaded", "sudo systemctl enable --now proctcp-bpf")
        self.assertNotIn("proctcp-bpf load", found["remedy"])

    def test_files_that_are_no_programs_are_to_be_removed(self):
        self.do("mkdir", "/sys/fs/bpf/proctcp")
        self.do("touch", "/sys/fs/bpf/proctcp/tasks")
        self.expect(self.doctor()["bpf"], "warning", "not in a BPF file system", "sudo rm -r /sys/fs/bpf/proctcp",
                    "sudo proctcp-bpf load --group proctcp")


class Rights(House):
    def test_root_lacks_nothing(self):
        found = self.doctor()
        self.expect(found["sock_diag"], "ok", "tcp_diag")
        self.expect(found["procfs"], "ok", "/proc")
        self.expect(found["capabilities"], "ok", "CAP_SYS_ADMIN are there")
        self.expect(found["hidepid"], "ok", "hides no processes")
        self.expect(found["namespaces"], "ok", "read: [1-9]")
        self.assertNotIn("remedy", found["scan"])

    def test_a_user_without_capabilities_is_told_which_and_what_for(self):
        found = self.doctor(by=self.as_user(NOBODY))["capabilities"]
        self.expect(found, "missing", r"(?s)CAP_DAC_READ_SEARCH: .*CAP_SYS_PTRACE: .*CAP_SYS_ADMIN: .*may not be read: [1-9]",
                    "sudo proctcp")
        self.assertNotIn("setcap", found["remedy"])  # which gives them to everybody
        if os.path.exists("/sys/kernel/btf/vmlinux"):
            self.assertIn('sudo usermod -aG proctcp "$USER"', found["remedy"])

    def test_only_the_capability_that_is_missing_is_named(self):
        found = self.doctor(by=["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"])["capabilities"]
        self.expect(found, "missing", "CAP_SYS_PTRACE")
        self.assertNotIn("CAP_SYS_ADMIN:", found["found"])
        self.assertNotIn("CAP_DAC_READ_SEARCH:", found["found"])

    def test_hidden_processes_are_told_to_those_from_whom_they_are_hidden(self):
        for option, name in (("2", "invisible"), ("1", "noaccess")):
            self.do("mount", "-o", "remount,hidepid=" + option, "/proc")
            self.expect(self.doctor()["hidepid"], "ok", "hidepid=%s, and hides nothing from you" % name)
            self.expect(self.doctor(by=self.as_user(NOBODY))["hidepid"], "warning", "hidepid=" + name,
                        "sudo mount -o remount,hidepid=0 /proc")

    def test_a_group_that_sees_all_the_same_is_named(self):
        self.do("mount", "-o", "remount,hidepid=2,gid=4321", "/proc")
        self.expect(self.doctor(by=self.as_user(NOBODY))["hidepid"], "warning", "hidepid",
                    'sudo usermod -a -G 4321 "$USER"   # and log in again')
        in_group = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--groups", "4321"]
        self.expect(self.doctor(by=in_group)["hidepid"], "ok", "hides nothing from you")

    def test_denied_although_no_capability_is_missing(self):
        done = self.run_inside("unshare", "--user", "--map-root-user", "true")
        if done.returncode:
            self.skipTest("no user namespaces here: " + done.stdout)
        found = self.doctor(by=["unshare", "--user", "--map-root-user"])
        self.expect(found["capabilities"], "ok", "are there")
        self.expect(found["ptrace"], "warning", "although no capability is missing: [1-9]")

    def test_namespaces_that_may_not_be_entered(self):
        self.start_inside("unshare", "--net", PYTHON, "-c", "import socket, time; kept = socket.create_server(('', 0)); "
                          "print('up', flush=True); time.sleep(1000)")
        wait_until(lambda: open(self.path("unshare.log")).read() == "up\n", "another network namespace")
        self.expect(self.doctor()["namespaces"], "ok", "read: 2$")
        found = self.doctor(by=["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"])["namespaces"]
        self.expect(found, "warning", "(?s)read through /proc: 1 of 2.*Operation not permitted", "sudo proctcp")

    def test_a_filter_on_netlink_is_told(self):
        def refuse():
            zoo.refuse_netlink()
        done = subprocess.run([CLI, "doctor", "-o", "json"], preexec_fn=refuse, stdout=subprocess.PIPE, timeout=170)
        found = {finding["check"]: finding for finding in map(json.loads, done.stdout.splitlines())}
        self.expect(found["sock_diag"], "missing", "(?s)Operation not permitted.*AF_NETLINK", "sudo modprobe -a inet_diag tcp_diag")
        self.assertRegex(found["scan"]["found"], "^source procfs")


class Bounds(House):
    @unittest.skipIf(os.environ.get("SANITIZED"), "sanitizers need /proc")
    def test_in_a_root_where_nothing_is_installed_it_ends_and_calls_nothing_missing_that_is_not_there(self):
        root = self.path("root")
        for library in re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", CLI], stdout=subprocess.PIPE, text=True, check=True).stdout):
            os.makedirs(root + os.path.dirname(library), exist_ok=True)
            shutil.copy(library, root + library)
        shutil.copy(CLI, root + "/proctcp")
        done = subprocess.run(["chroot", root, "/proctcp", "doctor", "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=60)
        found = {finding["check"]: finding for finding in map(json.loads, done.stdout.splitlines())}
        self.assertEqual((done.returncode, done.stderr, list(found)), (1, b"", CHECKS))
        self.expect(found["procfs"], "missing", "/proc", "sudo mount -t proc proc /proc")
        for check in CHECKS[CHECKS.index("snmpd"):]:
            self.assertEqual(found[check]["result"], "none", found[check])

    def test_files_that_are_none_or_hold_anything_are_passed_over(self):
        os.mkfifo(self.path("snmp/proctcp.conf"))
        with open(self.path("snmp/snmpd.conf"), "wb") as file:
            file.write(b"\0\xff\x1b[31m\"" * 10000 + b"\n" + b"includeFile /etc/snmp/proctcp.conf\n" * 1000)
        with open(self.path("collectd/collectd.conf"), "wb") as file:
            file.write(b"Include \"/etc/collectd/*.txt\"\n" * 100 + b"<<<>\"\0\n" * 1000)
        os.mkfifo(self.path("mibs/PROCTCP-MIB.txt"))
        found = self.doctor()
        if SNMPD:
            self.expect(found["snmpd.conf"], "missing", "master agentx", "master agentx")
        self.assertEqual(found["collectd.conf"]["result"], "missing")

    def test_files_that_are_not_read_to_their_end_are_not_called_wrong(self):
        """Too large, or including themselves."""
        for snmpd, collectd in ((b"#" * 300000, b"#" * 300000), (b"includeFile /etc/snmp/snmpd.conf\n", b'Include "/etc/collectd/*"\n')):
            with open(self.path("snmp/snmpd.conf"), "wb") as file:
                file.write(snmpd + b"\nmaster agentx\nagentXSocket /x\n")
            with open(self.path("collectd/collectd.conf"), "wb") as file:
                file.write(collectd + b"\nLoadPlugin cpu\n")
            found = self.doctor()
            if SNMPD:
                self.expect(found["snmpd.conf"], "none", "^/etc/snmp/snmpd.conf: too large to be read whole")
            self.expect(found["collectd.conf"], "none", "^/etc/collectd/collectd.conf: too large to be read whole")

    def test_text_of_files_is_escaped(self):
        with open(self.path("collectd/collectd.conf"), "wb") as file:
            file.write(b'PluginDir "/a\x1b[31m\xff"\nLoadPlugin proctcp\n')
        found = self.doctor()["collectd-plugin"]
        self.expect(found, "missing", r"^/a\\x1b\[31m\\xff/proctcp\.so is not there")
        printed = self.run_inside(self.program, "doctor")
        self.assertNotIn("\x1b", printed.stdout)

    def test_text_of_files_and_users_that_a_shell_would_run_is_in_no_remedy(self):
        evil = "/run/x;$(id>pwned);`id`"
        self.write("collectd/collectd.conf", 'PluginDir "%s"\nLoadPlugin proctcp\n' % evil)
        self.write("snmp/snmpd.conf", "master agentx\nagentXSocket %s\n" % evil)
        self.write("snmp/proctcp.conf", "agentXSocket unix:%s/m\n" % evil)
        os.makedirs(self.path(evil[1:]))
        os.chmod(self.path(evil[1:]), 0o700)
        found = self.doctor(by=self.as_user(NOBODY))
        self.assertIn(evil, found["collectd-plugin"]["found"])
        if SNMPD:
            self.assertIn(evil, found["snmpd.conf"]["found"])
        for finding in [*found.values(), *self.doctor("--agentx", "unix:%s/m" % evil).values()]:
            self.assertNotRegex(finding.get("remedy", ""), "pwned|`", finding)

    def test_root_runs_no_program_that_somebody_else_may_have_put_there(self):
        """First on PATH, in the directory that it is started in, and at a place of the system's that is not root's."""
        os.makedirs(self.path("local/bin"))
        os.mkdir(self.path("bin"))
        for place in ("bin", "local/bin"):
            for name in ("snmpget", "snmpwalk", "snmptranslate"):
                os.chmod(self.write(os.path.join(place, name), "#!/bin/sh\ntouch %s\n" % self.path("run-by-root")), 0o755)
        os.chown(self.path("local/bin"), NOBODY, NOBODY)
        self.environment["PATH"] = ".:%s:%s" % (self.path("bin"), self.environment["PATH"])
        self.doctor("--snmp", "-v2c -c public localhost", by=["env", "--chdir", self.path("bin")])
        self.assertFalse(os.path.exists(self.path("run-by-root")))
        os.chown(self.path("local/bin"), 0, 0)
        os.chown(self.path("local/bin/snmptranslate"), NOBODY, NOBODY)
        self.doctor()
        self.assertFalse(os.path.exists(self.path("run-by-root")))
        self.doctor("--snmp", "-v2c -c public localhost")
        self.assertTrue(os.path.exists(self.path("run-by-root")))  # snmpget of root's, so that it would have been seen

    def test_programs_have_an_environment_of_their_own(self):
        self.place_program("snmptranslate", "env >%s/env-$(id -u)" % self.directory)
        os.chmod(self.directory, 0o777)
        self.environment.update(SNMPCONFPATH="/x", MIBDIRS="/y", MIBS="Z", LANG="de_DE.UTF-8", SNMP_PERSISTENT_DIR="/var/lib/snmp")
        self.doctor()
        self.doctor(by=self.as_user(NOBODY))
        own, users = ({line.split("=")[0]: line.strip().split("=", 1)[1] for line in open(self.path("env-%d" % uid))} for uid in (0, NOBODY))
        for name in ("PWD", "OLDPWD", "SHLVL", "_"):  # the shell's own
            own.pop(name, None)
        self.assertLessEqual(set(own), {"PATH", "LC_ALL", "HOME", "SNMP_PERSISTENT_DIR"})
        self.assertEqual(own["LC_ALL"], "C")
        self.assertFalse(os.path.exists(os.path.dirname(own["SNMP_PERSISTENT_DIR"]) + "/proctcp"))
        self.assertEqual((users["SNMPCONFPATH"], users["MIBDIRS"], users["MIBS"]), ("/x", "/y", "Z"))

    def test_it_changes_nothing(self):
        if not os.path.isdir("/var/lib/snmp"):
            self.skipTest("no /var/lib/snmp here (Debian package libsnmp-base)")
        for place in ("kept", "home", "tmp"):
            os.mkdir(self.path(place))
        os.chmod(self.path("tmp"), 0o1777)
        self.do("mount", "--bind", self.path("kept"), "/var/lib/snmp")
        self.do("mount", "--bind", self.path("tmp"), "/var/tmp")
        self.environment.update(HOME=self.path("home"), TMPDIR="/var/tmp")
        del self.environment["SNMP_PERSISTENT_DIR"]

        def everything():
            return {os.path.join(place, name): os.lstat(os.path.join(place, name)).st_mtime_ns for place, _, names in
                    os.walk(self.directory) for name in ["", *names]}
        before = everything()
        self.doctor("--snmp", "-v2c -c public localhost")
        self.doctor("--snmp", "-v3 -l authPriv -u monitor -a SHA -A authpassword -x AES -X privpassword localhost")
        self.assertEqual(everything(), before)

    def test_a_check_that_does_not_come_to_its_end_is_given_up(self):
        """snmptranslate that never ends: the others are made all the same."""
        self.place_program("snmptranslate", "trap '' TERM; while :; do sleep 1; done")
        began = time.monotonic()
        found = self.doctor()
        self.expect(found["mib"], "none", "did not come to its end")
        self.assertLess(time.monotonic() - began, 60)
        self.assertEqual(self.run_inside("pgrep", "-x", "snmptranslate").stdout, "")

    def place_program(self, name, script):
        os.makedirs(self.path("local/bin"), exist_ok=True)
        path = self.write("local/bin/" + name, "#!/bin/sh\n%s\n" % script)
        os.chmod(path, 0o755)
        self.environment["PATH"] = "/usr/local/bin:" + self.environment["PATH"]

    def test_a_process_that_a_user_calls_snmpd_is_none(self):
        self.start_inside(*self.as_user(4321), PYTHON, "-c", "import ctypes, time; ctypes.CDLL(None).prctl(15, b'snmpd', 0, 0, 0); "
                          "print('named', flush=True); time.sleep(1000)")
        wait_until(lambda: "named" in open(self.path("setpriv.log")).read(), "the process to have its name")
        found = self.doctor()
        self.assertNotEqual(found["snmpd"]["result"], "ok")
        self.expect(found["snmp"], "none", "no snmpd runs")

    def test_processes_of_the_systems_users_that_only_have_the_name_are_none(self):
        os.makedirs(self.path("run/sh;$(id>pwned);"))
        os.chmod(self.path("run/sh;$(id>pwned);"), 0o700)
        self.start_impostors("snmpd", 1, "-C", "-c", self.write("theirs.conf", "master agentx\n"))
        self.start_impostors("proctcp-agentx", 1, "-x", "unix:/run/sh;$(id>pwned);/m")
        self.start_impostors("collectd", 1, "-C", self.write("theirs.collectd", "PluginDir /theirs\nLoadPlugin proctcp\n"))
        for finding in self.doctor().values():
            self.assertNotRegex(finding["found"] + finding.get("remedy", ""), "pwned|theirs", finding)
            if finding["check"] in ("snmpd", "proctcp-agentx", "collectd"):
                self.assertNotEqual(finding["result"], "ok", finding)
        for check, finding in self.doctor(by=self.as_user(NOBODY)).items():
            self.assertNotRegex(finding["found"] + finding.get("remedy", ""), "pwned|theirs", finding)
            if check in ("snmpd", "proctcp-agentx", "collectd"):
                self.expect(finding, "none", "may not be looked into by you", "sudo proctcp doctor")

    def test_lines_for_people_have_the_remedy_below(self):
        printed = self.run_inside(*self.as_user(NOBODY), self.program, "doctor")
        self.assertEqual(printed.returncode, 1)
        lines = printed.stdout.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith("missing  capabilities"))
        self.assertRegex(lines[at], r"^missing  capabilities +CAP_DAC_READ_SEARCH: ")
        column = lines[at].index("CAP_")
        rest = lines[at + 1:lines.index(next(line for line in lines[at + 1:] if not line.startswith(" ")))]
        self.assertTrue(all(line[:column].strip() == "" for line in rest))
        self.assertIn(" " * column + "    sudo proctcp", rest)

    def test_options_are_those_of_help_and_of_the_manual(self):
        told = subprocess.run([CLI, "doctor", "--help"], stdout=subprocess.PIPE, text=True)
        self.assertEqual(told.returncode, 0)
        for words in (["--frobnicate"], ["-o", "csv"], ["--snmp"], ["now"], ["--agentx", ""]):
            done = subprocess.run([CLI, "doctor", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertIn("proctcp doctor --help", done.stderr)
        if not os.path.exists(MANUAL):
            self.skipTest("the sources are not here, and the manual is not")
        with open(MANUAL) as file:
            section = file.read().split(".Sh DOCTOR")[1].split(".Sh ")[0]
        options = set(re.findall(r"^  (?:-o|--[a-z-]+)", told.stdout, re.M))
        self.assertEqual(len(options), 4)
        for option in options:
            self.assertRegex(section, r"(?m)^\.It Fl %s .*" % option.strip()[1:])
            self.assertRegex(section, r"(?m)^\.Dl proctcp doctor %s " % option.strip())
        for check in CHECKS:
            self.assertRegex(section, r"(?m)^\.It Cm .*\b%s( |$)" % check)


@needs_snmp
class Snmp(House):
    MASTER = "master agentx\nagentXSocket unix:/run/agentx/master\n"
    READABLE = "rocommunity public 127.0.0.1 -V systemonly\nview systemonly included .1.3.6.1.2.1.1\n"
    QUICK = "proctcpInterval 3600\n"

    def start_snmpd(self, configuration, *options):
        self.write("snmp/snmpd.conf", "agentaddress udp:127.0.0.1:161\n" + configuration)
        daemon = self.start_inside(SNMPD, "-f", "-Lo", "-I", "-smux,mteTrigger,mteTriggerConf", *options)
        wait_until(lambda: "NET-SNMP version" in self.log("snmpd") or daemon.poll() is not None, "snmpd to start")
        self.assertIsNone(daemon.poll(), self.log("snmpd"))

    def log(self, name):
        with open(self.path(name + ".log"), errors="replace") as file:
            return file.read()

    def start_agent(self, *options, program=AGENT, configuration=QUICK, by=()):
        """by: words before it. Waits until it has joined, and scanned."""
        self.write("snmp/proctcp.conf", "agentXSocket unix:/run/agentx/master\n" + configuration)
        os.makedirs(self.path("local/sbin"), exist_ok=True)
        placed = self.path("local/sbin/proctcp-agentx")
        shutil.copy(program, placed)
        os.chmod(placed, 0o755)
        self.start_inside(*by, "/usr/local/sbin/proctcp-agentx", "-f", "-Lo", *options)

    def wait_for_agent(self):
        self.write("seen.conf", "")
        ask = ["snmpget", "-v2c", "-c", "all", "-m", "", "-Onq", "localhost", ROOT + ".1.1.102.0"]
        wait_until(lambda: re.search(r"\.102\.0 [24]\n", self.run_inside(*ask).stdout), "a scan of the agent")

    # A second community sees everything, for the test itself.
    SEES_ALL = "rocommunity all 127.0.0.1\n"

    def start_both(self, readable=READABLE + VIEW + "\n", **how):
        self.start_snmpd(self.MASTER + readable + self.SEES_ALL)
        self.start_agent(**how)
        self.wait_for_agent()

    def test_all_is_well_when_everything_is_there(self):
        self.start_both()
        found = self.doctor()
        for check in ("snmpd", "snmpd.conf", "agentx-socket", "proctcp-agentx", "snmp", "snmp-subtree", "snmp-version", "stale-agent"):
            self.assertEqual(found[check]["result"], "ok", found[check])
        self.assertIn("proctcpScanGeneration is 1", found["snmp-subtree"]["found"])
        self.assertIn(found["snmp-scan"]["result"], ("ok", "warning"))  # a container may keep even root from some process

    def test_nothing_is_asked_where_no_snmpd_runs(self):
        found = self.doctor()
        self.expect(found["snmpd"], "missing", "no process snmpd", "sudo systemctl enable --now snmpd")
        for check in ("snmp", "snmp-subtree", "snmp-scan", "snmp-version", "stale-module"):
            self.assertEqual(found[check]["result"], "none")
        self.expect(self.doctor("--snmp", "-v2c -c public localhost")["snmp"], "missing", "no SNMP agent listens",
                    "agentaddress 127.0.0.1,[::1]")

    def test_without_agentx_the_lines_are_told(self):
        self.start_snmpd(self.READABLE)
        found = self.doctor()
        self.expect(found["snmpd.conf"], "missing", "no line \"master agentx\"", "master agentx",
                    "agentXSocket /var/agentx/master,unix:/run/agentx/master", "agentXPerms 0660 0755 root _proctcp",
                    "sudo systemctl restart snmpd")
        self.expect(found["agentx-socket"], "missing", "No such file", "master agentx")

    def test_a_subagent_that_is_not_installed_or_does_not_run(self):
        self.start_snmpd(self.MASTER + self.READABLE)
        has_dpkg = os.path.exists("/usr/bin/dpkg")
        self.expect(self.doctor()["proctcp-agentx"], "missing", "not installed",
                    "make deb && sudo apt-get install ./build/deb/proctcp-snmp_*.deb" if has_dpkg else "make && sudo make install")
        os.makedirs(self.path("local/sbin"))
        shutil.copy(AGENT, self.path("local/sbin/proctcp-agentx"))
        self.expect(self.doctor()["proctcp-agentx"], "missing", "installed, and no process",
                    "sudo proctcp-agentx -x unix:/run/agentx/master")
        os.makedirs(self.path("local/lib/systemd/system"))
        self.write("local/lib/systemd/system/proctcp-agentx.service", "")
        self.expect(self.doctor()["proctcp-agentx"], "missing", "no process", "sudo systemctl enable --now proctcp-agentx")

    def test_a_socket_that_does_not_let_the_user_in(self):
        self.start_snmpd(self.MASTER + "agentXPerms 0660 0755 root root\n")
        self.have_no_agent_user()
        self.expect(self.doctor()["agentx-socket"], "ok", "lets in you")
        found = self.doctor(by=self.as_user(1))["agentx-socket"]
        self.expect(found, "warning", r"/run/agentx/master \(mode 0660, user 0, group 0\) does not let in you, user 1",
                    "agentXPerms 0660 0755 root _proctcp", "sudo systemctl restart snmpd")
        self.do("chmod", "0700", "/run/agentx")
        found = self.doctor(by=self.as_user(1))["agentx-socket"]
        self.expect(found, "warning", r"/run/agentx/ \(mode 0700", "sudo chmod o+x /run/agentx/")

    def change_users(self, users, groups=""):
        """users: lines of /etc/passwd instead of that of _proctcp."""
        for name, lines in (("passwd", users), ("group", groups)):
            with open("/etc/" + name) as file:
                kept = "".join(line for line in file if not line.startswith("_proctcp:"))
            self.do("mount", "--bind", self.write(name, kept + lines), "/etc/" + name)
            os.chmod(self.path(name), 0o644)

    def have_no_agent_user(self):
        self.change_users("")

    def test_where_no_subagent_runs_it_is_the_user_of_its_unit_who_must_be_let_in(self):
        self.change_users("_proctcp:x:789:789::/:/bin/false\n", "_proctcp:x:789:\n")
        self.start_snmpd(self.MASTER + "agentXPerms 0660 0755 root root\n")
        self.expect(self.doctor()["agentx-socket"], "warning", r"does not let in what _proctcp runs, user 789 \(_proctcp\)",
                    "agentXPerms 0660 0755 root _proctcp")
        os.chown(self.path("run/agentx/master"), 0, 789)
        self.expect(self.doctor()["agentx-socket"], "ok", "lets in what _proctcp runs")

    def test_the_real_snmpd_is_found_behind_many_impostors(self):
        self.start_impostors("snmpd", 9, "-x", "/theirs")
        self.start_snmpd(self.MASTER)
        found = self.doctor()
        self.expect(found["snmpd"], "ok", r"^runs as process \d+ \(processes that only have its name: 9\)$")
        self.expect(found["snmpd.conf"], "ok", "agentXSocket unix:/run/agentx/master")

    def test_of_several_that_are_real_the_one_of_root_is_looked_at(self):
        """What the command line of another user's says is not."""
        self.write("theirs.conf", "master agentx\nagentXSocket /tmp/theirs\n")
        os.chmod(self.path("theirs.conf"), 0o644)
        for _ in range(8):
            self.start_inside("setpriv", "--reuid", "33", "--regid", "33", "--clear-groups", SNMPD, "-f", "-Lo", "-C", "-c",
                              self.path("theirs.conf"), "-x", "/tmp/sh;$(id>pwned);/m", "udp:127.0.0.1:0")
        wait_until(lambda: len(self.run_inside("pgrep", "-x", "snmpd").stdout.split()) == 8, "the others to run")
        for finding in self.doctor().values():
            self.assertNotRegex(finding["found"] + finding.get("remedy", ""), "pwned|theirs", finding)
        self.start_snmpd(self.MASTER)
        found = self.doctor()
        self.expect(found["snmpd"], "ok", r"^runs as process (\d+), \d.*; \1 of them is looked at$")
        self.expect(found["snmpd.conf"], "ok", "agentXSocket unix:/run/agentx/master")

    def test_one_of_several_addresses_serves(self):
        self.start_snmpd("master agentx\nagentXSocket /run/other/master,unix:/run/agentx/master\n")
        self.write("snmp/proctcp.conf", "agentXSocket unix:/run/agentx/master\n")
        self.expect(self.doctor()["snmpd.conf"], "ok", "/run/other/master,unix:/run/agentx/master")
        self.write("snmp/proctcp.conf", "agentXSocket unix:/run/third\n")
        self.expect(self.doctor()["snmpd.conf"], "warning", "joins at unix:/run/third", "agentXSocket unix:/run/agentx/master")

    def test_it_is_the_user_of_the_subagent_who_must_be_let_in(self):
        self.start_snmpd(self.MASTER + "agentXPerms 0660 0755 root root\n")
        self.start_agent("-u", "daemon")
        wait_until(lambda: "no AgentX master" in self.log("proctcp-agentx"), "the agent to say that it was refused")
        found = self.doctor()
        self.expect(found["agentx-socket"], "warning", r"(?s)does not let in proctcp-agentx, user 1 \(daemon\).*made to be run as _proctcp",
                    "agentXPerms 0660 0755 root _proctcp")
        self.expect(found["snmpd.conf"], "ok", "master agentx")

    def test_two_addresses_that_differ(self):
        self.start_snmpd(self.MASTER.replace("/run/agentx/master", "/run/agentx/other"))
        self.write("snmp/proctcp.conf", "agentXSocket /run/agentx/master\n")
        found = self.doctor()
        self.expect(found["snmpd.conf"], "warning", "is unix:/run/agentx/other there, and proctcp-agentx joins at /run/agentx/master",
                    "agentXSocket unix:/run/agentx/other")
        self.expect(found["agentx-socket"], "missing", "/run/agentx/master: No such file")
        found = self.doctor("--agentx", "unix:/run/agentx/other")
        self.expect(found["snmpd.conf"], "ok", "master agentx")
        self.expect(found["agentx-socket"], "ok", "/run/agentx/other")

    def test_a_socket_at_which_nobody_listens(self):
        self.start_snmpd(self.READABLE)
        os.mkdir(self.path("run/agentx"))
        with socket.socket(socket.AF_UNIX) as left_over:
            left_over.bind(self.path("run/agentx/master"))
        self.expect(self.doctor()["agentx-socket"], "missing", "nobody listens there: Connection refused")

    def test_no_answer_and_a_wrong_community_are_told_apart(self):
        self.start_snmpd(self.READABLE)
        self.expect(self.doctor("--snmp", "-v2c -c wrong localhost")["snmp"], "missing", "the community is wrong")
        self.expect(self.doctor("--snmp", "-v2c -c public localhost:1161")["snmp"], "missing", "no SNMP agent listens at that address",
                    "sudo systemctl restart snmpd")

    def test_a_user_or_password_of_snmpv3_that_is_wrong(self):
        self.start_snmpd("createUser monitor SHA authpassword AES privpassword\nrouser monitor authPriv -V systemonly\n"
                         "view systemonly included .1.3.6.1.2.1.1\n")
        words = "-v3 -l authPriv -u %s -a SHA -A %s -x AES -X privpassword localhost"
        self.expect(self.doctor("--snmp", words % ("monitor", "authpassword"))["snmp"], "ok", "answers")
        self.expect(self.doctor("--snmp", words % ("monitor", "'another one'"))["snmp"], "missing", "authentication failed")
        self.expect(self.doctor("--snmp", words % ("stranger", "authpassword"))["snmp"], "missing", "no such SNMPv3 user")
        self.expect(self.doctor("--snmp", "-v3 localhost")["snmp"], "missing", "does not take these arguments|no such SNMPv3 user")

    def test_what_was_given_for_asking_is_never_printed(self):
        self.start_snmpd(self.READABLE)
        for words in ("-v2c -c sesame12 localhost", "-v3 -l authPriv -u sesame12 -A sesame12 -X sesame12 localhost", "-csesame12",
                      "-v2c -c public sesame12.invalid", "-a sesame12 -v3 localhost", "'sesame12", "-d -v2c -c sesame12 localhost",
                      "-v2c -c public localhost sesame12"):
            done = self.run_inside(self.program, "doctor", "--snmp", words)
            self.assertEqual(done.returncode, 1)
            self.assertIn("snmp-subtree", done.stdout)
            self.assertNotIn("sesame12", done.stdout)

    def test_a_subtree_that_is_not_registered(self):
        self.start_snmpd(self.MASTER + self.READABLE + VIEW + "\n")
        found = self.doctor()
        self.expect(found["snmp"], "ok", "answers")
        self.expect(found["snmp-subtree"], "missing", "(?s)no such object.*sysDescr.0 answers.*snmpd does not have the subtree"
                    ".*proctcp-agentx does not run", "sudo systemctl enable --now proctcp-agentx")
        self.assertNotIn(VIEW, found["snmp-subtree"]["remedy"])
        self.expect(found["snmp-scan"], "none", "the subtree is not seen")

    def test_a_view_that_hides_the_subtree(self):
        self.start_both(self.READABLE)
        found = self.doctor()["snmp-subtree"]
        self.expect(found, "missing", "(?s)sysDescr.0 answers.*snmpd has the subtree, and the view of who asks hides it", VIEW,
                    "sudo systemctl restart snmpd")
        self.assertNotIn("proctcp-agentx", found["remedy"])

    def test_a_view_that_hides_everything_leaves_both_open(self):
        self.start_both("rocommunity public 127.0.0.1 -V nothing\nview nothing included .1.3.6.1.2.1.25\n")
        self.expect(self.doctor()["snmp-subtree"], "missing", "(?s)nor does sysDescr.0 answer.*or snmpd does not have it", VIEW)

    def test_a_scan_that_left_something_out(self):
        self.start_snmpd(self.MASTER + "agentXPerms 0666 0755\n" + self.READABLE + VIEW + "\n" + self.SEES_ALL)
        self.start_agent("-u", "daemon", by=["setpriv", "--bounding-set=-sys_ptrace,-dac_read_search",
                                             "--inh-caps=-sys_ptrace,-dac_read_search"])
        self.wait_for_agent()
        self.expect(self.doctor()["snmp-scan"], "warning", "(?s)partial.*proctcpScanLeftOut: .*denied.*CAP_DAC_READ_SEARCH CAP_SYS_PTRACE")

    def test_an_agent_whose_program_was_replaced(self):
        self.start_both()
        os.unlink(self.path("local/sbin/proctcp-agentx"))
        shutil.copy(AGENT, self.path("local/sbin/proctcp-agentx"))
        found = self.doctor()
        self.assertEqual(found["stale-agent"]["result"], "warning")
        self.assertRegex(found["stale-agent"]["remedy"], r"^sudo systemctl restart proctcp-agentx   # process \d+$")
        self.expect(self.doctor(by=self.as_user(NOBODY))["stale-agent"], "none", "may not be looked into", "sudo proctcp doctor")

    @as_itself
    def test_an_agent_of_another_version(self):
        with open(AGENT, "rb") as file:
            program = file.read()
        version = re.search(r'PROCTCP_VERSION "(.*)"', open(TOP + "/common/proctcp.h").read()).group(1).encode()
        self.assertIn(b"\0" + version + b"\0", program)
        with open(self.path("older"), "wb") as file:
            file.write(program.replace(b"\0" + version + b"\0", b"\0" + b"9" * len(version) + b"\0"))
        self.start_both(program=self.path("older"))
        self.expect(self.doctor()["snmp-version"], "warning", "is of version 9+, this program of " + version.decode(),
                    "sudo systemctl restart proctcp-agentx")

    def test_without_snmpget_its_package_is_told(self):
        self.start_snmpd(self.READABLE)
        self.do("mount", "--bind", "/dev/null", os.path.realpath(shutil.which("snmpget")))
        self.expect(self.doctor()["snmp"], "missing", "snmpget is not here", "sudo apt-get install snmp")

    def test_a_configuration_that_may_not_be_read_is_no_fault(self):
        self.start_snmpd(self.MASTER)
        os.chmod(self.path("snmp/snmpd.conf"), 0o600)
        self.expect(self.doctor(by=self.as_user(NOBODY))["snmpd.conf"], "none", "may not be read by you", "sudo proctcp doctor")

    def test_the_configuration_is_the_one_that_snmpd_was_started_with(self):
        other = self.write("other.conf", self.MASTER)
        self.start_snmpd("", "-C", "-c", other)
        self.expect(self.doctor()["snmpd.conf"], "ok", "master agentx")

    @as_itself
    def test_the_module_needs_no_agentx(self):
        module = shutil.copy(os.path.join(BUILD, "snmp", "proctcp.so"), self.path("proctcp.so"))
        self.start_snmpd(self.READABLE + VIEW + "\ndlmod proctcp %s\n" % module + self.SEES_ALL)
        self.wait_for_agent()
        found = self.doctor()
        for check in ("snmpd.conf", "agentx-socket", "proctcp-agentx"):
            self.expect(found[check], "none", "dlmod proctcp")
        for check in ("snmp-subtree", "stale-module"):
            self.assertEqual(found[check]["result"], "ok", found[check])
        os.unlink(module)
        found = self.doctor()["stale-module"]
        self.expect(found, "warning", "proctcp.so that has been replaced or removed")
        self.assertIn("sudo systemctl restart snmpd", found["remedy"])


@unittest.skipUnless(shutil.which("snmptranslate"), "snmptranslate is missing (Debian package snmp)")
class Mibs(House):
    def install(self, *without):
        for place in base_mib_directories():
            for name in os.listdir(place):
                if os.path.splitext(name)[0] not in without:
                    shutil.copy(os.path.join(place, name), self.path("mibs"))

    def test_all_is_found(self):
        self.install()
        shutil.copy(MIB, self.path("mibs"))
        found = self.doctor()
        for check in ("mib", "base-mibs", "mib-version"):
            self.assertEqual(found[check]["result"], "ok", found[check])

    def test_a_mib_that_is_not_installed(self):
        found = self.doctor()
        self.expect(found["mib"], "missing", "no PROCTCP-MIB on the search path.*/usr/share/snmp/mibs",
                    "sudo cp mibs/PROCTCP-MIB.txt /usr/share/snmp/mibs/", ROOT + ".1.3   socket table", ROOT + ".1.9   top table")
        self.expect(found["mib-version"], "none", "no PROCTCP-MIB is installed")

    def test_a_mib_that_is_not_on_the_search_path(self):
        os.makedirs(self.path("local/share/snmp/mibs"))
        shutil.copy(MIB, self.path("local/share/snmp/mibs"))
        found = self.doctor()
        self.expect(found["mib"], "missing", "it stands in /usr/local/share/snmp/mibs", "mibdirs +/usr/local/share/snmp/mibs",
                    "mibs +PROCTCP-MIB")
        self.expect(found["mib-version"], "ok", "/usr/local/share/snmp/mibs")
        self.install()
        self.write("snmp/snmp.conf", "mibdirs +/usr/local/share/snmp/mibs\nmibs +PROCTCP-MIB\n")  # the remedy
        self.assertEqual(self.doctor()["mib"]["result"], "ok")

    def test_base_mibs_that_are_missing(self):
        shutil.copy(MIB, self.path("mibs"))
        found = self.doctor()
        self.assert_numbers_once(found)
        self.expect(found["mib"], "warning", "is on the search path, and is not understood: see base-mibs")
        self.expect(found["base-mibs"], "missing", "SNMPv2-TC .*INET-ADDRESS-MIB")
        if os.path.exists("/usr/bin/dpkg"):
            self.expect(found["base-mibs"], "missing", "not found", "sudo apt update && sudo apt install snmp-mibs-downloader",
                        "sudo sed -i 's/^mibs :/#mibs :/' /etc/snmp/snmp.conf")
            release = open("/etc/os-release").read()
            if re.search("^ID=debian$", release, re.M):
                with open(os.path.join(TOP, "README.md")) as readme:
                    step = re.search("^sudo find .*non-free.*$", readme.read(), re.M).group(0)
                self.expect(found["base-mibs"], "missing", "not found", step)
        self.install("HCNUM-TC")
        found = self.doctor()
        self.expect(found["base-mibs"], "missing", "(?m)are not found: HCNUM-TC$")
        self.assert_numbers_once(found)
        self.install()
        for name in os.listdir(self.path("mibs")):  # names of ours are known without it
            if os.path.splitext(name)[0] == "NET-SNMP-MIB":
                os.unlink(self.path("mibs/" + name))
        found = self.doctor()
        self.assertEqual(found["base-mibs"]["result"], "missing", found)
        self.assert_numbers_once(found)

    def assert_numbers_once(self, found):
        remedies = "\n".join(found[check].get("remedy", "") for check in ("mib", "base-mibs")).split("\n")
        for line in (ROOT + "   root", ROOT + ".1.3   socket table"):
            self.assertEqual(remedies.count(line), 1, found)

    def test_an_older_mib(self):
        with open(MIB) as file:
            text = file.read()
        self.write("mibs/PROCTCP-MIB.txt", re.sub(r'LAST-UPDATED "\d+Z"', 'LAST-UPDATED "202001010000Z"', text))
        self.expect(self.doctor()["mib-version"], "warning", r"is of 202001010000Z, this program of 20\d{10}Z",
                    "sudo cp mibs/PROCTCP-MIB.txt /usr/share/snmp/mibs/PROCTCP-MIB.txt")


class Make(unittest.TestCase):
    @unittest.skipUnless(os.path.exists(os.path.join(TOP, "Makefile")), "the sources are not here")
    def test_where_collectd_looks_for_plugins_is_a_variable(self):
        said = subprocess.run(["make", "-n", "-W", "plugins/cli/doctor_collectd.c", "BUILD=" + BUILD, "COLLECTD_PLUGINS=/usr/lib64/collectd",
                               BUILD + "/plugins/cli/doctor_collectd.o"], cwd=TOP, stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertIn("-DCOLLECTD_PLUGINS='\"/usr/lib64/collectd\"'", said)


@needs_collectd
class Collectd(House):
    def start_collectd(self, configuration):
        self.write("collectd/collectd.conf", "Hostname h\nBaseDir \"%s\"\nPIDFile \"%s\"\nTypesDB \"/usr/share/collectd/types.db\"\n"
                   "LoadPlugin logfile\n<Plugin logfile>\n File stdout\n</Plugin>\n" %
                   (self.directory, self.path("pid")) + configuration)
        daemon = self.start_inside(COLLECTD, "-f")
        wait_until(lambda: "Initialization complete" in open(self.path("collectd.log")).read() or daemon.poll() is not None,
                   "collectd to start")
        self.assertIsNone(daemon.poll(), open(self.path("collectd.log")).read())

    def install(self):
        os.makedirs(self.path("local/lib/collectd"))
        return shutil.copy(PLUGIN, self.path("local/lib/collectd"))

    LOADS = "PluginDir \"/usr/local/lib/collectd\"\nLoadPlugin proctcp\n"

    def test_a_plugin_that_is_not_in_its_directory(self):
        self.write("collectd/collectd.conf", "LoadPlugin proctcp\n")
        found = self.doctor()
        self.expect(found["collectd"], "missing", "no process collectd", "sudo systemctl enable --now collectd")
        has_dpkg = os.path.exists("/usr/bin/dpkg")
        self.expect(found["collectd-plugin"], "missing", "/usr/lib/collectd/proctcp.so is not there",
                    "make deb && sudo apt-get install ./build/deb/collectd-plugin-proctcp_*.deb" if has_dpkg else
                    "make && sudo make install COLLECTDDIR=/usr/lib/collectd")
        self.install()
        self.expect(self.doctor()["collectd-plugin"], "missing", "/usr/local/lib/collectd/proctcp.so is",
                    "PluginDir \"/usr/local/lib/collectd\"", "LoadPlugin proctcp", "PluginDir \"/usr/lib/collectd\"")

    def test_a_symbolic_link_is_no_plugin(self):
        self.install()
        os.rename(self.path("local/lib/collectd/proctcp.so"), self.path("local/lib/real.so"))
        os.symlink("../real.so", self.path("local/lib/collectd/proctcp.so"))
        self.write("collectd/collectd.conf", self.LOADS)
        self.expect(self.doctor()["collectd-plugin"], "missing", "collectd takes no symbolic links")

    def test_a_configuration_that_does_not_load_it(self):
        self.install()
        self.write("collectd/collectd.conf", "#LoadPlugin proctcp\n<Plugin proctcp>\n</Plugin>\n")
        found = self.doctor()
        self.expect(found["collectd.conf"], "missing", "does not load the plugin, though it has a block",
                    "PluginDir \"/usr/local/lib/collectd\"", "LoadPlugin proctcp", "sudo systemctl restart collectd")
        self.expect(found["collectd-plugin"], "ok", "needs a PluginDir")
        other = self.write("other.conf", self.LOADS)
        self.expect(self.doctor("--collectd-conf", other)["collectd.conf"], "ok", "other.conf loads the plugin")
        self.expect(self.doctor("--collectd-conf", "/nowhere")["collectd.conf"], "missing", "/nowhere: No such file")

    def test_an_included_file_loads_it(self):
        self.install()
        os.mkdir(self.path("collectd/collectd.conf.d"))
        self.write("collectd/collectd.conf", "<Include \"/etc/collectd/collectd.conf.d\">\n  Filter \"*.conf\"\n</Include>\n")
        self.write("collectd/collectd.conf.d/proctcp.txt", self.LOADS)
        self.assertEqual(self.doctor()["collectd.conf"]["result"], "missing")
        os.rename(self.path("collectd/collectd.conf.d/proctcp.txt"), self.path("collectd/collectd.conf.d/proctcp.conf"))
        found = self.doctor()
        self.expect(found["collectd.conf"], "ok", "loads the plugin")
        self.expect(found["collectd-plugin"], "ok", "/usr/local/lib/collectd/proctcp.so is there")

    def test_plugins_behind_it_that_are_not_found(self):
        self.install()
        self.write("collectd/collectd.conf", self.LOADS + "LoadPlugin cpu\n")
        self.expect(self.doctor()["collectd.conf"], "warning", "looks for cpu in /usr/local/lib/collectd, where it is not",
                    "PluginDir \"/usr/lib/collectd\"")

    @as_itself
    def test_a_daemon_with_the_plugin_and_one_whose_plugin_was_replaced(self):
        plugin = self.install()
        self.start_collectd(self.LOADS)
        found = self.doctor()
        for check in ("collectd", "collectd-plugin", "collectd.conf", "collectd-daemon", "stale-plugin"):
            self.assertEqual(found[check]["result"], "ok", found[check])
        os.unlink(plugin)
        shutil.copy(PLUGIN, plugin)
        found = self.doctor()
        self.expect(found["stale-plugin"], "warning", "proctcp.so that has been replaced")
        self.assertIn("sudo systemctl restart collectd", found["stale-plugin"]["remedy"])
        found = self.doctor(by=self.as_user(NOBODY))
        self.expect(found["collectd-daemon"], "none", "may not be looked into", "sudo proctcp doctor")

    @as_itself
    def test_a_daemon_that_does_not_have_the_plugin(self):
        self.install()
        self.start_collectd("")
        with open(self.path("collectd/collectd.conf"), "a") as file:
            file.write(self.LOADS)  # after it was started
        found = self.doctor()
        self.expect(found["collectd.conf"], "ok", "loads the plugin")
        self.expect(found["collectd-daemon"], "missing", "does not have the plugin loaded")
        self.assertIn("sudo systemctl restart collectd", found["collectd-daemon"]["remedy"])


if __name__ == "__main__":
    unittest.main()
