"""PolicyRecord: what a gateway decides becomes fixtures that hold, without the secrets."""
import json
import os
import signal
import stat
import subprocess
import unittest

from gateway import AS_ROOT, BIN, Gateway, TEST_PASSWORD, descendants, wait_for

TOOL = os.path.join(BIN, "sallyport-policy")
SCRIPT = """
local tries = 0

function on_user_auth_request(conn, auth)
\tif auth.method == "none" then
\t\treturn refuse{ available_methods = { "publickey", "password" } }
\tend
\ttries = tries + 1
\tif auth.verified.credential then
\t\treturn accept{ reason = "try " .. tries }
\tend
end
"""


class RecordTest(unittest.TestCase):
    def gateway(self, *lines):
        g = Gateway(*lines, start=False)
        self.addCleanup(g.__exit__, None)
        self.record = g.path("record")
        with open(g.path("policy.lua"), "w") as f:
            f.write(SCRIPT)
        os.chmod(g.path("policy.lua"), 0o644)
        g.lines += ["PolicyScript " + g.path("policy.lua"), "PolicyRecord " + self.record]
        g.write_conf()
        return g

    def lines(self, path=None):
        with open(path or self.record) as f:
            return [json.loads(line) for line in f]

    def tool(self, *args):
        return subprocess.run((TOOL,) + args, capture_output=True, text=True, timeout=60)

    @unittest.skipUnless(AS_ROOT, "the account database is for root only")
    def test_decisions_become_fixtures_without_their_secrets(self):
        g = self.gateway("PasswordAuthentication yes")
        g.start()
        self.assertEqual(g.ssh("echo in").stdout, b"in\n")
        done = g.password_login("echo in", options=["-o", "PubkeyAuthentication=no"])
        self.assertEqual(done.stdout, b"in\n", g.log())
        lines = self.lines()
        self.assertEqual([line["auth"]["method"] for line in lines], ["none", "publickey", "none", "password"])
        self.assertEqual([line["want"]["verdict"] for line in lines], ["refuse", "accept", "refuse", "accept"])
        self.assertEqual(stat.S_IMODE(os.stat(self.record).st_mode), 0o600)
        with open(self.record) as f:
            self.assertNotIn(TEST_PASSWORD, f.read())
        out = g.path("fixtures")
        os.mkdir(out)
        done = self.tool("record", self.record, out)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.tool("test", out)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("2 passed, 0 failed", done.stdout)
        # a script that decides otherwise is seen in them
        with open(g.path("other.lua"), "w") as f:
            f.write(SCRIPT.replace("return accept", "return refuse"))
        done = self.tool("diff", g.path("policy.lua"), g.path("other.lua"), "--corpus", out)
        self.assertEqual(done.returncode, 1)
        self.assertIn("2 of 4 decisions would change", done.stdout)

    def test_a_reload_opens_the_file_anew_and_a_new_process_goes_on_with_it(self):
        g = self.gateway()
        g.start()
        self.assertEqual(g.ssh("echo in").stdout, b"in\n")
        os.rename(self.record, self.record + ".1")
        g.process.send_signal(signal.SIGHUP)
        self.assertTrue(g.wait_log("configuration reloaded"))
        self.assertEqual(g.ssh("echo in").stdout, b"in\n")
        self.assertEqual((len(self.lines(self.record + ".1")), len(self.lines())), (2, 2))
        for pid in descendants(g.process.pid):
            if g.name(pid) == "sallyport-policy":
                os.kill(pid, signal.SIGKILL)
        self.assertTrue(g.wait_log("sallyport-policy ended"))
        self.assertTrue(wait_for(lambda: g.ssh("echo in").stdout == b"in\n", 10))
        self.assertGreaterEqual(len(self.lines()), 4)

    def test_a_file_that_cannot_be_had_is_said_at_the_start(self):
        g = self.gateway()
        os.symlink("/dev/null", self.record)
        done = subprocess.run([g.program(), "-D", "-e", "-f", g.conf], capture_output=True, text=True, timeout=30)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("PolicyRecord: %s:" % self.record, done.stderr)


if __name__ == "__main__":
    unittest.main()
