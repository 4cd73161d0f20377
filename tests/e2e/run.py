#!/usr/bin/env python3
"""Runs the end-to-end tests: tests/e2e/run.py [PATTERN ...], e.g. login or login.LoginTest.test_key

Each scenario file is tests/e2e/<name>_test.py or tests/hostile/<name>_test.py. Without a pattern all run, a file
a core at a time; those that measure (ALONE = True) run after the others, by themselves. Skips are listed with
their reasons; the closing line counts all.
"""
import concurrent.futures
import os
import queue
import re
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDERS = [HERE, os.path.join(os.path.dirname(HERE), "hostile")]
sys.path[:0] = FOLDERS
sys.dont_write_bytecode = True
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)


def files():
    return {n[:-len("_test.py")]: os.path.join(folder, n)
            for folder in FOLDERS for n in sorted(os.listdir(folder)) if n.endswith("_test.py")}


def counted(passed, failed, skipped):
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped), flush=True)
    return 1 if failed or passed + failed == 0 else 0


def run_some(patterns):
    loader = unittest.TestLoader()
    suite = unittest.TestSuite()
    for name in files():
        for p in patterns:
            if p in (name, name + "_test"):
                suite.addTests(loader.loadTestsFromName(name + "_test"))
            elif p.startswith(name + "."):
                suite.addTests(loader.loadTestsFromName(name + "_test" + p[p.index("."):]))
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    for test, why in result.skipped:
        print("skipped: %s: %s" % (test, why))
    # the parts of one test count once
    failed = [t for t, _ in result.failures + result.errors] + result.unexpectedSuccesses
    bad = len({getattr(t, "test_case", t) for t in failed})
    skipped = len(result.skipped)
    return counted(result.testsRun - bad - skipped, bad, skipped)


def run_file(name, accounts):
    mine = accounts.get()
    try:
        done = subprocess.run([sys.executable, "-B", os.path.abspath(__file__), name], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              env=dict(os.environ, E2E_ACCOUNT=mine))
    finally:
        accounts.put(mine)
    return name, done.stdout


def run_all():
    # what is long to read is long to run, and begins first
    names = sorted(files(), key=lambda n: -os.path.getsize(files()[n]))
    with_text = {n: open(files()[n]).read() for n in names}
    alone = [n for n in names if re.search(r"^ALONE = True", with_text[n], re.M)]
    total = [0, 0, 0]
    accounts = queue.SimpleQueue()
    for i in range(os.cpu_count()):
        accounts.put("sptest%s" % (i or ""))
    for group, width in (([n for n in names if n not in alone], os.cpu_count()), (alone, 1)):
        with concurrent.futures.ThreadPoolExecutor(width) as pool:
            for done in concurrent.futures.as_completed([pool.submit(run_file, n, accounts) for n in group]):
                name, text = done.result()
                counts = COUNTS.findall(text)
                print("== %s\n%s" % (name, text), flush=True)
                for i, n in enumerate(counts[-1] if counts else (0, 1, 0)):  # one that died is a failure
                    total[i] += int(n)
    return counted(*total)


if __name__ == "__main__":
    sys.exit(run_some(sys.argv[1:]) if len(sys.argv) > 1 else run_all())
