"""A program that scans again and again, and processes that open sockets when they are told to."""
import encodings.idna  # noqa: F401 - an actor that gave up its rights may not be able to load it
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback

import zoo
from support import BUILD, CLI, PATIENCE_S, wait_until

SHIM = os.path.join(BUILD, "tests", "live", "shim.so")


class Scans:
    """build/proctcp with --interval, read by its JSON lines. It is ended with the test."""

    def __init__(self, test, *words, interval=0.1, count=1000000, prefix=(), env=None, **how):
        self.errors = test.path("errors-%d" % time.monotonic_ns())
        with open(self.errors, "wb") as errors:
            self.process = test.start(*prefix, CLI, "-o", "json", "--interval", interval, "--count", count, *words,
                                      stdout=subprocess.PIPE, stderr=errors, env=env, **how)
        self.pid = self.process.pid
        self.buffer = b""
        self.ahead = []
        self.history = []  # every line that was read

    def said(self):
        with open(self.errors, errors="replace") as errors:
            return errors.read()

    def fill(self, seconds):
        """Takes what is there, or waits for it; False: nothing came."""
        if not select.select([self.process.stdout], [], [], max(seconds, 0))[0]:
            return False
        data = os.read(self.process.stdout.fileno(), 1 << 20)
        if not data:
            raise AssertionError("proctcp ended with %s: %s" % (self.process.wait(10), self.said()))
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        lines = list(map(json.loads, lines))
        self.ahead += lines
        self.history += lines
        return True

    def line(self, condition=lambda line: True, what="a line", seconds=PATIENCE_S):
        """The first line from here on that satisfies the condition."""
        end, last = time.monotonic() + seconds, None
        while True:
            while self.ahead:
                last = self.ahead.pop(0)
                if condition(last):
                    return last
            if not self.fill(end - time.monotonic()) and time.monotonic() >= end:
                raise AssertionError("waited %d s in vain for %s; the last line was %s; it said %s" %
                                     (seconds, what, last, self.said()))

    def fresh(self):
        """All lines of one scan that began after this call. Every scan must print something."""
        while self.fill(0):
            pass
        latest = self.ahead[-1]["generation"] if self.ahead else self.line()["generation"]
        first = self.line(lambda line: line["generation"] >= latest + 2, "a scan that began later")
        return self.rest_of(first)

    def rest_of(self, first):
        """The lines of a scan, whose first one is given."""
        found, end = [first], time.monotonic() + PATIENCE_S
        while True:
            while self.ahead and self.ahead[0]["generation"] == first["generation"]:
                found.append(self.ahead.pop(0))
            if self.ahead:
                return found
            if not self.fill(end - time.monotonic()) and time.monotonic() >= end:
                raise AssertionError("the scan after %s did not come: %s" % (found, self.said()))

    def until(self, condition, what, seconds=PATIENCE_S):
        """The lines of the first scan from here on that satisfies the condition."""
        end, found = time.monotonic() + seconds, None
        while time.monotonic() < end:
            found = self.fresh()
            if condition(found):
                return found
        raise AssertionError("waited %d s in vain for %s; the last scan was %s" % (seconds, what, found))


class Shim:
    """What tests/live/shim.c does to the calls of a program that env is given to."""

    def __init__(self, test):
        if not os.path.exists(SHIM):
            test.skipTest("%s is not built (make unit)" % SHIM)
        self.directory = test.path("shim")
        os.mkdir(self.directory)
        self.env = dict(os.environ, PROCTCP_SHIM=self.directory, LD_PRELOAD=" ".join(sanitizers() + [SHIM]))

    def rules(self, *lines):
        """From here on, these alone."""
        path = os.path.join(self.directory, "rules")
        with open(path + ".new", "w") as file:
            file.write("".join(line + "\n" for line in lines))
        os.rename(path + ".new", path)

    def log(self):
        try:
            with open(os.path.join(self.directory, "log")) as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []


def sanitizers():
    """Runtimes that must be loaded before anything else that is preloaded."""
    if os.environ.get("SANITIZED") != "1":
        return []
    linked = subprocess.run(["ldd", CLI], stdout=subprocess.PIPE, check=True).stdout.decode()
    return re.findall(r"=> (\S*lib(?:clang_rt\.)?(?:asan|ubsan)\S*)", linked)


