"""The command line program on a terminal: a pseudo terminal of the test's own, of a width that it chose."""
import errno
import fcntl
import os
import pty
import re
import resource
import socket
import struct
import subprocess
import termios
import unittest

import zoo
from support import CLI, rows, wait_until

LONG_ADDRESS = "2001:db8:1111:2222:3333:4444:5555:6666"
IPV6_FREEBIND = 78
SEQUENCE = re.compile(r"\033\[\d*m")
RED, YELLOW, PLAIN = "\033[31m", "\033[33m", "\033[0m"


def terminal_missing():
    """Why there is no pseudo terminal here, or None."""
    try:
        for end in pty.openpty():
            os.close(end)
        return None
    except OSError as error:
        return "no pseudo terminal can be had: %s" % error


def set_width(terminal, width):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))


def on_terminal(*words, width, **environment):
    """What the program writes to a terminal of that width, as lines; a variable that is None is not set."""
    master, slave = pty.openpty()
    set_width(slave, width)
    variables = {"TERM": "xterm", "COLUMNS": None, "NO_COLOR": None, "LC_ALL": "C", **environment}
    variables = {**os.environ, **variables}
    process = subprocess.Popen([CLI, *map(str, words)], stdout=slave, stderr=subprocess.PIPE,
                               env={name: value for name, value in variables.items() if value is not None})
    os.close(slave)
    out = b""
    while True:
        try:
            read = os.read(master, 65536)
        except OSError as error:  # nobody has the other end any more
            if error.errno != errno.EIO:
                raise
            read = b""
        if not read:
            break
        out += read
    os.close(master)
    errors = process.stderr.read().decode()
    process.stderr.close()
    if process.wait(60):
        raise AssertionError("%s: status %d: %s" % (words, process.returncode, errors))
    return out.decode().replace("\r\n", "\n").splitlines(), errors


