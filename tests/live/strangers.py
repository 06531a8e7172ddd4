"""Unprivileged users who mean harm, and what they can do: namespaces of their own, and a file system of their own that
answers nobody but themselves."""
import ctypes
import errno
import fcntl
import os
import resource
import signal
import socket
import stat
import struct
import threading
import time

import zoo
from scans import Hands
from support import wait_until

STRANGER = 65533  # an id that nobody else has here
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 2, 4, 0x4000, 0x40000
O_PATH = 0o10000000
NETLINK_SOCK_DIAG, TCPDIAG_GETSOCK, NLMSG_ERROR, NLMSG_DONE = 4, 18, 2, 3
FORGED = ("203.0.113.66", 6666, "203.0.113.77", 7777)
PROT_READ, PROT_WRITE, MAP_SHARED, MAP_PRIVATE = 1, 2, 1, 2
MILLION = 1 << 20


def become_stranger(flags=0, uid=STRANGER):
    """Gives up root; then, as an unprivileged user may, makes a user namespace and others, root in them alone."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    zoo.checked(zoo.LIBC.prctl(zoo.PR_SET_DUMPABLE, 1, 0, 0, 0))
    if not flags:
        return
    zoo.checked(zoo.LIBC.unshare(CLONE_NEWUSER | flags))
    for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % uid), ("gid_map", "0 %d 1" % uid)):
        with open("/proc/self/" + name, "w") as file:
            file.write(text)


def user_namespaces_missing():
    """Why users cannot make namespaces here, or None."""
    pid = os.fork()
    if pid == 0:
        try:
            become_stranger(CLONE_NEWNET | CLONE_NEWNS)
            os._exit(0)
        except OSError as error:
            os._exit(error.errno)
        finally:
            os._exit(255)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return "users may not make namespaces here: %s" % errno.errorcode.get(status, status) if status else None


def lo_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        flags = struct.unpack_from("16sh", fcntl.ioctl(control, zoo.SIOCGIFFLAGS, struct.pack("40s", b"lo")))[1]
        fcntl.ioctl(control, zoo.SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | zoo.IFF_UP))


# ---- a file system whose daemon does not answer ----

FUSE_LOOKUP, FUSE_FORGET, FUSE_GETATTR, FUSE_OPEN, FUSE_READ, FUSE_WRITE, FUSE_STATFS, FUSE_RELEASE = (
    1, 2, 3, 14, 15, 16, 17, 18)
FUSE_FLUSH, FUSE_INIT, FUSE_ACCESS, FUSE_INTERRUPT, FUSE_BATCH_FORGET = 25, 26, 34, 36, 42
FOPEN_DIRECT_IO = 1
FILE_SIZE = 1 << 20


class Fuse:
    """A FUSE file system of an unprivileged user with "file", and with "program", whose name takes a while to look up.

    The calling process must have become a stranger with CLONE_NEWNS, or be root in a mount namespace of its own that
    mounts for a user, as fusermount does: the kernel then asks the daemon also on behalf of those who are not in the
    stranger's user namespace, root above all. The daemon is a process of its own. It answers its own user and leaves
    everybody else waiting; what is in unanswered it leaves waiting whoever asks. Once the daemon has ended, the kernel
    ends every wait."""

    NODES = {"file": 2, "program": 3}
    PROGRAM_DELAY_S = 1

    def __init__(self, mountpoint, device, log, unanswered=(), open_flags=(), user=0):
        self.unanswered = set(unanswered)
        self.user = user
        self.open_flags = list(open_flags)  # of one open after the other
        fd = os.open(device, os.O_RDWR)
        options = "fd=%d,rootmode=40000,user_id=%d,group_id=%d" % (fd, user, user)
        zoo.checked(zoo.LIBC.mount(b"stranger", mountpoint.encode(), b"fuse", MS_NOSUID | MS_NODEV, options.encode()))
        self.pid = os.fork()
        if self.pid == 0:
            try:
                zoo.checked(zoo.LIBC.prctl(1, signal.SIGKILL, 0, 0, 0))  # ends with its parent
                os.closerange(0, fd)
                os.closerange(fd + 1, 4096)
                os.setresuid(user, user, user)
                self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
                self.serve(fd)
            finally:
                os._exit(0)
        os.close(fd)
        self.file, self.program = (os.path.join(mountpoint, name) for name in self.NODES)

    @staticmethod
    def attributes(node):
        mode, size = (stat.S_IFDIR | 0o755, 0) if node == 1 else (stat.S_IFREG | 0o777, FILE_SIZE)
        return struct.pack("=QQQQQQIIIIIIIIII", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def delay(self):
        time.sleep(self.PROGRAM_DELAY_S)

    def is_unanswered(self, opcode, body):
        return opcode in self.unanswered

    def answer(self, opcode, node, body):
        """The payload of an answer, or a negative error number."""
        hour = 3600
        if opcode == FUSE_INIT:
            major, minor = struct.unpack_from("=II", body)
            return struct.pack("=IIIIHHIIHHIIIIII", 7, min(minor, 31), 0, 0, 16, 12, 65536, 1, 16, 0, 0, 0, 0, 0, 0, 0)
        if opcode == FUSE_LOOKUP:
            name = body.rstrip(b"\0").decode()
            if name not in self.NODES:
                return -errno.ENOENT
            if name == "program":
                self.delay()
            node = self.NODES[name]
            return struct.pack("=QQQQII", node, 1, hour, 0, 0, 0) + self.attributes(node)
        if opcode == FUSE_GETATTR:
            return struct.pack("=QII", 0, 0, 0) + self.attributes(node)
        if opcode == FUSE_OPEN:
            return struct.pack("=QII", 1, self.open_flags.pop(0) if self.open_flags else 0, 0)
        if opcode == FUSE_READ:
            _, offset, size = struct.unpack_from("=QQI", body)
            return ((b"#!/bin/true\n" if node == self.NODES["program"] else b"") + bytes(FILE_SIZE))[offset:offset + size]
        if opcode == FUSE_WRITE:
            return struct.pack("=II", struct.unpack_from("=QQI", body)[2], 0)
        if opcode in (FUSE_RELEASE, FUSE_FLUSH, FUSE_ACCESS):
            return b""
        return -errno.ENOSYS

    def serve(self, fd):
        while True:
            try:
                request = os.read(fd, 1 << 17)
            except OSError as error:
                if error.errno in (errno.EINTR, errno.ENOENT):
                    continue
                return
            _, opcode, unique, node, uid, _, _, _ = struct.unpack_from("=IIQQIIII", request)
            if opcode in (FUSE_FORGET, FUSE_BATCH_FORGET, FUSE_INTERRUPT):
                continue
            if opcode != FUSE_INIT and (self.is_unanswered(opcode, request[40:]) or uid != self.user):
                os.write(self.log, b"%d\n" % opcode)
                continue
            try:
                found = self.answer(opcode, node, request[40:])
            except Exception:  # it goes on, whatever it is asked
                found = -errno.EIO
            if isinstance(found, int):
                os.write(fd, struct.pack("=IiQ", 16, found, unique))
            else:
                os.write(fd, struct.pack("=IiQ", 16 + len(found), 0, unique) + found)


class PatientFuse(Fuse):
    """Its program is found once a proctcp that was told the stranger's pid waits for what no signal ends. Who reads the
    second half of its file waits for ever."""

    HALF = FILE_SIZE // 2

    def delay(self):
        end = time.monotonic() + 60
        while time.monotonic() < end and not self.proctcp_waits():
            time.sleep(0.02)

    @staticmethod
    def proctcp_waits():
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % pid, errors="replace") as file:
                    if "(proctcp) D" not in file.read():
                        continue
                with open("/proc/%s/cmdline" % pid) as file:
                    if ",%d," % os.getppid() in file.read():
                        return True
            except OSError:
                continue
        return False

    def is_unanswered(self, opcode, body):
        return super().is_unanswered(opcode, body) or (
            opcode == FUSE_READ and struct.unpack_from("=QQI", body)[1] >= self.HALF)


def fuse_device(directory):
    """A way to FUSE that is open to users, as /dev/fuse is on most hosts."""
    path = os.path.join(directory, "fuse")
    os.mknod(path, stat.S_IFCHR | 0o666, os.stat("/dev/fuse").st_rdev)
    os.chmod(path, 0o666)
    return path


# ---- what strangers do ----

class Stranger(Hands):
    """What an actor does as an unprivileged user. What is said to go on for ever ends with the actor."""

    FUSE = Fuse

    def become(self, flags=0):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        become_stranger(flags)
        if flags & CLONE_NEWNET:
            lo_up()
        return zoo.netns_of()

    def mount(self, mountpoint, device, log, unanswered=(), open_flags=()):
        self.fuse = self.FUSE(mountpoint, device, log, unanswered, open_flags)
        return self.fuse.pid

    def mount_by_root(self, mountpoint, device, log, unanswered=(), open_flags=()):
        """As with fusermount, which is root's. To be called before become(), which it calls itself."""
        zoo.checked(zoo.LIBC.unshare(CLONE_NEWNS))
        zoo.checked(zoo.LIBC.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
        self.fuse = self.FUSE(mountpoint, device, log, unanswered, open_flags, STRANGER)
        self.become()
        return self.fuse.pid

    def forge(self, port, inode, kind):
        """For ever, to the netlink port and to every other that is there: messages like the kernel's."""
        netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
        netlink.setblocking(False)
        netlink.bind((0, 0))
        own = netlink.getsockname()[0]
        messages = [message for sequence in range(4) for message in forged(kind, sequence, port, inode)]
        ports = {port}
        while True:
            with open("/proc/thread-self/net/netlink") as file:
                for line in file:
                    words = line.split()
                    if words[1] == str(NETLINK_SOCK_DIAG) and int(words[2]) not in (0, own):
                        ports = {port, int(words[2])}
            for _ in range(500):
                for to in ports:
                    for message in messages:
                        try:
                            netlink.sendto(message, (to, 0))
                        except OSError:
                            break

    def flip(self, flags, count):
        """For ever: descriptors are sockets for a moment, and a file of the silent file system for a moment."""
        silent = os.open(self.fuse.file, flags)
        places = range(1000, 1000 + count)
        while True:
            for place in places:
                made = socket.socket()
                os.dup2(made.fileno(), place)
                made.close()
            for place in places:
                os.dup2(silent, place)

    def map_arguments(self):
        """The words of the command line are where a read waits for the silent file system."""
        place = mmap(MILLION, PROT_READ | PROT_WRITE, MAP_SHARED, os.open(self.fuse.file, os.O_RDWR))
        with open("/proc/self/stat") as file:
            columns = [0, 0] + file.read().rsplit(")", 1)[1].split()
        code, end_of_code, stack, data, end_of_data, brk, env, end_of_env = (
            int(columns[column - 1]) for column in (26, 27, 28, 45, 46, 47, 50, 51))
        whole = struct.pack("=12QIi", code, end_of_code, data, end_of_data, brk, brk + 4096, stack, place, place + 4096,
                            env, end_of_env, 0, 0, -1)
        buffer = ctypes.create_string_buffer(whole, len(whole))
        zoo.checked(zoo.LIBC.prctl(35, 14, buffer, len(whole), 0))  # PR_SET_MM, PR_SET_MM_MAP

    def lock_memory(self):
        """The lock of the process's memory is held for ever: mmap() with FOPEN_DIRECT_IO writes back first. Whoever needs
        new memory then waits as well, so that the answer comes first."""
        plain, direct = (os.open(self.fuse.file, os.O_RDWR) for _ in range(2))
        ctypes.memset(mmap(MILLION, PROT_READ | PROT_WRITE, MAP_SHARED, plain), 1, 4096)
        self.afterwards = lambda: mmap(4096, PROT_READ, MAP_PRIVATE, direct)

    def lock_exec(self):
        """A child of the process, which shares its memory, is in the middle of execve() for ever: the lock of its memory
        is taken once the program's name has been looked up. Nobody can see when it has come so far without waiting, too:
        it has after twice the time that the program is looked up for."""
        self.lock_memory()
        lock = self.afterwards
        held = socket.socket()
        os.set_inheritable(held.fileno(), True)
        self.keep(held)
        words, none, pid = (ctypes.c_char_p * 2)(b"program", None), (ctypes.c_char_p * 1)(None), ctypes.c_int()
        spawn = (ctypes.byref(pid), self.fuse.program.encode(), None, None, words, none)
        threading.Thread(target=zoo.LIBC.posix_spawn, args=spawn, daemon=True).start()
        wait_until(self.children, "the child that is to execute a program")

        def afterwards():
            time.sleep(self.fuse.PROGRAM_DELAY_S / 2)
            lock()

        self.afterwards = afterwards
        return self.children()

    def children(self):
        """All but the daemon."""
        found = set()
        for thread in os.listdir("/proc/self/task"):
            with open("/proc/self/task/%s/children" % thread) as file:
                found.update(map(int, file.read().split()))
        return sorted(found - {self.fuse.pid})

    def lock_socket(self, client):
        """A thread sends from where a read waits for the silent file system, and so holds the socket's lock for ever."""
        place = mmap(MILLION, PROT_READ, MAP_SHARED, os.open(self.fuse.file, os.O_RDWR))
        threading.Thread(target=zoo.LIBC.send, args=(client, ctypes.c_void_p(place), ctypes.c_size_t(4096), 0),
                         daemon=True).start()

    def lock_in_namespaces(self, count):
        """As many processes, each in a network namespace of its own with a socket whose lock is held for ever."""
        place = mmap(MILLION, PROT_READ, MAP_SHARED, os.open(self.fuse.file, os.O_RDWR))
        pids = []
        for index in range(count):
            near, far = os.pipe()
            pid = os.fork()
            if pid == 0:
                try:
                    zoo.checked(zoo.LIBC.prctl(1, signal.SIGKILL, 0, 0, 0))
                    zoo.enter_new_netns()
                    _, client, _ = kept = zoo.connection()
                    threading.Thread(target=zoo.LIBC.send, daemon=True,
                                     args=(client.fileno(), ctypes.c_void_p(place + index * MILLION // count // 4096 * 4096),
                                           ctypes.c_size_t(4096), 0)).start()
                    os.write(far, b".")
                    while kept:
                        signal.pause()
                finally:
                    os._exit(1)
            os.read(near, 1)
            pids.append(pid)
        return pids

    def lock_in_abandoned_namespaces(self, count):
        """As many network namespaces that no process is in, each with a socket whose lock is held for ever."""
        place = mmap(MILLION, PROT_READ, MAP_SHARED, os.open(self.fuse.file, os.O_RDWR))
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        for index in range(count):
            zoo.enter_new_netns()
            _, client, _ = kept = zoo.connection()
            zoo.checked(zoo.LIBC.setns(home, CLONE_NEWNET))
            for one in kept:
                self.keep(one)
            threading.Thread(target=zoo.LIBC.send, daemon=True,
                             args=(client.fileno(), ctypes.c_void_p(place + index * 4096), ctypes.c_size_t(4096), 0)).start()

    def hold_a_pair(self):
        """Sockets that are not TCP."""
        for one in socket.socketpair():
            self.keep(one)

    def crowd(self, most):
        """The last socket many times, at most so often and as the limit allows; returns how often."""
        last, first = list(self.sockets)[-1], 100
        count = min(most, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - first)
        for place in range(first, first + count):
            os.dup2(last, place)
        return count

    def netns_crowd(self, count):
        """Processes with a listener each in a namespace each."""
        pids = []
        for _ in range(count):
            near, far = os.pipe()
            pid = os.fork()
            if pid == 0:
                try:
                    zoo.checked(zoo.LIBC.prctl(1, signal.SIGKILL, 0, 0, 0))  # ends with its parent
                    os.dup2(far, 0)
                    os.closerange(3, 256)
                    zoo.enter_new_netns()
                    kept = zoo.listener(port=7777)
                    os.write(0, b".")
                    while kept:
                        signal.pause()
                finally:
                    os._exit(1)
            os.close(far)
            if os.read(near, 1) != b".":
                raise OSError("a process of the crowd failed")
            os.close(near)
            pids.append(pid)
        return pids


class PatientStranger(Stranger):
    FUSE = PatientFuse

    def lock_socket_then_exec(self):
        """A socket's lock is held for ever. The one process in its namespace, once a proctcp waits for that lock, is in the
        middle of execve() for ever."""
        mapped, plain, direct = (os.open(self.fuse.file, os.O_RDWR) for _ in range(3))
        place = mmap(MILLION, PROT_READ, MAP_SHARED, mapped)
        dirty = mmap(MILLION, PROT_READ | PROT_WRITE, MAP_SHARED, plain)
        sockets, inside, go = [], threading.Event(), threading.Event()

        def enter_and_execute():
            zoo.enter_new_netns()
            sockets.extend(zoo.connection())
            inside.set()
            go.wait()
            words, none, pid = (ctypes.c_char_p * 2)(b"program", None), (ctypes.c_char_p * 1)(None), ctypes.c_int()
            zoo.LIBC.posix_spawn(ctypes.byref(pid), self.fuse.program.encode(), None, None, words, none)

        threading.Thread(target=enter_and_execute, daemon=True).start()
        inside.wait()
        ctypes.memset(dirty, 1, 4096)
        threading.Thread(target=zoo.LIBC.send, daemon=True,
                         args=(sockets[1].fileno(), ctypes.c_void_p(place + PatientFuse.HALF), ctypes.c_size_t(4096),
                               0)).start()
        time.sleep(0.3)  # as in lock_exec(), nobody can see how far these have come
        go.set()
        wait_until(self.children, "the child that is to execute a program")

        def afterwards():  # as in lock_memory(): who needs new memory then waits, too
            time.sleep(0.3)
            mmap(4096, PROT_READ, MAP_PRIVATE, direct)

        self.afterwards = afterwards
        return self.children()


def forged(kind, sequence, port, inode):
    """Messages of one kind: "rows" of an established connection with FORGED's ends, or "ends" of the dump."""
    def message(number, flags, body):
        return struct.pack("=IHHII", 16 + len(body), number, flags, sequence, port) + body

    if kind == "ends":
        return [message(NLMSG_DONE, 2, struct.pack("=i", 0)),
                message(NLMSG_ERROR, 0, struct.pack("=i", -errno.EPERM) + bytes(16))]
    local, local_port, remote, remote_port = FORGED
    ends = struct.pack(">HH", local_port, remote_port) + socket.inet_aton(local) + bytes(12) + \
        socket.inet_aton(remote) + bytes(12)
    return [message(TCPDIAG_GETSOCK, 2, struct.pack("=BBBB", socket.AF_INET, 1, 0, 0) + ends +
                    struct.pack("=IIIIIIII", 0, 77, 66, 0, 0, 0, 0, inode))]


def mmap(size, protection, flags, fd):
    """The address. Without Python's lock, so that a thread can wait here alone."""
    call = zoo.LIBC.mmap
    call.restype = ctypes.c_void_p
    call.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    place = call(None, size, protection, flags, fd, 0)
    if place == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "mmap")
    return place
