"""How tests/kernels/run.py counts what a virtual machine printed; no machine is started."""
import contextlib
import importlib.util
import io
import os

from support import TOP, LiveTest

spec = importlib.util.spec_from_file_location("kernels_run", os.path.join(TOP, "tests", "kernels", "run.py"))
kernels_run = importlib.util.module_from_spec(spec)
spec.loader.exec_module(kernels_run)

GOOD = "Linux 6.1\n==== one\ntest_a ... ok\n7 passed, 0 failed, 1 skipped\n==== two\n2 passed, 0 failed, 0 skipped\n==== end\n"


class Report(LiveTest):
    def report(self, text, wrong=None):
        log = text and self.write("log", text.replace("\n", "\r\n"))
        with contextlib.redirect_stdout(io.StringIO()) as out:
            totals = kernels_run.report("6.1", log, wrong, 12.3)
        return totals, out.getvalue()

    def test_what_the_steps_counted_is_added_up(self):
        totals, out = self.report(GOOD)
        self.assertEqual(totals, [9, 0, 1])
        self.assertRegex(out, r"\n6\.1: 12 s\n$")

    def test_a_failed_test_is_counted_and_shown(self):
        totals, out = self.report(GOOD.replace("ok\n7 passed, 0", "FAIL\nFAIL: test_a\n6 passed, 1"))
        self.assertEqual(totals, [8, 1, 1])
        self.assertIn("\nFAIL: test_a\n", out)

    def test_a_panic_is_a_failure_although_every_test_before_it_passed(self):
        panic = "[   47.9] Kernel panic - not syncing: Attempted to kill init!\n"
        totals, out = self.report(GOOD.replace("==== end\n", panic))
        self.assertEqual(totals, [9, 1, 1])
        self.assertIn("6.1: the machine ended before its tests did", out)
        totals, out = self.report(GOOD.replace("2 passed, 0 failed, 0 skipped\n==== end\n", panic))
        self.assertEqual(totals, [7, 2, 1])
        self.assertIn(panic, out)

    def test_a_hang_and_a_kernel_that_cannot_be_had_are_failures(self):
        self.assertEqual(self.report(GOOD, "still running after 4 s")[0], [9, 1, 1])
        totals, out = self.report(None, "apt has no linux-image-6.1.*-cloud-amd64")
        self.assertEqual((totals, out), ([0, 1, 0], "6.1: apt has no linux-image-6.1.*-cloud-amd64\n"))

    def test_a_machine_that_ran_nothing_is_a_failure(self):
        self.assertEqual(self.report("")[0], [0, 1, 0])
