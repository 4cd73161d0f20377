"""Helper programs that misbehave: their own calls fail, and nothing else is disturbed.

Beside each of them stands a session that was there before, and a user who logs in without any helper.
"""
import contextlib
import os
import subprocess
import time
import unittest

from gateway import AS_ROOT, PATIENCE, descendants, wait_for
from helper_scene import Scene, fingerprint

ASK = """
function on_user_auth_request(conn, auth)
	if auth.method ~= "publickey" or auth.verified.fingerprint == "CALM" then return end
	local said, why = helper.call("h", { user = auth.user }, { deadline = 1 })
	if said == nil then return refuse{ reason = "helper said: " .. why } end
	return accept{ reason = "helper said yes" }
end
"""

PYTHON = """#!/usr/bin/python3 -u
import json, os, signal, sys, time
n = 0
for line in sys.stdin:
  r = json.loads(line)
  n += 1
  good = json.dumps({"id": r["id"], "result": n})
  %s
"""


class HostileHelperTest(unittest.TestCase):
    @contextlib.contextmanager
    def scene(self, each):
        """A gateway whose helper does this with each request; what must not suffer is looked at before and after."""
        scene = Scene(ASK, PYTHON % each)
        g = scene.g
        calm = g.make_key("calm")
        with open(calm + ".pub") as f:
            scene.write("policy.lua", ASK.replace("CALM", fingerprint(f.read())), 0o644)
        with scene:
            session = subprocess.Popen(g.ssh_argv("cat", key=calm), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            try:
                self.echo(session)
                processes = self.standing(g)
                yield g
                if g.process is not None:
                    self.echo(session)
                    began = time.monotonic()
                    self.assertEqual(g.ssh("echo calm", key=calm).stdout, b"calm\n", g.log())
                    self.assertLess(time.monotonic() - began, 3 * PATIENCE)
                    self.assertEqual(self.standing(g), processes)
                    self.leaves_nothing(g)
            finally:
                session.communicate()

    def echo(self, session):
        session.stdin.write(b"there\n")
        session.stdin.flush()
        self.assertEqual(session.stdout.readline(), b"there\n")

    @staticmethod
    def standing(g):
        """The processes that live as long as the gateway."""
        names = ("sallyport-policy", "sallyport-connector")
        return sorted(p for p in descendants(g.process.pid) if g.name(p) in names)

    def leaves_nothing(self, g):
        """More of the same opens no descriptor more, and a reload ends what runs of the program."""
        g.ssh("true")
        before = self.fds(g)
        for _ in range(2):
            g.ssh("true")
        self.assertLessEqual(self.fds(g), before)
        pids = self.helpers_of(g)
        g.process.send_signal(1)
        self.assertTrue(g.wait_log("configuration reloaded"))
        self.assertTrue(wait_for(lambda: not [p for p in pids if self.is_helper(g, p)]), pids)

    @staticmethod
    def fds(g):
        """Of the monitor, once nothing comes and goes any more."""
        seen = []

        def settled():
            seen.append(g.fds())
            return len(seen) > 5 and len(set(seen[-5:])) == 1
        wait_for(settled, every=0.1)
        return seen[-1]

    def helpers_of(self, g):
        return [p for p in descendants(g.process.pid) if self.is_helper(g, p)]

    @staticmethod
    def is_helper(g, pid):
        try:
            with open("/proc/%d/cmdline" % pid) as f:
                return g.path("helper") in f.read()
        except OSError:
            return False

    def refused(self, g, reason):
        self.assertNotEqual(g.ssh("true").returncode, 0)
        self.assertTrue(g.wait_log(reason), g.log())

    def test_a_good_one_runs_as_its_account(self):
        with self.scene("print(good)") as g:
            self.assertEqual(g.ssh("echo in").stdout, b"in\n", g.log())
            pids = self.helpers_of(g)
            self.assertEqual(len(pids), 1)
            with open("/proc/%d/status" % pids[0]) as f:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
            if AS_ROOT:
                import pwd
                uid = str(pwd.getpwnam("sallyport-helper").pw_uid)
                self.assertEqual(status["Uid"].split(), [uid] * 4)
                self.assertEqual(int(status["CapEff"], 16), 0)
            self.assertEqual(sorted(os.listdir("/proc/%d/fd" % pids[0])), ["0", "1", "2"])

    def test_garbage(self):
        with self.scene('os.write(1, b"\\0\\xff\\n[1]\\n{\\n"); print(good)') as g:
            self.assertEqual(g.ssh("echo in").stdout, b"in\n", g.log())
            self.assertTrue(g.wait_log("helper=h it wrote a line that is no JSON"))

    def test_a_hundred_megabytes_without_an_end(self):
        with self.scene('\n  for i in range(100): os.write(1, b"x" * (1 << 20))') as g:
            self.refused(g, "helper=h it wrote a line of more than")

    def test_silence(self):
        with self.scene("pass") as g:
            began = time.monotonic()
            self.refused(g, "helper said: deadline")
            self.assertGreaterEqual(time.monotonic() - began, 1)

    def test_answers_twice_and_to_nobody(self):
        with self.scene('print(json.dumps({"id": r["id"] + 7, "result": 0})); print(good); print(good)') as g:
            for _ in range(2):
                self.assertEqual(g.ssh("echo in").stdout, b"in\n", g.log())
            self.assertTrue(g.wait_log("which nobody waits for"))

    def test_death(self):
        with self.scene('os.kill(os.getpid(), 9)') as g:
            self.refused(g, "helper said: the program ended")
            self.assertTrue(g.wait_log("helper=h it ended by signal KILL; not started again for 1 s"))

    def test_a_flood_of_standard_error(self):
        with self.scene('sys.stderr.write("noise\\n" * 300000); print(good)') as g:
            self.assertEqual(g.ssh("echo in").stdout, b"in\n", g.log())
            self.assertLess(sum("noise" in line for line in g.log_lines), 500)

    STUBBORN = """signal.signal(signal.SIGTERM, signal.SIG_IGN); print(good)
  if os.fork() == 0:
    os.setsid() if %r else None
    time.sleep(600)
  while True: time.sleep(1)""" % AS_ROOT

    def test_one_that_does_not_want_to_end_is_ended_by_a_reload(self):
        with self.scene(self.STUBBORN) as g:
            self.assertEqual(g.ssh("echo in").stdout, b"in\n", g.log())
            self.assertGreaterEqual(len(self.helpers_of(g)), 2)

    def test_one_that_does_not_want_to_end_ends_with_the_gateway(self):
        with self.scene(self.STUBBORN) as g:
            self.assertEqual(g.ssh("echo in").stdout, b"in\n", g.log())
            pids = self.helpers_of(g)
            self.assertGreaterEqual(len(pids), 2)
            g.stop()
            self.assertTrue(wait_for(lambda: not [p for p in pids if self.is_helper(g, p)], 10))

    def test_one_that_reads_nothing(self):
        with self.scene("signal.pause()") as g:
            self.refused(g, "helper said: deadline")

    def test_a_deadline_of_one_is_not_the_answer_of_the_next(self):
        # what comes too late has the id of a call that is over
        with self.scene("time.sleep(1.5) if n == 1 else None; print(good)") as g:
            self.refused(g, "helper said: deadline")
            self.assertTrue(wait_for(lambda: g.ssh("echo in").stdout == b"in\n"), g.log())

    def test_others_do_not_wait(self):
        with self.scene("pass") as g:
            slow = [g.popen("true") for _ in range(5)]
            self.assertTrue(wait_for(lambda: self.helpers_of(g)))
            began = time.monotonic()
            subprocess.run(["ssh-keyscan", "-T", "5", "-p", str(g.port), "127.0.0.1"], capture_output=True, check=True)
            self.assertEqual(g.ssh("echo in", key=g.path("calm")).stdout, b"in\n", g.log())
            self.assertLess(time.monotonic() - began, 2 * PATIENCE)
            for p in slow:
                p.communicate(timeout=30 * PATIENCE)
                self.assertNotEqual(p.returncode, 0)
