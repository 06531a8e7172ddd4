"""What make and make check say of a machine where something is missing, and of tests that failed."""
import os
import signal
import subprocess

from support import TOP, LiveTest, wait_until

MAKE = "/usr/bin/make"


class MakeTest(LiveTest):
    def make(self, *words, **environment):
        """make's status, and what it said on both outputs. Nothing is built outside of the test's directory."""
        done = subprocess.run([MAKE, "-C", TOP, "--no-print-directory", "BUILD=" + self.path("build"), *words],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env=dict(os.environ, MAKEFLAGS="", MAKELEVEL="0", **environment))
        return done.returncode, done.stdout

    def compiler_without(self, header):
        """A compiler that does not find a header."""
        self.write("cc", '#!/bin/sh\ntext=$(cat)\ncase $text in *%s*) exit 1 ;; esac\necho "$text" | gcc "$@"\n' % header)
        os.chmod(self.path("cc"), 0o755)
        return "CC=" + self.path("cc")


class Missing(MakeTest):
    def test_a_compiler_that_is_not_there_is_named(self):
        for words, environment, said in [((), {"PATH": self.directory}, "no compiler cc (Debian package gcc;"),
                                         (("CC=clang-99 -m64",), {}, "no compiler clang-99 (Debian package clang;")]:
            for target in ("all", "lib", "unit"):
                status, out = self.make(target, *words, **environment)
                self.assertEqual(status, 2)
                self.assertEqual(len(out.splitlines()), 2, out)  # and make's own
                self.assertIn(said, out)
                self.assertNotIn("libmnl", out)

    def test_headers_that_all_of_it_needs_are_named(self):
        for header, package in (("stdio.h", "libc6-dev"), ("libmnl.h", "libmnl-dev")):
            status, out = self.make(self.compiler_without(header))
            self.assertEqual(status, 2)
            self.assertEqual(len(out.splitlines()), 2, out)
            self.assertIn("(Debian package %s;" % package, out)

    def test_a_plugin_whose_headers_are_missing_is_left_out_and_that_is_said(self):
        for header, left_out, others in (("collectd.h", "collectd/proctcp.so", ("proctcp", "snmp/proctcp-agentx")),
                                         ("net-snmp-config.h", "snmp/proctcp-agentx", ("proctcp", "collectd/proctcp.so"))):
            status, out = self.make("-n", self.compiler_without(header))
            self.assertEqual(status, 0, out)
            self.assertEqual(out.count("is left out: "), 1)
            self.assertNotIn("-o %s/%s " % (self.path("build"), left_out), out)
            for other in others:
                self.assertIn("-o %s/%s " % (self.path("build"), other), out)

    def test_lint_names_the_packages_of_its_tools(self):
        status, out = self.make("lint", PATH=self.directory)
        self.assertEqual(status, 2)
        self.assertIn("lint needs the Debian packages: clang-format clang-tidy cppcheck\n", out)


class ForCaller(LiveTest):
    """The directory of the build belongs to the user who called sudo, whatever became of the command."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("build"))

    def run_for_caller(self, command, **environment):
        return subprocess.Popen([os.path.join(TOP, "tests", "for_caller.sh"), self.path("build"), command],
                                env={**os.environ, "SUDO_UID": "65534", "SUDO_GID": "65533", **environment})

    def owner(self, name):
        found = os.lstat(self.path(name))
        return found.st_uid, found.st_gid

    def test_it_does_after_success_and_after_failure(self):
        for status in (0, 7):
            name = "build/%d" % status
            self.assertEqual(self.run_for_caller("touch %s; exit %d" % (self.path(name), status)).wait(60), status)
            self.assertEqual((self.owner("build"), self.owner(name)), ((65534, 65533), (65534, 65533)))

    def test_it_does_after_an_interruption_and_nothing_of_the_command_is_left(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.write("log", "")
            # Like make, and like the compiler that it runs: two processes.
            script = "sh -c 'echo $$ >%s; touch %s; sleep 600'; touch %s" % tuple(
                map(self.path, ("log", "build/object", "build/next")))
            runs = self.run_for_caller(script)
            wait_until(lambda: os.path.exists(self.path("build/object")), "the command to start")
            with open(self.path("log")) as log:
                pid = log.read().strip()
            runs.send_signal(number)
            self.assertEqual(runs.wait(60), 128 + number)
            self.assertFalse(os.path.exists("/proc/" + pid))
            self.assertEqual((self.owner("build"), self.owner("build/object")), ((65534, 65533), (65534, 65533)))
            self.assertFalse(os.path.exists(self.path("build/next")))
            os.unlink(self.path("build/object"))

    def test_without_sudo_nothing_changes(self):
        self.assertEqual(self.run_for_caller("touch " + self.path("build/x"), SUDO_UID="").wait(60), 0)
        self.assertEqual(self.owner("build/x"), (os.geteuid(), os.getegid()))
