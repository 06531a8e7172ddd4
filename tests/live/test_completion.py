"""What a shell offers behind a command line that is not complete."""
import os
import pty
import pwd
import re
import select
import shutil
import subprocess
import time
import unittest

import zoo
from support import CLI, PATIENCE_S, TOP, LiveTest, cli

BASH = os.path.join(TOP, "plugins/cli/completion.bash")
ZSH = os.path.join(TOP, "plugins/cli/_proctcp")

# As readline calls it: the words so far, the last of them at the cursor.
COMPLETE = """
set -u
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_proctcp "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
[ "${#COMPREPLY[@]}" = 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
"""


def completions(*words):
    done = subprocess.run(["bash", "--norc", "-c", COMPLETE, "bash", BASH, CLI, *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace")
    if done.returncode or done.stderr:
        raise AssertionError("%s: status %d: %s" % (words, done.returncode, done.stderr))
    return done.stdout.splitlines()


def columns_of(*view):
    return [line.split()[0] for line in cli(*view, "--columns", "help").decode().splitlines()]


def cli_doctor_help():
    return subprocess.run([CLI, "doctor", "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout


class Bash(zoo.ZooTest):
    def test_every_long_option_of_the_help_is_offered(self):
        told = set(re.findall(r"(--[a-z-]+)\b(?!-KIND)", cli("--help").decode())) - {"--exclude-"}
        kinds = [option[2:] for option in completions("--") if "--exclude-" + option[2:] in completions("--")]
        self.assertEqual(len(kinds), 11)
        self.assertEqual(set(completions("--")), told | {"--exclude-" + kind for kind in kinds})
        self.assertEqual(completions("--un"), ["--unattributed"])
        self.assertEqual(completions("--exclude-n"), ["--exclude-netns"])
        self.assertEqual(completions("-o", ""), ["table", "json", "csv"])
        self.assertEqual(completions("--color", "a"), ["auto", "always"])
        self.assertEqual(completions("--source", "n"), ["netlink"])

    def test_the_doctor_has_options_of_its_own(self):
        self.assertEqual(completions("doc"), ["doctor"])
        self.assertEqual(completions("--processes", "doc"), [])
        told = set(re.findall(r"--[a-z-]+", cli_doctor_help()))
        self.assertEqual(set(completions("doctor", "--")), told)
        self.assertEqual(completions("doctor", "-o", ""), ["table", "json"])
        self.assertEqual(completions("doctor", "--snmp", ""), [])

    def test_columns_are_those_of_the_view(self):
        self.assertEqual(completions("--columns", ""), columns_of())
        self.assertEqual(completions("--columns", "rtt"), ["rtt_us", "rtt_var_us"])
        self.assertEqual(completions("--columns", "pid,loca"), ["pid,local_address", "pid,local_port", "pid,local"])
        for view in ("--processes", "--sockets", "--unattributed"):
            self.assertEqual(completions(view, "--columns", ""), columns_of(view))
        self.assertEqual(completions("--group-by", "unit", "--columns", "gr"), ["group"])
        self.assertEqual(completions("--listeners", "--group-by", "unit", "--columns", "dro"), ["drops"])
        self.assertIn("local-port=", completions("--group", "web", "=", ""))
        self.assertEqual(completions("--group", "web", "="), completions("--group", "web", "=", ""))
        self.assertEqual(completions("--group", "web", "=", "remote-"), ["remote-port="])
        self.assertEqual(completions("--processes", "--sort", "pid,-close_"), ["pid,-close_wait"])
        self.assertEqual(completions("--sort", "-rx"), ["-rx_queue_bytes"])

    def test_every_state_that_is_offered_is_one(self):
        states = completions("--state", "")
        self.assertEqual(len(states), 12)
        cli("--state", ",".join(states))
        self.assertEqual(completions("--exclude-state", "listen,synS"), ["listen,synSent"])
        self.assertEqual(completions("--state", "=", "close"), ["closed", "closeWait"])
        self.assertEqual(completions("--state", "="), states)

    def test_users_and_processes_are_those_that_there_are(self):
        self.assertIn(pwd.getpwuid(0).pw_name, completions("--user", "ro"))
        zoo.set_comm(b"own-name.1")
        self.addCleanup(zoo.set_comm, b"python3")
        self.assertEqual(completions("--process", "own-n"), ["own-name.1"])
        self.assertEqual(completions("--process", "x,own-n"), ["x,own-name.1"])
        self.assertIn(str(os.getpid()), completions("--pid", str(os.getpid())[:2]))
        self.assertIn("own", completions("--netns", ""))

    def test_what_a_process_calls_itself_is_never_run(self):
        self.addCleanup(zoo.set_comm, b"python3")
        trap = self.path("ran")
        os.symlink("/bin/true", self.path("t"))
        for comm in (b"own$(id>ran)", b"own`id>ran`", b"own;id>ran", b"own\nid>ran", b"own *", b"own\x1b[31m"):
            zoo.set_comm(comm)
            before = os.getcwd()
            os.chdir(self.directory)
            try:
                offered = completions("--process", "own")
            finally:
                os.chdir(before)
            self.assertFalse(os.path.exists(trap), comm)
            self.assertEqual([name for name in offered if not re.fullmatch(r"[A-Za-z0-9_.:@/+-]+", name)], [])


@unittest.skipIf(not shutil.which("zsh"), "zsh is not installed: its completion is not tried")
class Zsh(LiveTest):
    def begin(self):
        """A shell on a terminal of its own."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.terminal = master
        self.start("zsh", "-f", "-i", stdin=slave, stdout=slave, stderr=slave,
                   env=dict(os.environ, TERM="dumb", HOME=self.directory, ZDOTDIR=self.directory))
        os.close(slave)
        os.makedirs(self.path("functions"))
        shutil.copy(ZSH, self.path("functions/_proctcp"))
        self.type("PS1='ready> '; fpath=(%s $fpath); autoload -U compinit; compinit -u -D; setopt nolistbeep; alias "
                  "proctcp=%s; print loa''ded\n" % (self.path("functions"), CLI), "loaded")

    def type(self, text, expected):
        """What the terminal shows until it shows what is expected, a regular expression."""
        os.write(self.terminal, text.encode())
        shown, end = "", time.monotonic() + PATIENCE_S
        while not re.search(expected, shown):
            if not select.select([self.terminal], [], [], max(end - time.monotonic(), 0))[0]:
                raise AssertionError("waited in vain for %s; the terminal shows %r" % (expected, shown))
            shown += os.read(self.terminal, 65536).decode(errors="replace")
        return shown

    def test_it_completes_options_values_and_columns(self):
        self.begin()
        for typed, expected in [("proctcp --unat\t", "--unattributed "), ("proctcp --group-by contai\t", "container "),
                                ("proctcp --processes --columns close_w\t", "close_wait"),
                                ("proctcp --group-by unit --columns gro\t", "--columns group"),
                                ("proctcp --state synS\t", "synSent"), ("proctcp doctor --collectd-c\t", "--collectd-conf "), ("proctcp --exclude-remote-p\t", "--exclude-remote-port")]:
            with self.subTest(typed=typed):
                self.type(typed, re.escape(expected))
                self.type("\x15", "")  # kills the line

    def test_what_a_process_calls_itself_is_never_run(self):
        self.addCleanup(zoo.set_comm, b"python3")
        self.begin()
        self.type("cd %s\n" % self.directory, "ready> ")
        for comm in (b"own$(id>ran)", b"own`id>ran`", b"own;id>ran"):
            zoo.set_comm(comm)
            self.type("proctcp --process own\t", "own")
            self.type("\x15print do''ne\n", "done")
            self.assertFalse(os.path.exists(self.path("ran")), comm)


if __name__ == "__main__":
    unittest.main()
