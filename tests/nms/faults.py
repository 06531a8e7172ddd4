"""A service with every fault that the alerts are for, of its own name and at ports below those that the kernel gives to clients."""
import socket
import time

from support import free_tcp_port
from test_collectd import Holder

LEAKED = 60  # the alerts are of more than 50
BACKLOG = 16  # of a listener of Holder's; one more may wait
PLENTY = 4096  # descriptors


class Faulty:
    """On a Holder. What it leaks is its own; who goes is another process, so that it can end. Names have 15 bytes at most."""

    def __init__(self, test, name):
        self.name = name
        self.holder = Holder(test, name)
        self.gone = Holder(test, name + "-w")
        self.port, self.full_port, self.gone_port = free_tcp_port(), free_tcp_port(), free_tcp_port()
        self.listener = self.holder.listen("127.0.0.1", self.port)
        self.full = self.holder.listen("127.0.0.1", self.full_port)
        self.gone.listen("127.0.0.1", self.gone_port)
        self.waiting, self.unbound, self.pairs = [], [], []

    def alerts(self):
        """Those that stay."""
        return {("ProctcpListenerGone", "127.0.0.1:%d" % self.gone_port),
                ("ProctcpAcceptQueueFilling", "127.0.0.1:%d" % self.full_port),
                ("ProctcpCloseWaitLeak", self.name), ("ProctcpUnboundLeak", self.name), ("ProctcpDescriptorsNearLimit", self.name)}

    def provoke(self, test):
        test.stop(self.gone.process)
        self.waiting = [self.holder.connect(self.full) for _ in range(BACKLOG + 1)]
        for _ in range(LEAKED):
            client, server = self.holder.pair(self.listener)
            self.holder.shut(client)  # FIN_WAIT2 here, CLOSE_WAIT there
            self.pairs.append((client, server))
        self.unbound = [self.holder.unbound() for _ in range(LEAKED)]
        self.holder.limit(self.holder.descriptors() * 10 // 9, PLENTY)

    def knock(self, test):
        """Tries to connect where the queue is full: the kernel drops it, and drops it again when it is sent again."""
        client = socket.socket()
        test.addCleanup(client.close)
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", self.full_port))
        time.sleep(0.5)

    def repair(self, test):
        self.holder.limit(PLENTY)
        for fd in [fd for pair in self.pairs for fd in pair] + self.unbound:
            self.holder.close(fd)
        for _ in self.waiting:
            self.holder.accept(self.full)
        self.gone = Holder(test, self.name + "-w")
        self.gone.listen("127.0.0.1", self.gone_port)
