"""With little: few descriptors, no rights, a /proc that hides, a user namespace without privileges."""
import json
import os
import resource
import shutil
import subprocess
import unittest

import zoo
from support import CLI, wait_until


def run(*arguments, **options):
    return subprocess.run([str(word) for word in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=60, **options)


class Little(zoo.ZooTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.directory, 0o755)
        self.program = shutil.copy(CLI, self.path("proctcp"))  # where nobody can reach it

    def test_sixty_four_descriptors_are_enough(self):
        def live_elsewhere():
            zoo.enter_new_netns()
            kept = zoo.connection()
            return None, list(kept)

        child = self.fork(live_elsewhere)
        self.keep(*zoo.connection())
        done = run(CLI, "-o", "json", "--pid", "%d,%d" % (os.getpid(), child.pid),
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
        self.assertEqual(len(done.stdout.splitlines()), 6)
        self.assertNotIn("descriptors or memory", done.stderr)

    def hold_as_nobody(self):
        def hold():
            os.setgid(65534)
            os.setuid(65534)
            zoo.checked(zoo.LIBC.prctl(zoo.PR_SET_DUMPABLE, 1, 0, 0, 0))
            listening = zoo.listener()
            return listening.fileno(), [listening]

        return self.fork(hold)

    @staticmethod
    def become_nobody():
        os.setgid(65534)
        os.setuid(65534)

    def test_proc_that_hides_other_users_shows_ones_own(self):
        child = self.hold_as_nobody()
        others = self.keep(zoo.listener())
        os.mkdir(self.path("proc"))
        script = "mount -t proc -o hidepid=2 proc %(proc)s && exec setpriv --reuid 65534 --regid 65534 --clear-groups " \
                 "%(program)s --proc-root %(proc)s -o json" % {"proc": self.path("proc"), "program": self.program}
        done = run("unshare", "--mount", "sh", "-c", script)
        if done.stderr.startswith(("mount:", "unshare:")):
            self.skipTest("no mounts and no hidepid here (in a chroot?): " + done.stderr)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(row["pid"], row["fd"]) for row in found if row["pid"] == child.pid],
                         [(child.pid, child.result)])
        self.assertNotIn(os.getpid(), [row["pid"] for row in found])
        self.assertIsNotNone(others)

    def test_without_rights_what_may_not_be_read_is_counted_and_said(self):
        done = run(self.program, "--stats", preexec_fn=self.become_nobody)
        stats = json.loads(done.stdout)
        self.assertEqual((done.returncode, stats["source"]), (0, "netlink"))
        self.assertGreater(stats["denied"], 0)
        self.assertIn("CAP_SYS_PTRACE", done.stderr)

    def test_inside_an_unprivileged_user_namespace_it_gives_what_can_be_had(self):
        script = "import socket, subprocess; kept = socket.create_server(('127.0.0.1', 0)); " \
                 "subprocess.run(['%s', '-o', 'json'])" % self.program
        done = run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "unshare", "--user",
                   "--map-root-user", "--net", "--pid", "--fork", "--mount-proc", "/usr/bin/python3", "-c", script)
        if "unshare:" in done.stderr:
            self.skipTest("no user namespaces for users here: " + done.stderr)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([row["state"] for row in found], ["listen"], done.stderr)
        self.assertEqual(done.returncode, 0)

    def test_scans_leave_no_descriptor_and_no_thread_behind(self):
        self.fork(lambda: (zoo.enter_new_netns(), None)[1])
        process = self.start(CLI, "--stats", "--interval", "0.05", "--count", "1000", stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
        counts = []
        for _ in range(30):
            process.stdout.readline()
            counts.append((len(os.listdir("/proc/%d/fd" % process.pid)), len(os.listdir("/proc/%d/task" % process.pid))))
        self.assertEqual(min(count[1] for count in counts), 1)
        self.assertLess(min(count[0] for count in counts), 8)

    def test_namespace_ends_with_its_process_although_it_is_scanned(self):
        process = self.start(CLI, "--stats", "--interval", "0.05", "--count", "1000", stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
        child = self.fork(lambda: (zoo.enter_new_netns(), zoo.netns_of())[1])

        def is_seen():
            stats = json.loads(process.stdout.readline())
            return child.result in [netns["netns"] for netns in stats["by_namespace"]]

        wait_until(is_seen, "the namespace to be seen")
        child.end()
        wait_until(lambda: not is_seen(), "the namespace to end")


if __name__ == "__main__":
    unittest.main()
