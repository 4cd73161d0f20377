#!/usr/bin/env python3
"""Runs the end-to-end tests: tests/e2e/run.py [PATTERN ...], e.g. login or login.LoginTest.test_key

Each scenario file is tests/e2e/<name>_test.py or tests/hostile/<name>_test.py. Skips are listed with their
reasons; the closing line counts all.
"""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDERS = [HERE, os.path.join(os.path.dirname(HERE), "hostile")]
sys.path[:0] = FOLDERS
sys.dont_write_bytecode = True


def main(patterns):
    names = [n[:-3] for folder in FOLDERS for n in sorted(os.listdir(folder)) if n.endswith("_test.py")]
    loader = unittest.TestLoader()
    suite = unittest.TestSuite()
    for name in names:
        if not patterns:
            suite.addTests(loader.loadTestsFromName(name))
        for p in patterns:
            if p == name or p + "_test" == name:
                suite.addTests(loader.loadTestsFromName(name))
            elif p.startswith(name[:-len("_test")] + "."):
                suite.addTests(loader.loadTestsFromName(name + p[p.index("."):]))
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    for test, why in result.skipped:
        print("skipped: %s: %s" % (test, why))
    # the parts of one test count once
    failed = [t for t, _ in result.failures + result.errors] + result.unexpectedSuccesses
    bad = len({getattr(t, "test_case", t) for t in failed})
    skipped = len(result.skipped)
    print("%d passed, %d failed, %d skipped" % (result.testsRun - bad - skipped, bad, skipped))
    return 1 if bad or result.testsRun == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
