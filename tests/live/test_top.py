"""proctcp --top on terminals of tmux, which is asked what they show. Each has a server of its own, with the test."""
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import zoo
from support import CLI, wait_until
from test_terminal import set_width, terminal_missing

TMUX = shutil.which("tmux")


def tmux_missing():
    return None if TMUX else "there is no tmux (Debian package tmux)"


class Screen:
    """A terminal in which a shell waits for what it is to run."""

    count = 0

    def __init__(self, test, width=80, height=24, **environment):
        Screen.count += 1
        self.name = "proctcp-%d-%d" % (os.getpid(), Screen.count)
        self.directory = test.directory
        self.out = os.path.join(self.directory, "out%d" % Screen.count)
        variables = {"LC_ALL": "C", "PS1": "", "NO_COLOR": None, "HISTFILE": None, **environment}
        self.variables = {name: value for name, value in {**os.environ, **variables}.items()
                          if value is not None and name not in ("TMUX", "TMUX_PANE", "COLUMNS", "LINES")}
        self.variables["TMUX_TMPDIR"] = self.directory
        test.addCleanup(self.tmux, "kill-server", check=False)
        self.tmux("new-session", "-d", "-x", width, "-y", height, "sh")
        self.tmux("set-option", "-g", "remain-on-exit", "on")

    def tmux(self, *words, check=True):
        done = subprocess.run([TMUX, "-L", self.name, "-f", "/dev/null", *map(str, words)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env=self.variables)
        if check and done.returncode:
            raise AssertionError("tmux %s: %s" % (words, done.stderr))
        return done.stdout

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def lines(self):
        return self.tmux("capture-pane", "-p").split("\n")

    def text(self):
        return "\n".join(self.lines())

    def asked(self, format_):
        return self.tmux("display-message", "-p", format_).strip()

    def wait_for(self, pattern, what=None):
        """The match, once the screen has it."""
        try:
            return wait_until(lambda: re.search(pattern, self.text(), re.M), what or pattern, 30)
        except AssertionError as error:
            raise AssertionError("%s; the screen was:\n%s" % (error, self.text()))

    def shell(self, command):
        self.type(command)
        self.keys("Enter")

    def run(self, *words):
        """Starts the program; its pid and, when it has ended, its status stand in files."""
        words = [CLI, "--top", *map(str, words)]
        with open(self.out + ".script", "w") as file:
            file.write("stty -a >%s.before\n" % self.out)
            file.write("sh -c 'echo $$ >%s.pid; exec %s' 2>%s.stderr\n" % (
                self.out, " ".join("\"%s\"" % word for word in words), self.out))
            file.write("echo $? >%s.new\nstty -a >%s.after\nmv %s.new %s.status\n" % ((self.out,) * 4))
        self.shell("clear; . %s" % (self.out + ".script"))

    def read(self, name):
        with open(self.out + "." + name) as file:
            return file.read()

    def pid(self):
        return int(wait_until(lambda: os.path.exists(self.out + ".pid") and self.read("pid"), "the program to start"))

    def status(self):
        wait_until(lambda: os.path.exists(self.out + ".status"), "the program to end", 30)
        return int(self.read("status"))


@unittest.skipIf(tmux_missing(), tmux_missing())
class TopTest(zoo.ZooTest):
    def screen(self, *words, width=80, height=24, **environment):
        screen = Screen(self, width, height, **environment)
        screen.run(*words)
        return screen

    def assert_restored(self, screen, status=0):
        """The program has ended, and the terminal is as it was."""
        self.assertEqual(screen.status(), status, screen.read("stderr"))
        size = re.compile(r"rows \d+; columns \d+")
        self.assertEqual(size.sub("", screen.read("after")), size.sub("", screen.read("before")))
        self.assertEqual(screen.asked("#{cursor_flag} #{alternate_on} #{keypad_cursor_flag}"), "1 0 0")
        screen.shell("echo 4$((1+1))")
        screen.wait_for("^42$")


class Views(TopTest):
    def setUp(self):
        super().setUp()
        self.listening, self.client, self.served = self.keep(*zoo.connection())
        self.port = self.listening.getsockname()[1]
        self.own = ["--pid", os.getpid(), "--interval", "0.3"]
        zoo.set_comm(b"top-test")
        self.addCleanup(zoo.set_comm, b"python3")

    def test_each_view_shows_the_sockets_of_the_test(self):
        for locale in ("C", "C.UTF-8"):
            screen = self.screen(*self.own, LC_ALL=locale)
            screen.wait_for(r"^top-test +1 +3 +2 ")
            self.assertRegex(screen.lines()[0], r"^groups  \d\d:\d\d:\d\d  every 0.3 s  (netlink|procfs)")
            screen.wait_for(r"^sockets \d+  processes 1  unattributed \d+  in \d.*/s  out \d.*/s")
            self.assertRegex(screen.lines()[-2], r"^q quit  \? help")
            screen.keys("2")
            screen.wait_for(r"^top-test +%d +3 +2 " % os.getpid())
            screen.keys("3")
            screen.wait_for(r"^127.0.0.1:%d .* 1 " % self.port)
            screen.keys("Tab")
            screen.wait_for(r"^top-test .* 127.0.0.1:%d +127.0.0.1:%d " % (self.client.getsockname()[1], self.port))
            self.assertRegex(screen.text(), r"(?m)^top-test .* LISTEN +127.0.0.1:%d +- " % self.port)
            screen.keys("Tab")
            screen.wait_for(r"^GROUP ")
            if locale == "C":
                self.assertRegex(screen.text(), r"^[\n -~]*$")
            screen.keys("q")
            self.assert_restored(screen)

    def test_the_first_view_is_the_one_that_is_asked_for(self):
        for option, title in (("--listeners", "LISTENS AT"), ("--sockets", "PROCESS .*REMOTE"), ("--processes", "PROCESS +PID"),
                              ("--groups", "GROUP"), ("--group-by=user", "GROUP")):
            screen = self.screen(*self.own, option)
            screen.wait_for("^" + title)
            screen.keys("Escape")
            self.assert_restored(screen)

    @unittest.skipIf(zoo.sock_diag_missing(), zoo.sock_diag_missing())
    def test_rates_move_with_what_is_sent(self):
        screen = self.screen(*self.own, "--interval", "0.5")
        screen.wait_for(r"^top-test .* 0 B +0 B ", "no traffic")
        ended = threading.Event()

        def send():
            self.served.settimeout(5)
            while not ended.wait(0.02):
                self.client.sendall(b"x" * 10000)
                self.served.recv(20000)

        sender = threading.Thread(target=send)
        sender.start()
        self.addCleanup(sender.join)
        self.addCleanup(ended.set)
        # 50 times 10 kB per second at most, and less on a machine that is busy
        screen.wait_for(r"^top-test .* [1-9][0-9.]* kB +[1-9][0-9.]* kB ")
        self.assertRegex(screen.lines()[1], r"in \d\S* kB/s  out \d\S* kB/s")
        screen.keys("4")
        screen.wait_for(r"127.0.0.1:%d +127.0.0.1:%d +\d+ B +[1-9][0-9.]* kB" % (self.client.getsockname()[1], self.port))
        ended.set()
        screen.wait_for(r"127.0.0.1:%d +127.0.0.1:%d +0 B +0 B" % (self.client.getsockname()[1], self.port))
        screen.keys("q")
        self.assert_restored(screen)

    def test_enter_goes_into_a_group_and_backspace_comes_back(self):
        screen = self.screen(*self.own)
        screen.wait_for("^top-test ")
        screen.keys("Enter")
        screen.wait_for("^sockets of group top-test ")
        screen.wait_for(r"127.0.0.1:%d +127.0.0.1:%d" % (self.client.getsockname()[1], self.port))
        screen.keys("BSpace")
        screen.wait_for("^groups ")
        screen.keys("3")
        screen.wait_for("^LISTENS AT")
        screen.keys("Enter")
        screen.wait_for("^sockets of listener 127.0.0.1:%d" % self.port)
        screen.wait_for(r"127.0.0.1:%d +127.0.0.1:%d" % (self.port, self.client.getsockname()[1]))
        self.assertNotIn("127.0.0.1:%d  127" % self.client.getsockname()[1], screen.text())
        screen.keys("Left")
        screen.wait_for("^listeners ")
        screen.keys("C-c")
        self.assert_restored(screen)

    def test_filter_sort_pause_and_help_have_keys(self):
        screen = self.screen(*self.own, "--sockets")
        screen.wait_for("^top-test .* LISTEN ")
        screen.type("/LISTEN")
        screen.wait_for("^/LISTEN")
        wait_until(lambda: screen.text().count("\ntop-test") == 1, "one line")
        screen.keys("Enter")
        screen.wait_for('^sockets  with "LISTEN"')
        screen.keys("Escape")
        wait_until(lambda: screen.text().count("\ntop-test") == 3, "all lines")
        screen.keys(">")
        screen.wait_for(r"OUT/sv")
        screen.keys("r")
        screen.wait_for(r"OUT/s\^")
        screen.keys("p")
        screen.wait_for("PAUSED")
        time.sleep(0.7)  # a scan may have been under way
        before = screen.lines()
        time.sleep(1.5)
        self.assertEqual(screen.lines(), before)
        screen.keys("p")
        wait_until(lambda: screen.lines()[0] != before[0] and "PAUSED" not in screen.text(), "it to go on")
        screen.keys("?")
        screen.wait_for("^Enter +the sockets of what is selected")
        self.assertNotIn("top-test", screen.text())
        screen.keys("x")
        screen.wait_for("^top-test")
        screen.keys("+")
        screen.wait_for("every 0.5 s")
        screen.type("d7")
        screen.wait_for("^seconds: 7")
        screen.keys("Enter")
        screen.wait_for("every 7 s")
        screen.keys("q")
        self.assert_restored(screen)

    def test_what_is_selected_stays_so(self):
        names = []
        for number in range(3):
            def hold(number=number):
                zoo.set_comm(b"top-%d" % number)
                return None, [zoo.listener() for _ in range(number + 1)]
            names.append(self.fork(hold))
        pids = ",".join(str(child.pid) for child in names)
        screen = self.screen("--pid", pids, "--processes", "--interval", "0.3")
        screen.wait_for("^top-2 ")
        screen.keys("Down")
        time.sleep(1)
        colours = lambda: self.selected(screen)
        wait_until(lambda: colours() == "top-1", "the second to be selected")
        screen.keys("r")
        screen.keys(">")
        time.sleep(1)
        self.assertEqual(colours(), "top-1")
        os.kill(names[1].pid, signal.SIGKILL)
        wait_until(lambda: "top-1" not in screen.text(), "it to go")
        screen.keys("q")
        self.assert_restored(screen)

    @staticmethod
    def selected(screen):
        found = re.findall(r"\033\[7m(top-\d)", screen.tmux("capture-pane", "-p", "-e"))
        return found[0] if len(found) == 1 else None


class Sizes(TopTest):
    def test_it_works_in_small_and_large_terminals(self):
        self.keep(*zoo.connection())
        for width, height in ((20, 5), (40, 10), (80, 24), (200, 50), (5, 3)):
            screen = self.screen("--pid", os.getpid(), "--interval", "0.3", width=width, height=height)
            screen.wait_for("^py")
            for key in "234?x1":
                screen.keys(key)
            time.sleep(0.3)
            for line in screen.lines():
                self.assertLessEqual(len(line), width)
            screen.keys("q")
            self.assert_restored(screen)

    def test_another_size_is_followed(self):
        self.keep(*zoo.connection())
        screen = self.screen("--pid", os.getpid(), "--interval", "20")
        screen.wait_for("^python3 ")
        screen.tmux("set-option", "-g", "window-size", "manual")
        screen.tmux("resize-window", "-x", "150", "-y", "40")
        screen.wait_for("^GROUP .*LISTEN.*LIMIT.*RETR/s")
        self.assertRegex(screen.lines()[39], "^q quit")
        screen.tmux("resize-window", "-x", "30", "-y", "8")
        wait_until(lambda: "q quit" in screen.lines()[7], "the last line at its place")
        self.assertNotIn("CLOSEW", screen.text())
        screen.keys("q")
        self.assert_restored(screen)

    def test_names_of_strangers_do_not_steer_the_terminal(self):
        self.keep(*zoo.connection())
        zoo.set_comm(b"a\n\xc3\xa9\x1b[2J\xff")
        self.addCleanup(zoo.set_comm, b"python3")
        for locale in ("C", "C.UTF-8"):
            screen = self.screen("--pid", os.getpid(), width=200, LC_ALL=locale)
            screen.wait_for(r"^a\\x0a\\xc3\\xa9\\x1b\[2J\\xff ")
            screen.keys("q")
            self.assert_restored(screen)

    def test_no_colour_means_none(self):
        listening = self.keep(zoo.listener())
        for _ in range(12):
            client = socket.create_connection(listening.getsockname())
            self.keep(listening.accept()[0])
            client.close()
        for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
            screen = self.screen("--pid", os.getpid(), **environment)
            screen.wait_for("^python3 .* 12 ")
            self.assertEqual("\033[31m" in screen.tmux("capture-pane", "-p", "-e"), coloured)
            screen.keys("q")
            self.assert_restored(screen)


class Ends(TopTest):
    def test_signals_end_it_and_the_terminal_is_as_it_was(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT, signal.SIGUSR1,
                       signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGXCPU, signal.SIGXFSZ,
                       signal.SIGIO, signal.SIGPWR):
            screen = self.screen("--interval", "0.2")
            screen.wait_for("^GROUP ")
            os.kill(screen.pid(), number)
            self.assert_restored(screen)

    def test_the_count_ends_it(self):
        screen = self.screen("--interval", "0.3", "--count", "3")
        begun = time.monotonic()
        self.assert_restored(screen)
        self.assertLess(time.monotonic() - begun, 20)

    def test_it_can_be_stopped_and_comes_back(self):
        screen = self.screen("--interval", "0.3")
        screen.wait_for("^GROUP ")
        pid = screen.pid()
        screen.keys("C-z")
        try:
            wait_until(lambda: open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[0] == "T", "it to stop")
        except AssertionError as error:
            with open("/proc/%d/status" % pid) as file:
                raise AssertionError("%s; it is\n%s\nand the screen\n%s" % (error, file.read(), screen.text()))
        wait_until(lambda: screen.asked("#{alternate_on} #{cursor_flag}") == "0 1", "the screen to be the shell's")
        os.unlink(self.wait_for_status(screen))
        screen.shell("fg; echo $? >%s.status" % screen.out)
        wait_until(lambda: screen.asked("#{alternate_on} #{cursor_flag}") == "1 0", "the screen to come back")
        screen.wait_for("^GROUP ")
        screen.keys("2")
        screen.wait_for("^PROCESS ")
        screen.keys("q")
        wait_until(lambda: os.path.exists(screen.out + ".status") and screen.read("status"), "the end")
        self.assert_restored(screen)

    @staticmethod
    def wait_for_status(screen):
        """The shell takes a program that is stopped for one that ended."""
        wait_until(lambda: os.path.exists(screen.out + ".status"), "the shell to go on")
        return screen.out + ".status"

    def test_nothing_to_read_is_said_on_the_screen_and_when_it_ends(self):
        os.mkdir(self.path("empty"))
        screen = self.screen("--proc-root", self.path("empty"), "--interval", "0.3")
        screen.wait_for(re.escape(self.path("empty"))[:40])
        screen.keys("q")
        self.assert_restored(screen, 1)
        self.assertIn("proctcp: ", screen.read("stderr"))


class NoTerminal(zoo.ZooTest):
    def test_without_a_terminal_it_says_so(self):
        for terminal, said in (("xterm", "must be a terminal"), ("dumb", "must be a terminal")):
            done = subprocess.run([CLI, "--top"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, env=dict(os.environ, TERM=terminal))
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(said, done.stderr)

    @unittest.skipIf(terminal_missing(), terminal_missing())
    def test_a_terminal_that_cannot_place_text_is_refused(self):
        for term, said in (("dumb", "TERM is dumb"), (None, "TERM is not set"), ("", "TERM is not set"),
                           ("no-such-thing", "is not known here")):
            master, slave = pty.openpty()
            set_width(slave, 80)
            environment = {name: value for name, value in os.environ.items() if name != "TERM"}
            if term is not None:
                environment["TERM"] = term
            if term == "no-such-thing":  # of which ncurses does not free what it began
                environment["ASAN_OPTIONS"] = "detect_leaks=0"
            done = subprocess.run([CLI, "--top"], stdin=slave, stdout=slave, stderr=subprocess.PIPE, text=True, env=environment)
            os.close(slave)
            os.close(master)
            self.assertEqual(done.returncode, 2, term)
            self.assertIn("proctcp: --top: ", done.stderr)
            self.assertIn(said, done.stderr)

    @unittest.skipIf(terminal_missing(), terminal_missing())
    def test_a_terminal_that_goes_away_ends_it(self):
        master, slave = pty.openpty()
        set_width(slave, 80)
        program = subprocess.Popen([CLI, "--top", "--interval", "0.2"], stdin=slave, stdout=slave,
                                   stderr=subprocess.DEVNULL, env=dict(os.environ, TERM="xterm"))
        self.addCleanup(self.stop, program)
        os.close(slave)
        os.read(master, 1)
        os.close(master)
        program.wait(30)


if __name__ == "__main__":
    unittest.main()
