#!/usr/bin/python3
"""Tries the packages of make deb, in build/deb, as a new user would: on a minimal Debian that systemd runs, in namespaces, what
README's section Install says is done to the letter, then everything that the packages promise, an upgrade, removal and purge.
The tests are one story, in the order of their names: it ends with the first failure. Ends with "N passed, N failed, N skipped"."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "live")]
sys.dont_write_bytecode = True

import host  # noqa: E402
from support import wait_until  # noqa: E402

DEBS = os.path.join(TOP, os.environ.get("BUILD", "build"), "deb")
PACKAGES = ["proctcp", "proctcp-bpf", "proctcp-check", "proctcp-snmp", "collectd-plugin-proctcp", "libproctcp-dev"]
WITHOUT_SYSTEM_USER = [name for name in PACKAGES if name not in ("proctcp-bpf", "proctcp-snmp")]
ROOT = ".1.3.6.1.4.1.8072.9999.9999.793"
MIBS = next((path for path in os.environ.get("MIBDIRS", "").split(":") if os.path.isdir(path)), None)
EXPOSURE = {"proctcp-agentx": 2.0, "proctcp-bpf": 2.0}  # of systemd-analyze security: the most

# What a process of the unit can do. Each line prints a word and whether the system forbade it.
PROBE = r"""
use strict; use POSIX;
sub told { my ($what, $forbidden) = @_; printf "%s %s\n", $what, $forbidden ? "forbidden" : "allowed"; }
told("write-usr", !open(my $a, ">", "/usr/probe"));
told("write-etc", !open(my $b, ">", "/etc/probe"));
told("write-proc-sys", !open(my $c, ">", "/proc/sys/kernel/printk"));
told("write-cgroup", !mkdir("/sys/fs/cgroup/probe"));
told("see-home", !-e "/root/seen");
told("see-tmp", !-e "/tmp/seen");
told("device", !-e "/dev/probe");
told("inet", !socket(my $d, 2, 1, 0) && $! == EAFNOSUPPORT);
told("netlink", !socket(my $e, 16, 3, 4));
told("unix", !socket(my $f, 1, 1, 0));
sub call { my ($number, @rest) = @_; return syscall($number, @rest) < 0; }
open(my $net, "<", "/proc/self/ns/net"); open(my $mnt, "<", "/proc/self/ns/mnt");
told("enter-network-namespace", call(308, fileno($net), 0x40000000));
told("enter-mount-namespace", call(308, fileno($mnt), 0x00020000));
told("new-mount-namespace", call(272, 0x00020000));
told("writable-code", call(9, 0, 4096, 7, 0x22, -1, 0));
told("personality", call(135, 0x0040000));
told("realtime", call(144, $$, 1, pack("i", 1)));
my $name = (POSIX::uname())[1];
told("hostname", call(170, $name, length $name));
told("clock", call(227, 0, pack("qq", 0, -1)) && $! == EPERM);
told("kernel-log", call(103, 10, 0, 0) && $! == EPERM);
told("module", call(175, 0, 0, 0) && $! == EPERM);
told("files-of-others", umask == 0077);
told("all-of-proc", scalar grep { m{ /proc .*hidepid} } do { local @ARGV = "/proc/self/mountinfo"; <> });
told("mount", call(165, "none", "/mnt", "tmpfs", 0, 0));
told("new-user-namespace", call(272, 0x10000000));
told("ptrace", call(101, 0, 0, 0, 0));
told("pidfd-getfd", call(438, -1, 0, 0) && $! == EPERM);
told("setuid-file", do { open(my $g, ">", "/tmp/mine"); !chmod(04755, "/tmp/mine") });
my $bounding = (grep { /^CapBnd/ } do { local @ARGV = "/proc/self/status"; <> })[0];
print "bounding ", $bounding =~ /(\w+)$/, "\n";
print "user ", (getpwuid($>))[0], "\n";
"""
UNITS = {  # what a process of the unit may do, its bounding set and its user
    "proctcp-agentx": ({"netlink", "unix", "enter-network-namespace", "pidfd-getfd"},
                       "0000000000280004", "_proctcp"),  # SYS_ADMIN, SYS_PTRACE, DAC_READ_SEARCH
    "proctcp-bpf": ({"inet"}, "000000c000000001", "root"),  # BPF, PERFMON, CHOWN
}


def readme_blocks():
    """The commands of README's section Install."""
    with open(os.path.join(TOP, "README.md")) as file:
        section = file.read().split("\n## Install\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^```sh\n(.*?)^```$", section, re.M | re.S)


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            cls.host = host.Host(["systemd-sysv", "procps", "sudo", "ca-certificates"])
        except host.Unavailable as why:
            raise unittest.SkipTest(str(why))
        try:
            cls.host.boot()
            os.makedirs(cls.host.root + "/root/clone/build/deb")
            for package in PACKAGES:
                path, = glob.glob("%s/%s_*.deb" % (DEBS, package))
                shutil.copy(path, cls.host.root + "/root/clone/build/deb")
            cls.before = cls.host.files()
        except host.Unavailable as why:
            cls.host.close()
            raise unittest.SkipTest(str(why))
        except BaseException:
            cls.host.close()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.host.close()

    def done(self, script, **options):
        done = self.host.run(script, **options)
        self.assertEqual(done.returncode, 0, "%s\n%s\n%s" % (
            script, done.stdout, self.host.run("systemctl --failed --no-legend; journalctl -n 12 -p notice --no-pager").stdout))
        return done.stdout

    def walk(self, what):
        return self.host.run("snmpwalk -v2c -c public -m '' -Oqv localhost %s%s" % (ROOT, what)).stdout

    def pid_of(self, unit):
        return int(self.done("systemctl show -P MainPID " + unit))

    # ---- without the host ----

    def test_01_lintian_finds_nothing(self):
        done = host.run("lintian", "--fail-on", "error,warning", *(glob.glob("%s/%s_*.deb" % (DEBS, name))[0] for name in PACKAGES))
        complaints = [line for line in done.stdout.splitlines() if re.match(r"[EW]: ", line)]
        self.assertEqual((done.returncode, complaints), (0, []), done.stdout)

    def test_01_rpmbuild_builds_and_rpmlint_accepts_the_spec_file(self):
        done = host.run("make", "--no-print-directory", "rpm", cwd=TOP)
        self.assertEqual((done.returncode, done.stdout.count(".rpm\n")), (0, 6), done.stdout)
        done = host.run("rpmlint", os.path.join(os.path.dirname(DEBS), "rpm", "SPECS", "proctcp.spec"))
        self.assertEqual((done.returncode, [line for line in done.stdout.splitlines() if ": E: " in line]), (0, []), done.stdout)

    # ---- README ----

    def follow(self, line):
        if "snmp-mibs-downloader" in line and MIBS:
            # It fetches from the IETF's own sites, which may be out of reach where the archive is not.
            done = self.host.run(line, network=True, directory="/root/clone")
            if done.returncode:
                print("snmp-mibs-downloader fails, MIBDIRS has them: %s" % done.stdout[-300:])
                shutil.copytree(MIBS, self.host.root + "/usr/share/snmp/mibs/ietf", dirs_exist_ok=True)
            return done.stdout
        return self.done(line, network=line.startswith("sudo apt "), directory="/root/clone")


    def test_02_readme_to_the_letter(self):
        blocks = readme_blocks()
        self.assertEqual(len(blocks), 4)
        said = []
        for block in blocks:
            lines = block.replace("\\\n", "").splitlines()
            said.append("".join(self.follow(line) for line in lines))
        with self.subTest("the program shows the listener"):
            self.assertRegex(said[0], r"nginx +\d+ +\d+ +listen ")
        with self.subTest("over SNMP by number"):
            self.assertRegex(said[1], r'= STRING: "nginx\[\d+\] fd \d+ listen ')
        with self.subTest("over SNMP by name"):
            self.assertRegex(said[2], r'PROCTCP-MIB::proctcpSocketRow\.\d+\.\d+\.1 = STRING: nginx\[\d+\] fd \d+ listen ')
            self.assertRegex(said[2], r'PROCTCP-MIB::proctcpGroupEstablished\."nginx" = Gauge32: \d+')
        with self.subTest("in collectd"):
            self.assertRegex(said[-1], r"/proctcp-nginx/tcp_connections-LISTEN\n")

    def test_03_what_was_installed_runs(self):
        for unit in ("proctcp-bpf", "proctcp-agentx", "snmpd", "collectd", "nginx"):
            with self.subTest(unit):
                self.done("systemctl is-active " + unit)
        failed = self.done("systemctl --failed --no-legend --plain")
        self.assertEqual([line for line in failed.splitlines() if "proctcp" in line or "collectd" in line or "snmpd" in line], [])
        self.done("test -S /var/agentx/master")  # where other subagents expect it
        self.assertEqual(self.done("stat -c %U:%G:%a /run/agentx/master").strip(), "Debian-snmp:_proctcp:660")

    def test_04_doctor_has_nothing_to_say(self):
        said = [json.loads(line) for line in self.done("proctcp doctor -o json").splitlines()]
        self.assertGreater(len(said), 8)
        self.assertEqual([check for check in said if check["result"] not in ("ok", "none")], [])

    # ---- the units ----

    def test_05_units_are_well_formed_and_hardly_exposed(self):
        for unit, most in EXPOSURE.items():
            path = "/lib/systemd/system/%s.service" % unit
            with self.subTest(unit):
                said = self.done("systemd-analyze verify --man=no " + path)
                self.assertNotIn(unit, said)
                said = self.done("systemd-analyze security --no-pager --offline=true " + path)
                self.assertLessEqual(float(re.search(r"Overall exposure level for \S+: (\S+)", said).group(1)), most)

    def test_06_each_hardening_line_is_in_effect(self):
        """As far as a process can see it. RemoveIPC, SystemCallArchitectures and, without an address family for it,
        IPAddressDeny are not seen here."""
        self.host.write("/usr/local/bin/probe.pl", PROBE)
        self.host.write("/root/seen", "")
        self.done("touch /tmp/seen && mknod -m 666 /dev/probe c 1 3 && mkdir -p /run/systemd/system")

        def probed(text):
            return dict(line.split(" ", 1) for line in text.splitlines()
                        if re.match(r"[a-z-]+ (forbidden|allowed|[0-9a-f]{16}|root|_proctcp|nobody)$", line))
        for unit, (allowed, capabilities, user) in UNITS.items():
            with self.subTest(unit):
                self.done("sed -e 's,^ExecStart=.*,ExecStart=/usr/bin/perl /usr/local/bin/probe.pl,' -e 's,^Type=.*,Type=oneshot,' "
                          "-e '/^Restart=/d; /^WatchdogSec=/d; /^ExecStop=/d; /^RemainAfterExit=/d' /lib/systemd/system/%s.service "
                          ">/run/systemd/system/probe-%s.service && systemctl daemon-reload && systemctl start probe-%s" %
                          (unit, unit, unit))
                said = probed(self.done("journalctl -u probe-%s -o cat --no-pager" % unit))
                self.assertEqual({what for what, found in said.items() if found == "allowed"}, allowed, said)
                self.assertEqual((said["bounding"], said["user"], len(said)), (capabilities, user, 29))
        free = probed(self.done("perl /usr/local/bin/probe.pl"))
        self.assertEqual({what for what, found in free.items() if found == "forbidden"} - {"realtime"}, set(), "without a unit")
        self.assertEqual(len(free), 29)
        self.done("rm /usr/probe /etc/probe /tmp/mine /tmp/seen /dev/probe && rmdir /sys/fs/cgroup/probe")
        for path in ("/usr/local/bin/probe.pl", "/root/seen"):
            os.unlink(self.host.root + path)

    def test_07_the_hardened_agent_sees_everything(self):
        """Sockets of another namespace with all that sock_diag says, and a descriptor that never became a connection, with BPF
        and without."""
        self.host.write("/root/held.pl", r"""
            use IO::Socket::INET; socket(my $leak, 2, 1, 0);
            my $s = IO::Socket::INET->new(Listen => 7, LocalAddr => "127.0.0.1:4321") or die $!; sleep 900;""")
        self.done("systemd-run --unit=held --property=PrivateNetwork=yes perl /root/held.pl")
        pid = self.pid_of("held")
        for source in ("bpf", "netlink"):
            with self.subTest(source):
                if source == "netlink":
                    self.done("systemctl stop proctcp-bpf && systemctl restart proctcp-agentx")
                row = wait_until(lambda: re.search(r"fd \d+ listen 127.0.0.1:4321 .*", self.walk(".1.3.1.104.%d" % pid)), source)
                self.assertIn("accept 0/7", row.group(0))
                self.assertIn("closed", self.walk(".1.3.1.104.%d" % pid))
                stats = self.walk(".1.1")
                self.assertIn("complete", self.done("systemctl status proctcp-agentx --no-pager"), stats)
        self.done("systemctl start proctcp-bpf; systemctl stop held")
        os.unlink(self.host.root + "/root/held.pl")

    def test_07_collectd_confined_by_the_example_reads_the_same(self):
        """The example's rights for a root that has no others, and filters that leave what the plugin needs."""
        held = self.pid_of("nginx")
        self.done("mkdir -p /etc/systemd/system/collectd.service.d && sed -E "
                  "-e 's/^#(CapabilityBoundingSet|RestrictNamespaces|ProtectProc|ProcSubset|PrivateUsers|PrivateNetwork)=/\\1=/' "
                  "-e 's/^#RestrictAddressFamilies=/&AF_UNIX AF_INET AF_INET6 /; s/^#SystemCallFilter=/&@system-service @mount /' "
                  "-e 's/^#(RestrictAddressFamilies|SystemCallFilter)=/\\1=/' "
                  "/usr/share/doc/collectd-plugin-proctcp/examples/collectd.service.conf "
                  ">/etc/systemd/system/collectd.service.d/proctcp.conf && systemctl daemon-reload && systemctl restart collectd")
        self.assertIn("0000000000280004", self.done("grep CapBnd /proc/%d/status" % self.pid_of("collectd")))
        value = wait_until(lambda: self.host.run("collectdctl getval $(hostname)/proctcp-nginx/count-processes").stdout, "nginx")
        self.assertRegex(value, r"value=[1-9]")
        self.assertEqual(held, self.pid_of("nginx"))
        self.done("rm -r /etc/systemd/system/collectd.service.d && systemctl daemon-reload && systemctl restart collectd")

    # ---- packages ----

    def test_08_the_packages_own_tests(self):
        self.done("apt-get install -y --no-install-recommends gcc libc6-dev pkg-config ./build/deb/{libproctcp-dev,proctcp-check}_*.deb",
                  network=True, directory="/root/clone")
        for name in ("serve", "build"):
            shutil.copy(os.path.join(TOP, "plugins/debian/tests", name), self.host.root + "/root/" + name)
            with self.subTest(name):
                self.done("./" + name)

    def test_09_a_manual_page_for_everything(self):
        for package in PACKAGES:
            files = self.done("dpkg -L " + package).split()
            for path in files:
                if re.match(r"/usr/s?bin/", path):
                    name = os.path.basename(path)
                    self.assertTrue([page for page in files if re.match(r".*/man\d/%s\.\d\.gz$" % re.escape(name), page)], path)
                    version = self.done(path + " --version")
                    self.assertIn(self.done("dpkg-query -W -f '${Version}' " + package), version)

    def test_10_an_upgrade_keeps_the_configuration_and_restarts_what_runs(self):
        with open(self.host.root + "/etc/snmp/proctcp.conf", "a") as file:
            file.write("proctcpInterval 7\n")
        before = self.pid_of("proctcp-agentx")
        with tempfile.TemporaryDirectory() as directory:
            for package in PACKAGES:
                path, = glob.glob("%s/%s_*.deb" % (DEBS, package))
                tree = os.path.join(directory, package)
                subprocess.run(["dpkg-deb", "-R", path, tree], check=True)
                with open(tree + "/DEBIAN/control") as file:
                    control = file.read()
                with open(tree + "/DEBIAN/control", "w") as file:
                    file.write(re.sub(r"^Version: (.*)$", r"Version: \1+next", control, flags=re.M))
                subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, self.host.root + "/root/clone/%s.deb" % package],
                               check=True, stdout=subprocess.DEVNULL)
        self.done("apt-get install -y %s && systemctl restart collectd" % " ".join("./%s.deb" % name for name in PACKAGES), network=True,
                  directory="/root/clone")
        self.assertIn("+next", self.done("dpkg-query -W -f '${Version}' proctcp-snmp"))
        with open(self.host.root + "/etc/snmp/proctcp.conf") as file:
            self.assertIn("proctcpInterval 7\n", file.read())
        self.assertNotEqual(wait_until(lambda: self.pid_of("proctcp-agentx"), "the agent"), before)
        wait_until(lambda: "nginx" in self.walk(".1.3.1.104"), "nginx over SNMP again")
        self.done("test -e /sys/fs/bpf/proctcp/rows")

    def test_11_removed_they_are_gone_but_for_their_configuration(self):
        self.done("apt-get remove -y %s" % " ".join(PACKAGES))
        self.assertFalse(os.path.exists(self.host.root + "/usr/bin/proctcp"))
        self.assertTrue(os.path.exists(self.host.root + "/etc/snmp/proctcp.conf"))
        self.assertEqual(self.host.run("pgrep -x proctcp-agentx").stdout, "")
        self.assertEqual(self.host.run("ls /sys/fs/bpf/proctcp 2>/dev/null").stdout, "")
        self.assertNotIn("nginx", self.walk(".1.3.1.104"))
        self.done("systemctl restart snmpd collectd")

    def test_12_installed_again_they_have_the_configuration_that_was_there(self):
        with open(self.host.root + "/etc/collectd/collectd.conf.d/proctcp.conf.removed", "a") as file:
            file.write("# mine\n")
        self.done("apt-get install -y ./build/deb/collectd-plugin-proctcp_*.deb && systemctl restart collectd", network=True,
                  directory="/root/clone")
        with open(self.host.root + "/etc/collectd/collectd.conf.d/proctcp.conf") as file:
            self.assertIn("# mine\n", file.read())
        wait_until(lambda: "/proctcp-nginx/" in self.host.run("collectdctl listval").stdout, "nginx in collectd again")

    def test_13_purged_nothing_is_left(self):
        self.done("dpkg --purge %s && systemctl daemon-reload && systemctl restart snmpd collectd" % " ".join(PACKAGES))
        left = sorted(path for path in self.host.files() - self.before
                      if "proctcp" in path and not path.startswith(("root/", "var/lib/apt/", "var/lib/collectd/", "usr/share/snmp")))
        self.assertEqual(left, [])
        self.assertEqual(self.done("dpkg-query -W -f '${Package} ${Status}\\n' | grep proctcp || true"), "")
        self.assertIn("proctcp:", self.done("cat /etc/passwd"))  # Debian's packages leave users: files may still be theirs


def main():
    loader = unittest.TestLoader()
    names = sys.argv[1:]
    suite = loader.loadTestsFromNames(names, sys.modules[__name__]) if names else loader.loadTestsFromTestCase(Packages)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, failfast=True).run(suite)
    failed = len(result.failures) + len(result.errors)
    for _, why in result.skipped:
        print("skipped: " + why)
    print("%d passed, %d failed, %d skipped" % (max(result.testsRun - failed - len(result.skipped), 0), failed, len(result.skipped)),
          flush=True)
    return 1 if failed or not (result.testsRun or result.skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
