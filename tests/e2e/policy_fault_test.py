"""Scripts that mean harm, and a policy process that dies: each harms its own decision and no other."""
import os
import signal
import subprocess
import threading
import time
import unittest

import paramiko

from gateway import PATIENCE, descendants, wait_for
from scripted import ScriptCase, scripted

ALONE = True    # it measures time

# what a client from each address has its handler do; all would be let in otherwise
HARM = {
    "127.0.1.1": "while true do end",
    "127.0.1.2": "while true do pcall(function() while true do end end) end",
    "127.0.1.3": "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
    "127.0.1.4": "local s = ('x'):rep(1 << 40)",
    "127.0.1.5": "local s = 'x' while true do s = s .. s end",
    "127.0.1.6": "return (('a'):rep(30000)):find((('.-'):rep(20)) .. 'b')",
    "127.0.1.7": "return (('x'):rep(100000)):gsub('', ('y'):rep(100000))",
    "127.0.1.8": "local function f(n) return 1 + f(n + 1) end f(0)",
    "127.0.1.9": "error({})",
    "127.0.1.10": "return refuse{ reason = ('x'):rep(10 * 1024 * 1024) }",
    "127.0.1.11": "local t = {} for i = 1, 1e6 do t[i] = i end table.sort(t, function() return true end)",
    "127.0.1.12": "string.find = nil",
    "127.0.1.13": "while true do coroutine.create(function() end) end",
    "127.0.1.14": "local t = setmetatable({}, { __index = function(t, k) return t[k] end }) return t.x",
    "127.0.1.15": "return accept{ no_such_field = true }",
    "127.0.1.16": "return 'accept'",
}
SCRIPT = """owns = { "publickey" }
local harm = {}
%s
function on_user_auth_request(conn, auth)
  local f = harm[conn.verified.source]
  if f and auth.method == "publickey" then return f() end
end
""" % "\n".join('harm["%s"] = function() %s end' % one for one in HARM.items())
FIRST_LINE = 3
TIMEOUT_S = 2


def policy_pid(g):
    for pid in descendants(g.process.pid):
        if g.name(pid) == "sallyport-policy":
            return pid
    return None


class HarmTest(ScriptCase):
    SCRIPT = SCRIPT
    LINES = ("PolicyTimeout %d" % TIMEOUT_S, "MaxAuthTries 20")

    def test_each_is_refused_and_named_by_its_line(self):
        for i, address in enumerate(HARM):
            since = self.since()
            done = self.g.ssh("echo in", options=["-b", address])
            self.assertEqual((done.returncode, done.stdout), (255, b""), (HARM[address], self.g.log()))
            # what is wrong with the returned value is told of the handler
            line = FIRST_LINE + len(HARM) if HARM[address].startswith("return 'accept'") else FIRST_LINE + i
            if "refuse{" not in HARM[address]:
                self.noted(r"policy\.lua:%d\b" % line, since)
            self.assertEqual(self.g.ssh("echo in").stdout, b"in\n", (HARM[address], self.g.log()))

    def test_no_other_login_waits_longer_than_the_deadline(self):
        over = threading.Event()

        def harm(addresses):
            while not over.is_set():
                for address in addresses:
                    subprocess.run(self.g.ssh_argv("true", options=["-b", address]), stdin=subprocess.DEVNULL,
                                   capture_output=True, timeout=60 * PATIENCE)
        addresses = list(HARM)
        threads = [threading.Thread(target=harm, args=(addresses[i::3],)) for i in range(3)]
        for t in threads:
            t.start()
        taken = []
        try:
            key = paramiko.Ed25519Key.from_private_key_file(self.g.key)
            for _ in range(20):
                t = paramiko.Transport(("127.0.0.1", self.g.port))
                try:
                    t.start_client(timeout=20 * PATIENCE)
                    begin = time.monotonic()
                    t.auth_publickey(self.g.user, key)
                    taken.append(time.monotonic() - begin)
                finally:
                    t.close()
        finally:
            over.set()
            for t in threads:
                t.join()
        print("longest login under harm: %.0f ms, median %.0f ms" % (max(taken) * 1000, sorted(taken)[len(taken) // 2] * 1000))
        self.assertLess(max(taken), TIMEOUT_S * PATIENCE)


class DeathTest(unittest.TestCase):
    SCRIPT = """
function on_user_auth_request(conn, auth)
  if auth.method == "publickey" then
    local n = 0
    for i = 1, 300000 do n = n + i end
    shared.set("n", shared.get("n") and shared.get("n") + 1 or 1)
    return accept{ command = "echo " .. shared.get("n") }
  end
end
"""

    def login(self, g, results):
        t = paramiko.Transport(("127.0.0.1", g.port))
        try:
            t.start_client(timeout=20 * PATIENCE)
            begin = time.monotonic()
            try:
                t.auth_publickey(g.user, paramiko.Ed25519Key.from_private_key_file(g.key))
                results.append((True, time.monotonic() - begin))
            except paramiko.AuthenticationException:
                results.append((False, time.monotonic() - begin))
        finally:
            t.close()

    def test_a_death_refuses_one_question_at_most(self):
        kills = 5
        with scripted(self.SCRIPT, "PolicyTimeout %d" % TIMEOUT_S) as g:
            g.crash_expected = True
            self.assertEqual(g.ssh("true").stdout, b"1\n", g.log())
            results = []
            for _ in range(kills):
                threads = [threading.Thread(target=self.login, args=(g, results)) for _ in range(6)]
                for t in threads:
                    t.start()
                time.sleep(0.15)
                pid = wait_for(lambda: policy_pid(g))
                os.kill(pid, signal.SIGKILL)
                for t in threads:
                    t.join()
                self.assertTrue(wait_for(lambda: policy_pid(g) not in (None, pid)), g.log())
            self.assertEqual(len(results), kills * 6)
            refused = [taken for ok, taken in results if not ok]
            self.assertLessEqual(len(refused), kills, g.log())
            self.assertLess(max(taken for _, taken in results), (TIMEOUT_S + 1) * PATIENCE)
            # what scripts had stored is there again
            self.assertGreaterEqual(int(g.ssh("true").stdout), kills * 6 + 2 - len(refused), g.log())

    def test_one_that_does_not_answer_is_replaced_after_the_deadline(self):
        with scripted(self.SCRIPT, "PolicyTimeout %d" % TIMEOUT_S) as g:
            g.crash_expected = True
            pid = wait_for(lambda: policy_pid(g))
            os.kill(pid, signal.SIGSTOP)
            try:
                results = []
                self.login(g, results)
                self.assertEqual([ok for ok, _ in results], [False])
                # a refusal is held back to its floor, which doubles until the work is covered
                self.assertTrue(TIMEOUT_S * 0.9 < results[0][1] < (2 * TIMEOUT_S + 1) * PATIENCE, results)
                self.assertTrue(g.wait_log("policy: on_user_auth_request: no answer within"))
            finally:
                os.kill(pid, signal.SIGCONT)
            self.assertEqual(g.ssh("true").returncode, 0, g.log())
            self.assertNotEqual(policy_pid(g), pid)

    def test_a_gateway_without_handlers_asks_nothing(self):
        with scripted("function on_channel_eof() end") as g:
            os.kill(wait_for(lambda: policy_pid(g)), signal.SIGSTOP)
            # whoever was asked would not answer
            begin = time.monotonic()
            self.assertEqual(g.ssh("true").returncode, 0, g.log())
            self.assertLess(time.monotonic() - begin, TIMEOUT_S * PATIENCE)
            os.kill(policy_pid(g), signal.SIGCONT)


if __name__ == "__main__":
    unittest.main()
