#!/usr/bin/python3
"""Runs the tests of mibs/nms (all, or the modules or modules.Class.test named) against the real systems, headless, each with private
configurations on loopback. Ends with "N passed, N failed, N skipped"."""
import os
import signal
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "live"))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

PATIENCE_S = 300  # for a test; the longest take one minute


class Bounded(unittest.TextTestResult):
    def startTest(self, test):
        signal.alarm(PATIENCE_S)
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        signal.alarm(0)


def too_long(*_):
    """Raised in the test, so that what it started is ended."""
    raise TimeoutError("took more than %d s" % PATIENCE_S)


def main():
    import bpf
    refused = bpf.hide_here()  # of the host's own: the tests are of what any host has
    if refused:
        print("the host's BPF programs are in the way: %s" % refused)
        return 1
    signal.signal(signal.SIGALRM, too_long)
    loader = unittest.TestLoader()
    names = sys.argv[1:]
    suite = loader.loadTestsFromNames(names) if names else loader.discover(HERE, "test_*.py")
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Bounded).run(suite)
    failed = len(result.failures) + len(result.errors)
    print("%d passed, %d failed, %d skipped" % (max(result.testsRun - failed - len(result.skipped), 0), failed, len(result.skipped)),
          flush=True)
    return 1 if failed or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
