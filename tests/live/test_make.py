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
                                         ("net-snmp-config.h", "snmp/proctcp-agentx", ("proctcp", "collectd/proctcp.so")),
                                         ("cap-ng.h", "snmp/proctcp-agentx", ("proctcp", "collectd/proctcp.so"))):
            status, out = self.make("-n", self.compiler_without(header))
            self.assertEqual(status, 0, out)
            self.assertEqual(out.count("is left out: "), 1)
            self.assertNotIn("-o %s/%s " % (self.path("build"), left_out), out)
            for other in others:
                self.assertIn("-o %s/%s " % (self.path("build"), other), out)

    def test_without_ncurses_the_program_is_built_without_top_and_that_is_said(self):
        status, out = self.make("-n", self.compiler_without("ncurses.h"))
        self.assertEqual(status, 0, out)
        self.assertIn("proctcp: proctcp --top is left out: ncurses' headers are missing (Debian package libncurses-dev)", out)
        self.assertEqual(out.count("is left out: "), 1)
        self.assertIn("-o %s " % self.path("build/proctcp"), out)
        self.assertNotIn("ncursesw", out)
        self.assertNotIn("top_screen", out)
        self.assertIn("top_none", out)

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


class Steps(LiveTest):
    """How tests/check.sh counts, and how it ends."""

    def steps(self, *scripts):
        """What is printed of steps that run these scripts, and the status of it all."""
        lines = ["logs=%s; . tests/steps.sh" % self.directory]
        lines += ["step 'step %d' sh %s" % (i, self.write("%d.sh" % i, script)) for i, script in enumerate(scripts, 1)]
        done = subprocess.run(["bash", "-c", "\n".join(lines + ["finish"])], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, cwd=TOP)
        return done.returncode, done.stdout.splitlines()

    def test_the_tests_of_all_steps_are_added_up(self):
        status, lines = self.steps("echo '[  PASSED  ] 3 test(s).'", "echo 4 passed, 0 failed, 1 skipped", "true")
        self.assertEqual((status, lines[-1]), (0, "8 passed, 0 failed"))
        self.assertFalse([line for line in lines if line.startswith("failed: ")])

    def test_the_last_lines_are_the_names_of_what_failed_and_the_counts(self):
        status, lines = self.steps(
            "echo 'ERROR: local_port: no test'; echo '[  FAILED  ] it_works'; echo '[  PASSED  ] 2 test(s).'; "
            "echo '[  FAILED  ] 1 test(s), listed below:'; echo '[  FAILED  ] it_works'; exit 1",
            "echo 5 passed, 0 failed, 0 skipped",
            "echo 'FAIL: test_a (test_zoo.Holders.test_a)'; echo 'ERROR: test_b (test_zoo.Holders.test_b)'; "
            "echo 1 passed, 2 failed, 0 skipped; exit 1",
            "kill -SEGV $$")
        self.assertEqual(status, 1)
        self.assertEqual(lines[-5:], ["failed: step 1: it_works", "failed: step 3: test_a (test_zoo.Holders.test_a)",
                                      "failed: step 3: test_b (test_zoo.Holders.test_b)", "failed: step 4: status 139",
                                      "8 passed, 4 failed"])

    def test_a_reason_to_skip_is_printed_once(self):
        skips = "echo 'skipped: test_mib.Mib.test_a and 8 more: no MIBs'; echo 1 passed, 0 failed, 9 skipped"
        _, lines = self.steps(skips, skips)
        self.assertEqual(len([line for line in lines if line.startswith("skipped: ")]), 1)
