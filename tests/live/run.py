#!/usr/bin/python3
"""Runs the live tests (all, or the modules or modules.Class.test named), and ends with "N passed, N failed, N skipped"."""
import os
import signal
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True


def main():
    # A shell that starts this in the background has it ignored, and so would all that the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    loader = unittest.TestLoader()
    names = sys.argv[1:]
    suite = loader.loadTestsFromNames(names) if names else loader.discover(HERE, "test_*.py")
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    reasons = {}
    for test, why in result.skipped:
        reasons.setdefault(" ".join(why.split()), []).append(test.id())
    for why, tests in reasons.items():
        print("skipped: %s%s: %s" % (tests[0], " and %d more" % (len(tests) - 1) if tests[1:] else "", why))
    print("%d passed, %d failed, %d skipped" % (max(result.testsRun - failed - skipped, 0), failed, skipped), flush=True)
    return 1 if failed or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
