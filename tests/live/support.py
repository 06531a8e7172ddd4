"""What the live tests share: where the build is, processes that end by their pid, waiting on conditions."""
import json
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
CLI = os.path.join(BUILD, "proctcp")
PATIENCE_S = 60  # how long a condition may take on a busy machine


def wait_until(condition, what, seconds=PATIENCE_S):
    """Returns the first true value of condition(); fails, naming what was waited for."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain for %s" % (seconds, what))
        time.sleep(0.05)


def preloaded(library, environment):
    """The environment of a daemon that loads it: where it was built with sanitizers, these must be there before. Leaks of
    the daemon's own do not fail it."""
    if os.environ.get("SANITIZED") != "1":
        return dict(environment)
    linked = subprocess.run(["ldd", library], stdout=subprocess.PIPE, check=True).stdout.decode()
    runtimes = re.findall(r"=> (\S*lib(?:clang_rt\.)?(?:asan|ubsan)\S*)", linked)
    assert runtimes, "SANITIZED=1, but %s links no sanitizer" % library
    return dict(environment, LD_PRELOAD=" ".join(runtimes), LSAN_OPTIONS="exitcode=0")


def free_udp_port(kind=socket.SOCK_DGRAM):
    """A port of loopback for a daemon that must be told one: free at this moment, and below those that the kernel gives to
    whoever asks for any."""
    while True:
        port = random.randrange(10000, 30000)
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def free_tcp_port():
    return free_udp_port(socket.SOCK_STREAM)


def cli(*arguments):
    """What build/proctcp prints."""
    words = [word if isinstance(word, bytes) else str(word) for word in arguments]
    if os.environ.get("SOURCE") and "--source" not in words:
        words += ["--source", os.environ["SOURCE"]]
    done = subprocess.run([CLI, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise AssertionError("proctcp %s: status %d: %s" % (words, done.returncode, done.stderr))
    return done.stdout


cli.program = CLI


def rows(*arguments):
    """The rows that build/proctcp shows, as dictionaries."""
    return [json.loads(line) for line in cli("-o", "json", *arguments).decode("utf-8").splitlines()]


class LiveTest(unittest.TestCase):
    """A temporary directory, and processes that are gone when the test is over."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="proctcp-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def start(self, *arguments, **options):
        """A process that is ended, by its pid, with the test."""
        process = subprocess.Popen(list(map(str, arguments)), **options)
        self.addCleanup(self.stop, process)
        return process

    @staticmethod
    def stop(process, seconds=10):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()
        return process.returncode
