"""The agents by the BPF source, as a user who has no right but to read its files.

Runs where SOURCE=bpf says that the programs were loaded (see run.py)."""
import os
import shlex
import stat
import unittest

import bpf
import zoo
from support import wait_until
from test_collectd import CollectdTest, group
from test_snmp import AGENT, ONE_SCAN, AgentTest

NOBODY = 65534
SOCKETS, LOCAL_PORT = ".1.3.6.1.4.1.8072.9999.9999.793.1.3.1", 17
SCAN_SOURCE = ".1.3.6.1.4.1.8072.9999.9999.793.1.1.4.0"
LOADED = os.environ.get("SOURCE") == "bpf"
UNPRIVILEGED = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--bounding-set=-all",
                "--inh-caps=-all"]


def let_nobody_read(test):
    test.addCleanup(bpf.load, "load")
    test.assertEqual(bpf.load("load", "--group", str(NOBODY)).returncode, 0)


@unittest.skipUnless(LOADED, "the BPF programs are not loaded (SOURCE=bpf)")
class Agent(AgentTest):
    def test_it_serves_sockets_of_roots_processes_in_every_namespace(self):
        def elsewhere():
            zoo.enter_new_netns()
            listening = zoo.listener()
            return [listening.fileno(), listening.getsockname()[1]], [listening]

        let_nobody_read(self)
        os.chmod(self.directory, 0o755)
        os.makedirs(self.path("p"), exist_ok=True)
        os.chmod(self.path("p"), 0o777)
        child = zoo.Child(elsewhere)
        self.addCleanup(child.end)
        here = zoo.listener()
        self.addCleanup(here.close)
        program = self.write("agent.sh", "#!/bin/sh\nexec %s %s \"$@\"\n" % (shlex.join(UNPRIVILEGED), shlex.quote(AGENT)))
        os.chmod(program, stat.S_IRWXU)
        self.start_master()
        self.start_agent(ONE_SCAN + "proctcpPid %d,%d\n" % (os.getpid(), child.pid), program=program)
        self.wait_for_scan()
        self.assertEqual(self.get(SCAN_SOURCE), 4)
        ports = wait_until(lambda: self.column(SOCKETS, LOCAL_PORT), "sockets")
        self.assertEqual(ports.get(".%d.%d.1" % (os.getpid(), here.fileno())), here.getsockname()[1])
        self.assertEqual(ports.get(".%d.%d.1" % (child.pid, child.result[0])), child.result[1])


@unittest.skipUnless(LOADED, "the BPF programs are not loaded (SOURCE=bpf)")
class Plugin(CollectdTest):
    def test_it_publishes_processes_of_root(self):
        let_nobody_read(self)
        holder = self.holder()
        listener = holder.listen()
        sender, receiver = holder.pair(listener)
        holder.send(sender, 4321)
        daemon = self.collectd(user=NOBODY)
        wait_until(lambda: group(daemon.latest(), holder.name).get("tcp_connections-ESTABLISHED") == 2 or daemon.must_run(),
                   "the sockets of a process of root's")
        values = group(daemon.latest(), holder.name)
        self.assertEqual((values["count-sockets"], values["tcp_connections-LISTEN"], values["bytes-rx_queue"]), (3, 1, 4321))
        self.assertIsNotNone(receiver)


if __name__ == "__main__":
    unittest.main()
