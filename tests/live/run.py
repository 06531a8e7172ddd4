#!/usr/bin/python3
"""Runs the live tests (all, or the modules or modules.Class.test named), and ends with "N passed, N failed, N skipped".

With SOURCE=bpf it loads the BPF programs first, in a mount namespace and a BPF file system of its own. Where the kernel
refuses them, that is said and nothing is run; with BPF=required it is a failure."""
import os
import signal
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True


class Timed(unittest.TextTestResult):
    """Keeps how long each test took."""

    def startTest(self, test):
        self.seconds = getattr(self, "seconds", {})
        self.begun = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        self.seconds[test.id()] = time.monotonic() - self.begun
        super().stopTest(test)


def load_bpf():
    """Why that cannot be, or None. The programs end with the mount namespace, which is ours."""
    import bpf
    refused = bpf.load_here()
    if refused:
        print("skipped: the BPF source: %s" % refused)
        failed = os.environ.get("BPF") == "required"
        print("0 passed, %d failed, 1 skipped" % failed, flush=True)
        sys.exit(failed)


def hide_bpf():
    import bpf
    refused = bpf.hide_here()
    if refused:
        print("the host's BPF programs are in the way: %s" % refused)
        sys.exit(1)


def main():
    # A shell that starts this in the background has it ignored, and so would all that the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.environ.get("SOURCE") == "bpf":
        load_bpf()
    else:
        hide_bpf()
    loader = unittest.TestLoader()
    names = sys.argv[1:]
    suite = loader.loadTestsFromNames(names) if names else loader.discover(HERE, "test_*.py")
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Timed).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    reasons = {}
    for test, why in result.skipped:
        reasons.setdefault(" ".join(why.split()), []).append(test.id())
    for why, tests in reasons.items():
        print("skipped: %s%s: %s" % (tests[0], " and %d more" % (len(tests) - 1) if tests[1:] else "", why))
    slowest = sorted(getattr(result, "seconds", {}).items(), key=lambda test: -test[1])[:12]
    print("the slowest: " + ", ".join("%s %.0f s" % (test, seconds) for test, seconds in slowest))
    print("%d passed, %d failed, %d skipped" % (max(result.testsRun - failed - skipped, 0), failed, skipped), flush=True)
    return 1 if failed or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
