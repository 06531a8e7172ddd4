"""Sockets and processes that the tests open themselves, so that they know the truth."""
import ctypes
import errno
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback

from support import LiveTest, cli

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
PR_SET_DUMPABLE, PR_SET_NAME = 4, 15
IPPROTO_MPTCP = 262
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def checked(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def set_comm(name):
    """name: bytes, at most 15."""
    checked(LIBC.prctl(PR_SET_NAME, ctypes.c_char_p(name), 0, 0, 0))


def enter_new_netns():
    """A network namespace of the process's own, with lo up. Gone when nothing of it is left."""
    checked(LIBC.unshare(CLONE_NEWNET))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        flags = struct.unpack_from("16sh", fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("40s", b"lo")))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))


def enter_netns(path):
    """path: as /proc/PID/ns/net."""
    fd = os.open(path, os.O_RDONLY)
    checked(LIBC.setns(fd, CLONE_NEWNET))
    os.close(fd)


def refuse_netlink():
    """From here on socket(AF_NETLINK, ...) is answered with EPERM, in this process and what it starts."""
    allow, refuse = 0x7fff0000, 0x00050000 | errno.EPERM

    def statement(code, yes, no, value):
        return struct.pack("=HBBI", code, yes, no, value)

    number = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
    program = b"".join([statement(0x20, 0, 0, 0),        # load the number of the call
                        statement(0x15, 0, 3, number),   # socket?
                        statement(0x20, 0, 0, 16),       # load its first argument
                        statement(0x15, 0, 1, socket.AF_NETLINK),
                        statement(0x06, 0, 0, refuse), statement(0x06, 0, 0, allow)])
    buffer = ctypes.create_string_buffer(program, len(program))
    filter_ = struct.pack("@HP", 6, ctypes.addressof(buffer))
    checked(LIBC.prctl(38, 1, 0, 0, 0))        # PR_SET_NO_NEW_PRIVS
    checked(LIBC.prctl(22, 2, filter_, 0, 0))  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def netns_of(pid="self"):
    return int(os.readlink("/proc/%s/ns/net" % pid)[5:-1])


def listener(host="127.0.0.1", backlog=16, protocol=0, reuse_port=False, port=0):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, protocol)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    if reuse_port:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((host, port))
    made.listen(backlog)
    return made


def connection(host="127.0.0.1", to=None, protocol=0):
    """A listener, a client and the socket that serves it. to: the address to connect to, if it is not host."""
    listening = listener(host, protocol=protocol)
    target = to or host
    client = socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_STREAM, protocol)
    client.connect((target, listening.getsockname()[1]))
    served, _ = listening.accept()
    return listening, client, served


def connection_of_subflows(addresses):
    """connection() by MPTCP, in a new network namespace, with a subflow from 127.0.0.1 and from each of the others.

    The kernel asks for each further subflow once, and a peer that is not ready refuses it for good: then another
    connection is made."""
    enter_new_netns()
    words = ["limits set subflow %d add_addr_accepted %d" % (len(addresses), len(addresses))]
    for line in words + ["endpoint add %s dev lo subflow" % address for address in addresses]:
        subprocess.run(["ip", "mptcp"] + line.split(), check=True)
    for _ in range(20):
        ends = connection("127.0.0.1", protocol=IPPROTO_MPTCP)
        _, client, served = ends
        client.sendall(b"x")  # subflows join once both ends have seen data acknowledged
        served.sendall(served.recv(1))
        client.recv(1)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            # SOL_MPTCP, MPTCP_INFO: the first octet says how many there are beside the first
            if all(end.getsockopt(284, 1, 1)[0] == len(addresses) for end in (client, served)):
                return ends
            time.sleep(0.02)
        for end in ends:
            end.close()
    raise AssertionError("the kernel made no subflows")


class Child:
    """A forked process that runs a function, tells what it returned, and waits until it is ended."""

    def __init__(self, function):
        read_end, write_end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(read_end)
                result, keep = function(), []
                if isinstance(result, tuple):
                    result, keep = result
                with os.fdopen(write_end, "w") as pipe:
                    json.dump(result, pipe)
                while keep is not None:  # what is in keep stays open
                    signal.pause()
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
            os._exit(1)
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            text = pipe.read()
        self.ended = False
        if not text:
            self.end()
            raise AssertionError("the child failed; its traceback stands above")
        self.result = json.loads(text)

    def end(self):
        if not self.ended:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.ended = True


def netns_child():
    """For Child: its own network namespace, and nothing in it."""
    enter_new_netns()
    return netns_of(), []


def namespace_stats(netns, *words):
    """What --stats says of one namespace, or None. Other processes of the host have namespaces of their own, and end."""
    stats = json.loads(cli("--stats", *words))
    return next((one for one in stats["by_namespace"] if one["netns"] == netns), None)


class ZooTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.kept = []

    def keep(self, *sockets):
        """Sockets that are closed with the test."""
        for one in sockets:
            self.addCleanup(one.close)
        return sockets if len(sockets) > 1 else sockets[0]

    def fork(self, function):
        child = Child(function)
        self.addCleanup(child.end)
        return child


def mptcp_missing():
    """Why there is no MPTCP here, or None."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP).close()
        return None
    except OSError as error:
        return "this kernel has no MPTCP: %s" % errno.errorcode[error.errno]


def sock_diag_missing():
    """Why the kernel does not answer sock_diag about TCP, or None."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as asked:  # NETLINK_SOCK_DIAG
            asked.send(struct.pack("=IHHII BBxxI48x", 72, 20, 0x301, 1, 0, socket.AF_INET, socket.IPPROTO_TCP, 1 << 10))
            kind, = struct.unpack_from("4xH", asked.recv(65536))
    except OSError as error:
        return "sock_diag: %s" % errno.errorcode[error.errno]
    return "this kernel has no tcp_diag" if kind == 2 else None  # NLMSG_ERROR


SOURCES = (["bpf"] if os.environ.get("SOURCE") == "bpf" else []) + \
    (["procfs"] if sock_diag_missing() else ["netlink", "procfs"])
