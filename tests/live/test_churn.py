"""Sockets and processes that open and close all the time: what lived through a scan is in it, and nothing is made up."""
import fcntl
import json
import os
import signal
import socket
import unittest

import zoo
from support import rows


class Churn(zoo.ZooTest):
    def churn(self, log, name):
        """Opens and closes pairs until SIGTERM, some in children that end at once; tells each four-tuple it ever had."""
        zoo.checked(zoo.LIBC.prctl(1, signal.SIGKILL, 0, 0, 0))  # ends with its parent
        zoo.set_comm(name.encode())
        stop = []
        signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
        listening = zoo.listener(backlog=64)

        def pair():
            client = socket.socket()
            client.connect(listening.getsockname())
            served = listening.accept()[0]
            lines = b""
            for one in (client, served):
                lines += b"%d %d %s:%d %s:%d\n" % (os.getpid(), one.fileno(), one.getsockname()[0].encode(),
                                                  one.getsockname()[1], one.getpeername()[0].encode(),
                                                  one.getpeername()[1])
            os.write(log, lines)
            return client, served

        kept = []
        while not stop:  # a pair that a scan may have seen is told in any case
            if len(kept) % 8 == 7:
                child = os.fork()
                if child == 0:  # it holds what its parent holds, too
                    os.write(log, b"%d child of %d\n" % (os.getpid(), os.getppid()))
                    pair()
                    os._exit(0)
                os.waitpid(child, 0)
            kept.append(pair())
            if len(kept) > 20:
                for one in kept[::2]:
                    for end in one:
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                        end.close()
                kept = kept[1::2]

    def test_nothing_is_missed_and_nothing_made_up(self):
        log = os.memfd_create("log")  # nobody waits for a disk
        fcntl.fcntl(log, fcntl.F_SETFL, os.O_APPEND)
        self.addCleanup(os.close, log)
        name = "churn-%d" % os.getpid()  # no other process has it, though it may get the pid of one that ended
        churners = []
        for _ in range(3):
            pid = os.fork()
            if pid == 0:
                try:
                    self.churn(log, name)
                finally:
                    os._exit(0)
            churners.append(pid)

        def end_all():
            for pid in churners:
                os.kill(pid, signal.SIGTERM)
                os.waitpid(pid, 0)
            churners.clear()

        self.addCleanup(end_all)
        stable = self.keep(*[one for _ in range(30) for one in zoo.connection()])
        truth = {one.fileno(): os.fstat(one.fileno()).st_ino for one in stable}
        seen = []
        with open("/proc/self/comm") as file:
            own_name = file.read().rstrip("\n")
        for scan in range(60):
            found = rows("--source", ("netlink", "procfs")[scan % 2], "--process", "%s,%s" % (own_name, name))
            mine = {row["fd"]: row["inode"] for row in found if row["pid"] == os.getpid()}
            self.assertEqual(mine, truth)
            mine = {row["fd"]: row for row in found if row["pid"] == os.getpid()}
            for listening, client, served in zip(stable[::3], stable[1::3], stable[2::3]):
                self.assertEqual(mine[client.fileno()]["peer_fd"], served.fileno())
                self.assertEqual(mine[client.fileno()]["local_port"], client.getsockname()[1])
                self.assertEqual(mine[listening.fileno()]["local_port"], listening.getsockname()[1])
            seen += [row for row in found if row["process"] == name and row["state"] == "established"]
        end_all()
        with open("/proc/self/fd/%d" % log) as file:
            had = {tuple(line.split()) for line in file}
        holders = {}  # of each pid: itself, and the parents of all that had this pid
        for line in had:
            holders.setdefault(line[0], {line[0]}).update({line[3]} if line[1] == "child" else ())
        for row in seen:
            what = (str(row["fd"]), "%s:%d" % (row["local_address"], row["local_port"]),
                    "%s:%d" % (row["remote_address"], row["remote_port"]))
            self.assertTrue(any((holder,) + what in had for holder in holders[str(row["pid"])]), json.dumps(row))
        self.assertGreater(len(seen), 100)


if __name__ == "__main__":
    unittest.main()
