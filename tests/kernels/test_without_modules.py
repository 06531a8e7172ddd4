"""On a kernel that has no tcp_diag: what may be asked for says so, and what is left to proctcp is read through /proc."""
import json
import os
import subprocess

import zoo
from support import CLI, rows


class WithoutTcpDiag(zoo.ZooTest):
    def setUp(self):
        super().setUp()
        self.assertIsNotNone(zoo.sock_diag_missing())

    def test_netlink_fails_and_names_what_did_not_answer(self):
        done = subprocess.run([CLI, "--source", "netlink"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"^proctcp: sock_diag: \w+")

    def test_auto_takes_procfs_and_says_why(self):
        listening = self.keep(zoo.listener())
        done = subprocess.run([CLI, "--stats"], stdout=subprocess.PIPE, check=True)
        stats = json.loads(done.stdout)
        self.assertEqual(stats["source"], "procfs")
        self.assertRegex(stats["source_reason"], r"^sock_diag: \w+")
        self.assertEqual([row["fd"] for row in rows("--pid", os.getpid())], [listening.fileno()])