class Hands:
    """What an actor can be told to do. Sockets are named by their descriptors."""

    def __init__(self):
        self.sockets = {}
        self.afterwards = None  # to be called once the answer is written: what may never return

    def keep(self, one):
        self.sockets[one.fileno()] = one
        return one.fileno()

    def enter_new_netns(self):
        zoo.enter_new_netns()
        return zoo.netns_of()

    def enter_netns_of(self, pid):
        with open("/proc/%d/ns/net" % pid) as there:
            zoo.checked(zoo.LIBC.setns(there.fileno(), zoo.CLONE_NEWNET))

    def call_yourself(self, name):
        zoo.set_comm(name.encode())

    def listen(self, host="127.0.0.1", port=0, backlog=128):
        return self.keep(zoo.listener(host, backlog=backlog, port=port))

    def connect(self, host, port):
        return self.keep(socket.create_connection((host, port), timeout=PATIENCE_S))

    def accept(self, fd):
        return self.keep(self.sockets[fd].accept()[0])

    def held(self):
        return list(self.sockets)

    def name(self, fd):
        return self.sockets[fd].getsockname()[:2]

    def inode(self, fd):
        return os.fstat(fd).st_ino

    def cookie(self, fd):
        return struct.unpack("=Q", self.sockets[fd].getsockopt(socket.SOL_SOCKET, 57, 8))[0]

    def send(self, fd, size):
        self.sockets[fd].sendall(b"x" * size)

    def fill(self, fd):
        self.sockets[fd].setblocking(False)
        try:
            while True:
                self.sockets[fd].send(b"x" * 65536)
        except BlockingIOError:
            pass

    def receive(self, fd, size):
        while size:
            got = len(self.sockets[fd].recv(min(size, 1 << 20)))
            if not got:
                raise EOFError("the other end closed")
            size -= got

    def wait_for_end(self, fd):
        while self.sockets[fd].recv(1 << 20):
            pass

    def shut(self, fd):
        self.sockets[fd].shutdown(socket.SHUT_WR)

    def close(self, fd):
        self.sockets.pop(fd).close()


class Actor:
    """A process that does what Hands can: actor.listen() and so on. It is ended, by its pid, with the test."""

    def __init__(self, test, hands=Hands):
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                zoo.checked(zoo.LIBC.prctl(1, signal.SIGKILL, 0, 0, 0))  # ends with its parent
                ours.close()
                os.dup2(theirs.fileno(), 0)
                os.closerange(3, 4096)
                theirs.detach()
                self.act(hands())
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
            os._exit(1)
        theirs.close()
        ours.settimeout(5 * PATIENCE_S)  # an actor may be kept waiting for ever, by whoever looks at it meanwhile
        self.stream = ours.makefile("rw")
        ours.close()
        self.ended = False
        self.first_to_end = []  # pids of children that the actor itself may wait for when it is killed
        test.addCleanup(self.end)

    @staticmethod
    def act(hands):
        with open(0, closefd=False) as orders:
            for line in orders:
                command, arguments = json.loads(line)
                try:
                    answer = [getattr(hands, command)(*arguments), None]
                except Exception:
                    answer = [None, traceback.format_exc()]
                os.write(0, json.dumps(answer).encode() + b"\n")
                if hands.afterwards:
                    hands.afterwards()

    def __getattr__(self, command):
        def call(*arguments):
            self.tell(command, *arguments)
            return self.answer()
        return call

    def tell(self, command, *arguments):
        """Without waiting for the answer."""
        self.stream.write(json.dumps([command, arguments]) + "\n")
        self.stream.flush()

    def answer(self):
        line = self.stream.readline()
        if not line:
            raise AssertionError("the actor ended")
        result, failure = json.loads(line)
        if failure:
            raise AssertionError(failure)
        return result

    def end(self):
        if not self.ended:
            self.ended = True
            for pid in self.first_to_end + [self.pid]:
                os.kill(pid, signal.SIGKILL)
            wait_until(lambda: os.waitpid(self.pid, os.WNOHANG)[0], "an actor to end")
            self.stream.close()