def piped(*words, **environment):
    done = subprocess.run([CLI, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True,
                          env=dict(os.environ, **environment))
    return done.stdout.splitlines()


def plain(line):
    return SEQUENCE.sub("", line)


@unittest.skipIf(terminal_missing(), terminal_missing())
class Widths(zoo.ZooTest):
    def setUp(self):
        super().setUp()
        self.connected = zoo.connection()
        self.keep(*self.connected)
        self.long = self.keep(socket.socket(socket.AF_INET6))
        self.long.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        self.long.bind((LONG_ADDRESS, 0))
        self.long.listen()
        self.endpoint = "[%s]:%d" % (LONG_ADDRESS, self.long.getsockname()[1])
        self.own = ["--pid", os.getpid()]

    def test_lines_are_never_longer_than_the_terminal(self):
        zoo.set_comm(b"a b\n\xff\x1b[31m\\")
        self.addCleanup(zoo.set_comm, b"python3")
        for view in ([], ["--processes"], ["--sockets"], ["--unattributed"], ["--info"], ["--columns", "cookie,rtt_us"]):
            for width in (1, 2, 3, 9, 20, 40, 60, 79, 80, 100, 132, 250, 10000):
                lines, _ = on_terminal(*self.own, *view, "--color", "always", width=width)
                self.assertGreaterEqual(len(lines), 1)
                for line in lines:
                    self.assertLessEqual(len(plain(line)), width, (view, line))
                    self.assertRegex(plain(line), r"^[ -~]*$")
                    self.assertNotRegex(plain(line), r"\\x?[0-9a-f]?(?![0-9a-fx])")  # half an escape
                if view == []:
                    self.assertEqual(len(lines), 1 + 4)  # none is broken in two

    def test_one_long_address_is_cut_and_the_others_are_not(self):
        lines, _ = on_terminal(*self.own, width=110)
        text = "\n".join(lines)
        for one in self.connected:
            self.assertIn("127.0.0.1:%d " % one.getsockname()[1], text)
        self.assertNotIn(self.endpoint, text)
        port = self.endpoint.rsplit(":", 1)[1]
        self.assertRegex(text, r" \[2001:\S*\.\.\S*:%s " % port)
        self.assertIn("established", "\n".join(piped(*self.own)))
        self.assertIn(" ESTAB ", text)

    def test_the_mark_is_one_character_where_the_locale_has_it(self):
        lines, _ = on_terminal(*self.own, width=110, LC_ALL="C.UTF-8")
        self.assertRegex("\n".join(lines), r" \[2001:\S*\u2026\S*:\d+ ")
        self.assertLessEqual(max(map(len, lines)), 110)
        lines, _ = on_terminal(*self.own, width=110, LC_ALL="C")
        self.assertRegex("\n".join(lines), r"^[\n -~]*$")

    def test_columns_tells_the_width_of_a_terminal_and_never_cuts_what_is_piped(self):
        whole = piped(*self.own)
        self.assertIn(self.endpoint, "\n".join(whole))
        self.assertEqual(piped(*self.own, COLUMNS="40"), whole)
        lines, _ = on_terminal(*self.own, width=300, COLUMNS="60")
        self.assertLessEqual(max(map(len, lines)), 60)
        for wrong in ("", "0", "x", "-5"):
            lines, _ = on_terminal(*self.own, width=90, COLUMNS=wrong)
            self.assertLessEqual(max(map(len, lines)), 90)
            self.assertGreater(max(map(len, lines)), 60)
        lines, _ = on_terminal(*self.own, width=0)  # a serial line that does not know
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_a_terminal_that_is_made_narrower_is_followed(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        set_width(slave, 200)
        self.start(CLI, *self.own, "--interval", "0.2", stdout=slave, stderr=subprocess.DEVNULL,
                   env={name: value for name, value in os.environ.items() if name != "COLUMNS"})
        os.close(slave)
        tables = [""]

        def longest_of_the_last():
            tables[0] += os.read(master, 65536).decode().replace("\r\n", "\n")
            whole = tables[0].split("\n\n")[:-1]
            return max(map(len, whole[-1].split("\n"))) if whole else None

        self.assertGreater(wait_until(longest_of_the_last, "a table"), 100)
        set_width(master, 60)
        wait_until(lambda: longest_of_the_last() <= 60, "a table of the new width")

    def test_wide_cuts_nothing_and_width_cuts_in_a_pipe_too(self):
        lines, _ = on_terminal(*self.own, "--wide", width=60)
        self.assertEqual(lines, piped(*self.own))
        lines = piped(*self.own, "--width", 90)
        self.assertLessEqual(max(map(len, lines)), 90)
        self.assertNotIn(self.endpoint, "\n".join(lines))

    def test_columns_without_room_are_named_and_the_rest_is_whole(self):
        lines, errors = on_terminal(*self.own, width=70)
        self.assertRegex(errors, r"there is no room for .*PEER \(--wide shows every column")
        self.assertNotIn("PEER", lines[0])
        ports = {str(one.getsockname()[1]) for one in self.connected}
        for line in lines[1:]:  # a number is whole, or not there
            self.assertEqual(line.split()[1], str(os.getpid()))
        self.assertEqual(ports - {word for line in lines for word in re.split(r"[:\s]+", line)}, set())


@unittest.skipIf(terminal_missing(), terminal_missing())
class Colours(zoo.ZooTest):
    def test_none_where_nobody_sees_them_or_wants_them(self):
        self.leave_in_close_wait(12)
        own = ["--pid", os.getpid()]
        coloured, _ = on_terminal(*own, width=200)
        self.assertIn(RED, "".join(coloured))
        bare, _ = on_terminal(*own, "--color", "never", width=200)
        self.assertEqual([plain(line) for line in coloured], bare)
        for words, environment in [([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"}), ([], {"TERM": None}),
                                   (["--color", "auto"], {"NO_COLOR": "1"})]:
            self.assertEqual(on_terminal(*own, *words, width=200, **environment)[0], bare)
        self.assertEqual(on_terminal(*own, width=200, NO_COLOR="")[0], coloured)
        self.assertNotIn("\033", "".join(piped(*own)))
        self.assertEqual(piped(*own, "--color", "always"), coloured)
        self.assertEqual(on_terminal(*own, "--color", "always", width=200, NO_COLOR="1")[0], coloured)

    def leave_in_close_wait(self, count):
        listening = self.keep(zoo.listener(backlog=64))
        before = len(rows("--pid", os.getpid(), "--state", "closeWait"))
        for _ in range(count):
            client = socket.create_connection(listening.getsockname())
            self.keep(listening.accept()[0])
            client.close()
        wait_until(lambda: len(rows("--pid", os.getpid(), "--state", "closeWait")) == before + count, "CLOSE_WAIT")

    def test_close_wait_that_piles_up_is_red_and_a_little_of_it_yellow(self):
        own = ["--pid", os.getpid(), "--no-header"]
        self.leave_in_close_wait(3)
        lines, _ = on_terminal(*own, "--state", "closeWait", width=200)
        self.assertEqual([YELLOW + "closeWait" + PLAIN in line for line in lines], [True] * 3)
        self.assertNotIn("\033", "".join(on_terminal(*own, "--state", "listen", width=200)[0]))
        self.leave_in_close_wait(9)
        lines, _ = on_terminal(*own, "--state", "closeWait", width=200)
        self.assertEqual([RED + "closeWait" + PLAIN in line for line in lines], [True] * 12)
        self.assertIn(RED + "12" + PLAIN, on_terminal("--processes", *own, width=200)[0][0])

    @unittest.skipIf(zoo.SOURCES[0] != "netlink", "the length of an accept queue is known from sock_diag alone")
    def test_a_full_accept_queue_is_red(self):
        listening = self.keep(zoo.listener(backlog=2))
        own = ["--pid", os.getpid(), "--state", "listen", "--no-header"]
        self.assertNotIn("\033", "".join(on_terminal(*own, width=200)[0]))
        for _ in range(2):
            self.keep(socket.create_connection(listening.getsockname()))
        line, = on_terminal(*own, width=200)[0]
        self.assertRegex(line, r" \033\[31m2\033\[0m  -$")
        second = on_terminal(*own, "--info", width=200)[0][1]
        self.assertEqual(second, "    " + RED + "accept queue 2 of 2" + PLAIN + "  drops 0")

    def test_a_descriptor_limit_that_is_near_has_a_colour(self):
        def hold(share):
            def function():
                resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
                kept = [zoo.listener()]
                while len(os.listdir("/proc/self/fd")) - 2 < share:  # without that of listdir, and the pipe to the test
                    kept.append(open("/dev/null"))
                return None, kept
            return self.fork(function).pid

        for share, colour in [(70, ""), (85, YELLOW), (96, RED)]:
            line, = on_terminal("--processes", "--no-header", "--pid", hold(share), width=250)[0]
            self.assertEqual([SEQUENCE.findall(line), "%s%d%s" % (colour, share, PLAIN if colour else "") in line],
                             [[colour, PLAIN] * 2 if colour else [], True], line)

    @unittest.skipIf(os.getuid() != 0, "only root makes network namespaces")
    def test_segments_that_are_sent_again_have_a_colour(self):
        def send_into_nothing():
            zoo.enter_new_netns()
            listening, client, served = zoo.connection()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
                fcntl.ioctl(control, zoo.SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", 0))
            client.send(b"x")
            return client.fileno(), [listening, client, served]

        child = self.fork(send_into_nothing)
        own = ["--pid", child.pid, "--remote-port", "1-65535"]
        wait_until(lambda: any(row.get("retransmits") for row in rows(*own)), "a retransmission")
        line, = [line for line in on_terminal(*own, width=250)[0] if line.split()[2] == str(child.result)]
        self.assertIn(" " + RED + "1" + PLAIN + " ", line)


if __name__ == "__main__":
    unittest.main()
